package agent

import (
	"bytes"
	"context"
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

// The default of the library is single DES. It is a global of the library, so it
// is set before anything runs.
func init() { pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC }

// Signed attributes of a SCEP message (RFC 8894, 3.2.1).
var (
	oidMessageType    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 2}
	oidPKIStatus      = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 3}
	oidFailInfo       = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 4}
	oidSenderNonce    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 5}
	oidRecipientNonce = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 6}
	oidTransactionID  = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 7}
)

// What a SCEP server may answer besides a certificate.
var (
	// errPending: a person has to agree first; ask again later.
	errPending = errors.New("the enrollment waits for a person to agree")
	// errSCEPRefused: no. Asking again changes nothing.
	errSCEPRefused = errors.New("the server refused the request")
)

const maxSCEPAnswer = 1 << 20

// scepExchange is one request for a certificate. Everything in it is stored, so
// that a lost answer is asked for with the very same transaction, key and CSR:
// the server then gives the same certificate again.
type scepExchange struct {
	URL         string    `json:"url"`
	Renewal     bool      `json:"renewal"`
	Transaction string    `json:"transaction"`
	Key         []byte    `json:"key"`    // PKCS #8, PEM
	CSR         []byte    `json:"csr"`    // DER
	Signer      []byte    `json:"signer"` // DER: self-signed, or the certificate being renewed
	Began       time.Time `json:"began"`
	// Pending: the server has said so; from then on it is asked with CertPoll.
	Pending bool `json:"pending"`
	// Issuer is the raw subject of the issuing CA, for CertPoll.
	Issuer []byte `json:"issuer"`
}

// newExchange makes a CSR for a fresh key. challenge is the invitation's secret,
// empty for a renewal. The subject is a courtesy: the server chooses it.
func newExchange(url, challenge string, key *rsa.PrivateKey, subject pkix.Name, now time.Time) (*scepExchange, error) {
	csr, err := x509util.CreateCertificateRequest(rand.Reader, &x509util.CertificateRequest{
		CertificateRequest: x509.CertificateRequest{Subject: subject, SignatureAlgorithm: x509.SHA256WithRSA},
		ChallengePassword:  challenge,
	}, key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate request: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	return &scepExchange{URL: url, Transaction: hex.EncodeToString(sum[:]), Key: keyPEM, CSR: csr, Began: now.UTC()}, nil
}

// selfSign makes the throw-away certificate that signs a first request and to
// which the answer is encrypted (RFC 8894, 2.3).
func selfSign(key *rsa.PrivateKey, subject pkix.Name, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("draw a serial number: %w", err)
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		// The device's clock may be wrong either way; nobody judges by these.
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("sign the request's own certificate: %w", err)
	}
	return der, nil
}

// scepClient speaks SCEP with one server over a pinned connection.
type scepClient struct {
	http *http.Client
	url  string
	root *x509.Certificate
	// now is the best idea of the server's time, for judging its certificates.
	now func() time.Time
}

// authorities is what GetCACert gave, verified up to the pinned root.
type authorities struct {
	recipient *x509.Certificate // to which requests are encrypted
	issuer    *x509.Certificate // which will sign the certificate
	all       []*x509.Certificate
}

// getCACert fetches the authority's certificates (RFC 8894, 4.2) and sorts them:
// an RA for the messages, the CA that issues.
func (c *scepClient) getCACert(ctx context.Context) (authorities, error) {
	body, kind, err := c.do(ctx, http.MethodGet, c.url+"?operation=GetCACert", nil)
	if err != nil {
		return authorities{}, err
	}
	var certs []*x509.Certificate
	if kind == "application/x-x509-ca-cert" {
		certs, err = x509.ParseCertificates(body)
	} else {
		certs, err = scep.CACerts(body)
	}
	if err != nil {
		return authorities{}, fmt.Errorf("read the authority's certificates: %w", err)
	}
	a := authorities{all: certs}
	for _, cert := range certs {
		if c.verify(cert, certs) != nil {
			continue
		}
		rsaKey := cert.PublicKeyAlgorithm == x509.RSA && cert.KeyUsage&x509.KeyUsageKeyEncipherment != 0
		switch {
		case !cert.IsCA && rsaKey && a.recipient == nil:
			a.recipient = cert
		case cert.IsCA && (a.issuer == nil || bytes.Equal(a.issuer.Raw, c.root.Raw)):
			a.issuer = cert
		}
	}
	if a.recipient == nil && a.issuer != nil && a.issuer.PublicKeyAlgorithm == x509.RSA {
		a.recipient = a.issuer
	}
	if a.recipient == nil || a.issuer == nil {
		return authorities{}, errors.New("the server's SCEP certificates do not lead to the pinned authority")
	}
	return a, nil
}

