package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/store"
)

func init() { register("guard", suiteGuard) }

// The numbers here are those of docs/limits.csv, by hand.
func suiteGuard(t *testing.T, h *Harness) {
	h.Run("the sixth wipe of an hour waits for a second person", testSixthWipe)
	h.Run("ten a day and twenty-five a week, whatever the hour", testDayAndWeek)
	h.Run("a thousand requests of one person release exactly the limit", testThousandRequests)
	h.Run("two servers raced by five people release exactly the limit", testTwoServersRaced)
	h.Run("a lost phone is wiped when the server's limit is used up, once by each person", testKeptBack)
	h.Run("twenty devices an hour may be locked by one person", testTwentyLocks)
	h.Run("five per cent of a site's class a day, and always five", testShareOfAClass)
	h.Run("what was agreed to has a ceiling", testCeiling)
	h.Run("what a policy wants waits and is asked again by itself", testPolicyWaits)
	h.Run("a clock set forward or back gains nothing", testClockSet)
	h.Run("a limit that was lowered holds for what is open", testLowered)
	h.Run("an approval does not outlive a move of the device", testApprovalMoved)
	h.Run("approve against cancel: one of them", testApproveAgainstCancel)
}

// admin is an IT administrator with a session.
func admin(n int) audit.Actor {
	return audit.Actor{Kind: audit.ActorPerson, ID: fmt.Sprintf("account-it-%d", n), Name: fmt.Sprintf("it%d", n), Session: fmt.Sprintf("s-it-%d", n)}
}

// wipes asks for the wipe of each phone and counts the states that they begin in.
func (c *Clinic) wipes(actor audit.Actor, phones []*Gadget) map[commands.State]int {
	c.T.Helper()
	out := map[commands.State]int{}
	for _, p := range phones {
		got, err := c.request(actor, p, device.KindWipe)
		if err != nil {
			c.T.Fatal(err)
		}
		out[got.State]++
	}
	return out
}

// released counts the phones that are handed a wipe at their next contact, as the
// phones themselves see it.
func released(phones []*Gadget) int {
	n := 0
	for _, p := range phones {
		for _, d := range p.Take() {
			if d.Told.Kind == device.KindWipe {
				n++
			}
		}
	}
	return n
}

func (c *Clinic) some(n int) []*Gadget {
	c.T.Helper()
	phones, _ := c.phones(n)
	return phones
}

// events counts audit events of an action.
func (c *Clinic) events(action string) int {
	c.T.Helper()
	var n int
	if err := c.Raw.QueryRow("SELECT COUNT(*) FROM audit_event WHERE action = $1", action).Scan(&n); err != nil {
		c.T.Fatal(err)
	}
	return n
}

func testSixthWipe(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(7)
	got := c.wipes(admin(1), phones[:5])
	if got[commands.StateQueued] != 5 || c.events("limit.reached") != 0 {
		t.Fatalf("the control: of five wipes %v, %d alerts", got, c.events("limit.reached"))
	}
	sixth, err := c.request(admin(1), phones[5], device.KindWipe)
	if err != nil {
		t.Fatal(err)
	}
	c.is(sixth.ID, commands.StateAwaitingApproval)
	c.says(sixth.ID, "Waiting for a second person (biomed or security), because the limit of 5 devices an hour for one person is reached."+
		" It expires on 2026-03-03 08:00:00 UTC.")
	if c.events("limit.reached") != 1 {
		t.Errorf("%d alerts, want 1", c.events("limit.reached"))
	}
	if n := released(phones); n != 5 {
		t.Errorf("%d phones were handed a wipe, want 5", n)
	}
	// Another person has a limit of their own, and another person may agree.
	if got, err := c.request(admin(2), phones[6], device.KindWipe); err != nil || got.State != commands.StateQueued {
		t.Errorf("somebody else's wipe: %v, %v", got.State, err)
	}
	if _, err := c.Service.Approve(c.ctx, security, sixth.ID, sixth.OrderHash); err != nil {
		t.Fatal(err)
	}
	phones[5].only(device.KindWipe)
}

