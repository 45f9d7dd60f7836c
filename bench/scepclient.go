package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"

	"github.com/smallstep/pkcs7"
	"github.com/smallstep/scep"
	"github.com/smallstep/scep/x509util"
)

// Signed attributes of a SCEP message (RFC 8894, 3.2.1).
var (
	oidMessageType   = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 2}
	oidPKIStatus     = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 3}
	oidFailInfo      = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 4}
	oidSenderNonce   = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 5}
	oidTransactionID = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 7}
)

func init() { pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC }

// prepared is a SCEP request that is ready to be sent: the making of it is the
// device's work and is not measured.
type prepared struct {
	key     *rsa.PrivateKey
	signer  *x509.Certificate
	message []byte
}

// prepare makes the PKCSReq of a device.
func prepare(key *rsa.PrivateKey, serial, challenge string, recipient *x509.Certificate) (prepared, error) {
	subject := pkix.Name{CommonName: serial, SerialNumber: serial}
	csr, err := x509util.CreateCertificateRequest(rand.Reader, &x509util.CertificateRequest{
		CertificateRequest: x509.CertificateRequest{Subject: subject, SignatureAlgorithm: x509.SHA256WithRSA},
		ChallengePassword:  challenge,
	}, key)
	if err != nil {
		return prepared{}, fmt.Errorf("make the certificate request of %s: %w", serial, err)
	}
	now := time.Now()
	t := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: subject,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return prepared{}, err
	}
	signer, err := x509.ParseCertificate(der)
	if err != nil {
		return prepared{}, err
	}
	message, err := sealPKCSReq(csr, key, signer, recipient)
	if err != nil {
		return prepared{}, fmt.Errorf("make the SCEP request of %s: %w", serial, err)
	}
	return prepared{key: key, signer: signer, message: message}, nil
}

func sealPKCSReq(csr []byte, key *rsa.PrivateKey, signer, recipient *x509.Certificate) ([]byte, error) {
	enveloped, err := pkcs7.Encrypt(csr, []*x509.Certificate{recipient})
	if err != nil {
		return nil, err
	}
	signed, err := pkcs7.NewSignedData(enveloped)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	transaction := sha256.Sum256(signer.RawSubjectPublicKeyInfo)
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	err = signed.AddSigner(signer, key, pkcs7.SignerInfoConfig{ExtraSignedAttributes: []pkcs7.Attribute{
		{Type: oidTransactionID, Value: hex.EncodeToString(transaction[:])},
		{Type: oidMessageType, Value: string(scep.PKCSReq)},
		{Type: oidSenderNonce, Value: nonce},
	}})
	if err != nil {
		return nil, err
	}
	info := &signed.GetSignedData().SignerInfos[0]
	info.DigestEncryptionAlgorithm = pkix.AlgorithmIdentifier{Algorithm: pkcs7.OIDEncryptionAlgorithmRSA, Parameters: asn1.NullRawValue}
	return signed.Finish()
}

// send posts the request and returns the raw answer.
func (p prepared) send(client *http.Client, scepURL string) ([]byte, error) {
	resp, err := client.Post(scepURL+"?operation=PKIOperation", "application/x-pki-message", bytes.NewReader(p.message))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("SCEP answered %s: %.200s", resp.Status, body)
	}
	return body, err
}

// open decrypts the answer and returns the device's certificate and the ones
// above it.
func (p prepared) open(answer []byte) ([]*x509.Certificate, error) {
	p7, err := pkcs7.Parse(answer)
	if err != nil {
		return nil, err
	}
	var status, fail string
	if err := p7.UnmarshalSignedAttribute(oidPKIStatus, &status); err != nil {
		return nil, err
	}
	if status != string(scep.SUCCESS) {
		_ = p7.UnmarshalSignedAttribute(oidFailInfo, &fail) // absent when PENDING
		return nil, fmt.Errorf("SCEP refused: status %s, failInfo %s", status, fail)
	}
	envelope, err := pkcs7.Parse(p7.Content)
	if err != nil {
		return nil, err
	}
	plain, err := envelope.Decrypt(p.signer, p.key)
	if err != nil {
		return nil, err
	}
	certs, err := scep.CACerts(plain)
	if err != nil {
		return nil, err
	}
	for i, c := range certs {
		if p.key.PublicKey.Equal(c.PublicKey) {
			certs[0], certs[i] = certs[i], certs[0]
			return certs, nil
		}
	}
	return nil, errors.New("the SCEP answer holds no certificate for the request's key")
}

// recipientOf fetches the authority's certificates and picks the one that
// requests are encrypted to: the first.
func recipientOf(client *http.Client, scepURL string) (*x509.Certificate, error) {
	resp, err := client.Get(scepURL + "?operation=GetCACert")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	certs, err := scep.CACerts(body)
	if err != nil {
		return nil, err
	}
	if len(certs) == 0 {
		return nil, errors.New("GetCACert holds no certificate")
	}
	return certs[0], nil
}
