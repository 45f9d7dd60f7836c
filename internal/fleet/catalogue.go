package fleet

import "wardline/device"

// places is the tree of the demo hospital. Ward keys are short because they
// appear in addresses of the ward page.
func places() []Place {
	site, building, floor, ward := device.PlaceSite, device.PlaceBuilding, device.PlaceFloor, device.PlaceWard
	onWard, storage := device.CustodyWard, device.CustodyStorage
	return []Place{
		{Key: "general", Kind: site, Name: "Example General Hospital"},
		{Key: "main", Parent: "general", Kind: building, Name: "Main building"},
		{Key: "main-4", Parent: "main", Kind: floor, Name: "Floor 4"},
		{Key: "4n", Parent: "main-4", Kind: ward, Name: "4 North, Surgery", CareArea: true, Custody: onWard},
		{Key: "4s", Parent: "main-4", Kind: ward, Name: "4 South, Medicine", CareArea: true, Custody: onWard},
		{Key: "main-2", Parent: "main", Kind: floor, Name: "Floor 2"},
		{Key: "icu", Parent: "main-2", Kind: ward, Name: "Intensive care", CareArea: true, Custody: onWard},
		{Key: "main-0", Parent: "main", Kind: floor, Name: "Ground floor"},
		{Key: "ed", Parent: "main-0", Kind: ward, Name: "Emergency department", CareArea: true, Custody: onWard},
		{Key: "supply", Parent: "main-0", Kind: ward, Name: "Central supply", Custody: storage},
		{Key: "cafe", Parent: "main-0", Kind: ward, Name: "Entrance and café", Custody: device.CustodyOutside},
		{Key: "service", Parent: "general", Kind: building, Name: "Service building"},
		{Key: "service-0", Parent: "service", Kind: floor, Name: "Ground floor"},
		{Key: "biomed", Parent: "service-0", Kind: ward, Name: "Biomed workshop", Custody: device.CustodyBiomed},
		{Key: "it", Parent: "service-0", Kind: ward, Name: "IT service desk", Custody: storage},
		{Key: "riverside", Kind: site, Name: "Example Riverside Clinic"},
		{Key: "clinic", Parent: "riverside", Kind: building, Name: "Clinic"},
		{Key: "clinic-1", Parent: "clinic", Kind: floor, Name: "Floor 1"},
		{Key: "day", Parent: "clinic-1", Kind: ward, Name: "Day infusion", CareArea: true, Custody: onWard},
	}
}

// accessPoints have locally administered addresses: no maker owns them.
func accessPoints() []AccessPoint {
	return []AccessPoint{
		{BSSID: "02:57:4c:04:01:01", Name: "AP-4N-East", Place: "4n"},
		{BSSID: "02:57:4c:04:01:02", Name: "AP-4N-West", Place: "4n"},
		{BSSID: "02:57:4c:04:02:01", Name: "AP-4S-East", Place: "4s"},
		{BSSID: "02:57:4c:04:02:02", Name: "AP-4S-West", Place: "4s"},
		{BSSID: "02:57:4c:02:01:01", Name: "AP-ICU-1", Place: "icu"},
		{BSSID: "02:57:4c:02:01:02", Name: "AP-ICU-2", Place: "icu"},
		{BSSID: "02:57:4c:00:01:01", Name: "AP-ED-1", Place: "ed"},
		{BSSID: "02:57:4c:00:01:02", Name: "AP-ED-2", Place: "ed"},
		{BSSID: "02:57:4c:00:02:01", Name: "AP-Supply", Place: "supply"},
		{BSSID: "02:57:4c:00:03:01", Name: "AP-Entrance", Place: "cafe"},
		{BSSID: "02:57:4c:10:01:01", Name: "AP-Biomed", Place: "biomed"},
		{BSSID: "02:57:4c:10:02:01", Name: "AP-IT", Place: "it"},
		{BSSID: "02:57:4c:20:01:01", Name: "AP-Day-1", Place: "day"},
	}
}

