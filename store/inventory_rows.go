package store

import (
	"encoding/json"
	"fmt"
	"time"

	"wardline/device"
	"wardline/inventory"
)

// deviceRow is all that is stored about one device.
type deviceRow struct {
	record deviceRecord
	report reportRow
	tags   []string
	holds  []device.Hold
	// careArea: its place, or the place it was last seen in, is a care area.
	careArea bool
}

// device returns the domain's view of the row.
func (r deviceRow) device() device.Device {
	d := r.record.device()
	d.Tags, d.Holds = r.tags, r.holds
	d.Report = r.report.report()
	return d
}

type deviceRecord struct {
	ID                  string `gorm:"column:id;primaryKey"`
	Class               string `gorm:"column:class"`
	ModelID             string `gorm:"column:model_id"`
	Serial              string `gorm:"column:serial"`
	SerialNorm          string `gorm:"column:serial_norm"`
	Management          string `gorm:"column:management"`
	AssetTag            string `gorm:"column:asset_tag"`
	AssetTagNorm        string `gorm:"column:asset_tag_norm"`
	Owner               string `gorm:"column:owner"`
	OwnerNorm           string `gorm:"column:owner_norm"`
	PlaceID             string `gorm:"column:place_id"`
	UDI                 string `gorm:"column:udi"`
	UDIDI               string `gorm:"column:udi_di"`
	Lot                 string `gorm:"column:lot"`
	IMEI                string `gorm:"column:imei"`
	MAC                 string `gorm:"column:mac"`
	PhoneNumber         string `gorm:"column:phone_number"`
	Contact             string `gorm:"column:contact"`
	Stage               string `gorm:"column:stage"`
	Condition           string `gorm:"column:condition"`
	CustodyKind         string `gorm:"column:custody_kind"`
	CustodyWhich        string `gorm:"column:custody_which"`
	EnrollmentID        string `gorm:"column:enrollment_id"`
	EverReportedTherapy bool   `gorm:"column:ever_reported_therapy"`
	Search              string `gorm:"column:search"`
	CreatedAt           dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt           dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	Version             int    `gorm:"column:version"`
}

func (deviceRecord) TableName() string { return "device" }

func recordOf(d device.Device) deviceRecord {
	return deviceRecord{
		ID: string(d.ID), Class: string(d.Class), ModelID: string(d.Model),
		Serial: d.Serial, SerialNorm: inventory.Normal(d.Serial), Management: string(d.Management),
		AssetTag: d.AssetTag, AssetTagNorm: inventory.Normal(d.AssetTag),
		Owner: d.Owner, OwnerNorm: inventory.Normal(d.Owner), PlaceID: string(d.Place),
		UDI: d.UDI, UDIDI: d.UDIDI, Lot: d.Lot, IMEI: d.IMEI, MAC: d.MAC, PhoneNumber: d.PhoneNumber, Contact: d.Contact,
		Stage: string(d.Stage), Condition: string(d.Condition),
		CustodyKind: string(d.Custody.Kind), CustodyWhich: d.Custody.Which,
		EnrollmentID: string(d.Enrollment), EverReportedTherapy: d.EverReportedTherapy,
		Search:    inventory.SearchText(d.Serial, d.AssetTag, d.Owner, d.IMEI, d.MAC),
		CreatedAt: dbTime(d.CreatedAt), UpdatedAt: dbTime(d.UpdatedAt), Version: d.Version,
	}
}

func (r deviceRecord) device() device.Device {
	return device.Device{
		ID: device.ID(r.ID), Class: device.Class(r.Class), Model: device.ModelID(r.ModelID),
		Serial: r.Serial, Management: device.Management(r.Management),
		AssetTag: r.AssetTag, Owner: r.Owner, Place: device.PlaceID(r.PlaceID),
		UDI: r.UDI, UDIDI: r.UDIDI, Lot: r.Lot, IMEI: r.IMEI, MAC: r.MAC, PhoneNumber: r.PhoneNumber, Contact: r.Contact,
		Stage: device.Stage(r.Stage), Condition: device.Condition(r.Condition),
		Custody:    device.Custody{Kind: device.CustodyKind(r.CustodyKind), Which: r.CustodyWhich},
		Enrollment: device.EnrollmentID(r.EnrollmentID), EverReportedTherapy: r.EverReportedTherapy,
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), Version: r.Version,
	}
}

