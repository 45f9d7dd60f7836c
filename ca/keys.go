package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"

	"wardline/device"
	"wardline/internal/seal"
)

// Algorithm names the kind of key that the root and the issuing CA get when they
// are created.
type Algorithm string

// The algorithms. RSA-3072 is the default: old Wi-Fi modules and some SCEP
// clients stumble over ECDSA.
const (
	RSA3072   Algorithm = "rsa-3072"
	RSA2048   Algorithm = "rsa-2048"
	ECDSAP256 Algorithm = "ecdsa-p256"
)

// raBits is the size of the RA key. It only opens envelopes and signs answers,
// and is replaced every two years.
const raBits = 2048

// newKey makes the key of a role.
func (a Algorithm) newKey(role Role, random io.Reader) (crypto.Signer, error) {
	switch role {
	case RoleRA:
		return rsa.GenerateKey(random, raBits)
	case RoleCommand:
		_, key, err := ed25519.GenerateKey(random)
		return key, err
	case RoleOCSP:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	}
	switch a {
	case RSA3072, "":
		return rsa.GenerateKey(random, 3072)
	case RSA2048:
		return rsa.GenerateKey(random, 2048)
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	}
	return nil, fmt.Errorf("%q is not a kind of key for a certificate authority: use %s, %s or %s", a, RSA3072, RSA2048, ECDSAP256)
}

func sealContext(role Role, generation int) string {
	return fmt.Sprintf("issuer:%s:%d", role, generation)
}

func sealKey(sealer func(string) seal.Sealer, role Role, generation int, key crypto.Signer) ([]byte, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode the %s key: %w", role, err)
	}
	sealed, err := sealer(sealContext(role, generation)).Seal(plain)
	if err != nil {
		return nil, fmt.Errorf("seal the %s key: %w", role, err)
	}
	return sealed, nil
}

// parse opens a stored issuer. It checks that key and certificate belong
// together: a row put in from elsewhere must not pass.
func (i Issuer) parse(sealer func(string) seal.Sealer) (*identity, error) {
	cert, err := x509.ParseCertificate(i.Certificate)
	if err != nil {
		return nil, fmt.Errorf("parse the %s certificate: %w", i.Role, err)
	}
	plain, err := sealer(sealContext(i.Role, i.Generation)).Open(i.SealedKey)
	if err != nil {
		return nil, fmt.Errorf("open the %s key (is this the right master key?): %w", i.Role, err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		return nil, fmt.Errorf("parse the %s key: %w", i.Role, err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the %s key cannot sign", i.Role)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("the %s key does not belong to the %s certificate", i.Role, i.Role)
	}
	return &identity{role: i.Role, generation: i.Generation, cert: cert, key: key}, nil
}

// identity is one of the authority's own keys, parsed.
type identity struct {
	role       Role
	generation int
	cert       *x509.Certificate
	key        crypto.Signer
}

// newSerial draws the serial number of a certificate: 128 random bits, not zero.
func newSerial(random io.Reader) (*big.Int, error) {
	var b [16]byte
	for {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, fmt.Errorf("draw a certificate serial number: %w", err)
		}
		if n := new(big.Int).SetBytes(b[:]); n.Sign() > 0 {
			return n, nil
		}
	}
}

// keyID is the subject key identifier: the leftmost 160 bits of the SHA-256 of
// the public key's bit string (RFC 7093, method 1).
func keyID(public crypto.PublicKey) ([]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("encode a public key: %w", err)
	}
	bits, err := bitString(spki)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bits)
	return sum[:20], nil
}

// FingerprintOf returns the name of a certificate on the wire: the SHA-256 of its
// DER bytes.
func FingerprintOf(der []byte) device.Fingerprint {
	sum := sha256.Sum256(der)
	return device.Fingerprint(hex.EncodeToString(sum[:]))
}
