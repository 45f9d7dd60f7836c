package storetest

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wardline/auth"
	"wardline/device"
)

func suiteCooling(t *testing.T, h *Harness) {
	h.Run("a new role destroys nothing for a day and until somebody of long standing confirms the person", testNewRole)
	h.Run("with fewer than three approvers a confirmed role waits four hours", testNewRoleFew)
	h.Run("a role given back, a wider scope and a factor taken away begin the day anew", testBeginsAnew)
	h.Run("a new authenticator app waits a day, and the old one stays good meanwhile", testNewFactor)
	h.Run("what an administrator gives waits for a security officer, and what is taken goes at once", testTwoForRights)
	h.Run("the last two approvers stay, also when two are taken away at once", testLastApprovers)
	h.Run("during founding the first administrator confirms the first two approvers, and then it is over", testFoundingHandsOver)
}

// signInWith signs in with the code of this seed.
func (p *people) signInWith(username, seed string) auth.Principal {
	p.t.Helper()
	login := p.login(username)
	code, err := totp.GenerateCode(seed, p.h.Clock.Advance(30*time.Second))
	p.must(err)
	login.OTP = code
	g, err := p.auth.Login(p.ctx, login)
	p.must(err)
	principal, err := p.fresh(g)
	p.must(err)
	return principal
}

// arrives makes an account as an administrator does, and signs it in.
func (p *people) arrives(admin auth.Principal, username string, roles ...auth.Role) auth.AccountID {
	p.t.Helper()
	made, err := p.auth.CreateAccount(p.ctx, admin, auth.NewAccount{Username: username, Name: username, Roles: roles,
		Password: staffPassword, TOTPSeed: staffSeed})
	p.must(err)
	p.agreed(made.Account.ID)
	return made.Account.ID
}

// agreed has the security officer agree to what waits for this account.
func (p *people) agreed(id auth.AccountID) {
	p.t.Helper()
	root := p.now("root")
	list, err := p.auth.AccountChanges(p.ctx, root, id)
	p.must(err)
	if len(list) == 0 || list[0].State != auth.ChangePending {
		return
	}
	_, err = p.auth.ApproveChange(p.ctx, p.now("sam"), list[0].ID, auth.Proof{OTP: p.freshCode()})
	p.must(err)
}

// now is somebody as a route that destroys sees them at this moment.
func (p *people) now(username string) auth.Principal { return p.signInWith(username, staffSeed) }

func (p *people) vouch(by string, id auth.AccountID) error {
	p.t.Helper()
	principal := p.now(by)
	_, err := p.auth.Vouch(p.ctx, principal, id, auth.Proof{OTP: p.freshCode()})
	return err
}

func wipesPhone(p auth.Principal) error {
	return auth.AuthoriseKind(p, device.KindWipe, "", auth.Target{Class: device.ClassPhoneIssued})
}

func wipesPump(p auth.Principal) error {
	return auth.AuthoriseKind(p, device.KindWipe, "", auth.Target{Class: device.ClassPumpLVP})
}

func agreesToWipe(p auth.Principal) error {
	return auth.AuthoriseSecond(p, auth.CommandsErasePersonal, auth.Target{Class: device.ClassPhoneIssued}, auth.Asker{Account: "somebody-else"})
}

// staffed is a hospital past its founding: root, and three approvers.
func staffed(t *testing.T, h *Harness) *people {
	t.Helper()
	p := founded(t, h)
	p.hire("ina", auth.RoleIT)
	p.hire("bea", auth.RoleBiomed)
	p.hire("sam", auth.RoleSecurity)
	return p.strictly()
}

