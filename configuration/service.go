package configuration

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

// Places gives the tree of places. inventory.Service does.
type Places interface {
	Tree(ctx context.Context) (inventory.Tree, error)
}

// Models names models. inventory.Service does.
type Models interface {
	Model(ctx context.Context, id device.ModelID) (device.Model, error)
}

// Requester is the one door through which a device is asked for anything.
// commands.Service is it.
type Requester interface {
	Request(ctx context.Context, actor audit.Actor, ask commands.Ask) (commands.Command, error)
}

// Outlooks foresees what asking devices would come to. commands.Service does.
type Outlooks interface {
	Outlooks(ctx context.Context, devices []device.ID, kind device.Kind, sub device.Subkind) (map[device.ID]commands.Outlook, error)
}

// Options are what a Service needs from outside.
type Options struct {
	Storage   Storage
	Places    Places
	Models    Models
	Requester Requester
	Outlooks  Outlooks
	// Now is the server's clock. Nil: time.Now.
	Now func() time.Time
	// NewID makes identifiers. Nil: UUIDv7.
	NewID func() string
	// Every is the pause between two steps of Run. 0: 5 seconds.
	Every time.Duration
	// Log may be nil.
	Log *slog.Logger
}

// Service keeps documents and assignments, and has devices follow them. It is
// safe for concurrent use. Rights are checked by whoever calls it.
type Service struct {
	o     Options
	nudge chan struct{}
}

// New returns a Service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if o.Every == 0 {
		o.Every = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{o: o, nudge: make(chan struct{}, 1)}
}

// The actions that configuration records.
const (
	ActionCreated    audit.Action = "configuration.created"
	ActionPublished  audit.Action = "configuration.published"
	ActionRetired    audit.Action = "configuration.retired"
	ActionAssigned   audit.Action = "configuration.assigned"
	ActionUnassigned audit.Action = "configuration.unassigned"
)

// Documents lists documents by kind and name; subkind may be empty for all.
func (s *Service) Documents(ctx context.Context, subkind device.Subkind) ([]Document, error) {
	return s.o.Storage.ConfigDocuments(ctx, subkind)
}

// Document returns a document with its newest version.
func (s *Service) Document(ctx context.Context, id DocumentID) (Document, error) {
	return s.o.Storage.ConfigDocument(ctx, id)
}

// Versions lists a document's versions, newest first.
func (s *Service) Versions(ctx context.Context, id DocumentID) ([]Version, error) {
	return s.o.Storage.ConfigVersions(ctx, id)
}

// Summary counts the devices for which a document is desired.
func (s *Service) Summary(ctx context.Context, id DocumentID) (Summary, error) {
	all, err := s.o.Storage.ConfigSummaries(ctx, id)
	return all[id], err
}

// Summaries counts for every document that is desired of some device.
func (s *Service) Summaries(ctx context.Context) (map[DocumentID]Summary, error) {
	return s.o.Storage.ConfigSummaries(ctx, "")
}

const (
	maxName = 80
	maxNote = 500
)

// Create adds a document with its first version. Nothing follows from it until it
// is assigned.
func (s *Service) Create(ctx context.Context, actor audit.Actor, subkind device.Subkind, name string, content json.RawMessage, note string) (Document, error) {
	name, note = strings.TrimSpace(name), strings.TrimSpace(note)
	if err := checkTexts(name, note); err != nil {
		return Document{}, err
	}
	content, err := checkContent(subkind, content, s.o.Now())
	if err != nil {
		return Document{}, err
	}
	d := Document{ID: DocumentID(s.o.NewID()), Subkind: subkind, Name: name, Version: 1, Content: content}
	return s.o.Storage.CreateConfig(ctx, d, nameOf(actor), note, audit.Event{Actor: actor, Action: ActionCreated,
		Subject: "configuration:" + string(d.ID), Detail: map[string]any{"subkind": subkind, "name": name, "note": note}})
}

