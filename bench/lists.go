package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"
)

const (
	listDevices  = 100_000
	listPerFile  = 10_000
	listRequests = 200
)

// lists measures how long a page of devices takes with 100,000 of them.
func (b *bench) lists(ctx context.Context, s *site) error {
	b.report.say("\n== lists: %d devices on %s, pages of 50, %d requests of each kind, one at a time, over TLS", listDevices, s.engine, listRequests)
	if err := s.importDevices(ctx, listDevices); err != nil {
		return err
	}
	for _, kind := range []struct {
		name  string
		query func() url.Values
	}{
		{"first page by last seen", func() url.Values { return url.Values{"sort": {"-last_seen"}} }},
		{"first page by serial", func() url.Values { return url.Values{"sort": {"serial"}} }},
		{"one class, by owner", func() url.Values { return url.Values{"class": {"pump_lvp"}, "sort": {"owner"}} }},
		{"search inside a serial", func() url.Values { return url.Values{"q": {fmt.Sprintf("%05d", rand.IntN(listDevices))}} }},
		{"search for an owner", func() url.Values { return url.Values{"q": {fmt.Sprintf("nurse %d", rand.IntN(5000))}} }},
		{"search without a hit", func() url.Values { return url.Values{"q": {"zzqx"}} }},
		{"a stage that few have", func() url.Values { return url.Values{"stage": {"in_service"}} }},
	} {
		if err := b.listKind(ctx, s, kind.name, kind.query); err != nil {
			return err
		}
	}
	return b.listDeep(ctx, s)
}

func (b *bench) listKind(ctx context.Context, s *site, name string, query func() url.Values) error {
	var took []time.Duration
	for range listRequests {
		d, _, err := s.page(ctx, query())
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	b.sayList(s, name, took)
	return nil
}

// listDeep follows the cursor: a page far down must not cost more than the first.
func (b *bench) listDeep(ctx context.Context, s *site) error {
	var took []time.Duration
	cursor := ""
	for range listRequests {
		q := url.Values{"sort": {"asset_tag"}}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		d, next, err := s.page(ctx, q)
		if err != nil {
			return err
		}
		took, cursor = append(took, d), next
	}
	b.sayList(s, "one page after the other", took)
	return nil
}

func (b *bench) sayList(s *site, name string, took []time.Duration) {
	b.report.say("list     %-10s %-26s p50 %8s  p99 %8s  worst %8s", s.engine, name,
		ms(percentile(took, 0.5)), ms(percentile(took, 0.99)), ms(percentile(took, 1)))
}

func (s *site) page(ctx context.Context, q url.Values) (time.Duration, string, error) {
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	began := time.Now()
	err := s.person.do(ctx, http.MethodGet, "/devices?"+q.Encode(), nil, &page)
	return time.Since(began), page.NextCursor, err
}

// importDevices pre-registers devices by CSV, as a delivery is.
func (s *site) importDevices(ctx context.Context, n int) error {
	for from := 0; from < n; from += listPerFile {
		var csv bytes.Buffer
		csv.WriteString("serial,model,management,asset_tag,owner\n")
		for i := from; i < min(from+listPerFile, n); i++ {
			model := "Bench pump_lvp"
			if i%2 == 1 {
				model = "Bench handheld_shared"
			}
			fmt.Fprintf(&csv, "SN-%08d,%s,agent,AT%08d,Nurse %d\n", (i*7919)%n, model, i, i%5000)
		}
		if err := s.person.do(ctx, http.MethodPost, "/devices/import", csvBody(csv.Bytes()), nil); err != nil {
			return err
		}
	}
	return nil
}
