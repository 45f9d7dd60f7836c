package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/safety"
)

// Limits of delivery.
const (
	// maxPerAnswer is how many commands one answer carries.
	maxPerAnswer = 8
	// staleAfter is how long a poll may have been held and still release something
	// disruptive to a pump: past it the pump is asked for its present state first.
	staleAfter = 10 * time.Second
	// A delivery that is not answered is repeated after redeliverFirst, then after
	// twice as long each time, up to redeliverMost.
	redeliverFirst = 10 * time.Second
	redeliverMost  = 10 * time.Minute
	// withheldFor is when something that was withheld is looked at again.
	withheldFor          = 30 * time.Second
	withheldForContained = 5 * time.Minute
	// seenAgainAfter is how long after the receipt of its wipe a certificate may
	// still show up without meaning that nothing was erased (SAFETY 5).
	seenAgainAfter = 2 * time.Minute
)

// Lease hands out what these polls may have now: up to 200 polls in one
// transaction. An order goes only to the enrollment that it was asked for; the
// interlock judges with the state in this very poll, the guard and the
// containment are read from the database; each envelope is signed afresh, after
// the transaction has committed. The answer has an entry for each poll.
//
// What is handed out and not answered is handed out again: delivery is at least
// once, execution at most once (the agent keeps a journal).
func (s *Service) Lease(ctx context.Context, polls []Poll) (map[device.EnrollmentID]Leased, error) {
	byEnrollment := make(map[device.EnrollmentID]Poll, len(polls))
	at := make([]Whereabouts, 0, len(polls))
	for _, p := range polls {
		byEnrollment[p.Enrollment] = p
		at = append(at, Whereabouts{Enrollment: p.Enrollment, BSSID: p.Report.BSSID})
	}
	var handouts []*handout
	remaining, err := s.storage.Lease(ctx, at, func(facts []Facts) (Changes, error) {
		handouts = handouts[:0]
		var ch Changes
		for _, f := range facts {
			h := &handout{Facts: f, poll: byEnrollment[f.Enrollment.ID], seen: s.now(), guard: s.guard}
			if err := h.decide(&ch); err != nil {
				return Changes{}, err
			}
			handouts = append(handouts, h)
		}
		return ch, nil
	})
	if err != nil {
		return nil, fmt.Errorf("lease commands to %d polls: %w", len(polls), err)
	}
	leased := make(map[device.EnrollmentID]Leased, len(polls))
	for _, p := range polls {
		leased[p.Enrollment] = Leased{}
	}
	for _, r := range remaining {
		leased[r.Enrollment] = Leased{NextDue: r.NextDue, Held: r.Held}
	}
	var failed error
	for _, h := range handouts {
		l := h.left()
		if l.Envelopes, err = s.seal(h.out); err != nil {
			failed = errors.Join(failed, err)
		}
		leased[h.poll.Enrollment] = l
	}
	if failed != nil {
		// What was marked as delivered is handed out again when its lease is over.
		return nil, fmt.Errorf("lease commands: %w", failed)
	}
	return leased, nil
}

// seal signs what is handed to one device.
func (s *Service) seal(out []delivery) ([]string, error) {
	if len(out) == 0 {
		return nil, nil
	}
	signer, err := s.signer()
	if err != nil {
		return nil, fmt.Errorf("get the signer of commands: %w", err)
	}
	envelopes := make([]string, 0, len(out))
	for _, d := range out {
		jws, err := SealEnvelope(signer, d.envelope())
		if err != nil {
			return nil, fmt.Errorf("command %s: %w", d.command.ID, err)
		}
		envelopes = append(envelopes, jws)
	}
	return envelopes, nil
}

// delivery is one command on its way out.
type delivery struct {
	command Command
	verdict safety.Verdict
	at      time.Time
}

func (d delivery) envelope() Envelope {
	life := EnvelopeLife
	if d.command.Weight == safety.Destructive {
		life = DestructiveEnvelopeLife
	}
	e := Envelope{Order: d.command.Order, Attempt: d.command.Attempt, AllowedReported: d.verdict.AllowedReported,
		MaxStateAge: d.verdict.MaxStateAge, Stage: d.verdict.Answer == safety.Stage,
		IssuedAt: d.at, ExpiresAt: d.at.Add(life), MatrixVersion: d.verdict.MatrixVersion}
	for _, a := range d.command.Approvals {
		e.Approvals = append(e.Approvals, string(a.Actor.Kind)+":"+a.Actor.ID)
	}
	return e
}

