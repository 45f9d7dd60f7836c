package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/rowmac"
)

// tx is one write transaction: the database, its one time, and what is to be
// told when it commits.
type tx struct {
	*gorm.DB
	// now is the database's clock when the transaction began.
	now    time.Time
	engine Engine
	newID  func() string
	store  *Store
	events []audit.Event
	wakes  []device.EnrollmentID
	// dropped are certificates whose binding this transaction changed.
	dropped []device.Fingerprint
	// link will name the audit link of this transaction.
	link string
	// versions are those of the rows with codes that were read or written here,
	// written those of the second kind; altered are rows that were not believed.
	versions map[string]rowmac.Version
	written  map[string]bool
	altered  []altered
}

// record adds an audit event to the transaction. ID and At are filled in.
func (t *tx) record(events ...audit.Event) {
	for _, e := range events {
		e.ID, e.At = t.newID(), t.now
		t.events = append(t.events, e)
	}
}

// wakeUp says that these enrollments have work from the commit on.
func (t *tx) wakeUp(enrollments ...device.EnrollmentID) {
	t.wakes = append(t.wakes, enrollments...)
}

// dropBindings says that these certificates are good for something else from
// the commit on: what is cached of them is dropped on every replica.
func (t *tx) dropBindings(certificates ...device.Fingerprint) {
	t.dropped = append(t.dropped, certificates...)
}

// lockRows is the clause that locks the rows of a SELECT until the commit. On
// SQLite the one writer holds the lock already.
func (t *tx) lockRows() string {
	if t.engine == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

const writeAttempts = 4

// write runs f in one transaction, then appends the events it recorded as the
// last thing in it. A deadlock or a serialisation failure runs f again: f must
// have no effect outside the transaction. An error from COMMIT is a failed
// write.
func (s *Store) write(ctx context.Context, f func(*tx) error) error {
	var err error
	for range writeAttempts {
		var t *tx
		err = s.writer.WithContext(ctx).Transaction(func(db *gorm.DB) error {
			now, err := s.clock(db)
			if err != nil {
				return fmt.Errorf("read the database's clock: %w", err)
			}
			t = &tx{DB: db, now: now, engine: s.engine, newID: s.newID, store: s, link: s.newID(),
				versions: map[string]rowmac.Version{}, written: map[string]bool{}}
			if err := f(t); err != nil {
				return err
			}
			if err := t.idempotentByEvents(ctx); err != nil {
				return err
			}
			if err := t.raiseAlerts(); err != nil {
				return err
			}
			if err := t.notify(); err != nil {
				return err
			}
			return t.appendAudit()
		})
		if t != nil && len(t.altered) > 0 {
			defer s.raiseAlarm(ctx, t.altered)
		}
		if err == nil {
			if s.engine == SQLite {
				s.tellThisProcess(t)
			}
			if len(t.events) > 0 {
				s.recorded()
			}
			return nil
		}
		if !retryable(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// tellThisProcess is what NOTIFY does on PostgreSQL.
func (s *Store) tellThisProcess(t *tx) {
	if len(t.wakes) > 0 {
		s.wake(t.wakes)
	}
	if len(t.dropped) > 0 {
		s.drop(t.dropped)
	}
}

func retryable(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "40001", "40P01":
		return true
	case "25P03":
		// This process stood still for so long that the server ended the transaction
		// for being idle: nothing of it was kept.
		return true
	}
	return false
}

// WakeChannel is the PostgreSQL channel that replicas listen on.
const WakeChannel = "wardline_wake"

// A notification names up to this many identifiers or fingerprints. PostgreSQL
// refuses 8,000 bytes and takes the transaction with it: 100 fingerprints are
// 6,500.
const namesPerNotice = 100

// notify sends, inside the transaction, who has work ("d <enrollment> ...") and
// whose binding changed ("x <fingerprint> ..."). After the commit would be too
// late: a kill between the two would lose it.
func (t *tx) notify() error {
	if t.engine != Postgres {
		return nil
	}
	for _, n := range append(notices("d", t.wakes), notices("x", t.dropped)...) {
		if err := t.Exec("SELECT pg_notify(?, ?)", WakeChannel, n).Error; err != nil {
			return fmt.Errorf("notify replicas: %w", err)
		}
	}
	return nil
}

func notices[N ~string](word string, names []N) []string {
	var out []string
	for chunk := range slices.Chunk(names, namesPerNotice) {
		var b strings.Builder
		b.WriteString(word)
		for _, name := range chunk {
			b.WriteByte(' ')
			b.WriteString(string(name))
		}
		out = append(out, b.String())
	}
	return out
}

// Notify sends a payload to the replicas outside of any write, through the pool
// that writes use: the heart-beat of the wake package. On SQLite, where there
// is one process, it does nothing.
func (s *Store) Notify(ctx context.Context, payload string) error {
	if s.engine != Postgres {
		return nil
	}
	return s.writer.WithContext(ctx).Exec("SELECT pg_notify(?, ?)", WakeChannel, payload).Error
}
