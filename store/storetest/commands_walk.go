package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

// The devices of the walks in commands_model.go, and what must be true after
// every step.

// refusedSomehow: the queue may say no to anything, but always with a reason.
func refusedSomehow(rt *rapid.T, err error) {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Detail == "" {
		rt.Fatalf("an error in place of a refusal: %v", err)
	}
}

// receive does what an agent does with an envelope: it looks at whom it is for
// and whether it has expired, then into its journal, then at the pump.
func (a *walkDevice) receive(w *walk, d Delivered) {
	now := w.c.Clock.Now()
	if d.Told.Enrollment != a.Enrollment || !now.Before(d.ExpiresAt) || (!d.Told.NotAfter.IsZero() && !now.Before(d.Told.NotAfter)) {
		return // it leaves a record, and nothing else happens
	}
	e := a.journal[d.Told.Command]
	switch {
	case e == nil:
		e = &walkEntry{}
		a.journal[d.Told.Command] = e
	case d.Attempt > e.got.Attempt && e.status == commands.ResultNotNow: // asked once more
	case d.Attempt > e.got.Attempt && e.status == commands.ResultRefused && a.pump:
	case d.Attempt > e.got.Attempt && e.status == commands.ResultAccepted && e.got.Stage && !d.Stage:
		e.got = d
		a.say(w, d, commands.ResultAccepted)
		return
	default:
		a.say(w, d, e.status) // what it has said before
		return
	}
	e.got = d
	switch {
	case !d.Stage && (!a.permits(d) || (!quiet(d.Told.Kind) && rapid.IntRange(0, 9).Draw(w.rt, "busy") == 9)):
		a.say(w, d, commands.ResultNotNow)
		w.tally["not now"]++
	case a.pump && rapid.IntRange(0, 9).Draw(w.rt, "the pump refuses") == 9:
		a.say(w, d, commands.ResultRefused)
	default:
		e.marked = now
		a.say(w, d, commands.ResultAccepted)
	}
}

// permits is the agent's own interlock: what the envelope allows, by what the
// pump senses now.
func (a *walkDevice) permits(d Delivered) bool {
	return !a.pump || slices.Contains(d.AllowedReported, a.Therapy)
}

func (a *walkDevice) say(w *walk, d Delivered, status commands.ResultStatus) {
	a.journal[d.Told.Command].status = status
	a.said[d.Told.Command] = a.Result(d, status)
}

// work carries out what is marked.
func (w *walk) work(rt *rapid.T) {
	a := w.any(rt)
	if !w.workOf(rt, a) {
		rt.Skip("nothing to do")
	}
}

func (w *walk) workOf(rt *rapid.T, a *walkDevice) bool {
	did := false
	for _, x := range w.asked {
		e := a.journal[x.id]
		if e == nil || e.status != commands.ResultAccepted || a.erased || (x.kind == device.KindWipe && !w.mayErase(a, x.id)) {
			continue
		}
		if !a.permits(e.got) {
			if !e.got.Stage { // the pump began to infuse in between
				a.say(w, e.got, commands.ResultNotNow)
				did = true
			}
			continue
		}
		did = true
		w.execute(rt, a, x, e)
	}
	return did
}

func (w *walk) execute(rt *rapid.T, a *walkDevice, x *walkOrder, e *walkEntry) {
	if x.enrollment != a.Enrollment {
		rt.Fatalf("handedToAnotherEnrollment: %s is carried out", x.kind)
	}
	if a.pump && !quiet(x.kind) && a.Therapy != device.ReportedStopped && a.Therapy != device.ReportedService {
		rt.Fatalf("releasedToABusyPump: %s is carried out in %s", x.kind, a.Therapy)
	}
	a.executed[x.id]++
	if a.executed[x.id] > 1 {
		rt.Fatalf("executedTwice: %s", x.kind)
	}
	if x.cancelled || x.denied {
		rt.Fatalf("executedAfterItWasTakenBack: %s is carried out", x.kind)
	}
	w.tally["executed "+string(x.kind)]++
	a.say(w, e.got, commands.ResultSucceeded)
	if x.kind == device.KindWipe {
		if rapid.Bool().Draw(rt, "a final report") {
			w.send(a, false)
		}
		a.erased = true
		clear(a.said)
	}
}

