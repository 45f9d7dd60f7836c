package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

type locateCmd struct {
	orderFlags `embed:""`
	Wait       bool `help:"Wait for the answer." default:"true" negatable:""`
}

// Run asks and, unless --no-wait says otherwise, waits: a question wants its
// answer.
func (l *locateCmd) Run(ctx context.Context, t terminal) error {
	return l.run(ctx, t, l.Wait, "locate", nil)
}

type ringCmd struct {
	orderFlags `embed:""`
	waitFlag   `embed:""`
}

func (r *ringCmd) Run(ctx context.Context, t terminal) error {
	return r.run(ctx, t, r.Wait, "ring", nil)
}

type messageCmd struct {
	orderFlags `embed:""`
	waitFlag   `embed:""`
	Text       string `arg:"" help:"What to show." placeholder:"TEXT"`
}

func (m *messageCmd) Run(ctx context.Context, t terminal) error {
	return m.run(ctx, t, m.Wait, "message", map[string]any{"text": m.Text})
}

type lockCmd struct {
	orderFlags `embed:""`
	waitFlag   `embed:""`
	Text       string `help:"What the lock screen says." placeholder:"TEXT"`
	Phone      string `help:"Phone number on the lock screen." placeholder:"NUMBER"`
}

func (l *lockCmd) Run(ctx context.Context, t terminal) error {
	return l.run(ctx, t, l.Wait, "lock", contact(l.Text, l.Phone))
}

type unlockCmd struct {
	orderFlags `embed:""`
	waitFlag   `embed:""`
}

func (u *unlockCmd) Run(ctx context.Context, t terminal) error {
	return u.run(ctx, t, u.Wait, "unlock", nil)
}

type restartCmd struct {
	orderFlags `embed:""`
	waitFlag   `embed:""`
}

func (r *restartCmd) Run(ctx context.Context, t terminal) error {
	return r.run(ctx, t, r.Wait, "restart", nil)
}

type lostCmd struct {
	remote `embed:""`
	Device string `arg:"" help:"Serial, asset tag, holder or id." placeholder:"DEVICE"`
	Reason string `help:"What happened, or who found it; it stands in the record." placeholder:"TEXT"`
	Found  bool   `help:"It was found again: lock and lost mode end."`
	Stolen bool   `help:"It was taken: it is also cut from the network, when somebody with the right agrees."`
	OTP    string `help:"One-time code: with the right to do so, a stolen device is cut off at once." placeholder:"CODE" name:"otp"`
	Text   string `help:"What the finder reads." placeholder:"TEXT"`
	Phone  string `help:"Number for the finder to call." placeholder:"NUMBER"`
}

// Run reports a device lost, which locks it at once, or found again.
func (l *lostCmd) Run(ctx context.Context, t terminal) error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	d, err := c.one(ctx, t, l.Device)
	if err != nil {
		return err
	}
	if l.Found {
		return l.found(ctx, t, c, d)
	}
	body := contact(l.Text, l.Phone)
	body["reason"], body["stolen"] = cmp.Or(l.Reason, "Reported on the command line."), l.Stolen
	req := call{method: http.MethodPost, path: "/devices/" + d.ID + "/report-lost", body: body, header: http.Header{"Idempotency-Key": {newKey()}}}
	if l.OTP != "" {
		var proof struct {
			StepUp string `json:"step_up"`
		}
		err := c.do(ctx, call{method: http.MethodPost, path: "/auth/step-up", body: map[string]string{"otp": l.OTP, "device_id": d.ID}}, &proof)
		if err != nil {
			return exitFor(err)
		}
		req.header.Set("Wardline-Step-Up", proof.StepUp)
	}
	var loss struct {
		Steps []struct {
			Words string `json:"words"`
			State string `json:"state"`
			Why   string `json:"why"`
		} `json:"steps"`
	}
	var raw json.RawMessage
	if err := c.do(ctx, req, &raw); err != nil {
		return exitFor(err)
	}
	if l.JSON {
		fmt.Fprintln(t.out, string(raw))
		return nil
	}
	if err := json.Unmarshal(raw, &loss); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	fmt.Fprintf(t.out, "%s is reported lost.\n", clean(d.Serial))
	for _, s := range loss.Steps {
		fmt.Fprintf(t.out, "  %s: %s\n", clean(s.Words), clean(s.Why))
	}
	return nil
}

