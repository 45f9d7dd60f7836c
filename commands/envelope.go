package commands

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wardline/device"
)

// OIDCommandSigning is the extended key usage of the certificate that signs
// envelopes, and its only one: no other certificate of ours can sign an order,
// and this one can be used for nothing else. The arc 2.25 needs no registration;
// its last number stays below 2^31, which is as far as many parsers read.
var OIDCommandSigning = asn1.ObjectIdentifier{2, 25, 1730954817, 1}

// EnvelopeType is the "typ" of an envelope.
const EnvelopeType = "wardline-envelope+jws"

// MaxEnvelope is the size of a signed envelope with its certificates, in bytes.
const MaxEnvelope = 128 << 10

// maxChain is how many certificates an envelope may bring: its signer's and
// those between it and the root.
const maxChain = 4

// Lives of envelopes. A destructive one is signed anew at each delivery and
// lives two minutes, so that a freeze is not undercut by what was signed before.
const (
	DestructiveEnvelopeLife = 2 * time.Minute
	EnvelopeLife            = 10 * time.Minute
)

// Envelope is one delivery of an order: signed afresh each time it is handed
// out, around the order's unchanged bytes.
type Envelope struct {
	Order []byte
	// Attempt counts the deliveries of this command from 1.
	Attempt int
	// AllowedReported are the therapy states, as the pump itself reports them, in
	// which the order may be carried out. Empty: the state does not matter.
	AllowedReported []device.Reported
	// MaxStateAge is how old the device's own reading of that state may be when
	// it acts. Zero: it does not matter.
	MaxStateAge time.Duration
	// Stage: take it in now, apply it later as the kind says.
	Stage     bool
	IssuedAt  time.Time
	ExpiresAt time.Time
	// MatrixVersion is the version of the safety matrix that released it.
	MatrixVersion string
	// Approvals name the people who approved this order, in order.
	Approvals []string
}

// Signer signs envelopes: an Ed25519 key and the certificates that lead from it
// towards the root.
type Signer interface {
	crypto.Signer
	// Chain is the signer's own certificate, with OIDCommandSigning, then those
	// above it. The root need not be in it. The caller does not change it.
	Chain() []*x509.Certificate
}

const envelopeVersion = 1

type wireEnvelope struct {
	Version         int               `json:"version"`
	Order           string            `json:"order"` // base64url without padding
	Attempt         int               `json:"attempt"`
	AllowedReported []device.Reported `json:"allowed_reported"`
	MaxStateAgeMS   int64             `json:"max_state_age_ms"`
	Stage           bool              `json:"stage"`
	IssuedAt        wireTime          `json:"issued_at"`
	ExpiresAt       wireTime          `json:"expires_at"`
	MatrixVersion   string            `json:"matrix_version"`
	Approvals       []string          `json:"approvals"`
}

// SealEnvelope signs an envelope.
func SealEnvelope(s Signer, e Envelope) (string, error) {
	if _, ok := s.Public().(ed25519.PublicKey); !ok {
		return "", fmt.Errorf("seal envelope: the signing key is %T, not Ed25519", s.Public())
	}
	w := wireEnvelope{Version: envelopeVersion, Order: base64.RawURLEncoding.EncodeToString(e.Order), Attempt: e.Attempt,
		AllowedReported: e.AllowedReported, MaxStateAgeMS: e.MaxStateAge.Milliseconds(), Stage: e.Stage,
		IssuedAt: wireTime(e.IssuedAt), ExpiresAt: wireTime(e.ExpiresAt), MatrixVersion: e.MatrixVersion, Approvals: e.Approvals}
	if w.AllowedReported == nil {
		w.AllowedReported = []device.Reported{}
	}
	if w.Approvals == nil {
		w.Approvals = []string{}
	}
	payload, err := encodeJSON(w)
	if err != nil {
		return "", fmt.Errorf("seal envelope: %w", err)
	}
	var x5c []string
	for _, c := range s.Chain() {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(c.Raw))
	}
	jws, err := signJWS(s, jose.EdDSA, EnvelopeType, x5c, payload)
	if err != nil {
		return "", fmt.Errorf("seal envelope: %w", err)
	}
	if len(jws) > MaxEnvelope {
		return "", fmt.Errorf("seal envelope: %d bytes are more than an envelope may have", len(jws))
	}
	return jws, nil
}

// What is wrong with an envelope. Every error of OpenEnvelope has one of them in
// its chain.
var (
	ErrBadEnvelope     = errors.New("not an envelope")
	ErrUntrustedSigner = errors.New("not signed by a command signer of the pinned authority")
	ErrEnvelopeExpired = errors.New("the envelope or its order has expired")
)

