package store

import (
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"
)

// guardClock is the guard's own time. It goes on as a clock goes that nobody can
// set, from where it stood when this process looked first; the database's clock
// is only held against it. Set back or forward, that clock gains nothing, and the
// difference is kept in the database for the next start.
//
// What passed while no server ran cannot be known: the first look after a start
// believes a clock that went forward, and never one that went back.
type guardClock struct {
	mu     sync.Mutex
	passed func() time.Duration
	since  struct {
		known  bool
		guard  time.Time
		passed time.Duration
	}
}

const (
	// jumpAlert is a jump that freezes destructive work and alerts.
	jumpAlert = 5 * time.Minute
	// driftAllowed is how far honest clocks may stand apart before the difference
	// is kept.
	driftAllowed = 2 * time.Second
)

// now is the guard's time. first is what it begins with.
func (c *guardClock) now(first time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.since.known {
		c.since.known, c.since.guard, c.since.passed = true, first, c.passed()
	}
	return c.since.guard.Add(c.passed() - c.since.passed)
}

type guardStateRow struct {
	ID    int
	At    dbTime
	Skew  int64
	Jumps int
}

// lockGuard takes the guard's lock, of which there is one in the database, and
// returns its time. jumped is how far the database's clock was found to have been
// set, when that is worth an alert.
func (t *tx) lockGuard() (now time.Time, jumped time.Duration, err error) {
	var row guardStateRow
	if err := t.Raw("SELECT id, at, skew, jumps FROM guard_state WHERE id = 1" + t.lockRows()).Take(&row).Error; err != nil {
		return now, 0, fmt.Errorf("take the guard's lock: %w", err)
	}
	// The time at which the lock is held, not the one at which it was wanted.
	db, err := t.store.clock(t.DB)
	if err != nil {
		return now, 0, fmt.Errorf("read the database's clock: %w", err)
	}
	kept := row.At.time()
	told := db.Add(-time.Duration(row.Skew) * time.Microsecond)
	now = latest(kept, t.store.guardClock.now(latest(kept, told)))
	if off := told.Sub(now); off.Abs() > driftAllowed {
		row.Skew += off.Microseconds()
		row.Jumps++
		if off.Abs() > jumpAlert {
			jumped = off
		}
	}
	err = t.Exec("UPDATE guard_state SET at = ?, skew = ?, jumps = ? WHERE id = 1", dbTime(now), row.Skew, row.Jumps).Error
	if err != nil {
		return now, 0, fmt.Errorf("keep the guard's clock: %w", err)
	}
	return now, jumped, nil
}

// guardTime is the guard's time for reading, without its lock.
func (s *Store) guardTime(db *gorm.DB) (time.Time, error) {
	var row guardStateRow
	if err := db.Raw("SELECT id, at, skew, jumps FROM guard_state WHERE id = 1").Take(&row).Error; err != nil {
		return time.Time{}, fmt.Errorf("read the guard's clock: %w", err)
	}
	now, err := s.clock(db)
	if err != nil {
		return now, fmt.Errorf("read the database's clock: %w", err)
	}
	told := now.Add(-time.Duration(row.Skew) * time.Microsecond)
	return latest(row.At.time(), s.guardClock.now(latest(row.At.time(), told))), nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
