package commands

import (
	"encoding/json"
	"slices"

	"wardline/device"
	"wardline/internal/fault"
)

// What the server carries out by itself, in the transaction of the decision:
// contain, revoke, decommission, write off.

var codeNotSanitised = fault.Define(fault.Refused, "sanitise_first",
	"Record the sanitisation by the model's recipe, with its witness; then decommission.")

// The sentences of what was done.
const (
	doneContained      = "The device's certificates are on hold: the network refuses it from now on."
	doneRevoked        = "The device's certificates are revoked for good: it is refused everywhere, and no wipe can reach it."
	doneDecommissioned = "Decommissioned: it has left the hospital, and its certificates are revoked for good."
	doneWrittenOff     = "Written off: not sanitised, whereabouts unknown. Its certificates are on hold."
	doneWrittenOffAs   = "Written off: not sanitised, whereabouts unknown. Its certificates stay good, because it is not known that cutting the network of this model is harmless."
)

// carryOut does what the server does by itself.
func (s *Service) carryOut(c *Command, f Facts, why cause, ch *Changes) error {
	cuts := c.Kind == device.KindContain || c.Kind == device.KindRevoke
	if cuts && f.Device.Class.IsPump() && !f.Ward.mayTakeOut(f.Device.ID) {
		return codeWardNeedsPumps.New("One in five of the ready pumps of this model in this place is already out of use.")
	}
	actor := why.actor
	why.step, why.actor = stepSucceed, system("commands")
	switch c.Kind {
	case device.KindContain:
		ch.contain(*c, actor, "It was cut from the network by command.")
		why.reason = doneContained
	case device.KindRevoke:
		ch.revoke(*c, actor, "It was revoked by command.")
		why.reason = doneRevoked
	case device.KindDecommission:
		ch.retire(f, device.StageDecommissioned)
		ch.revoke(*c, actor, "It was decommissioned.")
		why.reason = doneDecommissioned
	case device.KindWriteOff:
		ch.retire(f, device.StageWrittenOff)
		if why.reason = doneWrittenOffAs; !f.Device.Class.IsPump() || f.Model.NetworkCut == device.NetworkCutSafe {
			ch.contain(*c, actor, "It was written off.")
			why.reason = doneWrittenOff
		}
	}
	f.Ward.takeOut(f.Device.ID)
	c.released(f)
	return c.transition(StateSucceeded, why)
}

func (ch *Changes) retire(f Facts, to device.Stage) {
	d := f.Device
	d.Stage = to
	ch.Devices = append(ch.Devices, d)
}

// compromised reports whether a revocation was asked because the key is known to
// others: the CRL says so.
func (c Command) compromised() bool {
	var args struct {
		BeyondReach bool `json:"beyond_reach"`
		Compromised bool `json:"key_compromised"`
	}
	return json.Unmarshal(c.Args, &args) == nil && args.Compromised
}

// reachable reports whether there is an enrollment that the kind can be sent to
// or carried out on.
func (f Facts) reachable(kind device.Kind) error {
	if kind.Retires() {
		return f.retirable(kind)
	}
	if f.Enrollment.ID == "" || !f.Enrollment.Usable {
		return codeNotEnrolled.New("The device has no enrollment that is good, so nothing can be sent to it.")
	}
	if f.Enrollment.Contained && !servedContained(kind) && kind != device.KindRevoke {
		return codeContained.New("The device is contained: it is served only lock, lost mode, locate, wipe and remove work data.")
	}
	return nil
}

// retirable: pumps with Wi-Fi keys are not to be sold (PROTOCOLS 6). What was
// never enrolled is retired by an entry in its record: there is nothing to take
// away from it.
func (f Facts) retirable(kind device.Kind) error {
	pump := f.Device.Class.IsPump() || f.Model.Class.IsPump() || f.Device.EverReportedTherapy
	switch {
	case f.Enrollment.ID == "":
		return codeNotEnrolled.New("The device was never enrolled: change its stage instead.")
	case kind == device.KindDecommission && pump && f.SanitisedAt.IsZero():
		return codeNotSanitised.New("No record says that this pump was sanitised: it may still hold Wi-Fi keys and logs.")
	case kind == device.KindDecommission && !slices.Contains([]device.Stage{device.StageDecommissioning, device.StageEnrolled,
		device.StageInService}, f.Device.Stage):
		return codeNotEnrolled.New("The device is not in use, so it cannot be decommissioned.")
	}
	return nil
}

// servedContained reports whether a contained device is still served the kind:
// what finds, locks and empties it, and nothing else (SAFETY 5).
func servedContained(kind device.Kind) bool {
	switch kind {
	case device.KindLock, device.KindLostModeOn, device.KindLostModeOff, device.KindLocate, device.KindWipe, device.KindRemoveWorkData:
		return true
	}
	return false
}
