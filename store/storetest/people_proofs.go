package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/store"
)

func suiteProofs(t *testing.T, h *Harness) {
	h.Run("a step-up is good for one device for five minutes", testStepUpDevice)
	h.Run("a step-up for a batch is good once", testStepUpBatch)
	h.Run("a step-up is confirmed in the browser and used by the session that asked", testStepUpBrowser)
	h.Run("a thief with a session cannot guess the one-time code", testStepUpGuessing)
	h.Run("an authenticator app is set up, and replaced only with the old one", testEnrolTOTP)
	h.Run("a changed password ends all other sessions", testChangePassword)
	h.Run("an API token does what its scope says, while its owner may", testTokens)
	h.Run("an API token is never a second person and cannot step up", testTokenLimits)
}

var (
	onePhone   = auth.Subject{Device: "00000000-0000-7000-8000-000000000001"}
	otherPhone = auth.Subject{Device: "00000000-0000-7000-8000-000000000002"}
)

func testStepUpDevice(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("ina", auth.RoleIT)
	ina := p.signIn("ina").Principal
	_, _, err := p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: p.code()}, onePhone)
	p.refused(err, "wrong_code") // spent at the sign-in
	value, expires, err := p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: p.freshCode()}, onePhone)
	p.must(err)
	if want := h.Clock.Now().Add(5 * time.Minute); !expires.Equal(want) {
		t.Fatalf("good until %s, not %s", expires, want)
	}
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: p.code()}, otherPhone)
	p.refused(err, "wrong_code") // one code, one step-up

	use := func(who auth.Principal, what auth.Subject) error {
		_, err := p.auth.UseStepUp(p.ctx, who, value, what)
		return err
	}
	p.must(use(ina, onePhone))
	p.must(use(ina, onePhone))
	for what, err := range map[string]error{
		"another device":  use(ina, otherPhone),
		"a batch":         use(ina, auth.Subject{Batch: "b1"}),
		"another session": use(p.signIn("ina").Principal, onePhone),
		"another person":  use(p.signIn("root").Principal, onePhone),
	} {
		if !errors.Is(err, auth.ErrNoSuch) {
			t.Errorf("used for or by %s: %v", what, err)
		}
	}
	h.Clock.Set(expires)
	if err := use(ina, onePhone); !errors.Is(err, auth.ErrNoSuch) {
		t.Errorf("used after five minutes: %v", err)
	}
}

func testStepUpBatch(t *testing.T, h *Harness) {
	p := founded(t, h)
	root := p.signIn("root").Principal
	batch := auth.Subject{Batch: "batch-1"}
	value, _, err := p.auth.StepUp(p.ctx, root, auth.Proof{OTP: p.freshCode()}, batch)
	p.must(err)
	servers := []*people{p, p}
	if h.Engine == store.Postgres {
		servers[1] = peopleOn(t, h, h.Second())
	}
	errs := make(chan error, 2)
	for _, server := range servers {
		go func() {
			_, err := server.auth.UseStepUp(p.ctx, root, value, batch)
			errs <- err
		}()
	}
	if first, second := <-errs, <-errs; (first == nil) == (second == nil) {
		t.Fatalf("of two who use it at once, not exactly one: %v, %v", first, second)
	}
	_, _, err = p.auth.StepUp(p.ctx, root, auth.Proof{OTP: p.freshCode()}, auth.Subject{})
	p.refused(err, "invalid_input")
}

