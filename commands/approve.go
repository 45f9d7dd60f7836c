package commands

import (
	"cmp"
	"context"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// Approve is a second person's agreement to exactly the order whose hash the
// person was shown. The checks run again; then approval executes. The actor has
// the right to approve this kind (package auth); that it is another person, and
// a person, is checked here.
//
// When the rules say no at this moment nothing changes: the command goes on
// waiting, and may be approved later.
func (s *Service) Approve(ctx context.Context, actor audit.Actor, id ID, orderHash string) (Command, error) {
	var full error
	err := s.storage.Change(ctx, id, func(f Facts, c Command) (Changes, error) {
		ch, err := s.approve(f, c, actor, orderHash)
		full = nil
		if fault.Has(err, codeLimitReached) {
			// Nothing moves, and people are told of the limit all the same.
			full, err = err, nil
		}
		return ch, err
	})
	if err = cmp.Or(err, full); err != nil {
		return Command{}, err
	}
	return s.Get(ctx, id)
}

func (s *Service) approve(f Facts, c Command, actor audit.Actor, orderHash string) (Changes, error) {
	if err := c.decidableBy(actor); err != nil {
		return Changes{}, err
	}
	if c.OrderHash != orderHash {
		return Changes{}, codeOrderDiffers.New("The order that is waiting is not the one that was approved.")
	}
	if c.expired(f.Now, f.lost()) {
		return Changes{}, codeAlreadyEnded.New("The time of this command is over.")
	}
	if c.Enrollment != f.Enrollment.ID {
		return Changes{}, codeOrderDiffers.New("The device has enrolled anew since this was asked.")
	}
	facts := f.safetyFacts()
	if facts.Class != c.Asked.Class {
		return Changes{}, codeOrderDiffers.New("The device's class has changed since this was asked: ask for a new command.")
	}
	if now := f.standing(facts.Class); now != c.Asked {
		return Changes{}, codeOrderDiffers.New("The device has changed hands or place since this was asked: ask for a new command.")
	}
	_, glass := c.Plea()
	v := safety.Judge(c.Kind, c.Subkind, facts, f.Model, safety.JudgeContext{Moment: safety.Asking, HoldUntilIdle: c.HoldUntilIdle, BreakGlass: glass})
	if v.Answer == safety.Refused {
		return Changes{}, refusal(v)
	}
	if err := f.reachable(c.Kind); err != nil {
		return Changes{}, err
	}
	if r := s.guard.Approve(f, c, actor); r.Refuse != nil {
		var ch Changes
		if r.Limit != nil {
			ch.Events = append(ch.Events, limitEvent(actor, c.Device, c.ID, *r.Limit))
		}
		return ch, r.Refuse
	}
	c.Approvals = append(c.Approvals, Approval{Actor: actor, At: f.Now, OrderHash: orderHash})
	c.Asked = f.standing(facts.Class)
	if c.Batch != "" && c.Weight != safety.Quiet {
		c.NotBefore = f.Now.Add(s.batchDelay)
	}
	ch := Changes{Wake: true}
	why := cause{step: stepApprove, at: f.Now, actor: actor, reason: "A second person approved it.",
		assessed: v.State, age: facts.Age, matrix: v.MatrixVersion}
	if err := s.queue(&c, f, v, why, &ch); err != nil {
		return Changes{}, err
	}
	ch.begin(c, f, v, facts.Age, actor)
	f.Books.note(c)
	ch.Commands = append(ch.Commands, c)
	return ch, nil
}

// Deny is a second person's refusal. It ends the command.
func (s *Service) Deny(ctx context.Context, actor audit.Actor, id ID, reason string) (Command, error) {
	err := s.storage.Change(ctx, id, func(f Facts, c Command) (Changes, error) {
		err := c.deny(f.Now, actor, reason)
		return Changes{Commands: []Command{c}}, err
	})
	if err != nil {
		return Command{}, err
	}
	return s.Get(ctx, id)
}

func (c *Command) deny(at time.Time, actor audit.Actor, reason string) error {
	if err := c.decidableBy(actor); err != nil {
		return err
	}
	because := "A second person said no."
	if reason = strings.TrimSpace(reason); reason != "" {
		because = "A second person said no: " + reason
	}
	return c.transition(StateDenied, cause{step: stepDeny, at: at, actor: actor, reason: because})
}

// decidableBy: it waits for a decision, and the actor is another person than the
// one who asked. A token is never a second person.
func (c Command) decidableBy(actor audit.Actor) error {
	switch {
	case c.State != StateAwaitingApproval:
		return codeNotAwaiting.New("This command does not wait for a second person: %s.", c.State.Words())
	case actor.Kind != audit.ActorPerson:
		return codeSecondPerson.New("A second person has to decide in a session of their own.")
	case actor.ID == c.Requester.ID || actor.ID == c.Requester.Owner || (actor.Session != "" && actor.Session == c.Requester.Session):
		return codeSecondPerson.New("You asked for this yourself: another person has to decide.")
	}
	return nil
}

// Cancel withdraws a command that has not been handed to the device.
func (s *Service) Cancel(ctx context.Context, actor audit.Actor, id ID, reason string) (Command, error) {
	err := s.storage.Change(ctx, id, func(f Facts, c Command) (Changes, error) {
		if c.State.Ended() {
			return Changes{}, codeAlreadyEnded.New("This command has already ended: %s.", c.State.Words())
		}
		if !c.State.Undelivered() {
			return Changes{}, codeAlreadyDelivered.New("The device already has this command, so it cannot be taken back.")
		}
		because := "Withdrawn."
		if reason = strings.TrimSpace(reason); reason != "" {
			because = "Withdrawn: " + reason
		}
		err := c.cancel(f.Now, actor, because)
		return Changes{Commands: []Command{c}}, err
	})
	if err != nil {
		return Command{}, err
	}
	return s.Get(ctx, id)
}

func (c *Command) cancel(at time.Time, actor audit.Actor, reason string) error {
	return c.transition(StateCancelled, cause{step: stepCancel, at: at, actor: actor, reason: reason})
}

// Decision is what an approver has to see before deciding.
type Decision struct {
	Command Command
	Device  device.Device
	// State is what is known of the device's therapy now, Why a sentence on it.
	State safety.Assessment
}

// ForDecision returns a command with its device's state now.
func (s *Service) ForDecision(ctx context.Context, id ID) (Decision, error) {
	c, situation, err := s.storage.Command(ctx, id)
	if err != nil {
		return Decision{}, err
	}
	c.WhyWaiting = s.whyWaiting(c, situation)
	return Decision{Command: c, Device: situation.Device, State: safety.Assess(situation.facts().safetyFacts(), safety.ShowAge)}, nil
}

// facts are the situation as facts, to be looked at and not decided on.
func (s Situation) facts() Facts {
	return Facts{Now: s.Now, Device: s.Device, Model: s.Model, CareArea: s.CareArea, Enrollment: s.Enrollment}
}
