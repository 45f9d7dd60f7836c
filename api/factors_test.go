package api

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"wardline/auth"
)

// key is a passkey on somebody's computer, and the browser that shows it pages.
type key struct {
	h             *house
	party         virtualwebauthn.RelyingParty
	authenticator virtualwebauthn.Authenticator
	credential    virtualwebauthn.Credential
}

func newKey(p *person) *key {
	k := &key{h: p.h, party: virtualwebauthn.RelyingParty{ID: "wardline.test", Name: "Wardline", Origin: "https://wardline.test"},
		credential: virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	k.authenticator = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(p.id)})
	k.authenticator.AddCredential(k.credential)
	return k
}

// registered gives the person a passkey, which then has to cool off.
func (p *person) registered(name string) *key {
	p.h.t.Helper()
	k := newKey(p)
	asked := p.h.call(p, http.MethodPost, "/auth/passkeys/registration-question", map[string]any{"password": password, "otp": p.otp()}).is(http.StatusOK)
	p.h.call(p, http.MethodPost, "/auth/passkeys", k.attests(asked, name)).is(http.StatusCreated)
	return k
}

func question(a *answer) string {
	a.t.Helper()
	q, err := json.Marshal(map[string]any{"publicKey": a.at("public_key")})
	if err != nil {
		a.t.Fatal(err)
	}
	return string(q)
}

func (k *key) attests(asked *answer, name string) map[string]any {
	k.h.t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(question(asked))
	k.h.must(err)
	return map[string]any{"ceremony": asked.text("ceremony"), "name": name,
		"credential": json.RawMessage(virtualwebauthn.CreateAttestationResponse(k.party, k.authenticator, k.credential, *o))}
}

// answers is what the browser sends after the person has touched the key.
func (k *key) answers(asked *answer) map[string]any {
	k.h.t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(question(asked))
	k.h.must(err)
	k.credential.Counter++
	return map[string]any{"ceremony": asked.text("ceremony"),
		"credential": json.RawMessage(virtualwebauthn.CreateAssertionResponse(k.party, k.authenticator, k.credential, *o))}
}

func (x *house) asksToSignIn() *answer {
	x.t.Helper()
	return x.call(nil, http.MethodPost, "/auth/passkeys/sign-in-question", nil).is(http.StatusOK)
}

func (p *person) asksFor(subject map[string]any) *answer {
	p.h.t.Helper()
	return p.h.call(p, http.MethodPost, "/auth/passkeys/question", subject).is(http.StatusOK)
}

func byPasskey(answer map[string]any) map[string]any {
	return map[string]any{"username": "", "password": "", "passkey": answer}
}

func TestAPasskeySignsInByItselfAndBesideAPassword(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	k := ada.registered("ada's laptop")

	alone := x.call(nil, http.MethodPost, "/auth/login", byPasskey(k.answers(x.asksToSignIn()))).is(http.StatusOK)
	ada.token = alone.text("access_token")
	if me := x.call(ada, http.MethodGet, "/auth/me", nil); me.text("username") != "ada" || me.text("factor") != "passkey" {
		t.Fatalf("signed in as %s", me.raw)
	}
	beside := map[string]any{"username": "ada", "password": password, "passkey": k.answers(x.asksToSignIn())}
	x.call(nil, http.MethodPost, "/auth/login", beside).is(http.StatusOK)
	x.call(nil, http.MethodPost, "/auth/login", beside).refuses(http.StatusUnauthorized, "sign_in_failed") // once

	wrong := map[string]any{"username": "ada", "password": "wrong wrong wrong", "passkey": k.answers(x.asksToSignIn())}
	x.call(nil, http.MethodPost, "/auth/login", wrong).refuses(http.StatusUnauthorized, "sign_in_failed")
	x.call(nil, http.MethodPost, "/auth/login", byPasskey(map[string]any{"ceremony": "wlc_nothing", "credential": map[string]any{}})).
		refuses(http.StatusUnauthorized, "sign_in_failed")

	for what, spoil := range map[string]func(*key){
		"a page of another site":           func(k *key) { k.party.Origin = "https://wardline.test.evil.example" },
		"a key that did not ask who it is": func(k *key) { k.authenticator.Options.UserNotVerified = true },
		"another key":                      func(k *key) { k.credential = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2) },
	} {
		bad := *k
		spoil(&bad)
		if a := x.call(nil, http.MethodPost, "/auth/login", byPasskey(bad.answers(x.asksToSignIn()))); a.text("code") != "sign_in_failed" {
			t.Errorf("%s: %s", what, a.raw)
		}
	}
	late := k.answers(x.asksToSignIn())
	x.clock.Advance(auth.CeremonyLife)
	x.call(nil, http.MethodPost, "/auth/login", byPasskey(late)).refuses(http.StatusUnauthorized, "sign_in_failed")
}

