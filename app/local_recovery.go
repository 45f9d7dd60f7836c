package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"wardline/auth"
)

// LocalRecovery is the recovery that runs, or ran.
type LocalRecovery struct {
	// ID is empty when none runs.
	ID        string    `json:"id"`
	Username  string    `json:"username"`
	CreatedAt time.Time `json:"created_at"`
	ReadyAt   time.Time `json:"ready_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// LocalRecovered is an account that came back.
type LocalRecovered struct {
	Username string `json:"username"`
	Link     string `json:"link"`
	// Alone: the account may make a security officer by itself until Until.
	Alone bool      `json:"alone"`
	Until time.Time `json:"until"`
}

// LocalHostCode is a code from the envelope, and for whom.
type LocalHostCode struct {
	Code string `json:"code"`
	User string `json:"user"`
}

func localRecovery(r auth.Recovery) LocalRecovery {
	return LocalRecovery{ID: string(r.ID), Username: r.Username, CreatedAt: r.CreatedAt, ReadyAt: r.ReadyAt, ExpiresAt: r.ExpiresAt}
}

func (a *App) localRecoveryBegin(ctx context.Context, in LocalHostCode) (LocalRecovery, error) {
	r, err := a.auth.BeginRecovery(ctx, localActor(ctx), in.Code, in.User)
	if err != nil {
		return LocalRecovery{}, err
	}
	a.o.Log.WarnContext(ctx, "a recovery was asked for on the host", "account", r.Username, "ready_at", r.ReadyAt)
	return localRecovery(r), nil
}

func (a *App) localRecoveryStatus(ctx context.Context, _ struct{}) (LocalRecovery, error) {
	list, err := a.auth.Recoveries(ctx)
	if err != nil || len(list) == 0 {
		return LocalRecovery{}, err
	}
	return localRecovery(list[0]), nil
}

func (a *App) localRecoveryCancel(ctx context.Context, _ struct{}) (LocalRecovery, error) {
	r, err := a.auth.CancelRecoveryLocally(ctx, localActor(ctx))
	if err != nil {
		return LocalRecovery{}, err
	}
	return localRecovery(r), nil
}

func (a *App) localRecoveryFinish(ctx context.Context, _ struct{}) (LocalRecovered, error) {
	r, err := a.auth.FinishRecovery(ctx, localActor(ctx))
	if err != nil {
		return LocalRecovered{}, err
	}
	a.o.Log.WarnContext(ctx, "an account was recovered on the host", "account", r.Username)
	return LocalRecovered{Username: r.Username, Link: a.adminURL() + "/setup#" + r.SetupToken, Alone: r.Alone, Until: r.ExpiresAt}, nil
}

func (a *App) localRecoveryCodes(ctx context.Context, in LocalHostCode) ([]string, error) {
	return a.auth.NewHostCodes(ctx, localActor(ctx), in.Code)
}

// PrintHostCodes prints a set of codes and what they are for.
func PrintHostCodes(w io.Writer, codes []string) {
	if len(codes) == 0 {
		return
	}
	fmt.Fprintf(w, "Codes for the way out of a lock-out (wardline recover). They are shown once: print them, seal the envelope,\n"+
		"and keep it away from this machine. Each works once. A set that was printed before is worthless now.\n  %s\n",
		strings.Join(codes, "\n  "))
}
