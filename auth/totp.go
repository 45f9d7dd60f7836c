package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// The parameters of one-time codes (RFC 6238) that every authenticator app
// knows: SHA-1, six digits, 30 seconds. A code is good one step before and after
// its time, and once.
const (
	totpPeriod   = 30 * time.Second
	totpSkew     = 1
	totpSeedSize = 20
)

var totpDigits = otp.DigitsSix

var seedEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// newSeed makes a seed in the base32 text that authenticator apps take.
func newSeed() (string, error) {
	raw := make([]byte, totpSeedSize)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make one-time-code seed: %w", err)
	}
	return seedEncoding.EncodeToString(raw), nil
}

// checkSeed accepts a seed of at least 128 bits in base32.
func checkSeed(seed string) error {
	raw, err := seedEncoding.DecodeString(strings.ToUpper(strings.TrimRight(seed, "=")))
	if err != nil || len(raw) < 16 {
		return fmt.Errorf("a one-time-code seed is base32 of at least 16 bytes")
	}
	return nil
}

// seedURL is the otpauth address that is shown as a QR code.
func seedURL(issuer, username, seed string) string {
	q := url.Values{"secret": {seed}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + username, RawQuery: q.Encode()}
	return u.String()
}

// matchCode finds the time step, later than after, whose code this is. A code at
// or below after was used before and matches nothing.
func matchCode(seed, code string, now time.Time, after int64) (step int64, ok bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	if len(code) != totpDigits.Length() {
		return 0, false
	}
	current := now.Unix() / int64(totpPeriod/time.Second)
	for s := current - totpSkew; s <= current+totpSkew; s++ {
		if s <= after || s < 0 {
			continue
		}
		want, err := hotp.GenerateCodeCustom(seed, uint64(s), hotp.ValidateOpts{Digits: totpDigits, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return s, true
		}
	}
	return 0, false
}
