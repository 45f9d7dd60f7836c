package commands

import (
	"time"

	"wardline/audit"
	"wardline/commands/limits"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// Guard is the one seam for the limits on what people, tokens, batches and
// policies may do (SAFETY 4). It is asked when a command enters the queue, when
// a second person agrees to it, and again each time it is about to leave, always
// inside the transaction that keeps the decision: what it counts comes with
// Facts, which the store reads there. Quiet commands pass it as well, so that it
// can limit rates.
//
// A guard decides on what it is given and has no effect of its own.
type Guard interface {
	// Ask rules on a command that is about to enter the queue.
	Ask(f Facts, a Asking) Ruling
	// Approve rules on a command that a second person agrees to. Only Refuse of
	// its answer counts: the command goes on waiting then.
	Approve(f Facts, c Command, approver audit.Actor) Ruling
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
	// Entry is how it would count.
	Entry limits.Entry
}

// Ruling is the guard's answer. The zero value lets the command pass.
type Ruling struct {
	// SecondPerson: another person has to approve it first.
	SecondPerson bool
	// Refuse: it is not taken in at all. Only Ask and Approve may say so.
	Refuse *fault.Fault
	// Withhold, a sentence, keeps the command where it is for at least RetryAfter.
	// Only Release may say so.
	Withhold   string
	RetryAfter time.Duration
	// Reason is one sentence for people.
	Reason string
	// Limit is the limit that was reached, if one was: people are told of it.
	Limit *limits.Reached
	// Reserved: it takes the place that is kept back for a lost phone.
	Reserved bool
}

// largestUnguardedBatch is how many devices a batch of disruptive or destructive
// work may have without a second person.
const largestUnguardedBatch = 5

// TwoPersonGuard is the part of the guard that counts nothing: what the matrix
// marks 2, batches of more than five devices that are not quiet, and destructive
// work that a program asks for, need a second person.
type TwoPersonGuard struct{}

// matrixReason is why most second persons are asked for: the matrix says 2.
const matrixReason = "The safety rules ask for a second person."

// Ask implements Guard.
func (TwoPersonGuard) Ask(f Facts, a Asking) Ruling {
	v := a.Verdict
	switch {
	case v.SecondPerson:
		return Ruling{SecondPerson: true, Reason: matrixReason}
	case v.Answer == safety.HoldOnly && v.Weight == safety.Destructive:
		// What waits until the pump is idle is what the matrix marks 2 there.
		return Ruling{SecondPerson: true, Reason: matrixReason}
	case a.BatchSize > largestUnguardedBatch && v.Weight != safety.Quiet:
		return Ruling{SecondPerson: true, Reason: "A batch of more than five devices needs a second person."}
	case a.Actor.Kind == audit.ActorToken && v.Weight == safety.Destructive:
		return Ruling{SecondPerson: true, Reason: "A program asked for it, and what destroys is agreed to by a person."}
	}
	return Ruling{}
}

// Approve implements Guard.
func (TwoPersonGuard) Approve(Facts, Command, audit.Actor) Ruling { return Ruling{} }

const voidReason = "The approval no longer holds: the device's class, custody or place has changed since."

// Release implements Guard.
func (TwoPersonGuard) Release(f Facts, c Command, v safety.Verdict) Ruling {
	if (v.SecondPerson || c.NeedsSecondPerson) && !c.approvedFor(f) {
		return Ruling{SecondPerson: true, Reason: voidReason}
	}
	return Ruling{}
}

// LimitGuard is the whole guard: two people, limits, and freezes.
type LimitGuard struct{ TwoPersonGuard }

var _ Guard = LimitGuard{}

var codeLimitReached = fault.Define(fault.Refused, "limit_reached",
	"Wait until there is room again, or have the limit raised, which takes two people and 24 hours.")

// Ask implements Guard.
func (g LimitGuard) Ask(f Facts, a Asking) Ruling {
	if a.Ask.Kind.ByServer() {
		// The server would carry it out by itself, at once.
		c := Command{Weight: safety.Destructive, Requester: a.Actor, Site: f.Site}
		if z, frozen := f.Books.frozen(c, f.Site, false); frozen {
			return Ruling{Refuse: codeFrozen.New("%s", z.words())}
		}
	}
	r := g.TwoPersonGuard.Ask(f, a)
	if r.SecondPerson || r.Refuse != nil || a.Verdict.Weight == safety.Quiet || a.Entry.Weight == "" {
		return r
	}
	if f.Books == nil {
		return Ruling{SecondPerson: true, Reason: "The limits could not be looked at, so another person has to agree."}
	}
	reached, ok := f.Books.Room(a.Entry)
	if ok {
		return r
	}
	if reached.Rule.Per == limits.PerServer && keptBack(f, a) {
		reserved := a.Entry
		reserved.Reserved = true
		if again, ok := f.Books.Room(reserved); ok {
			return Ruling{Reserved: true}
		} else if again.Rule.ID != limits.LostWipePersonDay {
			reached = again
		}
	}
	if a.Actor.Kind == audit.ActorSystem {
		// Nobody asked: what a policy wants is asked again by itself.
		return Ruling{Limit: &reached, Refuse: codeLimitReached.New("The limit of %s is reached. It is asked again by itself.", reached.Words())}
	}
	return Ruling{SecondPerson: true, Limit: &reached, Reason: "The limit of " + reached.Words() + " is reached."}
}

// keptBack says whether a place is kept back for this: one wipe a day, by each
// person, of a phone that is reported lost.
func keptBack(f Facts, a Asking) bool {
	return a.Ask.Kind == device.KindWipe && a.Actor.Kind == audit.ActorPerson && a.Entry.Class.IsPersonal() && f.lost()
}

// Approve implements Guard.
func (g LimitGuard) Approve(f Facts, c Command, approver audit.Actor) Ruling {
	if c.Weight == safety.Quiet {
		return Ruling{}
	}
	if f.Books == nil {
		return Ruling{Refuse: codeLimitReached.New("The limits could not be looked at.")}
	}
	if z, frozen := f.Books.frozen(c, f.Site, false); frozen && c.Kind.ByServer() {
		return Ruling{Refuse: codeFrozen.New("%s", z.words())}
	}
	for _, z := range f.Books.Freezes {
		if z.Scope == FreezePerson && z.ScopeID == approver.ID {
			return Ruling{Refuse: codeFrozen.New("What you agree to is stopped by a freeze: %s", z.Reason)}
		}
	}
	e := c.entry()
	e.Approved, e.Open = true, true
	if reached, ok := f.Books.Room(e); !ok {
		return Ruling{Limit: &reached, Refuse: codeLimitReached.New("The limit of %s is reached.", reached.Words())}
	}
	return Ruling{}
}

// Release implements Guard.
func (g LimitGuard) Release(f Facts, c Command, v safety.Verdict) Ruling {
	if c.Weight == safety.Quiet {
		return g.TwoPersonGuard.Release(f, c, v)
	}
	if f.Books == nil {
		return Ruling{Withhold: "The limits could not be looked at."}
	}
	if z, frozen := f.Books.frozen(c, f.Site, v.Answer == safety.Stage); frozen {
		return Ruling{Withhold: z.words()}
	}
	r := g.TwoPersonGuard.Release(f, c, v)
	if r.SecondPerson || !c.Counts || !c.State.Undelivered() {
		return r
	}
	reached, ok := f.Books.MayRelease(c.entry())
	switch {
	case ok:
		return r
	case len(c.Approvals) > 0 || c.Requester.Kind == audit.ActorSystem:
		return Ruling{Limit: &reached, Withhold: "The limit of " + reached.Words() + " is reached.", RetryAfter: withheldForLimit}
	}
	return Ruling{SecondPerson: true, Limit: &reached, Reason: "The limit of " + reached.Words() + " is reached."}
}

const withheldForLimit = 5 * time.Minute

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
