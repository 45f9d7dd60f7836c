package app

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"wardline/internal/fault"
)

// Options is everything that an operator can set. The zero value of a field
// means the default that its comment names.
type Options struct {
	// Data is the data folder (created with mode 0700).
	Data string
	// Database is a PostgreSQL address; empty: SQLite in the data folder.
	Database string
	// DatabaseListenURL is a direct PostgreSQL address for LISTEN, needed when
	// Database leads through a transaction-mode pooler.
	DatabaseListenURL string
	// MasterKeyFile holds the 32 bytes that seal secrets at rest; empty:
	// <data>/master.key, made on first start. Replicas of one database need the
	// same file.
	MasterKeyFile string
	// MasterKey holds the key itself in base64, in place of the file; of several
	// keys with commas between them the first one seals.
	MasterKey string
	// MasterKeyCommand, in place of both, is a program that wraps and unwraps the
	// data key (seal.Command).
	MasterKeyCommand string

	// AnchorFile remembers, outside of the database, how far it was; empty:
	// <data>/anchor.json. On another disk it also sees that the data folder itself
	// came from a backup.
	AnchorFile string
	// HeadsTo is where signed heads of the audit log are sent: a folder, or an
	// https address that takes them by POST. Empty: nowhere.
	HeadsTo string

	// Listener addresses, host:port; port 0 picks a free one. Empty MetricsAddr:
	// no metrics listener.
	AdminAddr, PublicAddr, DeviceAddr, PKIAddr, MetricsAddr string
	// What people and devices see. Empty: no certificate and no invitation that
	// would carry it is made, unless Demo is set.
	AdminURL, PublicURL, DeviceURL, PKIURL string

	// MapTilesURL is the map's tile server, a template with {z}, {x} and {y}; empty:
	// no page asks anybody for a map. MapAttribution stands beside the map.
	MapTilesURL, MapAttribution string

	// TrustedProxies are addresses or networks of reverse proxies: what they say of
	// a request's sender is believed. ProxySecretFile holds what they show on the
	// device listener before a client certificate is taken from them.
	TrustedProxies  []string
	ProxySecretFile string

	// MailServer is the hospital's mail server, host:port; empty: no mail is sent.
	// MailSecurity is starttls, tls or none; MailUser signs in with the password in
	// MailPasswordFile; MailFrom is the sender.
	MailServer, MailSecurity, MailUser, MailPasswordFile, MailFrom, MailCAFile string
	// WebhookAllow are networks that webhooks may call although they belong to this
	// machine or its link; WebhookCAFile holds certificates that are trusted there.
	WebhookAllow  []string
	WebhookCAFile string

	// Organization stands in certificates.
	Organization string
	// HelpPhone is whom staff call who have lost a device, and finders.
	HelpPhone string
	// RegisterPhones is how people register phones themselves: open (empty too),
	// approve, or off.
	RegisterPhones string

	// BootstrapAdmin and BootstrapPassword create the first account on a server
	// that has none.
	BootstrapAdmin, BootstrapPassword string

	// DrainTimeout bounds a clean stop. Default 20 s.
	DrainTimeout time.Duration

	// Version is what the program says of itself.
	Version string

	// Demo permits loopback addresses in certificates and invitations, and past
	// founding. It is set by `wardline demo` and by tests only.
	Demo bool

	// Now replaces every clock in tests. Nil: the real ones.
	Now func() time.Time
	// Log receives structured logs. Nil: discarded.
	Log *slog.Logger
	// Out receives what a person at the terminal must see, such as the set-up
	// link. Nil: discarded.
	Out io.Writer
}

// Default addresses: loopback only, so that nothing is exposed by accident.
const (
	DefaultAdminAddr  = "127.0.0.1:8443"
	DefaultPublicAddr = "127.0.0.1:8442"
	DefaultDeviceAddr = "127.0.0.1:8444"
	DefaultPKIAddr    = "127.0.0.1:8081"
)

