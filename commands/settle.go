package commands

import (
	"context"
	"crypto"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
)

// MaxResults is how many results one poll may bring.
const MaxResults = 100

// Limits of what a device may say beside a result.
const (
	maxResultReason = 300
	maxResultDetail = 8 << 10
)

// A device that answers not now, or sends a held command back, is asked again
// after notNowFirst, then after twice as long each time, up to notNowMost. A
// held command that was refused maxRefusals times ends.
const (
	notNowFirst = 30 * time.Second
	notNowMost  = 10 * time.Minute
	maxRefusals = 3
)

// Identity is whose certificate the results came with.
type Identity struct {
	Device      device.ID
	Enrollment  device.EnrollmentID
	Fingerprint device.Fingerprint
	// PublicKey is the key of that certificate; receipts are verified with it.
	PublicKey crypto.PublicKey
}

// Settle takes in results. It is idempotent: a result that was taken in before
// changes nothing. It returns every command that the device need not report on
// again, also those that it was never given, which are recorded and ignored.
func (s *Service) Settle(ctx context.Context, who Identity, results []Result) ([]ID, error) {
	if len(results) == 0 {
		return nil, nil
	}
	if len(results) > MaxResults {
		results = results[:MaxResults] // the device repeats what is not settled
	}
	verified := make([]verifiedResult, len(results))
	ids := make([]ID, len(results))
	for i, r := range results {
		verified[i], ids[i] = verify(who, r), r.Command
	}
	err := s.storage.Settle(ctx, who.Device, ids, func(f Facts, named []Command) (Changes, error) {
		return settle(f, who, named, verified)
	})
	if err != nil {
		return nil, fmt.Errorf("settle results of enrollment %s: %w", who.Enrollment, err)
	}
	return ids, nil
}

// verifiedResult is a result with its receipt looked at, before any row is
// locked.
type verifiedResult struct {
	Result
	receipt Receipt
	// print is the fingerprint of the certificate that the result came with.
	print  device.Fingerprint
	signed bool // the receipt's signature is the device's
}

func verify(who Identity, r Result) verifiedResult {
	v := verifiedResult{Result: r, print: who.Fingerprint}
	if len([]rune(v.Reason)) > maxResultReason {
		v.Reason = string([]rune(v.Reason)[:maxResultReason])
	}
	if b, err := encodeJSON(r.Detail); err != nil || len(b) > maxResultDetail {
		v.Detail = map[string]any{"dropped": "what the device said beside its result was too large"}
	}
	if r.Receipt == "" {
		return v
	}
	var err error
	v.receipt, err = VerifyReceipt(who.PublicKey, r.Receipt)
	v.signed = err == nil
	return v
}

// fits reports whether the receipt says exactly this about this command.
func (v verifiedResult) fits(c Command) bool {
	return v.signed && v.receipt.Command == c.ID && v.receipt.Device == c.Device && v.receipt.Enrollment == c.Enrollment &&
		v.receipt.OrderHash == c.OrderHash && v.receipt.Status == v.Status
}

// settle is the decision about the results of one poll.
func settle(f Facts, who Identity, named []Command, results []verifiedResult) (Changes, error) {
	byID := make(map[ID]*Command, len(named))
	for i := range named {
		byID[named[i].ID] = &named[i]
	}
	ch := Changes{Wake: true}
	changed := map[ID]bool{}
	for _, r := range results {
		c := byID[r.Command]
		if c == nil || c.Enrollment != who.Enrollment || c.Attempt == 0 || !r.Status.Valid() {
			ch.Events = append(ch.Events, ignored(who, r))
			continue
		}
		moves, due := len(c.moved), c.DueAt
		if err := answered(c, f, r, &ch); err != nil {
			return Changes{}, err
		}
		if len(c.moved) > moves || !c.DueAt.Equal(due) {
			changed[c.ID] = true
		}
	}
	for i := range named {
		if changed[named[i].ID] {
			ch.Commands = append(ch.Commands, named[i])
		}
	}
	return ch, nil
}

// ignored records a result for something that was never handed to this
// enrollment.
func ignored(who Identity, r verifiedResult) audit.Event {
	id := string(r.Command)
	if canonicalUUID(id) != nil {
		id = ""
	}
	return audit.Event{Actor: deviceActor(who.Device), Action: actionIgnored, Device: string(who.Device), Enrollment: string(who.Enrollment),
		Command: id, Detail: map[string]any{"because": "The result is for a command that was never handed to this enrollment."}}
}

// answered moves a command by one result.
func answered(c *Command, f Facts, r verifiedResult, ch *Changes) error {
	fits := r.fits(*c)
	if r.Receipt != "" && !fits {
		ch.Events = append(ch.Events, c.event(actionReceiptBad, deviceActor(c.Device),
			map[string]any{"because": "The receipt is not signed by the device's key, or is about something else."}))
	}
	why := cause{at: f.Now, actor: deviceActor(c.Device), reason: r.words()}
	switch r.Status {
	case ResultAccepted:
		return c.accept(f, r, fits, why, ch)
	case ResultSucceeded:
		return c.succeed(f, r, fits, why, ch)
	case ResultFailed:
		return c.fail(r, fits, why, ch)
	case ResultRefused:
		return c.refusedByDevice(f, r, why)
	case ResultNotNow:
		return c.postpone(f, r, why)
	}
	return nil
}

