package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

func (a *API) registerInvitations() {
	register(a, operation{id: "create_invitation", method: http.MethodPost, path: "/invitations", tag: "enrollment", status: http.StatusCreated,
		summary: "Invite a device to enroll",
		about:   "For a serial, for a delivery, or for a person. Code, challenge and QR code are shown once."}, mayFresh(auth.InvitationsCreate), a.createInvitation)
	register(a, operation{id: "list_invitations", method: http.MethodGet, path: "/invitations", tag: "enrollment",
		summary: "Invitations, newest first"}, may(auth.InvitationsRead), a.listInvitations)
	register(a, operation{id: "get_invitation", method: http.MethodGet, path: "/invitations/{id}", tag: "enrollment",
		summary: "One invitation and how far its device has come"}, may(auth.InvitationsRead), a.getInvitation)
	register(a, operation{id: "cancel_invitation", method: http.MethodPost, path: "/invitations/{id}/cancel", tag: "enrollment",
		status: http.StatusNoContent, summary: "Take an invitation back"}, mayFresh(auth.InvitationsRevoke), a.cancelInvitation)
	register(a, operation{id: "list_enrollment_requests", method: http.MethodGet, path: "/enrollment-requests", tag: "enrollment",
		summary: "Enrollments and renewals that wait for a person, oldest first"}, may(auth.EnrollmentsRead), a.listWaiting)
	register(a, operation{id: "decide_enrollment_request", method: http.MethodPost, path: "/enrollment-requests/{id}/decide", tag: "enrollment",
		status: http.StatusNoContent, summary: "Let a waiting enrollment through, or refuse it for good"}, mayFresh(auth.EnrollmentsDecide), a.decideWaiting)
	register(a, operation{id: "list_enrollment_failures", method: http.MethodGet, path: "/enrollment-failures", tag: "enrollment",
		summary: "Attempts to enroll that came to nothing, newest first",
		about:   "Codes and requests that were refused, requests that a person denied, and certificates that no device ever used."},
		may(auth.EnrollmentsRead), a.listFailures)
	register(a, operation{id: "create_delivery", method: http.MethodPost, path: "/deliveries", tag: "enrollment", status: http.StatusCreated,
		limit: batchLimit, summary: "Register a consignment with its packing list"}, mayFresh(auth.InvitationsCreate), a.createDelivery)
	register(a, operation{id: "list_deliveries", method: http.MethodGet, path: "/deliveries", tag: "enrollment",
		summary: "Deliveries, newest first, without packing lists"}, may(auth.InvitationsRead), a.listDeliveries)
	register(a, operation{id: "get_delivery", method: http.MethodGet, path: "/deliveries/{id}", tag: "enrollment",
		summary: "One delivery with its packing list"}, may(auth.InvitationsRead), a.getDelivery)
	register(a, operation{id: "open_delivery", method: http.MethodPost, path: "/deliveries/{id}/open", tag: "enrollment",
		summary: "Say that somebody has a delivery on the bench, or that it is closed",
		about:   "Its serials can enroll only while it is open."}, mayFresh(auth.InvitationsCreate), a.openDelivery)
}

// InvitationRequest is what a device is to become. With serial it is for that
// one; with delivery_id for a packing list; with neither, for the person named
// as owner.
type InvitationRequest struct {
	Class      device.Class      `json:"class"`
	Serial     string            `json:"serial,omitempty" maxLength:"64"`
	Delivery   enroll.DeliveryID `json:"delivery_id,omitempty" maxLength:"64"`
	Model      device.ModelID    `json:"model,omitempty" maxLength:"64" doc:"Id of the model."`
	Place      device.PlaceID    `json:"place_id,omitempty" maxLength:"64"`
	Owner      string            `json:"owner,omitempty" maxLength:"120"`
	Management device.Management `json:"management,omitempty" enum:"agent,certificate" doc:"certificate: the device has a SCEP client of its own and never polls. Default: agent."`
	Hours      int               `json:"expires_in_hours,omitempty" minimum:"1" maximum:"2160" doc:"Default: 7 days."`
}

func (r InvitationRequest) invitation() enroll.Invitation {
	inv := enroll.Invitation{For: enroll.ForPerson, Class: r.Class, Model: r.Model, Serial: r.Serial, Delivery: r.Delivery,
		Place: r.Place, Owner: r.Owner, Management: r.Management, ExpiresIn: time.Duration(r.Hours) * time.Hour}
	switch {
	case r.Delivery != "":
		inv.For = enroll.ForDelivery
	case r.Serial != "":
		inv.For = enroll.ForSerial
	}
	return inv
}

