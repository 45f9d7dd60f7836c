package commands

import (
	"context"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Storage keeps commands. Each method that writes is one transaction, in which
// it locks the devices concerned in the order of their ids, reads Facts, calls
// decide, and keeps the Changes with their audit events. decide may be called
// again when the transaction has to be repeated; it has no effect of its own.
// An error of decide is returned as it is, and nothing is kept.
//
// The *store.Store implements it.
type Storage interface {
	// Enqueue decides about new commands for these devices. A device that does not
	// exist is left out of what decide gets. Facts.Ward and Facts.Books are filled
	// in as reading says.
	// resource names what is made ("command:<id>", "batch:<id>"), for the request
	// in ctx (package once).
	Enqueue(ctx context.Context, devices []device.ID, reading Reading, resource string, decide func([]Facts) (Changes, error)) error

	// Change decides about one command. It answers fault.CodeNotFound when there
	// is none.
	Change(ctx context.Context, id ID, decide func(Facts, Command) (Changes, error)) error

	// ChangeBatch decides about all open commands of a batch.
	ChangeBatch(ctx context.Context, id BatchID, decide func(Batch, []Facts) (Changes, error)) error

	// Lease decides what to hand to the polls of these enrollments. Those that have
	// nothing due, and those that are not the current enrollment of their device,
	// are left out of what decide gets; when nothing is left, nothing is locked and
	// decide is not called. It returns what remains for those that were left out.
	Lease(ctx context.Context, at []Whereabouts, decide func([]Facts) (Changes, error)) ([]Remaining, error)

	// Settle decides about results of one enrollment. named holds those of ids
	// that are commands of this device, also ended ones.
	Settle(ctx context.Context, id device.ID, ids []ID, decide func(f Facts, named []Command) (Changes, error)) error

	// Sweep finds up to limit devices with a command whose time is over, that was
	// accepted longer ago than silentAfter and is not marked unconfirmed, or whose
	// ring has been opened; and decides about each. It returns how many it found.
	Sweep(ctx context.Context, limit int, silentAfter time.Duration, decide func([]Facts) (Changes, error)) (int, error)

	// SilentLost finds up to limit things that people carry that are reported lost,
	// not contained, and neither reported nor heard of within silentFor. Those whose
	// present silence was contained before are left out.
	SilentLost(ctx context.Context, silentFor time.Duration, limit int) ([]device.ID, error)

	// RunningBatches returns batches with rings that are still to be opened.
	RunningBatches(ctx context.Context, silentAfter time.Duration) ([]BatchProgress, error)
	// OpenRing makes ring the newest open ring of the batch; the next sweep makes
	// its commands due.
	OpenRing(ctx context.Context, id BatchID, ring int) error

	// Facts reads what a decision about these devices would rest on, without
	// locking: for screens. Facts.Ward is left out, and devices that do not exist.
	// With guard it reads what counts for the limits too, and holds no lock: what it
	// reads may be old by the time that somebody asks.
	Facts(ctx context.Context, devices []device.ID, guard bool) ([]Facts, error)

	// SetFreeze keeps a freeze, with what had left before, under the guard's lock:
	// every lease of guarded work that commits later has seen it.
	SetFreeze(ctx context.Context, z Freeze, event audit.Event) error
	// ChangeFreeze decides about one freeze under the guard's lock. It answers
	// fault.CodeNotFound.
	ChangeFreeze(ctx context.Context, id string, decide func(z Freeze, now time.Time) (Freeze, audit.Event, error)) error
	// Freeze and Freezes read; Freeze answers fault.CodeNotFound.
	Freeze(ctx context.Context, id string) (Freeze, error)
	Freezes(ctx context.Context, all bool) ([]Freeze, error)
	// ChangeUndelivered finds up to limit devices with a command in the scope that
	// is not quiet and has not left, and decides about them. It returns how many it
	// found.
	ChangeUndelivered(ctx context.Context, scope FreezeScope, scopeID string, limit int, decide func([]Facts) (Changes, error)) (int, error)

	// Limits reads what holds, without the guard's lock.
	Limits(ctx context.Context) (LimitsNow, error)
	// ChangeLimits decides about changes of limits under the guard's lock. Only
	// Numbers and Changes of what it gets are filled in.
	ChangeLimits(ctx context.Context, resource string, decide func(now time.Time, holds LimitsNow) ([]LimitChange, []audit.Event, error)) error
	// AskedLately says whether at least so many destructive commands were asked in
	// the window: a look without a lock.
	AskedLately(ctx context.Context, window time.Duration, least int) (bool, error)
	// FreezeBursts decides about freezes under the guard's lock. asked counts what
	// was asked in the window, without what frozen people asked; add sets a freeze,
	// and what is counted next sees it.
	FreezeBursts(ctx context.Context, window time.Duration, decide func(asked func(FreezeScope) ([]Asked, error), frozen []Freeze,
		add func(Freeze, audit.Event) error) error) error

	// Receipts reads what a device signed about a command, oldest first.
	Receipts(ctx context.Context, id ID) ([]KeptReceipt, error)

	// BreakGlasses reads a page: those without a review first, then newest first.
	// BreakGlass and ChangeBreakGlass answer fault.CodeNotFound.
	BreakGlasses(ctx context.Context, before ID, limit int) ([]BreakGlass, error)
	BreakGlass(ctx context.Context, id ID) (BreakGlass, error)
	ChangeBreakGlass(ctx context.Context, id ID, decide func(g BreakGlass, now time.Time) (BreakGlass, audit.Event, error)) error

	// Command, Commands, Batch read. Command and Batch answer fault.CodeNotFound.
	Command(ctx context.Context, id ID) (Command, Situation, error)
	Commands(ctx context.Context, q Query) (Page, error)
	Batch(ctx context.Context, id BatchID) (Batch, error)
	// CountCommands is Page.Total alone. CountWaiting counts what is open by what it
	// waits for; a device counts as heard of when that was not longer ago than alive.
	CountCommands(ctx context.Context, q Query) (int, error)
	CountWaiting(ctx context.Context, scope Scope, alive time.Duration) (map[Waiting]int, error)
	// Origins groups what waits for a second person.
	Origins(ctx context.Context, scope Scope) ([]Origin, error)
	// Batches reads a page of batches, newest first.
	Batches(ctx context.Context, q BatchQuery) (BatchPage, error)
	// Questions are the wipes that ended open because the device enrolled anew.
	Questions(ctx context.Context, id device.ID) ([]Question, error)
	// AnswerQuestion closes the question that a command left and records the event.
	// It answers fault.CodeNotFound when none is open.
	AnswerQuestion(ctx context.Context, id ID, by audit.Actor, event audit.Event) error
}

// Whereabouts is a poll as far as the store needs it.
type Whereabouts struct {
	Enrollment device.EnrollmentID
	BSSID      string
}

// Remaining is what an enrollment still has in the queue.
type Remaining struct {
	Enrollment device.EnrollmentID
	// NextDue is when something comes due by the passing of time; zero: never.
	NextDue time.Time
	// Held: something waits for another therapy state.
	Held bool
}

// Changes is what a decision wants to be kept.
type Changes struct {
	// Commands are new ones and changed ones. Every move made since they were read
	// is stored and recorded in the audit log.
	Commands []Command
	// Batch is a new batch, or nil.
	Batch *Batch
	// StopBatch ends a batch early; its text says why.
	StopBatch string
	// Certificates are put on hold or revoked in the same transaction.
	Certificates []CertificateOrder
	// Devices are records that change with the decision: holds and stage.
	Devices []device.Device
	// Questions stay on a device until a person has answered them.
	Questions []Question
	// BreakGlass are those that begin.
	BreakGlass []BreakGlass
	// Events are recorded beside those of the moves, before them.
	Events []audit.Event
	// Wake: enrollments whose commands in Commands are queued or held are told.
	Wake bool
}

// CertificateAction is what happens to a device's certificates.
type CertificateAction string

// The actions.
const (
	CertificateHold   CertificateAction = "hold"   // contained
	CertificateRevoke CertificateAction = "revoke" // for good
)

// CertificateOrder says what is to happen to the certificates of an enrollment.
type CertificateOrder struct {
	Device     device.ID
	Enrollment device.EnrollmentID
	Action     CertificateAction
	// Compromised: of a revocation, that others know the key.
	Compromised bool
	Reason      string // one sentence for people
	Actor       audit.Actor
	Command     ID
}

// Question is what stays open on a device after it enrolled anew: whether a wipe
// that was under way is still wanted. The wipe itself is never delivered to the
// new enrollment (SAFETY 5).
type Question struct {
	Command  ID
	Device   device.ID
	At       time.Time
	Text     string
	Answered time.Time // zero: open
	By       audit.Actor
}

// Query selects commands. Zero fields do not narrow.
type Query struct {
	Device    device.ID
	Batch     BatchID
	Kind      device.Kind
	States    []State
	Requester string // Actor.ID
	Scope     Scope
	// Waiting selects open commands by what they wait for.
	Waiting Waiting
	Outcome Outcome
	// Unresolved: wipes that ended NOT erased, that no later wipe of the same device
	// followed, and whose device is still the hospital's.
	Unresolved bool
	// Origins, when not nil, are the only ones: what a second person may decide.
	Origins []Origin
	// AliveWithin is how long ago a device may have been heard of to count as such;
	// List fills it in.
	AliveWithin time.Duration
	// Before is the cursor: commands asked before this one. Newest come first.
	Before ID
	Limit  int // 1 to 500; 0: 50
}

// Page is one page of commands. Transitions are left out.
type Page struct {
	Items []Command
	// Situations belong to Items.
	Situations []Situation
	Next       ID // cursor of the next page; empty: this was the last
	Total      int
}

// Situation is what WhyWaiting has to know beside the command.
type Situation struct {
	Now        time.Time
	Device     device.Device
	Model      device.Model
	CareArea   bool
	Enrollment Enrollment
	// OpenRing is the newest open ring of the command's batch.
	OpenRing int
	// Site is the device's site, Freezes are those that hold.
	Site    device.PlaceID
	Freezes []Freeze
}
