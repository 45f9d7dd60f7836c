package ca

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// bitString returns the bytes of the subjectPublicKey in a SubjectPublicKeyInfo:
// what key identifiers and OCSP's issuerKeyHash are made over.
func bitString(spki []byte) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		PublicKey asn1.BitString
	}
	if _, err := asn1.Unmarshal(spki, &info); err != nil {
		return nil, fmt.Errorf("parse a public key: %w", err)
	}
	return info.PublicKey.RightAlign(), nil
}