// mayErase: a marked wipe is done once the server has settled the receipt, or
// after 30 seconds.
func (w *walk) mayErase(a *walkDevice, id commands.ID) bool {
	_, unsettled := a.said[id]
	return !unsettled || w.c.Clock.Now().Sub(a.journal[id].marked) >= 30*time.Second
}

// erase lets a device do the wipe that it has marked, before it does anything
// else; at once, without waiting for the server's word, when it must. It reports
// whether the device is gone.
func (w *walk) erase(rt *rapid.T, a *walkDevice, must bool) bool {
	for _, x := range w.asked {
		e := a.journal[x.id]
		if x.kind == device.KindWipe && e != nil && e.status == commands.ResultAccepted && (must || w.mayErase(a, x.id)) {
			w.execute(rt, a, x, e)
			return true
		}
	}
	return false
}

// restart: what is marked and not done is reported as interrupted. A wipe goes
// on, and staged work waits on.
func (w *walk) restart(rt *rapid.T) {
	a := w.any(rt)
	for _, x := range w.asked {
		e := a.journal[x.id]
		if e != nil && e.status == commands.ResultAccepted && x.kind != device.KindWipe && !e.got.Stage {
			a.say(w, e.got, commands.ResultFailed)
		}
	}
}

func (w *walk) therapy(rt *rapid.T) {
	a := w.agents[0]
	a.Therapy = rapid.SampledFrom([]device.Reported{device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedStopped}).Draw(rt, "therapy")
	if rapid.Bool().Draw(rt, "the server hears of it") {
		a.Report()
	}
}

func (w *walk) move(rt *rapid.T) {
	a := w.agents[0]
	a.custody = rapid.SampledFrom([]device.CustodyKind{device.CustodyStorage, device.CustodyWard}).Draw(rt, "custody")
	a.care = rapid.IntRange(0, 3).Draw(rt, "where patients are treated") == 0
	w.place(a)
}

func (w *walk) place(a *walkDevice) {
	place := w.c.Storage
	if a.care {
		place = w.c.Ward
	}
	a.Change(func(d *device.Device) { d.Custody, d.Place = device.Custody{Kind: a.custody}, place })
}

func (w *walk) enroll(rt *rapid.T) {
	a := w.any(rt)
	w.erase(rt, a, true) // a device that has a wipe to do makes no new key before
	if b, err := w.c.Store.Binding(w.c.ctx, a.Print); err != nil {
		rt.Fatal(err)
	} else if b.Held {
		if _, err := w.c.Store.Release(w.c.ctx, security, a.ID, "it enrolls anew"); err != nil {
			rt.Fatal(err)
		}
	}
	a.Enroll()
	a.erased = false
	clear(a.journal)
	clear(a.said)
	a.oldResults = nil
	// Old envelopes may still arrive: they are for another enrollment.
}

func (w *walk) lose(rt *rapid.T) {
	a := w.agents[1]
	if a.lost = !a.lost; a.lost {
		a.Lose()
	} else {
		a.Find()
	}
}

func (w *walk) wait(rt *rapid.T) {
	w.c.Clock.Advance(rapid.SampledFrom([]time.Duration{-3 * time.Second, time.Second, 11 * time.Second, 31 * time.Second, 3 * time.Minute,
		20 * time.Minute, 2 * time.Hour, 25 * time.Hour}).Draw(rt, "time"))
}

func (w *walk) expire(*rapid.T) { w.c.expire() }

