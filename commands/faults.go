package commands

import (
	"wardline/internal/fault"
	"wardline/safety"
)

// The reasons for which this package says no to people and programs.
var (
	codeAlreadyOpen = fault.Define(fault.Conflict, "command_already_open",
		"The same command is already on its way to this device: follow that one, or cancel it first.")
	codeNotEnrolled = fault.Define(fault.Refused, "not_enrolled",
		"Enroll the device first: nothing can be sent to a device that has no enrollment.")
	codeContained = fault.Define(fault.Refused, "device_contained",
		"A contained device is served only lock, lost mode, locate, wipe and remove work data; end the containment first.")
	codeWardNeedsPumps = fault.Define(fault.Refused, "ward_needs_its_pumps",
		"At most one in five of a ward's ready pumps of a model may be out of use at once: wait until another one is back.")
	codeAlreadyDelivered = fault.Define(fault.Conflict, "command_already_delivered",
		"A command can be cancelled until it is handed to the device; unlock or unstage may undo it.")
	codeAlreadyEnded = fault.Define(fault.Conflict, "command_already_ended",
		"Nothing is open any more: ask for a new command if it is still needed.")
	codeNotAwaiting = fault.Define(fault.Conflict, "not_awaiting_approval",
		"Nothing waits for an approval here: look at the command's state.")
	codeSecondPerson = fault.Define(fault.Forbidden, "another_person_needed",
		"Somebody other than the person who asked has to decide, signed in as a person and not by a token.")
	codeOrderDiffers = fault.Define(fault.Stale, "order_differs",
		"What you looked at is not what is waiting: read the command again and approve the hash that it shows.")
	codeNotLost = fault.Define(fault.Conflict, "not_lost",
		"Nothing has to be taken back: look at the device's page.")
	codeTooManyDevices = fault.Define(fault.TooLarge, "batch_too_large",
		"Split the batch.")
)

// safetyCodes makes the interlock's reasons known as codes of the API.
var safetyCodes = func() map[string]fault.Code {
	m := map[string]fault.Code{}
	for _, c := range safety.Codes() {
		m[c.Name] = fault.Define(fault.Refused, c.Name, c.Help)
	}
	return m
}()

// refusal turns a verdict that says no into what the asker is told.
func refusal(v safety.Verdict) *fault.Fault {
	f := safetyCodes[v.Code].New("%s", v.Sentence).With("matrix_version", v.MatrixVersion)
	if v.State != safety.StateNotPump {
		f = f.With("therapy_state", string(v.State))
	}
	if v.MayHold {
		f = f.With("hold_until_idle", true)
	}
	return f
}
