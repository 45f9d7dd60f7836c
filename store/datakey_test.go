package store_test

import (
	"testing"

	"wardline/audit"
	"wardline/store/storetest"
)

func TestTheFirstDataKeyStaysAndIsSealedAnewOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, h *storetest.Harness) {
		s, ctx := h.Store(), t.Context()
		if wrapped, _, sealed, err := s.DataKey(ctx); err != nil || wrapped != nil || sealed {
			t.Fatalf("a new database: %x, %v, %v", wrapped, sealed, err)
		}
		for _, server := range []string{"one", "two"} { // both start at once
			if err := s.AddDataKey(ctx, []byte("sealed by "+server), server); err != nil {
				t.Fatal(err)
			}
		}
		wrapped, by, _, err := s.DataKey(ctx)
		if err != nil || string(wrapped) != "sealed by one" || by != "one" {
			t.Fatalf("%q by %s, %v", wrapped, by, err)
		}
		who := audit.Actor{Kind: audit.ActorLocal, ID: "local:root"}
		if err := s.RewrapDataKey(ctx, who, wrapped, []byte("sealed anew"), by, "three"); err != nil {
			t.Fatal(err)
		}
		if err := s.RewrapDataKey(ctx, who, wrapped, []byte("sealed by a late one"), by, "four"); err == nil {
			t.Error("two replaced the same key")
		}
		if wrapped, by, _, err = s.DataKey(ctx); err != nil || string(wrapped) != "sealed anew" || by != "three" {
			t.Errorf("%q by %s, %v", wrapped, by, err)
		}
	})
}