func TestAPasskeyConfirmsExactlyWhatItWasAskedFor(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	k := ada.registered("ada's laptop")
	phone, other := string(x.clinic.Phone().ID), string(x.clinic.Phone().ID)
	stepUp := func(device string, answer map[string]any) *answer {
		return x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"device_id": device, "passkey": answer})
	}
	one := map[string]any{"device_id": phone}

	stepUp(phone, k.answers(ada.asksFor(one))).refuses(http.StatusForbidden, "factor_cooling_off")
	x.clock.Advance(auth.FactorCooling)
	ada.signIn()
	proof := stepUp(phone, k.answers(ada.asksFor(one))).is(http.StatusOK) // the control
	wipe := map[string]any{"kind": "wipe", "reason": "left in a taxi"}
	x.call(ada, http.MethodPost, "/devices/"+other+"/commands", wipe, header{"Wardline-Step-Up": proof.text("step_up")}).
		refuses(http.StatusForbidden, "step_up_required")
	x.call(ada, http.MethodPost, "/devices/"+phone+"/commands", wipe, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)

	stepUp(other, k.answers(ada.asksFor(one))).refuses(http.StatusForbidden, "passkey_refused")
	stepUp(phone, k.answers(x.asksToSignIn())).refuses(http.StatusForbidden, "passkey_refused")
	x.call(nil, http.MethodPost, "/auth/login", byPasskey(k.answers(ada.asksFor(one)))).refuses(http.StatusUnauthorized, "sign_in_failed")
	// An answer to one question, sent as the answer to another.
	swapped := k.answers(x.asksToSignIn())
	swapped["ceremony"] = ada.asksFor(one).text("ceremony")
	stepUp(phone, swapped).refuses(http.StatusForbidden, "passkey_refused")

	// What the command line asks for is confirmed in the console.
	asked := x.call(ada, http.MethodPost, "/devices/"+other+"/commands", wipe).refuses(http.StatusForbidden, "step_up_required")
	code := asked.text("user_code")
	x.call(ada, http.MethodPost, "/auth/step-up/"+code+"/confirm", map[string]any{"passkey": k.answers(ada.asksFor(map[string]any{"device_id": other}))}).
		refuses(http.StatusForbidden, "passkey_refused")
	x.call(ada, http.MethodPost, "/auth/step-up/"+code+"/confirm", map[string]any{"passkey": k.answers(ada.asksFor(map[string]any{"user_code": code}))}).is(http.StatusOK)
	x.call(ada, http.MethodPost, "/devices/"+other+"/commands", wipe, header{"Wardline-Step-Up": code}).is(http.StatusCreated)
}

func TestACopiedPasskeyIsNoticed(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	k := ada.registered("ada's laptop")
	copied := *k
	for range 2 {
		x.call(nil, http.MethodPost, "/auth/login", byPasskey(k.answers(x.asksToSignIn()))).is(http.StatusOK)
	}
	x.call(nil, http.MethodPost, "/auth/login", byPasskey(copied.answers(x.asksToSignIn()))).refuses(http.StatusUnauthorized, "sign_in_failed")
	sam := x.person("sam", auth.RoleSecurity)
	if log := x.call(sam, http.MethodGet, "/audit?action=account.passkey_clone_suspected", nil).is(http.StatusOK); len(log.items("id")) != 1 {
		t.Errorf("the log says %s", log.raw)
	}
}

