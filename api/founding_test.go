package api

import (
	"net/http"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
)

// founder makes the first administrator, as `wardline user create` does.
func (x *house) founder(username string) *person {
	x.t.Helper()
	p := &person{h: x, username: username, seed: seedOf(username)}
	made, err := x.auth.BootstrapFirstAdmin(x.t.Context(), audit.Actor{Kind: audit.ActorLocal, ID: "local:root"},
		auth.NewAccount{Username: username, Password: password, TOTPSeed: p.seed})
	x.must(err)
	p.id = made.Account.ID
	x.people[username] = p
	p.signIn()
	return p
}

// SAFETY 4: until two approvers exist, and at most 14 days, the first admin may
// act on up to 10 devices in all; a banner counts; it never comes back.
func TestTheFirstAdministratorActsOnTenDevicesAndIsToldHowManyAreLeft(t *testing.T) {
	x := newHouse(t)
	anna := x.founder("anna")
	lock := func(id string) *answer {
		t.Helper()
		return x.call(anna, http.MethodPost, "/devices/"+id+"/commands", map[string]any{"kind": "lock", "reason": "left in a taxi"})
	}
	var phones []string
	for range 11 {
		phones = append(phones, string(x.clinic.Phone().ID))
	}
	me := x.call(anna, http.MethodGet, "/auth/me", nil).is(http.StatusOK)
	if me.at("founding") != true || me.number("founding_devices_left") != 10 || me.text("founding_ends_at") == "" {
		t.Fatalf("the banner gets %s", me.raw)
	}
	for _, id := range phones[:10] {
		lock(id).is(http.StatusCreated)
	}
	x.call(anna, http.MethodPost, "/devices/"+phones[10]+"/commands", map[string]any{"kind": "locate"}).is(http.StatusCreated)
	if left := x.call(anna, http.MethodGet, "/auth/me", nil).number("founding_devices_left"); left != 0 {
		t.Errorf("after ten devices %v are left", left)
	}
	lock(phones[10]).refuses(http.StatusForbidden, "founding_spent")
	// Again on one of the ten is not one more.
	x.call(anna, http.MethodPost, "/devices/"+phones[0]+"/commands", map[string]any{"kind": "ring"}).is(http.StatusCreated)

	x.clock.Advance(auth.FoundingLife)
	anna.signIn()
	if me = x.call(anna, http.MethodGet, "/auth/me", nil); me.at("founding") != false || me.at("founding_ends_at") != nil {
		t.Errorf("after a fortnight the banner gets %s", me.raw)
	}
	lock(phones[0]).refuses(http.StatusForbidden, "not_allowed")
}

func TestANewRoleIsConfirmedByAPersonOfLongStanding(t *testing.T) {
	x := newHouse(t)
	x.founder("root")
	ina := x.person("ina", auth.RoleIT)
	x.person("sam", auth.RoleSecurity)
	x.person("bea", auth.RoleBiomed)
	phone := string(x.clinic.Phone().ID)
	wipe := func(p *person) *answer {
		t.Helper()
		return x.call(p, http.MethodPost, "/devices/"+phone+"/commands", map[string]any{"kind": "wipe", "reason": "stolen"})
	}
	wipe(ina).refuses(http.StatusForbidden, "step_up_required")

	// The account's factor is taken away: whoever sets one up may be somebody else.
	x.call(x.people["root"], http.MethodPost, "/accounts/"+string(ina.id)+"/reset-totp", nil).is(http.StatusNoContent)
	x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ina", "password": password}).is(http.StatusOK)
	made := x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ina", "password": password}).is(http.StatusOK)
	ina.token = made.text("access_token")
	begun := x.call(ina, http.MethodPost, "/auth/totp", map[string]any{"password": password}).is(http.StatusOK)
	ina.seed = begun.text("seed")
	x.call(ina, http.MethodPost, "/auth/totp/confirm", map[string]any{"otp": ina.otp()}).is(http.StatusNoContent)

	refused := wipe(ina).refuses(http.StatusForbidden, "cooling_off")
	if refused.at("confirmed") != false || refused.text("good_from") == "" {
		t.Errorf("it is not said until when, and that somebody has to confirm it: %s", refused.raw)
	}
	sam := x.people["sam"]
	list := x.call(sam, http.MethodGet, "/vouches", nil).is(http.StatusOK)
	if list.number("total") != 1 || list.text("items.0.username") != "ina" {
		t.Fatalf("those who wait are %s", list.raw)
	}
	path := "/accounts/" + string(ina.id) + "/vouch"
	x.call(sam, http.MethodPost, path, map[string]any{"otp": "000000"}).refuses(http.StatusForbidden, "wrong_code")
	x.call(sam, http.MethodPost, path, map[string]any{"otp": sam.otp()}).is(http.StatusOK)
	if r := wipe(ina).refuses(http.StatusForbidden, "cooling_off"); r.at("confirmed") != true {
		t.Errorf("after somebody confirmed it: %s", r.raw)
	}
	x.clock.Advance(24 * time.Hour)
	ina.signIn()
	wipe(ina).refuses(http.StatusForbidden, "step_up_required")
}
