package api

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
)

func (a *API) registerAudit() {
	register(a, operation{id: "list_audit", method: http.MethodGet, path: "/audit", tag: "audit",
		summary: "The audit log, newest first", about: "total counts up to 10,000; 10,001 means more than that."}, may(auth.AuditRead), a.listAudit)
	register(a, operation{id: "get_audit_head", method: http.MethodGet, path: "/audit/head", tag: "audit",
		summary: "Number and hash of the newest link of the chain",
		about:   "Keep it outside: what was linked before a head that left the machine cannot be changed, removed or reordered unseen."},
		may(auth.AuditRead), a.auditHead)
	register(a, operation{id: "list_audit_heads", method: http.MethodGet, path: "/audit/heads", tag: "audit",
		summary: "The signed heads of the chain, newest first",
		about:   "The head is signed every five minutes, also when nothing has happened. Keep them where this server cannot reach: total counts those of this page."},
		may(auth.AuditRead), a.listHeads)
	register(a, operation{id: "verify_audit", method: http.MethodPost, path: "/audit/verify", tag: "audit", timeout: 10 * time.Minute,
		summary: "Walk the whole chain and name the first broken link",
		about:   "With a head from outside it also proves that nothing is missing at the end; without one it cannot, and says so."},
		may(auth.AuditRead), a.verifyAudit)
}

// EventView is an audit event as the API shows it.
type EventView struct {
	ID         string         `json:"id"`
	At         time.Time      `json:"at"`
	Action     audit.Action   `json:"action" doc:"A noun and a past participle. Requested is never shown as done."`
	Actor      ActorView      `json:"actor"`
	Device     string         `json:"device_id"`
	Enrollment string         `json:"enrollment_id"`
	Command    string         `json:"command_id"`
	Subject    string         `json:"subject"`
	Request    string         `json:"request_id"`
	Detail     map[string]any `json:"detail"`
	Hash       string         `json:"hash" doc:"SHA-256 of the event as it is stored, in hex."`
	Link       HeadView       `json:"link" doc:"The link of the chain that holds it."`
}

// ActorView is who did it and how they signed in.
type ActorView struct {
	Kind    audit.ActorKind `json:"kind"`
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Session string          `json:"session"`
	Factor  string          `json:"factor"`
	Via     string          `json:"via"`
}

func eventView(e auditlog.Entry) EventView {
	v := EventView{ID: e.ID, At: e.At, Action: e.Action, Device: e.Device, Enrollment: e.Enrollment, Command: e.Command,
		Subject: e.Subject, Request: e.Request, Detail: e.Detail,
		Hash: hex.EncodeToString(e.Hash[:]), Link: headView(audit.Head{Seq: e.Seq, Hash: e.Link}),
		Actor: ActorView{Kind: e.Actor.Kind, ID: e.Actor.ID, Name: e.Actor.Name, Session: e.Actor.Session, Factor: e.Actor.Factor, Via: e.Actor.Via}}
	if v.Detail == nil {
		v.Detail = map[string]any{}
	}
	return v
}

