package safety

import "wardline/device"

// family is what a class is at bottom. Classes of one family have the same
// interlock, or nearly; classes of different families have nothing in common.
type family int

const (
	familyOther family = iota // other_medical and everything unknown: strictest
	familyGateway
	familyPump
	familyPersonal
)

func familyOf(c device.Class) family {
	switch {
	case c.IsPump():
		return familyPump
	case c.IsPersonal():
		return familyPersonal
	case c == device.ClassGateway:
		return familyGateway
	}
	return familyOther
}

// strictness orders the classes, strictest first: who can do least is first, and
// a pump goes before anything that a person carries.
var strictness = []device.Class{
	device.ClassOtherMedical,
	device.ClassGateway,
	device.ClassPumpPCA,
	device.ClassPumpSyringe,
	device.ClassPumpLVP,
	device.ClassPhonePersonal,
	device.ClassHandheldShared,
	device.ClassPhoneIssued,
	device.ClassTablet,
}

// Strictest returns the strictest of the classes that the sources give
// (certificate, enrollment, record, model, the agent itself), and whether they
// dispute what kind of thing it is at all. A source that says nothing is
// ignored; a source that names a class unknown here counts as other_medical;
// with no source at all the answer is other_medical.
func Strictest(sources ...device.Class) (strictest device.Class, disputed bool) {
	rank := len(strictness)
	families := map[family]bool{}
	for _, c := range sources {
		if c == "" {
			continue
		}
		families[familyOf(c)] = true
		rank = min(rank, rankOf(c))
	}
	if rank == len(strictness) {
		return device.ClassOtherMedical, false
	}
	return strictness[rank], len(families) > 1
}

// rankOf is 0, the strictest, for a class that is unknown here.
func rankOf(c device.Class) int {
	for i, known := range strictness {
		if c == known {
			return i
		}
	}
	return 0
}