func testDayAndWeek(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	total := 0
	for hour := range 3 * 24 {
		phones := c.some(1)
		if got := c.wipes(admin(1), phones); got[commands.StateQueued] == 1 {
			total += released(phones)
		}
		if want := map[int]int{9: 10, 23: 10, 47: 20, 71: 25}[hour]; want != 0 && total != want {
			t.Errorf("after hour %d: %d phones wiped, want %d", hour, total, want)
		}
		c.Clock.Advance(time.Hour)
	}
}

func testThousandRequests(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(100)
	if n := c.storm([]*commands.Service{c.Service}, phones, func(i int) audit.Actor {
		who := admin(1)
		who.Session = fmt.Sprintf("session-%d", i%7)
		if i%3 == 0 { // through an API token of the same person
			who = audit.Actor{Kind: audit.ActorToken, ID: fmt.Sprintf("token-%d", i%5), Owner: who.ID, Name: "it1"}
		}
		return who
	}, 1000); n != 5 {
		t.Errorf("%d wipes may leave, want 5", n)
	}
	if n := released(phones); n != 5 {
		t.Errorf("%d phones were handed a wipe, want 5", n)
	}
}

func testTwoServersRaced(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	servers := []*commands.Service{c.Service, c.Serve(h.Second())}
	phones := c.some(60)
	// Five people have 25 an hour between them, the server 20.
	if n := c.storm(servers, phones, func(i int) audit.Actor { return admin(i % 5) }, 300); n != 20 {
		t.Errorf("%d wipes may leave, want 20", n)
	}
	if n := released(phones); n != 20 {
		t.Errorf("%d phones were handed a wipe, want 20", n)
	}
}

// storm asks for wipes from many sides at once, and counts those that may leave
// without anybody agreeing.
func (c *Clinic) storm(servers []*commands.Service, phones []*Gadget, who func(int) audit.Actor, requests int) int {
	c.T.Helper()
	var queued, failed sync.Map
	work := make(chan int)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := range work {
				got, err := servers[i%len(servers)].Request(c.ctx, who(i), commands.Ask{Device: phones[i%len(phones)].ID, Kind: device.KindWipe, Reason: "a storm"})
				if _, no := fault.As(err); err != nil && !no {
					failed.Store(i, err)
				}
				if err == nil && got.State == commands.StateQueued {
					queued.Store(got.ID, true)
				}
			}
		})
	}
	for i := range requests {
		work <- i
	}
	close(work)
	all.Wait()
	failed.Range(func(i, err any) bool { c.T.Errorf("request %v: %v", i, err); return true })
	n := 0
	queued.Range(func(any, any) bool { n++; return true })
	return n
}

func testKeptBack(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(24)
	for i := range 20 {
		c.wipes(admin(i/5), phones[i:i+1])
	}
	honest := admin(9)
	if got := c.wipes(honest, phones[20:21]); got[commands.StateAwaitingApproval] != 1 {
		t.Fatalf("the control: the server's limit is used up, and a wipe is %v", got)
	}
	phones[21].Lose()
	phones[22].Lose()
	if got := c.wipes(honest, phones[21:22]); got[commands.StateQueued] != 1 {
		t.Errorf("the wipe of a lost phone: %v", got)
	}
	phones[21].only(device.KindWipe)
	if got := c.wipes(honest, phones[22:23]); got[commands.StateAwaitingApproval] != 1 {
		t.Errorf("the second lost phone of that person: %v", got)
	}
}

func testTwentyLocks(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	states := map[commands.State]int{}
	phones := c.some(21)
	for _, p := range phones {
		states[c.ask(p, device.KindLock).State]++
	}
	if states[commands.StateQueued] != 20 || states[commands.StateAwaitingApproval] != 1 {
		t.Errorf("of 21 locks %v", states)
	}
	// More of the same for a device that counts already is no more harm.
	if got := c.ask(phones[0], device.KindRing); got.State != commands.StateQueued {
		t.Errorf("ring a phone that is being locked: %s", got.State)
	}
}

