package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/commands"
	"wardline/device"
)

func suiteCommandsLists(t *testing.T, h *Harness) {
	h.Run("batches are listed newest first with how far each has come", testBatchesListed)
	h.Run("who is limited sees the batches that touch their devices, and counts only those", testBatchesLimited)
	h.Run("each open command waits for one thing, and the list behind a number is as long", testWaiting)
	h.Run("a wipe that ended NOT erased needs a person until it is asked anew", testUnresolved)
}

func (c *Clinic) batches(q commands.BatchQuery) commands.BatchPage {
	c.T.Helper()
	page, err := c.Service.Batches(c.ctx, q)
	if err != nil {
		c.T.Fatal(err)
	}
	return page
}

func testBatchesListed(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(3)
	first := c.batch(device.KindLocate, append(ids, device.ID(newID())))
	phones[0].Answer(phones[0].only(device.KindLocate), commands.ResultSucceeded, "")
	phones[1].Answer(phones[1].only(device.KindLocate), commands.ResultFailed, "no signal")
	second := c.batch(device.KindRefresh, ids[:1])
	phones[0].Answer(phones[0].only(device.KindRefresh), commands.ResultSucceeded, "")

	page := c.batches(commands.BatchQuery{Limit: 1})
	if page.Total != 2 || len(page.Items) != 1 || page.Items[0].ID != second.ID || page.Next != second.ID {
		t.Fatalf("the first page: %+v, want the newer of two batches and a next page", page)
	}
	page = c.batches(commands.BatchQuery{Limit: 1, Before: page.Next})
	if len(page.Items) != 1 || page.Items[0].ID != first.ID || page.Next != "" {
		t.Fatalf("the second page: %+v, want the older batch and no further page", page)
	}
	want := map[commands.State]int{commands.StateSucceeded: 1, commands.StateFailed: 1, commands.StateQueued: 1, commands.StateNone: 1}
	if diff := cmp.Diff(want, page.Counts[0]); diff != "" {
		t.Errorf("how far the older one has come (-want +got):\n%s", diff)
	}
	if open := c.batches(commands.BatchQuery{Open: true}); open.Total != 1 || open.Items[0].ID != first.ID {
		t.Errorf("open batches: %+v, want the older one only", open)
	}
	if others := c.batches(commands.BatchQuery{Requester: security.ID}); others.Total != 0 {
		t.Errorf("another person asked for %d batches, want none", others.Total)
	}
}

func testBatchesLimited(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, pump := []*Gadget{c.Phone(), c.Phone()}, c.Pump()
	mixed := c.batch(device.KindLocate, []device.ID{phones[0].ID, phones[1].ID, pump.ID, device.ID(newID())})
	c.batch(device.KindRefresh, []device.ID{phones[0].ID})
	for name, scope := range map[string]commands.Scope{
		"by class": {Classes: []device.Class{device.ClassPumpLVP}},
		"by place": {Sites: []device.PlaceID{c.Storage}},
	} {
		page := c.batches(commands.BatchQuery{Scope: scope})
		if page.Total != 1 || len(page.Items) != 1 || page.Items[0].ID != mixed.ID {
			t.Fatalf("%s: %+v, want the one batch with a pump", name, page)
		}
		if diff := cmp.Diff(map[commands.State]int{commands.StateQueued: 1}, page.Counts[0]); diff != "" {
			t.Errorf("%s: its pump is counted alone (-want +got):\n%s", name, diff)
		}
	}
	if page := c.batches(commands.BatchQuery{Scope: commands.Scope{Sites: []device.PlaceID{c.Ward}}}); page.Total != 0 || len(page.Items) != 0 {
		t.Errorf("who sees none of the devices sees %d batches", page.Total)
	}
}

// waits requires the numbers of a scope, and that each is the length of its list.
func (c *Clinic) waits(scope commands.Scope, want map[commands.Waiting]int) {
	c.T.Helper()
	got, err := c.Service.Waits(c.ctx, scope)
	if err != nil {
		c.T.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.T.Errorf("what waits (-want +got):\n%s", diff)
	}
	for _, w := range commands.Waitings() {
		page, err := c.Service.List(c.ctx, commands.Query{Waiting: w, Scope: scope})
		if err != nil || page.Total != want[w] || len(page.Items) != want[w] {
			c.T.Errorf("the list of what is %s: %d of %d, %v; want %d", w, len(page.Items), page.Total, err, want[w])
		}
	}
}

