package agent

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wardline/commands"
	"wardline/device"
)

// bubble runs a test with a clock of its own and a hospital in memory.
func bubble(t *testing.T, f func(t *testing.T, h *hospital), change ...func(*HandlerOptions)) {
	t.Helper()
	deviceKeys()
	synctest.Test(t, func(t *testing.T) { f(t, openInMemory(t, change...)) })
}

// pass lets time go by and everything come to rest.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAStolenPhoneIsLockedAtItsNextPoll(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		lock := h.askWith(phone.Identity, device.KindLock, "", map[string]any{"message": "Lost"}, commands.Envelope{})
		hand := newHandset(device.KindLock)
		phone.switchOn(hand)
		pass(time.Second)
		if jobs := hand.done(); len(jobs) != 1 || jobs[0].Kind != device.KindLock || jobs[0].Text("message") != "Lost" {
			t.Fatalf("the phone did %v", jobs)
		}
		equalList(t, "what the server stored", h.statuses(lock), "accepted", "succeeded")
		equalList(t, "what the phone wrote", phone.did(lock), "marked", "acting", "done")
		for _, r := range lock.receipts {
			equal(t, "the receipt's order", r.OrderHash, commands.HashOrder(lock.bytes))
			equal(t, "the receipt's device", r.Device, phone.Device)
		}
	})
}

func TestAClickReachesAHeldPollWithinMilliseconds(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		hand := newHandset(device.KindLock)
		phone.switchOn(hand)
		pass(21 * time.Second)
		equal(t, "held polls", h.handler.Held(), 1)
		h.ask(phone.Identity, device.KindLock)
		pass(20 * time.Millisecond)
		equal(t, "jobs done 20 ms after the click", len(hand.done()), 1)
	})
}

func TestAPumpThatBeginsToInfuseSaysSoAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		pump := h.enrolled(device.ClassPumpLVP)
		hand := newHandset(device.KindLocate)
		hand.become(device.ReportedStopped)
		pump.switchOn(hand)
		pass(17 * time.Second)
		hand.become(device.ReportedInfusing)
		pass(20 * time.Millisecond)
		h.mu.Lock()
		defer h.mu.Unlock()
		last := h.recorded[len(h.recorded)-1]
		equal(t, "recorded therapy", last.Therapy, device.ReportedInfusing)
	})
}

func TestAPumpThatIsInfusingAnswersNotNowWhateverTheServerReleased(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		pump := h.enrolled(device.ClassPumpLVP)
		hand := newHandset(device.KindRestart)
		hand.become(device.ReportedInfusing)
		// A server that was fooled: it allows even infusing.
		all := commands.Envelope{AllowedReported: []device.Reported{device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped},
			MaxStateAge: time.Minute}
		restart := h.askWith(pump.Identity, device.KindRestart, "", nil, all)
		pump.switchOn(hand)
		pass(2 * time.Second)
		equal(t, "jobs done while infusing", len(hand.done()), 0)
		equalList(t, "what the server stored", h.statuses(restart), "not_now")

		hand.become(device.ReportedStopped)
		pass(time.Second)
		h.again(pump.Identity, restart)
		pass(2 * time.Second)
		equal(t, "jobs done once stopped", len(hand.done()), 1)
		equalList(t, "what the pump wrote", pump.did(restart), "not_now", "marked", "acting", "done")
	})
}

func TestAnInfusionThatBeginsAfterTheOrderWasAcceptedStopsIt(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		pump := h.enrolled(device.ClassPumpLVP)
		hand := newHandset(device.KindRestart)
		hand.become(device.ReportedStopped)
		h.deaf = true // so that the pump waits its 30 seconds with the accepted order
		restart := h.askWith(pump.Identity, device.KindRestart, "", nil,
			commands.Envelope{AllowedReported: []device.Reported{device.ReportedStopped}, MaxStateAge: time.Minute})
		pump.switchOn(hand)
		pass(5 * time.Second)
		equalList(t, "what the pump wrote", pump.did(restart), "marked")
		hand.become(device.ReportedInfusing)
		pass(40 * time.Second)
		equal(t, "jobs done", len(hand.done()), 0)
		equalList(t, "what the pump wrote", pump.did(restart), "marked", "not_now")
	})
}

