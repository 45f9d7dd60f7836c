package commands

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Sizes of what travels, in bytes. A device's memory is small, and a limit that
// is not there is found by somebody.
const (
	MaxArgs  = 40 << 10 // an order's arguments; a configuration document is the largest
	MaxOrder = 48 << 10 // an order's bytes
)

// Order is what one device is told to do, once and for all. Its bytes are made
// when it is asked, stored, hashed, approved by that hash, and handed out as
// they are inside each envelope: they are never encoded again.
type Order struct {
	Command    ID
	Kind       device.Kind
	Subkind    device.Subkind
	Args       json.RawMessage // a JSON object, as checked when it was asked
	Device     device.ID
	Enrollment device.EnrollmentID
	Class      device.Class
	Requester  Requester
	Reason     string
	Ticket     string
	AskedAt    time.Time
	// NotAfter is when the order ends for the device. Zero: the order has no end
	// of its own and the expiry of each envelope counts alone. Only lock, lost
	// mode and wipe of things that people carry are such: they do not expire
	// while the device is lost, which nobody knows when the order is written.
	NotAfter time.Time
}

// Requester is who asked, as it stands in the order.
type Requester struct {
	Kind audit.ActorKind `json:"kind"`
	ID   string          `json:"id"`
	Name string          `json:"name"`
}

// orderVersion is the only version of the order's JSON there is.
const orderVersion = 1

// wireOrder is the order of fields in the bytes.
type wireOrder struct {
	Version    int                 `json:"version"`
	Command    ID                  `json:"command_id"`
	Kind       device.Kind         `json:"kind"`
	Subkind    device.Subkind      `json:"subkind"`
	Args       json.RawMessage     `json:"args"`
	Device     device.ID           `json:"device_id"`
	Enrollment device.EnrollmentID `json:"enrollment_id"`
	Class      device.Class        `json:"class"`
	Requester  Requester           `json:"requester"`
	Reason     string              `json:"reason"`
	Ticket     string              `json:"ticket"`
	AskedAt    wireTime            `json:"asked_at"`
	NotAfter   wireTime            `json:"not_after"`
}

// wireTime is a time in signed JSON: RFC 3339, UTC, whole milliseconds; the
// zero time is the empty string.
type wireTime time.Time

const wireTimeLayout = "2006-01-02T15:04:05.000Z"

// MarshalJSON implements json.Marshaler.
func (t wireTime) MarshalJSON() ([]byte, error) {
	if time.Time(t).IsZero() {
		return []byte(`""`), nil
	}
	return []byte(`"` + time.Time(t).UTC().Format(wireTimeLayout) + `"`), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *wireTime) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("a time is a string: %w", err)
	}
	if s == "" {
		*t = wireTime{}
		return nil
	}
	at, err := time.Parse(wireTimeLayout, s)
	if err != nil {
		return fmt.Errorf("%.40q is not a time such as %s", s, wireTimeLayout)
	}
	*t = wireTime(at)
	return nil
}

// encodeJSON encodes v on one line, in the order of its fields, without HTML
// escapes.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Encode makes the order's bytes. It is called once in the life of an order.
func (o Order) Encode() ([]byte, error) {
	if len(o.Args) == 0 {
		o.Args = json.RawMessage("{}")
	}
	b, err := encodeJSON(wireOrder{Version: orderVersion, Command: o.Command, Kind: o.Kind, Subkind: o.Subkind, Args: o.Args,
		Device: o.Device, Enrollment: o.Enrollment, Class: o.Class, Requester: o.Requester, Reason: o.Reason, Ticket: o.Ticket,
		AskedAt: wireTime(o.AskedAt), NotAfter: wireTime(o.NotAfter)})
	if err != nil {
		return nil, fmt.Errorf("encode order %s: %w", o.Command, err)
	}
	if len(b) > MaxOrder {
		return nil, fmt.Errorf("encode order %s: %d bytes are more than an order may have", o.Command, len(b))
	}
	return b, nil
}

// ErrBadOrder is in the chain of every error of ParseOrder.
var ErrBadOrder = errors.New("not an order")

// ParseOrder reads an order's bytes. It refuses names that it does not know or
// that occur twice. A kind that this program does not know is no error here: the
// device answers such an order with a refusal, which needs its command id.
func ParseOrder(b []byte) (Order, error) {
	o, err := parseOrder(b)
	if err != nil {
		return Order{}, fmt.Errorf("%w: %w", ErrBadOrder, err)
	}
	return o, nil
}

func parseOrder(b []byte) (Order, error) {
	if len(b) > MaxOrder {
		return Order{}, errors.New("too large")
	}
	var w wireOrder
	if err := decodeStrict(b, &w, "args"); err != nil {
		return Order{}, err
	}
	if w.Version != orderVersion {
		return Order{}, fmt.Errorf("version %d is not known", w.Version)
	}
	if _, err := ParseID(string(w.Command)); err != nil {
		return Order{}, fmt.Errorf("command_id: %w", err)
	}
	if _, err := device.ParseID(string(w.Device)); err != nil {
		return Order{}, fmt.Errorf("device_id: %w", err)
	}
	if _, err := device.ParseEnrollmentID(string(w.Enrollment)); err != nil {
		return Order{}, fmt.Errorf("enrollment_id: %w", err)
	}
	if !plainName(string(w.Kind)) || len(w.Kind) > 40 {
		return Order{}, errors.New("kind is not a name")
	}
	if len(w.Args) > MaxArgs || !bytes.HasPrefix(w.Args, []byte("{")) {
		return Order{}, errors.New("args is not an object of a size that is allowed")
	}
	if time.Time(w.AskedAt).IsZero() {
		return Order{}, errors.New("asked_at is missing")
	}
	return Order{Command: w.Command, Kind: w.Kind, Subkind: w.Subkind, Args: w.Args, Device: w.Device, Enrollment: w.Enrollment,
		Class: w.Class, Requester: w.Requester, Reason: w.Reason, Ticket: w.Ticket,
		AskedAt: time.Time(w.AskedAt), NotAfter: time.Time(w.NotAfter)}, nil
}

// HashOrder is the name by which an order is approved and receipted: "sha256:"
// and the hexadecimal SHA-256 of its bytes.
func HashOrder(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
