package wake

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wardline/device"
)

// ledger is a database in memory.
type ledger struct {
	mu    sync.Mutex
	works []Work
	err   error
	reads int
	// during runs while a snapshot is being read, after its content is fixed.
	during func()
}

func (l *ledger) WorkSnapshot(context.Context) ([]Work, error) {
	l.mu.Lock()
	works, err, during := append([]Work(nil), l.works...), l.err, l.during
	l.reads++
	l.mu.Unlock()
	if during != nil {
		during()
	}
	return works, err
}

func (l *ledger) set(works ...Work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.works = works
}

func (l *ledger) whileReading(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.during = f
}

const pump, phone = device.EnrollmentID("pump"), device.EnrollmentID("phone")

// running starts a trusted hub in a bubble.
func running(t *testing.T, l *ledger) *Hub {
	h := New(Options{Source: l})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = h.Run(ctx, true) }()
	if err := h.Await(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); <-done })
	return h
}

// wait looks and waits as a poll does, and returns how long it took to be told to
// ask the database; negative: it was not told within d.
func wait(t *testing.T, h *Hub, id device.EnrollmentID, d time.Duration) time.Duration {
	t.Helper()
	w := h.Register(id)
	defer w.Close()
	began := time.Now()
	until := began.Add(d)
	for {
		g := w.Look("")
		if g.Work {
			return time.Since(began)
		}
		if !time.Now().Before(until) {
			return -1
		}
		if _, err := w.Wait(t.Context(), g.Due, until); err != nil {
			t.Fatal(err)
		}
	}
}

// look is a look by a poll that does not wait.
func look(h *Hub, id device.EnrollmentID, situation string) Glance {
	w := h.Register(id)
	defer w.Close()
	return w.Look(situation)
}

func TestADeviceWithoutWorkAsksNoDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		if took := wait(t, h, phone, 20*time.Second); took >= 0 {
			t.Errorf("told to ask after %v", took)
		}
	})
}

func TestAHeldPollIsWokenByWhatIsAskedWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		time.AfterFunc(7*time.Second, func() { h.Mark(phone) })
		if took := wait(t, h, phone, 50*time.Second); took != 7*time.Second {
			t.Errorf("told after %v", took)
		}
	})
}

func TestWhatIsAskedWhileThePollLooksIntoTheDatabaseIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		h.Mark(phone)
		w := h.Register(phone)
		defer w.Close()
		g := w.Look("")
		began := time.Now()
		h.Mark(phone) // committed after the lease has read, before it clears
		h.Clear(Cleared{Enrollment: phone, Generation: g.Generation, Began: began})
		if !w.Look("").Work {
			t.Error("the second order would wait for the slow beat")
		}
	})
}

func TestALookClearsWhatItHasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		h.Mark(phone, pump)
		g := look(h, phone, "")
		h.Clear(Cleared{Enrollment: phone, Generation: g.Generation, Began: time.Now()})
		if look(h, phone, "").Work {
			t.Error("the phone would ask again and again")
		}
		if !look(h, pump, "").Work {
			t.Error("the pump's order was cleared with the phone's")
		}
	})
}

func TestWorkThatComesDueByTimeWakesAPollWithoutACommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		h.MarkDue(Work{Enrollment: phone, Due: time.Now().Add(12 * time.Second)})
		if took := wait(t, h, phone, 50*time.Second); took != 12*time.Second {
			t.Errorf("told after %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) { // known only while the poll waits already
		h := running(t, &ledger{})
		time.AfterFunc(time.Second, func() { h.MarkDue(Work{Enrollment: phone, Due: time.Now().Add(3 * time.Second)}) })
		if took := wait(t, h, phone, 50*time.Second); took != 4*time.Second {
			t.Errorf("told after %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) { // as a lease reports it: to be handed out once more
		h := running(t, &ledger{})
		h.Mark(phone)
		g := look(h, phone, "")
		h.Clear(Cleared{Enrollment: phone, Generation: g.Generation, Began: time.Now(), NextDue: time.Now().Add(10 * time.Second)})
		if took := wait(t, h, phone, 50*time.Second); took != 10*time.Second {
			t.Errorf("told after %v", took)
		}
	})
}

func TestADatabaseWhoseClockIsBehindIsNotAskedInATightLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		h.MarkDue(Work{Enrollment: phone, Due: time.Now()})
		w := h.Register(phone)
		defer w.Close()
		asked, until := 0, time.Now().Add(10*time.Second)
		due := time.Now().Add(5 * time.Second) // by the database's clock
		for time.Now().Before(until) {
			g := w.Look("")
			if !g.Work {
				_, _ = w.Wait(t.Context(), g.Due, until)
				continue
			}
			asked++
			c := Cleared{Enrollment: phone, Generation: g.Generation, Began: time.Now()}
			if time.Now().Before(due) {
				c.NextDue = time.Now().Add(-time.Millisecond)
			}
			h.Clear(c)
		}
		if asked != 6 {
			t.Errorf("asked %d times in 5 s, want once a second", asked)
		}
	})
}

