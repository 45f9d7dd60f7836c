package configuration

import (
	"context"
	"encoding/json"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Storage is what configuration needs of the store. Each method is one
// transaction; those that change something write the event they are given in it.
type Storage interface {
	// ConfigDocuments lists documents by kind and name; subkind may be empty for all.
	ConfigDocuments(ctx context.Context, subkind device.Subkind) ([]Document, error)
	// ConfigDocument reads one; fault.CodeNotFound when there is none.
	ConfigDocument(ctx context.Context, id DocumentID) (Document, error)
	// ConfigVersions lists a document's versions, newest first.
	ConfigVersions(ctx context.Context, id DocumentID) ([]Version, error)
	// CreateConfig adds a document with its first version, which gets its number
	// here. CodeDocumentExists: the name is taken.
	CreateConfig(ctx context.Context, d Document, by, note string, event audit.Event) (Document, error)
	// ChangeConfig locks a document and asks decide what becomes of it.
	ChangeConfig(ctx context.Context, id DocumentID, decide func(d Document, assignments int) (DocumentChange, error)) (Document, error)

	// ConfigAssignments lists all assignments, with their documents.
	ConfigAssignments(ctx context.Context) ([]Assignment, error)
	// AssignConfig adds an assignment. check sees all others, and can ask whether a device
	// fits two selectors at once.
	AssignConfig(ctx context.Context, a Assignment, check func(others []Assignment, fitsBoth func(a, b Selector) (bool, error)) error, event audit.Event) error
	// UnassignConfig takes an assignment back; event is made from it.
	UnassignConfig(ctx context.Context, id AssignmentID, event func(Assignment) audit.Event) error

	// ConfigSubjects calls each for every device that fits the selector, in pages.
	ConfigSubjects(ctx context.Context, s Selector, each func([]Subject) error) error
	// ConfigStates reads a device's configuration as last found out.
	ConfigStates(ctx context.Context, id device.ID) ([]State, error)

	// ResolvePending finds out anew what is desired of up to limit devices for which
	// that may have changed, and returns how many those were.
	ResolvePending(ctx context.Context, limit int, resolve func([]Assignment, Subject) map[device.Subkind]Choice) (int, error)
	// ClaimDrift returns up to limit differences that are due to be asked for, and
	// puts them off until then, so that no other replica asks as well.
	ClaimDrift(ctx context.Context, limit int, until func(now time.Time, attempts int) time.Time) ([]Drift, error)
	// NoteAsked writes down what came of asking.
	NoteAsked(ctx context.Context, d Drift, command, refusal string) error
	// ConfigSummaries counts devices per document; id may be empty for all documents.
	// One that is desired of no device is left out.
	ConfigSummaries(ctx context.Context, id DocumentID) (map[DocumentID]Summary, error)
}

// DocumentChange is what becomes of a document.
type DocumentChange struct {
	// Content is the next version; nil: no new version.
	Content json.RawMessage
	Note    string
	By      string
	Name    string
	Retired bool
	Event   audit.Event
}

// Drift is a device that does not have what is desired of it.
type Drift struct {
	Device   device.ID
	Subkind  device.Subkind
	Document DocumentID
	Name     string
	Version  int
	Number   int
	Content  json.RawMessage
	Reported string
	Attempts int
}
