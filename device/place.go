package device

import "time"

// PlaceKind is the level of a node in the tree of places.
type PlaceKind string

// The levels.
const (
	PlaceSite     PlaceKind = "site"
	PlaceBuilding PlaceKind = "building"
	PlaceFloor    PlaceKind = "floor"
	PlaceWard     PlaceKind = "ward"
)

// Place is a node in the tree site > building > floor > ward.
type Place struct {
	ID     PlaceID
	Parent PlaceID // empty for a site
	Kind   PlaceKind
	Name   string
	// CareArea says that patients are treated here: a pump that reports stopped
	// here is on standby at best, never idle.
	CareArea bool
}

// AccessPoint is a Wi-Fi access point: a BSSID that stands in a place.
type AccessPoint struct {
	BSSID string // lower case, colon separated
	Name  string
	Place PlaceID
}

// LocationSource says how a location was learned.
type LocationSource string

// The sources.
const (
	LocationAccessPoint LocationSource = "access_point" // from the BSSID the device reported
	LocationCoordinates LocationSource = "coordinates"  // the device's own fix
)

// LocationFix is where a device was, when, and how that is known.
type LocationFix struct {
	Source    LocationSource
	Place     PlaceID // set for LocationAccessPoint when the BSSID is known
	BSSID     string
	Latitude  float64 // degrees, WGS 84
	Longitude float64
	AccuracyM float64 // metres
	At        time.Time
}
