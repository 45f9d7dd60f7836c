package commands

import (
	"time"

	"wardline/audit"
	"wardline/internal/fault"
	"wardline/safety"
)

// Guard is the one seam for the limits on what people, tokens, batches and
// policies may do (SAFETY 4). It is asked when a command enters the queue and
// again each time it is about to leave, both inside the transaction that keeps
// the decision: what it counts comes with Facts, which the store reads there.
// Quiet commands pass it as well, so that it can limit rates.
//
// A guard decides on what it is given and has no effect of its own.
type Guard interface {
	// Ask rules on a command that is about to enter the queue.
	Ask(f Facts, a Asking) Ruling
	// Release rules on a command that is about to be handed out, or to be carried
	// out by the server itself.
	Release(f Facts, c Command, v safety.Verdict) Ruling
}

// Asking is what is being asked, as the guard sees it.
type Asking struct {
	Actor   audit.Actor
	Ask     Ask
	Verdict safety.Verdict
	// BatchSize is how many devices are asked at once; 1: it is asked alone.
	BatchSize int
}

// Ruling is the guard's answer. The zero value lets the command pass.
type Ruling struct {
	// SecondPerson: another person has to approve it first.
	SecondPerson bool
	// Refuse: it is not taken in at all. Only Ask may say so.
	Refuse *fault.Fault
	// Withhold, a sentence, keeps the command where it is for at least RetryAfter.
	// Only Release may say so.
	Withhold   string
	RetryAfter time.Duration
	// Reason is one sentence for people.
	Reason string
}

// largestUnguardedBatch is how many devices a batch of disruptive or destructive
// work may have without a second person.
const largestUnguardedBatch = 5

// TwoPersonGuard is the guard that is there from the first day: what the matrix
// marks 2, and batches of more than five devices that are not quiet, need a
// second person.
type TwoPersonGuard struct{}

// Ask implements Guard.
func (TwoPersonGuard) Ask(f Facts, a Asking) Ruling {
	v := a.Verdict
	switch {
	case v.SecondPerson:
		return Ruling{SecondPerson: true, Reason: "The safety rules ask for a second person."}
	case v.Answer == safety.HoldOnly && v.Weight == safety.Destructive:
		// What waits until the pump is idle is what the matrix marks 2 there.
		return Ruling{SecondPerson: true, Reason: "The safety rules ask for a second person."}
	case a.BatchSize > largestUnguardedBatch && v.Weight != safety.Quiet:
		return Ruling{SecondPerson: true, Reason: "A batch of more than five devices needs a second person."}
	}
	return Ruling{}
}

// Release implements Guard.
func (TwoPersonGuard) Release(f Facts, c Command, v safety.Verdict) Ruling {
	if (v.SecondPerson || c.NeedsSecondPerson) && !c.approvedFor(f) {
		return Ruling{SecondPerson: true, Reason: "The approval no longer holds: the device's class, custody or place has changed since."}
	}
	return Ruling{}
}

// approvedFor reports whether another person has approved exactly this order,
// and the device still is what and where it was then.
func (c Command) approvedFor(f Facts) bool {
	if len(c.Approvals) == 0 || c.Asked != f.standing(c.Asked.Class) {
		return false
	}
	class, disputed := safety.Strictest(f.Device.Class, f.Model.Class, f.Enrollment.Class)
	if disputed || class != c.Asked.Class {
		return false
	}
	for _, a := range c.Approvals {
		if a.OrderHash == c.OrderHash {
			return true
		}
	}
	return false
}
