package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
)

func (a *API) registerFactors() {
	register(a, operation{id: "ask_passkey_to_sign_in", method: http.MethodPost, path: "/auth/passkeys/sign-in-question", tag: "sign-in",
		summary: "A question to whatever passkey the browser has",
		about:   "Its answer goes to POST /auth/login, alone or beside user name and password."}, anyone, a.askPasskeyToSignIn)
	register(a, operation{id: "ask_passkey", method: http.MethodPost, path: "/auth/passkeys/question", tag: "sign-in",
		summary: "A question to one of my passkeys, to confirm exactly one thing",
		about:   "The answer is good once, in this session, within five minutes, and for nothing but what was named."}, mayFresh(auth.SelfManage), a.askPasskey)
	register(a, operation{id: "begin_passkey", method: http.MethodPost, path: "/auth/passkeys/registration-question", tag: "sign-in",
		summary: "Begin to register a passkey"}, mayFresh(auth.SelfManage), a.beginPasskey)
	register(a, operation{id: "add_passkey", method: http.MethodPost, path: "/auth/passkeys", tag: "sign-in", status: http.StatusCreated,
		summary: "Register a passkey", about: "For a day it signs in and confirms nothing that destroys; the factors of before stay good. All my other sessions end."},
		mayFresh(auth.SelfManage), a.addPasskey)
	register(a, operation{id: "get_factors", method: http.MethodGet, path: "/auth/factors", tag: "sign-in",
		summary: "My second factors"}, mayFresh(auth.SelfManage), a.getFactors)
	register(a, operation{id: "remove_factor", method: http.MethodPost, path: "/auth/factors/{id}/remove", tag: "sign-in", status: http.StatusNoContent,
		summary: "Remove one of my factors", about: "All my other sessions end. The last factor stays."}, mayFresh(auth.SelfManage), a.removeFactor)
	register(a, operation{id: "make_recovery_codes", method: http.MethodPost, path: "/auth/recovery-codes", tag: "sign-in", status: http.StatusCreated,
		summary: "Make ten recovery codes", about: "They are shown once, and each works once in place of a one-time code. Those of before stay good for a day."},
		mayFresh(auth.SelfManage), a.makeRecoveryCodes)
}

// PasskeyAnswer is what a browser's authenticator answered.
type PasskeyAnswer struct {
	Ceremony   string          `json:"ceremony" minLength:"1" maxLength:"100" doc:"As it came with the question."`
	Credential json.RawMessage `json:"credential" doc:"The credential as PublicKeyCredential.toJSON gives it."`
}

func (in *PasskeyAnswer) assertion() *auth.Assertion {
	if in == nil {
		return nil
	}
	return &auth.Assertion{Ceremony: in.Ceremony, Response: in.Credential}
}

// ProofInput is a fresh proof of the second factor: one of the two.
type ProofInput struct {
	OTP     string         `json:"otp,omitempty" maxLength:"16" doc:"One-time code of the authenticator app, or a recovery code."`
	Passkey *PasskeyAnswer `json:"passkey,omitempty" doc:"In place of the code."`
}

func (in ProofInput) proof() auth.Proof {
	return auth.Proof{OTP: in.OTP, Passkey: in.Passkey.assertion()}
}

// PasskeyQuestion is a question to an authenticator.
type PasskeyQuestion struct {
	Ceremony  string          `json:"ceremony" doc:"Send it with the answer."`
	PublicKey json.RawMessage `json:"public_key" doc:"For navigator.credentials, as PublicKeyCredential.parse...OptionsFromJSON takes it."`
}

func askedView(q auth.Asked, err error) (*output[PasskeyQuestion], error) {
	if err != nil {
		return nil, err
	}
	return &output[PasskeyQuestion]{Body: PasskeyQuestion{Ceremony: q.Ceremony, PublicKey: q.Question}}, nil
}

func (a *API) askPasskeyToSignIn(ctx context.Context, _ *struct{}) (*output[PasskeyQuestion], error) {
	return askedView(a.auth.BeginPasskeySignIn(ctx))
}

type askPasskeyInput struct {
	Body struct {
		DeviceID device.ID      `json:"device_id,omitempty" maxLength:"64" doc:"For POST /auth/step-up for one device."`
		BatchID  string         `json:"batch_id,omitempty" maxLength:"64" doc:"For POST /auth/step-up for one batch."`
		UserCode string         `json:"user_code,omitempty" maxLength:"16" doc:"For a step-up that waits to be confirmed."`
		Vouch    auth.AccountID `json:"vouch,omitempty" maxLength:"64" doc:"For POST /accounts/{id}/vouch."`
		Change   auth.ChangeID  `json:"account_change,omitempty" maxLength:"64" doc:"For POST /account-changes/{id}/approve."`
		Factors  bool           `json:"factors,omitempty" doc:"For changing my own factors."`
	}
}

