package main

import (
	"encoding/json"
	"time"
)

// What the command line reads of the REST API's answers (docs/openapi.json).
// The types are written down here, not taken from package api: the command line
// talks to servers of other versions too, and ignores what it does not know.

type page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor"`
	Total      int    `json:"total"`
}

type wireNamed struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wireDevice struct {
	ID         string `json:"id"`
	Class      string `json:"class"`
	ClassWords string `json:"class_words"`
	Management string `json:"management"`
	Model      struct {
		wireNamed
		Maker      string `json:"maker"`
		WipeErases string `json:"wipe_erases"`
		WipeKeeps  string `json:"wipe_keeps"`
	} `json:"model"`
	Serial    string     `json:"serial"`
	AssetTag  string     `json:"asset_tag"`
	Owner     string     `json:"owner"`
	Place     *wirePlace `json:"place"`
	Stage     string     `json:"stage"`
	Condition string     `json:"condition"`
	Custody   struct {
		Kind  string `json:"kind"`
		Which string `json:"which"`
	} `json:"custody"`
	Holds []struct {
		Kind   string    `json:"kind"`
		Reason string    `json:"reason"`
		Since  time.Time `json:"since"`
	} `json:"holds"`
	Therapy *struct {
		State      string `json:"state"`
		Reported   string `json:"reported"`
		AgeSeconds *int64 `json:"age_seconds"`
		Current    bool   `json:"current"`
	} `json:"therapy"`
	LastSeenAt     *time.Time `json:"last_seen_at"`
	BatteryPercent *int       `json:"battery_percent"`
	Charging       bool       `json:"charging"`
	Locked         bool       `json:"locked"`
	LostMode       bool       `json:"lost_mode"`
	Location       *wireFix   `json:"location"`
	CannotKnow     string     `json:"cannot_know"`
	Certificate    *struct {
		NotAfter time.Time `json:"not_after"`
		DaysLeft int       `json:"days_left"`
		Status   string    `json:"status"`
	} `json:"certificate"`
	Tags []string `json:"tags"`
}

type wirePlace struct {
	wireNamed
	Words string `json:"words"`
}

type wireFix struct {
	Source    string     `json:"source"`
	Place     *wirePlace `json:"place"`
	Latitude  *float64   `json:"latitude"`
	Longitude *float64   `json:"longitude"`
	AccuracyM *float64   `json:"accuracy_m"`
	At        time.Time  `json:"at"`
}

type wireCommand struct {
	ID       string `json:"id"`
	BatchID  string `json:"batch_id"`
	DeviceID string `json:"device_id"`
	Device   struct {
		Serial string `json:"serial"`
		Class  string `json:"class"`
	} `json:"device"`
	Kind        string           `json:"kind"`
	KindWords   string           `json:"kind_words"`
	State       string           `json:"state"`
	StateWords  string           `json:"state_words"`
	Unconfirmed bool             `json:"unconfirmed"`
	Outcome     string           `json:"outcome"`
	WhyWaiting  string           `json:"why_waiting"`
	Reason      string           `json:"reason"`
	Ticket      string           `json:"ticket"`
	RequestedBy string           `json:"requested_by"`
	CreatedAt   time.Time        `json:"created_at"`
	ExpiresAt   *time.Time       `json:"expires_at"`
	Transitions []wireTransition `json:"transitions"`
	Detail      json.RawMessage  `json:"detail"`
	OrderHash   string           `json:"order_hash"`
}

type wireTransition struct {
	State      string    `json:"state"`
	StateWords string    `json:"state_words"`
	At         time.Time `json:"at"`
	Actor      string    `json:"actor"`
	Reason     string    `json:"reason"`
}

// The states in which a command has come to its end (DESIGN: command state).
func (c wireCommand) ended() bool {
	switch c.State {
	case "succeeded", "failed", "refused", "denied", "expired", "cancelled", "superseded":
		return true
	}
	return false
}

// eraseStarted: the device has signed that it erases itself. For most phones that
// is the last that is heard of them, and one of the four ends of a wipe.
func (c wireCommand) eraseStarted() bool { return c.Outcome == "erase_started" }
