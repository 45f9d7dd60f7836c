package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"wardline/app"
)

type backupCmd struct {
	serverFlags `embed:""`
	File        string `arg:"" help:"New file to write." type:"path"`
}

func (c *backupCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	file, err := filepath.Abs(c.File)
	if err != nil {
		return err
	}
	var b app.LocalBackup
	if err := app.Local(ctx, c.options(log), "/backup", app.LocalBackup{File: file}, &b); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Backed up to %s (%d bytes), up to %s of the audit log.\n"+
		"The master key is not in it. Keep a copy of master.key elsewhere: without it the backup opens for nobody.\n", b.File, b.Bytes, b.Head)
	return nil
}

type restoreCmd struct {
	serverFlags `embed:""`
	File        string `arg:"" optional:"" help:"File that wardline backup wrote. Without it: the database is there already, restored by PostgreSQL's own tools." type:"path"`
	Replace     bool   `help:"Put it in the place of the present database, which is kept under another name."`
}

func (c *restoreCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.File == "" && c.Replace {
		return errors.New("name the backup that is to replace the database")
	}
	o := c.options(log)
	o.Out = t.out
	epoch, err := app.Restore(ctx, o, c.File, c.Replace)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Restored. Start the server: it runs in epoch %d, frozen until two people have seen the list.\n", epoch)
	return nil
}
