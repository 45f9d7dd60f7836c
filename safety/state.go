package safety

import (
	"time"

	"wardline/device"
)

// State is what the server concludes about a pump's therapy (SAFETY 1). What
// the pump itself says is device.Reported.
type State string

// The states.
const (
	// StateNotPump is for things without therapy: phones, handhelds, gateways.
	StateNotPump  State = ""
	StateInfusing State = "infusing"
	StatePaused   State = "paused"
	// StateStandby is a pump that reports stopped but stands where patients are
	// treated; it is also the best that a report through a gateway can be.
	StateStandby State = "standby"
	// StateIdle is a pump that reports stopped and lies in a store, in cleaning,
	// or ready in the workshop.
	StateIdle State = "idle"
	// StateService is a pump in its own maintenance mode in biomed's hands.
	StateService State = "service"
	// StateUnknown is treated as infusing.
	StateUnknown State = "unknown"
)

// States lists the states of a pump in the order in which tables show them.
func States() []State {
	return []State{StateInfusing, StatePaused, StateStandby, StateIdle, StateService, StateUnknown}
}

// Free reports whether nothing disruptive about the pump can touch a patient.
func (s State) Free() bool { return s == StateIdle || s == StateService }

// Words returns what people read in place of the identifier.
func (s State) Words() string {
	switch s {
	case StateNotPump:
		return "No therapy"
	case StateInfusing:
		return "Infusing"
	case StatePaused:
		return "Paused"
	case StateStandby:
		return "Stopped, in a care area"
	case StateIdle:
		return "Idle"
	case StateService:
		return "In service mode"
	}
	return "Unknown, treated as infusing"
}

const (
	// ReleaseAge is how old a therapy state may be to release anything that is
	// not quiet.
	ReleaseAge = 60 * time.Second
	// ShowAge is how old a therapy state may be to be shown as current, and to be
	// the ground on which a person may ask.
	ShowAge = 10 * time.Minute
	// UnseenAge is how long a pump must have been silent before two people may
	// contain it without break-glass.
	UnseenAge = 24 * time.Hour
)

// Facts are what is known about a device at one moment. FactsOf fills them from
// the inventory.
type Facts struct {
	// Class is the strictest of what certificate, enrollment, record, model and
	// agent say; see Strictest. An empty or unknown class gets inventory and
	// silent locate only.
	Class device.Class
	// ClassDisputed: these sources do not even agree on whether it is a pump, a
	// phone, a gateway or something else. Only quiet work is allowed until
	// people have settled it.
	ClassDisputed bool
	// EverReportedTherapy: a device that ever reported a therapy state is a pump
	// until it is decommissioned, whatever its class says.
	EverReportedTherapy bool

	// Known says that a report with a therapy state was received; Reported is
	// what it said, and Age how old that is: the time since the server received
	// it plus the age by the device's monotonic clock. A negative age is
	// impossible and makes the state unknown.
	Known    bool
	Reported device.Reported
	Age      time.Duration
	// SourcesDisagree: two sources of the therapy state contradict each other,
	// such as a gateway and the pump itself, or two live boots of one enrollment.
	SourcesDisagree bool

	Custody    device.CustodyKind
	Condition  device.Condition
	Stage      device.Stage
	Management device.Management
	// CareArea: patients are treated where the device stands, by its record or by
	// the access point it was last heard through; either suffices.
	CareArea bool

	// Lost: the device is under the hold lost.
	Lost bool
	// UnseenFor is the time since the device was last heard of in any way; the
	// time since it was registered when it never was.
	UnseenFor time.Duration
}

// FactsOf gathers what the inventory knows about d at now. careArea says whether
// patients are treated where it stands (by record or by access point). claims
// are the classes that other sources give: certificate, enrollment, model,
// agent; empty ones are ignored.
func FactsOf(d device.Device, careArea bool, now time.Time, claims ...device.Class) Facts {
	class, disputed := Strictest(append([]device.Class{d.Class}, claims...)...)
	f := Facts{
		Class: class, ClassDisputed: disputed, EverReportedTherapy: d.EverReportedTherapy,
		Custody: d.Custody.Kind, Condition: d.Condition, Stage: d.Stage,
		Management: d.Management, CareArea: careArea, Lost: d.HasHold(device.HoldLost),
	}
	if d.Report.Therapy != device.ReportedNone && !d.Report.ReceivedAt.IsZero() {
		f.Known, f.Reported = true, d.Report.Therapy
		f.Age = now.Sub(d.Report.ReceivedAt) + max(0, d.Report.TherapyAge)
		if !d.Report.TherapyAt.IsZero() {
			// Telemetry without a therapy state may have moved ReceivedAt on.
			f.Age = max(f.Age, now.Sub(d.Report.TherapyAt))
		}
	}
	f.UnseenFor = now.Sub(d.CreatedAt)
	if !d.Report.ReceivedAt.IsZero() {
		f.UnseenFor = now.Sub(d.Report.ReceivedAt)
	}
	return f
}

// IsPump reports whether the interlock for pumps applies.
func (f Facts) IsPump() bool {
	return f.Class.IsPump() || (f.EverReportedTherapy && f.Stage != device.StageDecommissioned)
}
