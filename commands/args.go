package commands

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"wardline/device"
	"wardline/internal/fault"
)

// Limits of texts, in characters.
const (
	maxMessage = 240
	maxReason  = 500
	maxTicket  = 64
)

// maxConfigContent is the size of a configuration document's content, in bytes.
const maxConfigContent = 32 << 10

// argument checks one member of args and returns what goes into the order.
type argument struct {
	name     string
	required bool
	check    func(json.RawMessage) (any, error)
}

// schemas are the arguments of each kind, in the order in which they stand in
// the order's bytes. What is not listed is refused.
var schemas = map[device.Kind][]argument{
	device.KindRefresh:          nil,
	device.KindLocate:           nil,
	device.KindCollectLogs:      nil,
	device.KindUnlock:           nil,
	device.KindUnstage:          nil,
	device.KindRenewCertificate: nil,
	device.KindRestart:          nil,
	device.KindContain:          {{"break_glass", false, pleaArg}},
	device.KindDecommission:     nil,
	device.KindWriteOff:         nil,
	device.KindLostModeOff:      nil,
	device.KindClearPasscode:    nil,
	device.KindRemoveWorkData:   nil,
	device.KindRing:             {{"seconds", false, wholeNumber(1, 300)}},
	device.KindMessage:          {{"text", true, text(1, maxMessage)}},
	device.KindLock:             {{"message", false, text(0, maxMessage)}, {"phone_number", false, phoneNumber}},
	device.KindLostModeOn: {{"message", true, text(1, maxMessage)}, {"phone_number", false, phoneNumber},
		{"footnote", false, text(0, maxMessage)}},
	// wipe_first keeps the certificate good until the device has accepted the
	// wipe: for a phone that knows only our Wi-Fi (SAFETY 5).
	device.KindWipe: {{"wipe_first", false, boolean}},
	// beyond_reach says that the asker knows: after it no wipe can reach the device
	// (SAFETY 5).
	device.KindRevoke: {{"beyond_reach", true, yes}, {"key_compromised", false, boolean}},
	device.KindConfig: {{"document_id", true, text(1, 64)}, {"version", true, wholeNumber(1, 1<<31-1)},
		{"content", true, object(maxConfigContent)}},
	device.KindLibrary:  packageArgs,
	device.KindFirmware: packageArgs,
}

// packageArgs name a drug library or a firmware by what it is, so that the
// approved order cannot come to mean another file.
var packageArgs = []argument{{"name", true, text(1, 120)}, {"version", true, text(1, 64)}, {"sha256", true, sha256Hex}}

// checkArgs checks args strictly against the kind and returns the bytes that go
// into the order: the known arguments, in fixed order.
func checkArgs(kind device.Kind, args json.RawMessage) (json.RawMessage, error) {
	schema, known := schemas[kind]
	if !known {
		return nil, safetyCodes["unknown_kind"].New("Wardline does not know the command %.40q.", kind)
	}
	if len(args) == 0 || string(args) == "null" {
		args = json.RawMessage("{}")
	}
	if len(args) > MaxArgs {
		return nil, fault.CodeTooLarge.New("The arguments have %d bytes; at most %d are allowed.", len(args), MaxArgs)
	}
	given := map[string]json.RawMessage{}
	if err := decodeStrict(args, &given, freeFormArgs...); err != nil || !strings.HasPrefix(strings.TrimSpace(string(args)), "{") {
		return nil, fault.CodeInvalid.New("args is not a JSON object with every name once.").WithField("args", "must be an object")
	}
	wrong := fault.CodeInvalid.New("The arguments do not fit %s.", kind)
	members := make([]string, 0, len(schema))
	for _, a := range schema {
		raw, ok := given[a.name]
		delete(given, a.name)
		if !ok || string(raw) == "null" {
			if a.required {
				wrong = wrong.WithField("args."+a.name, "is missing")
			}
			continue
		}
		value, err := a.check(raw)
		if err != nil {
			wrong = wrong.WithField("args."+a.name, "%s", err)
			continue
		}
		encoded, err := encodeJSON(value)
		if err != nil {
			return nil, fmt.Errorf("encode argument %s: %w", a.name, err)
		}
		members = append(members, `"`+a.name+`":`+string(encoded))
	}
	for name := range given {
		wrong = wrong.WithField("args."+name, "is not an argument of %s", kind)
	}
	if len(wrong.Fields) > 0 {
		return nil, wrong
	}
	return json.RawMessage("{" + strings.Join(members, ",") + "}"), nil
}

// freeFormArgs are arguments whose own members may have any name.
var freeFormArgs = []string{"content"}

