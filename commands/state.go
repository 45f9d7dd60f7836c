package commands

import (
	"fmt"
	"time"

	"wardline/audit"
	"wardline/safety"
)

// State is where a command stands.
type State string

// The states. StateNone is before the beginning.
const (
	StateNone             State = ""
	StateAwaitingApproval State = "awaiting_approval" // a second person has to agree
	StateQueued           State = "queued"            // goes out at the device's next contact
	StateHeld             State = "held"              // waits until the device is free
	StateDelivered        State = "delivered"         // handed out, not yet answered
	StateAccepted         State = "accepted"          // the device has it and does it once
	StateSucceeded        State = "succeeded"
	StateFailed           State = "failed"
	StateRefused          State = "refused" // will never be done
	StateDenied           State = "denied"  // an approver said no
	StateExpired          State = "expired"
	StateCancelled        State = "cancelled"
	StateSuperseded       State = "superseded"
)

// States lists every state, in the order of a life.
func States() []State {
	return []State{StateAwaitingApproval, StateQueued, StateHeld, StateDelivered, StateAccepted,
		StateSucceeded, StateFailed, StateRefused, StateDenied, StateExpired, StateCancelled, StateSuperseded}
}

// Valid reports whether s is one of States.
func (s State) Valid() bool {
	for _, known := range States() {
		if s == known {
			return true
		}
	}
	return false
}

// Ended reports whether nothing more is going to happen. A result that comes
// late may still correct how it ended: see step.late.
func (s State) Ended() bool {
	switch s {
	case StateSucceeded, StateFailed, StateRefused, StateDenied, StateExpired, StateCancelled, StateSuperseded:
		return true
	}
	return false
}

// Undelivered reports whether the command is open and not with the device.
func (s State) Undelivered() bool {
	return s == StateAwaitingApproval || s == StateQueued || s == StateHeld
}

// OpenStates lists the states that have not ended.
func OpenStates() []State {
	return []State{StateAwaitingApproval, StateQueued, StateHeld, StateDelivered, StateAccepted}
}

// Words returns what people read in place of the identifier.
func (s State) Words() string {
	switch s {
	case StateAwaitingApproval:
		return "Waiting for a second person"
	case StateQueued:
		return "Waiting for the device"
	case StateHeld:
		return "Waiting until the pump is free"
	case StateDelivered:
		return "Handed to the device"
	case StateAccepted:
		return "Device has started"
	case StateSucceeded:
		return "Done"
	case StateFailed:
		return "Failed"
	case StateRefused:
		return "Refused"
	case StateDenied:
		return "Denied"
	case StateExpired:
		return "Expired"
	case StateCancelled:
		return "Cancelled"
	case StateSuperseded:
		return "Replaced"
	}
	return "Unknown"
}

// step names why a command moves. Each row of the table has one.
type step string

const (
	stepAsk       step = "asked"      // it enters the queue
	stepApprove   step = "approved"   // a second person agreed
	stepDeny      step = "denied"     // a second person said no
	stepVoid      step = "voided"     // an approval no longer fits the device
	stepHold      step = "held"       // the device is not free (any more)
	stepRelease   step = "released"   // what kept it held is over
	stepDeliver   step = "delivered"  // handed out, once more or for the first time
	stepAccept    step = "accepted"   // the device answers
	stepSucceed   step = "succeeded"  // the device answers, or the server has done it itself
	stepFail      step = "failed"     // the device answers, or is seen where it must not be
	stepRefuse    step = "refused"    // by the device, or by the rules at the last check
	stepPostpone  step = "postponed"  // the device answers: not now
	stepExpire    step = "expired"    // its time is over
	stepCancel    step = "cancelled"  // a person withdrew it
	stepSupersede step = "superseded" // another command or another enrollment took its place
	stepLate      step = "late"       // a result that came after the end
)

// move is one row of the table: a step may lead from one state to another.
type move struct {
	from State
	step step
	to   State
}

