package api

import (
	"math"
	"time"

	"wardline/device"
	"wardline/inventory"
	"wardline/safety"
)

// DeviceView is a device as the API shows it.
type DeviceView struct {
	ID         device.ID         `json:"id"`
	Class      device.Class      `json:"class"`
	ClassWords string            `json:"class_words" speak:"words" doc:"The class as people read it."`
	Management device.Management `json:"management"`
	CannotKnow string            `json:"cannot_know" speak:"words" doc:"What Wardline cannot know at this management level, in a sentence; empty: it can know all."`
	Model      ModelBrief        `json:"model"`
	Serial     string            `json:"serial"`
	AssetTag   string            `json:"asset_tag"`
	Owner      string            `json:"owner"`
	Place      *PlaceBrief       `json:"place,omitempty" doc:"Where it belongs; left out when nobody said so."`
	UDI        string            `json:"udi" doc:"The UDI's human-readable text."`
	Lot        string            `json:"lot"`
	IMEI       string            `json:"imei"`
	Phone      string            `json:"phone_number" doc:"As its holder said who registered it."`
	Contact    string            `json:"contact" doc:"How to reach its holder when it turns up."`
	MAC        string            `json:"mac"`
	Tags       []string          `json:"tags"`

	Stage     device.Stage     `json:"stage"`
	Condition device.Condition `json:"condition"`
	Holds     []HoldView       `json:"holds"`
	Custody   CustodyView      `json:"custody"`

	Therapy     *TherapyView     `json:"therapy,omitempty" doc:"Left out for things without therapy."`
	LastSeenAt  *time.Time       `json:"last_seen_at" doc:"When the server last heard of it; null: never." nullable:"true"`
	LastSeenAge *int64           `json:"last_seen_age_seconds" nullable:"true"`
	Battery     *int             `json:"battery_percent" nullable:"true"`
	Charging    bool             `json:"charging"`
	Network     *NetworkView     `json:"network,omitempty"`
	Location    *LocationView    `json:"location,omitempty" doc:"Where it was last heard; left out when that is not known or withheld."`
	Withheld    bool             `json:"location_withheld" doc:"It has a location that is a person's: GET /devices/{id}/location shows it, with a reason, on the record."`
	Encrypted   *bool            `json:"storage_encrypted" nullable:"true"`
	Passcode    *bool            `json:"passcode_set" nullable:"true"`
	Locked      bool             `json:"locked"`
	LostMode    bool             `json:"lost_mode"`
	Software    SoftwareView     `json:"software"`
	ClockOff    int64            `json:"clock_offset_seconds" doc:"Its wall clock minus the server's."`
	Certificate *CertificateView `json:"certificate,omitempty"`
	Enrollment  string           `json:"enrollment_id" doc:"Its current enrollment; empty before the first."`
	SanitisedAt *time.Time       `json:"sanitised_at" nullable:"true"`
	CreatedAt   time.Time        `json:"created_at"`
	UpdatedAt   time.Time        `json:"updated_at"`
	Version     int              `json:"version" doc:"As in the ETag."`
}

// ModelBrief is a model as far as a device shows it.
type ModelBrief struct {
	ID         device.ModelID `json:"id"`
	Maker      string         `json:"maker"`
	Name       string         `json:"name"`
	Can        []device.Kind  `json:"capabilities" doc:"The kinds of command that devices of it can do."`
	WipeErases string         `json:"wipe_erases" doc:"What a wipe really erases on it."`
	WipeKeeps  string         `json:"wipe_keeps"`
}

// PlaceBrief names a place.
type PlaceBrief struct {
	ID    device.PlaceID   `json:"id"`
	Kind  device.PlaceKind `json:"kind"`
	Name  string           `json:"name"`
	Words string           `json:"words" doc:"The way from the site down to it, for people."`
}

// HoldView is one hold.
type HoldView struct {
	Kind    device.HoldKind `json:"kind"`
	Reason  string          `json:"reason"`
	Since   time.Time       `json:"since"`
	MayLift string          `json:"may_lift" doc:"The role that may lift it."`
	Stolen  bool            `json:"stolen" doc:"Of lost: it was taken, and not mislaid."`
}

// CustodyView says in whose hands it is.
type CustodyView struct {
	Kind  device.CustodyKind `json:"kind"`
	Which string             `json:"which"`
}

// TherapyView is what is known of a pump's therapy.
type TherapyView struct {
	State    safety.State    `json:"state" doc:"What the server concludes; unknown is treated as infusing."`
	Reported device.Reported `json:"reported" doc:"What the pump says; empty: nothing."`
	Age      *int64          `json:"age_seconds" doc:"How old that is; null: it never said." nullable:"true"`
	Current  bool            `json:"current" doc:"Young enough to be shown as what is so now."`
	Why      string          `json:"why" speak:"words" doc:"Why the server concludes so, in a sentence."`
}

// NetworkView is the network that it last reported.
type NetworkView struct {
	SSID  string `json:"ssid"`
	BSSID string `json:"bssid"`
	RSSI  int    `json:"rssi_dbm"`
	IP    string `json:"ip"`
}

