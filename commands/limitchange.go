package commands

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"wardline/audit"
	"wardline/commands/limits"
	"wardline/internal/fault"
)

// RaiseAfter is how long after the second person's agreement a higher limit
// holds: whoever stole two accounts has a day to be noticed.
const RaiseAfter = 24 * time.Hour

// highestLimit is the largest number of devices that a limit can be set to.
const highestLimit = 100000

// LimitChange is one change of a limit's number. A lower number holds at once; a
// higher one takes two people and 24 hours.
type LimitChange struct {
	ID         string
	Rule       limits.ID
	Was        int
	Number     int
	Reason     string
	AskedBy    audit.Actor
	AskedAt    time.Time
	ApprovedBy audit.Actor
	ApprovedAt time.Time // zero: nobody agreed, or nobody has to
	// EffectiveAt is by the guard's clock; zero: it waits for a second person.
	EffectiveAt time.Time
	EndedAt     time.Time // withdrawn, denied or overtaken
	EndedWhy    string
}

// LimitsNow is the table as it holds, with what is used of it.
type LimitsNow struct {
	limits.Ledger
	// Changes are those that have not ended and do not hold yet, oldest first.
	Changes []LimitChange
}

var (
	codeSameLimit = fault.Define(fault.Invalid, "limit_unchanged",
		"Give another number than the one that holds.")
	codeChangeOver = fault.Define(fault.Conflict, "limit_change_over",
		"Read the limits again: this change holds already, was withdrawn, or another one took its place.")
)

// Limits returns what holds now. It looks without the guard's lock: for screens.
func (s *Service) Limits(ctx context.Context) (LimitsNow, error) { return s.storage.Limits(ctx) }

// SetLimit changes a limit. A lower number holds when it returns; a higher one
// waits for a second person.
func (s *Service) SetLimit(ctx context.Context, actor audit.Actor, id limits.ID, number int, reason string) (LimitChange, error) {
	rule, known := limits.RuleOf(id)
	reason = strings.TrimSpace(reason)
	bad := fault.CodeInvalid.New("The limit cannot be changed like that.")
	if !known {
		bad.WithField("id", "there is no such limit")
	}
	least, most := bounds(rule.Unit)
	if known && (number < least || number > most) {
		bad.WithField("number", "must be %d to %d", least, most)
	}
	if n := utf8.RuneCountInString(reason); n < 3 || n > maxReason || !showable(reason) {
		bad.WithField("reason", "must have 3 to %d characters", maxReason)
	}
	if len(bad.Fields) > 0 {
		return LimitChange{}, bad
	}
	change := LimitChange{ID: s.newID(), Rule: id, Number: number, Reason: reason, AskedBy: actor}
	err := s.storage.ChangeLimits(ctx, "limit_change:"+change.ID, func(now time.Time, holds LimitsNow) ([]LimitChange, []audit.Event, error) {
		change.Was, change.AskedAt, change.EffectiveAt = holds.Numbers.Of(rule), now, time.Time{}
		if change.Was == number {
			return nil, nil, codeSameLimit.New("The limit is %d already.", number)
		}
		action := actionLimitRaiseAsked
		if number < change.Was {
			change.EffectiveAt, action = now, actionLimitLowered
		}
		list := []LimitChange{change}
		for _, other := range holds.Changes {
			if other.Rule == id {
				// Whatever was to come rested on another number.
				other.EndedAt, other.EndedWhy = now, "Overtaken by a newer change."
				list = append(list, other)
			}
		}
		return list, []audit.Event{change.event(action, actor, rule)}, nil
	})
	if err != nil {
		return LimitChange{}, err
	}
	return change, nil
}

func bounds(u limits.Unit) (least, most int) {
	switch u {
	case limits.Percent:
		return 0, 100
	case limits.Factors:
		return limits.PasskeyOnly, limits.AnyFactor
	}
	return 0, highestLimit
}

// ApproveLimit is the second person's agreement to raise a limit. It holds 24
// hours later.
func (s *Service) ApproveLimit(ctx context.Context, actor audit.Actor, id string) (LimitChange, error) {
	return s.changeLimit(ctx, id, func(now time.Time, c *LimitChange) (audit.Action, error) {
		switch {
		case !c.EffectiveAt.IsZero():
			return "", codeChangeOver.New("Somebody has agreed to this already.")
		case actor.Kind != audit.ActorPerson || actor.ID == c.AskedBy.ID || actor.Session == c.AskedBy.Session:
			return "", codeSecondPerson.New("Another person than the one who asked has to agree, signed in as a person.")
		}
		c.ApprovedBy, c.ApprovedAt, c.EffectiveAt = actor, now, now.Add(RaiseAfter)
		return actionLimitRaised, nil
	}, actor)
}

// EndLimitChange withdraws or denies a change that does not hold yet.
func (s *Service) EndLimitChange(ctx context.Context, actor audit.Actor, id, reason string) (LimitChange, error) {
	return s.changeLimit(ctx, id, func(now time.Time, c *LimitChange) (audit.Action, error) {
		c.EndedAt, c.EndedWhy = now, "Withdrawn."
		if reason = strings.TrimSpace(reason); reason != "" {
			c.EndedWhy = "Withdrawn: " + sentence(reason)
		}
		return actionLimitWithdrawn, nil
	}, actor)
}

func (s *Service) changeLimit(ctx context.Context, id string, change func(time.Time, *LimitChange) (audit.Action, error), actor audit.Actor) (LimitChange, error) {
	var out LimitChange
	err := s.storage.ChangeLimits(ctx, "limit_change:"+id, func(now time.Time, holds LimitsNow) ([]LimitChange, []audit.Event, error) {
		for _, c := range holds.Changes {
			if c.ID != id {
				continue
			}
			action, err := change(now, &c)
			if err != nil {
				return nil, nil, err
			}
			rule, known := limits.RuleOf(c.Rule)
			if !known {
				return nil, nil, fmt.Errorf("change of limit %s: there is no such limit any more", c.Rule)
			}
			out = c
			return []LimitChange{c}, []audit.Event{c.event(action, actor, rule)}, nil
		}
		return nil, nil, codeChangeOver.New("There is no such change of a limit any more.")
	})
	return out, err
}

func (l LimitChange) event(action audit.Action, actor audit.Actor, rule limits.Rule) audit.Event {
	detail := map[string]any{"alert": true, "was": l.Was, "number": l.Number, "limit": rule.Words(l.Number), "because": l.Reason}
	if !l.EffectiveAt.IsZero() {
		detail["effective_at"] = l.EffectiveAt.UTC().Format(time.RFC3339)
	}
	return audit.Event{Actor: actor, Action: action, Subject: "limit:" + string(l.Rule), Detail: detail}
}
