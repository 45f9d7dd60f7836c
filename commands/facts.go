package commands

import (
	"time"

	"wardline/device"
	"wardline/safety"
)

// Facts is everything known of one device at the moment of a decision. The store
// reads it in the transaction of the decision, while it holds the device's row:
// nothing in it can change before the decision is kept.
type Facts struct {
	// Now is the database's clock.
	Now    time.Time
	Device device.Device
	Model  device.Model
	// CareArea: patients are treated where it stands, by its record or by the
	// access point that it was last heard through.
	CareArea   bool
	Enrollment Enrollment
	// SanitisedAt is when it was last sanitised; zero: never.
	SanitisedAt time.Time
	// Site is the site that the device belongs to; empty: none.
	Site device.PlaceID
	// Books is what the guard counts; nil: the decision did not ask for it.
	Books *Books
	// Open are the device's commands that have not ended, oldest first, of all
	// its enrollments.
	Open []Command
	// Ward are the pumps of the same model in the same place. It is shared by all
	// facts of one decision, so that what is handed to one pump counts for the
	// next. Nil: no command in question takes a pump out of use.
	Ward *Ward
	// OpenRings is the newest open ring of each batch that Open has commands of.
	OpenRings map[BatchID]int
}

// mayGoOut reports whether the ring of its batch that the command is in is open.
func (f Facts) mayGoOut(c Command) bool { return c.Ring <= max(1, f.OpenRings[c.Batch]) }

// Enrollment is the device's current enrollment. The zero value: it has none.
type Enrollment struct {
	ID    device.EnrollmentID
	Class device.Class // the one the certificate was issued for
	// Since is when it began.
	Since time.Time
	// Usable: it has a certificate that has neither been revoked nor replaced.
	Usable bool
	// Contained: its certificate is on hold.
	Contained bool
}

// safetyFacts is what the interlock wants to know, by the device's last stored
// report.
func (f Facts) safetyFacts() safety.Facts {
	return safety.FactsOf(f.Device, f.CareArea, f.Now, f.Model.Class, f.Enrollment.Class)
}

// safetyFactsIn is the same by the report in a poll. at is this process's clock,
// which measured the receipt of the poll.
func (f Facts) safetyFactsIn(p Poll, at time.Time) safety.Facts {
	d := f.Device
	d.Report = p.Report
	if p.Report.Therapy != device.ReportedNone {
		d.EverReportedTherapy = true
	}
	return safety.FactsOf(d, f.CareArea, at, f.Model.Class, f.Enrollment.Class, p.Class)
}

// standing is what an approval given now rests on.
func (f Facts) standing(class device.Class) Standing {
	return Standing{Class: class, Custody: f.Device.Custody, Place: f.Device.Place}
}

// lost reports whether the device is reported lost.
func (f Facts) lost() bool { return f.Device.HasHold(device.HoldLost) }

// Ward counts the pumps of one model in one place, for the rule that at most one
// in five may be taken out of use at once (SAFETY 2).
type Ward struct {
	// Ready: can be used now. Out: taken out of use by a command, and not back.
	Ready, Out map[device.ID]bool
}

// mayTakeOut reports whether the pump may be taken out of use as well.
func (w *Ward) mayTakeOut(id device.ID) bool {
	if w == nil {
		return true
	}
	ready, out := 1, 0 // the one in question
	for other := range w.Ready {
		if other != id && !w.Out[other] {
			ready++
		}
	}
	for other := range w.Out {
		if other != id {
			out++
		}
	}
	return safety.MayTakeOut(ready, out)
}

// takeOut notes that the pump is being taken out of use.
func (w *Ward) takeOut(id device.ID) {
	if w != nil {
		w.Out[id] = true
	}
}
