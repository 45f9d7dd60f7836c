package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"wardline/app"
)

// recoverCmd is the way out of a lock-out. Everything it does is done on the
// server's own host.
type recoverCmd struct {
	Begin  recoverBeginCmd  `cmd:"" default:"withargs" help:"Ask to bring an account back. Everybody is told, and it can be called off for an hour."`
	Status recoverStatusCmd `cmd:"" help:"Say whether a recovery runs, and when it is ready."`
	Cancel recoverCancelCmd `cmd:"" help:"Call the running recovery off."`
	Finish recoverFinishCmd `cmd:"" help:"After the hour: print the one-time link with which the account gets a new password. Its factors are gone."`
	Codes  recoverCodesCmd  `cmd:"" help:"With --new: print a new set of codes, in place of the present one."`
}

type recoverBeginCmd struct {
	serverFlags `embed:""`
	Code        string `help:"A code from the envelope. Asked for when it is missing." placeholder:"CODE"`
	User        string `help:"User name of the account to bring back." placeholder:"NAME"`
}

const localTime = "2 January 2006, 15:04 UTC"

func (c *recoverBeginCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.User == "" {
		return errors.New("say which account: wardline recover --user NAME")
	}
	code, err := hostCode(t, c.Code)
	if err != nil {
		return err
	}
	var r app.LocalRecovery
	if err := app.Local(ctx, c.options(log), "/recovery/begin", app.LocalHostCode{Code: code, User: c.User}, &r); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The recovery of %s waits until %s. Everybody who signs in sees it and knows whom to ask;\n"+
		"administrators, security officers and the account's owner can cancel it. Then, within a day: wardline recover finish\n",
		r.Username, r.ReadyAt.UTC().Format(localTime))
	return nil
}

// hostCode asks for the code where it would else stand in the shell's history.
func hostCode(t terminal, given string) (string, error) {
	if given = strings.TrimSpace(given); given != "" {
		return given, nil
	}
	return ask(t, "Code from the envelope: ", true)
}

type recoverStatusCmd struct {
	serverFlags `embed:""`
}

func (c *recoverStatusCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var r app.LocalRecovery
	if err := app.Local(ctx, c.options(log), "/recovery/status", struct{}{}, &r); err != nil {
		return err
	}
	if r.ID == "" {
		fmt.Fprintln(t.out, "No recovery runs.")
		return nil
	}
	fmt.Fprintf(t.out, "A recovery of %s was asked for at %s. It can be finished from %s to %s.\n", r.Username,
		r.CreatedAt.UTC().Format(localTime), r.ReadyAt.UTC().Format(localTime), r.ExpiresAt.UTC().Format(localTime))
	return nil
}

type recoverCancelCmd struct {
	serverFlags `embed:""`
}

func (c *recoverCancelCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var r app.LocalRecovery
	if err := app.Local(ctx, c.options(log), "/recovery/cancel", struct{}{}, &r); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Cancelled the recovery of %s. Its code is used.\n", r.Username)
	return nil
}

type recoverFinishCmd struct {
	serverFlags `embed:""`
	AdminURL    string `help:"As given to serve; needed for the link when no server runs." placeholder:"https://NAME" name:"admin-url"`
}

func (c *recoverFinishCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	o := c.options(log)
	o.AdminURL = c.AdminURL
	var r app.LocalRecovered
	if err := app.Local(ctx, o, "/recovery/finish", struct{}{}, &r); err != nil {
		return err
	}
	where := "within 72 hours"
	if strings.HasPrefix(r.Link, "/") {
		where += ", at the console's address followed by"
	}
	fmt.Fprintf(t.out, "%s is back, without a password and without factors. Choose a password %s:\n  %s\n"+
		"Then set up a second factor. The account's roles that destroy are new, and somebody has to confirm the person.\n", r.Username, where, r.Link)
	if r.Alone {
		fmt.Fprintf(t.out, "Nobody is left who could agree to a grant of rights. Until %s this account is administrator and makes a\n"+
			"security officer by itself; with that person everything else goes its usual way.\n", r.Until.UTC().Format(time.DateOnly))
	}
	return nil
}

type recoverCodesCmd struct {
	serverFlags `embed:""`
	New         bool   `help:"Make a new set. The codes of the present one are worthless then." required:""`
	Code        string `help:"A code of the present set. Asked for when it is missing." placeholder:"CODE"`
}

func (c *recoverCodesCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	code, err := hostCode(t, c.Code)
	if err != nil {
		return err
	}
	var codes []string
	if err := app.Local(ctx, c.options(log), "/recovery/codes", app.LocalHostCode{Code: code}, &codes); err != nil {
		return err
	}
	app.PrintHostCodes(t.out, codes)
	return nil
}
