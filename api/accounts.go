package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
)

func (a *API) registerAccounts() {
	register(a, operation{id: "list_accounts", method: http.MethodGet, path: "/accounts", tag: "people",
		summary: "List accounts by user name"}, may(auth.AccountsRead), a.listAccounts)
	register(a, operation{id: "get_account", method: http.MethodGet, path: "/accounts/{id}", tag: "people",
		summary: "One account"}, may(auth.SelfManage), a.getAccount)
	register(a, operation{id: "create_account", method: http.MethodPost, path: "/accounts", tag: "people", status: http.StatusCreated,
		summary: "Make an account",
		about:   "Without a password a set-up link is made; it is shown once. Past founding the roles wait for a security officer (account changes): until then the account has none."}, mayFresh(auth.AccountsManage), a.createAccount)
	register(a, operation{id: "update_account", method: http.MethodPatch, path: "/accounts/{id}", tag: "people",
		summary: "Change roles, scope, name or status of an account",
		about: "Taking rights away is done at once, and ends the account's sessions. What gives rights waits for a security officer (account changes), " +
			"except during founding. Nobody changes their own roles."}, mayFresh(auth.AccountsManage), a.updateAccount)
	register(a, operation{id: "new_setup_link", method: http.MethodPost, path: "/accounts/{id}/setup-link", tag: "people", status: http.StatusCreated,
		summary: "Make a link with which somebody chooses a new password"}, mayFresh(auth.AccountsManage), a.newSetupLink)
	register(a, operation{id: "reset_totp", method: http.MethodPost, path: "/accounts/{id}/reset-totp", tag: "people", status: http.StatusNoContent,
		summary: "Take away somebody's second factors, so that they can set up others",
		about:   "Authenticator app, passkeys and recovery codes. The account's roles cool off anew, and somebody has to confirm the person."}, mayFresh(auth.AccountsManage), a.resetTOTP)
	a.registerAccountChanges()
	a.registerRecoveries()
	register(a, operation{id: "list_vouches", method: http.MethodGet, path: "/vouches", tag: "people",
		summary: "Accounts with a new role that nobody has confirmed yet"}, mayFresh(auth.AccountsVouch), a.listVouches)
	register(a, operation{id: "vouch", method: http.MethodPost, path: "/accounts/{id}/vouch", tag: "people",
		summary: "Confirm that somebody is who their new role says",
		about: "Takes a fresh proof of my own second factor. Until somebody has confirmed the person, and until the role has cooled off, " +
			"it destroys nothing. Nobody confirms themselves, or a role that they gave."}, mayFresh(auth.AccountsVouch), a.vouch)
	register(a, operation{id: "list_roles", method: http.MethodGet, path: "/roles", tag: "people",
		summary: "The roles and what each may do"}, may(auth.SelfManage), a.listRoles)
	register(a, operation{id: "list_tokens", method: http.MethodGet, path: "/tokens", tag: "people",
		summary: "My API tokens, or with the right tokens.manage all"}, may(auth.TokensOwn), a.listTokens)
	register(a, operation{id: "create_token", method: http.MethodPost, path: "/tokens", tag: "people", status: http.StatusCreated,
		summary: "Make an API token", about: "It is shown once. It can do at most what its owner can, and never what takes a person."},
		mayFresh(auth.TokensOwn), a.createToken)
	register(a, operation{id: "revoke_token", method: http.MethodDelete, path: "/tokens/{id}", tag: "people", status: http.StatusNoContent,
		summary: "Revoke an API token"}, mayFresh(auth.TokensOwn), a.revokeToken)
}

// ScopeView limits where roles hold. An empty list does not limit.
type ScopeView struct {
	Sites   []device.PlaceID `json:"sites,omitempty"`
	Classes []device.Class   `json:"classes,omitempty"`
	Wards   []device.PlaceID `json:"wards,omitempty" doc:"A clinician's own wards."`
	Models  []device.ModelID `json:"models,omitempty" doc:"A vendor's models."`
	From    *time.Time       `json:"from,omitempty" doc:"A vendor's first day."`
	Until   *time.Time       `json:"until,omitempty" doc:"A vendor's last day."`
}

func scopeView(s auth.Scope) ScopeView {
	return ScopeView{Sites: s.Sites, Classes: s.Classes, Wards: s.Wards, Models: s.Models, From: timeOrNil(s.From), Until: timeOrNil(s.Until)}
}

