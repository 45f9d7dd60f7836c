package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
// asked again; when there is a factor already, a proof with it too. The old factor
// stays good until the new one is confirmed, and has cooled off.
func (s *Service) EnrolTOTP(ctx context.Context, p Principal, password string, proof Proof) (Enrolment, error) {
	seed, err := newSeed()
	if err != nil {
		return Enrolment{}, err
	}
	sealed, err := s.seedSealer(p.Account).Seal([]byte(seed))
	if err != nil {
		return Enrolment{}, fmt.Errorf("seal one-time-code seed: %w", err)
	}
	person, err := s.proveOwner(ctx, p, password, proof, "account.factor_begun", "totp", func(person *Person, _ Standing) error {
		person.TOTPPending = sealed
		return nil
	})
	if err != nil {
		return Enrolment{}, err
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
		if len(person.TOTP) > 0 {
			action = "account.factor_replaced"
		}
		if len(person.TOTP) > 0 && !st.Now.Before(person.TOTPGoodFrom) {
			person.TOTPOld, person.TOTPOldCounter = person.TOTP, person.TOTPCounter
		}
		person.firstFactor(st)
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

// ResetFactors takes away somebody else's factors, so that they can set up others.
// Whoever then sets it up may be somebody else: the account's roles cool off
// anew, and somebody has to confirm the person.
func (s *Service) ResetFactors(ctx context.Context, p Principal, id AccountID) error {
	if err := Authorise(p, AccountsManage, Anywhere); err != nil {
		return err
	}
	if id == p.Account {
		return codeOwnRights.New("Set up another factor for yourself instead.")
	}
	_, err := s.storage.ChangePerson(ctx, p.Actor(), id, func(person Person, st Standing) (Change, error) {
		person.TOTP, person.TOTPPending, person.TOTPOld, person.Passkeys, person.Recovery = nil, nil, nil, nil, nil
		person.HasSecondFactor = false
		person.coolRoles(p.Actor().ID, st.Now, everyRole)
		return Change{Person: person, Action: "account.factor_removed", EndSessions: true, Reason: "second factor removed",
			Detail: map[string]any{"username": person.Username, "factor": "all"}}, nil
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

// Factors are an account's factors, as its owner sees them.
type Factors struct {
	// TOTP says that there is an authenticator app, good from TOTPGoodFrom on;
	// TOTPOld, that the one before it is good until then.
	TOTP         bool
	TOTPGoodFrom time.Time
	TOTPOld      bool
	Passkeys     []Passkey
	// RecoveryLeft is how many recovery codes are left, good from RecoveryGoodFrom
	// on.
	RecoveryLeft     int
	RecoveryGoodFrom time.Time
	// PasskeyOnly: a role of the account confirms with nothing but a passkey.
	PasskeyOnly bool
}

// Factors reads one's own factors.
func (s *Service) Factors(ctx context.Context, p Principal) (Factors, error) {
	if p.IsToken() {
		return Factors{}, codeTokenScope.New("An API token has no factors.")
	}
	if err := Authorise(p, SelfManage, Anywhere); err != nil {
		return Factors{}, err
	}
	person, st, err := s.storage.Person(ctx, p.Account)
	if err != nil {
		return Factors{}, hidden(err, "account")
	}
	f := Factors{TOTP: len(person.TOTP) > 0, TOTPGoodFrom: person.TOTPGoodFrom, Passkeys: person.Passkeys,
		TOTPOld: len(person.TOTPOld) > 0 && st.Now.Before(person.TOTPGoodFrom), RecoveryLeft: person.RecoveryLeft(),
		PasskeyOnly: person.confirmsByPasskeyOnly(st)}
	for _, c := range person.Recovery {
		if c.Until.IsZero() {
			f.RecoveryGoodFrom = c.GoodFrom
		}
	}
	return f, nil
}

// The names of an account's authenticator apps among its factors; passkeys go by
// their ids.
const (
	FactorIDTOTP    = "totp"
	FactorIDTOTPOld = "totp_old"
)

// RemoveFactor takes away one of one's own factors, at once, and ends all other
// sessions. Of the last factor only an administrator can free somebody.
func (s *Service) RemoveFactor(ctx context.Context, p Principal, id, password string, proof Proof) error {
	_, err := s.proveOwner(ctx, p, password, proof, "account.factor_removed", id, func(person *Person, st Standing) error {
		i := slices.IndexFunc(person.Passkeys, func(k Passkey) bool { return k.ID == id })
		switch {
		case id == FactorIDTOTP && len(person.TOTP) > 0:
			if !st.Now.Before(person.TOTPGoodFrom) {
				person.TOTPOld, person.TOTPOldCounter = nil, 0 // its time was over
			}
			person.TOTP, person.TOTPGoodFrom = person.TOTPOld, time.Time{}
			person.TOTPCounter, person.TOTPOld = person.TOTPOldCounter, nil
		case id == FactorIDTOTPOld && len(person.TOTPOld) > 0:
			person.TOTPOld, person.TOTPOldCounter = nil, 0
		case i >= 0:
			person.Passkeys = slices.Delete(slices.Clone(person.Passkeys), i, i+1)
		default:
			return ErrNoSuch
		}
		if person.HasSecondFactor = person.hasFactor(); !person.HasSecondFactor {
			return codeLastFactor.New("This is your last factor.")
		}
		return nil
	})
	if err != nil {
		return hidden(err, "factor")
	}
	_, err = s.storage.EndSessions(ctx, p.Actor(), p.Account, "", p.Session, "second factor removed")
	return err
}
