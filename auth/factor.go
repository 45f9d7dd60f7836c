package auth

import (
	"context"
	"errors"
	"fmt"

	"wardline/internal/fault"
)

var (
	codeWrongCode = fault.Define(fault.Forbidden, "wrong_code",
		"Enter the code that the authenticator app shows now; each code works once.")
	codeWrongPassword = fault.Define(fault.Forbidden, "wrong_password", "Enter your present password.")
	codeNoPending     = fault.Define(fault.Conflict, "no_factor_pending", "Begin with setting up the authenticator app.")
)

// Enrolment is a new one-time-code factor that waits for its first code. It is
// shown once.
type Enrolment struct {
	Seed string // base32
	URL  string // otpauth://, for a QR code
}

// EnrolTOTP begins a one-time-code factor for one's own account. The password is
// asked again; when there is a factor already, a code of it too. The old factor
// stays good until the new one is confirmed.
func (s *Service) EnrolTOTP(ctx context.Context, p Principal, password, otp string) (Enrolment, error) {
	person, err := s.proveSelf(ctx, p, password)
	if err != nil {
		return Enrolment{}, err
	}
	seed, err := newSeed()
	if err != nil {
		return Enrolment{}, err
	}
	sealed, err := s.seedSealer(p.Account).Seal([]byte(seed))
	if err != nil {
		return Enrolment{}, fmt.Errorf("seal one-time-code seed: %w", err)
	}
	_, err = s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, st Standing) (Change, error) {
		if person.HasSecondFactor {
			var err error
			if person, _, err = s.prove(person, Proof{OTP: otp}, st, toReplace); err != nil {
				return Change{}, err
			}
		}
		person.TOTPPending = sealed
		return Change{Person: person, Action: "account.factor_begun", Detail: map[string]any{"factor": "totp"}}, nil
	})
	if err != nil {
		return Enrolment{}, s.codeFailed(ctx, p, err)
	}
	return Enrolment{Seed: seed, URL: seedURL(s.issuer, person.Username, seed)}, nil
}

// ConfirmTOTP makes the pending factor one with its first code. All other
// sessions of the account end. It cools off; the app that it replaces stays good
// meanwhile.
func (s *Service) ConfirmTOTP(ctx context.Context, p Principal, otp string) error {
	if err := s.own(ctx, p); err != nil {
		return err
	}
	_, err := s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, st Standing) (Change, error) {
		if len(person.TOTPPending) == 0 {
			return Change{}, codeNoPending.New("No authenticator app is being set up.")
		}
		step, err := s.checkCode(person.ID, person.TOTPPending, otp, st.Now, 0)
		if err != nil {
			return Change{}, err
		}
		action := "account.factor_added"
		if person.HasSecondFactor {
			action = "account.factor_replaced"
		}
		if len(person.TOTP) > 0 && !st.Now.Before(person.TOTPGoodFrom) {
			person.TOTPOld, person.TOTPOldCounter = person.TOTP, person.TOTPCounter
		}
		person.TOTP, person.TOTPPending, person.TOTPCounter, person.HasSecondFactor = person.TOTPPending, nil, step, true
		person.TOTPGoodFrom = st.Now.Add(FactorCooling)
		return Change{Person: person, Action: auditAction(action), EndSessions: true, Except: p.Session,
			Reason: "second factor changed", Detail: map[string]any{"factor": "totp"}}, nil
	})
	return s.codeFailed(ctx, p, err)
}

// ChangePassword changes one's own password and ends all other sessions.
func (s *Service) ChangePassword(ctx context.Context, p Principal, old, password string) error {
	seen, err := s.proveSelf(ctx, p, old)
	if err != nil {
		return err
	}
	if err := checkPassword(password, seen.Username); err != nil {
		return err
	}
	phc, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	_, err = s.storage.ChangePerson(ctx, p.Actor(), p.Account, func(person Person, _ Standing) (Change, error) {
		if person.Password != seen.Password {
			return Change{}, ErrStale
		}
		person.Password = phc
		return Change{Person: person, Action: "account.password_changed", EndSessions: true, Except: p.Session, Reason: "password changed"}, nil
	})
	return hidden(err, "account")
}

// ResetTOTP takes away somebody else's factor, so that they can set up another.
// Whoever then sets it up may be somebody else: the account's roles cool off
// anew, and somebody has to confirm the person.
func (s *Service) ResetTOTP(ctx context.Context, p Principal, id AccountID) error {
	if err := Authorise(p, AccountsManage, Anywhere); err != nil {
		return err
	}
	if id == p.Account {
		return codeOwnRights.New("Set up another authenticator app for yourself instead.")
	}
	_, err := s.storage.ChangePerson(ctx, p.Actor(), id, func(person Person, st Standing) (Change, error) {
		person.TOTP, person.TOTPPending, person.TOTPOld, person.HasSecondFactor = nil, nil, nil, false
		person.coolRoles(p.Actor().ID, st.Now, everyRole)
		return Change{Person: person, Action: "account.factor_removed", EndSessions: true, Reason: "second factor removed",
			Detail: map[string]any{"factor": "totp"}}, nil
	})
	return hidden(err, "account")
}

// own allows only people, on their own accounts, and holds them to the count of
// failed proofs.
func (s *Service) own(ctx context.Context, p Principal) error {
	if p.IsToken() {
		return codeTokenScope.New("An API token cannot change its owner's account.")
	}
	if err := Authorise(p, SelfManage, Anywhere); err != nil {
		return err
	}
	return s.notBlocked(ctx, p)
}

// proveSelf asks for the password again.
func (s *Service) proveSelf(ctx context.Context, p Principal, password string) (Person, error) {
	if err := s.own(ctx, p); err != nil {
		return Person{}, err
	}
	person, _, err := s.storage.Person(ctx, p.Account)
	if err != nil {
		return Person{}, hidden(err, "account")
	}
	good, err := s.hasher.verify(ctx, person.Password, password)
	if err != nil {
		return Person{}, err
	}
	if !good {
		if err := s.countProof(ctx, p); err != nil {
			return Person{}, err
		}
		return Person{}, codeWrongPassword.New("The present password is wrong.")
	}
	return person, nil
}

// codeFailed turns a wrong code into an answer, and counts it.
func (s *Service) codeFailed(ctx context.Context, p Principal, err error) error {
	if !errors.Is(err, errBadCode) {
		return hidden(err, "account")
	}
	if err := s.countProof(ctx, p); err != nil {
		return err
	}
	return codeWrongCode.New("The one-time code is wrong or was used before.")
}
