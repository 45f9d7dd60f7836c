package limits

import "strings"

// Which second factors the people of a role confirm with is a limit like the
// others: a lower number is stricter and holds at once, a higher one takes two
// people and a day. It counts nothing.

// Confirms: how many kinds of second factors are good for a proof.
const Confirms Counts = "confirms"

// Factors is the unit of these lines: PasskeyOnly or AnyFactor.
const Factors Unit = "factors"

// The numbers of a line of this unit.
const (
	// PasskeyOnly: nothing but a passkey confirms.
	PasskeyOnly = 1
	// AnyFactor: one-time codes and recovery codes do as well.
	AnyFactor = 2
)

// FactorPrefix begins the names of these lines; the role follows.
const FactorPrefix = "factors_"

// factorRoles are the roles that can ask for what destroys, or agree to it, with
// both sentences about them.
var factorRoles = []struct{ role, strict, any string }{
	{"admin", "Administrators confirm with a passkey only", "Administrators confirm with any second factor"},
	{"it", "IT confirms with a passkey only", "IT confirms with any second factor"},
	{"biomed", "Biomedical engineers confirm with a passkey only", "Biomedical engineers confirm with any second factor"},
	{"security", "Security officers confirm with a passkey only", "Security officers confirm with any second factor"},
	{"pharmacist", "Pharmacists confirm with a passkey only", "Pharmacists confirm with any second factor"},
}

// FactorRules returns a line for each role that confirms anything.
func FactorRules() []Rule {
	out := make([]Rule, len(factorRoles))
	for i, r := range factorRoles {
		out[i] = Rule{ID: ID(FactorPrefix + r.role), Counts: Confirms, Per: PerServer, Number: AnyFactor, Unit: Factors}
	}
	return out
}

// RoleOf is the role that a line of FactorRules is about.
func RoleOf(id ID) (role string, ok bool) { return strings.CutPrefix(string(id), FactorPrefix) }

func factorWords(id ID, number int) string {
	role, _ := RoleOf(id)
	for _, r := range factorRoles {
		if r.role == role && number <= PasskeyOnly {
			return r.strict
		}
		if r.role == role {
			return r.any
		}
	}
	return string(id)
}
