package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// FreezeScope says whose work a freeze withholds.
type FreezeScope string

// The scopes.
const (
	FreezePerson FreezeScope = "person" // what one person asks for and agrees to, also by tokens
	FreezeSite   FreezeScope = "site"   // what is for devices of one site
	FreezeServer FreezeScope = "server" // everything
)

// Valid reports whether s is one of the scopes.
func (s FreezeScope) Valid() bool {
	return s == FreezePerson || s == FreezeSite || s == FreezeServer
}

// FreezeCause says what led to a freeze.
type FreezeCause string

// The causes.
const (
	CauseByHand FreezeCause = "by_hand"
	CauseBurst  FreezeCause = "burst" // more was asked than people ask (bursts.go)
	CauseClock  FreezeCause = "clock" // somebody set the clock
	// CauseTampering: a row of the database was changed by somebody else.
	CauseTampering FreezeCause = "tampering"
	// CauseRestore: the database is older than what was known of it.
	CauseRestore FreezeCause = "restore"
)

// Freeze withholds what destroys, what is staged, and bulk work that is
// disruptive, until two people have lifted it. It never stops the lock or the
// lost mode of one device, a report of a loss, a renewal, revocation or taking
// something back.
type Freeze struct {
	ID    string
	Scope FreezeScope
	// ScopeID is the account or the site; empty for the server.
	ScopeID string
	Cause   FreezeCause
	Reason  string
	SetBy   audit.Actor
	// CausedBy are the accounts that caused it: neither of them lifts it.
	CausedBy []string
	SetAt    time.Time
	// Left is what had left before it held.
	Left []LeftBefore
	// Lift is what was asked about lifting it; nil: nothing yet.
	Lift     *LiftAsked
	LiftedBy audit.Actor
	LiftedAt time.Time // zero: it holds
	// Lost is what both of the people who lift it have to have seen; nil: nothing.
	Lost *Lost
}

// LeftBefore is a command that had left when a freeze began to hold.
type LeftBefore struct {
	Command ID          `json:"command_id"`
	Device  device.ID   `json:"device_id"`
	Kind    device.Kind `json:"kind"`
	State   State       `json:"state"`
	At      time.Time   `json:"delivered_at"`
}

// LiftAsked is the first of the two people who lift a freeze.
type LiftAsked struct {
	By     audit.Actor
	Roles  []string
	Reason string
	At     time.Time
}

// FreezeAsk is a freeze that somebody wants.
type FreezeAsk struct {
	Scope   FreezeScope
	ScopeID string
	Reason  string
}

var (
	codeFrozen = fault.Define(fault.Refused, "frozen",
		"Two people, a security officer and an administrator, can lift the freeze; neither of them may have caused it.")
	codeNotFrozen = fault.Define(fault.Conflict, "freeze_already_lifted",
		"Look at the list of freezes: this one does not hold any more.")
	codeLiftNotAsked = fault.Define(fault.Conflict, "lift_not_asked",
		"One person asks to lift a freeze, and another one agrees.")
	codeCausedIt = fault.Define(fault.Forbidden, "caused_the_freeze",
		"Two people who did not cause the freeze have to lift it.")
)

// covers says whether the freeze is about the command.
func (z Freeze) covers(c Command, site device.PlaceID) bool {
	switch z.Scope {
	case FreezePerson:
		return PersonOf(c.Requester) == z.ScopeID ||
			slices.ContainsFunc(c.Approvals, func(a Approval) bool { return a.Actor.ID == z.ScopeID })
	case FreezeSite:
		return z.ScopeID == string(site) || z.ScopeID == string(c.Site)
	}
	return true
}

// stops says whether a freeze withholds this kind of work.
func (c Command) stoppedByFreeze(staging bool) bool {
	switch {
	case c.Weight == safety.Destructive, staging, c.Staged, c.Kind == device.KindLibrary, c.Kind == device.KindFirmware:
		return true
	case c.Weight == safety.Disruptive:
		return c.Batch != "" || c.Requester.Kind == audit.ActorSystem
	}
	return false
}

