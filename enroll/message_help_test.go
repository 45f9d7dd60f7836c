package enroll_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
	"github.com/smallstep/scep"
	"github.com/smallstep/scep/x509util"

	"wardline/ca"
)

func init() { pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC }

// The answers of RFC 8894, written down by hand.
const (
	success = "0"
	failure = "2"
	pending = "3"

	badAlg          = "0"
	badMessageCheck = "1"
	badRequest      = "2"
	badCertID       = "4"
)

var (
	oidMessageType    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 2}
	oidPKIStatus      = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 3}
	oidFailInfo       = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 4}
	oidSenderNonce    = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 5}
	oidRecipientNonce = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 6}
	oidTransactionID  = asn1.ObjectIdentifier{2, 16, 840, 1, 113733, 1, 9, 7}
)

// keys hands out RSA keys by name. Making one takes longer than all that is
// tested with it, so that those of 2048 bits lie in a file; they protect nothing.
var keys struct {
	sync.Mutex
	made map[string]*rsa.PrivateKey
	pool []byte
}

const (
	keyFile     = "testdata/keys.pem"
	keysInStore = 48
)

// rsaKey returns the key of that name and size.
func rsaKey(t testing.TB, name string, bits int) *rsa.PrivateKey {
	t.Helper()
	keys.Lock()
	defer keys.Unlock()
	if keys.made == nil {
		keys.made = map[string]*rsa.PrivateKey{}
		var err error
		if keys.pool, err = os.ReadFile(keyFile); err != nil && !*updateSeeds {
			t.Fatal(err)
		}
	}
	if k := keys.made[name]; k != nil {
		return k
	}
	var block *pem.Block
	if bits == 2048 {
		block, keys.pool = pem.Decode(keys.pool)
	}
	var k *rsa.PrivateKey
	var err error
	if block != nil {
		k, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		k, err = rsa.GenerateKey(rand.Reader, bits)
	}
	if err != nil {
		t.Fatal(err)
	}
	keys.made[name] = k
	return k
}

