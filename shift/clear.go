package shift

import (
	"context"
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

// clear asks for the removal of the last person's work data once a handheld is
// back, and follows it to its end. Where the next person was faster, it is taken
// back: nothing is removed under somebody's hands.
func (s *Service) clear(ctx context.Context, id UseID) error {
	var u Use
	var ask, follow, takenBack bool
	err := s.storage.ChangeHandheldUse(ctx, id, func(st Standing) (Decision, error) {
		u, ask, follow, takenBack = *st.Use, false, false, false
		asked := !u.ClearAskedAt.IsZero()
		switch {
		case u.Open() || u.LockedByRule() || u.NextAt.IsZero():
			return Decision{}, nil
		case st.Open != nil:
			takenBack, u.NextAt = asked, time.Time{}
			if st.Settings.Clear && st.Open.Holder.Account != u.Holder.Account {
				u.Note = "Somebody took it before the last person's work data was removed."
			}
		case asked:
			follow, u.NextAt = true, st.Now.Add(clearLook)
		case !st.Settings.Clear:
			u.NextAt = time.Time{}
		case st.ClearsHour >= mostClearsHour || st.ClearsDay >= mostClearsDay:
			u.NextAt, u.Note = st.Now.Add(refusedFor), "So many removals of work data were asked lately that the next ones have to wait."
		default:
			ask, u.ClearAskedAt, u.NextAt = true, st.Now, st.Now.Add(clearLook)
		}
		return Decision{Kept: &u}, nil
	})
	switch {
	case err != nil:
		return err
	case ask:
		return s.askClear(ctx, u)
	case follow:
		return s.followClear(ctx, u)
	case takenBack:
		c, err := s.clearing(ctx, u)
		if err != nil || c == nil || !c.State.Undelivered() {
			return err
		}
		_, err = s.commands.Cancel(ctx, rule, c.ID, "Somebody has taken it.")
		if refusal(err) {
			return nil
		}
		return err
	}
	return nil
}

// mayPass are the refusals that pass by themselves.
var mayPass = map[string]bool{"limit_reached": true, "frozen": true}

func (s *Service) askClear(ctx context.Context, u Use) error {
	err := s.ask(ctx, u, device.KindRemoveWorkData, nil, "It was brought back, and the next person takes it without the last one's data.", 0)
	if err == nil {
		return nil
	}
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	return s.storage.ChangeHandheldUse(ctx, u.ID, func(st Standing) (Decision, error) {
		use := *st.Use
		use.Note, use.ClearAskedAt, use.NextAt = f.Detail, time.Time{}, time.Time{}
		if mayPass[f.Code.Name] {
			use.NextAt = st.Now.Add(refusedFor)
		}
		return Decision{Kept: &use}, nil
	})
}

func (s *Service) followClear(ctx context.Context, u Use) error {
	c, err := s.clearing(ctx, u)
	if err != nil || (c != nil && !c.State.Ended()) {
		return err
	}
	return s.storage.ChangeHandheldUse(ctx, u.ID, func(st Standing) (Decision, error) {
		use := *st.Use
		switch {
		case c == nil: // the server died before it asked
			use.ClearAskedAt, use.NextAt = time.Time{}, st.Now
		case c.State == commands.StateSucceeded:
			use.ClearedAt, use.NextAt, use.Note = st.Now, time.Time{}, ""
		default:
			use.NextAt, use.Note = time.Time{}, "The last person's work data was not removed: "+c.State.Words()+"."
		}
		return Decision{Kept: &use}, nil
	})
}

// clearing is the removal of work data that was asked because of a use.
func (s *Service) clearing(ctx context.Context, u Use) (*commands.Command, error) {
	page, err := s.commands.List(ctx, commands.Query{Device: u.Device, Kind: device.KindRemoveWorkData, Requester: RuleID, Limit: 20})
	if err != nil {
		return nil, err
	}
	for i, c := range page.Items {
		if c.Ticket == u.ticket() && c.Requester == rule {
			return &page.Items[i], nil
		}
	}
	return nil, nil
}
