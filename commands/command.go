package commands

import (
	"encoding/json"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/safety"
)

// Command is one order to one device and what has become of it.
type Command struct {
	ID         ID
	Batch      BatchID // empty: asked alone
	Ring       int     // the ring of its batch, from 1; 0 outside batches
	Device     device.ID
	Enrollment device.EnrollmentID // the only one that it is ever delivered to
	Class      device.Class        // the strictest known when it was asked
	Kind       device.Kind
	Subkind    device.Subkind
	Args       json.RawMessage
	Reason     string
	Ticket     string
	Requester  audit.Actor

	State State
	// StateReason is the reason of the last transition, for people.
	StateReason string
	// Unconfirmed: accepted, and the device silent for 15 minutes since.
	Unconfirmed bool
	// Staged: the device has it and applies it when it is free, or when it is
	// released anew.
	Staged bool
	// Outcome says how far a wipe has come; empty for every other kind.
	Outcome Outcome
	// HoldUntilIdle: it may wait until the device is free for it.
	HoldUntilIdle bool

	// Order are the order's bytes, fixed when it was asked; OrderHash names them.
	Order     []byte
	OrderHash string
	Weight    safety.Weight
	// NeedsSecondPerson and Approvals: what the guard asked for, and who agreed.
	NeedsSecondPerson bool
	Approvals         []Approval
	// Asked is where and what the device was when it was asked or approved: an
	// approval does not outlive a change of it.
	Asked Standing

	// Site is where the device belonged, and AskedLost whether it was reported
	// lost, when it was asked; they say for which limits it counts. Counts is
	// false for what counts for none.
	Site      device.PlaceID
	AskedLost bool
	Counts    bool
	// Reserved: it took the place that is kept back for a lost phone.
	Reserved bool
	// ReleasedAt is when it last took effect, by the guard's clock: it was handed
	// out, or the device was contained for it.
	ReleasedAt time.Time

	Attempt      int // how many times it was handed out
	Refusals     int // how many times the device sent it back to held
	Postponed    int // how many times in a row the device answered not now
	CreatedAt    time.Time
	UpdatedAt    time.Time
	NotBefore    time.Time // nothing is delivered earlier
	DueAt        time.Time // when there is next something to do for this command
	ExpiresAt    time.Time
	KeepWhile    bool      // does not expire while the device is lost
	DeliveredAt  time.Time // the first delivery since it was last in the queue
	AcceptedAt   time.Time
	EndedAt      time.Time
	ReceiptValid bool   // the receipt was verified against the device's certificate
	Receipt      string // the last receipt, as the device signed it
	// Detail is what the device said beside its result.
	Detail map[string]any

	// Moves is how many moves are stored. The store counts on from it.
	Moves int
	// Transitions are all moves so far, oldest first. Lists leave it empty.
	Transitions []Transition
	// WhyWaiting is one sentence that says why it has not happened yet, or how it
	// ended. Get and List fill it in.
	WhyWaiting string

	moved []Transition
	kept  []KeptReceipt
}

// Moved returns the moves made since the command was read, for the store to
// keep.
func (c Command) Moved() []Transition { return c.moved }

// Unproven: a report of a theft asked for it, and nobody's second factor stands
// behind it yet. Whoever agrees to it proves one.
func (c Command) Unproven() bool {
	return c.State == StateAwaitingApproval && c.StateReason == unprovenReason
}

// Kept returns the receipts that came in since the command was read, for the
// store to keep.
func (c Command) Kept() []KeptReceipt { return c.kept }

// Approval is one person's agreement to exactly the bytes of an order.
type Approval struct {
	Actor     audit.Actor `json:"actor"`
	At        time.Time   `json:"at"`
	OrderHash string      `json:"order_hash"`
}

// Standing is what an approval rests on: with another class, custody or place it
// is void (SAFETY 4).
type Standing struct {
	Class   device.Class
	Custody device.Custody
	Place   device.PlaceID
}

// ResultStatus is what a device says became of an order.
type ResultStatus string

// The result statuses.
const (
	ResultAccepted  ResultStatus = "accepted"
	ResultSucceeded ResultStatus = "succeeded"
	ResultFailed    ResultStatus = "failed"
	ResultRefused   ResultStatus = "refused"
	ResultNotNow    ResultStatus = "not_now"
)

// Valid reports whether s is one of the five.
func (s ResultStatus) Valid() bool {
	switch s {
	case ResultAccepted, ResultSucceeded, ResultFailed, ResultRefused, ResultNotNow:
		return true
	}
	return false
}

// Result answers one order. A device repeats it until it is settled.
type Result struct {
	Command ID
	Status  ResultStatus
	Reason  string
	Detail  map[string]any
	// Age is how long ago it happened, by the device's monotonic clock. Negative:
	// the device restarted since and cannot say.
	Age     time.Duration
	Receipt string
}

// Poll is what is known of one device that is asking for work now.
type Poll struct {
	Enrollment device.EnrollmentID
	Device     device.ID
	// Class is the one in the certificate that the poll came with.
	Class device.Class
	// Capabilities are the kinds that the agent says it can do; nil: it did not
	// say.
	Capabilities []device.Kind
	// Report is the state in this poll. Its ReceivedAt is this process's
	// time.Now at receipt, with its monotonic reading: the age of the state is
	// measured from it.
	Report   device.Report
	BootID   string
	Sequence uint64
	// Contained is what the cached binding says; Lease reads the truth.
	Contained bool
}

// Leased is the answer to one poll.
type Leased struct {
	// Envelopes are signed and in the order in which they are to be done.
	Envelopes []string
	// PollAgain: there is work, but the state in this poll is too old for it (or a
	// wipe follows alone). The device is asked to come back at once.
	PollAgain bool
	// NextDue is when there may next be work for this enrollment by the passing of
	// time alone. Zero: not before something else happens.
	NextDue time.Time
	// Held: commands wait for another therapy state; a new poll is worth asking.
	Held bool
}

// Ask is what somebody wants one device to do.
type Ask struct {
	Device        device.ID
	Kind          device.Kind
	Subkind       device.Subkind  // for KindConfig
	Args          json.RawMessage // a JSON object; empty: none
	Reason        string
	Ticket        string
	HoldUntilIdle bool
	// ExpiresIn replaces the kind's own expiry; zero: the default.
	ExpiresIn time.Duration
}

// BatchAsk is what somebody wants many devices to do.
type BatchAsk struct {
	Devices []device.ID
	Ask     // Device is not used
}
