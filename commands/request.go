package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// Request is the only door through which a command for one device enters the
// queue, whoever asks: person, token, policy, page or program. It checks the
// kind and its arguments, the model's capability, the interlock, whether the
// same is open already, and the guard; then one transaction keeps the order's
// bytes, the command and the audit event.
//
// Who may ask has been checked before (package auth). Every refusal is a
// fault.Fault; with a request in ctx (package once) that was carried out before,
// the error is *once.Done.
func (s *Service) Request(ctx context.Context, actor audit.Actor, ask Ask) (Command, error) {
	ask, err := checkAsk(ask)
	if err != nil {
		return Command{}, err
	}
	id := ID(s.newID())
	err = s.storage.Enqueue(ctx, []device.ID{ask.Device}, readingFor(ask.Kind, ask.Subkind), "command:"+string(id),
		func(facts []Facts) (Changes, error) {
			if len(facts) == 0 {
				return Changes{}, fault.CodeNotFound.New("There is no such device.")
			}
			ch, _, err := s.decide(facts[0], asked{id: id, actor: actor, ask: ask, batchSize: 1})
			return ch, err
		})
	if err != nil {
		return Command{}, err
	}
	return s.Get(ctx, id)
}

// Check says whether Request would take this in just now, and changes nothing: a
// person is told that a pump is busy before anything else is asked of them. Its
// errors are those of Request.
func (s *Service) Check(ctx context.Context, actor audit.Actor, ask Ask) error {
	ask, err := checkAsk(ask)
	if err != nil {
		return err
	}
	// The same reading as Request does, in a transaction that is never kept.
	errWouldDo := errors.New("it would be taken in")
	err = s.storage.Enqueue(ctx, []device.ID{ask.Device}, readingFor(ask.Kind, ask.Subkind), "",
		func(facts []Facts) (Changes, error) {
			if len(facts) == 0 {
				return Changes{}, fault.CodeNotFound.New("There is no such device.")
			}
			_, _, err := s.decide(facts[0], asked{id: ID(s.newID()), actor: actor, ask: ask, batchSize: 1})
			return Changes{}, cmp.Or(err, errWouldDo)
		})
	if errors.Is(err, errWouldDo) {
		return nil
	}
	return err
}

// asked is one device's share of what somebody wants.
type asked struct {
	id        ID
	actor     audit.Actor
	ask       Ask
	batch     BatchID
	ring      int
	batchSize int
	// loss is the report of a loss that asks for it, or nil.
	loss *LossReport
}

// decide is the whole decision about a new command. It is pure. The first of
// Changes.Commands is the new one; the others are those that it replaces.
func (s *Service) decide(f Facts, a asked) (Changes, Command, error) {
	facts := f.safetyFacts()
	under, err := a.judgedUnder(facts, f.Model)
	if err != nil {
		return Changes{}, Command{}, err
	}
	v := safety.Judge(a.ask.Kind, a.ask.Subkind, facts, f.Model, under)
	if v.Answer == safety.Refused {
		return Changes{}, Command{}, refusal(v)
	}
	if err := f.reachable(a.ask.Kind); err != nil {
		return Changes{}, Command{}, err
	}
	replaced, err := f.replaces(a)
	if err != nil {
		return Changes{}, Command{}, err
	}
	entry := f.counting(a, v.Weight, facts.Class)
	ruling := s.guard.Ask(f, Asking{Actor: a.actor, Ask: a.ask, Verdict: v, BatchSize: a.batchSize, Entry: entry})
	if ruling.Refuse != nil {
		return Changes{}, Command{}, ruling.Refuse
	}
	if under.BreakGlass {
		ruling.SecondPerson, ruling.Reason = true, breakGlassReason
	}
	if a.unproven() && !ruling.SecondPerson {
		ruling.SecondPerson, ruling.Reason = true, unprovenReason
	}
	c, err := s.newCommand(f, a, v, facts.Class)
	if err != nil {
		return Changes{}, Command{}, err
	}
	c.Site, c.AskedLost, c.Counts, c.Reserved = f.Site, f.lost(), entry.Weight != "", ruling.Reserved
	ch := Changes{Wake: true}
	if ruling.Limit != nil {
		ch.Events = append(ch.Events, limitEvent(a.actor, c.Device, c.ID, *ruling.Limit))
	}
	if err := s.enter(&c, f, a.actor, v, facts, ruling, &ch); err != nil {
		return Changes{}, Command{}, err
	}
	f.Books.note(c)
	ch.Commands = append([]Command{c}, replaced...)
	return ch, c, nil
}

