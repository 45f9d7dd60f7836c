package safety

import (
	"fmt"
	"time"

	"wardline/device"
)

// Assessment is a conclusion about a pump's therapy.
type Assessment struct {
	State State
	// Current says that the state is young enough (ShowAge) to be shown as what
	// is so now. A thing without therapy is always current.
	Current bool
	// Why is one sentence for people.
	Why string
}

// Assess concludes from facts what state a device is in. A report older than
// limit says nothing: ReleaseAge to release, ShowAge for screens and for asking.
// Custody, place and lifecycle can only make a state worse than what the pump
// reports; anything that does not fit makes it unknown.
func Assess(f Facts, limit time.Duration) Assessment {
	if !f.IsPump() {
		return Assessment{State: StateNotPump, Current: true, Why: "This device gives no therapy."}
	}
	if why := whyUnknown(f, limit); why != "" {
		return Assessment{State: StateUnknown, Why: why + " It is treated as infusing."}
	}
	a := Assessment{Current: f.Age <= ShowAge}
	switch f.Reported {
	case device.ReportedInfusing:
		a.State, a.Why = StateInfusing, "The pump reports that it is infusing."
	case device.ReportedPaused:
		a.State, a.Why = StatePaused, "The pump reports that it is paused, loaded or being handled."
	case device.ReportedService:
		a.State, a.Why = serviceState(f)
	case device.ReportedStopped:
		a.State, a.Why = stoppedState(f)
	}
	return a
}

// whyUnknown says in a sentence why nothing can be concluded; empty when
// something can.
func whyUnknown(f Facts, limit time.Duration) string {
	switch {
	case f.Management != device.ManagementAgent && f.Management != device.ManagementGateway:
		return "Wardline has no way to learn this pump's therapy state."
	case !f.Known || f.Reported == device.ReportedNone:
		return "The pump has not reported a therapy state."
	case !f.Reported.Valid():
		return "The pump reported a therapy state that Wardline does not know."
	case f.Age < 0:
		return "The age of the pump's last report makes no sense."
	case f.Age > limit:
		return fmt.Sprintf("The last report is %s old.", ageWords(f.Age))
	case f.SourcesDisagree:
		return "The sources of the pump's therapy state contradict each other."
	case !f.Class.IsPump() || f.ClassDisputed:
		return "The device reports therapy, but it is not registered everywhere as a pump."
	case f.Stage.Ended():
		return "The pump reports, but by its record it has left the hospital."
	}
	return ""
}

func serviceState(f Facts) (State, string) {
	switch {
	case f.Custody != device.CustodyBiomed:
		return StateUnknown, "The pump reports its service mode, but it is not in biomed's hands. It is treated as infusing."
	case f.Management == device.ManagementGateway:
		return StateStandby, "A gateway reports that the pump is in its service mode; only the pump itself could confirm it."
	}
	return StateService, "The pump reports its service mode and is in biomed's hands."
}

func stoppedState(f Facts) (State, string) {
	switch {
	case f.Management == device.ManagementGateway:
		return StateStandby, "A gateway reports that the pump is stopped; only the pump itself could confirm that it is free."
	case f.CareArea:
		return StateStandby, "The pump is stopped, but stands where patients are treated."
	case f.Condition == device.ConditionInUse:
		return StateStandby, "The pump is stopped, but is recorded as in use."
	}
	switch f.Custody {
	case device.CustodyStorage, device.CustodyCleaning:
		switch f.Condition {
		case device.ConditionReady, device.ConditionNeedsCleaning, device.ConditionInCleaning:
			return StateIdle, "The pump is stopped and is in storage or cleaning."
		}
		return StateStandby, "The pump is stopped and in storage or cleaning, but its recorded condition does not fit that."
	case device.CustodyBiomed:
		if f.Condition == device.ConditionReady {
			return StateIdle, "The pump is stopped and ready in biomed's hands."
		}
		return StateStandby, "The pump is stopped in biomed's hands, but is not recorded as ready."
	}
	return StateStandby, "The pump is stopped, but is not in storage, in cleaning or in biomed's hands."
}

// ageWords rounds an age to what people say.
func ageWords(d time.Duration) string {
	unit, n := "second", int(d/time.Second)
	switch {
	case d >= 48*time.Hour:
		unit, n = "day", int(d/(24*time.Hour))
	case d >= 2*time.Hour:
		unit, n = "hour", int(d/time.Hour)
	case d >= 2*time.Minute:
		unit, n = "minute", int(d/time.Minute)
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}
