package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/commands"
	"wardline/device"
)

func init() { register("losses", suiteLosses) }

func suiteLosses(t *testing.T, h *Harness) {
	h.Run("what is reported lost is locked at its next contact, and found again it is as before", testReportedLost)
	h.Run("what was asked for a lost phone waits as long as it is lost, and no longer", testLostNeverExpires)
	h.Run("a stolen phone is cut off when somebody with the right agrees, or asks by themselves", testReportedStolen)
	h.Run("a lost phone that is silent for twelve hours is contained, once", testSilentLoss)
	h.Run("what a session alone reported lost is not cut off by silence", testSilentLossUnproven)
	h.Run("past a limit the report stands, the lock waits; one's own is locked in any case", testManyLosses)
	h.Run("of a lost pump only what does no harm is asked", testLostPump)
}

// reports requires that a report of a loss is taken in.
func (c *Clinic) reports(g *Gadget, change ...func(*commands.LossReport)) map[device.Kind]commands.LossStep {
	c.T.Helper()
	r := commands.LossReport{Device: g.ID, Reason: "left in a taxi", Message: "Please call the ward", Phone: "+31 20 555 0123"}
	for _, f := range change {
		f(&r)
	}
	steps, err := c.Service.ReportLost(c.ctx, helpdesk, r)
	if err != nil {
		c.T.Fatalf("report a loss: %v", err)
	}
	out := map[device.Kind]commands.LossStep{}
	for _, s := range steps {
		out[s.Kind] = s
	}
	return out
}

func stolen(r *commands.LossReport)   { r.Stolen = true }
func ownPhone(r *commands.LossReport) { r.Own = true }

func (c *Clinic) found(g *Gadget) {
	c.T.Helper()
	if err := c.Service.Found(c.ctx, helpdesk, g.ID, "under the bed"); err != nil {
		c.T.Fatalf("report it found: %v", err)
	}
}

func testReportedLost(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	c.reports(phone)
	got := phone.Take()
	if want := []device.Kind{device.KindLock, device.KindLostModeOn, device.KindLocate, device.KindRing}; !slices.Equal(kinds(got), want) {
		t.Fatalf("the lost phone is handed %v, want %v", kinds(got), want)
	}
	for _, d := range got[:2] {
		if !strings.Contains(string(d.Told.Args), "Please call the ward") || !strings.Contains(string(d.Told.Args), "+31 20 555 0123") {
			t.Errorf("%s says to a finder: %s", d.Told.Kind, d.Told.Args)
		}
	}
	if phone.certificate() != "good" {
		t.Error("a lost phone is cut off, and the Wi-Fi by which it is found with it")
	}
	for _, d := range got {
		phone.Answer(d, commands.ResultSucceeded, "")
	}
	c.exec(`UPDATE device_report SET locked = $1, lost_mode = $1 WHERE device_id = $2`, true, string(phone.ID))
	if again := c.reports(phone); again[device.KindLock].Command == got[0].Told.Command {
		t.Error("reported again, it is not locked again")
	}
	c.found(phone)
	back := phone.Take()
	if want := []device.Kind{device.KindLostModeOff, device.KindUnlock}; !slices.Equal(kinds(back), want) {
		t.Fatalf("the phone that was found is handed %v, want %v: the second lock has not left", kinds(back), want)
	}
	refused(t, c.Service.Found(c.ctx, helpdesk, phone.ID, "once more"), "not_lost")

	never := c.Phone()
	c.reports(never)
	c.found(never)
	never.nothing()
}

func testLostNeverExpires(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	steps := c.reports(phone)
	wipe := c.ask(phone, device.KindWipe)
	h.Clock.Advance(30 * 24 * time.Hour)
	c.expire()
	for _, id := range []commands.ID{steps[device.KindLock].Command, steps[device.KindLostModeOn].Command, wipe.ID} {
		c.is(id, commands.StateQueued)
	}
	c.is(steps[device.KindRing].Command, commands.StateExpired)
	c.found(phone)
	c.expire()
	c.is(wipe.ID, commands.StateExpired)
}