func (l *lostCmd) found(ctx context.Context, t terminal, c *client, d wireDevice) error {
	body := map[string]string{"reason": cmp.Or(l.Reason, "Reported on the command line.")}
	var raw json.RawMessage
	if err := c.do(ctx, call{method: http.MethodPost, path: "/devices/" + d.ID + "/found", body: body, header: http.Header{"Idempotency-Key": {newKey()}}}, &raw); err != nil {
		return exitFor(err)
	}
	if l.JSON {
		fmt.Fprintln(t.out, string(raw))
		return nil
	}
	fmt.Fprintf(t.out, "%s is no longer lost.\n", clean(d.Serial))
	return nil
}

func contact(text, phone string) map[string]any {
	args := map[string]any{}
	if text != "" {
		args["message"] = text
	}
	if phone != "" {
		args["phone_number"] = phone
	}
	return args
}

type wipeCmd struct {
	orderFlags `embed:""`
	waitFlag   `embed:""`
	Yes        bool `help:"Do not ask. Needed when nobody sits at a terminal."`
}

var errNotConfirmed = errors.New("not confirmed: nothing was done")

func (w *wipeCmd) Run(ctx context.Context, t terminal) error {
	c, d, err := w.prepare(ctx, t)
	if err != nil {
		return err
	}
	if !w.Yes {
		if err := confirmWipe(t, d); err != nil {
			return err
		}
	}
	return w.send(ctx, t, c, d, w.Wait, "wipe", nil)
}

// confirmWipe names the device, its holder and what is erased, and wants the
// serial typed.
func confirmWipe(t terminal, d wireDevice) error {
	fmt.Fprintln(t.err, "This erases:")
	err := facts(t.err, "  Serial", clean(d.Serial), "  Asset tag", clean(d.AssetTag), "  Holder", clean(d.Owner),
		"  Model", strings.TrimSpace(clean(d.Model.Maker+" "+d.Model.Name)), "  Place", placeWords(d.Place),
		"  Last seen", age(time.Now(), d.LastSeenAt), "  Erased", clean(d.Model.WipeErases), "  Kept", clean(d.Model.WipeKeeps))
	if err != nil {
		return err
	}
	typed, err := ask(t, "Type the serial to go on: ", false)
	if errors.Is(err, errNotATerminal) {
		return exitStatus{exitUsage, errors.New("nobody sits at a terminal to confirm: repeat with --yes")}
	}
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(typed), d.Serial) {
		return exitStatus{exitRefused, errNotConfirmed}
	}
	return nil
}

// printLocation shows where a device is that has just been asked. The look is
// recorded where it is a look at a person.
func (c *client) printLocation(ctx context.Context, t terminal, cmd wireCommand) error {
	if cmd.Kind != "locate" || cmd.State != "succeeded" {
		return nil
	}
	reason := cmd.Reason
	if len(reason) < 3 {
		reason = "located by command " + cmd.ID
	}
	var answer struct {
		Location *wireFix `json:"location"`
	}
	err := c.do(ctx, call{method: http.MethodGet, path: "/devices/" + cmd.DeviceID + "/location", query: url.Values{"reason": {reason}}}, &answer)
	if err != nil {
		return exitFor(err)
	}
	if answer.Location == nil {
		fmt.Fprintln(t.out, "Where it is, is not known or may not be kept.")
		return nil
	}
	fmt.Fprintln(t.out, fixWords(answer.Location, time.Now()))
	return nil
}
