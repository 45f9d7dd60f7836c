package inventory

import (
	"time"

	"wardline/device"
)

// What may be kept of where a device was (SAFETY 7):
//
//   - pumps and shared handhelds: the ward, 30 days;
//   - issued phones and tablets: the ward while inside, nothing outside;
//   - personal phones: never anything;
//   - coordinates of any device: only while it is lost, and 7 days after.

// How long locations are kept.
const (
	WardsKept       = 30 * 24 * time.Hour
	CoordinatesKept = 7 * 24 * time.Hour
)

// placeRule says what may be kept of a class's locations.
type placeRule struct {
	// ward: the ward may be kept when the access point is a known one.
	ward bool
	// unknownNetwork: name and address of a network may be kept that is not in the
	// list of access points. On a person's phone that is their home.
	unknownNetwork bool
	// coordinates may be kept while the device is lost.
	coordinates bool
	// personal: a look at it is a look at a person, and is recorded.
	personal bool
}

var placeRules = map[device.Class]placeRule{
	device.ClassPumpLVP:        {ward: true, unknownNetwork: true, coordinates: true},
	device.ClassPumpSyringe:    {ward: true, unknownNetwork: true, coordinates: true},
	device.ClassPumpPCA:        {ward: true, unknownNetwork: true, coordinates: true},
	device.ClassHandheldShared: {ward: true, unknownNetwork: true, coordinates: true},
	device.ClassPhoneIssued:    {ward: true, coordinates: true, personal: true},
	device.ClassPhonePersonal:  {personal: true},
	device.ClassTablet:         {ward: true, coordinates: true, personal: true},
	device.ClassGateway:        {ward: true, unknownNetwork: true},
	device.ClassOtherMedical:   {ward: true, unknownNetwork: true},
}

// isPersonsLocation reports whether a look at where the device is, is a look at
// where a person is. Whatever a person holds counts, whatever its class; an
// unknown class counts too.
func isPersonsLocation(d device.Device) bool {
	rule, known := placeRules[d.Class]
	return !known || rule.personal || d.Custody.Kind == device.CustodyPerson
}

// KeepReport decides what of a report may be kept and what changed in it. It is
// the one place where a device's words become part of the inventory.
func KeepReport(known Known, heard Heard) Kept {
	d := known.Device
	before, r := d.Report, heard.Report
	if r.ReceivedAt.Before(before.ReceivedAt) {
		return Kept{Stale: true}
	}
	k := Kept{Report: r, SeenPlace: known.SeenPlace}
	k.keepPlace(d, known.Ward)
	k.keepTherapy(before, heard)
	k.noteChanges(before, r)
	return k
}

// keepPlace applies the class's rule to the location in the report.
func (k *Kept) keepPlace(d device.Device, ward device.PlaceID) {
	rule := placeRules[d.Class] // an unknown class keeps nothing
	fix := k.Report.Location
	k.Report.Location = d.Report.Location
	if ward == "" && !rule.unknownNetwork || !rule.ward {
		k.Report.SSID, k.Report.BSSID, k.Report.IP, k.Report.RSSIdBm = "", "", "", 0
	}
	switch {
	case !rule.ward:
		k.Report.Location, k.SeenPlace = nil, ""
	case ward != "":
		k.Sighting, k.SeenPlace = true, ward
		k.Report.Location = &device.LocationFix{Source: device.LocationAccessPoint, Place: ward, BSSID: k.Report.BSSID, At: k.Report.ReceivedAt}
	case rule.personal:
		// It left the building: where it was last is not where it is, and where it
		// is, is its holder's own affair unless it is lost.
		k.Report.Location, k.SeenPlace = nil, ""
	}
	if fix != nil && fix.Source == device.LocationCoordinates && rule.coordinates && d.HasHold(device.HoldLost) {
		k.Fix = true
		kept := *fix
		kept.Place, kept.BSSID = k.SeenPlace, k.Report.BSSID
		k.Report.Location = &kept
	}
}

// keepTherapy carries an older therapy state through a report that has none, and
// notes every state that was reported since.
func (k *Kept) keepTherapy(before device.Report, heard Heard) {
	if !k.Report.Therapy.Valid() {
		k.Report.Therapy, k.Report.TherapyAge, k.Report.TherapyAt = before.Therapy, before.TherapyAge, before.TherapyAt
	}
	was := before.Therapy
	steps := heard.Changes
	if heard.Report.Therapy.Valid() {
		steps = append(append([]TherapyChange(nil), steps...), TherapyChange{heard.Report.Therapy, heard.Report.TherapyAt})
	}
	for _, s := range steps {
		if s.Therapy.Valid() && s.Therapy != was {
			k.Changes = append(k.Changes, Change{What: WhatTherapy, Was: string(was), Became: string(s.Therapy), At: s.At})
			was = s.Therapy
		}
	}
}

// wrongClock is the difference from which a wall clock counts as wrong.
const wrongClock = 2 * time.Minute

func (k *Kept) noteChanges(before, now device.Report) {
	note := func(what What, was, became string) {
		if was != became && !before.ReceivedAt.IsZero() {
			k.Changes = append(k.Changes, Change{What: what, Was: was, Became: became, At: now.ReceivedAt})
		}
	}
	note(WhatLocked, yesNo(&before.Locked), yesNo(&now.Locked))
	note(WhatLostMode, yesNo(&before.LostMode), yesNo(&now.LostMode))
	note(WhatEncryption, yesNo(before.StorageEncrypted), yesNo(now.StorageEncrypted))
	note(WhatPasscode, yesNo(before.PasscodeSet), yesNo(now.PasscodeSet))
	note(WhatClock, clockWords(before.ClockOffset), clockWords(now.ClockOffset))
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

func clockWords(offset time.Duration) string {
	if offset.Abs() >= wrongClock {
		return "wrong"
	}
	return "right"
}