// What every pump with our agent can do, and what every carried device can do.
var (
	pumpKinds = []device.Kind{
		device.KindRefresh, device.KindLocate, device.KindCollectLogs, device.KindUnlock, device.KindUnstage,
		device.KindRenewCertificate, device.KindRing, device.KindMessage, device.KindConfig, device.KindLibrary,
		device.KindFirmware, device.KindRestart, device.KindLock, device.KindWipe, device.KindContain,
	}
	carriedKinds = []device.Kind{
		device.KindRefresh, device.KindLocate, device.KindCollectLogs, device.KindUnlock, device.KindRenewCertificate,
		device.KindRing, device.KindMessage, device.KindConfig, device.KindRestart, device.KindLock, device.KindWipe,
		device.KindContain, device.KindLostModeOn, device.KindLostModeOff, device.KindClearPasscode, device.KindRemoveWorkData,
	}
	// A personal phone belongs to its owner: only the hospital's data on it can
	// be reached.
	personalKinds = []device.Kind{
		device.KindRefresh, device.KindLocate, device.KindUnlock, device.KindRenewCertificate, device.KindRing, device.KindMessage,
		device.KindConfig, device.KindLock, device.KindLostModeOn, device.KindLostModeOff, device.KindRemoveWorkData,
	}
)

// models are fictional. What a wipe erases and keeps is written the way an
// honest maker would have to write it.
func models() []Model {
	return append(pumpModels(), otherModels()...)
}

func pumpModels() []Model {
	return []Model{
		{Key: "lv1", Model: device.Model{
			Maker: "Example Medical", Name: "LV-1", Class: device.ClassPumpLVP, Capabilities: pumpKinds,
			WipeErases: "The drug library, the event log, the Wi-Fi profile and the device key in the pump and in its wireless module.",
			WipeKeeps:  "The hour counter and the calibration record, which hold nothing about patients or the network.",
			Sanitisation: []string{
				"Take the pump out of service and to the biomed workshop.",
				"Order the wipe and wait until the pump's screen says that it is sanitised.",
				"Open the service menu, Network, and check that no Wi-Fi profile is left.",
				"Have a second person read the screen and sign as the witness.",
			},
			NetworkCut: device.NetworkCutSafe, NetworkCutSource: "Example Medical, LV-1 integrator's guide, section 7.2 (fictional)",
		}},
		{Key: "sy2", Model: device.Model{
			Maker: "Example Medical", Name: "SY-2", Class: device.ClassPumpSyringe, Capabilities: pumpKinds,
			WipeErases: "The drug library, the event log, the Wi-Fi profile and the device key.",
			WipeKeeps:  "The hour counter, the calibration record and the last 50 alarms, without times.",
			Sanitisation: []string{
				"Take the pump to the biomed workshop and remove the syringe.",
				"Order the wipe and wait until the pump's screen says that it is sanitised.",
				"Have a second person read the screen and sign as the witness.",
			},
			NetworkCut: device.NetworkCutUnknown,
		}},
		{Key: "pc3", Model: device.Model{
			Maker: "Sample Infusion", Name: "PC-3", Class: device.ClassPumpPCA, Capabilities: pumpKinds,
			WipeErases: "The drug library, the dose history, the access codes, the Wi-Fi profile and the device key.",
			WipeKeeps:  "Nothing that names a patient or a network; the serial number and the hour counter stay.",
			NetworkCut: device.NetworkCutHarmful, NetworkCutSource: "Sample Infusion, field notice PC3-11 (fictional): memory may run out when authentication keeps failing",
		}},
		{Key: "lv0", Model: device.Model{
			Maker: "Example Medical", Name: "LV-0", Class: device.ClassPumpLVP, LegacySCEP: true,
			WipeErases: "Nothing from here: this pump runs no agent. Its memory is erased by hand.",
			WipeKeeps:  "Everything, until the maker's steps have been done by hand; the wireless module keeps the Wi-Fi key in a memory of its own.",
			Sanitisation: []string{
				"Service menu, Memory, Erase all, on the pump itself.",
				"Take out the wireless module and erase it in a second pump, by the maker's sheet.",
				"Change the Wi-Fi key if this pump used a shared one.",
			},
			NetworkCut: device.NetworkCutUnknown,
		}},
		{Key: "gw3", Model: device.Model{
			Maker: "Sample Infusion", Name: "LV-3", Class: device.ClassPumpLVP,
			WipeErases: "Nothing from here: the gateway's maker has to do it.",
			WipeKeeps:  "Everything, until the gateway's maker has confirmed it.",
			NetworkCut: device.NetworkCutUnknown,
		}},
	}
}

