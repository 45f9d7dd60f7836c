package api

import (
	"context"
	"slices"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/inventory"
)

// What people who hold a device in their hands record about it.

type conditionInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Condition device.Condition `json:"condition"`
		Reason    string           `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *API) setCondition(ctx context.Context, in *conditionInput) (*versioned[DeviceView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesCondition)
	if err != nil {
		return nil, err
	}
	return a.change(ctx, item.Device.ID, 0, inventory.Update{Condition: &in.Body.Condition, Reason: in.Body.Reason})
}

type custodyInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Kind   device.CustodyKind `json:"kind"`
		Which  string             `json:"which,omitempty" maxLength:"120" doc:"Which ward, store or person."`
		Reason string             `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *API) setCustody(ctx context.Context, in *custodyInput) (*versioned[DeviceView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesCustody)
	if err != nil {
		return nil, err
	}
	return a.change(ctx, item.Device.ID, 0, inventory.Update{
		Custody: &device.Custody{Kind: in.Body.Kind, Which: in.Body.Which}, Reason: in.Body.Reason})
}

type locationInput struct {
	DeviceInput
	Reason string `query:"reason" required:"true" minLength:"3" maxLength:"200" doc:"Why you look."`
}

// LocationAnswer is where a device was last heard.
type LocationAnswer struct {
	Location *LocationView `json:"location,omitempty" doc:"Left out when it is not known or may not be kept."`
}

func (a *API) getLocation(ctx context.Context, in *locationInput) (*output[LocationAnswer], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	if item.LocationWithheld {
		// Seeing a device is not yet a reason to see where its holder is.
		if err := mayTouch(principalOf(ctx), auth.CommandsLocate, targetOf(item)); err != nil {
			return nil, err
		}
	}
	where, err := a.inventory.Location(ctx, principalOf(ctx).Actor(), item.Device.ID, in.Reason)
	if err != nil {
		return nil, err
	}
	return &output[LocationAnswer]{Body: LocationAnswer{Location: locationView(where)}}, nil
}

// MomentView is one thing that happened to a device.
type MomentView struct {
	ID      string         `json:"id"`
	At      time.Time      `json:"at"`
	Words   string         `json:"words" doc:"One sentence for people."`
	Actor   string         `json:"actor" doc:"Who did it; empty for what the device itself said."`
	Action  string         `json:"action"`
	Command string         `json:"command_id" doc:"The command that it is about; empty for most."`
	Detail  map[string]any `json:"detail"`
}

type timelineInput struct {
	DeviceInput
	PageInput
}

func (a *API) getTimeline(ctx context.Context, in *timelineInput) (*pageOutput[MomentView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	t, err := a.inventory.Timeline(ctx, item.Device.ID, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[MomentView]{Body: Page[MomentView]{NextCursor: t.NextCursor, Total: len(t.Moments)}}
	for _, m := range t.Moments {
		if m.Detail == nil {
			m.Detail = map[string]any{}
		}
		out.Body.Items = append(out.Body.Items, MomentView{ID: m.ID, At: m.At, Words: m.Words, Actor: m.Actor,
			Action: m.Action, Command: m.Command, Detail: m.Detail})
	}
	return out, nil
}

type holdInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Kind   device.HoldKind `json:"kind"`
		Reason string          `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) holdDevice(ctx context.Context, in *holdInput) (*versioned[DeviceView], error) {
	if in.Body.Kind == device.HoldLost {
		return a.changeHold(ctx, in.ID, auth.DevicesReportLost, func(ctx context.Context, actor audit.Actor, id device.ID) error {
			_, err := a.commands.ReportLost(ctx, actor, commands.LossReport{Device: id, Reason: in.Body.Reason})
			return err
		})
	}
	return a.changeHold(ctx, in.ID, auth.DevicesHold, func(ctx context.Context, actor audit.Actor, id device.ID) error {
		_, err := a.inventory.Hold(ctx, actor, id, in.Body.Kind, in.Body.Reason)
		return err
	})
}

type liftInput struct {
	DeviceInput
	IdempotentInput
	Kind device.HoldKind `path:"kind"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) liftHold(ctx context.Context, in *liftInput) (*versioned[DeviceView], error) {
	if in.Kind == device.HoldLost {
		found := &foundInput{DeviceInput: in.DeviceInput, IdempotentInput: in.IdempotentInput}
		found.Body.Reason = in.Body.Reason
		return a.reportFound(ctx, found)
	}
	p := principalOf(ctx)
	var roles []string
	for _, r := range auth.Roles() {
		if p.Has(r) {
			roles = append(roles, string(r))
		}
	}
	return a.changeHold(ctx, in.ID, auth.DevicesHold, func(ctx context.Context, actor audit.Actor, id device.ID) error {
		_, err := a.inventory.Lift(ctx, actor, roles, id, in.Kind, in.Body.Reason)
		return err
	})
}

type releaseInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) releaseDevice(ctx context.Context, in *releaseInput) (*versioned[DeviceView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	if err := auth.AuthoriseKind(principalOf(ctx), device.KindContain, device.SubkindNone, targetOf(item)); err != nil {
		return nil, err
	}
	return a.changeHold(ctx, in.ID, auth.DevicesRead, func(ctx context.Context, actor audit.Actor, id device.ID) error {
		return a.enroll.Release(ctx, actor, id, in.Body.Reason)
	})
}

func (a *API) changeHold(ctx context.Context, id string, permission auth.Permission, effect func(context.Context, audit.Actor, device.ID) error) (*versioned[DeviceView], error) {
	item, err := a.reachDevice(ctx, id, permission)
	if err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "device:" + id, effect(ctx, principalOf(ctx).Actor(), item.Device.ID)
	})
	if err != nil {
		return nil, err
	}
	if item, err = a.inventory.Get(ctx, item.Device.ID); err != nil {
		return nil, err
	}
	return deviceOutput(item), nil
}

type sanitisationInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Witness string   `json:"witness" minLength:"2" maxLength:"120" doc:"The second person who was present."`
		Method  string   `json:"method" minLength:"2" maxLength:"500" doc:"Which recipe."`
		Steps   []string `json:"steps" maxItems:"50" doc:"The steps that were done; they must include the model's."`
	}
}

func (a *API) recordSanitisation(ctx context.Context, in *sanitisationInput) (*versioned[DeviceView], error) {
	return a.changeHold(ctx, in.ID, auth.DevicesWrite, func(ctx context.Context, actor audit.Actor, id device.ID) error {
		_, err := a.inventory.RecordSanitisation(ctx, actor, id, inventory.SanitisationDraft{
			Witness: in.Body.Witness, Method: in.Body.Method, Steps: slices.Clone(in.Body.Steps)})
		return err
	})
}
