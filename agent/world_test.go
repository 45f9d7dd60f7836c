package agent

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/wake"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	if dir := os.Getenv(victimVariable); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

// deviceKeys are made once: RSA keys are slow to make.
var deviceKeys = sync.OnceValue(func() []*rsa.PrivateKey {
	keys := make([]*rsa.PrivateKey, 2)
	for i := range keys {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = k
	}
	return keys
})

// authority is a hospital's certificate authority, made with nothing but the
// standard library.
type authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	sign commandSigner
}

type commandSigner struct {
	ed25519.PrivateKey
	chain []*x509.Certificate
}

func (s commandSigner) Chain() []*x509.Certificate { return s.chain }

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	a := &authority{t: t, key: key}
	root := &x509.Certificate{Subject: pkix.Name{CommonName: "Test Root"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(20 * 365 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign}
	a.cert = root
	a.cert = a.issue(root, key.Public())
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	a.sign = commandSigner{priv, []*x509.Certificate{a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "Orders"},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(2 * 365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{{2, 25, 1730954817, 1}}}, pub)}}
	return a
}

func (a *authority) issue(c *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	a.t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(a.t, err)
	c.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, pub, a.key)
	must(a.t, err)
	cert, err := x509.ParseCertificate(der)
	must(a.t, err)
	return cert
}

func (a *authority) deviceCertificate(id device.ID, class device.Class, key *rsa.PrivateKey, from, to time.Time) *x509.Certificate {
	return a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: string(id), OrganizationalUnit: []string{string(class)}},
		NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, key.Public())
}

func (a *authority) serverConfig() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.t, err)
	cert := a.issue(&x509.Certificate{Subject: pkix.Name{CommonName: "server"}, DNSNames: []string{"devices.test"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(2 * 365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, key.Public())
	return &tls.Config{MinVersion: tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw, a.cert.Raw}, PrivateKey: key}}}
}

// desk is the server behind the handler, in memory: it binds certificates, queues
// orders, and remembers everything that it was asked and told.
type desk struct {
	mu       sync.Mutex
	a        *authority
	hub      *wake.Hub
	known    map[device.Fingerprint]Identity
	queue    map[device.EnrollmentID][]*asked
	byID     map[commands.ID]*asked
	leases   [][]device.EnrollmentID
	binds    int
	seen     []device.Report
	recorded []device.Report
	clones   [][2]string
	stored   map[string]Inventory
	// lease, when set, answers in place of the queue.
	lease func([]commands.Poll) (map[device.EnrollmentID]commands.Leased, error)
	// deaf: results are lost on their way.
	deaf bool
	// quiet: reports are not kept, for benchmarks.
	quiet bool
}

// asked is one command.
type asked struct {
	order    commands.Order
	bytes    []byte
	envelope commands.Envelope
	attempt  int
	// handedOut is when it was last; until it is answered it stays in the queue.
	handedOut time.Time
	results   []commands.Result
	receipts  []commands.Receipt
}

func newDesk(t testing.TB) *desk {
	d := &desk{a: newAuthority(t), known: map[device.Fingerprint]Identity{}, queue: map[device.EnrollmentID][]*asked{},
		byID: map[commands.ID]*asked{}, stored: map[string]Inventory{}}
	d.hub = wake.New(wake.Options{Source: d})
	return d
}

func (d *desk) WorkSnapshot(context.Context) ([]wake.Work, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var works []wake.Work
	for id, q := range d.queue {
		if len(q) > 0 {
			works = append(works, wake.Work{Enrollment: id})
		}
	}
	return works, nil
}

func (d *desk) Bind(_ context.Context, fp device.Fingerprint) (Identity, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.binds++
	who, ok := d.known[fp]
	if !ok {
		return Identity{}, ErrUnknownCertificate
	}
	return who, nil
}

func (d *desk) Complete(_ context.Context, who Identity) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.known[who.Fingerprint]
	w.Completed = true
	d.known[who.Fingerprint] = w
	return nil
}

