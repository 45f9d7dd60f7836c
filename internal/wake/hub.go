package wake

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"wardline/device"
)

// Work is one reason for a device's next poll to look into the database.
type Work struct {
	Enrollment device.EnrollmentID
	// Due is from when; zero or past means now.
	Due time.Time
	// Held work has been looked at and has to wait for the device: it counts only
	// when the situation in a poll differs from the one at the last look.
	Held bool
}

// Source reads the truth: every enrollment with a command that is queued, held,
// or delivered and not yet answered, with the earliest time at which anything is
// due.
type Source interface {
	// WorkSnapshot returns all of it, in one statement that begins after the call.
	WorkSnapshot(ctx context.Context) ([]Work, error)
}

// Options says what a hub runs on. Only Source is required.
type Options struct {
	Source Source
	// Now is this process's clock. It is compared with Work.Due.
	Now func() time.Time
	// SlowBeat is the time between two comparisons with the database, jittered by
	// a quarter. Default 30 s.
	SlowBeat time.Duration
	Log      *slog.Logger
}

const (
	defaultSlowBeat = 30 * time.Second
	// relook is the shortest time after which work that was not handed out is
	// looked at again.
	relook = time.Second
)

// Hub knows which enrollments may have work. It is safe for concurrent use, and
// its zero value is of no use: see New. A new hub is not trusted: until it is,
// every new poll has to ask the database.
type Hub struct {
	source   Source
	now      func() time.Time
	slowBeat time.Duration
	log      *slog.Logger

	mu sync.Mutex
	// generation rises with every mark, so that a look into the database can tell
	// what it has answered from what came while it was looking.
	generation uint64
	entries    map[device.EnrollmentID]*entry
	waiters    map[device.EnrollmentID]*Waiter
	// trusted is set once the listener hears and the snapshot has been read.
	trusted bool
	changed chan struct{} // closed and replaced when trusted changes
	// suspects were found by the slow beat and not announced so far.
	suspects map[device.EnrollmentID]struct{}
	missed   uint64
	drops    []func(device.Fingerprint)
}

// entry is what is known of one enrollment.
type entry struct {
	// generation is the hub's when the entry was last marked.
	generation uint64
	// ready: something may be due now.
	ready bool
	// held: something waits for the device's situation to change.
	held bool
	// dues are later times at which something comes due, ascending.
	dues []time.Time
	// looked is when the database was last asked, and situation what the device
	// said of itself then.
	looked    time.Time
	situation string
}

// New makes a hub. Run must be called for the slow beat; on PostgreSQL a
// Listener makes it trusted, otherwise Run does.
func New(o Options) *Hub {
	h := &Hub{
		source: o.Source, now: o.Now, slowBeat: o.SlowBeat, log: o.Log,
		entries:  map[device.EnrollmentID]*entry{},
		waiters:  map[device.EnrollmentID]*Waiter{},
		suspects: map[device.EnrollmentID]struct{}{},
		changed:  make(chan struct{}),
	}
	if h.now == nil {
		h.now = time.Now
	}
	if h.slowBeat == 0 {
		h.slowBeat = defaultSlowBeat
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	return h
}

// Now is the clock that dues are compared with.
func (h *Hub) Now() time.Time { return h.now() }

// Mark says that these enrollments may have work from now on. Their held polls
// wake up. It never blocks on a poll.
func (h *Hub) Mark(enrollments ...device.EnrollmentID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range enrollments {
		delete(h.suspects, id)
		h.mark(id)
	}
}

// MarkDue says that there is work, now or later.
func (h *Hub) MarkDue(works ...Work) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for _, w := range works {
		delete(h.suspects, w.Enrollment)
		h.add(w, now)
	}
}

// mark makes the enrollment's entry ready. The lock is held.
func (h *Hub) mark(id device.EnrollmentID) {
	e := h.entry(id)
	e.ready = true
	h.touch(id, e)
}

// add puts one piece of work into the index. The lock is held.
func (h *Hub) add(w Work, now time.Time) {
	e := h.entry(w.Enrollment)
	switch {
	case w.Held:
		e.held = true
	case w.Due.After(now):
		e.addDue(w.Due)
	default:
		e.ready = true
	}
	h.touch(w.Enrollment, e)
}

