package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

var (
	codeStepUpRequired = fault.Define(fault.Forbidden, "step_up_required",
		"Confirm it at step_up_url, then send the same request again with the header Wardline-Step-Up: <user_code>.")
	codeStepUpPending = fault.Define(fault.Conflict, "step_up_not_open",
		"It was confirmed, denied or has run out: send the request again to begin anew.")
	codeStepUpMany = fault.Define(fault.TooMany, "step_ups_open",
		"Confirm or deny the step-ups that are open; they run out by themselves after ten minutes.")
)

// Subject is what a step-up is good for: one device or one batch, never both.
type Subject struct {
	Device device.ID
	Batch  string
}

// StepUpAsk is what the person who confirms gets to see.
type StepUpAsk struct {
	Subject
	Kind device.Kind
	// Reason is the requester's; Summary names the device in words.
	Reason  string
	Summary string
}

// Challenge is a step-up that waits to be confirmed in the browser.
type Challenge struct {
	// UserCode is shown by the command line, confirmed in the browser, and sent as
	// the header afterwards. Only the session that asked can use it.
	UserCode  string
	URL       string
	ExpiresAt time.Time
}

const maxOpenStepUps = 20

// provable: a step-up needs a person with a second factor.
func provable(p Principal) error {
	if p.IsToken() {
		return codeTokenScope.New("An API token cannot step up: destructive work that it asks for waits for a person.")
	}
	if !p.HasSecondFactor {
		return codeNoSecond.New("Your account has no second factor yet.")
	}
	return nil
}

func (subject Subject) check() error {
	if (subject.Device == "") == (subject.Batch == "") {
		return fault.CodeInvalid.New("A step-up is for one device or for one batch.").
			WithField("device_id", "give this or batch_id").WithField("batch_id", "give this or device_id")
	}
	return nil
}

// String names the subject to an authenticator's question.
func (subject Subject) String() string {
	if subject.Batch != "" {
		return "batch:" + subject.Batch
	}
	return "device:" + string(subject.Device)
}

// life is how long a confirmed step-up holds.
func (subject Subject) life() time.Duration {
	if subject.Batch != "" {
		return StepUpBatchLife
	}
	return StepUpLife
}

// StepUp proves the second factor at once, for clients that hold a code or the
// answer of a passkey to a question about this subject. The value goes into the header Wardline-Step-Up.
func (s *Service) StepUp(ctx context.Context, p Principal, proof Proof, subject Subject) (value string, expires time.Time, err error) {
	if err := errors.Join(subject.check(), provable(p)); err != nil {
		return "", time.Time{}, err
	}
	if err := s.own(ctx, p); err != nil {
		return "", time.Time{}, err
	}
	value, hash, err := newSecret(prefixStepUp)
	if err != nil {
		return "", time.Time{}, err
	}
	su := StepUp{ID: s.newID(), Code: hash, Account: p.Account, Session: p.Session, Device: subject.Device, Batch: subject.Batch}
	su, err = s.confirm(ctx, p, su, proof, subject.String(), subject)
	return value, su.ExpiresAt, err
}

// confirm spends a proof and stores the step-up as confirmed.
func (s *Service) confirm(ctx context.Context, p Principal, su StepUp, proof Proof, confirms string, subject Subject) (StepUp, error) {
	proof, err := s.ready(ctx, proof, forProof, p, confirms)
	if err != nil {
		return su, s.proofFailed(ctx, p, err)
	}
	su, err = s.storage.ConfirmStepUp(ctx, p.Actor(), su, func(person Person, su StepUp, st Standing) (Person, StepUp, error) {
		if su.State != "" && (su.State != StepUpPending || !st.Now.Before(su.ExpiresAt)) {
			return person, su, codeStepUpPending.New("This step-up is no longer open.")
		}
		if person.Disabled || !person.HasSecondFactor {
			return person, su, codeNoSecond.New("Your account has no second factor.")
		}
		person, factor, err := s.prove(person, proof, st, toDestroy)
		if err != nil {
			return person, su, err
		}
		if su.State == "" {
			su.CreatedAt = st.Now
		}
		su.Factor = factor
		su.State, su.ConfirmedAt, su.ExpiresAt = StepUpConfirmed, st.Now, st.Now.Add(subject.life())
		return person, su, nil
	})
	return su, s.proofFailed(ctx, p, err)
}

