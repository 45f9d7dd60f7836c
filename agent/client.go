package agent

import (
	"context"
	"crypto/rsa"
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
}

// EnrollRequest says where to enroll and by what right.
type EnrollRequest struct {
	// Server is the address of the device listener, such as
	// "https://devices.hospital.example:8444".
	Server string
	// Code is the invitation's code as printed or scanned.
	Code string
	// CAFingerprint pins the server: the hexadecimal SHA-256 of the root
	// certificate. Without it the system's trust store decides.
	CAFingerprint string
	// Serial is the maker's serial number, which the invitation is checked
	// against. Empty: as the driver's inventory says.
	Serial string
}
