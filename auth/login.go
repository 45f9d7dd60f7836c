package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wardline/audit"
	"wardline/internal/fault"
)

var codeSignInFailed = fault.Define(fault.Unauthenticated, "sign_in_failed",
	"Check user name, password and one-time code; each code works once.")

// Login is an attempt to sign in.
type Login struct {
	Audience Audience
	Username string
	Password string
	// OTP is the one-time code; it is needed when the account has the factor.
	OTP string
	// Passkey is the answer to BeginPasskeySignIn: with a password in place of the
	// one-time code, without user name and password in place of everything.
	Passkey *Assertion
	// Remote is the address of the client, with or without a port.
	Remote    string
	UserAgent string
	// LossCode stands in place of the password at a session of one act.
	LossCode string
	// KnownDevice is what an earlier Granted.KnownDevice gave this browser or
	// program; it may be empty.
	KnownDevice string
	// Via names the program or page for the audit log.
	Via string
}

// Granted is a session as its holder gets it.
type Granted struct {
	AccessToken string
	ExpiresIn   time.Duration
	// RefreshToken goes into a cookie that scripts cannot read, or a file that
	// others cannot. It is good once.
	RefreshToken   string
	RefreshExpires time.Time
	// KnownDevice is to be kept by the browser or program for KnownDeviceLife and
	// shown at the next Login: guessing by others then never blocks it. Empty at a
	// refresh.
	KnownDevice string
	Principal   Principal
}

// errBadCode leaves the sign-in transaction when the one-time code is not good.
var errBadCode = errors.New("one-time code is wrong or used")

// Login signs somebody in. Whatever is wrong, the answer is the same; too many
// failures are answered with too_many_attempts and a time to wait.
func (s *Service) Login(ctx context.Context, in Login) (Granted, error) {
	if !in.Audience.Valid() {
		return Granted{}, fmt.Errorf("sign in: unknown audience %q", in.Audience)
	}
	proof, err := s.ready(ctx, Proof{OTP: in.OTP, Passkey: in.Passkey}, forSignIn, Principal{}, "")
	if err != nil && !errors.Is(err, ErrBadPasskey) {
		return Granted{}, err
	}
	good := err == nil
	username := normaliseUsername(in.Username)
	source := SourceOf(in.Remote)
	byPasskey := in.Passkey != nil && username == ""
	person, err := s.whoSignsIn(ctx, username, in.Passkey)
	if err != nil {
		return Granted{}, err
	}
	keys := keysFor(cmp.Or(username, person.Username), source, s.knownDevice(ctx, in.KnownDevice, person.ID))
	counts, known, now, err := s.storage.Throttles(ctx, keys.all(), person.ID, source)
	if err != nil {
		return Granted{}, fmt.Errorf("sign in: %w", err)
	}
	if wait := keys.blockedFor(counts, known, now); wait > 0 {
		return Granted{}, tooManyTries(wait)
	}
	if !byPasskey {
		right, err := s.knows(ctx, person, in)
		if err != nil {
			return Granted{}, fmt.Errorf("sign in: %w", err)
		}
		good = good && right
	}
	if !good || person.Disabled {
		return Granted{}, s.signInFailed(ctx, person, source, in.Via, keys)
	}
	granted, err := s.openSession(ctx, person, source, in, proof, keys)
	switch {
	case errors.Is(err, ErrClonedPasskey):
		if err := s.cloned(ctx, person.ID); err != nil {
			return Granted{}, err
		}
		fallthrough
	case errors.Is(err, errBadCode), errors.Is(err, ErrBadPasskey):
		return Granted{}, s.signInFailed(ctx, person, source, in.Via, keys)
	}
	if err == nil && !byPasskey && in.LossCode == "" && s.hasher.outdated(person.Password) {
		err = s.rehash(ctx, person, in.Password)
	}
	return granted, err
}

// knows says whether the password is right, or the code that stands for it.
func (s *Service) knows(ctx context.Context, person Person, in Login) (bool, error) {
	if in.signsInForOneAct() && in.LossCode != "" {
		return s.takeLossCode(ctx, person, in.LossCode)
	}
	return s.hasher.verify(ctx, person.Password, in.Password)
}

// whoSignsIn finds the account by its name, or by what a passkey says; an empty
// person when there is none.
func (s *Service) whoSignsIn(ctx context.Context, username string, passkey *Assertion) (Person, error) {
	find := func() (Person, Standing, error) { return s.storage.PersonByUsername(ctx, username) }
	if username == "" && passkey != nil {
		id, err := s.authenticators.ClaimedBy(passkey.Response)
		if err != nil && !errors.Is(err, ErrBadPasskey) {
			return Person{}, err
		}
		find = func() (Person, Standing, error) { return s.storage.Person(ctx, id) }
	}
	person, _, err := find()
	if err != nil && !errors.Is(err, ErrNoSuch) {
		return Person{}, fmt.Errorf("sign in: %w", err)
	}
	return person, nil
}

