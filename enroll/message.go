package enroll

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // legacy models only, see Ask.Weak
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Limits of a SCEP message.
const (
	maxMessage      = 64 << 10
	maxCertificates = 4
	maxRecipients   = 8
	maxString       = 255
	maxNonce        = 64
	maxSignerBits   = 4096
)

// messageType is the SCEP attribute of that name (RFC 8894, 3.2.1.2). It is a
// plain string: the libraries' own type panics when an unknown value is printed,
// and again while that panic is printed.
type messageType = string

const (
	typeCertRep    messageType = "3"
	typeRenewalReq messageType = "17"
	typePKCSReq    messageType = "19"
	typeCertPoll   messageType = "20"
)

// failInfo is the reason in a refusal (RFC 8894, 3.2.1.4).
type failInfo = string

const (
	failBadAlg          failInfo = "0"
	failBadMessageCheck failInfo = "1"
	failBadRequest      failInfo = "2"
	failBadCertID       failInfo = "4"
)

var (
	oidMessageType    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 2}
	oidPKIStatus      = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 3}
	oidFailInfo       = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 4}
	oidSenderNonce    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 5}
	oidRecipientNonce = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 6}
	oidTransactionID  = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 7}

	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnvelopedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
)

// message is a SCEP request, parsed and not yet believed.
type message struct {
	kind        messageType
	transaction string
	nonce       []byte
	// signer is the certificate that the message says it is signed with.
	signer *x509.Certificate
	// content is the enveloped data.
	content []byte
	info    signerInfo
	attrs   []byte // the signed attributes as they came, as a SET
	digest  crypto.Hash
}

type contentInfo struct {
	Type    asn1.ObjectIdentifier
	Content asn1.RawValue `asn1:"explicit,optional,tag:0"`
}

type signedData struct {
	Version      int
	Digests      asn1.RawValue
	Encapsulated contentInfo
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

type signerInfo struct {
	Version    int
	Issuer     issuerAndSerial
	Digest     pkix.AlgorithmIdentifier
	Attributes asn1.RawValue `asn1:"tag:0"`
	Encryption pkix.AlgorithmIdentifier
	Signature  []byte
	Unsigned   asn1.RawValue `asn1:"optional,tag:1"`
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type attribute struct {
	Type   asn1.ObjectIdentifier
	Values asn1.RawValue `asn1:"set"`
}

// parseMessage reads a SCEP message. An error means that it is not one: there is
// nobody to send a signed answer to.
func parseMessage(body []byte) (*message, error) {
	if len(body) > maxMessage {
		return nil, errors.New("the message is too long")
	}
	var outer contentInfo
	if err := unmarshalBER(body, &outer); err != nil {
		return nil, err
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, errors.New("the message is not signed data")
	}
	var sd signedData
	if err := unmarshal(outer.Content.Bytes, &sd); err != nil {
		return nil, err
	}
	if len(sd.Signers) != 1 {
		return nil, fmt.Errorf("the message has %d signers", len(sd.Signers))
	}
	m := &message{info: sd.Signers[0]}
	var err error
	if m.content, err = octets(sd.Encapsulated.Content.Bytes); err != nil {
		return nil, err
	}
	if err := m.readAttributes(); err != nil {
		return nil, err
	}
	certs, err := parseCertificates(sd.Certificates.Bytes)
	if err != nil {
		return nil, err
	}
	for _, c := range certs {
		if c.SerialNumber.Cmp(m.info.Issuer.Serial) == 0 && bytes.Equal(c.RawIssuer, m.info.Issuer.Issuer.FullBytes) {
			m.signer = c
			return m, nil
		}
	}
	return nil, errors.New("the signer's certificate is missing")
}

// readAttributes takes the SCEP attributes out of the signed ones.
func (m *message) readAttributes() error {
	m.attrs = encodeElement(0x31, m.info.Attributes.Bytes)
	for rest := m.info.Attributes.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return err
		}
		switch {
		case a.Type.Equal(oidMessageType):
			err = once(&m.kind, a)
		case a.Type.Equal(oidTransactionID):
			err = once(&m.transaction, a)
		case a.Type.Equal(oidSenderNonce):
			if m.nonce != nil {
				return errors.New("the message has two nonces")
			}
			err = unmarshal(a.Values.Bytes, &m.nonce)
		}
		if err != nil {
			return err
		}
	}
	if m.kind == "" || m.transaction == "" || len(m.nonce) == 0 || len(m.nonce) > maxNonce {
		return errors.New("the message lacks a type, a transaction identifier or a nonce")
	}
	return nil
}