// RequireStepUp checks the header that came with a request. When it is good, it
// returns the principal marked as stepped up; otherwise it begins a challenge
// and returns the fault step_up_required with step_up_url and user_code.
func (s *Service) RequireStepUp(ctx context.Context, p Principal, header string, ask StepUpAsk) (Principal, error) {
	if header != "" {
		factor, err := s.UseStepUp(ctx, p, header, ask.Subject)
		if err == nil {
			p.SteppedUp, p.StepUpFactor = true, factor
			return p, nil
		}
		if !errors.Is(err, ErrNoSuch) {
			return p, err
		}
	}
	c, err := s.StartStepUp(ctx, p, ask)
	if err != nil {
		return p, err
	}
	return p, codeStepUpRequired.New("Confirm with your second factor that it is you who asks for this.").
		With("step_up_url", c.URL).With("user_code", c.UserCode).With("expires_at", c.ExpiresAt)
}

// StartStepUp begins a challenge for the browser.
func (s *Service) StartStepUp(ctx context.Context, p Principal, ask StepUpAsk) (Challenge, error) {
	if err := errors.Join(ask.check(), provable(p)); err != nil {
		return Challenge{}, err
	}
	code, err := newUserCode()
	if err != nil {
		return Challenge{}, err
	}
	su, err := s.storage.AddStepUp(ctx, p.Actor(), StepUp{ID: s.newID(), Code: hashOf(code), Account: p.Account, Session: p.Session,
		Device: ask.Device, Batch: ask.Batch, Kind: ask.Kind, Reason: clip(ask.Reason, 1000), Summary: clip(ask.Summary, 500),
		State: StepUpPending}, maxOpenStepUps)
	if errors.Is(err, ErrTaken) {
		f := codeStepUpMany.New("There are already %d step-ups waiting for you.", maxOpenStepUps)
		f.RetryAfter = StepUpPendingLife
		return Challenge{}, f
	}
	if err != nil {
		return Challenge{}, fmt.Errorf("begin step-up: %w", err)
	}
	return Challenge{UserCode: code, URL: s.adminURL + "/step-up?code=" + url.QueryEscape(code), ExpiresAt: su.ExpiresAt}, nil
}

// PendingStepUp is what the browser shows before it is confirmed. It belongs to
// the same person, in any of their sessions.
func (s *Service) PendingStepUp(ctx context.Context, p Principal, userCode string) (StepUp, error) {
	if p.IsToken() {
		return StepUp{}, codeTokenScope.New("An API token sees no step-ups.")
	}
	su, now, err := s.storage.StepUp(ctx, hashOf(normaliseUserCode(userCode)))
	if err == nil && (su.Account != p.Account || !now.Before(su.ExpiresAt)) {
		err = ErrNoSuch
	}
	if err != nil {
		return StepUp{}, hidden(err, "step-up")
	}
	return su, nil
}

// ConfirmStepUp confirms in the browser. A passkey must answer the question of
// BeginPasskeyStepUp about just this step-up.
func (s *Service) ConfirmStepUp(ctx context.Context, p Principal, userCode string, proof Proof) error {
	su, err := s.PendingStepUp(ctx, p, userCode)
	if err != nil {
		return err
	}
	if err := errors.Join(provable(p), s.own(ctx, p)); err != nil {
		return err
	}
	_, err = s.confirm(ctx, p, su, proof, "step_up:"+su.ID, Subject{Device: su.Device, Batch: su.Batch})
	return err
}

