package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"wardline/device"
)

// Why a poll is ended before its time. Each comes with an answer.
var (
	errDraining   = errors.New("the server is about to stop")
	errDropped    = errors.New("the certificate's binding has changed")
	errOvertaken  = errors.New("a newer poll of the same device has come")
	errStaleState = errors.New("there is work, but the state in the poll is too old for it")
)

const (
	// bootMemory is how many superseded boots of an enrollment are remembered.
	bootMemory = 4
	// bootGrace is how long after a restart a late poll of the boot before it
	// means nothing.
	bootGrace = 2 * time.Second
	// staleLimit is how many polls in a row may repeat a sequence before it means
	// that two devices count the same boot.
	staleLimit = 3
	// cloneRepeat is how often the same clone is reported.
	cloneRepeat = time.Hour
	// forgetAfter is how long the session of a silent device is kept.
	forgetAfter = 26 * time.Hour
	sweepEvery  = time.Hour
)

// session is what this process remembers of one enrollment between its polls.
type session struct {
	boot     string
	bootAt   time.Time
	past     []string // superseded boots, oldest first
	sequence uint64
	stale    int // polls in a row that repeated a sequence
	cloneAt  time.Time

	fingerprint device.Fingerprint
	therapy     device.Reported
	knownHash   string
	seen        time.Time
	// current is the poll that is being answered; nil: none.
	current *turn
}

// sessions remembers all of them. It is safe for concurrent use.
type sessions struct {
	mu   sync.Mutex
	byID map[device.EnrollmentID]*session
	// byFP finds the enrollment that last polled with a certificate.
	byFP     map[device.Fingerprint]device.EnrollmentID
	swept    time.Time
	held     int
	draining bool
}

func newSessions() *sessions {
	return &sessions{byID: map[device.EnrollmentID]*session{}, byFP: map[device.Fingerprint]device.EnrollmentID{}}
}

// turn is one poll while it is being answered.
type turn struct {
	// ctx ends with one of the errors above as its cause, or when the client goes
	// away.
	ctx context.Context
	end context.CancelCauseFunc
	// request is the request's own context: it ends only when the client goes away.
	request   context.Context
	sessions  *sessions
	session   *session
	isHeld    bool
	knownHash string
	// news: another therapy state than in the poll before, or the first poll of an
	// enrollment.
	news bool
}

// clone names two boots of one enrollment that are alive at once.
type clone [2]string

// enter begins a poll: it checks its sequence, notices clones, and ends an older
// poll of the same enrollment that is still held. A clone is returned at most
// once an hour.
func (s *sessions) enter(ctx context.Context, who Identity, req *PollRequest, now time.Time) (*turn, *clone, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	e := s.byID[who.Enrollment]
	if e == nil {
		e = &session{}
		s.byID[who.Enrollment] = e
	}
	first, before := e.boot == "", e.boot
	cloned, err := e.count(req, now)
	var report *clone
	if cloned && now.Sub(e.cloneAt) > cloneRepeat {
		e.cloneAt = now
		report = &clone{before, req.BootID}
	}
	if err != nil {
		return nil, report, err
	}
	t := &turn{sessions: s, session: e, knownHash: e.knownHash, request: ctx}
	t.news = !who.Completed || !first && e.therapy != req.State.Therapy
	e.therapy, e.seen = req.State.Therapy, now
	if e.fingerprint != who.Fingerprint {
		delete(s.byFP, e.fingerprint)
		e.fingerprint = who.Fingerprint
		s.byFP[who.Fingerprint] = who.Enrollment
	}
	if e.current != nil {
		e.current.end(errOvertaken)
	}
	t.ctx, t.end = context.WithCancelCause(ctx)
	e.current = t
	return t, report, nil
}

// count checks boot and sequence of a poll. It reports whether it shows that the
// device's key lives in two places.
func (e *session) count(req *PollRequest, now time.Time) (clone bool, err error) {
	switch {
	case e.boot == req.BootID && req.Sequence > e.sequence:
		e.sequence, e.stale = req.Sequence, 0
		return false, nil
	case e.boot == req.BootID:
		e.stale++
		return e.stale >= staleLimit, codeSequence.New(
			"sequence %d of this boot has been used already: count on with each poll", req.Sequence)
	case slices.Contains(e.past, req.BootID):
		// The boot before this one is still alive, or alive again.
		clone = now.Sub(e.bootAt) > bootGrace
		e.past = slices.DeleteFunc(e.past, func(b string) bool { return b == req.BootID })
	}
	if e.boot != "" {
		e.past = append(e.past, e.boot)
		if len(e.past) > bootMemory {
			e.past = e.past[1:]
		}
	}
	e.boot, e.bootAt, e.sequence, e.stale = req.BootID, now, req.Sequence, 0
	return clone, nil
}

// leave ends the turn.
func (t *turn) leave() {
	t.end(nil)
	s := t.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.session.current == t {
		t.session.current = nil
	}
	if t.isHeld {
		s.held--
	}
}

// holding notes that the poll waits.
func (t *turn) holding() {
	s := t.sessions
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		t.end(errDraining)
	}
	if !t.isHeld {
		t.isHeld = true
		s.held++
	}
}

// knows remembers that the inventory with this hash is stored.
func (t *turn) knows(hash string) {
	t.sessions.mu.Lock()
	defer t.sessions.mu.Unlock()
	t.session.knownHash = hash
}

// drop ends the poll that came with a certificate whose binding has changed.
func (s *sessions) drop(fp device.Fingerprint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.byID[s.byFP[fp]]; e != nil && e.current != nil {
		e.current.end(errDropped)
	}
}

// drain ends every held poll, now and from now on.
func (s *sessions) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for _, e := range s.byID {
		if e.current != nil && e.current.isHeld {
			e.current.end(errDraining)
		}
	}
}

func (s *sessions) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

func (s *sessions) heldNow() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

// sweep forgets devices that have been silent for long. The lock is held.
func (s *sessions) sweep(now time.Time) {
	if now.Sub(s.swept) < sweepEvery {
		return
	}
	s.swept = now
	for id, e := range s.byID {
		if e.current == nil && now.Sub(e.seen) > forgetAfter {
			delete(s.byID, id)
			delete(s.byFP, e.fingerprint)
		}
	}
}