func testShareOfAClass(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	c.setLimit("disruptive_class_day", 5)
	phones := c.some(40) // 5 % of them are two; five may always be locked
	lock := func(some []*Gadget, queued, waiting int) {
		t.Helper()
		states := map[commands.State]int{}
		for i, p := range some {
			got, err := c.request(admin(i), p, device.KindLock)
			if err != nil {
				t.Fatal(err)
			}
			states[got.State]++
		}
		if states[commands.StateQueued] != queued || states[commands.StateAwaitingApproval] != waiting {
			t.Errorf("of %d locks %v, want %d queued and %d waiting", len(some), states, queued, waiting)
		}
	}
	lock(phones[:7], 5, 2)
	c.some(100) // 5 % of 140 are seven
	lock(phones[10:14], 2, 2)
	// A lost phone is locked whatever the others had done to them.
	phones[9].Lose()
	if got := c.ask(phones[9], device.KindLock); got.State != commands.StateQueued {
		t.Errorf("the lock of a lost phone: %s", got.State)
	}
}

func testCeiling(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, ids := c.phones(60)
	b, err := c.Service.RequestBatch(c.ctx, admin(1), commands.BatchAsk{Devices: ids, Ask: commands.Ask{Kind: device.KindWipe, Reason: "a clear-out"}})
	if err != nil {
		t.Fatal(err)
	}
	c.stands(b.ID, map[commands.State]int{commands.StateAwaitingApproval: 60})
	if _, err := c.Service.ApproveBatch(c.ctx, security, b.ID, b.OrdersHash); err != nil {
		t.Fatal(err)
	}
	c.stands(b.ID, map[commands.State]int{commands.StateAwaitingApproval: 10, commands.StateQueued: 50})
	if c.events("limit.reached") == 0 {
		t.Error("nobody was told that the limit was reached")
	}
	// What two people agreed to leaves the limit of one person as it was.
	extra := c.some(1)
	if got := c.wipes(admin(1), extra); got[commands.StateQueued] != 1 {
		t.Errorf("a single wipe beside the batch: %v", got)
	}
	if n := released(phones); n != 0 {
		t.Errorf("%d phones were handed a wipe in the five minutes that a batch waits", n)
	}
}

func testPolicyWaits(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	policy := audit.Actor{Kind: audit.ActorSystem, ID: "configuration", Name: "Configuration"}
	config := func(g *Gadget) error {
		_, err := c.request(policy, g, device.KindConfig, subkind(device.SubkindPolicy), args(`{"document_id":"d","version":1,"content":{}}`))
		return err
	}
	phones := c.some(102)
	// New devices are given what they need as they enroll.
	if err := config(phones[101]); err != nil {
		t.Fatalf("the control: a new device's first configuration: %v", err)
	}
	c.Clock.Advance(25 * time.Hour)
	for _, p := range phones[:100] {
		if err := config(p); err != nil {
			t.Fatal(err)
		}
	}
	f := refused(t, config(phones[100]), "limit_reached")
	if want := "The limit of 100 devices an hour for the whole server is reached. It is asked again by itself."; f.Detail != want {
		t.Errorf("it says %q, want %q", f.Detail, want)
	}
}

// opened is a clinic on a store whose two clocks the test moves apart.
func opened(t *testing.T, h *Harness) (c *Clinic, passed *Clock) {
	t.Helper()
	passed = NewClock()
	s := h.Store(func(o *store.Options) {
		o.Monotonic = func() time.Duration { return passed.Now().Sub(time.Unix(0, 0)) }
	})
	return NewClinic(t, s, h.Clock, h.Raw()), passed
}

