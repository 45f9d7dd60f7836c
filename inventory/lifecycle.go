package inventory

import (
	"fmt"
	"slices"

	"wardline/device"
	"wardline/internal/fault"
)

// stageSteps are the changes of stage that people may make. Enrolling is not
// among them: only an enrollment that is completed makes a device enrolled.
var stageSteps = map[device.Stage][]device.Stage{
	device.StageExpected:        {device.StageReceived, device.StageReturned, device.StageWrittenOff},
	device.StageReceived:        {device.StageInService, device.StageReturned, device.StageDecommissioning, device.StageWrittenOff},
	device.StageEnrolled:        {device.StageInService, device.StageDecommissioning, device.StageWrittenOff},
	device.StageInService:       {device.StageDecommissioning, device.StageWrittenOff},
	device.StageDecommissioning: {device.StageInService, device.StageDecommissioned, device.StageWrittenOff},
	device.StageDecommissioned:  {device.StageReturned},
	device.StageReturned:        {device.StageReceived},
	device.StageWrittenOff:      {device.StageReceived, device.StageDecommissioning},
}

// conditionSteps are the changes of condition of what goes from patient to
// patient. It never becomes ready from in use without having been cleaned.
var conditionSteps = map[device.Condition][]device.Condition{
	device.ConditionReady:         {device.ConditionInUse, device.ConditionNeedsCleaning, device.ConditionInMaintenance},
	device.ConditionInUse:         {device.ConditionNeedsCleaning, device.ConditionInMaintenance},
	device.ConditionNeedsCleaning: {device.ConditionInCleaning, device.ConditionInMaintenance},
	device.ConditionInCleaning:    {device.ConditionReady, device.ConditionNeedsCleaning, device.ConditionInMaintenance},
	device.ConditionInMaintenance: {device.ConditionReady, device.ConditionNeedsCleaning},
}

// checkStage says whether a person may move the device to the stage.
func checkStage(r Record, to device.Stage) error {
	d := r.Device
	if d.Stage == to {
		return nil
	}
	if to == device.StageEnrolled {
		return CodeStageRefused.New("A device becomes enrolled by enrolling, not by an entry: make an invitation for it.")
	}
	if !slices.Contains(stageSteps[d.Stage], to) {
		return CodeStageRefused.New("A device that is %s cannot become %s.", stageWords(d.Stage), stageWords(to))
	}
	if (to == device.StageDecommissioned || to == device.StageWrittenOff) && d.Enrollment != "" {
		return CodeStageRefused.New("This device is enrolled: retiring it is asked for as a command, which passes the guard.")
	}
	switch to {
	case device.StageInService:
		if d.Management.CarriesCommands() && d.Enrollment == "" {
			return CodeStageRefused.New("This device is to be managed but was never enrolled, so it cannot go into service yet.")
		}
	case device.StageDecommissioned:
		return checkDecommission(r)
	case device.StageReturned:
		if hasLiveCertificate(r) {
			return CodeStageRefused.New("Its certificate is still good: revoke it before the device leaves the house.")
		}
	}
	return nil
}

// checkDecommission keeps pumps with Wi-Fi keys and live certificates from being
// sold (PROTOCOLS 6).
func checkDecommission(r Record) error {
	pump := r.Device.Class.IsPump() || r.Model.Class.IsPump() || r.Device.EverReportedTherapy
	f := CodeNotSanitised.New("The device cannot be decommissioned yet.")
	if pump && r.SanitisedAt.IsZero() {
		f.WithField("sanitisation", "no record says that this pump was sanitised: it may still hold Wi-Fi keys and logs")
	}
	if hasLiveCertificate(r) {
		f.WithField("certificate", "its certificate is still good: revoke it first")
	}
	if len(f.Fields) == 0 {
		return nil
	}
	f.Detail = fmt.Sprintf("The device cannot be decommissioned yet: %s.", joinFields(f.Fields))
	return f
}

func joinFields(fields []fault.Field) string {
	s := ""
	for i, f := range fields {
		if i > 0 {
			s += "; and "
		}
		s += f.Detail
	}
	return s
}

// hasLiveCertificate reports whether a network may still let the device in. A
// contained certificate can be given back, so it counts as live.
func hasLiveCertificate(r Record) bool { return r.LiveCertificates > 0 }

// checkCondition says whether a person may record the condition.
func checkCondition(d device.Device, to device.Condition) error {
	if d.Condition == to || !goesFromPatientToPatient(d) || slices.Contains(conditionSteps[d.Condition], to) {
		return nil
	}
	return CodeConditionRefused.New("A %s that is %s cannot become %s.", d.Class.Words(), conditionWords(d.Condition), conditionWords(to))
}

func goesFromPatientToPatient(d device.Device) bool {
	return d.Class.IsPump() || d.Class == device.ClassHandheldShared || d.EverReportedTherapy
}

func stageWords(s device.Stage) string {
	switch s {
	case device.StageExpected:
		return "expected"
	case device.StageReceived:
		return "received"
	case device.StageEnrolled:
		return "enrolled"
	case device.StageInService:
		return "in service"
	case device.StageDecommissioning:
		return "being decommissioned"
	case device.StageDecommissioned:
		return "decommissioned"
	case device.StageReturned:
		return "returned"
	case device.StageWrittenOff:
		return "written off"
	}
	return string(s)
}

func conditionWords(c device.Condition) string {
	switch c {
	case device.ConditionReady:
		return "ready"
	case device.ConditionInUse:
		return "in use"
	case device.ConditionNeedsCleaning:
		return "waiting to be cleaned"
	case device.ConditionInCleaning:
		return "being cleaned"
	case device.ConditionInMaintenance:
		return "in maintenance"
	}
	return string(c)
}

func holdWords(k device.HoldKind) string {
	switch k {
	case device.HoldLost:
		return "lost"
	case device.HoldQuarantined:
		return "quarantined"
	case device.HoldRecalled:
		return "recalled"
	case device.HoldOfflineByOrder:
		return "offline by order"
	}
	return string(k)
}

func custodyWords(c device.Custody) string {
	w := map[device.CustodyKind]string{
		device.CustodyWard: "on the ward", device.CustodyStorage: "in storage", device.CustodyCleaning: "in cleaning",
		device.CustodyBiomed: "with biomed", device.CustodyPerson: "with a person", device.CustodyOutside: "outside the house",
	}[c.Kind]
	if c.Which != "" {
		w += " (" + c.Which + ")"
	}
	return w
}