func testReportedStolen(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	asked := c.reports(phone, stolen)[device.KindContain]
	waiting := c.is(asked.Command, commands.StateAwaitingApproval)
	if !waiting.Unproven() || phone.certificate() != "good" {
		t.Fatalf("a report of a theft alone: certificate %s", phone.certificate())
	}
	if _, err := c.Service.Approve(c.ctx, security, waiting.ID, waiting.OrderHash); err != nil {
		t.Fatal(err)
	}
	if phone.certificate() != "held" {
		t.Error("agreed, and not contained")
	}
	if got := kinds(phone.Take()); !slices.Equal(got, []device.Kind{device.KindLock, device.KindLostModeOn, device.KindLocate}) {
		t.Errorf("contained, the stolen phone is served %v", got)
	}

	other := c.Phone()
	asked = c.reports(other, stolen)[device.KindContain]
	if _, err := c.request(security, other, device.KindContain); err != nil {
		t.Fatal(err)
	}
	c.is(asked.Command, commands.StateSuperseded)
	if other.certificate() != "held" {
		t.Error("somebody with the right asks for it, and the report stands in the way")
	}

	proven := c.Phone()
	c.reports(proven, stolen, func(r *commands.LossReport) { r.MayContain = true })
	if proven.certificate() != "held" {
		t.Error("reported stolen by somebody with the right and a factor, and not contained")
	}
}

func testSilentLoss(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	lost, heard, used := c.Phone(), c.Phone(), c.Phone()
	c.reports(lost, ownPhone)
	c.reports(heard, ownPhone)
	h.Clock.Advance(6 * time.Hour)
	heard.Report()
	h.Clock.Advance(6*time.Hour - time.Second)
	c.expire()
	if lost.certificate() != "good" {
		t.Fatal("contained before twelve hours")
	}
	h.Clock.Advance(time.Second)
	c.expire()
	if lost.certificate() != "held" || heard.certificate() != "good" || used.certificate() != "good" {
		t.Fatalf("after twelve hours: lost %s, heard meanwhile %s, never lost %s", lost.certificate(), heard.certificate(), used.certificate())
	}
	if _, err := c.Store.Release(c.ctx, security, lost.ID, "it lies in the safe"); err != nil {
		t.Fatal(err)
	}
	h.Clock.Advance(time.Hour)
	c.expire()
	if lost.certificate() != "good" {
		t.Error("who took the containment back was overruled")
	}
	lost.Report()
	h.Clock.Advance(12 * time.Hour)
	c.expire()
	if lost.certificate() != "held" {
		t.Error("heard of and silent again for twelve hours, it is not contained")
	}
}

func testSilentLossUnproven(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	lost := c.Phone()
	c.reports(lost)
	for range 5 {
		h.Clock.Advance(6 * time.Hour)
		c.expire()
	}
	page, err := c.Service.List(c.ctx, commands.Query{Device: lost.ID, Kind: device.KindContain})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("asked %d times, %v", len(page.Items), err)
	}
	waits := c.is(page.Items[0].ID, commands.StateAwaitingApproval)
	if lost.certificate() != "good" || !waits.Unproven() {
		t.Fatalf("before anybody agreed it is %s", lost.certificate())
	}
	if _, err := c.Service.Approve(c.ctx, security, waits.ID, waits.OrderHash); err != nil {
		t.Fatal(err)
	}
	if lost.certificate() != "held" {
		t.Error("after a second person agreed it is not contained")
	}
}

func testManyLosses(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	for range 20 {
		c.is(c.reports(c.Phone())[device.KindLock].Command, commands.StateQueued)
	}
	past := c.Phone()
	steps := c.reports(past)
	c.is(steps[device.KindLock].Command, commands.StateAwaitingApproval)
	if got := kinds(past.Take()); !slices.Equal(got, []device.Kind{device.KindLocate}) {
		t.Errorf("the twenty-first is handed %v", got)
	}
	own := c.Phone()
	c.is(c.reports(own, ownPhone)[device.KindLock].Command, commands.StateQueued)
	own.Take()
}

func testLostPump(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	steps := c.reports(pump, stolen)
	if _, asked := steps[device.KindContain]; asked {
		t.Error("a pump is contained after its wipe, never before")
	}
	for _, kind := range []device.Kind{device.KindLock, device.KindLostModeOn, device.KindRing} {
		if steps[kind].Refused == nil {
			t.Errorf("%s is asked of a pump that is infusing", kind)
		}
	}
	pump.only(device.KindLocate)
}

// Says stores what the device reports of its own protection; a nil passcode: it
// does not say.
func (c *Clinic) Says(g *Gadget, encrypted bool, passcode *bool) {
	c.T.Helper()
	g.Report()
	c.exec("UPDATE device_report SET storage_encrypted = $1, passcode_set = $2 WHERE device_id = $3", encrypted, passcode, string(g.ID))
}