func (d *desk) Seen(_ device.ID, r device.Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.quiet {
		d.seen = append(d.seen, r)
	}
}

func (d *desk) Record(_ context.Context, _ device.ID, r device.Report) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recorded = append(d.recorded, r)
	return nil
}

func (d *desk) KnowsInventory(_ context.Context, _ device.ID, hash string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.stored[hash]
	return ok, nil
}

func (d *desk) Inventory(_ context.Context, _ device.ID, hash string, i Inventory) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stored[hash] = i
	return nil
}

func (d *desk) Clone(_ context.Context, _ Identity, boots [2]string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clones = append(d.clones, boots)
	return nil
}

func (d *desk) Lease(_ context.Context, polls []commands.Poll) (map[device.EnrollmentID]commands.Leased, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]device.EnrollmentID, len(polls))
	for i, p := range polls {
		ids[i] = p.Enrollment
	}
	d.leases = append(d.leases, ids)
	if d.lease != nil {
		return d.lease(polls)
	}
	out := map[device.EnrollmentID]commands.Leased{}
	for _, p := range polls {
		l, err := d.handOut(p.Enrollment, time.Now())
		if err != nil {
			return nil, err
		}
		out[p.Enrollment] = l
	}
	return out, nil
}

// redeliver is after how long an order that was not answered is handed out again.
const redeliver = 10 * time.Second

func (d *desk) handOut(id device.EnrollmentID, now time.Time) (commands.Leased, error) {
	var l commands.Leased
	for _, a := range d.queue[id] {
		if due := a.handedOut.Add(redeliver); now.Before(due) {
			if l.NextDue.IsZero() || due.Before(l.NextDue) {
				l.NextDue = due
			}
			continue
		}
		jws, err := a.seal(d.a, now)
		if err != nil {
			return l, err
		}
		a.handedOut = now
		l.Envelopes = append(l.Envelopes, jws)
		l.NextDue = now.Add(redeliver)
	}
	return l, nil
}

func (a *asked) seal(by *authority, now time.Time) (string, error) {
	a.attempt++
	e := a.envelope
	e.Order, e.Attempt, e.IssuedAt, e.ExpiresAt, e.MatrixVersion = a.bytes, a.attempt, now, now.Add(2*time.Minute), "test"
	return commands.SealEnvelope(by.sign, e)
}

func (d *desk) Settle(_ context.Context, who commands.Identity, results []commands.Result) ([]commands.ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.deaf {
		return nil, errors.New("the database is away")
	}
	var settled []commands.ID
	for _, r := range results {
		settled = append(settled, r.Command)
		a := d.byID[r.Command]
		if a == nil {
			continue
		}
		receipt, err := commands.VerifyReceipt(who.PublicKey, r.Receipt)
		if err != nil {
			return nil, fmt.Errorf("receipt of %s: %w", r.Command, err)
		}
		d.queue[who.Enrollment] = slices.DeleteFunc(d.queue[who.Enrollment], func(q *asked) bool { return q == a })
		a.results = append(a.results, r)
		a.receipts = append(a.receipts, receipt)
	}
	return settled, nil
}

