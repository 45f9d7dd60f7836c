package enroll

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"

	"github.com/smallstep/pkcs7"

	"wardline/ca"
)

// pkiStatus values (RFC 8894, 3.2.1.3).
const (
	statusSuccess = "0"
	statusFailure = "2"
	statusPending = "3"
)

// answer is a CertRep to be made.
type answer struct {
	status string
	fail   failInfo
	// certificate and cipher are for statusSuccess.
	certificate []byte
	cipher      *contentCipher
	// digest signs the answer; zero takes SHA-256.
	digest crypto.Hash
}

var digestOIDs = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA1: pkcs7.OIDDigestAlgorithmSHA1, crypto.SHA256: pkcs7.OIDDigestAlgorithmSHA256,
	crypto.SHA384: pkcs7.OIDDigestAlgorithmSHA384, crypto.SHA512: pkcs7.OIDDigestAlgorithmSHA512,
}

// certRep makes the signed answer to a request.
func certRep(random io.Reader, ra ca.RA, m *message, a answer) ([]byte, error) {
	var content []byte
	if a.status == statusSuccess {
		certs, err := pkcs7.DegenerateCertificate(a.certificate)
		if err != nil {
			return nil, fmt.Errorf("wrap the certificate: %w", err)
		}
		if content, err = sealTo(random, m.signer, a.cipher, certs); err != nil {
			return nil, err
		}
	}
	var nonce [16]byte
	if _, err := io.ReadFull(random, nonce[:]); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	attributes := []pkcs7.Attribute{
		{Type: oidTransactionID, Value: printable(m.transaction)},
		{Type: oidMessageType, Value: printable(typeCertRep)},
		{Type: oidPKIStatus, Value: printable(a.status)},
		{Type: oidSenderNonce, Value: nonce[:]},
		{Type: oidRecipientNonce, Value: m.nonce},
	}
	if a.status == statusFailure {
		attributes = append(attributes, pkcs7.Attribute{Type: oidFailInfo, Value: printable(a.fail)})
	}
	return sign(ra, content, attributes, a.digest)
}

// printable is a text as PrintableString, whatever is in it: a Go string with '_'
// or '*' would become an UTF8String, which some clients do not find again.
func printable(s string) asn1.RawValue {
	return asn1.RawValue{Tag: asn1.TagPrintableString, Bytes: []byte(s)}
}

func sign(ra ca.RA, content []byte, attributes []pkcs7.Attribute, digest crypto.Hash) ([]byte, error) {
	oid, known := digestOIDs[digest]
	if !known {
		oid = pkcs7.OIDDigestAlgorithmSHA256
	}
	sd, err := pkcs7.NewSignedData(content)
	if err != nil {
		return nil, fmt.Errorf("sign a SCEP answer: %w", err)
	}
	sd.SetDigestAlgorithm(oid)
	if err := sd.AddSigner(ra.Certificate, ra.Key, pkcs7.SignerInfoConfig{ExtraSignedAttributes: attributes}); err != nil {
		return nil, fmt.Errorf("sign a SCEP answer: %w", err)
	}
	// strongSwan up to at least 5.9.8 refuses anything but rsaEncryption here. The
	// library's setter for it is ignored; the field is not signed.
	infos := sd.GetSignedData().SignerInfos
	if len(infos) != 1 {
		return nil, errors.New("sign a SCEP answer: not one signer")
	}
	infos[0].DigestEncryptionAlgorithm = pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDEncryptionAlgorithmRSA, Parameters: asn1.NullRawValue}
	out, err := sd.Finish()
	if err != nil {
		return nil, fmt.Errorf("sign a SCEP answer: %w", err)
	}
	return out, nil
}

// caCertificates is the answer to GetCACert: RA, issuing CA and root, in this
// order, as certs-only CMS.
func caCertificates(ra *x509.Certificate, chain []*x509.Certificate) ([]byte, error) {
	raw := append([]byte(nil), ra.Raw...)
	for _, c := range chain {
		raw = append(raw, c.Raw...)
	}
	return pkcs7.DegenerateCertificate(raw)
}
