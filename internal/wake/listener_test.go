package wake_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"wardline/device"
	"wardline/internal/wake"
	"wardline/store/storetest"
)

const channel = "wardline_wake"

// registry is a database with a table of work, written as the store does it: the
// row and its announcement in one transaction.
type registry struct {
	t    *testing.T
	dsn  string
	pool *pgxpool.Pool
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{t: t, dsn: storetest.PostgresDSN(t)}
	pool, err := pgxpool.New(t.Context(), r.dsn)
	check(t, err)
	t.Cleanup(pool.Close)
	r.pool = pool
	r.exec("CREATE TABLE test_work (enrollment TEXT)")
	return r
}

func (r *registry) exec(sql string, args ...any) {
	r.t.Helper()
	_, err := r.pool.Exec(context.Background(), sql, args...)
	check(r.t, err)
}

// order commits work for a device and announces it.
func (r *registry) order(id device.EnrollmentID) {
	r.t.Helper()
	check(r.t, pgx.BeginFunc(context.Background(), r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), "INSERT INTO test_work VALUES ($1)", string(id)); err != nil {
			return err
		}
		_, err := tx.Exec(context.Background(), "SELECT pg_notify($1, $2)", channel, "d "+string(id))
		return err
	}))
}

// replica is one server: its hub, its listener, and how it reaches the database.
type replica struct {
	hub      *wake.Hub
	listener *wake.Listener
	log      *lockedBuffer
	// afterRead runs when a snapshot has been read, before the hub has it.
	afterRead atomic.Pointer[func()]
	r         *registry
}

func (p *replica) WorkSnapshot(ctx context.Context) ([]wake.Work, error) {
	rows, err := p.r.pool.Query(ctx, "SELECT enrollment FROM test_work")
	if err != nil {
		return nil, err
	}
	works, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (wake.Work, error) {
		var w wake.Work
		err := row.Scan(&w.Enrollment)
		return w, err
	})
	if f := p.afterRead.Load(); f != nil {
		(*f)()
	}
	return works, err
}

// start runs a replica whose listener connects to listenURL. Heart-beats come
// twenty times as fast as in life; the slow beat does not come at all unless
// asked for, so that nothing but the listener can find work.
func (r *registry) start(name, listenURL string, slowBeat time.Duration) *replica {
	r.t.Helper()
	p := &replica{r: r, log: &lockedBuffer{}}
	p.hub = wake.New(wake.Options{Source: p, SlowBeat: slowBeat})
	p.listener = wake.NewListener(wake.ListenerOptions{Hub: p.hub, URL: listenURL, Channel: channel, Replica: name,
		Beat: 50 * time.Millisecond, Log: slog.New(slog.NewTextHandler(p.log, nil)),
		Notify: func(ctx context.Context, payload string) error {
			_, err := r.pool.Exec(ctx, "SELECT pg_notify($1, $2)", channel, payload)
			return err
		}})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = p.listener.Run(ctx) })
	running.Go(func() { _ = p.hub.Run(ctx, false) })
	r.t.Cleanup(func() { cancel(); running.Wait() })
	return p
}

func (p *replica) awaitTrust(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := p.hub.Await(ctx); err != nil {
		t.Fatalf("the hub is not trusted: %v\n%s", err, p.log)
	}
}

func (p *replica) awaitDistrust(t *testing.T) {
	t.Helper()
	eventually(t, "the replica notices that it hears nothing", func() bool { return !p.hub.Trusted() })
}

