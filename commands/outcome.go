package commands

import (
	"fmt"
	"time"
)

// Outcome says how far a wipe has come. It is never guessed from the state
// alone: a receipt proves acceptance, not erasure (SAFETY 5).
type Outcome string

// The four ends of a wipe. OutcomeNone is for every other kind.
const (
	OutcomeNone Outcome = ""
	// OutcomeNotReached: no device has said that it started.
	OutcomeNotReached Outcome = "not_reached"
	// OutcomeStarted: accepted with a receipt; the normal end for phones is that
	// nothing is heard afterwards.
	OutcomeStarted Outcome = "erase_started"
	// OutcomeErased: a final signed report after erasing, or the same serial
	// enrolled anew with a new key after the receipt.
	OutcomeErased Outcome = "erased"
	// OutcomeNotErased: the old certificate showed up again later than two
	// minutes after its receipt, or the device itself says that it could not.
	OutcomeNotErased Outcome = "not_erased"
)

// Outcomes lists the four ends.
func Outcomes() []Outcome {
	return []Outcome{OutcomeNotReached, OutcomeStarted, OutcomeErased, OutcomeNotErased}
}

// Words says the end of a wipe as it stands on every screen. lastSeen is when
// the device was last heard of; zero: never.
func (o Outcome) Words(lastSeen time.Time) string {
	seen := "never"
	if !lastSeen.IsZero() {
		seen = wordsAt(lastSeen)
	}
	switch o {
	case OutcomeNotReached:
		return "Not reached: last seen " + seen + "."
	case OutcomeStarted:
		return "Erase started, device silent since " + seen + "."
	case OutcomeErased:
		return "Erased, confirmed."
	case OutcomeNotErased:
		return "NOT erased: last seen " + seen + "."
	}
	return ""
}

// wordsAt writes a time for people, without guessing their zone.
func wordsAt(t time.Time) string {
	return fmt.Sprintf("%s UTC", t.UTC().Format("2006-01-02 15:04:05"))
}
