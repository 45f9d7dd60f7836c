package limits

import (
	"fmt"
	"time"

	"wardline/safety"
)

// Version names this edition of the table. It changes with every change of a
// line.
const Version = "2026-1"

// ID names a limit.
type ID string

// The limits that code has to know by name.
const LostWipePersonDay ID = "lost_wipe_person_day"

// Counts says what kind of work a limit counts.
type Counts string

// What is counted.
const (
	// Asked: what one person asked and nobody else agreed to.
	Asked Counts = "asked"
	// Approved: what a second person agreed to.
	Approved Counts = "approved"
	// LostWipe: wipes of phones reported lost that took the place kept back for
	// them.
	LostWipe Counts = "lost_wipe"
)

// Per says over whom a limit counts.
type Per string

// Over whom.
const (
	PerPerson    Per = "person"
	PerServer    Per = "server"
	PerSiteClass Per = "site_class" // the devices of one class at one site
)

// Unit is what a limit's number is.
type Unit string

// The units.
const (
	Devices Unit = "devices"
	Percent Unit = "percent" // of the devices of the class at the site; at least FewestOfAClass, unless it is 0
)

// Rule is one line of the table.
type Rule struct {
	ID     ID
	Weight safety.Weight
	Counts Counts
	Per    Per
	Window time.Duration
	// Number is what the line says before anybody has changed it.
	Number int
	Unit   Unit
}

const day = 24 * time.Hour

// LongestWindow is how far back anything is counted.
const LongestWindow = 7 * day

var rules = []Rule{
	{"disruptive_person_hour", safety.Disruptive, Asked, PerPerson, time.Hour, 20, Devices},
	{"disruptive_server_hour", safety.Disruptive, Asked, PerServer, time.Hour, 100, Devices},
	{"disruptive_class_day", safety.Disruptive, Asked, PerSiteClass, day, 5, Percent},
	{"destructive_person_hour", safety.Destructive, Asked, PerPerson, time.Hour, 5, Devices},
	{"destructive_person_day", safety.Destructive, Asked, PerPerson, day, 10, Devices},
	{"destructive_person_week", safety.Destructive, Asked, PerPerson, 7 * day, 25, Devices},
	{"destructive_server_hour", safety.Destructive, Asked, PerServer, time.Hour, 20, Devices},
	{"destructive_server_day", safety.Destructive, Asked, PerServer, day, 40, Devices},
	{LostWipePersonDay, safety.Destructive, LostWipe, PerPerson, day, 1, Devices},
	{"disruptive_approved_day", safety.Disruptive, Approved, PerServer, day, 50, Devices},
	{"destructive_approved_day", safety.Destructive, Approved, PerServer, day, 50, Devices},
}

// Rules returns the table, in its order.
func Rules() []Rule { return append([]Rule(nil), rules...) }

// RuleOf finds a line.
func RuleOf(id ID) (Rule, bool) {
	for _, r := range append(FactorRules(), rules...) {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// Numbers are the numbers that hold now; a limit that is missing holds as the
// table says.
type Numbers map[ID]int

// Of is the number that holds for a line.
func (n Numbers) Of(r Rule) int {
	if v, ok := n[r.ID]; ok {
		return v
	}
	return r.Number
}

// Words says a limit with a number, such as "5 devices an hour for one person".
func (r Rule) Words(number int) string {
	if r.Unit == Factors {
		return factorWords(r.ID, number)
	}
	unit := "devices"
	if number == 1 {
		unit = "device"
	}
	window := map[time.Duration]string{time.Hour: "an hour", day: "a day", 7 * day: "a week"}[r.Window]
	switch {
	case r.Unit == Percent:
		return fmt.Sprintf("%d %% of a site's devices of one class %s, at least %d", number, window, FewestOfAClass)
	case r.Counts == Approved:
		return fmt.Sprintf("%d %s %s for approved work", number, unit, window)
	case r.Per == PerPerson:
		return fmt.Sprintf("%d %s %s for one person", number, unit, window)
	}
	return fmt.Sprintf("%d %s %s for the whole server", number, unit, window)
}
