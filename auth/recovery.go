package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// RecoveryCodes is how many a set has.
const RecoveryCodes = 10

// RecoveryCode is one of the codes that somebody keeps on paper. It works once.
type RecoveryCode struct {
	// Sealed is the code's hash, sealed: the database alone does not tell whether
	// a guess is right.
	Sealed   []byte    `json:"sealed"`
	GoodFrom time.Time `json:"good_from"`
	// Until is when the set that replaces this one has cooled off; zero: none does.
	Until time.Time `json:"until,omitzero"`
}

// recoveryPattern tells a recovery code from a one-time code.
var recoveryPattern = regexp.MustCompile(`^[A-Z]{4}-[A-Z]{4}-[A-Z]{4}$`)

// recoveryCode reads what people type; empty: it is not one.
func recoveryCode(text string) string {
	text = strings.ToUpper(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '-' }), ""))
	if len(text) == 12 {
		text = text[:4] + "-" + text[4:8] + "-" + text[8:]
	}
	if !recoveryPattern.MatchString(text) {
		return ""
	}
	return text
}

// newRecoveryCode makes a code like BCDF-GHJK-LMNP: 51 bits, tried at most a few
// times an hour.
func newRecoveryCode() (string, error) {
	first, err := newUserCode()
	if err != nil {
		return "", err
	}
	last, err := newUserCode()
	return first + "-" + last[:4], err
}

// NewRecoveryCodes makes ten codes, shown once, in place of those of before. The
// new ones cool off; the old ones stay good meanwhile.
func (s *Service) NewRecoveryCodes(ctx context.Context, p Principal, password string, proof Proof) ([]string, error) {
	codes := make([]string, RecoveryCodes)
	fresh := make([]RecoveryCode, RecoveryCodes)
	for i := range codes {
		var err error
		if codes[i], err = newRecoveryCode(); err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(codes[i]))
		if fresh[i].Sealed, err = s.recoverySealer(p.Account).Seal(sum[:]); err != nil {
			return nil, fmt.Errorf("seal recovery code: %w", err)
		}
	}
	_, err := s.proveOwner(ctx, p, password, proof, "account.recovery_codes_made", "recovery code", func(person *Person, st Standing) error {
		if !person.HasSecondFactor {
			return codeNoSecond.New("Recovery codes stand in for a second factor; set one up first.")
		}
		good := st.Now.Add(FactorCooling)
		var list []RecoveryCode
		for _, c := range person.Recovery {
			if c.Until.IsZero() && !st.Now.Before(c.GoodFrom) {
				c.Until = good
				list = append(list, c)
			}
		}
		for _, c := range fresh {
			c.GoodFrom = good
			list = append(list, c)
		}
		person.Recovery = list
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// proveRecovery uses a recovery code up.
func (s *Service) proveRecovery(p Person, code string, st Standing, to purpose) (Person, Factor, error) {
	sum := sha256.Sum256([]byte(code))
	for i, c := range p.Recovery {
		if !c.Until.IsZero() && !st.Now.Before(c.Until) {
			continue
		}
		kept, err := s.recoverySealer(p.ID).Open(c.Sealed)
		if err != nil {
			return p, "", fmt.Errorf("open recovery code of account %s: %w", p.ID, err)
		}
		if subtle.ConstantTimeCompare(kept, sum[:]) != 1 {
			continue
		}
		if err := p.cooled(c.GoodFrom, st, to); err != nil {
			return p, "", err
		}
		p.Recovery = slices.Delete(slices.Clone(p.Recovery), i, i+1)
		p.Notes = append(slices.Clone(p.Notes), Note{Action: "account.recovery_code_used", Detail: map[string]any{
			"username": p.Username, "left": p.RecoveryLeft()}})
		return p, FactorRecovery, nil
	}
	return p, "", errBadCode
}

// RecoveryLeft counts the codes of the newest set that were not used.
func (p Person) RecoveryLeft() int {
	n := 0
	for _, c := range p.Recovery {
		if c.Until.IsZero() {
			n++
		}
	}
	return n
}
