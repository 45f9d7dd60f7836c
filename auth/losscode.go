package auth

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wardline/internal/fault"
	"wardline/internal/seal"
)

// LossCodeLife is how long the code that a help desk reads out is good.
const LossCodeLife = 10 * time.Minute

// LossCode is a code for somebody who has no password at hand. It is shown once.
type LossCode struct {
	Account   Account
	Code      string
	ExpiresAt time.Time
}

func (s *Service) lossCodeSealer(id AccountID) seal.Sealer {
	return s.master.For("auth.loss-code:" + string(id))
}

// NewLossCode makes the code that somebody signs in with once to report a loss,
// and to do nothing else. Whoever makes it has made sure who is on the telephone:
// that cannot be known here, and the audit log names both.
func (s *Service) NewLossCode(ctx context.Context, p Principal, username string) (LossCode, error) {
	if err := Authorise(p, LossCodesCreate, Anywhere); err != nil {
		return LossCode{}, err
	}
	person, _, err := s.storage.PersonByUsername(ctx, normaliseUsername(username))
	if err == nil && person.Disabled {
		err = ErrNoSuch
	}
	if err != nil {
		return LossCode{}, hidden(err, "account")
	}
	made := LossCode{Account: person.Account}
	if made.Code, err = newUserCode(); err != nil {
		return LossCode{}, err
	}
	err = s.storage.PutLossCode(ctx, p.Actor(), person.ID, func(now time.Time) ([]byte, time.Time, error) {
		made.ExpiresAt = now.Add(LossCodeLife)
		sealed, err := s.lossCodeSealer(person.ID).Seal([]byte(made.Code + " " + strconv.FormatInt(made.ExpiresAt.Unix(), 10)))
		return sealed, made.ExpiresAt, err
	})
	if err != nil {
		return LossCode{}, fmt.Errorf("store a loss code: %w", err)
	}
	return made, nil
}

// takeLossCode uses the code up when it is right: it is good once.
func (s *Service) takeLossCode(ctx context.Context, person Person, given string) (bool, error) {
	if person.ID == "" {
		return false, nil
	}
	sealed, now, err := s.storage.LossCode(ctx, person.ID)
	if err != nil || len(sealed) == 0 {
		return false, err
	}
	plain, err := s.lossCodeSealer(person.ID).Open(sealed)
	if err != nil {
		return false, fmt.Errorf("open the loss code of account %s: %w", person.ID, err)
	}
	code, end, _ := strings.Cut(string(plain), " ")
	until, err := strconv.ParseInt(end, 10, 64)
	right := subtle.ConstantTimeCompare([]byte(code), []byte(normaliseUserCode(given))) == 1
	if err != nil || !right || !now.Before(time.Unix(until, 0)) {
		return false, nil
	}
	return s.storage.TakeLossCode(ctx, person.ID, sealed)
}

// InHand judges what somebody who is signed in reads off a device that they have
// in hand. A wrong reading counts as a wrong code of theirs. It takes a session
// with two factors: whoever stole the device and the password has one.
func (s *Service) InHand(ctx context.Context, p Principal, right bool) error {
	if p.Audience != AudiencePublic || !p.TwoFactors() {
		return codeTwoFactors.New("This takes your password and a second factor, and you signed in with one of them.")
	}
	if err := s.notBlocked(ctx, p); err != nil || right {
		return err
	}
	if err := s.countProof(ctx, p); err != nil {
		return err
	}
	return codeNotInHand.New("That is not the code on its screen.")
}

var (
	codeTwoFactors = fault.Define(fault.Forbidden, "two_factors_needed",
		"Sign in with your second factor too, or call the help desk.")
	codeNotInHand = fault.Define(fault.Forbidden, "not_in_hand",
		"Read the six digits behind the word Code on the lost device's screen.")
)