// text takes a string of min to max characters that can be shown: trimmed, no
// control characters but line feeds.
func text(min, max int) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, errors.New("must be a text")
		}
		s = strings.TrimSpace(s)
		if n := utf8.RuneCountInString(s); n < min || n > max {
			return nil, fmt.Errorf("must have %d to %d characters", min, max)
		}
		if !showable(s) {
			return nil, errors.New("must not hold control characters")
		}
		return s, nil
	}
}

// showable reports whether s can be shown without changing what stands around it:
// it also refuses the marks that turn the direction of writing.
func showable(s string) bool {
	for _, r := range s {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return false
		}
	}
	return true
}

var phonePattern = regexp.MustCompile(`^\+?[0-9][0-9 ()/.-]{1,30}[0-9]$`)

func phoneNumber(raw json.RawMessage) (any, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || !phonePattern.MatchString(strings.TrimSpace(s)) {
		return nil, errors.New("must be a telephone number, such as +31 20 555 0123")
	}
	return strings.TrimSpace(s), nil
}

func wholeNumber(min, max int64) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		var n int64
		if err := json.Unmarshal(raw, &n); err != nil || n < min || n > max {
			return nil, fmt.Errorf("must be a whole number from %d to %d", min, max)
		}
		return n, nil
	}
}

func boolean(raw json.RawMessage) (any, error) {
	var b bool
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, errors.New("must be true or false")
	}
	return b, nil
}

// yes takes true alone: what is confirmed with it has to be known.
func yes(raw json.RawMessage) (any, error) {
	var b bool
	if err := json.Unmarshal(raw, &b); err != nil || !b {
		return nil, errors.New("must be true: after this no wipe can reach the device")
	}
	return b, nil
}

func object(max int) func(json.RawMessage) (any, error) {
	return func(raw json.RawMessage) (any, error) {
		if !strings.HasPrefix(string(raw), "{") {
			return nil, errors.New("must be an object")
		}
		if len(raw) > max {
			return nil, fmt.Errorf("must have at most %d bytes", max)
		}
		return raw, nil
	}
}

var sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

func sha256Hex(raw json.RawMessage) (any, error) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || !sha256Pattern.MatchString(s) {
		return nil, errors.New("must be a SHA-256 in 64 lower-case hexadecimal digits")
	}
	return s, nil
}

// checkSubkind: config has one of its subkinds, everything else has none.
func checkSubkind(kind device.Kind, sub device.Subkind) error {
	if kind != device.KindConfig {
		if sub != device.SubkindNone {
			return fault.CodeInvalid.New("Only config has subkinds.").WithField("subkind", "must be empty for %s", kind)
		}
		return nil
	}
	for _, known := range device.ConfigSubkinds() {
		if sub == known {
			return nil
		}
	}
	return fault.CodeInvalid.New("The subkind of config is not known.").WithField("subkind", "must be one of %v", device.ConfigSubkinds())
}

// checkAsk checks everything that can be checked without knowing the device, and
// returns the ask as it is going to be ordered.
func checkAsk(a Ask) (Ask, error) {
	if !a.Kind.Valid() {
		return a, safetyCodes["unknown_kind"].New("Wardline does not know the command %.40q.", a.Kind).WithField("kind", "is not known")
	}
	if err := checkSubkind(a.Kind, a.Subkind); err != nil {
		return a, err
	}
	args, err := checkArgs(a.Kind, a.Args)
	if err != nil {
		return a, err
	}
	a.Args = args
	a.Reason, a.Ticket = strings.TrimSpace(a.Reason), strings.TrimSpace(a.Ticket)
	switch {
	case utf8.RuneCountInString(a.Reason) > maxReason || !utf8.ValidString(a.Reason) || !showable(a.Reason):
		return a, fault.CodeInvalid.New("The reason is too long or cannot be shown.").WithField("reason", "must have at most %d characters", maxReason)
	case utf8.RuneCountInString(a.Ticket) > maxTicket || !utf8.ValidString(a.Ticket) || !showable(a.Ticket):
		return a, fault.CodeInvalid.New("The ticket is too long or cannot be shown.").WithField("ticket", "must have at most %d characters", maxTicket)
	case a.ExpiresIn < 0 || a.ExpiresIn > heldExpiry || (a.ExpiresIn > 0 && a.ExpiresIn < shortestExpiry):
		return a, fault.CodeInvalid.New("The expiry is out of range.").WithField("expires_in_minutes", "must be 1 to %d", int(heldExpiry.Minutes()))
	}
	return a, nil
}
