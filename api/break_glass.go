package api

import (
	"context"
	"net/http"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

// A break-glass is asked for and agreed to as a command is: POST
// /devices/{id}/commands with kind contain and args.break_glass, and the approval
// of exactly that order. What is here is its review.

func (a *API) registerBreakGlass() {
	register(a, operation{id: "list_break_glass", method: http.MethodGet, path: "/break-glass", tag: "guard",
		summary: "Break-glasses that were carried out: those that wait for their review first",
		about:   "One is asked for with POST /devices/{id}/commands, kind contain and args.break_glass {clinician, quarantine}."},
		may(auth.BreakGlassRead), a.listBreakGlass)
	register(a, operation{id: "get_break_glass", method: http.MethodGet, path: "/break-glass/{id}", tag: "guard",
		summary: "One break-glass"}, may(auth.BreakGlassRead), a.getBreakGlass)
	register(a, operation{id: "review_break_glass", method: http.MethodPost, path: "/break-glass/{id}/review", tag: "guard",
		summary: "Review a break-glass", about: "By somebody who took no part in it, within 24 hours; afterwards an alert says that it is late."},
		mayFresh(auth.BreakGlassReview), a.reviewBreakGlass)
}

// BreakGlassView is a break-glass as the API shows it.
type BreakGlassView struct {
	ID         commands.ID  `json:"id" doc:"Of the command that it was."`
	DeviceID   device.ID    `json:"device_id"`
	Serial     string       `json:"serial"`
	Class      device.Class `json:"class"`
	Reason     string       `json:"reason"`
	Clinician  string       `json:"clinician" doc:"Who at the bedside agreed."`
	Quarantine string       `json:"quarantine" doc:"What came of a quarantine network."`
	AskedBy    string       `json:"asked_by"`
	AskedAt    time.Time    `json:"asked_at"`
	AgreedBy   string       `json:"agreed_by"`
	BegunAt    time.Time    `json:"begun_at"`
	Therapy    safety.State `json:"therapy_state" doc:"The pump's state when it was cut off."`
	TherapyAge int64        `json:"therapy_age_seconds"`
	DueAt      time.Time    `json:"review_due_at"`
	ReviewedBy string       `json:"reviewed_by"`
	ReviewedAt *time.Time   `json:"reviewed_at" doc:"Null: it waits for its review." nullable:"true"`
	Justified  bool         `json:"justified"`
	Note       string       `json:"note"`
	MayReview  bool         `json:"may_review" doc:"Whether I may be the one who reviews it."`
}

func breakGlassView(p auth.Principal, g commands.BreakGlass) BreakGlassView {
	v := BreakGlassView{ID: g.Command, DeviceID: g.Device, Serial: g.Serial, Class: g.Class, Reason: g.Reason, Clinician: g.Clinician,
		Quarantine: g.Quarantine, AskedBy: actorWords(g.AskedBy), AskedAt: g.AskedAt, AgreedBy: actorWords(g.AgreedBy), BegunAt: g.BegunAt,
		Therapy: g.Therapy, TherapyAge: int64(g.Age / time.Second), DueAt: g.DueAt(), ReviewedAt: timeOrNil(g.ReviewedAt), Justified: g.Justified, Note: g.Note,
		MayReview: g.ReviewedAt.IsZero() && auth.Can(p, auth.BreakGlassReview) && !g.Took(string(p.Account))}
	if !g.ReviewedAt.IsZero() {
		v.ReviewedBy = actorWords(g.ReviewedBy)
	}
	return v
}

func (a *API) listBreakGlass(ctx context.Context, in *PageInput) (*pageOutput[BreakGlassView], error) {
	list, err := a.commands.BreakGlasses(ctx, commands.ID(in.Cursor), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[BreakGlassView]{Body: Page[BreakGlassView]{Total: len(list)}}
	for _, g := range list {
		out.Body.Items = append(out.Body.Items, breakGlassView(principalOf(ctx), g))
	}
	if len(list) == in.Limit && !list[len(list)-1].ReviewedAt.IsZero() {
		out.Body.NextCursor = string(list[len(list)-1].Command)
	}
	return out, nil
}

// BreakGlassInput names a break-glass.
type BreakGlassInput struct {
	ID commands.ID `path:"id" maxLength:"64" doc:"Id of the command that it was."`
}

func (a *API) getBreakGlass(ctx context.Context, in *BreakGlassInput) (*output[BreakGlassView], error) {
	g, err := a.commands.BreakGlass(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &output[BreakGlassView]{Body: breakGlassView(principalOf(ctx), g)}, nil
}

type reviewInput struct {
	BreakGlassInput
	IdempotentInput
	Body struct {
		Justified bool   `json:"justified"`
		Note      string `json:"note" minLength:"10" maxLength:"500" doc:"What the review found."`
	}
}

func (a *API) reviewBreakGlass(ctx context.Context, in *reviewInput) (*output[BreakGlassView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		g, err := a.commands.BreakGlass(ctx, in.ID)
		if err != nil {
			return "", err
		}
		p := principalOf(ctx)
		if !g.Took(string(p.Account)) { // who did is told so below
			for _, who := range []audit.Actor{g.AskedBy, g.AgreedBy} {
				if err := a.auth.AnotherPerson(ctx, p, askerOf(who)); err != nil {
					return "", err
				}
			}
		}
		if _, err := a.commands.Review(ctx, p.Actor(), in.ID, in.Body.Justified, in.Body.Note); err != nil {
			return "", err
		}
		return "break_glass:" + string(g.Command), nil
	})
	if err != nil {
		return nil, err
	}
	return a.getBreakGlass(ctx, &in.BreakGlassInput)
}

// PleaView is what a break-glass rests on.
type PleaView struct {
	Clinician  string `json:"clinician" doc:"Who at the bedside agreed."`
	Quarantine string `json:"quarantine" doc:"What came of a quarantine network."`
}

// mayAsk asks for the right that a break-glass takes beside that of its kind.
func mayAsk(p auth.Principal, ask commands.Ask, t auth.Target) error {
	if _, is := ask.Plea(); is {
		return auth.Authorise(p, auth.BreakGlassOpen, t)
	}
	return nil
}