type reportRow struct {
	DeviceID         string `gorm:"column:device_id;primaryKey"`
	ReceivedAt       dbTime `gorm:"column:received_at"`
	Therapy          string `gorm:"column:therapy"`
	TherapyAge       int64  `gorm:"column:therapy_age_us"`
	TherapyAt        dbTime `gorm:"column:therapy_at"`
	BatteryPercent   int    `gorm:"column:battery_percent"`
	Charging         bool   `gorm:"column:charging"`
	SSID             string `gorm:"column:ssid"`
	BSSID            string `gorm:"column:bssid"`
	RSSIdBm          int    `gorm:"column:rssi_dbm"`
	IP               string `gorm:"column:ip"`
	StorageEncrypted *bool  `gorm:"column:storage_encrypted"`
	PasscodeSet      *bool  `gorm:"column:passcode_set"`
	Location         string `gorm:"column:location"`
	SeenPlaceID      string `gorm:"column:seen_place_id"`
	SoftwareVersion  string `gorm:"column:software_version"`
	FirmwareVersion  string `gorm:"column:firmware_version"`
	OSVersion        string `gorm:"column:os_version"`
	AgentVersion     string `gorm:"column:agent_version"`
	ClockOffset      int64  `gorm:"column:clock_offset_us"`
	ConfigVersions   string `gorm:"column:config_versions"`
	Locked           bool   `gorm:"column:locked"`
	LostMode         bool   `gorm:"column:lost_mode"`
	InventoryHash    string `gorm:"column:inventory_hash"`
	Inventory        string `gorm:"column:inventory"`
}

func (reportRow) TableName() string { return "device_report" }

func reportRowOf(id device.ID, r device.Report) reportRow {
	row := reportRow{
		DeviceID: string(id), ReceivedAt: dbTime(r.ReceivedAt),
		Therapy: string(r.Therapy), TherapyAge: r.TherapyAge.Microseconds(), TherapyAt: dbTime(r.TherapyAt),
		BatteryPercent: r.BatteryPercent, Charging: r.Charging,
		SSID: r.SSID, BSSID: r.BSSID, RSSIdBm: r.RSSIdBm, IP: r.IP,
		StorageEncrypted: r.StorageEncrypted, PasscodeSet: r.PasscodeSet,
		SoftwareVersion: r.SoftwareVersion, FirmwareVersion: r.FirmwareVersion,
		OSVersion: r.OSVersion, AgentVersion: r.AgentVersion,
		ClockOffset: r.ClockOffset.Microseconds(), ConfigVersions: "{}",
		Locked: r.Locked, LostMode: r.LostMode, Inventory: "{}",
	}
	if r.ReceivedAt.IsZero() {
		row.BatteryPercent = -1
	}
	if len(r.ConfigVersions) > 0 {
		row.ConfigVersions = jsonText(r.ConfigVersions)
	}
	if r.Location != nil {
		row.Location = jsonText(r.Location)
		row.SeenPlaceID = string(r.Location.Place)
	}
	return row
}

// jsonText encodes values that always can be encoded: maps, lists and structs of
// texts and numbers.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: encode %T: %v", v, err))
	}
	return string(b)
}

func (r reportRow) report() device.Report {
	out := device.Report{
		ReceivedAt: r.ReceivedAt.time(), Therapy: device.Reported(r.Therapy),
		TherapyAge: time.Duration(r.TherapyAge) * time.Microsecond, TherapyAt: r.TherapyAt.time(),
		BatteryPercent: r.BatteryPercent, Charging: r.Charging,
		SSID: r.SSID, BSSID: r.BSSID, RSSIdBm: r.RSSIdBm, IP: r.IP,
		StorageEncrypted: r.StorageEncrypted, PasscodeSet: r.PasscodeSet,
		SoftwareVersion: r.SoftwareVersion, FirmwareVersion: r.FirmwareVersion,
		OSVersion: r.OSVersion, AgentVersion: r.AgentVersion,
		ClockOffset: time.Duration(r.ClockOffset) * time.Microsecond,
		Locked:      r.Locked, LostMode: r.LostMode,
	}
	// Both columns are written by reportRowOf alone; a text that does not parse
	// was damaged, and is shown as not reported rather than failing the page.
	if json.Unmarshal([]byte(r.ConfigVersions), &out.ConfigVersions) != nil || len(out.ConfigVersions) == 0 {
		out.ConfigVersions = nil
	}
	if r.Location != "" {
		var fix device.LocationFix
		if json.Unmarshal([]byte(r.Location), &fix) == nil {
			out.Location = &fix
		}
	}
	return out
}

