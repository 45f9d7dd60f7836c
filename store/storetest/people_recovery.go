package storetest

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/store"
)

func suiteRecovery(t *testing.T, h *Harness) {
	h.Run("a recovery on the host brings an account back after an hour, and everybody is told", testRecoveryAfterAnHour)
	h.Run("a recovery does not come sooner: not with a wrong or used code, not with another clock, not when it is called off", testRecoveryNotSooner)
	h.Run("a new set of codes for the host takes one of the old, which are then worthless", testHostCodes)
	h.Run("a hospital with one administrator whose founding has lapsed gets out", testLapsedFoundingGetsOut)
	h.Run("a hospital whose only security officer has left gets out", testOfficerLeftGetsOut)
	h.Run("where a security officer is there, a recovery gives nobody a right", testRecoveryWithOfficer)
	h.Run("a recovery lifts no freeze, ends founding, and destroys nothing sooner than a new account", testRecoveryDestroysNothing)
}

// locked is a hospital with the codes of its envelope, on two clocks.
type locked struct {
	*people
	passed *Clock
	codes  []string
	seeds  map[string]string // of those who came back, by user name
}

func lockable(t *testing.T, h *Harness) *locked {
	t.Helper()
	passed := NewClock()
	s := h.Store(func(o *store.Options) {
		o.Monotonic = func() time.Duration { return passed.Now().Sub(time.Unix(0, 0)) }
	})
	p := serverOn(t, h, s, false)
	made, err := p.auth.BootstrapFirstAdmin(p.ctx, onTheHost, auth.NewAccount{Username: "root", Password: staffPassword, TOTPSeed: staffSeed})
	p.must(err)
	if len(made.HostCodes) != 10 {
		t.Fatalf("founding printed %d codes", len(made.HostCodes))
	}
	return &locked{people: p, passed: passed, codes: made.HostCodes, seeds: map[string]string{}}
}

// pass lets time pass honestly: on the wall, and for the host itself.
func (p *locked) pass(d time.Duration) {
	p.h.Clock.Advance(d)
	p.passed.Advance(d)
}

func (p *locked) begin(code int, username string) auth.Recovery {
	p.t.Helper()
	r, err := p.auth.BeginRecovery(p.ctx, onTheHost, p.codes[code], username)
	p.must(err)
	return r
}

// recovers brings somebody back, and signs them in with what they set up.
func (p *locked) recovers(code int, username string) (auth.Recovered, auth.Principal) {
	p.t.Helper()
	p.begin(code, username)
	p.pass(time.Hour)
	out, err := p.auth.FinishRecovery(p.ctx, onTheHost)
	p.must(err)
	return out, p.setsUp(out.SetupToken, username)
}

const newPassword = "nine quiet lighthouses"

// setsUp chooses a password and an authenticator app, and returns the person.
func (p *locked) setsUp(token, username string) auth.Principal {
	p.t.Helper()
	_, err := p.auth.SetUp(p.ctx, auth.SetUp{Token: token, Password: newPassword, Remote: wardSource, Via: "test"})
	p.must(err)
	login := p.login(username)
	login.Password, login.OTP = newPassword, ""
	g, err := p.auth.Login(p.ctx, login)
	p.must(err)
	app, err := p.auth.EnrolTOTP(p.ctx, g.Principal, newPassword, auth.Proof{})
	p.must(err)
	p.must(p.auth.ConfirmTOTP(p.ctx, g.Principal, p.shows(app.Seed)))
	p.seeds[username] = app.Seed
	return p.is(username)
}

func (p *locked) shows(seed string) string {
	p.t.Helper()
	p.pass(30 * time.Second)
	code, err := totp.GenerateCode(seed, p.h.Clock.Now())
	p.must(err)
	return code
}

// is signs in somebody who came back, as a route that destroys sees them.
func (p *locked) is(username string) auth.Principal {
	p.t.Helper()
	login := p.login(username)
	login.Password, login.OTP = newPassword, p.shows(p.seeds[username])
	g, err := p.auth.Login(p.ctx, login)
	p.must(err)
	principal, err := p.fresh(g)
	p.must(err)
	return principal
}

