package inventory

import (
	"slices"
	"time"

	"wardline/device"
	"wardline/safety"
)

// TherapyCell is one combination of what is recorded of a pump whose report is
// young enough to be current and that has not left the hospital: the
// combinations in which safety.Assess can come to anything but unknown.
type TherapyCell struct {
	Management device.Management
	Reported   device.Reported
	Custody    device.CustodyKind
	Condition  device.Condition
	CareArea   bool
}

// TherapyFilter narrows a list of devices to pumps by their derived state.
type TherapyFilter struct {
	// Since is the oldest report that counts as current, Until the newest that
	// makes sense.
	Since, Until time.Time
	// Cells are the combinations that are wanted, or with Except those that are
	// not: everything about a pump that is in no cell is unknown.
	Cells  []TherapyCell
	Except bool
}

// therapyFilter asks package safety, cell by cell, in which combinations a pump
// has one of the wanted states. The list is filtered by its answers, so that SQL
// holds no second copy of the rules.
func therapyFilter(wanted []safety.State, now time.Time) *TherapyFilter {
	f := &TherapyFilter{Since: now.Add(-safety.ShowAge), Until: now, Except: slices.Contains(wanted, safety.StateUnknown)}
	for _, c := range allTherapyCells() {
		state := safety.Assess(c.facts(), safety.ShowAge).State
		if state != safety.StateUnknown && slices.Contains(wanted, state) != f.Except {
			f.Cells = append(f.Cells, c)
		}
	}
	return f
}

// ReportedStates are the states that a pump can report.
func ReportedStates() []device.Reported {
	return []device.Reported{device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedService}
}

func allTherapyCells() []TherapyCell {
	var cells []TherapyCell
	for _, m := range device.Managements() {
		for _, r := range ReportedStates() {
			for _, custody := range device.Custodies() {
				for _, condition := range device.Conditions() {
					cells = append(cells, TherapyCell{m, r, custody, condition, false}, TherapyCell{m, r, custody, condition, true})
				}
			}
		}
	}
	return cells
}

func (c TherapyCell) facts() safety.Facts {
	return safety.Facts{
		Class: device.ClassPumpLVP, Known: true, Reported: c.Reported,
		Custody: c.Custody, Condition: c.Condition, Stage: device.StageInService,
		Management: c.Management, CareArea: c.CareArea,
	}
}