func TestFactorsAreAddedAndRemovedOnlyWithAFactorThatIsThere(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	k := ada.registered("ada's laptop")
	list := x.call(ada, http.MethodGet, "/auth/factors", nil).is(http.StatusOK)
	if list.at("totp") != true || list.text("passkeys.0.name") != "ada's laptop" || list.number("recovery_codes_left") != 0 {
		t.Fatalf("the factors are %s", list.raw)
	}
	owner := func(more map[string]any) map[string]any {
		more["password"] = password
		return more
	}
	// A thief with session and password, and a passkey that is too new.
	x.call(ada, http.MethodPost, "/auth/passkeys/registration-question", owner(map[string]any{})).refuses(http.StatusForbidden, "wrong_code")
	x.call(ada, http.MethodPost, "/auth/factors/totp/remove", owner(map[string]any{"passkey": k.answers(ada.asksFor(map[string]any{"factors": true}))})).
		refuses(http.StatusForbidden, "factor_cooling_off")
	x.clock.Advance(auth.FactorCooling)
	ada.signIn()
	x.call(ada, http.MethodPost, "/auth/factors/totp/remove", owner(map[string]any{"passkey": k.answers(ada.asksFor(map[string]any{"factors": true}))})).is(http.StatusNoContent)
	x.call(ada, http.MethodPost, "/auth/factors/"+list.text("passkeys.0.id")+"/remove",
		owner(map[string]any{"passkey": k.answers(ada.asksFor(map[string]any{"factors": true}))})).refuses(http.StatusConflict, "last_factor")
	x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ada", "password": password}).refuses(http.StatusUnauthorized, "sign_in_failed")
	x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ada", "password": password, "passkey": k.answers(x.asksToSignIn())}).is(http.StatusOK)
}

func TestTenRecoveryCodesWorkOnceEach(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := string(x.clinic.Phone().ID)
	made := func() []string {
		t.Helper()
		a := x.call(ada, http.MethodPost, "/auth/recovery-codes", map[string]any{"password": password, "otp": ada.otp()}).is(http.StatusCreated)
		list, _ := a.at("codes").([]any)
		codes := make([]string, len(list))
		for i := range list {
			codes[i] = list[i].(string)
		}
		return codes
	}
	codes := made()
	if len(codes) != 10 {
		t.Fatalf("%d codes", len(codes))
	}
	signIn := func(code string) *answer {
		t.Helper()
		return x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ada", "password": password, "otp": code})
	}
	stepUp := func(code string) *answer {
		t.Helper()
		return x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"device_id": phone, "otp": code})
	}
	signIn(codes[0]).is(http.StatusOK)
	signIn(codes[0]).refuses(http.StatusUnauthorized, "sign_in_failed")
	signIn("BCDF-GHJK-LMNP").refuses(http.StatusUnauthorized, "sign_in_failed")
	stepUp(codes[1]).refuses(http.StatusForbidden, "factor_cooling_off")
	x.clock.Advance(auth.FactorCooling)
	ada.signIn()
	stepUp(codes[1]).is(http.StatusOK)
	stepUp(codes[1]).refuses(http.StatusForbidden, "wrong_code")

	again := made()
	stepUp(again[0]).refuses(http.StatusForbidden, "factor_cooling_off")
	stepUp(codes[2]).is(http.StatusOK) // those of before, until the new ones have cooled off
	if left := x.call(ada, http.MethodGet, "/auth/factors", nil).number("recovery_codes_left"); left != 10 {
		t.Errorf("%v codes of the new set are left", left)
	}
	x.clock.Advance(auth.FactorCooling)
	ada.signIn()
	stepUp(codes[3]).refuses(http.StatusForbidden, "wrong_code")
	x.clock.Advance(time.Minute)
	stepUp(again[0]).is(http.StatusOK)
	sam := x.person("sam", auth.RoleSecurity)
	if log := x.call(sam, http.MethodGet, "/audit?action=account.recovery_code_used", nil).is(http.StatusOK); len(log.items("id")) != 4 {
		t.Errorf("the log says %s", log.raw)
	}
}