// Nothing that a person carries delivers anything to a patient.
const nothingDelivered = "Delivers nothing to a patient"

func otherModels() []Model {
	return []Model{
		{Key: "p7", Model: device.Model{
			Maker: "Placeholder Mobile", Name: "P7", Class: device.ClassPhoneIssued, Capabilities: carriedKinds,
			WipeErases: "Everything on the phone: the key that encrypts its storage is destroyed.",
			WipeKeeps:  "The eSIM profile, so that the phone can still make emergency calls.",
			NetworkCut: device.NetworkCutSafe, NetworkCutSource: nothingDelivered,
		}},
		{Key: "r5", Model: device.Model{
			Maker: "Placeholder Mobile", Name: "R5 handheld", Class: device.ClassHandheldShared, Capabilities: carriedKinds,
			WipeErases: "Everything on the handheld: the key that encrypts its storage is destroyed.",
			WipeKeeps:  "A memory card, if one is inserted: it is not encrypted by the handheld.",
			NetworkCut: device.NetworkCutSafe, NetworkCutSource: nothingDelivered,
		}},
		{Key: "t10", Model: device.Model{
			Maker: "Placeholder Mobile", Name: "T10 tablet", Class: device.ClassTablet, Capabilities: carriedKinds,
			WipeErases: "Everything on the tablet: the key that encrypts its storage is destroyed.",
			WipeKeeps:  "Nothing.",
			NetworkCut: device.NetworkCutSafe, NetworkCutSource: nothingDelivered,
		}},
		{Key: "own", Model: device.Model{
			Maker: "Various", Name: "Phone of one's own", Class: device.ClassPhonePersonal, Capabilities: personalKinds,
			WipeErases: "Only the work profile: mail, messages and certificates of the hospital.",
			WipeKeeps:  "Everything of the owner's. A personal phone can never be wiped whole.",
			NetworkCut: device.NetworkCutSafe, NetworkCutSource: nothingDelivered,
		}},
		{Key: "o1", Model: device.Model{
			Maker: "Orchard Mobile", Name: "O-1 (Apple MDM)", Class: device.ClassPhoneIssued, Capabilities: carriedKinds,
			WipeErases: "Everything on the phone: the key that encrypts its storage is destroyed.",
			WipeKeeps:  "The eSIM profile.",
			NetworkCut: device.NetworkCutSafe, NetworkCutSource: nothingDelivered,
		}},
		{Key: "gateway", Model: device.Model{
			Maker: "Sample Infusion", Name: "G-1 pump server", Class: device.ClassGateway,
			WipeErases: "Nothing from here.", WipeKeeps: "Everything.",
			NetworkCut: device.NetworkCutHarmful, NetworkCutSource: "Every pump behind it loses its reports (fictional)",
		}},
		{Key: "vm1", Model: device.Model{
			Maker: "Example Medical", Name: "VM-1 monitor", Class: device.ClassOtherMedical,
			WipeErases: "Nothing from here.", WipeKeeps: "Everything.", NetworkCut: device.NetworkCutUnknown,
		}},
	}
}

// accounts has one account per role. The names are posts, not people.
func accounts() []Account {
	return []Account{
		{Username: "it", Role: "it", Name: "IT operations"},
		{Username: "security", Role: "security", Name: "Information security"},
		{Username: "biomed", Role: "biomed", Name: "Biomedical engineering"},
		{Username: "helpdesk", Role: "helpdesk", Name: "Service desk"},
		{Username: "nurse", Role: "clinician", Name: "Nurse 4 North", Badge: "100200"},
		{Username: "nurse2", Role: "clinician", Name: "Second nurse 4 North", Badge: "100201"},
		{Username: "pharmacist", Role: "pharmacist", Name: "Pharmacy"},
		{Username: "supply", Role: "supply", Name: "Central supply"},
		{Username: "auditor", Role: "auditor", Name: "Internal audit"},
		{Username: "vendor", Role: "vendor", Name: "Example Medical field service"},
		{Username: "admin", Role: "admin", Name: "Administration"},
	}
}