// give queues an order without waking anybody.
func (d *desk) give(who Identity, kind device.Kind, sub device.Subkind, args map[string]any, e commands.Envelope) *asked {
	d.a.t.Helper()
	raw, err := json.Marshal(args)
	must(d.a.t, err)
	if args == nil {
		raw = []byte("{}")
	}
	a := &asked{envelope: e, order: commands.Order{Command: commands.ID(uuid.Must(uuid.NewV7()).String()), Kind: kind, Subkind: sub,
		Args: raw, Device: who.Device, Enrollment: who.Enrollment, Class: who.Class,
		Requester: commands.Requester{Kind: audit.ActorKind("person"), ID: "it", Name: "IT"}, Reason: "a test", AskedAt: time.Now()}}
	a.bytes, err = a.order.Encode()
	must(d.a.t, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byID[a.order.Command] = a
	d.queue[who.Enrollment] = append(d.queue[who.Enrollment], a)
	return a
}

// ask queues an order and wakes its device.
func (d *desk) ask(who Identity, kind device.Kind) *asked {
	return d.askWith(who, kind, "", nil, commands.Envelope{})
}

func (d *desk) askWith(who Identity, kind device.Kind, sub device.Subkind, args map[string]any, e commands.Envelope) *asked {
	d.a.t.Helper()
	a := d.give(who, kind, sub, args, e)
	d.hub.Mark(who.Enrollment)
	return a
}

// again queues a command that was handed out before.
func (d *desk) again(who Identity, a *asked) {
	d.mu.Lock()
	a.handedOut = time.Time{}
	if !slices.Contains(d.queue[who.Enrollment], a) {
		d.queue[who.Enrollment] = append(d.queue[who.Enrollment], a)
	}
	d.mu.Unlock()
	d.hub.Mark(who.Enrollment)
}

// statuses are the results of a command in the order in which they were settled,
// without repetitions.
func (d *desk) statuses(a *asked) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var s []string
	for _, r := range a.results {
		s = append(s, string(r.Status))
	}
	return slices.Compact(s)
}

func (d *desk) setStanding(who Identity, s Standing) {
	d.mu.Lock()
	w := d.known[who.Fingerprint]
	w.Standing = s
	d.known[who.Fingerprint] = w
	d.mu.Unlock()
	d.hub.Drop(who.Fingerprint)
}

func (d *desk) count(f func(*desk) int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return f(d)
}

// hospital is a desk behind a real listener.
type hospital struct {
	*desk
	t       testing.TB
	handler *Handler
	server  *http.Server
	url     string
	dial    dialFunc
}

// openHospital serves the protocol over TLS on l.
func openHospital(t testing.TB, l net.Listener, dial dialFunc, url string, change ...func(*HandlerOptions)) *hospital {
	t.Helper()
	d := newDesk(t)
	o := HandlerOptions{Bindings: d, Commands: d, Telemetry: d, Alerts: d, Hub: d.hub}
	for _, c := range change {
		c(&o)
	}
	h := &hospital{desk: d, t: t, handler: NewHandler(o), url: url, dial: dial}
	router := gin.New()
	h.handler.Register(router)
	h.server = NewDeviceServer(d.a.serverConfig(), router, o.Load)
	served := make(chan error, 1)
	go func() { served <- h.server.ServeTLS(l, "", "") }()
	ctx, stop := context.WithCancel(context.Background())
	beating := make(chan struct{})
	go func() { defer close(beating); _ = d.hub.Run(ctx, true) }()
	must(t, d.hub.Await(ctx))
	t.Cleanup(func() {
		h.handler.Drain()
		_ = h.server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the listener ended: %v", err)
		}
		stop()
		<-beating
	})
	return h
}

// openOnTCP serves on a free port.
func openOnTCP(t testing.TB, change ...func(*HandlerOptions)) *hospital {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return openHospital(t, l, nil, "https://"+l.Addr().String(), change...)
}

// openInMemory serves on pipes, inside a synctest bubble.
func openInMemory(t testing.TB, change ...func(*HandlerOptions)) *hospital {
	t.Helper()
	l := newPipes()
	return openHospital(t, l, l.dial, "https://devices.test", change...)
}

// testWriter puts the agent's log into the test's.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b); return len(b), nil }

