package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/commands"
	"wardline/device"
)

func suiteCommandsBatches(t *testing.T, h *Harness) {
	h.Run("quiet work goes to all at once, with an outcome for each", testQuietBatch)
	h.Run("a batch goes out in rings", testRings)
	h.Run("a batch stops at the first ring that fails", testRingFails)
	h.Run("a batch stops at the first ring that falls silent", testRingSilent)
	h.Run("a batch can be taken back before it goes out", testBatchTakenBack)
	h.Run("a large batch needs a second person, who approves all of it", testBatchApproved)
}

func (c *Clinic) phones(n int) ([]*Gadget, []device.ID) {
	c.T.Helper()
	var gadgets []*Gadget
	var ids []device.ID
	for range n {
		g := c.Phone()
		gadgets, ids = append(gadgets, g), append(ids, g.ID)
	}
	return gadgets, ids
}

func (c *Clinic) batch(kind device.Kind, ids []device.ID) commands.Batch {
	c.T.Helper()
	b, err := c.Service.RequestBatch(c.ctx, helpdesk, commands.BatchAsk{Devices: ids, Ask: commands.Ask{Kind: kind}})
	if err != nil {
		c.T.Fatal(err)
	}
	return b
}

// states counts the devices of a batch by the state of their command.
func (c *Clinic) states(id commands.BatchID) map[commands.State]int {
	c.T.Helper()
	b, err := c.Service.Batch(c.ctx, id)
	if err != nil {
		c.T.Fatal(err)
	}
	out := map[commands.State]int{}
	for _, it := range b.Items {
		out[it.State]++
	}
	return out
}

func (c *Clinic) stands(id commands.BatchID, want map[commands.State]int) {
	c.T.Helper()
	if diff := cmp.Diff(want, c.states(id)); diff != "" {
		c.T.Errorf("the batch (-want +got):\n%s", diff)
	}
}

// answerAll lets every device that is handed something answer.
func answerAll(gadgets []*Gadget, status commands.ResultStatus) (handed int) {
	for _, g := range gadgets {
		g.Report()
		for _, d := range g.Take() {
			handed++
			g.Answer(d, status, "")
		}
	}
	return handed
}

func testQuietBatch(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(7)
	c.ask(phones[3], device.KindLocate)
	unknown := device.ID(newID())
	b := c.batch(device.KindLocate, append(ids, unknown, ids[0]))
	refusals := map[device.ID]string{}
	for _, it := range b.Items {
		if it.Command == "" {
			refusals[it.Device] = it.Code
		}
	}
	if diff := cmp.Diff(map[device.ID]string{phones[3].ID: "command_already_open", unknown: "not_found"}, refusals); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	c.stands(b.ID, map[commands.State]int{commands.StateQueued: 6, commands.StateRefused: 2})
	if n := answerAll(phones, commands.ResultSucceeded); n != 7 {
		t.Errorf("%d devices were handed something", n)
	}
	c.stands(b.ID, map[commands.State]int{commands.StateSucceeded: 6, commands.StateRefused: 2})
}

func testRings(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(5)
	b := c.batch(device.KindRestart, ids)
	if n := answerAll(phones, commands.ResultSucceeded); n != 0 {
		t.Fatalf("%d devices were reached before the batch could be taken back", n)
	}
	waiting := 0
	for _, it := range b.Items {
		if it.Ring == 3 {
			c.says(it.Command, "Waiting for ring 1 of its batch to go well; this device is in ring 3.")
			waiting++
		}
		if it.Ring == 1 {
			c.says(it.Command, "Waiting until 2026-03-02 08:05:00 UTC: until then the whole batch can be taken back.")
		}
	}
	if waiting != 3 {
		t.Errorf("%d devices are in the third ring", waiting)
	}
	c.Clock.Advance(5 * time.Minute)
	c.expire()
	for _, want := range []int{1, 1, 3} {
		if n := answerAll(phones, commands.ResultSucceeded); n != want {
			t.Fatalf("%d devices in this ring, want %d", n, want)
		}
		c.expire()
	}
	c.stands(b.ID, map[commands.State]int{commands.StateSucceeded: 5})
}

func testRingFails(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(5)
	b := c.batch(device.KindRestart, ids)
	c.Clock.Advance(5 * time.Minute)
	if n := answerAll(phones, commands.ResultFailed); n != 1 {
		t.Fatalf("%d devices in the first ring", n)
	}
	c.expire()
	c.expire()
	c.stands(b.ID, map[commands.State]int{commands.StateFailed: 1, commands.StateCancelled: 4})
	if n := answerAll(phones, commands.ResultSucceeded); n != 0 {
		t.Errorf("%d devices were reached after the batch had stopped", n)
	}
	stopped, err := c.Service.Batch(c.ctx, b.ID)
	if err != nil || stopped.StopReason != "Stopped: ring 1 did not go well on 1 of its devices." {
		t.Errorf("stopped because %q, %v", stopped.StopReason, err)
	}
}

func testRingSilent(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	_, ids := c.phones(5)
	b := c.batch(device.KindRestart, ids)
	c.Clock.Advance(19 * time.Minute)
	c.expire()
	c.stands(b.ID, map[commands.State]int{commands.StateQueued: 5})
	c.Clock.Advance(time.Minute)
	c.expire()
	c.stands(b.ID, map[commands.State]int{commands.StateCancelled: 5})
}

func testBatchTakenBack(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(4)
	b := c.batch(device.KindRestart, ids)
	c.Clock.Advance(4 * time.Minute)
	if _, err := c.Service.CancelBatch(c.ctx, helpdesk, b.ID, "the wrong ward"); err != nil {
		t.Fatal(err)
	}
	c.stands(b.ID, map[commands.State]int{commands.StateCancelled: 4})
	c.Clock.Advance(time.Hour)
	c.expire()
	if n := answerAll(phones, commands.ResultSucceeded); n != 0 {
		t.Errorf("%d devices were reached", n)
	}
}

func testBatchApproved(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(6)
	b := c.batch(device.KindRestart, ids)
	c.stands(b.ID, map[commands.State]int{commands.StateAwaitingApproval: 6})
	_, err := c.Service.ApproveBatch(c.ctx, helpdesk, b.ID, b.OrdersHash)
	refused(t, err, "another_person_needed")
	_, err = c.Service.ApproveBatch(c.ctx, security, b.ID, "sha256:00")
	refused(t, err, "order_differs")
	c.Clock.Advance(time.Hour)
	if _, err := c.Service.ApproveBatch(c.ctx, security, b.ID, b.OrdersHash); err != nil {
		t.Fatal(err)
	}
	c.stands(b.ID, map[commands.State]int{commands.StateQueued: 6})
	if n := answerAll(phones, commands.ResultSucceeded); n != 0 {
		t.Errorf("%d devices were reached at once after the approval", n)
	}
	_, err = c.Service.ApproveBatch(c.ctx, security, b.ID, b.OrdersHash)
	refused(t, err, "not_awaiting_approval")
	c.Clock.Advance(5 * time.Minute)
	for range 4 {
		answerAll(phones, commands.ResultSucceeded)
		c.expire()
	}
	c.stands(b.ID, map[commands.State]int{commands.StateSucceeded: 6})
}