func (p *locked) finish() error {
	_, err := p.auth.FinishRecovery(p.ctx, onTheHost)
	return err
}

func testRecoveryAfterAnHour(t *testing.T, h *Harness) {
	p := lockable(t, h)
	before := p.signIn("root")
	r := p.begin(0, "root")
	if !r.ReadyAt.Equal(r.CreatedAt.Add(time.Hour)) {
		t.Fatalf("asked at %s, it is ready at %s", r.CreatedAt, r.ReadyAt)
	}
	list, err := p.auth.Recoveries(p.ctx)
	p.must(err)
	if len(list) != 1 || list[0].Username != "root" || p.recorded("recovery.begun") != 1 {
		t.Fatalf("everybody is told %+v", list)
	}
	p.pass(time.Hour)
	out, err := p.auth.FinishRecovery(p.ctx, onTheHost)
	p.must(err)
	if _, err := p.fresh(before); err == nil {
		t.Fatal("a session of before goes on")
	}
	p.h.Clock.Advance(30 * time.Second)
	if _, err := p.auth.Login(p.ctx, p.login("root")); err == nil {
		t.Fatal("the password of before is good")
	}
	root := p.setsUp(out.SetupToken, "root")
	if !root.Has(auth.RoleAdmin) {
		t.Fatalf("who came back is %v", root.Roles)
	}
	if list, err = p.auth.Recoveries(p.ctx); err != nil || len(list) != 0 {
		t.Fatalf("when it is over everybody is told %+v, %v", list, err)
	}
	p.refused(p.finish(), "recovery_over")
	if p.recorded("recovery.finished") != 1 || p.recorded("account.recovered") != 1 {
		t.Fatal("the log does not say that it was finished")
	}
}

func testRecoveryNotSooner(t *testing.T, h *Harness) {
	p := lockable(t, h)
	_, err := p.auth.BeginRecovery(p.ctx, onTheHost, "BCDF-GHJK-LMNP", "root")
	p.refused(err, "host_code_refused")
	_, err = p.auth.BeginRecovery(p.ctx, p.now("root").Actor(), p.codes[0], "root")
	p.refused(err, "not_allowed") // not over the network
	p.begin(0, "root")
	_, err = p.auth.BeginRecovery(p.ctx, onTheHost, p.codes[1], "root")
	p.refused(err, "recovery_running")

	p.pass(time.Hour - time.Second)
	p.refused(p.finish(), "recovery_waits")
	// Somebody sets the host's clock; a minute passes.
	h.Clock.Advance(5 * time.Hour)
	p.refused(p.finish(), "recovery_waits")
	h.Clock.Advance(48 * time.Hour)
	if list, err := p.auth.Recoveries(p.ctx); err != nil || len(list) != 1 {
		t.Fatalf("under another clock everybody is told %+v, %v", list, err)
	}
	h.Clock.Advance(-53 * time.Hour)
	p.refused(p.finish(), "recovery_waits")

	cancelled, err := p.auth.Recoveries(p.ctx)
	p.must(err)
	_, err = p.auth.CancelRecovery(p.ctx, p.now("root"), cancelled[0].ID)
	p.must(err)
	p.pass(2 * time.Hour)
	p.refused(p.finish(), "recovery_over")
	_, err = p.auth.BeginRecovery(p.ctx, onTheHost, p.codes[0], "root")
	p.refused(err, "host_code_refused") // the code was used

	p.begin(1, "root")
	_, err = p.auth.CancelRecoveryLocally(p.ctx, onTheHost)
	p.must(err)
	p.begin(2, "root")
	p.pass(25*time.Hour + time.Second)
	p.refused(p.finish(), "recovery_over") // nobody came for it in a day
	for range 5 {
		_, err = p.auth.BeginRecovery(p.ctx, onTheHost, "BCDF-GHJK-LMNP", "root")
		p.refused(err, "host_code_refused")
	}
	_, err = p.auth.BeginRecovery(p.ctx, onTheHost, p.codes[3], "root")
	p.refused(err, "too_many_attempts")
}