// LocationView is where it was.
type LocationView struct {
	Source    device.LocationSource `json:"source"`
	Place     *PlaceBrief           `json:"place,omitempty"`
	Latitude  *float64              `json:"latitude" doc:"Degrees, WGS 84; only with the source coordinates." nullable:"true"`
	Longitude *float64              `json:"longitude" nullable:"true"`
	Accuracy  *float64              `json:"accuracy_m" nullable:"true"`
	At        time.Time             `json:"at"`
	Age       int64                 `json:"age_seconds"`
}

// SoftwareView are the versions that it reported.
type SoftwareView struct {
	Software string `json:"software_version"`
	Firmware string `json:"firmware_version"`
	OS       string `json:"os_version"`
	Agent    string `json:"agent_version"`
	// Config are the configuration documents that it says are in force.
	Config map[string]string `json:"config_versions"`
}

// CertificateView is its newest certificate.
type CertificateView struct {
	Fingerprint device.Fingerprint `json:"fingerprint"`
	NotAfter    time.Time          `json:"not_after"`
	DaysLeft    int                `json:"days_left" doc:"Negative once it has ended."`
	Status      string             `json:"status"`
}

func deviceView(i inventory.Item) DeviceView {
	d, r := i.Device, i.Device.Report
	v := DeviceView{
		ID: d.ID, Class: d.Class, ClassWords: d.Class.Words(), Management: d.Management, CannotKnow: i.CannotKnow,
		Model: ModelBrief{ID: i.Model.ID, Maker: i.Model.Maker, Name: i.Model.Name, Can: i.Model.Capabilities,
			WipeErases: i.Model.WipeErases, WipeKeeps: i.Model.WipeKeeps},
		Serial: d.Serial, AssetTag: d.AssetTag, Owner: d.Owner, Place: placeBrief(i.Path), UDI: d.UDI, Lot: d.Lot,
		IMEI: d.IMEI, Phone: d.PhoneNumber, Contact: d.Contact, MAC: d.MAC, Tags: d.Tags, Stage: d.Stage, Condition: d.Condition,
		Custody: CustodyView{Kind: d.Custody.Kind, Which: d.Custody.Which}, Location: locationView(i.Where),
		Withheld: i.LocationWithheld, LastSeenAt: timeOrNil(r.ReceivedAt), Charging: r.Charging,
		Encrypted: r.StorageEncrypted, Passcode: r.PasscodeSet, Locked: r.Locked, LostMode: r.LostMode,
		Software: SoftwareView{Software: r.SoftwareVersion, Firmware: r.FirmwareVersion, OS: r.OSVersion,
			Agent: r.AgentVersion, Config: orEmpty(r.ConfigVersions)},
		ClockOff: int64(r.ClockOffset / time.Second), Enrollment: string(d.Enrollment), SanitisedAt: timeOrNil(i.SanitisedAt),
		CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt, Version: d.Version,
	}
	for _, h := range d.Holds {
		v.Holds = append(v.Holds, HoldView{Kind: h.Kind, Reason: h.Reason, Since: h.Since, MayLift: h.MayLift, Stolen: h.Stolen})
	}
	if t := i.Therapy; t != nil {
		v.Therapy = &TherapyView{State: t.State, Reported: t.Reported, Age: secondsOrNil(t.Age), Current: t.Current, Why: t.Why}
	}
	if seen := v.LastSeenAt; seen != nil {
		v.LastSeenAge = secondsOrNil(i.LastSeenAge)
		// The first report may lack it; a device that was never heard has none.
		if r.BatteryPercent >= 0 {
			v.Battery = &r.BatteryPercent
		}
	}
	if r.SSID != "" || r.BSSID != "" || r.IP != "" {
		v.Network = &NetworkView{SSID: r.SSID, BSSID: r.BSSID, RSSI: r.RSSIdBm, IP: r.IP}
	}
	if c := i.Certificate; c != nil {
		v.Certificate = &CertificateView{Fingerprint: c.Fingerprint, NotAfter: c.NotAfter, DaysLeft: i.CertificateDays, Status: c.Status}
	}
	return v
}

func placeBrief(path []device.Place) *PlaceBrief {
	if len(path) == 0 {
		return nil
	}
	p := path[len(path)-1]
	return &PlaceBrief{ID: p.ID, Kind: p.Kind, Name: p.Name, Words: inventory.Names(path)}
}

func locationView(w *inventory.Where) *LocationView {
	if w == nil {
		return nil
	}
	v := &LocationView{Source: w.Source, Place: placeBrief(w.Path), At: w.At, Age: seconds(w.Age)}
	if w.Source == device.LocationCoordinates {
		v.Latitude, v.Longitude, v.Accuracy = &w.Latitude, &w.Longitude, &w.AccuracyM
	}
	return v
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func secondsOrNil(d time.Duration) *int64 {
	if d < 0 {
		return nil
	}
	s := seconds(d)
	return &s
}

// seconds rounds down to whole seconds.
func seconds(d time.Duration) int64 { return int64(math.Floor(d.Seconds())) }

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
