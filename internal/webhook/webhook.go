package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"wardline/alert"
)

// Header names of a call.
const (
	HeaderSignature = "Wardline-Signature"
	HeaderDelivery  = "Wardline-Delivery"
)

// Options is what a Caller needs.
type Options struct {
	// Allow are networks that are called although they are this machine's own, or
	// its link's.
	Allow []netip.Prefix
	// CAFile holds certificates, PEM, that are trusted beside the system's; empty:
	// none.
	CAFile string
	// Version is what the program says of itself.
	Version string
}

// Caller calls webhooks. It is safe for concurrent use.
type Caller struct {
	allow   []netip.Prefix
	client  *http.Client
	version string
}

const (
	dialTime   = 5 * time.Second
	callTime   = 10 * time.Second
	answerRead = 4 << 10
)

// New returns a caller.
func New(o Options) (*Caller, error) {
	c := &Caller{allow: o.Allow, version: o.Version}
	var roots *x509.CertPool
	if o.CAFile != "" {
		text, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates that webhooks are trusted by: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("read the system's certificates: %w", err)
		}
		if !roots.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("there is no certificate in %s", o.CAFile)
		}
	}
	// The address is judged when it is called, after its name was resolved: a name
	// that leads elsewhere the second time gains nothing.
	dialer := &net.Dialer{Timeout: dialTime, Control: func(_, address string, _ syscall.RawConn) error { return c.judge(address) }}
	c.client = &http.Client{
		Timeout: callTime,
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: dialTime, ResponseHeaderTimeout: callTime, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10,
			ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// errOwnNetwork is in the error of a call to an address that is not called.
var errOwnNetwork = errors.New("the address belongs to this machine or its link: name its network with --webhook-allow if it is meant")

func (c *Caller) judge(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the address %q cannot be called: %w", address, err)
	}
	ip := at.Addr().Unmap()
	for _, p := range c.allow {
		if p.Contains(ip) {
			return nil
		}
	}
	if ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip.IsInterfaceLocalMulticast() || nat64(ip) {
		return fmt.Errorf("%s: %w", ip, errOwnNetwork)
	}
	return nil
}

// nat64 addresses stand for IPv4 ones, which would have to be judged themselves.
func nat64(ip netip.Addr) bool { return netip.MustParsePrefix("64:ff9b::/96").Contains(ip) }

// Call implements alert.Caller: anything but 2xx is a failure that is tried again,
// and 410 means that nobody wants to be called any more.
func (c *Caller) Call(ctx context.Context, h alert.Hook) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(h.Body))
	if err != nil {
		return fmt.Errorf("call the webhook: %w: %w", alert.ErrForGood, err)
	}
	if r.URL.Scheme != "https" {
		return fmt.Errorf("call the webhook: %w: only https is called", alert.ErrForGood)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "wardline/"+c.version)
	r.Header.Set(HeaderDelivery, h.ID)
	r.Header.Set(HeaderSignature, Sign(h.Secret, h.At, h.Body))
	res, err := c.client.Do(r)
	if err != nil {
		return fmt.Errorf("call the webhook: %w", err)
	}
	defer res.Body.Close()
	// Only so that the other side sees its answer taken.
	_, _ = io.CopyN(io.Discard, res.Body, answerRead)
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusGone:
		return fmt.Errorf("the webhook answered 410: %w", alert.ErrForGood)
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return fmt.Errorf("the webhook answered %d: redirects are not followed", res.StatusCode)
	}
	return fmt.Errorf("the webhook answered %d", res.StatusCode)
}

// Sign is the value of the signature's header: the time in Unix seconds, and the
// HMAC-SHA-256, in hex, over that number, a dot, and the body.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
