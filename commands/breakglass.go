package commands

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// Break-glass (SAFETY 6) cuts off a pump that is believed attacked although it
// treats a patient: it keeps infusing. It is no second gate: it is a contain
// whose order carries who at the bedside agreed, that always waits for a second
// person of another role, and that only the cells of the matrix that say so
// permit. There is no such order for any other kind.

const (
	// BreakGlassLife is how long it may wait for the second person.
	BreakGlassLife = 30 * time.Minute
	// BreakGlassReview is within which time somebody else has to review it.
	BreakGlassReview = 24 * time.Hour
	shortestPlea     = 10
)

// breakGlassReason is why it waits.
const breakGlassReason = "It is a break-glass: somebody of biomedical engineering has to agree within 30 minutes."

var (
	codeBreakGlassNotNeeded = fault.Define(fault.Refused, "break_glass_not_needed",
		"Contain the device the usual way: at this moment the rules allow it.")
	codeNotReviewer = fault.Define(fault.Forbidden, "took_part",
		"Somebody who neither asked for the break-glass nor agreed to it has to review it.")
	codeReviewed = fault.Define(fault.Conflict, "already_reviewed",
		"Read it again: somebody has reviewed it already.")
)

// Plea is what a break-glass rests on.
type Plea struct {
	// Clinician is who at the bedside agreed, by name and post.
	Clinician string `json:"clinician"`
	// Quarantine is what came of moving the pump to a quarantine network first.
	Quarantine string `json:"quarantine"`
}

// pleaArg checks the argument of contain that makes it a break-glass.
func pleaArg(raw json.RawMessage) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	var p Plea
	if err := dec.Decode(&p); err != nil {
		return nil, errors.New("must be an object with clinician and quarantine")
	}
	p.Clinician, p.Quarantine = strings.TrimSpace(p.Clinician), strings.TrimSpace(p.Quarantine)
	for _, s := range []string{p.Clinician, p.Quarantine} {
		if n := utf8.RuneCountInString(s); n < 3 || n > 200 || !showable(s) {
			return nil, errors.New("names who at the bedside agreed, and what came of a quarantine network, in 3 to 200 characters each")
		}
	}
	return p, nil
}

// pleaOf finds what makes an order a break-glass.
func pleaOf(kind device.Kind, args json.RawMessage) (Plea, bool) {
	if kind != device.KindContain || len(args) == 0 {
		return Plea{}, false
	}
	var in struct {
		Plea *Plea `json:"break_glass"`
	}
	if json.Unmarshal(args, &in) != nil || in.Plea == nil {
		return Plea{}, false
	}
	return *in.Plea, true
}

// Plea returns what the ask rests on when it is a break-glass.
func (a Ask) Plea() (Plea, bool) { return pleaOf(a.Kind, a.Args) }

// Plea returns what the command rests on when it is a break-glass.
func (c Command) Plea() (Plea, bool) { return pleaOf(c.Kind, c.Args) }

// judgedUnder says under what an ask is judged. A break-glass is refused wherever
// the matrix does not ask for one: it opens nothing else.
func (a asked) judgedUnder(facts safety.Facts, m device.Model) (safety.JudgeContext, error) {
	plain := safety.JudgeContext{Moment: safety.Asking, HoldUntilIdle: a.ask.HoldUntilIdle}
	if _, is := a.ask.Plea(); !is {
		return plain, nil
	}
	v := safety.Judge(a.ask.Kind, a.ask.Subkind, facts, m, plain)
	switch {
	case v.Answer != safety.Refused:
		return plain, codeBreakGlassNotNeeded.New("A break-glass is not needed here.")
	case v.Code != safety.CodeBreakGlassNeeded:
		return plain, refusal(v)
	case a.actor.Kind != audit.ActorPerson || a.batch != "":
		return plain, codeSecondPerson.New("A break-glass is asked for by a person, for one pump.")
	case utf8.RuneCountInString(a.ask.Reason) < shortestPlea:
		return plain, fault.CodeInvalid.New("Say why the pump is believed to be attacked.").WithField("reason", "must have %d to %d characters", shortestPlea, maxReason)
	}
	plain.BreakGlass = true
	return plain, nil
}

