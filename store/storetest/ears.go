package storetest

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"wardline/device"
	"wardline/store"
)

// ears hear who was woken: through the store's callback on SQLite, through
// NOTIFY on PostgreSQL, as a replica does.
type ears struct {
	mu      sync.Mutex
	woken   []device.EnrollmentID
	notices []string

	listener *pgx.Conn // PostgreSQL only
}

func listen(t *testing.T, engine store.Engine, dsn string) *ears {
	t.Helper()
	e := &ears{}
	if engine != store.Postgres {
		return e
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatalf("listen for wake-ups: %v", err)
	}
	t.Cleanup(func() {
		if err := conn.Close(ctx); err != nil {
			t.Errorf("stop listening for wake-ups: %v", err)
		}
	})
	if _, err := conn.Exec(ctx, "LISTEN "+store.WakeChannel); err != nil {
		t.Fatalf("listen for wake-ups: %v", err)
	}
	e.listener = conn
	return e
}

func (e *ears) heard(ids []device.EnrollmentID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.woken = append(e.woken, ids...)
}

func (e *ears) take(t *testing.T) []device.EnrollmentID {
	t.Helper()
	e.catchUp(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	woken := e.woken
	e.woken = nil
	return woken
}

func (e *ears) takeNotices(t *testing.T) []string {
	t.Helper()
	e.catchUp(t)
	e.mu.Lock()
	defer e.mu.Unlock()
	notices := e.notices
	e.notices = nil
	return notices
}

// catchUp reads notifications up to a mark that it sends itself. They arrive in
// the order of commits, so that everything committed before the call has been
// heard when the mark is.
func (e *ears) catchUp(t *testing.T) {
	t.Helper()
	if e.listener == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	ctx := context.Background()
	mark := "mark " + rand.Text()
	if _, err := e.listener.Exec(ctx, "SELECT pg_notify($1, $2)", store.WakeChannel, mark); err != nil {
		t.Fatalf("listen for wake-ups: %v", err)
	}
	for {
		n, err := e.listener.WaitForNotification(ctx)
		if err != nil {
			t.Fatalf("listen for wake-ups: %v", err)
		}
		switch ids, isWake := strings.CutPrefix(n.Payload, "d "); {
		case n.Payload == mark:
			return
		case isWake:
			for _, id := range strings.Fields(ids) {
				e.woken = append(e.woken, device.EnrollmentID(id))
			}
		default:
			e.notices = append(e.notices, n.Payload)
		}
	}
}