// DenyStepUp ends a challenge that the person did not ask for.
func (s *Service) DenyStepUp(ctx context.Context, p Principal, userCode string) error {
	if _, err := s.PendingStepUp(ctx, p, userCode); err != nil {
		return err
	}
	_, err := s.storage.UseStepUp(ctx, p.Actor(), hashOf(normaliseUserCode(userCode)), func(su StepUp, now time.Time) (StepUp, error) {
		if su.State != StepUpPending {
			return su, codeStepUpPending.New("This step-up is no longer open.")
		}
		su.State = StepUpDenied
		return su, nil
	})
	return hidden(err, "step-up")
}

// UseStepUp uses a step-up value or confirmed user code. For a device it is good
// again until it runs out; for a batch, once. It returns what it was confirmed
// with. Whatever is wrong with it, the
// error is ErrNoSuch.
func (s *Service) UseStepUp(ctx context.Context, p Principal, value string, subject Subject) (Factor, error) {
	if err := errors.Join(subject.check(), provable(p)); err != nil {
		return "", err
	}
	if !strings.HasPrefix(value, prefixStepUp) {
		value = normaliseUserCode(value)
	}
	su, err := s.storage.UseStepUp(ctx, p.Actor(), hashOf(value), func(su StepUp, now time.Time) (StepUp, error) {
		fits := su.Account == p.Account && su.Session == p.Session &&
			subtle.ConstantTimeCompare([]byte(su.Device), []byte(subject.Device)) == 1 && su.Batch == subject.Batch
		if !fits || su.State != StepUpConfirmed || !now.Before(su.ExpiresAt) {
			return su, ErrNoSuch
		}
		if su.Batch != "" {
			su.State = StepUpUsed
		}
		return su, nil
	})
	return su.Factor, err
}

// userCodeLetters leaves out vowels, so that no word appears, and what looks
// like a digit.
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// newUserCode makes a code like BCDF-GHJK: 34 bits, good for ten minutes, for
// one person's one session.
func newUserCode() (string, error) {
	var b strings.Builder
	for b.Len() < 9 {
		if b.Len() == 4 {
			b.WriteByte('-')
		}
		var raw [1]byte
		if _, err := rand.Read(raw[:]); err != nil {
			return "", fmt.Errorf("make user code: %w", err)
		}
		if int(raw[0]) < 240 { // a multiple of 20: every letter is as likely
			b.WriteByte(userCodeLetters[int(raw[0])%len(userCodeLetters)])
		}
	}
	return b.String(), nil
}

// normaliseUserCode accepts what people type.
func normaliseUserCode(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) == 8 {
		s = s[:4] + "-" + s[4:]
	}
	return s
}

// Proofs that a signed-in person gives again (code, password) are counted per
// account. Whoever fails too often with a session in hand loses the session.
const (
	proofFree        = 5
	proofEndsSession = 10
)

func proofKey(id AccountID) string { return "proof:" + string(id) }

func (s *Service) notBlocked(ctx context.Context, p Principal) error {
	key := proofKey(p.Account)
	counts, _, now, err := s.storage.Throttles(ctx, []string{key}, p.Account, "")
	if err != nil {
		return fmt.Errorf("read failed proofs: %w", err)
	}
	if wait := counts[key].BlockedUntil.Sub(now); wait > 0 {
		return tooManyTries(wait)
	}
	return nil
}

// countProof counts a wrong code or password of somebody signed in.
func (s *Service) countProof(ctx context.Context, p Principal) error {
	failures := 0
	err := s.storage.CountFailure(ctx, p.Actor(), "account.proof_failed", subjectAccount(p.Account), []string{proofKey(p.Account)},
		func(_ string, t Throttle, now time.Time) Throttle {
			t = countFailure(t, proofFree, now)
			failures = t.Failures
			return t
		})
	if err != nil {
		return fmt.Errorf("count failed proof: %w", err)
	}
	if failures < proofEndsSession {
		return nil
	}
	if _, err := s.storage.EndSessions(ctx, systemActor, p.Account, p.Session, "", "too many wrong codes"); err != nil {
		return fmt.Errorf("end session after failed proofs: %w", err)
	}
	return signInNeeded("Your session was ended after too many wrong codes.")
}

func auditAction(s string) audit.Action { return audit.Action(s) }
