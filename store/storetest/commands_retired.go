package storetest

import (
	"testing"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

func init() { register("retired", suiteRetired) }

func suiteRetired(t *testing.T, h *Harness) {
	h.Run("a certificate is revoked by somebody who knows that no wipe reaches the phone afterwards", testRevoked)
	h.Run("a pump is decommissioned sanitised, by two people, and never by an entry in its record", testDecommissioned)
	h.Run("a pump that was not heard of for a day is written off by two people; a phone that is, can still be wiped", testWrittenOff)
	h.Run("what ends a device passes limits and freezes", testRetiringIsGuarded)
	h.Run("a pump that started its wipe and is silent is contained", testPumpContainedAfterWipe)
}

const beyondReach = `{"beyond_reach":true}`

// agreed asks as one person and agrees as another.
func (c *Clinic) agreed(by, second audit.Actor, g *Gadget, kind device.Kind) commands.Command {
	c.T.Helper()
	asked, err := c.request(by, g, kind)
	if err != nil {
		c.T.Fatal(err)
	}
	c.is(asked.ID, commands.StateAwaitingApproval)
	if _, err := c.Service.Approve(c.ctx, second, asked.ID, asked.OrderHash); err != nil {
		c.T.Fatal(err)
	}
	return c.get(asked.ID)
}

// stage is where the device stands in its life.
func (g *Gadget) stage() device.Stage {
	g.c.T.Helper()
	r, err := g.c.Store.Device(g.c.ctx, g.ID)
	if err != nil {
		g.c.T.Fatal(err)
	}
	return r.Device.Stage
}

func testRevoked(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock := c.ask(phone, device.KindLock)
	_, err := c.request(security, phone, device.KindRevoke)
	refused(t, err, "invalid_input")
	for kind, args := range map[device.Kind]string{device.KindRevoke: beyondReach, device.KindWriteOff: "{}"} {
		_, err = c.Service.RequestBatch(c.ctx, security, commands.BatchAsk{Ask: commands.Ask{Kind: kind, Reason: "all of them", Args: []byte(args)},
			Devices: []device.ID{phone.ID, c.Phone().ID}})
		refused(t, err, "one_at_a_time")
	}
	_, err = c.request(security, phone, device.KindRevoke, args(`{"beyond_reach":false}`))
	refused(t, err, "invalid_input")
	revoke, err := c.request(security, phone, device.KindRevoke, args(beyondReach))
	if err != nil {
		t.Fatal(err)
	}
	c.is(revoke.ID, commands.StateSucceeded)
	c.is(lock.ID, commands.StateSuperseded)
	if phone.certificate() != "revoked" {
		t.Errorf("the certificate is %s", phone.certificate())
	}
	phone.nothing()
	_, err = c.request(security, phone, device.KindWipe)
	refused(t, err, "not_enrolled")
}

func testDecommissioned(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.Pump()
	_, err := c.request(biomed, pump, device.KindDecommission)
	refused(t, err, "retire_order_needed")
	pump.Change(func(d *device.Device) {
		d.Stage, d.Custody = device.StageDecommissioning, device.Custody{Kind: device.CustodyBiomed}
	})
	_, err = c.request(biomed, pump, device.KindDecommission)
	refused(t, err, "sanitise_first")
	records := inventory.New(inventory.Options{Storage: c.Store, Now: h.Clock.Now})
	if _, err := records.RecordSanitisation(c.ctx, biomed, pump.ID, inventory.SanitisationDraft{Witness: "C. Roth", Method: "maker's recipe"}); err != nil {
		t.Fatal(err)
	}
	for _, to := range []device.Stage{device.StageDecommissioned, device.StageWrittenOff} {
		if _, err := records.Update(c.ctx, biomed, pump.ID, 0, inventory.Update{Stage: &to}); !fault.Has(err, inventory.CodeStageRefused) {
			t.Errorf("an entry in its record made it %s: %v", to, err)
		}
	}
	h.Clock.Advance(48 * time.Hour) // wiped and switched off, it is not heard of any more
	done := c.agreed(biomed, security, pump, device.KindDecommission)
	if done.State != commands.StateSucceeded || pump.stage() != device.StageDecommissioned || pump.certificate() != "revoked" {
		t.Errorf("%s: stage %s, certificate %s", done.State, pump.stage(), pump.certificate())
	}
}

func testWrittenOff(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump, phone := c.Pump(), c.Phone()
	_, err := c.request(biomed, pump, device.KindWriteOff)
	refused(t, err, "device_is_heard")
	c.reports(phone)
	h.Clock.Advance(24 * time.Hour)
	done := c.agreed(biomed, security, pump, device.KindWriteOff)
	if pump.stage() != device.StageWrittenOff || pump.certificate() != "good" {
		t.Errorf("stage %s, certificate %s: nobody knows that cutting its network is harmless", pump.stage(), pump.certificate())
	}
	c.says(done.ID, "Done: Written off: not sanitised, whereabouts unknown. Its certificates stay good, because it is not known that cutting the network of this model is harmless.")

	if _, err := c.request(security, phone, device.KindWriteOff); err != nil {
		t.Fatal(err)
	}
	if phone.stage() != device.StageWrittenOff || phone.certificate() != "held" {
		t.Errorf("the phone: stage %s, certificate %s", phone.stage(), phone.certificate())
	}
	if _, err := c.request(security, phone, device.KindWipe); err != nil {
		t.Errorf("a written-off phone that shows up cannot be wiped: %v", err)
	}
	if got := kinds(phone.Take()); len(got) == 0 || got[0] != device.KindLock {
		t.Errorf("shown up, it is handed %v", got)
	}
	_, err = c.request(security, phone, device.KindRestart)
	refused(t, err, "device_gone")
}

func testRetiringIsGuarded(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	states := map[commands.State]int{}
	for range 6 {
		got, err := c.request(security, c.Phone(), device.KindRevoke, args(beyondReach))
		if err != nil {
			t.Fatal(err)
		}
		states[got.State]++
	}
	if states[commands.StateSucceeded] != 5 || states[commands.StateAwaitingApproval] != 1 {
		t.Errorf("of six revocations in an hour: %v", states)
	}
	phone := c.Phone()
	c.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	for _, kind := range []device.Kind{device.KindDecommission, device.KindWriteOff} {
		_, err := c.request(admin(1), phone, kind)
		refused(t, err, "frozen")
	}
	if phone.stage() != device.StageInService {
		t.Error("a frozen server retires phones")
	}
}

func testPumpContainedAfterWipe(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	pump := c.retired()
	wipe := c.agreed(biomed, security, pump, device.KindWipe)
	pump.Answer(pump.only(device.KindWipe), commands.ResultAccepted, "")
	h.Clock.Advance(15 * time.Minute)
	c.expire()
	if pump.certificate() != "held" {
		t.Errorf("after its wipe the certificate is %s", pump.certificate())
	}
	c.ended(wipe.ID, commands.OutcomeStarted, "Erase started, device silent since 2026-03-02 08:00:00 UTC.")
}
