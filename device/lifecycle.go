package device

import "time"

// Stage is where a device stands in its life. Stage, Condition and Holds are
// three independent axes.
type Stage string

// The stages.
const (
	StageExpected        Stage = "expected"
	StageReceived        Stage = "received"
	StageEnrolled        Stage = "enrolled"
	StageInService       Stage = "in_service"
	StageDecommissioning Stage = "decommissioning" // a retire order exists
	StageDecommissioned  Stage = "decommissioned"
	StageReturned        Stage = "returned"
	StageWrittenOff      Stage = "written_off" // not sanitised, whereabouts unknown
)

// Stages lists every stage in the order of a life.
func Stages() []Stage {
	return []Stage{StageExpected, StageReceived, StageEnrolled, StageInService,
		StageDecommissioning, StageDecommissioned, StageReturned, StageWrittenOff}
}

// Ended reports whether the device has left the hospital's hands.
func (s Stage) Ended() bool {
	return s == StageDecommissioned || s == StageReturned || s == StageWrittenOff
}

// Condition says whether a device can be used now.
type Condition string

// The conditions.
const (
	ConditionReady         Condition = "ready"
	ConditionInUse         Condition = "in_use"
	ConditionNeedsCleaning Condition = "needs_cleaning"
	ConditionInCleaning    Condition = "in_cleaning"
	ConditionInMaintenance Condition = "in_maintenance"
)

// Conditions lists every condition.
func Conditions() []Condition {
	return []Condition{ConditionReady, ConditionInUse, ConditionNeedsCleaning, ConditionInCleaning, ConditionInMaintenance}
}

// HoldKind is a reason for which a device must not simply be used.
type HoldKind string

// The holds.
const (
	HoldLost           HoldKind = "lost"
	HoldQuarantined    HoldKind = "quarantined"
	HoldRecalled       HoldKind = "recalled"
	HoldOfflineByOrder HoldKind = "offline_by_order"
)

// HoldKinds lists every hold.
func HoldKinds() []HoldKind {
	return []HoldKind{HoldLost, HoldQuarantined, HoldRecalled, HoldOfflineByOrder}
}

// Hold is one hold on a device.
type Hold struct {
	Kind   HoldKind  `json:"kind"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// MayLift names the role that may lift it.
	MayLift string `json:"may_lift"`
	// Stolen: of a lost device, that it was taken and not mislaid.
	Stolen bool `json:"stolen,omitempty"`
	// Proven: of a lost device, that its holder reported it, or somebody with a
	// second factor.
	Proven bool `json:"proven,omitempty"`
}

// mayLift names the role that may lift a hold. Role names are those of package
// auth, which this package does not import.
var mayLift = map[HoldKind]string{
	HoldLost:           "it",
	HoldQuarantined:    "security",
	HoldRecalled:       "biomed",
	HoldOfflineByOrder: "security",
}

// MayLift names the role that may lift a hold on a device of this class: on
// medical equipment biomed decides what IT decides elsewhere.
func MayLift(kind HoldKind, class Class) string {
	if kind == HoldLost && (class.IsPump() || class == ClassOtherMedical || class == ClassGateway) {
		return "biomed"
	}
	return mayLift[kind]
}

// HoldOf returns the hold of this kind.
func (d Device) HoldOf(kind HoldKind) (Hold, bool) {
	for _, h := range d.Holds {
		if h.Kind == kind {
			return h, true
		}
	}
	return Hold{}, false
}

// CustodyKind says in whose hands a device is.
type CustodyKind string

// The custodies.
const (
	CustodyWard     CustodyKind = "ward"
	CustodyStorage  CustodyKind = "storage"
	CustodyCleaning CustodyKind = "cleaning"
	CustodyBiomed   CustodyKind = "biomed"
	CustodyPerson   CustodyKind = "person"
	CustodyOutside  CustodyKind = "outside"
)

// Custodies lists every custody.
func Custodies() []CustodyKind {
	return []CustodyKind{CustodyWard, CustodyStorage, CustodyCleaning, CustodyBiomed, CustodyPerson, CustodyOutside}
}

// Custody is who has the device: the kind, and which ward, store or person.
type Custody struct {
	Kind  CustodyKind `json:"kind"`
	Which string      `json:"which"`
}

// Reported is a therapy state as a pump itself senses and reports it
// (SAFETY 1). What the server concludes from it is safety.State.
type Reported string

// The reported therapy states.
const (
	ReportedNone     Reported = "" // this device has never reported one
	ReportedInfusing Reported = "infusing"
	ReportedPaused   Reported = "paused"
	ReportedStopped  Reported = "stopped"
	ReportedService  Reported = "service"
)

// Valid reports whether r is one of the four states a pump may report.
func (r Reported) Valid() bool {
	switch r {
	case ReportedInfusing, ReportedPaused, ReportedStopped, ReportedService:
		return true
	}
	return false
}
