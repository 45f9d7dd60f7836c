package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"wardline/device"
)

// Protocol is the version of the agent protocol spoken here.
const Protocol = 1

// Paths of the agent protocol on the device listener.
const (
	PathPoll   = "/agent/v1/poll"
	PathEnroll = "/enroll/v1"
	pathSCEP   = "/scep"
)

// Limits of a poll. A request past one of them is refused as a whole.
const (
	MaxPollBytes    = 256 << 10 // body of a poll
	MaxWaitSeconds  = 55        // longest held poll
	MaxResults      = 100       // results in one poll
	MaxCapabilities = 64
	MaxConfigs      = 64
	MaxApps         = 2000
	maxName         = 128 // identifiers, versions, names
	maxReason       = 300 // reason of a result
	maxReceipt      = 8 << 10
)

// PollRequest is what a device says: it reports, answers and asks in one call.
type PollRequest struct {
	Protocol int `json:"protocol"`
	// BootID is drawn at random when the agent starts. Sequence counts the polls
	// of one boot and rises with every attempt, also a repeated one.
	BootID   string `json:"boot_id"`
	Sequence uint64 `json:"sequence"`
	// WaitSeconds, 0 to 55, is how long the server may hold its answer until there
	// is work.
	WaitSeconds  int           `json:"wait_seconds"`
	Capabilities []device.Kind `json:"capabilities"`
	State        State         `json:"state"`
	// InventoryHash is Inventory.Hash of what the device would send now.
	// Inventory itself is sent only after the server asked for it.
	InventoryHash string     `json:"inventory_hash"`
	Inventory     *Inventory `json:"inventory"`
	Results       []Result   `json:"results"`
}

// State is what the device senses at the moment of the poll.
type State struct {
	// Therapy is absent for devices without therapy.
	Therapy device.Reported `json:"therapy,omitempty"`
	// StateAgeMS is the age of the therapy state by the monotonic clock, in
	// milliseconds: how long ago it was last sensed, not how long it has lasted.
	StateAgeMS int64 `json:"state_age_ms"`
	// BatteryPercent is 0 to 100; nil: the device cannot say.
	BatteryPercent   *int      `json:"battery_percent"`
	Charging         bool      `json:"charging"`
	Network          *Network  `json:"network"`
	Location         *Location `json:"location"`
	StorageEncrypted *bool     `json:"storage_encrypted"`
	PasscodeSet      *bool     `json:"passcode_set"`
	Locked           bool      `json:"locked"`
	LostMode         bool      `json:"lost_mode"`
	// WallClock is the device's own idea of the time. Nothing is decided by it:
	// it is compared with the server's and shown.
	WallClock *time.Time `json:"wall_clock"`
	// ConfigVersions are the versions in force of configuration documents, by
	// subkind.
	ConfigVersions map[string]string `json:"config_versions"`
}

// Network is the wireless network the device is on.
type Network struct {
	SSID    string `json:"ssid"`
	BSSID   string `json:"bssid"` // six octets, lower-case hexadecimal, colons
	RSSIdBm int    `json:"rssi_dbm"`
	IP      string `json:"ip,omitempty"`
}

// Location is the device's own fix, WGS 84.
type Location struct {
	Latitude  float64 `json:"latitude"`  // degrees, -90 to 90
	Longitude float64 `json:"longitude"` // degrees, -180 to 180
	AccuracyM float64 `json:"accuracy_m"`
	AgeMS     int64   `json:"age_ms"`
}

// Inventory is what changes rarely. It is sent when the server asks for it.
type Inventory struct {
	Maker           string `json:"maker,omitempty"`
	Model           string `json:"model,omitempty"`
	Serial          string `json:"serial,omitempty"`
	SoftwareVersion string `json:"software_version,omitempty"`
	FirmwareVersion string `json:"firmware_version,omitempty"`
	OSVersion       string `json:"os_version,omitempty"`
	AgentVersion    string `json:"agent_version,omitempty"`
	IMEI            string `json:"imei,omitempty"`
	MAC             string `json:"mac,omitempty"`
	Apps            []App  `json:"apps,omitempty"`
}

// App is one installed application.
type App struct {
	ID      string `json:"id"`
	Version string `json:"version"`
}

// Hash is "sha256:" and the hexadecimal SHA-256 of the inventory's JSON. The
// server never computes it: it only remembers the last one it was told, so any
// stable digest will do.
func (i Inventory) Hash() string {
	b, err := json.Marshal(i)
	if err != nil {
		// A struct of strings always encodes.
		panic(fmt.Sprintf("agent: encode inventory: %v", err))
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ResultStatus is what became of an order on the device.
type ResultStatus string

// The result statuses.
const (
	StatusAccepted  ResultStatus = "accepted"  // the mark is on disk; it will be done once
	StatusSucceeded ResultStatus = "succeeded" // done
	StatusFailed    ResultStatus = "failed"    // tried, did not work, or not known whether it did
	StatusRefused   ResultStatus = "refused"   // will never be done
	StatusNotNow    ResultStatus = "not_now"   // the device's own interlock says: later
)

// Valid reports whether s is one of the five.
func (s ResultStatus) Valid() bool {
	switch s {
	case StatusAccepted, StatusSucceeded, StatusFailed, StatusRefused, StatusNotNow:
		return true
	}
	return false
}

// Final reports whether nothing follows s for this delivery.
func (s ResultStatus) Final() bool { return s.Valid() && s != StatusAccepted }

// Result answers one order. The device repeats it in every poll until the server
// names its command in Settled.
type Result struct {
	CommandID string         `json:"command_id"`
	Status    ResultStatus   `json:"status"`
	Reason    string         `json:"reason"` // a short code or sentence; empty when there is nothing to say
	Detail    map[string]any `json:"detail"`
	// AgeMS is how long ago it happened by the monotonic clock, in milliseconds.
	// -1: the device restarted since and cannot say.
	AgeMS int64 `json:"age_ms"`
	// Receipt is a compact JWS by the device's key; empty only when the order
	// could not be read at all.
	Receipt string `json:"receipt"`
}

// PollResponse is the server's answer to a poll.
type PollResponse struct {
	DeviceID     device.ID           `json:"device_id"`
	EnrollmentID device.EnrollmentID `json:"enrollment_id"`
	// Epoch counts the device's enrollments from 1.
	Epoch int `json:"epoch"`
	// Commands are signed envelopes, in the order in which they are to be done.
	Commands []string `json:"commands"`
	// Settled names commands whose result the server has stored for good.
	Settled       []string `json:"settled"`
	SendInventory bool     `json:"send_inventory"`
	// PollAfterSeconds is how long to wait before the next poll.
	PollAfterSeconds int       `json:"poll_after_seconds"`
	ServerTime       time.Time `json:"server_time"`
}