func testHostCodes(t *testing.T, h *Harness) {
	p := lockable(t, h)
	_, err := p.auth.FirstHostCodes(p.ctx, onTheHost)
	p.refused(err, "host_codes_exist")
	_, err = p.auth.NewHostCodes(p.ctx, onTheHost, "BCDF-GHJK-LMNP")
	p.refused(err, "host_code_refused")
	fresh, err := p.auth.NewHostCodes(p.ctx, onTheHost, p.codes[4])
	p.must(err)
	_, err = p.auth.BeginRecovery(p.ctx, onTheHost, p.codes[5], "root")
	p.refused(err, "host_code_refused")
	_, err = p.auth.BeginRecovery(p.ctx, onTheHost, fresh[0], "root")
	p.must(err)
	if p.recorded("recovery.codes_made") != 2 {
		t.Fatal("the log does not say that two sets were made")
	}
}

// officer makes a security officer by the one who came back.
func (p *locked) officer(root auth.Principal, username string) auth.AccountID {
	p.t.Helper()
	made, err := p.auth.CreateAccount(p.ctx, root, auth.NewAccount{Username: username, Name: username,
		Roles: []auth.Role{auth.RoleSecurity}})
	p.must(err)
	if len(made.Account.Roles) != 1 {
		p.t.Fatalf("the security officer has the roles %v", made.Account.Roles)
	}
	p.setsUp(made.SetupToken, username)
	return made.Account.ID
}

// asks makes an account and says whether what was given waits for a second person.
func (p *locked) asks(root auth.Principal, username string, roles ...auth.Role) (auth.AccountID, bool) {
	p.t.Helper()
	made, err := p.auth.CreateAccount(p.ctx, root, auth.NewAccount{Username: username, Name: username, Roles: roles, Password: staffPassword,
		TOTPSeed: staffSeed})
	p.must(err)
	return made.Account.ID, len(made.Account.Roles) == 0
}

func (p *locked) approve(by auth.Principal, id auth.AccountID, code string) error {
	p.t.Helper()
	list, err := p.auth.AccountChanges(p.ctx, by, id)
	p.must(err)
	_, err = p.auth.ApproveChange(p.ctx, by, list[0].ID, auth.Proof{OTP: code})
	return err
}

func testLapsedFoundingGetsOut(t *testing.T, h *Harness) {
	p := lockable(t, h)
	ivan, waits := p.asks(p.now("root"), "ivan", auth.RoleIT)
	if waits {
		t.Fatal("the control: during founding a right waits")
	}
	p.pass(15 * 24 * time.Hour)
	// The lock-out: what the only administrator gives waits for nobody.
	if _, waits := p.asks(p.now("root"), "nobody", auth.RoleSecurity); !waits {
		t.Fatal("past founding a right is given by one person")
	}
	out, root := p.recovers(0, "root")
	if !out.Alone || root.Founding {
		t.Fatalf("who came back has nobody: %v; is founding: %v", out.Alone, root.Founding)
	}
	ina, waits := p.asks(root, "ina", auth.RoleIT)
	if !waits {
		t.Fatal("who came back gives more than the role security officer")
	}
	if _, waits := p.asks(root, "both", auth.RoleSecurity, auth.RoleAdmin); !waits {
		t.Fatal("who came back gives more than the role security officer")
	}
	sam := p.officer(root, "sam")
	confirm := func(id auth.AccountID) error {
		_, err := p.auth.Vouch(p.ctx, p.is("root"), id, auth.Proof{OTP: p.shows(p.seeds["root"])})
		return err
	}
	p.refused(confirm(sam), "factor_cooling_off")
	p.pass(24 * time.Hour)
	p.refused(agreesToWipe(p.is("sam")), "cooling_off")
	p.refused(confirm(ivan), "nothing_to_confirm") // that is the security officer's to do
	p.must(confirm(sam))
	p.must(agreesToWipe(p.is("sam")))
	p.must(p.approve(p.is("sam"), ina, p.shows(p.seeds["sam"])))
	// With that the administrator does nothing alone any more.
	if _, waits := p.asks(p.is("root"), "third", auth.RoleSecurity); !waits {
		t.Fatal("beside a security officer a right is given by one person")
	}
	p.refused(confirm(sam), "not_allowed")
}