// verify checks that cert leads to the pinned root.
func (c *scepClient) verify(cert *x509.Certificate, others []*x509.Certificate) error {
	roots, middle := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(c.root)
	for _, o := range others {
		middle.AddCert(o)
	}
	_, err := cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: middle,
		CurrentTime: within(c.now(), cert), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

// ask sends the exchange's next message and returns the certificate and the
// ones above it. errPending and errSCEPRefused are in the chain of what it
// returns when the server said so; any other error may be asked again.
func (c *scepClient) ask(ctx context.Context, x *scepExchange, signerKey *rsa.PrivateKey) ([]*x509.Certificate, error) {
	ca, err := c.getCACert(ctx)
	if err != nil {
		return nil, err
	}
	signer, err := x509.ParseCertificate(x.Signer)
	if err != nil {
		return nil, fmt.Errorf("read the request's signer: %w", err)
	}
	kind, content := scep.PKCSReq, x.CSR
	if x.Renewal {
		kind = scep.RenewalReq
	}
	if x.Pending {
		kind = scep.CertPoll
		if content, err = issuerAndSubject(x.CSR, ca.issuer); err != nil {
			return nil, err
		}
	}
	nonce := make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	message, err := seal(kind, content, x.Transaction, nonce, ca.recipient, signer, signerKey)
	if err != nil {
		return nil, err
	}
	answer, _, err := c.do(ctx, http.MethodPost, c.url+"?operation=PKIOperation", message)
	if err != nil {
		return nil, err
	}
	return c.open(answer, x, nonce, ca, signer, signerKey)
}

// issuerAndSubject is the content of a CertPoll (RFC 8894, 3.3.3).
func issuerAndSubject(csr []byte, issuer *x509.Certificate) ([]byte, error) {
	req, err := x509.ParseCertificateRequest(csr)
	if err != nil {
		return nil, fmt.Errorf("read the certificate request: %w", err)
	}
	return asn1.Marshal(struct{ Issuer, Subject asn1.RawValue }{
		asn1.RawValue{FullBytes: issuer.RawSubject}, asn1.RawValue{FullBytes: req.RawSubject}})
}

// seal makes a SCEP message: content enveloped for the recipient, then signed.
func seal(kind scep.MessageType, content []byte, transaction string, nonce []byte,
	recipient, signer *x509.Certificate, key *rsa.PrivateKey) ([]byte, error) {
	enveloped, err := pkcs7.Encrypt(content, []*x509.Certificate{recipient})
	if err != nil {
		return nil, fmt.Errorf("encrypt the SCEP request: %w", err)
	}
	signed, err := pkcs7.NewSignedData(enveloped)
	if err != nil {
		return nil, fmt.Errorf("sign the SCEP request: %w", err)
	}
	signed.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	err = signed.AddSigner(signer, key, pkcs7.SignerInfoConfig{ExtraSignedAttributes: []pkcs7.Attribute{
		{Type: oidTransactionID, Value: transaction},
		{Type: oidMessageType, Value: string(kind)},
		{Type: oidSenderNonce, Value: nonce},
	}})
	if err != nil {
		return nil, fmt.Errorf("sign the SCEP request: %w", err)
	}
	// Not sha256WithRSAEncryption, which is what the library writes: some SCEP
	// implementations refuse it here. The field is not signed.
	info := &signed.GetSignedData().SignerInfos[0]
	info.DigestEncryptionAlgorithm = pkix.AlgorithmIdentifier{
		Algorithm: pkcs7.OIDEncryptionAlgorithmRSA, Parameters: asn1.NullRawValue}
	return signed.Finish()
}

// open verifies a CertRep and reads the certificates in it.
func (c *scepClient) open(answer []byte, x *scepExchange, nonce []byte, ca authorities,
	signer *x509.Certificate, key *rsa.PrivateKey) ([]*x509.Certificate, error) {
	p7, err := pkcs7.Parse(answer)
	if err != nil {
		return nil, fmt.Errorf("read the SCEP answer: %w", err)
	}
	p7.Certificates = append(p7.Certificates, ca.all...)
	if err := p7.Verify(); err != nil {
		return nil, fmt.Errorf("verify the SCEP answer: %w", err)
	}
	by := p7.GetOnlySigner()
	if by == nil {
		return nil, errors.New("verify the SCEP answer: it has not exactly one signer")
	}
	if err := c.verify(by, ca.all); err != nil {
		return nil, fmt.Errorf("verify the SCEP answer: its signer does not lead to the pinned authority: %w", err)
	}
	var kind, status, transaction string
	var echoed []byte
	err = errors.Join(
		p7.UnmarshalSignedAttribute(oidMessageType, &kind),
		p7.UnmarshalSignedAttribute(oidPKIStatus, &status),
		p7.UnmarshalSignedAttribute(oidTransactionID, &transaction),
		p7.UnmarshalSignedAttribute(oidRecipientNonce, &echoed))
	if err != nil {
		return nil, fmt.Errorf("read the SCEP answer: %w", err)
	}
	if kind != string(scep.CertRep) || transaction != x.Transaction || !bytes.Equal(echoed, nonce) {
		return nil, errors.New("the SCEP answer belongs to another request")
	}
	switch scep.PKIStatus(status) {
	case scep.PENDING:
		return nil, errPending
	case scep.FAILURE:
		var info string
		if err := p7.UnmarshalSignedAttribute(oidFailInfo, &info); err != nil {
			return nil, fmt.Errorf("read the SCEP answer: %w", err)
		}
		return nil, fmt.Errorf("%w: %s", errSCEPRefused, failWords(info))
	case scep.SUCCESS:
		return issued(p7.Content, x, ca, signer, key, c)
	}
	return nil, fmt.Errorf("the SCEP answer has the unknown status %.10q", status)
}

// issued decrypts the certificate and checks that it is for the request's key
// and from the pinned authority.
func issued(content []byte, x *scepExchange, ca authorities, signer *x509.Certificate, key *rsa.PrivateKey,
	c *scepClient) ([]*x509.Certificate, error) {
	envelope, err := pkcs7.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("read the SCEP answer's envelope: %w", err)
	}
	plain, err := envelope.Decrypt(signer, key)
	if err != nil {
		return nil, fmt.Errorf("decrypt the SCEP answer: %w", err)
	}
	certs, err := scep.CACerts(plain)
	if err != nil {
		return nil, fmt.Errorf("read the issued certificate: %w", err)
	}
	own, err := decodeKey(x.Key)
	if err != nil {
		return nil, err
	}
	for _, cert := range certs {
		pub, ok := cert.PublicKey.(*rsa.PublicKey)
		if !ok || !pub.Equal(&own.PublicKey) {
			continue
		}
		if err := c.verify(cert, ca.all); err != nil {
			return nil, fmt.Errorf("the issued certificate does not lead to the pinned authority: %w", err)
		}
		chain := []*x509.Certificate{cert}
		if !bytes.Equal(ca.issuer.Raw, c.root.Raw) {
			chain = append(chain, ca.issuer)
		}
		return chain, nil
	}
	return nil, errors.New("the server issued no certificate for this device's key")
}