// check is what must be true at every moment, of every command ever asked.
func (w *walk) check(rt *rapid.T) {
	w.rt = rt
	snapshot, err := w.c.Store.WorkSnapshot(w.c.ctx)
	if err != nil {
		rt.Fatal(err)
	}
	known := map[device.EnrollmentID]bool{}
	for _, k := range snapshot {
		known[k.Enrollment] = true
	}
	all := map[commands.ID]commands.Command{}
	for _, a := range w.agents {
		page, err := w.c.Service.List(w.c.ctx, commands.Query{Device: a.ID, Limit: 500})
		if err != nil {
			rt.Fatal(err)
		}
		for _, c := range page.Items {
			all[c.ID] = c
		}
	}
	for _, x := range w.asked {
		now, there := all[x.id]
		if !there {
			rt.Fatalf("lost: %s", x.id)
		}
		if now.WhyWaiting == "" {
			rt.Fatalf("%s in state %s does not say why", now.Kind, now.State)
		}
		waiting := now.State == commands.StateQueued || now.State == commands.StateHeld || now.State == commands.StateDelivered
		switch {
		case waiting && x.enrollment != x.of.Enrollment:
			rt.Fatalf("%s still waits for an enrollment that is over", now.Kind)
		case waiting && !known[x.enrollment]:
			rt.Fatalf("forgotten by the index: %s in state %s", now.Kind, now.State)
		case now.State == commands.StateSucceeded && x.of.executed[x.id] == 0:
			rt.Fatalf("shownOtherwiseThanItWas: %s is shown as done", now.Kind)
		case x.cancelled && now.State != commands.StateCancelled, x.denied && now.State != commands.StateDenied:
			rt.Fatalf("shownOtherwiseThanItWas: %s was taken back and is %s", now.Kind, now.State)
		}
	}
}

// settleDown ends a walk as a good day ends: the pump is free, nothing is lost on
// the way, and a second person approves what waits. Everything that was open and
// had time enough is done then, once, and shown as it was.
func (w *walk) settleDown(rt *rapid.T) {
	w.rt = rt
	pump := w.agents[0]
	pump.Therapy, pump.custody, pump.care = device.ReportedStopped, device.CustodyStorage, false
	w.place(pump)
	pump.Report()
	w.bringBack(rt)
	const round, rounds = 30 * time.Second, 60
	due := map[commands.ID]bool{}
	for _, x := range w.asked {
		now := w.c.get(x.id)
		if now.State == commands.StateAwaitingApproval {
			if _, err := w.c.Service.Approve(w.c.ctx, security, x.id, now.OrderHash); err != nil {
				refusedSomehow(rt, err)
				continue
			}
			x.agreed = &walkPlace{x.of.custody, x.of.care}
			w.tally["approved"]++
			now = w.c.get(x.id)
		}
		moved := x.agreed != nil && *x.agreed != walkPlace{x.of.custody, x.of.care}
		due[x.id] = !moved && !now.State.Ended() && now.ExpiresAt.Sub(w.c.Clock.Now()) > rounds*round && x.enrollment == x.of.Enrollment && !x.of.erased
	}
	for range rounds {
		for _, a := range w.agents {
			for !a.erased && w.pollOf(rt, a) {
				w.workOf(rt, a)
			}
			w.workOf(rt, a)
		}
		w.c.expire()
		if !w.open(w.asked) {
			break
		}
		w.bringBack(rt)
		w.c.Clock.Advance(round)
	}
	for _, x := range w.asked {
		w.judge(rt, x, due[x.id])
	}
}

// bringBack ends the containment of what is in the hospital's hands and has no
// wipe before it: a wipe that was approved contains its device, also when its time
// is over before the device hears of it, and only a person ends that.
func (w *walk) bringBack(rt *rapid.T) {
	for _, a := range w.agents {
		wipes := slices.DeleteFunc(slices.Clone(w.asked), func(x *walkOrder) bool { return x.of != a || x.kind != device.KindWipe })
		if b, err := w.c.Store.Binding(w.c.ctx, a.Print); err == nil && b.Held && !a.erased && !w.open(wipes) {
			if _, err := w.c.Store.Release(w.c.ctx, security, a.ID, "it is back"); err != nil {
				rt.Fatal(err)
			}
		}
	}
}

