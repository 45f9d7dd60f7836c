package commands

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"wardline/device"
)

var envelopeNow = orderAsked.Add(time.Minute)

func sampleEnvelope(t testing.TB) Envelope {
	t.Helper()
	order, err := sampleOrder().Encode()
	if err != nil {
		t.Fatal(err)
	}
	return Envelope{Order: order, Attempt: 2, AllowedReported: []device.Reported{device.ReportedStopped, device.ReportedService},
		MaxStateAge: time.Minute, Stage: true, IssuedAt: orderAsked, ExpiresAt: orderAsked.Add(10 * time.Minute),
		MatrixVersion: "2026-1", Approvals: []string{"person:42"}}
}

func seal(t testing.TB, s Signer, e Envelope) string {
	t.Helper()
	jws, err := SealEnvelope(s, e)
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func TestAnEnvelopeBringsTheOrderUnchanged(t *testing.T) {
	p := newPKI(t, "hospital")
	sent := sampleEnvelope(t)
	e, o, err := OpenEnvelope(seal(t, p.commandSigner(t, nil), sent), p.roots, envelopeNow)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sent, e); diff != "" {
		t.Errorf("envelope (-sent +received):\n%s", diff)
	}
	if diff := cmp.Diff(sampleOrder(), o); diff != "" {
		t.Errorf("order (-sent +received):\n%s", diff)
	}
}

