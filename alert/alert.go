package alert

import (
	"time"

	"wardline/audit"
	"wardline/device"
)

// ID identifies an alert (UUIDv7).
type ID string

// Account is an account's id, as package auth gives it.
type Account string

// Alert is something that people must hear of.
type Alert struct {
	ID   ID
	Rule RuleID
	// Key is what it is about. While it is active, the same again is the same
	// alert, told once and counted.
	Key string

	// What it is about; each may be empty. An alert about an account is seen by
	// those who see accounts, one about a device by those who see the device.
	Device  device.ID
	Command string
	Account Account
	Subject string // as in the audit event, such as "freeze:<id>"
	Place   device.PlaceID
	// Site and Class are the device's when it was raised.
	Site  device.PlaceID
	Class device.Class

	// Facts are what its sentences are made of. They hold no text that people
	// typed, no location and no secret.
	Facts map[string]string

	RaisedAt time.Time
	// Times is how often it happened, LastAt when last.
	Times  int
	LastAt time.Time

	// Acknowledged says who took note of it.
	AcknowledgedAt time.Time
	AcknowledgedBy audit.Actor
	Note           string
	// ClearedAt is when what it is about was over by itself.
	ClearedAt time.Time
}

// Open reports whether nobody has taken note of it and it goes on.
func (a Alert) Open() bool {
	rule, _ := RuleOf(a.Rule)
	return rule.Severity != Notice && a.AcknowledgedAt.IsZero() && a.ClearedAt.IsZero()
}

// Severity is its rule's.
func (a Alert) Severity() Severity {
	rule, known := RuleOf(a.Rule)
	if !known {
		return Warning
	}
	return rule.Severity
}

// Raise is an alert that is to be raised: its key decides whether it is a new
// one. ID, times and the device's site and class are filled in by the store.
type Raise struct {
	Rule    RuleID
	Key     string
	Device  device.ID
	Command string
	Account Account
	Subject string
	Place   device.PlaceID
	Facts   map[string]string
	// Times it happened in one transaction; 0 counts as 1.
	Times int
}

// Scope is what somebody sees of the alerts.
type Scope struct {
	// Devices, People and Server: alerts about devices, about accounts, about the
	// whole server.
	Devices, People, Server bool
	// Sites and Classes narrow those about devices; empty does not.
	Sites   []device.PlaceID
	Classes []device.Class
}

// State narrows a list.
type State string

// What a list can be narrowed to.
const (
	StateOpen         State = "open"
	StateAcknowledged State = "acknowledged"
	StateCleared      State = "cleared"
)

// Query asks for a page of alerts: open ones first, then newest first.
type Query struct {
	Scope    Scope
	State    State // empty: all
	Severity Severity
	Rule     RuleID
	Device   device.ID
	// After is the cursor of the page before.
	After string
	Limit int
}

// Page is one page of alerts.
type Page struct {
	Alerts []Alert
	Next   string
	Total  int
}