func TestTwoHundredInfusionsThatBeginBetweenPollAndExecutionAreNeverDisturbed(t *testing.T) {
	stopped := commands.Envelope{AllowedReported: []device.Reported{device.ReportedStopped}, MaxStateAge: time.Minute}
	// A stopped pump takes the order, and waits up to 30 seconds for the server's
	// word, which never comes. The infusion begins at another moment of these each
	// time; the last time, none begins.
	const rounds = 200
	for i := range rounds + 1 {
		bubble(t, func(t *testing.T, h *hospital) {
			pump := h.enrolled(device.ClassPumpLVP)
			hand := newHandset(device.KindRestart)
			hand.become(device.ReportedStopped)
			h.deaf = true
			restart := h.askWith(pump.Identity, device.KindRestart, "", nil, stopped)
			pump.switchOn(hand)
			pass(time.Second + time.Duration(i)*140*time.Millisecond)
			equalList(t, "what the pump wrote before the infusion", pump.did(restart), "marked")
			if i == rounds {
				pass(40 * time.Second)
				equal(t, "jobs done when no infusion begins", len(hand.done()), 1)
				equalList(t, "what the pump wrote", pump.did(restart), "marked", "acting", "done")
				return
			}
			hand.become(device.ReportedInfusing)
			pass(40 * time.Second)
			equal(t, "jobs done", len(hand.done()), 0)
			equalList(t, "what the pump wrote", pump.did(restart), "marked", "not_now")
		})
	}
}

func TestWithoutAnswerFromTheServerAnAcceptedOrderIsDoneAfterThirtySeconds(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		hand := newHandset(device.KindLock)
		h.deaf = true
		h.ask(phone.Identity, device.KindLock)
		phone.switchOn(hand)
		pass(29 * time.Second)
		equal(t, "jobs done after 29 s", len(hand.done()), 0)
		pass(2 * time.Second)
		equal(t, "jobs done after 31 s", len(hand.done()), 1)
	})
}

func TestAnOrderThatComesTwiceIsDoneOnceAndAnsweredTwice(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		hand := newHandset(device.KindRing)
		ring := h.ask(phone.Identity, device.KindRing)
		phone.switchOn(hand)
		pass(2 * time.Second)
		before := len(ring.results)
		h.again(phone.Identity, ring)
		pass(2 * time.Second)
		equal(t, "jobs done", len(hand.done()), 1)
		equal(t, "answers to the second delivery", len(ring.results)-before, 1)
		equal(t, "what it answers", string(ring.results[before].Status), "succeeded")
	})
}

func TestAnOrderThatIsNotForThisEnrollmentLeavesOnlyALine(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone, other := h.enrolled(device.ClassPhoneIssued), h.enrolled(device.ClassPhoneIssued)
		stranger := newAuthority(t)
		past := time.Now().Add(-time.Hour)
		seal := func(who Identity, by *authority, at time.Time) string {
			a := h.give(who, device.KindWipe, "", nil, commands.Envelope{})
			h.count(func(d *desk) int { delete(d.queue, who.Enrollment); return 0 })
			jws, err := a.seal(by, at)
			must(t, err)
			return jws
		}
		old := phone.Identity
		old.Enrollment = other.Enrollment
		envelopes := []string{
			seal(other.Identity, h.a, time.Now()),      // another device
			seal(old, h.a, time.Now()),                 // another enrollment of this device
			seal(phone.Identity, h.a, past),            // expired
			seal(phone.Identity, stranger, time.Now()), // signed by somebody else
			"not.a.jws",
		}
		h.lease = func(polls []commands.Poll) (map[device.EnrollmentID]commands.Leased, error) {
			out := map[device.EnrollmentID]commands.Leased{polls[0].Enrollment: {Envelopes: envelopes}}
			envelopes = nil
			return out, nil
		}
		h.hub.Mark(phone.Enrollment)
		hand := newHandset(device.KindWipe)
		phone.switchOn(hand)
		pass(2 * time.Second)
		equal(t, "jobs done", len(hand.done()), 0)
		rejected := 0
		for _, e := range phone.journal() {
			if e.What == EventRejected {
				rejected++
			}
		}
		equal(t, "lines about orders that were not believed", rejected, 5)
	})
}

