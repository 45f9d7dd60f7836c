package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// scopeFlags say whose work is meant.
type scopeFlags struct {
	Person string `help:"Only what this person asks for and agrees to." placeholder:"USER" xor:"scope"`
	Site   string `help:"Only what is for devices of this site." placeholder:"SITE" xor:"scope"`
	Reason string `help:"Why; it stands in the audit log." placeholder:"TEXT" required:""`
}

func (s scopeFlags) body(ctx context.Context, c *client) (map[string]string, error) {
	body := map[string]string{"scope": "server", "reason": s.Reason}
	switch {
	case s.Person != "":
		body["scope"], body["scope_id"] = "person", s.Person
	case s.Site != "":
		id, err := c.place(ctx, s.Site)
		if err != nil {
			return nil, err
		}
		body["scope"], body["scope_id"] = "site", id
	}
	return body, nil
}

type wireFreeze struct {
	ID          string     `json:"id"`
	ScopeWords  string     `json:"scope_words"`
	Reason      string     `json:"reason"`
	SetBy       string     `json:"set_by"`
	SetAt       time.Time  `json:"set_at"`
	LiftBy      string     `json:"lift_requested_by"`
	LiftedBy    string     `json:"lifted_by"`
	LiftedAt    *time.Time `json:"lifted_at"`
	AlreadyLeft []struct {
		Device    string `json:"device"`
		DeviceID  string `json:"device_id"`
		KindWords string `json:"kind_words"`
		CommandID string `json:"command_id"`
	} `json:"already_left"`
}

// freezeCmd stops all wipes, and lifts that.
type freezeCmd struct {
	Set  freezeSetCmd  `cmd:"" default:"withargs" help:"Stop all wipes: nothing that destroys leaves any more until two people lift it."`
	Lift freezeLiftCmd `cmd:"" help:"Ask to lift a freeze, or agree to it as the second person."`
}

type freezeSetCmd struct {
	remote     `embed:""`
	scopeFlags `embed:""`
}

// Run freezes and says what had left.
func (f *freezeSetCmd) Run(ctx context.Context, t terminal) error {
	c, err := f.connect()
	if err != nil {
		return err
	}
	body, err := f.body(ctx, c)
	if err != nil {
		return err
	}
	return c.freeze(ctx, t, f.JSON, "/freezes", body, func(z wireFreeze) {
		fmt.Fprintf(t.out, "Frozen: %s. Nothing that destroys leaves from now on.\n", clean(z.ScopeWords))
		if len(z.AlreadyLeft) == 0 {
			fmt.Fprintln(t.out, "Nothing had left.")
		}
		for _, l := range z.AlreadyLeft {
			name := l.Device
			if name == "" {
				name = l.DeviceID
			}
			fmt.Fprintf(t.out, "Had left before: %s, %s (%s)\n", clean(l.KindWords), clean(name), l.CommandID)
		}
		fmt.Fprintf(t.out, "A security officer and an administrator lift it, not you: wardline freeze lift %s\n", z.ID)
	})
}

// freeze sends a write about a freeze and shows what it came to.
func (c *client) freeze(ctx context.Context, t terminal, asJSON bool, path string, body any, show func(wireFreeze)) error {
	var raw json.RawMessage
	req := call{method: http.MethodPost, path: path, body: body, header: http.Header{"Idempotency-Key": {newKey()}}}
	if err := c.do(ctx, req, &raw); err != nil {
		return exitFor(err)
	}
	if asJSON {
		return printJSON(t.out, raw)
	}
	var z wireFreeze
	if err := json.Unmarshal(raw, &z); err != nil {
		return fmt.Errorf("the answer about the freeze cannot be read: %w", err)
	}
	show(z)
	return nil
}

type freezeLiftCmd struct {
	remote `embed:""`
	ID     string `arg:"" help:"The freeze; wardline freezes lists them." placeholder:"FREEZE"`
	Reason string `help:"Why it may be lifted; without it you agree to what somebody else asked for." placeholder:"TEXT"`
}

// Run asks to lift a freeze, or agrees.
func (f *freezeLiftCmd) Run(ctx context.Context, t terminal) error {
	c, err := f.connect()
	if err != nil {
		return err
	}
	path := "/freezes/" + url.PathEscape(f.ID)
	if f.Reason != "" {
		return c.freeze(ctx, t, f.JSON, path+"/lift", map[string]string{"reason": f.Reason}, func(z wireFreeze) {
			fmt.Fprintf(t.out, "Asked. It holds until the second of you agrees: wardline freeze lift %s\n", z.ID)
		})
	}
	return c.freeze(ctx, t, f.JSON, path+"/approve-lift", nil, func(z wireFreeze) {
		fmt.Fprintf(t.out, "Lifted: %s. What waited goes on.\n", clean(z.ScopeWords))
	})
}

type freezesCmd struct {
	remote `embed:""`
	All    bool `help:"Also those that were lifted."`
}