func testStepUpBrowser(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("ina", auth.RoleIT)
	cli := p.signIn("ina").Principal
	browser := p.signIn("ina").Principal
	ask := auth.StepUpAsk{Subject: onePhone, Kind: device.KindWipe, Reason: "stolen in the tram", Summary: "Issued phone 4711"}
	require := func(header string) (auth.Principal, string) {
		t.Helper()
		stepped, err := p.auth.RequireStepUp(p.ctx, cli, header, ask)
		if err == nil {
			return stepped, ""
		}
		p.refused(err, "step_up_required")
		f, _ := fault.As(err)
		code := f.Extra["user_code"].(string)
		if want := "https://wardline.hospital.example/step-up?code=" + code; f.Extra["step_up_url"] != want {
			t.Fatalf("step_up_url is %v, not %s", f.Extra["step_up_url"], want)
		}
		return auth.Principal{}, code
	}
	_, code := require("")
	_, err := p.auth.PendingStepUp(p.ctx, p.signIn("root").Principal, code)
	p.refused(err, "not_found") // another person learns nothing
	shown, err := p.auth.PendingStepUp(p.ctx, browser, code)
	p.must(err)
	if shown.Kind != device.KindWipe || shown.Reason != "stolen in the tram" || shown.Device != onePhone.Device {
		t.Fatalf("the browser shows %+v", shown)
	}
	if _, again := require(code); again == "" || again == code {
		t.Fatal("an unconfirmed code was good")
	}
	p.refused(p.auth.ConfirmStepUp(p.ctx, browser, code, auth.Proof{OTP: "123456"}), "wrong_code")
	p.must(p.auth.ConfirmStepUp(p.ctx, browser, code, auth.Proof{OTP: p.freshCode()}))
	p.refused(p.auth.ConfirmStepUp(p.ctx, browser, code, auth.Proof{OTP: p.freshCode()}), "step_up_not_open")
	stepped, again := require(code)
	if again != "" || !stepped.SteppedUp {
		t.Fatal("a confirmed code was not good")
	}

	_, denied := require("")
	p.must(p.auth.DenyStepUp(p.ctx, browser, denied))
	p.refused(p.auth.ConfirmStepUp(p.ctx, browser, denied, auth.Proof{OTP: p.freshCode()}), "step_up_not_open")

	_, late := require("")
	h.Clock.Advance(10 * time.Minute)
	p.refused(p.auth.ConfirmStepUp(p.ctx, browser, late, auth.Proof{OTP: p.freshCode()}), "not_found")
	if n := p.recorded("step_up.confirmed"); n != 1 {
		t.Fatalf("%d confirmations were recorded", n)
	}
}

func testStepUpGuessing(t *testing.T, h *Harness) {
	p := founded(t, h)
	g := p.signIn("root")
	guesses := 0
	for {
		_, _, err := p.auth.StepUp(p.ctx, g.Principal, auth.Proof{OTP: "000000"}, onePhone)
		if fault.Has(err, fault.Code{Name: "too_many_attempts"}) {
			h.Clock.Advance(waitOf(t, err))
			continue
		}
		guesses++
		if fault.Has(err, fault.Code{Name: "sign_in_needed"}) {
			break
		}
		p.refused(err, "wrong_code")
		if guesses > 10 {
			t.Fatal("the session outlives ten wrong codes")
		}
	}
	_, err := p.fresh(g)
	p.refused(err, "sign_in_needed")
}

