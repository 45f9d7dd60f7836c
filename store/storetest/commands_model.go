package storetest

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardline/commands"
	"wardline/device"
	"wardline/store"
)

// The model of the life of commands. Random walks of everything that people,
// devices, networks and clocks do are played against the real queue on a real
// database, with agents that keep a journal as the reference agent does. What is
// expected is written down here by hand and taken from no code under test:
//
//	what must never be                                 caught when, for example
//	-------------------------------------------------  -------------------------------------------------
//	handedToAnotherEnrollment                          Lease does not compare the enrollment, or a new
//	                                                   enrollment leaves the old one's commands queued
//	releasedToABusyPump                                Lease judges with the stored report and not with the
//	                                                   poll's, or sends held commands when their time comes
//	releasedOnAnOldState                               a poll held for long releases disruptive work
//	executedTwice                                      the order is encoded again under another id, or a
//	                                                   superseded command is asked anew by the server
//	executedAfterItWasTakenBack                        Cancel succeeds for what has been handed out
//	lost, forgotten by the index                       a step leaves due_at at 0, a not now is not asked
//	                                                   again, redelivery is given up
//	shownOtherwiseThanItWas                            a late or repeated result moves a command wrongly
//
// The tally at the end is the positive control: the walks do get commands
// executed, held, released, repeated, postponed, expired and late.
//
// An ordinary run takes the same walks each time, so that whoever changes
// something else is not stopped by what a walk happens to find. Exploring is a run
// of its own, with new walks each time:
//
//	go test ./store -run '/sqlite/commands/no_walk' -rapid.checks=5000 -timeout 1h
const (
	modelWalks = 20
	modelSteps = 60
	modelSeed  = 20260302
)

func suiteCommandsModel(t *testing.T, h *Harness) {
	if h.Engine != store.SQLite {
		return // the walks are about the rules, which both engines share
	}
	h.Run("no walk breaks a promise of the queue", testModel)
}

func testModel(t *testing.T, h *Harness) {
	if setFlag(t, "rapid.checks", fmt.Sprint(modelWalks)) {
		setFlag(t, "rapid.seed", fmt.Sprint(modelSeed))
	}
	setFlag(t, "rapid.steps", fmt.Sprint(modelSteps))
	c := newClinic(t, h)
	c.twoPeopleWhenAsked()
	tally := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		w := newWalk(rt, c, tally)
		rt.Repeat(map[string]func(*rapid.T){"": w.check, "step": w.oneOf(
			walkStep{"somebody asks", 6, w.ask},
			walkStep{"somebody takes it back", 1, w.cancel},
			walkStep{"a second person decides", 1, w.decide},
			walkStep{"a device polls", 7, w.poll},
			walkStep{"an answer is lost", 2, w.pollLost},
			walkStep{"an old message arrives", 1, w.replay},
			walkStep{"a device works", 4, w.work},
			walkStep{"a device restarts", 1, w.restart},
			walkStep{"therapy changes", 2, w.therapy},
			walkStep{"a pump is moved", 1, w.move},
			walkStep{"a device enrolls anew", 1, w.enroll},
			walkStep{"a phone is lost", 1, w.lose},
			walkStep{"time passes", 3, w.wait},
			walkStep{"the background step", 1, w.expire},
		)})
		w.settleDown(rt)
	})
	// A walk that never gets anything done keeps every promise.
	for _, must := range []string{"executed restart", "executed locate", "executed wipe", "held, then released",
		"handed out again", "superseded by an enrollment", "cancelled", "approved"} {
		if tally[must] == 0 && !t.Failed() {
			t.Errorf("in %d walks nothing was ever %s: %v", modelWalks, must, tally)
		}
	}
	t.Log(tally)
}

// walkStep is something that may happen, and how often it does.
type walkStep struct {
	what   string
	weight int
	do     func(*rapid.T)
}

