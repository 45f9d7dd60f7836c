package device

// Class says what sort of thing a device is. It is fixed by the invitation and
// stands in the device's certificate: it decides what may ever be ordered, so
// it is not a label that an edit could change (SAFETY: "class and capabilities
// are not labels").
type Class string

// The classes.
const (
	ClassPumpLVP        Class = "pump_lvp"        // large-volume infusion pump
	ClassPumpSyringe    Class = "pump_syringe"    // syringe pump
	ClassPumpPCA        Class = "pump_pca"        // patient-controlled analgesia pump
	ClassHandheldShared Class = "handheld_shared" // handed from shift to shift
	ClassPhoneIssued    Class = "phone_issued"    // owned by the hospital, issued to a person
	ClassPhonePersonal  Class = "phone_personal"  // owned by the person; only work data is ours
	ClassTablet         Class = "tablet"
	ClassGateway        Class = "gateway"       // a pump server that speaks for pumps
	ClassOtherMedical   Class = "other_medical" // inventory and silent locate only
)

// Classes lists every class, in the order in which screens show them.
func Classes() []Class {
	return []Class{
		ClassPumpLVP, ClassPumpSyringe, ClassPumpPCA,
		ClassHandheldShared, ClassPhoneIssued, ClassPhonePersonal, ClassTablet,
		ClassGateway, ClassOtherMedical,
	}
}

// Valid reports whether c is one of Classes.
func (c Class) Valid() bool {
	for _, known := range Classes() {
		if c == known {
			return true
		}
	}
	return false
}

// IsPump reports whether c is an infusion pump, to which the interlock applies.
func (c Class) IsPump() bool {
	return c == ClassPumpLVP || c == ClassPumpSyringe || c == ClassPumpPCA
}

// IsPersonal reports whether c is a phone, handheld or tablet: a thing that a
// person carries, without therapy state.
func (c Class) IsPersonal() bool {
	switch c {
	case ClassHandheldShared, ClassPhoneIssued, ClassPhonePersonal, ClassTablet:
		return true
	}
	return false
}

// Words returns what people read in place of the identifier.
func (c Class) Words() string {
	switch c {
	case ClassPumpLVP:
		return "Large-volume pump"
	case ClassPumpSyringe:
		return "Syringe pump"
	case ClassPumpPCA:
		return "PCA pump"
	case ClassHandheldShared:
		return "Shared handheld"
	case ClassPhoneIssued:
		return "Issued phone"
	case ClassPhonePersonal:
		return "Personal phone"
	case ClassTablet:
		return "Tablet"
	case ClassGateway:
		return "Pump gateway"
	case ClassOtherMedical:
		return "Other medical device"
	}
	return "Unknown class"
}

// Management says by what means Wardline manages a device, and therefore what
// it can know of it.
type Management string

// The management levels.
const (
	ManagementAgent       Management = "agent"       // our own protocol
	ManagementApple       Management = "apple"       // Apple MDM
	ManagementGateway     Management = "gateway"     // a pump server speaks for it
	ManagementCertificate Management = "certificate" // we issue, renew, revoke; it reports nothing
	ManagementRecord      Management = "record"      // inventory only
)

// Managements lists every management level.
func Managements() []Management {
	return []Management{ManagementAgent, ManagementApple, ManagementGateway, ManagementCertificate, ManagementRecord}
}

// Valid reports whether m is one of Managements.
func (m Management) Valid() bool {
	for _, known := range Managements() {
		if m == known {
			return true
		}
	}
	return false
}

// CarriesCommands reports whether commands can reach a device of this level.
func (m Management) CarriesCommands() bool {
	return m == ManagementAgent || m == ManagementApple
}
