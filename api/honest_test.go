package api

import (
	"net/http"
	"testing"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/store/storetest"
)

// The honest cases: what the guard must not stand in the way of.

// does polls, does what it is handed and says so, until nothing more comes; and
// reports whether one of the orders was of this kind.
func (x *house) does(g *storetest.Gadget, kind device.Kind) bool {
	x.t.Helper()
	found := false
	for {
		orders := g.Take()
		if len(orders) == 0 {
			return found
		}
		for _, d := range orders {
			found = found || d.Told.Kind == kind
			if d.Told.Kind == device.KindWipe {
				g.Answer(d, commands.ResultAccepted, "")
				return found
			}
			g.Answer(d, commands.ResultSucceeded, "")
		}
	}
}

// TestAHospitalOfTwoPeopleWipesALostPhoneAndAPump: an IT administrator and a
// biomedical engineer, who also are the approvers, and an administrator's account.
func TestAHospitalOfTwoPeopleWipesALostPhoneAndAPump(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT, auth.RoleAdmin)
	bea := x.person("bea", auth.RoleBiomed, auth.RoleSecurity)

	// At night, one of them: lock, then wipe, with one step-up and nobody else.
	phone := x.clinic.Phone()
	of := "/devices/" + string(phone.ID)
	x.call(ada, http.MethodPost, of+"/report-lost", map[string]any{"reason": "left in a taxi"}).is(http.StatusOK)
	if !x.does(phone, device.KindLock) {
		t.Error("the lost phone is not locked at its next contact")
	}
	if wipe := ada.wipes(phone); wipe.text("state") != "queued" {
		t.Errorf("the wipe of a lost phone by one person: %s", wipe.raw)
	}
	if !x.does(phone, device.KindWipe) {
		t.Error("it is not wiped at its next contact")
	}

	// A pump that leaves takes both, each in their own session.
	pump := x.clinic.Pump()
	pump.Therapy = device.ReportedService
	pump.Change(func(d *device.Device) {
		d.Custody, d.Stage = device.Custody{Kind: device.CustodyBiomed}, device.StageDecommissioning
	})
	pump.Report()
	asked := bea.wipes(pump)
	if asked.text("state") != "awaiting_approval" {
		t.Fatalf("a pump's wipe: %s", asked.raw)
	}
	agreed := x.call(ada, http.MethodPost, "/commands/"+asked.text("id")+"/approve", map[string]any{"order_hash": asked.text("order_hash")}, ada.stepUp(pump.ID)).is(http.StatusOK)
	pump.Report()
	if agreed.text("state") != "queued" || !x.does(pump, device.KindWipe) {
		t.Errorf("after the other person agreed: %s", agreed.raw)
	}
	// They are the last two who can agree: neither is taken away, nor freezes for good.
	x.call(ada, http.MethodPatch, "/accounts/"+string(bea.id), map[string]any{"disabled": true}, header{"If-Match": x.call(ada, http.MethodGet, "/accounts/"+string(bea.id), nil).header.Get("ETag")}).
		refuses(http.StatusConflict, "last_approvers")
	frozen := x.call(bea, http.MethodPost, "/freezes", map[string]any{"scope": "server", "reason": "a suspicion"}).is(http.StatusCreated)
	x.call(bea, http.MethodPost, "/freezes/"+frozen.text("id")+"/lift", map[string]any{"reason": "it was nothing"}).is(http.StatusOK)
	if lifted := x.call(ada, http.MethodPost, "/freezes/"+frozen.text("id")+"/approve-lift", nil).is(http.StatusOK); lifted.text("lifted_by") != "ada" {
		t.Errorf("two people lift what one of them set: %s", lifted.raw)
	}
}