// actorWords names an actor for people.
func actorWords(a audit.Actor) string {
	switch a.Kind {
	case audit.ActorSystem:
		return "Wardline"
	case audit.ActorDevice:
		return "the device"
	case audit.ActorNobody:
		return "somebody not signed in"
	case audit.ActorToken:
		return a.Name + " (API token)"
	}
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

type listAuditInput struct {
	PageInput
	Device  string    `query:"device_id" maxLength:"64"`
	Command string    `query:"command_id" maxLength:"64"`
	Subject string    `query:"subject" maxLength:"200" doc:"Such as invitation:<id>."`
	Actor   string    `query:"actor" maxLength:"200" doc:"Id of an account, token or device."`
	Action  string    `query:"action" maxLength:"100" doc:"Such as command.requested; command.* is every one of a noun."`
	Since   time.Time `query:"since"`
	Until   time.Time `query:"until" doc:"Exclusive."`
}

func (a *API) listAudit(ctx context.Context, in *listAuditInput) (*pageOutput[EventView], error) {
	entries, next, total, err := a.audit.ListAudit(ctx, auditlog.Query{Device: in.Device, Command: in.Command, Subject: in.Subject,
		Actor: in.Actor, Action: in.Action, Since: in.Since, Until: in.Until, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return nil, auditFault(err)
	}
	out := &pageOutput[EventView]{Body: Page[EventView]{NextCursor: next, Total: total}}
	sees := a.eyes(principalOf(ctx), auth.AuditRead)
	for _, e := range entries {
		visible, err := sees.sees(ctx, e.Event)
		if err != nil {
			return nil, err
		}
		if visible {
			out.Body.Items = append(out.Body.Items, eventView(e))
		}
	}
	if len(out.Body.Items) < len(entries) {
		out.Body.Total = len(out.Body.Items)
	}
	return out, nil
}

func auditFault(err error) error {
	if errors.Is(err, auditlog.ErrBadCursor) {
		return fault.CodeInvalid.New("The list cannot be shown as asked.").WithField("cursor", "does not belong to this list")
	}
	return err
}

// eyes say which events a person may see: those about a device within the reach
// of the permission, and, to whom all devices are open, those about the
// inventory; those about people and settings only to who may read the audit log.
// They remember devices, so that a page of events about one asks for it once.
type eyes struct {
	a     *API
	reach auth.Reach
	ok    bool
	// all: reads the whole audit log.
	all   bool
	known map[string]bool
}

func (a *API) eyes(p auth.Principal, permission auth.Permission) *eyes {
	reach, ok := auth.ReachOf(p, permission)
	log, reads := auth.ReachOf(p, auth.AuditRead)
	return &eyes{a: a, reach: reach, ok: ok, all: reads && log.Unlimited(), known: map[string]bool{}}
}

// openNouns are what events may be about that everybody sees who sees all devices.
var openNouns = map[string]bool{"batch": true, "delivery": true, "invitation": true, "place": true, "access_point": true,
	"access_points": true, "model": true, "configuration": true, "enrollment": true,
	"freeze": true, "limit": true, "recovery": true, "alert": true, "break_glass": true}

// eyesKnow bounds what is remembered; devices change hands, so it is also
// forgotten now and then.
const eyesKnow = 2000

func (e *eyes) sees(ctx context.Context, event audit.Event) (bool, error) {
	switch {
	case e.all: // who reads the whole log, with or without a right on devices
		return true, nil
	case !e.ok:
		return false, nil
	case event.Device == "":
		noun, _, _ := strings.Cut(string(event.Action), ".")
		return e.reach.Unlimited() && openNouns[noun], nil
	case e.reach.Unlimited():
		return true, nil
	}
	if visible, known := e.known[event.Device]; known {
		return visible, nil
	}
	item, err := e.a.inventory.Get(ctx, device.ID(event.Device))
	if err != nil && !fault.Has(err, fault.CodeNotFound) {
		return false, err
	}
	if len(e.known) >= eyesKnow {
		clear(e.known)
	}
	visible := err == nil && e.reach.Covers(targetOf(item))
	e.known[event.Device] = visible
	return visible, nil
}

// HeadView is the newest link of the chain.
type HeadView struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash" doc:"SHA-256 in hex." minLength:"64" maxLength:"64"`
}

func headView(h audit.Head) HeadView {
	return HeadView{Seq: h.Seq, Hash: hex.EncodeToString(h.Hash[:])}
}

func (a *API) auditHead(ctx context.Context, _ *struct{}) (*output[HeadView], error) {
	h, err := a.audit.AuditHead(ctx)
	if err != nil {
		return nil, err
	}
	return &output[HeadView]{Body: headView(h)}, nil
}

type verifyInput struct {
	Body *struct {
		Outside *HeadView `json:"outside,omitempty" doc:"A head that was kept outside of the server."`
		Signed  string    `json:"signed,omitempty" maxLength:"16384" doc:"The same, as it was signed."`
	}
}

// VerifyView says whether the chain is whole.
type VerifyView struct {
	Whole bool `json:"whole"`
	// BrokenAt is meaningful only when the chain is not whole.
	BrokenAt int64    `json:"broken_at" doc:"Number of the first link that does not fit; 0 when whole."`
	What     string   `json:"what" doc:"What is wrong, or what could not be proven."`
	Head     HeadView `json:"head" doc:"Where the walk arrived."`
}

func (a *API) verifyAudit(ctx context.Context, in *verifyInput) (*output[VerifyView], error) {
	outside, err := a.outsideHead(in)
	if err != nil {
		return nil, err
	}
	release, ok := a.underWay.claim("audit/verify")
	if !ok {
		return nil, codeVerifying.New("The chain is being verified for somebody else just now.")
	}
	defer release()
	at, err := audit.Verify(ctx, a.audit, outside)
	v := VerifyView{Whole: err == nil, Head: headView(at)}
	var broken *audit.Broken
	switch {
	case errors.As(err, &broken):
		v.BrokenAt, v.What = broken.Seq, broken.What
	case err != nil:
		return nil, err
	case outside == nil:
		v.What = "Without a head from outside it cannot be said whether links are missing at the end."
	default:
		v.What = "The chain is whole and holds the head from outside."
	}
	return &output[VerifyView]{Body: v}, nil
}

// outsideHead reads the head that was kept outside; nil: none was given.
func (a *API) outsideHead(in *verifyInput) (*audit.Head, error) {
	switch {
	case in.Body == nil || (in.Body.Outside == nil && in.Body.Signed == ""):
		return nil, nil
	case in.Body.Signed != "" && a.openHead == nil:
		return nil, fault.CodeInvalid.New("The head from outside cannot be read.").WithField("signed", "must be a head that this server has signed")
	case in.Body.Signed != "":
		h, err := a.openHead(in.Body.Signed)
		if err != nil {
			return nil, fault.CodeInvalid.Wrap(err, "The head from outside cannot be read.").WithField("signed", "must be a head that this server has signed")
		}
		return &h.Head, nil
	}
	raw, err := hex.DecodeString(in.Body.Outside.Hash)
	if err != nil || len(raw) != len(audit.Hash{}) {
		return nil, fault.CodeInvalid.New("The head from outside cannot be read.").WithField("outside.hash", "must be 64 hexadecimal digits")
	}
	return &audit.Head{Seq: in.Body.Outside.Seq, Hash: audit.Hash(raw)}, nil
}

// SignedHeadView is a head with the server's signature.
type SignedHeadView struct {
	HeadView
	Epoch  int       `json:"epoch" doc:"It rises when a backup is restored."`
	At     time.Time `json:"at"`
	Signed string    `json:"signed" doc:"A compact JWS; its certificates lead to the server's root."`
}

func (a *API) listHeads(ctx context.Context, in *PageInput) (*pageOutput[SignedHeadView], error) {
	var before time.Time
	if in.Cursor != "" {
		var err error
		if before, err = time.Parse(time.RFC3339, in.Cursor); err != nil {
			return nil, auditFault(auditlog.ErrBadCursor)
		}
	}
	list, err := a.audit.SignedHeads(ctx, before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[SignedHeadView]{Body: Page[SignedHeadView]{Total: len(list)}}
	for _, h := range list {
		out.Body.Items = append(out.Body.Items, SignedHeadView{HeadView: headView(h.Head), Epoch: h.Epoch, At: h.At, Signed: h.JWS})
	}
	if len(list) == in.Limit {
		out.Body.NextCursor = list[len(list)-1].At.Truncate(audit.HeadEvery).Format(time.RFC3339)
	}
	return out, nil
}

var codeVerifying = fault.Define(fault.TooMany, "verification_running",
	"The walk reads the whole log, so one runs at a time: try again in a minute.")

// clip cuts what somebody sent, before it is said back to them.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
