package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardline/internal/fault"
)

// Passkey is a registered WebAuthn credential. It holds no secret.
type Passkey struct {
	// ID is the credential's id in base64url; Name is the person's word for it.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Record is what Authenticators keeps: public key, counter, flags.
	Record    json.RawMessage `json:"record"`
	CreatedAt time.Time       `json:"created_at"`
	// GoodFrom is from when it has cooled off.
	GoodFrom   time.Time `json:"good_from"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// PasskeyUser is a person as an authenticator gets to know them.
type PasskeyUser struct {
	ID             AccountID
	Username, Name string
	Passkeys       []Passkey
}

func (p Person) passkeyUser() PasskeyUser {
	return PasskeyUser{ID: p.ID, Username: p.Username, Name: p.Name, Passkeys: p.Passkeys}
}

// Errors of Authenticators.
var (
	// ErrBadPasskey: the answer is not good. What was wrong with it stays inside.
	ErrBadPasskey = errors.New("the authenticator's answer is not good")
	// ErrClonedPasskey: its counter went back: two authenticators have this key.
	ErrClonedPasskey = errors.New("two authenticators have this passkey")
)

// Authenticators speaks WebAuthn; package internal/passkey does. Questions are
// what a browser gets; state is what this side keeps of one, and is used once.
type Authenticators interface {
	BeginRegistration(who PasskeyUser) (question json.RawMessage, state []byte, err error)
	FinishRegistration(who PasskeyUser, state, response []byte) (Passkey, error)
	// BeginAssertion asks for a passkey of this person; nil: of whoever it is.
	BeginAssertion(who *PasskeyUser) (question json.RawMessage, state []byte, err error)
	// ClaimedBy reads whose passkey an answer says that it is.
	ClaimedBy(response []byte) (AccountID, error)
	// FinishAssertion judges an answer and returns the passkey with its counter
	// raised.
	FinishAssertion(who PasskeyUser, state, response []byte) (Passkey, error)
}

// CeremonyLife is how long a question to an authenticator may be answered.
const CeremonyLife = 5 * time.Minute

// ceremonyPurpose says what the answer to a question is good for. An answer given
// for one is nothing for another.
type ceremonyPurpose string

const (
	forSignIn   ceremonyPurpose = "sign_in"
	forRegister ceremonyPurpose = "register"
	forProof    ceremonyPurpose = "proof"
)

// Ceremony is a question that was put to an authenticator.
type Ceremony struct {
	Hash    Hash
	Purpose string
	Account AccountID // empty: whoever it is
	Session SessionID
	// Subject is what the answer confirms, such as "device:<id>".
	Subject   string
	State     []byte
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Asked is a question on its way to the browser.
type Asked struct {
	// Ceremony names the question; it comes back with the answer, once.
	Ceremony string
	Question json.RawMessage
}

// Assertion is the answer of an authenticator to a question.
type Assertion struct {
	Ceremony string
	Response []byte
}

var (
	codePasskeyRefused = fault.Define(fault.Forbidden, "passkey_refused",
		"Begin anew: each question to a passkey is answered once, within five minutes, and for what it was asked.")
	codePasskeyCloned = fault.Define(fault.Forbidden, "passkey_cloned",
		"Remove this passkey and register another, and tell the security officer: somebody may have copied it.")
	codePasskeysMany = fault.Define(fault.Conflict, "passkeys_many", "Remove one that is no longer used.")
	codeNoPasskey    = fault.Define(fault.Conflict, "no_passkey", "Register a passkey first, or use the authenticator app.")
	codeLastFactor   = fault.Define(fault.Conflict, "last_factor", "Add another factor first: without one nothing can be confirmed.")
)

const maxPasskeys = 10

// ask keeps a question and names it.
func (s *Service) ask(ctx context.Context, c Ceremony, question json.RawMessage) (Asked, error) {
	name, hash, err := newSecret(prefixCeremony)
	if err != nil {
		return Asked{}, err
	}
	c.Hash = hash
	if err := s.storage.AddCeremony(ctx, c); err != nil {
		return Asked{}, fmt.Errorf("keep question to an authenticator: %w", err)
	}
	return Asked{Ceremony: name, Question: question}, nil
}

// take fetches a question that is answered, and with that ends it, whatever the
// answer is worth.
func (s *Service) take(ctx context.Context, a *Assertion, want ceremonyPurpose, p Principal, subject string) (Ceremony, error) {
	if !strings.HasPrefix(a.Ceremony, prefixCeremony) {
		return Ceremony{}, ErrBadPasskey
	}
	c, now, err := s.storage.TakeCeremony(ctx, hashOf(a.Ceremony))
	if errors.Is(err, ErrNoSuch) {
		return Ceremony{}, ErrBadPasskey
	}
	if err != nil {
		return Ceremony{}, fmt.Errorf("fetch question to an authenticator: %w", err)
	}
	fits := c.Purpose == string(want) && c.Account == p.Account && c.Session == p.Session && c.Subject == subject
	if !fits || !now.Before(c.ExpiresAt) {
		return Ceremony{}, ErrBadPasskey
	}
	return c, nil
}

// BeginPasskeySignIn asks whoever is there for a passkey to sign in with.
func (s *Service) BeginPasskeySignIn(ctx context.Context) (Asked, error) {
	question, state, err := s.authenticators.BeginAssertion(nil)
	if err != nil {
		return Asked{}, err
	}
	return s.ask(ctx, Ceremony{Purpose: string(forSignIn), State: state}, question)
}

// BeginPasskeyProof asks somebody who is signed in for a passkey, to confirm
// exactly the subject.
func (s *Service) BeginPasskeyProof(ctx context.Context, p Principal, subject string) (Asked, error) {
	if err := s.own(ctx, p); err != nil {
		return Asked{}, err
	}
	person, _, err := s.storage.Person(ctx, p.Account)
	if err != nil {
		return Asked{}, hidden(err, "account")
	}
	if len(person.Passkeys) == 0 {
		return Asked{}, codeNoPasskey.New("Your account has no passkey.")
	}
	who := person.passkeyUser()
	question, state, err := s.authenticators.BeginAssertion(&who)
	if err != nil {
		return Asked{}, err
	}
	return s.ask(ctx, Ceremony{Purpose: string(forProof), Account: p.Account, Session: p.Session, Subject: subject, State: state}, question)
}

// BeginPasskeyStepUp is BeginPasskeyProof for a step-up that waits in the
// browser.
func (s *Service) BeginPasskeyStepUp(ctx context.Context, p Principal, userCode string) (Asked, error) {
	su, err := s.PendingStepUp(ctx, p, userCode)
	if err != nil {
		return Asked{}, err
	}
	return s.BeginPasskeyProof(ctx, p, "step_up:"+su.ID)
}

// ForFactors is the subject of a proof for changing one's own factors.
const ForFactors = "factors"

// BeginPasskey begins to register a passkey for one's own account. The password
// is asked again and, when there is a factor already, a proof with it.
func (s *Service) BeginPasskey(ctx context.Context, p Principal, password string, proof Proof) (Asked, error) {
	person, err := s.proveOwner(ctx, p, password, proof, "account.factor_begun", "passkey", nil)
	if err != nil {
		return Asked{}, err
	}
	if len(person.Passkeys) >= maxPasskeys {
		return Asked{}, codePasskeysMany.New("Your account has %d passkeys.", len(person.Passkeys))
	}
	question, state, err := s.authenticators.BeginRegistration(person.passkeyUser())
	if err != nil {
		return Asked{}, err
	}
	return s.ask(ctx, Ceremony{Purpose: string(forRegister), Account: p.Account, Session: p.Session, State: state}, question)
}

// AddPasskey registers the passkey that answers BeginPasskey. It cools off.
func (s *Service) AddPasskey(ctx context.Context, p Principal, name string, answer Assertion) (Passkey, error) {
	if err := s.own(ctx, p); err != nil {
		return Passkey{}, err
	}
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 100 {
		return Passkey{}, fault.CodeInvalid.New("The passkey needs a name.").WithField("name", "is 1 to 100 bytes, such as the computer's name")
	}
	c, err := s.take(ctx, &answer, forRegister, p, "")
	if err != nil {
		return Passkey{}, s.proofFailed(ctx, p, err)
	}
	var made Passkey
	_, err = s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, st Standing) (Change, error) {
		if len(person.Passkeys) >= maxPasskeys {
			return Change{}, codePasskeysMany.New("Your account has %d passkeys.", len(person.Passkeys))
		}
		var err error
		if made, err = s.authenticators.FinishRegistration(person.passkeyUser(), c.State, answer.Response); err != nil {
			return Change{}, err
		}
		made.Name, made.CreatedAt, made.GoodFrom = name, st.Now, st.Now.Add(FactorCooling)
		person.firstFactor(st)
		person.Passkeys = append(slices.Clone(person.Passkeys), made)
		person.HasSecondFactor = true
		return Change{Person: person, Action: "account.factor_added", EndSessions: true, Except: p.Session, Reason: "second factor added",
			Detail: map[string]any{"factor": FactorPasskey, "name": name}}, nil
	})
	return made, s.proofFailed(ctx, p, err)
}

// provePasskey judges an answer and raises the passkey's counter.
func (s *Service) provePasskey(p Person, proof Proof, st Standing, to purpose) (Person, Factor, error) {
	used, err := s.authenticators.FinishAssertion(p.passkeyUser(), proof.asked.State, proof.Passkey.Response)
	if err != nil {
		return p, "", err
	}
	i := slices.IndexFunc(p.Passkeys, func(k Passkey) bool { return k.ID == used.ID })
	if i < 0 {
		return p, "", ErrBadPasskey
	}
	k := p.Passkeys[i]
	if err := p.cooled(k.GoodFrom, st, to); err != nil {
		return p, "", err
	}
	k.Record, k.LastUsedAt = used.Record, st.Now
	p.Passkeys = slices.Clone(p.Passkeys)
	p.Passkeys[i] = k
	return p, FactorPasskey, nil
}

// noAuthenticators is a server that does not know its own address.
type noAuthenticators struct{}

func noPasskeysHere() error { return codeNoPasskey.New("This server knows no passkeys.") }

func (noAuthenticators) BeginRegistration(PasskeyUser) (json.RawMessage, []byte, error) {
	return nil, nil, noPasskeysHere()
}

func (noAuthenticators) FinishRegistration(PasskeyUser, []byte, []byte) (Passkey, error) {
	return Passkey{}, noPasskeysHere()
}

func (noAuthenticators) BeginAssertion(*PasskeyUser) (json.RawMessage, []byte, error) {
	return nil, nil, noPasskeysHere()
}

func (noAuthenticators) ClaimedBy([]byte) (AccountID, error) { return "", noPasskeysHere() }

func (noAuthenticators) FinishAssertion(PasskeyUser, []byte, []byte) (Passkey, error) {
	return Passkey{}, noPasskeysHere()
}
