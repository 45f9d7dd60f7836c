package shift

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
)

// Commands is what this package needs of the queue; *commands.Service is one.
type Commands interface {
	Request(ctx context.Context, actor audit.Actor, ask commands.Ask) (commands.Command, error)
	List(ctx context.Context, q commands.Query) (commands.Page, error)
	Cancel(ctx context.Context, actor audit.Actor, id commands.ID, reason string) (commands.Command, error)
}

// Options are what the service takes from outside. Storage and Commands must be
// set.
type Options struct {
	Storage  Storage
	Commands Commands
	// WardName says what a ward is called, for the text on an overdue screen. Nil,
	// or an empty name: it is left out.
	WardName func(ctx context.Context, id device.PlaceID) string
	// HelpPhone is whom an overdue screen says to call; it may be empty.
	HelpPhone func() string
	// NewID makes identifiers. Nil: UUIDv7.
	NewID func() string
	// Furnished allows Furnish: the demo. A hospital's server never sets it.
	Furnished bool
	// Log may be nil.
	Log *slog.Logger
}

// Service is everything about shared handhelds. It is safe for concurrent use, and
// several replicas may run on one database.
type Service struct {
	storage   Storage
	commands  Commands
	wardName  func(ctx context.Context, id device.PlaceID) string
	helpPhone func() string
	newID     func() string
	furnished bool
	log       *slog.Logger
}

// New makes the service.
func New(o Options) *Service {
	s := &Service{storage: o.Storage, commands: o.Commands, wardName: o.WardName, helpPhone: o.HelpPhone, newID: o.NewID, furnished: o.Furnished, log: o.Log}
	if s.wardName == nil {
		s.wardName = func(context.Context, device.PlaceID) string { return "" }
	}
	if s.helpPhone == nil {
		s.helpPhone = func() string { return "" }
	}
	if s.newID == nil {
		s.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}