// openSession stores the session and spends the one-time code in one
// transaction.
func (s *Service) openSession(ctx context.Context, person Person, source string, in Login, proof Proof, keys throttleKeys) (Granted, error) {
	refresh, hash, err := newSecret(prefixRefresh)
	if err != nil {
		return Granted{}, err
	}
	by := audit.Actor{Kind: audit.ActorPerson, ID: string(person.ID), Name: person.Username, Via: in.Via}
	rule := func(p Person, st Standing) (Person, Session, error) {
		session := Session{ID: SessionID(s.newID()), Account: p.ID, Audience: in.Audience, Factor: FactorPassword,
			Source: source, UserAgent: clip(in.UserAgent, 200)}
		if in.LossCode != "" {
			session.Factor = FactorLossCode
		}
		if p.Disabled || p.Password != person.Password {
			return p, session, errBadCode
		}
		if !in.signsInForOneAct() && (p.HasSecondFactor || proof.Passkey != nil) {
			var factor Factor
			var err error
			if p, factor, err = s.prove(p, proof, st, toSignIn); err != nil {
				return p, session, err
			}
			session.Factor = FactorPassword + "+" + factor
			if in.Username == "" {
				session.Factor = factor // the passkey alone, which is two factors by itself
			}
		}
		session.CreatedAt, session.RefreshAt = st.Now, st.Now
		session.ExpiresAt, session.IdleUntil = st.Now.Add(SessionLife), st.Now.Add(SessionIdle)
		if in.Audience == AudiencePublic {
			session.ExpiresAt, session.IdleUntil = st.Now.Add(PublicSessionLife), st.Now.Add(PublicSessionLife)
		}
		if in.signsInForOneAct() {
			session.ExpiresAt, session.IdleUntil = st.Now.Add(OneActLife), st.Now.Add(OneActLife)
		}
		return p, session, nil
	}
	forgiven := keys.forgiven()
	if in.signsInForOneAct() {
		forgiven = nil
	}
	session, p, st, err := s.storage.SignIn(ctx, by, Session{Account: person.ID}, hash, forgiven, rule)
	if err != nil {
		return Granted{}, fmt.Errorf("sign in: %w", err)
	}
	granted, err := s.grant(session, p, st, refresh)
	if err != nil {
		return Granted{}, err
	}
	granted.KnownDevice, err = s.markKnown(p.ID)
	return granted, err
}

// checkCode finds the step of a good code that is newer than the used one.
func (s *Service) checkCode(id AccountID, sealed []byte, code string, now time.Time, used int64) (int64, error) {
	if len(sealed) == 0 {
		return 0, errBadCode
	}
	seed, err := s.seedSealer(id).Open(sealed)
	if err != nil {
		return 0, fmt.Errorf("open one-time-code seed of account %s: %w", id, err)
	}
	step, ok := matchCode(string(seed), code, now, used)
	if !ok {
		return 0, errBadCode
	}
	return step, nil
}

// signInFailed counts and records the failure and returns what the person sees.
func (s *Service) signInFailed(ctx context.Context, person Person, source, via string, keys throttleKeys) error {
	by := audit.Actor{Kind: audit.ActorNobody, ID: source, Via: via}
	subject := ""
	if person.ID != "" {
		subject = subjectAccount(person.ID)
	}
	err := s.storage.CountFailure(ctx, by, "session.refused", subject, keys.all(),
		func(key string, t Throttle, now time.Time) Throttle { return countFailure(t, keys.free(key), now) })
	if err != nil {
		return fmt.Errorf("count failed sign-in: %w", err)
	}
	return codeSignInFailed.New("User name, password or one-time code is wrong.")
}

// rehash brings a password's hash to today's costs. Somebody who changed the
// password meanwhile is left alone.
func (s *Service) rehash(ctx context.Context, seen Person, password string) error {
	phc, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.storage.ChangePerson(ctx, systemActor, seen.ID, func(p Person, _ Standing) (Change, error) {
		if p.Password == seen.Password {
			p.Password = phc
		}
		return Change{Person: p, Action: "account.password_rehashed"}, nil
	})
	return err
}

// knownDeviceAudience marks the tokens that make a browser known.
const knownDeviceAudience = "known-device"

func (s *Service) markKnown(id AccountID) (string, error) {
	now := s.now()
	return s.keys.sign(jwt.RegisteredClaims{Issuer: tokenIssuer, Audience: jwt.ClaimStrings{knownDeviceAudience},
		Subject: string(id), ID: s.newID(), IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(KnownDeviceLife))})
}

// knownDevice returns the id of a known-device token of this account; empty when
// it is not one.
func (s *Service) knownDevice(ctx context.Context, text string, id AccountID) string {
	var c jwt.RegisteredClaims
	if text == "" || id == "" || s.keys.verify(ctx, text, knownDeviceAudience, KnownDeviceLife, &c) != nil || c.Subject != string(id) {
		return ""
	}
	return c.ID
}

func subjectAccount(id AccountID) string { return "account:" + string(id) }

// clip cuts a text that a client chose to at most n bytes.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return s
}
