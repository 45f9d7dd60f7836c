package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
)

func (a *API) registerPeople() {
	register(a, operation{id: "login", method: http.MethodPost, path: "/auth/login", tag: "sign-in",
		summary: "Sign in",
		about:   "Sets the rotating refresh cookie. Whatever is wrong, the answer is the same."}, anyone, a.login)
	register(a, operation{id: "refresh", method: http.MethodPost, path: "/auth/refresh", tag: "sign-in",
		summary: "Exchange the refresh cookie for a new access token",
		about:   "Each refresh cookie is good once; one that is used twice ends the session."}, anyone, a.refresh)
	register(a, operation{id: "logout", method: http.MethodPost, path: "/auth/logout", tag: "sign-in", status: http.StatusNoContent,
		summary: "End this session"}, mayFresh(auth.SelfManage), a.logout)
	register(a, operation{id: "step_up", method: http.MethodPost, path: "/auth/step-up", tag: "sign-in",
		summary: "Prove the second factor for one device or one batch",
		about:   "With a one-time code, or the answer of a passkey to a question for just this (ask_passkey). Send step_up in the header Wardline-Step-Up."}, mayFresh(auth.SelfManage), a.stepUp)
	register(a, operation{id: "get_me", method: http.MethodGet, path: "/auth/me", tag: "sign-in",
		summary: "Who I am and what I may do"}, mayFresh(auth.SelfManage), a.me)
	register(a, operation{id: "change_password", method: http.MethodPost, path: "/auth/password", tag: "sign-in", status: http.StatusNoContent,
		summary: "Change my password", about: "All my other sessions end."}, mayFresh(auth.SelfManage), a.changePassword)
	register(a, operation{id: "begin_totp", method: http.MethodPost, path: "/auth/totp", tag: "sign-in",
		summary: "Begin to set up an authenticator app", about: "The seed is shown once."}, mayFresh(auth.SelfManage), a.beginTOTP)
	register(a, operation{id: "confirm_totp", method: http.MethodPost, path: "/auth/totp/confirm", tag: "sign-in", status: http.StatusNoContent,
		summary: "Confirm the authenticator app with its first code"}, mayFresh(auth.SelfManage), a.confirmTOTP)
	register(a, operation{id: "set_up_account", method: http.MethodPost, path: "/auth/set-up", tag: "sign-in", status: http.StatusNoContent,
		summary: "Redeem a set-up link: choose a password"}, anyone, a.setUp)
	a.registerFactors()
	register(a, operation{id: "list_sessions", method: http.MethodGet, path: "/sessions", tag: "sign-in",
		summary: "My sessions, or with the right sessions.manage somebody else's"}, mayFresh(auth.SelfManage), a.listSessions)
	register(a, operation{id: "end_session", method: http.MethodDelete, path: "/sessions/{id}", tag: "sign-in", status: http.StatusNoContent,
		summary: "End a session"}, mayFresh(auth.SelfManage), a.endSession)
}

type loginInput struct {
	Known string `cookie:"wardline_known" doc:"Set at an earlier sign-in; somebody who guesses passwords then never locks this client out."`
	Body  struct {
		Username string `json:"username" maxLength:"200" doc:"Empty when a passkey alone signs in."`
		Password string `json:"password" maxLength:"1024" doc:"Empty when a passkey alone signs in."`
		ProofInput
	}
}

// TokenAnswer is an access token.
type TokenAnswer struct {
	AccessToken string `json:"access_token" doc:"Send it as Authorization: Bearer."`
	ExpiresIn   int    `json:"expires_in" doc:"Seconds."`
}

type tokenOutput struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      TokenAnswer
}

const (
	refreshCookie = "wardline_refresh"
	knownCookie   = "wardline_known"
	cookiePath    = prefix + "/auth"
)

// cookie makes a cookie that scripts cannot read, that travels over TLS only and
// that no other site can cause to be sent.
func cookie(name, value, path string, life time.Duration) string {
	c := http.Cookie{Name: name, Value: value, Path: path, MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: true, SameSite: http.SameSiteStrictMode}
	if life <= 0 {
		c.MaxAge = -1
	}
	return c.String()
}

func (a *API) tokens(g auth.Granted) *tokenOutput {
	out := &tokenOutput{Body: TokenAnswer{AccessToken: g.AccessToken, ExpiresIn: int(g.ExpiresIn / time.Second)}}
	out.SetCookie = append(out.SetCookie, cookie(refreshCookie, g.RefreshToken, cookiePath, g.RefreshExpires.Sub(a.now())))
	if g.KnownDevice != "" {
		out.SetCookie = append(out.SetCookie, cookie(knownCookie, g.KnownDevice, cookiePath, auth.KnownDeviceLife))
	}
	return out
}

