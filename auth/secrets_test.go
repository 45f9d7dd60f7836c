package auth

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"wardline/audit"
	"wardline/internal/fault"
	"wardline/internal/seal"
)

var quick = HashParams{MemoryKiB: 64, Passes: 1, Lanes: 1}

func TestAPasswordIsKeptAsArgon2idAndNothingElseMatches(t *testing.T) {
	ctx := context.Background()
	h := newHasher(quick)
	phc, err := h.hash(ctx, "seven green bicycles")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("kept as %s", phc)
	}
	again, _ := h.hash(ctx, "seven green bicycles")
	if again == phc {
		t.Error("two hashes of one password are equal: no salt")
	}
	for password, want := range map[string]bool{"seven green bicycles": true, "seven green bicycle": false, "": false, strings.Repeat("x", 300): false} {
		if got, err := h.verify(ctx, phc, password); err != nil || got != want {
			t.Errorf("%.30q: %v %v", password, got, err)
		}
	}
	if got, err := h.verify(ctx, "", "decoy"); err != nil || got {
		t.Errorf("an account without a password accepts one: %v %v", got, err)
	}
	if h.outdated(phc) || !newHasher(HashParams{MemoryKiB: 128, Passes: 1, Lanes: 1}).outdated(phc) {
		t.Error("an old hash is not seen as old")
	}
}

// The example of the PHC string format and of argon2's own test programs.
func TestAHashMadeElsewhereIsVerified(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if got, err := newHasher(quick).verify(context.Background(), phc, "password"); err != nil || !got {
		t.Errorf("%v %v", got, err)
	}
}

func TestAStoredHashThatWasTamperedWithIsAnErrorAndNoWayToExhaustMemory(t *testing.T) {
	h := newHasher(quick)
	for _, phc := range []string{
		"x", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AA", "$argon2id$v=19$m=64,t=1,p=1$$AA",
	} {
		if got, err := h.verify(context.Background(), phc, "password"); err == nil || got {
			t.Errorf("%s: %v %v", phc, got, err)
		}
	}
}

func TestManyWhoSignInAtOnceWaitAndThenAreTurnedAwayNotServedAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(quick)
		var leave []func()
		for range cap(h.slots) {
			l, err := h.enter(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		ctx, giveUp := context.WithCancel(context.Background())
		errs := make(chan error, cap(h.queue))
		waiting := cap(h.queue) - cap(h.slots)
		for range waiting {
			go func() {
				_, err := h.enter(ctx)
				errs <- err
			}()
		}
		synctest.Wait()
		if _, err := h.hash(ctx, "one too many"); !fault.Has(err, fault.CodeUnavailable) {
			t.Errorf("one too many: %v", err)
		}
		giveUp()
		for range waiting {
			if err := <-errs; err == nil {
				t.Error("somebody got in while all slots were taken")
			}
		}
		for _, l := range leave {
			l()
		}
		if _, err := h.hash(context.Background(), "now there is room"); err != nil {
			t.Error(err)
		}
	})
}

// RFC 6238, appendix B, SHA-1: the last six of the eight digits there.
func TestOneTimeCodesAreThoseOfTheRFC(t *testing.T) {
	seed := seedEncoding.EncodeToString([]byte("12345678901234567890"))
	for seconds, code := range map[int64]string{59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"} {
		step, ok := matchCode(seed, code, time.Unix(seconds, 0), -1)
		if !ok || step != seconds/30 {
			t.Errorf("at %d: %v, step %d", seconds, ok, step)
		}
		if _, ok := matchCode(seed, code, time.Unix(seconds, 0), seconds/30); ok {
			t.Errorf("at %d: good a second time", seconds)
		}
		if _, ok := matchCode(seed, " "+code[:3]+" "+code[3:], time.Unix(seconds, 0), -1); !ok {
			t.Errorf("at %d: a space, as apps show it, is not understood", seconds)
		}
	}
	if _, ok := matchCode(seed, "94287082", time.Unix(59, 0), -1); ok {
		t.Error("eight digits are good")
	}
}

func TestFailuresAreCountedUnderAnAddressOrAnIPv6Network(t *testing.T) {
	for remote, want := range map[string]string{
		"10.1.2.3:5555": "10.1.2.3", "10.1.2.3": "10.1.2.3", "[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::/64",
		"2001:db8:1:2::ffff": "2001:db8:1:2::/64", "[::ffff:10.1.2.3]:80": "10.1.2.3", "fe80::1%eth0": "fe80::/64",
		"@": "unknown", "": "unknown", "hospital.example:1": "unknown",
	} {
		if got := SourceOf(remote); got != want {
			t.Errorf("%q: %q, not %q", remote, got, want)
		}
	}
}

// keysInMemory is a Storage that keeps signing keys only.
type keysInMemory struct {
	Storage
	keys []SealedKey
	now  func() time.Time
}

func (k *keysInMemory) SigningKeys(context.Context) ([]SealedKey, error) { return k.keys, nil }

func (k *keysInMemory) AddSigningKey(_ context.Context, _ audit.Actor, newest string, key SealedKey) error {
	if (len(k.keys) > 0 && k.keys[0].ID != newest) || (len(k.keys) == 0 && newest != "") {
		return nil
	}
	key.CreatedAt = k.now()
	k.keys = append([]SealedKey{key}, k.keys...)
	return nil
}

