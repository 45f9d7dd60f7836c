package configuration

import (
	"encoding/json"
	"time"

	"wardline/device"
)

// DocumentID identifies a configuration document over all its versions.
type DocumentID string

// AssignmentID identifies an assignment.
type AssignmentID string

// Document is a named piece of configuration, with its newest version.
type Document struct {
	ID      DocumentID
	Subkind device.Subkind
	Name    string
	// Version counts the document's versions from 1.
	Version int
	// Number counts the versions of all documents: what a device is told, and
	// reports, as its version.
	Number  int
	Content json.RawMessage
	// Retired documents cannot be assigned.
	Retired   bool
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Summary counts the devices for which a document is desired: those that report
// it, and those that report something else or nothing.
type Summary struct {
	InForce  int
	Drifting int
}

// Version is one version of a document; it never changes.
type Version struct {
	Document  DocumentID
	Version   int
	Number    int
	Content   json.RawMessage
	Note      string
	CreatedAt time.Time
	// CreatedBy is who made it, as people know them.
	CreatedBy string
}

// Ownership says whose a device is.
type Ownership string

// The ownerships.
const (
	OwnedByHospital Ownership = "hospital"
	OwnedByPerson   Ownership = "personal"
)

// OwnershipOf derives the ownership from the class.
func OwnershipOf(c device.Class) Ownership {
	if c == device.ClassPhonePersonal {
		return OwnedByPerson
	}
	return OwnedByHospital
}

// Selector says which devices an assignment is for: those that fit every field
// that is set. Place may be a site, building, floor or ward and includes
// everything below it. The zero Selector is for all devices.
type Selector struct {
	Class     device.Class
	Model     device.ModelID
	Place     device.PlaceID
	Tag       string
	Ownership Ownership
}

// Assignment is a document meant for some devices.
type Assignment struct {
	ID        AssignmentID
	Document  DocumentID
	Subkind   device.Subkind
	Selector  Selector
	CreatedAt time.Time
	CreatedBy string
	// Name, Version and Number are the document's, at present.
	Name    string
	Version int
	Number  int
}

// Subject is what of a device decides about its configuration.
type Subject struct {
	Device device.ID
	Class  device.Class
	Model  device.ModelID
	// Places leads from its site down to where it belongs.
	Places []device.PlaceID
	Tags   []string
	// Reachable: commands can reach it. It is enrolled, of a level that carries
	// commands, and still in the house.
	Reachable bool
}

// State is one kind of configuration of one device.
type State struct {
	Subkind device.Subkind
	// Document is empty when nothing is desired.
	Document DocumentID
	Name     string
	Version  int
	Number   int
	// Assignment is the one that won, and Why says so in a sentence.
	Assignment AssignmentID
	Why        string
	Since      time.Time

	// Reported is the number that the device says is in force; empty: it says
	// nothing. ReportedName and ReportedVersion name it when it is one of ours.
	Reported        string
	ReportedName    string
	ReportedVersion int
	ReportedAt      time.Time

	// Drift: the device reports something else than what is desired.
	Drift bool
	// AskedAt and Command are the last time that the desired version was asked for;
	// Refusal says why it could not be, and NextAt when it is tried again.
	AskedAt  time.Time
	Command  string
	Refusal  string
	NextAt   time.Time
	Attempts int
}

// Words says in a sentence how desired and reported compare.
func (s State) Words() string {
	switch {
	case s.Document == "" && s.Reported == "":
		return "Nothing is meant for this device, and it reports nothing."
	case s.Document == "":
		return "Nothing is meant for this device any more; it keeps what it has."
	case !s.Drift:
		return "In force on the device."
	case s.NextAt.Year() == 9999:
		return "Meant for this device, but no command can reach it."
	case s.Refusal != "":
		return "Not in force: " + s.Refusal
	case s.AskedAt.IsZero():
		return "Not in force yet; it is about to be sent."
	}
	return "Sent, and not in force yet."
}
