package inventory

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Position is the place of a happening in a timeline.
type Position struct {
	At time.Time
	ID string
}

// Happening is one thing that happened to a device: exactly one of Event, Change
// and Sighting is set.
type Happening struct {
	Position
	Event    *audit.Event
	Change   *Change
	Sighting *Sighting
}

// Sighting is a stay in a ward, as far as the device's access points tell.
type Sighting struct {
	Place   device.PlaceID
	FirstAt time.Time
	LastAt  time.Time
}

// Moment is a happening for people.
type Moment struct {
	ID string
	At time.Time
	// Words is one sentence: "Lock was asked for".
	Words string
	// Actor is who did it; empty for what the device itself said.
	Actor string
	// Action is the audit event's action; "reported.<what>" for a change in what the
	// device says; "seen.ward" for a stay in a ward.
	Action string
	// Command is the command it is about; empty for most.
	Command string
	Detail  map[string]any
}

// Timeline is one page of everything that happened to a device, newest first.
type Timeline struct {
	Moments    []Moment
	NextCursor string
}

// Timeline returns a page of everything that happened to a device. Wards are left
// out where they would tell where a person was: LocationHistory shows those, on
// the record.
func (s *Service) Timeline(ctx context.Context, id device.ID, cursor string, limit int) (Timeline, error) {
	if limit == 0 {
		limit = DefaultLimit
	}
	before, err := parseMoment(cursor)
	if err != nil || limit < 1 || limit > MaxLimit {
		bad := fault.CodeInvalid.New("The timeline cannot be shown as asked.")
		if err != nil {
			bad.WithField("cursor", "does not belong to this timeline: ask for its first page again")
		} else {
			bad.WithField("limit", "must be 1 to %d", MaxLimit)
		}
		return Timeline{}, bad
	}
	r, err := s.storage.Device(ctx, id)
	if err != nil {
		return Timeline{}, err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return Timeline{}, err
	}
	all, err := s.storage.Happenings(ctx, id, before, limit+1)
	if err != nil {
		return Timeline{}, err
	}
	var out Timeline
	if len(all) > limit {
		all = all[:limit]
		out.NextCursor = momentCursor(all[limit-1].Position)
	}
	personal := isPersonsLocation(r.Device)
	for _, h := range all {
		if h.Sighting == nil || !personal {
			out.Moments = append(out.Moments, moment(h, tree))
		}
	}
	return out, nil
}

// Stay is a stay in a ward, with the way to it.
type Stay struct {
	Path    []device.Place
	FirstAt time.Time
	LastAt  time.Time
}

// LocationHistory returns the wards of the last 30 days, newest first. Where that
// tells where a person was, the look is recorded with its reason.
func (s *Service) LocationHistory(ctx context.Context, actor audit.Actor, id device.ID, reason string) ([]Stay, error) {
	r, err := s.storage.Device(ctx, id)
	if err != nil {
		return nil, err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	sightings, err := s.storage.Sightings(ctx, id, s.now().UTC().Add(-WardsKept), MaxLimit)
	if err != nil {
		return nil, err
	}
	if isPersonsLocation(r.Device) {
		err := s.storage.Note(ctx, audit.Event{Actor: actor, Action: ActionLocationSeen, Device: string(id),
			Detail: map[string]any{"reason": reason, "found": len(sightings) > 0, "holder": r.Device.Owner, "history": true}})
		if err != nil {
			return nil, err
		}
	}
	out := make([]Stay, len(sightings))
	for i, g := range sightings {
		out[i] = Stay{Path: tree.Path(g.Place), FirstAt: g.FirstAt, LastAt: g.LastAt}
	}
	return out, nil
}

func momentCursor(p Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At.UnixMicro(), 10) + " " + p.ID))
}

func parseMoment(cursor string) (Position, error) {
	if cursor == "" {
		return Position{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return Position{}, err
	}
	micros, id, ok := strings.Cut(string(b), " ")
	n, err := strconv.ParseInt(micros, 10, 64)
	if err != nil || !ok {
		return Position{}, fmt.Errorf("%q is not a position in a timeline", clip(cursor))
	}
	return Position{At: time.UnixMicro(n).UTC(), ID: id}, nil
}

func moment(h Happening, tree Tree) Moment {
	m := Moment{ID: h.ID, At: h.At}
	switch {
	case h.Event != nil:
		e := *h.Event
		m.Action, m.Command, m.Detail = string(e.Action), e.Command, e.Detail
		m.Words, m.Actor = eventWords(e, tree), actorWords(e.Actor)
	case h.Change != nil:
		m.Action, m.Words = "reported."+string(h.Change.What), changeWords(*h.Change)
		m.Detail = map[string]any{"was": h.Change.Was, "became": h.Change.Became}
	case h.Sighting != nil:
		m.Action = "seen.ward"
		m.Words = "Seen in " + placeName(tree, h.Sighting.Place)
		m.Detail = map[string]any{"place": h.Sighting.Place, "until": h.Sighting.LastAt}
	}
	return m
}

func placeName(tree Tree, id device.PlaceID) string {
	if names := Names(tree.Path(id)); names != "" {
		return names
	}
	return "a place that no longer exists"
}