// Publish adds a new version; version is the one that was read (If-Match). Every
// device for which the document is desired follows.
func (s *Service) Publish(ctx context.Context, actor audit.Actor, id DocumentID, version int, content json.RawMessage, note string) (Document, error) {
	note = strings.TrimSpace(note)
	if err := checkTexts("-", note); err != nil {
		return Document{}, err
	}
	before, err := s.o.Storage.ConfigDocument(ctx, id)
	if err != nil {
		return Document{}, err
	}
	if content, err = checkContent(before.Subkind, content, s.o.Now()); err != nil {
		return Document{}, err
	}
	d, err := s.o.Storage.ChangeConfig(ctx, id, func(d Document, _ int) (DocumentChange, error) {
		if d.Version != version {
			return DocumentChange{}, fault.CodeStale.New("%s was changed since you read it (version %d, now %d).", d.Name, version, d.Version)
		}
		if _, err := d.next(content, s.o.Now()); err != nil {
			return DocumentChange{}, err
		}
		return DocumentChange{Content: content, Note: note, By: nameOf(actor), Name: d.Name, Event: audit.Event{Actor: actor, Action: ActionPublished,
			Subject: "configuration:" + string(id), Detail: map[string]any{"name": d.Name, "version": d.Version + 1, "note": note}}}, nil
	})
	s.Nudge()
	return d, err
}

// next checks what the document's next version would say, and returns it in the
// form in which it is kept.
func (d Document) next(content json.RawMessage, now time.Time) (json.RawMessage, error) {
	content, err := checkContent(d.Subkind, content, now)
	switch {
	case err != nil:
		return nil, err
	case d.Retired:
		return nil, CodeDocumentRetired.New("%s is retired.", d.Name)
	case string(d.Content) == string(content):
		return nil, CodeUnchanged.New("Version %d of %s says the same already.", d.Version, d.Name)
	}
	return content, nil
}

// Retire puts a document aside that is not assigned. It stays readable: devices
// may still report it.
func (s *Service) Retire(ctx context.Context, actor audit.Actor, id DocumentID) (Document, error) {
	return s.o.Storage.ChangeConfig(ctx, id, func(d Document, assignments int) (DocumentChange, error) {
		if assignments > 0 {
			return DocumentChange{}, CodeDocumentAssigned.New("%s still has %d assignments.", d.Name, assignments)
		}
		return DocumentChange{Name: d.Name, Retired: true, Event: audit.Event{Actor: actor, Action: ActionRetired,
			Subject: "configuration:" + string(id), Detail: map[string]any{"name": d.Name}}}, nil
	})
}

// Assignments lists all assignments with their documents.
func (s *Service) Assignments(ctx context.Context) ([]Assignment, error) {
	return s.o.Storage.ConfigAssignments(ctx)
}

// Assign says that a document is meant for the devices that fit the selector.
// Where another document is meant for some of the same devices exactly as
// specifically, it is refused and names both.
func (s *Service) Assign(ctx context.Context, actor audit.Actor, id DocumentID, selector Selector) (Assignment, error) {
	a, tree, err := s.proposed(ctx, id, &selector)
	if err != nil {
		return Assignment{}, err
	}
	a.CreatedBy = nameOf(actor)
	event := audit.Event{Actor: actor, Action: ActionAssigned, Subject: "configuration:" + string(id), Detail: map[string]any{
		"assignment": a.ID, "name": a.Name, "class": selector.Class, "model": selector.Model, "place": selector.Place,
		"tag": selector.Tag, "ownership": selector.Ownership}}
	err = s.o.Storage.AssignConfig(ctx, a, func(others []Assignment, fitsBoth func(a, b Selector) (bool, error)) error {
		return refuseTie(a, others, depthIn(tree), fitsBoth)
	}, event)
	if err != nil {
		return Assignment{}, err
	}
	s.Nudge()
	return s.assignment(ctx, a.ID)
}

func (s *Service) assignment(ctx context.Context, id AssignmentID) (Assignment, error) {
	all, err := s.o.Storage.ConfigAssignments(ctx)
	if err != nil {
		return Assignment{}, err
	}
	at := slices.IndexFunc(all, func(a Assignment) bool { return a.ID == id })
	if at < 0 {
		return Assignment{}, fault.CodeNotFound.New("There is no assignment with the identifier %s.", id)
	}
	return all[at], nil
}

