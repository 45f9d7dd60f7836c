package storetest

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
)

func init() { register("freeze", suiteFreeze) }

func suiteFreeze(t *testing.T, h *Harness) {
	h.Run("after a freeze has answered no wipe leaves, and it says what had left", testFreeze)
	h.Run("a freeze against a thousand leases on two servers", testFreezeAgainstLeases)
	h.Run("a freeze never stops the lock of one phone, nor taking something back", testFreezeLetsPass)
	h.Run("a freeze withholds bulk work, staging, and cutting off", testFreezeWithholds)
	h.Run("a freeze of one person or one site leaves the others alone", testFreezeScopes)
	h.Run("two people who did not cause a freeze lift it", testLift)
	h.Run("everything that has not left is taken back at once", testCancelAll)
}

// The two who lift.
var (
	officer       = audit.Actor{Kind: audit.ActorPerson, ID: "account-officer", Name: "off", Session: "s-officer"}
	administrator = audit.Actor{Kind: audit.ActorPerson, ID: "account-admin", Name: "adm", Session: "s-admin"}
)

func (c *Clinic) freeze(ask commands.FreezeAsk) commands.Freeze {
	c.T.Helper()
	if ask.Reason == "" {
		ask.Reason = "Something is wrong"
	}
	z, err := c.Service.SetFreeze(c.ctx, biomed, ask)
	if err != nil {
		c.T.Fatal(err)
	}
	return z
}

func (c *Clinic) lift(z commands.Freeze) {
	c.T.Helper()
	if _, err := c.Service.AskLift(c.ctx, officer, []string{"security"}, z.ID, "a drill", ""); err != nil {
		c.T.Fatal(err)
	}
	if _, err := c.Service.Lift(c.ctx, administrator, z.ID, officer.ID, ""); err != nil {
		c.T.Fatal(err)
	}
}

func testFreeze(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(4)
	c.wipes(admin(1), phones[:2])
	phones[0].only(device.KindWipe)
	z := c.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	if len(z.Left) != 1 || z.Left[0].Device != phones[0].ID || z.Left[0].State != commands.StateDelivered {
		t.Errorf("what had left: %+v", z.Left)
	}
	c.wipes(admin(1), phones[2:3])
	asked, err := c.request(admin(1), phones[3], device.KindWipe, args(`{"wipe_first":true}`))
	if err != nil {
		t.Fatal(err)
	}
	c.says(asked.ID, "Stopped by a freeze of 2026-03-02 08:00:00 UTC: Something is wrong. It goes on when two people have lifted it.")
	for range 5 {
		c.Clock.Advance(time.Minute)
		if n := released(phones); n != 0 {
			t.Fatalf("%d phones were handed a wipe during the freeze", n)
		}
	}
	var held int
	if err := c.Raw.QueryRow("SELECT COUNT(*) FROM certificate WHERE device_id = $1 AND revocation = 'held'", string(phones[2].ID)).Scan(&held); err != nil || held != 0 {
		t.Errorf("a wipe asked during the freeze cut its phone off: %d, %v", held, err)
	}
	c.lift(z)
	c.Clock.Advance(time.Minute)
	if n := released(phones[1:]); n != 3 {
		t.Errorf("after it was lifted %d phones were handed a wipe, want 3", n)
	}
	if err := c.Raw.QueryRow("SELECT COUNT(*) FROM certificate WHERE device_id = $1 AND revocation = 'held'", string(phones[2].ID)).Scan(&held); err != nil || held != 1 {
		t.Errorf("with the delivery of its wipe the phone is cut off: %d, %v", held, err)
	}
}

func testFreezeAgainstLeases(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	servers := []*commands.Service{c.Service}
	if h.Engine == "postgres" {
		servers = append(servers, c.Serve(h.Second()))
	}
	for _, rule := range []string{"destructive_person_hour", "destructive_person_day", "destructive_person_week", "destructive_server_hour", "destructive_server_day"} {
		c.setLimit(rule, 1000)
	}
	phones := c.some(200)
	c.wipes(admin(1), phones)
	var mu sync.Mutex
	handed := map[commands.ID]bool{}
	var answered atomic.Bool
	var polls, late atomic.Int64
	work := make(chan int)
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			for i := range work {
				began := answered.Load()
				leased, err := servers[i%len(servers)].Lease(c.ctx, []commands.Poll{phones[i%len(phones)].Poll()})
				if err != nil {
					t.Errorf("lease: %v", err)
					continue
				}
				polls.Add(1)
				for _, d := range c.open(leased[phones[i%len(phones)].Enrollment]) {
					mu.Lock()
					handed[d.Told.Command] = true
					mu.Unlock()
					if began {
						late.Add(1)
					}
				}
			}
		})
	}
	var z commands.Freeze
	for i := range 1000 {
		if i == 100 {
			all.Go(func() {
				z = c.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
				answered.Store(true)
			})
		}
		work <- i
	}
	close(work)
	all.Wait()
	if late.Load() != 0 {
		t.Errorf("%d wipes left after the freeze had answered", late.Load())
	}
	for _, l := range z.Left {
		if !handed[l.Command] {
			t.Errorf("the freeze says that %s had left, and no phone has it", l.Command)
		}
		delete(handed, l.Command)
	}
	if len(handed) != 0 || len(z.Left) == 0 || len(z.Left) == len(phones) {
		t.Errorf("of %d polls: %d wipes left that the freeze does not name, %d that it names", polls.Load(), len(handed), len(z.Left))
	}
}

