package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/internal/fault"
	"wardline/internal/seal"
)

// HostCodes is how many codes a set for the host has.
const HostCodes = 10

// HostCode is one of the codes that are printed at founding and kept in a sealed
// envelope. With one of them, on the host, a recovery begins. It works once.
type HostCode struct {
	ID string
	// Sealed is the code's hash, sealed: the database alone does not tell whether
	// a guess is right.
	Sealed    []byte
	CreatedAt time.Time
	UsedAt    time.Time // zero: good
}

var (
	codeHostCode = fault.Define(fault.Forbidden, "host_code_refused",
		"Take a code of the newest set that was not used before. Each works once; a new set makes the old one worthless.")
	codeHostCodesThere = fault.Define(fault.Conflict, "host_codes_exist",
		"The codes of this server were printed before. With one of them, `wardline recover codes --new --code CODE` makes others.")
)

// hostThrottle counts wrong codes, of which there are none by chance.
const hostThrottle = "host-code"

func (s *Service) hostSealer() seal.Sealer { return s.master.For("auth.host-code") }

// FirstHostCodes makes the set of codes for the host while there never was one:
// at the first start, and at the first start of a server that was founded before
// there were any. There was one when the error has the code host_codes_exist.
func (s *Service) FirstHostCodes(ctx context.Context, by audit.Actor) ([]string, error) {
	if err := onHost(by); err != nil {
		return nil, err
	}
	return s.newHostCodes(ctx, by, "the first set", func(present []HostCode) error {
		if len(present) > 0 {
			return codeHostCodesThere.New("There are codes for this server already.")
		}
		return nil
	})
}

// foundingCodes makes a set for whoever founds at a terminal, in place of the one
// that the first start may have printed into a log.
func (s *Service) foundingCodes(ctx context.Context, by audit.Actor) ([]string, error) {
	return s.newHostCodes(ctx, by, "founding", func(present []HostCode) error { return nil })
}

// NewHostCodes makes a new set in place of the present one, for whoever has one of
// its codes.
func (s *Service) NewHostCodes(ctx context.Context, by audit.Actor, code string) ([]string, error) {
	if err := s.mayTryHostCode(ctx, by); err != nil {
		return nil, err
	}
	codes, err := s.newHostCodes(ctx, by, "a code of the set before", func(present []HostCode) error {
		_, err := s.findHostCode(present, code)
		return err
	})
	return codes, s.hostCodeFailed(ctx, by, err)
}

func (s *Service) newHostCodes(ctx context.Context, by audit.Actor, with string, rule func([]HostCode) error) ([]string, error) {
	codes := make([]string, HostCodes)
	fresh := make([]HostCode, HostCodes)
	for i := range codes {
		var err error
		if codes[i], err = newRecoveryCode(); err != nil {
			return nil, err
		}
		fresh[i].ID = s.newID()
		sum := sha256.Sum256([]byte(codes[i]))
		if fresh[i].Sealed, err = s.hostSealer().Seal(sum[:]); err != nil {
			return nil, fmt.Errorf("seal host code: %w", err)
		}
	}
	if err := s.storage.ReplaceHostCodes(ctx, by, fresh, with, rule); err != nil {
		return nil, err
	}
	return codes, nil
}

// findHostCode finds the unused code that was typed.
func (s *Service) findHostCode(present []HostCode, typed string) (HostCode, error) {
	sum := sha256.Sum256([]byte(recoveryCode(typed)))
	for _, c := range present {
		if !c.UsedAt.IsZero() {
			continue
		}
		kept, err := s.hostSealer().Open(c.Sealed)
		if err != nil {
			return c, fmt.Errorf("open host code %s: %w", c.ID, err)
		}
		if subtle.ConstantTimeCompare(kept, sum[:]) == 1 {
			return c, nil
		}
	}
	return HostCode{}, codeHostCode.New("This is no code of the newest set, or it was used.")
}

// mayTryHostCode holds whoever tries codes to the count of failures.
func (s *Service) mayTryHostCode(ctx context.Context, by audit.Actor) error {
	if err := onHost(by); err != nil {
		return err
	}
	counts, _, now, err := s.storage.Throttles(ctx, []string{hostThrottle}, "", "")
	if err != nil {
		return fmt.Errorf("read failures: %w", err)
	}
	if wait := counts[hostThrottle].BlockedUntil.Sub(now); wait > 0 {
		return tooManyTries(wait)
	}
	return nil
}

// hostCodeFailed counts and records a wrong code.
func (s *Service) hostCodeFailed(ctx context.Context, by audit.Actor, err error) error {
	if f, ok := fault.As(err); !ok || f.Code.Name != codeHostCode.Name {
		return err
	}
	counted := s.storage.CountFailure(ctx, by, "recovery.code_refused", "host", []string{hostThrottle},
		func(_ string, t Throttle, now time.Time) Throttle { return countFailure(t, pairFree, now) })
	if counted != nil {
		return fmt.Errorf("count a wrong host code: %w", counted)
	}
	return err
}
