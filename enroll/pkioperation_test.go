package enroll_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"

	"wardline/ca"
	"wardline/enroll"
)

// issuedCount is how many device certificates were ever recorded.
func (h *hospital) issuedCount() int {
	h.t.Helper()
	var n int
	if err := h.harness.Raw().QueryRow("SELECT count(*) FROM certificate WHERE purpose = 'device'").Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

func (h *hospital) events(action string) int {
	h.t.Helper()
	var n int
	if err := h.harness.Raw().QueryRow("SELECT count(*) FROM audit_event WHERE action = $1", action).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// refuses sends a message that must be refused with a signed failure, leave an
// audit event and issue nothing.
func (h *hospital) refuses(c *client, raw, nonce []byte, fail string) {
	h.t.Helper()
	issued, events := h.issuedCount(), h.events("scep.refused")
	r := c.send(h, raw, nonce)
	if r.status != failure || r.fail != fail {
		h.t.Errorf("status %q, failInfo %q; want a failure with %q", r.status, r.fail, fail)
	}
	if n := h.issuedCount(); n != issued {
		h.t.Errorf("%d certificates were recorded for a refused request", n-issued)
	}
	if n := h.events("scep.refused"); n != events+1 {
		h.t.Errorf("%d audit events for one refusal", n-events)
	}
}

func (h *hospital) ra() *x509.Certificate { return h.ca.Certificate(ca.RoleRA) }

func TestAPumpEnrollsWithTheSubjectTheServerChose(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	raw, nonce := c.build(message{kind: "19", recipient: h.ra(), content: c.csr(h.invite("SN-1").SCEPChallenge, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "admin", Organization: []string{"Evil"}, SerialNumber: "SN-OTHER"},
		DNSNames: []string{"wardline.hospital.example"}, EmailAddresses: []string{"root@hospital.example"}})})
	r := c.send(h, raw, nonce)
	if r.status != success {
		t.Fatalf("status %s, failInfo %s", r.status, r.fail)
	}
	cert := r.certificate
	b, err := h.service.Bind(context.Background(), ca.FingerprintOf(cert.Raw))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := cert.Subject.String(), "SERIALNUMBER=SN-1,CN="+string(b.Device)+",OU=pump_lvp,O=St Elsewhere"; got != want {
		t.Errorf("subject %s, want %s", got, want)
	}
	if len(cert.URIs) != 1 || cert.URIs[0].String() != "urn:uuid:"+string(b.Device) || len(cert.EmailAddresses) != 0 {
		t.Errorf("SANs %v %v", cert.URIs, cert.EmailAddresses)
	}
	if len(cert.DNSNames) != 1 || cert.DNSNames[0] != string(b.Device)+".devices.wardline.internal" {
		t.Errorf("DNS names %v", cert.DNSNames)
	}
	if len(cert.ExtKeyUsage) != 1 || cert.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth || len(cert.UnknownExtKeyUsage) != 0 {
		t.Errorf("extended key usage %v %v", cert.ExtKeyUsage, cert.UnknownExtKeyUsage)
	}
	if cert.KeyUsage != x509.KeyUsageDigitalSignature || cert.IsCA || !cert.BasicConstraintsValid {
		t.Errorf("key usage %v, CA %v", cert.KeyUsage, cert.IsCA)
	}
	if n := cert.SerialNumber.BitLen(); n < 96 || n > 128 {
		t.Errorf("the serial number has %d bits", n)
	}
	if len(cert.SubjectKeyId) != 20 || !bytes.Equal(cert.AuthorityKeyId, h.ca.Certificate(ca.RoleIssuing).SubjectKeyId) {
		t.Error("key identifiers are missing or wrong")
	}
	wantCDP, wantOCSP, wantCA := h.server.URL+"/crl/issuing.crl", h.server.URL+"/ocsp", h.server.URL+"/ca/issuing.cer"
	if strings.Join(cert.CRLDistributionPoints, " ") != wantCDP || strings.Join(cert.OCSPServer, " ") != wantOCSP || strings.Join(cert.IssuingCertificateURL, " ") != wantCA {
		t.Errorf("%v %v %v", cert.CRLDistributionPoints, cert.OCSPServer, cert.IssuingCertificateURL)
	}
	critical := map[string]bool{}
	for _, e := range cert.Extensions {
		critical[e.Id.String()] = e.Critical
	}
	if !critical["2.5.29.15"] || !critical["2.5.29.19"] {
		t.Error("key usage and basic constraints must be critical")
	}
	if life := cert.NotAfter.Sub(h.clock.Now()); life < 365*24*time.Hour || life > 2*366*24*time.Hour {
		t.Errorf("a pump's certificate lives %s, want 1 to 2 years", life)
	}
}

