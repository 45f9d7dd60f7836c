package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/safety"
)

// What the console's page for step-ups needs: a person who is signed in looks at
// what one of their other sessions (the command line, a program) asked for, and
// confirms or denies it.

func (a *API) registerStepUps() {
	const path = "/auth/step-up/{user_code}"
	register(a, operation{id: "get_step_up", method: http.MethodGet, path: path, tag: "sign-in",
		summary: "What a step-up is asked for",
		about:   "Only the person in whose name it was asked sees it."}, mayFresh(auth.SelfManage), a.getStepUp)
	register(a, operation{id: "confirm_step_up", method: http.MethodPost, path: path + "/confirm", tag: "sign-in",
		summary: "Confirm a step-up with a one-time code or a passkey",
		about:   "The session that asked then sends its request again."}, mayFresh(auth.SelfManage), a.confirmStepUp)
	register(a, operation{id: "deny_step_up", method: http.MethodPost, path: path + "/deny", tag: "sign-in",
		status:  http.StatusNoContent,
		summary: "Say that I did not ask for this"}, mayFresh(auth.SelfManage), a.denyStepUp)
}

// StepUpCodeInput names a step-up.
type StepUpCodeInput struct {
	UserCode string `path:"user_code" maxLength:"16" doc:"As the answer step_up_required said, such as BCDF-GHJK."`
}

// StepUpView is a step-up as the person who confirms it sees it.
type StepUpView struct {
	State     auth.StepUpState `json:"state"`
	Kind      device.Kind      `json:"kind"`
	KindWords string           `json:"kind_words" speak:"words" doc:"The kind as people read it."`
	Weight    safety.Weight    `json:"weight"`
	Summary   string           `json:"summary" doc:"Which device, or which devices, in words."`
	DeviceID  device.ID        `json:"device_id" doc:"Empty for a batch."`
	Batch     bool             `json:"batch"`
	Reason    string           `json:"reason"`
	AskedBy   string           `json:"asked_by" doc:"In whose name it was asked: yours."`
	AskedFrom AskedFrom        `json:"asked_from" doc:"The session that asked, and that alone can use the confirmation."`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
}

// AskedFrom is the session that asked for a step-up: who did not ask recognises
// it by this.
type AskedFrom struct {
	Source      string `json:"source" doc:"The address it was opened from, shortened."`
	UserAgent   string `json:"user_agent"`
	ThisSession bool   `json:"this_session" doc:"The one that reads this now."`
}

func (a *API) getStepUp(ctx context.Context, in *StepUpCodeInput) (*output[StepUpView], error) {
	su, err := a.auth.PendingStepUp(ctx, principalOf(ctx), in.UserCode)
	if err != nil {
		return nil, err
	}
	return a.showStepUp(ctx, su)
}

func (a *API) showStepUp(ctx context.Context, su auth.StepUp) (*output[StepUpView], error) {
	p := principalOf(ctx)
	v := StepUpView{State: su.State, Kind: su.Kind, KindWords: su.Kind.Words(), Summary: su.Summary, DeviceID: su.Device, Batch: su.Batch != "",
		Reason: su.Reason, AskedBy: p.Username, AskedFrom: AskedFrom{ThisSession: su.Session == p.Session}, CreatedAt: su.CreatedAt, ExpiresAt: su.ExpiresAt}
	v.Weight, _ = safety.WeightOf(su.Kind, device.SubkindNone)
	sessions, err := a.auth.Sessions(ctx, p, p.Account)
	if err != nil {
		return nil, err
	}
	for _, s := range sessions {
		if s.ID == su.Session {
			v.AskedFrom.Source, v.AskedFrom.UserAgent = s.Source, s.UserAgent
		}
	}
	return &output[StepUpView]{Body: v}, nil
}

type confirmStepUpInput struct {
	StepUpCodeInput
	Body ProofInput
}

func (a *API) confirmStepUp(ctx context.Context, in *confirmStepUpInput) (*output[StepUpView], error) {
	if err := a.auth.ConfirmStepUp(ctx, principalOf(ctx), in.UserCode, in.Body.proof()); err != nil {
		return nil, err
	}
	return a.getStepUp(ctx, &in.StepUpCodeInput)
}

func (a *API) denyStepUp(ctx context.Context, in *StepUpCodeInput) (*empty, error) {
	return nil, a.auth.DenyStepUp(ctx, principalOf(ctx), in.UserCode)
}
