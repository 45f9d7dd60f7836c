package fleet

import (
	"strings"
	"time"

	"wardline/device"
	"wardline/internal/fault"
)

// codeCannot is a wish that the simulated thing itself cannot fulfil, such as
// starting an infusion on a pump that is switched off.
var codeCannot = fault.Define(fault.Conflict, "simulated_device_cannot",
	"Do what the sentence says at the simulated device first, or leave that member out.")

// Change is what hands and circumstances do to a device, from the control
// address or the ward page. Nil members stay as they are.
type Change struct {
	// Therapy is set by hands at a pump: infusing, paused, stopped or service.
	Therapy *device.Reported `json:"therapy"`
	// Online false pulls the network plug; what is open breaks off.
	Online *bool `json:"online"`
	// BSSID is the access point in reach: the device has been carried there.
	BSSID *string `json:"bssid"`
	// ClockOffsetSeconds is how far its wall clock is ahead of the true time,
	// negative for behind; up to ten years.
	ClockOffsetSeconds *int64 `json:"clock_offset_seconds"`
	// BatteryPercent is 0 to 100.
	BatteryPercent *int `json:"battery_percent"`
	// Powered false switches the device off, running infusion or not.
	Powered *bool `json:"powered"`
	// Lies makes the device answer that a wipe is done, and do nothing.
	Lies *bool `json:"lies"`
	// IgnoresWipe makes the device accept a wipe and never get on with it: it polls
	// on with its old certificate.
	IgnoresWipe *bool `json:"ignores_wipe"`
	// Locked false unlocks by hand: at a pump's own panel, or with the passcode of
	// a phone. Hands cannot lock.
	Locked *bool `json:"locked"`
}

const maxClockOffset = 10 * 365 * 24 * 60 * 60 // seconds

// Validate checks the change against the device, before anything is done. The
// error is a fault that names each wrong member.
func (d *Device) validate(c Change) error {
	f := fault.CodeInvalid.New("Some members cannot be set on %s.", d.spec.Serial)
	if c.Therapy != nil {
		switch {
		case !d.isPump():
			f.WithField("therapy", "%s is a %s: only pumps have a therapy state.", d.spec.Serial, strings.ToLower(d.spec.Class.Words()))
		case !c.Therapy.Valid():
			f.WithField("therapy", "%q is not a therapy state: say infusing, paused, stopped or service.", *c.Therapy)
		}
	}
	if c.BSSID != nil {
		if _, known := d.hospital.PlaceOf(*c.BSSID); !known {
			f.WithField("bssid", "No access point of the simulated hospital has the address %q; GET /access_points lists them.", *c.BSSID)
		}
	}
	if c.ClockOffsetSeconds != nil && (*c.ClockOffsetSeconds > maxClockOffset || *c.ClockOffsetSeconds < -maxClockOffset) {
		f.WithField("clock_offset_seconds", "%d is more than ten years: say -%d to %d seconds.", *c.ClockOffsetSeconds, maxClockOffset, maxClockOffset)
	}
	if c.BatteryPercent != nil && (*c.BatteryPercent < 0 || *c.BatteryPercent > 100) {
		f.WithField("battery_percent", "%d is not a percentage: say 0 to 100.", *c.BatteryPercent)
	}
	if c.Locked != nil && *c.Locked {
		f.WithField("locked", "Hands can only unlock here: say false. A lock comes as a command from the server.")
	}
	if len(f.Fields) > 0 {
		return f
	}
	return nil
}

// Apply does all of the change, or nothing.
func (d *Device) Apply(c Change) error {
	if err := d.validate(c); err != nil {
		return err
	}
	var powered, cut bool
	err := d.update(func() error {
		m := &d.mem
		wasOn, wasOnline := m.Powered, m.Online
		if c.Powered != nil {
			d.switchPower(*c.Powered)
		}
		if c.Locked != nil {
			if err := d.unlockByHand(); err != nil {
				return err
			}
		}
		if c.Therapy != nil {
			if err := d.setTherapy(*c.Therapy); err != nil {
				return err
			}
		}
		set(&m.Online, c.Online)
		set(&m.BSSID, c.BSSID)
		set(&m.ClockOffsetSeconds, c.ClockOffsetSeconds)
		set(&m.BatteryPercent, c.BatteryPercent)
		set(&m.Lies, c.Lies)
		set(&m.IgnoresWipe, c.IgnoresWipe)
		powered = m.Powered != wasOn
		cut = (!m.Powered && wasOn) || (!m.Online && wasOnline)
		return nil
	})
	if err != nil {
		return err
	}
	if cut {
		d.mu.Lock()
		d.cutConnections()
		d.mu.Unlock()
	}
	if powered {
		signal(d.power)
	}
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// selfTest is how long a device shows its start-up screen.
const selfTest = 3 * time.Second

// switchPower switches the device on or off. A pump that loses power while it
// infuses comes back paused: it never starts by itself.
func (d *Device) switchPower(on bool) {
	if on == d.mem.Powered {
		return
	}
	d.mem.Powered = on
	d.clock.ringUntil = time.Time{}
	if on {
		d.clock.bootUntil = d.now().Add(selfTest)
		return
	}
	d.mem.Message = ""
	if d.mem.Therapy == device.ReportedInfusing {
		d.mem.Therapy = device.ReportedPaused
	}
}

// setTherapy is somebody pressing keys on the pump.
func (d *Device) setTherapy(to device.Reported) error {
	m := &d.mem
	if !m.Powered {
		return codeCannot.New("%s is switched off: its keys do nothing. Switch it on first.", d.spec.Serial)
	}
	if to == device.ReportedInfusing {
		switch {
		case m.Wiped:
			return codeCannot.New("%s has been sanitised and holds no drug library: it cannot infuse before it has been set up again.", d.spec.Serial)
		case m.Locked:
			return codeCannot.New("%s is locked: unlock it at its own panel first.", d.spec.Serial)
		}
		if m.Programme.Rate <= 0 || m.Programme.Given >= m.Programme.Volume {
			m.Programme = d.freshProgramme()
		}
	}
	m.Therapy = to
	return nil
}

// freshProgramme is a new bag or syringe, set up by hand.
func (d *Device) freshProgramme() Programme {
	if p := d.spec.Programme; p.Rate > 0 {
		p.Given = 0
		return p
	}
	switch d.spec.Class {
	case device.ClassPumpSyringe:
		return Programme{Drug: "Maintenance dose", Rate: 5, Volume: 50}
	case device.ClassPumpPCA:
		return Programme{Drug: "Analgesic", Rate: 2, Volume: 100}
	}
	return Programme{Drug: "Saline 0.9 %", Rate: 100, Volume: 500}
}

// unlockByHand ends a lock without any network. Lost mode ends only by an order.
func (d *Device) unlockByHand() error {
	switch {
	case !d.mem.Powered:
		return codeCannot.New("%s is switched off: switch it on first.", d.spec.Serial)
	case d.mem.LostMode:
		return codeCannot.New("%s is in lost mode: it takes no passcode until an order ends lost mode.", d.spec.Serial)
	}
	d.mem.Locked = false
	return nil
}
