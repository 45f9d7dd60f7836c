package storetest

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"testing"

	_ "github.com/glebarez/sqlite" // the SQLite driver, for Raw
	_ "github.com/jackc/pgx/v5/stdlib"

	"wardline/device"
	"wardline/internal/rowmac"
	"wardline/store"
)

// Harness is what a suite gets: fresh databases of one engine, a clock that only
// the test moves, and an ear for wake-ups. It belongs to one test; a subtest
// takes its own through Run.
type Harness struct {
	// Engine is the engine that this run is about.
	Engine store.Engine
	// DSN is the address of the newest database made by Store.
	DSN string
	// Clock is the clock of every store that this harness opens.
	Clock *Clock

	t    *testing.T
	ears *ears
}

// Suite is one domain's conformance suite, run once per engine.
type Suite func(t *testing.T, h *Harness)

var suites = map[string]Suite{}

// register adds a suite under the name of its domain. It is called from init in
// the file that holds the suite.
func register(name string, suite Suite) {
	if _, twice := suites[name]; twice {
		panic("storetest: the suite " + name + " is registered twice")
	}
	suites[name] = suite
}

// Run runs every registered suite on every engine, the engines side by side: they
// share nothing, and under the race detector each keeps a processor busy for
// minutes.
func Run(t *testing.T) {
	each(t, (*testing.T).Parallel, func(t *testing.T, h *Harness) {
		for _, name := range sortedKeys(suites) {
			t.Run(name, func(t *testing.T) { suites[name](t, h.in(t)) })
		}
	})
}

// Each runs f once per engine, as the subtests "sqlite" and "postgres". Without
// a PostgreSQL server the second is skipped, or fails under CI.
func Each(t *testing.T, f func(t *testing.T, h *Harness)) {
	t.Helper()
	each(t, func(*testing.T) {}, f)
}

func each(t *testing.T, begin func(*testing.T), f func(t *testing.T, h *Harness)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			begin(t)
			if engine == store.Postgres {
				serverAddress(t)
			}
			f(t, New(t, engine))
		})
	}
}

// New returns a harness for one engine.
func New(t *testing.T, engine store.Engine) *Harness {
	return (&Harness{Engine: engine}).in(t)
}

// in is a harness for the same engine that belongs to another test, with a clock
// of its own.
func (h *Harness) in(t *testing.T) *Harness {
	return &Harness{Engine: h.Engine, Clock: NewClock(), t: t}
}

// Run runs a subtest with a harness of its own: other databases, another clock.
func (h *Harness) Run(name string, f func(t *testing.T, h *Harness)) {
	h.t.Helper()
	h.t.Run(name, func(t *testing.T) { f(t, h.in(t)) })
}

// RowKeys are the keys of every store that this package opens.
func RowKeys() *rowmac.Keys {
	keys, err := rowmac.New([]byte("the key of every store in a test"))
	if err != nil {
		panic(err)
	}
	return keys
}

// Option changes the options that a store is opened with.
type Option func(*store.Options)

// Store opens a store on a fresh, migrated database with the harness's clock. It
// is closed, and its database dropped, when the test ends.
func (h *Harness) Store(opts ...Option) *store.Store {
	h.t.Helper()
	if h.Engine == store.Postgres {
		h.DSN = clonePostgres(h.t)
	} else {
		h.DSN = copySQLite(h.t)
	}
	h.ears = listen(h.t, h.Engine, h.DSN)
	return h.open(opts)
}

// Empty makes a fresh database without any table: what an upgrade test loads a
// dump into, before Reopen.
func (h *Harness) Empty() {
	h.t.Helper()
	if h.Engine == store.Postgres {
		h.DSN = emptyPostgres(h.t)
	} else {
		h.DSN = filepath.Join(h.t.TempDir(), "wardline.db")
	}
	h.ears = listen(h.t, h.Engine, h.DSN)
}

// Second opens another store on the newest database of Store, with its own
// connections: another replica. It skips the test on SQLite, which has one
// process by design.
func (h *Harness) Second(opts ...Option) *store.Store {
	h.t.Helper()
	h.NeedsReplicas()
	return h.open(opts)
}

// Reopen opens the newest database of Store again, as a restarted server does.
// On SQLite the first store must have been closed.
func (h *Harness) Reopen(opts ...Option) *store.Store {
	h.t.Helper()
	return h.open(opts)
}

func (h *Harness) open(opts []Option) *store.Store {
	h.t.Helper()
	o := store.Options{Database: h.DSN, Now: h.Clock.Now, RowKeys: RowKeys()}
	if h.Engine == store.SQLite {
		o.Wake = h.ears.heard
	}
	for _, opt := range opts {
		opt(&o)
	}
	return openStore(h.t, o)
}

// NeedsReplicas skips the test on an engine that only one server can use.
func (h *Harness) NeedsReplicas() {
	h.t.Helper()
	if h.Engine != store.Postgres {
		h.t.Skip("several servers on one database need PostgreSQL")
	}
}

// Woken returns the enrollments that were woken since it was last asked, sorted,
// each once. Everything committed before the call is in it, on both engines.
func (h *Harness) Woken() []device.EnrollmentID {
	h.t.Helper()
	if h.ears == nil {
		return nil
	}
	woken := h.ears.take(h.t)
	slices.Sort(woken)
	return slices.Compact(woken)
}

// Notices returns the other notices sent to replicas since it was last asked,
// such as "x <fingerprint>", in commit order. SQLite has no replicas and sends
// none.
func (h *Harness) Notices() []string {
	h.t.Helper()
	if h.ears == nil {
		return nil
	}
	return h.ears.takeNotices(h.t)
}

// Raw opens plain SQL on the newest database of Store, to look where no method
// leads, or to tamper. Placeholders are $1, $2 on both engines.
func (h *Harness) Raw() *sql.DB {
	h.t.Helper()
	driver, dsn := "pgx", h.DSN
	if h.Engine == store.SQLite {
		driver, dsn = "sqlite", "file:"+h.DSN+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		h.t.Fatalf("open plain SQL on the test database: %v", err)
	}
	h.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			h.t.Errorf("close plain SQL: %v", err)
		}
	})
	return db
}

func openStore(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the test database: %v", err)
		}
	})
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
