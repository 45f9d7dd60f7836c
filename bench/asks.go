package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// errAlreadyOpen says that the device has the same order open already.
var errAlreadyOpen = errors.New("the same order is open already")

// order asks one device where it is.
func (s *site) order(ctx context.Context, serial string) (string, error) {
	var made struct{ ID string }
	err := s.person.do(ctx, http.MethodPost, "/devices/"+s.devices[serial]+"/commands",
		map[string]any{"kind": "locate", "reason": "bench"}, &made)
	if hasCode(err, "command_already_open") {
		return "", errAlreadyOpen
	}
	return made.ID, err
}

// batch asks many devices where they are, in one request.
func (s *site) batch(ctx context.Context, serials []string) ([]string, error) {
	ids := make([]string, len(serials))
	for i, serial := range serials {
		ids[i] = s.devices[serial]
	}
	var made struct {
		Items []struct {
			CommandID string `json:"command_id"`
			Code      string `json:"code"`
		} `json:"items"`
	}
	err := s.person.do(ctx, http.MethodPost, "/batches", map[string]any{"devices": ids, "kind": "locate", "reason": "bench"}, &made)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, i := range made.Items {
		if i.CommandID != "" {
			out = append(out, i.CommandID)
		}
	}
	return out, nil
}

func (s *site) commandState(ctx context.Context, id string) (string, error) {
	var c struct{ State string }
	err := s.person.do(ctx, http.MethodGet, "/commands/"+id, nil, &c)
	return c.State, err
}

// view is what is compared of a device.
type view struct {
	Serial     string     `json:"serial"`
	LastSeenAt *time.Time `json:"last_seen_at"`
	Battery    *int       `json:"battery_percent"`
	Therapy    *struct {
		Reported string `json:"reported"`
	} `json:"therapy"`
}

// everyDevice reads the whole list, page by page.
func (s *site) everyDevice(ctx context.Context) (map[string]view, error) {
	all := map[string]view{}
	for cursor := ""; ; {
		var page struct {
			Items      []view `json:"items"`
			NextCursor string `json:"next_cursor"`
		}
		q := url.Values{"limit": {"200"}, "sort": {"serial"}, "cursor": {cursor}}
		if cursor == "" {
			q.Del("cursor")
		}
		if err := s.person.do(ctx, http.MethodGet, "/devices?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		for _, v := range page.Items {
			all[v.Serial] = v
		}
		if cursor = page.NextCursor; cursor == "" {
			return all, nil
		}
	}
}

// lateness is how old last_seen may be.
const lateness = 30 * time.Second

// knows checks that the server knows of each device what is so: when it was last
// heard of, and what it said.
func (s *site) knows(ctx context.Context, sims []*sim) error {
	var wrong []string
	err := untilReady(ctx, func() error {
		all, err := s.everyDevice(ctx)
		if err != nil {
			return err
		}
		wrong = nil
		for _, d := range sims {
			v, ok := all[strings.ToUpper(d.serial)]
			switch {
			case !ok:
				wrong = append(wrong, d.serial+" is missing")
			case v.LastSeenAt == nil || time.Since(*v.LastSeenAt) > lateness:
				wrong = append(wrong, fmt.Sprintf("%s was last seen %v", d.serial, v.LastSeenAt))
			case v.Battery == nil || *v.Battery != d.battery:
				wrong = append(wrong, fmt.Sprintf("%s has a battery at %d %%", d.serial, d.battery))
			case d.pump && (v.Therapy == nil || v.Therapy.Reported != d.therapy):
				wrong = append(wrong, d.serial+" is "+d.therapy)
			}
		}
		if len(wrong) > 0 {
			return errors.New("not yet") // reports are written in batches
		}
		return nil
	})
	if len(wrong) > 0 {
		return fmt.Errorf("the server is wrong about %d devices, such as: %s", len(wrong), wrong[0])
	}
	return err
}

// refusesStrangers checks that a certificate of another authority, and one that
// was revoked at the end of a wipe, get no answer.
func (s *site) refusesStrangers(ctx context.Context, known *sim) error {
	cert, err := throwAwayCertificate()
	if err != nil {
		return err
	}
	stranger := known.double()
	stranger.cert = cert
	if err := s.mustRefuse(ctx, "a certificate of another authority", stranger); err != nil {
		return err
	}
	fresh, err := s.fleet(ctx, 1) // one device: a handheld
	if err != nil {
		return err
	}
	if err := s.wipe(ctx, fresh[0]); err != nil {
		return fmt.Errorf("wipe a device: %w", err)
	}
	return s.mustRefuse(ctx, "a revoked certificate", fresh[0])
}

func (s *site) mustRefuse(ctx context.Context, what string, d *sim) error {
	l, err := d.dial(ctx, s.deviceAddr)
	if err != nil {
		return nil // refused in the handshake
	}
	defer l.close()
	status, answer, err := l.post(d.request(0), 30*time.Second)
	if err != nil || status == http.StatusUnauthorized || status == http.StatusForbidden {
		s.bench.report.say("refused  %s on %s: %d", what, s.engine, status)
		return nil
	}
	return fmt.Errorf("%s was answered with %d: %.200s", what, status, answer)
}

// double is a device that has the same certificate and a boot of its own.
func (s *sim) double() *sim {
	d := &sim{serial: s.serial, key: s.key, cert: s.cert, roots: s.roots, pump: s.pump, boot: s.boot + "2", battery: s.battery, therapy: s.therapy}
	return d
}
