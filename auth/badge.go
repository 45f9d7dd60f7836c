package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"

	"wardline/audit"
	"wardline/internal/fault"
)

// A badge says at the charging station of a ward who takes a shared handheld, and
// nothing else anywhere: its number is printed on it, so it opens no session and
// proves nothing. Of the number only a keyed hash is kept.

// FactorBadge and FactorHandheldCode say how somebody was known at a station.
const (
	FactorBadge        Factor = "badge"
	FactorHandheldCode Factor = "handheld_code"
)

// HandheldCodeLife is how long a code for a station is good: the way from the
// pocket to the charging station.
const HandheldCodeLife = 2 * time.Minute

// handheldCodes is how many codes there are: six digits.
const handheldCodes = 1_000_000

var (
	codeBadgeTaken   = fault.Define(fault.Conflict, "badge_taken", "Take the badge off the other account first, or give this person another badge.")
	codeUnknownBadge = fault.Define(fault.Refused, "unknown_badge",
		"Scan the badge again, or use a code from your own phone; the help desk puts a badge on your account.")
)

// badgeShortest and badgeLongest bound what a scanner types.
const (
	badgeShortest = 4
	badgeLongest  = 64
)

// normaliseBadge takes what a scanner types, without the spaces and in one case.
func normaliseBadge(number string) string {
	return strings.ToUpper(strings.Join(strings.Fields(number), ""))
}

// digest is the keyed hash of a badge's number or of a code.
func (s *Service) digest(purpose, text string) ([]byte, error) {
	key, err := s.master.Derive("auth." + purpose)
	if err != nil {
		return nil, fmt.Errorf("derive the key of %s: %w", purpose, err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil), nil
}

// SetBadge puts a badge on an account in place of an earlier one; an empty number
// takes it off.
func (s *Service) SetBadge(ctx context.Context, p Principal, username, number string) error {
	if err := Authorise(p, HandheldsServe, Anywhere); err != nil {
		return err
	}
	return s.setBadge(ctx, p.Actor(), username, number)
}

// SetBadgeLocally is SetBadge by somebody who owns the machine.
func (s *Service) SetBadgeLocally(ctx context.Context, by audit.Actor, username, number string) error {
	return s.setBadge(ctx, by, username, number)
}

func (s *Service) setBadge(ctx context.Context, by audit.Actor, username, number string) error {
	number = normaliseBadge(number)
	odd := strings.ContainsFunc(number, func(r rune) bool { return !unicode.IsPrint(r) || r > unicode.MaxASCII })
	if n := len(number); number != "" && (n < badgeShortest || n > badgeLongest || odd) {
		return fault.CodeInvalid.New("This is no number of a badge.").WithField("badge", "must have 4 to 64 letters and digits, as the scanner types them")
	}
	person, _, err := s.storage.PersonByUsername(ctx, normaliseUsername(username))
	if err != nil {
		return hidden(err, "account")
	}
	var digest []byte
	if number != "" {
		if digest, err = s.digest("badge", number); err != nil {
			return err
		}
	}
	err = s.storage.PutBadge(ctx, by, person.ID, digest)
	if errors.Is(err, ErrTaken) {
		return codeBadgeTaken.New("This badge is on another account.")
	}
	return err
}

// AccountNamedLocally finds an account for somebody who owns the machine.
func (s *Service) AccountNamedLocally(ctx context.Context, username string) (Account, error) {
	person, _, err := s.storage.PersonByUsername(ctx, normaliseUsername(username))
	return person.Account, hidden(err, "account")
}

// HasBadge reports whether an account has a badge.
func (s *Service) HasBadge(ctx context.Context, id AccountID) (bool, error) {
	return s.storage.HasBadge(ctx, id)
}

// HandheldCode is what somebody without their badge types at a station.
type HandheldCode struct {
	Code      string
	ExpiresAt time.Time
}

// NewHandheldCode makes one for whoever is signed in to self-service, in place of
// their earlier one.
func (s *Service) NewHandheldCode(ctx context.Context, p Principal) (HandheldCode, error) {
	if err := Authorise(p, SelfHandhelds, Anywhere); err != nil {
		return HandheldCode{}, err
	}
	for range 5 {
		n, err := rand.Int(rand.Reader, big.NewInt(handheldCodes))
		if err != nil {
			return HandheldCode{}, fmt.Errorf("make a code for a station: %w", err)
		}
		code := fmt.Sprintf("%06d", n)
		digest, err := s.digest("handheld-code", code)
		if err != nil {
			return HandheldCode{}, err
		}
		until, err := s.storage.PutHandheldCode(ctx, p.Account, digest, HandheldCodeLife)
		if errors.Is(err, ErrTaken) {
			continue // somebody else has this one just now
		}
		return HandheldCode{Code: code, ExpiresAt: until}, err
	}
	return HandheldCode{}, errors.New("make a code for a station: none is free")
}

// Known is somebody whom a station knows by what they showed. They may take and
// bring back a handheld there; Authorise says of which wards.
type Known struct {
	Principal
	// Code: they showed a code, which is good once.
	Code bool

	digest []byte
}

// KnownAt says who shows this badge or code. It counts nothing: what looked like a
// badge may have been a label.
func (s *Service) KnownAt(ctx context.Context, st Station, shown string) (Known, error) {
	shown = normaliseBadge(shown)
	if len(shown) < badgeShortest || len(shown) > badgeLongest {
		return Known{}, codeUnknownBadge.New("Nobody has this badge.")
	}
	badge, err := s.digest("badge", shown)
	if err != nil {
		return Known{}, err
	}
	code, err := s.digest("handheld-code", shown)
	if err != nil {
		return Known{}, err
	}
	person, byCode, now, err := s.storage.PersonByBadge(ctx, badge, code)
	if errors.Is(err, ErrNoSuch) || (err == nil && person.Disabled) {
		return Known{}, codeUnknownBadge.New("Nobody has this badge.")
	}
	if err != nil {
		return Known{}, fmt.Errorf("find whose badge it is: %w", err)
	}
	k := Known{Principal: Principal{Account: person.ID, Username: person.Username, Name: person.Name, Roles: person.Roles, Scope: person.Scope,
		Factor: FactorBadge, Audience: AudiencePublic, Via: st.Via(), Now: now}, Code: byCode}
	if byCode {
		k.Factor, k.digest = FactorHandheldCode, code
	}
	return k, nil
}

// UseCode uses up the code that somebody was known by; of two who show it, one is
// let through.
func (s *Service) UseCode(ctx context.Context, k Known) error {
	if !k.Code {
		return nil
	}
	taken, err := s.storage.TakeHandheldCode(ctx, k.Account, k.digest)
	if err == nil && !taken {
		return codeUnknownBadge.New("This code was used already.")
	}
	return err
}

// MayType refuses somebody who typed too many wrong codes.
func (s *Service) MayType(ctx context.Context, p Principal) error { return s.notBlocked(ctx, p) }

// CountTyped counts a wrong code that somebody signed in has read off a screen.
func (s *Service) CountTyped(ctx context.Context, p Principal) error { return s.countProof(ctx, p) }