type tagRow struct {
	DeviceID string `gorm:"column:device_id;primaryKey"`
	Tag      string `gorm:"column:tag;primaryKey"`
}

func (tagRow) TableName() string { return "device_tag" }

type holdRow struct {
	DeviceID string `gorm:"column:device_id;primaryKey"`
	Kind     string `gorm:"column:kind;primaryKey"`
	Reason   string `gorm:"column:reason"`
	Since    dbTime `gorm:"column:since"`
	MayLift  string `gorm:"column:may_lift"`
	Stolen   bool   `gorm:"column:stolen"`
	Proven   bool   `gorm:"column:proven"`
}

func (holdRow) TableName() string { return "device_hold" }

func (r holdRow) hold() device.Hold {
	return device.Hold{Kind: device.HoldKind(r.Kind), Reason: r.Reason, Since: r.Since.time(), MayLift: r.MayLift, Stolen: r.Stolen, Proven: r.Proven}
}

type modelRow struct {
	ID               string `gorm:"column:id;primaryKey"`
	Maker            string `gorm:"column:maker"`
	Name             string `gorm:"column:name"`
	NameNorm         string `gorm:"column:name_norm"`
	Class            string `gorm:"column:class"`
	Capabilities     string `gorm:"column:capabilities"`
	WipeErases       string `gorm:"column:wipe_erases"`
	WipeKeeps        string `gorm:"column:wipe_keeps"`
	Sanitisation     string `gorm:"column:sanitisation"`
	NetworkCut       string `gorm:"column:network_cut"`
	NetworkCutSource string `gorm:"column:network_cut_source"`
	LegacySCEP       bool   `gorm:"column:legacy_scep"`
	CreatedAt        dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt        dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	Version          int    `gorm:"column:version"`
}

func (modelRow) TableName() string { return "model" }

func modelRowOf(m device.Model) modelRow {
	if m.Capabilities == nil {
		m.Capabilities = []device.Kind{}
	}
	if m.Sanitisation == nil {
		m.Sanitisation = []string{}
	}
	return modelRow{
		ID: string(m.ID), Maker: m.Maker, Name: m.Name, NameNorm: inventory.Normal(m.Maker + " " + m.Name),
		Class: string(m.Class), Capabilities: jsonText(m.Capabilities),
		WipeErases: m.WipeErases, WipeKeeps: m.WipeKeeps, Sanitisation: jsonText(m.Sanitisation),
		NetworkCut: string(m.NetworkCut), NetworkCutSource: m.NetworkCutSource, LegacySCEP: m.LegacySCEP,
		Version: m.Version,
	}
}

// model is strict about the capabilities: what cannot be read must not become
// "nothing is known, so try".
func (r modelRow) model() (device.Model, error) {
	m := device.Model{
		ID: device.ModelID(r.ID), Maker: r.Maker, Name: r.Name, Class: device.Class(r.Class),
		WipeErases: r.WipeErases, WipeKeeps: r.WipeKeeps,
		NetworkCut: device.NetworkCut(r.NetworkCut), NetworkCutSource: r.NetworkCutSource,
		LegacySCEP: r.LegacySCEP, Version: r.Version,
	}
	if err := json.Unmarshal([]byte(r.Capabilities), &m.Capabilities); err != nil {
		return device.Model{}, fmt.Errorf("read the capabilities of model %s: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(r.Sanitisation), &m.Sanitisation); err != nil {
		return device.Model{}, fmt.Errorf("read the sanitisation recipe of model %s: %w", r.ID, err)
	}
	return m, nil
}
