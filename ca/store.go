package ca

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Role says what one of the authority's own keys is for.
type Role string

// The roles.
const (
	RoleRoot    Role = "root"    // signs the issuing CA and its own CRL, nothing else
	RoleIssuing Role = "issuing" // signs everything below
	RoleRA      Role = "ra"      // opens SCEP envelopes and signs SCEP answers; always RSA
	RoleCommand Role = "command" // signs command envelopes; Ed25519
	RoleOCSP    Role = "ocsp"    // signs OCSP answers
)

// Issuer is one of the authority's own certificates with its sealed key, as it
// is stored. Generation counts renewals of a role from 1; the highest is in use,
// the one before is kept for requests in flight.
type Issuer struct {
	Role        Role
	Generation  int
	Certificate []byte // DER
	SealedKey   []byte // PKCS #8, sealed under the context "issuer:<role>:<generation>"
}

// Serial is a certificate's serial number: 128 random bits, as 32 lower-case
// hexadecimal digits. It is the name under which certificates are stored.
type Serial string

// SerialOf returns the serial number of a certificate.
func SerialOf(c *x509.Certificate) Serial { return serialOf(c.SerialNumber) }

func serialOf(n *big.Int) Serial { return Serial(fmt.Sprintf("%032x", n)) }

// Int returns the number itself; it fails for a text that is not a Serial.
func (s Serial) Int() (*big.Int, error) {
	n, ok := new(big.Int).SetString(string(s), 16)
	if !ok || len(s) != 32 || n.Sign() <= 0 {
		return nil, fmt.Errorf("%q is not a certificate serial number", string(s))
	}
	return n, nil
}

// Purpose says what a certificate is for.
type Purpose string

// The purposes.
const (
	PurposeDevice Purpose = "device" // a device's identity
	PurposeServer Purpose = "server" // TLS certificate of one of our listeners
	PurposeOwn    Purpose = "own"    // RA, command signing, OCSP
)

// Record is the intent to sign a certificate. It is stored before the signature
// is made.
type Record struct {
	Serial    Serial
	Purpose   Purpose
	Subject   string // for people: the device's id, the listener's name, the role
	NotBefore time.Time
	NotAfter  time.Time
}

// Reason is a revocation reason of RFC 5280 section 5.3.1.
type Reason int

// The reasons in use.
const (
	ReasonUnspecified          Reason = 0
	ReasonKeyCompromise        Reason = 1
	ReasonAffiliationChanged   Reason = 3
	ReasonSuperseded           Reason = 4
	ReasonCessationOfOperation Reason = 5 // decommissioned, wiped, or never completed
	ReasonCertificateHold      Reason = 6 // contained; the only one that can be taken back
)

// Words returns what people read in place of the number.
func (r Reason) Words() string {
	switch r {
	case ReasonKeyCompromise:
		return "the key may be in other hands"
	case ReasonAffiliationChanged:
		return "the device changed hands"
	case ReasonSuperseded:
		return "replaced by a newer enrollment"
	case ReasonCessationOfOperation:
		return "the device is no longer in use"
	case ReasonCertificateHold:
		return "contained"
	}
	return "no reason given"
}

// Valid reports whether r is one of the reasons in use.
func (r Reason) Valid() bool {
	switch r {
	case ReasonUnspecified, ReasonKeyCompromise, ReasonAffiliationChanged, ReasonSuperseded,
		ReasonCessationOfOperation, ReasonCertificateHold:
		return true
	}
	return false
}

// Status is what the world is told about one certificate, and when it last
// changed.
type Status struct {
	Serial      Serial
	Fingerprint device.Fingerprint
	NotAfter    time.Time
	// Revoked is true for a certificate on hold too.
	Revoked   bool
	Reason    Reason
	RevokedAt time.Time
	// Change is the number of the transaction that changed it; numbers rise in
	// commit order.
	Change int64
}

// CRL is a signed list with its bookkeeping.
type CRL struct {
	Issuer Role // RoleRoot or RoleIssuing
	Number int64
	// Change is the newest Status.Change that the list takes in.
	Change     int64
	ThisUpdate time.Time
	NextUpdate time.Time
	DER        []byte
}

// Store is what the authority needs from the database. Each method is one
// transaction and writes its own audit events.
type Store interface {
	// LoadIssuers returns every stored generation of every role, oldest first.
	LoadIssuers(ctx context.Context) ([]Issuer, error)
	// CreateIssuers stores the first generation of every role, unless another
	// replica was faster: then it stores nothing. Either way it returns what is
	// stored.
	CreateIssuers(ctx context.Context, first []Issuer) ([]Issuer, error)
	// AddIssuer stores the next generation of one role, unless that generation
	// exists, and returns what is stored for the role.
	AddIssuer(ctx context.Context, next Issuer) ([]Issuer, error)

	// RecordCertificate stores the intent to sign.
	RecordCertificate(ctx context.Context, r Record) error
	// StoreCertificate adds the signed certificate to its record.
	StoreCertificate(ctx context.Context, serial Serial, der []byte) error
	// IssuedSerials calls f with the serial of every certificate that was recorded
	// and ends after the given time.
	IssuedSerials(ctx context.Context, after time.Time, f func(Serial)) error
	// Issued reports whether a certificate with this serial was ever recorded.
	Issued(ctx context.Context, serial Serial) (bool, error)

	// StatusChanges returns the certificates whose status changed after the given
	// number, in order of Change, and the newest number there is.
	StatusChanges(ctx context.Context, after int64) ([]Status, int64, error)
	// SetStatus revokes, holds or takes back the hold of one certificate. It fails
	// with a fault when the certificate is unknown, or is revoked for good.
	SetStatus(ctx context.Context, actor audit.Actor, fp device.Fingerprint, change StatusChange) (Status, error)

	// LoadCRL returns the newest list of an issuer if its number is above the given
	// one; a zero CRL otherwise.
	LoadCRL(ctx context.Context, issuer Role, above int64) (CRL, error)
	// PutCRL stores next if the stored number is still below next.Number, and
	// returns what is stored afterwards.
	PutCRL(ctx context.Context, next CRL) (CRL, error)
}

// StatusChange is what SetStatus is to do.
type StatusChange struct {
	// Revoked false takes back a hold.
	Revoked bool
	Reason  Reason
	// Why is the reason in a person's words, for the audit log.
	Why string
}