func (a *API) login(ctx context.Context, in *loginInput) (*tokenOutput, error) {
	client := clientOf(ctx)
	g, err := a.auth.Login(ctx, auth.Login{Audience: auth.AudienceAdmin, Username: in.Body.Username, Password: in.Body.Password,
		OTP: in.Body.OTP, Passkey: in.Body.proof().Passkey, Remote: client.remote, UserAgent: client.agent, KnownDevice: in.Known, Via: client.via})
	if err != nil {
		return nil, err
	}
	return a.tokens(g), nil
}

type refreshInput struct {
	Refresh string `cookie:"wardline_refresh"`
}

func (a *API) refresh(ctx context.Context, in *refreshInput) (*tokenOutput, error) {
	client := clientOf(ctx)
	g, err := a.auth.Refresh(ctx, auth.AudienceAdmin, in.Refresh, client.remote, client.via)
	if err != nil {
		return nil, err
	}
	return a.tokens(g), nil
}

type emptyWithCookie struct {
	SetCookie []string `header:"Set-Cookie"`
}

func (a *API) logout(ctx context.Context, _ *struct{}) (*emptyWithCookie, error) {
	if err := a.auth.Logout(ctx, principalOf(ctx)); err != nil {
		return nil, err
	}
	return &emptyWithCookie{SetCookie: []string{cookie(refreshCookie, "", cookiePath, 0)}}, nil
}

// WaitView is a role that is too new to destroy anything with.
type WaitView struct {
	Role      auth.Role `json:"role"`
	Words     string    `json:"words" speak:"words"`
	GoodFrom  time.Time `json:"good_from" doc:"When its time is over."`
	Confirmed bool      `json:"confirmed" doc:"Whether somebody has confirmed me; without that the time alone is not enough."`
}

// Me is the person who asks.
type Me struct {
	ID              auth.AccountID    `json:"id"`
	Username        string            `json:"username"`
	Name            string            `json:"name"`
	Roles           []auth.Role       `json:"roles"`
	RoleWords       []string          `json:"role_words" speak:"words"`
	Scope           auth.Scope        `json:"scope"`
	Permissions     []auth.Permission `json:"permissions" doc:"What I may do somewhere; scope still narrows it."`
	TokenCan        []auth.Permission `json:"token_permissions" doc:"What an API token of mine can be given."`
	HasSecondFactor bool              `json:"has_second_factor"`
	Factor          auth.Factor       `json:"factor" doc:"How I signed in."`
	SessionID       auth.SessionID    `json:"session_id"`
	Founding        bool              `json:"founding" doc:"The hospital has not yet got two approvers: as first admin I also act as IT and biomed."`
	FoundingEnds    *time.Time        `json:"founding_ends_at" doc:"When founding ends at the latest; it ends earlier with the second approver, and never comes back." nullable:"true"`
	FoundingLeft    int               `json:"founding_devices_left" doc:"On how many devices more I may act during founding."`
	Waiting         []WaitView        `json:"waiting" doc:"My roles that are new: they destroy nothing yet."`
}

func (a *API) me(ctx context.Context, _ *struct{}) (*output[Me], error) {
	p := principalOf(ctx)
	m := Me{ID: p.Account, Username: p.Username, Name: p.Name, Roles: p.Roles, Scope: p.Scope, Permissions: auth.PermissionsOf(p),
		HasSecondFactor: p.HasSecondFactor, Factor: p.Factor, SessionID: p.Session, Founding: p.Founding,
		FoundingEnds: timeOrNil(p.FoundingEnds), FoundingLeft: p.FoundingLeft}
	for _, w := range p.Waiting {
		m.Waiting = append(m.Waiting, WaitView{Role: w.Role, Words: w.Role.Words(), GoodFrom: w.Until, Confirmed: w.Confirmed})
	}
	for _, permission := range m.Permissions {
		if auth.TokenCan(permission) {
			m.TokenCan = append(m.TokenCan, permission)
		}
	}
	for _, r := range p.Roles {
		m.RoleWords = append(m.RoleWords, r.Words())
	}
	return &output[Me]{Body: m}, nil
}

type passwordInput struct {
	Body struct {
		Present string `json:"present" minLength:"1" maxLength:"1024" doc:"The present password."`
		New     string `json:"new" minLength:"1" maxLength:"1024"`
	}
}

func (a *API) changePassword(ctx context.Context, in *passwordInput) (*empty, error) {
	return nil, a.auth.ChangePassword(ctx, principalOf(ctx), in.Body.Present, in.Body.New)
}

type beginTOTPInput struct {
	Body struct {
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		ProofInput
	}
}

// TOTPSeed is a new factor that waits for its first code.
type TOTPSeed struct {
	Seed string `json:"seed" doc:"Base32, for typing."`
	URL  string `json:"url" doc:"otpauth://, for a QR code."`
	QR   string `json:"qr" doc:"The URL as a picture: a data URL of a PNG."`
}

