package api

import (
	"context"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// StepUpInput is what a request that may destroy takes.
type StepUpInput struct {
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
	// check says whether the command would be taken in at all; may be nil. Nobody
	// is asked for a code for something that is refused anyway.
	check func(context.Context) error
}

var (
	codeStepUpWaits = fault.Define(fault.Forbidden, "step_up_pending",
		"Confirm it at step_up_url; then send the same request again.")
	codeStepUpDenied = fault.Define(fault.Forbidden, "step_up_denied",
		"Nothing was done. Send the request without the header to begin anew.")
)

// stillOpen answers a program that asks again while the person has not decided
// yet: beginning anew each time would bury the person in codes.
func (a *API) stillOpen(ctx context.Context, p auth.Principal, header string) error {
	if header == "" {
		return nil
	}
	su, err := a.auth.PendingStepUp(ctx, p, header)
	if fault.Has(err, fault.CodeNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	switch su.State {
	case auth.StepUpPending:
		return codeStepUpWaits.New("Nobody has confirmed it yet.").With("user_code", header).With("expires_at", su.ExpiresAt)
	case auth.StepUpDenied:
		return codeStepUpDenied.New("It was denied in the browser.")
	}
	return nil
}

// requireStepUp lets quiet and disruptive work pass. For destructive work it
// wants a factor that was proven just now for exactly this: without one the
// answer is step_up_required. A program has no second factor: what it asks for
// waits for a person, who proves one to agree (requireProofBehind).
func (a *API) requireStepUp(ctx context.Context, header string, w stepUpWanted) (auth.Principal, error) {
	p := principalOf(ctx)
	weight, known := safety.WeightOf(w.kind, w.subkind)
	if known && weight != safety.Destructive {
		return p, nil
	}
	if p.IsToken() {
		return p, nil
	}
	if w.check != nil {
		if err := w.check(ctx); err != nil {
			return p, err
		}
	}
	if err := a.stillOpen(ctx, p, header); err != nil {
		return p, err
	}
	p, err := a.auth.RequireStepUp(ctx, p, header, auth.StepUpAsk{
		Subject: auth.Subject{Device: w.device, Batch: w.batch}, Kind: w.kind, Reason: w.reason, Summary: w.summary})
	if f, ok := fault.As(err); ok && w.batch != "" && f.Extra["user_code"] != nil {
		// Whoever holds a code sends this to POST /auth/step-up.
		return p, f.With("batch_id", w.batch)
	}
	return p, err
}

// requireProofBehind sees to it that a person's factor stands behind everything
// destructive: behind what a program or a report of a theft asked for, that of
// whoever agrees to it. Whose role confirms with a passkey agrees with it as well.
func (a *API) requireProofBehind(ctx context.Context, header string, asker audit.Actor, unproven bool, w stepUpWanted) (auth.Principal, error) {
	if p := principalOf(ctx); asker.Kind != audit.ActorToken && !unproven && !p.PasskeyOnly {
		return p, nil
	}
	return a.requireStepUp(ctx, header, w)
}