func TestAnEnvelopeOfAnybodyElseIsRefused(t *testing.T) {
	p := newPKI(t, "hospital")
	other := newPKI(t, "somebody else")
	e := sampleEnvelope(t)
	for name, s := range map[string]Signer{
		"another authority": other.commandSigner(t, nil),
		"a device's certificate": p.commandSigner(t, func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}),
		"a certificate for anything": p.commandSigner(t, func(c *x509.Certificate) {
			c.UnknownExtKeyUsage, c.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
		}),
		"two purposes":              p.commandSigner(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }),
		"a signer that is a CA":     p.commandSigner(t, func(c *x509.Certificate) { c.IsCA = true }),
		"a signer that has expired": p.commandSigner(t, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = pkiFrom, orderAsked }),
		"the issuing CA itself":     testSigner{Signer: p.issuerKey, chain: []*x509.Certificate{p.issuer}},
		"no certificate":            testSigner{Signer: fixedKey("command signer")},
		"a chain with a gap":        testSigner{Signer: fixedKey("command signer"), chain: p.commandSigner(t, nil).chain[:1]},
		"somebody else's key":       testSigner{Signer: fixedKey("thief"), chain: p.commandSigner(t, nil).chain},
		"a chain without end":       testSigner{Signer: fixedKey("command signer"), chain: []*x509.Certificate{p.issuer, p.issuer, p.issuer, p.issuer, p.issuer}},
	} {
		_, _, err := OpenEnvelope(seal(t, s, e), p.roots, envelopeNow)
		if !errors.Is(err, ErrUntrustedSigner) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAnEnvelopeEndsWhenItSays(t *testing.T) {
	p := newPKI(t, "hospital")
	signer := p.commandSigner(t, nil)
	e := sampleEnvelope(t)
	jws := seal(t, signer, e)
	if _, _, err := OpenEnvelope(jws, p.roots, e.ExpiresAt.Add(-time.Millisecond)); err != nil {
		t.Errorf("a moment before its end: %v", err)
	}
	if _, _, err := OpenEnvelope(jws, p.roots, e.ExpiresAt); !errors.Is(err, ErrEnvelopeExpired) {
		t.Errorf("at its end: error %v", err)
	}
	late := e
	late.IssuedAt, late.ExpiresAt = orderAsked.Add(23*time.Hour), orderAsked.Add(25*time.Hour)
	if _, _, err := OpenEnvelope(seal(t, signer, late), p.roots, orderAsked.Add(24*time.Hour)); !errors.Is(err, ErrEnvelopeExpired) {
		t.Errorf("a fresh envelope around an order that has ended: error %v", err)
	}
}

// reseal signs another payload or header with the good key.
func reseal(t testing.TB, signer testSigner, payload string, alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	jws, err := s.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestAnEnvelopeWithAnotherFormIsRefused(t *testing.T) {
	p := newPKI(t, "hospital")
	signer := p.commandSigner(t, nil)
	good := seal(t, signer, sampleEnvelope(t))
	parts := strings.Split(good, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	payload := string(raw)
	var x5c []string
	for _, c := range signer.chain {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(c.Raw))
	}
	key := fixedKey("command signer")
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	header := func(more map[jose.HeaderKey]any) map[jose.HeaderKey]any {
		h := map[jose.HeaderKey]any{"typ": EnvelopeType, "x5c": x5c}
		for k, v := range more {
			h[k] = v
		}
		return h
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"` + EnvelopeType + `"}`))
	twice, err := json.Marshal(x5c)
	if err != nil {
		t.Fatal(err)
	}
	doubled := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"` + EnvelopeType + `","typ":"` + EnvelopeType + `","x5c":` + string(twice) + `}`))
	for name, jws := range map[string]string{
		"alg none":                  none + "." + parts[1] + ".",
		"another alg":               reseal(t, signer, payload, jose.ES256, ec, header(nil)),
		"a receipt's type":          reseal(t, signer, payload, jose.EdDSA, key, header(map[jose.HeaderKey]any{"typ": ReceiptType})),
		"no type":                   reseal(t, signer, payload, jose.EdDSA, key, map[jose.HeaderKey]any{"x5c": x5c}),
		"a key id":                  reseal(t, signer, payload, jose.EdDSA, key, header(map[jose.HeaderKey]any{"kid": "1"})),
		"a key to be fetched":       reseal(t, signer, payload, jose.EdDSA, key, header(map[jose.HeaderKey]any{"jku": "https://evil.example/keys"})),
		"a critical extension":      reseal(t, signer, payload, jose.EdDSA, key, header(map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": false})),
		"a header name twice":       doubled + "." + parts[1] + "." + parts[2],
		"two parts":                 parts[0] + "." + parts[1],
		"four parts":                good + "." + parts[2],
		"JSON serialization":        `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"nothing":                   "",
		"a payload name twice":      reseal(t, signer, strings.Replace(payload, `"attempt":2`, `"attempt":2,"attempt":3`, 1), jose.EdDSA, key, header(nil)),
		"an unknown payload name":   reseal(t, signer, strings.Replace(payload, `"attempt":2`, `"attempt":2,"urgent":true`, 1), jose.EdDSA, key, header(nil)),
		"attempt 0":                 reseal(t, signer, strings.Replace(payload, `"attempt":2`, `"attempt":0`, 1), jose.EdDSA, key, header(nil)),
		"an unknown state":          reseal(t, signer, strings.Replace(payload, `"stopped"`, `"idle"`, 1), jose.EdDSA, key, header(nil)),
		"no end":                    reseal(t, signer, strings.Replace(payload, `"expires_at":"2026-03-01T09:40:00.250Z"`, `"expires_at":""`, 1), jose.EdDSA, key, header(nil)),
		"an end before its issue":   reseal(t, signer, strings.Replace(payload, `"expires_at":"2026`, `"expires_at":"2025`, 1), jose.EdDSA, key, header(nil)),
		"an order that is no order": reseal(t, signer, `{"version":1,"order":"e30","attempt":1,"allowed_reported":[],"max_state_age_ms":0,"stage":false,"issued_at":"2026-03-01T09:30:00.250Z","expires_at":"2026-03-01T09:40:00.250Z","matrix_version":"","approvals":[]}`, jose.EdDSA, key, header(nil)),
		"too large":                 parts[0] + "." + strings.Repeat("A", MaxEnvelope) + "." + parts[2],
	} {
		_, _, err := OpenEnvelope(jws, p.roots, envelopeNow)
		if !errors.Is(err, ErrBadEnvelope) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	for name, jws := range map[string]string{
		"a changed payload":   parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(payload, `"attempt":2`, `"attempt":9`, 1))) + "." + parts[2],
		"a changed signature": parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
	} {
		if _, _, err := OpenEnvelope(jws, p.roots, envelopeNow); !errors.Is(err, ErrUntrustedSigner) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

var deviceKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

var otherDeviceKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func TestAReceiptIsTheDevicesOwn(t *testing.T) {
	r := Receipt{Command: sampleOrder().Command, Device: sampleOrder().Device, Enrollment: sampleOrder().Enrollment,
		OrderHash: HashOrder([]byte(sampleBytes)), Attempt: 1, Status: ResultAccepted, BootID: "boot", Sequence: 7, At: orderAsked}
	jws, err := SignReceipt(deviceKey(), r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := VerifyReceipt(&deviceKey().PublicKey, jws)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("receipt (-signed +verified):\n%s", diff)
	}
	if _, err := VerifyReceipt(&otherDeviceKey().PublicKey, jws); !errors.Is(err, ErrBadReceipt) {
		t.Errorf("with another device's key: error %v", err)
	}
	if _, err := VerifyReceipt(fixedKey("x").Public(), jws); !errors.Is(err, ErrBadReceipt) {
		t.Errorf("with a key of another sort: error %v", err)
	}
	parts := strings.Split(jws, ".")
	pss, err := signJWS(deviceKey(), jose.PS256, ReceiptType, nil, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"an envelope's type": mustSign(t, jose.RS256, EnvelopeType, `{}`),
		"another padding":    pss,
		"an unknown status":  mustSign(t, jose.RS256, ReceiptType, `{"version":1,"status":"done"}`),
		"another version":    mustSign(t, jose.RS256, ReceiptType, `{"version":2,"status":"accepted"}`),
		"a name twice":       mustSign(t, jose.RS256, ReceiptType, `{"version":1,"status":"accepted","status":"accepted"}`),
		"no signature":       parts[0] + "." + parts[1] + ".",
		"nothing":            "",
	} {
		if _, err := VerifyReceipt(&deviceKey().PublicKey, text); !errors.Is(err, ErrBadReceipt) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func mustSign(t *testing.T, alg jose.SignatureAlgorithm, typ, payload string) string {
	t.Helper()
	jws, err := signJWS(deviceKey(), alg, typ, nil, []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

func FuzzOpenEnvelope(f *testing.F) {
	p := newPKI(f, "hospital")
	good := seal(f, p.commandSigner(f, nil), sampleEnvelope(f))
	f.Add(good)
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Add(good[:len(good)-4])
	f.Fuzz(func(t *testing.T, jws string) {
		_, o, err := OpenEnvelope(jws, p.roots, envelopeNow)
		if err != nil {
			if !errors.Is(err, ErrBadEnvelope) && !errors.Is(err, ErrUntrustedSigner) && !errors.Is(err, ErrEnvelopeExpired) {
				t.Errorf("an error of no sort: %v", err)
			}
			return
		}
		// The fuzzer has no key: the only order that it can bring is the seed's.
		if diff := cmp.Diff(sampleOrder(), o); diff != "" {
			t.Errorf("an order that nobody signed:\n%s", diff)
		}
	})
}
