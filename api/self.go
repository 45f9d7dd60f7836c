package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
)

// Self-service: what people do for themselves, on the public listener, with
// sessions that are nothing on the console's.

func (a *API) registerSelf() {
	register(a, operation{id: "get_self_service", method: http.MethodGet, path: "/self/about", tag: "self-service",
		summary: "What self-service has to know before anybody signs in", about: "Whose it is, and whom to call. On the public listener."},
		anyoneOutside, a.aboutSelf)
	register(a, operation{id: "begin_self_service", method: http.MethodPost, path: "/self/sign-in", tag: "self-service",
		summary: "Sign in to self-service",
		about: "With every factor that the account has. The session lasts 30 minutes; the rotating cookie brings access tokens. " +
			"Whatever is wrong, the answer is the same. On the public listener."}, anyoneOutside, a.signInSelf)
	register(a, operation{id: "refresh_self_service", method: http.MethodPost, path: "/self/refresh", tag: "self-service",
		summary: "Exchange the cookie for a new access token", about: "On the public listener."}, anyoneOutside, a.refreshSelf)
	register(a, operation{id: "end_self_service", method: http.MethodPost, path: "/self/sign-out", tag: "self-service", status: http.StatusNoContent,
		summary: "End this session", about: "Also one of POST /auth/lost. On the public listener."}, maySelf(auth.SelfReportLost), a.signOutSelf)
	register(a, operation{id: "get_self", method: http.MethodGet, path: "/self/me", tag: "self-service",
		summary: "Who I am to self-service", about: "On the public listener."}, maySelf(auth.SelfReportLost), a.self)
	register(a, operation{id: "begin_own_loss", method: http.MethodPost, path: "/auth/lost", tag: "self-service",
		summary: "Sign in with the password alone, or with a code of the help desk, to report a loss",
		about: "The session is good for 10 minutes, for list_own_devices and for reporting one device; for nothing else. " +
			"On the public listener."}, anyoneOutside, a.beginOwnLoss)
}

// SelfService is what self-service says of itself.
type SelfService struct {
	Product      string    `json:"product"`
	Organization string    `json:"organization" doc:"The hospital's name."`
	HelpPhone    string    `json:"help_phone" doc:"Whom to call; empty where the operator has named nobody."`
	Demo         bool      `json:"demo"`
	ServerTime   time.Time `json:"server_time"`
}

func (a *API) aboutSelf(context.Context, *struct{}) (*output[SelfService], error) {
	var s Settings
	if a.settings != nil {
		s = a.settings()
	}
	return &output[SelfService]{Body: SelfService{Product: ProductName, Organization: s.Organization, HelpPhone: s.HelpPhone, Demo: s.Demo,
		ServerTime: a.now().UTC()}}, nil
}

// The cookies have names of their own: a browser does not tell the listeners'
// ports apart.
const (
	selfCookie      = "wardline_self"
	selfKnownCookie = "wardline_self_known"
	selfCookiePath  = prefix + "/self"
)

const viaSelf = "self-service"

type selfSignInInput struct {
	Known string `cookie:"wardline_self_known" doc:"Set at an earlier sign-in; somebody who guesses passwords then never locks this client out."`
	Body  struct {
		Username string `json:"username" minLength:"1" maxLength:"200"`
		Password string `json:"password" minLength:"1" maxLength:"1024"`
		OTP      string `json:"otp,omitempty" maxLength:"32" doc:"The one-time code, or a recovery code, where the account has a second factor."`
	}
}

func (a *API) signInSelf(ctx context.Context, in *selfSignInInput) (*tokenOutput, error) {
	client := clientOf(ctx)
	g, err := a.auth.Login(ctx, auth.Login{Audience: auth.AudiencePublic, Username: in.Body.Username, Password: in.Body.Password, OTP: in.Body.OTP,
		Remote: client.remote, UserAgent: client.agent, KnownDevice: in.Known, Via: viaSelf})
	if err != nil {
		return nil, err
	}
	return a.selfTokens(g), nil
}

func (a *API) selfTokens(g auth.Granted) *tokenOutput {
	out := &tokenOutput{Body: TokenAnswer{AccessToken: g.AccessToken, ExpiresIn: int(g.ExpiresIn / time.Second)}}
	out.SetCookie = append(out.SetCookie, cookie(selfCookie, g.RefreshToken, selfCookiePath, g.RefreshExpires.Sub(a.now())))
	if g.KnownDevice != "" {
		out.SetCookie = append(out.SetCookie, cookie(selfKnownCookie, g.KnownDevice, selfCookiePath, auth.KnownDeviceLife))
	}
	return out
}

type selfRefreshInput struct {
	Refresh string `cookie:"wardline_self"`
}

func (a *API) refreshSelf(ctx context.Context, in *selfRefreshInput) (*tokenOutput, error) {
	g, err := a.auth.Refresh(ctx, auth.AudiencePublic, in.Refresh, clientOf(ctx).remote, viaSelf)
	if err != nil {
		return nil, err
	}
	return a.selfTokens(g), nil
}

func (a *API) signOutSelf(ctx context.Context, _ *struct{}) (*emptyWithCookie, error) {
	if err := a.auth.Logout(ctx, principalOf(ctx)); err != nil {
		return nil, err
	}
	return &emptyWithCookie{SetCookie: []string{cookie(selfCookie, "", selfCookiePath, 0)}}, nil
}

// SelfView is the person who uses self-service.
type SelfView struct {
	Username   string   `json:"username"`
	Name       string   `json:"name"`
	Wards      []string `json:"wards" doc:"The wards whose shared handhelds are mine to report."`
	TwoFactors bool     `json:"two_factors" doc:"This session was opened with a second factor."`
	OneAct     bool     `json:"one_act" doc:"This session can report one loss, and nothing else."`
}

func (a *API) self(ctx context.Context, _ *struct{}) (*output[SelfView], error) {
	p := principalOf(ctx)
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	v := SelfView{Username: p.Username, Name: p.Name, TwoFactors: p.TwoFactors(), OneAct: p.Audience == auth.AudienceLost}
	for _, id := range p.Scope.Wards {
		if ward, ok := tree.Place(id); ok {
			v.Wards = append(v.Wards, ward.Name)
		}
	}
	return &output[SelfView]{Body: v}, nil
}

type beginOwnLossInput struct {
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"200"`
		Password string `json:"password,omitempty" maxLength:"1024" doc:"Give this or code."`
		Code     string `json:"code,omitempty" maxLength:"16" doc:"That the help desk read out; it is good once."`
	}
}

func (a *API) beginOwnLoss(ctx context.Context, in *beginOwnLossInput) (*output[TokenAnswer], error) {
	client := clientOf(ctx)
	g, err := a.auth.LoginForLoss(ctx, auth.Login{Username: in.Body.Username, Password: in.Body.Password, LossCode: in.Body.Code,
		Remote: client.remote, UserAgent: client.agent, Via: viaSelf})
	if err != nil {
		return nil, err
	}
	return &output[TokenAnswer]{Body: TokenAnswer{AccessToken: g.AccessToken, ExpiresIn: int(g.ExpiresIn / time.Second)}}, nil
}
