package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
)

func suiteCommandsPumps(t *testing.T, h *Harness) {
	h.Run("a pump that infuses is restarted only when it is free", testRestartHeld)
	h.Run("a pump that begins to infuse after the click is left alone", testInfusionOvertakes)
	h.Run("a poll that was held too long is asked for its present state", testStalePoll)
	h.Run("a pump sends a held command back three times at most", testSentBack)
	h.Run("a pump where patients are treated is not free, whatever its record says", testCareArea)
	h.Run("Wi-Fi for a pump that infuses is staged", testStaged)
	h.Run("what was staged is applied once the pump is free", testStagedThenFree)
	h.Run("a pump's wipe needs a second person", testSecondPerson)
	h.Run("an approval ends when the pump is moved", testApprovalVoid)
	h.Run("a denied command is over", testDenied)
	h.Run("one in five of a ward's pumps at once", testOneInFive)
	h.Run("containing is done by the server, after a second person", testContain)
}

func testRestartHeld(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	_, err := c.request(biomed, pump, device.KindRestart)
	f := refused(t, err, "pump_infusing")
	if f.Extra["hold_until_idle"] != true {
		t.Error("the refusal does not say that it could be held")
	}
	restart := c.ask(pump, device.KindRestart, held)
	if restart.State != commands.StateHeld || restart.ExpiresAt.Sub(restart.CreatedAt) != 7*24*time.Hour {
		t.Fatalf("state %s, expires after %s", restart.State, restart.ExpiresAt.Sub(restart.CreatedAt))
	}
	c.Clock.Advance(12 * time.Second)
	c.says(restart.ID, "Waiting until the pump is free: it reported infusing 12 s ago. It expires on 2026-03-09 08:00:00 UTC.")
	// Time alone releases nothing.
	for range 50 {
		c.Clock.Advance(time.Hour)
		c.expire()
		pump.Report()
		pump.nothing()
	}
	pump.Therapy = device.ReportedPaused
	pump.nothing()
	c.is(restart.ID, commands.StateHeld)
	c.Clock.Advance(24 * time.Hour)
	if why := c.get(restart.ID).WhyWaiting; !strings.HasPrefix(why, "Waiting until the pump is free: the device has not been heard of since") {
		t.Errorf("why it waits: %s", why)
	}
	pump.Therapy = device.ReportedStopped
	got := pump.only(device.KindRestart)
	if !slices.Contains(got.AllowedReported, device.ReportedStopped) || slices.Contains(got.AllowedReported, device.ReportedInfusing) || got.MaxStateAge == 0 {
		t.Errorf("the pump may act in %v, with a state of at most %s", got.AllowedReported, got.MaxStateAge)
	}
	last := c.get(restart.ID).Transitions[1]
	if last.SafetyState != "idle" || last.MatrixVersion == "" {
		t.Errorf("the release rests on %q of matrix %q", last.SafetyState, last.MatrixVersion)
	}
}

func testInfusionOvertakes(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump, other := c.Pump(), c.Pump()
	now := c.ask(pump, device.KindRestart)
	later := c.ask(other, device.KindRestart, held)
	pump.Therapy, other.Therapy = device.ReportedInfusing, device.ReportedInfusing
	pump.nothing()
	other.nothing()
	c.is(now.ID, commands.StateRefused)
	c.is(later.ID, commands.StateHeld)
	other.Therapy = device.ReportedStopped
	other.only(device.KindRestart)
	// What a pump may have is not sent again while it infuses, and not forgotten.
	other.Therapy = device.ReportedInfusing
	c.Clock.Advance(time.Minute)
	other.nothing()
	c.is(later.ID, commands.StateDelivered)
}

func testStalePoll(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	poll := pump.Poll()
	c.Clock.Advance(11 * time.Second)
	restart := c.ask(pump, device.KindRestart)
	got, left := pump.TakeFrom(c.Service, poll)
	if len(got) != 0 || !left.PollAgain {
		t.Errorf("handed out %v, asked to poll again: %v", kinds(got), left.PollAgain)
	}
	c.is(restart.ID, commands.StateQueued)
	pump.only(device.KindRestart)
	// Quiet work does not wait for it.
	poll = pump.Poll()
	c.Clock.Advance(50 * time.Second)
	c.ask(pump, device.KindLocate)
	if got, _ := pump.TakeFrom(c.Service, poll); !slices.Contains(kinds(got), device.KindLocate) {
		t.Errorf("handed out %v", kinds(got))
	}
}