// TestAFactorThatWasChangedYesterdayStandsInNobodysWay: the new app waits a day;
// until then the one before it wipes, and locking needs neither.
func TestAFactorThatWasChangedYesterdayStandsInNobodysWay(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	x.person("sam", auth.RoleSecurity)
	old := ada.seed
	begun := x.call(ada, http.MethodPost, "/auth/totp", map[string]any{"password": password, "otp": ada.otp()}).is(http.StatusOK)
	ada.seed = begun.text("seed")
	x.call(ada, http.MethodPost, "/auth/totp/confirm", map[string]any{"otp": ada.otp()}).is(http.StatusNoContent)

	x.clock.Advance(10 * time.Hour) // three in the morning
	ada.signIn()                    // with the new app
	phone := x.clinic.Phone()
	of := "/devices/" + string(phone.ID)
	x.call(ada, http.MethodPost, of+"/report-lost", map[string]any{"reason": "left in a taxi"}).is(http.StatusOK)
	if !x.does(phone, device.KindLock) {
		t.Error("the lost phone is not locked at its next contact")
	}
	x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "device_id": phone.ID}).refuses(http.StatusForbidden, "factor_cooling_off")
	fresh := ada.seed
	ada.seed = old
	if wipe := ada.wipes(phone); wipe.text("state") != "queued" || !x.does(phone, device.KindWipe) {
		t.Errorf("with the app of before: %s", wipe.raw)
	}
	ada.seed = fresh
	x.clock.Advance(15 * time.Hour)
	ada.signIn()
	if wipe := ada.wipes(x.clinic.Phone()); wipe.text("state") != "queued" {
		t.Errorf("a day after the change, with the new app: %s", wipe.raw)
	}
}

// TestAnAdministratorWhoseOwnPhoneIsGoneHasItLockedAtOnceAndWipedWithinTheRules:
// the authenticator app was on that phone. The password alone locks it; what wipes
// it is a recovery code, or a colleague.
func TestAnAdministratorWhoseOwnPhoneIsGoneHasItLockedAtOnceAndWipedWithinTheRules(t *testing.T) {
	x := newHouse(t)
	ada, ben := x.person("ada", auth.RoleIT), x.person("ben", auth.RoleIT)
	codes := x.call(ada, http.MethodPost, "/auth/recovery-codes", map[string]any{"password": password, "otp": ada.otp()}).is(http.StatusCreated)
	phone, other := x.clinic.Phone(), x.clinic.Phone()
	phone.Change(func(d *device.Device) { d.Owner = "ada" })
	x.clock.Advance(48 * time.Hour)

	// On somebody else's computer, with the password and nothing else.
	outside := *x
	outside.url = serve(t, x.api.Public())
	one := &person{h: &outside}
	one.token = outside.call(nil, http.MethodPost, "/auth/lost", map[string]any{"username": "ada", "password": password}).is(http.StatusOK).text("access_token")
	outside.call(one, http.MethodPost, "/self/devices/"+string(other.ID)+"/report-lost", map[string]any{}).refuses(http.StatusNotFound, "not_found")
	outside.call(one, http.MethodPost, "/self/devices/"+string(phone.ID)+"/report-lost", map[string]any{}).is(http.StatusOK)
	if !x.does(phone, device.KindLock) {
		t.Error("one's own lost phone is not locked at its next contact")
	}
	x.call(one, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "wipe"}).refuses(http.StatusUnauthorized, "sign_in_needed")

	// With a recovery code from the drawer she signs in and wipes it herself.
	in := x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ada", "password": password, "otp": codes.text("codes.0")}).is(http.StatusOK)
	ada.token = in.text("access_token")
	proof := x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": codes.text("codes.1"), "device_id": phone.ID}).is(http.StatusOK)
	wipe := x.call(ada, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "wipe", "reason": "it held my factor"},
		header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	if wipe.text("state") != "queued" || !x.does(phone, device.KindWipe) {
		t.Errorf("the wipe with recovery codes: %s", wipe.raw)
	}
	// Without codes, a colleague does it: one person, one step-up.
	ben.signIn()
	if wipe := ben.wipes(other); wipe.text("state") != "queued" {
		t.Errorf("a colleague's wipe: %s", wipe.raw)
	}
}