// handout is the decision about one poll.
type handout struct {
	Facts
	poll  Poll
	seen  time.Time // this process's clock
	guard Guard

	out       []delivery
	pollAgain bool
}

// decide goes through what is due for the poll, oldest first and a wipe last,
// and moves each command to where it now belongs.
func (h *handout) decide(ch *Changes) error {
	if !h.Enrollment.Usable {
		return nil
	}
	h.Open = slices.Clone(h.Open)
	sort.SliceStable(h.Open, func(i, j int) bool {
		a, b := h.Open[i], h.Open[j]
		if wa, wb := a.Kind == device.KindWipe, b.Kind == device.KindWipe; wa != wb {
			return wb
		}
		return a.ID < b.ID
	})
	wiping := slices.ContainsFunc(h.Open, func(c Command) bool {
		return h.due(c) && c.Kind == device.KindWipe && (c.State == StateQueued || c.State == StateDelivered)
	})
	for i := range h.Open {
		c := &h.Open[i]
		if !h.due(*c) {
			continue
		}
		before := *c
		if err := h.look(c, wiping, ch); err != nil {
			return err
		}
		if len(c.moved) > 0 || !c.DueAt.Equal(before.DueAt) || c.StateReason != before.StateReason {
			ch.Commands = append(ch.Commands, *c)
		}
	}
	return nil
}

func (h *handout) due(c Command) bool {
	return c.Enrollment == h.Enrollment.ID && !c.DueAt.IsZero() && !c.DueAt.After(h.Now)
}

// look decides about one command that is due. wiping says that a wipe is about
// to go out: it goes alone, after what finds and locks the device, and everything
// else waits behind it.
func (h *handout) look(c *Command, wiping bool, ch *Changes) error {
	why := cause{at: h.Now, actor: system("delivery")}
	switch {
	case c.State == StateAccepted && c.Kind == device.KindWipe:
		return h.seenAgain(c, why, ch)
	case c.State != StateAccepted && c.expired(h.Now, h.lost()):
		return c.expire(h.Now)
	case c.State == StateAccepted && c.Staged && !h.Now.Before(c.orderEnds()):
		c.DueAt = time.Time{} // what the pump has staged has gone by; the background step says so
		return nil
	case h.Enrollment.Contained && !servedContained(c.Kind):
		c.DueAt = h.Now.Add(withheldForContained)
		return nil
	case h.poll.Capabilities != nil && !slices.Contains(h.poll.Capabilities, c.Kind) && c.State.Undelivered():
		why.step, why.reason = stepRefuse, "The agent on the device says that it cannot do this."
		return c.transition(StateRefused, why)
	case wiping && !servedContained(c.Kind):
		c.DueAt = h.Now.Add(withheldFor)
		return nil
	case len(h.out) >= maxPerAnswer, c.Kind == device.KindWipe && len(h.out) > 0:
		h.pollAgain = true
		return nil
	}
	return h.release(c, why, ch)
}

// release asks the interlock, the guard and the ward's rule, and hands the
// command out when nothing stands against it.
func (h *handout) release(c *Command, why cause, ch *Changes) error {
	facts := h.safetyFactsIn(h.poll, h.seen)
	v := safety.Judge(c.Kind, c.Subkind, facts, h.Model, safety.JudgeContext{Moment: safety.Releasing, HoldUntilIdle: c.HoldUntilIdle})
	why.assessed, why.age, why.matrix = v.State, facts.Age, v.MatrixVersion
	switch {
	case c.State == StateAccepted && c.Staged && v.Answer != safety.Now:
		return nil // it stays staged
	case v.Answer != safety.Now && c.State == StateAccepted, !v.Allowed() && c.State == StateDelivered:
		// The device may have it; its own interlock decides. It is not sent again.
		c.DueAt = h.Now.Add(redeliverAfter(c.Attempt))
		return nil
	case v.Answer == safety.HoldOnly && c.State == StateHeld:
		return nil
	case v.Answer == safety.HoldOnly:
		why.step, why.reason = stepHold, v.Sentence
		return c.transition(StateHeld, why)
	case !v.Allowed():
		why.step, why.reason = stepRefuse, v.Sentence
		return c.transition(StateRefused, why)
	}
	pump := v.State != safety.StateNotPump
	if pump && v.Weight != safety.Quiet && h.seen.Sub(h.poll.Report.ReceivedAt) > staleAfter {
		h.pollAgain = true
		return nil
	}
	if held, err := h.guarded(c, v, why, ch); held || err != nil {
		return err
	}
	if pump && safety.TakesOutOfUse(c.Kind, v.Answer) {
		if !h.Ward.mayTakeOut(h.Device.ID) {
			c.DueAt, c.StateReason = h.Now.Add(withheldFor), wardReason
			return nil
		}
		h.Ward.takeOut(h.Device.ID)
	}
	return h.deliver(c, v, why, ch)
}

