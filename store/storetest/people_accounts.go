package storetest

import (
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
	"wardline/store"
)

func suiteAccounts(t *testing.T, h *Harness) {
	h.Run("the first administrator is made once, also by two servers at once", testFirstAdminOnce)
	h.Run("a printed set-up link makes the first administrator once", testFirstAdminLink)
	h.Run("a set-up link lets a person choose a password, once, for three days", testSetupLink)
	h.Run("the last administrator stays one, also when two disable each other at once", testLastAdmin)
	h.Run("founding ends with the second approver and never comes back", testFounding)
	h.Run("rights that are taken away are gone at once where it matters", testRightsTakenAway)
	h.Run("nobody changes their own roles, and a stale change is refused", testOwnRights)
	h.Run("accounts are found by name and role, page by page", testAccountList)
}

func testFirstAdminOnce(t *testing.T, h *Harness) {
	p := newPeople(t, h)
	if needed, err := p.auth.NeedsFirstAdmin(p.ctx); err != nil || !needed {
		t.Fatalf("an empty hospital needs no first administrator: %v %v", needed, err)
	}
	servers := []*people{p, p}
	if h.Engine == store.Postgres {
		servers[1] = peopleOn(t, h, h.Second())
	}
	errs := make(chan error, 2)
	for i, server := range servers {
		go func() {
			_, err := server.auth.BootstrapFirstAdmin(p.ctx, onTheHost,
				auth.NewAccount{Username: []string{"anna", "bert"}[i], Password: staffPassword})
			errs <- err
		}()
	}
	first, second := <-errs, <-errs
	if (first == nil) == (second == nil) {
		t.Fatalf("of two founders, not exactly one: %v, %v", first, second)
	}
	if first == nil {
		first = second
	}
	p.refused(first, "already_founded")
	if needed, err := p.auth.NeedsFirstAdmin(p.ctx); err != nil || needed {
		t.Fatalf("a first administrator is still needed: %v %v", needed, err)
	}
	_, err := p.auth.BootstrapFirstAdmin(p.ctx, audit.Actor{Kind: audit.ActorPerson}, auth.NewAccount{Username: "mallory", Password: staffPassword})
	p.refused(err, "not_allowed")
	if n := p.recorded("account.created"); n != 1 {
		t.Fatalf("%d accounts were recorded", n)
	}
}

func testFirstAdminLink(t *testing.T, h *Harness) {
	p := newPeople(t, h)
	old, err := p.auth.FirstAdminLink(p.ctx, onTheHost)
	p.must(err)
	link, err := p.auth.FirstAdminLink(p.ctx, onTheHost)
	p.must(err)
	setUp := func(token, username string) error {
		_, err := p.auth.SetUp(p.ctx, auth.SetUp{Token: token, Username: username, Password: staffPassword, Remote: wardSource})
		return err
	}
	p.refused(setUp(old, "anna"), "setup_link_invalid")
	p.must(setUp(link, "anna"))
	p.refused(setUp(link, "mallory"), "setup_link_invalid")
	_, err = p.auth.FirstAdminLink(p.ctx, onTheHost)
	p.refused(err, "already_founded")
	granted, err := p.auth.Login(p.ctx, p.login("anna"))
	p.must(err)
	if !granted.Principal.Has(auth.RoleAdmin) {
		t.Fatalf("the first administrator has the roles %v", granted.Principal.Roles)
	}
}

func testSetupLink(t *testing.T, h *Harness) {
	p := founded(t, h)
	root := p.signIn("root").Principal
	nurse := auth.NewAccount{Username: " Nina ", Name: "Nina Novak", Roles: []auth.Role{auth.RoleClinician}}
	created, err := p.auth.CreateAccount(p.ctx, root, nurse)
	p.must(err)
	_, err = p.auth.CreateAccount(p.ctx, root, nurse)
	p.refused(err, "username_taken")
	login := p.login("nina")
	login.Password = ""
	_, err = p.auth.Login(p.ctx, login)
	p.refused(err, "sign_in_failed")

	setUp := func(token string) error {
		_, err := p.auth.SetUp(p.ctx, auth.SetUp{Token: token, Password: staffPassword, Remote: wardSource})
		return err
	}
	p.must(setUp(created.SetupToken))
	p.refused(setUp(created.SetupToken), "setup_link_invalid")
	_, err = p.auth.Login(p.ctx, p.login("nina"))
	p.must(err)

	again, err := p.auth.NewSetupLink(p.ctx, root, created.Account.ID)
	p.must(err)
	h.Clock.Advance(3 * 24 * time.Hour)
	p.refused(setUp(again), "setup_link_invalid")

	again, err = p.auth.NewSetupLink(p.ctx, root, created.Account.ID)
	p.must(err)
	granted := p.signIn("nina")
	p.must(setUp(again))
	_, err = p.fresh(granted)
	p.refused(err, "sign_in_needed")
}

