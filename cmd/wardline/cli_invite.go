package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

type inviteCmd struct {
	remote     `embed:""`
	Class      string        `help:"What it is to become: pump_lvp, phone_issued, ..." required:"" placeholder:"CLASS"`
	Serial     string        `help:"For the device with this serial." placeholder:"SERIAL"`
	Owner      string        `help:"For this person." placeholder:"NAME"`
	Delivery   string        `help:"For the serials of this delivery." placeholder:"ID"`
	Model      string        `help:"Model, by name or id." placeholder:"MODEL"`
	Place      string        `help:"Where it belongs, by name or id." placeholder:"PLACE"`
	Management string        `help:"agent, or certificate for a device with a SCEP client of its own." placeholder:"LEVEL"`
	Expires    time.Duration `help:"How long the invitation is good." default:"168h" placeholder:"DURATION"`
}

func (i *inviteCmd) Run(ctx context.Context, t terminal) error {
	c, err := i.connect()
	if err != nil {
		return err
	}
	body := map[string]any{"class": i.Class, "expires_in_hours": max(1, int(i.Expires.Hours()))}
	for name, value := range map[string]string{"serial": i.Serial, "owner": i.Owner, "delivery_id": i.Delivery, "management": i.Management} {
		if value != "" {
			body[name] = value
		}
	}
	if i.Model != "" {
		if body["model"], err = c.model(ctx, i.Model); err != nil {
			return err
		}
	}
	if i.Place != "" {
		if body["place_id"], err = c.place(ctx, i.Place); err != nil {
			return err
		}
	}
	var raw json.RawMessage
	req := call{method: http.MethodPost, path: "/invitations", body: body, header: http.Header{"Idempotency-Key": {newKey()}}}
	if err := c.do(ctx, req, &raw); err != nil {
		return exitFor(err)
	}
	if i.JSON {
		return printJSON(t.out, raw)
	}
	var made struct {
		Code          string    `json:"code"`
		EnrollURL     string    `json:"enroll_url"`
		SCEPURL       string    `json:"scep_url"`
		SCEPChallenge string    `json:"scep_challenge"`
		Subject       string    `json:"subject"`
		CAFingerprint string    `json:"ca_fingerprint"`
		ExpiresAt     time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(raw, &made); err != nil {
		return fmt.Errorf("the answer about the invitation cannot be read: %w", err)
	}
	err = facts(t.out, "Code", clean(made.Code), "Address", clean(made.EnrollURL), "SCEP", clean(made.SCEPURL), "Challenge", clean(made.SCEPChallenge),
		"Subject", clean(made.Subject), "CA fingerprint", clean(made.CAFingerprint), "Good until", made.ExpiresAt.Local().Format(time.DateTime))
	fmt.Fprintln(t.err, "It is shown this once.")
	return err
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make an API token; it is shown once."`
	List   tokenListCmd   `cmd:"" help:"List your API tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"Revoke an API token."`
}

type tokenCreateCmd struct {
	remote     `embed:""`
	Name       string   `arg:"" help:"What will use it." placeholder:"NAME"`
	Permission []string `help:"What it may do, such as devices.read." required:"" placeholder:"PERMISSION"`
	Kind       []string `help:"The kinds of command that it may ask for." placeholder:"KIND"`
	Site       []string `help:"Only at these sites, by name or id." placeholder:"SITE"`
	Class      []string `help:"Only for these classes." placeholder:"CLASS"`
	Days       int      `help:"How long it is good." default:"90" placeholder:"DAYS"`
}

func (c *tokenCreateCmd) Run(ctx context.Context, t terminal) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	sites := []string{}
	for _, name := range c.Site {
		id, err := cl.place(ctx, name)
		if err != nil {
			return err
		}
		sites = append(sites, id)
	}
	body := map[string]any{"name": c.Name, "permissions": c.Permission, "expires_in_days": c.Days, "sites": sites,
		"kinds": append([]string{}, c.Kind...), "classes": append([]string{}, c.Class...)}
	var raw json.RawMessage
	req := call{method: http.MethodPost, path: "/tokens", body: body, header: http.Header{"Idempotency-Key": {newKey()}}}
	if err := cl.do(ctx, req, &raw); err != nil {
		return exitFor(err)
	}
	if c.JSON {
		return printJSON(t.out, raw)
	}
	var made struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	if err := json.Unmarshal(raw, &made); err != nil {
		return fmt.Errorf("the answer about the token cannot be read: %w", err)
	}
	fmt.Fprintln(t.out, clean(made.Token))
	fmt.Fprintf(t.err, "Good until %s. It is shown this once.\n", made.ExpiresAt.Local().Format(time.DateOnly))
	return nil
}

type tokenListCmd struct {
	remote `embed:""`
	All    bool `help:"Everybody's."`
}

func (c *tokenListCmd) Run(ctx context.Context, t terminal) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.All {
		query.Set("all", "true")
	}
	items, total, err := listOnce(ctx, cl, "/tokens", query)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(t.out, map[string]any{"items": items, "total": total})
	}
	type wireToken struct {
		wireNamed
		ExpiresAt  time.Time  `json:"expires_at"`
		LastUsedAt *time.Time `json:"last_used_at"`
		RevokedAt  *time.Time `json:"revoked_at"`
	}
	tokens, err := decodeAll[wireToken](items)
	if err != nil {
		return err
	}
	now := time.Now()
	rows := make([][]string, len(tokens))
	for i, k := range tokens {
		state := "good until " + k.ExpiresAt.Local().Format(time.DateOnly)
		switch {
		case k.RevokedAt != nil:
			state = "revoked"
		case !now.Before(k.ExpiresAt):
			state = "ended"
		}
		rows[i] = []string{k.ID, clean(k.Name), state, age(now, k.LastUsedAt)}
	}
	return table(t.out, []string{"TOKEN", "NAME", "STATE", "LAST USED"}, rows)
}

type tokenRevokeCmd struct {
	remote `embed:""`
	ID     string `arg:"" help:"Id of the token." placeholder:"TOKEN-ID"`
}

func (c *tokenRevokeCmd) Run(ctx context.Context, t terminal) error {
	cl, err := c.connect()
	if err != nil {
		return err
	}
	if err := cl.do(ctx, call{method: http.MethodDelete, path: "/tokens/" + url.PathEscape(c.ID)}, nil); err != nil {
		return exitFor(err)
	}
	if !c.JSON {
		fmt.Fprintln(t.out, "Revoked.")
	}
	return nil
}
