package inventory

import (
	"context"
	"slices"
	"strings"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Hold puts a device under a hold. The reason is for people and must not be
// empty.
func (s *Service) Hold(ctx context.Context, actor audit.Actor, id device.ID, kind device.HoldKind, reason string) (Item, error) {
	reason = strings.TrimSpace(reason)
	if err := checkHold(kind, reason); err != nil {
		return Item{}, err
	}
	now := s.now().UTC()
	r, err := s.storage.ChangeDevice(ctx, id, func(r Record) (*Decided, error) {
		d := r.Device
		if d.HasHold(kind) {
			return nil, CodeHeldAlready.New("The device is already held as %s.", holdWords(kind))
		}
		h := device.Hold{Kind: kind, Reason: reason, Since: now, MayLift: device.MayLift(kind, d.Class)}
		d.Holds = append(slices.Clone(d.Holds), h)
		return &Decided{Device: d, Events: []audit.Event{{Actor: actor, Action: ActionHeld, Device: string(id),
			Detail: map[string]any{"hold": kind, "reason": reason, "may_lift": h.MayLift}}}}, nil
	})
	if err != nil {
		return Item{}, err
	}
	return s.item(ctx, r)
}

// Lift ends a hold. roles are those of the person who asks: the role that the
// hold names must be among them.
func (s *Service) Lift(ctx context.Context, actor audit.Actor, roles []string, id device.ID, kind device.HoldKind, reason string) (Item, error) {
	reason = strings.TrimSpace(reason)
	if err := checkHold(kind, reason); err != nil {
		return Item{}, err
	}
	r, err := s.storage.ChangeDevice(ctx, id, func(r Record) (*Decided, error) {
		d := r.Device
		at := slices.IndexFunc(d.Holds, func(h device.Hold) bool { return h.Kind == kind })
		if at < 0 {
			return nil, CodeNotHeld.New("The device is not held as %s.", holdWords(kind))
		}
		if by := d.Holds[at].MayLift; !slices.Contains(roles, by) {
			return nil, CodeMayNotLift.New("This hold may be lifted by the role %s only.", by)
		}
		d.Holds = slices.Delete(slices.Clone(d.Holds), at, at+1)
		return &Decided{Device: d, Events: []audit.Event{{Actor: actor, Action: ActionLifted, Device: string(id),
			Detail: map[string]any{"hold": kind, "reason": reason}}}}, nil
	})
	if err != nil {
		return Item{}, err
	}
	return s.item(ctx, r)
}

func checkHold(kind device.HoldKind, reason string) error {
	bad := fault.CodeInvalid.New("The hold cannot be changed.")
	if !slices.Contains(device.HoldKinds(), kind) {
		bad.WithField("kind", "must be one of lost, quarantined, recalled, offline_by_order")
	}
	if reason == "" {
		bad.WithField("reason", "say why")
	}
	checkText("reason", reason, maxReason, bad)
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// SanitisationDraft says how a device was sanitised.
type SanitisationDraft struct {
	// Witness is the second person who was present; Method names the recipe.
	Witness string
	Method  string
	// Steps are the steps that were done; where the model has a recipe they must be
	// its steps.
	Steps []string
}

// RecordSanitisation records that a device was sanitised by its model's recipe,
// before a witness who is not the one who did it.
func (s *Service) RecordSanitisation(ctx context.Context, actor audit.Actor, id device.ID, draft SanitisationDraft) (Item, error) {
	r, err := s.storage.Device(ctx, id)
	if err != nil {
		return Item{}, err
	}
	bad := fault.CodeInvalid.New("The sanitisation cannot be recorded.")
	witness := strings.TrimSpace(draft.Witness)
	switch {
	case witness == "":
		bad.WithField("witness", "say who was present")
	case Normal(witness) == Normal(actor.Name), Normal(witness) == Normal(actor.ID):
		bad.WithField("witness", "must be another person than the one who did it")
	}
	checkText("witness", witness, maxText, bad)
	if strings.TrimSpace(draft.Method) == "" {
		bad.WithField("method", "say how it was done")
	}
	checkText("method", draft.Method, maxReason, bad)
	for _, step := range r.Model.Sanitisation {
		if !slices.Contains(draft.Steps, step) {
			bad.WithField("steps", "the model's recipe also asks for: %s", step)
		}
	}
	if len(draft.Steps) > maxSteps {
		bad.WithField("steps", "has more than %d steps", maxSteps)
	}
	for _, step := range draft.Steps {
		checkText("steps", step, maxReason, bad)
	}
	if len(bad.Fields) > 0 {
		return Item{}, bad
	}
	record := Sanitisation{At: s.now().UTC(), Actor: actor.ID, Witness: witness, Method: strings.TrimSpace(draft.Method), Steps: draft.Steps}
	event := audit.Event{Actor: actor, Action: ActionSanitised, Device: string(id),
		Detail: map[string]any{"witness": witness, "method": record.Method, "steps": draft.Steps}}
	if err := s.storage.RecordSanitisation(ctx, id, record, event); err != nil {
		return Item{}, err
	}
	return s.Get(ctx, id)
}

const maxSteps = 50