func testEnrolTOTP(t *testing.T, h *Harness) {
	p := founded(t, h)
	_, err := p.auth.CreateAccountLocally(p.ctx, onTheHost, auth.NewAccount{Username: "ina", Name: "Ina", Roles: []auth.Role{auth.RoleIT}, Password: staffPassword})
	p.must(err)
	ina := p.signIn("ina").Principal
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: p.code()}, onePhone)
	p.refused(err, "second_factor_missing")

	_, err = p.auth.EnrolTOTP(p.ctx, ina, "wrong wrong wrong", auth.Proof{OTP: ""})
	p.refused(err, "wrong_password")
	enrolment, err := p.auth.EnrolTOTP(p.ctx, ina, staffPassword, auth.Proof{OTP: ""})
	p.must(err)
	shows := func(seed string) string {
		code, err := totp.GenerateCode(seed, h.Clock.Now())
		p.must(err)
		return code
	}
	p.refused(p.auth.ConfirmTOTP(p.ctx, ina, "000000"), "wrong_code")
	elsewhere := p.signIn("ina")
	p.must(p.auth.ConfirmTOTP(p.ctx, ina, shows(enrolment.Seed)))
	_, err = p.fresh(elsewhere)
	p.refused(err, "sign_in_needed")
	login := p.login("ina")
	_, err = p.auth.Login(p.ctx, login)
	p.refused(err, "sign_in_failed") // the code of somebody else's app
	h.Clock.Advance(30 * time.Second)
	login.OTP = shows(enrolment.Seed)
	g, err := p.auth.Login(p.ctx, login)
	p.must(err)
	if !g.Principal.HasSecondFactor || g.Principal.Factor != auth.FactorPasswordTOTP {
		t.Fatalf("signed in as %+v", g.Principal)
	}

	// A thief with the session and the password, and without the app.
	_, err = p.auth.EnrolTOTP(p.ctx, g.Principal, staffPassword, auth.Proof{OTP: ""})
	p.refused(err, "wrong_code")
	h.Clock.Advance(24 * time.Hour)
	ina = p.signInWith("ina", enrolment.Seed)
	g.Principal = ina
	h.Clock.Advance(30 * time.Second)
	second, err := p.auth.EnrolTOTP(p.ctx, g.Principal, staffPassword, auth.Proof{OTP: shows(enrolment.Seed)})
	p.must(err)
	h.Clock.Advance(30 * time.Second)
	login.OTP = shows(enrolment.Seed)
	_, err = p.auth.Login(p.ctx, login) // the old one is good until the new one is confirmed
	p.must(err)
	p.must(p.auth.ConfirmTOTP(p.ctx, g.Principal, shows(second.Seed)))
	h.Clock.Advance(24 * time.Hour)
	login.OTP = shows(second.Seed)
	_, err = p.auth.Login(p.ctx, login)
	p.must(err)
	h.Clock.Advance(30 * time.Second)
	login.OTP = shows(enrolment.Seed)
	_, err = p.auth.Login(p.ctx, login)
	p.refused(err, "sign_in_failed")
	if p.recorded("account.factor_added") != 1 || p.recorded("account.factor_replaced") != 1 {
		t.Fatal("a factor was added and replaced, and the log says otherwise")
	}
}

func testChangePassword(t *testing.T, h *Harness) {
	p := founded(t, h)
	elsewhere, here := p.signIn("root"), p.signIn("root")
	p.refused(p.auth.ChangePassword(p.ctx, here.Principal, "wrong wrong wrong", "nine blue tricycles"), "wrong_password")
	for _, weak := range []string{"short", "aaaaaaaaaaaaaa", "my root password"} {
		p.refused(p.auth.ChangePassword(p.ctx, here.Principal, staffPassword, weak), "weak_password")
	}
	p.must(p.auth.ChangePassword(p.ctx, here.Principal, staffPassword, "nine blue tricycles"))
	_, err := p.fresh(elsewhere)
	p.refused(err, "sign_in_needed")
	_, err = p.fresh(here)
	p.must(err)
	p.freshCode()
	_, err = p.auth.Login(p.ctx, p.login("root"))
	p.refused(err, "sign_in_failed")
}