// once reads a string attribute that may be there once. Clients write them as
// PrintableString, UTF8String or IA5String.
func once(out *string, a attribute) error {
	if *out != "" {
		return errors.New("the message has an attribute twice")
	}
	var v asn1.RawValue
	if err := unmarshal(a.Values.Bytes, &v); err != nil {
		return err
	}
	text := v.Class == asn1.ClassUniversal && !v.IsCompound &&
		(v.Tag == asn1.TagPrintableString || v.Tag == asn1.TagUTF8String || v.Tag == asn1.TagIA5String)
	if !text || len(v.Bytes) == 0 || len(v.Bytes) > maxString {
		return errors.New("an attribute of the message is not a short text")
	}
	for _, c := range v.Bytes {
		if c < 0x20 || c > 0x7e {
			return errors.New("an attribute of the message is not printable")
		}
	}
	*out = string(v.Bytes)
	return nil
}

// errMessage is a refusal that is answered with a signed failure.
type errMessage struct {
	fail failInfo
	why  string
}

func (e *errMessage) Error() string { return e.why }

var digests = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// rsaSignatures are the algorithm identifiers under which clients write a PKCS #1
// version 1.5 signature; the hash is named by the digest algorithm beside it.
var rsaSignatures = map[string]bool{
	"1.2.840.113549.1.1.1": true, "1.2.840.113549.1.1.5": true, "1.2.840.113549.1.1.11": true,
	"1.2.840.113549.1.1.12": true, "1.2.840.113549.1.1.13": true,
}

// verify checks the signature of the message by its signer's key. It does not
// say whether the signer may be believed, and it does not look at the signer's
// dates: an expired certificate may still ask for renewal.
func (m *message) verify() error {
	digest, known := digests[m.info.Digest.Algorithm.String()]
	if !known || !rsaSignatures[m.info.Encryption.Algorithm.String()] {
		return &errMessage{failBadAlg, "the message is signed with an algorithm that is not accepted"}
	}
	key, ok := m.signer.PublicKey.(*rsa.PublicKey)
	if !ok {
		return &errMessage{failBadAlg, "the signer's key is not an RSA key"}
	}
	if key.N.BitLen() > maxSignerBits || key.E != 65537 && key.E != 3 && key.E != 17 {
		return &errMessage{failBadAlg, "the signer's RSA key is too large or odd"}
	}
	bad := &errMessage{failBadMessageCheck, "the signature of the message does not fit"}
	var stated []byte
	for rest := m.info.Attributes.Bytes; len(rest) > 0; {
		var a attribute
		var err error
		if rest, err = asn1.Unmarshal(rest, &a); err != nil {
			return bad
		}
		if a.Type.Equal(oidMessageDigest) {
			if stated != nil || unmarshal(a.Values.Bytes, &stated) != nil {
				return bad
			}
		}
	}
	sum := func(b []byte) []byte {
		h := digest.New()
		h.Write(b)
		return h.Sum(nil)
	}
	if subtle.ConstantTimeCompare(stated, sum(m.content)) != 1 {
		return bad
	}
	if rsa.VerifyPKCS1v15(key, digest, sum(m.attrs), m.info.Signature) != nil {
		return bad
	}
	m.digest = digest
	return nil
}

// selfSigned reports whether the signer is the throw-away certificate of a first
// request. Only its name says so here; that it is signed with its own key is not
// asked, as nothing depends on it: what counts is the key.
func (m *message) selfSigned() bool {
	return bytes.Equal(m.signer.RawIssuer, m.signer.RawSubject)
}

func parseCertificates(in []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for len(in) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(in, &v)
		if err != nil {
			return nil, err
		}
		if len(out) == maxCertificates {
			return nil, errors.New("the message has too many certificates")
		}
		c, err := x509.ParseCertificate(v.FullBytes)
		if err != nil {
			return nil, err
		}
		out, in = append(out, c), rest
	}
	return out, nil
}

// octets reads an OCTET STRING, whole or in pieces.
func octets(in []byte) ([]byte, error) {
	var v asn1.RawValue
	if err := unmarshal(in, &v); err != nil {
		return nil, err
	}
	if v.Class != asn1.ClassUniversal || v.Tag != asn1.TagOctetString {
		return nil, errors.New("not an octet string")
	}
	if !v.IsCompound {
		return v.Bytes, nil
	}
	return pieces(v.Bytes)
}

func pieces(in []byte) ([]byte, error) {
	var out []byte
	for len(in) > 0 {
		var part []byte
		rest, err := asn1.Unmarshal(in, &part)
		if err != nil {
			return nil, err
		}
		out, in = append(out, part...), rest
	}
	return out, nil
}

// unmarshalBER reads BER that fills all of in.
func unmarshalBER(in []byte, out any) error {
	der, rest, err := definite(in, 0)
	if err != nil {
		return err
	}
	if len(bytes.Trim(rest, "\x00\r\n")) > 0 { // some clients pad
		return errors.New("something follows the message")
	}
	return unmarshal(der, out)
}

// unmarshal reads DER that fills all of in.
func unmarshal(in []byte, out any) error {
	rest, err := asn1.Unmarshal(in, out)
	if err == nil && len(rest) > 0 {
		err = errors.New("something follows the value")
	}
	return err
}
