package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// orderFlags are the flags of every verb that asks a device for something.
type orderFlags struct {
	remote  `embed:""`
	Device  string        `arg:"" help:"Serial, asset tag, holder or id." placeholder:"DEVICE"`
	Reason  string        `help:"Why; it stands in the audit log." placeholder:"TEXT"`
	Ticket  string        `help:"Number of the ticket." placeholder:"NUMBER"`
	Timeout time.Duration `help:"How long --wait waits." default:"10m" placeholder:"DURATION"`
	OTP     string        `help:"One-time code, where the command needs a step-up." placeholder:"CODE" name:"otp"`
	Expires time.Duration `help:"Give up when the device has not been reached by then." placeholder:"DURATION"`
	// HoldUntilIdle waits for a pump that is not free.
	HoldUntilIdle bool `help:"When the pump is not free for it now: do it as soon as it is."`
}

// waitFlag is the flag of the verbs that come back at once unless told to wait.
type waitFlag struct {
	Wait bool `help:"Follow the command to its end." negatable:""`
}

// order is the request for one command.
type order struct {
	Kind          string         `json:"kind"`
	Args          map[string]any `json:"args,omitempty"`
	Reason        string         `json:"reason,omitempty"`
	Ticket        string         `json:"ticket,omitempty"`
	HoldUntilIdle bool           `json:"hold_until_idle,omitempty"`
	ExpiresIn     int            `json:"expires_in_minutes,omitempty"`
}

// prepare connects and finds the device.
func (f *orderFlags) prepare(ctx context.Context, t terminal) (*client, wireDevice, error) {
	c, err := f.connect()
	if err != nil {
		return nil, wireDevice{}, err
	}
	d, err := c.one(ctx, t, f.Device)
	return c, d, err
}

// run finds the device, asks for the command, and follows it where that is wanted.
func (f *orderFlags) run(ctx context.Context, t terminal, wait bool, kind string, args map[string]any) error {
	c, d, err := f.prepare(ctx, t)
	if err != nil {
		return err
	}
	return f.send(ctx, t, c, d, wait, kind, args)
}

func (f *orderFlags) send(ctx context.Context, t terminal, c *client, d wireDevice, wait bool, kind string, args map[string]any) error {
	o := order{Kind: kind, Args: args, Reason: f.Reason, Ticket: f.Ticket, HoldUntilIdle: f.HoldUntilIdle,
		ExpiresIn: int(f.Expires.Minutes())}
	req := call{method: http.MethodPost, path: "/devices/" + d.ID + "/commands", body: o,
		header: http.Header{"Idempotency-Key": {newKey()}}}
	var cmd wireCommand
	err := c.steppingUp(ctx, t, stepUpFor{device: d.ID, otp: f.OTP, what: kind + " of " + clean(d.Serial)}, req, &cmd)
	if err != nil {
		return exitFor(err)
	}
	if !f.JSON {
		fmt.Fprintf(t.out, "%s %s: %s\n", words(kind), clean(d.Serial), sentence(cmd))
	}
	if wait {
		if cmd, err = c.follow(ctx, t, cmd, f.Timeout, f.JSON); err != nil {
			return err
		}
	}
	if f.JSON {
		if err := c.printCommand(ctx, t, cmd.ID); err != nil {
			return err
		}
	} else if wait {
		fmt.Fprintln(t.out, sentence(cmd))
		if err := c.printLocation(ctx, t, cmd); err != nil {
			return err
		}
	} else if !cmd.ended() {
		fmt.Fprintf(t.out, "Follow it with: wardline commands %s --wait\n", cmd.ID)
	}
	return endOf(cmd, wait)
}

// printCommand prints a command with everything that the server says of it.
func (c *client) printCommand(ctx context.Context, t terminal, id string) error {
	var raw json.RawMessage
	if err := c.do(ctx, call{method: http.MethodGet, path: "/commands/" + id}, &raw); err != nil {
		return exitFor(err)
	}
	return printJSON(t.out, raw)
}

// words makes a kind readable: "lost_mode_on" becomes "Lost mode on".
func words(kind string) string {
	w := strings.ReplaceAll(clean(kind), "_", " ")
	if w == "" {
		return ""
	}
	return strings.ToUpper(w[:1]) + w[1:]
}

// sentence says where a command stands.
func sentence(c wireCommand) string {
	s := clean(c.StateWords)
	if s == "" {
		s = words(c.State)
	}
	if why := clean(c.WhyWaiting); strings.HasPrefix(why, s) {
		s = why // it says the state itself
	} else if why != "" {
		s += ". " + why
	}
	return strings.TrimSuffix(s, ".") + "."
}

// erasePatience is how long a wipe that has started is waited for: most phones
// are silent from then on, and a last word comes at once or never.
const erasePatience = 15 * time.Second

// follow polls the command until it has ended or timeout is over, and prints
// each transition as it comes.
func (c *client) follow(ctx context.Context, t terminal, cmd wireCommand, timeout time.Duration, quiet bool) (wireCommand, error) {
	const every = time.Second
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	shown, started := 0, time.Time{}
	for {
		if err := c.do(ctx, call{method: http.MethodGet, path: "/commands/" + cmd.ID}, &cmd); err != nil {
			return cmd, exitFor(err)
		}
		for ; shown < len(cmd.Transitions) && !quiet; shown++ {
			printTransition(t, cmd.Transitions[shown])
		}
		if cmd.ended() || cmd.State == "awaiting_approval" {
			return cmd, nil
		}
		if cmd.eraseStarted() {
			if started.IsZero() {
				started = time.Now()
			} else if time.Since(started) > erasePatience {
				return cmd, nil
			}
		}
		select {
		case <-ctx.Done():
			return cmd, ctx.Err()
		case <-deadline.C:
			return cmd, nil
		case <-tick.C:
		}
	}
}

func printTransition(t terminal, tr wireTransition) {
	state := clean(tr.StateWords)
	if state == "" {
		state = words(tr.State)
	}
	line := fmt.Sprintf("  %s  %s", tr.At.Local().Format("15:04:05"), state)
	if tr.Actor != "" {
		line += " (" + clean(tr.Actor) + ")"
	}
	if tr.Reason != "" {
		line += ": " + clean(tr.Reason)
	}
	fmt.Fprintln(t.out, line)
}

// endOf is the exit code for where a command stands. Unless it was followed,
// one that waits for its device is as much as could be done.
func endOf(c wireCommand, followed bool) error {
	switch c.State {
	case "succeeded":
		return nil
	case "awaiting_approval":
		return exitStatus{code: exitWaitingApproval}
	case "refused", "denied":
		return exitStatus{code: exitRefused}
	case "failed", "cancelled", "superseded":
		return exitStatus{code: exitError}
	case "expired":
		return exitStatus{code: exitNotReached}
	}
	if followed && !c.eraseStarted() {
		return exitStatus{code: exitNotReached}
	}
	return nil
}

// exitFor gives a problem of the server its exit code.
func exitFor(err error) error {
	var p *problem
	if errors.As(err, &p) {
		return p.exit()
	}
	return err
}
