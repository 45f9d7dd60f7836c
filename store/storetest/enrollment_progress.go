package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"wardline/device"
	"wardline/enroll"
)

// newest returns the newest invitation as a list shows it.
func (g gate) newest() enroll.Invitation {
	g.t.Helper()
	list, _, err := g.s.Invitations(g.ctx, enroll.InvitationQuery{Limit: 1, Now: g.h.Clock.Now()})
	g.must(err)
	if len(list) != 1 {
		g.t.Fatalf("%d invitations", len(list))
	}
	return list[0]
}

func (g gate) misses(want enroll.Missing) enroll.Invitation {
	g.t.Helper()
	inv := g.newest()
	if got := inv.Missing(); got != want {
		g.t.Errorf("missing is %s, want %s: %+v", got, want, inv.Progress)
	}
	return inv
}

func suiteProgress(t *testing.T, h *Harness) {
	h.Run("an invitation says what is missing until its device is enrolled", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		challenge := g.invite("SN-1")
		g.misses(enroll.MissingCode)
		h.Clock.Advance(time.Minute)
		_, err := g.s.Redeem(g.ctx, "code "+challenge, "SN-1", enroll.Challenge{Hash: uuid.NewString(), Serial: "SN-1", ExpiresAt: h.Clock.Now().Add(time.Hour)},
			func(enroll.RedeemFacts) error { return nil })
		g.must(err)
		if inv := g.misses(enroll.MissingRequest); inv.Progress.OpenedAt.IsZero() {
			t.Error("nobody knows when the code was handed in")
		}
		grant, fp := g.enroll(ask("a", challenge))
		inv := g.misses(enroll.MissingFirstContact)
		if inv.Progress.Device != grant.Request.Device || inv.Progress.IssuedAt.IsZero() || inv.StateAt(h.Clock.Now()) != enroll.InvitationUsed {
			t.Errorf("%+v", inv)
		}
		g.complete(fp)
		g.misses(enroll.MissingNothing)

		again := g.invite("SN-1")
		_, err = g.s.Enroll(g.ctx, ask("b", again), g.draw(), wait)
		g.must(err)
		g.misses(enroll.MissingDecision)
		waiting, err := g.s.Waiting(g.ctx)
		if err != nil || len(waiting) != 1 || string(waiting[0].CSR) != "b" {
			t.Fatalf("%+v %v", waiting, err)
		}
		g.must(g.s.Decide(g.ctx, biomed, waiting[0].ID, false, "a stranger"))
		g.misses(enroll.MissingOver)
	})
	h.Run("invitations are narrowed by what became of them, and counted", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		used := g.invite("SN-100%")
		g.enroll(ask("u", used))
		g.invite("SN-2")
		g.must(g.s.CancelInvitation(g.ctx, biomed, g.newest().ID))
		g.invite("SN-3")
		h.Clock.Advance(2 * time.Hour)
		g.invite("SN-4")
		for name, c := range map[string]struct {
			q    enroll.InvitationQuery
			want []string
		}{
			"all":       {enroll.InvitationQuery{}, []string{"SN-4", "SN-3", "SN-2", "SN-100%"}},
			"open":      {enroll.InvitationQuery{State: enroll.InvitationOpen}, []string{"SN-4"}},
			"used":      {enroll.InvitationQuery{State: enroll.InvitationUsed}, []string{"SN-100%"}},
			"expired":   {enroll.InvitationQuery{State: enroll.InvitationExpired}, []string{"SN-3"}},
			"cancelled": {enroll.InvitationQuery{State: enroll.InvitationCancelled}, []string{"SN-2"}},
			"by text":   {enroll.InvitationQuery{Text: "sn-100%"}, []string{"SN-100%"}},
			"no person": {enroll.InvitationQuery{For: enroll.ForPerson}, nil},
		} {
			var got []string
			q := c.q
			q.Now = h.Clock.Now()
			for q.Limit = 2; ; {
				list, total, err := g.s.Invitations(g.ctx, q)
				if err != nil || total != len(c.want) {
					t.Fatalf("%s: %d in all, %v", name, total, err)
				}
				for _, inv := range list {
					got = append(got, inv.Serial)
				}
				if len(list) < q.Limit {
					break
				}
				q.After = list[len(list)-1].ID
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	})
	h.Run("a delivery counts what has enrolled", func(t *testing.T, h *Harness) {
		g := newGate(t, h)
		d := enroll.Delivery{Name: "PO 4711", Class: device.ClassPumpLVP}
		for i := range 3 {
			d.Packed = append(d.Packed, enroll.Packed{Serial: fmt.Sprint("SN-", i)})
		}
		d, err := g.s.CreateDelivery(g.ctx, biomed, d)
		g.must(err)
		inv := enroll.Invitation{For: enroll.ForDelivery, Class: device.ClassPumpLVP, Delivery: d.ID, Management: device.ManagementAgent, ExpiresIn: time.Hour}
		_, err = g.s.CreateInvitation(g.ctx, biomed, inv, "code", nil, func(enroll.InviteFacts) (enroll.Invitation, error) { return inv, nil })
		g.must(err)
		g.must(func() error {
			_, err := g.s.Redeem(g.ctx, "code", "SN-1", enroll.Challenge{Hash: "c", Serial: "SN-1", ExpiresAt: h.Clock.Now().Add(time.Hour)},
				func(enroll.RedeemFacts) error { return nil })
			return err
		}())
		grant, fp := g.enroll(ask("a", "c"))
		g.complete(fp)
		got, err := g.s.Delivery(g.ctx, d.ID)
		g.must(err)
		if got.Expected != 3 || got.Enrolled != 1 || got.Packed[1].Device != grant.Request.Device || got.Packed[1].CompletedAt.IsZero() || got.Packed[0].Device != "" {
			t.Errorf("%+v", got)
		}
		list, err := g.s.Deliveries(g.ctx, "", 10)
		if err != nil || len(list) != 1 || list[0].Expected != 3 || list[0].Enrolled != 1 || list[0].Packed != nil {
			t.Errorf("%+v %v", list, err)
		}
		if p := g.newest().Progress; p.DeliveryName != "PO 4711" || p.Packed != 3 || p.Enrolled != 1 {
			t.Errorf("%+v", p)
		}
	})
}