// BreakGlass is one that was carried out: it waits for its review.
type BreakGlass struct {
	Command ID
	Device  device.ID
	Serial  string
	Class   device.Class
	Plea
	Reason  string
	AskedBy audit.Actor
	AskedAt time.Time
	// AgreedBy is the second person; it began with that.
	AgreedBy audit.Actor
	BegunAt  time.Time
	// Therapy is the pump's state when it was cut off, Age how old that was.
	Therapy safety.State
	Age     time.Duration

	ReviewedBy audit.Actor
	ReviewedAt time.Time // zero: it waits
	Justified  bool
	Note       string
}

// Took reports whether the account took part in it.
func (g BreakGlass) Took(account string) bool {
	return account == g.AskedBy.ID || account == g.AgreedBy.ID
}

// DueAt is when its review is late.
func (g BreakGlass) DueAt() time.Time { return g.BegunAt.Add(BreakGlassReview) }

// begin records the break-glass that a second person has agreed to.
func (ch *Changes) begin(c Command, f Facts, v safety.Verdict, age time.Duration, agreed audit.Actor) {
	plea, is := c.Plea()
	if !is {
		return
	}
	ch.BreakGlass = append(ch.BreakGlass, BreakGlass{Command: c.ID, Device: c.Device, Serial: f.Device.Serial, Class: c.Class, Plea: plea,
		Reason: c.Reason, AskedBy: c.Requester, AskedAt: c.CreatedAt, AgreedBy: agreed, BegunAt: f.Now, Therapy: v.State, Age: age})
	ch.Events = append(ch.Events, audit.Event{Actor: agreed, Action: actionBreakGlass, Device: string(c.Device), Enrollment: string(c.Enrollment),
		Command: string(c.ID), Subject: "break_glass:" + string(c.ID), Detail: map[string]any{"alert": true, "kind": string(c.Kind),
			"asked_by": c.Requester.ID, "clinician": plea.Clinician, "quarantine": plea.Quarantine, "because": c.Reason,
			"therapy_state": string(v.State), "review_by": f.Now.Add(BreakGlassReview).UTC().Format(time.RFC3339)}})
}

// BreakGlasses lists those that were carried out: those that wait for a review
// first, then newest first.
func (s *Service) BreakGlasses(ctx context.Context, before ID, limit int) ([]BreakGlass, error) {
	if limit < 1 || limit > 200 {
		limit = 50
	}
	return s.storage.BreakGlasses(ctx, before, limit)
}

// BreakGlass returns one. It answers fault.CodeNotFound.
func (s *Service) BreakGlass(ctx context.Context, id ID) (BreakGlass, error) {
	return s.storage.BreakGlass(ctx, id)
}

// Review closes a break-glass: somebody who took no part in it says whether it
// was justified. That they are another person than the two, as far as that can
// be known, is settled before (package auth).
func (s *Service) Review(ctx context.Context, actor audit.Actor, id ID, justified bool, note string) (BreakGlass, error) {
	note = strings.TrimSpace(note)
	if n := utf8.RuneCountInString(note); n < shortestPlea || n > maxReason || !showable(note) {
		return BreakGlass{}, fault.CodeInvalid.New("Say what the review found.").WithField("note", "must have %d to %d characters", shortestPlea, maxReason)
	}
	err := s.storage.ChangeBreakGlass(ctx, id, func(g BreakGlass, now time.Time) (BreakGlass, audit.Event, error) {
		switch {
		case actor.Kind != audit.ActorPerson || g.Took(actor.ID) || actor.Session == g.AskedBy.Session || actor.Session == g.AgreedBy.Session:
			return g, audit.Event{}, codeNotReviewer.New("You took part in this break-glass: somebody else has to review it.")
		case !g.ReviewedAt.IsZero():
			return g, audit.Event{}, codeReviewed.New("This break-glass was reviewed on %s.", wordsAt(g.ReviewedAt))
		}
		g.ReviewedBy, g.ReviewedAt, g.Justified, g.Note = actor, now, justified, note
		return g, audit.Event{Actor: actor, Action: actionBreakGlassReviewed, Device: string(g.Device), Command: string(g.Command),
			Subject: "break_glass:" + string(g.Command), Detail: map[string]any{"justified": justified, "because": note}}, nil
	})
	if err != nil {
		return BreakGlass{}, err
	}
	return s.storage.BreakGlass(ctx, id)
}
