package safety

import "wardline/device"

// TakesOutOfUse reports whether a command that got this answer makes a pump
// unusable for a while, so that the ward's rule applies (MayTakeOut). Staging
// does not: the pump goes on being used.
func TakesOutOfUse(kind device.Kind, answer Answer) bool {
	switch kind {
	case device.KindRestart, device.KindLock, device.KindWipe, device.KindContain, device.KindRevoke:
		return true
	case device.KindFirmware, device.KindLibrary:
		return answer != Stage
	}
	return false
}

// MayTakeOut reports whether one more pump of a model may be taken out of use in
// a ward. ready counts the ward's pumps of the model that can be used now, with
// the one in question; out counts those that commands have already taken out of
// use and that are not back. At most one in five may be out at once, and one
// always may.
func MayTakeOut(ready, out int) bool {
	return out+1 <= max(1, (ready+out)/5)
}
