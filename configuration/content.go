package configuration

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardline/device"
	"wardline/internal/fault"
)

// MaxContent is the size of a document's content in bytes: it travels whole in
// an order.
const MaxContent = 32 << 10

// WiFi is a wireless network that is entered with the device's own certificate.
// It holds no password: a network with a shared key cannot be configured here,
// since every device that leaves the house would take the key with it.
type WiFi struct {
	SSID string `json:"ssid"` // 1 to 32 bytes
	// ServerNames are the names in the certificate of the RADIUS server; a device
	// joins no network whose server has another.
	ServerNames []string `json:"server_names"`
	// TrustPEM are the certificates of the authorities that the RADIUS server's
	// certificate may be from.
	TrustPEM []string `json:"trust_pem"`
	Hidden   bool     `json:"hidden"`
	// MinimumTLS is "1.2" or "1.3".
	MinimumTLS string `json:"minimum_tls"`
	// FixedMAC has the device use its own MAC address on this network, so that it
	// can be told apart.
	FixedMAC bool `json:"fixed_mac"`
}

// Policy is a passcode policy.
type Policy struct {
	MinimumLength int `json:"minimum_length"` // 4 to 16
	// Alphanumeric asks for letters and digits.
	Alphanumeric bool `json:"alphanumeric"`
	// LockAfterSeconds is how long an untouched device stays unlocked: 30 to 3600.
	LockAfterSeconds int `json:"lock_after_seconds"`
	// GraceSeconds is how long after locking no passcode is asked for: 0 to 900.
	GraceSeconds int `json:"grace_seconds"`
	// MaximumFailures is after how many wrong passcodes the device locks itself for
	// good or erases itself, as its model does: 4 to 20; 0: never.
	MaximumFailures int `json:"maximum_failures"`
	// ChangeAfterDays is when a new passcode is asked for: 0 (never) to 730.
	ChangeAfterDays int `json:"change_after_days"`
}

// Text is what stands on the lock screen for whoever finds the device.
type Text struct {
	Message     string `json:"message"`      // 1 to 200 characters
	PhoneNumber string `json:"phone_number"` // may be empty
	Reward      string `json:"reward"`       // may be empty, up to 80 characters
}

// Apps are the applications that may be used; everything else is hidden. An empty
// list is refused: it would leave a device without a telephone.
type Apps struct {
	Allowed []string `json:"allowed"` // identifiers such as "org.example.calls", 1 to 500
}

// Trust are certificates of authorities that devices are to trust.
type Trust struct {
	CertificatesPEM []string `json:"certificates_pem"` // 1 to 10
}

// checkContent reads content strictly as what its subkind says and returns it in
// one form: the same content has the same bytes.
func checkContent(subkind device.Subkind, content json.RawMessage, now time.Time) (json.RawMessage, error) {
	bad := fault.CodeInvalid.New("The document's content is not right.")
	if len(content) > MaxContent {
		return nil, fault.CodeTooLarge.New("The content has %d bytes; at most %d are possible.", len(content), MaxContent)
	}
	var value any
	switch subkind {
	case device.SubkindWiFi:
		value = checked(content, bad, func(w *WiFi) { w.check(now, bad) })
	case device.SubkindPolicy:
		value = checked(content, bad, func(p *Policy) { p.check(bad) })
	case device.SubkindText:
		value = checked(content, bad, func(t *Text) { t.check(bad) })
	case device.SubkindApps:
		value = checked(content, bad, func(a *Apps) { a.check(bad) })
	case device.SubkindTrust:
		value = checked(content, bad, func(t *Trust) { t.check(now, bad) })
	default:
		bad.WithField("subkind", "must be one of %v", device.ConfigSubkinds())
	}
	if len(bad.Fields) > 0 {
		return nil, bad
	}
	out, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode the content of a document: %w", err)
	}
	return out, nil
}

// checked decodes content into a T and has it checked; what is wrong goes to bad.
func checked[T any](content json.RawMessage, bad *fault.Fault, check func(*T)) *T {
	var v T
	if err := decodeStrict(content, &v); err != nil {
		bad.WithField("content", "%s", err)
		return &v
	}
	check(&v)
	return &v
}

// decodeStrict refuses unknown and double names and anything after the value. A
// name given twice would mean one thing here and another on the device.
func decodeStrict(content []byte, to any) error {
	if err := refuseDoubleNames(json.NewDecoder(bytes.NewReader(content))); err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) {
		return errors.New("must be a JSON object")
	}
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		var typed *json.UnmarshalTypeError
		if errors.As(err, &typed) {
			return fmt.Errorf("%s must not be a %s", typed.Field, typed.Value)
		}
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			return fmt.Errorf("%s is not known here", name)
		}
		return errors.New("is not a JSON object")
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("goes on after its end")
	}
	return nil
}

// maxDepth is far deeper than any document is.
const maxDepth = 8

