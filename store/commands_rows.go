package store

import (
	"encoding/json"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

type commandRow struct {
	ID            string `gorm:"column:id;primaryKey"`
	BatchID       string `gorm:"column:batch_id"`
	Ring          int    `gorm:"column:ring"`
	DeviceID      string `gorm:"column:device_id"`
	EnrollmentID  string `gorm:"column:enrollment_id"`
	Class         string `gorm:"column:class"`
	Kind          string `gorm:"column:kind"`
	Subkind       string `gorm:"column:subkind"`
	Args          string `gorm:"column:args"`
	Reason        string `gorm:"column:reason"`
	Ticket        string `gorm:"column:ticket"`
	Requester     string `gorm:"column:requester"`
	RequesterID   string `gorm:"column:requester_id"`
	State         string `gorm:"column:state"`
	StateReason   string `gorm:"column:state_reason"`
	Unconfirmed   bool   `gorm:"column:unconfirmed"`
	Staged        bool   `gorm:"column:staged"`
	Outcome       string `gorm:"column:outcome"`
	HoldUntilIdle bool   `gorm:"column:hold_until_idle"`
	OrderBytes    []byte `gorm:"column:order_bytes"`
	OrderHash     string `gorm:"column:order_hash"`
	Weight        string `gorm:"column:weight"`
	SecondPerson  bool   `gorm:"column:second_person"`
	Approvals     string `gorm:"column:approvals"`
	AskedClass    string `gorm:"column:asked_class"`
	AskedCustody  string `gorm:"column:asked_custody"`
	AskedPlace    string `gorm:"column:asked_place"`
	Attempt       int    `gorm:"column:attempt"`
	Refusals      int    `gorm:"column:refusals"`
	Postponed     int    `gorm:"column:postponed"`
	Moves         int    `gorm:"column:moves"`
	CreatedAt     dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt     dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	NotBefore     dbTime `gorm:"column:not_before"`
	DueAt         dbTime `gorm:"column:due_at"`
	ExpiresAt     dbTime `gorm:"column:expires_at"`
	KeepWhileLost bool   `gorm:"column:keep_while_lost"`
	DeliveredAt   dbTime `gorm:"column:delivered_at"`
	AcceptedAt    dbTime `gorm:"column:accepted_at"`
	EndedAt       dbTime `gorm:"column:ended_at"`
	Receipt       string `gorm:"column:receipt"`
	ReceiptValid  bool   `gorm:"column:receipt_valid"`
	Detail        string `gorm:"column:detail"`
	Person        string `gorm:"column:person"`
	SiteID        string `gorm:"column:site_id"`
	AskedLost     bool   `gorm:"column:asked_lost"`
	Counts        bool   `gorm:"column:counts"`
	Reserved      bool   `gorm:"column:reserved"`
	Approved      bool   `gorm:"column:approved"`
	ReleasedAt    dbTime `gorm:"column:released_at"`
	Proof
}

func (commandRow) TableName() string { return "command" }

// changing are the columns that a decision may change. Everything else is fixed
// when the command is asked, its order's bytes above all.
var commandChanging = []string{"state", "state_reason", "unconfirmed", "staged", "outcome", "second_person", "approvals",
	"asked_class", "asked_custody", "asked_place", "attempt", "refusals", "postponed", "moves", "updated_at", "not_before",
	"due_at", "delivered_at", "accepted_at", "ended_at", "receipt", "receipt_valid", "detail", "approved", "released_at",
	"row_n", "row_link", "row_mac"}

func commandRowOf(c commands.Command) (commandRow, error) {
	r := commandRow{ID: string(c.ID), BatchID: string(c.Batch), Ring: c.Ring, DeviceID: string(c.Device),
		EnrollmentID: string(c.Enrollment), Class: string(c.Class), Kind: string(c.Kind), Subkind: string(c.Subkind),
		Args: string(c.Args), Reason: c.Reason, Ticket: c.Ticket, Requester: jsonText(c.Requester), RequesterID: c.Requester.ID,
		State: string(c.State), StateReason: c.StateReason, Unconfirmed: c.Unconfirmed, Staged: c.Staged, Outcome: string(c.Outcome),
		HoldUntilIdle: c.HoldUntilIdle, OrderBytes: c.Order, OrderHash: c.OrderHash, Weight: string(c.Weight),
		SecondPerson: c.NeedsSecondPerson, Approvals: "[]",
		AskedClass: string(c.Asked.Class), AskedCustody: jsonText(c.Asked.Custody), AskedPlace: string(c.Asked.Place),
		Attempt: c.Attempt, Refusals: c.Refusals, Postponed: c.Postponed, Moves: c.Moves + len(c.Moved()),
		CreatedAt: dbTime(c.CreatedAt), UpdatedAt: dbTime(c.UpdatedAt), NotBefore: dbTime(c.NotBefore), DueAt: dbTime(c.DueAt),
		ExpiresAt: dbTime(c.ExpiresAt), KeepWhileLost: c.KeepWhile, DeliveredAt: dbTime(c.DeliveredAt),
		AcceptedAt: dbTime(c.AcceptedAt), EndedAt: dbTime(c.EndedAt), Receipt: c.Receipt, ReceiptValid: c.ReceiptValid,
		Person: commands.PersonOf(c.Requester), SiteID: string(c.Site), AskedLost: c.AskedLost, Counts: c.Counts,
		Reserved: c.Reserved, Approved: len(c.Approvals) > 0, ReleasedAt: dbTime(c.ReleasedAt)}
	if len(c.Approvals) > 0 {
		r.Approvals = jsonText(c.Approvals)
	}
	if c.Detail != nil {
		detail, err := json.Marshal(c.Detail)
		if err != nil {
			return r, fmt.Errorf("store command %s: what the device said: %w", c.ID, err)
		}
		r.Detail = string(detail)
	}
	return r, nil
}

func (r commandRow) command() (commands.Command, error) {
	c := commands.Command{ID: commands.ID(r.ID), Batch: commands.BatchID(r.BatchID), Ring: r.Ring, Device: device.ID(r.DeviceID),
		Enrollment: device.EnrollmentID(r.EnrollmentID), Class: device.Class(r.Class), Kind: device.Kind(r.Kind),
		Subkind: device.Subkind(r.Subkind), Args: json.RawMessage(r.Args), Reason: r.Reason, Ticket: r.Ticket,
		State: commands.State(r.State), StateReason: r.StateReason, Unconfirmed: r.Unconfirmed, Staged: r.Staged, Outcome: commands.Outcome(r.Outcome),
		HoldUntilIdle: r.HoldUntilIdle, Order: r.OrderBytes, OrderHash: r.OrderHash, Weight: safety.Weight(r.Weight),
		NeedsSecondPerson: r.SecondPerson,
		Asked:             commands.Standing{Class: device.Class(r.AskedClass), Place: device.PlaceID(r.AskedPlace)},
		Attempt:           r.Attempt, Refusals: r.Refusals, Postponed: r.Postponed, Moves: r.Moves,
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), NotBefore: r.NotBefore.time(), DueAt: r.DueAt.time(),
		ExpiresAt: r.ExpiresAt.time(), KeepWhile: r.KeepWhileLost, DeliveredAt: r.DeliveredAt.time(),
		AcceptedAt: r.AcceptedAt.time(), EndedAt: r.EndedAt.time(), Receipt: r.Receipt, ReceiptValid: r.ReceiptValid,
		Site: device.PlaceID(r.SiteID), AskedLost: r.AskedLost, Counts: r.Counts, Reserved: r.Reserved, ReleasedAt: r.ReleasedAt.time()}
	for _, part := range []struct {
		column, text string
		into         any
	}{
		{"requester", r.Requester, &c.Requester},
		{"approvals", r.Approvals, &c.Approvals},
		{"asked_custody", r.AskedCustody, &c.Asked.Custody},
		{"detail", r.Detail, &c.Detail},
	} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return c, fmt.Errorf("read command %s: column %s: %w", r.ID, part.column, err)
		}
	}
	if len(c.Approvals) == 0 {
		c.Approvals = nil
	}
	return c, nil
}

