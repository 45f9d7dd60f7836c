package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"

	"wardline/app"
	"wardline/internal/seal"
)

type keysCmd struct {
	New    keysNewCmd    `cmd:"" help:"Print a new master key in base64, for an environment variable. Nothing is changed."`
	Rotate keysRotateCmd `cmd:"" help:"Replace the master key, also while the server runs. Without flags: by a new one in the same file."`
}

type keysNewCmd struct{}

func (c *keysNewCmd) Run(t terminal) error {
	_, err := fmt.Fprintln(t.out, base64.StdEncoding.EncodeToString(seal.NewKeyBytes()))
	return err
}

type keysRotateCmd struct {
	serverFlags `embed:""`
	ToFile      string `help:"File with the new key; made when there is none." placeholder:"FILE" type:"path" xor:"to"`
	ToKey       string `help:"The new key in base64; use the environment variable." placeholder:"BASE64" xor:"to"`
	ToCommand   string `help:"Program that keeps the new key." placeholder:"COMMAND" xor:"to"`
}

func (c *keysRotateCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	var r app.LocalRotated
	in := app.LocalRotate{File: c.ToFile, Key: c.ToKey, Command: c.ToCommand}
	if err := app.Local(ctx, c.options(log), "/keys/rotate", in, &r); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "The secrets in the database opened with %s; now they open with %s.\n"+
		"Servers that run go on. Before any is started again, give it the new key.\n", r.Was, r.Now)
	if r.Old != "" {
		fmt.Fprintf(t.out, "The old key is kept in %s: backups of before need it. Move it away from this machine.\n", r.Old)
	}
	return nil
}