func testClockSet(t *testing.T, h *Harness) {
	c, passed := opened(t, h)
	phones := c.some(20)
	if got := c.wipes(admin(1), phones[:6]); got[commands.StateQueued] != 5 {
		t.Fatalf("the control: of six wipes %v", got)
	}
	// An honest hour makes room again.
	c.Clock.Advance(time.Hour + time.Second)
	passed.Advance(time.Hour + time.Second)
	released(phones[:5])
	c.Clock.Advance(time.Hour + time.Second)
	passed.Advance(time.Hour + time.Second)
	if got := c.wipes(admin(1), phones[6:7]); got[commands.StateQueued] != 1 {
		t.Fatalf("the control: after an hour %v", got)
	}
	c.wipes(admin(1), phones[7:11])
	// Four minutes at a time, more than an hour in all: no room, and no alarm.
	for range 20 {
		c.Clock.Advance(4 * time.Minute)
		if got := c.wipes(admin(1), c.some(1)); got[commands.StateQueued] != 0 {
			t.Fatal("a clock set forward by four minutes made room")
		}
	}
	c.Clock.Advance(-3 * time.Hour)
	if got := c.wipes(admin(1), c.some(1)); got[commands.StateQueued] != 0 {
		t.Fatal("a clock set back made room")
	}
	if n := c.events("freeze.set"); n != 1 {
		t.Errorf("a jump of three hours made %d alerts, want 1", n)
	}
	c.Clock.Advance(48 * time.Hour)
	if got := c.wipes(admin(1), c.some(1)); got[commands.StateQueued] != 0 {
		t.Fatal("a clock set forward by two days made room")
	}
	if n := c.events("freeze.set"); n != 2 {
		t.Errorf("a jump of two days made %d alerts in all, want 2", n)
	}
}

func testLowered(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(5)
	c.wipes(admin(1), phones)
	c.setLimit("destructive_person_hour", 2)
	if n := released(phones); n != 2 {
		t.Errorf("%d phones were handed a wipe, want 2", n)
	}
}

func testApprovalMoved(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	move := func(g *Gadget) { g.Change(func(d *device.Device) { d.Place = c.Storage }) }
	program := audit.Actor{Kind: audit.ActorToken, ID: "t", Owner: "account-it-1"}
	phones := c.some(2)
	of := func(i int) commands.Command {
		got, err := c.request(program, phones[i], device.KindWipe)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := of(0)
	move(phones[0])
	_, err := c.Service.Approve(c.ctx, security, first.ID, first.OrderHash)
	if f := refused(t, err, "order_differs"); !strings.Contains(f.Detail, "changed hands or place") {
		t.Errorf("it says %q", f.Detail)
	}
	second := of(1)
	if _, err := c.Service.Approve(c.ctx, security, second.ID, second.OrderHash); err != nil {
		t.Fatalf("the control: %v", err)
	}
	move(phones[1])
	phones[1].nothing()
	c.is(second.ID, commands.StateAwaitingApproval)
	if why := c.get(second.ID).WhyWaiting; !strings.Contains(why, "because the approval no longer holds: the device's class, custody or place has changed since") {
		t.Errorf("why it waits: %s", why)
	}
	// The next approval is for the device as it stands now.
	if _, err := c.Service.Approve(c.ctx, security, second.ID, second.OrderHash); err != nil {
		t.Fatal(err)
	}
	phones[1].only(device.KindWipe)
}

func testApproveAgainstCancel(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	outcomes := map[commands.State]int{}
	for range 20 {
		phone := c.Phone()
		wipe, err := c.request(audit.Actor{Kind: audit.ActorToken, ID: "t", Owner: "account-it-1"}, phone, device.KindWipe)
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		var approved, cancelled error
		both.Go(func() { _, approved = c.Service.Approve(c.ctx, security, wipe.ID, wipe.OrderHash) })
		both.Go(func() { _, cancelled = c.Service.Cancel(c.ctx, helpdesk, wipe.ID, "") })
		both.Wait()
		got := c.get(wipe.ID)
		outcomes[got.State]++
		if cancelled != nil {
			t.Errorf("what waits can be taken back at any time: %v", cancelled)
		}
		if got.State != commands.StateCancelled || (approved != nil && !slices.Contains([]string{"not_awaiting_approval"}, codeOf(approved))) {
			t.Errorf("state %s, approve %v", got.State, approved)
		}
		phone.nothing()
	}
	t.Log(outcomes)
}

func codeOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Code.Name
	}
	return ""
}