// oneOf does one of the steps. The weights add up to 32: five coins choose among
// them evenly, where rapid by itself would mostly choose the first.
func (w *walk) oneOf(steps ...walkStep) func(*rapid.T) {
	var slots []walkStep
	for _, s := range steps {
		for range s.weight {
			slots = append(slots, s)
		}
	}
	coins := rapid.SliceOfN(rapid.Bool(), 5, 5)
	return func(rt *rapid.T) {
		i := 0
		for _, heads := range coins.Draw(rt, "coins") {
			i *= 2
			if heads {
				i++
			}
		}
		rt.Log(slots[i].what)
		slots[i].do(rt)
	}
}

// setFlag sets a flag for the length of the test, and reports whether it did:
// what was given on the command line wins.
func setFlag(t *testing.T, name, value string) bool {
	t.Helper()
	f := flag.Lookup(name)
	if f == nil {
		t.Fatalf("there is no flag %s", name)
	}
	old := f.Value.String()
	if old != f.DefValue {
		return false
	}
	if err := f.Value.Set(value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Value.Set(old) })
	return true
}

// ticketGuard asks for a second person when the ticket says so: in these walks
// any kind may need one.
type ticketGuard struct{ commands.TwoPersonGuard }

const twoPeople = "two people"

// twoPeopleWhenAsked gives the clinic a queue with that guard.
func (c *Clinic) twoPeopleWhenAsked() {
	c.Service = commands.New(commands.Options{Storage: c.Store, Now: c.Clock.Now, Guard: ticketGuard{},
		Signer: func() (commands.Signer, error) { return c.signer, nil }})
}

func (g ticketGuard) Ask(f commands.Facts, a commands.Asking) commands.Ruling {
	if a.Ask.Ticket == twoPeople {
		return commands.Ruling{SecondPerson: true, Reason: "The ticket says so."}
	}
	return g.TwoPersonGuard.Ask(f, a)
}

// walkOrder is what the model remembers of one acknowledged request.
type walkOrder struct {
	id         commands.ID
	of         *walkDevice
	kind       device.Kind
	enrollment device.EnrollmentID // current when it was asked
	cancelled  bool
	denied     bool
	// agreed is where the device was when a second person agreed to it: elsewhere
	// it is not sent again.
	agreed *walkPlace
}

// walkPlace is what an approval of work on a pump rests on.
type walkPlace struct {
	custody device.CustodyKind
	care    bool
}

// walkDevice is a device with the journal of the reference agent: delivery at least
// once, execution at most once, also across a restart.
type walkDevice struct {
	*Gadget
	pump    bool
	custody device.CustodyKind // of a pump, by its record
	care    bool
	lost    bool
	erased  bool
	journal map[commands.ID]*walkEntry
	// executed counts for the thing itself, whatever its enrollment.
	executed map[commands.ID]int
	// said are results that the server has not settled; heard is everything that
	// ever travelled, for old messages to arrive again.
	said        map[commands.ID]commands.Result
	oldResults  []commands.Result
	oldMessages []Delivered
}

// walkEntry is what the journal holds about one command: the newest delivery, the
// newest result, and since when it is marked.
type walkEntry struct {
	got    Delivered
	status commands.ResultStatus
	marked time.Time
}

// walk is one random walk.
type walk struct {
	c      *Clinic
	rt     *rapid.T
	tally  map[string]int
	agents []*walkDevice
	asked  []*walkOrder
}

func newWalk(rt *rapid.T, c *Clinic, tally map[string]int) *walk {
	// Every walk has pumps of its own in a place of its own: those of other walks
	// must not count for the rule of one in five.
	c.Storage = c.place("Store room "+newID(), false)
	w := &walk{c: c, rt: rt, tally: tally}
	for _, pump := range []bool{true, false} {
		a := &walkDevice{pump: pump, journal: map[commands.ID]*walkEntry{}, executed: map[commands.ID]int{}, said: map[commands.ID]commands.Result{}}
		if pump {
			a.Gadget, a.custody = c.Pump(), device.CustodyStorage
			w.place(a)
		} else {
			a.Gadget = c.Phone()
		}
		w.agents = append(w.agents, a)
	}
	return w
}

