package device

import "time"

// Device is one physical thing, known by serial and model. It survives
// re-enrollment.
type Device struct {
	ID         ID
	Class      Class
	Model      ModelID
	Serial     string // the maker's serial number
	Management Management

	AssetTag string
	Owner    string // the person or department that holds it, as people write it
	Place    PlaceID
	UDI      string // the UDI's human-readable text
	UDIDI    string // its device identifier (GTIN)
	Lot      string
	IMEI     string
	MAC      string // lower case, colon separated
	Tags     []string
	// PhoneNumber and Contact are what somebody said who registered their phone
	// themselves: its number, and how to reach them when it turns up.
	PhoneNumber string
	Contact     string

	Stage     Stage
	Condition Condition
	Holds     []Hold
	Custody   Custody

	// Enrollment is the current enrollment; empty before the first.
	Enrollment EnrollmentID

	// EverReportedTherapy: a device that ever reported a therapy state is a
	// pump until it is decommissioned (SAFETY 1).
	EverReportedTherapy bool

	CreatedAt time.Time
	UpdatedAt time.Time
	// Version rises with each change made by a person, for If-Match.
	Version int

	Report Report
}

// HasHold reports whether the device is under the given hold.
func (d Device) HasHold(kind HoldKind) bool {
	for _, h := range d.Holds {
		if h.Kind == kind {
			return true
		}
	}
	return false
}

// Report is the last thing a device said about itself. Each value is as old as
// ReceivedAt; therapy is older by TherapyAge.
type Report struct {
	// ReceivedAt is the server's time of receipt, also known as last seen. Zero:
	// never heard of.
	ReceivedAt time.Time

	Therapy Reported
	// TherapyAge is how old the therapy state was when it was sent, by the
	// device's monotonic clock.
	TherapyAge time.Duration
	// TherapyAt is when the therapy state was true by the server's time:
	// receipt minus TherapyAge.
	TherapyAt time.Time

	BatteryPercent int // 0 to 100; -1 unknown
	Charging       bool
	SSID           string
	BSSID          string
	RSSIdBm        int
	IP             string

	StorageEncrypted *bool // nil: the device cannot say
	PasscodeSet      *bool

	Location *LocationFix

	SoftwareVersion string
	FirmwareVersion string
	OSVersion       string
	AgentVersion    string

	// ClockOffset is the device's wall clock minus the server's at receipt.
	ClockOffset time.Duration

	// ConfigVersions are the versions of configuration documents the device says
	// are in force, by subkind.
	ConfigVersions map[string]string

	Locked   bool
	LostMode bool
}
