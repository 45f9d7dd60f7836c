package commands

import (
	"context"
	"fmt"
	"time"

	"wardline/audit"
)

// BurstWindow is how far back a burst is looked for.
const BurstWindow = 10 * time.Minute

// burst is more destructive work than people ask for, by docs/freezes.csv. A
// batch counts once: two people look at it.
type burst struct {
	scope FreezeScope
	asked int
	words string
}

// bursts are looked at in this order: the culprit first, then the site, then the
// server. What somebody asked who is frozen does not count for site and server.
var bursts = []burst{
	{FreezePerson, 10, "One person asked for %d destructive things within ten minutes."},
	{FreezeSite, 25, "%d destructive things were asked within ten minutes for devices of one site."},
	{FreezeServer, 50, "%d destructive things were asked within ten minutes."},
}

// Asked counts destructive work that was asked lately, for one value of a scope.
type Asked struct {
	ScopeID string
	Count   int
	// People are the accounts that asked.
	People []string
}

// watch freezes where more is asked than people ask. It is part of Expire.
func (s *Service) watch(ctx context.Context) error {
	busy, err := s.storage.AskedLately(ctx, BurstWindow, bursts[0].asked)
	if err != nil || !busy {
		return err
	}
	actor := system("guard")
	return s.storage.FreezeBursts(ctx, BurstWindow, func(asked func(FreezeScope) ([]Asked, error), frozen []Freeze, add func(Freeze, audit.Event) error) error {
		for _, b := range bursts {
			counts, err := asked(b.scope)
			if err != nil {
				return err
			}
			for _, a := range counts {
				if a.Count < b.asked || already(frozen, b.scope, a.ScopeID) {
					continue
				}
				z := Freeze{ID: s.newID(), Scope: b.scope, ScopeID: a.ScopeID, Cause: CauseBurst, Reason: fmt.Sprintf(b.words, a.Count),
					SetBy: actor, CausedBy: a.People}
				if err := add(z, z.event(actionFreezeSet, actor, map[string]any{"because": z.Reason})); err != nil {
					return err
				}
				frozen = append(frozen, z)
			}
		}
		return nil
	})
}

// already reports whether a freeze that holds is about this.
func already(frozen []Freeze, scope FreezeScope, id string) bool {
	for _, z := range frozen {
		if z.Scope == FreezeServer || (z.Scope == scope && z.ScopeID == id) {
			return true
		}
	}
	return false
}