func testNewRole(t *testing.T, h *Harness) {
	p := staffed(t, h)
	p.must(wipesPhone(p.now("ina")))
	p.must(agreesToWipe(p.now("sam")))

	new := p.arrives(p.now("root"), "mallory", auth.RoleIT, auth.RoleHelpdesk)
	began := h.Clock.Now()
	p.refused(wipesPhone(p.now("mallory")), "cooling_off")
	p.refused(agreesToWipe(p.now("mallory")), "cooling_off")
	lock := auth.AuthoriseKind(p.now("mallory"), device.KindLock, "", auth.Target{Class: device.ClassPhoneIssued})
	p.must(lock) // what does not destroy is possible at once

	h.Clock.Set(began.Add(48 * time.Hour))
	p.refused(wipesPhone(p.now("mallory")), "cooling_off") // time alone is not enough
	p.refused(p.vouch("mallory", new), "cooling_off")      // nor are those who are new themselves
	p.refused(p.vouch("root", new), "not_allowed")         // nor who manages accounts
	list, err := p.auth.Vouchable(p.ctx, p.now("bea"))
	p.must(err)
	if len(list) != 1 || list[0].ID != new {
		t.Fatalf("those who wait to be confirmed are %+v", list)
	}
	p.must(p.vouch("bea", new))
	p.refused(p.vouch("bea", new), "nothing_to_confirm")
	p.must(wipesPhone(p.now("mallory")))

	// Confirmed at once, the day still has to pass.
	early := p.arrives(p.now("root"), "early", auth.RoleSecurity)
	began = h.Clock.Now()
	p.must(p.vouch("ina", early))
	h.Clock.Set(began.Add(24*time.Hour - 5*time.Minute))
	p.refused(wipesPhone(p.now("early")), "cooling_off")
	h.Clock.Set(began.Add(24 * time.Hour))
	p.must(wipesPhone(p.now("early")))
	if p.recorded("account.vouched") != 2 {
		t.Fatal("the log does not say that two were confirmed")
	}
}

func testNewRoleFew(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("ina", auth.RoleIT)
	p.hire("sam", auth.RoleSecurity)
	p = p.strictly()
	new := p.arrives(p.now("root"), "bea", auth.RoleBiomed)
	began := h.Clock.Now()
	p.must(p.vouch("ina", new))
	h.Clock.Set(began.Add(4*time.Hour - 5*time.Minute))
	p.refused(wipesPump(p.now("bea")), "cooling_off")
	h.Clock.Set(began.Add(4 * time.Hour))
	bea := p.now("bea")
	p.must(wipesPump(bea))
	// The factor with which a person came was confirmed with the person.
	_, _, err := p.auth.StepUp(p.ctx, bea, auth.Proof{OTP: p.freshCode()}, onePhone)
	p.must(err)
}

func testBeginsAnew(t *testing.T, h *Harness) {
	p := staffed(t, h)
	ina := p.now("ina").Account
	change := func(c auth.AccountChange) {
		t.Helper()
		_, err := p.auth.ChangeAccount(p.ctx, p.now("root"), ina, c)
		p.must(err)
		p.agreed(ina)
	}
	settle := func() {
		t.Helper()
		p.refused(wipesPhone(p.now("ina")), "cooling_off")
		p.must(p.vouch("sam", ina))
		h.Clock.Advance(24 * time.Hour)
		p.must(wipesPhone(p.now("ina")))
	}
	p.hireFurnished("cleo", auth.RoleIT)
	none, it := []auth.Role{auth.RoleAuditor}, []auth.Role{auth.RoleIT}
	change(auth.AccountChange{Roles: &none})
	change(auth.AccountChange{Roles: &it})
	settle()
	yes, no := true, false
	change(auth.AccountChange{Disabled: &yes})
	change(auth.AccountChange{Disabled: &no})
	settle()
	phones, all := auth.Scope{Classes: []device.Class{device.ClassPhoneIssued}}, auth.Scope{}
	change(auth.AccountChange{Scope: &phones})
	p.must(wipesPhone(p.now("ina"))) // less is at once
	change(auth.AccountChange{Scope: &all})
	settle()
	p.must(p.auth.ResetFactors(p.ctx, p.now("root"), ina))
	login := p.login("ina")
	g, err := p.auth.Login(p.ctx, login)
	p.must(err)
	principal, err := p.fresh(g)
	p.must(err)
	p.refused(wipesPhone(principal), "cooling_off")
	p.refused(p.vouch("sam", ina), "nothing_to_confirm") // not before there is a factor again
}

