package auth

import (
	"slices"
	"strings"

	"wardline/device"
)

// Reach is the set of devices on which a right holds: everything that lies in
// all of Sites and Classes lists and matches one of Parts. An empty list does
// not limit; no part at all reaches nothing.
type Reach struct {
	// Limits are one or two scopes (the person's, and the token's), each of which
	// must be met.
	Limits []Limit
	// Parts are alternatives.
	Parts []Part
}

// Limit is a scope. An empty list does not limit.
type Limit struct {
	Sites   []device.PlaceID
	Classes []device.Class
}

// Part is one alternative of a reach.
type Part struct {
	// Everything: within the limits, no further condition.
	Everything bool
	// Owner: devices whose owner is this user name.
	Owner string
	// Wards: devices in one of these wards; of SharedOnly, only shared handhelds.
	Wards      []device.PlaceID
	SharedOnly bool
	// Models: devices of one of these models.
	Models []device.ModelID
}

// ReachOf returns on which devices p may do something, to filter lists by. It is
// false when p may not do it at all.
func ReachOf(p Principal, permission Permission) (Reach, bool) {
	if authoriseRole(p, permission, Grant.asks) != nil {
		return Reach{}, false
	}
	if p.Audience == AudienceLost {
		// Whatever the roles: one's own, and the shared handhelds of one's wards.
		return Reach{Limits: limitsOf(p), Parts: partsOf(p, GrantAskOwn)}, true
	}
	reach := Reach{Limits: limitsOf(p)}
	for _, role := range p.effectiveRoles() {
		reach.Parts = append(reach.Parts, partsOf(p, table[permission][role])...)
	}
	return reach, true
}

func limitsOf(p Principal) []Limit {
	limits := []Limit{{Sites: p.Scope.Sites, Classes: p.Scope.Classes}}
	if p.TokenScope != nil {
		limits = append(limits, Limit{Sites: p.TokenScope.Sites, Classes: p.TokenScope.Classes})
	}
	return limits
}

func partsOf(p Principal, g Grant) []Part {
	switch g {
	case GrantAsk, GrantBoth:
		return []Part{{Everything: true}}
	case GrantAskOwn:
		return ownAnd(p, Part{Wards: p.Scope.Wards, SharedOnly: true})
	case GrantAskWard:
		return ownAnd(p, Part{Wards: p.Scope.Wards})
	case GrantAskNamed:
		if len(p.Scope.Models) == 0 || p.Scope.Until.IsZero() || p.Now.Before(p.Scope.From) || !p.Now.Before(p.Scope.Until) {
			return nil
		}
		return []Part{{Models: p.Scope.Models}}
	}
	return nil
}

func ownAnd(p Principal, ward Part) []Part {
	parts := []Part{{Owner: p.Username}}
	if len(ward.Wards) > 0 {
		parts = append(parts, ward)
	}
	return parts
}

// secondReach is where p may be a second person: anywhere in their scope.
func secondReach(p Principal) Reach {
	return Reach{Limits: limitsOf(p), Parts: []Part{{Everything: true}}}
}

// Unlimited reports whether every device is reached, so that a list needs no
// filter.
func (r Reach) Unlimited() bool {
	for _, l := range r.Limits {
		if len(l.Sites) > 0 || len(l.Classes) > 0 {
			return false
		}
	}
	return slices.ContainsFunc(r.Parts, func(p Part) bool { return p.Everything })
}

// Covers reports whether the device is reached. A device without a site is
// reached only by people who are not limited to sites.
func (r Reach) Covers(t Target) bool {
	for _, l := range r.Limits {
		if len(l.Sites) > 0 && !slices.Contains(l.Sites, t.Site) {
			return false
		}
		if len(l.Classes) > 0 && !slices.Contains(l.Classes, t.Class) {
			return false
		}
	}
	return slices.ContainsFunc(r.Parts, func(p Part) bool { return p.covers(t) })
}

func (p Part) covers(t Target) bool {
	switch {
	case p.Everything:
		return true
	case p.Owner != "":
		return strings.EqualFold(p.Owner, t.Owner)
	case len(p.Models) > 0:
		return slices.Contains(p.Models, t.Model)
	case p.SharedOnly && t.Class != device.ClassHandheldShared:
		return false
	}
	return t.Ward != "" && slices.Contains(p.Wards, t.Ward)
}
