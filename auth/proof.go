package auth

import (
	"context"
	"errors"
	"time"
)

// Proof is what somebody who is signed in gives again: a one-time code.
type Proof struct {
	OTP string
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

// settledFactor reports whether the account has a factor that has cooled off.
func (p Person) settledFactor(now time.Time) bool {
	return len(p.TOTPOld) > 0 || (len(p.TOTP) > 0 && !now.Before(p.TOTPGoodFrom))
}

// prove checks a proof and marks it as used. During founding, the first
// administrator's factors are as new as everything else and good all the same.
func (s *Service) prove(p Person, proof Proof, st Standing, to purpose) (Person, Factor, error) {
	new := st.Now.Before(p.TOTPGoodFrom)
	step, err := s.checkCode(p.ID, p.TOTP, proof.OTP, st.Now, p.TOTPCounter)
	if err == nil {
		p.TOTPCounter = step
		if new && !founding(p.Account, st) && (to == toDestroy || (to == toReplace && p.settledFactor(st.Now))) {
			return p, "", coolingFactor(p.TOTPGoodFrom, len(p.TOTPOld) > 0)
		}
		if !new {
			p.TOTPOld, p.TOTPOldCounter = nil, 0
		}
		return p, FactorTOTP, nil
	}
	if !errors.Is(err, errBadCode) || !new || len(p.TOTPOld) == 0 {
		return p, "", err
	}
	step, err = s.checkCode(p.ID, p.TOTPOld, proof.OTP, st.Now, p.TOTPOldCounter)
	if err != nil {
		return p, "", err
	}
	p.TOTPOldCounter = step
	return p, FactorTOTP, nil
}

func coolingFactor(until time.Time, old bool) error {
	use := "Nothing else that you have is good for it yet."
	if old {
		use = "Until then, use the one that you had before."
	}
	return codeFactorCooling.New("This factor is new: it is good for destructive work from %s on. %s",
		until.UTC().Format("2 January 2006, 15:04 UTC"), use).With("good_from", until)
}

// proveNow asks somebody who is signed in for a factor again, for one act. The
// act follows in a transaction of its own: a proof is spent whatever becomes of
// it.
func (s *Service) proveNow(ctx context.Context, p Principal, proof Proof, act string) error {
	if err := errors.Join(provable(p), s.own(ctx, p)); err != nil {
		return err
	}
	_, err := s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, st Standing) (Change, error) {
		person, factor, err := s.prove(person, proof, st, toDestroy)
		if err != nil {
			return Change{}, err
		}
		return Change{Person: person, Action: "account.proved", Detail: map[string]any{"factor": factor, "for": act}}, nil
	})
	return s.codeFailed(ctx, p, err)
}
