package ca

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha1" //nolint:gosec // RFC 6960 names the responder by a SHA-1 key hash; nothing rests on it

	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"time"
)

// ocspLifetime is nextUpdate minus thisUpdate. A replica that cannot reach the
// database answers from its last state until then.
const ocspLifetime = 24 * time.Hour

// Limits of an OCSP request. RFC 8954 allows nonces of 32 octets; some clients
// send more.
const (
	ocspMaxRequest = 16 << 10
	ocspMaxCerts   = 16
	ocspMaxNonce   = 128
)

// OCSP response statuses that are not an answer (RFC 6960 section 4.2.1).
const (
	ocspMalformed    = 1
	ocspInternal     = 2
	ocspTryLater     = 3
	ocspUnauthorized = 6
)

var (
	oidOCSPBasic = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidOCSPNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}

	oidECDSAWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
)

type ocspRequest struct {
	TBS       ocspTBSRequest
	Signature asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type ocspTBSRequest struct {
	Version       int           `asn1:"explicit,tag:0,default:0,optional"`
	RequestorName asn1.RawValue `asn1:"explicit,tag:1,optional"`
	List          []ocspSingleRequest
	Extensions    []pkix.Extension `asn1:"explicit,tag:2,optional"`
}

type ocspSingleRequest struct {
	CertID     ocspCertID
	Extensions asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type ocspCertID struct {
	Raw            asn1.RawContent
	HashAlgorithm  pkix.AlgorithmIdentifier
	IssuerNameHash []byte
	IssuerKeyHash  []byte
	Serial         *big.Int
}

type ocspResponse struct {
	Status asn1.Enumerated
	Bytes  ocspResponseBytes `asn1:"explicit,tag:0,optional"`
}

type ocspResponseBytes struct {
	Type     asn1.ObjectIdentifier
	Response []byte
}

type ocspBasic struct {
	TBS          asn1.RawValue
	Algorithm    pkix.AlgorithmIdentifier
	Signature    asn1.BitString
	Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
}

type ocspData struct {
	ResponderKey []byte    `asn1:"explicit,tag:2"`
	ProducedAt   time.Time `asn1:"generalized"`
	Responses    []ocspSingle
	Extensions   []pkix.Extension `asn1:"explicit,tag:1,optional"`
}

type ocspSingle struct {
	CertID     asn1.RawValue
	Status     asn1.RawValue
	ThisUpdate time.Time `asn1:"generalized"`
	NextUpdate time.Time `asn1:"generalized,explicit,tag:0"`
}

type ocspRevoked struct {
	At     time.Time       `asn1:"generalized"`
	Reason asn1.Enumerated `asn1:"explicit,tag:0"`
}

// OCSP answers a request (RFC 6960, DER). It always returns a response: when the
// request cannot be answered, one that says why, unsigned. The nonce is echoed:
// FreeRADIUS refuses answers without it. The answer is signed live from memory;
// only a serial that this replica has never heard of is asked for in the
// database.
func (a *Authority) OCSP(ctx context.Context, der []byte) []byte {
	req, err := parseOCSP(der)
	if err != nil {
		return ocspError(ocspMalformed)
	}
	data := ocspData{}
	for _, single := range req.TBS.List {
		if !a.isIssuer(RoleIssuing, single.CertID) {
			// We have no responder for the root, and none for strangers.
			return ocspError(ocspUnauthorized)
		}
		answer, code := a.ocspStatus(ctx, single.CertID)
		if code != 0 {
			return ocspError(code)
		}
		data.Responses = append(data.Responses, answer)
	}
	for _, e := range req.TBS.Extensions {
		if e.Id.Equal(oidOCSPNonce) && len(e.Value) <= ocspMaxNonce {
			data.Extensions = append(data.Extensions, pkix.Extension{Id: e.Id, Value: e.Value})
			break
		}
	}
	signed, err := a.signOCSP(data)
	if err != nil {
		a.log.ErrorContext(ctx, "sign an OCSP answer", "error", err)
		return ocspError(ocspInternal)
	}
	return signed
}

func parseOCSP(der []byte) (ocspRequest, error) {
	var req ocspRequest
	if len(der) > ocspMaxRequest {
		return req, errors.New("too long")
	}
	rest, err := asn1.Unmarshal(der, &req)
	if err != nil {
		return req, err
	}
	if len(rest) > 0 || len(req.TBS.List) == 0 || len(req.TBS.List) > ocspMaxCerts {
		return req, errors.New("not an OCSP request")
	}
	return req, nil
}

var ocspHashes = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// isIssuer reports whether the request is about a certificate of this issuer.
func (a *Authority) isIssuer(role Role, id ocspCertID) bool {
	h, known := ocspHashes[id.HashAlgorithm.Algorithm.String()]
	if !known || !h.Available() {
		return false
	}
	cert := a.Certificate(role)
	key, err := bitString(cert.RawSubjectPublicKeyInfo)
	if err != nil {
		return false
	}
	sum := func(b []byte) []byte {
		d := h.New()
		d.Write(b)
		return d.Sum(nil)
	}
	return bytes.Equal(sum(cert.RawSubject), id.IssuerNameHash) && bytes.Equal(sum(key), id.IssuerKeyHash)
}

// ocspStatus answers for one certificate; code is not zero when no answer can be
// given.
func (a *Authority) ocspStatus(ctx context.Context, id ocspCertID) (answer ocspSingle, code int) {
	issued := false
	var revoked bool
	var st Status
	var asOf time.Time
	if id.Serial.Sign() > 0 && id.Serial.BitLen() <= 128 {
		serial := serialOf(id.Serial)
		st, revoked, issued, asOf = a.status.lookup(serial)
		if !issued && !revoked {
			// Another replica may have issued it a moment ago.
			var err error
			if issued, err = a.opts.Store.Issued(ctx, serial); err != nil {
				return answer, ocspTryLater
			}
			if issued {
				a.status.add(serial)
			}
		}
	} else {
		_, _, asOf = a.status.newest()
	}
	if a.opts.Now().After(asOf.Add(ocspLifetime)) {
		return answer, ocspTryLater
	}
	answer = ocspSingle{CertID: asn1.RawValue{FullBytes: id.Raw},
		ThisUpdate: asOf.UTC().Truncate(time.Second), NextUpdate: asOf.Add(ocspLifetime).UTC().Truncate(time.Second)}
	context := func(tag int, body []byte, compound bool) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: compound, Bytes: body}
	}
	switch {
	case revoked:
		body, err := asn1.Marshal(ocspRevoked{At: st.RevokedAt.UTC().Truncate(time.Second), Reason: asn1.Enumerated(st.Reason)})
		if err != nil {
			return answer, ocspInternal
		}
		var inner asn1.RawValue
		if _, err := asn1.Unmarshal(body, &inner); err != nil {
			return answer, ocspInternal
		}
		answer.Status = context(1, inner.Bytes, true)
	case issued:
		answer.Status = context(0, nil, false)
	default:
		answer.Status = context(2, nil, false)
	}
	return answer, 0
}

func (a *Authority) signOCSP(data ocspData) ([]byte, error) {
	id := a.newest(RoleOCSP)
	key, err := bitString(id.cert.RawSubjectPublicKeyInfo)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum(key) //nolint:gosec // see the import
	data.ResponderKey = sum[:]
	data.ProducedAt = a.opts.Now().UTC().Truncate(time.Second)
	tbs, err := asn1.Marshal(data)
	if err != nil {
		return nil, err
	}
	digest := crypto.SHA256.New()
	digest.Write(tbs)
	signature, err := id.key.Sign(a.opts.Random, digest.Sum(nil), crypto.SHA256)
	if err != nil {
		return nil, err
	}
	basic, err := asn1.Marshal(ocspBasic{
		TBS:          asn1.RawValue{FullBytes: tbs},
		Algorithm:    pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256},
		Signature:    asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)},
		Certificates: []asn1.RawValue{{FullBytes: id.cert.Raw}},
	})
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(ocspResponse{Bytes: ocspResponseBytes{Type: oidOCSPBasic, Response: basic}})
}

// ocspError is an answer that only says why there is none.
func ocspError(status int) []byte {
	return []byte{0x30, 0x03, 0x0a, 0x01, byte(status)}
}