func testFreezeLetsPass(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone, other := c.Phone(), c.Phone()
	c.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	c.ask(phone, device.KindLock)
	phone.only(device.KindLock)
	c.ask(other, device.KindLostModeOn, args(`{"message":"Please return me"}`))
	other.only(device.KindLostModeOn)
	c.ask(phone, device.KindLocate)
	phone.only(device.KindLocate)
	third := c.Phone()
	wipe := c.ask(third, device.KindWipe)
	if _, err := c.Service.Cancel(c.ctx, helpdesk, wipe.ID, ""); err != nil {
		t.Errorf("take a wipe back during a freeze: %v", err)
	}
}

func testFreezeWithholds(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(3)
	b, err := c.Service.RequestBatch(c.ctx, helpdesk, commands.BatchAsk{Devices: ids, Ask: commands.Ask{Kind: device.KindLock}})
	if err != nil {
		t.Fatal(err)
	}
	pump := c.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	stage := c.ask(pump, device.KindConfig, subkind(device.SubkindWiFi), args(`{"document_id":"d","version":1,"content":{}}`))
	lone := c.Phone()
	z := c.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	_, err = c.request(security, lone, device.KindContain)
	refused(t, err, "frozen")
	c.Clock.Advance(6 * time.Minute)
	for _, g := range append(phones, pump) {
		g.Report()
		g.nothing()
	}
	c.stands(b.ID, map[commands.State]int{commands.StateQueued: 3})
	c.lift(z)
	c.Clock.Advance(time.Minute)
	phones[0].only(device.KindLock)
	pump.Report()
	pump.only(device.KindConfig)
	c.is(stage.ID, commands.StateDelivered)
	if _, err := c.request(security, lone, device.KindContain); err != nil {
		t.Errorf("contain after the freeze was lifted: %v", err)
	}
}

func testFreezeScopes(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(3)
	c.freeze(commands.FreezeAsk{Scope: commands.FreezePerson, ScopeID: admin(1).ID})
	c.wipes(admin(1), phones[:1])
	c.wipes(admin(2), phones[1:2])
	program := audit.Actor{Kind: audit.ActorToken, ID: "t", Owner: admin(2).ID}
	third, err := c.request(program, phones[2], device.KindWipe)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Service.Approve(c.ctx, admin(1), third.ID, third.OrderHash)
	refused(t, err, "frozen")
	if n := released(phones); n != 1 || c.get(third.ID).State != commands.StateAwaitingApproval {
		t.Errorf("%d phones were handed a wipe, want the one that somebody else asked for", n)
	}
	here, there := c.some(1), c.some(1)
	there[0].Change(func(d *device.Device) { d.Place = c.Storage })
	c.freeze(commands.FreezeAsk{Scope: commands.FreezeSite, ScopeID: string(c.Storage)})
	c.wipes(admin(3), append(slices.Clone(here), there...))
	if released(here) != 1 || released(there) != 0 {
		t.Error("the freeze of one site does not hold for it alone")
	}
}

func testLift(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	z := c.freeze(commands.FreezeAsk{Scope: commands.FreezePerson, ScopeID: officer.ID})
	_, err := c.Service.AskLift(c.ctx, officer, nil, z.ID, "please", "")
	refused(t, err, "caused_the_freeze") // it is about them
	_, err = c.Service.Lift(c.ctx, administrator, z.ID, security.ID, "")
	refused(t, err, "lift_not_asked")
	if _, err := c.Service.AskLift(c.ctx, security, []string{"security"}, z.ID, "a mistake", ""); err != nil {
		t.Fatal(err)
	}
	_, err = c.Service.Lift(c.ctx, security, z.ID, security.ID, "")
	refused(t, err, "another_person_needed")
	_, err = c.Service.Lift(c.ctx, audit.Actor{Kind: audit.ActorToken, ID: "t", Owner: administrator.ID}, z.ID, security.ID, "")
	refused(t, err, "another_person_needed")
	got, err := c.Service.Lift(c.ctx, administrator, z.ID, security.ID, "")
	if err != nil || got.LiftedAt.IsZero() || got.LiftedBy.ID != administrator.ID {
		t.Fatalf("lifted: %+v, %v", got, err)
	}
	_, err = c.Service.AskLift(c.ctx, security, nil, z.ID, "again", "")
	refused(t, err, "freeze_already_lifted")
	if c.events("freeze.set") != 1 || c.events("freeze.lift_requested") != 1 || c.events("freeze.lifted") != 1 {
		t.Error("the audit log does not tell what happened")
	}
}

func testCancelAll(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(8)
	c.wipes(admin(1), phones[:6]) // the sixth waits for a second person
	c.wipes(admin(2), phones[6:7])
	quiet := c.ask(phones[7], device.KindLocate)
	phones[0].only(device.KindWipe)
	n, err := c.Service.CancelAll(c.ctx, security, commands.FreezeAsk{Scope: commands.FreezePerson, ScopeID: admin(1).ID, Reason: "his session was stolen"})
	if err != nil || n != 5 {
		t.Fatalf("%d were taken back, want 5: %v", n, err)
	}
	if got := released(phones); got != 1 {
		t.Errorf("%d phones were handed a wipe, want the one that somebody else asked for", got)
	}
	c.is(quiet.ID, commands.StateDelivered)
	page, err := c.Service.List(c.ctx, commands.Query{Device: phones[1].ID})
	if err != nil || page.Items[0].State != commands.StateCancelled || !strings.Contains(page.Items[0].StateReason, "his session was stolen") {
		t.Errorf("what was taken back says: %v, %v", page.Items, err)
	}
}
