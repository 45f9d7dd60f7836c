package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type devicesCmd struct {
	remote   `embed:""`
	Selector string   `arg:"" optional:"" help:"Serial, asset tag, holder or id: shows that device. Without it: lists." placeholder:"DEVICE"`
	Search   string   `short:"q" help:"Search serial, tag, owner, IMEI and MAC." placeholder:"TEXT"`
	Class    []string `help:"Only these classes." placeholder:"CLASS"`
	Stage    []string `help:"Only these stages." placeholder:"STAGE"`
	Place    string   `help:"Only below this place (name or id)." placeholder:"PLACE"`
	Tag      []string `help:"Only with one of these tags." placeholder:"TAG"`
	Lost     bool     `help:"Only devices reported lost."`
	Sort     string   `help:"last_seen, serial, asset_tag, owner or updated; - before it reverses." placeholder:"KEY"`
	Limit    int      `help:"At most this many." default:"100" placeholder:"N"`
}

func (d *devicesCmd) Run(ctx context.Context, t terminal) error {
	c, err := d.connect()
	if err != nil {
		return err
	}
	if d.Selector != "" {
		found, err := c.one(ctx, t, d.Selector)
		if err != nil {
			return err
		}
		return d.show(ctx, t, c, found.ID)
	}
	query, err := d.query(ctx, c)
	if err != nil {
		return err
	}
	items, total, err := listAll(ctx, c, "/devices", query, d.Limit)
	if err != nil {
		return err
	}
	if d.JSON {
		return printJSON(t.out, map[string]any{"items": items, "total": total})
	}
	devices, err := decodeAll[wireDevice](items)
	if err != nil {
		return err
	}
	if err := printDevices(t, devices); err != nil {
		return err
	}
	if total > len(devices) {
		fmt.Fprintf(t.err, "%d of %d devices; --limit shows more.\n", len(devices), total)
	}
	return nil
}

func (d *devicesCmd) query(ctx context.Context, c *client) (url.Values, error) {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("q", d.Search)
	set("sort", d.Sort)
	set("class", strings.Join(d.Class, ","))
	set("stage", strings.Join(d.Stage, ","))
	set("tag", strings.Join(d.Tag, ","))
	if d.Lost {
		q.Set("hold", "lost")
	}
	if d.Place != "" {
		place, err := c.place(ctx, d.Place)
		if err != nil {
			return nil, err
		}
		q.Set("place_id", place)
	}
	return q, nil
}

func (d *devicesCmd) show(ctx context.Context, t terminal, c *client, id string) error {
	var raw json.RawMessage
	if err := c.do(ctx, call{method: http.MethodGet, path: "/devices/" + id}, &raw); err != nil {
		return exitFor(err)
	}
	if d.JSON {
		return printJSON(t.out, raw)
	}
	var dev wireDevice
	if err := json.Unmarshal(raw, &dev); err != nil {
		return fmt.Errorf("the answer about the device cannot be read: %w", err)
	}
	return printDevice(t, dev, time.Now())
}

// listAll reads pages until limit or the end, and returns the items as they came.
func listAll(ctx context.Context, c *client, path string, query url.Values, limit int) ([]json.RawMessage, int, error) {
	items := []json.RawMessage{}
	for {
		if query == nil {
			query = url.Values{}
		}
		query.Set("limit", strconv.Itoa(min(max(limit-len(items), 1), 200)))
		var p page[json.RawMessage]
		if err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &p); err != nil {
			return nil, 0, exitFor(err)
		}
		items = append(items, p.Items...)
		if p.NextCursor == "" || len(items) >= limit {
			return items, p.Total, nil
		}
		query.Set("cursor", p.NextCursor)
	}
}

// listOnce reads a list that has no pages.
func listOnce(ctx context.Context, c *client, path string, query url.Values) ([]json.RawMessage, int, error) {
	var p page[json.RawMessage]
	if err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &p); err != nil {
		return nil, 0, exitFor(err)
	}
	return p.Items, p.Total, nil
}