func testLastAdmin(t *testing.T, h *Harness) {
	p := founded(t, h)
	root := p.signIn("root").Principal
	deputy := p.hire("deputy", auth.RoleAdmin, auth.RoleIT)
	second := p.signIn("deputy").Principal
	yes := true
	servers := []*people{p, p}
	if h.Engine == store.Postgres {
		servers[1] = peopleOn(t, h, h.Second())
	}
	errs := make(chan error, 2)
	go func() {
		_, err := servers[0].auth.ChangeAccount(p.ctx, root, deputy, auth.AccountChange{Disabled: &yes})
		errs <- err
	}()
	go func() {
		roles := []auth.Role{auth.RoleIT}
		_, err := servers[1].auth.ChangeAccount(p.ctx, second, root.Account, auth.AccountChange{Roles: &roles})
		errs <- err
	}()
	first, other := <-errs, <-errs
	if (first == nil) == (other == nil) {
		t.Fatalf("of two who demote each other, not exactly one: %v, %v", first, other)
	}
	if first == nil {
		first = other
	}
	p.refused(first, "last_admin")
}

func testFounding(t *testing.T, h *Harness) {
	p := founded(t, h)
	lent := func() bool {
		t.Helper()
		principal, err := p.fresh(p.signIn("root"))
		p.must(err)
		return auth.AuthoriseKind(principal, device.KindWipe, "", auth.Target{Class: device.ClassPhoneIssued}) == nil
	}
	if !lent() {
		t.Fatal("the first administrator cannot act while alone")
	}
	h.Clock.Advance(13 * 24 * time.Hour)
	p.hire("ina", auth.RoleIT)
	if !lent() {
		t.Fatal("one approver ended founding")
	}
	bea := p.hire("bea", auth.RoleBiomed)
	if lent() {
		t.Fatal("two approvers exist, and the first administrator still acts on devices")
	}
	yes := true
	p.hire("sam", auth.RoleSecurity)
	_, err := p.auth.ChangeAccount(p.ctx, p.signIn("root").Principal, bea, auth.AccountChange{Disabled: &yes})
	p.must(err)
	if lent() {
		t.Fatal("founding came back when an approver left")
	}

	late := founded(t, h)
	h.Clock.Advance(14 * 24 * time.Hour)
	p = late
	if lent() {
		t.Fatal("founding lasts longer than 14 days")
	}
}

func testRightsTakenAway(t *testing.T, h *Harness) {
	p := founded(t, h)
	root := p.signIn("root").Principal
	ina := p.hire("ina", auth.RoleIT, auth.RoleHelpdesk)
	granted := p.signIn("ina")

	more := []auth.Role{auth.RoleIT, auth.RoleHelpdesk, auth.RoleAuditor}
	_, err := p.auth.ChangeAccount(p.ctx, root, ina, auth.AccountChange{Roles: &more})
	p.must(err)
	principal, err := p.fresh(granted)
	p.must(err)
	if !principal.Has(auth.RoleAuditor) {
		t.Fatal("a new role does not count in a session that is read anew")
	}

	less := []auth.Role{auth.RoleHelpdesk}
	_, err = p.auth.ChangeAccount(p.ctx, root, ina, auth.AccountChange{Roles: &less})
	p.must(err)
	_, err = p.fresh(granted)
	p.refused(err, "sign_in_needed")
	_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, granted.RefreshToken, wardSource, "test")
	p.refused(err, "sign_in_needed")

	granted = p.signIn("ina")
	yes := true
	_, err = p.auth.ChangeAccount(p.ctx, root, ina, auth.AccountChange{Disabled: &yes})
	p.must(err)
	_, err = p.fresh(granted)
	p.refused(err, "sign_in_needed")
	p.freshCode()
	_, err = p.auth.Login(p.ctx, p.login("ina"))
	p.refused(err, "sign_in_failed")
	if n := p.recorded("session.ended"); n != 2 {
		t.Fatalf("%d ends of sessions were recorded, not 2", n)
	}
}

