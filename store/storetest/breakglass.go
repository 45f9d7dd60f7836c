package storetest

import (
	"strings"
	"testing"
	"time"

	"wardline/alert"
	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

func init() { register("break-glass", suiteBreakGlass) }

func suiteBreakGlass(t *testing.T, h *Harness) {
	h.Run("an infusing pump believed attacked is cut off by two people, keeps infusing, and is reviewed by a third", testBreakGlass)
	h.Run("a break-glass opens nothing else, and nothing where the rules do not ask for one", testBreakGlassOpensNothingElse)
	h.Run("a break-glass that nobody agrees to within 30 minutes is over", testBreakGlassEnds)
}

const plea = `{"break_glass":{"clinician":"Dr. Weber, ward physician, by phone","quarantine":"VLAN 666 tried, it still talks to the outside"}}`

const attacked = "It sends traffic to an address outside of the hospital"

func because(reason string) func(*commands.Ask) { return func(a *commands.Ask) { a.Reason = reason } }

// InfusingPump is a pump that infuses in a ward, of a model of which this is known
// about losing its network.
func (c *Clinic) InfusingPump(cut device.NetworkCut) *Gadget {
	c.T.Helper()
	model := c.model(device.Model{Maker: "Pumpmaker", Name: "LVP " + newID(), Class: device.ClassPumpLVP, NetworkCut: cut, NetworkCutSource: "the maker's letter",
		Capabilities: []device.Kind{device.KindContain, device.KindLock, device.KindWipe, device.KindRestart, device.KindLocate}})
	g := c.gadget(device.ClassPumpLVP, model, device.Custody{Kind: device.CustodyWard, Which: "Ward 4"}, c.Ward)
	g.Therapy = device.ReportedInfusing
	g.Report()
	return g
}

func (c *Clinic) refuses(err error, code string) {
	c.T.Helper()
	if f, ok := fault.As(err); !ok || f.Code.Name != code {
		c.T.Errorf("want %s, got %v", code, err)
	}
}

func testBreakGlass(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	pump := w.InfusingPump(device.NetworkCutSafe)
	_, err := w.request(security, pump, device.KindContain, because(attacked))
	w.refuses(err, "break_glass_needed")
	got, err := w.request(security, pump, device.KindContain, because(attacked), args(plea))
	w.must(err)
	w.is(got.ID, commands.StateAwaitingApproval)
	if _, err := w.Service.Approve(w.ctx, security, got.ID, got.OrderHash); err == nil {
		t.Error("who asked has agreed to it")
	}
	if wanted := w.of(alert.RuleApprovalWanted); len(wanted) != 1 {
		t.Errorf("those who may agree are told: %+v", wanted)
	}
	if _, err := w.Service.Approve(w.ctx, biomed, got.ID, got.OrderHash); err != nil {
		t.Fatal(err)
	}
	w.is(got.ID, commands.StateSucceeded)
	var held int
	w.must(w.Raw.QueryRow("SELECT COUNT(*) FROM certificate WHERE device_id = $1 AND revocation = 'held'", string(pump.ID)).Scan(&held))
	if held != 1 {
		t.Error("the pump is not cut off")
	}
	if out := pump.Take(); len(out) != 0 {
		t.Errorf("the pump itself was told something: %v", out)
	}
	begun := w.list(alert.Query{Rule: alert.RuleBreakGlass, State: alert.StateOpen})
	if len(begun) != 1 || begun[0].Subject != "break_glass:"+string(got.ID) {
		t.Fatalf("the alert: %+v", begun)
	}
	for _, typed := range []string{"Weber", "VLAN", "traffic"} {
		for _, v := range begun[0].Facts {
			if strings.Contains(v, typed) {
				t.Errorf("an alert holds what people typed: %q", v)
			}
		}
	}
	g, err := w.Service.BreakGlass(w.ctx, got.ID)
	w.must(err)
	if g.Clinician != "Dr. Weber, ward physician, by phone" || g.AskedBy.ID != security.ID || g.AgreedBy.ID != biomed.ID || g.Therapy != "infusing" || g.Reason != attacked {
		t.Errorf("what is kept: %+v", g)
	}
	// Nobody reviews it for a day: people hear of it. Neither of the two closes it.
	watch := alert.NewWatch(alert.WatchOptions{Storage: w.Store, Certificates: func() []alert.ServerCertificate { return nil }})
	w.Clock.Advance(23 * time.Hour)
	w.looks(watch)
	if n := len(w.of(alert.RuleReviewDue)); n != 0 {
		t.Errorf("after 23 hours there are %d alerts", n)
	}
	w.Clock.Advance(2 * time.Hour)
	w.looks(watch)
	if n := len(w.list(alert.Query{Rule: alert.RuleReviewDue, State: alert.StateOpen})); n != 1 {
		t.Errorf("after 25 hours there are %d alerts of a late review", n)
	}
	const found = "The gateway was compromised; the pump was not."
	for _, actor := range []audit.Actor{security, biomed, {Kind: audit.ActorToken, ID: "t1", Owner: "x"}} {
		_, err = w.Service.Review(w.ctx, actor, got.ID, true, found)
		w.refuses(err, "took_part")
	}
	reviewed, err := w.Service.Review(w.ctx, administrator, got.ID, true, found)
	w.must(err)
	if !reviewed.Justified || reviewed.ReviewedBy.ID != administrator.ID || reviewed.Note != found {
		t.Errorf("the review: %+v", reviewed)
	}
	_, err = w.Service.Review(w.ctx, officer, got.ID, false, "It was not needed at all.")
	w.refuses(err, "already_reviewed")
	w.looks(watch)
	if n := len(w.list(alert.Query{Rule: alert.RuleReviewDue, State: alert.StateOpen})); n != 0 {
		t.Error("it was reviewed, and the alert of the late review stays")
	}
	if w.events("break_glass.begun") != 1 || w.events("break_glass.reviewed") != 1 {
		t.Errorf("the audit log has %d begun and %d reviewed", w.events("break_glass.begun"), w.events("break_glass.reviewed"))
	}
}

func testBreakGlassOpensNothingElse(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	safe, unknown, phone := c.InfusingPump(device.NetworkCutSafe), c.InfusingPump(device.NetworkCutUnknown), c.Phone()
	for _, kind := range []device.Kind{device.KindWipe, device.KindLock, device.KindRestart} {
		_, err := c.request(security, safe, kind, because(attacked), args(plea))
		c.refuses(err, "invalid_input")
	}
	_, err := c.request(security, unknown, device.KindContain, because(attacked), args(plea))
	c.refuses(err, "replace_pump_first")
	_, err = c.request(security, phone, device.KindContain, because(attacked), args(plea))
	c.refuses(err, "break_glass_not_needed")
	_, err = c.request(security, safe, device.KindContain, because("attack"), args(plea))
	c.refuses(err, "invalid_input")
	_, err = c.request(security, safe, device.KindContain, because(attacked), args(`{"break_glass":{"clinician":"","quarantine":"tried"}}`))
	c.refuses(err, "invalid_input")
	_, err = c.request(audit.Actor{Kind: audit.ActorToken, ID: "t1", Owner: security.ID}, safe, device.KindContain, because(attacked), args(plea))
	c.refuses(err, "another_person_needed")
	if _, err := c.Service.RequestBatch(c.ctx, security, commands.BatchAsk{Ask: commands.Ask{Kind: device.KindContain, Reason: attacked, Args: []byte(plea)},
		Devices: []device.ID{safe.ID}}); err == nil {
		if b, _ := c.Service.Batches(c.ctx, commands.BatchQuery{}); len(b.Items) == 1 && len(b.Counts) == 1 && b.Counts[0][commands.StateNone] != 1 {
			t.Errorf("a break-glass of many was taken in: %+v", b)
		}
	}
	safe.Therapy = device.ReportedStopped
	c.exec("UPDATE device SET custody_kind = 'storage', place_id = $1 WHERE id = $2", string(c.Storage), string(safe.ID))
	safe.Report()
	_, err = c.request(security, safe, device.KindContain, because(attacked), args(plea))
	c.refuses(err, "break_glass_not_needed")
}

func testBreakGlassEnds(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.InfusingPump(device.NetworkCutSafe)
	got, err := c.request(security, pump, device.KindContain, because(attacked), args(plea), func(a *commands.Ask) { a.ExpiresIn = 24 * time.Hour })
	if err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(31 * time.Minute)
	pump.Report()
	if _, err := c.Service.Approve(c.ctx, biomed, got.ID, got.OrderHash); err == nil {
		t.Error("it was agreed to after 31 minutes")
	}
	if list, err := c.Service.BreakGlasses(c.ctx, "", 10); err != nil || len(list) != 0 {
		t.Errorf("none has begun: %v, %v", list, err)
	}
}
