package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"wardline/audit"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
	"wardline/internal/once"
	"wardline/store"
)

func init() {
	register("requests", suiteRequests)
	register("audit_read", suiteAuditRead)
}

func suiteRequests(t *testing.T, h *Harness) {
	ctx := context.Background()
	request := func(principal, key, hash, id string) *once.Request {
		return &once.Request{Principal: principal, Key: key, Hash: hash, ID: id}
	}
	h.Run("a request is carried out once, and a key belongs to one request of one principal", func(t *testing.T, h *Harness) {
		s := h.Store()
		if err := s.RememberRequest(ctx, request("account:a", "k", "h", "1"), "place:9"); err != nil {
			t.Fatal(err)
		}
		var done *once.Done
		again := request("account:a", "k", "h", "2")
		if err := s.FindRequest(ctx, again); !errors.As(err, &done) || done.Resource != "place:9" {
			t.Errorf("found %v", err)
		}
		if err := s.RememberRequest(ctx, again, "place:10"); !errors.As(err, &done) || done.Resource != "place:9" {
			t.Errorf("a repetition was remembered: %v", err)
		}
		if err := s.FindRequest(ctx, request("account:a", "k", "another", "3")); !fault.Has(err, once.CodeKeyReused) {
			t.Errorf("another request: %v", err)
		}
		if err := s.FindRequest(ctx, request("account:b", "k", "h", "4")); err != nil {
			t.Errorf("another principal: %v", err)
		}
	})
	h.Run("it is forgotten after a day", func(t *testing.T, h *Harness) {
		s := h.Store()
		if err := s.RememberRequest(ctx, request("account:a", "k", "h", "1"), "place:9"); err != nil {
			t.Fatal(err)
		}
		h.Clock.Advance(24*time.Hour + time.Second)
		if err := s.RememberRequest(ctx, request("account:a", "k", "other", "2"), "place:10"); err != nil {
			t.Errorf("a day later: %v", err)
		}
		h.Clock.Advance(25 * time.Hour)
		if n, err := s.ForgetRequests(ctx); err != nil || n != 1 {
			t.Errorf("forgot %d: %v", n, err)
		}
	})
}

func suiteAuditRead(t *testing.T, h *Harness) {
	ctx := context.Background()
	record := func(t *testing.T, s *store.Store, events ...audit.Event) {
		t.Helper()
		for _, e := range events {
			if err := s.Record(ctx, e); err != nil {
				t.Fatal(err)
			}
		}
	}
	actions := func(events []audit.Event) []string {
		var out []string
		for _, e := range events {
			out = append(out, string(e.Action))
		}
		return out
	}
	h.Run("the log is read newest first, in pages, and narrowed", func(t *testing.T, h *Harness) {
		s := h.Store()
		record(t, s, audit.Event{Action: "a.one", Device: "d1"}, audit.Event{Action: "a.two", Device: "d2"})
		since := h.Clock.Advance(time.Minute)
		record(t, s, audit.Event{Action: "a.three", Device: "d1", Actor: audit.Actor{ID: "ada"}}, audit.Event{Action: "ab.four", Subject: "x:1"})
		for name, c := range map[string]struct {
			q    auditlog.Query
			want []string
		}{
			"all":       {auditlog.Query{}, []string{"ab.four", "a.three", "a.two", "a.one"}},
			"device":    {auditlog.Query{Device: "d1"}, []string{"a.three", "a.one"}},
			"noun":      {auditlog.Query{Action: "a.*"}, []string{"a.three", "a.two", "a.one"}},
			"action":    {auditlog.Query{Action: "a.two"}, []string{"a.two"}},
			"actor":     {auditlog.Query{Actor: "ada"}, []string{"a.three"}},
			"subject":   {auditlog.Query{Subject: "x:1"}, []string{"ab.four"}},
			"since":     {auditlog.Query{Since: since}, []string{"ab.four", "a.three"}},
			"until":     {auditlog.Query{Until: since}, []string{"a.two", "a.one"}},
			"some of":   {auditlog.Query{Actions: []string{"a.one", "ab.four"}}, []string{"ab.four", "a.one"}},
			"no events": {auditlog.Query{Device: "d3"}, nil},
		} {
			var got []string
			q := c.q
			for q.Limit = 1; ; {
				entries, next, total, err := s.ListAudit(ctx, q)
				if err != nil || total != len(c.want) {
					t.Fatalf("%s: total %d, %v", name, total, err)
				}
				for _, e := range entries {
					got = append(got, string(e.Action))
				}
				if q.Cursor = next; next == "" {
					break
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		if _, _, _, err := s.ListAudit(ctx, auditlog.Query{Limit: 1, Cursor: "nonsense"}); !errors.Is(err, auditlog.ErrBadCursor) {
			t.Errorf("a cursor that is none: %v", err)
		}
	})
	h.Run("an event is shown with its place in the chain", func(t *testing.T, h *Harness) {
		s := h.Store()
		record(t, s, audit.Event{Action: "a.one"})
		entries, _, _, err := s.ListAudit(ctx, auditlog.Query{Limit: 1})
		if err != nil || len(entries) != 1 {
			t.Fatalf("%v %v", entries, err)
		}
		head, err := s.AuditHead(ctx)
		body, bad := entries[0].Canonical()
		if err != nil || bad != nil || entries[0].Seq != head.Seq || entries[0].Link != head.Hash || entries[0].Hash != audit.HashOf(body) {
			t.Errorf("it stands at %d %x, the head is %v, %v %v", entries[0].Seq, entries[0].Link, head, err, bad)
		}
	})
	h.Run("whoever follows goes on by the chain's number", func(t *testing.T, h *Harness) {
		s := h.Store()
		record(t, s, audit.Event{Action: "a.one"}, audit.Event{Action: "a.two"}, audit.Event{Action: "a.three"})
		head, err := s.AuditHead(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		seq := head.Seq - 3
		for seq < head.Seq {
			events, next, err := s.AuditSince(ctx, seq, 2)
			if err != nil || next <= seq {
				t.Fatalf("after %d: %d, %v", seq, next, err)
			}
			got, seq = append(got, actions(events)...), next
		}
		if !slices.Equal(got, []string{"a.one", "a.two", "a.three"}) {
			t.Errorf("followed %v", got)
		}
	})
}
