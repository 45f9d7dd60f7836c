package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"wardline/ca"
	"wardline/device"
	"wardline/store"
)

func suiteAuthority(t *testing.T, h *Harness) {
	h.Run("servers that start together store one authority", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		stores := []*store.Store{g.s, g.s}
		if h.Engine == store.Postgres {
			stores[1] = h.Second()
		}
		got := make([][]ca.Issuer, len(stores))
		var wg sync.WaitGroup
		for i, s := range stores {
			wg.Go(func() {
				issuers, err := s.CreateIssuers(g.ctx, []ca.Issuer{
					{Role: ca.RoleRoot, Generation: 1, Certificate: fmt.Appendf(nil, "root %d", i), SealedKey: []byte{1}},
					{Role: ca.RoleRA, Generation: 1, Certificate: fmt.Appendf(nil, "ra %d", i), SealedKey: []byte{2}}})
				if err != nil {
					t.Error(err)
				}
				got[i] = issuers
			})
		}
		wg.Wait()
		if len(got[0]) != 2 || len(got[1]) != 2 || string(got[0][0].Certificate) != string(got[1][0].Certificate) ||
			string(got[0][1].Certificate) != string(got[1][1].Certificate) {
			t.Fatalf("one server has %v, the other %v", got[0], got[1])
		}
		for range 2 { // the second time it is there already
			ras, err := g.s.AddIssuer(g.ctx, ca.Issuer{Role: ca.RoleRA, Generation: 2, Certificate: []byte("next"), SealedKey: []byte{3}})
			if err != nil || len(ras) != 2 || string(ras[1].Certificate) != "next" {
				t.Fatalf("%v %v", ras, err)
			}
		}
	})
	h.Run("a certificate is known from the moment it is recorded", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		grant, err := g.s.Enroll(g.ctx, ask("a", g.invite("SN-1")), g.draw(), rule)
		g.must(err)
		issued, err := g.s.Issued(g.ctx, grant.Serial)
		if err != nil || !issued {
			t.Fatalf("before it is signed: %v %v", issued, err)
		}
		var serials []ca.Serial
		g.must(g.s.IssuedSerials(g.ctx, h.Clock.Now(), func(s ca.Serial) { serials = append(serials, s) }))
		if !slices.Equal(serials, []ca.Serial{grant.Serial}) {
			t.Errorf("%v", serials)
		}
	})
	h.Run("whoever asks for changes after a number misses none, whatever happens at once", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		const n = 24
		fps := make([]device.Fingerprint, n)
		for i := range fps {
			_, fps[i] = g.enroll(ask(fmt.Sprint("a", i), g.invite(fmt.Sprint("SN-", i))))
		}
		var wg sync.WaitGroup
		for _, part := range [][]device.Fingerprint{fps[:8], fps[8:16], fps[16:]} {
			wg.Go(func() {
				for _, fp := range part {
					_, err := g.s.SetStatus(g.ctx, biomed, fp, ca.StatusChange{Revoked: true, Reason: ca.ReasonKeyCompromise})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		seen, after := map[device.Fingerprint]int{}, int64(0)
		for ended := false; !ended; {
			select {
			case <-done:
				ended = true // and one last look
			default:
			}
			changes, newest, err := g.s.StatusChanges(g.ctx, after)
			g.must(err)
			after = newest
			for _, c := range changes {
				seen[c.Fingerprint]++
			}
		}
		for i, fp := range fps {
			if seen[fp] != 1 {
				t.Errorf("the change of certificate %d was seen %d times", i, seen[fp])
			}
		}
	})
	h.Run("a hold can be taken back, a revocation cannot", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		_, fp := g.enroll(ask("a", g.invite("SN-1")))
		for _, step := range []struct {
			change ca.StatusChange
			ok     bool
		}{
			{ca.StatusChange{Revoked: true, Reason: ca.ReasonCertificateHold}, true}, {ca.StatusChange{}, true},
			{ca.StatusChange{Revoked: true, Reason: ca.ReasonKeyCompromise}, true},
			{ca.StatusChange{}, false}, {ca.StatusChange{Revoked: true, Reason: ca.ReasonCertificateHold}, false},
		} {
			got, err := g.s.SetStatus(g.ctx, biomed, fp, step.change)
			if (err == nil) != step.ok || (step.ok && (got.Revoked != step.change.Revoked || got.Fingerprint != fp)) {
				t.Errorf("%+v: %+v %v", step.change, got, err)
			}
		}
	})
	h.Run("a revocation list is replaced by one with a higher number only", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		put := func(n int64) ca.CRL {
			c, err := g.s.PutCRL(g.ctx, ca.CRL{Issuer: ca.RoleIssuing, Number: n, Change: n, DER: fmt.Appendf(nil, "list %d", n),
				ThisUpdate: h.Clock.Now(), NextUpdate: h.Clock.Now().Add(time.Hour)})
			g.must(err)
			return c
		}
		put(5)
		for _, n := range []int64{5, 4} {
			if c := put(n); string(c.DER) != "list 5" {
				t.Errorf("number %d: %s", n, c.DER)
			}
		}
		c, err := g.s.LoadCRL(g.ctx, ca.RoleIssuing, 4)
		if err != nil || c.Number != 5 || c.Change != 5 || !c.ThisUpdate.Equal(h.Clock.Now()) {
			t.Errorf("%+v %v", c, err)
		}
		if c, err := g.s.LoadCRL(g.ctx, ca.RoleIssuing, 5); err != nil || c.Number != 0 {
			t.Errorf("%+v %v", c, err)
		}
	})
}
