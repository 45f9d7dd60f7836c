package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/store"
)

func init() { register("enrollment", suiteEnrollment) }

// gate is the enrollment half of a store, played without keys and signatures: a
// certificate is any bytes.
type gate struct {
	t   testing.TB
	h   *Harness
	s   *store.Store
	ctx context.Context
}

func newGate(t testing.TB, h *Harness) gate { return gate{t, h, h.Store(), context.Background()} }

func (g gate) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// invite makes an invitation for a serial number and returns its challenge.
func (g gate) invite(serial string) string {
	g.t.Helper()
	challenge := "challenge " + uuid.NewString()
	inv := enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP, Serial: serial, Management: device.ManagementAgent, ExpiresIn: time.Hour}
	_, err := g.s.CreateInvitation(g.ctx, biomed, inv, "code "+challenge, &enroll.Challenge{Hash: challenge, Serial: serial},
		func(enroll.InviteFacts) (enroll.Invitation, error) { return inv, nil })
	g.must(err)
	return challenge
}

func ask(name, challenge string) enroll.Ask {
	return enroll.Ask{Transaction: name, Signer: "key:" + name, CSR: []byte(name), CSRHash: name, KeyHash: name, Challenge: challenge, Remote: "10.0.0.1"}
}

func (g gate) draw() enroll.Draw {
	return enroll.Draw{Serial: ca.Serial(strings.ReplaceAll(uuid.NewString(), "-", "")), NotBefore: g.h.Clock.Now().Add(-time.Hour),
		NotAfter: g.h.Clock.Now().Add(365 * 24 * time.Hour)}
}

// rule is the least that package enroll decides by.
func rule(f enroll.Facts) (enroll.Decision, error) {
	switch {
	case f.Previous != nil && f.Previous.State != enroll.TransactionApproved:
		return enroll.Decision{Again: true}, nil
	case f.Previous == nil && f.Challenge != nil && !f.Challenge.UsedAt.IsZero():
		return enroll.Decision{}, enroll.CodeChallenge.New("used")
	}
	return enroll.Decision{}, nil
}

func wait(f enroll.Facts) (enroll.Decision, error) {
	if f.Previous != nil {
		return rule(f)
	}
	return enroll.Decision{Wait: []enroll.WaitReason{enroll.WaitPolling}}, nil
}

// enroll grants and stores a certificate.
func (g gate) enroll(a enroll.Ask) (enroll.Grant, device.Fingerprint) {
	g.t.Helper()
	grant, err := g.s.Enroll(g.ctx, a, g.draw(), rule)
	g.must(err)
	return grant, g.sign(grant)
}

func (g gate) sign(grant enroll.Grant) device.Fingerprint {
	g.t.Helper()
	der, err := g.s.StoreIssued(g.ctx, grant, []byte("certificate "+string(grant.Serial)))
	g.must(err)
	return ca.FingerprintOf(der)
}

func (g gate) binding(fp device.Fingerprint) enroll.BindingRecord {
	g.t.Helper()
	b, err := g.s.Binding(g.ctx, fp)
	g.must(err)
	return b
}

func (g gate) complete(fp device.Fingerprint) {
	g.t.Helper()
	_, err := g.s.Complete(g.ctx, fp, "agent")
	g.must(err)
}

func suiteEnrollment(t *testing.T, h *Harness) {
	suiteAuthority(t, h)
	suiteGate(t, h)
	suiteGenerations(t, h)
	suiteProgress(t, h)
}