func testWaiting(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	away, here, begun, silent := c.Phone(), c.Phone(), c.Phone(), c.Phone()
	pump := c.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	c.ask(away, device.KindLocate, within(24*time.Hour))
	c.ask(pump, device.KindRestart, held)
	c.ask(pump, device.KindConfig, subkind(device.SubkindWiFi), args(`{"document_id":"d","version":1,"content":{}}`), within(24*time.Hour))
	c.ask(silent, device.KindRestart)
	silent.Answer(silent.only(device.KindRestart), commands.ResultAccepted, "")
	erasing := c.Phone()
	c.ask(erasing, device.KindWipe)
	erasing.Answer(erasing.only(device.KindWipe), commands.ResultAccepted, "")

	c.Clock.Advance(20 * time.Minute)
	c.expire()
	c.ask(here, device.KindLocate)
	c.ask(begun, device.KindRestart)
	for _, g := range []*Gadget{here, begun, pump} {
		g.Report()
	}
	begun.Answer(begun.only(device.KindRestart), commands.ResultAccepted, "")
	delivered := c.Phone()
	c.ask(delivered, device.KindLocate)
	delivered.only(device.KindLocate)
	_, many := c.phones(6)
	c.batch(device.KindRestart, many)

	c.waits(commands.Scope{}, map[commands.Waiting]int{commands.WaitingApproval: 6, commands.WaitingHeld: 1, commands.WaitingSilent: 1,
		commands.WaitingQueued: 2, commands.WaitingDelivered: 1, commands.WaitingStarted: 1, commands.WaitingErasing: 1, commands.WaitingUnconfirmed: 1})
	c.waits(commands.Scope{Classes: []device.Class{device.ClassPumpLVP}}, map[commands.Waiting]int{commands.WaitingHeld: 1, commands.WaitingQueued: 1})
	c.waits(commands.Scope{Sites: []device.PlaceID{c.Ward}}, map[commands.Waiting]int{})

	origins, err := c.Service.Origins(c.ctx, commands.Scope{})
	if err != nil || len(origins) != 1 || origins[0].Count != 6 || origins[0].Requester.ID != helpdesk.ID || origins[0].Kind != device.KindRestart {
		t.Fatalf("what waits for a second person comes from %+v, %v", origins, err)
	}
	page, err := c.Service.List(c.ctx, commands.Query{States: []commands.State{commands.StateAwaitingApproval}, Origins: origins})
	if err != nil || page.Total != 6 {
		t.Errorf("the list of it: %d, %v, want 6", page.Total, err)
	}
	page, err = c.Service.List(c.ctx, commands.Query{States: []commands.State{commands.StateAwaitingApproval}, Origins: []commands.Origin{}})
	if err != nil || page.Total != 0 {
		t.Errorf("who may decide nothing is shown %d, %v", page.Total, err)
	}
}

func testUnresolved(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone, other := c.Phone(), c.Phone()
	unresolved := func(what string, want ...device.ID) {
		t.Helper()
		q := commands.Query{Unresolved: true}
		n, err := c.Service.Count(c.ctx, q)
		page, listErr := c.Service.List(c.ctx, q)
		if err != nil || listErr != nil {
			t.Fatal(err, listErr)
		}
		got := []device.ID{}
		for _, it := range page.Items {
			got = append(got, it.Device)
		}
		if diff := cmp.Diff(want, got); diff != "" || n != len(want) || page.Total != n {
			t.Errorf("%s: %d counted, %d in the list (-want +got):\n%s", what, n, page.Total, diff)
		}
	}
	for _, g := range []*Gadget{phone, other} {
		c.ask(g, device.KindWipe)
		g.Answer(g.only(device.KindWipe), commands.ResultFailed, "the storage cannot be erased")
	}
	unresolved("two that could not erase themselves", other.ID, phone.ID)
	other.Change(func(d *device.Device) { d.Stage = device.StageWrittenOff })
	unresolved("one of them is written off", phone.ID)
	c.ask(phone, device.KindWipe)
	unresolved("the other one was asked anew", []device.ID{}...)
}