func TestTheSubjectNeverComesFromTheRequest(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	rng := mathrand.New(mathrand.NewPCG(7, 7))
	word := func() string {
		alphabet := []rune("abcXYZ0189 =,+\"<>#;/\\äß'%*_@")
		var b strings.Builder
		for range 1 + rng.IntN(20) {
			b.WriteRune(alphabet[rng.IntN(len(alphabet))])
		}
		return b.String()
	}
	for i := range 12 {
		c := newClient(t, rsaKey(t, fmt.Sprint("subject", i), 2048))
		serial := fmt.Sprintf("PUMP-%03d", i)
		u, _ := url.Parse("urn:uuid:00000000-0000-4000-8000-000000000000")
		san, err := asn1.Marshal([]asn1.RawValue{{Class: 2, Tag: 2, Bytes: []byte("*.hospital.example")}})
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.CertificateRequest{URIs: []*url.URL{u}, IPAddresses: []net.IP{{10, 0, 0, 1}},
			Subject: pkix.Name{CommonName: word(), Organization: []string{word()}, OrganizationalUnit: []string{"phone_issued", word()}, SerialNumber: word(), Country: []string{"XX"}},
			ExtraExtensions: []pkix.Extension{
				{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}}, // CA:TRUE
				{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: []byte{0x30, 6, 6, 4, 0x55, 0x1d, 0x25, 0}}}} // anyExtendedKeyUsage
		if rng.IntN(2) == 0 {
			template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: san})
		}
		raw, nonce := c.build(message{kind: "19", recipient: h.ra(), content: c.csr(h.invite(serial).SCEPChallenge, template)})
		cert := c.send(h, raw, nonce).certificate
		if cert == nil {
			t.Fatal("no certificate")
		}
		b, err := h.service.Bind(context.Background(), ca.FingerprintOf(cert.Raw))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := cert.Subject.String(), "SERIALNUMBER="+serial+",CN="+string(b.Device)+",OU=pump_lvp,O=St Elsewhere"; got != want {
			t.Errorf("subject %s, want %s", got, want)
		}
		if cert.IsCA || len(cert.IPAddresses) > 0 || len(cert.UnknownExtKeyUsage) > 0 || len(cert.DNSNames) != 1 || len(cert.URIs) != 1 || strings.Contains(cert.URIs[0].String(), "0000-4000") {
			t.Errorf("the request got something into the certificate: %+v", cert)
		}
	}
}

func TestALostAnswerAskedAgainIsTheSameCertificateUntilItsFirstUse(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	csr := c.csr(h.invite("SN-1").SCEPChallenge, nil)
	ask := func() reply {
		c.signer = selfSigned(t, c.key) // strongSwan makes a new one each time
		raw, nonce := c.build(message{kind: "19", content: csr, recipient: h.ra()})
		return c.send(h, raw, nonce)
	}
	first := ask()
	if first.status != success {
		t.Fatalf("status %s %s", first.status, first.fail)
	}
	h.clock.Advance(23 * time.Hour)
	if again := ask(); again.status != success || !bytes.Equal(again.certificate.Raw, first.certificate.Raw) {
		t.Fatalf("asked again after 23 hours: %+v", again)
	}
	if n := h.issuedCount(); n != 1 {
		t.Fatalf("%d certificates", n)
	}
	h.use(first.certificate)
	if again := ask(); again.status != failure || again.fail != badRequest {
		t.Errorf("asked again after the first use: %+v", again)
	}

	// Never used, but asked again a day later.
	c = newClient(t, rsaKey(t, "pump2", 2048))
	csr = c.csr(h.invite("SN-2").SCEPChallenge, nil)
	if r := ask(); r.status != success {
		t.Fatal(r)
	}
	h.clock.Advance(24*time.Hour + time.Second)
	if again := ask(); again.status != failure {
		t.Errorf("asked again after a day: %+v", again)
	}
}

