package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// ActorKind says what kind of actor caused an event.
type ActorKind string

// The kinds of actor.
const (
	ActorPerson ActorKind = "person" // signed in through a session
	ActorToken  ActorKind = "token"  // an API token; never a second person
	ActorLocal  ActorKind = "local"  // an operating-system user through the server's socket
	ActorDevice ActorKind = "device" // a device, by its client certificate
	ActorSystem ActorKind = "system" // the server itself: expiry, policy, schedule
	ActorNobody ActorKind = "nobody" // an unauthenticated request, such as a refused SCEP message
)

// Actor is who did it and how they proved who they are.
type Actor struct {
	Kind ActorKind `json:"kind"`
	// ID is the account, token or device; "local:<os user>" for ActorLocal; the
	// name of the loop for ActorSystem; the remote address for ActorNobody.
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Owner is the account that an API token belongs to.
	Owner string `json:"owner,omitempty"`
	// Session is the session in which it happened, for people.
	Session string `json:"session,omitempty"`
	// Factor names how the person signed in, such as "password+totp", and what
	// stepped up where a step-up was needed.
	Factor string `json:"factor,omitempty"`
	// Via is the program or page: console, cli, api, agent, scep.
	Via string `json:"via,omitempty"`
}

// Action names what happened: a noun and a past participle, such as
// "command.requested". Requested, approved, delivered, accepted and settled are
// separate actions; "requested" is never shown as "done".
type Action string

// Event is one thing that happened. Once recorded it never changes.
type Event struct {
	// ID is a UUIDv7.
	ID string
	// At is the time of the transaction that it is recorded in, by the
	// database's clock, UTC, to the microsecond.
	At     time.Time
	Actor  Actor
	Action Action

	// Device, Enrollment and Command say what it is about; each may be empty.
	Device     string
	Enrollment string
	Command    string
	// Subject is anything else it is about, such as "invitation:<id>" or
	// "account:<id>".
	Subject string
	// Request is the id of the HTTP request, as in the server's log.
	Request string

	// Detail holds the facts of this action: state and age, matrix version,
	// order hash, reason. It never holds a secret, a challenge, a token, a
	// passcode or a precise location.
	Detail map[string]any
}

// canonical is the fixed order of fields in the canonical bytes.
type canonical struct {
	ID         string         `json:"id"`
	At         string         `json:"at"`
	Actor      Actor          `json:"actor"`
	Action     Action         `json:"action"`
	Device     string         `json:"device,omitempty"`
	Enrollment string         `json:"enrollment,omitempty"`
	Command    string         `json:"command,omitempty"`
	Subject    string         `json:"subject,omitempty"`
	Request    string         `json:"request,omitempty"`
	Detail     map[string]any `json:"detail,omitempty"`
}

const timeLayout = "2006-01-02T15:04:05.000000Z"

// Canonical returns the bytes that are stored, hashed and later verified as
// stored: JSON with fixed field order, map keys sorted, no HTML escaping, no
// final newline. Nothing is ever re-encoded to verify it.
func (e Event) Canonical() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(canonical{
		ID: e.ID, At: e.At.UTC().Format(timeLayout), Actor: e.Actor, Action: e.Action,
		Device: e.Device, Enrollment: e.Enrollment, Command: e.Command,
		Subject: e.Subject, Request: e.Request, Detail: e.Detail,
	})
	if err != nil {
		return nil, fmt.Errorf("encode audit event %s: %w", e.Action, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Parse reads canonical bytes back into an Event, to show it. Numbers in Detail
// come back as json.Number.
func Parse(body []byte) (Event, error) {
	var c canonical
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&c); err != nil {
		return Event{}, fmt.Errorf("parse audit event: %w", err)
	}
	at, err := time.Parse(timeLayout, c.At)
	if err != nil {
		return Event{}, fmt.Errorf("parse audit event: %w", err)
	}
	return Event{ID: c.ID, At: at, Actor: c.Actor, Action: c.Action, Device: c.Device,
		Enrollment: c.Enrollment, Command: c.Command, Subject: c.Subject, Request: c.Request, Detail: c.Detail}, nil
}

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// HashOf returns the hash of an event's canonical bytes.
func HashOf(body []byte) Hash { return sha256.Sum256(body) }