func suiteGate(t *testing.T, h *Harness) {
	h.Run("one invitation lets in one device, also when two ask at once", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		challenge := g.invite("SN-1")
		granted := make(chan enroll.Grant, 4)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				grant, err := g.s.Enroll(g.ctx, ask(fmt.Sprint("thief", i), challenge), g.draw(), rule)
				if err == nil {
					granted <- grant
				} else if _, ok := fault.As(err); !ok {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(granted) != 1 {
			t.Errorf("%d devices enrolled with one invitation", len(granted))
		}
	})
	h.Run("the same request at the same time is one certificate", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		a := ask("a", g.invite("SN-1"))
		var mu sync.Mutex
		serials := map[ca.Serial]bool{}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					grant, err := g.s.Enroll(g.ctx, a, g.draw(), rule)
					if fault.Has(err, fault.CodeUnavailable) {
						continue // as the client would
					}
					if err != nil {
						t.Error(err)
						return
					}
					g.sign(grant)
					mu.Lock()
					serials[grant.Serial] = true
					mu.Unlock()
					return
				}
			})
		}
		wg.Wait()
		if len(serials) != 1 {
			t.Errorf("%d certificates", len(serials))
		}
	})
	h.Run("a refused request leaves nothing", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		no := errors.New("no")
		a := ask("a", g.invite("SN-1"))
		if _, err := g.s.Enroll(g.ctx, a, g.draw(), func(enroll.Facts) (enroll.Decision, error) { return enroll.Decision{}, no }); !errors.Is(err, no) {
			t.Fatal(err)
		}
		if _, err := g.s.Poll(g.ctx, a.Transaction, a.Signer); !fault.Has(err, enroll.CodeTransaction) {
			t.Errorf("%v", err)
		}
		if _, fp := g.enroll(a); fp == "" {
			t.Error("the challenge was burnt")
		}
	})
	h.Run("what waits is decided once", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		a := ask("a", g.invite("SN-1"))
		grant, err := g.s.Enroll(g.ctx, a, g.draw(), wait)
		if err != nil || !grant.Waiting {
			t.Fatalf("%+v %v", grant, err)
		}
		waiting, err := g.s.Waiting(g.ctx)
		if err != nil || len(waiting) != 1 || waiting[0].Serial != "SN-1" || !slices.Equal(waiting[0].Reasons, []enroll.WaitReason{enroll.WaitPolling}) {
			t.Fatalf("%+v %v", waiting, err)
		}
		var wg sync.WaitGroup
		answers := make(chan error, 2)
		for _, approve := range []bool{true, false} {
			wg.Go(func() { answers <- g.s.Decide(g.ctx, biomed, waiting[0].ID, approve, "seen") })
		}
		wg.Wait()
		first, second := <-answers, <-answers
		if (first == nil) == (second == nil) {
			t.Errorf("%v and %v", first, second)
		}
		g.must(g.s.ForgetWaiting(g.ctx, h.Clock.Now().Add(-time.Hour)))
	})
	h.Run("a request nobody decided on is forgotten", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		a := ask("a", g.invite("SN-1"))
		_, err := g.s.Enroll(g.ctx, a, g.draw(), wait)
		g.must(err)
		h.Clock.Advance(time.Hour)
		g.must(g.s.ForgetWaiting(g.ctx, h.Clock.Now()))
		if p, err := g.s.Poll(g.ctx, a.Transaction, a.Signer); err != nil || p.State != enroll.TransactionDenied {
			t.Errorf("%+v %v", p, err)
		}
	})
}