// held is a poll that waits for work; it returns how long it took.
func (p *replica) held(t *testing.T, id device.EnrollmentID) <-chan time.Duration {
	t.Helper()
	w := p.hub.Register(id)
	found := make(chan time.Duration, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	go func() {
		defer w.Close()
		began := time.Now()
		for {
			g := w.Look("")
			if g.Work {
				found <- time.Since(began)
				return
			}
			if _, err := w.Wait(ctx, g.Due, time.Now().Add(time.Minute)); err != nil {
				return
			}
		}
	}()
	return found
}

func got(t *testing.T, what string, found <-chan time.Duration) {
	t.Helper()
	select {
	case <-found:
	case <-time.After(15 * time.Second):
		t.Fatalf("%s was never found", what)
	}
}

func TestAnOrderOnOneServerReachesAPollHeldByAnother(t *testing.T) {
	r := newRegistry(t)
	one, two := r.start("one", r.dsn, time.Hour), r.start("two", r.dsn, time.Hour)
	one.awaitTrust(t)
	two.awaitTrust(t)
	found := two.held(t, "phone")
	r.order("phone")
	got(t, "the order", found)
	got(t, "the order on its own server", one.held(t, "phone"))
}

func TestARevocationReachesEveryServer(t *testing.T) {
	r := newRegistry(t)
	one := r.start("one", r.dsn, time.Hour)
	dropped := make(chan device.Fingerprint, 2)
	one.hub.OnDrop(func(fp device.Fingerprint) { dropped <- fp })
	one.awaitTrust(t)
	r.exec("SELECT pg_notify($1, 'x aa bb')", channel)
	for _, want := range []device.Fingerprint{"aa", "bb"} {
		select {
		case fp := <-dropped:
			if fp != want {
				t.Errorf("dropped %s, want %s", fp, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the other server was not told")
		}
	}
}

func TestWhatIsOrderedWhileTheListenerIsAwayIsFoundWhenItIsBack(t *testing.T) {
	r := newRegistry(t)
	one := r.start("one", r.dsn, time.Hour)
	one.awaitTrust(t)
	for i := range 5 {
		id := device.EnrollmentID(fmt.Sprintf("phone-%d", i))
		found := one.held(t, id)
		r.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wardline listen'")
		r.order(id)
		got(t, string(id), found)
		one.awaitTrust(t)
	}
	if n := one.listener.Sessions(); n < 2 {
		t.Errorf("the listener had %d sessions: nothing was taken away", n)
	}
}

func TestWhatIsOrderedBetweenListenAndSnapshotIsNotLost(t *testing.T) {
	r := newRegistry(t)
	one := r.start("one", r.dsn, time.Hour)
	one.awaitTrust(t)
	var once sync.Once
	between := func() { once.Do(func() { r.order("phone") }) } // committed after the snapshot was read
	one.afterRead.Store(&between)
	r.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'wardline listen'")
	one.awaitDistrust(t)
	one.awaitTrust(t)
	got(t, "the order", one.held(t, "phone"))
}

func TestASilentConnectionIsNoticedByTheHeartBeat(t *testing.T) {
	r := newRegistry(t)
	wire := newWire(t, r.dsn)
	one := r.start("one", wire.url, time.Hour)
	one.awaitTrust(t)
	wire.silent.Store(true)
	found := one.held(t, "phone")
	r.order("phone") // nobody hears it
	one.awaitDistrust(t)
	wire.silent.Store(false)
	got(t, "the order", found)
	one.awaitTrust(t)
}

func TestAPoolerThatSwallowsNotificationsIsNeverTrusted(t *testing.T) {
	r := newRegistry(t)
	wire := newWire(t, r.dsn)
	wire.swallow.Store(true)
	one := r.start("one", wire.url, time.Hour)
	eventually(t, "the log names the flag", func() bool { return strings.Contains(one.log.String(), "--database-listen-url") })
	if n := one.listener.Sessions(); n != 0 {
		t.Errorf("the hub believed %d times an index that hears nothing", n)
	}
	w := one.hub.Register("phone")
	defer w.Close()
	if !w.Look("").Work {
		t.Error("polls have to ask the database while the hub is not trusted")
	}
	wire.swallow.Store(false)
	one.awaitTrust(t)
}

func TestTheSlowBeatCountsWhatWasNotAnnounced(t *testing.T) {
	r := newRegistry(t)
	one := r.start("one", r.dsn, 200*time.Millisecond)
	one.awaitTrust(t)
	found := one.held(t, "phone")
	r.exec("INSERT INTO test_work VALUES ('phone')") // a program that forgot to notify
	got(t, "the order", found)
	eventually(t, "it is counted", func() bool { return one.hub.Missed() == 1 })
}

// wire is a proxy in front of PostgreSQL that can fall silent, or swallow
// notifications as a pooler does that hands out a connection per transaction.
type wire struct {
	url             string
	silent, swallow atomic.Bool
}

func newWire(t *testing.T, dsn string) *wire {
	t.Helper()
	u, err := url.Parse(dsn)
	check(t, err)
	cfg, err := pgx.ParseConfig(dsn)
	check(t, err)
	target, network := net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port)), "tcp"
	if strings.HasPrefix(cfg.Host, "/") {
		target, network = fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port), "unix"
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	w := &wire{}
	u.Host = l.Addr().String()
	q := u.Query()
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	w.url = u.String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, target)
			if err != nil {
				_ = client.Close()
				return
			}
			go w.copy(server, client, false)
			go w.copy(client, server, true)
		}
	}()
	return w
}

// copy forwards messages one by one. What comes from the server has a type and a
// length from its first byte on; what goes there is forwarded as it is.
func (w *wire) copy(to, from net.Conn, framed bool) {
	defer to.Close()
	defer from.Close()
	if !framed {
		_, _ = io.Copy(to, from)
		return
	}
	head := make([]byte, 5)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		if w.silent.Load() || (w.swallow.Load() && head[0] == 'A') {
			continue
		}
		if _, err := to.Write(append(head[:5:5], body...)); err != nil {
			return
		}
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls a condition of the real world.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for !f() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: it did not happen", what)
		}
	}
}
