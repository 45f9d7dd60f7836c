package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"wardline/agent"
)

type enrollCmd struct {
	machine
	Server        string        `help:"Address of the server's device listener, such as https://devices.hospital.example:8444." placeholder:"URL"`
	Code          string        `help:"Code of the invitation." xor:"code" placeholder:"CODE"`
	Link          string        `help:"What the invitation's QR code says, in place of --server, --code and --ca-fingerprint." xor:"code" placeholder:"LINK"`
	CAFingerprint string        `name:"ca-fingerprint" help:"SHA-256 of the root certificate, as it stands on the invitation." placeholder:"HEX"`
	Patience      time.Duration `help:"How long to go on trying, and to wait for a person who has to agree." default:"15m"`
}

// Run enrolls.
func (c *enrollCmd) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	if err := c.readLink(); err != nil {
		return err
	}
	options, err := c.options(log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Patience)
	defer cancel()
	waiting := false
	err = agent.Enroll(ctx, options, agent.EnrollRequest{
		Server: c.Server, Code: c.Code, CAFingerprint: c.CAFingerprint, Serial: c.Serial,
		Waiting: func() {
			if !waiting {
				waiting = true
				fmt.Fprintln(out, "The server has the request; a person has to agree to it. Waiting.")
			}
		},
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Enrolled. Start the agent with: wardline-agent run --state %s\n", c.State)
	return err
}

// readLink takes server, code and fingerprint from a link.
func (c *enrollCmd) readLink() error {
	if c.Link == "" {
		return nil
	}
	head, fragment, found := strings.Cut(c.Link, "#")
	server, isLink := strings.CutSuffix(head, agent.PathEnroll)
	values, err := url.ParseQuery(fragment)
	if !found || !isLink || err != nil || values.Get("code") == "" || values.Get("ca") == "" {
		return errors.New("--link is not what an invitation's QR code says")
	}
	c.Server, c.Code, c.CAFingerprint = server, values.Get("code"), values.Get("ca")
	return nil
}

type runCmd struct {
	machine
	Wait time.Duration `help:"How long the server may hold a poll, at most 55s." default:"50s"`
}

// Run runs the agent until it is told to stop. A wiped machine has nothing to run
// and ends well: a service manager shall not start it again.
func (c *runCmd) Run(ctx context.Context, log *slog.Logger, out io.Writer) error {
	if c.Wait < 0 || c.Wait > agent.MaxWaitSeconds*time.Second {
		return fmt.Errorf("--wait must be 0s to %ds", agent.MaxWaitSeconds)
	}
	options, err := c.options(log)
	if err != nil {
		return err
	}
	options.Wait = c.Wait
	client, err := agent.Open(options)
	if err != nil {
		return err
	}
	err = client.Run(ctx)
	if errors.Is(err, agent.ErrErased) {
		_, err = fmt.Fprintln(out, "This machine has been wiped; its identity is gone.")
	}
	return err
}