func suiteGenerations(t *testing.T, h *Harness) {
	h.Run("a new enrollment joins the record, and its first use ends the old one", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		first, oldFP := g.enroll(ask("a", g.invite("SN-1")))
		g.complete(oldFP)
		h.Woken()
		h.Notices()
		second, newFP := g.enroll(ask("b", g.invite("sn-1")))
		if second.Request.Device != first.Request.Device || second.Enrollment == first.Enrollment {
			t.Fatalf("%+v after %+v", second, first)
		}
		if b := g.binding(oldFP); !b.Current || !b.Completed || b.Revoked {
			t.Fatalf("before the new one is used the old one is %+v", b)
		}
		g.complete(newFP)
		if b := g.binding(oldFP); b.Current || !b.Revoked {
			t.Errorf("afterwards it is %+v", b)
		}
		if b := g.binding(newFP); !b.Current || !b.Completed || b.Epoch != 2 {
			t.Errorf("the new one is %+v", b)
		}
		if woken := h.Woken(); !slices.Equal(woken, []device.EnrollmentID{second.Enrollment}) {
			t.Errorf("woken: %v", woken)
		}
		if h.Engine == store.Postgres {
			told := strings.Join(h.Notices(), " ")
			if !strings.Contains(told, string(oldFP)) || !strings.Contains(told, string(newFP)) {
				t.Errorf("the other servers were told %q", told)
			}
		}
		var stage, current string
		g.must(h.Raw().QueryRow("SELECT stage, enrollment_id FROM device").Scan(&stage, &current))
		if stage != "enrolled" || current != string(second.Enrollment) {
			t.Errorf("the record says %s, %s", stage, current)
		}
		g.complete(newFP) // again changes nothing
	})
	h.Run("the old certificate cannot take its place back", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		first, oldFP := g.enroll(ask("a", g.invite("SN-1")))
		g.complete(oldFP)
		second, newFP := g.enroll(ask("b", g.invite("SN-1")))
		if _, err := g.s.Complete(g.ctx, newFP, "agent"); err != nil {
			t.Fatal(err)
		}
		if _, err := g.s.Complete(g.ctx, oldFP, "agent"); err == nil {
			t.Errorf("the old certificate took enrollment %s back from %s", first.Enrollment, second.Enrollment)
		}
	})
	h.Run("a renewed certificate takes the old one's place when it is used, and stays off the list", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		first, oldFP := g.enroll(ask("a", g.invite("SN-1")))
		g.complete(oldFP)
		h.Clock.Advance(time.Hour)
		renewal := enroll.Ask{Transaction: "r", Signer: "cert:" + string(oldFP), CSR: []byte("r"), CSRHash: "r", KeyHash: "r", Renews: oldFP}
		second, newFP := g.enroll(renewal)
		if second.Enrollment != first.Enrollment || g.binding(newFP).Completed || g.binding(oldFP).Superseded {
			t.Fatalf("%+v, the old one %+v", g.binding(newFP), g.binding(oldFP))
		}
		g.complete(newFP)
		if b := g.binding(oldFP); !b.Superseded || b.Revoked {
			t.Errorf("%+v", b)
		}
		changes, _, err := g.s.StatusChanges(g.ctx, 0)
		if err != nil || len(changes) != 1 || changes[0].Revoked || changes[0].Fingerprint != oldFP {
			t.Errorf("%+v %v", changes, err)
		}
	})
	h.Run("containing and revoking take in every certificate of the device", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		grant, oldFP := g.enroll(ask("a", g.invite("SN-1")))
		g.complete(oldFP)
		h.Clock.Advance(time.Hour)
		_, newFP := g.enroll(enroll.Ask{Transaction: "r", Signer: "cert:" + string(oldFP), CSR: []byte("r"), CSRHash: "r", KeyHash: "r", Renews: oldFP})
		g.complete(newFP)
		_, other := g.enroll(ask("o", g.invite("SN-2")))
		for _, step := range []struct {
			do            func() ([]device.Fingerprint, error)
			held, revoked bool
		}{
			{func() ([]device.Fingerprint, error) {
				return g.s.Contain(g.ctx, biomed, grant.Request.Device, "stolen")
			}, true, false},
			{func() ([]device.Fingerprint, error) { return g.s.Release(g.ctx, biomed, grant.Request.Device, "found") }, false, false},
			{func() ([]device.Fingerprint, error) {
				return g.s.Revoke(g.ctx, biomed, grant.Request.Device, ca.ReasonCessationOfOperation, "retired")
			}, false, true},
		} {
			if fps, err := step.do(); err != nil || len(fps) != 2 {
				t.Errorf("%v %v", fps, err)
			}
			for _, fp := range []device.Fingerprint{oldFP, newFP} {
				if b := g.binding(fp); b.Held != step.held || b.Revoked != step.revoked {
					t.Errorf("%+v", b)
				}
			}
			if b := g.binding(other); b.Held || b.Revoked {
				t.Errorf("another device: %+v", b)
			}
		}
	})
	h.Run("an enrollment nobody used is revoked, the one in use is not", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		_, unused := g.enroll(ask("a", g.invite("SN-1")))
		_, used := g.enroll(ask("b", g.invite("SN-2")))
		g.complete(used)
		h.Clock.Advance(time.Minute)
		fps, err := g.s.AbandonUncompleted(g.ctx, h.Clock.Now(), 10)
		if err != nil || !slices.Equal(fps, []device.Fingerprint{unused}) || !g.binding(unused).Revoked || g.binding(used).Revoked {
			t.Errorf("%v %v", fps, err)
		}
	})
}