// use is the device's first authenticated poll with a certificate.
func (h *hospital) use(cert *x509.Certificate) enroll.Binding {
	h.t.Helper()
	ctx := context.Background()
	b, err := h.service.Bind(ctx, ca.FingerprintOf(cert.Raw))
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.service.Complete(ctx, b); err != nil {
		h.t.Fatal(err)
	}
	if b, err = h.service.Bind(ctx, b.Fingerprint); err != nil {
		h.t.Fatal(err)
	}
	if b.Status == enroll.BindingActive && !b.Completed {
		h.t.Fatal("the binding is not completed by its first use")
	}
	return b
}

func TestWrongUsedExpiredAndForeignChallengesGetNothing(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	used := h.invite("SN-1").SCEPChallenge
	if r := newClient(t, rsaKey(t, "pump", 2048)).enroll(h, used); r.status != success {
		t.Fatal(r)
	}
	expired := h.invite("SN-2").SCEPChallenge
	h.clock.Advance(7*24*time.Hour + time.Second)
	cancelled := h.invite("SN-3")
	if err := h.service.CancelInvitation(context.Background(), biomed, cancelled.Invitation.ID); err != nil {
		t.Fatal(err)
	}
	for name, challenge := range map[string]string{"wrong": "letmein", "empty": "", "used": used, "expired": expired,
		"cancelled": cancelled.SCEPChallenge, "the short code itself": cancelled.Code} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			c := newClient(t, rsaKey(t, "pump2", 2048))
			raw, nonce := c.build(message{kind: "19", content: c.csr(challenge, nil), recipient: h.ra()})
			h.refuses(c, raw, nonce, badRequest)
		})
	}
}

func TestKeysThatAreTooSmallOrNotRSAAreRefused(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	challenge := h.invite("SN-1").SCEPChallenge
	t.Run("RSA 1024", func(t *testing.T) {
		c := newClient(t, rsaKey(t, "small", 1024))
		raw, nonce := c.build(message{kind: "19", content: c.csr(challenge, nil), recipient: h.ra()})
		h.refuses(c, raw, nonce, badAlg)
	})
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("EC signer and request", func(t *testing.T) {
		c := newClient(t, ec)
		raw, nonce := c.build(message{kind: "19", content: c.csr(challenge, nil), recipient: h.ra()})
		h.refuses(c, raw, nonce, badAlg)
	})
	t.Run("EC request under an RSA signer", func(t *testing.T) {
		c := newClient(t, rsaKey(t, "pump", 2048))
		raw, nonce := c.build(message{kind: "19", content: (&client{t: t, key: ec}).csr(challenge, nil), recipient: h.ra()})
		h.refuses(c, raw, nonce, badAlg)
	})
	// The challenge was not burnt by any of it.
	if r := newClient(t, rsaKey(t, "pump", 2048)).enroll(h, challenge); r.status != success {
		t.Errorf("%+v", r)
	}
}

