package storetest

import (
	"context"
	"sync"
	"testing"

	"wardline/store"
)

func init() { register("opening", suiteOpening) }

func suiteOpening(t *testing.T, h *Harness) {
	ctx := context.Background()
	h.Run("a fresh store answers, and its clock is the one that was given", func(t *testing.T, h *Harness) {
		s := h.Store()
		if err := s.Ping(ctx); err != nil {
			t.Fatalf("ping: %v", err)
		}
		now, err := s.Now(ctx)
		if err != nil || !now.Equal(h.Clock.Now()) {
			t.Fatalf("the store's time is %v (%v), the clock says %v", now, err, h.Clock.Now())
		}
	})
	h.Run("each test has a database of its own", func(t *testing.T, h *Harness) {
		h.Store()
		first := h.DSN
		h.Store()
		if first == h.DSN {
			t.Fatalf("two stores share %s", first)
		}
	})
	h.Run("servers that start at the same time migrate once", func(t *testing.T, h *Harness) {
		h.NeedsReplicas()
		dsn := emptyPostgres(t)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				s, err := store.Open(ctx, store.Options{Database: dsn, RowKeys: RowKeys()})
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
		}
		wg.Wait()
	})
}
