package commands

import (
	"fmt"
	"strings"
	"time"

	"wardline/device"
	"wardline/safety"
)

// aliveWithin is how long ago a device must have been heard of to be waited for
// without a word about it.
const aliveWithin = 5 * time.Minute

// whyWaiting says in one sentence why a command has not happened yet, or how it
// ended. It is true in every state.
func (s *Service) whyWaiting(c Command, now Situation) string {
	switch c.State {
	case StateAwaitingApproval:
		return s.whyAwaiting(c) + until(c, now)
	case StateQueued:
		return whyQueued(c, now)
	case StateHeld:
		return whyHeld(c, now)
	case StateDelivered:
		return whyDelivered(c, now)
	case StateAccepted:
		return whyAccepted(c, now)
	}
	return howEnded(c, now)
}

// whyAwaiting says who has to agree, and why when it is not the safety rules
// that ask for it.
func (s *Service) whyAwaiting(c Command) string {
	who := "Waiting for a second person: " + s.approvers(c.Kind, c.Class) + "."
	if c.StateReason == "" || c.StateReason == matrixReason {
		return who
	}
	return "Waiting for a second person (" + s.approvers(c.Kind, c.Class) + "), because " + lower(sentence(c.StateReason))
}

// until says when a command ends by itself.
func until(c Command, now Situation) string {
	switch {
	case c.expired(now.Now, now.lost()):
		return " Its time is over; it ends in a moment."
	case c.KeepWhile && now.lost():
		return " It does not expire while the device is lost."
	case c.ExpiresAt.IsZero():
		return ""
	}
	return " It expires on " + wordsAt(c.ExpiresAt) + "."
}

func whyQueued(c Command, now Situation) string {
	z, frozen := now.frozen(c)
	switch {
	case c.expired(now.Now, now.lost()):
		return "Its time is over; it ends in a moment."
	case frozen:
		return z.words()
	case c.Ring > max(now.OpenRing, 1):
		return fmt.Sprintf("Waiting for ring %d of its batch to go well; this device is in ring %d.", now.OpenRing, c.Ring)
	case now.Now.Before(c.NotBefore):
		return fmt.Sprintf("Waiting until %s: until then the whole batch can be taken back.", wordsAt(c.NotBefore))
	case c.Enrollment != now.Enrollment.ID:
		return "The device has enrolled anew; this is never delivered to its new enrollment."
	case now.Enrollment.Contained && !servedContained(c.Kind):
		return containedReason
	case silent(now):
		return notHeard(now.Device.Report.ReceivedAt) + until(c, now)
	case c.Attempt > 0 && c.DueAt.After(now.Now):
		return fmt.Sprintf("%s It is asked again in %s.", sentence(c.StateReason), wordsFor(c.DueAt.Sub(now.Now)))
	case c.DueAt.After(now.Now) && c.StateReason != "":
		return "Withheld: " + c.StateReason + fmt.Sprintf(" It is looked at again in %s.", wordsFor(c.DueAt.Sub(now.Now)))
	}
	return fmt.Sprintf("Goes out at the device's next contact; it was last heard of %s ago.", wordsFor(now.Now.Sub(now.Device.Report.ReceivedAt)))
}

const containedReason = "The device is contained: it is served only lock, lost mode, locate, wipe and remove work data."

// whyHeld names what the pump reported, and how long ago.
func whyHeld(c Command, now Situation) string {
	const wait = "Waiting until the pump is free: "
	if c.expired(now.Now, now.lost()) {
		return "Its time is over; it ends in a moment."
	}
	if z, frozen := now.frozen(c); frozen {
		return z.words()
	}
	if silent(now) {
		return wait + lower(notHeard(now.Device.Report.ReceivedAt)) + until(c, now)
	}
	facts := now.facts().safetyFacts()
	if !facts.Known {
		return wait + "it has not reported a therapy state."
	}
	report := strings.TrimPrefix(reportedAgo(now), ": ")
	state := safety.Assess(facts, safety.ShowAge)
	switch {
	case state.State.Free() && c.DueAt.After(now.Now):
		return fmt.Sprintf("%s It is asked again in %s.", sentence(c.StateReason), wordsFor(c.DueAt.Sub(now.Now)))
	case state.State.Free():
		return fmt.Sprintf("Goes out at the pump's next contact: %s and is free.", report)
	case state.State == safety.StateStandby:
		return wait + report + ", but " + lower(strings.TrimPrefix(state.Why, "The pump is stopped, but ")) + until(c, now)
	}
	return wait + report + "." + until(c, now)
}