// hireFurnished hires somebody who has been here for long, into a hospital that
// is strict.
func (p *people) hireFurnished(username string, roles ...auth.Role) auth.AccountID {
	p.t.Helper()
	return peopleOn(p.t, p.h, p.store).hire(username, roles...)
}

func testNewFactor(t *testing.T, h *Harness) {
	p := staffed(t, h)
	ina := p.now("ina")
	enrolment, err := p.auth.EnrolTOTP(p.ctx, ina, staffPassword, auth.Proof{OTP: p.freshCode()})
	p.must(err)
	shows := func(seed string) string {
		code, err := totp.GenerateCode(seed, h.Clock.Advance(30*time.Second))
		p.must(err)
		return code
	}
	p.must(p.auth.ConfirmTOTP(p.ctx, ina, shows(enrolment.Seed)))
	began := h.Clock.Now()
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: shows(staffSeed)}, onePhone)
	p.must(err)
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: shows(enrolment.Seed)}, onePhone)
	p.refused(err, "factor_cooling_off")
	p.signInWith("ina", enrolment.Seed) // to sign in it is good at once
	// Whoever holds only the new one cannot push the old one out.
	_, err = p.auth.EnrolTOTP(p.ctx, ina, staffPassword, auth.Proof{OTP: shows(enrolment.Seed)})
	p.refused(err, "factor_cooling_off")
	h.Clock.Set(began.Add(24*time.Hour - 5*time.Minute))
	ina = p.signInWith("ina", enrolment.Seed)
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: shows(enrolment.Seed)}, onePhone)
	p.refused(err, "factor_cooling_off")
	h.Clock.Set(began.Add(24 * time.Hour))
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: shows(enrolment.Seed)}, onePhone)
	p.must(err)
	_, _, err = p.auth.StepUp(p.ctx, ina, auth.Proof{OTP: shows(staffSeed)}, onePhone)
	p.refused(err, "wrong_code")
}

func testLastApprovers(t *testing.T, h *Harness) {
	p := staffed(t, h)
	root := p.now("root")
	ina, bea := p.now("ina").Account, p.now("bea").Account
	yes := true
	errs := make(chan error, 2)
	for _, id := range []auth.AccountID{ina, bea} {
		go func() {
			_, err := p.auth.ChangeAccount(p.ctx, root, id, auth.AccountChange{Disabled: &yes})
			errs <- err
		}()
	}
	first, second := <-errs, <-errs
	if (first == nil) == (second == nil) {
		t.Fatalf("of three approvers two were taken away at once, or none: %v, %v", first, second)
	}
	if first == nil {
		first = second
	}
	p.refused(first, "last_approvers")
}

func testFoundingHandsOver(t *testing.T, h *Harness) {
	p := founded(t, h).strictly()
	began := h.Clock.Now()
	root := p.now("root")
	p.must(wipesPhone(root))
	if !root.Founding || root.FoundingLeft != 10 || !root.FoundingEnds.Equal(began.Add(14*24*time.Hour)) {
		t.Fatalf("the first administrator is told %+v", root)
	}
	ina, sam := p.arrives(root, "ina", auth.RoleIT), p.arrives(root, "sam", auth.RoleSecurity)
	p.must(wipesPhone(p.now("root"))) // two who are new are not two approvers yet
	p.must(p.vouch("root", ina))
	p.must(p.vouch("root", sam))
	h.Clock.Set(began.Add(5 * time.Hour))
	p.must(wipesPhone(p.now("ina")))
	p.must(agreesToWipe(p.now("sam")))
	p.refused(wipesPhone(p.now("root")), "not_allowed")
}