// frozen returns the freeze that withholds the command now.
func (b *Books) frozen(c Command, site device.PlaceID, staging bool) (Freeze, bool) {
	if b == nil || !c.stoppedByFreeze(staging) {
		return Freeze{}, false
	}
	return firstFreeze(b.Freezes, c, site)
}

func firstFreeze(freezes []Freeze, c Command, site device.PlaceID) (Freeze, bool) {
	for _, z := range freezes {
		if z.covers(c, site) {
			return z, true
		}
	}
	return Freeze{}, false
}

// Caused says whether the actor caused the freeze, and so cannot lift it.
func (z Freeze) Caused(actor audit.Actor) bool { return slices.Contains(z.CausedBy, actor.ID) }

// words says why a command waits.
func (z Freeze) words() string {
	return "Stopped by a freeze of " + wordsAt(z.SetAt) + ": " + sentence(z.Reason) + " It goes on when two people have lifted it."
}

// SetFreeze freezes. When it returns, no lease of what it withholds commits any
// more, on any replica; Left of the answer is what had left before.
func (s *Service) SetFreeze(ctx context.Context, actor audit.Actor, ask FreezeAsk) (Freeze, error) {
	ask.Reason = strings.TrimSpace(ask.Reason)
	bad := fault.CodeInvalid.New("The freeze cannot be set as it is described.")
	if !ask.Scope.Valid() {
		bad.WithField("scope", "must be person, site or server")
	}
	if (ask.ScopeID == "") != (ask.Scope == FreezeServer) {
		bad.WithField("scope_id", "names the person or the site, and is empty for the server")
	}
	if n := utf8.RuneCountInString(ask.Reason); n < 3 || n > maxReason || !showable(ask.Reason) {
		bad.WithField("reason", "must have 3 to %d characters", maxReason)
	}
	if len(bad.Fields) > 0 {
		return Freeze{}, bad
	}
	z := Freeze{ID: s.newID(), Scope: ask.Scope, ScopeID: ask.ScopeID, Cause: CauseByHand, Reason: ask.Reason, SetBy: actor}
	if ask.Scope == FreezePerson {
		z.CausedBy = []string{ask.ScopeID}
	}
	if err := s.storage.SetFreeze(ctx, z, z.event(actionFreezeSet, actor, map[string]any{"because": ask.Reason})); err != nil {
		return Freeze{}, fmt.Errorf("set a freeze: %w", err)
	}
	return s.storage.Freeze(ctx, z.ID)
}

func (z Freeze) event(action audit.Action, actor audit.Actor, detail map[string]any) audit.Event {
	detail["alert"], detail["scope"], detail["scope_id"], detail["cause"] = true, string(z.Scope), z.ScopeID, string(z.Cause)
	return audit.Event{Actor: actor, Action: action, Subject: "freeze:" + z.ID, Detail: detail}
}

// Freezes lists freezes, newest first: those that hold, or all.
func (s *Service) Freezes(ctx context.Context, all bool) ([]Freeze, error) {
	return s.storage.Freezes(ctx, all)
}

// Freeze returns one. It answers fault.CodeNotFound.
func (s *Service) Freeze(ctx context.Context, id string) (Freeze, error) {
	return s.storage.Freeze(ctx, id)
}

// AskLift is the first of two people who lift a freeze. roles are the person's,
// by which the second is judged (package auth); seen names the list of what a
// restore lost, where there is one.
func (s *Service) AskLift(ctx context.Context, actor audit.Actor, roles []string, id, reason, seen string) (Freeze, error) {
	return s.changeFreeze(ctx, id, func(z Freeze, now time.Time) (Freeze, audit.Event, error) {
		if err := cmp.Or(z.liftableBy(actor), z.seenBy(seen)); err != nil {
			return z, audit.Event{}, err
		}
		z.Lift = &LiftAsked{By: actor, Roles: roles, Reason: strings.TrimSpace(reason), At: now}
		return z, z.event(actionLiftAsked, actor, map[string]any{"because": z.Lift.Reason}), nil
	})
}