// enter makes the first moves of a new command: to a second person, to the
// queue, or at once to its end when the server carries it out itself.
func (s *Service) enter(c *Command, f Facts, actor audit.Actor, v safety.Verdict, facts safety.Facts, r Ruling, ch *Changes) error {
	why := cause{step: stepAsk, at: f.Now, actor: actor, assessed: v.State, age: facts.Age, matrix: v.MatrixVersion}
	if r.SecondPerson {
		c.NeedsSecondPerson = true
		why.reason = r.Reason
		return c.transition(StateAwaitingApproval, why)
	}
	return s.queue(c, f, v, why, ch)
}

// queue moves a command that nothing stands against any more into the queue, and
// carries it out when that is the server's own work.
func (s *Service) queue(c *Command, f Facts, v safety.Verdict, why cause, ch *Changes) error {
	to := StateQueued
	if v.Answer == safety.HoldOnly {
		to = StateHeld
		why.reason = v.Sentence
	}
	if err := c.transition(to, why); err != nil {
		return err
	}
	if c.Kind.ByServer() {
		return s.carryOut(c, f, why, ch)
	}
	if f.mayGoOut(*c) {
		c.DueAt = latest(f.Now, c.NotBefore)
	}
	ch.containForWipe(c, f, why.actor)
	return nil
}

// containForWipe puts the certificate of a thing that people carry on hold when
// its wipe is asked, unless the asker wants the wipe first (SAFETY 5). A pump is
// contained after its wipe, never before.
// That is an effect: it counts as released from then on.
func (ch *Changes) containForWipe(c *Command, f Facts, actor audit.Actor) {
	if c.Kind != device.KindWipe || !c.Class.IsPersonal() || c.wipeFirst() || f.Enrollment.Contained {
		return
	}
	if _, frozen := f.Books.frozen(*c, f.Site, false); frozen {
		return // being cut off is an effect too: it comes with the delivery
	}
	c.released(f)
	ch.contain(*c, actor, "A wipe was asked.")
}

func (ch *Changes) revoke(c Command, actor audit.Actor, reason string) {
	ch.Certificates = append(ch.Certificates, CertificateOrder{Device: c.Device, Enrollment: c.Enrollment,
		Action: CertificateRevoke, Compromised: c.compromised(), Reason: reason, Actor: actor, Command: c.ID})
}

func (ch *Changes) contain(c Command, actor audit.Actor, reason string) {
	ch.Certificates = append(ch.Certificates, CertificateOrder{Device: c.Device, Enrollment: c.Enrollment,
		Action: CertificateHold, Reason: reason, Actor: actor, Command: c.ID})
}

// undoes names the kind whose undelivered command a new one makes pointless.
var undoes = map[device.Kind]device.Kind{
	device.KindUnlock:      device.KindLock,
	device.KindLock:        device.KindUnlock,
	device.KindLostModeOff: device.KindLostModeOn,
	device.KindLostModeOn:  device.KindLostModeOff,
}

// replaces finds what the new command takes the place of, or the open command
// that stands in its way. A command in the hands of the device cannot be
// replaced; one that the device accepted and never spoke of again is no reason
// to wait for ever.
func (f Facts) replaces(a asked) ([]Command, error) {
	var out []Command
	for _, c := range f.Open {
		same := c.Kind == a.ask.Kind && c.Subkind == a.ask.Subkind
		switch {
		case c.Enrollment != f.Enrollment.ID || (!same && c.Kind != undoes[a.ask.Kind]) || c.Unconfirmed:
			continue
		case same && !(c.State.Undelivered() && newerReplaces(a, c)):
			return nil, codeAlreadyOpen.New("%s is already open for this device: %s.", c.Kind.Words(), c.State.Words()).
				With("command_id", string(c.ID)).With("state", string(c.State))
		case !c.State.Undelivered():
			continue
		}
		old := c
		err := old.transition(StateSuperseded, cause{step: stepSupersede, at: f.Now, actor: a.actor,
			reason: fmt.Sprintf("Replaced by a newer command: %s.", a.ask.Kind.Words())})
		if err != nil {
			return nil, err
		}
		out = append(out, old)
	}
	return out, nil
}

