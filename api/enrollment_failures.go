package api

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
)

// failureDays is how far the list of failed enrollments goes back when nobody
// says otherwise.
const failureDays = 30

// failures are the audit events of an enrollment that came to nothing, and what
// the list calls them.
var failures = map[audit.Action]FailureKind{
	"invitation.refused":   FailureCode,
	"scep.refused":         FailureRequest,
	"enrollment.denied":    FailureDenied,
	"enrollment.abandoned": FailureAbandoned,
}

// FailureKind says at which step an enrollment failed.
type FailureKind string

// The kinds of failure.
const (
	FailureCode      FailureKind = "code_refused"    // the code did not open the way for this serial
	FailureRequest   FailureKind = "request_refused" // the certificate request was refused
	FailureDenied    FailureKind = "denied"          // a person said no, or nobody decided
	FailureAbandoned FailureKind = "abandoned"       // the certificate was issued and never used
)

// FailureView is an attempt to enroll that came to nothing.
type FailureView struct {
	ID           string              `json:"id" doc:"Of its event in the audit log."`
	At           time.Time           `json:"at"`
	Kind         FailureKind         `json:"kind" enum:"code_refused,request_refused,denied,abandoned" doc:"At which step it failed."`
	Serial       string              `json:"serial" doc:"What the device said it is; empty when that could not be read."`
	Reason       string              `json:"reason" doc:"What was wrong, for people."`
	Code         string              `json:"code" doc:"The refusal's code, as in problems; may be empty."`
	Help         string              `json:"help" doc:"What to do about it; may be empty."`
	Remote       string              `json:"remote" doc:"Network address that it came from; may be empty."`
	DeviceID     device.ID           `json:"device_id"`
	InvitationID enroll.InvitationID `json:"invitation_id"`
	Invited      *InvitationView     `json:"invited,omitempty" doc:"The invitation whose code was used."`
	NotListed    int64               `json:"refusals_not_listed_before" doc:"So many refusals before this one were only counted: the log is no lever for a flood."`
}

type listFailuresInput struct {
	PageInput
	Since time.Time `query:"since" doc:"Default: 30 days ago."`
}

func (a *API) listFailures(ctx context.Context, in *listFailuresInput) (*pageOutput[FailureView], error) {
	q := auditlog.Query{Since: in.Since, Cursor: in.Cursor, Limit: in.Limit}
	for action := range failures {
		q.Actions = append(q.Actions, string(action))
	}
	if q.Since.IsZero() {
		q.Since = a.now().AddDate(0, 0, -failureDays)
	}
	events, next, total, err := a.audit.ListAudit(ctx, q)
	if err != nil {
		return nil, auditFault(err)
	}
	var ids []enroll.InvitationID
	for _, e := range events {
		if id, ok := strings.CutPrefix(e.Subject, "invitation:"); ok {
			ids = append(ids, enroll.InvitationID(id))
		}
	}
	invited, err := a.invitationsByID(ctx, ids...)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[FailureView]{Body: Page[FailureView]{NextCursor: next, Total: total}}
	sees := a.eyes(principalOf(ctx), auth.EnrollmentsRead)
	for _, e := range events {
		v := failureView(e.Event)
		inv, known := invited[v.InvitationID]
		var visible bool
		if known {
			visible = a.mayPlace(ctx, auth.EnrollmentsRead, inv.Class, inv.Model, inv.Place, inv.Owner) == nil
			shown := a.invitationView(inv)
			v.Invited = &shown
		} else if visible, err = sees.seesFailure(ctx, e.Event); err != nil {
			return nil, err
		}
		if visible {
			out.Body.Items = append(out.Body.Items, v)
		}
	}
	if len(out.Body.Items) < len(events) {
		out.Body.Total = len(out.Body.Items)
	}
	return out, nil
}

// seesFailure: a refusal that names no device and no invitation could be anybody's,
// and is shown to those whose reach has no limit.
func (e *eyes) seesFailure(ctx context.Context, event audit.Event) (bool, error) {
	if event.Device == "" {
		return e.ok && e.reach.Unlimited(), nil
	}
	return e.sees(ctx, event)
}

func failureView(e audit.Event) FailureView {
	v := FailureView{ID: e.ID, At: e.At, Kind: failures[e.Action], DeviceID: device.ID(e.Device),
		Serial: detailText(e, "serial"), Reason: detailText(e, "reason"), Code: detailText(e, "code")}
	if id, ok := strings.CutPrefix(e.Subject, "invitation:"); ok {
		v.InvitationID = enroll.InvitationID(id)
	}
	if v.Reason == "" {
		v.Reason = detailText(e, "why")
	}
	if e.Actor.Kind == audit.ActorNobody && e.Actor.Via == "scep" {
		v.Remote = e.Actor.ID
	}
	if n, ok := e.Detail["refusals_not_listed_before"].(json.Number); ok {
		v.NotListed, _ = n.Int64()
	}
	v.Help = helpOf(v.Code)
	return v
}

func detailText(e audit.Event, name string) string {
	s, _ := e.Detail[name].(string)
	return s
}

// helpOf is what to do about a refusal of this code; empty for one that this
// version does not have.
func helpOf(code string) string {
	for _, c := range fault.All() {
		if c.Name == code {
			return c.Help
		}
	}
	return ""
}
