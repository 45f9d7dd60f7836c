package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wardline/audit"
	"wardline/internal/seal"
)

// signingKey signs access tokens (EdDSA over Ed25519).
type signingKey struct {
	id      string
	private ed25519.PrivateKey
	// retired is when the next key took over; zero for the newest.
	retired time.Time
}

// keyset holds the signing keys that all replicas share. They lie sealed in the
// database; a key that another replica made is fetched when its id first shows
// up.
type keyset struct {
	storage Storage
	sealer  seal.Sealer
	now     func() time.Time

	mu     sync.RWMutex
	byID   map[string]signingKey
	newest string
	loaded time.Time
}

// keysReloadAfter bounds how often a made-up key id can cause a read.
const keysReloadAfter = 2 * time.Second

var (
	errUnknownKey = errors.New("signed with an unknown key")
	// errKeysUnread: the fault is not the token's.
	errKeysUnread = errors.New("session signing keys cannot be read")
)

func (k *keyset) load(ctx context.Context) error {
	stored, err := k.storage.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("read session signing keys: %w", err)
	}
	byID := make(map[string]signingKey, len(stored))
	var retired time.Time
	for _, sk := range stored { // newest first
		seed, err := k.sealer.Open(sk.Sealed)
		if err != nil {
			return fmt.Errorf("open session signing key %s: %w", sk.ID, err)
		}
		if len(seed) != ed25519.SeedSize {
			return fmt.Errorf("open session signing key %s: wrong size", sk.ID)
		}
		byID[sk.ID] = signingKey{id: sk.ID, private: ed25519.NewKeyFromSeed(seed), retired: retired}
		retired = sk.CreatedAt
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byID, k.newest, k.loaded = byID, "", k.now()
	if len(stored) > 0 {
		k.newest = stored[0].ID
	}
	return nil
}

func (k *keyset) empty() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.newest == ""
}

func (k *keyset) current() signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.byID[k.newest]
}

// find returns a key by its id, asking the database for one that is new here.
func (k *keyset) find(ctx context.Context, id string) (signingKey, error) {
	k.mu.RLock()
	key, ok := k.byID[id]
	stale := k.now().Sub(k.loaded) >= keysReloadAfter
	k.mu.RUnlock()
	if !ok && stale {
		if err := k.load(ctx); err != nil {
			return signingKey{}, errors.Join(errKeysUnread, err)
		}
		k.mu.RLock()
		key, ok = k.byID[id]
		k.mu.RUnlock()
	}
	if !ok {
		return signingKey{}, errUnknownKey
	}
	return key, nil
}

// RotateSigningKey makes a new key for access tokens. Tokens signed with the old
// one run out by themselves within AccessLife. Of replicas that rotate at the
// same time one wins, and the others take its key.
func (s *Service) RotateSigningKey(ctx context.Context, by audit.Actor) error {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return fmt.Errorf("make session signing key: %w", err)
	}
	sealed, err := s.keys.sealer.Seal(seed)
	if err != nil {
		return fmt.Errorf("make session signing key: %w", err)
	}
	if err := s.storage.AddSigningKey(ctx, by, s.keys.current().id, SealedKey{ID: s.newID(), Sealed: sealed}); err != nil {
		return fmt.Errorf("store session signing key: %w", err)
	}
	return s.keys.load(ctx)
}

// tokenIssuer is the iss of everything signed here.
const tokenIssuer = "wardline"

// sign makes a compact JWS with the newest key.
func (k *keyset) sign(claims jwt.Claims) (string, error) {
	key := k.current()
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["kid"] = key.id
	text, err := t.SignedString(key.private)
	if err != nil {
		return "", fmt.Errorf("sign token: %w", err)
	}
	return text, nil
}

// verify checks signature, issuer, audience and expiry. A key that was replaced
// is good for grace longer.
func (k *keyset) verify(ctx context.Context, text, audience string, grace time.Duration, into jwt.Claims) error {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(tokenIssuer),
		jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(k.now))
	_, err := parser.ParseWithClaims(text, into, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		key, err := k.find(ctx, id)
		if err != nil {
			return nil, err
		}
		if !key.retired.IsZero() && k.now().After(key.retired.Add(grace)) {
			return nil, errUnknownKey
		}
		return key.private.Public(), nil
	})
	return err
}