// failWords says in words what a failInfo means (RFC 8894, 3.2.1.4). The
// library's own String panics on what it does not know.
func failWords(info string) string {
	switch scep.FailInfo(info) {
	case scep.BadAlg:
		return "an algorithm or key is not accepted (badAlg)"
	case scep.BadMessageCheck:
		return "the message could not be verified (badMessageCheck)"
	case scep.BadRequest:
		return "the code is wrong, used up or expired, or the request is not allowed (badRequest)"
	case scep.BadTime:
		return "the request's time is not accepted (badTime)"
	case scep.BadCertID:
		return "no certificate or request fits (badCertID)"
	}
	return fmt.Sprintf("failInfo %.10q", info)
}

// do sends one HTTP request and reads the answer, bounded.
func (c *scepClient) do(ctx context.Context, method, url string, body []byte) ([]byte, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, "", fmt.Errorf("SCEP request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-pki-message")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("SCEP request: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxSCEPAnswer))
	if err != nil {
		return nil, "", fmt.Errorf("read the SCEP answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("SCEP request: the server answered %s", resp.Status)
	}
	return answer, resp.Header.Get("Content-Type"), nil
}

// within returns t, moved into cert's validity when it lies outside: a device
// that does not know the time cannot judge expiry, and what it relies on is the
// pinned root.
func within(t time.Time, cert *x509.Certificate) time.Time {
	if t.Before(cert.NotBefore) {
		return cert.NotBefore
	}
	if t.After(cert.NotAfter) {
		return cert.NotAfter
	}
	return t
}
