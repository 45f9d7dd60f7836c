package wake

import (
	"context"
	"fmt"
	"time"

	"wardline/device"
)

// announceWithin is how long after the slow beat found something its
// announcement may still arrive: a commit is visible a little before its
// notification is heard.
const announceWithin = 3 * time.Second

// Run compares the index with the database again and again until ctx ends. With
// alone set there is no other replica and no listener: the hub is trusted as
// soon as the first snapshot has been read.
func (h *Hub) Run(ctx context.Context, alone bool) error {
	if alone {
		for h.Load(ctx) != nil {
			if !sleep(ctx, jitter(time.Second)) {
				return nil
			}
		}
		h.setTrusted(true)
	}
	for sleep(ctx, jitter(h.slowBeat)) {
		if err := h.beat(ctx); err != nil {
			if ctx.Err() == nil {
				h.log.Warn("the slow beat could not read which devices have work", "error", err)
			}
			continue
		}
		if !sleep(ctx, announceWithin) {
			return nil
		}
		if n := h.convict(); n > 0 {
			h.log.Error("devices had work that nobody had announced; the slow beat found it", "count", n)
		}
	}
	return nil
}

// Load reads the snapshot and marks everything in it. Nothing is taken out.
func (h *Hub) Load(ctx context.Context) error {
	works, err := h.source.WorkSnapshot(ctx)
	if err != nil {
		err = fmt.Errorf("read which devices have work: %w", err)
		h.log.Warn("the index of waiting work could not be loaded", "error", err)
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	for _, w := range works {
		// Announcements may have been lost before this: all of it counts as new.
		h.entry(w.Enrollment).looked = time.Time{}
		h.add(w, now)
	}
	return nil
}

// beat compares the index with the database: it adds what is missing and drops
// what is gone.
func (h *Hub) beat(ctx context.Context) error {
	h.mu.Lock()
	start, trusted := h.generation, h.trusted
	h.mu.Unlock()
	began := h.now()

	works, err := h.source.WorkSnapshot(ctx)
	if err != nil {
		return err
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	there := make(map[device.EnrollmentID]struct{}, len(works))
	for _, w := range works {
		there[w.Enrollment] = struct{}{}
		if h.knows(w, began) {
			continue
		}
		e := h.entry(w.Enrollment)
		withheld := w.Held || !e.looked.IsZero() && !w.Due.After(e.looked)
		if trusted && !withheld && !w.Due.After(began) {
			h.suspects[w.Enrollment] = struct{}{}
		}
		h.add(w, began)
	}
	for id, e := range h.entries {
		// What was marked after the query began may be too young for it.
		if _, still := there[id]; !still && e.generation <= start {
			delete(h.entries, id)
		}
	}
	return nil
}

// knows reports whether the index says already what the database says. The lock
// is held.
func (h *Hub) knows(w Work, now time.Time) bool {
	e := h.entries[w.Enrollment]
	if e == nil {
		return false
	}
	if e.ready {
		return true
	}
	if w.Held {
		return e.held
	}
	// A due time that we hold and that is not later says it too.
	return len(e.dues) > 0 && (!e.dues[0].After(w.Due) || !e.dues[0].After(now))
}

// convict counts what the last beat found and nobody has announced since.
func (h *Hub) convict() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.suspects)
	h.missed += uint64(n)
	clear(h.suspects)
	return n
}

// sleep waits for d; it reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
