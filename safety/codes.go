package safety

import "wardline/device"

// code is a stable reason with the sentence that a nurse reads.
type code struct{ name, sentence, help string }

// The reasons for which the interlock says no.
var (
	codeUnknownKind = code{"unknown_kind", "Wardline does not know this command.",
		"Choose one of the commands that the device's page offers."}
	codeDeviceGone = code{"device_gone", "This device has left the hospital: it was decommissioned, returned or written off.",
		"Check the serial number; a device that came back is enrolled anew."}
	codeNotManaged = code{"not_managed", "Wardline has no way to send this to the device.",
		"Look at the device's management level: it says what Wardline can and cannot do."}
	codeNotForClass = code{"kind_not_for_class", "Devices of this class never do this.",
		"Choose a command that the device's page offers."}
	codePersonalPhone = code{"personal_phone", "This phone belongs to a person: only the work data on it can be removed.",
		"Ask for remove_work_data instead."}
	codeNotCapable = code{"not_capable", "This model cannot do this.",
		"The model's page lists what devices of it can do."}
	codeClassDisputed = code{"class_disputed", "Its certificate, its record and the device itself disagree on what kind of device this is.",
		"Biomed and IT settle the class, and the device is enrolled anew."}
	codeOnlyWhenLost = code{"only_when_lost", "A personal phone is located only while it is reported lost.",
		"Report the phone lost first."}
	codeServerOnly = code{"not_a_device_command", "The server does this; a device is never asked to.",
		"Nothing to do: a device that receives such an order refuses it."}

	codeInfusing = code{"pump_infusing", "The pump is infusing.",
		"Wait until the infusion has ended, or ask for the command with hold_until_idle."}
	codePaused = code{"pump_paused", "The pump is paused, loaded or being handled at the bedside.",
		"Wait until the pump is free, or ask for the command with hold_until_idle."}
	codeStandby = code{"pump_in_care_area", "The pump is stopped, but is where patients are treated.",
		"Bring the pump to storage, cleaning or biomed, or ask for the command with hold_until_idle."}
	codeStateUnknown = code{"pump_state_unknown", "It is not known whether the pump is infusing, so it is treated as if it were.",
		"Check that the pump is on and in reach of the network, then try again."}
	codeServiceOnly = code{"pump_not_in_service_mode", "This is done only while the pump is in its service mode in biomed's hands.",
		"Biomed puts the pump into its service mode first."}
	codeWaitsForIdle = code{"waits_for_idle", "The command waits until the pump is free.",
		"Nothing to do; it can be cancelled."}
	codeRetireOrder = code{"retire_order_needed", "A pump is erased or decommissioned only in biomed's custody and after it was ordered to be retired.",
		"Start the decommissioning of the pump and take it into biomed's custody."}
	codeNotGone = code{"device_is_heard", "This pump was heard of within the last 24 hours, so it is not gone.",
		"Find it first: it says where it is. Only a pump that was not heard of for 24 hours is written off."}
	codeReplaceFirst = code{"replace_pump_first", "Cutting this pump off from the network may disturb its infusion. Replace the pump at the bedside first.",
		"Bring another pump, move the patient over, then contain this one; it can be contained once it is idle."}
	codeBreakGlass = code{CodeBreakGlassNeeded, "A pump that is not free is cut off from the network only when it is believed attacked, by two people under break-glass.",
		"Replace the pump at the bedside, try a quarantine network first, or open a break-glass."}
	codeNotPermitted = code{"state_not_permitted", "The pump's state is not one that this order permits.",
		"The server decides anew with the pump's present state."}
)

// CodeInfo is a stable code with its sentence and what a person can do about it.
type CodeInfo struct{ Name, Sentence, Help string }

// Codes lists every code that a Verdict can carry, in a fixed order.
func Codes() []CodeInfo {
	all := []code{
		codeUnknownKind, codeDeviceGone, codeNotManaged, codeNotForClass, codePersonalPhone, codeNotCapable,
		codeClassDisputed, codeOnlyWhenLost, codeServerOnly, codeInfusing, codePaused, codeStandby,
		codeStateUnknown, codeServiceOnly, codeWaitsForIdle, codeRetireOrder, codeNotGone, codeReplaceFirst, codeBreakGlass,
		codeNotPermitted,
	}
	infos := make([]CodeInfo, len(all))
	for i, c := range all {
		infos[i] = CodeInfo{Name: c.name, Sentence: c.sentence, Help: c.help}
	}
	return infos
}

// CodeBreakGlassNeeded is the code of what only a break-glass permits.
const CodeBreakGlassNeeded = "break_glass_needed"

// stateCode is the reason that a state gives by itself.
func stateCode(s State) code {
	switch s {
	case StateInfusing:
		return codeInfusing
	case StatePaused:
		return codePaused
	case StateStandby:
		return codeStandby
	}
	return codeStateUnknown
}

// whyNot finds the reason for which a cell does not permit a command.
func whyNot(cell Cell, s State, f Facts, m device.Model, ctx JudgeContext) code {
	switch cell {
	case OKTwoRetire:
		return codeRetireOrder
	case OKTwoUnseen:
		return codeNotGone
	case BreakGlass, BreakGlassOrUnseen:
		unlocked := ctx.BreakGlass || (cell == BreakGlassOrUnseen && f.UnseenFor >= UnseenAge)
		if unlocked || !cutIsSafe(m) {
			return codeReplaceFirst
		}
		return codeBreakGlass
	}
	if s == StateIdle {
		return codeServiceOnly
	}
	return stateCode(s)
}
