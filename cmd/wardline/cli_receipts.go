package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"wardline/commands"
)

// receiptsCmd takes what devices signed out of the server, and verifies it
// anywhere.
type receiptsCmd struct {
	Export receiptsExportCmd `cmd:"" help:"Write what a device signed about a command to a file."`
	Verify receiptsVerifyCmd `cmd:"" help:"Verify such a file, without a server and without a network."`
}

type receiptsExportCmd struct {
	remote  `embed:""`
	Command string `arg:"" help:"Id of the command." placeholder:"ID"`
	Out     string `help:"File to write; default: receipts-<id>.json." placeholder:"FILE" type:"path"`
}

// Run writes the bundle, and refuses to write over a file.
func (r *receiptsExportCmd) Run(ctx context.Context, t terminal) error {
	c, err := r.connect()
	if err != nil {
		return err
	}
	var raw json.RawMessage
	if err := c.do(ctx, call{method: http.MethodGet, path: "/commands/" + r.Command + "/receipts"}, &raw); err != nil {
		return exitFor(err)
	}
	name := r.Out
	if name == "" {
		name = "receipts-" + filepath.Base(r.Command) + ".json"
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Written to %s. Anybody can verify it: wardline receipts verify %s\n", name, name)
	return nil
}

type receiptsVerifyCmd struct {
	File          string `arg:"" help:"File from receipts export." placeholder:"FILE" type:"existingfile"`
	CAFile        string `help:"The hospital's root certificate, from wherever you trust." placeholder:"FILE" type:"existingfile" name:"ca-file"`
	CAFingerprint string `help:"Or its SHA-256, as it stands on invitations." placeholder:"HEX" name:"ca-fingerprint"`
}

// Run says what the file proves. Without a root that is known from elsewhere it
// says what that rests on.
func (r *receiptsVerifyCmd) Run(t terminal) error {
	root := r.CAFingerprint
	if r.CAFile != "" {
		b, err := os.ReadFile(r.CAFile)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(b)
		if block == nil {
			return fmt.Errorf("%s holds no certificate", r.CAFile)
		}
		sum := sha256.Sum256(block.Bytes)
		root = hex.EncodeToString(sum[:])
	}
	file, err := os.ReadFile(r.File)
	if err != nil {
		return err
	}
	v, err := commands.VerifyBundle(file, root)
	if errors.Is(err, commands.ErrBadBundle) {
		return exitStatus{exitRefused, err}
	}
	if err != nil {
		return err
	}
	o := v.Order
	fmt.Fprintf(t.out, "Order %s: %s of device %s, asked by %s on %s. Reason: %s\n", o.Command, o.Kind.Words(), o.Device,
		clean(o.Requester.Name), o.AskedAt.UTC().Format("2006-01-02 15:04:05 UTC"), clean(o.Reason))
	for _, claim := range v.Claims {
		fmt.Fprintf(t.out, "Signed by the device with serial number %s on %s: %s\n", clean(claim.Serial), claim.At.UTC().Format("2006-01-02 15:04:05 UTC"), claim.Status)
	}
	fmt.Fprintln(t.out, "A receipt proves that the device accepted the order. It does not prove that anything was erased.")
	if root == "" {
		fmt.Fprintf(t.out, "This rests on the root certificate in the file, SHA-256 %s: compare it with what the hospital publishes, or give --ca-file.\n", v.Root)
	}
	return nil
}
