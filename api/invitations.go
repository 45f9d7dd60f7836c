package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
)

func (a *API) registerInvitations() {
	register(a, operation{id: "create_invitation", method: http.MethodPost, path: "/invitations", tag: "enrollment", status: http.StatusCreated,
		summary: "Invite a device to enroll",
		about:   "For a serial, for a delivery, or for a person. Code, challenge and QR code are shown once."}, mayFresh(auth.InvitationsCreate), a.createInvitation)
	register(a, operation{id: "list_invitations", method: http.MethodGet, path: "/invitations", tag: "enrollment",
		summary: "Invitations, newest first"}, may(auth.InvitationsRead), a.listInvitations)
	register(a, operation{id: "cancel_invitation", method: http.MethodPost, path: "/invitations/{id}/cancel", tag: "enrollment",
		status: http.StatusNoContent, summary: "Take an invitation back"}, mayFresh(auth.InvitationsRevoke), a.cancelInvitation)
	register(a, operation{id: "list_enrollment_requests", method: http.MethodGet, path: "/enrollment-requests", tag: "enrollment",
		summary: "Enrollments and renewals that wait for a person, oldest first"}, may(auth.EnrollmentsRead), a.listWaiting)
	register(a, operation{id: "decide_enrollment_request", method: http.MethodPost, path: "/enrollment-requests/{id}/decide", tag: "enrollment",
		status: http.StatusNoContent, summary: "Let a waiting enrollment through, or refuse it for good"}, mayFresh(auth.EnrollmentsDecide), a.decideWaiting)
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
}

func invitationView(i enroll.Invitation) InvitationView {
	return InvitationView{ID: i.ID, For: i.For, Class: i.Class, Model: i.Model, Serial: i.Serial, Delivery: i.Delivery, Place: i.Place,
		Owner: i.Owner, Management: i.Management, CreatedAt: i.CreatedAt, CreatedBy: i.CreatedBy, ExpiresAt: i.ExpiresAt,
		UsedAt: timeOrNil(i.UsedAt), CancelledAt: timeOrNil(i.CancelledAt), Enrollment: i.Enrollment}
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
		view = IssuedView{InvitationView: invitationView(made.Invitation), Code: made.Code, EnrollURL: made.EnrollURL, QR: pngURL(made.QRPNG),
			SCEPURL: made.SCEPURL, SCEPChallenge: made.SCEPChallenge, Subject: made.Subject, CAFingerprint: made.CAFingerprint}
		return "invitation:" + string(made.Invitation.ID), err
	})
	if err != nil {
		return nil, err
	}
	if view.Code == "" {
		// The secrets were shown to the first request and are not kept.
		invitations, err := a.enroll.Invitations(ctx, "", 200)
		if err != nil {
			return nil, err
		}
		for _, i := range invitations {
			if string(i.ID) == id {
				view.InvitationView = invitationView(i)
			}
		}
	}
	return &output[IssuedView]{Body: view}, nil
}

func (a *API) listInvitations(ctx context.Context, in *PageInput) (*pageOutput[InvitationView], error) {
	invitations, err := a.enroll.Invitations(ctx, enroll.InvitationID(in.Cursor), in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[InvitationView]{}
	for i, inv := range invitations {
		if i == in.Limit {
			out.Body.NextCursor = string(invitations[i-1].ID)
			break
		}
		if a.mayPlace(ctx, auth.InvitationsRead, inv.Class, inv.Model, inv.Place, inv.Owner) == nil {
			out.Body.Items = append(out.Body.Items, invitationView(inv))
		}
	}
	out.Body.Total = len(out.Body.Items)
	return out, nil
}

type invitationInput struct {
	IdempotentInput
	ID enroll.InvitationID `path:"id" maxLength:"64" doc:"Id of the invitation."`
}

func (a *API) cancelInvitation(ctx context.Context, in *invitationInput) (*empty, error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "invitation:" + string(in.ID), a.enroll.CancelInvitation(ctx, principalOf(ctx).Actor(), in.ID)
	})
	return nil, err
}

// WaitingView is an enrollment that waits for a person.
type WaitingView struct {
	ID           string              `json:"id"`
	Since        time.Time           `json:"since"`
	Renewal      bool                `json:"renewal"`
	Reasons      []WaitReasonView    `json:"reasons" doc:"Why a person has to look."`
	DeviceID     device.ID           `json:"device_id" doc:"The record that it would take over; empty: none."`
	Serial       string              `json:"serial"`
	Class        device.Class        `json:"class"`
	Model        device.ModelID      `json:"model"`
	Remote       string              `json:"remote" doc:"Network address that it came from."`
	InvitationID enroll.InvitationID `json:"invitation_id"`
}

// WaitReasonView is one reason.
type WaitReasonView struct {
	Code  enroll.WaitReason `json:"code"`
	Words string            `json:"words"`
}

func (a *API) waiting(ctx context.Context, permission auth.Permission) ([]WaitingView, error) {
	list, err := a.enroll.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	var views []WaitingView
	for _, w := range list {
		if visible, err := a.mayDecideOn(ctx, permission, w); err != nil {
			return nil, err
		} else if !visible {
			continue
		}
		v := WaitingView{ID: w.ID, Since: w.Since, Renewal: w.Renewal, DeviceID: w.Device, Serial: w.Serial, Class: w.Class,
			Model: w.Model, Remote: w.Remote, InvitationID: w.Invitation}
		for _, r := range w.Reasons {
			v.Reasons = append(v.Reasons, WaitReasonView{Code: r, Words: r.Words()})
		}
		views = append(views, v)
	}
	return views, nil
}

// mayDecideOn asks auth about the record that an enrollment would take over.
func (a *API) mayDecideOn(ctx context.Context, permission auth.Permission, w enroll.Waiting) (bool, error) {
	p := principalOf(ctx)
	if w.Device == "" {
		return auth.Authorise(p, permission, auth.Target{Class: w.Class, Model: w.Model}) == nil, nil
	}
	item, err := a.inventory.Get(ctx, w.Device)
	if err != nil {
		return false, err
	}
	return auth.Authorise(p, permission, targetOf(item)) == nil, nil
}

func (a *API) listWaiting(ctx context.Context, _ *PageInput) (*pageOutput[WaitingView], error) {
	views, err := a.waiting(ctx, auth.EnrollmentsRead)
	if err != nil {
		return nil, err
	}
	return whole(views), nil
}

type decideWaitingInput struct {
	IdempotentInput
	ID   string `path:"id" maxLength:"64" doc:"Id of the enrollment request."`
	Body struct {
		Approve bool   `json:"approve"`
		Reason  string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) decideWaiting(ctx context.Context, in *decideWaitingInput) (*empty, error) {
	views, err := a.waiting(ctx, auth.EnrollmentsDecide)
	if err != nil {
		return nil, err
	}
	known := false
	for _, v := range views {
		known = known || v.ID == in.ID
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		if !known {
			return "", errNoRequest()
		}
		return "enrollment_request:" + in.ID, a.enroll.Decide(ctx, principalOf(ctx).Actor(), in.ID, in.Body.Approve, in.Body.Reason)
	})
	return nil, err
}
