package inventory

import (
	"slices"

	"wardline/device"
)

// Tree is the tree of places, read once and asked many times. The zero value is
// an empty tree.
type Tree struct {
	byID map[device.PlaceID]device.Place
}

// NewTree makes a tree of these places.
func NewTree(places []device.Place) Tree {
	t := Tree{byID: make(map[device.PlaceID]device.Place, len(places))}
	for _, p := range places {
		t.byID[p.ID] = p
	}
	return t
}

// Place returns the place with this id.
func (t Tree) Place(id device.PlaceID) (device.Place, bool) {
	p, ok := t.byID[id]
	return p, ok
}

// Path leads from the site down to the place; empty for an unknown place.
func (t Tree) Path(id device.PlaceID) []device.Place {
	var path []device.Place
	for len(path) < len(placeLevels) {
		p, ok := t.byID[id]
		if !ok {
			break
		}
		path = append(path, p)
		id = p.Parent
	}
	slices.Reverse(path)
	return path
}

// Site is the site in which the place lies; empty for an unknown place.
func (t Tree) Site(id device.PlaceID) device.PlaceID {
	return placeOfKind(t.Path(id), device.PlaceSite)
}

// Ward is the ward that the place is or lies in; empty when it is above a ward.
func (t Tree) Ward(id device.PlaceID) device.PlaceID {
	return placeOfKind(t.Path(id), device.PlaceWard)
}

// Within reports whether the place is, or lies below, the other.
func (t Tree) Within(id, above device.PlaceID) bool {
	for _, p := range t.Path(id) {
		if p.ID == above {
			return true
		}
	}
	return false
}

// placeLevels are the levels of the tree, from the top.
var placeLevels = []device.PlaceKind{device.PlaceSite, device.PlaceBuilding, device.PlaceFloor, device.PlaceWard}

// Names joins a path for people: "Main site, House A, Floor 2, Ward 2B".
func Names(path []device.Place) string {
	s := ""
	for i, p := range path {
		if i > 0 {
			s += ", "
		}
		s += p.Name
	}
	return s
}
