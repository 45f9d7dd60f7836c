package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"wardline/app"
)

type userCmd struct {
	Create userCreateCmd `cmd:"" help:"Make the first account, on a server that has none. Later ones are made by an admin."`
}

type userCreateCmd struct {
	serverFlags `embed:""`
	Username    string   `arg:"" help:"User name, such as a.meier."`
	Name        string   `help:"Name as people write it." placeholder:"NAME"`
	Role        []string `help:"Further roles beside admin, such as it or biomed." placeholder:"ROLE"`
	Password    string   `help:"Password; use the environment variable. Asked for when it is missing." placeholder:"PASSWORD"`
}

func (c *userCreateCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	password := c.Password
	if password == "" {
		var err error
		if password, err = ask(t, "Password: ", true); err != nil {
			return err
		}
		again, err := ask(t, "The same password again: ", true)
		if err != nil {
			return err
		}
		if again != password {
			return errors.New("the two passwords differ: nothing was made")
		}
	}
	var made app.LocalMade
	in := app.LocalUser{Username: c.Username, Name: c.Name, Password: password, Roles: c.Role}
	if err := app.Local(ctx, c.options(log), "/user", in, &made); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Made the account %s with the role admin. Sign in with: wardline login --username %s\n", made.Username, made.Username)
	app.PrintHostCodes(t.out, made.HostCodes)
	return nil
}

type caCmd struct {
	Show caShowCmd `cmd:"" help:"Print the fingerprint that invitations carry, and with --pem the certificates."`
}

type caShowCmd struct {
	serverFlags `embed:""`
	PEM         bool `help:"Print root and issuing certificate as PEM." name:"pem"`
}

func (c *caShowCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var ca app.LocalCA
	if err := app.Local(ctx, c.options(log), "/ca", struct{}{}, &ca); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "root SHA-256 %s\n", ca.Fingerprint)
	if c.PEM {
		fmt.Fprint(t.out, ca.RootPEM, ca.IssuingPEM)
	}
	return nil
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Walk the whole chain and name the first broken link."`
	Heads  auditHeadsCmd  `cmd:"" help:"Print the newest signed heads, to be kept outside."`
}

type auditVerifyCmd struct {
	serverFlags `embed:""`
	Head        string `help:"A head that was kept outside: number:hash, a signed head, or a file of which the last line is one. Only with it a cut end is seen." placeholder:"HEAD|FILE"`
}

func (c *auditVerifyCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var v app.LocalVerified
	head, err := headFrom(c.Head)
	if err != nil {
		return err
	}
	in := map[string]string{"head": head}
	if err := app.Local(ctx, c.options(log), "/audit/verify", in, &v); err != nil {
		return err
	}
	if v.Broken != "" {
		fmt.Fprintln(t.out, v.Broken)
		return exitStatus{code: exitError}
	}
	fmt.Fprintf(t.out, "The audit log is whole up to %s\n", v.Head)
	if !v.Outside {
		fmt.Fprintln(t.out, "Without a head that was kept outside (--head) it cannot be said whether something is missing at the end.")
	}
	return nil
}

// headFrom takes a head as it is, or the last line of a file.
func headFrom(given string) (string, error) {
	raw, err := os.ReadFile(given)
	if err != nil { // no file of that name, or none that a file can have
		return given, nil
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.TrimSpace(lines[len(lines)-1]), nil
}

type auditHeadsCmd struct {
	serverFlags `embed:""`
	Limit       int  `help:"How many." default:"12"`
	Signed      bool `help:"Print the signed heads themselves, one a line, newest first."`
}

func (c *auditHeadsCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var list []app.LocalHead
	if err := app.Local(ctx, c.options(log), "/audit/heads", map[string]int{"limit": c.Limit}, &list); err != nil {
		return err
	}
	for _, h := range list {
		if c.Signed {
			fmt.Fprintln(t.out, h.JWS)
			continue
		}
		fmt.Fprintf(t.out, "%s  epoch %d  %d:%s\n", h.At.UTC().Format("2006-01-02 15:04:05 UTC"), h.Epoch, h.Seq, h.Hash)
	}
	return nil
}

type doctorCmd struct {
	serverFlags `embed:""`
	AdminURL    string `help:"As given to serve." placeholder:"https://NAME" name:"admin-url"`
	PublicURL   string `help:"As given to serve." placeholder:"https://NAME" name:"public-url"`
	DeviceURL   string `help:"As given to serve." placeholder:"https://NAME" name:"device-url"`
	PKIURL      string `help:"As given to serve." placeholder:"http://NAME" name:"pki-url"`
}

// Run asks the running server, which knows its own addresses, or opens the
// folder with the addresses given here.
func (c *doctorCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	o := c.options(log)
	o.AdminURL, o.PublicURL, o.DeviceURL, o.PKIURL = c.AdminURL, c.PublicURL, c.DeviceURL, c.PKIURL
	var found []app.Finding
	if err := app.Local(ctx, o, "/doctor", struct{}{}, &found); err != nil {
		return err
	}
	bad := 0
	for _, f := range found {
		mark := "ok  "
		if !f.OK {
			mark = "BAD "
			bad++
		}
		fmt.Fprintf(t.out, "%s %-38s %s\n", mark, f.What, f.Said)
		if !f.OK && f.Do != "" {
			fmt.Fprintf(t.out, "     %s\n", strings.TrimSpace(f.Do))
		}
	}
	if bad > 0 {
		return exitStatus{code: exitError}
	}
	return nil
}
