package fleet

import (
	"strings"
	"time"

	"wardline/device"
)

// Snapshot is what a device remembers of itself at one moment: the answer of the
// control address.
type Snapshot struct {
	Serial string       `json:"serial"`
	Class  device.Class `json:"class"`
	Model  string       `json:"model"`
	Ward   string       `json:"ward"`

	Locked   bool       `json:"locked"`
	LostMode bool       `json:"lost_mode"`
	Wiped    bool       `json:"wiped"`
	Executed []Executed `json:"executed"`

	// Therapy is empty for things without therapy.
	Therapy            device.Reported `json:"therapy,omitempty"`
	Programme          *Programme      `json:"programme,omitempty"`
	Online             bool            `json:"online"`
	Powered            bool            `json:"powered"`
	BSSID              string          `json:"bssid"`
	ClockOffsetSeconds int64           `json:"clock_offset_seconds"`
	BatteryPercent     int             `json:"battery_percent"`
	Lies               bool            `json:"lies"`
	IgnoresWipe        bool            `json:"ignores_wipe"`

	PasscodeSet     bool              `json:"passcode_set"`
	WorkDataRemoved bool              `json:"work_data_removed"`
	Message         string            `json:"message"`
	Configs         map[string]string `json:"config_versions"`

	// The rest is for the ward page.
	place      Place
	phone      string
	contact    string
	library    string
	ringing    bool
	booting    bool
	therapyFor time.Duration
	notice     string
}

// Snapshot says what the device remembers now.
func (d *Device) Snapshot() Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	m, now := d.mem.clone(), d.now()
	place, _ := d.hospital.PlaceOf(m.BSSID)
	s := Snapshot{
		Serial: d.spec.Serial, Class: d.spec.Class, Model: d.model.Maker + " " + d.model.Name,
		Ward:   strings.Join(d.hospital.Path(place.Key), ", "),
		Locked: m.Locked, LostMode: m.LostMode, Wiped: m.Wiped, Executed: m.Executed,
		Online: m.Online, Powered: m.Powered, BSSID: m.BSSID, ClockOffsetSeconds: m.ClockOffsetSeconds,
		BatteryPercent: m.BatteryPercent, Lies: m.Lies, IgnoresWipe: m.IgnoresWipe, PasscodeSet: m.PasscodeSet,
		WorkDataRemoved: m.WorkDataRemoved, Message: m.Message, Configs: m.Configs,
		place: place, phone: m.Phone, contact: m.Contact, library: m.Library,
		ringing: now.Before(d.clock.ringUntil), booting: now.Before(d.clock.bootUntil),
		therapyFor: now.Sub(d.clock.therapySince), notice: d.notice,
	}
	if d.isPump() {
		s.Therapy = m.Therapy
		p := m.Programme
		p.Given = d.givenAt(now)
		s.Programme = &p
	}
	return s
}