func testSentBack(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	restart := c.ask(pump, device.KindRestart, held)
	for range 2 {
		pump.Answer(pump.only(device.KindRestart), commands.ResultRefused, "a key was touched")
		c.is(restart.ID, commands.StateHeld)
		c.Clock.Advance(10 * time.Minute)
		pump.Report()
	}
	pump.Answer(pump.only(device.KindRestart), commands.ResultRefused, "a key was touched")
	c.is(restart.ID, commands.StateRefused)
	pump.nothing()
	// Without hold_until_idle the first refusal is the last.
	restart = c.ask(pump, device.KindRestart)
	pump.Answer(pump.only(device.KindRestart), commands.ResultRefused, "")
	c.is(restart.ID, commands.StateRefused)
}

func testCareArea(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	restart := c.ask(pump, device.KindRestart, held)
	c.exec("INSERT INTO access_point (bssid, place_id, updated_at) VALUES ('00:1a:1e:aa:bb:cc', $1, 0)", string(c.Ward))
	poll := pump.Poll()
	poll.Report.BSSID = "00:1a:1e:aa:bb:cc"
	if got, _ := pump.TakeFrom(c.Service, poll); len(got) != 0 {
		t.Errorf("a pump that is heard through a ward's access point was handed %v", kinds(got))
	}
	c.is(restart.ID, commands.StateHeld)
	pump.Change(func(d *device.Device) { d.Place = c.Ward })
	pump.nothing()
	pump.Change(func(d *device.Device) { d.Place = c.Storage })
	pump.only(device.KindRestart)
}

func testStaged(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	c.ask(pump, device.KindConfig, subkind(device.SubkindWiFi), args(`{"document_id":"d1","version":3,"content":{"ssid":"HOSP"}}`))
	got := pump.only(device.KindConfig)
	if !got.Stage || slices.Contains(got.AllowedReported, device.ReportedInfusing) {
		t.Errorf("staged: %v, to be applied in %v", got.Stage, got.AllowedReported)
	}
}

func testStagedThenFree(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	policy := c.ask(pump, device.KindConfig, subkind(device.SubkindPolicy), args(`{"document_id":"d1","version":3,"content":{}}`))
	first := pump.only(device.KindConfig)
	pump.Answer(first, commands.ResultAccepted, "")
	c.Clock.Advance(20 * time.Hour)
	c.expire()
	pump.Report()
	pump.nothing()
	c.Clock.Advance(12 * time.Second)
	c.says(policy.ID, "The pump has it and applies it when it is free: it reported infusing 12 s ago.")
	_, left := pump.TakeFrom(c.Service, pump.Poll())
	if !left.Held {
		t.Error("the poll is not told that another state is worth asking for")
	}
	pump.Therapy = device.ReportedStopped
	again := pump.only(device.KindConfig)
	if again.Stage || again.Attempt != 2 || string(again.Order) != string(first.Order) {
		t.Errorf("staged %v, attempt %d", again.Stage, again.Attempt)
	}
	pump.nothing()
	c.Clock.Advance(time.Minute) // the answer was lost
	last := pump.only(device.KindConfig)
	pump.Answer(last, commands.ResultAccepted, "")
	c.Clock.Advance(time.Hour)
	pump.nothing()
	pump.Answer(last, commands.ResultSucceeded, "")
	c.is(policy.ID, commands.StateSucceeded)
}

// retired makes a pump that biomed is about to take out of service.
func (c *Clinic) retired() *Gadget {
	pump := c.Pump()
	pump.Change(func(d *device.Device) {
		d.Stage, d.Custody, d.Place = device.StageDecommissioning, device.Custody{Kind: device.CustodyBiomed, Which: "Workshop"}, c.Workshop
	})
	return pump
}

