package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/commands"
	"wardline/device"
)

func suiteCommandsWiped(t *testing.T, h *Harness) {
	h.Run("a stolen phone is contained when its wipe is asked, locked first, and erased", testStolenPhone)
	h.Run("a wipe asked first contains only once the phone has it", testWipeFirst)
	h.Run("a wipe that a new enrollment confirms", testWipeConfirmedByEnrolling)
	h.Run("a phone that shows up again was NOT erased", testNotErased)
	h.Run("a phone that says that it could not erase itself was NOT erased", testEraseFailed)
	h.Run("an erasure without a valid receipt is not confirmed", testEraseUnsigned)
	h.Run("a phone that is never reached says so", testWipeNotReached)
	h.Run("a pump is not contained before its wipe, and revoked after it", testPumpWiped)
}

// certificate is what the world is told of a device's certificate.
func (g *Gadget) certificate() string {
	g.c.T.Helper()
	b, err := g.c.Store.Binding(g.c.ctx, g.Print)
	if err != nil {
		g.c.T.Fatal(err)
	}
	switch {
	case b.Revoked:
		return "revoked"
	case b.Held:
		return "held"
	}
	return "good"
}

func (c *Clinic) ended(id commands.ID, want commands.Outcome, words string) {
	c.T.Helper()
	if got := c.get(id); got.Outcome != want {
		c.T.Errorf("the wipe ended as %q, want %q", got.Outcome, want)
	}
	c.says(id, words)
}

func testStolenPhone(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	config := c.ask(phone, device.KindConfig, subkind(device.SubkindWiFi), args(`{"document_id":"d","version":1,"content":{}}`))
	wipe := c.ask(phone, device.KindWipe)
	if phone.certificate() != "held" {
		t.Error("the phone is not contained")
	}
	lock := c.ask(phone, device.KindLock)
	c.ended(wipe.ID, commands.OutcomeNotReached, "Goes out at the device's next contact; it was last heard of 0 s ago.")

	first, left := phone.TakeFrom(c.Service, phone.Poll())
	if len(first) != 1 || first[0].Told.Command != lock.ID || !left.PollAgain {
		t.Fatalf("first %v, poll again %v; want the lock alone", kinds(first), left.PollAgain)
	}
	second := phone.Take()
	if len(second) != 1 || second[0].Told.Command != wipe.ID {
		t.Fatalf("then %v; want the wipe alone", kinds(second))
	}
	c.is(config.ID, commands.StateQueued)
	if life := second[0].ExpiresAt.Sub(second[0].IssuedAt); life != 2*time.Minute {
		t.Errorf("the wipe's envelope lives %s", life)
	}
	phone.Answer(second[0], commands.ResultAccepted, "")
	phone.Report()
	c.Clock.Advance(20 * time.Minute)
	c.expire()
	c.ended(wipe.ID, commands.OutcomeStarted, "Erase started, device silent since 2026-03-02 08:00:00 UTC.")
	if now := c.is(wipe.ID, commands.StateAccepted); !now.Unconfirmed {
		t.Error("a silent wipe is not marked as unconfirmed")
	}

	phone.Answer(second[0], commands.ResultSucceeded, "")
	c.is(wipe.ID, commands.StateSucceeded)
	c.ended(wipe.ID, commands.OutcomeErased, "Erased, confirmed.")
	if phone.certificate() != "revoked" {
		t.Error("the certificate was not revoked at the verified end")
	}
	c.is(config.ID, commands.StateSuperseded)
	phone.nothing()
}

func testWipeFirst(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	c.ask(phone, device.KindWipe, args(`{"wipe_first":true}`))
	if phone.certificate() != "good" {
		t.Error("contained before the phone has the wipe")
	}
	phone.Answer(phone.only(device.KindWipe), commands.ResultAccepted, "")
	if phone.certificate() != "held" {
		t.Error("not contained after it")
	}
}