func commandsOf(rows []commandRow) ([]commands.Command, error) {
	out := make([]commands.Command, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.command(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type transitionRow struct {
	CommandID     string `gorm:"column:command_id;primaryKey"`
	N             int    `gorm:"column:n;primaryKey;autoIncrement:false"`
	At            dbTime `gorm:"column:at"`
	From          string `gorm:"column:from_state"`
	To            string `gorm:"column:to_state"`
	Step          string `gorm:"column:step"`
	Actor         string `gorm:"column:actor"`
	Reason        string `gorm:"column:reason"`
	Attempt       int    `gorm:"column:attempt"`
	SafetyState   string `gorm:"column:safety_state"`
	StateAge      int64  `gorm:"column:state_age_us"`
	MatrixVersion string `gorm:"column:matrix_version"`
}

func (transitionRow) TableName() string { return "command_transition" }

func transitionRowsOf(c commands.Command) []transitionRow {
	moved := c.Moved()
	rows := make([]transitionRow, len(moved))
	for i, m := range moved {
		rows[i] = transitionRow{CommandID: string(c.ID), N: c.Moves + i + 1, At: dbTime(m.At), From: string(m.From), To: string(m.To),
			Step: m.Step, Actor: jsonText(m.Actor), Reason: m.Reason, Attempt: m.Attempt,
			SafetyState: string(m.SafetyState), StateAge: m.StateAge.Microseconds(), MatrixVersion: m.MatrixVersion}
	}
	return rows
}

func (r transitionRow) transition() (commands.Transition, error) {
	m := commands.Transition{At: r.At.time(), From: commands.State(r.From), To: commands.State(r.To), Step: r.Step, Reason: r.Reason,
		Attempt: r.Attempt, SafetyState: safety.State(r.SafetyState), StateAge: time.Duration(r.StateAge) * time.Microsecond,
		MatrixVersion: r.MatrixVersion}
	if err := json.Unmarshal([]byte(r.Actor), &m.Actor); err != nil {
		return m, fmt.Errorf("read transition %d of command %s: %w", r.N, r.CommandID, err)
	}
	return m, nil
}

type batchRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	Kind         string `gorm:"column:kind"`
	Subkind      string `gorm:"column:subkind"`
	Reason       string `gorm:"column:reason"`
	Ticket       string `gorm:"column:ticket"`
	Requester    string `gorm:"column:requester"`
	Weight       string `gorm:"column:weight"`
	CreatedAt    dbTime `gorm:"column:created_at;autoCreateTime:false"`
	NotBefore    dbTime `gorm:"column:not_before"`
	Rings        int    `gorm:"column:rings"`
	OpenRing     int    `gorm:"column:open_ring"`
	RingOpenedAt dbTime `gorm:"column:ring_opened_at"`
	StoppedAt    dbTime `gorm:"column:stopped_at"`
	StopReason   string `gorm:"column:stop_reason"`
	OrdersHash   string `gorm:"column:orders_hash"`
}

func (batchRow) TableName() string { return "command_batch" }

func batchRowOf(b commands.Batch) batchRow {
	return batchRow{ID: string(b.ID), Kind: string(b.Kind), Subkind: string(b.Subkind), Reason: b.Reason, Ticket: b.Ticket,
		Requester: jsonText(b.Requester), Weight: string(b.Weight), CreatedAt: dbTime(b.CreatedAt), NotBefore: dbTime(b.NotBefore),
		Rings: b.Rings, OpenRing: b.OpenRing, RingOpenedAt: dbTime(b.RingOpenedAt), OrdersHash: b.OrdersHash}
}

func (r batchRow) batch() (commands.Batch, error) {
	b := commands.Batch{ID: commands.BatchID(r.ID), Kind: device.Kind(r.Kind), Subkind: device.Subkind(r.Subkind), Reason: r.Reason,
		Ticket: r.Ticket, Weight: safety.Weight(r.Weight), CreatedAt: r.CreatedAt.time(), NotBefore: r.NotBefore.time(),
		Rings: r.Rings, OpenRing: r.OpenRing, RingOpenedAt: r.RingOpenedAt.time(), StoppedAt: r.StoppedAt.time(),
		StopReason: r.StopReason, OrdersHash: r.OrdersHash}
	if err := json.Unmarshal([]byte(r.Requester), &b.Requester); err != nil {
		return b, fmt.Errorf("read batch %s: %w", r.ID, err)
	}
	return b, nil
}

type batchRefusalRow struct {
	BatchID  string `gorm:"column:batch_id;primaryKey"`
	DeviceID string `gorm:"column:device_id;primaryKey"`
	Code     string `gorm:"column:code"`
	Sentence string `gorm:"column:sentence"`
}

func (batchRefusalRow) TableName() string { return "command_batch_refusal" }

type questionRow struct {
	CommandID  string `gorm:"column:command_id;primaryKey"`
	DeviceID   string `gorm:"column:device_id"`
	At         dbTime `gorm:"column:at"`
	Text       string `gorm:"column:text"`
	AnsweredAt dbTime `gorm:"column:answered_at"`
	AnsweredBy string `gorm:"column:answered_by"`
}

func (questionRow) TableName() string { return "command_question" }

func (r questionRow) question() (commands.Question, error) {
	q := commands.Question{Command: commands.ID(r.CommandID), Device: device.ID(r.DeviceID), At: r.At.time(), Text: r.Text,
		Answered: r.AnsweredAt.time()}
	if r.AnsweredBy == "" {
		return q, nil
	}
	var by audit.Actor
	if err := json.Unmarshal([]byte(r.AnsweredBy), &by); err != nil {
		return q, fmt.Errorf("read the question that command %s left: %w", r.CommandID, err)
	}
	q.By = by
	return q, nil
}
