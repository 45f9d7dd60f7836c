package inventory

import "wardline/internal/fault"

// The codes of this package's faults. Each name is part of the API.
var (
	CodeDeviceExists = fault.Define(fault.Conflict, "device_exists",
		"Open the device that is already registered, or correct the serial number.")
	CodeAssetTagTaken = fault.Define(fault.Conflict, "asset_tag_taken",
		"Give the device another asset tag, or take the tag from the other device first.")
)