func (w *walk) any(rt *rapid.T) *walkDevice {
	return w.agents[rapid.IntRange(0, len(w.agents)-1).Draw(rt, "device")]
}

// free is the rule by which disruptive work may reach a pump, by hand from SAFETY
// 1 and 2: stopped in the store room, and not where patients are treated.
func (a *walkDevice) free() bool {
	return !a.pump || (a.Therapy == device.ReportedStopped && a.custody == device.CustodyStorage && !a.care)
}

// quiet kinds may reach any device at any time.
func quiet(k device.Kind) bool { return k == device.KindLocate || k == device.KindUnlock }

func (w *walk) ask(rt *rapid.T) {
	a := w.any(rt)
	choice := []device.Kind{device.KindLocate, device.KindRestart, device.KindRing, device.KindUnlock, device.KindConfig}
	if !a.pump {
		choice = append(choice, device.KindLock, device.KindLock, device.KindWipe)
	}
	ask := commands.Ask{Device: a.ID, Kind: rapid.SampledFrom(choice).Draw(rt, "kind"), HoldUntilIdle: a.pump && rapid.Bool().Draw(rt, "hold")}
	if rapid.IntRange(0, 4).Draw(rt, "second person") == 0 {
		ask.Ticket = twoPeople
	}
	if rapid.Bool().Draw(rt, "short-lived") {
		ask.ExpiresIn = 2 * time.Minute
	}
	if ask.Kind == device.KindConfig {
		ask.Subkind = device.SubkindPolicy
		ask.Args = fmt.Appendf(nil, `{"document_id":"d","version":%d,"content":{}}`, rapid.IntRange(1, 3).Draw(rt, "version"))
	}
	got, err := w.c.Service.Request(w.c.ctx, helpdesk, ask)
	if err != nil {
		refusedSomehow(rt, err)
		return
	}
	w.asked = append(w.asked, &walkOrder{id: got.ID, of: a, kind: ask.Kind, enrollment: a.Enrollment})
}

func (w *walk) some(rt *rapid.T) *walkOrder {
	if len(w.asked) == 0 {
		rt.Skip("nothing was asked")
	}
	return w.asked[rapid.IntRange(0, len(w.asked)-1).Draw(rt, "command")]
}

func (w *walk) cancel(rt *rapid.T) {
	x := w.some(rt)
	if _, err := w.c.Service.Cancel(w.c.ctx, helpdesk, x.id, ""); err != nil {
		refusedSomehow(rt, err)
		return
	}
	x.cancelled = true
	w.tally["cancelled"]++
	if x.of.executed[x.id] > 0 {
		rt.Fatalf("command %s was taken back after the device had done it", x.id)
	}
}

// decide approves or denies.
func (w *walk) decide(rt *rapid.T) {
	x := w.some(rt)
	now := w.c.get(x.id)
	if rapid.Bool().Draw(rt, "approve") {
		if _, err := w.c.Service.Approve(w.c.ctx, security, x.id, now.OrderHash); err != nil {
			refusedSomehow(rt, err)
			return
		}
		x.agreed = &walkPlace{x.of.custody, x.of.care}
		w.tally["approved"]++
		return
	}
	if _, err := w.c.Service.Deny(w.c.ctx, security, x.id, ""); err != nil {
		refusedSomehow(rt, err)
		return
	}
	x.denied = true
}

