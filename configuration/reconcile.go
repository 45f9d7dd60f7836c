package configuration

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

// Bounds of one step of Reconcile.
const (
	resolvePerStep = 500
	askPerStep     = 100
)

// How long a device is left alone after it was asked, by the number of attempts:
// a device that cannot follow is not asked for ever.
var patience = []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// nextTry is when a device may be asked again.
func nextTry(now time.Time, attempts int) time.Time {
	return now.Add(patience[min(attempts, len(patience)-1)])
}

// Actor is the system's own actor: what it asks passes the same gate as what
// people ask.
var Actor = audit.Actor{Kind: audit.ActorSystem, ID: "configuration", Name: "Configuration"}

// Nudge has Run look at once instead of at its next step.
func (s *Service) Nudge() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

// Run reconciles until ctx is done. Several replicas may run at once.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(s.o.Every)
	defer tick.Stop()
	for {
		if _, err := s.Reconcile(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("configuration could not be reconciled and is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.nudge:
		}
	}
}

// Reconcile is one bounded step: it finds out anew what is desired where that may
// have changed, and asks for what is desired and not in force. It returns how
// many devices it dealt with; 0: there is nothing to do now.
func (s *Service) Reconcile(ctx context.Context) (int, error) {
	done := 0
	for {
		n, err := s.o.Storage.ResolvePending(ctx, resolvePerStep, Resolve)
		if err != nil {
			return done, err
		}
		if done += n; n < resolvePerStep {
			break
		}
	}
	due, err := s.o.Storage.ClaimDrift(ctx, askPerStep, nextTry)
	if err != nil {
		return done, err
	}
	for _, d := range due {
		if err := s.ask(ctx, d); err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// ask asks one device for what is desired of it. A refusal is an answer: it is
// written down for people, and asked again later.
func (s *Service) ask(ctx context.Context, d Drift) error {
	args, err := json.Marshal(struct {
		Document DocumentID      `json:"document_id"`
		Version  int             `json:"version"`
		Content  json.RawMessage `json:"content"`
	}{d.Document, d.Number, d.Content})
	if err != nil {
		return fmt.Errorf("configure device %s: %w", d.Device, err)
	}
	command, err := s.o.Requester.Request(ctx, Actor, commands.Ask{
		Device: d.Device, Kind: device.KindConfig, Subkind: d.Subkind, Args: args,
		Reason: fmt.Sprintf("Configuration %s, version %d", d.Name, d.Version), HoldUntilIdle: true,
	})
	refusal := ""
	if err != nil {
		f, ok := fault.As(err)
		if !ok {
			return fmt.Errorf("configure device %s: %w", d.Device, err)
		}
		refusal = f.Detail
	}
	return s.o.Storage.NoteAsked(ctx, d, string(command.ID), refusal)
}
