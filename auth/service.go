package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/internal/fault"
	"wardline/internal/seal"
)

// How long things are good.
const (
	// AccessLife is the life of an access token.
	AccessLife = 10 * time.Minute
	// SessionLife is the longest life of a session, SessionIdle without a refresh.
	SessionLife = 12 * time.Hour
	SessionIdle = 4 * time.Hour
	// PublicSessionLife is the longest life of a self-service session.
	PublicSessionLife = 30 * time.Minute
	// OneActLife is the life of a session of one act.
	OneActLife = 10 * time.Minute
	// KnownDeviceLife is how long a browser stays known (see throttle.go).
	KnownDeviceLife = 90 * 24 * time.Hour
	// StepUpLife is how long a confirmed step-up holds for one device,
	// StepUpBatchLife for one batch, StepUpPendingLife how long one may wait to
	// be confirmed.
	StepUpLife        = 5 * time.Minute
	StepUpBatchLife   = 15 * time.Minute
	StepUpPendingLife = 10 * time.Minute
	// SetupLinkLife is the life of a set-up link.
	SetupLinkLife = 72 * time.Hour
	// TokenMaxLife is the longest life of an API token.
	TokenMaxLife = 366 * 24 * time.Hour
	// FoundingLife is how long founding lasts at most.
	FoundingLife = 14 * 24 * time.Hour
)

// Options are what the service takes from outside. Storage and Master must be
// set.
type Options struct {
	Storage Storage
	// Master seals one-time-code seeds and signing keys.
	Master seal.Keyring
	// Now is this server's clock, for access tokens; everything kept is judged by
	// the database's. Nil: time.Now.
	Now func() time.Time
	// NewID makes identifiers. Nil: UUIDv7.
	NewID func() string
	// Hash are the costs of password hashes. Zero: DefaultHashParams.
	Hash HashParams
	// AdminURL is the address of the admin listener as people see it; step-ups are
	// confirmed at its page /step-up.
	AdminURL string
	// Authenticators speaks to passkeys. Nil: there are none.
	Authenticators Authenticators
	// Furnished makes the accounts that CreateAccountLocally makes long held: the
	// demo, and tests, begin after the cooling-off. A hospital's server never sets
	// it.
	Furnished bool
	// Issuer is the name that authenticator apps show. Empty: Wardline.
	Issuer string
}

// Service is everything about people. It is safe for concurrent use.
type Service struct {
	storage        Storage
	master         seal.Keyring
	now            func() time.Time
	newID          func() string
	hasher         *hasher
	keys           *keyset
	adminURL       string
	issuer         string
	authenticators Authenticators
	// furnished: see Options.
	furnished bool
}

// New loads the keys that sign sessions, makes the first one when there is none,
// and returns the service. Replicas may start at the same time.
func New(ctx context.Context, o Options) (*Service, error) {
	s := &Service{storage: o.Storage, master: o.Master, now: o.Now, newID: o.NewID,
		hasher: newHasher(o.Hash), adminURL: o.AdminURL, issuer: o.Issuer, furnished: o.Furnished, authenticators: o.Authenticators}
	if s.now == nil {
		s.now = func() time.Time { return time.Now().UTC() }
	}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if s.authenticators == nil {
		s.authenticators = noAuthenticators{}
	}
	if s.issuer == "" {
		s.issuer = "Wardline"
	}
	s.keys = &keyset{storage: o.Storage, sealer: o.Master.For("auth.signing-key"), now: s.now}
	if err := s.keys.load(ctx); err != nil {
		return nil, err
	}
	if s.keys.empty() {
		if err := s.RotateSigningKey(ctx, systemActor); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// systemActor is the server itself.
var systemActor = audit.Actor{Kind: audit.ActorSystem, ID: "auth"}

// Prefixes tell secrets apart, also for scanners that look for leaked ones.
const (
	prefixToken    = "wlt_"
	prefixRefresh  = "wlr_"
	prefixStepUp   = "wls_"
	prefixSetup    = "wlp_"
	prefixCeremony = "wlc_"
)

// newSecret makes 256 random bits as text, and the hash that is kept.
func newSecret(prefix string) (string, Hash, error) {
	var raw [32]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", Hash{}, fmt.Errorf("make secret: %w", err)
	}
	text := prefix + base64.RawURLEncoding.EncodeToString(raw[:])
	return text, hashOf(text), nil
}

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

func (s *Service) seedSealer(id AccountID) seal.Sealer {
	return s.master.For("auth.totp:" + string(id))
}

func (s *Service) recoverySealer(id AccountID) seal.Sealer {
	return s.master.For("auth.recovery:" + string(id))
}

// Codes that more than one file needs.
var (
	codeSignInNeeded = fault.Define(fault.Unauthenticated, "sign_in_needed", "Sign in, then repeat the request.")
	codeNoSecond     = fault.Define(fault.Forbidden, "second_factor_missing",
		"Set up a passkey or an authenticator app for your account first: destructive work is confirmed with it.")
	codeTooManyTries = fault.Define(fault.TooMany, "too_many_attempts",
		"Wait as long as Retry-After says; from a computer on which you signed in before you need not wait.")
)

func signInNeeded(why string) error { return codeSignInNeeded.New("%s", why) }

func tooManyTries(wait time.Duration) error {
	f := codeTooManyTries.New("There were too many failed attempts. Try again in %s.", wait.Round(time.Second))
	f.RetryAfter = wait
	return f
}

// hidden turns a storage's "no such row" into an answer that does not tell an
// outsider what exists.
func hidden(err error, what string) error {
	switch {
	case errors.Is(err, ErrNoSuch):
		return fault.CodeNotFound.Wrap(err, "There is no such %s.", what)
	case errors.Is(err, ErrStale):
		return fault.CodeStale.Wrap(err, "Somebody changed this %s meanwhile.", what)
	}
	return err
}
