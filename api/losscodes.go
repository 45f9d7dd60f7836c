package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
)

func (a *API) registerLossCodes() {
	register(a, operation{id: "create_loss_code", method: http.MethodPost, path: "/loss-codes", tag: "losses",
		summary: "Make a code with which somebody without a password reports a loss",
		about: "For the help desk, which has made sure who is on the telephone. The code is good once, for 10 minutes, with the user name, " +
			"at POST /auth/lost. An earlier one of the same person ends."}, mayFresh(auth.LossCodesCreate), a.createLossCode)
}

type lossCodeInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"200" doc:"Whose code it is."`
	}
}

// LossCodeView is a code to be read out. It is shown once.
type LossCodeView struct {
	Username  string    `json:"username"`
	Name      string    `json:"name"`
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) createLossCode(ctx context.Context, in *lossCodeInput) (*output[LossCodeView], error) {
	made, err := a.auth.NewLossCode(ctx, principalOf(ctx), in.Body.Username)
	if err != nil {
		return nil, err
	}
	return &output[LossCodeView]{Body: LossCodeView{Username: made.Account.Username, Name: made.Account.Name, Code: made.Code, ExpiresAt: made.ExpiresAt}}, nil
}
