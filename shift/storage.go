package shift

import (
	"context"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Standing is what a rule sees of one handheld, locked, by the database's clock.
type Standing struct {
	Now      time.Time
	Device   device.Device
	Settings Settings
	// Open is the use that has not ended; nil: nobody has it.
	Open *Use
	// Use is the one that the rule is about, where there is one.
	Use *Use
	// Held is how many other handhelds the person has, Taken how many they took in
	// the last 24 hours.
	Held, Taken int
	// ClearsHour and ClearsDay count the removals of work data asked lately.
	ClearsHour, ClearsDay int
}

// Decision is what a rule wants kept. Empty fields change nothing.
type Decision struct {
	Ended *Use
	Begun *Use
	// Kept is a use of which something else changed.
	Kept    *Use
	Custody *device.Custody
	Events  []audit.Event
}

// Query selects uses. Empty fields do not narrow.
type Query struct {
	Wards  []device.PlaceID
	Device device.ID
	// Account is the holder.
	Account string
	// Now: only what has not ended, or has ended and is not done with.
	Now bool
	// Limit; 0: 1000. Newest come first.
	Limit int
}

// Storage keeps uses. Every method is one transaction by the database's clock and
// writes its audit events inside it; rules are called inside it, possibly more than
// once, and do nothing slow. Implementations are safe for concurrent use, by
// several replicas.
type Storage interface {
	// ChangeHandheld changes what is on record of one handheld by a rule that sees it
	// locked. account is the person whose other handhelds are counted. It answers
	// fault.CodeNotFound for an unknown device.
	ChangeHandheld(ctx context.Context, id device.ID, account string, rule func(Standing) (Decision, error)) error
	// ChangeHandheldUse is the same for the handheld of a use, which the rule sees as it is
	// now. What is no longer there is left alone.
	ChangeHandheldUse(ctx context.Context, id UseID, rule func(Standing) (Decision, error)) error
	// Uses reads uses by a query.
	Uses(ctx context.Context, q Query) ([]Use, error)
	// DueUses hands out the uses that have something due, each to one caller until
	// the time that is given is over.
	DueUses(ctx context.Context, limit int, until time.Duration) ([]Use, error)
	// ForgetUses removes what ended longer ago than this and is done with.
	ForgetUses(ctx context.Context, kept time.Duration) error
	// ShiftSettings reads the settings, Shipped when there are none.
	ShiftSettings(ctx context.Context) (Settings, error)
	// PutShiftSettings keeps settings; every open use is looked at anew at once.
	PutShiftSettings(ctx context.Context, set Settings, event func(was Settings) audit.Event) error
}