func TestEverythingThatFailsInsideTheEnvelopeIsAnsweredAlike(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	challenge := h.invite("SN-1").SCEPChallenge
	c := newClient(t, rsaKey(t, "pump", 2048))
	good := c.csr(challenge, nil)
	broken := bytes.Clone(good)
	broken[len(broken)-1] ^= 1
	stranger := (&client{t: t, key: rsaKey(t, "stranger", 2048)}).csr(challenge, nil)

	envelope := func() []byte {
		e, err := pkcs7.Encrypt(good, []*x509.Certificate{h.ra()})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	// The sealed key is the only 256-byte string in the envelope, the content its end.
	wrongKey := envelope()
	at := bytes.Index(wrongKey, []byte{0x04, 0x82, 0x01, 0x00})
	copy(wrongKey[at+4:], bytes.Repeat([]byte{7}, 256))
	wrongPadding := envelope()
	wrongPadding[len(wrongPadding)-1] ^= 1
	half := envelope()
	half = half[:len(half)-8] // not whole blocks any more: lengths are repaired below

	for name, m := range map[string]message{
		"not signed with its own key":       {content: broken},
		"a request for somebody else's key": {content: stranger},
		"not a certificate request":         {content: []byte("hello")},
		"empty":                             {content: []byte{}},
		"wrong RSA padding":                 {envelope: wrongKey},
		"wrong CBC padding":                 {envelope: wrongPadding},
		"not whole blocks":                  {envelope: relength(t, half)},
	} {
		t.Run(name, func(t *testing.T) {
			h.t = t
			m.kind, m.recipient = "19", h.ra()
			raw, nonce := c.build(m)
			h.refuses(c, raw, nonce, badMessageCheck)
		})
	}
}

// relength rewrites the lengths around the encrypted content, which was cut.
func relength(t *testing.T, cut []byte) []byte {
	t.Helper()
	var fix func(b []byte) []byte
	fix = func(b []byte) []byte {
		if len(b) < 2 {
			return b
		}
		tag, rest := b[0], b[1:]
		header, n := 1, int(rest[0])
		if n >= 0x80 {
			header, n = 1+int(rest[0]&0x7f), 0
			for _, x := range rest[1 : 1+int(rest[0]&0x7f)] {
				n = n<<8 | int(x)
			}
		}
		body := rest[header:]
		if n <= len(body) { // whole: the cut is in a later sibling
			return append(bytes.Clone(b[:1+header+n]), fix(body[n:])...)
		}
		if tag&0x20 != 0 {
			body = fix(body)
		}
		return append([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}, body...)
	}
	return fix(cut)
}

func TestATamperedMessageIsRefused(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	raw, nonce := c.build(message{kind: "19", content: c.csr(h.invite("SN-1").SCEPChallenge, nil), recipient: h.ra()})
	raw[len(raw)-1] ^= 1 // the end is the signature
	h.refuses(c, raw, nonce, badMessageCheck)
}

func TestDESIsRefusedBeforeAnythingIsOpened(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmDESCBC
	envelope, err := pkcs7.Encrypt(c.csr(h.invite("SN-1").SCEPChallenge, nil), []*x509.Certificate{h.ra()})
	pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC
	if err != nil {
		t.Fatal(err)
	}
	raw, nonce := c.build(message{kind: "19", envelope: envelope})
	h.refuses(c, raw, nonce, badAlg)

	raw, nonce = c.build(message{kind: "19", content: c.csr("x", nil), recipient: h.ra(), digest: pkcs7.OIDDigestAlgorithmSHA1})
	h.refuses(c, raw, nonce, badAlg)
}

func TestOnlyTheSignerCanOpenTheAnswer(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, nonce := c.build(message{kind: "19", content: c.csr(h.invite("SN-1").SCEPChallenge, nil), recipient: h.ra(),
		extra: []*x509.Certificate{selfSigned(t, rsaKey(t, "stranger", 2048)), selfSigned(t, ec)}})
	_, body := post(t, h, raw)
	if r := c.read(h, body, nonce); r.status != success {
		t.Fatalf("%+v", r)
	}
	p7, err := pkcs7.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	// One recipient: the one 256-byte string is the key sealed to the signer.
	if n := bytes.Count(p7.Content, []byte{0x04, 0x82, 0x01, 0x00}); n != 1 {
		t.Errorf("the answer is encrypted to %d certificates", n)
	}
}