func TestADeviceWhoseClockIsYearsOffStillPollsAndJudgesExpiryByTheServersTime(t *testing.T) {
	for name, off := range map[string]time.Duration{"slow": -20 * 365 * 24 * time.Hour, "fast": 30 * 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *hospital) {
				phone := h.enrolled(device.ClassPhoneIssued)
				hand := newHandset(device.KindLock)
				lock := h.ask(phone.Identity, device.KindLock)
				phone.switchOn(hand, func(o *Options) { o.Now = func() time.Time { return time.Now().Add(off) } })
				pass(2 * time.Second)
				equalList(t, "what the server stored", h.statuses(lock), "accepted", "succeeded")
			})
		})
	}
}

func TestAKindThatTheDeviceCannotDoIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhonePersonal)
		hand := newHandset(device.KindWipe, device.KindRemoveWorkData) // its hardware could
		wipe := h.ask(phone.Identity, device.KindWipe)                 // its class may not
		ring := h.ask(phone.Identity, device.KindRing)                 // its hardware cannot
		phone.switchOn(hand)
		pass(2 * time.Second)
		equalList(t, "a full wipe of a personal phone", h.statuses(wipe), "refused")
		equalList(t, "a ring without a bell", h.statuses(ring), "refused")
		equal(t, "jobs done", len(hand.done()), 0)
	})
}

func TestWhatTheDriverSaysIsWhatTheServerHears(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{nil, "succeeded"},
		{errors.New("the bell is broken"), "failed"},
		{fmt.Errorf("%w: no bell", ErrRefused), "refused"},
		{fmt.Errorf("%w: in an emergency call", ErrNotNow), "not_now"},
	} {
		bubble(t, func(t *testing.T, h *hospital) {
			phone := h.enrolled(device.ClassPhoneIssued)
			hand := newHandset(device.KindRing)
			hand.do = func(context.Context, Job) (Outcome, error) { return Outcome{}, c.err }
			ring := h.ask(phone.Identity, device.KindRing)
			phone.switchOn(hand)
			pass(2 * time.Second)
			equalList(t, fmt.Sprint(c.err), h.statuses(ring), "accepted", c.want)
		})
	}
}

func TestAPhoneThatErasedItselfIsSilent(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		hand := newHandset(device.KindWipe)
		hand.do = func(context.Context, Job) (Outcome, error) { return Outcome{Gone: true}, nil }
		wipe := h.ask(phone.Identity, device.KindWipe)
		off := phone.switchOn(hand)
		pass(2 * time.Second)
		if err := off(); !errors.Is(err, ErrErased) {
			t.Errorf("the agent ended with %v", err)
		}
		equalList(t, "what the server stored", h.statuses(wipe), "accepted")
		if _, err := Open(phone.options(hand)); !errors.Is(err, ErrNotEnrolled) {
			t.Errorf("starting it again: %v", err)
		}
	})
}

func TestAPumpReportsAfterItsWipeAndThenForgetsWhoItWas(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		pump := h.enrolled(device.ClassPumpSyringe)
		hand := newHandset(device.KindWipe)
		hand.become(device.ReportedService)
		wipe := h.askWith(pump.Identity, device.KindWipe, "", nil,
			commands.Envelope{AllowedReported: []device.Reported{device.ReportedService}, MaxStateAge: time.Minute})
		off := pump.switchOn(hand)
		pass(2 * time.Second)
		if err := off(); !errors.Is(err, ErrErased) {
			t.Errorf("the agent ended with %v", err)
		}
		equalList(t, "what the server stored", h.statuses(wipe), "accepted", "succeeded")
		if _, err := Open(pump.options(hand)); !errors.Is(err, ErrNotEnrolled) {
			t.Errorf("starting it again: %v", err)
		}
	})
}