// take keeps what came with a result.
func (c *Command) take(r verifiedResult, fits bool, at time.Time) {
	if r.Receipt != "" {
		c.Receipt, c.ReceiptValid = r.Receipt, fits
		c.kept = append(c.kept, KeptReceipt{Command: c.ID, At: at, Status: r.Status, Fingerprint: r.print, JWS: r.Receipt, Valid: fits})
	}
	// Where a device is, it says in the poll itself, and the inventory keeps that
	// no longer than it may: a copy here would outlive it.
	if r.Detail != nil && c.Kind != device.KindLocate {
		c.Detail = r.Detail
	}
}

// answerStep is the step of an answer from the state that the command is in: late
// when nobody expected one any more.
func (c *Command) answerStep(expected step, to State) (step, bool) {
	if allowed(c.State, expected, to) {
		return expected, true
	}
	return stepLate, allowed(c.State, stepLate, to)
}

func (c *Command) accept(f Facts, r verifiedResult, fits bool, why cause, ch *Changes) error {
	var ok bool
	if why.step, ok = c.answerStep(stepAccept, StateAccepted); !ok {
		if c.State == StateAccepted && !c.Staged && fits && r.receipt.Attempt == c.Attempt && c.Kind != device.KindWipe {
			c.DueAt = time.Time{} // it has heard that it may apply what it had staged
		}
		return nil // accepted before, or already past it
	}
	c.take(r, fits, why.at)
	if err := c.transition(StateAccepted, why); err != nil {
		return err
	}
	c.AcceptedAt, c.DueAt, c.Postponed = f.Now, time.Time{}, 0
	if c.Staged {
		// It waits for another therapy state, as a held command does.
		c.DueAt = f.Now
	}
	if c.Kind == device.KindWipe {
		// The next sign of life later than two minutes from now means that nothing
		// was erased: the poll that brings it has to be looked at.
		c.DueAt = f.Now.Add(seenAgainAfter)
		if fits {
			c.Outcome = OutcomeStarted
		}
		if c.Class.IsPersonal() && c.wipeFirst() && !f.Enrollment.Contained {
			ch.contain(*c, why.actor, "The device has accepted its wipe.")
		}
	}
	return nil
}

func (c *Command) succeed(f Facts, r verifiedResult, fits bool, why cause, ch *Changes) error {
	if c.Kind == device.KindWipe && !fits {
		// Only a signed final report confirms an erasure. Without one the device has
		// said that it started, and no more.
		why.reason = "The device says that it erased itself, without a valid receipt."
		return c.accept(f, r, fits, why, ch)
	}
	var ok bool
	if why.step, ok = c.answerStep(stepSucceed, StateSucceeded); !ok {
		return nil
	}
	c.take(r, fits, why.at)
	if c.Kind == device.KindWipe {
		c.Outcome = OutcomeErased
		why.reason = "Erased, confirmed by a final report signed by the device."
		ch.Certificates = append(ch.Certificates, CertificateOrder{Device: c.Device, Enrollment: c.Enrollment,
			Action: CertificateRevoke, Reason: "The device was wiped, and confirmed it.", Actor: why.actor, Command: c.ID})
	}
	return c.transition(StateSucceeded, why)
}

func (c *Command) fail(r verifiedResult, fits bool, why cause, ch *Changes) error {
	var ok bool
	if why.step, ok = c.answerStep(stepFail, StateFailed); !ok {
		return nil
	}
	c.take(r, fits, why.at)
	if c.Kind == device.KindWipe {
		c.Outcome = OutcomeNotErased
		ch.Events = append(ch.Events, c.event(actionNotErased, why.actor, map[string]any{"alert": true, "because": why.reason}))
	}
	return c.transition(StateFailed, why)
}

// refusedByDevice: the device's own interlock says no. A command that may wait
// goes back to held, three times at most; every other ends.
func (c *Command) refusedByDevice(f Facts, r verifiedResult, why cause) error {
	if c.State.Undelivered() {
		return nil // taken in before: it waits already
	}
	c.take(r, r.fits(*c), why.at)
	if c.HoldUntilIdle && c.Refusals+1 < maxRefusals && allowed(c.State, stepPostpone, StateHeld) {
		c.Refusals++
		why.step = stepPostpone
		why.reason = fmt.Sprintf("Sent back by the device (%d of %d): %s", c.Refusals, maxRefusals, why.reason)
		c.DueAt = f.Now.Add(notNowAfter(c.Refusals))
		return c.transition(StateHeld, why)
	}
	var ok bool
	if why.step, ok = c.answerStep(stepRefuse, StateRefused); !ok {
		return nil
	}
	return c.transition(StateRefused, why)
}

// postpone: the device says not now, and is asked again later.
func (c *Command) postpone(f Facts, r verifiedResult, why cause) error {
	to := StateQueued
	if c.HoldUntilIdle {
		to = StateHeld
	}
	if !allowed(c.State, stepPostpone, to) {
		return nil // taken in before, or over
	}
	c.take(r, r.fits(*c), why.at)
	c.Postponed++
	why.step = stepPostpone
	c.DueAt = f.Now.Add(notNowAfter(c.Postponed))
	return c.transition(to, why)
}

func notNowAfter(times int) time.Duration {
	d := notNowFirst
	for i := 1; i < times && d < notNowMost; i++ {
		d *= 2
	}
	return min(d, notNowMost)
}

// words is what a result says, for people.
func (r verifiedResult) words() string {
	said := map[ResultStatus]string{
		ResultAccepted:  "The device has it and has started.",
		ResultSucceeded: "The device says that it is done.",
		ResultFailed:    "The device says that it did not work.",
		ResultRefused:   "The device refuses.",
		ResultNotNow:    "The device says: not now.",
	}[r.Status]
	if r.Reason == "" || !showable(r.Reason) {
		return said
	}
	return said + " It says: " + r.Reason
}
