package enroll

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
)

// Options is what enrollment takes from outside.
type Options struct {
	Store Store
	CA    *ca.Authority
	// DeviceURL is the address of the device listener as devices see it, https,
	// without a final slash. It may be empty or unusable: then no invitation is
	// made, and the error names the flag.
	DeviceURL string
	// PKIURL is the address of the pki listener as devices see it, plain http.
	PKIURL string
	// Loopback lets both be loopback or IP addresses: for the demo.
	Loopback bool
	// Trusted says whether the news of other replicas arrives (wake.Hub.Trusted).
	// While it does not, bindings are read from the database at every request.
	// Nil: always.
	Trusted func() bool
	// OnCompleted is told, after the fact, of every enrollment that a device
	// completed. May be nil.
	OnCompleted func(context.Context, Binding)
	// Now, Random and Log may be nil.
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
}

// Service is safe for concurrent use.
type Service struct {
	opts     Options
	log      *slog.Logger
	bindings *bindingCache
	rsa      slots
	refusals *throttle
	tries    *tries
}

// How much RSA work may wait, and how many refusals a second are written one by
// one.
const (
	maxWaitingRSA      = 256
	refusalsPerSecond  = 20
	refusalsBurst      = 200
	abandonedPerStep   = 200
	forgetWaitingAfter = 30 * 24 * time.Hour
)

// New makes the service.
func New(o Options) (*Service, error) {
	if o.Store == nil || o.CA == nil {
		return nil, errors.New("enrollment: store and certificate authority are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Trusted == nil {
		o.Trusted = func() bool { return true }
	}
	o.DeviceURL, o.PKIURL = strings.TrimSuffix(o.DeviceURL, "/"), strings.TrimSuffix(o.PKIURL, "/")
	return &Service{opts: o, log: o.Log, bindings: newBindingCache(),
		rsa:      newSlots(runtime.GOMAXPROCS(0), maxWaitingRSA),
		refusals: &throttle{limiter: rate.NewLimiter(refusalsPerSecond, refusalsBurst), now: o.Now},
		tries:    newTries(o.Now)}, nil
}

// SCEPURL is the address that SCEP clients are given.
func (s *Service) SCEPURL() string { return s.opts.PKIURL + "/scep" }

// checkAddresses fails while what would be printed or certified cannot be used.
func (s *Service) checkAddresses() error {
	if err := ca.CheckAddress("--device-url", s.opts.DeviceURL, s.opts.Loopback, "https"); err != nil {
		return err
	}
	if err := ca.CheckAddress("--pki-url", s.opts.PKIURL, s.opts.Loopback, "http"); err != nil {
		return err
	}
	return s.opts.CA.CheckReady()
}

// Waiting lists the enrollments and renewals that wait for a person, oldest
// first.
func (s *Service) Waiting(ctx context.Context) ([]Waiting, error) { return s.opts.Store.Waiting(ctx) }

// KeyWords names the key that a waiting request asks to have certified, such as
// "ECDSA P-256"; empty when the request cannot be read.
func (w Waiting) KeyWords() string {
	csr, err := x509.ParseCertificateRequest(w.CSR)
	if err != nil {
		return ""
	}
	switch key := csr.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	}
	return csr.PublicKeyAlgorithm.String()
}

// Decide lets a waiting request through, or refuses it for good. The device gets
// its certificate when it asks the next time.
func (s *Service) Decide(ctx context.Context, actor audit.Actor, id string, approve bool, why string) error {
	return s.opts.Store.Decide(ctx, actor, id, approve, why)
}

// Contain puts a device's certificates on hold: Wi-Fi and everything else refuse
// it, our own listener still serves it lock, lost mode, locate and wipe.
func (s *Service) Contain(ctx context.Context, actor audit.Actor, id device.ID, why string) error {
	return s.changed(ctx, "contain", id)(s.opts.Store.Contain(ctx, actor, id, why))
}

// Release takes the hold back.
func (s *Service) Release(ctx context.Context, actor audit.Actor, id device.ID, why string) error {
	return s.changed(ctx, "release", id)(s.opts.Store.Release(ctx, actor, id, why))
}

// Revoke ends a device's enrollment and revokes its certificates for good: no
// wipe can reach it afterwards.
func (s *Service) Revoke(ctx context.Context, actor audit.Actor, id device.ID, reason ca.Reason, why string) error {
	return s.changed(ctx, "revoke", id)(s.opts.Store.Revoke(ctx, actor, id, reason, why))
}

// changed drops the bindings that a change touched, and has OCSP say the same at
// once on this replica.
func (s *Service) changed(ctx context.Context, what string, id device.ID) func([]device.Fingerprint, error) error {
	return func(fps []device.Fingerprint, err error) error {
		if err != nil {
			return fmt.Errorf("%s device %s: %w", what, id, err)
		}
		s.Drop(fps...)
		if err := s.opts.CA.Refresh(ctx); err != nil {
			// It is done and stored; the step in the background will see it.
			s.log.WarnContext(ctx, "revocation state not refreshed", "error", err)
		}
		return nil
	}
}

// Step is the background step of enrollment: it revokes what was enrolled and
// never used within a day, and forgets requests that nobody decided on. Run it
// every minute.
func (s *Service) Step(ctx context.Context) error {
	now := s.opts.Now()
	fps, err := s.opts.Store.AbandonUncompleted(ctx, now.Add(-completeWithin), abandonedPerStep)
	s.Drop(fps...)
	if err != nil {
		return fmt.Errorf("revoke enrollments that were never used: %w", err)
	}
	if err := s.opts.Store.ForgetWaiting(ctx, now.Add(-forgetWaitingAfter)); err != nil {
		return fmt.Errorf("forget requests that nobody decided on: %w", err)
	}
	return nil
}
