package ca

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"wardline/internal/fault"
)

// CodeKey says that a key cannot be certified.
var CodeKey = fault.Define(fault.Invalid, "key_not_accepted",
	"Make an RSA key of 2048 to 4096 bits on the device and ask again.")

// Size of the keys that devices may have.
const (
	MinDeviceKeyBits = 2048
	MaxDeviceKeyBits = 4096
)

// CheckDeviceKey returns a CodeKey fault unless the key is one that a device may
// have: RSA, 2048 to 4096 bits, with the public exponent that everybody uses.
func CheckDeviceKey(public crypto.PublicKey) error {
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return CodeKey.New("The key is not an RSA key; SCEP needs one, because the answer is encrypted to it.")
	}
	if bits := key.N.BitLen(); bits < MinDeviceKeyBits || bits > MaxDeviceKeyBits {
		return CodeKey.New("The RSA key has %d bits; %d to %d are accepted.", bits, MinDeviceKeyBits, MaxDeviceKeyBits)
	}
	if key.E != 65537 {
		return CodeKey.New("The RSA key has the public exponent %d; only 65537 is accepted.", key.E)
	}
	return nil
}

// CheckReady returns a CodeAddress fault while device certificates cannot be
// issued because the address that would stand in them is not usable.
func (a *Authority) CheckReady() error {
	return CheckAddress("--pki-url", a.opts.PKIURL, a.opts.Loopback, "http")
}

// NewSerial draws a serial number: 128 random bits. It is to be recorded before
// anything is signed with it.
func (a *Authority) NewSerial() (Serial, error) {
	n, err := newSerial(a.opts.Random)
	if err != nil {
		return "", err
	}
	return serialOf(n), nil
}

// DeviceWindow returns the validity of a device certificate made now.
func (a *Authority) DeviceWindow() (r DeviceRequest) {
	now := a.opts.Now().UTC()
	r.NotBefore, r.NotAfter = now.Add(-backdate), now.Add(a.opts.DeviceValidity)
	if end := a.Certificate(RoleIssuing).NotAfter; r.NotAfter.After(end) {
		r.NotAfter = end
	}
	return r
}

// SignDevice signs a device certificate under a serial number that the caller has
// recorded already, with everything else in r: whoever records it decides in the
// same transaction who gets it. The result is not stored here.
func (a *Authority) SignDevice(serial Serial, r DeviceRequest, public crypto.PublicKey) ([]byte, error) {
	if err := a.CheckReady(); err != nil {
		return nil, err
	}
	if err := CheckDeviceKey(public); err != nil {
		return nil, err
	}
	n, err := serial.Int()
	if err != nil {
		return nil, err
	}
	der, err := a.sign(a.deviceTemplate(r, n), a.newest(RoleIssuing), public)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of device %s: %w", r.Device, err)
	}
	a.status.add(serial)
	return der, nil
}

// issue records a certificate, signs it, and stores it.
func (a *Authority) issue(ctx context.Context, purpose Purpose, subject string, t *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial := serialOf(t.SerialNumber)
	err := a.opts.Store.RecordCertificate(ctx, Record{Serial: serial, Purpose: purpose, Subject: subject,
		NotBefore: t.NotBefore, NotAfter: t.NotAfter})
	if err != nil {
		return nil, fmt.Errorf("record the certificate for %s: %w", subject, err)
	}
	der, err := a.sign(t, a.newest(RoleIssuing), public)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate for %s: %w", subject, err)
	}
	if err := a.opts.Store.StoreCertificate(ctx, serial, der); err != nil {
		return nil, fmt.Errorf("store the certificate for %s: %w", subject, err)
	}
	a.status.add(serial)
	return x509.ParseCertificate(der)
}
