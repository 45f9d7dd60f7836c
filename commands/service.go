package commands

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Options says what the service runs on. Storage and Signer are required.
type Options struct {
	Storage Storage
	// Signer returns the signer of envelopes that is good now. It is asked at each
	// delivery, so that a renewed certificate is used at once.
	Signer func() (Signer, error)
	// Guard is LimitGuard when nil.
	Guard Guard
	// Approvers says in words who may approve a kind for a class, such as
	// "biomed or security". Nil: "somebody with the right to approve it".
	Approvers func(device.Kind, device.Class) string
	// Now is this process's clock, with its monotonic reading. It measures how old
	// the state in a poll is, and nothing else: windows are measured by the
	// database's clock.
	Now func() time.Time
	// NewID makes identifiers; UUIDv7 when nil.
	NewID func() string
	// SilentAfter is after how long without a word an accepted command is
	// unconfirmed, and a ring of a batch has fallen silent. 15 minutes when zero.
	SilentAfter time.Duration
	// BatchDelay is how long a batch that is not quiet can be taken back before
	// its first delivery. 5 minutes when zero.
	BatchDelay time.Duration
	// Log may be nil.
	Log *slog.Logger
}

// Service is the queue of commands. It is safe for concurrent use, and several
// replicas may run on one database.
type Service struct {
	storage     Storage
	signer      func() (Signer, error)
	guard       Guard
	approvers   func(device.Kind, device.Class) string
	now         func() time.Time
	newID       func() string
	silentAfter time.Duration
	batchDelay  time.Duration
	log         *slog.Logger
}

// Expiries and delays.
const (
	quietExpiry      = time.Hour
	disruptiveExpiry = 24 * time.Hour
	heldExpiry       = 7 * 24 * time.Hour
	shortestExpiry   = time.Minute
	// StageLife is how long a device keeps what it has staged.
	StageLife = 72 * time.Hour

	defaultSilentAfter = 15 * time.Minute
	defaultBatchDelay  = 5 * time.Minute
)

// New makes the service.
func New(o Options) *Service {
	s := &Service{storage: o.Storage, signer: o.Signer, guard: o.Guard, approvers: o.Approvers, now: o.Now, newID: o.NewID,
		silentAfter: o.SilentAfter, batchDelay: o.BatchDelay, log: o.Log}
	if s.guard == nil {
		s.guard = LimitGuard{}
	}
	if s.approvers == nil {
		s.approvers = func(device.Kind, device.Class) string { return "somebody with the right to approve it" }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if s.silentAfter == 0 {
		s.silentAfter = defaultSilentAfter
	}
	if s.batchDelay == 0 {
		s.batchDelay = defaultBatchDelay
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// system is the actor of what the server does by itself.
func system(loop string) audit.Actor { return audit.Actor{Kind: audit.ActorSystem, ID: loop} }

// Get returns a command with all its transitions and the sentence that says why
// it has not happened yet. It answers fault.CodeNotFound.
func (s *Service) Get(ctx context.Context, id ID) (Command, error) {
	c, situation, err := s.storage.Command(ctx, id)
	if err != nil {
		return Command{}, err
	}
	c.WhyWaiting = s.whyWaiting(c, situation)
	return c, nil
}

// List returns commands, newest first, without their transitions.
func (s *Service) List(ctx context.Context, q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = 50
	}
	q.Limit = min(max(q.Limit, 1), 500)
	q.AliveWithin = aliveWithin
	page, err := s.storage.Commands(ctx, q)
	if err != nil {
		return Page{}, fmt.Errorf("list commands: %w", err)
	}
	for i := range page.Items {
		page.Items[i].WhyWaiting = s.whyWaiting(page.Items[i], page.Situations[i])
	}
	return page, nil
}

// Batch returns a batch with the outcome of each device. It answers
// fault.CodeNotFound.
func (s *Service) Batch(ctx context.Context, id BatchID) (Batch, error) {
	return s.storage.Batch(ctx, id)
}

// Questions returns what stays open on a device after it enrolled anew.
func (s *Service) Questions(ctx context.Context, id device.ID) ([]Question, error) {
	return s.storage.Questions(ctx, id)
}

// AnswerQuestion closes the question that an open wipe left on its device. When
// the wipe is still wanted the person asks for a new one, through Request; answer
// is what was decided, in the person's words.
func (s *Service) AnswerQuestion(ctx context.Context, actor audit.Actor, id ID, answer string) error {
	answer = strings.TrimSpace(answer)
	if answer == "" || utf8.RuneCountInString(answer) > maxReason || !showable(answer) {
		return fault.CodeInvalid.New("Say what was decided.").WithField("answer", "must have 1 to %d characters", maxReason)
	}
	return s.storage.AnswerQuestion(ctx, id, actor, audit.Event{Actor: actor, Action: "device.question_answered",
		Command: string(id), Detail: map[string]any{"answer": answer}})
}
