package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wardline/audit"
)

// Proof is what somebody gives to prove a factor: a one-time code or a recovery
// code, or the answer of a passkey.
type Proof struct {
	OTP     string
	Passkey *Assertion

	asked Ceremony // the question that the passkey answers; see ready
}

// ready fetches the question that a passkey answers. It comes before the
// transaction in which the proof is judged: a question is used up whatever the
// answer is worth.
func (s *Service) ready(ctx context.Context, proof Proof, want ceremonyPurpose, p Principal, subject string) (Proof, error) {
	if proof.Passkey == nil {
		return proof, nil
	}
	var err error
	proof.asked, err = s.take(ctx, proof.Passkey, want, p, subject)
	return proof, err
}

// purpose is what a factor is wanted for.
type purpose int

const (
	// toSignIn takes every factor of the account.
	toSignIn purpose = iota
	// toReplace takes a factor that has cooled off, where the account has one.
	toReplace
	// toDestroy takes factors that have cooled off.
	toDestroy
)

// hasFactor reports whether the account has a second factor. Recovery codes stand
// in for one and are none.
func (p Person) hasFactor() bool { return len(p.TOTP) > 0 || len(p.Passkeys) > 0 }

// settledFactor reports whether the account has a factor that has cooled off.
func (p Person) settledFactor(now time.Time) bool {
	return len(p.TOTPOld) > 0 || (len(p.TOTP) > 0 && !now.Before(p.TOTPGoodFrom)) ||
		slices.ContainsFunc(p.Passkeys, func(k Passkey) bool { return !now.Before(k.GoodFrom) })
}

// cooled says whether a factor is good for this. During founding, the first
// administrator's factors are as new as everything else and good all the same.
func (p Person) cooled(goodFrom time.Time, st Standing, to purpose) error {
	if !st.Now.Before(goodFrom) || to == toSignIn || founding(p.Account, st) {
		return nil
	}
	settled := p.settledFactor(st.Now)
	if to == toReplace && !settled {
		return nil
	}
	use := "Nothing else that you have is good for it yet."
	if settled {
		use = "Until then, use the one that you had before."
	}
	return codeFactorCooling.New("This factor is new: it is good for destructive work from %s on. %s",
		goodFrom.UTC().Format("2 January 2006, 15:04 UTC"), use).With("good_from", goodFrom)
}

// prove checks a proof and marks it as used. Signing in, and replacing a lost
// passkey, take every factor whatever the policy: it locks nobody out.
func (s *Service) prove(p Person, proof Proof, st Standing, to purpose) (Person, Factor, error) {
	if proof.Passkey != nil {
		return s.provePasskey(p, proof, st, to)
	}
	if to == toDestroy && p.confirmsByPasskeyOnly(st) {
		return p, "", codePasskeyWanted.New("Your role confirms with a passkey, and with nothing else.")
	}
	if code := recoveryCode(proof.OTP); code != "" {
		return s.proveRecovery(p, code, st, to)
	}
	return s.proveTOTP(p, proof.OTP, st, to)
}

func (s *Service) proveTOTP(p Person, otp string, st Standing, to purpose) (Person, Factor, error) {
	cooling := st.Now.Before(p.TOTPGoodFrom)
	step, err := s.checkCode(p.ID, p.TOTP, otp, st.Now, p.TOTPCounter)
	if err == nil {
		if err := p.cooled(p.TOTPGoodFrom, st, to); err != nil {
			return p, "", err
		}
		p.TOTPCounter = step
		if !cooling {
			p.TOTPOld, p.TOTPOldCounter = nil, 0
		}
		return p, FactorTOTP, nil
	}
	if !errors.Is(err, errBadCode) || !cooling || len(p.TOTPOld) == 0 {
		return p, "", err
	}
	if step, err = s.checkCode(p.ID, p.TOTPOld, otp, st.Now, p.TOTPOldCounter); err != nil {
		return p, "", err
	}
	p.TOTPOldCounter = step
	return p, FactorTOTP, nil
}

// proveNow asks somebody who is signed in for a factor again, for one act. The
// act follows in a transaction of its own: a proof is spent whatever becomes of
// it.
func (s *Service) proveNow(ctx context.Context, p Principal, proof Proof, act string) error {
	if err := errors.Join(provable(p), s.own(ctx, p)); err != nil {
		return err
	}
	proof, err := s.ready(ctx, proof, forProof, p, act)
	if err != nil {
		return s.proofFailed(ctx, p, err)
	}
	_, err = s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, st Standing) (Change, error) {
		person, factor, err := s.prove(person, proof, st, toDestroy)
		if err != nil {
			return Change{}, err
		}
		return Change{Person: person, Action: "account.proved", Detail: map[string]any{"factor": factor, "for": act}}, nil
	})
	return s.proofFailed(ctx, p, err)
}

// proveOwner asks for the password and, where there is a factor, for a proof with
// it, before one's own factors are changed; change is done in the transaction of
// the proof and may be nil.
func (s *Service) proveOwner(ctx context.Context, p Principal, password string, proof Proof, action, factor string,
	change func(*Person, Standing) error) (Person, error) {
	if _, err := s.proveSelf(ctx, p, password); err != nil {
		return Person{}, err
	}
	proof, err := s.ready(ctx, proof, forProof, p, ForFactors)
	if err != nil {
		return Person{}, s.proofFailed(ctx, p, err)
	}
	var out Person
	_, err = s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, st Standing) (Change, error) {
		if person.HasSecondFactor {
			var err error
			if person, _, err = s.prove(person, proof, st, toReplace); err != nil {
				return Change{}, err
			}
		}
		if change != nil {
			if err := change(&person, st); err != nil {
				return Change{}, err
			}
		}
		out = person
		return Change{Person: person, Action: auditAction(action), Detail: map[string]any{"factor": factor}}, nil
	})
	return out, s.proofFailed(ctx, p, err)
}

// proofFailed turns a proof that is not good into an answer, and counts it.
func (s *Service) proofFailed(ctx context.Context, p Principal, err error) error {
	switch {
	case errors.Is(err, ErrBadPasskey):
		if err := s.countProof(ctx, p); err != nil {
			return err
		}
		return codePasskeyRefused.Wrap(err, "The passkey's answer is not good for this.")
	case errors.Is(err, ErrClonedPasskey):
		if err := s.cloned(ctx, p.Account); err != nil {
			return err
		}
		return codePasskeyCloned.Wrap(err, "Two devices answer for this passkey.")
	}
	return s.codeFailed(ctx, p, err)
}

// cloned records that a passkey's counter went back.
func (s *Service) cloned(ctx context.Context, id AccountID) error {
	_, err := s.storage.ChangePerson(ctx, systemActor, id, func(person Person, _ Standing) (Change, error) {
		return Change{Person: person, Action: "account.passkey_clone_suspected"}, nil
	})
	if err != nil {
		return fmt.Errorf("record a cloned passkey: %w", err)
	}
	return nil
}

// Note is a further event that a rule wants recorded.
type Note struct {
	Action audit.Action
	Detail map[string]any
}