func signer(t *testing.T, now *time.Time) (*Service, *keysInMemory) {
	t.Helper()
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return *now }
	storage := &keysInMemory{now: clock}
	s, err := New(context.Background(), Options{Storage: storage, Master: key, Now: clock, Hash: quick})
	if err != nil {
		t.Fatal(err)
	}
	return s, storage
}

func TestAForgedAccessTokenIsNotBelieved(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	s, _ := signer(t, &now)
	stranger, _ := signer(t, &now)
	claims := func(audience string) accessClaims {
		return accessClaims{RegisteredClaims: jwt.RegisteredClaims{Issuer: tokenIssuer, Subject: "a", Audience: jwt.ClaimStrings{audience},
			ExpiresAt: jwt.NewNumericDate(now.Add(AccessLife))}, Session: "s", Roles: []Role{RoleIT}}
	}
	good, err := s.keys.sign(claims("admin"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := s.Authenticate(ctx, AudienceAdmin, good); err != nil || p.Account != "a" || p.Session != "s" {
		t.Fatalf("a good token: %+v, %v", p, err)
	}
	sign := func(method jwt.SigningMethod, kid string, key any, c jwt.Claims) string {
		token := jwt.NewWithClaims(method, c)
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	kid := s.keys.newest
	public := []byte(s.keys.current().private[32:])
	noExpiry := claims("admin")
	noExpiry.ExpiresAt = nil
	otherIssuer := claims("admin")
	otherIssuer.Issuer = "somebody"
	parts := strings.Split(good, ".")
	for what, text := range map[string]string{
		"none":               sign(jwt.SigningMethodNone, kid, jwt.UnsafeAllowNoneSignatureType, claims("admin")),
		"the public key":     sign(jwt.SigningMethodHS256, kid, public, claims("admin")),
		"another server":     sign(jwt.SigningMethodEdDSA, kid, stranger.keys.current().private, claims("admin")),
		"an unknown key":     sign(jwt.SigningMethodEdDSA, "no-such-key", stranger.keys.current().private, claims("admin")),
		"another audience":   sign(jwt.SigningMethodEdDSA, kid, s.keys.current().private, claims("public")),
		"no expiry":          sign(jwt.SigningMethodEdDSA, kid, s.keys.current().private, noExpiry),
		"another issuer":     sign(jwt.SigningMethodEdDSA, kid, s.keys.current().private, otherIssuer),
		"no signature":       parts[0] + "." + parts[1] + ".",
		"an unknown alg":     "eyJhbGciOiJYWTI1NiIsImtpZCI6IngifQ." + parts[1] + "." + parts[2],
		"nonsense":           "nonsense",
		"nothing":            "",
		"a made-up API text": prefixRefresh + "x",
	} {
		if _, err := s.Authenticate(ctx, AudienceAdmin, text); !fault.Has(err, codeSignInNeeded) {
			t.Errorf("%s: %v", what, err)
		}
	}
	now = now.Add(AccessLife)
	if _, err := s.Authenticate(ctx, AudienceAdmin, good); !fault.Has(err, codeSignInNeeded) {
		t.Errorf("after ten minutes: %v", err)
	}
}

func TestAReplacedKeyIsGoodForTenMinutesMore(t *testing.T) {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	s, _ := signer(t, &now)
	old := s.keys.current()
	if err := s.RotateSigningKey(ctx, systemActor); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{0: true, AccessLife: true, AccessLife + time.Second: false} {
		then := now
		now = now.Add(after)
		token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, accessClaims{RegisteredClaims: jwt.RegisteredClaims{Issuer: tokenIssuer,
			Audience: jwt.ClaimStrings{"admin"}, ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute))}})
		token.Header["kid"] = old.id
		text, err := token.SignedString(old.private)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Authenticate(ctx, AudienceAdmin, text); (err == nil) != want {
			t.Errorf("%s after it was replaced: %v", after, err)
		}
		now = then
	}
}

func TestSigningKeysUnderAnotherMasterKeyStopTheServer(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	_, storage := signer(t, &now)
	other, err := seal.New(append(make([]byte, seal.KeySize-1), 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(context.Background(), Options{Storage: storage, Master: other, Now: storage.now, Hash: quick}); err == nil {
		t.Error("the server starts without being able to read its keys")
	}
}

func TestUserCodesAreEasyToReadAndType(t *testing.T) {
	code, err := newUserCode()
	if err != nil || len(code) != 9 || code[4] != '-' {
		t.Fatalf("%q %v", code, err)
	}
	for _, typed := range []string{strings.ToLower(code), " " + code + " ", code[:4] + code[5:]} {
		if got := normaliseUserCode(typed); got != code {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
}

func FuzzStoredPasswordHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=-1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, phc string) {
		params, salt, key, err := decodePHC(phc)
		if err == nil && (params.MemoryKiB > maxMemoryKiB || params.Passes > maxPasses || params.Lanes > maxLanes || len(salt) == 0 || len(key) < 16) {
			t.Fatalf("accepted %q as %+v", phc, params)
		}
	})
}
