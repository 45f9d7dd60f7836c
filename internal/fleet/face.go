package fleet

import (
	"fmt"
	"strings"
	"time"

	"wardline/device"
)

// face is one device as the ward page shows it: what somebody who stands before
// it would see, and what their hands can do.
type face struct {
	Snapshot
	Shape  string // lvp, syringe, pca, phone, handheld, tablet, box
	Silent bool   // runs no agent: only what the records say is known
	Level  string // for a silent one: what Wardline can know of it

	WardKey string
	Maker   string
	Name    string // the model's name
	Spot    string // where in the ward, or in whose hands
	Holder  string

	// Screen is which picture the display shows.
	Screen string
	// Tone chooses a colour; State says the same in words, Icon as a sign.
	Tone, State, Icon string

	Finished bool // the programmed volume is in: the pump keeps the vein open
	Drip     int  // 0 none, 1 slow to 5 fast
	Left     string

	Last      *Executed
	LastWords string
	Clock     string
	Library   string
	Contact   string
	Phone     string
	Ringing   bool
	Notice    string
}

var shapes = map[device.Class]string{
	device.ClassPumpLVP: "lvp", device.ClassPumpSyringe: "syringe", device.ClassPumpPCA: "pca",
	device.ClassPhoneIssued: "phone", device.ClassPhonePersonal: "phone",
	device.ClassHandheldShared: "handheld", device.ClassTablet: "tablet",
}

// face draws the device as it is now.
func (d *Device) face() face {
	f := specFace(d.spec, d.model)
	f.Snapshot = d.Snapshot()
	f.WardKey = f.place.Key
	f.Library, f.Contact, f.Phone, f.Ringing, f.Notice = f.library, f.contact, f.phone, f.ringing, f.notice
	f.Clock = clockWords(f.ClockOffsetSeconds)
	if n := len(f.Executed); n > 0 {
		f.Last = &f.Executed[n-1]
		f.LastWords = f.Last.Kind.Words()
	}
	f.Screen, f.Tone, f.State, f.Icon = f.look(d.isPump())
	if f.Screen == "therapy" {
		f.Finished = f.Therapy == device.ReportedInfusing && f.Programme.Given >= f.Programme.Volume
		if f.Therapy == device.ReportedInfusing {
			f.Drip = dripSpeed(*f.Programme, f.Finished)
			f.Left = leftWords(*f.Programme)
		}
		if f.Finished {
			f.State = "Keeping vein open"
		}
	}
	return f
}

// specFace is what does not change about a device.
func specFace(s Spec, m Model) face {
	shape, known := shapes[s.Class]
	if !known {
		shape = "box"
	}
	return face{Shape: shape, Maker: m.Maker, Name: m.Name, Spot: s.Spot, Holder: s.Owner}
}

// silentFace is a device that runs no agent.
func silentFace(s Spec, h *Hospital) face {
	m, _ := h.Model(s.Model)
	place, _ := h.PlaceOf(s.BSSID)
	f := specFace(s, m)
	f.Snapshot = Snapshot{Serial: s.Serial, Class: s.Class, Model: m.Maker + " " + m.Name, place: place}
	f.WardKey, f.Silent, f.Screen, f.Tone, f.Icon = place.Key, true, "silent", "silent", "eye-off"
	switch s.Management {
	case device.ManagementCertificate:
		f.State, f.Level = "Certificate only", "Wardline issues, renews and revokes its certificate. It reports nothing and takes no orders."
	case device.ManagementGateway:
		f.State, f.Level = "Behind a gateway", "A pump server would speak for it. None is simulated, so nothing is reported."
	case device.ManagementApple:
		f.State, f.Level = "Apple MDM", "Managed by Apple's own protocol. It needs Apple's push, which an offline demo has not."
	default:
		f.State, f.Level = "Record only", "A line in the inventory. Nobody hears from it, and Wardline says so."
	}
	return f
}

// look chooses the picture on the display and the words beside it.
func (f face) look(pump bool) (screen, tone, state, icon string) {
	switch {
	case !f.Powered:
		return "off", "off", "Switched off", "power"
	case f.booting:
		return "boot", "off", "Starting", "power"
	case f.Wiped && pump:
		return "wiped", "wiped", "Sanitised", "erased"
	case f.Wiped:
		return "wiped", "wiped", "Wiped", "erased"
	case f.LostMode:
		return "lost", "lost", "Lost mode", "lost"
	case f.Locked:
		return "locked", "locked", "Locked", "lock"
	case !pump:
		return "home", "in-use", "In use", "check"
	}
	switch f.Therapy {
	case device.ReportedInfusing:
		return "therapy", "infusing", "Infusing", "play"
	case device.ReportedPaused:
		return "therapy", "paused", "Paused", "pause"
	case device.ReportedService:
		return "service", "service", "Service mode", "wrench"
	}
	return "therapy", "stopped", "Stopped", "stop"
}

// dripSpeed sorts a rate into five speeds that the eye can tell apart.
func dripSpeed(p Programme, finished bool) int {
	switch {
	case finished, p.Rate < 5:
		return 1
	case p.Rate < 60:
		return 2
	case p.Rate < 110:
		return 3
	case p.Rate < 180:
		return 4
	}
	return 5
}

// leftWords is how long the programmed volume lasts.
func leftWords(p Programme) string {
	if p.Given >= p.Volume || p.Rate <= 0 {
		return ""
	}
	minutes := int((p.Volume - p.Given) / p.Rate * 60)
	switch {
	case minutes < 1:
		return "under a minute left"
	case minutes < 60:
		return fmt.Sprintf("%d min left", minutes)
	}
	return fmt.Sprintf("%d h %02d min left", minutes/60, minutes%60)
}

// clockWords says how wrong a clock is.
func clockWords(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	way := "ahead"
	if d < 0 {
		d, way = -d, "behind"
	}
	switch {
	case d == 0:
		return ""
	case d < 2*time.Minute:
		return fmt.Sprintf("Clock %d s %s", int(d.Seconds()), way)
	case d < 2*time.Hour:
		return fmt.Sprintf("Clock %d min %s", int(d.Minutes()), way)
	case d < 48*time.Hour:
		return fmt.Sprintf("Clock %d h %s", int(d.Hours()), way)
	}
	return fmt.Sprintf("Clock %d days %s", int(d.Hours()/24), way)
}

// key is equal for two faces that look the same. What runs by itself, the volume
// and the time left, is counted on by the page.
func (f face) key() string {
	f.Left = ""
	f.therapyFor = 0
	var p Programme
	if f.Programme != nil {
		p = *f.Programme
		p.Given = 0
	}
	f.Programme = nil
	executed := len(f.Executed)
	f.Executed, f.Last = nil, nil
	return fmt.Sprintf("%+v %+v %d", f, p, executed)
}

// matches reports whether the device is among what somebody looks for.
func (f face) matches(q, ward string) bool {
	if ward != "" && ward != f.WardKey {
		return false
	}
	q = strings.ToLower(strings.TrimSpace(q))
	if q == "" {
		return true
	}
	text := strings.ToLower(strings.Join([]string{f.Serial, f.Model, f.Spot, f.Holder, f.State, f.place.Name, f.Class.Words()}, " "))
	return strings.Contains(text, q)
}