func (v ScopeView) scope() auth.Scope {
	s := auth.Scope{Sites: v.Sites, Classes: v.Classes, Wards: v.Wards, Models: v.Models}
	if v.From != nil {
		s.From = v.From.UTC()
	}
	if v.Until != nil {
		s.Until = v.Until.UTC()
	}
	return s
}

// AccountView is a person's account, without secrets.
type AccountView struct {
	ID              auth.AccountID `json:"id"`
	Username        string         `json:"username"`
	Name            string         `json:"name"`
	Roles           []auth.Role    `json:"roles"`
	Scope           ScopeView      `json:"scope"`
	Disabled        bool           `json:"disabled"`
	Founder         bool           `json:"founder" doc:"The first admin."`
	HasPassword     bool           `json:"has_password"`
	HasSecondFactor bool           `json:"has_second_factor"`
	CreatedAt       time.Time      `json:"created_at"`
	LastSignInAt    *time.Time     `json:"last_sign_in_at" nullable:"true"`
	NewRoles        []NewRoleView  `json:"new_roles" doc:"Roles given lately: from good_from on they destroy, when somebody has confirmed the person."`
	Version         int            `json:"version" doc:"As in the ETag."`
}

// NewRoleView is a role that was given lately.
type NewRoleView struct {
	Role        auth.Role      `json:"role"`
	Words       string         `json:"words" speak:"words"`
	Since       time.Time      `json:"since"`
	GivenBy     string         `json:"given_by" doc:"Id of the account that gave it, or the host."`
	ConfirmedBy auth.AccountID `json:"confirmed_by" doc:"Empty: nobody has."`
	GoodFrom    *time.Time     `json:"good_from" nullable:"true"`
	NotBefore   *time.Time     `json:"not_before" doc:"When its time is over, whoever confirms the person; in the list of all accounts it is left out." nullable:"true"`
}

func accountView(x auth.Account) AccountView {
	v := AccountView{ID: x.ID, Username: x.Username, Name: x.Name, Roles: x.Roles, Scope: scopeView(x.Scope), Disabled: x.Disabled,
		Founder: x.Founder, HasPassword: x.HasPassword, HasSecondFactor: x.HasSecondFactor, CreatedAt: x.CreatedAt,
		LastSignInAt: timeOrNil(x.LastSignInAt), Version: x.Version}
	for _, c := range x.Cooling {
		v.NewRoles = append(v.NewRoles, NewRoleView{Role: c.Role, Words: c.Role.Words(), Since: c.Since, GivenBy: c.By,
			ConfirmedBy: c.VouchedBy, GoodFrom: timeOrNil(c.GoodFrom),
			NotBefore: timeOrNil(c.NotBefore)})
	}
	return v
}

type listAccountsInput struct {
	PageInput
	Q    string    `query:"q" maxLength:"200" doc:"Searched for in user name and name."`
	Role auth.Role `query:"role" maxLength:"40"`
	// Words in place of yes and no: what is not asked about does not limit.
	Status string `query:"status" enum:"active,disabled"`
	Factor string `query:"second_factor" enum:"with,without" doc:"Whether the person has an authenticator app or a passkey."`
}

func (in *listAccountsInput) query() auth.AccountQuery {
	// One more than asked for tells whether there is another page.
	q := auth.AccountQuery{Search: in.Q, Role: in.Role, Limit: in.Limit + 1, After: in.Cursor}
	if in.Status != "" {
		disabled := in.Status == "disabled"
		q.Disabled = &disabled
	}
	if in.Factor != "" {
		with := in.Factor == "with"
		q.SecondFactor = &with
	}
	return q
}

func (a *API) listAccounts(ctx context.Context, in *listAccountsInput) (*pageOutput[AccountView], error) {
	accounts, total, err := a.auth.Accounts(ctx, principalOf(ctx), in.query())
	if err != nil {
		return nil, err
	}
	out := &pageOutput[AccountView]{Body: Page[AccountView]{Total: total}}
	for i, x := range accounts {
		if i == in.Limit {
			out.Body.NextCursor = accounts[i-1].Username
			break
		}
		out.Body.Items = append(out.Body.Items, accountView(x))
	}
	return out, nil
}

// AccountInput names an account.
type AccountInput struct {
	ID auth.AccountID `path:"id" maxLength:"64" doc:"Id of the account."`
}

