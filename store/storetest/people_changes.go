package storetest

import (
	"slices"
	"testing"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
)

func testTwoForRights(t *testing.T, h *Harness) {
	p := staffed(t, h)
	made, err := p.auth.CreateAccount(p.ctx, p.now("root"), auth.NewAccount{Username: "new", Name: "New", Password: staffPassword,
		TOTPSeed: staffSeed, Roles: []auth.Role{auth.RoleHelpdesk}})
	p.must(err)
	id := made.Account.ID
	roles := func() []auth.Role { t.Helper(); return p.now("new").Roles }
	waiting := func() auth.PendingChange {
		t.Helper()
		list, err := p.auth.AccountChanges(p.ctx, p.now("root"), id)
		p.must(err)
		return list[0]
	}
	approve := func(by string, c auth.PendingChange) error {
		t.Helper()
		principal := p.now(by)
		_, err := p.auth.ApproveChange(p.ctx, principal, c.ID, auth.Proof{OTP: p.freshCode()})
		return err
	}
	change := func(to ...auth.Role) {
		t.Helper()
		_, err := p.auth.ChangeAccount(p.ctx, p.now("root"), id, auth.AccountChange{Roles: &to})
		p.must(err)
	}

	if len(roles()) != 0 {
		t.Fatalf("one administrator made an account with the roles %v", roles())
	}
	first := waiting()
	p.refused(approve("root", first), "second_person_needed")
	p.refused(approve("ina", first), "not_allowed")
	p.must(approve("sam", first)) // the control
	if got := roles(); !slices.Equal(got, []auth.Role{auth.RoleHelpdesk}) {
		t.Fatalf("after the second person the roles are %v", got)
	}
	p.refused(approve("sam", first), "account_change_over")

	// One role is taken and another given: the first goes at once.
	change(auth.RoleAdmin)
	if got := roles(); len(got) != 0 {
		t.Fatalf("a role that was taken is still there: %v", got)
	}
	replaced := waiting()
	change(auth.RoleAuditor)
	p.refused(approve("sam", replaced), "account_change_over")
	void := waiting()
	yes, no := true, false
	_, err = p.auth.ChangeAccount(p.ctx, p.now("root"), id, auth.AccountChange{Disabled: &yes})
	p.must(err)
	p.refused(approve("sam", void), "account_change_void")
	_, err = p.auth.ChangeAccount(p.ctx, p.now("root"), id, auth.AccountChange{Disabled: &no})
	p.must(err)
	p.must(approve("sam", waiting()))

	change(auth.RoleSupply)
	_, err = p.auth.DenyChange(p.ctx, p.now("sam"), waiting().ID, "not agreed with the ward")
	p.must(err)
	p.refused(approve("sam", waiting()), "account_change_over")
	change(auth.RoleSupply)
	late := waiting()
	h.Clock.Advance(auth.PendingLife)
	p.refused(approve("sam", late), "account_change_over")

	// Nobody agrees to their own rights, nor a security officer who is new.
	two := []auth.Role{auth.RoleSecurity, auth.RoleIT}
	_, err = p.auth.ChangeAccount(p.ctx, p.now("root"), p.now("sam").Account, auth.AccountChange{Roles: &two})
	p.must(err)
	list, err := p.auth.AccountChanges(p.ctx, p.now("root"), p.now("sam").Account)
	p.must(err)
	p.refused(approve("sam", list[0]), "own_rights")
	p.arrives(p.now("root"), "fresh", auth.RoleSecurity)
	p.refused(approve("fresh", list[0]), "cooling_off")

	// Less needs nobody.
	phones := auth.Scope{Classes: []device.Class{device.ClassPhoneIssued}}
	a, err := p.auth.ChangeAccount(p.ctx, p.now("root"), p.now("ina").Account, auth.AccountChange{Scope: &phones})
	p.must(err)
	if len(a.Scope.Classes) != 1 {
		t.Fatal("a narrower scope waited for a second person")
	}
	for action, want := range map[string]int{"account.change_denied": 1, "account.change_approved": 3} {
		if n := p.recorded(audit.Action(action)); n != want {
			t.Errorf("the log holds %d of %s, not %d", n, action, want)
		}
	}
}
