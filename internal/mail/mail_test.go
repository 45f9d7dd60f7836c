package mail_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"wardline/alert"
	"wardline/internal/mail"
)

// post is a hospital's mail server: it wants TLS and a password, and knows one
// mailbox.
type post struct {
	mu       sync.Mutex
	received []string
	secure   bool
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secure := c.TLSConnectionState()
	p.mu.Lock()
	p.secure = secure
	p.mu.Unlock()
	return &session{p: p}, nil
}

type session struct {
	p      *post
	signed bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != "wardline" || password != "a secret" {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.signed {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch to {
	case "duty@hospital.test":
		return nil
	case "full@hospital.test":
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	}
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.received = append(s.p.received, string(text))
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// opens starts the mail server; implicit: TLS from the first byte. It returns its
// address and the file with its certificate.
func opens(t *testing.T, p *post, implicit bool) (address, ca string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	server := smtp.NewServer(p)
	server.Domain, server.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return address, ca
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func options(t *testing.T, address, ca string, how mail.Security) mail.Options {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "password")
	must(t, os.WriteFile(secret, []byte("a secret\n"), 0o600))
	return mail.Options{Server: address, Security: how, User: "wardline", PasswordFile: secret, From: "Wardline <wardline@hospital.test>", CAFile: ca}
}

func letter(to string) alert.Mail {
	return alert.Mail{ID: "0199-delivery", To: to, Subject: "[Wardline!] Zwei Geräte benutzen eine Identität", Text: "Sehen Sie nach.\n.\nEnde.\n"}
}

func TestAMailArrivesEncryptedAndSignedIn(t *testing.T) {
	for _, how := range []mail.Security{mail.StartTLS, mail.TLS} {
		p := &post{}
		address, ca := opens(t, p, how == mail.TLS)
		m, err := mail.New(options(t, address, ca, how))
		must(t, err)
		must(t, m.Send(t.Context(), letter("duty@hospital.test")))
		if len(p.received) != 1 || !p.secure {
			t.Fatalf("%s: %d mails arrived, encrypted: %v", how, len(p.received), p.secure)
		}
		for _, has := range []string{"Message-ID: <0199-delivery@hospital.test>", "Auto-Submitted: auto-generated", "From: \"Wardline\" <wardline@hospital.test>",
			"=?UTF-8?q?[Wardline!]_Zwei_Ger=C3=A4te_benutzen", "Ende."} {
			if !strings.Contains(p.received[0], has) {
				t.Errorf("%s: the mail lacks %q:\n%s", how, has, p.received[0])
			}
		}
	}
}

func TestAMailboxThatIsNotThereIsNotTriedAgainAndAFullOneIs(t *testing.T) {
	address, ca := opens(t, &post{}, false)
	m, err := mail.New(options(t, address, ca, mail.StartTLS))
	must(t, err)
	if err := m.Send(t.Context(), letter("left@hospital.test")); !errors.Is(err, alert.ErrForGood) {
		t.Errorf("no such mailbox: %v", err)
	}
	if err := m.Send(t.Context(), letter("full@hospital.test")); err == nil || errors.Is(err, alert.ErrForGood) {
		t.Errorf("a full mailbox: %v", err)
	}
}

func TestNoMailLeavesToAServerThatIsNotTrustedOrInTheClear(t *testing.T) {
	p := &post{}
	address, ca := opens(t, p, false)
	stranger := options(t, address, "", mail.StartTLS)
	m, err := mail.New(stranger)
	must(t, err)
	if err := m.Send(t.Context(), letter("duty@hospital.test")); err == nil {
		t.Error("a server with a certificate of nobody's was believed")
	}
	wrong := options(t, address, ca, mail.StartTLS)
	must(t, os.WriteFile(wrong.PasswordFile, []byte("another"), 0o600))
	if m, err = mail.New(wrong); err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), letter("duty@hospital.test")); err == nil || strings.Contains(err.Error(), "another") {
		t.Errorf("a wrong password: %v", err)
	}
	if len(p.received) != 0 {
		t.Errorf("%d mails arrived", len(p.received))
	}
	for what, o := range map[string]mail.Options{
		"plain to another machine": {Server: "mail.hospital.test:25", Security: mail.Plain, From: "w@hospital.test"},
		"no port":                  {Server: "mail.hospital.test", Security: mail.StartTLS, From: "w@hospital.test"},
		"no sender":                {Server: "mail.hospital.test:587", Security: mail.StartTLS},
		"a user without password":  {Server: "mail.hospital.test:587", Security: mail.StartTLS, From: "w@hospital.test", User: "w"},
	} {
		if _, err := mail.New(o); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
}