func testOfficerLeftGetsOut(t *testing.T, h *Harness) {
	p := lockable(t, h)
	p.hireFurnished("ina", auth.RoleIT)
	p.hireFurnished("sam", auth.RoleSecurity)
	p.pass(31 * 24 * time.Hour)
	p.now("ina") // sam has not been seen for a month
	if _, waits := p.asks(p.now("root"), "nobody", auth.RoleSecurity); !waits {
		t.Fatal("past founding a right is given by one person")
	}
	out, root := p.recovers(0, "root")
	if !out.Alone {
		t.Fatal("a security officer who was not seen for a month stands in the way")
	}
	new := p.officer(root, "new")
	p.pass(24 * time.Hour)
	_, err := p.auth.Vouch(p.ctx, p.is("root"), new, auth.Proof{OTP: p.shows(p.seeds["root"])})
	p.refused(err, "not_allowed") // ina is there, and can
	ina := p.now("ina")
	_, err = p.auth.Vouch(p.ctx, ina, new, auth.Proof{OTP: p.shows(staffSeed)})
	p.must(err)
	p.must(agreesToWipe(p.is("new")))
	bea, _ := p.asks(p.is("root"), "bea", auth.RoleBiomed)
	p.must(p.approve(p.is("new"), bea, p.shows(p.seeds["new"])))
}

func testRecoveryWithOfficer(t *testing.T, h *Harness) {
	p := lockable(t, h)
	p.hireFurnished("ina", auth.RoleIT)
	p.hireFurnished("sam", auth.RoleSecurity)
	p.hireFurnished("cleo", auth.RoleClinician)
	out, cleo := p.recovers(0, "cleo")
	if out.Alone || len(cleo.Roles) != 1 || cleo.Has(auth.RoleAdmin) {
		t.Fatalf("a clinician came back as %v", cleo.Roles)
	}
	out, root := p.recovers(1, "root")
	if _, waits := p.asks(root, "new", auth.RoleSecurity); out.Alone || !waits {
		t.Fatal("beside a security officer a right is given by one person")
	}
	// A clinician sees it and cannot stop it; the owner and the officer can.
	r := p.begin(2, "ina")
	_, err := p.auth.CancelRecovery(p.ctx, p.is("cleo"), r.ID)
	p.refused(err, "not_allowed")
	_, err = p.auth.CancelRecovery(p.ctx, p.now("ina"), r.ID)
	p.must(err)
	r = p.begin(3, "ina")
	_, err = p.auth.CancelRecovery(p.ctx, p.now("sam"), r.ID)
	p.must(err)
}

func testRecoveryDestroysNothing(t *testing.T, h *Harness) {
	p := lockable(t, h)
	p.must(wipesPhone(p.now("root"))) // founding lends it
	p.must(p.store.SetFreeze(p.ctx, commands.Freeze{ID: "f", Scope: commands.FreezeServer, Cause: commands.CauseByHand, Reason: "odd wipes", SetBy: onTheHost},
		audit.Event{Actor: onTheHost, Action: "freeze.set", Subject: "freeze:f", Detail: map[string]any{}}))
	_, root := p.recovers(0, "root")
	p.refused(wipesPhone(root), "not_allowed")
	if root.Founding {
		t.Fatal("a recovery leaves founding open")
	}
	if freezes, err := p.store.Freezes(p.ctx, false); err != nil || len(freezes) == 0 {
		t.Fatalf("after a recovery the freezes are %v, %v", freezes, err)
	}
	p.hireFurnished("ina", auth.RoleIT)
	p.hireFurnished("sam", auth.RoleSecurity)
	_, ina := p.recovers(1, "ina")
	p.refused(wipesPhone(ina), "cooling_off")
	p.pass(48 * time.Hour)
	p.refused(wipesPhone(p.is("ina")), "cooling_off") // until somebody has confirmed the person
}
