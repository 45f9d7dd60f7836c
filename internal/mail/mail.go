package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"os"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"wardline/alert"
)

// Security says how a connection to the mail server is encrypted.
type Security string

// How connections are encrypted.
const (
	StartTLS Security = "starttls"
	TLS      Security = "tls"
	Plain    Security = "none" // to this machine only
)

// Options says which mail server is used.
type Options struct {
	Server   string // host:port
	Security Security
	// User signs in with the password in PasswordFile; empty: nobody signs in.
	User, PasswordFile string
	// From is the sender's address.
	From string
	// CAFile holds certificates, PEM, that are trusted beside the system's.
	CAFile string
	// Domain is in the ids of messages and in the greeting; empty: the sender's.
	Domain string
}

// Mailer sends mail. It is safe for concurrent use.
type Mailer struct {
	o    Options
	host string
	port int
	tls  *tls.Config
}

var _ alert.Mailer = (*Mailer)(nil)

const timeout = 20 * time.Second

// New checks the options and returns a mailer. It does not connect.
func New(o Options) (*Mailer, error) {
	host, port, err := net.SplitHostPort(o.Server)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port, such as mail.hospital.example:587", o.Server)
	}
	m := &Mailer{o: o, host: host}
	if m.port, err = strconv.Atoi(port); err != nil || m.port < 1 || m.port > 65535 {
		return nil, fmt.Errorf("%q is not host:port, such as mail.hospital.example:587", o.Server)
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("the sender %q is not a mail address", o.From)
	}
	if o.Domain == "" {
		_, m.o.Domain, _ = strings.Cut(from.Address, "@")
	}
	switch o.Security {
	case StartTLS, TLS:
	case Plain:
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, errors.New("mail without encryption is sent to this machine's own server only")
		}
	default:
		return nil, fmt.Errorf("the encryption %q is none of starttls, tls, none", o.Security)
	}
	if (o.User == "") != (o.PasswordFile == "") {
		return nil, errors.New("a user name for the mail server and a file with its password belong together")
	}
	if _, err := m.password(); err != nil {
		return nil, err
	}
	m.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		text, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates that the mail server is trusted by: %w", err)
		}
		if m.tls.RootCAs, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("read the system's certificates: %w", err)
		}
		if !m.tls.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("there is no certificate in %s", o.CAFile)
		}
	}
	return m, nil
}

func (m *Mailer) password() (string, error) {
	if m.o.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(m.o.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the mail server's password: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

func (m *Mailer) client() (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(m.port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(m.tls.Clone()), gomail.WithHELO(m.o.Domain)}
	switch m.o.Security {
	case StartTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case TLS:
		options = append(options, gomail.WithSSL())
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if m.o.User != "" {
		password, err := m.password()
		if err != nil {
			return nil, err
		}
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.o.User), gomail.WithPassword(password))
	}
	return gomail.NewClient(m.host, options...)
}

// Send implements alert.Mailer. A mail server that says no for good (there is no
// such mailbox) is not asked again.
func (m *Mailer) Send(ctx context.Context, letter alert.Mail) error {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.From(m.o.From), msg.To(letter.To)); err != nil {
		return fmt.Errorf("write the mail: %w: %w", alert.ErrForGood, err)
	}
	msg.Subject(letter.Subject)
	msg.SetDate()
	// The same at every attempt: a mailbox that knows it shows the mail once.
	msg.SetMessageIDWithValue(letter.ID + "@" + m.o.Domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.SetBodyString(gomail.TypeTextPlain, letter.Text)
	client, err := m.client()
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 && !refused.IsTemp() && refused.Reason == gomail.ErrSMTPRcptTo {
		return fmt.Errorf("the mail server refuses the recipient: %w: %w", alert.ErrForGood, err)
	}
	if err != nil {
		return fmt.Errorf("send the mail: %w", err)
	}
	return nil
}