func testSecondPerson(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.retired()
	wipe, err := c.request(biomed, pump, device.KindWipe)
	if err != nil {
		t.Fatal(err)
	}
	if wipe.State != commands.StateAwaitingApproval {
		t.Fatalf("state %s", wipe.State)
	}
	c.says(wipe.ID, "Waiting for a second person: biomed or security. It expires on 2026-03-03 08:00:00 UTC.")
	pump.nothing()
	sameSession := security
	sameSession.Session = biomed.Session
	for _, who := range []audit.Actor{biomed, sameSession, {Kind: audit.ActorToken, ID: "token-1"}, {Kind: audit.ActorSystem, ID: "policy"}} {
		_, err := c.Service.Approve(c.ctx, who, wipe.ID, wipe.OrderHash)
		refused(t, err, "another_person_needed")
	}
	_, err = c.Service.Approve(c.ctx, security, wipe.ID, commands.HashOrder([]byte("another order")))
	refused(t, err, "order_differs")
	// The checks run again when it is approved.
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	_, err = c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash)
	refused(t, err, "pump_infusing")
	c.is(wipe.ID, commands.StateAwaitingApproval)
	pump.Therapy = device.ReportedStopped
	pump.Report()

	if _, err := c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash); err != nil {
		t.Fatal(err)
	}
	_, err = c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash)
	refused(t, err, "not_awaiting_approval")
	got := pump.only(device.KindWipe)
	if len(got.Approvals) != 1 || got.Approvals[0] != "person:"+security.ID {
		t.Errorf("the envelope names %v", got.Approvals)
	}
	if life := got.ExpiresAt.Sub(got.IssuedAt); life != 2*time.Minute {
		t.Errorf("a destructive envelope lives %s", life)
	}
}

func testApprovalVoid(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.retired()
	wipe, err := c.request(biomed, pump, device.KindWipe)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash); err != nil {
		t.Fatal(err)
	}
	pump.Change(func(d *device.Device) { d.Custody.Which = "Workshop, bench 2" })
	pump.nothing()
	again := c.is(wipe.ID, commands.StateAwaitingApproval)
	if len(again.Approvals) != 0 {
		t.Errorf("still approved: %v", again.Approvals)
	}
	if _, err := c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash); err != nil {
		t.Fatal(err)
	}
	pump.only(device.KindWipe)
}

func testDenied(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.retired()
	wipe, err := c.request(biomed, pump, device.KindWipe)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Service.Deny(c.ctx, biomed, wipe.ID, "")
	refused(t, err, "another_person_needed")
	if _, err := c.Service.Deny(c.ctx, security, wipe.ID, "it is still on the list"); err != nil {
		t.Fatal(err)
	}
	c.is(wipe.ID, commands.StateDenied)
	c.says(wipe.ID, "Not reached: last seen 2026-03-02 08:00:00 UTC. A second person said no: it is still on the list.")
	pump.nothing()
}

func testOneInFive(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	var pumps []*Gadget
	for range 11 {
		pumps = append(pumps, c.Pump())
	}
	var asked []commands.ID
	for _, p := range pumps[:4] {
		asked = append(asked, c.ask(p, device.KindRestart).ID)
	}
	var polls []commands.Poll
	for _, p := range pumps[:4] {
		polls = append(polls, p.Poll())
	}
	leased, err := c.Service.Lease(c.ctx, polls)
	if err != nil {
		t.Fatal(err)
	}
	out := 0
	for _, l := range leased {
		out += len(l.Envelopes)
	}
	if out != 2 { // of eleven
		t.Fatalf("%d of 11 pumps were taken out of use at once", out)
	}
	for i, p := range pumps[:4] {
		if c.get(asked[i]).State == commands.StateQueued {
			c.says(asked[i], "Withheld: One in five of the ready pumps of this model in this place is already out of use. It is looked at again in 30 s.")
			continue
		}
		got := c.open(leased[p.Enrollment])[0]
		p.Answer(got, commands.ResultSucceeded, "")
	}
	c.Clock.Advance(30 * time.Second)
	back := 0
	for _, p := range pumps[:4] {
		back += len(p.Take())
	}
	if back != 2 {
		t.Errorf("%d more went out once two were back", back)
	}
}

func testContain(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	contain, err := c.request(biomed, pump, device.KindContain)
	if err != nil {
		t.Fatal(err)
	}
	if contain.State != commands.StateAwaitingApproval {
		t.Fatalf("state %s", contain.State)
	}
	held := func() bool {
		b, err := c.Store.Binding(c.ctx, pump.Print)
		if err != nil {
			t.Fatal(err)
		}
		return b.Held
	}
	if held() {
		t.Fatal("contained before anybody agreed")
	}
	if _, err := c.Service.Approve(c.ctx, security, contain.ID, contain.OrderHash); err != nil {
		t.Fatal(err)
	}
	c.is(contain.ID, commands.StateSucceeded)
	if !held() {
		t.Error("the certificate is still good")
	}
	pump.nothing()
}
