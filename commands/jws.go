package commands

import (
	"crypto"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// jwsHeader is everything that a protected header of ours may hold. Anything
// else (another key, a critical extension, a key id to be fetched) is refused
// before a signature is looked at.
type jwsHeader struct {
	Alg string   `json:"alg"`
	Typ string   `json:"typ"`
	X5c []string `json:"x5c"`
}

// signJWS makes a compact JWS (RFC 7515, 3.1) with a fixed algorithm and type.
func signJWS(key crypto.Signer, alg jose.SignatureAlgorithm, typ string, x5c []string, payload []byte) (string, error) {
	opts := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	if len(x5c) > 0 {
		opts = opts.WithHeader("x5c", x5c)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(key)}, opts)
	if err != nil {
		return "", err
	}
	jws, err := s.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// splitJWS reads the header of a compact JWS strictly and parses the rest. The
// signature is not verified yet.
func splitJWS(compact string, limit int, alg jose.SignatureAlgorithm, typ string) (*jose.JSONWebSignature, jwsHeader, error) {
	var h jwsHeader
	if len(compact) > limit {
		return nil, h, errors.New("too large")
	}
	first, rest, ok := strings.Cut(compact, ".")
	if !ok || strings.Count(rest, ".") != 1 {
		return nil, h, errors.New("not a compact JWS")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(first)
	if err != nil {
		return nil, h, errors.New("the header is not base64url")
	}
	if err := decodeStrict(raw, &h); err != nil {
		return nil, h, fmt.Errorf("header: %w", err)
	}
	if h.Alg != string(alg) || h.Typ != typ {
		return nil, h, fmt.Errorf("alg and typ are %.20q and %.40q, not %q and %q", h.Alg, h.Typ, alg, typ)
	}
	jws, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{alg})
	if err != nil {
		return nil, h, err
	}
	return jws, h, nil
}