// InvitationView is an invitation, without its secrets.
type InvitationView struct {
	ID          enroll.InvitationID `json:"id"`
	For         enroll.For          `json:"for"`
	Class       device.Class        `json:"class"`
	Model       device.ModelID      `json:"model"`
	Serial      string              `json:"serial"`
	Delivery    enroll.DeliveryID   `json:"delivery_id"`
	Place       device.PlaceID      `json:"place_id"`
	Owner       string              `json:"owner"`
	Management  device.Management   `json:"management"`
	CreatedAt   time.Time           `json:"created_at"`
	CreatedBy   string              `json:"created_by"`
	ExpiresAt   time.Time           `json:"expires_at"`
	UsedAt      *time.Time          `json:"used_at" nullable:"true"`
	CancelledAt *time.Time          `json:"cancelled_at" nullable:"true"`
	Enrollment  device.EnrollmentID `json:"enrollment_id"`

	State    enroll.InvitationState `json:"state" enum:"open,used,expired,cancelled" doc:"That of a delivery is never used: the lines of its packing list are."`
	Progress ProgressView           `json:"progress" doc:"How far the device has come."`
}

// ProgressView is how far what an invitation is for has come.
type ProgressView struct {
	Missing      enroll.Missing `json:"missing" enum:"code,request,decision,collection,first_contact,nothing,over" doc:"What comes next. code: it has not been used. request: a device has handed it in and not yet asked for its certificate. decision: a person has to agree. collection: the device has to ask for its certificate again. first_contact: the certificate is issued, the device has not yet used it. nothing: it is enrolled. over: it was refused, abandoned or replaced."`
	OpenedAt     *time.Time     `json:"opened_at" nullable:"true" doc:"When a device last handed in the code."`
	Device       device.ID      `json:"device_id" doc:"What enrolled, or what the waiting request would take over."`
	IssuedAt     *time.Time     `json:"issued_at" nullable:"true"`
	ContactBy    *time.Time     `json:"first_contact_by" nullable:"true" doc:"When it is revoked unless the device uses it; null when nothing is awaited."`
	CompletedAt  *time.Time     `json:"completed_at" nullable:"true" doc:"When the device first used its certificate."`
	EndedAt      *time.Time     `json:"ended_at" nullable:"true"`
	EndedWhy     string         `json:"ended_why"`
	DeliveryName string         `json:"delivery_name"`
	Expected     int            `json:"expected" doc:"Lines of the packing list."`
	Enrolled     int            `json:"enrolled" doc:"Lines of the packing list that have enrolled."`
}

func (a *API) invitationView(i enroll.Invitation) InvitationView {
	return InvitationView{ID: i.ID, For: i.For, Class: i.Class, Model: i.Model, Serial: i.Serial, Delivery: i.Delivery, Place: i.Place,
		Owner: i.Owner, Management: i.Management, CreatedAt: i.CreatedAt, CreatedBy: i.CreatedBy, ExpiresAt: i.ExpiresAt,
		UsedAt: timeOrNil(i.UsedAt), CancelledAt: timeOrNil(i.CancelledAt), Enrollment: i.Enrollment,
		State: i.StateAt(a.now()), Progress: progressView(i)}
}

func progressView(i enroll.Invitation) ProgressView {
	p := i.Progress
	v := ProgressView{Missing: i.Missing(), OpenedAt: timeOrNil(p.OpenedAt), Device: p.Device, IssuedAt: timeOrNil(p.IssuedAt),
		CompletedAt: timeOrNil(p.CompletedAt), EndedAt: timeOrNil(p.EndedAt), EndedWhy: p.EndedWhy,
		DeliveryName: p.DeliveryName, Expected: p.Packed, Enrolled: p.Enrolled}
	if v.Missing == enroll.MissingFirstContact {
		v.ContactBy = timeOrNil(enroll.FirstContactBy(p.IssuedAt))
	}
	return v
}

// IssuedView is a fresh invitation with its secrets.
type IssuedView struct {
	InvitationView
	Code          string `json:"code" doc:"For people to type. Shown once, as all that follows; empty when this request is a repetition."`
	EnrollURL     string `json:"enroll_url" doc:"What the QR code says."`
	QR            string `json:"qr" doc:"enroll_url as a picture: a data URL of a PNG."`
	SCEPURL       string `json:"scep_url" doc:"For standard SCEP clients."`
	SCEPChallenge string `json:"scep_challenge" doc:"Empty for a delivery and for a person: there each device gets its own."`
	Subject       string `json:"subject" doc:"The subject that the certificate will have."`
	CAFingerprint string `json:"ca_fingerprint" doc:"SHA-256 of the root certificate, in hex."`
}

