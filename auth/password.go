package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"wardline/internal/fault"
)

// HashParams are the costs of argon2id (RFC 9106).
type HashParams struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultHashParams are RFC 9106's second recommendation with one lane: 64 MiB
// and three passes, about a tenth of a second on one core.
var DefaultHashParams = HashParams{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 1}

// Limits on what a stored hash may ask for, so that a tampered row cannot make
// the server allocate without bound.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 16
	maxLanes     = 16
	saltSize     = 16
	hashSize     = 32
)

const (
	minPasswordRunes = 10
	maxPasswordBytes = 256
)

var errBadHash = errors.New("stored password hash is malformed")

// hasher hashes passwords, a bounded number at a time: each takes tens of
// megabytes and a tenth of a second, and anybody may ask.
type hasher struct {
	params HashParams
	slots  chan struct{}
	queue  chan struct{}
	// decoy is verified when there is nothing to verify, so that an unknown user
	// name takes as long as a known one.
	decoy string
}

func newHasher(params HashParams) *hasher {
	if params == (HashParams{}) {
		params = DefaultHashParams
	}
	n := max(1, runtime.GOMAXPROCS(0))
	h := &hasher{params: params, slots: make(chan struct{}, n), queue: make(chan struct{}, 16*n)}
	h.decoy = h.encode(make([]byte, saltSize), argon2.IDKey([]byte("decoy"), make([]byte, saltSize),
		params.Passes, params.MemoryKiB, params.Lanes, hashSize))
	return h
}

// enter takes a slot. It waits while few others wait, and refuses when many do.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.queue <- struct{}{}:
	default:
		f := fault.CodeUnavailable.New("Too many people are signing in at this moment.")
		f.RetryAfter = retryWhenBusy
		return nil, f
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; <-h.queue }, nil
	case <-ctx.Done():
		<-h.queue
		return nil, ctx.Err()
	}
}

// hash returns the PHC string of a password. Never call it inside a write
// transaction.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, saltSize)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	key := argon2.IDKey([]byte(password), salt, h.params.Passes, h.params.MemoryKiB, h.params.Lanes, hashSize)
	return h.encode(salt, key), nil
}

// verify reports whether password matches the PHC string. An empty one matches
// nothing and takes as long.
func (h *hasher) verify(ctx context.Context, phc, password string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	known := phc != ""
	if !known {
		phc = h.decoy
	}
	params, salt, want, err := decodePHC(phc)
	if err != nil {
		return false, err
	}
	if len(password) > maxPasswordBytes {
		password, known = "", false
	}
	got := argon2.IDKey([]byte(password), salt, params.Passes, params.MemoryKiB, params.Lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

// outdated reports whether a stored hash was made with other costs than today's.
func (h *hasher) outdated(phc string) bool {
	params, _, _, err := decodePHC(phc)
	return err == nil && params != h.params
}

func (h *hasher) encode(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.params.MemoryKiB, h.params.Passes, h.params.Lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func decodePHC(phc string) (params HashParams, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return params, nil, nil, errBadHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &params.MemoryKiB, &params.Passes, &params.Lanes); err != nil {
		return params, nil, nil, errBadHash
	}
	if params.MemoryKiB == 0 || params.MemoryKiB > maxMemoryKiB || params.Passes == 0 || params.Passes > maxPasses ||
		params.Lanes == 0 || params.Lanes > maxLanes {
		return params, nil, nil, errBadHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 {
		return params, nil, nil, errBadHash
	}
	return params, salt, key, nil
}

var codeWeakPassword = fault.Define(fault.Invalid, "weak_password",
	"Choose a longer password: several unrelated words are easy to remember.")

// checkPassword refuses what is too short, too long or the user name itself.
func checkPassword(password, username string) error {
	switch {
	case utf8.RuneCountInString(password) < minPasswordRunes:
		return codeWeakPassword.New("A password has at least %d characters.", minPasswordRunes).
			WithField("password", "has fewer than %d characters", minPasswordRunes)
	case len(password) > maxPasswordBytes:
		return codeWeakPassword.New("A password has at most %d bytes.", maxPasswordBytes).
			WithField("password", "is longer than %d bytes", maxPasswordBytes)
	case username != "" && strings.Contains(strings.ToLower(password), strings.ToLower(username)):
		return codeWeakPassword.New("A password does not contain the user name.").
			WithField("password", "contains the user name")
	case strings.Count(password, password[:1]) == len(password):
		return codeWeakPassword.New("A password is more than one repeated character.").
			WithField("password", "is one character repeated")
	}
	return nil
}
