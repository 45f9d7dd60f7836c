package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"wardline/audit"
	"wardline/internal/fault"
	"wardline/internal/once"
)

func openAt(t *testing.T, now *time.Time) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Database: filepath.Join(t.TempDir(), "w.db"), RowKeys: testKeys(t), Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func makeThing(ctx context.Context, s *Store, made *int) error {
	return s.write(ctx, func(t *tx) error {
		t.record(audit.Event{Action: "thing.made", Subject: "thing:1"})
		if err := t.idempotentByEvents(ctx); err != nil {
			return err
		}
		*made++
		return nil
	})
}

func TestARequestSentTwiceIsCarriedOutOnce(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := openAt(t, &now)
	made := 0
	first := &once.Request{Principal: "account:a", Key: "k", Hash: "h", ID: "r1"}
	if err := makeThing(once.With(t.Context(), first), s, &made); err != nil {
		t.Fatal(err)
	}
	again := &once.Request{Principal: "account:a", Key: "k", Hash: "h", ID: "r2"}
	var done *once.Done
	if err := makeThing(once.With(t.Context(), again), s, &made); !errors.As(err, &done) || done.Resource != "thing:1" {
		t.Fatalf("the repeated request got %v", err)
	}
	if err := s.FindRequest(t.Context(), again); !errors.As(err, &done) {
		t.Fatalf("looking it up got %v", err)
	}
	other := &once.Request{Principal: "account:a", Key: "k", Hash: "another", ID: "r3"}
	if err := makeThing(once.With(t.Context(), other), s, &made); !fault.Has(err, once.CodeKeyReused) {
		t.Fatalf("another request with the same key got %v", err)
	}
	somebodyElse := &once.Request{Principal: "account:b", Key: "k", Hash: "h", ID: "r4"}
	if err := makeThing(once.With(t.Context(), somebodyElse), s, &made); err != nil {
		t.Fatalf("the same key of another person: %v", err)
	}
	if made != 2 {
		t.Fatalf("the effect happened %d times, want 2: once for each person", made)
	}
}

func TestAFailedRequestMayBeSentAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := openAt(t, &now)
	ctx := once.With(t.Context(), &once.Request{Principal: "account:a", Key: "k", Hash: "h", ID: "r1"})
	boom := errors.New("power cut")
	err := s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "thing:1"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	made := 0
	if err := makeThing(ctx, s, &made); err != nil || made != 1 {
		t.Fatalf("after the failure: %v, made %d", err, made)
	}
	// A second transaction of the very same request is not a repetition.
	if err := makeThing(ctx, s, &made); err != nil || made != 2 {
		t.Fatalf("second transaction: %v, made %d", err, made)
	}
}

func TestAnIdempotencyKeyIsForgottenAfterADay(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := openAt(t, &now)
	r := &once.Request{Principal: "account:a", Key: "k", Hash: "h", ID: "r1"}
	if err := s.RememberRequest(t.Context(), r, "place:1"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(24*time.Hour + time.Second)
	made := 0
	later := &once.Request{Principal: "account:a", Key: "k", Hash: "other", ID: "r2"}
	if err := s.FindRequest(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if err := makeThing(once.With(t.Context(), later), s, &made); err != nil || made != 1 {
		t.Fatalf("a day later: %v, made %d", err, made)
	}
	now = now.Add(25 * time.Hour)
	if n, err := s.ForgetRequests(t.Context()); err != nil || n != 1 {
		t.Fatalf("forgot %d rows, %v", n, err)
	}
}
