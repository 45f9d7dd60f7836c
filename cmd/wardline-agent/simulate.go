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
	connectFlags  `embed:""`
	Server        string       `required:"" help:"Address of the server's device listener, such as https://devices.hospital.example:8444." placeholder:"URL"`
	Code          string       `help:"Code of a delivery whose packing list holds the serial numbers. Not needed when each serial number has a code of its own, or is enrolled already." placeholder:"CODE"`
	CAFingerprint string       `name:"ca-fingerprint" help:"SHA-256 of the root certificate, as it stands on the invitation." placeholder:"HEX"`
	State         string       `required:"" help:"Folder that keeps the devices: keys, certificates, journals, memories." type:"path" placeholder:"DIR"`
	Class         device.Class `help:"What the devices are: pump_lvp, pump_syringe, pump_pca, handheld_shared, phone_issued, phone_personal or tablet." default:"pump_lvp"`
	Count         int          `help:"How many, with the serial numbers PREFIX0001 and on." default:"10"`
	Prefix        string       `help:"What the serial numbers begin with." default:"SIM-"`
	Serials       string       `help:"File with the serial numbers, one a line, in place of --count and --prefix. Behind a serial number may stand the code of its own invitation." type:"existingfile" placeholder:"FILE"`
	WardAddr      string       `help:"Show the devices at this loopback address, such as 127.0.0.1:8088, and let programs handle them there." placeholder:"HOST:PORT"`
}

// Run enrolls the devices that are not enrolled, and runs all of them until it
// is told to stop.
func (c *simulateCmd) Run(ctx context.Context, log *slog.Logger, out io.Writer) (err error) {
	serials, codes, err := c.serials()
	if err != nil {
		return err
	}
	dial, err := c.dial()
	if err != nil {
		return err
	}
	hospital, err := fleet.Crowd(c.Class, serials)
	if err != nil {
		return err
	}
	f, err := fleet.New(fleet.Options{Hospital: hospital, Dir: c.State, Dial: dial, Log: log})
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
		Invite: func(_ context.Context, s fleet.Spec) (string, error) { return c.codeFor(s.Serial, codes) }})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "All of them are enrolled and run. Ctrl-C ends them; the next start goes on with the same devices.")
	<-ctx.Done()
	return nil
}

// codeFor is the code with which a device enrolls.
func (c *simulateCmd) codeFor(serial string, codes map[string]string) (string, error) {
	if code := codes[serial]; code != "" {
		return code, nil
	}
	if c.Code == "" {
		return "", fmt.Errorf("%s is not enrolled: give --code, or its own code in the file of --serials", serial)
	}
	return c.Code, nil
}

// serials are the devices, with the codes that are only theirs.
func (c *simulateCmd) serials() (serials []string, codes map[string]string, err error) {
	if c.Serials == "" {
		if c.Count < 1 || c.Count > fleet.MaxDevices {
			return nil, nil, fmt.Errorf("--count must be 1 to %d", fleet.MaxDevices)
		}
		serials = make([]string, c.Count)
		for i := range serials {
			serials[i] = fmt.Sprintf("%s%04d", c.Prefix, i+1)
		}
		return serials, nil, nil
	}
	text, err := os.ReadFile(c.Serials)
	if err != nil {
		return nil, nil, fmt.Errorf("read the serial numbers: %w", err)
	}
	codes = map[string]string{}
	for number, line := range strings.Split(string(text), "\n") {
		switch words := strings.Fields(line); len(words) {
		case 0:
			continue
		case 1:
			serials = append(serials, words[0])
		case 2:
			serials, codes[words[0]] = append(serials, words[0]), words[1]
		default:
			return nil, nil, fmt.Errorf("%s, line %d: a line is a serial number, or a serial number and its code", c.Serials, number+1)
		}
	}
	return serials, codes, nil
}
