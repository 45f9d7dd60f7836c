package commands

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"wardline/device"
)

// KeptReceipt is a statement that a device signed, as it was received.
type KeptReceipt struct {
	Command ID
	At      time.Time
	Status  ResultStatus
	// Fingerprint is that of the certificate that it came with.
	Fingerprint device.Fingerprint
	JWS         string
	// Valid: it was verified against that certificate, and is about this order.
	Valid bool
}

// Receipts returns what a device signed about a command, oldest first.
func (s *Service) Receipts(ctx context.Context, id ID) ([]KeptReceipt, error) {
	return s.storage.Receipts(ctx, id)
}

// BundleFormat names the form of a Bundle.
const BundleFormat = "wardline-receipts/1"

// maxBundle is the size of a bundle that is read, in bytes.
const maxBundle = 1 << 20

// Bundle is what a stranger needs to verify a command's receipts without the
// server: the order's bytes, the statements, and the certificates up to the root.
type Bundle struct {
	Format    string       `json:"format"`
	Command   ID           `json:"command_id"`
	Kind      device.Kind  `json:"kind"`
	Device    device.ID    `json:"device_id"`
	Serial    string       `json:"serial"`
	Order     []byte       `json:"order" doc:"The order's exact bytes, in base64."`
	OrderHash string       `json:"order_hash"`
	Receipts  []BundledJWS `json:"receipts"`
	Devices   []string     `json:"device_certificates" doc:"PEM."`
	Chain     []string     `json:"chain" doc:"PEM: the issuing certificates and the root."`
	MadeAt    time.Time    `json:"made_at"`
}

// BundledJWS is one statement in a Bundle.
type BundledJWS struct {
	JWS         string             `json:"jws"`
	Status      ResultStatus       `json:"status"`
	ReceivedAt  time.Time          `json:"received_at" doc:"By the server's clock; it is not part of what the device signed."`
	Certificate device.Fingerprint `json:"certificate" doc:"SHA-256 of the device's certificate, in hex."`
}

// BundleClaim is what a verified statement says.
type BundleClaim struct {
	Status ResultStatus
	At     time.Time // the server's time as the device knew it
	Serial string    // the maker's serial number in the certificate
}

// Verified is what a bundle proves.
type Verified struct {
	Order  Order
	Claims []BundleClaim
	// Root is the SHA-256 of the root certificate, in hex. Whoever verifies has to
	// know it from elsewhere: a bundle can bring any root.
	Root string
}

// ErrBadBundle is in the chain of every error of VerifyBundle.
var ErrBadBundle = errors.New("the bundle does not prove what it says")

// VerifyBundle verifies a bundle by itself, without server and network. root is
// the SHA-256 of the root certificate that is trusted, in hex; empty: the one in
// the bundle, which Verified names. It is safe for hostile input.
func VerifyBundle(file []byte, root string) (Verified, error) {
	v, err := verifyBundle(file, strings.ToLower(strings.ReplaceAll(root, ":", "")))
	if err != nil {
		return Verified{}, fmt.Errorf("%w: %w", ErrBadBundle, err)
	}
	return v, nil
}

func verifyBundle(file []byte, root string) (Verified, error) {
	var b Bundle
	if len(file) > maxBundle {
		return Verified{}, errors.New("it is too large")
	}
	if err := json.Unmarshal(file, &b); err != nil {
		return Verified{}, fmt.Errorf("it cannot be read: %w", err)
	}
	order, err := ParseOrder(b.Order)
	switch {
	case b.Format != BundleFormat:
		return Verified{}, fmt.Errorf("its format is %.40q, not %s", b.Format, BundleFormat)
	case err != nil:
		return Verified{}, err
	case HashOrder(b.Order) != b.OrderHash || order.Command != b.Command || order.Device != b.Device || order.Kind != b.Kind:
		return Verified{}, errors.New("the order's bytes are not those of the command that it names")
	case len(b.Receipts) == 0:
		return Verified{}, errors.New("it holds no receipt")
	}
	chain, err := certificates(b.Chain)
	if err != nil {
		return Verified{}, err
	}
	devices, err := certificates(b.Devices)
	if err != nil {
		return Verified{}, err
	}
	v := Verified{Order: order}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range chain {
		if fp := sha256Of(c.Raw); c.CheckSignatureFrom(c) == nil && (root == "" || fp == root) {
			roots.AddCert(c)
			v.Root = fp
			continue
		}
		between.AddCert(c)
	}
	if v.Root == "" {
		return Verified{}, errors.New("the root certificate that is trusted is not in it")
	}
	for n, r := range b.Receipts {
		claim, err := verifyBundled(r, order, b.OrderHash, devices, roots, between)
		if err != nil {
			return Verified{}, fmt.Errorf("receipt %d: %w", n+1, err)
		}
		v.Claims = append(v.Claims, claim)
	}
	return v, nil
}

func verifyBundled(r BundledJWS, order Order, hash string, devices []*x509.Certificate, roots, between *x509.CertPool) (BundleClaim, error) {
	at := slices.IndexFunc(devices, func(c *x509.Certificate) bool { return sha256Of(c.Raw) == string(r.Certificate) })
	if at < 0 {
		return BundleClaim{}, errors.New("the certificate that it came with is missing")
	}
	cert := devices[at]
	receipt, err := VerifyReceipt(cert.PublicKey, r.JWS)
	if err != nil {
		return BundleClaim{}, err
	}
	if receipt.Command != order.Command || receipt.Device != order.Device || receipt.Enrollment != order.Enrollment || receipt.OrderHash != hash || receipt.Status != r.Status {
		return BundleClaim{}, errors.New("it is about another order, or says something else")
	}
	if !slices.ContainsFunc(cert.URIs, func(u *url.URL) bool { return u.String() == "urn:uuid:"+string(order.Device) }) {
		return BundleClaim{}, errors.New("its certificate is another device's")
	}
	// Judged at the time of the statement: a certificate ends, what it signed stays.
	_, err = cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: receipt.At, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		return BundleClaim{}, fmt.Errorf("its certificate is not of this hospital, or was not valid then: %w", err)
	}
	return BundleClaim{Status: receipt.Status, At: receipt.At, Serial: cert.Subject.SerialNumber}, nil
}

func certificates(texts []string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for _, text := range texts {
		block, _ := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("a certificate in it cannot be read")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("a certificate in it cannot be read: %w", err)
		}
		out = append(out, c)
	}
	return out, nil
}

func sha256Of(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
