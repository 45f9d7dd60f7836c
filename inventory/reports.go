package inventory

import (
	"time"

	"wardline/device"
)

// Heard is what one device said in one poll, or what is left of several.
type Heard struct {
	Device device.ID
	Report device.Report
	// Changes are therapy states that were reported since the last write and
	// overtaken by the one in Report, oldest first: no infusion may be missing from
	// the history because it was short.
	Changes []TherapyChange
	// Hours are the hours in which it was heard before the one of Report, oldest
	// first, each by its beginning; nearly always none.
	Hours []time.Time
}

// hourOf is the hour that a time lies in, by its beginning.
func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

// NewHours are the hours that a report adds to those in which the device was
// heard, when it was last heard at before (zero: never).
func (h Heard) NewHours(before time.Time) []time.Time {
	var hours []time.Time
	for _, hour := range h.Hours {
		if hour.After(before) {
			hours = append(hours, hour)
		}
	}
	if last := hourOf(h.Report.ReceivedAt); last.After(before) {
		hours = append(hours, last)
	}
	return hours
}

// TherapyChange is a therapy state and since when it was true, by the server's
// time.
type TherapyChange struct {
	Therapy device.Reported
	At      time.Time
}

// Known is what is stored about a device when a report of it is written.
type Known struct {
	Device device.Device
	// Ward is where the access point of the report stands; empty when it is not
	// known.
	Ward device.PlaceID
	// SeenPlace is where it was last seen.
	SeenPlace device.PlaceID
	Now       time.Time
}

// Kept is what may be written of a report.
type Kept struct {
	Report device.Report
	// Stale: a newer report is stored already; nothing is written.
	Stale bool
	// SeenPlace is the ward to be remembered; empty: none.
	SeenPlace device.PlaceID
	// Sighting: the ward goes into the history of wards.
	Sighting bool
	// Fix: the coordinates in Report.Location go into the history of coordinates.
	Fix     bool
	Changes []Change
}

// Change is one thing that changed in what a device says, for its timeline.
type Change struct {
	What   What
	Was    string
	Became string
	At     time.Time
}

// What names a thing that changes in what devices say.
type What string

// The things.
const (
	WhatTherapy    What = "therapy"
	WhatLocked     What = "locked"
	WhatLostMode   What = "lost_mode"
	WhatEncryption What = "storage_encrypted"
	WhatPasscode   What = "passcode_set"
	WhatClock      What = "clock"
	WhatSoftware   What = "software_version"
	WhatFirmware   What = "firmware_version"
	WhatOS         What = "os_version"
	WhatAgent      What = "agent_version"
)

// Facts are what a device says of itself that rarely changes. Its own class,
// serial and model are shown beside the record when they differ; they never
// change it.
type Facts struct {
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
