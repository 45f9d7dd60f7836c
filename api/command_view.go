package api

import (
	"encoding/json"
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

// CommandView is a command as the API shows it.
type CommandView struct {
	ID          commands.ID      `json:"id"`
	BatchID     commands.BatchID `json:"batch_id" doc:"Empty: it was asked alone."`
	DeviceID    device.ID        `json:"device_id"`
	Device      DeviceBrief      `json:"device"`
	Kind        device.Kind      `json:"kind"`
	KindWords   string           `json:"kind_words" speak:"words" doc:"The kind as people read it."`
	Subkind     device.Subkind   `json:"subkind" doc:"Only for config."`
	Args        json.RawMessage  `json:"args"`
	Reason      string           `json:"reason"`
	Ticket      string           `json:"ticket"`
	Weight      safety.Weight    `json:"weight"`
	State       commands.State   `json:"state"`
	StateWords  string           `json:"state_words" speak:"words" doc:"The state as people read it."`
	Unconfirmed bool             `json:"unconfirmed" doc:"The device accepted it and has been silent for 15 minutes since."`
	WhyWaiting  string           `json:"why_waiting" speak:"words" doc:"One sentence: why it has not happened yet, or how it ended."`
	// Outcome is set for wipes only.
	Outcome      commands.Outcome `json:"outcome" doc:"How far a wipe has come; empty for every other kind."`
	OutcomeWords string           `json:"outcome_words" speak:"words"`

	HoldUntilIdle bool             `json:"hold_until_idle"`
	RequestedBy   string           `json:"requested_by" doc:"Who asked, for people."`
	RequesterID   string           `json:"requester_id"`
	CreatedAt     time.Time        `json:"created_at"`
	UpdatedAt     time.Time        `json:"updated_at"`
	NotBefore     *time.Time       `json:"not_before" nullable:"true"`
	ExpiresAt     *time.Time       `json:"expires_at" doc:"Null: not while the device is lost." nullable:"true"`
	DeliveredAt   *time.Time       `json:"delivered_at" nullable:"true"`
	AcceptedAt    *time.Time       `json:"accepted_at" nullable:"true"`
	EndedAt       *time.Time       `json:"ended_at" nullable:"true"`
	Attempt       int              `json:"attempt" doc:"How many times it was handed out."`
	OrderHash     string           `json:"order_hash" doc:"Names the order's exact bytes; an approver sends it back."`
	NeedsSecond   bool             `json:"needs_second_person"`
	BreakGlass    *PleaView        `json:"break_glass,omitempty" doc:"What it rests on when it is a break-glass; left out: it is none."`
	Approvals     []ApprovalView   `json:"approvals"`
	Receipt       string           `json:"receipt" doc:"The last statement signed by the device's key (JWS)."`
	ReceiptValid  bool             `json:"receipt_valid" doc:"It was verified against the device's certificate."`
	Detail        map[string]any   `json:"detail" doc:"What the device said beside its result."`
	Transitions   []TransitionView `json:"transitions" doc:"Every move, oldest first; empty in lists."`
}

// DeviceBrief names a device.
type DeviceBrief struct {
	ID       device.ID    `json:"id"`
	Serial   string       `json:"serial"`
	AssetTag string       `json:"asset_tag"`
	Class    device.Class `json:"class"`
	Words    string       `json:"class_words" speak:"words"`
	Owner    string       `json:"owner"`
}

// ApprovalView is one person's agreement.
type ApprovalView struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// TransitionView is one move of a command.
type TransitionView struct {
	At         time.Time      `json:"at"`
	From       commands.State `json:"from" doc:"Empty for the first."`
	State      commands.State `json:"state"`
	StateWords string         `json:"state_words" speak:"words"`
	Step       string         `json:"step" doc:"Why it moved: asked, approved, delivered, accepted, ..."`
	Actor      string         `json:"actor"`
	ActorKind  string         `json:"actor_kind"`
	Reason     string         `json:"reason" speak:"sentence"`
	Attempt    int            `json:"attempt"`
	Therapy    safety.State   `json:"therapy_state" doc:"What the decision rested on; empty where none was looked at."`
	TherapyAge *int64         `json:"therapy_age_seconds" nullable:"true"`
	Matrix     string         `json:"matrix_version"`
}

func deviceBrief(d device.Device) DeviceBrief {
	return DeviceBrief{ID: d.ID, Serial: d.Serial, AssetTag: d.AssetTag, Class: d.Class, Words: d.Class.Words(), Owner: d.Owner}
}

func commandView(c commands.Command, d device.Device) CommandView {
	v := CommandView{
		ID: c.ID, BatchID: c.Batch, DeviceID: c.Device, Device: deviceBrief(d), Kind: c.Kind, KindWords: c.Kind.Words(),
		Subkind: c.Subkind, Args: c.Args, Reason: c.Reason, Ticket: c.Ticket, Weight: c.Weight, State: c.State,
		StateWords: c.State.Words(), Unconfirmed: c.Unconfirmed, WhyWaiting: c.WhyWaiting, Outcome: c.Outcome,
		OutcomeWords: c.Outcome.Words(d.Report.ReceivedAt), HoldUntilIdle: c.HoldUntilIdle,
		RequestedBy: actorWords(c.Requester), RequesterID: c.Requester.ID, CreatedAt: c.CreatedAt, UpdatedAt: c.UpdatedAt,
		NotBefore: timeOrNil(c.NotBefore), ExpiresAt: timeOrNil(c.ExpiresAt), DeliveredAt: timeOrNil(c.DeliveredAt),
		AcceptedAt: timeOrNil(c.AcceptedAt), EndedAt: timeOrNil(c.EndedAt), Attempt: c.Attempt, OrderHash: c.OrderHash,
		NeedsSecond: c.NeedsSecondPerson, Receipt: c.Receipt, ReceiptValid: c.ReceiptValid, Detail: c.Detail,
	}
	if c.KeepWhile && d.HasHold(device.HoldLost) {
		v.ExpiresAt = nil
	}
	if len(v.Args) == 0 {
		v.Args = json.RawMessage("{}")
	}
	if v.Detail == nil || c.Kind == device.KindLocate {
		// What a device says about the networks around it can be its holder's home:
		// it is shown as a place, or not at all (located).
		v.Detail = map[string]any{}
	}
	if plea, is := c.Plea(); is {
		v.BreakGlass = &PleaView{Clinician: plea.Clinician, Quarantine: plea.Quarantine}
	}
	for _, a := range c.Approvals {
		v.Approvals = append(v.Approvals, ApprovalView{By: actorWords(a.Actor), At: a.At})
	}
	for _, t := range c.Transitions {
		v.Transitions = append(v.Transitions, transitionView(t))
	}
	return v
}

func transitionView(t commands.Transition) TransitionView {
	v := TransitionView{At: t.At, From: t.From, State: t.To, StateWords: t.To.Words(), Step: t.Step,
		Actor: actorWords(t.Actor), ActorKind: string(t.Actor.Kind), Reason: t.Reason, Attempt: t.Attempt,
		Therapy: t.SafetyState, Matrix: t.MatrixVersion}
	if t.SafetyState != safety.StateNotPump {
		v.TherapyAge = secondsOrNil(t.StateAge)
	}
	return v
}