// notSentAgain begins the reason why the repetition of a delivery stays away.
const notSentAgain = "It is not sent again."

func whyDelivered(c Command, now Situation) string {
	said := fmt.Sprintf("Handed to the device %s ago, not answered yet", wordsFor(now.Now.Sub(c.DeliveredAt)))
	if c.Attempt > 1 {
		said += fmt.Sprintf(" (%d times so far)", c.Attempt)
	}
	said += "."
	switch {
	case now.Enrollment.Contained && !servedContained(c.Kind):
		return said + " " + containedReason + until(c, now)
	case silent(now):
		return said + " " + notHeard(now.Device.Report.ReceivedAt) + until(c, now)
	case strings.HasPrefix(c.StateReason, notSentAgain):
		return said + " " + c.StateReason + until(c, now)
	}
	return said + until(c, now)
}

func whyAccepted(c Command, now Situation) string {
	if c.Kind == device.KindWipe {
		if c.Outcome == OutcomeStarted {
			return c.Outcome.Words(now.Device.Report.ReceivedAt)
		}
		return fmt.Sprintf("The device says that it started to erase %s ago, without a valid receipt.", wordsFor(now.Now.Sub(c.AcceptedAt)))
	}
	if c.Staged && !c.Unconfirmed {
		return "The pump has it and applies it when it is free" + reportedAgo(now) + "."
	}
	if c.Unconfirmed {
		return fmt.Sprintf("Unconfirmed: the device started %s ago and has not said how it ended.", wordsFor(now.Now.Sub(c.AcceptedAt)))
	}
	return fmt.Sprintf("The device started %s ago and has not finished.", wordsFor(now.Now.Sub(c.AcceptedAt)))
}

func howEnded(c Command, now Situation) string {
	if c.Kind == device.KindWipe && c.Outcome != OutcomeNone {
		words := c.Outcome.Words(now.Device.Report.ReceivedAt)
		if c.State == StateSucceeded {
			return words
		}
		return words + " " + sentence(c.StateReason)
	}
	if c.StateReason == "" {
		return c.State.Words() + "."
	}
	return c.State.Words() + ": " + sentence(c.StateReason)
}

// reportedAgo says what the pump reported last, behind a colon; empty when it
// reported nothing.
func reportedAgo(now Situation) string {
	facts := now.facts().safetyFacts()
	if !facts.Known {
		return ""
	}
	return fmt.Sprintf(": it reported %s %s ago", facts.Reported, wordsFor(facts.Age))
}

// silent reports whether the device has not been heard of for so long that this
// alone is why nothing happens.
func silent(now Situation) bool {
	seen := now.Device.Report.ReceivedAt
	return seen.IsZero() || now.Now.Sub(seen) > aliveWithin
}

func notHeard(seen time.Time) string {
	if seen.IsZero() {
		return "The device has never been heard of."
	}
	return "The device has not been heard of since " + wordsAt(seen) + "."
}

// frozen returns the freeze that withholds the command.
func (s Situation) frozen(c Command) (Freeze, bool) {
	staging := stageable(c.Kind) && c.Class.IsPump()
	if !c.stoppedByFreeze(staging) {
		return Freeze{}, false
	}
	return firstFreeze(s.Freezes, c, s.Site)
}

// lost reports whether the device is reported lost.
func (s Situation) lost() bool { return s.Device.HasHold(device.HoldLost) }

// wordsFor writes a time span as people say it.
func wordsFor(d time.Duration) string {
	d = max(d, 0)
	say := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d/time.Second))
	case d < 2*time.Hour:
		return say(int(d/time.Minute), "minute")
	case d < 48*time.Hour:
		return say(int(d/time.Hour), "hour")
	}
	return say(int(d/(24*time.Hour)), "day")
}

// sentence ends s with a full stop.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