type createInvitationInput struct {
	IdempotentInput
	Body InvitationRequest
}

func (a *API) createInvitation(ctx context.Context, in *createInvitationInput) (*output[IssuedView], error) {
	b := in.Body
	if err := a.mayPlace(ctx, auth.InvitationsCreate, b.Class, b.Model, b.Place, b.Owner); err != nil {
		return nil, err
	}
	var view IssuedView
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		made, err := a.enroll.Invite(ctx, principalOf(ctx).Actor(), b.invitation())
		view = IssuedView{InvitationView: a.invitationView(made.Invitation), Code: made.Code, EnrollURL: made.EnrollURL, QR: pngURL(made.QRPNG),
			SCEPURL: made.SCEPURL, SCEPChallenge: made.SCEPChallenge, Subject: made.Subject, CAFingerprint: made.CAFingerprint}
		return "invitation:" + string(made.Invitation.ID), err
	})
	if err != nil {
		return nil, err
	}
	if view.Code == "" {
		// The secrets were shown to the first request and are not kept.
		made, err := a.invitationsByID(ctx, enroll.InvitationID(strings.TrimPrefix(id, "invitation:")))
		if err != nil {
			return nil, err
		}
		for _, i := range made {
			view.InvitationView = a.invitationView(i)
		}
	}
	return &output[IssuedView]{Body: view}, nil
}

type listInvitationsInput struct {
	PageInput
	State    enroll.InvitationState `query:"state" enum:"open,used,expired,cancelled"`
	For      enroll.For             `query:"for" enum:"serial,delivery,person"`
	Delivery enroll.DeliveryID      `query:"delivery_id" maxLength:"64"`
	Text     string                 `query:"q" maxLength:"120" doc:"Part of a serial number or of an owner's name."`
}

func (a *API) listInvitations(ctx context.Context, in *listInvitationsInput) (*pageOutput[InvitationView], error) {
	invitations, total, err := a.enroll.Invitations(ctx, enroll.InvitationQuery{After: enroll.InvitationID(in.Cursor), Limit: in.Limit + 1,
		State: in.State, For: in.For, Delivery: in.Delivery, Text: in.Text})
	if err != nil {
		return nil, err
	}
	out := &pageOutput[InvitationView]{}
	out.Body.Total = total
	for i, inv := range invitations {
		if i == in.Limit {
			out.Body.NextCursor = string(invitations[i-1].ID)
			break
		}
		if a.mayPlace(ctx, auth.InvitationsRead, inv.Class, inv.Model, inv.Place, inv.Owner) == nil {
			out.Body.Items = append(out.Body.Items, a.invitationView(inv))
		}
	}
	if reach, _ := auth.ReachOf(principalOf(ctx), auth.InvitationsRead); !reach.Unlimited() {
		out.Body.Total = len(out.Body.Items)
	}
	return out, nil
}

// InvitationInput names an invitation.
type InvitationInput struct {
	ID enroll.InvitationID `path:"id" maxLength:"64" doc:"Id of the invitation."`
}

func (a *API) getInvitation(ctx context.Context, in *InvitationInput) (*output[InvitationView], error) {
	found, err := a.invitationsByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	inv, ok := found[in.ID]
	if !ok || a.mayPlace(ctx, auth.InvitationsRead, inv.Class, inv.Model, inv.Place, inv.Owner) != nil {
		return nil, fault.CodeNotFound.New("There is no such invitation.")
	}
	return &output[InvitationView]{Body: a.invitationView(inv)}, nil
}

// invitationsByID returns those of these invitations that there are.
func (a *API) invitationsByID(ctx context.Context, ids ...enroll.InvitationID) (map[enroll.InvitationID]enroll.Invitation, error) {
	out := map[enroll.InvitationID]enroll.Invitation{}
	if len(ids) == 0 {
		return out, nil
	}
	list, _, err := a.enroll.Invitations(ctx, enroll.InvitationQuery{IDs: ids, Limit: len(ids)})
	for _, i := range list {
		out[i.ID] = i
	}
	return out, err
}

type cancelInvitationInput struct {
	IdempotentInput
	InvitationInput
}

func (a *API) cancelInvitation(ctx context.Context, in *cancelInvitationInput) (*empty, error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "invitation:" + string(in.ID), a.enroll.CancelInvitation(ctx, principalOf(ctx).Actor(), in.ID)
	})
	return nil, err
}