// recordKeys makes the keys of the file anew.
func recordKeys(t *testing.T) {
	t.Helper()
	var text []byte
	for range keysInStore {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})...)
	}
	if err := os.WriteFile(keyFile, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// client is a SCEP client whose every step can be bent.
type client struct {
	t      testing.TB
	key    crypto.Signer
	signer *x509.Certificate
	// transaction is what this client calls its enrollment.
	transaction string
}

// newClient makes a client with a key and the throw-away certificate that signs
// first requests.
func newClient(t testing.TB, key crypto.Signer) *client {
	t.Helper()
	return &client{t: t, key: key, signer: selfSigned(t, key), transaction: "transaction-" + rand.Text()}
}

// in is the same client in another test.
func (c *client) in(t testing.TB) *client {
	return &client{t: t, key: c.key, signer: c.signer, transaction: c.transaction}
}

func selfSigned(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: n, Subject: pkix.Name{CommonName: "throw-away"},
		NotBefore: time.Now().Add(-20 * 365 * 24 * time.Hour), NotAfter: time.Now().Add(20 * 365 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}

func parse(t testing.TB, der []byte) *x509.Certificate {
	t.Helper()
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// csr makes a certificate request with a challenge; a nil template asks for
// nothing in particular.
func (c *client) csr(challenge string, template *x509.CertificateRequest) []byte {
	c.t.Helper()
	if template == nil {
		template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: "anything"}}
	}
	der, err := x509util.CreateCertificateRequest(rand.Reader,
		&x509util.CertificateRequest{CertificateRequest: *template, ChallengePassword: challenge}, c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	return der
}

// message is a SCEP request in the making.
type message struct {
	kind      string
	content   []byte // what the envelope holds
	envelope  []byte // instead of content: a ready envelope
	recipient *x509.Certificate
	extra     []*x509.Certificate
	digest    asn1.ObjectIdentifier
	// transactionAttribute replaces the transaction identifier's encoding.
	transactionAttribute any
}

func (c *client) build(m message) (raw, nonce []byte) {
	c.t.Helper()
	if m.envelope == nil {
		var err error
		if m.envelope, err = pkcs7.Encrypt(m.content, []*x509.Certificate{m.recipient}); err != nil {
			c.t.Fatal(err)
		}
	}
	sd, err := pkcs7.NewSignedData(m.envelope)
	if err != nil {
		c.t.Fatal(err)
	}
	if m.digest == nil {
		m.digest = pkcs7.OIDDigestAlgorithmSHA256
	}
	sd.SetDigestAlgorithm(m.digest)
	nonce = make([]byte, 16)
	if _, err := rand.Read(nonce); err != nil {
		c.t.Fatal(err)
	}
	if m.transactionAttribute == nil {
		m.transactionAttribute = c.transaction
	}
	err = sd.AddSigner(c.signer, c.key, pkcs7.SignerInfoConfig{ExtraSignedAttributes: []pkcs7.Attribute{
		{Type: oidTransactionID, Value: m.transactionAttribute},
		{Type: oidMessageType, Value: m.kind},
		{Type: oidSenderNonce, Value: nonce},
	}})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, extra := range m.extra {
		sd.AddCertificate(extra)
	}
	raw, err = sd.Finish()
	if err != nil {
		c.t.Fatal(err)
	}
	return raw, nonce
}

// reply is a CertRep, verified and opened with the client's key.
type reply struct {
	status, fail string
	certificate  *x509.Certificate
}

// read verifies an answer as a careful client does.
func (c *client) read(h *hospital, body, nonce []byte) reply {
	c.t.Helper()
	p7, err := pkcs7.Parse(body)
	if err != nil {
		c.t.Fatalf("the answer is not CMS: %v", err)
	}
	if err := p7.Verify(); err != nil {
		c.t.Fatalf("the answer's signature: %v", err)
	}
	if signer := p7.GetOnlySigner(); signer == nil || !bytes.Equal(signer.Raw, h.ca.Certificate(ca.RoleRA).Raw) {
		c.t.Fatal("the answer is not signed by the RA")
	}
	var kind string
	var transaction asn1.RawValue
	var r reply
	var recipientNonce, senderNonce []byte
	for _, a := range []struct {
		oid asn1.ObjectIdentifier
		out any
	}{{oidMessageType, &kind}, {oidTransactionID, &transaction}, {oidPKIStatus, &r.status},
		{oidRecipientNonce, &recipientNonce}, {oidSenderNonce, &senderNonce}} {
		if err := p7.UnmarshalSignedAttribute(a.oid, a.out); err != nil {
			c.t.Fatalf("attribute %s of the answer: %v", a.oid, err)
		}
	}
	if kind != "3" || transaction.Tag != asn1.TagPrintableString || string(transaction.Bytes) != c.transaction || !bytes.Equal(recipientNonce, nonce) || len(senderNonce) != 16 || bytes.Equal(senderNonce, nonce) {
		c.t.Fatalf("the answer is of type %q, transaction %q, with nonces %x and %x", kind, transaction.Bytes, recipientNonce, senderNonce)
	}
	switch r.status {
	case failure:
		if err := p7.UnmarshalSignedAttribute(oidFailInfo, &r.fail); err != nil {
			c.t.Fatal(err)
		}
	case success:
		inner, err := pkcs7.Parse(p7.Content)
		if err != nil {
			c.t.Fatal(err)
		}
		plain, err := inner.Decrypt(c.signer, c.key)
		if err != nil {
			c.t.Fatalf("open the answer: %v", err)
		}
		certs, err := scep.CACerts(plain)
		if err != nil || len(certs) != 1 {
			c.t.Fatalf("the answer holds %d certificates: %v", len(certs), err)
		}
		r.certificate = certs[0]
	}
	return r
}

// send posts a message and reads the signed answer.
func (c *client) send(h *hospital, raw, nonce []byte) reply {
	c.t.Helper()
	status, body := post(c.t, h, raw)
	if status != http.StatusOK {
		c.t.Fatalf("HTTP %d: %s", status, body)
	}
	return c.read(h, body, nonce)
}

func post(t testing.TB, h *hospital, raw []byte) (int, []byte) {
	t.Helper()
	resp, err := http.Post(h.server.URL+"/scep?operation=PKIOperation", "application/x-pki-message", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// enroll sends a first request.
func (c *client) enroll(h *hospital, challenge string) reply {
	c.t.Helper()
	raw, nonce := c.build(message{kind: "19", content: c.csr(challenge, nil), recipient: h.ca.Certificate(ca.RoleRA)})
	return c.send(h, raw, nonce)
}

// poll asks what became of a request (CertPoll).
func (c *client) poll(h *hospital) reply {
	c.t.Helper()
	raw, nonce := c.build(message{kind: "20", content: []byte{0x30, 0}, recipient: h.ca.Certificate(ca.RoleRA)})
	return c.send(h, raw, nonce)
}

// renewing returns a client that renews the certificate with a new key.
func (c *client) renewing(cert *x509.Certificate) *client {
	return &client{t: c.t, key: c.key, signer: cert, transaction: "renewal-" + rand.Text()}
}

// renew sends a renewal for the given key, signed with the client's certificate.
func (c *client) renew(h *hospital, kind string, next crypto.Signer) reply {
	c.t.Helper()
	fresh := &client{t: c.t, key: next}
	raw, nonce := c.build(message{kind: kind, content: fresh.csr("", nil), recipient: h.ca.Certificate(ca.RoleRA)})
	return c.send(h, raw, nonce)
}

// otherAuthority certifies the client's key under an issuer that only looks like
// ours.
func otherAuthority(t testing.TB, c *client) *x509.Certificate {
	t.Helper()
	template := *c.signer
	template.SignatureAlgorithm = x509.UnknownSignatureAlgorithm
	der, err := x509.CreateCertificate(rand.Reader, &template, &x509.Certificate{Subject: c.signer.Issuer, RawSubject: c.signer.RawIssuer},
		c.key.Public(), rsaKey(t, "other authority", 2048))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, der)
}