func TestHeldWorkCountsOnlyWhenThePumpsStateChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		h.MarkDue(Work{Enrollment: pump, Held: true})
		g := look(h, pump, "infusing")
		if !g.Work {
			t.Fatal("nobody looked at the held order even once")
		}
		h.Clear(Cleared{Enrollment: pump, Generation: g.Generation, Began: time.Now(), Situation: "infusing", Held: true})
		if look(h, pump, "infusing").Work {
			t.Error("every poll of an infusing pump would ask the database")
		}
		if !look(h, pump, "stopped").Work {
			t.Error("the pump stopped and nobody looked")
		}
	})
}

func TestANewServerAsksTheDatabaseUntilItHasReadTheSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{Source: &ledger{}})
		w := h.Register(phone)
		defer w.Close()
		g := w.Look("")
		if !g.Work {
			t.Error("a hub that knows nothing said no")
		}
		h.Clear(Cleared{Enrollment: phone, Generation: g.Generation, Began: time.Now()})
		if w.Look("").Work {
			t.Error("one poll asks once, not in a loop")
		}
		if !look(h, phone, "").Work {
			t.Error("the next poll has to ask again")
		}
	})
}

func TestWhatWasQueuedBeforeTheServerStartedIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{works: []Work{{Enrollment: phone}, {Enrollment: pump, Due: time.Now().Add(9 * time.Second)}}})
		if took := wait(t, h, phone, time.Second); took != 0 {
			t.Errorf("the phone was told after %v", took)
		}
		if took := wait(t, h, pump, 20*time.Second); took != 9*time.Second {
			t.Errorf("the pump was told after %v", took)
		}
	})
}

func TestTheSlowBeatFindsAndCountsWhatNobodyAnnounced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		h := running(t, l)
		time.AfterFunc(time.Second, func() { l.set(Work{Enrollment: phone, Due: time.Now()}) })
		took := wait(t, h, phone, 2*time.Minute)
		if took < 0 || took > 40*time.Second {
			t.Errorf("found after %v", took)
		}
		time.Sleep(5 * time.Second)
		if h.Missed() != 1 {
			t.Errorf("counted %d", h.Missed())
		}
	})
}

func TestAnAnnouncementThatComesALittleLateIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		h := running(t, l)
		l.set(Work{Enrollment: phone, Due: time.Now()})
		l.whileReading(func() { time.AfterFunc(time.Second, func() { h.Mark(phone) }) }) // the commit was visible first
		time.Sleep(time.Minute)
		if h.Missed() != 0 {
			t.Errorf("counted %d", h.Missed())
		}
	})
}

func TestAnOrderWithheldByAFreezeIsLookedAtAgainAndNotCountedAsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		h := running(t, l)
		l.set(Work{Enrollment: phone, Due: time.Now()})
		h.Mark(phone)
		looks := 0
		for until := time.Now().Add(5 * time.Minute); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
			if g := look(h, phone, ""); g.Work {
				looks++
				h.Clear(Cleared{Enrollment: phone, Generation: g.Generation, Began: time.Now()})
			}
		}
		if h.Missed() != 0 {
			t.Errorf("counted %d", h.Missed())
		}
		if looks < 7 || looks > 14 {
			t.Errorf("looked %d times in 5 minutes", looks)
		}
	})
}

func TestWhatIsDoneLeavesTheIndexAtTheSlowBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{works: []Work{{Enrollment: phone}}}
		h := running(t, l)
		l.set() // another replica handed it out
		time.Sleep(45 * time.Second)
		if n, _ := h.Size(); n != 0 {
			t.Errorf("%d entries are left", n)
		}
	})
}

func TestWhatIsAskedWhileTheSlowBeatReadsIsNotDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		h := running(t, l)
		l.whileReading(func() { h.Mark(phone) }) // committed after the snapshot's statement began
		time.Sleep(45 * time.Second)
		if !look(h, phone, "").Work {
			t.Error("the slow beat dropped an order that is younger than its snapshot")
		}
	})
}

func TestAPollWhoseClientWentAwayEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		w := h.Register(phone)
		defer w.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := w.Wait(ctx, time.Time{}, time.Now().Add(time.Minute))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestAllPollsOfOneDeviceAreWokenAndNoneIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := running(t, &ledger{})
		var woken sync.WaitGroup
		for range 3 {
			woken.Go(func() {
				if wait(t, h, phone, time.Minute) < 0 {
					t.Error("a poll slept through it")
				}
			})
		}
		synctest.Wait()
		if _, waiting := h.Size(); waiting != 3 {
			t.Errorf("%d polls wait", waiting)
		}
		h.Mark(phone)
		woken.Wait()
		if _, waiting := h.Size(); waiting != 0 {
			t.Errorf("%d polls are left", waiting)
		}
	})
}

func TestARevocationIsToldToEverybodyWhoAsked(t *testing.T) {
	h := New(Options{Source: &ledger{}})
	var told []device.Fingerprint
	h.OnDrop(func(fp device.Fingerprint) { told = append(told, fp) })
	h.OnDrop(func(fp device.Fingerprint) { told = append(told, fp) })
	h.Drop("abc")
	if len(told) != 2 || told[0] != "abc" || told[1] != "abc" {
		t.Errorf("told %v", told)
	}
}
