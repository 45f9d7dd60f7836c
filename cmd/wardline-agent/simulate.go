package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"wardline/device"
	"wardline/internal/fleet"
)

// simulateCmd runs many simulated devices of one delivery in this process. Each
// has a key of its own, enrolls over SCEP and polls over mutual TLS.
type simulateCmd struct {
	Server        string       `required:"" help:"Address of the server's device listener, such as https://devices.hospital.example:8444." placeholder:"URL"`
	Code          string       `required:"" help:"Code of a delivery whose packing list holds the serial numbers." placeholder:"CODE"`
	CAFingerprint string       `name:"ca-fingerprint" help:"SHA-256 of the root certificate, as it stands on the invitation." placeholder:"HEX"`
	State         string       `required:"" help:"Folder that keeps the devices: keys, certificates, journals, memories." type:"path" placeholder:"DIR"`
	Class         device.Class `help:"What the devices are: pump_lvp, pump_syringe, pump_pca, handheld_shared, phone_issued, phone_personal or tablet." default:"pump_lvp"`
	Count         int          `help:"How many, with the serial numbers PREFIX0001 and on." default:"10"`
	Prefix        string       `help:"What the serial numbers begin with." default:"SIM-"`
	Serials       string       `help:"File with the serial numbers, one a line, in place of --count and --prefix." type:"existingfile" placeholder:"FILE"`
	WardAddr      string       `help:"Show the devices at this loopback address, such as 127.0.0.1:8088, and let programs handle them there." placeholder:"HOST:PORT"`
}

// Run enrolls the devices that are not enrolled, and runs all of them until it
// is told to stop.
func (c *simulateCmd) Run(ctx context.Context, log *slog.Logger, out io.Writer) (err error) {
	serials, err := c.serials()
	if err != nil {
		return err
	}
	hospital, err := fleet.Crowd(c.Class, serials)
	if err != nil {
		return err
	}
	f, err := fleet.New(fleet.Options{Hospital: hospital, Dir: c.State, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Stop()) }()
	if c.WardAddr != "" {
		ward, err := f.OpenWard(ctx, c.WardAddr)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, ward.Close()) }()
		fmt.Fprintf(out, "The devices are shown at %s\n", ward.URL)
	}
	fmt.Fprintf(out, "Starting %d simulated devices ...\n", len(serials))
	err = f.Start(ctx, fleet.Connection{Server: c.Server, CAFingerprint: c.CAFingerprint,
		Invite: func(context.Context, fleet.Spec) (string, error) { return c.Code, nil }})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "All of them are enrolled and run. Ctrl-C ends them; the next start goes on with the same devices.")
	<-ctx.Done()
	return nil
}

func (c *simulateCmd) serials() ([]string, error) {
	if c.Serials == "" {
		if c.Count < 1 || c.Count > fleet.MaxDevices {
			return nil, fmt.Errorf("--count must be 1 to %d", fleet.MaxDevices)
		}
		serials := make([]string, c.Count)
		for i := range serials {
			serials[i] = fmt.Sprintf("%s%04d", c.Prefix, i+1)
		}
		return serials, nil
	}
	text, err := os.ReadFile(c.Serials)
	if err != nil {
		return nil, fmt.Errorf("read the serial numbers: %w", err)
	}
	return strings.Fields(string(text)), nil
}