func testTokens(t *testing.T, h *Harness) {
	p := founded(t, h)
	inaID := p.hire("ina", auth.RoleIT)
	ina := p.signIn("ina").Principal
	make := func(scope auth.TokenScope, days int) (string, auth.TokenID, error) {
		token, text, err := p.auth.CreateToken(p.ctx, ina, auth.NewToken{Name: "asset system", Scope: scope, ExpiresIn: time.Duration(days) * 24 * time.Hour})
		return text, token.ID, err
	}
	scope := auth.TokenScope{Permissions: []auth.Permission{auth.DevicesRead, auth.CommandsLocate}, Kinds: []device.Kind{device.KindLocate},
		Classes: []device.Class{device.ClassHandheldShared}}
	for what, bad := range map[string]auth.TokenScope{
		"nothing":                  {},
		"what the owner has not":   {Permissions: []auth.Permission{auth.AuditRead}},
		"what no token can have":   {Permissions: []auth.Permission{auth.TokensOwn}},
		"a kind that is not there": {Permissions: []auth.Permission{auth.DevicesRead}, Kinds: []device.Kind{"dose"}},
	} {
		if _, _, err := make(bad, 30); !fault.Has(err, fault.CodeInvalid) {
			t.Errorf("a token for %s: %v", what, err)
		}
	}
	if _, _, err := make(scope, 400); !fault.Has(err, fault.CodeInvalid) {
		t.Errorf("a token for more than a year: %v", err)
	}
	text, id, err := make(scope, 30)
	p.must(err)
	program := func() (auth.Principal, error) { return p.auth.Authenticate(p.ctx, auth.AudienceAdmin, text) }
	principal, err := program()
	p.must(err)
	handheld, phone := auth.Target{Class: device.ClassHandheldShared}, auth.Target{Class: device.ClassPhoneIssued}
	p.must(auth.AuthoriseKind(principal, device.KindLocate, "", handheld))
	p.refused(auth.AuthoriseKind(principal, device.KindLocate, "", phone), "out_of_scope")
	p.refused(auth.AuthoriseKind(principal, device.KindLock, "", handheld), "token_scope")
	p.refused(auth.Authorise(principal, auth.DevicesWrite, handheld), "token_scope")
	if a := principal.Actor(); a.Kind != "token" || a.ID != string(id) {
		t.Errorf("the log would say %+v", a)
	}
	_, err = p.auth.Authenticate(p.ctx, auth.AudiencePublic, text)
	p.refused(err, "sign_in_needed")

	// It can do no more than its owner, at every moment.
	root := p.signIn("root").Principal
	roles := []auth.Role{auth.RoleAuditor}
	_, err = p.auth.ChangeAccount(p.ctx, root, inaID, auth.AccountChange{Roles: &roles})
	p.must(err)
	principal, err = program()
	p.must(err)
	p.refused(auth.AuthoriseKind(principal, device.KindLocate, "", handheld), "not_allowed")

	p.must(p.auth.RevokeToken(p.ctx, root, id))
	p.must(p.auth.RevokeToken(p.ctx, root, id))
	_, err = program()
	p.refused(err, "sign_in_needed")
	if n := p.recorded("token.revoked"); n != 1 {
		t.Fatalf("%d revocations were recorded", n)
	}
}

func testTokenLimits(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("ina", auth.RoleIT)
	person := p.signIn("ina").Principal
	all := []auth.Permission{auth.DevicesRead, auth.CommandsErasePersonal}
	token, text, err := p.auth.CreateToken(p.ctx, person, auth.NewToken{Name: "script", ExpiresIn: 24 * time.Hour,
		Scope: auth.TokenScope{Permissions: all, Kinds: device.Kinds()}})
	p.must(err)
	program, err := p.auth.AuthenticateFresh(p.ctx, auth.AudienceAdmin, text)
	p.must(err)
	_, err = p.auth.RequireStepUp(p.ctx, program, "", auth.StepUpAsk{Subject: onePhone, Kind: device.KindWipe})
	p.refused(err, "token_scope")
	p.refused(auth.AuthoriseSecond(program, auth.CommandsErasePersonal, auth.Target{}, auth.Asker{Account: "somebody else"}), "second_person_needed")
	_, _, err = p.auth.CreateToken(p.ctx, program, auth.NewToken{Name: "child", ExpiresIn: time.Hour, Scope: auth.TokenScope{Permissions: all}})
	p.refused(err, "token_scope")
	p.refused(p.auth.RevokeToken(p.ctx, program, token.ID), "token_scope")
	p.refused(p.auth.ChangePassword(p.ctx, program, staffPassword, "nine blue tricycles"), "token_scope")

	list, err := p.auth.Tokens(p.ctx, person, person.Account)
	p.must(err)
	if len(list) != 1 || list[0].Name != "script" || list[0].LastUsedAt.IsZero() {
		t.Fatalf("the owner sees %+v", list)
	}
	p.refused(p.auth.RevokeToken(p.ctx, p.signIn("ina").Principal, "no-such-token"), "not_found")
	h.Clock.Advance(24 * time.Hour)
	_, err = p.auth.Authenticate(p.ctx, auth.AudienceAdmin, text)
	p.refused(err, "sign_in_needed")
}