// Run lists freezes.
func (f *freezesCmd) Run(ctx context.Context, t terminal) error {
	c, err := f.connect()
	if err != nil {
		return err
	}
	var answer struct {
		Items []wireFreeze `json:"items"`
	}
	if err := c.do(ctx, call{method: http.MethodGet, path: "/freezes", query: url.Values{"all": {fmt.Sprint(f.All)}}}, &answer); err != nil {
		return exitFor(err)
	}
	if f.JSON {
		return printJSON(t.out, answer)
	}
	if len(answer.Items) == 0 {
		fmt.Fprintln(t.out, "No freeze holds.")
		return nil
	}
	rows := make([][]string, len(answer.Items))
	for i, z := range answer.Items {
		state := "holds"
		switch {
		case z.LiftedAt != nil:
			state = "lifted by " + clean(z.LiftBy) + " and " + clean(z.LiftedBy)
		case z.LiftBy != "":
			state = "holds; " + clean(z.LiftBy) + " asks to lift it"
		}
		rows[i] = []string{z.ID, clean(z.ScopeWords), age(time.Now(), &z.SetAt), clean(z.SetBy), state, fmt.Sprint(len(z.AlreadyLeft)), clean(z.Reason)}
	}
	return table(t.out, []string{"FREEZE", "OF", "SET", "BY", "STATE", "HAD LEFT", "REASON"}, rows)
}

type cancelAllCmd struct {
	remote     `embed:""`
	scopeFlags `embed:""`
}

// Run takes back everything that has not left.
func (f *cancelAllCmd) Run(ctx context.Context, t terminal) error {
	c, err := f.connect()
	if err != nil {
		return err
	}
	body, err := f.body(ctx, c)
	if err != nil {
		return err
	}
	var answer struct {
		Cancelled int `json:"cancelled"`
	}
	if err := c.do(ctx, call{method: http.MethodPost, path: "/cancel-all", body: body}, &answer); err != nil {
		return exitFor(err)
	}
	if f.JSON {
		return printJSON(t.out, answer)
	}
	fmt.Fprintf(t.out, "Taken back: %d.\n", answer.Cancelled)
	return nil
}

// limitsCmd shows and changes limits.
type limitsCmd struct {
	List    limitsListCmd    `cmd:"" default:"withargs" help:"Show the limits, what is used of them, and changes to come."`
	Set     limitsSetCmd     `cmd:"" help:"Change a limit: lower at once, higher with a second person and after 24 hours."`
	Approve limitsApproveCmd `cmd:"" help:"Agree to raise a limit."`
}

type wireLimits struct {
	Items []struct {
		ID    string `json:"id"`
		Words string `json:"words"`
		Used  *int   `json:"used"`
	} `json:"items"`
	Changes []struct {
		ID          string     `json:"id"`
		Words       string     `json:"words"`
		AskedBy     string     `json:"asked_by"`
		EffectiveAt *time.Time `json:"effective_at"`
	} `json:"changes"`
}

// limits sends a request about limits and shows what holds.
func (c *client) limits(ctx context.Context, t terminal, asJSON bool, req call) error {
	var raw json.RawMessage
	if err := c.do(ctx, req, &raw); err != nil {
		return exitFor(err)
	}
	if asJSON {
		return printJSON(t.out, raw)
	}
	var l wireLimits
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("the answer about the limits cannot be read: %w", err)
	}
	rows := make([][]string, len(l.Items))
	for i, r := range l.Items {
		used := "by class and site"
		if r.Used != nil {
			used = fmt.Sprint(*r.Used)
		}
		weight, _, _ := strings.Cut(r.ID, "_")
		rows[i] = []string{r.ID, weight, clean(r.Words), used}
	}
	if err := table(t.out, []string{"LIMIT", "WEIGHT", "WHAT HOLDS", "USED"}, rows); err != nil {
		return err
	}
	for _, ch := range l.Changes {
		when := "waits for a second person: wardline limits approve " + ch.ID
		if ch.EffectiveAt != nil {
			when = "holds from " + ch.EffectiveAt.UTC().Format("2006-01-02 15:04 MST")
		}
		fmt.Fprintf(t.out, "To come: %s, asked by %s; %s\n", clean(ch.Words), clean(ch.AskedBy), when)
	}
	return nil
}

type limitsListCmd struct {
	remote `embed:""`
}

// Run shows the limits.
func (l *limitsListCmd) Run(ctx context.Context, t terminal) error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	return c.limits(ctx, t, l.JSON, call{method: http.MethodGet, path: "/limits"})
}

type limitsSetCmd struct {
	remote `embed:""`
	ID     string `arg:"" help:"The limit, as wardline limits names it." placeholder:"LIMIT"`
	Number int    `arg:"" help:"The new number." placeholder:"NUMBER"`
	Reason string `help:"Why; it stands in the audit log." placeholder:"TEXT" required:""`
}

// Run changes a limit.
func (l *limitsSetCmd) Run(ctx context.Context, t terminal) error {
	if l.Number < 0 {
		return exitStatus{exitUsage, errors.New("a limit is 0 or more")}
	}
	c, err := l.connect()
	if err != nil {
		return err
	}
	return c.limits(ctx, t, l.JSON, call{method: http.MethodPatch, path: "/limits", header: http.Header{"Idempotency-Key": {newKey()}},
		body: map[string]any{"id": l.ID, "number": l.Number, "reason": l.Reason}})
}

type limitsApproveCmd struct {
	remote `embed:""`
	ID     string `arg:"" help:"The change, as wardline limits names it." placeholder:"CHANGE"`
}

// Run agrees to raise a limit.
func (l *limitsApproveCmd) Run(ctx context.Context, t terminal) error {
	c, err := l.connect()
	if err != nil {
		return err
	}
	return c.limits(ctx, t, l.JSON, call{method: http.MethodPost, path: "/limits/changes/" + url.PathEscape(l.ID) + "/approve",
		header: http.Header{"Idempotency-Key": {newKey()}}})
}