var codeBadOption = fault.Define(fault.Invalid, "bad_option", "Correct the flag, environment variable or config-file key that is named.")

// complete fills in defaults and refuses what cannot work.
func (o *Options) complete() error {
	if o.Data == "" {
		return codeBadOption.New("--data is empty: name the folder that Wardline keeps its keys and database in")
	}
	if o.AdminAddr == "" {
		o.AdminAddr = DefaultAdminAddr
	}
	if o.PublicAddr == "" {
		o.PublicAddr = DefaultPublicAddr
	}
	if o.DeviceAddr == "" {
		o.DeviceAddr = DefaultDeviceAddr
	}
	if o.PKIAddr == "" {
		o.PKIAddr = DefaultPKIAddr
	}
	if (o.MasterKeyFile != "" && o.MasterKey != "") || (o.MasterKeyCommand != "" && o.MasterKeyFile+o.MasterKey != "") {
		return codeBadOption.New("There is one master key: give one of --master-key-file, WARDLINE_MASTER_KEY and --master-key-command.")
	}
	if o.MasterKeyFile == "" {
		o.MasterKeyFile = filepath.Join(o.Data, "master.key")
	}
	if o.AnchorFile == "" {
		o.AnchorFile = filepath.Join(o.Data, "anchor.json")
	}
	if o.Organization == "" {
		o.Organization = "Wardline"
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = 20 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	for _, a := range []struct{ flag, value string }{
		{"--admin-addr", o.AdminAddr}, {"--public-addr", o.PublicAddr},
		{"--device-addr", o.DeviceAddr}, {"--pki-addr", o.PKIAddr}, {"--metrics-addr", o.MetricsAddr},
	} {
		if a.value == "" && a.flag == "--metrics-addr" {
			continue
		}
		if _, _, err := net.SplitHostPort(a.value); err != nil {
			return codeBadOption.New("%s %q is not host:port, such as 127.0.0.1:8443", a.flag, a.value)
		}
	}
	for _, u := range []struct {
		flag, scheme string
		value        *string
	}{
		{"--admin-url", "https", &o.AdminURL}, {"--public-url", "https", &o.PublicURL},
		{"--device-url", "https", &o.DeviceURL}, {"--pki-url", "http", &o.PKIURL},
	} {
		if err := checkURL(u.flag, u.scheme, u.value); err != nil {
			return err
		}
	}
	if o.HelpPhone = strings.TrimSpace(o.HelpPhone); o.HelpPhone != "" && !phoneNumber.MatchString(o.HelpPhone) {
		return codeBadOption.New("--help-phone %q is not a telephone number, such as +1 555 0100", o.HelpPhone)
	}
	if err := checkHeadsTo(o.HeadsTo, o.Demo); err != nil {
		return err
	}
	if _, err := newForwarded(o.TrustedProxies, o.ProxySecretFile); err != nil {
		return err
	}
	if _, _, err := o.outgoing(); err != nil {
		return err
	}
	_, err := tileOrigin(o.MapTilesURL)
	return err
}

// phoneNumber is what stands on lost screens, and what a telephone dials.
var phoneNumber = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{1,30}[0-9]$`)

// checkURL accepts an address without path, query or user, and strips a final
// slash.
func checkURL(flag, scheme string, value *string) error {
	if *value == "" {
		return nil
	}
	*value = strings.TrimSuffix(*value, "/")
	u, err := url.Parse(*value)
	if err != nil || u.Scheme != scheme || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.User != nil {
		return codeBadOption.New("%s %q is not an address of the form %s://name or %s://name:port", flag, *value, scheme, scheme)
	}
	return nil
}

// localURL is the address of a listener as people on this machine type it.
func localURL(scheme string, addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return scheme + "://" + addr.String()
	}
	host := tcp.IP.String()
	if tcp.IP.IsLoopback() || tcp.IP.IsUnspecified() {
		host = "localhost"
	}
	return fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(host, fmt.Sprint(tcp.Port)))
}

// hostOf is the host name in an address, or "".
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