func TestAPolicyForAnInfusingPumpIsStagedAndAppliedWhenItIsFree(t *testing.T) {
	staged := commands.Envelope{Stage: true, MaxStateAge: time.Minute,
		AllowedReported: []device.Reported{device.ReportedStopped, device.ReportedService}}
	t.Run("applied", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *hospital) {
			pump := h.enrolled(device.ClassPumpLVP)
			hand := newHandset(device.KindConfig)
			hand.become(device.ReportedInfusing)
			policy := h.askWith(pump.Identity, device.KindConfig, device.SubkindPolicy, map[string]any{"version": "7"}, staged)
			off := pump.switchOn(hand)
			pass(time.Hour)
			equal(t, "jobs done while infusing", len(hand.done()), 0)
			equalList(t, "what the server stored", h.statuses(policy), "accepted")

			must(t, off()) // staged work outlives a restart
			pump.switchOn(hand)
			pass(time.Hour)
			equal(t, "jobs done after the restart", len(hand.done()), 0)
			hand.become(device.ReportedStopped) // free, or between two patients: a pump cannot know
			pass(2 * time.Minute)
			equal(t, "jobs done while stopped", len(hand.done()), 0)
			hand.become(device.ReportedService)
			pass(2 * time.Minute)
			equal(t, "jobs done in service", len(hand.done()), 1)
			equalList(t, "what the pump wrote", pump.did(policy), "staged", "acting", "done")
			equalList(t, "what the server stored", h.statuses(policy), "accepted", "succeeded")
		})
	})
	t.Run("released anew", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *hospital) {
			pump := h.enrolled(device.ClassPumpLVP)
			hand := newHandset(device.KindConfig)
			hand.become(device.ReportedInfusing)
			policy := h.askWith(pump.Identity, device.KindConfig, device.SubkindPolicy, nil, staged)
			pump.switchOn(hand)
			pass(time.Hour)
			hand.become(device.ReportedStopped)
			pass(time.Minute)
			policy.envelope = commands.Envelope{AllowedReported: []device.Reported{device.ReportedStopped}, MaxStateAge: time.Minute}
			h.again(pump.Identity, policy) // the server knows that it lies in the store
			pass(time.Minute)
			equal(t, "jobs done", len(hand.done()), 1)
			equalList(t, "what the pump wrote", pump.did(policy), "staged", "marked", "acting", "done")
		})
	})
	t.Run("expired after 72 hours", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *hospital) {
			pump := h.enrolled(device.ClassPumpLVP)
			hand := newHandset(device.KindConfig)
			hand.become(device.ReportedInfusing)
			policy := h.askWith(pump.Identity, device.KindConfig, device.SubkindPolicy, nil, staged)
			pump.switchOn(hand, func(o *Options) { o.Wait = 55 * time.Second })
			pass(73 * time.Hour)
			hand.become(device.ReportedStopped)
			pass(5 * time.Minute)
			equal(t, "jobs done", len(hand.done()), 0)
			equalList(t, "what the server stored", h.statuses(policy), "accepted", "failed")
		})
	})
	t.Run("unstaged", func(t *testing.T) {
		bubble(t, func(t *testing.T, h *hospital) {
			pump := h.enrolled(device.ClassPumpLVP)
			hand := newHandset(device.KindConfig)
			hand.become(device.ReportedInfusing)
			policy := h.askWith(pump.Identity, device.KindConfig, device.SubkindPolicy, nil, staged)
			pump.switchOn(hand)
			pass(time.Minute)
			unstage := h.ask(pump.Identity, device.KindUnstage)
			pass(time.Minute)
			hand.become(device.ReportedStopped)
			pass(5 * time.Minute)
			equal(t, "jobs done", len(hand.done()), 0)
			equalList(t, "what became of the policy", h.statuses(policy), "accepted", "failed")
			equalList(t, "what became of unstage", h.statuses(unstage), "accepted", "succeeded")
		})
	})
}

func TestRefreshSendsTheInventoryAgain(t *testing.T) {
	bubble(t, func(t *testing.T, h *hospital) {
		phone := h.enrolled(device.ClassPhoneIssued)
		phone.switchOn(newHandset())
		pass(time.Second)
		equal(t, "inventories stored after the first poll", h.count(func(d *desk) int { return len(d.stored) }), 1)
		h.count(func(d *desk) int { clear(d.stored); return 0 })
		h.ask(phone.Identity, device.KindRefresh)
		pass(time.Second)
		equal(t, "inventories stored after refresh", h.count(func(d *desk) int { return len(d.stored) }), 1)
	})
}
