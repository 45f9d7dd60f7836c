package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
)

func (a *API) registerAccountChanges() {
	register(a, operation{id: "list_account_changes", method: http.MethodGet, path: "/account-changes", tag: "people",
		summary: "Changes of rights that wait for a second person, or all of one account"}, mayFresh(auth.AccountsRead), a.listAccountChanges)
	register(a, operation{id: "approve_account_change", method: http.MethodPost, path: "/account-changes/{id}/approve", tag: "people",
		summary: "Agree to a change of rights as a second person",
		about:   "Takes a fresh proof of my own second factor. It is done at once, and roles that destroy begin to cool off."},
		mayFresh(auth.AccountsRead), a.approveAccountChange)
	register(a, operation{id: "deny_account_change", method: http.MethodPost, path: "/account-changes/{id}/deny", tag: "people",
		summary: "Say no to a change of rights as a second person, or take back my own"}, mayFresh(auth.AccountsRead), a.denyAccountChange)
}

// RightsView are roles and where they hold.
type RightsView struct {
	Roles     []auth.Role `json:"roles"`
	RoleWords []string    `json:"role_words"`
	Scope     ScopeView   `json:"scope"`
	Disabled  bool        `json:"disabled"`
}

func rightsView(r auth.Rights) RightsView {
	v := RightsView{Roles: r.Roles, Scope: scopeView(r.Scope), Disabled: r.Disabled}
	for _, role := range r.Roles {
		v.RoleWords = append(v.RoleWords, role.Words())
	}
	return v
}

// AccountChangeView is a change of somebody's rights that waits, or waited, for a
// second person.
type AccountChangeView struct {
	ID        auth.ChangeID    `json:"id"`
	Account   auth.AccountID   `json:"account_id"`
	Username  string           `json:"username"`
	Before    RightsView       `json:"before"`
	After     RightsView       `json:"after"`
	AskedBy   string           `json:"asked_by"`
	State     auth.ChangeState `json:"state" enum:"pending,approved,denied,withdrawn"`
	DecidedBy string           `json:"decided_by"`
	Why       string           `json:"why" doc:"Of a denial."`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
	DecidedAt *time.Time       `json:"decided_at" nullable:"true"`
	MayDecide bool             `json:"may_decide" doc:"Whether I can be the second person."`
}

func accountChangeView(p auth.Principal, c auth.PendingChange) AccountChangeView {
	second := auth.AuthoriseSecond(p, auth.AccountsManage, auth.Anywhere, auth.Asker{Account: c.AskedBy, Session: c.AskedIn})
	return AccountChangeView{ID: c.ID, Account: c.Account, Username: c.Username, Before: rightsView(c.Before), After: rightsView(c.After),
		AskedBy: c.AskedName, State: c.State, DecidedBy: c.DecidedName, Why: c.Why, CreatedAt: c.CreatedAt, ExpiresAt: c.ExpiresAt,
		DecidedAt: timeOrNil(c.DecidedAt), MayDecide: c.State == auth.ChangePending && c.Account != p.Account && second == nil}
}

type listAccountChangesInput struct {
	Account auth.AccountID `query:"account_id" maxLength:"64" doc:"All changes of this account, decided ones too."`
}

func (a *API) listAccountChanges(ctx context.Context, in *listAccountChangesInput) (*pageOutput[AccountChangeView], error) {
	p := principalOf(ctx)
	list, err := a.auth.AccountChanges(ctx, p, in.Account)
	if err != nil {
		return nil, err
	}
	views := make([]AccountChangeView, len(list))
	for i, c := range list {
		views[i] = accountChangeView(p, c)
	}
	return whole(views), nil
}

// AccountChangeInput names a change of rights.
type AccountChangeInput struct {
	ID auth.ChangeID `path:"id" maxLength:"64" doc:"Id of the change."`
}

type approveAccountChangeInput struct {
	AccountChangeInput
	Body ProofInput
}

func (a *API) approveAccountChange(ctx context.Context, in *approveAccountChangeInput) (*output[AccountChangeView], error) {
	p := principalOf(ctx)
	c, err := a.auth.ApproveChange(ctx, p, in.ID, in.Body.proof())
	if err != nil {
		return nil, err
	}
	return &output[AccountChangeView]{Body: accountChangeView(p, c)}, nil
}

type denyAccountChangeInput struct {
	AccountChangeInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) denyAccountChange(ctx context.Context, in *denyAccountChangeInput) (*output[AccountChangeView], error) {
	p := principalOf(ctx)
	c, err := a.auth.DenyChange(ctx, p, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &output[AccountChangeView]{Body: accountChangeView(p, c)}, nil
}