func (a *API) getAccount(ctx context.Context, in *AccountInput) (*versioned[AccountView], error) {
	x, err := a.auth.Account(ctx, principalOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &versioned[AccountView]{ETag: etag(x.Version), Body: accountView(x)}, nil
}

type createAccountInput struct {
	IdempotentInput
	Body struct {
		Username string      `json:"username" minLength:"1" maxLength:"64"`
		Name     string      `json:"name" minLength:"1" maxLength:"200"`
		Roles    []auth.Role `json:"roles" minItems:"1" maxItems:"10"`
		Scope    *ScopeView  `json:"scope,omitempty"`
		Password string      `json:"password,omitempty" maxLength:"1024" doc:"Leave it out to get a set-up link."`
	}
}

// NewAccountView is a new account with its set-up link.
type NewAccountView struct {
	AccountView
	SetupToken  string     `json:"setup_token" doc:"Shown once: the person redeems it at POST /auth/set-up. Empty when a password was given, and when this request is a repetition."`
	SetupEndsAt *time.Time `json:"setup_ends_at" doc:"Until when it is good." nullable:"true"`
}

// setupEnds says until when a set-up link that was made now is good.
func (a *API) setupEnds(token string) *time.Time {
	if token == "" {
		return nil
	}
	ends := a.now().Add(auth.SetupLinkLife).UTC()
	return &ends
}

func (a *API) createAccount(ctx context.Context, in *createAccountInput) (*versioned[NewAccountView], error) {
	p, b, setupToken := principalOf(ctx), in.Body, ""
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		n := auth.NewAccount{Username: b.Username, Name: b.Name, Roles: b.Roles, Password: b.Password}
		if b.Scope != nil {
			n.Scope = b.Scope.scope()
		}
		made, err := a.auth.CreateAccount(ctx, p, n)
		setupToken = made.SetupToken
		return "account:" + string(made.Account.ID), err
	})
	if err != nil {
		return nil, err
	}
	x, err := a.auth.Account(ctx, p, auth.AccountID(id))
	if err != nil {
		return nil, err
	}
	return &versioned[NewAccountView]{ETag: etag(x.Version), Body: NewAccountView{AccountView: accountView(x), SetupToken: setupToken,
		SetupEndsAt: a.setupEnds(setupToken)}}, nil
}

type updateAccountInput struct {
	AccountInput
	MatchInput
	Body struct {
		Name     *string      `json:"name,omitempty" maxLength:"200"`
		Roles    *[]auth.Role `json:"roles,omitempty" maxItems:"10"`
		Scope    *ScopeView   `json:"scope,omitempty"`
		Disabled *bool        `json:"disabled,omitempty"`
	}
}

