package commands

import (
	"context"
	"fmt"
	"time"

	"wardline/device"
)

// sweepSize is how many devices one transaction of a sweep decides about.
const sweepSize = 200

// Expire is the background step, to be called every few seconds on any replica:
// it freezes where more is asked than people ask, ends what is too old, marks what was accepted and never spoken of again,
// and opens or stops the rings of batches.
func (s *Service) Expire(ctx context.Context) error {
	if err := s.watch(ctx); err != nil {
		return fmt.Errorf("look for bursts: %w", err)
	}
	if err := s.advanceBatches(ctx); err != nil {
		return err
	}
	if err := s.ContainSilent(ctx); err != nil {
		return fmt.Errorf("contain lost devices that are silent: %w", err)
	}
	for {
		n, err := s.storage.Sweep(ctx, sweepSize, s.silentAfter, func(facts []Facts) (Changes, error) {
			var ch Changes
			for _, f := range facts {
				if err := s.sweep(f, &ch); err != nil {
					return Changes{}, err
				}
			}
			return ch, nil
		})
		if err != nil {
			return fmt.Errorf("expire commands: %w", err)
		}
		if n < sweepSize {
			return nil
		}
	}
}

// sweep decides about the commands of one device whose time is over.
func (s *Service) sweep(f Facts, ch *Changes) error {
	for _, c := range f.Open {
		switch {
		case c.State == StateAccepted:
			silent := s.silentAfter
			if c.Staged {
				silent += StageLife
			}
			if c.Unconfirmed || f.Now.Before(c.AcceptedAt.Add(silent)) {
				continue
			}
			c.Unconfirmed = true
			if c.Kind == device.KindWipe && !c.Class.IsPersonal() && !f.Enrollment.Contained {
				ch.contain(c, system("expiry"), "It started to erase itself, and has been silent since.")
			}
			ch.Events = append(ch.Events, c.event(actionUnconfirmed, system("expiry"), map[string]any{
				"because": fmt.Sprintf("The device accepted it and has not said for %s how it ended.", wordsFor(f.Now.Sub(c.AcceptedAt)))}))
		case c.expired(f.Now, f.lost()):
			if err := c.expire(f.Now); err != nil {
				return err
			}
		case c.DueAt.IsZero() && c.Ring > 1 && (c.State == StateQueued || c.State == StateHeld) && f.mayGoOut(c):
			c.DueAt, ch.Wake = latest(f.Now, c.NotBefore), true
		default:
			continue
		}
		ch.Commands = append(ch.Commands, c)
	}
	return nil
}

// expire ends a command whose time is over.
func (c *Command) expire(now time.Time) error {
	reason := "Its time was over before the device was reached."
	switch c.State {
	case StateAwaitingApproval:
		reason = "Its time was over before a second person decided."
	case StateHeld:
		reason = "Its time was over before the device became free."
	case StateDelivered:
		reason = "It was handed to the device, which never answered; its time is over."
	}
	return c.transition(StateExpired, cause{step: stepExpire, at: now, actor: system("expiry"), reason: reason})
}
