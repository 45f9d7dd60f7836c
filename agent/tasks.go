package agent

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

// phase is how far a task has come.
type phase int

const (
	phaseNone   phase = iota
	phaseNotNow       // answered not now; a later attempt may come
	phaseMarked       // taken on, not begun
	phaseStaged       // taken in, to be applied later
	phaseActing       // the driver is or was at work
	phaseEnded        // done or refused
)

// task is what the agent knows of one command.
type task struct {
	id        string
	kind      device.Kind
	subkind   device.Subkind
	orderHash string
	attempt   int
	phase     phase
	order     commands.Order
	permit    safety.Permit
	envelope  string

	// status, reason and detail are the answer as it stands; settled is the last
	// status that the server has stored.
	status  ResultStatus
	reason  string
	detail  map[string]any
	settled ResultStatus
	// at is when status was reached, by the monotonic clock; zero: before the
	// restart.
	at time.Time
	// receipt is signed when the answer is first sent.
	receipt string
	// marked is when it was taken on in this boot; stagedAt the server's time.
	marked   time.Time
	stagedAt time.Time
	// tried is when the driver last found no moment for staged work.
	tried time.Time
	// resumed: a restart interrupted this wipe.
	resumed bool
	gone    bool
}

func (t *task) owesAnswer() bool { return t.status != "" && t.status != t.settled }

// answer sets what is to be reported.
func (t *task) answer(status ResultStatus, reason string, detail map[string]any, at time.Time) {
	t.status, t.reason, t.detail, t.at = status, reason, detail, at
	t.settled, t.receipt = "", ""
}

// book is what the journal says, by command, in the order in which commands were
// first heard of. It is not safe for concurrent use.
type book struct {
	byID  map[string]*task
	order []*task
	// floor is the latest signed server time in the journal.
	floor time.Time
}

func newBook() *book { return &book{byID: map[string]*task{}} }

func (b *book) task(id string) *task {
	t := b.byID[id]
	if t == nil {
		t = &task{id: id}
		b.byID[id] = t
		b.order = append(b.order, t)
	}
	return t
}

// replay takes in one event of an earlier boot.
func (b *book) replay(e Event) error {
	if e.IssuedAt != nil && e.IssuedAt.After(b.floor) {
		b.floor = *e.IssuedAt
	}
	if e.Command == "" || e.What == EventRejected {
		return nil
	}
	t := b.task(e.Command)
	if e.Kind != "" {
		t.kind, t.subkind, t.orderHash, t.attempt = device.Kind(e.Kind), device.Subkind(e.Subkind), e.OrderHash, e.Attempt
	}
	switch e.What {
	case EventNotNow:
		t.phase = phaseNotNow
		t.answer(StatusNotNow, e.Reason, e.Detail, time.Time{})
	case EventMarked:
		t.phase = phaseMarked
		t.answer(StatusAccepted, "", nil, time.Time{})
	case EventStaged:
		t.phase, t.stagedAt = phaseStaged, e.At
		t.answer(StatusAccepted, e.Reason, e.Detail, time.Time{})
	case EventActing, EventResumed:
		t.phase = phaseActing
	case EventRefused, EventDone:
		t.phase, t.gone = phaseEnded, e.Gone
		t.answer(e.Status, e.Reason, e.Detail, time.Time{})
	case EventSettled:
		t.settled = e.Status
	default:
		return fmt.Errorf("line %d has the unknown event %q: it was written by a newer agent", e.N, e.What)
	}
	return nil
}

// restore reads again what was ordered, from the envelope kept with the mark. It
// was verified then; at is the time at which it was.
func (t *task) restore(envelope string, roots *x509.CertPool, at time.Time) error {
	env, order, err := commands.OpenEnvelope(envelope, roots, at)
	if err != nil {
		return fmt.Errorf("read the order of command %s again: %w", t.id, err)
	}
	t.order, t.permit, t.envelope = order, permitOf(env), envelope
	return nil
}

// job is what the driver is told.
func (t *task) job() (Job, error) {
	j := Job{CommandID: t.id, Kind: t.kind, Subkind: t.subkind, Resumed: t.resumed}
	if len(t.order.Args) > 0 {
		if err := json.Unmarshal(t.order.Args, &j.Args); err != nil {
			return Job{}, fmt.Errorf("read the arguments of command %s: %w", t.id, err)
		}
	}
	return j, nil
}

func permitOf(e commands.Envelope) safety.Permit {
	return safety.Permit{AllowedReported: e.AllowedReported, MaxStateAge: e.MaxStateAge, Stage: e.Stage}
}

// event begins a journal line about the task.
func (t *task) event(what What) Event {
	return Event{What: what, Command: t.id, Kind: string(t.kind), Subkind: string(t.subkind),
		OrderHash: t.orderHash, Attempt: t.attempt}
}
