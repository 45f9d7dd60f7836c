package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
)

func (a *API) registerRecoveries() {
	register(a, operation{id: "list_recoveries", method: http.MethodGet, path: "/recoveries", tag: "people",
		summary: "The recovery of an account that was asked for on the host and runs now",
		about: "Everybody may know. It is asked for with `wardline recover`, waits for an hour, and is finished on the host. " +
			"At most one runs at a time."}, may(auth.SelfManage), a.listRecoveries)
	register(a, operation{id: "cancel_recovery", method: http.MethodPost, path: "/recoveries/{id}/cancel", tag: "people",
		summary: "Call off a recovery that runs",
		about:   "For administrators, security officers, and the one whose account it is."}, mayFresh(auth.SelfManage), a.cancelRecovery)
}

// RecoveryView is a recovery of an account that was asked for on the host.
type RecoveryView struct {
	ID        auth.RecoveryID    `json:"id"`
	Username  string             `json:"username" doc:"Of the account that is to come back."`
	State     auth.RecoveryState `json:"state" enum:"waiting,cancelled,finished"`
	CreatedAt time.Time          `json:"created_at"`
	ReadyAt   time.Time          `json:"ready_at" doc:"From when it can be finished on the host."`
	ExpiresAt time.Time          `json:"expires_at" doc:"Until when it can be finished."`
	MayCancel bool               `json:"may_cancel" doc:"Whether I may call it off."`
}

func recoveryView(p auth.Principal, r auth.Recovery) RecoveryView {
	return RecoveryView{ID: r.ID, Username: r.Username, State: r.State, CreatedAt: r.CreatedAt, ReadyAt: r.ReadyAt,
		ExpiresAt: r.ExpiresAt, MayCancel: auth.MayCancelRecovery(p, r)}
}

func (a *API) listRecoveries(ctx context.Context, _ *struct{}) (*pageOutput[RecoveryView], error) {
	list, err := a.auth.Recoveries(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]RecoveryView, len(list))
	for i, r := range list {
		views[i] = recoveryView(principalOf(ctx), r)
	}
	return whole(views), nil
}

type recoveryInput struct {
	ID auth.RecoveryID `path:"id" maxLength:"64" doc:"Id of the recovery."`
}

func (a *API) cancelRecovery(ctx context.Context, in *recoveryInput) (*output[RecoveryView], error) {
	p := principalOf(ctx)
	r, err := a.auth.CancelRecovery(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	return &output[RecoveryView]{Body: recoveryView(p, r)}, nil
}