const wardReason = "One in five of the ready pumps of this model in this place is already out of use."

// guarded asks the guard. It reports whether the command stays.
func (h *handout) guarded(c *Command, v safety.Verdict, why cause, ch *Changes) (bool, error) {
	r := h.guard.Release(h.Facts, *c, v)
	if r.Limit != nil && r.SecondPerson {
		ch.Events = append(ch.Events, limitEvent(system("delivery"), c.Device, c.ID, *r.Limit))
	}
	switch {
	case r.SecondPerson && !c.State.Undelivered():
		// The device may have it, so it is not taken back; it only is not sent again.
		c.DueAt, c.StateReason = h.Now.Add(redeliverAfter(c.Attempt)), notSentAgain+" "+r.Reason
		return true, nil
	case r.SecondPerson:
		why.step, why.reason = stepVoid, r.Reason
		// Whoever agrees next agrees to the device as it stands now.
		c.NeedsSecondPerson, c.Approvals, c.Asked = true, nil, h.standing(c.Asked.Class)
		return true, c.transition(StateAwaitingApproval, why)
	case r.Withhold != "":
		c.DueAt, c.StateReason = h.Now.Add(max(r.RetryAfter, withheldFor)), r.Withhold
		return true, nil
	}
	return false, nil
}

func (h *handout) deliver(c *Command, v safety.Verdict, why cause, ch *Changes) error {
	to := StateDelivered
	why.step, why.reason = stepDeliver, "Handed to the device."
	switch {
	case c.State == StateAccepted:
		to, why.reason = StateAccepted, "The pump is free: it was told to apply what it has staged."
	case c.State == StateDelivered:
		why.reason = "Handed to the device once more: the last time was not answered."
	default:
		c.DeliveredAt = h.Now
		c.released(h.Facts)
	}
	c.Attempt++
	if err := c.transition(to, why); err != nil {
		return err
	}
	c.Staged = v.Answer == safety.Stage
	c.DueAt = h.Now.Add(redeliverAfter(c.Attempt))
	ch.containForWipe(c, h.Facts, c.Requester)
	h.Books.note(*c)
	h.out = append(h.out, delivery{command: *c, verdict: v, at: h.Now})
	return nil
}

// redeliverAfter is how long an answer to the given delivery is waited for.
func redeliverAfter(attempt int) time.Duration {
	d := redeliverFirst
	for i := 1; i < attempt && d < redeliverMost; i++ {
		d *= 2
	}
	return min(d, redeliverMost)
}

// seenAgain: the certificate of a device that had accepted its wipe has shown up
// later than two minutes after the receipt, so nothing was erased.
func (h *handout) seenAgain(c *Command, why cause, ch *Changes) error {
	if h.Now.Before(c.AcceptedAt.Add(seenAgainAfter)) {
		c.DueAt = c.AcceptedAt.Add(seenAgainAfter)
		return nil
	}
	c.Outcome = OutcomeNotErased
	why.step, why.actor = stepFail, deviceActor(c.Device)
	why.reason = fmt.Sprintf("NOT erased: the device showed its old certificate again %s after it had accepted the wipe.",
		wordsFor(h.Now.Sub(c.AcceptedAt)))
	ch.Events = append(ch.Events, c.event(actionNotErased, why.actor, map[string]any{"alert": true, "because": why.reason}))
	return c.transition(StateFailed, why)
}

// left says what the poll's enrollment still has in the queue.
func (h *handout) left() Leased {
	l := Leased{PollAgain: h.pollAgain}
	for _, c := range h.Open {
		if c.Enrollment != h.Enrollment.ID || c.DueAt.IsZero() {
			continue
		}
		if (c.State == StateHeld || (c.State == StateAccepted && c.Staged)) && !c.DueAt.After(h.Now) {
			l.Held = true
			continue
		}
		if l.NextDue.IsZero() || c.DueAt.Before(l.NextDue) {
			l.NextDue = c.DueAt
		}
	}
	return l
}

func deviceActor(id device.ID) audit.Actor {
	return audit.Actor{Kind: audit.ActorDevice, ID: string(id), Via: "agent"}
}
