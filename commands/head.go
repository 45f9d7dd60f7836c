package commands

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wardline/audit"
)

// HeadType is the typ of a signed head of the audit log. The key is the one that
// signs envelopes: the pinned root vouches for it, and the types keep them apart.
const HeadType = "wardline-audit-head+jws"

const maxHead = 16 << 10

// wireHead is the order of fields in the bytes.
type wireHead struct {
	Version int      `json:"version"`
	Epoch   int      `json:"epoch"`
	Seq     int64    `json:"seq"`
	Hash    string   `json:"hash"`
	At      wireTime `json:"at"`
}

// SignHead makes a compact JWS of a head.
func SignHead(s Signer, h audit.SignedHead) (string, error) {
	payload, err := encodeJSON(wireHead{Version: 1, Epoch: h.Epoch, Seq: h.Seq, Hash: hex.EncodeToString(h.Hash[:]), At: wireTime(h.At)})
	if err != nil {
		return "", fmt.Errorf("sign head %d: %w", h.Seq, err)
	}
	var x5c []string
	for _, c := range s.Chain() {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(c.Raw))
	}
	jws, err := signJWS(s, jose.EdDSA, HeadType, x5c, payload)
	if err != nil {
		return "", fmt.Errorf("sign head %d: %w", h.Seq, err)
	}
	return jws, nil
}

// ErrBadHead is in the chain of every error of OpenHead.
var ErrBadHead = errors.New("not a signed head of this server's audit log")

// OpenHead verifies a signed head up to one of roots, at the time that it names:
// one that was kept for years is as good as on its day. It is safe for hostile
// input.
func OpenHead(jws string, roots *x509.CertPool) (audit.SignedHead, error) {
	h, err := openHead(jws, roots)
	if err != nil {
		return audit.SignedHead{}, fmt.Errorf("%w: %w", ErrBadHead, err)
	}
	return h, nil
}

func openHead(jws string, roots *x509.CertPool) (audit.SignedHead, error) {
	parsed, header, err := splitJWS(jws, maxHead, jose.EdDSA, HeadType)
	if err != nil {
		return audit.SignedHead{}, err
	}
	var w wireHead
	if err := decodeStrict(parsed.UnsafePayloadWithoutVerification(), &w); err != nil {
		return audit.SignedHead{}, err
	}
	h := audit.SignedHead{Epoch: w.Epoch, Head: audit.Head{Seq: w.Seq}, At: time.Time(w.At)}
	hash, err := hex.DecodeString(w.Hash)
	if err != nil || len(hash) != len(h.Hash) || w.Version != 1 || w.Epoch < 1 || w.Seq < 0 || h.At.IsZero() {
		return audit.SignedHead{}, errors.New("it is not filled in as a head is")
	}
	copy(h.Hash[:], hash)
	key, err := commandKey(header.X5c, roots, h.At)
	if err != nil {
		return audit.SignedHead{}, err
	}
	if _, err := parsed.Verify(key); err != nil {
		return audit.SignedHead{}, errors.New("the signature does not fit")
	}
	return h, nil
}