// newerReplaces reports whether asking the same kind again with other arguments
// means the newer one: another text on the screen, another version of a document.
// What needs approval or destroys is never replaced silently.
//
// One exception: a containment that a report of a theft asked for and that waits
// for a second person gives way to somebody who asks for it by their own right.
func newerReplaces(a asked, open Command) bool {
	switch a.ask.Kind {
	case device.KindConfig, device.KindMessage, device.KindLostModeOn, device.KindLock:
		return string(a.ask.Args) != string(open.Args)
	case device.KindContain:
		return a.loss == nil && open.Unproven()
	}
	return false
}

// newCommand makes the command and the bytes of its order.
func (s *Service) newCommand(f Facts, a asked, v safety.Verdict, class device.Class) (Command, error) {
	c := Command{ID: a.id, Batch: a.batch, Ring: a.ring, Device: f.Device.ID, Enrollment: f.Enrollment.ID, Class: class,
		Kind: a.ask.Kind, Subkind: a.ask.Subkind, Args: a.ask.Args, Reason: a.ask.Reason, Ticket: a.ask.Ticket,
		Requester: a.actor, HoldUntilIdle: a.ask.HoldUntilIdle, Weight: v.Weight, Asked: f.standing(class),
		CreatedAt: f.Now, UpdatedAt: f.Now, ExpiresAt: f.Now.Add(expiry(a.ask, v.Weight)),
		KeepWhile: keptWhileLost(a.ask.Kind) && class.IsPersonal()}
	if c.Kind == device.KindWipe {
		c.Outcome = OutcomeNotReached
	}
	if a.batch != "" && c.Weight != safety.Quiet {
		c.NotBefore = f.Now.Add(s.batchDelay)
	}
	o := Order{Command: c.ID, Kind: c.Kind, Subkind: c.Subkind, Args: c.Args, Device: c.Device, Enrollment: c.Enrollment,
		Class: class, Requester: Requester{Kind: a.actor.Kind, ID: a.actor.ID, Name: a.actor.Name},
		Reason: c.Reason, Ticket: c.Ticket, AskedAt: f.Now, NotAfter: c.orderEnds()}
	var err error
	if c.Order, err = o.Encode(); err != nil {
		return Command{}, fmt.Errorf("make the order: %w", err)
	}
	c.OrderHash = HashOrder(c.Order)
	return c, nil
}

// orderEnds is when the device must no longer act on the order; zero means never.
func (c Command) orderEnds() time.Time {
	switch {
	case c.KeepWhile:
		return time.Time{}
	case stageable(c.Kind) && c.Class.IsPump():
		// It may be delivered at the last moment, and applied when the pump is free.
		return c.ExpiresAt.Add(StageLife)
	}
	return c.ExpiresAt
}

// expiry is how long a command stays open (DESIGN 4).
func expiry(a Ask, w safety.Weight) time.Duration {
	_, glass := a.Plea()
	switch {
	case glass:
		return BreakGlassLife
	case a.ExpiresIn > 0:
		return a.ExpiresIn
	case a.HoldUntilIdle:
		return heldExpiry
	case w == safety.Quiet:
		return quietExpiry
	}
	return disruptiveExpiry
}

// stageable kinds may be taken in by a pump and applied later.
func stageable(kind device.Kind) bool {
	return kind == device.KindConfig || kind == device.KindLibrary || kind == device.KindFirmware
}

// keptWhileLost: lock, lost mode and wipe of a lost device do not expire while it
// is lost (SAFETY 5).
func keptWhileLost(kind device.Kind) bool {
	return kind == device.KindLock || kind == device.KindLostModeOn || kind == device.KindWipe
}

// wipeFirst reports whether the asker wants the device to be contained only
// after it has accepted the wipe.
func (c Command) wipeFirst() bool {
	var args struct {
		WipeFirst bool `json:"wipe_first"`
	}
	return decodeStrict(c.Args, &args) == nil && args.WipeFirst
}

// expired reports whether the command's time is over.
func (c Command) expired(now time.Time, lost bool) bool {
	if c.KeepWhile && lost {
		return false
	}
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
