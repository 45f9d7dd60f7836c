package api

import (
	"context"
	"slices"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

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
	Key          string              `json:"key" doc:"What kind of key it asks to have certified, such as ECDSA P-256."`
	Invited      *InvitationView     `json:"invited,omitempty" doc:"The invitation that it came with; left out for a renewal."`
}

// WaitReasonView is one reason.
type WaitReasonView struct {
	Code  enroll.WaitReason `json:"code"`
	Words string            `json:"words" speak:"words"`
}

func (a *API) waiting(ctx context.Context, permission auth.Permission) ([]WaitingView, error) {
	list, err := a.enroll.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	var ids []enroll.InvitationID
	for _, w := range list {
		if w.Invitation != "" {
			ids = append(ids, w.Invitation)
		}
	}
	invited, err := a.invitationsByID(ctx, ids...)
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
			Model: w.Model, Remote: w.Remote, InvitationID: w.Invitation, Key: w.KeyWords()}
		if inv, found := invited[w.Invitation]; found {
			iv := a.invitationView(inv)
			v.Invited = &iv
		}
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
	at := slices.IndexFunc(views, func(v WaitingView) bool { return v.ID == in.ID })
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		if at < 0 {
			return "", errNoRequest()
		}
		if in.Body.Approve {
			if err := a.biomedAgrees(ctx, views[at]); err != nil {
				return "", err
			}
		}
		return "enrollment_request:" + in.ID, a.enroll.Decide(ctx, principalOf(ctx).Actor(), in.ID, in.Body.Approve, in.Body.Reason)
	})
	return nil, err
}

// biomedAgrees: an enrollment that ends the one of a medical device is a
// revocation of it, which IT does to phones alone (SAFETY 4); and where a device
// would get another class, one of the two people is from biomedical engineering
// (SAFETY 2): whoever invited it, or whoever agrees.
func (a *API) biomedAgrees(ctx context.Context, w WaitingView) error {
	p := principalOf(ctx)
	if p.Has(auth.RoleBiomed) {
		return nil
	}
	if !w.Renewal && w.DeviceID != "" && !w.Class.IsPersonal() && !p.Has(auth.RoleSecurity) {
		return codeBiomedDecides.New("A %s would lose the enrollment that it has.", w.Class.Words())
	}
	if !slices.ContainsFunc(w.Reasons, func(r WaitReasonView) bool { return r.Code == enroll.WaitNamesake }) {
		return nil
	}
	if w.Invited != nil {
		biomed, err := a.auth.Holds(ctx, auth.AccountID(w.Invited.CreatedBy), auth.RoleBiomed)
		if err != nil || biomed {
			return err
		}
	}
	return codeBiomedDecides.New("The class of the device may change by it, and whoever invited it is not of biomedical engineering.")
}

var codeBiomedDecides = fault.Define(fault.Forbidden, "biomed_decides",
	"Have somebody of biomedical engineering look at the device and agree.")
