package api

import (
	"context"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

func errNoRequest() error {
	return fault.CodeNotFound.New("There is no such enrollment request, or it was decided already.")
}

// DeliveryView is a consignment.
type DeliveryView struct {
	ID        enroll.DeliveryID `json:"id"`
	Name      string            `json:"name"`
	Class     device.Class      `json:"class"`
	Model     device.ModelID    `json:"model"`
	Place     device.PlaceID    `json:"place_id"`
	OpenUntil *time.Time        `json:"open_until" doc:"Somebody has it on the bench until then; null: closed." nullable:"true"`
	CreatedAt time.Time         `json:"created_at"`
	CreatedBy string            `json:"created_by"`
	Expected  int               `json:"expected" doc:"How many lines its packing list has."`
	Enrolled  int               `json:"enrolled" doc:"How many of them have enrolled."`
	Packed    []PackedView      `json:"packed" doc:"The packing list; empty in lists."`
}

// PackedView is one line of a packing list.
type PackedView struct {
	Serial     string              `json:"serial"`
	Enrollment device.EnrollmentID `json:"enrollment_id" doc:"Empty until it has enrolled."`
	UsedAt     *time.Time          `json:"used_at" nullable:"true"`
	// Device and CompletedAt are what came of it.
	Device      device.ID  `json:"device_id" doc:"Empty until it has enrolled."`
	CompletedAt *time.Time `json:"completed_at" nullable:"true" doc:"When the device first used its certificate."`
	EndedAt     *time.Time `json:"ended_at" nullable:"true"`
}

func (a *API) deliveryView(d enroll.Delivery) DeliveryView {
	v := DeliveryView{ID: d.ID, Name: d.Name, Class: d.Class, Model: d.Model, Place: d.Place, CreatedAt: d.CreatedAt, CreatedBy: d.CreatedBy,
		Expected: d.Expected, Enrolled: d.Enrolled}
	if d.OpenUntil.After(a.now()) {
		v.OpenUntil = timeOrNil(d.OpenUntil)
	}
	for _, p := range d.Packed {
		v.Packed = append(v.Packed, PackedView{Serial: p.Serial, Enrollment: p.Enrollment, UsedAt: timeOrNil(p.UsedAt),
			Device: p.Device, CompletedAt: timeOrNil(p.CompletedAt), EndedAt: timeOrNil(p.EndedAt)})
	}
	return v
}

type createDeliveryInput struct {
	IdempotentInput
	Body struct {
		Name    string         `json:"name" minLength:"1" maxLength:"120" doc:"What people call it, such as the purchase order."`
		Class   device.Class   `json:"class"`
		Model   device.ModelID `json:"model" maxLength:"64"`
		Place   device.PlaceID `json:"place_id,omitempty" maxLength:"64"`
		Serials []string       `json:"serials" minItems:"1" maxItems:"5000"`
	}
}

func (a *API) createDelivery(ctx context.Context, in *createDeliveryInput) (*output[DeliveryView], error) {
	b := in.Body
	if err := a.mayPlace(ctx, auth.InvitationsCreate, b.Class, b.Model, b.Place, ""); err != nil {
		return nil, err
	}
	d := enroll.Delivery{Name: b.Name, Class: b.Class, Model: b.Model, Place: b.Place}
	for _, s := range b.Serials {
		d.Packed = append(d.Packed, enroll.Packed{Serial: s})
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		made, err := a.enroll.CreateDelivery(ctx, principalOf(ctx).Actor(), d)
		return "delivery:" + string(made.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getDelivery(ctx, &DeliveryInput{ID: enroll.DeliveryID(id)})
}

func (a *API) listDeliveries(ctx context.Context, in *PageInput) (*pageOutput[DeliveryView], error) {
	deliveries, err := a.enroll.Deliveries(ctx, enroll.DeliveryID(in.Cursor), in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[DeliveryView]{}
	for i, d := range deliveries {
		if i == in.Limit {
			out.Body.NextCursor = string(deliveries[i-1].ID)
			break
		}
		if a.mayPlace(ctx, auth.InvitationsRead, d.Class, d.Model, d.Place, "") == nil {
			out.Body.Items = append(out.Body.Items, a.deliveryView(d))
		}
	}
	out.Body.Total = len(out.Body.Items)
	return out, nil
}

// DeliveryInput names a delivery.
type DeliveryInput struct {
	ID enroll.DeliveryID `path:"id" maxLength:"64" doc:"Id of the delivery."`
}

func (a *API) reachDelivery(ctx context.Context, id enroll.DeliveryID, permission auth.Permission) (enroll.Delivery, error) {
	d, err := a.enroll.Delivery(ctx, id)
	if err == nil && a.mayPlace(ctx, permission, d.Class, d.Model, d.Place, "") != nil {
		err = fault.CodeNotFound.New("There is no such delivery.")
	}
	return d, err
}

func (a *API) getDelivery(ctx context.Context, in *DeliveryInput) (*output[DeliveryView], error) {
	d, err := a.reachDelivery(ctx, in.ID, auth.InvitationsRead)
	if err != nil {
		return nil, err
	}
	return &output[DeliveryView]{Body: a.deliveryView(d)}, nil
}

type openDeliveryInput struct {
	DeliveryInput
	IdempotentInput
	Body struct {
		Minutes int `json:"minutes" minimum:"0" maximum:"720" doc:"How long; 0 closes it."`
	}
}

func (a *API) openDelivery(ctx context.Context, in *openDeliveryInput) (*output[DeliveryView], error) {
	if _, err := a.reachDelivery(ctx, in.ID, auth.InvitationsCreate); err != nil {
		return nil, err
	}
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "delivery:" + string(in.ID), a.enroll.OpenDelivery(ctx, principalOf(ctx).Actor(), in.ID, time.Duration(in.Body.Minutes)*time.Minute)
	})
	if err != nil {
		return nil, err
	}
	return a.getDelivery(ctx, &in.DeliveryInput)
}
