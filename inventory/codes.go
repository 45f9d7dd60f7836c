package inventory

import "wardline/internal/fault"

// The codes of this package's faults. Each name is part of the API.
var (
	CodeDeviceExists = fault.Define(fault.Conflict, "device_exists",
		"Open the device that is already registered, or correct the serial number.")
	CodeAssetTagTaken = fault.Define(fault.Conflict, "asset_tag_taken",
		"Give the device another asset tag, or take the tag from the other device first.")
	CodeClassFixed = fault.Define(fault.Refused, "class_is_fixed",
		"A class is fixed by the invitation and stands in the certificate: it changes only with a new enrollment that two people agree to.")
	CodeModelFixed = fault.Define(fault.Refused, "model_is_fixed",
		"The model of a device that was enrolled, and what an enrolled model is capable of, change only with a new enrollment that two people agree to.")
	CodeStageRefused = fault.Define(fault.Refused, "stage_change_refused",
		"Take the steps that lie between, or read in the sentence what is missing.")
	CodeConditionRefused = fault.Define(fault.Refused, "condition_change_refused",
		"What went from patient to patient is cleaned before it is ready: record the steps that lie between.")
	CodeNotSanitised = fault.Define(fault.Refused, "not_sanitised",
		"Record the sanitisation by the model's recipe, with its witness, and revoke the certificate; then decommission.")
	CodeMayNotLift = fault.Define(fault.Forbidden, "may_not_lift_hold",
		"Ask someone with the role that is named to lift the hold.")
	CodeHeldAlready = fault.Define(fault.Conflict, "held_already",
		"The device is under this hold already; lift it first to give another reason.")
	CodeNotHeld = fault.Define(fault.Conflict, "not_held",
		"The device is not under this hold; perhaps somebody lifted it a moment ago.")
	CodePlaceInUse = fault.Define(fault.Conflict, "place_in_use",
		"Move what stands in the place first.")
	CodePlaceExists = fault.Define(fault.Conflict, "place_exists",
		"Choose another name, or use the place that exists.")
	CodeModelExists = fault.Define(fault.Conflict, "model_exists",
		"Use the model that is already known.")
	CodeUDI = fault.Define(fault.Invalid, "udi_unreadable",
		"Scan the barcode again with a scanner that keeps separators, or type serial and lot from the label.")
	CodeCSV = fault.Define(fault.Invalid, "csv_has_errors",
		"Correct the rows that are named and send the whole file again: nothing was taken in.")
)
