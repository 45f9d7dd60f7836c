package commands

import (
	"time"

	"wardline/audit"
	"wardline/commands/limits"
	"wardline/device"
	"wardline/safety"
)

// Books is what the guard counts: everything that was released lately or is
// open. The store reads it under the guard's lock, of which there is one in the
// database, so nothing can be added to it by anybody else before the decision is
// kept. It is shared by all facts of one decision: what is taken in for one
// device counts for the next.
type Books struct {
	limits.Ledger
	// Freezes are those that hold.
	Freezes []Freeze
}

// Reading says what a decision wants to read beside the devices themselves.
type Reading struct {
	// Ward: the pumps that stand beside a pump.
	Ward bool
	// Guard: what counts for the limits, under the guard's lock.
	Guard bool
}

// readingFor is what a decision about a new command of this kind has to read.
func readingFor(kind device.Kind, sub device.Subkind) Reading {
	weight, known := safety.WeightOf(kind, sub)
	return Reading{Ward: kind.ByServer(), Guard: !known || weight != safety.Quiet}
}

// firstConfiguration is how long after its enrollment what a device is given by
// its configuration belongs to enrolling it. It does not count for the limits: a
// pallet of new pumps is configured as it is enrolled.
const firstConfiguration = 24 * time.Hour

// counting says how a new command counts; the zero Entry when it does not.
func (f Facts) counting(a asked, weight safety.Weight, class device.Class) limits.Entry {
	if weight == safety.Quiet || a.free() {
		return limits.Entry{}
	}
	policy := a.actor.Kind == audit.ActorSystem
	if policy && a.ask.Kind == device.KindConfig && f.Now.Sub(f.Enrollment.Since) < firstConfiguration {
		return limits.Entry{}
	}
	return limits.Entry{Command: string(a.id), Device: f.Device.ID, Weight: weight, Person: PersonOf(a.actor),
		Site: f.Site, Class: class, Open: true, Lost: f.lost()}
}

// PersonOf is whose limit an actor's work counts for: a token's is its owner's,
// and the server itself has none.
func PersonOf(actor audit.Actor) string {
	switch actor.Kind {
	case audit.ActorToken:
		if actor.Owner != "" {
			return actor.Owner
		}
		return "token:" + actor.ID
	case audit.ActorSystem:
		return ""
	}
	return actor.ID
}

// entry is how the command counts now.
func (c Command) entry() limits.Entry {
	return limits.Entry{Command: string(c.ID), Device: c.Device, Weight: c.Weight, Person: PersonOf(c.Requester), Site: c.Site,
		Class: c.Class, Open: c.State == StateQueued || c.State == StateHeld, ReleasedAt: c.ReleasedAt,
		Approved: len(c.Approvals) > 0, Reserved: c.Reserved, Lost: c.AskedLost}
}

// note takes what was decided about a command into the books, for the next
// decision of the same transaction.
func (b *Books) note(c Command) {
	if b == nil || !c.Counts {
		return
	}
	e := c.entry()
	for i := range b.Entries {
		if b.Entries[i].Command == e.Command {
			b.Entries[i] = e
			return
		}
	}
	b.Entries = append(b.Entries, e)
}

// released marks that the command took effect now, by the guard's clock.
func (c *Command) released(f Facts) {
	c.ReleasedAt = f.Now
	if f.Books != nil {
		c.ReleasedAt = f.Books.Now
	}
}

// limitEvent tells people that a limit was reached.
func limitEvent(actor audit.Actor, device device.ID, id ID, r limits.Reached) audit.Event {
	return audit.Event{Actor: actor, Action: actionLimitReached, Device: string(device), Command: string(id),
		Subject: "limit:" + string(r.Rule.ID), Detail: map[string]any{"alert": true, "limit": r.Words(), "used": r.Used, "number": r.Number,
			"table_version": limits.Version, "because": "The limit of " + r.Words() + " is reached."}}
}