func (a *API) askPasskey(ctx context.Context, in *askPasskeyInput) (*output[PasskeyQuestion], error) {
	p, b := principalOf(ctx), in.Body
	var subjects []string
	for _, s := range []struct {
		named   bool
		subject string
	}{
		{b.DeviceID != "", auth.Subject{Device: b.DeviceID}.String()}, {b.BatchID != "", auth.Subject{Batch: b.BatchID}.String()},
		{b.UserCode != "", ""}, {b.Vouch != "", auth.ForVouch(b.Vouch)}, {b.Change != "", auth.ForChange(b.Change)}, {b.Factors, auth.ForFactors},
	} {
		if s.named {
			subjects = append(subjects, s.subject)
		}
	}
	if len(subjects) != 1 {
		return nil, fault.CodeInvalid.New("A passkey confirms one thing: name exactly one.").WithField("device_id", "give exactly one of the members")
	}
	if b.UserCode != "" {
		return askedView(a.auth.BeginPasskeyStepUp(ctx, p, b.UserCode))
	}
	return askedView(a.auth.BeginPasskeyProof(ctx, p, subjects[0]))
}

// OwnerInput is what a change of one's own factors takes.
type OwnerInput struct {
	Password string `json:"password" minLength:"1" maxLength:"1024"`
	ProofInput
}

type beginPasskeyInput struct {
	Body OwnerInput
}

func (a *API) beginPasskey(ctx context.Context, in *beginPasskeyInput) (*output[PasskeyQuestion], error) {
	return askedView(a.auth.BeginPasskey(ctx, principalOf(ctx), in.Body.Password, in.Body.proof()))
}

type addPasskeyInput struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"100" doc:"My word for it, such as the computer's name."`
		PasskeyAnswer
	}
}

// PasskeyView is a registered passkey.
type PasskeyView struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"created_at"`
	GoodFrom   time.Time  `json:"good_from" doc:"From when it confirms what destroys."`
	LastUsedAt *time.Time `json:"last_used_at" nullable:"true"`
}

func passkeyView(k auth.Passkey) PasskeyView {
	return PasskeyView{ID: k.ID, Name: k.Name, CreatedAt: k.CreatedAt, GoodFrom: k.GoodFrom, LastUsedAt: timeOrNil(k.LastUsedAt)}
}

func (a *API) addPasskey(ctx context.Context, in *addPasskeyInput) (*output[PasskeyView], error) {
	k, err := a.auth.AddPasskey(ctx, principalOf(ctx), in.Body.Name, *in.Body.PasskeyAnswer.assertion())
	if err != nil {
		return nil, err
	}
	return &output[PasskeyView]{Body: passkeyView(k)}, nil
}

// FactorsView are the second factors of an account.
type FactorsView struct {
	TOTP             bool          `json:"totp" doc:"There is an authenticator app."`
	TOTPGoodFrom     *time.Time    `json:"totp_good_from" doc:"From when it confirms what destroys; empty: for long." nullable:"true"`
	TOTPOld          bool          `json:"totp_old" doc:"The app before it is good until then."`
	Passkeys         []PasskeyView `json:"passkeys"`
	RecoveryLeft     int           `json:"recovery_codes_left"`
	RecoveryGoodFrom *time.Time    `json:"recovery_codes_good_from" nullable:"true"`
	Required         string        `json:"required" enum:"any,passkey" doc:"With what I confirm: any of them, or a passkey only because of my role."`
}

func (a *API) getFactors(ctx context.Context, _ *struct{}) (*output[FactorsView], error) {
	f, err := a.auth.Factors(ctx, principalOf(ctx))
	if err != nil {
		return nil, err
	}
	v := FactorsView{TOTP: f.TOTP, TOTPGoodFrom: timeOrNil(f.TOTPGoodFrom), TOTPOld: f.TOTPOld, RecoveryLeft: f.RecoveryLeft,
		RecoveryGoodFrom: timeOrNil(f.RecoveryGoodFrom), Required: "any"}
	if f.PasskeyOnly {
		v.Required = "passkey"
	}
	for _, k := range f.Passkeys {
		v.Passkeys = append(v.Passkeys, passkeyView(k))
	}
	return &output[FactorsView]{Body: v}, nil
}

type removeFactorInput struct {
	ID   string `path:"id" maxLength:"400" doc:"totp, totp_old, or the id of a passkey."`
	Body OwnerInput
}

func (a *API) removeFactor(ctx context.Context, in *removeFactorInput) (*empty, error) {
	return nil, a.auth.RemoveFactor(ctx, principalOf(ctx), in.ID, in.Body.Password, in.Body.proof())
}

type recoveryCodesInput struct {
	Body OwnerInput
}

// RecoveryCodesView are new recovery codes.
type RecoveryCodesView struct {
	Codes []string `json:"codes" doc:"Shown once."`
}

func (a *API) makeRecoveryCodes(ctx context.Context, in *recoveryCodesInput) (*output[RecoveryCodesView], error) {
	codes, err := a.auth.NewRecoveryCodes(ctx, principalOf(ctx), in.Body.Password, in.Body.proof())
	if err != nil {
		return nil, err
	}
	return &output[RecoveryCodesView]{Body: RecoveryCodesView{Codes: codes}}, nil
}