// open reports whether any of these has not ended.
func (w *walk) open(these []*walkOrder) bool {
	return slices.ContainsFunc(these, func(x *walkOrder) bool { return !w.c.get(x.id).State.Ended() })
}

// judge compares how a command ended with what its device did.
func (w *walk) judge(rt *rapid.T, x *walkOrder, due bool) {
	now := w.c.get(x.id)
	w.count(now)
	done := x.of.executed[x.id] == 1
	switch now.State {
	case commands.StateSucceeded:
		if !done {
			rt.Fatalf("shownOtherwiseThanItWas: %s is shown as done", now.Kind)
		}
	case commands.StateAccepted:
		// What was taken in after its time was over is not asked for again; it is
		// shown as unconfirmed.
		late := now.Unconfirmed && slices.ContainsFunc(now.Transitions, func(m commands.Transition) bool { return m.Step == "late" })
		if !done && !x.of.erased && !late {
			rt.Fatalf("lost: %s was accepted, and never done", now.Kind)
		}
	case commands.StateSuperseded: // its device may have done it and enrolled anew before it said so
	case commands.StateQueued, commands.StateHeld, commands.StateDelivered:
		if due && !x.of.erased {
			rt.Fatalf("lost: %s is still %s at the end: %s%s", now.Kind, now.State, now.WhyWaiting, w.story(x.of))
		}
	default:
		if done && !x.of.erased && x.enrollment == x.of.Enrollment {
			rt.Fatalf("shownOtherwiseThanItWas: %s was done and is %s", now.Kind, now.State)
		}
	}
}

// story tells what became of everything that was asked of a device, for who has
// to find out why a walk ended badly.
func (w *walk) story(a *walkDevice) string {
	b, err := w.c.Store.Binding(w.c.ctx, a.Print)
	told := fmt.Sprintf("\nits device: held %v (%v), erased %v, senses %s, now %s", b.Held, err, a.erased, a.Therapy, clockTime(w.c.Clock.Now()))
	for _, x := range w.asked {
		if x.of != a {
			continue
		}
		now := w.c.get(x.id)
		told += fmt.Sprintf("\n%s, until %s, due %s:", now.Kind, clockTime(now.ExpiresAt), clockTime(now.DueAt))
		for _, m := range now.Transitions {
			told += fmt.Sprintf(" %s %s (%s)", clockTime(m.At), m.To, m.Step)
		}
		if e := a.journal[x.id]; e != nil {
			told += fmt.Sprintf("; the device said %s to attempt %d of %d", e.status, e.got.Attempt, now.Attempt)
		}
	}
	return told
}

func clockTime(t time.Time) string { return t.UTC().Format("02 15:04:05") }

// count notes what the walk has seen, for the positive control, and that no move
// is missing.
func (w *walk) count(now commands.Command) {
	held, at := false, commands.StateNone
	for _, m := range now.Transitions {
		if m.From != at {
			w.rt.Fatalf("lost: a move of %s is missing: %v", now.Kind, now.Transitions)
		}
		at = m.To
		if held && m.Step == "delivered" {
			w.tally["held, then released"]++
		}
		held = m.To == commands.StateHeld
		switch {
		case m.Step == "late":
			w.tally["answered late"]++
		case m.Step == "superseded" && now.Attempt > 0:
			w.tally["superseded by an enrollment"]++
		case m.Step == "expired":
			w.tally["expired"]++
		}
	}
	if at != now.State {
		w.rt.Fatalf("lost: the moves of %s end in %s, its state is %s", now.Kind, at, now.State)
	}
}