// member is one enrolled device: its identity on the server and its state folder.
type member struct {
	Identity
	h    *hospital
	dir  string
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

// enrolled makes a device that has enrolled already.
func (h *hospital) enrolled(class device.Class) *member {
	return h.enrolledIn(class, h.t.TempDir())
}

func (h *hospital) enrolledIn(class device.Class, dir string) *member {
	h.t.Helper()
	id := device.ID(uuid.Must(uuid.NewV7()).String())
	m := &member{h: h, dir: dir, key: deviceKeys()[0]}
	m.cert = h.a.deviceCertificate(id, class, m.key, time.Now().Add(-time.Hour), time.Now().Add(300*24*time.Hour))
	sum := sha256.Sum256(m.cert.Raw)
	m.Identity = Identity{Device: id, Enrollment: device.EnrollmentID(uuid.Must(uuid.NewV7()).String()), Epoch: 1, Class: class,
		Standing: StandingActive, PublicKey: m.key.Public(), Fingerprint: device.Fingerprint(hex.EncodeToString(sum[:]))}
	h.mu.Lock()
	h.known[m.Fingerprint] = m.Identity
	h.mu.Unlock()
	must(h.t, os.MkdirAll(dir, 0o700))
	must(h.t, os.Chmod(dir, 0o700))
	state := &stateDir{path: dir}
	must(h.t, state.writeIdentity(m.key, []*x509.Certificate{m.cert}))
	must(h.t, state.write(fileRoot, encodeCertificate(h.a.cert)))
	must(h.t, state.writeJSON(fileSettings, settings{Server: h.url, SCEPURL: h.url + pathSCEP, Serial: "S1"}))
	return m
}

func (m *member) options(d Driver) Options {
	return Options{StateDir: m.dir, Driver: d, Dial: m.h.dial, Log: slog.New(slog.NewTextHandler(testWriter{m.h.t}, nil))}
}

// switchOn runs the agent until the test ends or off is called, which returns
// what Run returned.
func (m *member) switchOn(d Driver, change ...func(*Options)) (off func() error) {
	m.h.t.Helper()
	o := m.options(d)
	for _, c := range change {
		c(&o)
	}
	c, err := Open(o)
	must(m.h.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	off = sync.OnceValue(func() error { cancel(); return <-done })
	m.h.t.Cleanup(func() { _ = off() })
	return off
}

func (m *member) journal() []Event {
	m.h.t.Helper()
	events, err := ReadJournal(filepath.Join(m.dir, fileJournal))
	must(m.h.t, err)
	return events
}

// did lists what the journal says happened to a command.
func (m *member) did(a *asked) []string {
	var whats []string
	for _, e := range m.journal() {
		if e.Command == string(a.order.Command) && e.What != EventSettled {
			whats = append(whats, string(e.What))
		}
	}
	return whats
}

// handset is a driver that only remembers.
type handset struct {
	mu      sync.Mutex
	can     []device.Kind
	therapy device.Reported
	changed chan struct{}
	jobs    []Job
	do      func(context.Context, Job) (Outcome, error)
	wall    func() time.Time
}

func newHandset(can ...device.Kind) *handset {
	return &handset{can: can, changed: make(chan struct{}, 1)}
}

func (d *handset) Capabilities() []device.Kind { return d.can }

func (d *handset) Therapy() (device.Reported, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.therapy, 0
}

func (d *handset) become(r device.Reported) {
	d.mu.Lock()
	d.therapy = r
	d.mu.Unlock()
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

func (d *handset) Changed() <-chan struct{} { return d.changed }

func (d *handset) State(context.Context) (State, error) {
	now := time.Now()
	if d.wall != nil {
		now = d.wall()
	}
	return State{WallClock: &now}, nil
}

func (d *handset) Inventory(context.Context) (Inventory, error) {
	return Inventory{Maker: "Example", Model: "One", Serial: "S1"}, nil
}

func (d *handset) Do(ctx context.Context, j Job) (Outcome, error) {
	d.mu.Lock()
	d.jobs = append(d.jobs, j)
	do := d.do
	d.mu.Unlock()
	if do != nil {
		return do(ctx, j)
	}
	return Outcome{}, nil
}

func (d *handset) done() []Job {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.jobs)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equalList[T comparable](t testing.TB, what string, got []T, want ...T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
