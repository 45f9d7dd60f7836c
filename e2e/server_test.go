package e2e

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"wardline/store/storetest"
)

// Names that no DNS knows: the server refuses loopback ones, and agents are told
// with --connect-to where it really is.
const (
	deviceURL = "https://devices.wardline.test"
	pkiURL    = "http://pki.wardline.test"
)

// engines runs f on each database, side by side. dsn is "" for SQLite.
func engines(t *testing.T, f func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, "") })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, storetest.PostgresDSN(t)) })
}

// server is one `wardline serve`, which can be killed and started again.
type server struct {
	t *testing.T
	*process
	data, dsn string
	masterKey string // of another replica; "": its own
	env       []string

	// Where its listeners are: they change with each start.
	admin, device, pki, metrics string
}

// folder is a data folder; its path is short, since a socket lies in it.
func folder(t *testing.T) string {
	t.Helper()
	dir := must(os.MkdirTemp("", "wl-"))(t)
	t.Cleanup(func() { check(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "data")
}

func newServer(t *testing.T, dsn string) *server {
	t.Helper()
	return &server{t: t, data: folder(t), dsn: dsn,
		env: []string{"WARDLINE_BOOTSTRAP_ADMIN=admin", "WARDLINE_BOOTSTRAP_PASSWORD=" + password}}
}

// args are the flags of serve, with free ports.
func (s *server) args(more ...string) []string {
	args := append([]string{"serve"}, s.opening()...)
	return append(args, append([]string{"--admin-addr=127.0.0.1:0", "--public-addr=127.0.0.1:0",
		"--device-addr=127.0.0.1:0", "--pki-addr=127.0.0.1:0", "--metrics-addr=127.0.0.1:0", "--device-url=" + deviceURL, "--pki-url=" + pkiURL}, more...)...)
}

// opening are the flags of every command that opens the data folder.
func (s *server) opening() []string {
	args := []string{"--data=" + s.data}
	if s.dsn != "" {
		args = append(args, "--database="+s.dsn)
	}
	if s.masterKey != "" {
		args = append(args, "--master-key-file="+s.masterKey)
	}
	return args
}

var listenerLine = regexp.MustCompile(`(?m)^  (console and API|devices|CRL, OCSP, SCEP|metrics) +(https?)://localhost:(\d+)(?:/metrics)?$`)

// start starts it and waits until it runs.
func (s *server) start(more ...string) {
	s.t.Helper()
	s.process = launch(s.t, wardline, s.env, s.args(more...)...)
	said := s.saying("data folder")
	for _, m := range listenerLine.FindAllStringSubmatch(said, -1) {
		switch m[1] {
		case "console and API":
			s.admin = "https://localhost:" + m[3]
		case "devices":
			s.device = "127.0.0.1:" + m[3]
		case "metrics":
			s.metrics = "http://localhost:" + m[3] + "/metrics"
		default:
			s.pki = "http://localhost:" + m[3]
		}
	}
	if s.admin == "" || s.device == "" || s.pki == "" {
		s.t.Fatalf("the server does not say where it listens:\n%s", said)
	}
}

// holdsAPoll waits until the server holds a poll of its only device: then it has
// nothing more to say to it, and the device nothing to the server.
func (s *server) holdsAPoll() {
	s.t.Helper()
	eventually(s.t, "the device's poll is held", func() bool {
		res, err := http.Get(s.metrics)
		if err != nil {
			return false
		}
		body, err := io.ReadAll(res.Body)
		check(s.t, res.Body.Close())
		return err == nil && strings.Contains(string(body), "\nwardline_polls_held 1\n")
	})
}

// drained is how long a server may take to end on SIGTERM.
const drained = 10 * time.Second

// stop is SIGTERM; the exit code has to be 0.
func (s *server) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	if code := s.wait(drained); code != 0 {
		s.t.Errorf("on SIGTERM the server ends with code %d, want 0", code)
	}
}

// root is the certificate that clients pin.
func (s *server) root() []byte {
	s.t.Helper()
	return must(os.ReadFile(filepath.Join(s.data, "ca.pem")))(s.t)
}

// wholeAudit runs `wardline audit verify` and fails the test unless the chain is
// whole. It returns what was said.
func (s *server) wholeAudit() string {
	s.t.Helper()
	code, out, errs := command(s.t, wardline, nil, append([]string{"audit", "verify"}, s.opening()...)...)
	if code != 0 {
		s.t.Errorf("audit verify ends with code %d: %s%s", code, out, errs)
	}
	says(s.t, "audit verify", out, "The audit log is whole up to ")
	return out
}