func (a *API) beginTOTP(ctx context.Context, in *beginTOTPInput) (*output[TOTPSeed], error) {
	e, err := a.auth.EnrolTOTP(ctx, principalOf(ctx), in.Body.Password, in.Body.proof())
	if err != nil {
		return nil, err
	}
	picture, err := qrCode(e.URL)
	if err != nil {
		return nil, err
	}
	return &output[TOTPSeed]{Body: TOTPSeed{Seed: e.Seed, URL: e.URL, QR: pngURL(picture)}}, nil
}

type confirmTOTPInput struct {
	Body struct {
		OTP string `json:"otp" minLength:"6" maxLength:"16"`
	}
}

func (a *API) confirmTOTP(ctx context.Context, in *confirmTOTPInput) (*empty, error) {
	return nil, a.auth.ConfirmTOTP(ctx, principalOf(ctx), in.Body.OTP)
}

type setUpInput struct {
	Body struct {
		Token    string `json:"token" minLength:"1" maxLength:"200" doc:"From the link."`
		Username string `json:"username,omitempty" maxLength:"64" doc:"Only for the first administrator's link."`
		Name     string `json:"name,omitempty" maxLength:"200" doc:"Only for the first administrator's link."`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
	}
}

func (a *API) setUp(ctx context.Context, in *setUpInput) (*empty, error) {
	client := clientOf(ctx)
	_, err := a.auth.SetUp(ctx, auth.SetUp{Token: in.Body.Token, Username: in.Body.Username, Name: in.Body.Name,
		Password: in.Body.Password, Remote: client.remote, Via: client.via})
	return nil, err
}

// SessionView is one session.
type SessionView struct {
	ID        auth.SessionID `json:"id"`
	Account   auth.AccountID `json:"account_id"`
	Audience  auth.Audience  `json:"audience"`
	Factor    auth.Factor    `json:"factor"`
	Source    string         `json:"source" doc:"Network address it was opened from."`
	UserAgent string         `json:"user_agent"`
	CreatedAt time.Time      `json:"created_at"`
	LastUsed  time.Time      `json:"last_refreshed_at"`
	ExpiresAt time.Time      `json:"expires_at"`
	Present   bool           `json:"present" doc:"The session that asks."`
}

// SessionsInput says whose sessions.
type SessionsInput struct {
	Account auth.AccountID `query:"account_id" maxLength:"64" doc:"Default: my own."`
}

func (in SessionsInput) account(p auth.Principal) auth.AccountID {
	if in.Account == "" {
		return p.Account
	}
	return in.Account
}

func (a *API) listSessions(ctx context.Context, in *SessionsInput) (*pageOutput[SessionView], error) {
	p := principalOf(ctx)
	sessions, err := a.auth.Sessions(ctx, p, in.account(p))
	if err != nil {
		return nil, err
	}
	views := make([]SessionView, len(sessions))
	for i, s := range sessions {
		views[i] = SessionView{ID: s.ID, Account: s.Account, Audience: s.Audience, Factor: s.Factor, Source: s.Source,
			UserAgent: s.UserAgent, CreatedAt: s.CreatedAt, LastUsed: s.RefreshAt, ExpiresAt: s.ExpiresAt, Present: s.ID == p.Session}
	}
	return whole(views), nil
}

type endSessionInput struct {
	SessionsInput
	ID auth.SessionID `path:"id" maxLength:"64" doc:"Id of the session; others stands for all but the present one."`
}

func (a *API) endSession(ctx context.Context, in *endSessionInput) (*empty, error) {
	p := principalOf(ctx)
	only := in.ID
	if only == "others" {
		only = ""
	}
	n, err := a.auth.EndSession(ctx, p, in.account(p), only)
	if err == nil && n == 0 && only != "" {
		return nil, fault.CodeNotFound.New("There is no such open session.")
	}
	return nil, err
}

type stepUpRequestInput struct {
	Body struct {
		ProofInput
		DeviceID device.ID `json:"device_id,omitempty" maxLength:"64" doc:"Give this or batch_id."`
		BatchID  string    `json:"batch_id,omitempty" maxLength:"64" doc:"As in the answer step_up_required to the batch."`
	}
}

// StepUpAnswer is a step-up.
type StepUpAnswer struct {
	StepUp    string    `json:"step_up" doc:"Send it in the header Wardline-Step-Up."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) stepUp(ctx context.Context, in *stepUpRequestInput) (*output[StepUpAnswer], error) {
	value, expires, err := a.auth.StepUp(ctx, principalOf(ctx), in.Body.proof(),
		auth.Subject{Device: in.Body.DeviceID, Batch: in.Body.BatchID})
	if err != nil {
		return nil, err
	}
	return &output[StepUpAnswer]{Body: StepUpAnswer{StepUp: value, ExpiresAt: expires}}, nil
}
