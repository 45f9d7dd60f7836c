package ca

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"wardline/device"
)

// backdate is how far before now a certificate begins. Hospital clocks are wrong
// by tens of minutes, some by hours; a certificate that is not valid yet by the
// device's clock is refused as firmly as a forged one.
const backdate = 24 * time.Hour

// How long certificates live. Everything but root and issuing is renewed when a
// third is left.
const (
	rootYears, issuingYears = 25, 15
	ownValidity             = 2 * 365 * 24 * time.Hour
	serverValidity          = 90 * 24 * time.Hour
	// DeviceValidity is how long a device certificate lives unless Options say
	// otherwise.
	DeviceValidity = 398 * 24 * time.Hour
)

// OIDCommandSigning is the extended key usage of the one certificate whose
// signature makes an envelope of commands; package commands looks for it. The arc
// 2.25 needs no registration; the number stays below 2^31 because many parsers
// read no larger one.
var OIDCommandSigning = asn1.ObjectIdentifier{2, 25, 1730954817, 1}

// oidOCSPNoCheck marks a responder certificate whose own status is not asked
// for (RFC 6960 section 4.2.2.2.1): without it a RADIUS server asks the responder
// about the responder.
var oidOCSPNoCheck = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

func (a *Authority) template(serial *big.Int, subject pkix.Name, from time.Time, validity time.Duration) *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		NotBefore:             from.Add(-backdate).UTC().Truncate(time.Second),
		NotAfter:              from.Add(validity).UTC().Truncate(time.Second),
		BasicConstraintsValid: true,
	}
	return t
}

// underIssuing adds where a certificate signed by the issuing CA is looked up.
func (a *Authority) underIssuing(t *x509.Certificate) {
	if a.opts.PKIURL == "" {
		return
	}
	t.CRLDistributionPoints = []string{a.opts.PKIURL + "/crl/" + string(RoleIssuing) + ".crl"}
	t.OCSPServer = []string{a.opts.PKIURL + "/ocsp"}
	t.IssuingCertificateURL = []string{a.opts.PKIURL + "/ca/" + string(RoleIssuing) + ".cer"}
}

// ownTemplate is the certificate of one of the authority's own keys.
func (a *Authority) ownTemplate(role Role, serial *big.Int, now time.Time) (*x509.Certificate, error) {
	name := func(cn string) pkix.Name {
		return pkix.Name{Organization: []string{a.opts.Organisation}, CommonName: a.opts.Organisation + " " + cn}
	}
	switch role {
	case RoleRoot:
		t := a.template(serial, name("Device Root CA"), now, 0)
		t.NotAfter = now.AddDate(rootYears, 0, 0).UTC().Truncate(time.Second)
		t.IsCA = true
		t.MaxPathLen = 1
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return t, nil
	case RoleIssuing:
		t := a.template(serial, name("Device Issuing CA"), now, 0)
		t.NotAfter = now.AddDate(issuingYears, 0, 0).UTC().Truncate(time.Second)
		t.IsCA = true
		t.MaxPathLenZero = true
		t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		if a.opts.PKIURL != "" {
			t.CRLDistributionPoints = []string{a.opts.PKIURL + "/crl/" + string(RoleRoot) + ".crl"}
			t.IssuingCertificateURL = []string{a.opts.PKIURL + "/ca/" + string(RoleRoot) + ".cer"}
		}
		return t, nil
	case RoleRA:
		// An end-entity certificate: strongSwan takes a certificate with CA:FALSE
		// and these two usages for an RA. No clientAuth: it must open no door.
		t := a.template(serial, name("SCEP RA"), now, ownValidity)
		t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
		a.underIssuing(t)
		return t, nil
	case RoleCommand:
		t := a.template(serial, name("Command Signing"), now, ownValidity)
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.UnknownExtKeyUsage = []asn1.ObjectIdentifier{OIDCommandSigning}
		a.underIssuing(t)
		return t, nil
	case RoleOCSP:
		t := a.template(serial, name("OCSP Responder"), now, ownValidity)
		t.KeyUsage = x509.KeyUsageDigitalSignature
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		t.ExtraExtensions = []pkix.Extension{{Id: oidOCSPNoCheck, Value: asn1.NullBytes}}
		return t, nil
	}
	return nil, fmt.Errorf("%q is not a role of the certificate authority", role)
}

// deviceTemplate is the certificate of a device, as PROTOCOLS 1 has it. No person,
// ward or patient stands in it: it travels in clear in EAP-TLS under TLS 1.2.
func (a *Authority) deviceTemplate(r DeviceRequest, serial *big.Int) *x509.Certificate {
	t := a.template(serial, r.subject(a.opts.Organisation), r.NotBefore, 0)
	t.NotBefore, t.NotAfter = r.NotBefore.UTC().Truncate(time.Second), r.NotAfter.UTC().Truncate(time.Second)
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	t.URIs = []*url.URL{{Scheme: "urn", Opaque: "uuid:" + string(r.Device)}}
	t.DNSNames = []string{string(r.Device) + "." + a.opts.DeviceDomain}
	a.underIssuing(t)
	return t
}

// DeviceRequest is what stands in a device's certificate. All of it is chosen by
// the server; only the key is the device's.
type DeviceRequest struct {
	Device device.ID
	Class  device.Class
	// MakerSerial is the maker's serial number, 1 to 64 characters.
	MakerSerial string
	NotBefore   time.Time
	NotAfter    time.Time
}

func (r DeviceRequest) subject(organisation string) pkix.Name {
	return pkix.Name{
		Organization:       []string{organisation},
		OrganizationalUnit: []string{string(r.Class)},
		CommonName:         string(r.Device),
		SerialNumber:       r.MakerSerial,
	}
}

// DeviceSubject returns, for people, the subject that a device's certificate
// will have (RFC 4514 text).
func (a *Authority) DeviceSubject(r DeviceRequest) string {
	return r.subject(a.opts.Organisation).String()
}
