package commands

import (
	"maps"
	"slices"
	"time"

	"wardline/audit"
	"wardline/safety"
)

// actions names the audit action of each step. Requested, approved, delivered,
// accepted and how it ended are separate events.
var actions = map[step]audit.Action{
	stepAsk:       "command.requested",
	stepApprove:   "command.approved",
	stepDeny:      "command.denied",
	stepVoid:      "command.approval_voided",
	stepHold:      "command.held",
	stepRelease:   "command.released",
	stepDeliver:   "command.delivered",
	stepAccept:    "command.accepted",
	stepSucceed:   "command.succeeded",
	stepFail:      "command.failed",
	stepRefuse:    "command.refused",
	stepPostpone:  "command.postponed",
	stepExpire:    "command.expired",
	stepCancel:    "command.cancelled",
	stepSupersede: "command.superseded",
	stepLate:      "command.answered_late",
}

// MoveActions are the audit actions of the moves: a command has one event with one
// of them for each move that it made.
func MoveActions() []audit.Action {
	return slices.Sorted(maps.Values(actions))
}

// Actions beside those of the moves.
const (
	actionHeld               audit.Action = "device.held"
	actionHoldLifted         audit.Action = "device.hold_lifted"
	actionUnconfirmed        audit.Action = "command.unconfirmed"
	actionIgnored            audit.Action = "command.result_ignored"
	actionReceiptBad         audit.Action = "command.receipt_invalid"
	actionNotErased          audit.Action = "command.not_erased" // an alert
	actionBatchAsked         audit.Action = "batch.requested"
	actionBatchStopped       audit.Action = "batch.stopped"
	actionFreezeSet          audit.Action = "freeze.set"             // an alert
	actionLiftAsked          audit.Action = "freeze.lift_requested"  // an alert
	actionLifted             audit.Action = "freeze.lifted"          // an alert
	actionLimitRaiseAsked    audit.Action = "limit.raise_requested"  // an alert
	actionLimitRaised        audit.Action = "limit.raised"           // an alert
	actionLimitLowered       audit.Action = "limit.lowered"          // an alert
	actionLimitWithdrawn     audit.Action = "limit.change_withdrawn" // an alert
	actionLimitReached       audit.Action = "limit.reached"          // an alert
	actionBreakGlass         audit.Action = "break_glass.begun"      // an alert
	actionBreakGlassReviewed audit.Action = "break_glass.reviewed"
)

// Events returns the audit events of the moves made since the command was read.
func (c Command) Events() []audit.Event {
	events := make([]audit.Event, 0, len(c.moved))
	for _, m := range c.moved {
		events = append(events, c.event(actions[step(m.Step)], m.Actor, m.detail(c)))
	}
	return events
}

func (c Command) event(action audit.Action, actor audit.Actor, detail map[string]any) audit.Event {
	return audit.Event{Actor: actor, Action: action, Device: string(c.Device), Enrollment: string(c.Enrollment),
		Command: string(c.ID), Detail: detail}
}

// detail says what the move rested on. Arguments are not in it: they may hold a
// telephone number or a configuration.
func (t Transition) detail(c Command) map[string]any {
	d := map[string]any{"kind": string(c.Kind), "state": string(t.To), "order_hash": c.OrderHash}
	put := func(name, value string) {
		if value != "" {
			d[name] = value
		}
	}
	put("subkind", string(c.Subkind))
	put("from", string(t.From))
	put("because", t.Reason)
	put("outcome", string(c.Outcome))
	put("batch", string(c.Batch))
	if t.Step == string(stepAsk) {
		put("reason", c.Reason)
		put("ticket", c.Ticket)
	}
	if t.Attempt > 0 {
		d["attempt"] = t.Attempt
	}
	if t.MatrixVersion != "" {
		d["matrix_version"] = t.MatrixVersion
	}
	if t.SafetyState != safety.StateNotPump {
		d["therapy_state"] = string(t.SafetyState)
		d["therapy_age_seconds"] = int64(t.StateAge / time.Second)
	}
	if len(c.Approvals) > 0 && t.Step == string(stepDeliver) {
		var by []string
		for _, a := range c.Approvals {
			by = append(by, a.Actor.ID)
		}
		d["approved_by"] = by
	}
	return d
}
