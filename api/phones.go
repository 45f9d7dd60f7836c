package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/inventory"
)

// How people register phones themselves.
const (
	RegisterOpen    = "open"    // at once
	RegisterApprove = "approve" // somebody of IT agrees first
	RegisterOff     = "off"
)

func (a *API) registerOwnPhones() {
	register(a, operation{id: "get_own_phone_kinds", method: http.MethodGet, path: "/self/phone-kinds", tag: "self-service",
		summary: "Which phones can be registered, and what becomes of each", about: "On the public listener."}, maySelf(auth.SelfDevices), a.phoneKinds)
	register(a, operation{id: "register_own_phone", method: http.MethodPost, path: "/self/phones", tag: "self-service", status: http.StatusCreated,
		summary: "Register a phone that Wardline cannot manage: a record, and nothing more",
		about:   "Wardline can neither lock nor wipe it. On the public listener."}, maySelf(auth.SelfDevices), a.registerOwnPhone)
	register(a, operation{id: "invite_own_device", method: http.MethodPost, path: "/self/invitations", tag: "self-service", status: http.StatusCreated,
		summary: "Invite a device of mine that the agent manages", about: "The invitation is for me, and good for an hour. On the public listener."},
		maySelf(auth.SelfDevices), a.inviteOwn)
}

// ownInvitationLife: the device lies beside the phone that shows the code.
const ownInvitationLife = time.Hour

var codeRegisterOff = fault.Define(fault.Refused, "registration_off", "Call the help desk: phones are registered there.")

func (a *API) registration() string {
	if a.settings != nil {
		if how := a.settings().RegisterPhones; how != "" {
			return how
		}
	}
	return RegisterOpen
}

// ManagedModelView is a model that the agent manages.
type ManagedModelView struct {
	ID     device.ModelID `json:"id"`
	Name   string         `json:"name" doc:"Maker and name."`
	Issued bool           `json:"issued" doc:"Of the hospital's phones; otherwise of people's own."`
}

// PhoneKindsView is what can be registered.
type PhoneKindsView struct {
	How     string             `json:"how" enum:"open,approve,off" doc:"approve: somebody of IT has to agree; off: the help desk registers phones."`
	Managed []ManagedModelView `json:"managed" doc:"Models that the Wardline agent manages, so that they can be locked. Everything else becomes a record."`
}

func (a *API) phoneKinds(ctx context.Context, _ *struct{}) (*output[PhoneKindsView], error) {
	models, err := a.inventory.Models(ctx)
	if err != nil {
		return nil, err
	}
	v := PhoneKindsView{How: a.registration()}
	for _, m := range models {
		managed, err := a.managedPhone(ctx, m)
		if err != nil {
			return nil, err
		}
		if managed {
			v.Managed = append(v.Managed, ManagedModelView{ID: m.ID, Name: modelName(m), Issued: m.Class == device.ClassPhoneIssued})
		}
	}
	return &output[PhoneKindsView]{Body: v}, nil
}

// managedPhone: a phone that can be locked, and of which the agent manages one
// already: what has never worked here is not offered.
func (a *API) managedPhone(ctx context.Context, m device.Model) (bool, error) {
	if (m.Class != device.ClassPhoneIssued && m.Class != device.ClassPhonePersonal) || !slices.Contains(m.Capabilities, device.KindLock) {
		return false, nil
	}
	page, err := a.inventory.Find(ctx, inventory.Query{Limit: 1,
		Filters: inventory.Filters{Model: []device.ModelID{m.ID}, Management: []device.Management{device.ManagementAgent}}})
	return len(page.Items) > 0, err
}

type registerPhoneInput struct {
	IdempotentInput
	Body struct {
		Kind    inventory.OwnSort `json:"kind" enum:"iphone,android,other"`
		Issued  bool              `json:"issued" doc:"It is the hospital's."`
		IMEI    string            `json:"imei" minLength:"1" maxLength:"40" doc:"15 digits; dial *#06# to see it."`
		Phone   string            `json:"phone_number,omitempty" maxLength:"32"`
		Contact string            `json:"contact,omitempty" maxLength:"120" doc:"How to reach me when it turns up."`
		Terms   string            `json:"terms" minLength:"1" maxLength:"40" doc:"Which text was agreed to."`
	}
}

func (a *API) registerOwnPhone(ctx context.Context, in *registerPhoneInput) (*output[OwnDeviceView], error) {
	p, b, how := principalOf(ctx), in.Body, a.registration()
	if how == RegisterOff {
		return nil, codeRegisterOff.New("Phones are not registered here.")
	}
	var made string
	made, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		item, err := a.inventory.RegisterOwn(ctx, p.Actor(), inventory.OwnPhone{Sort: b.Kind, Issued: b.Issued, Owner: p.Username,
			IMEI: b.IMEI, PhoneNumber: b.Phone, Contact: b.Contact, Terms: b.Terms, Expected: how == RegisterApprove})
		return "device:" + string(item.Device.ID), err
	})
	if err != nil {
		return nil, err
	}
	item, err := a.ownByID(ctx, made)
	if err != nil {
		return nil, err
	}
	return &output[OwnDeviceView]{Body: ownDeviceView(item)}, nil
}

type inviteOwnInput struct {
	IdempotentInput
	Body struct {
		Model device.ModelID `json:"model_id" minLength:"1" maxLength:"64"`
		Terms string         `json:"terms" minLength:"1" maxLength:"40" doc:"Which text was agreed to."`
	}
}

// OwnInvitationView is what the device to be enrolled is given. It is shown once.
type OwnInvitationView struct {
	Code      string `json:"code"`
	EnrollURL string `json:"enroll_url" doc:"What the QR code says, and what wardline-agent enroll takes."`
	QR        string `json:"qr" doc:"enroll_url as a picture: a data URL of a PNG."`
}

func (a *API) inviteOwn(ctx context.Context, in *inviteOwnInput) (*output[OwnInvitationView], error) {
	p := principalOf(ctx)
	if a.registration() != RegisterOpen {
		return nil, codeRegisterOff.New("Phones are not registered here.")
	}
	model, err := a.inventory.Model(ctx, in.Body.Model)
	if err != nil {
		return nil, err
	}
	managed, err := a.managedPhone(ctx, model)
	if err != nil {
		return nil, err
	}
	if !managed {
		return nil, fault.CodeInvalid.New("The agent does not manage this model.")
	}
	if err := a.inventory.RoomForOwn(ctx, p.Username); err != nil {
		return nil, err
	}
	var v OwnInvitationView
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		made, err := a.enroll.Invite(ctx, p.Actor(), enroll.Invitation{For: enroll.ForPerson, Class: model.Class, Model: model.ID,
			Owner: p.Username, ExpiresIn: ownInvitationLife})
		v = OwnInvitationView{Code: made.Code, EnrollURL: made.EnrollURL, QR: pngURL(made.QRPNG)}
		return "invitation:" + string(made.Invitation.ID), err
	})
	if err != nil {
		return nil, err
	}
	return &output[OwnInvitationView]{Body: v}, nil
}