// moves is the whole life of a command. What is not in it cannot happen.
var moves = []move{
	{StateNone, stepAsk, StateAwaitingApproval},
	{StateNone, stepAsk, StateQueued},
	{StateNone, stepAsk, StateHeld},

	{StateAwaitingApproval, stepApprove, StateQueued},
	{StateAwaitingApproval, stepApprove, StateHeld},
	{StateAwaitingApproval, stepDeny, StateDenied},
	{StateAwaitingApproval, stepExpire, StateExpired},
	{StateAwaitingApproval, stepCancel, StateCancelled},
	{StateAwaitingApproval, stepSupersede, StateSuperseded},

	{StateQueued, stepVoid, StateAwaitingApproval},
	{StateQueued, stepHold, StateHeld},
	{StateQueued, stepDeliver, StateDelivered},
	{StateQueued, stepSucceed, StateSucceeded}, // done by the server itself: contain
	{StateQueued, stepRefuse, StateRefused},
	{StateQueued, stepExpire, StateExpired},
	{StateQueued, stepCancel, StateCancelled},
	{StateQueued, stepSupersede, StateSuperseded},

	{StateHeld, stepVoid, StateAwaitingApproval},
	{StateHeld, stepRelease, StateQueued},
	{StateHeld, stepDeliver, StateDelivered},
	{StateHeld, stepRefuse, StateRefused},
	{StateHeld, stepExpire, StateExpired},
	{StateHeld, stepCancel, StateCancelled},
	{StateHeld, stepSupersede, StateSuperseded},

	{StateDelivered, stepDeliver, StateDelivered}, // the answer was lost: once more
	{StateDelivered, stepAccept, StateAccepted},
	{StateDelivered, stepSucceed, StateSucceeded},
	{StateDelivered, stepFail, StateFailed},
	{StateDelivered, stepRefuse, StateRefused},
	{StateDelivered, stepPostpone, StateQueued},
	{StateDelivered, stepPostpone, StateHeld},
	{StateDelivered, stepExpire, StateExpired},
	{StateDelivered, stepSupersede, StateSuperseded},

	{StateAccepted, stepDeliver, StateAccepted}, // what was staged may now be applied
	{StateAccepted, stepSucceed, StateSucceeded},
	{StateAccepted, stepFail, StateFailed},
	{StateAccepted, stepRefuse, StateRefused},
	{StateAccepted, stepPostpone, StateQueued},
	{StateAccepted, stepPostpone, StateHeld},
	{StateAccepted, stepSupersede, StateSuperseded},

	// A device that had been handed a command answers when it can. What it did is
	// what is shown, also when the server had given up or was about to hand it out
	// again. "Accepted" is believed late only where it can be news: after a not
	// now or a refusal it is an old message.
	{StateExpired, stepLate, StateAccepted},
	{StateExpired, stepLate, StateSucceeded},
	{StateExpired, stepLate, StateFailed},
	{StateExpired, stepLate, StateRefused},
	{StateSuperseded, stepLate, StateAccepted},
	{StateSuperseded, stepLate, StateSucceeded},
	{StateSuperseded, stepLate, StateFailed},
	{StateQueued, stepLate, StateSucceeded},
	{StateQueued, stepLate, StateFailed},
	{StateHeld, stepLate, StateSucceeded},
	{StateHeld, stepLate, StateFailed},
	{StateAwaitingApproval, stepLate, StateSucceeded},
	{StateAwaitingApproval, stepLate, StateFailed},
	{StateRefused, stepLate, StateSucceeded},
	{StateRefused, stepLate, StateFailed},
	{StateDenied, stepLate, StateSucceeded},
	{StateDenied, stepLate, StateFailed},
	{StateCancelled, stepLate, StateSucceeded},
	{StateCancelled, stepLate, StateFailed},
	{StateFailed, stepLate, StateSucceeded}, // seen again after its wipe, then the final report
}

var moveTable = func() map[move]bool {
	t := make(map[move]bool, len(moves))
	for _, m := range moves {
		t[m] = true
	}
	return t
}()

// allowed reports whether the table has the row.
func allowed(from State, why step, to State) bool { return moveTable[move{from, why, to}] }

// cause is why a command moves, who moved it, and what was known then.
type cause struct {
	step   step
	at     time.Time
	actor  audit.Actor
	reason string // one sentence for people
	// assessed and age are the therapy state that the decision was made in; the
	// verdict is what the matrix said. Both are empty where none was asked.
	assessed safety.State
	age      time.Duration
	matrix   string
}

// Transition is one move that a command made. Once recorded it never changes.
type Transition struct {
	At    time.Time
	From  State
	To    State
	Actor audit.Actor
	// Reason is one sentence for people.
	Reason string
	// Attempt is how many times the command had been handed out then.
	Attempt int
	// SafetyState, StateAge and MatrixVersion are what the decision rested on;
	// empty where no therapy state was looked at.
	SafetyState   safety.State
	StateAge      time.Duration
	MatrixVersion string
	// Step names why it moved, such as "delivered" or "late".
	Step string
}

// transition moves c. It is the only place in which a command's state changes:
// what the table does not allow is an error, and nothing of c has changed then.
func (c *Command) transition(to State, why cause) error {
	if !allowed(c.State, why.step, to) {
		return fmt.Errorf("command %s cannot go from %q to %q because it was %s", c.ID, c.State, to, why.step)
	}
	c.moved = append(c.moved, Transition{At: why.at, From: c.State, To: to, Actor: why.actor, Reason: why.reason,
		Attempt: c.Attempt, SafetyState: why.assessed, StateAge: why.age, MatrixVersion: why.matrix, Step: string(why.step)})
	c.State, c.StateReason, c.UpdatedAt = to, why.reason, why.at
	if why.step != stepDeliver {
		c.Unconfirmed = false
	}
	if to != StateDelivered && to != StateAccepted {
		c.Staged = false
	}
	c.EndedAt = time.Time{}
	if to.Ended() {
		c.EndedAt = why.at
	}
	if to.Ended() || to == StateAwaitingApproval {
		c.DueAt = time.Time{}
	}
	return nil
}
