package inventory

import (
	"context"
	"time"

	"wardline/device"
)

// HeldCertificate is one certificate that a device was given, with what became
// of it.
type HeldCertificate struct {
	Certificate
	// Serial is the certificate's own, in hexadecimal digits.
	Serial     string
	Enrollment device.EnrollmentID
	NotBefore  time.Time
	// FirstUsedAt is when the device first showed it; zero: never.
	FirstUsedAt time.Time
	// SupersededAt is when a newer one of the same enrollment took its place; zero:
	// not yet. RevokedAt is when it was put on hold or revoked, and Reason why.
	SupersededAt time.Time
	RevokedAt    time.Time
	Reason       string
}

// certificatesShown bounds the list: a device that renews once a month has them
// for years.
const certificatesShown = 100

// Certificates returns the certificates that a device was given, newest first.
func (s *Service) Certificates(ctx context.Context, id device.ID) ([]HeldCertificate, error) {
	return s.storage.Certificates(ctx, id, s.now().UTC(), certificatesShown)
}

// DaysLeft are the full days until a certificate ends; negative once it has.
func DaysLeft(notAfter, now time.Time) int {
	left := notAfter.Sub(now)
	days := int(left / (24 * time.Hour))
	if left < 0 {
		days--
	}
	return days
}
