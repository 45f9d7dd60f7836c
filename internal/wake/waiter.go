package wake

import (
	"context"
	"time"

	"wardline/device"
)

// Waiter is one poll that may have to wait. It belongs to one goroutine. The
// order is what makes it safe: register, then look, then lease, then clear, and
// only then wait; whatever happens after the registration is not lost.
type Waiter struct {
	hub  *Hub
	id   device.EnrollmentID
	next *Waiter
	// woken holds at most one pending wake-up.
	woken chan struct{}
	// asked: this poll has asked the database once, as every poll has to while
	// the index is not trusted.
	asked bool
}

// Glance is what the index says of an enrollment.
type Glance struct {
	// Work: the database has to be asked.
	Work bool
	// Generation goes into Cleared after it was.
	Generation uint64
	// Due is when something comes due; zero: nothing that is known of.
	Due time.Time
}

// Register announces a poll. Close must be called when it is answered.
func (h *Hub) Register(id device.EnrollmentID) *Waiter {
	w := &Waiter{hub: h, id: id, woken: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	w.next = h.waiters[id]
	h.waiters[id] = w
	return w
}

// Close takes the poll out of the hub.
func (w *Waiter) Close() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	head := h.waiters[w.id]
	if head == w {
		if w.next == nil {
			delete(h.waiters, w.id)
		} else {
			h.waiters[w.id] = w.next
		}
		return
	}
	for ; head != nil; head = head.next {
		if head.next == w {
			head.next = w.next
			return
		}
	}
}

// Look says whether the database has to be asked. situation is what the device
// says of itself in this poll, such as its therapy state: held work counts when
// it differs from the one of the last look.
func (w *Waiter) Look(situation string) Glance {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	g := Glance{Generation: h.generation}
	if !h.trusted && !w.asked {
		w.asked = true
		g.Work = true
	}
	e := h.entries[w.id]
	if e == nil {
		return g
	}
	now := h.now()
	if len(e.dues) > 0 {
		if e.dues[0].After(now) {
			g.Due = e.dues[0]
		} else {
			g.Work = true
		}
	}
	if e.ready || (e.held && (e.looked.IsZero() || e.situation != situation)) {
		g.Work = true
	}
	return g
}

// Wait blocks until the index has news for this poll or due has come (true), or
// until the time until (false). It returns the context's error when that ends
// first. A zero due is never.
func (w *Waiter) Wait(ctx context.Context, due, until time.Time) (bool, error) {
	now := w.hub.now()
	left, byDue := until.Sub(now), false
	if !due.IsZero() && due.Before(until) {
		left, byDue = due.Sub(now), true
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-w.woken:
		return true, nil
	case <-timer.C:
		return byDue, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// poke wakes the poll without blocking. The hub's lock is held.
func (w *Waiter) poke() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}