// proposed checks a selector and makes the assignment that is to be.
func (s *Service) proposed(ctx context.Context, id DocumentID, selector *Selector) (Assignment, inventory.Tree, error) {
	d, err := s.o.Storage.ConfigDocument(ctx, id)
	if err != nil {
		return Assignment{}, inventory.Tree{}, err
	}
	if d.Retired {
		return Assignment{}, inventory.Tree{}, CodeDocumentRetired.New("%s is retired.", d.Name)
	}
	tree, err := s.o.Places.Tree(ctx)
	if err != nil {
		return Assignment{}, inventory.Tree{}, err
	}
	selector.Tag = inventory.Normal(selector.Tag)
	bad := fault.CodeInvalid.New("The assignment cannot be saved.")
	if selector.Class != "" && !selector.Class.Valid() {
		bad.WithField("class", "%.60q is not a class", selector.Class)
	}
	if _, ok := tree.Place(selector.Place); selector.Place != "" && !ok {
		bad.WithField("place_id", "there is no such place")
	}
	if o := selector.Ownership; o != "" && o != OwnedByHospital && o != OwnedByPerson {
		bad.WithField("ownership", "must be hospital or personal")
	}
	if utf8.RuneCountInString(selector.Tag) > 40 || !showable(selector.Tag) {
		bad.WithField("tag", "is not a tag")
	}
	if selector.Model != "" {
		m, err := s.o.Models.Model(ctx, selector.Model)
		switch {
		case fault.Has(err, fault.CodeNotFound):
			bad.WithField("model", "there is no such model")
		case err != nil:
			return Assignment{}, tree, err
		case selector.Class != "" && m.Class != selector.Class:
			bad.WithField("model", "%s %s is a %s: no device fits both", m.Maker, m.Name, strings.ToLower(m.Class.Words()))
		}
	}
	if len(bad.Fields) > 0 {
		return Assignment{}, tree, bad
	}
	return Assignment{ID: AssignmentID(s.o.NewID()), Document: d.ID, Subkind: d.Subkind, Selector: *selector,
		Name: d.Name, Version: d.Version, Number: d.Number}, tree, nil
}

// refuseTie refuses an assignment next to which another one would be exactly as
// specific for some device.
func refuseTie(a Assignment, others []Assignment, depth func(device.PlaceID) int, fitsBoth func(a, b Selector) (bool, error)) error {
	for _, o := range others {
		if o.Subkind != a.Subkind || !narrowsAlike(a.Selector, o.Selector, depth) || excludes(a.Selector, o.Selector) {
			continue
		}
		if o.Selector == a.Selector {
			return CodeAssignmentExists.New("%s is meant for exactly these devices already.", o.Name).With("assignment_id", o.ID)
		}
		if o.Document == a.Document {
			continue // both say the same
		}
		// Only tags are left to differ, and a device can have both.
		both, err := fitsBoth(a.Selector, o.Selector)
		if err != nil {
			return err
		}
		if both {
			return CodeAssignmentTied.New("Some devices have both the tag %q and the tag %q: for them it would not be clear whether %s or %s is meant.",
				a.Selector.Tag, o.Selector.Tag, a.Name, o.Name).With("assignment_id", o.ID)
		}
	}
	return nil
}

// Tie returns the fault for a device that two documents are meant for exactly as
// specifically, or nil. The store asks it before it saves a device's tags or
// place.
func Tie(assignments []Assignment, d Subject) error {
	for _, subkind := range device.ConfigSubkinds() {
		c, ok := Resolve(assignments, d)[subkind]
		if ok && len(c.Tied) > 0 {
			return CodeAssignmentTied.New("With these tags it would not be clear whether the configuration %s (tag %q) or %s (tag %q) is meant for the device.",
				c.Assignment.Name, c.Assignment.Selector.Tag, c.Tied[0].Name, c.Tied[0].Selector.Tag).WithField("tags", "two configurations fit equally well")
		}
	}
	return nil
}

// Unassign takes an assignment back. Devices for which nothing else is meant keep
// what they have; nothing is desired of them any more.
func (s *Service) Unassign(ctx context.Context, actor audit.Actor, id AssignmentID) error {
	err := s.o.Storage.UnassignConfig(ctx, id, func(a Assignment) audit.Event {
		return audit.Event{Actor: actor, Action: ActionUnassigned, Subject: "configuration:" + string(a.Document),
			Detail: map[string]any{"assignment": id, "name": a.Name}}
	})
	s.Nudge()
	return err
}

// OfDevice returns what is desired of a device, what it reports, and why, for
// every kind of document that either says something about.
func (s *Service) OfDevice(ctx context.Context, id device.ID) ([]State, error) {
	return s.o.Storage.ConfigStates(ctx, id)
}

func checkTexts(name, note string) error {
	bad := fault.CodeInvalid.New("The document cannot be saved.")
	if n := utf8.RuneCountInString(name); n < 1 || n > maxName || !showable(name) {
		bad.WithField("name", "must have 1 to %d characters that can be shown", maxName)
	}
	if utf8.RuneCountInString(note) > maxNote || !showable(strings.ReplaceAll(note, "\n", " ")) {
		bad.WithField("note", "must have up to %d characters that can be shown", maxNote)
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func nameOf(a audit.Actor) string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}