func decodeAll[T any](items []json.RawMessage) ([]T, error) {
	out := make([]T, len(items))
	for i, raw := range items {
		if err := json.Unmarshal(raw, &out[i]); err != nil {
			return nil, fmt.Errorf("the server's answer cannot be read: %w", err)
		}
	}
	return out, nil
}

// one finds the one device that a selector means: an id, a serial, an asset tag
// or a holder, exactly; else whatever the search finds. More than one device:
// they are listed and nothing is done.
func (c *client) one(ctx context.Context, t terminal, selector string) (wireDevice, error) {
	if looksLikeID(selector) {
		var d wireDevice
		err := c.do(ctx, call{method: http.MethodGet, path: "/devices/" + selector}, &d)
		return d, exitFor(err)
	}
	for _, by := range []string{"serial", "asset_tag", "owner", "q"} {
		var p page[wireDevice]
		err := c.do(ctx, call{method: http.MethodGet, path: "/devices", query: url.Values{by: {selector}, "limit": {"20"}}}, &p)
		var prob *problem
		if by == "q" && errors.As(err, &prob) && prob.Status == http.StatusUnprocessableEntity {
			break // too short to search for
		}
		if err != nil {
			return wireDevice{}, exitFor(err)
		}
		switch {
		case len(p.Items) == 1 && by != "q":
			return p.Items[0], nil
		case len(p.Items) == 0:
			continue
		}
		// Even one hit of a loose search is only proposed: a wipe must not follow
		// from a fragment of a number.
		fmt.Fprintf(t.err, "%q means %d %s; name one of them by its serial:\n", clean(selector), p.Total, plural(p.Total, "device"))
		if err := printDevices(terminal{out: t.err, err: t.err}, p.Items); err != nil {
			return wireDevice{}, err
		}
		return wireDevice{}, exitStatus{exitUsage, nil}
	}
	return wireDevice{}, exitStatus{exitError, fmt.Errorf("no device has the serial, asset tag or holder %q, or you may not see it", selector)}
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// looksLikeID recognises a UUID in canonical form.
func looksLikeID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch i {
		case 8, 13, 18, 23:
			if r != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdef", r) {
				return false
			}
		}
	}
	return true
}

// place finds the id of the place that a name means.
func (c *client) place(ctx context.Context, name string) (string, error) {
	if looksLikeID(name) {
		return name, nil
	}
	items, _, err := listAll(ctx, c, "/places", nil, 10_000)
	if err != nil {
		return "", err
	}
	places, err := decodeAll[wirePlace](items)
	if err != nil {
		return "", err
	}
	var hits []wirePlace
	for _, p := range places {
		if strings.EqualFold(p.Name, name) || strings.EqualFold(p.Words, name) {
			hits = append(hits, p)
		}
	}
	switch len(hits) {
	case 1:
		return hits[0].ID, nil
	case 0:
		return "", exitStatus{exitUsage, fmt.Errorf("there is no place called %q", name)}
	}
	var b strings.Builder
	for _, p := range hits {
		fmt.Fprintf(&b, "\n  %s", clean(p.Words))
	}
	return "", exitStatus{exitUsage, fmt.Errorf("%q means several places; write the whole of one of:%s", name, b.String())}
}

// model finds the id of the model that a name means.
func (c *client) model(ctx context.Context, name string) (string, error) {
	if looksLikeID(name) {
		return name, nil
	}
	type wireModel struct {
		wireNamed
		Maker string `json:"maker"`
	}
	items, _, err := listAll(ctx, c, "/models", nil, 10_000)
	if err != nil {
		return "", err
	}
	models, err := decodeAll[wireModel](items)
	if err != nil {
		return "", err
	}
	known := make([]string, 0, len(models))
	for _, m := range models {
		full := m.Maker + " " + m.Name
		if strings.EqualFold(m.ID, name) || strings.EqualFold(m.Name, name) || strings.EqualFold(full, name) {
			return m.ID, nil
		}
		known = append(known, full)
	}
	return "", exitStatus{exitUsage, fmt.Errorf("there is no model called %q; there are: %s", name, strings.Join(known, ", "))}
}