// lease asks the server and checks what it hands out against the rules.
func (w *walk) lease(rt *rapid.T, a *walkDevice) ([]Delivered, bool) {
	p := a.Poll()
	p.Report.ClockOffset = time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(rt, "wrong wall clock"))
	heldFor := time.Duration(rapid.SampledFrom([]int{0, 0, 0, 9, 11, 50}).Draw(rt, "poll held for")) * time.Second
	w.c.Clock.Advance(heldFor)
	got, left := a.TakeFrom(w.c.Service, p)
	for _, d := range got {
		x := w.find(rt, d.Told.Command)
		if x.of != a || x.enrollment != p.Enrollment || d.Told.Enrollment != p.Enrollment || d.Told.Device != a.ID {
			rt.Fatalf("handedToAnotherEnrollment: %s was asked for enrollment %s and handed to %s", d.Told.Kind, x.enrollment, p.Enrollment)
		}
		if a.pump && !quiet(d.Told.Kind) {
			if !a.free() && !(d.Stage && !slices.Contains(d.AllowedReported, device.ReportedInfusing) && !slices.Contains(d.AllowedReported, device.ReportedPaused)) {
				rt.Fatalf("releasedToABusyPump: %s in %s, custody %s, care area %v", d.Told.Kind, a.Therapy, a.custody, a.care)
			}
			if heldFor > 10*time.Second {
				rt.Fatalf("releasedOnAnOldState: %s with a state %s old", d.Told.Kind, heldFor)
			}
		}
		if x.cancelled || x.denied {
			rt.Fatalf("executedAfterItWasTakenBack: %s was handed out", d.Told.Kind)
		}
		if d.Attempt > 1 {
			w.tally["handed out again"]++
		}
		a.oldMessages = append(a.oldMessages, d)
	}
	return got, left.PollAgain
}

func (w *walk) find(rt *rapid.T, id commands.ID) *walkOrder {
	for _, x := range w.asked {
		if x.id == id {
			return x
		}
	}
	rt.Fatalf("a device was handed %s, which nobody asked", id)
	return nil
}

func (w *walk) poll(rt *rapid.T) {
	a := w.any(rt)
	if a.erased {
		rt.Skip("it is empty")
	}
	w.pollOf(rt, a)
}

func (w *walk) pollOf(rt *rapid.T, a *walkDevice) bool {
	if w.erase(rt, a, false) {
		return false
	}
	if rapid.Bool().Draw(rt, "telemetry is written first") {
		a.Report()
	}
	w.send(a, false)
	got, again := w.lease(rt, a)
	for _, d := range got {
		a.receive(w, d)
	}
	return again || len(got) > 0
}

// pollLost: the server works, and the device hears nothing of it.
func (w *walk) pollLost(rt *rapid.T) {
	a := w.any(rt)
	if a.erased || w.erase(rt, a, false) {
		rt.Skip("it is empty")
	}
	w.send(a, true)
	w.lease(rt, a)
}

// send sends what has not been settled.
func (w *walk) send(a *walkDevice, answerLost bool) {
	var list []commands.Result
	for _, x := range w.asked { // in a fixed order
		if r, ok := a.said[x.id]; ok {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return
	}
	a.Send(list...)
	a.oldResults = append(a.oldResults, list...)
	if !answerLost {
		clear(a.said)
	}
}

// replay: a message from before arrives once more.
func (w *walk) replay(rt *rapid.T) {
	a := w.any(rt)
	switch {
	case len(a.oldMessages) > 0 && rapid.Bool().Draw(rt, "to the device") && !a.erased:
		a.receive(w, a.oldMessages[rapid.IntRange(0, len(a.oldMessages)-1).Draw(rt, "envelope")])
	case len(a.oldResults) > 0:
		old := a.oldResults[rapid.IntRange(0, len(a.oldResults)-1).Draw(rt, "result")]
		// The network repeats what was said last about a command, not what was said
		// before that: a connection keeps its order.
		if e := a.journal[old.Command]; e != nil && e.status == old.Status {
			a.Send(old)
		}
	default:
		rt.Skip("nothing was said")
	}
}
