package device

// Kind names what a command does. A model's capabilities are the kinds that it
// can do; the weight of a kind and the states in which it may reach a pump
// stand in package safety.
//
// Nothing that starts, stops or changes an infusion exists here in any form.
type Kind string

// The kinds.
const (
	KindRefresh          Kind = "refresh"           // report state and inventory now
	KindLocate           Kind = "locate"            // say where you are, silently
	KindCollectLogs      Kind = "collect_logs"      // hand over the agent's own log
	KindUnlock           Kind = "unlock"            // end a lock
	KindUnstage          Kind = "unstage"           // drop what is staged and not yet applied
	KindRenewCertificate Kind = "renew_certificate" // renew now instead of at one third left
	KindRing             Kind = "ring"              // beep and flash
	KindMessage          Kind = "message"           // show a text
	KindConfig           Kind = "config"            // apply a configuration document; has subkinds
	KindLibrary          Kind = "library"           // drug library
	KindFirmware         Kind = "firmware"
	KindRestart          Kind = "restart"
	KindLock             Kind = "lock"
	KindWipe             Kind = "wipe"         // on a pump: sanitise
	KindContain          Kind = "contain"      // cut from the network: the server does it, not the device
	KindRevoke           Kind = "revoke"       // end its enrollment and refuse it everywhere, for good
	KindDecommission     Kind = "decommission" // it leaves the hospital, sanitised
	KindWriteOff         Kind = "write_off"    // it is gone: not sanitised, whereabouts unknown
	KindLostModeOn       Kind = "lost_mode_on"
	KindLostModeOff      Kind = "lost_mode_off"
	KindClearPasscode    Kind = "clear_passcode"
	KindRemoveWorkData   Kind = "remove_work_data"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{
		KindRefresh, KindLocate, KindCollectLogs, KindUnlock, KindUnstage, KindRenewCertificate,
		KindRing, KindMessage, KindConfig, KindLibrary, KindFirmware, KindRestart, KindLock,
		KindWipe, KindContain, KindRevoke, KindDecommission, KindWriteOff, KindLostModeOn, KindLostModeOff, KindClearPasscode, KindRemoveWorkData,
	}
}

// ByServer reports whether the server carries the kind out by itself: a device is
// never asked to.
func (k Kind) ByServer() bool {
	return k == KindContain || k.Retires() || k == KindRevoke
}

// Retires reports whether the kind ends the device's life in the hospital.
func (k Kind) Retires() bool { return k == KindDecommission || k == KindWriteOff }

// Valid reports whether k is one of Kinds.
func (k Kind) Valid() bool {
	for _, known := range Kinds() {
		if k == known {
			return true
		}
	}
	return false
}

// Subkind tells configuration documents apart; it is empty for every kind but
// KindConfig.
type Subkind string

// The subkinds of KindConfig.
const (
	SubkindNone   Subkind = ""
	SubkindWiFi   Subkind = "wifi"   // Wi-Fi with EAP-TLS
	SubkindTrust  Subkind = "trust"  // trusted certificates
	SubkindPolicy Subkind = "policy" // passcode policy with grace period
	SubkindText   Subkind = "text"   // lock-screen contact text
	SubkindApps   Subkind = "apps"   // allowed apps
)

// ConfigSubkinds lists the subkinds of KindConfig.
func ConfigSubkinds() []Subkind {
	return []Subkind{SubkindWiFi, SubkindTrust, SubkindPolicy, SubkindText, SubkindApps}
}

// Words returns what people read in place of the identifier.
func (k Kind) Words() string {
	switch k {
	case KindRefresh:
		return "Refresh"
	case KindLocate:
		return "Locate"
	case KindCollectLogs:
		return "Collect logs"
	case KindUnlock:
		return "Unlock"
	case KindUnstage:
		return "Drop staged changes"
	case KindRenewCertificate:
		return "Renew certificate"
	case KindRing:
		return "Ring"
	case KindMessage:
		return "Show message"
	case KindConfig:
		return "Apply configuration"
	case KindLibrary:
		return "Update drug library"
	case KindFirmware:
		return "Update firmware"
	case KindRestart:
		return "Restart"
	case KindLock:
		return "Lock"
	case KindWipe:
		return "Wipe"
	case KindContain:
		return "Cut from the network"
	case KindRevoke:
		return "Revoke for good"
	case KindDecommission:
		return "Decommission"
	case KindWriteOff:
		return "Write off"
	case KindLostModeOn:
		return "Turn lost mode on"
	case KindLostModeOff:
		return "Turn lost mode off"
	case KindClearPasscode:
		return "Clear passcode"
	case KindRemoveWorkData:
		return "Remove work data"
	}
	return "Unknown command"
}