func (h *Hub) entry(id device.EnrollmentID) *entry {
	e := h.entries[id]
	if e == nil {
		e = &entry{}
		h.entries[id] = e
	}
	return e
}

// touch gives the entry a new generation and wakes who waits for it. The lock is
// held.
func (h *Hub) touch(id device.EnrollmentID, e *entry) {
	h.generation++
	e.generation = h.generation
	for w := h.waiters[id]; w != nil; w = w.next {
		w.poke()
	}
}

// Cleared says that the database was asked on behalf of an enrollment, and what
// remains there.
type Cleared struct {
	Enrollment device.EnrollmentID
	// Generation is that of the Glance before the database was asked.
	Generation uint64
	// Began is this process's time just before it was asked.
	Began time.Time
	// Situation is what the device said of itself in the poll that asked.
	Situation string
	// NextDue is when something comes due by the passing of time; zero: never.
	NextDue time.Time
	// Held: something waits for the situation to change.
	Held bool
}

// Clear notes that the database has just been asked for these enrollments. An
// entry is cleared only when nothing marked it since the glance; otherwise its
// poll looks again. A cleared entry stays until the slow beat, to tell what was
// looked at and withheld from what nobody had announced.
func (h *Hub) Clear(cleared ...Cleared) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range cleared {
		e := h.entry(c.Enrollment)
		e.looked, e.situation = c.Began, c.Situation
		if e.generation <= c.Generation {
			e.ready, e.held = false, false
			e.dues = slices.DeleteFunc(e.dues, func(t time.Time) bool { return !t.After(c.Began) })
		}
		h.keep(e, c)
	}
}

// keep notes what remains after a look. Nobody is woken: whoever looked is about
// to wait and looks at the entry before. The lock is held.
func (h *Hub) keep(e *entry, c Cleared) {
	e.held = e.held || c.Held
	if c.NextDue.IsZero() {
		return
	}
	due := c.NextDue
	if soon := c.Began.Add(relook); due.Before(soon) {
		// Due by our clock and yet not handed out: the database's clock is behind
		// ours. Never ask in a tight loop.
		due = soon
	}
	e.addDue(due)
	h.generation++
	e.generation = h.generation
}

// addDue keeps dues ascending and without repetition.
func (e *entry) addDue(due time.Time) {
	if i, there := slices.BinarySearchFunc(e.dues, due, time.Time.Compare); !there {
		e.dues = slices.Insert(e.dues, i, due)
	}
}

// Trusted reports whether a no from the index can be believed. It is false from
// the start until the first snapshot, and whenever the listener has lost its
// connection.
func (h *Hub) Trusted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.trusted
}

// Await blocks until the hub is trusted or ctx ends.
func (h *Hub) Await(ctx context.Context) error {
	for {
		h.mu.Lock()
		trusted, changed := h.trusted, h.changed
		h.mu.Unlock()
		if trusted {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *Hub) setTrusted(trusted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.trusted == trusted {
		return
	}
	h.trusted = trusted
	close(h.changed)
	h.changed = make(chan struct{})
}

// Missed counts work that the slow beat found and nobody had announced. It must
// stay 0: it is exported as wardline_wake_missed_total.
func (h *Hub) Missed() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.missed
}

// Size returns how many enrollments are in the index and how many polls wait.
func (h *Hub) Size() (entries, waiting int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.waiters {
		for ; w != nil; w = w.next {
			waiting++
		}
	}
	return len(h.entries), waiting
}

// OnDrop registers f, to be called with the fingerprint of each certificate whose
// binding changed: revoked, contained, superseded. f must not block. Register
// before the hub is in use.
func (h *Hub) OnDrop(f func(device.Fingerprint)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drops = append(h.drops, f)
}

// Drop says that a certificate's binding has changed. On PostgreSQL the listener
// calls it, in every replica; on SQLite whoever changed it does.
func (h *Hub) Drop(fp device.Fingerprint) {
	h.mu.Lock()
	drops := h.drops
	h.mu.Unlock()
	for _, f := range drops {
		f(fp)
	}
}

// jitter returns d changed by up to a quarter, either way.
func jitter(d time.Duration) time.Duration {
	return d - d/4 + rand.N(d/2+1)
}