func refuseDoubleNames(dec *json.Decoder) error {
	type level struct {
		names map[string]bool // nil for a list
		name  bool            // a name comes next
	}
	var stack []*level
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return errors.New("is not JSON")
		}
		var top *level
		if len(stack) > 0 {
			top = stack[len(stack)-1]
		}
		if s, ok := token.(string); ok && top != nil && top.names != nil && top.name {
			// Go takes "SSID" for "ssid"; a device may not.
			if strings.ToLower(s) != s {
				return fmt.Errorf("%q is not known here", s)
			}
			if top.names[s] {
				return fmt.Errorf("holds %q twice", s)
			}
			top.names[s], top.name = true, false
			continue
		}
		if top != nil && top.names != nil {
			top.name = true // after this value
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, &level{names: map[string]bool{}, name: true})
		case json.Delim('['):
			stack = append(stack, &level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
		if len(stack) > maxDepth {
			return errors.New("is nested too deeply")
		}
	}
}

func (w *WiFi) check(now time.Time, bad *fault.Fault) {
	if len(w.SSID) < 1 || len(w.SSID) > 32 || !utf8.ValidString(w.SSID) || !showable(w.SSID) {
		bad.WithField("content.ssid", "must have 1 to 32 characters that can be shown")
	}
	if len(w.ServerNames) < 1 || len(w.ServerNames) > 10 {
		bad.WithField("content.server_names", "name the RADIUS server, by 1 to 10 names: without one a device would join a network that only has the same name")
	}
	for _, n := range w.ServerNames {
		if !hostName.MatchString(n) || len(n) > 253 {
			bad.WithField("content.server_names", "%.60q is not a host name", n)
		}
	}
	checkCertificates("content.trust_pem", w.TrustPEM, now, bad)
	if w.MinimumTLS == "" {
		w.MinimumTLS = "1.2"
	}
	if w.MinimumTLS != "1.2" && w.MinimumTLS != "1.3" {
		bad.WithField("content.minimum_tls", "must be 1.2 or 1.3")
	}
}

var hostName = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

func (p *Policy) check(bad *fault.Fault) {
	between(bad, "content.minimum_length", p.MinimumLength, 4, 16)
	between(bad, "content.lock_after_seconds", p.LockAfterSeconds, 30, 3600)
	between(bad, "content.grace_seconds", p.GraceSeconds, 0, 900)
	between(bad, "content.change_after_days", p.ChangeAfterDays, 0, 730)
	if p.MaximumFailures != 0 {
		between(bad, "content.maximum_failures", p.MaximumFailures, 4, 20)
	}
}

func between(bad *fault.Fault, name string, v, least, most int) {
	if v < least || v > most {
		bad.WithField(name, "must be %d to %d", least, most)
	}
}

var phoneNumber = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{1,30}[0-9]$`)

func (t *Text) check(bad *fault.Fault) {
	t.Message, t.PhoneNumber, t.Reward = strings.TrimSpace(t.Message), strings.TrimSpace(t.PhoneNumber), strings.TrimSpace(t.Reward)
	if n := utf8.RuneCountInString(t.Message); n < 1 || n > 200 || !showable(t.Message) {
		bad.WithField("content.message", "must have 1 to 200 characters that can be shown")
	}
	if t.PhoneNumber != "" && !phoneNumber.MatchString(t.PhoneNumber) {
		bad.WithField("content.phone_number", "is not a telephone number")
	}
	if utf8.RuneCountInString(t.Reward) > 80 || !showable(t.Reward) {
		bad.WithField("content.reward", "must have up to 80 characters that can be shown")
	}
}

var appIdentifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$`)

func (a *Apps) check(bad *fault.Fault) {
	if len(a.Allowed) < 1 || len(a.Allowed) > 500 {
		bad.WithField("content.allowed", "must name 1 to 500 applications")
	}
	seen := map[string]bool{}
	for _, id := range a.Allowed {
		switch {
		case !appIdentifier.MatchString(id):
			bad.WithField("content.allowed", "%.60q is not the identifier of an application", id)
		case seen[id]:
			bad.WithField("content.allowed", "%s stands in the list twice", id)
		}
		seen[id] = true
	}
}

func (t *Trust) check(now time.Time, bad *fault.Fault) {
	checkCertificates("content.certificates_pem", t.CertificatesPEM, now, bad)
}

const maxCertificates = 10

// checkCertificates takes certificates of authorities only, in date. It writes
// each back as one clean PEM block.
func checkCertificates(name string, texts []string, now time.Time, bad *fault.Fault) {
	if len(texts) < 1 || len(texts) > maxCertificates {
		bad.WithField(name, "must hold 1 to %d certificates", maxCertificates)
	}
	for i, text := range texts {
		if len(texts) > maxCertificates {
			return
		}
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			bad.WithField(name, "entry %d is not one certificate in PEM form", i+1)
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			bad.WithField(name, "entry %d is not a certificate", i+1)
		case !c.BasicConstraintsValid || !c.IsCA:
			bad.WithField(name, "entry %d (%.60s) is not the certificate of an authority", i+1, c.Subject)
		case now.After(c.NotAfter):
			bad.WithField(name, "entry %d (%.60s) ended on %s", i+1, c.Subject, c.NotAfter.Format(time.DateOnly))
		}
		texts[i] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: block.Bytes}))
	}
}

func showable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf) })
}