// Lift is the second person's agreement. That the two hold the roles that are
// needed is settled before (package auth); liftAskedAt is the request that the
// person has seen; seen is as for AskLift.
func (s *Service) Lift(ctx context.Context, actor audit.Actor, id, askedBy, seen string) (Freeze, error) {
	return s.changeFreeze(ctx, id, func(z Freeze, now time.Time) (Freeze, audit.Event, error) {
		if err := cmp.Or(z.liftableBy(actor), z.seenBy(seen)); err != nil {
			return z, audit.Event{}, err
		}
		switch {
		case z.Lift == nil:
			return z, audit.Event{}, codeLiftNotAsked.New("Nobody has asked to lift this freeze yet.")
		case z.Lift.By.ID != askedBy:
			return z, audit.Event{}, codeOrderDiffers.New("Somebody else has asked to lift this freeze meanwhile.")
		case z.Lift.By.ID == actor.ID || z.Lift.By.Session == actor.Session:
			return z, audit.Event{}, codeSecondPerson.New("You asked for this yourself: another person has to agree.")
		}
		z.LiftedBy, z.LiftedAt = actor, now
		return z, z.event(actionLifted, actor, map[string]any{"asked_by": z.Lift.By.ID, "because": z.Lift.Reason}), nil
	})
}

// liftableBy: it holds, and the actor is a person who did not cause it.
func (z Freeze) liftableBy(actor audit.Actor) error {
	switch {
	case !z.LiftedAt.IsZero():
		return codeNotFrozen.New("This freeze was lifted on %s.", wordsAt(z.LiftedAt))
	case actor.Kind != audit.ActorPerson:
		return codeSecondPerson.New("A freeze is lifted by people, each in a session of their own.")
	case z.Caused(actor):
		return codeCausedIt.New("This freeze is about what you did: two others have to lift it.")
	}
	return nil
}

func (s *Service) changeFreeze(ctx context.Context, id string, decide func(Freeze, time.Time) (Freeze, audit.Event, error)) (Freeze, error) {
	if err := s.storage.ChangeFreeze(ctx, id, decide); err != nil {
		return Freeze{}, err
	}
	return s.storage.Freeze(ctx, id)
}

// CancelAll takes back everything in a scope that has not been handed to a
// device, quiet work excepted. It returns how many commands that were.
func (s *Service) CancelAll(ctx context.Context, actor audit.Actor, ask FreezeAsk) (int, error) {
	if !ask.Scope.Valid() || (ask.ScopeID == "") != (ask.Scope == FreezeServer) {
		return 0, fault.CodeInvalid.New("Say whose work is to be taken back.").WithField("scope", "must be person, site or server, with its id")
	}
	because := "Taken back together with everything that had not left"
	if reason := strings.TrimSpace(ask.Reason); reason != "" {
		because += ": " + reason
	}
	scope, total := Freeze{Scope: ask.Scope, ScopeID: ask.ScopeID}, 0
	for {
		n := 0
		found, err := s.storage.ChangeUndelivered(ctx, ask.Scope, ask.ScopeID, sweepSize, func(facts []Facts) (Changes, error) {
			var ch Changes
			n = 0
			for _, f := range facts {
				for _, c := range f.Open {
					if !c.State.Undelivered() || c.Weight == safety.Quiet || !scope.covers(c, f.Site) {
						continue
					}
					if err := c.cancel(f.Now, actor, sentence(because)); err != nil {
						return Changes{}, err
					}
					ch.Commands = append(ch.Commands, c)
					n++
				}
			}
			return ch, nil
		})
		if err != nil {
			return total, fmt.Errorf("take back what has not left: %w", err)
		}
		total += n
		if found == 0 || n == 0 {
			return total, nil
		}
	}
}