func testOwnRights(t *testing.T, h *Harness) {
	p := founded(t, h)
	root := p.signIn("root").Principal
	roles := []auth.Role{auth.RoleAdmin, auth.RoleSecurity}
	_, err := p.auth.ChangeAccount(p.ctx, root, root.Account, auth.AccountChange{Roles: &roles})
	p.refused(err, "own_rights")
	_, err = p.auth.NewSetupLink(p.ctx, root, root.Account)
	p.refused(err, "own_rights")

	ina := p.hire("ina", auth.RoleIT)
	name := "Ina Ilic"
	a, err := p.auth.ChangeAccount(p.ctx, root, ina, auth.AccountChange{Name: &name, IfVersion: 1})
	p.must(err)
	if a.Version != 2 || a.Name != name {
		t.Fatalf("the account is now %+v", a)
	}
	_, err = p.auth.ChangeAccount(p.ctx, root, ina, auth.AccountChange{Name: &name, IfVersion: 1})
	p.refused(err, "changed_meanwhile")
	_, err = p.auth.ChangeAccount(p.ctx, p.signIn("ina").Principal, root.Account, auth.AccountChange{Name: &name})
	p.refused(err, "not_allowed")
	_, err = p.auth.ChangeAccount(p.ctx, root, "no-such-account", auth.AccountChange{Name: &name})
	p.refused(err, "not_found")
}

func testAccountList(t *testing.T, h *Harness) {
	p := founded(t, h)
	ids := map[string]auth.AccountID{}
	for _, name := range []string{"cleo", "bob_it", "anna", "bobxit"} {
		ids[name] = p.hire(name, auth.RoleIT)
	}
	root := p.signIn("root").Principal
	yes, no := true, false
	_, err := p.auth.ChangeAccount(p.ctx, root, ids["cleo"], auth.AccountChange{Disabled: &yes})
	p.must(err)
	p.must(p.auth.ResetFactors(p.ctx, root, ids["bob_it"]))
	names := func(q auth.AccountQuery) (string, int) {
		t.Helper()
		list, total, err := p.auth.Accounts(p.ctx, root, q)
		p.must(err)
		var names []string
		for _, a := range list {
			names = append(names, a.Username)
		}
		return strings.Join(names, " "), total
	}
	for _, c := range []struct {
		what  string
		q     auth.AccountQuery
		want  string
		total int
	}{
		{"everybody", auth.AccountQuery{}, "anna bob_it bobxit cleo root", 5},
		{"a page", auth.AccountQuery{Limit: 2, After: "anna"}, "bob_it bobxit", 5},
		{"an underscore is not a wildcard", auth.AccountQuery{Search: "B_I"}, "bob_it", 1},
		{"by role", auth.AccountQuery{Role: auth.RoleAdmin}, "root", 1},
		{"disabled ones", auth.AccountQuery{Disabled: &yes}, "cleo", 1},
		{"those that are not disabled", auth.AccountQuery{Disabled: &no}, "anna bob_it bobxit root", 4},
		{"without a second factor", auth.AccountQuery{SecondFactor: &no}, "bob_it", 1},
		{"found by name, with a second factor", auth.AccountQuery{Search: "bob", SecondFactor: &yes}, "bobxit", 1},
	} {
		if got, total := names(c.q); got != c.want || total != c.total {
			t.Errorf("%s: got %q of %d, want %q of %d", c.what, got, total, c.want, c.total)
		}
	}
	_, _, err = p.auth.Accounts(p.ctx, p.signIn("anna").Principal, auth.AccountQuery{})
	p.refused(err, "not_allowed")
}