func testWipeConfirmedByEnrolling(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	wipe := c.ask(phone, device.KindWipe)
	phone.Answer(phone.only(device.KindWipe), commands.ResultAccepted, "")
	c.Clock.Advance(time.Hour)
	phone.Enroll()
	c.is(wipe.ID, commands.StateSucceeded)
	c.ended(wipe.ID, commands.OutcomeErased, "Erased, confirmed.")
	if q, err := c.Service.Questions(c.ctx, phone.ID); err != nil || len(q) != 0 {
		t.Errorf("open questions: %v, %v", q, err)
	}
}

func testNotErased(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	wipe := c.ask(phone, device.KindWipe)
	got := phone.only(device.KindWipe)
	phone.Answer(got, commands.ResultAccepted, "")
	c.Clock.Advance(2*time.Minute - time.Second)
	phone.nothing()
	c.is(wipe.ID, commands.StateAccepted)
	c.Clock.Advance(11 * time.Second)
	phone.Report()
	phone.nothing()
	c.is(wipe.ID, commands.StateFailed)
	c.ended(wipe.ID, commands.OutcomeNotErased,
		"NOT erased: last seen 2026-03-02 08:02:10 UTC. NOT erased: the device showed its old certificate again 2 minutes after it had accepted the wipe.")
	if !slices.Contains(c.actions(wipe.ID), "command.not_erased") {
		t.Error("nobody was alerted")
	}
	if phone.certificate() != "held" {
		t.Error("the containment ended")
	}
	// A final report that comes after all is believed.
	phone.Answer(got, commands.ResultSucceeded, "")
	c.ended(wipe.ID, commands.OutcomeErased, "Erased, confirmed.")
}

func testEraseFailed(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	wipe := c.ask(phone, device.KindWipe)
	phone.Answer(phone.only(device.KindWipe), commands.ResultFailed, "storage is write-protected")
	c.is(wipe.ID, commands.StateFailed)
	c.ended(wipe.ID, commands.OutcomeNotErased,
		"NOT erased: last seen 2026-03-02 08:00:00 UTC. The device says that it did not work. It says: storage is write-protected.")
	if phone.certificate() != "held" {
		t.Error("the containment ended")
	}
}

func testEraseUnsigned(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	wipe := c.ask(phone, device.KindWipe)
	phone.only(device.KindWipe)
	phone.Send(commands.Result{Command: wipe.ID, Status: commands.ResultSucceeded})
	c.is(wipe.ID, commands.StateAccepted)
	c.ended(wipe.ID, commands.OutcomeNotReached, "The device says that it started to erase 0 s ago, without a valid receipt.")
	if phone.certificate() != "held" {
		t.Error("revoked without a proof")
	}
	// Nor does a new enrollment confirm it: it becomes a question.
	phone.Enroll()
	c.is(wipe.ID, commands.StateSuperseded)
	if q, err := c.Service.Questions(c.ctx, phone.ID); err != nil || len(q) != 1 {
		t.Errorf("open questions: %v, %v", q, err)
	}
}

func testWipeNotReached(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	wipe := c.ask(phone, device.KindWipe)
	c.Clock.Advance(24 * time.Hour)
	c.expire()
	c.is(wipe.ID, commands.StateExpired)
	c.ended(wipe.ID, commands.OutcomeNotReached,
		"Not reached: last seen 2026-03-02 08:00:00 UTC. Its time was over before the device was reached.")
}

func testPumpWiped(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.retired()
	wipe, err := c.request(biomed, pump, device.KindWipe)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash); err != nil {
		t.Fatal(err)
	}
	got := pump.only(device.KindWipe)
	pump.Answer(got, commands.ResultAccepted, "")
	if pump.certificate() != "good" {
		t.Error("the pump was contained before its wipe")
	}
	pump.Answer(got, commands.ResultSucceeded, "")
	if pump.certificate() != "revoked" {
		t.Error("the certificate is still good after the wipe")
	}
	if diff := cmp.Diff([]string{"command.requested", "command.approved", "command.delivered", "command.accepted", "command.succeeded"}, c.actions(wipe.ID)); diff != "" {
		t.Errorf("audit events (-want +got):\n%s", diff)
	}
}
