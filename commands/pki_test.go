package commands

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

// testPKI is a root, an issuing authority and a command signer whose keys and
// certificates are the same in every run: Ed25519 signatures are deterministic,
// so that seeds of the fuzz targets can be checked in.
type testPKI struct {
	root   *x509.Certificate
	issuer *x509.Certificate
	roots  *x509.CertPool

	rootKey, issuerKey ed25519.PrivateKey
	serial             int64
}

func fixedKey(name string) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return ed25519.NewKeyFromSeed(seed)
}

var (
	pkiFrom = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	pkiTo   = time.Date(2046, 1, 1, 0, 0, 0, 0, time.UTC)
)

func newPKI(t testing.TB, name string) *testPKI {
	t.Helper()
	p := &testPKI{rootKey: fixedKey(name + " root"), issuerKey: fixedKey(name + " issuing")}
	p.root = p.certify(t, &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign}, name+" root", p.rootKey, nil, p.rootKey)
	p.issuer = p.certify(t, &x509.Certificate{IsCA: true, KeyUsage: x509.KeyUsageCertSign}, name+" issuing", p.issuerKey, p.root, p.rootKey)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(p.root)
	return p
}

func (p *testPKI) certify(t testing.TB, tmpl *x509.Certificate, name string, key crypto.Signer, parent *x509.Certificate, by crypto.Signer) *x509.Certificate {
	t.Helper()
	p.serial++
	tmpl.SerialNumber = big.NewInt(p.serial)
	tmpl.Subject = pkix.Name{CommonName: name}
	tmpl.BasicConstraintsValid = true
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = pkiFrom, pkiTo
	}
	if parent == nil {
		parent = tmpl
	}
	der, err := x509.CreateCertificate(nil, tmpl, parent, key.Public(), by)
	if err != nil {
		t.Fatalf("certify %s: %v", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("certify %s: %v", name, err)
	}
	return cert
}

// testSigner is a Signer.
type testSigner struct {
	crypto.Signer
	chain []*x509.Certificate
}

func (s testSigner) Chain() []*x509.Certificate { return s.chain }

// commandSigner is the signer as package ca makes it; change may spoil its
// certificate.
func (p *testPKI) commandSigner(t testing.TB, change func(*x509.Certificate)) testSigner {
	t.Helper()
	tmpl := &x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{OIDCommandSigning}}
	if change != nil {
		change(tmpl)
	}
	key := fixedKey("command signer")
	return testSigner{Signer: key, chain: []*x509.Certificate{p.certify(t, tmpl, "command signer", key, p.issuer, p.issuerKey), p.issuer}}
}
