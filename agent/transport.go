package agent

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	dialTimeout      = 10 * time.Second
	handshakeTimeout = 15 * time.Second
	// answerSlack is how long an answer may take beyond the time that the server
	// was allowed to hold it.
	answerSlack = 20 * time.Second
)

// dialFunc opens connections.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func defaultDial() dialFunc {
	return (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext
}

// trust is what the agent believes about the server: the pinned root or, before
// it is known, its fingerprint.
type trust struct {
	root *x509.Certificate
	// host is the server's name or address as configured. A handshake carries no
	// name when that is an IP address.
	host string
	// pin is the hexadecimal SHA-256 of the root, while only that is known.
	pin string
	// now is the best idea of the server's time.
	now func() time.Time
}

var errNotPinned = errors.New("the server's certificate does not lead to the pinned authority: " +
	"this is another server, or somebody stands in between")

// verify is tls.Config.VerifyConnection. It runs for resumed connections too.
func (t trust) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errNotPinned
	}
	leaf := state.PeerCertificates[0]
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	root := t.root
	for _, c := range state.PeerCertificates {
		if root == nil && t.pin != "" && fingerprint(c) == t.pin {
			root = c
		}
		middle.AddCert(c)
	}
	name := state.ServerName
	if name == "" {
		name = t.host
	}
	opts := x509.VerifyOptions{DNSName: name, Intermediates: middle, CurrentTime: within(t.now(), leaf)}
	switch {
	case root != nil:
		roots.AddCert(root)
		opts.Roots = roots
	case t.pin != "":
		return errNotPinned
	}
	if _, err := leaf.Verify(opts); err != nil {
		if root != nil {
			return fmt.Errorf("%w (%w)", errNotPinned, err)
		}
		return fmt.Errorf("the server's certificate is not trusted by this device's own list of authorities; "+
			"if it comes from Wardline itself, give its fingerprint, which stands on the invitation: %w", err)
	}
	return nil
}

// newTransport makes one device's own connections. Each device has its own: they
// carry its certificate. An idle one costs one connection and two goroutines.
func newTransport(t trust, identity *tls.Certificate, dial dialFunc) *http.Transport {
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		// The verification below replaces the library's, which would believe the
		// device's wall clock.
		InsecureSkipVerify: true,
		VerifyConnection:   t.verify,
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	if identity != nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return identity, nil }
	}
	return &http.Transport{
		DialContext:         dial,
		TLSClientConfig:     cfg,
		TLSHandshakeTimeout: handshakeTimeout,
		MaxIdleConnsPerHost: 1,
		MaxIdleConns:        1,
		IdleConnTimeout:     2 * time.Minute,
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

func fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// normalPin accepts a fingerprint with colons, spaces, capitals or a "sha256:".
func normalPin(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	p := strings.ToLower(strings.TrimSpace(s))
	p = strings.TrimPrefix(p, "sha256:")
	p = strings.NewReplacer(":", "", " ", "").Replace(p)
	if b, err := hex.DecodeString(p); err != nil || len(b) != sha256.Size {
		return "", fmt.Errorf("%q is not the SHA-256 fingerprint of a certificate: 64 hexadecimal digits are expected", s)
	}
	return p, nil
}
