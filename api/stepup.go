package api

import (
	"context"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// stepUpInput is what a request that may destroy takes.
type stepUpInput struct {
	StepUp string `header:"Wardline-Step-Up" maxLength:"200" doc:"A step-up, or a user code that was confirmed in the browser."`
}

// stepUpWanted is what a step-up would be for: one device, or one batch.
type stepUpWanted struct {
	device  device.ID
	batch   string
	kind    device.Kind
	subkind device.Subkind
	reason  string
	summary string
}

var codeTokenCannot = fault.Define(fault.Forbidden, "token_cannot_destroy",
	"Ask for it as a person: destructive work needs a step-up, and a program has no second factor.")

// requireStepUp lets quiet and disruptive work pass. For destructive work it
// wants a factor that was proven just now for exactly this: without one the
// answer is step_up_required.
func (a *API) requireStepUp(ctx context.Context, header string, w stepUpWanted) error {
	weight, known := safety.WeightOf(w.kind, w.subkind)
	if known && weight != safety.Destructive {
		return nil
	}
	p := principalOf(ctx)
	if p.IsToken() {
		return codeTokenCannot.New("An API token cannot ask for %s.", w.kind)
	}
	_, err := a.auth.RequireStepUp(ctx, p, header, auth.StepUpAsk{
		Subject: auth.Subject{Device: w.device, Batch: w.batch}, Kind: w.kind, Reason: w.reason, Summary: w.summary})
	if f, ok := fault.As(err); ok && w.batch != "" && f.Extra["user_code"] != nil {
		// Whoever holds a code sends this to POST /auth/step-up.
		return f.With("batch_id", w.batch)
	}
	return err
}
