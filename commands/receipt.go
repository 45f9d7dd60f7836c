package commands

import (
	"crypto"
	"crypto/rsa"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wardline/device"
)

// ReceiptType is the "typ" of a receipt.
const ReceiptType = "wardline-receipt+jws"

// MaxReceipt is the size of a signed receipt, in bytes.
const MaxReceipt = 8 << 10

// receiptAlg is fixed. RS256 and not PS256: the key is the one of the device's
// certificate, which lies in key stores that often allow only this padding.
const receiptAlg = jose.RS256

// Receipt is a statement signed by the device's own key: that it accepted an
// order, or how it ended. It proves what the device said, not that it is so.
type Receipt struct {
	Command    ID
	Device     device.ID
	Enrollment device.EnrollmentID
	// OrderHash is HashOrder of the order's bytes as the device received them.
	OrderHash string
	Attempt   int
	Status    ResultStatus
	Reason    string
	BootID    string
	Sequence  uint64
	// At is the server's time as the device knew it.
	At time.Time
}

const receiptVersion = 1

type wireReceipt struct {
	Version    int                 `json:"version"`
	Command    ID                  `json:"command_id"`
	Device     device.ID           `json:"device_id"`
	Enrollment device.EnrollmentID `json:"enrollment_id"`
	OrderHash  string              `json:"order_hash"`
	Attempt    int                 `json:"attempt"`
	Status     ResultStatus        `json:"status"`
	Reason     string              `json:"reason"`
	BootID     string              `json:"boot_id"`
	Sequence   uint64              `json:"sequence"`
	At         wireTime            `json:"at"`
}

// ErrBadReceipt is in the chain of every error of VerifyReceipt.
var ErrBadReceipt = errors.New("not a receipt of this device")

// SignReceipt signs r with the RSA key of the device's certificate.
func SignReceipt(key crypto.Signer, r Receipt) (string, error) {
	if _, ok := key.Public().(*rsa.PublicKey); !ok {
		return "", fmt.Errorf("sign receipt of %s: the device's key is %T, not RSA", r.Command, key.Public())
	}
	payload, err := encodeJSON(wireReceipt{Version: receiptVersion, Command: r.Command, Device: r.Device, Enrollment: r.Enrollment,
		OrderHash: r.OrderHash, Attempt: r.Attempt, Status: r.Status, Reason: r.Reason,
		BootID: r.BootID, Sequence: r.Sequence, At: wireTime(r.At)})
	if err != nil {
		return "", fmt.Errorf("sign receipt of %s: %w", r.Command, err)
	}
	jws, err := signJWS(key, receiptAlg, ReceiptType, nil, payload)
	if err != nil {
		return "", fmt.Errorf("sign receipt of %s: %w", r.Command, err)
	}
	return jws, nil
}

// VerifyReceipt verifies a receipt with the public key of the enrollment's
// certificate and reads it. Whether it fits the command is for the caller to
// check. It is safe for hostile input.
func VerifyReceipt(key crypto.PublicKey, jws string) (Receipt, error) {
	pub, ok := key.(*rsa.PublicKey)
	if !ok {
		return Receipt{}, fmt.Errorf("%w: the device's key is %T, not RSA", ErrBadReceipt, key)
	}
	parsed, header, err := splitJWS(jws, MaxReceipt, receiptAlg, ReceiptType)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrBadReceipt, err)
	}
	if len(header.X5c) != 0 {
		return Receipt{}, fmt.Errorf("%w: a receipt brings no certificate", ErrBadReceipt)
	}
	payload, err := parsed.Verify(pub)
	if err != nil {
		return Receipt{}, fmt.Errorf("%w: the signature does not fit", ErrBadReceipt)
	}
	var w wireReceipt
	if err := decodeStrict(payload, &w); err != nil {
		return Receipt{}, fmt.Errorf("%w: %w", ErrBadReceipt, err)
	}
	if w.Version != receiptVersion || !w.Status.Valid() {
		return Receipt{}, fmt.Errorf("%w: version %d, status %.20q", ErrBadReceipt, w.Version, w.Status)
	}
	return Receipt{Command: w.Command, Device: w.Device, Enrollment: w.Enrollment, OrderHash: w.OrderHash, Attempt: w.Attempt,
		Status: w.Status, Reason: w.Reason, BootID: w.BootID, Sequence: w.Sequence, At: time.Time(w.At)}, nil
}
