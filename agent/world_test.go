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
	"errors"
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

	"wardline/device"
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
