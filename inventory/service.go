package inventory

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/device"
)

// Options are what a Service needs from outside.
type Options struct {
	Storage Storage
	// Now is the server's clock. Nil: time.Now.
	Now func() time.Time
	// NewID makes identifiers. Nil: UUIDv7.
	NewID func() string
	// Log may be nil.
	Log *slog.Logger
}

// Service is the inventory. It is safe for concurrent use. It checks rules about
// devices, not rights of people: whoever calls it has asked package auth, and
// narrows lists by Query.Scope.
type Service struct {
	storage Storage
	now     func() time.Time
	newID   func() string
	log     *slog.Logger

	treeMu sync.Mutex
	tree   Tree
	treeAt time.Time
}

// New returns a Service.
func New(o Options) *Service {
	s := &Service{storage: o.Storage, now: o.Now, newID: o.NewID, log: o.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Get returns one device. Where it is, is withheld when that is where a person
// is: see Location.
func (s *Service) Get(ctx context.Context, id device.ID) (Item, error) {
	r, err := s.storage.Device(ctx, id)
	if err != nil {
		return Item{}, err
	}
	return s.item(ctx, r)
}

func (s *Service) item(ctx context.Context, r Record) (Item, error) {
	tree, err := s.Tree(ctx)
	if err != nil {
		return Item{}, err
	}
	return item(r, tree, s.now().UTC()), nil
}

// Find returns a page of devices.
func (s *Service) Find(ctx context.Context, q Query) (Page, error) {
	now := s.now().UTC()
	search, err := q.search(now)
	if err != nil {
		return Page{}, err
	}
	found, err := s.storage.FindDevices(ctx, search)
	if err != nil {
		return Page{}, err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return Page{}, err
	}
	p := Page{Items: make([]Item, len(found.Records)), Total: found.Total}
	for i, r := range found.Records {
		p.Items[i] = item(r, tree, now)
	}
	if search.After != nil {
		p.Total = search.After.Total
	}
	if next := found.Next; next != nil {
		next.Total, next.Of = p.Total, q.name()
		p.NextCursor = next.cursor()
	}
	return p, nil
}

// Location returns where a device was last heard, also where that is where a
// person is: such a look is recorded with the reason, and shown to that person.
// It is nil when nothing is known or may be kept.
func (s *Service) Location(ctx context.Context, actor audit.Actor, id device.ID, reason string) (*Where, error) {
	r, err := s.storage.Device(ctx, id)
	if err != nil {
		return nil, err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	where := whereOf(r, tree, s.now().UTC())
	if isPersonsLocation(r.Device) {
		// Also a look that found nothing was a look.
		err := s.storage.Note(ctx, audit.Event{Actor: actor, Action: ActionLocationSeen, Device: string(id),
			Detail: map[string]any{"reason": reason, "found": where != nil, "holder": r.Device.Owner}})
		if err != nil {
			return nil, err
		}
	}
	return where, nil
}

// The actions that the inventory records.
const (
	ActionCreated        audit.Action = "device.registered"
	ActionUpdated        audit.Action = "device.changed"
	ActionHeld           audit.Action = "device.held"
	ActionLifted         audit.Action = "device.hold_lifted"
	ActionSanitised      audit.Action = "device.sanitised"
	ActionLocationSeen   audit.Action = "location.seen"
	ActionDelivery       audit.Action = "delivery.registered"
	ActionPlaceCreated   audit.Action = "place.created"
	ActionPlaceUpdated   audit.Action = "place.changed"
	ActionPlaceDeleted   audit.Action = "place.deleted"
	ActionAccessPoints   audit.Action = "access_points.placed"
	ActionAccessPointOff audit.Action = "access_point.removed"
	ActionModelCreated   audit.Action = "model.created"
	ActionModelUpdated   audit.Action = "model.changed"
	ActionExported       audit.Action = "devices.exported"
)