// OpenEnvelope verifies an envelope and reads it and its order: the signature,
// the certificates up to one of roots at the time now, the key usage that only
// command signers have, and the expiry of both envelope and order. now is the
// server's time as the device knows it (DESIGN 5.3), never its wall clock.
//
// Whether the order is for this device and this enrollment, whether it was seen
// before, and whether the device may act on it now is for the caller to check.
// It is safe for hostile input.
func OpenEnvelope(jws string, roots *x509.CertPool, now time.Time) (Envelope, Order, error) {
	parsed, header, err := splitJWS(jws, MaxEnvelope, jose.EdDSA, EnvelopeType)
	if err != nil {
		return Envelope{}, Order{}, fmt.Errorf("%w: %w", ErrBadEnvelope, err)
	}
	key, err := commandKey(header.X5c, roots, now)
	if err != nil {
		return Envelope{}, Order{}, fmt.Errorf("%w: %w", ErrUntrustedSigner, err)
	}
	payload, err := parsed.Verify(key)
	if err != nil {
		return Envelope{}, Order{}, fmt.Errorf("%w: the signature does not fit", ErrUntrustedSigner)
	}
	e, err := parseEnvelope(payload)
	if err != nil {
		return Envelope{}, Order{}, fmt.Errorf("%w: %w", ErrBadEnvelope, err)
	}
	o, err := ParseOrder(e.Order)
	if err != nil {
		return Envelope{}, Order{}, fmt.Errorf("%w: %w", ErrBadEnvelope, err)
	}
	if !now.Before(e.ExpiresAt) {
		return Envelope{}, Order{}, fmt.Errorf("%w: the envelope ended at %s", ErrEnvelopeExpired, e.ExpiresAt)
	}
	if !o.NotAfter.IsZero() && !now.Before(o.NotAfter) {
		return Envelope{}, Order{}, fmt.Errorf("%w: the order ended at %s", ErrEnvelopeExpired, o.NotAfter)
	}
	return e, o, nil
}

// commandKey returns the key of the first certificate, when it is a command
// signer's that leads to one of roots.
func commandKey(x5c []string, roots *x509.CertPool, now time.Time) (ed25519.PublicKey, error) {
	if len(x5c) == 0 || len(x5c) > maxChain {
		return nil, fmt.Errorf("x5c holds %d certificates, not 1 to %d", len(x5c), maxChain)
	}
	certs := make([]*x509.Certificate, len(x5c))
	for i, text := range x5c {
		der, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, errors.New("x5c is not base64")
		}
		if certs[i], err = x509.ParseCertificate(der); err != nil {
			return nil, fmt.Errorf("x5c: %w", err)
		}
	}
	leaf := certs[0]
	key, ok := leaf.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("the signer's key is not Ed25519")
	}
	if leaf.IsCA || leaf.KeyUsage != x509.KeyUsageDigitalSignature || len(leaf.ExtKeyUsage) != 0 ||
		len(leaf.UnknownExtKeyUsage) != 1 || !leaf.UnknownExtKeyUsage[0].Equal(OIDCommandSigning) {
		return nil, errors.New("the signer's certificate is not one for signing commands")
	}
	above := x509.NewCertPool()
	for _, c := range certs[1:] {
		above.AddCert(c)
	}
	// The usage was checked above: package x509 knows only usages with a name.
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: above, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, err
	}
	return key, nil
}

func parseEnvelope(payload []byte) (Envelope, error) {
	var w wireEnvelope
	if err := decodeStrict(payload, &w); err != nil {
		return Envelope{}, err
	}
	if w.Version != envelopeVersion {
		return Envelope{}, fmt.Errorf("version %d is not known", w.Version)
	}
	order, err := base64.RawURLEncoding.Strict().DecodeString(w.Order)
	if err != nil {
		return Envelope{}, errors.New("order is not base64url")
	}
	if w.Attempt < 1 {
		return Envelope{}, errors.New("attempt counts from 1")
	}
	for _, r := range w.AllowedReported {
		if !r.Valid() {
			return Envelope{}, fmt.Errorf("allowed_reported: %.20q is not a therapy state", r)
		}
	}
	const day = int64(24 * time.Hour / time.Millisecond)
	if w.MaxStateAgeMS < 0 || w.MaxStateAgeMS > day {
		return Envelope{}, errors.New("max_state_age_ms is out of range")
	}
	e := Envelope{Order: order, Attempt: w.Attempt, AllowedReported: w.AllowedReported,
		MaxStateAge: time.Duration(w.MaxStateAgeMS) * time.Millisecond, Stage: w.Stage,
		IssuedAt: time.Time(w.IssuedAt), ExpiresAt: time.Time(w.ExpiresAt), MatrixVersion: w.MatrixVersion, Approvals: w.Approvals}
	if e.IssuedAt.IsZero() || !e.ExpiresAt.After(e.IssuedAt) {
		return Envelope{}, errors.New("expires_at is not after issued_at")
	}
	return e, nil
}
