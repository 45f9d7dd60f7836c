package inventory

import (
	"time"

	"wardline/device"
	"wardline/safety"
)

// Item is a device as screens and programs see it: the record, what it reported,
// and what follows from both at the moment of reading.
type Item struct {
	// Device holds no location of a person: see Where and Service.Location.
	Device device.Device
	Model  device.Model
	// Path is its place from the site down to the ward; empty when it has none.
	Path []device.Place
	// Therapy is nil for things without therapy.
	Therapy *Therapy
	// Certificate is nil when there is none, or nothing is known of it.
	Certificate *Certificate
	// CertificateDays are the full days left; negative once it has ended. 0 without
	// a certificate.
	CertificateDays int
	// Where is where it was last heard; nil when that is not known, or withheld.
	Where *Where
	// LocationWithheld: it has a location that is a person's, which only
	// Service.Location shows, on the record.
	LocationWithheld bool
	// CannotKnow says in a sentence what Wardline cannot know at the device's
	// management level; empty when it can know all.
	CannotKnow string
	// LastSeenAge is the time since the device was last heard of; negative: never.
	LastSeenAge time.Duration
	SanitisedAt time.Time
	Facts       Facts
}

// Site is the site that the device belongs to; empty when it has no place.
func (i Item) Site() device.PlaceID { return placeOfKind(i.Path, device.PlaceSite) }

// Ward is the ward that the device belongs to; empty when it has none.
func (i Item) Ward() device.PlaceID { return placeOfKind(i.Path, device.PlaceWard) }

func placeOfKind(path []device.Place, kind device.PlaceKind) device.PlaceID {
	for _, p := range path {
		if p.Kind == kind {
			return p.ID
		}
	}
	return ""
}

// Therapy is what is known of a pump's therapy at the moment of reading.
type Therapy struct {
	State    safety.State
	Reported device.Reported
	// Age is the age of the report; negative: there is none.
	Age time.Duration
	// Current: young enough to be shown as what is so now.
	Current bool
	Why     string
}

// Where is a device's last known location.
type Where struct {
	Source device.LocationSource
	// Path leads from the site to the ward; empty when only coordinates or an
	// unknown access point are known.
	Path      []device.Place
	Latitude  float64
	Longitude float64
	AccuracyM float64
	At        time.Time
	Age       time.Duration
}

// item draws the conclusions from a record.
func item(r Record, places Tree, now time.Time) Item {
	i := Item{
		Device: r.Device, Model: r.Model, Path: places.Path(r.Device.Place),
		Certificate: r.Certificate, SanitisedAt: r.SanitisedAt, Facts: r.Facts,
		CannotKnow: cannotKnow(r.Device), LastSeenAge: -1,
	}
	if seen := r.Device.Report.ReceivedAt; !seen.IsZero() {
		i.LastSeenAge = now.Sub(seen)
	}
	if c := r.Certificate; c != nil {
		i.CertificateDays = DaysLeft(c.NotAfter, now)
	}
	i.Therapy = therapyOf(r, now)
	i.Where = whereOf(r, places, now)
	if i.Where != nil && isPersonsLocation(r.Device) {
		i.Where, i.LocationWithheld = nil, true
	}
	withhold(&i.Device.Report, i.LocationWithheld)
	return i
}

func therapyOf(r Record, now time.Time) *Therapy {
	facts := safety.FactsOf(r.Device, r.CareArea, now, r.Model.Class)
	if !facts.IsPump() {
		return nil
	}
	a := safety.Assess(facts, safety.ShowAge)
	t := &Therapy{State: a.State, Current: a.Current, Why: a.Why, Age: -1}
	if facts.Known {
		t.Reported, t.Age = facts.Reported, facts.Age
	}
	return t
}

func whereOf(r Record, places Tree, now time.Time) *Where {
	fix := r.Device.Report.Location
	if fix == nil {
		return nil
	}
	w := &Where{Source: fix.Source, Path: places.Path(fix.Place), At: fix.At, Age: now.Sub(fix.At)}
	if fix.Source == device.LocationCoordinates {
		w.Latitude, w.Longitude, w.AccuracyM = fix.Latitude, fix.Longitude, fix.AccuracyM
	}
	return w
}

// withhold takes out of a report what would tell where a person is.
func withhold(r *device.Report, personal bool) {
	if personal {
		r.Location, r.BSSID, r.SSID, r.IP, r.RSSIdBm = nil, "", "", "", 0
	}
}

// cannotKnow says what a management level leaves in the dark.
func cannotKnow(d device.Device) string {
	pump := d.Class.IsPump()
	switch d.Management {
	case device.ManagementGateway:
		if pump {
			return "A pump server speaks for this pump: its state is at best as good as what that server says, and no command can reach it."
		}
		return "A server speaks for this device; no command can reach it."
	case device.ManagementCertificate:
		if pump {
			return "Wardline only issues this pump's certificate: whether it infuses, where it is and whether it is switched on is not known."
		}
		return "Wardline only issues this device's certificate: where it is and whether it is switched on is not known."
	case device.ManagementRecord:
		return "This device is only recorded: Wardline cannot reach it and knows nothing but what people wrote here."
	}
	return ""
}
