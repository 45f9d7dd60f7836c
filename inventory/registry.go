package inventory

import (
	"context"
	"slices"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// treeKept is how long the tree of places is used before it is read again: a
// change made through another replica is seen after it.
const treeKept = 5 * time.Second

// Tree returns the tree of places, at most 5 seconds old.
func (s *Service) Tree(ctx context.Context) (Tree, error) {
	s.treeMu.Lock()
	defer s.treeMu.Unlock()
	now := s.now()
	if s.tree.byID != nil && now.Sub(s.treeAt).Abs() < treeKept {
		return s.tree, nil
	}
	places, err := s.storage.PlaceTree(ctx)
	if err != nil {
		return Tree{}, err
	}
	s.tree, s.treeAt = NewTree(places), now
	return s.tree, nil
}

func (s *Service) forgetTree() {
	s.treeMu.Lock()
	s.tree = Tree{}
	s.treeMu.Unlock()
}

// Places lists all places with what stands in them, sites first, then by name.
func (s *Service) Places(ctx context.Context) ([]PlaceRecord, error) {
	return s.storage.Places(ctx)
}

// Place returns one place.
func (s *Service) Place(ctx context.Context, id device.PlaceID) (PlaceRecord, error) {
	places, err := s.storage.Places(ctx)
	if err != nil {
		return PlaceRecord{}, err
	}
	at := slices.IndexFunc(places, func(p PlaceRecord) bool { return p.Place.ID == id })
	if at < 0 {
		return PlaceRecord{}, noPlace(id)
	}
	return places[at], nil
}

// CreatePlace adds a place; its ID is given.
func (s *Service) CreatePlace(ctx context.Context, actor audit.Actor, p device.Place) (PlaceRecord, error) {
	p.ID = device.PlaceID(s.newID())
	p.Name = strings.TrimSpace(p.Name)
	event := audit.Event{Actor: actor, Action: ActionPlaceCreated, Subject: "place:" + string(p.ID), Detail: placeDetail(p)}
	return s.changePlace(ctx, p.ID, event, func(all []PlaceRecord) (*device.Place, error) {
		if err := checkPlace(p, all); err != nil {
			return nil, err
		}
		return &p, nil
	})
}

// UpdatePlace changes name, parent and care area; version is the one that was
// read, 0 any. What kind of place it is stays.
func (s *Service) UpdatePlace(ctx context.Context, actor audit.Actor, version int, p device.Place) (PlaceRecord, error) {
	p.Name = strings.TrimSpace(p.Name)
	event := audit.Event{Actor: actor, Action: ActionPlaceUpdated, Subject: "place:" + string(p.ID), Detail: placeDetail(p)}
	return s.changePlace(ctx, p.ID, event, func(all []PlaceRecord) (*device.Place, error) {
		before, err := findPlace(p.ID, version, all)
		if err != nil {
			return nil, err
		}
		p.Kind = before.Place.Kind
		if err := checkPlace(p, all); err != nil {
			return nil, err
		}
		return &p, nil
	})
}

// DeletePlace removes a place in which nothing stands.
func (s *Service) DeletePlace(ctx context.Context, actor audit.Actor, version int, id device.PlaceID) error {
	event := audit.Event{Actor: actor, Action: ActionPlaceDeleted, Subject: "place:" + string(id)}
	_, err := s.changePlace(ctx, id, event, func(all []PlaceRecord) (*device.Place, error) {
		p, err := findPlace(id, version, all)
		if err != nil {
			return nil, err
		}
		below := slices.ContainsFunc(all, func(o PlaceRecord) bool { return o.Place.Parent == id })
		if below || p.Devices > 0 || p.AccessPoints > 0 {
			return nil, CodePlaceInUse.New("%s still has %d devices and %d access points, or places below it.", p.Place.Name, p.Devices, p.AccessPoints)
		}
		return nil, nil
	})
	return err
}

func (s *Service) changePlace(ctx context.Context, id device.PlaceID, event audit.Event, decide func([]PlaceRecord) (*device.Place, error)) (PlaceRecord, error) {
	err := s.storage.ChangePlace(ctx, id, decide, event)
	s.forgetTree()
	if err != nil || event.Action == ActionPlaceDeleted {
		return PlaceRecord{}, err
	}
	return s.Place(ctx, id)
}

func placeDetail(p device.Place) map[string]any {
	return map[string]any{"name": p.Name, "parent": p.Parent, "care_area": p.CareArea}
}

func findPlace(id device.PlaceID, version int, all []PlaceRecord) (PlaceRecord, error) {
	for _, p := range all {
		if p.Place.ID == id {
			if version != 0 && version != p.Version {
				return PlaceRecord{}, fault.CodeStale.New("The place was changed since you read it (version %d, now %d).", version, p.Version)
			}
			return p, nil
		}
	}
	return PlaceRecord{}, noPlace(id)
}

func noPlace(id device.PlaceID) error {
	return fault.CodeNotFound.New("There is no place with the identifier %s.", id)
}

// checkPlace keeps the tree a tree of the four levels, with different names side
// by side.
func checkPlace(p device.Place, all []PlaceRecord) error {
	bad := fault.CodeInvalid.New("The place cannot be saved.")
	if p.Name == "" {
		bad.WithField("name", "is missing")
	}
	checkText("name", p.Name, maxText, bad)
	level := slices.Index(placeLevels, p.Kind)
	parent := device.PlaceKind("")
	for _, o := range all {
		if o.Place.ID == p.Parent {
			parent = o.Place.Kind
		}
		if o.Place.Parent == p.Parent && o.Place.ID != p.ID && Normal(o.Place.Name) == Normal(p.Name) {
			return CodePlaceExists.New("There is a place called %s here already.", o.Place.Name).WithField("name", "is taken")
		}
	}
	switch {
	case level < 0:
		bad.WithField("kind", "must be one of site, building, floor, ward")
	case level == 0 && p.Parent != "":
		bad.WithField("parent_id", "a site stands in nothing")
	case level > 0 && p.Parent == "":
		bad.WithField("parent_id", "say in which %s it is", placeLevels[level-1])
	case level > 0 && parent != placeLevels[level-1]:
		bad.WithField("parent_id", "a %s stands in a %s", p.Kind, placeLevels[level-1])
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// AccessPoints lists access points, by BSSID, after the given one; place may be
// empty for all.
func (s *Service) AccessPoints(ctx context.Context, place device.PlaceID, after string, limit int) ([]device.AccessPoint, error) {
	if limit < 1 || limit > MaxLimit {
		return nil, fault.CodeInvalid.New("The list cannot be shown as asked.").WithField("limit", "must be 1 to %d", MaxLimit)
	}
	return s.storage.AccessPoints(ctx, place, after, limit)
}

// PutAccessPoint adds an access point, or moves the one with this BSSID.
func (s *Service) PutAccessPoint(ctx context.Context, actor audit.Actor, ap device.AccessPoint) error {
	tree, err := s.Tree(ctx)
	if err != nil {
		return err
	}
	bad := fault.CodeInvalid.New("The access point cannot be saved.")
	if ap.BSSID, err = ParseMAC(ap.BSSID); err != nil {
		bad.WithField("bssid", "%s", err)
	}
	ap.Name = strings.TrimSpace(ap.Name)
	checkText("name", ap.Name, maxText, bad)
	if _, ok := tree.Place(ap.Place); !ok {
		bad.WithField("place_id", "there is no such place")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return s.storage.PutAccessPoints(ctx, []device.AccessPoint{ap}, audit.Event{Actor: actor, Action: ActionAccessPoints,
		Subject: "access_point:" + ap.BSSID, Detail: map[string]any{"access_points": 1, "place": ap.Place, "name": ap.Name}})
}

// DeleteAccessPoint forgets an access point.
func (s *Service) DeleteAccessPoint(ctx context.Context, actor audit.Actor, bssid string) error {
	mac, err := ParseMAC(bssid)
	if err != nil {
		return fault.CodeNotFound.New("There is no access point %s.", clip(bssid))
	}
	return s.storage.DeleteAccessPoint(ctx, mac, audit.Event{Actor: actor, Action: ActionAccessPointOff, Subject: "access_point:" + mac})
}
