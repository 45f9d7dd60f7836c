package agent

import (
	"errors"
	"fmt"
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

// ownKinds are done by the client itself, on every hardware.
var ownKinds = []device.Kind{device.KindRefresh, device.KindRenewCertificate, device.KindUnstage}

// take receives one envelope. Whatever is not a genuine, current order for this
// very enrollment does nothing but leave a line in the journal. A genuine one is
// answered: refused, not now, or accepted once its mark is on disk. The error is
// about the journal; nothing may be done any more after it.
func (c *Client) take(envelope string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	env, order, err := commands.OpenEnvelope(envelope, c.roots, c.clock.now())
	if err != nil {
		return c.reject("", err)
	}
	if order.Device != c.settings.Device || order.Enrollment != c.settings.Enrollment {
		return c.reject(string(order.Command), errors.New("the order is for another device or another enrollment"))
	}
	c.clock.raise(env.IssuedAt)
	hash := commands.HashOrder(env.Order)
	t := c.book.task(string(order.Command))
	if t.orderHash != "" && t.orderHash != hash {
		return c.reject(t.id, errors.New("another order came with this command's identifier before"))
	}
	if !t.mayBeDecided(env) {
		// Delivered again: the answer was lost on its way. Nothing is done again.
		t.settled = ""
		return nil
	}
	t.kind, t.subkind, t.orderHash, t.attempt = order.Kind, order.Subkind, hash, env.Attempt
	t.order, t.permit, t.envelope = order, permitOf(env), envelope
	issued := env.IssuedAt
	return c.decide(t, &issued)
}

// mayBeDecided reports whether an envelope for this task asks something new: it
// is the first, the last answer was not now, or what was staged may now be
// applied at once, because the server knows that the device is free.
func (t *task) mayBeDecided(e commands.Envelope) bool {
	switch t.phase {
	case phaseNone:
		return true
	case phaseNotNow:
		return e.Attempt > t.attempt
	case phaseStaged:
		return e.Attempt > t.attempt && !e.Stage
	}
	return false
}

// reject leaves a line about an envelope that was not believed. The lock is held.
func (c *Client) reject(command string, why error) error {
	c.o.Log.Warn("an order was not believed and is ignored", "command", command, "error", why)
	return c.note(Event{What: EventRejected, Command: command, Reason: why.Error()})
}

// decide asks the interlock about a new order and takes it on or not. The lock is
// held.
func (c *Client) decide(t *task, issued *time.Time) error {
	v := c.judge(t)
	var e Event
	switch v.Answer {
	case safety.Now:
		e = t.event(EventMarked)
		e.Envelope = t.envelope
	case safety.Stage:
		e = t.event(EventStaged)
		e.Envelope, e.Detail = t.envelope, map[string]any{"staged": true}
	default:
		c.unqueue(t)
		return c.decline(t, v, issued)
	}
	c.unqueue(t)
	e.IssuedAt = issued
	c.crash("before mark")
	if err := c.note(e); err != nil {
		return err
	}
	c.crash("after mark")
	t.marked = time.Now()
	t.phase = phaseMarked
	if e.What == EventStaged {
		t.phase, t.stagedAt = phaseStaged, c.clock.now()
	}
	t.answer(StatusAccepted, "", e.Detail, time.Now())
	c.queue = append(c.queue, t)
	c.kickExecutor()
	return nil
}

// decline answers an order that the interlock does not allow: later when another
// therapy state would allow it, never otherwise. The lock is held.
func (c *Client) decline(t *task, v safety.Verdict, issued *time.Time) error {
	status, what, next := StatusRefused, EventRefused, phaseEnded
	if v.MayHold {
		status, what, next = StatusNotNow, EventNotNow, phaseNotNow
	}
	return c.close(t, what, next, status, v.Sentence, map[string]any{"code": v.Code}, issued)
}

// close ends a task, for now or for good, with an answer. The lock is held.
func (c *Client) close(t *task, what What, next phase, status ResultStatus, reason string,
	detail map[string]any, issued *time.Time) error {
	reason = clip(reason, maxReason)
	e := t.event(what)
	e.Status, e.Reason, e.Detail, e.IssuedAt, e.Gone = status, reason, detail, issued, t.gone
	if err := c.note(e); err != nil {
		return err
	}
	t.phase = next
	t.answer(status, reason, detail, time.Now())
	return nil
}

// judge asks the device's own interlock, by its own sensors, now.
func (c *Client) judge(t *task) safety.Verdict {
	therapy, age := c.o.Driver.Therapy()
	return safety.JudgeOnDevice(t.kind, t.subkind, safety.Sensors{
		Class:        c.class,
		Capabilities: append(c.o.Driver.Capabilities(), ownKinds...),
		Reported:     therapy,
		Age:          age,
	}, t.permit)
}

// note writes one line of the journal. The lock is held.
func (c *Client) note(e Event) error {
	e.At, e.Boot = c.clock.now(), c.boot
	therapy, _ := c.o.Driver.Therapy()
	e.Therapy = string(therapy)
	if err := c.journal.append(e); err != nil {
		return fmt.Errorf("%s of command %s: %w", e.What, e.Command, err)
	}
	return nil
}
