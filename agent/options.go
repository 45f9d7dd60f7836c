package agent

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"
)

// What Run and Open may end with.
var (
	// ErrErased: the device wiped itself; there is nothing left to run.
	ErrErased = errors.New("the device has been wiped and its identity is gone")
	// ErrNotEnrolled: the state folder holds no certificate.
	ErrNotEnrolled = errors.New("this device is not enrolled: run wardline-agent enroll first")
)

// Options says what an agent runs on. StateDir and Driver are required; the rest
// has defaults that fit a real device.
type Options struct {
	// StateDir holds the key, the certificate and the journal. It is created with
	// mode 0700; one that others can read is refused.
	StateDir string
	Driver   Driver
	Log      *slog.Logger

	// Now is the device's wall clock, shown to the server and never trusted.
	// Waiting and ages use the monotonic clock of package time.
	Now func() time.Time
	// Rand draws jitter, boot identifiers and nonces. Default: crypto/rand.
	Rand io.Reader
	// NewKey makes a device key. Default: RSA with 2048 bits from Rand.
	NewKey func() (*rsa.PrivateKey, error)
	// Dial opens connections; tests and simulated devices pull the plug here.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Wait is how long the server may hold a poll, 0 to 55 s. Default 50 s.
	Wait time.Duration
	// MaxBackoff bounds the pause after failures. Default 5 minutes.
	MaxBackoff time.Duration

	// crash lets tests of this package end the process at a named point.
	crash func(point string)
}

const (
	defaultWait       = 50 * time.Second
	defaultMaxBackoff = 5 * time.Minute
	minBackoff        = time.Second
	keyBits           = 2048
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.NewKey == nil {
		random := o.Rand
		o.NewKey = func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(random, keyBits) }
	}
	if o.Dial == nil {
		o.Dial = defaultDial()
	}
	if o.crash == nil {
		o.crash = func(string) {}
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.MaxBackoff == 0 {
		o.MaxBackoff = defaultMaxBackoff
	}
	return o
}

// backoff is the pause after so many failures in a row: it doubles from one
// second to MaxBackoff, and is jittered down to half so that a thousand devices
// that lost the same server do not come back in the same second.
func (o Options) backoff(failures int) time.Duration {
	d := o.MaxBackoff
	if shift := min(failures-1, 20); minBackoff<<shift < d {
		d = minBackoff << shift
	}
	return d/2 + o.random(d/2)
}

// random draws a duration below limit.
func (o Options) random(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	var b [8]byte
	if _, err := io.ReadFull(o.Rand, b[:]); err != nil {
		return limit / 2
	}
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(limit))
}

// pause waits for d; it reports false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
