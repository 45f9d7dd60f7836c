package limits

import (
	"time"

	"wardline/device"
	"wardline/safety"
)

// Entry is one command as it counts.
type Entry struct {
	Command string
	Device  device.ID
	Weight  safety.Weight
	// Person is whose limit it is: the account that asked, or that owns the API
	// token that did. Empty: the server itself (a policy).
	Person string
	Site   device.PlaceID
	Class  device.Class
	// Open: it waits to be released.
	Open bool
	// ReleasedAt is when it last took effect; zero: it has not.
	ReleasedAt time.Time
	// Approved: another person agreed to it.
	Approved bool
	// Reserved: it took the place kept back for a lost phone.
	Reserved bool
	// Lost: the device was reported lost when it was asked. What locks or finds a
	// lost device does not count for the share of its class.
	Lost bool
}

// Fleet counts the devices of a class at a site.
type Fleet func(site device.PlaceID, class device.Class) int

// Reached is a limit that leaves no room.
type Reached struct {
	Rule   Rule
	Number int // in devices
	// Set is the number as it was set: of the same unit as the rule.
	Set  int
	Used int
}

// Words says the limit in plain words.
func (r Reached) Words() string { return r.Rule.Words(r.Set) }

// Ledger is everything that counts, with the numbers it is held against.
type Ledger struct {
	Now     time.Time
	Entries []Entry
	Numbers Numbers
	Fleet   Fleet
}

// Room says whether there is room to take e in: what was released in each window
// and what is open, and e, are within every limit. It returns the first limit
// that leaves none.
func (l Ledger) Room(e Entry) (Reached, bool) {
	return l.first(e, taken)
}

// MayRelease says whether e, which was taken in before, may leave now: what was
// released in each window, and e, are within every limit. It can say no to what
// Room let in only when a limit was lowered since.
func (l Ledger) MayRelease(e Entry) (Reached, bool) {
	return l.first(e, func(o Entry, since time.Time) bool { return !o.Open && o.ReleasedAt.After(since) })
}

// Use is how much of a limit is used by what is like e.
func (l Ledger) Use(r Rule, e Entry) Reached {
	set := l.Numbers.Of(r)
	return Reached{Rule: r, Set: set, Number: l.devices(r, set, e), Used: len(l.counted(r, e, taken))}
}

// taken: it was released in the window, or may be at any moment.
func taken(o Entry, since time.Time) bool { return o.Open || o.ReleasedAt.After(since) }

func (l Ledger) first(e Entry, counts func(Entry, time.Time) bool) (Reached, bool) {
	for _, r := range rules {
		if !r.judges(e) {
			continue
		}
		set := l.Numbers.Of(r)
		devices := l.counted(r, e, counts)
		if devices[e.Device] {
			continue // it counts already
		}
		if number := l.devices(r, set, e); len(devices) >= number {
			return Reached{Rule: r, Number: number, Set: set, Used: len(devices)}, false
		}
	}
	return Reached{}, true
}

// judges says whether the rule holds for e.
func (r Rule) judges(e Entry) bool {
	if r.Weight != e.Weight || (r.Per == PerPerson && e.Person == "") || (r.Per == PerSiteClass && e.Lost) {
		return false
	}
	switch r.Counts {
	case Approved:
		return e.Approved
	case LostWipe:
		return e.Reserved && !e.Approved
	}
	return !e.Approved && !(e.Reserved && r.Per == PerServer)
}

// counted are the other devices that count for a rule that judges e.
func (l Ledger) counted(r Rule, e Entry, counts func(Entry, time.Time) bool) map[device.ID]bool {
	since := l.Now.Add(-r.Window)
	out := map[device.ID]bool{}
	for _, o := range l.Entries {
		if o.Command == e.Command && e.Command != "" || !r.judges(o) || !counts(o, since) {
			continue
		}
		switch r.Per {
		case PerPerson:
			if o.Person != e.Person {
				continue
			}
		case PerSiteClass:
			if o.Site != e.Site || o.Class != e.Class {
				continue
			}
		}
		out[o.Device] = true
	}
	return out
}

// FewestOfAClass is what a limit in per cent always lets through. A site with
// twenty phones would otherwise have one lock a day; five is what one person may
// ask of devices at once without a second one.
const FewestOfAClass = 5

// devices is a limit's number in devices.
func (l Ledger) devices(r Rule, set int, e Entry) int {
	if r.Unit != Percent {
		return set
	}
	if set == 0 {
		return 0
	}
	return max(FewestOfAClass, l.Fleet(e.Site, e.Class)*set/100)
}