func (a *API) updateAccount(ctx context.Context, in *updateAccountInput) (*versioned[AccountView], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		c := auth.AccountChange{Name: in.Body.Name, Roles: in.Body.Roles, Disabled: in.Body.Disabled, IfVersion: version}
		if in.Body.Scope != nil {
			s := in.Body.Scope.scope()
			c.Scope = &s
		}
		_, err := a.auth.ChangeAccount(ctx, principalOf(ctx), in.ID, c)
		return "account:" + string(in.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getAccount(ctx, &in.AccountInput)
}

// SetupLinkView is a link with which somebody chooses a password.
type SetupLinkView struct {
	SetupToken  string     `json:"setup_token" doc:"Shown once; a later one replaces it."`
	SetupEndsAt *time.Time `json:"setup_ends_at" doc:"Until when it is good." nullable:"true"`
}

func (a *API) newSetupLink(ctx context.Context, in *AccountInput) (*output[SetupLinkView], error) {
	token, err := a.auth.NewSetupLink(ctx, principalOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &output[SetupLinkView]{Body: SetupLinkView{SetupToken: token, SetupEndsAt: a.setupEnds(token)}}, nil
}

func (a *API) resetTOTP(ctx context.Context, in *AccountInput) (*empty, error) {
	return nil, a.auth.ResetFactors(ctx, principalOf(ctx), in.ID)
}

func (a *API) listVouches(ctx context.Context, _ *struct{}) (*pageOutput[AccountView], error) {
	list, err := a.auth.Vouchable(ctx, principalOf(ctx))
	if err != nil {
		return nil, err
	}
	views := make([]AccountView, len(list))
	for i, x := range list {
		views[i] = accountView(x)
	}
	return whole(views), nil
}

type vouchInput struct {
	AccountInput
	Body ProofInput
}

func (a *API) vouch(ctx context.Context, in *vouchInput) (*versioned[AccountView], error) {
	x, err := a.auth.Vouch(ctx, principalOf(ctx), in.ID, in.Body.proof())
	if err != nil {
		return nil, err
	}
	return &versioned[AccountView]{ETag: etag(x.Version), Body: accountView(x)}, nil
}

// RoleView is a role and what it may do.
type RoleView struct {
	Role   auth.Role                      `json:"role"`
	Words  string                         `json:"words" speak:"words"`
	Grants map[auth.Permission]auth.Grant `json:"grants" doc:"ask, ask_own, ask_ward, ask_named, second (only as second person) or ask_second."`
}

func (a *API) listRoles(context.Context, *struct{}) (*pageOutput[RoleView], error) {
	var views []RoleView
	for _, r := range auth.Roles() {
		v := RoleView{Role: r, Words: r.Words(), Grants: map[auth.Permission]auth.Grant{}}
		for _, p := range auth.Permissions() {
			if g := auth.GrantOf(p, r); g != auth.GrantNone {
				v.Grants[p] = g
			}
		}
		views = append(views, v)
	}
	return whole(views), nil
}

// TokenView is an API token, without its secret.
type TokenView struct {
	ID         auth.TokenID      `json:"id"`
	Account    auth.AccountID    `json:"account_id"`
	Name       string            `json:"name"`
	Can        []auth.Permission `json:"permissions"`
	Kinds      []device.Kind     `json:"kinds" doc:"The kinds of command that it may ask for."`
	Sites      []device.PlaceID  `json:"sites"`
	Classes    []device.Class    `json:"classes"`
	CreatedAt  time.Time         `json:"created_at"`
	ExpiresAt  time.Time         `json:"expires_at"`
	LastUsedAt *time.Time        `json:"last_used_at" doc:"To the hour." nullable:"true"`
	RevokedAt  *time.Time        `json:"revoked_at" nullable:"true"`
}

func tokenView(t auth.Token) TokenView {
	return TokenView{ID: t.ID, Account: t.Account, Name: t.Name, Can: t.Scope.Permissions, Kinds: t.Scope.Kinds,
		Sites: t.Scope.Sites, Classes: t.Scope.Classes, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
		LastUsedAt: timeOrNil(t.LastUsedAt), RevokedAt: timeOrNil(t.RevokedAt)}
}

type listTokensInput struct {
	All bool `query:"all" doc:"Everybody's; needs the right tokens.manage."`
}

func (a *API) listTokens(ctx context.Context, in *listTokensInput) (*pageOutput[TokenView], error) {
	p := principalOf(ctx)
	whose := p.Account
	if in.All {
		whose = ""
	}
	tokens, err := a.auth.Tokens(ctx, p, whose)
	if err != nil {
		return nil, err
	}
	views := make([]TokenView, len(tokens))
	for i, t := range tokens {
		views[i] = tokenView(t)
	}
	return whole(views), nil
}

type createTokenInput struct {
	IdempotentInput
	Body struct {
		Name    string            `json:"name" minLength:"1" maxLength:"100" doc:"What will use it."`
		Can     []auth.Permission `json:"permissions" minItems:"1" maxItems:"100"`
		Kinds   []device.Kind     `json:"kinds,omitempty" maxItems:"40"`
		Sites   []device.PlaceID  `json:"sites,omitempty" maxItems:"100"`
		Classes []device.Class    `json:"classes,omitempty" maxItems:"20"`
		Days    int               `json:"expires_in_days" minimum:"1" maximum:"366"`
	}
}

// NewTokenView is a new API token.
type NewTokenView struct {
	TokenView
	Token string `json:"token" doc:"Shown once; empty when this request is a repetition."`
}

func (a *API) createToken(ctx context.Context, in *createTokenInput) (*output[NewTokenView], error) {
	p, b := principalOf(ctx), in.Body
	var made NewTokenView
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		t, text, err := a.auth.CreateToken(ctx, p, auth.NewToken{Name: b.Name, ExpiresIn: time.Duration(b.Days) * 24 * time.Hour,
			Scope: auth.TokenScope{Permissions: b.Can, Kinds: b.Kinds, Sites: b.Sites, Classes: b.Classes}})
		made = NewTokenView{TokenView: tokenView(t), Token: text}
		return "token:" + string(t.ID), err
	})
	if err != nil {
		return nil, err
	}
	if made.Token == "" {
		tokens, err := a.auth.Tokens(ctx, p, p.Account)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens {
			if string(t.ID) == id {
				made.TokenView = tokenView(t)
			}
		}
	}
	return &output[NewTokenView]{Body: made}, nil
}

type tokenInput struct {
	ID auth.TokenID `path:"id" maxLength:"64" doc:"Id of the token."`
}

func (a *API) revokeToken(ctx context.Context, in *tokenInput) (*empty, error) {
	return nil, a.auth.RevokeToken(ctx, principalOf(ctx), in.ID)
}
