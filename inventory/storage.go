package inventory

import (
	"context"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Storage is what the inventory needs of the store. Each method is one
// transaction; those that change something write the audit events they are given
// in it. Rules are handed in as functions and run inside the transaction, on
// what is locked there.
type Storage interface {
	// Device reads one device; fault.CodeNotFound when there is none.
	Device(ctx context.Context, id device.ID) (Record, error)
	// FindDevices reads one page; see Search.
	FindDevices(ctx context.Context, s Search) (Found, error)
	// Overview counts the current devices of a scope.
	Overview(ctx context.Context, ask OverviewAsk) (OverviewCounts, error)
	// CreateDevice registers a device. CodeDeviceExists and CodeAssetTagTaken say
	// which other device is in the way.
	CreateDevice(ctx context.Context, d device.Device, event audit.Event) error
	// ChangeDevice locks the device, asks decide what it is to become, and writes
	// that with the next version. A nil change leaves the device as it is.
	ChangeDevice(ctx context.Context, id device.ID, decide func(Record) (*Decided, error)) (Record, error)
	// RecordSanitisation adds a record that the device was sanitised.
	RecordSanitisation(ctx context.Context, id device.ID, s Sanitisation, event audit.Event) error

	// RegisterDelivery registers the devices of a delivery, all or none, unless a file with
	// this hash was taken in before: then it returns the number of devices it had
	// and changes nothing. taken names those that are registered already.
	RegisterDelivery(ctx context.Context, hash string, devices []device.Device, events []audit.Event) (before int, err error)
	// Taken returns which of the devices are registered already, by serial
	// and model or by asset tag.
	Taken(ctx context.Context, devices []device.Device) ([]Taken, error)

	// PlaceTree reads all places; Places reads them with what stands in them, sites
	// first, then by name.
	PlaceTree(ctx context.Context) ([]device.Place, error)
	Places(ctx context.Context) ([]PlaceRecord, error)
	// ChangePlace creates (version 0), changes or, with a nil result, deletes a
	// place. decide sees all places.
	ChangePlace(ctx context.Context, id device.PlaceID, decide func([]PlaceRecord) (*device.Place, error), event audit.Event) error

	// AccessPoints returns access points by BSSID, after the given one.
	AccessPoints(ctx context.Context, place device.PlaceID, after string, limit int) ([]device.AccessPoint, error)
	// PutAccessPoints adds or moves access points, all or none.
	PutAccessPoints(ctx context.Context, points []device.AccessPoint, event audit.Event) error
	DeleteAccessPoint(ctx context.Context, bssid string, event audit.Event) error

	Models(ctx context.Context) ([]device.Model, error)
	Model(ctx context.Context, id device.ModelID) (device.Model, error)
	CreateModel(ctx context.Context, m device.Model, event audit.Event) error
	// ChangeModel locks the model and asks decide what it is to become. enrolled is
	// the number of enrolled devices of it.
	ChangeModel(ctx context.Context, id device.ModelID, decide func(m device.Model, enrolled int) (device.Model, audit.Event, error)) (device.Model, error)

	// Happenings reads one page of a device's timeline, newest first, strictly
	// before the position.
	Happenings(ctx context.Context, id device.ID, before Position, limit int) ([]Happening, error)
	// Sightings are the stays that lasted beyond since, newest first.
	Sightings(ctx context.Context, id device.ID, since time.Time, limit int) ([]Sighting, error)
	// Certificates are the device's certificates with their status at now, newest
	// first.
	Certificates(ctx context.Context, id device.ID, now time.Time, limit int) ([]HeldCertificate, error)
	// Note records an event that changes nothing: a look at a location, an export.
	Note(ctx context.Context, event audit.Event) error

	// SaveReports writes what up to 500 devices said, each judged by keep on what
	// is known of the device: what of it may be kept and what changed.
	SaveReports(ctx context.Context, heard []Heard, keep func(Known, Heard) Kept) error
	// SaveFacts writes what a device said of itself that changes rarely.
	SaveFacts(ctx context.Context, id device.ID, hash string, facts Facts) error
	// FactsHash is the hash of the facts last stored; empty when there are none.
	FactsHash(ctx context.Context, id device.ID) (string, error)
	// CheckIns are how many devices were heard of in each hour from since on, oldest
	// first; hours without any are left out. ForgetCheckIns deletes hours before.
	CheckIns(ctx context.Context, scope Scope, since time.Time) ([]CheckIns, error)
	ForgetCheckIns(ctx context.Context, before time.Time) error
	// ForgetLocations deletes sightings that ended before wards, and coordinates
	// taken before coordinates of devices that are not lost now. It returns how
	// many rows went, at most limit of each.
	ForgetLocations(ctx context.Context, wards, coordinates time.Time, limit int) (int, error)
}

// Record is a device as stored, with what the rules about it need.
type Record struct {
	Device device.Device
	Model  device.Model
	// CareArea: patients are treated where its record says it is, or where it was
	// last heard.
	CareArea bool
	// SeenPlace is where the access point stands that it last spoke through.
	SeenPlace device.PlaceID
	// Certificate is the newest certificate of its current enrollment; nil when it
	// has none.
	Certificate *Certificate
	// LiveCertificates is how many of its certificates, of any enrollment, a network
	// may still accept or be made to accept again.
	LiveCertificates int
	// SanitisedAt is when it was last sanitised; zero: never.
	SanitisedAt time.Time
	Facts       Facts
}

// Certificate is what lists and rules need to know of a device's certificate.
type Certificate struct {
	Fingerprint device.Fingerprint
	NotAfter    time.Time
	// Status is "active", "contained", "revoked", "superseded" or "expired".
	Status string
}

// Decided is what a decision about a device came to.
type Decided struct {
	Device device.Device
	Events []audit.Event
}

// Taken is a device of a delivery that cannot be registered, by its place in the
// list that was asked about.
type Taken struct {
	Index int
	// By is the device that is in the way, and AssetTag says that it is by the
	// asset tag and not by serial and model.
	By       device.ID
	AssetTag bool
}

// PlaceRecord is a place with what the rules about places need.
type PlaceRecord struct {
	Place   device.Place
	Version int
	// Devices and AccessPoints stand directly in it.
	Devices      int
	AccessPoints int
}

// Sanitisation is a record that a device was sanitised by its model's recipe.
type Sanitisation struct {
	At      time.Time
	Actor   string
	Witness string
	Method  string
	Steps   []string
}
