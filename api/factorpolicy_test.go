package api

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"wardline/auth"
	"wardline/device"
)

// provesFor proves a passkey for one device or one batch.
func (p *person) provesFor(k *key, subject map[string]any) header {
	p.h.t.Helper()
	body := maps.Clone(subject)
	body["passkey"] = k.answers(p.asksFor(subject))
	return header{"Wardline-Step-Up": p.h.call(p, http.MethodPost, "/auth/step-up", body).is(http.StatusOK).text("step_up")}
}

func TestWhoseRoleConfirmsWithAPasskeyConfirmsWithNothingElse(t *testing.T) {
	x := newHouse(t)
	boss, sue := x.person("boss", auth.RoleAdmin), x.person("sue", auth.RoleSecurity)
	ada, ida := x.person("ada", auth.RoleIT), x.person("ida", auth.RoleIT)
	policy := func(number int) map[string]any {
		return map[string]any{"id": "factors_it", "number": number, "reason": "what phishes a code does not phish a passkey"}
	}
	hers := ada.registered("ada's laptop")
	x.call(boss, http.MethodPatch, "/limits", policy(1)).refuses(http.StatusConflict, "few_passkeys") // it is too new, and ida has none
	theirs := ida.registered("ida's laptop")
	x.clock.Advance(auth.FactorCooling + time.Minute)
	for _, p := range []*person{boss, sue, ada, ida} {
		p.signIn()
	}
	x.call(boss, http.MethodPatch, "/limits", policy(3)).refuses(http.StatusUnprocessableEntity, "invalid_input")
	now := x.call(boss, http.MethodPatch, "/limits", policy(1)).is(http.StatusOK)
	if i := slices.Index(now.items("id"), "factors_it"); i >= 0 {
		t.Errorf("it counts nothing, and is none of the limits that do: %s", now.raw)
	}

	// From here on a live code is worth nothing for what destroys; it signs in.
	phone := string(x.clinic.Phone().ID)
	code := map[string]any{"otp": ada.otp(), "device_id": phone}
	x.call(ada, http.MethodPost, "/auth/step-up", code).refuses(http.StatusForbidden, "passkey_wanted")
	if mine := x.call(ada, http.MethodGet, "/auth/factors", nil).is(http.StatusOK); mine.text("required") != "passkey" {
		t.Errorf("the factors of somebody of IT: %s", mine.raw)
	}
	if mine := x.call(sue, http.MethodGet, "/auth/factors", nil).is(http.StatusOK); mine.text("required") != "any" {
		t.Errorf("nothing changed for security: %s", mine.raw)
	}
	wipe := map[string]any{"kind": "wipe", "reason": "left in a taxi"}
	proof := ada.provesFor(hers, map[string]any{"device_id": phone})
	x.call(ada, http.MethodPost, "/devices/"+phone+"/commands", wipe, proof).is(http.StatusCreated)
	ada.signIn()

	// Who agrees to what destroys proves a passkey too, where the role wants one.
	var six []device.ID
	for range 6 {
		six = append(six, x.clinic.Phone().ID)
	}
	batch := map[string]any{"kind": "wipe", "reason": "stolen from the store", "devices": six}
	asked := x.call(sue, http.MethodPost, "/batches", batch).refuses(http.StatusForbidden, "step_up_required")
	otp := x.call(sue, http.MethodPost, "/auth/step-up", map[string]any{"otp": sue.otp(), "batch_id": asked.text("batch_id")}).is(http.StatusOK)
	waits := x.call(sue, http.MethodPost, "/batches", batch, header{"Wardline-Step-Up": otp.text("step_up")}).is(http.StatusCreated)
	path, yes := "/batches/"+waits.text("id")+"/approve", map[string]any{"orders_hash": waits.text("orders_hash")}
	again := x.call(ida, http.MethodPost, path, yes).refuses(http.StatusForbidden, "step_up_required")
	x.call(ida, http.MethodPost, "/auth/step-up", map[string]any{"otp": ida.otp(), "batch_id": again.text("batch_id")}).refuses(http.StatusForbidden, "passkey_wanted")
	done := x.call(ida, http.MethodPost, path, yes, ida.provesFor(theirs, map[string]any{"batch_id": again.text("batch_id")})).is(http.StatusOK)
	if done.number("counts.awaiting_approval") != 0 {
		t.Errorf("approved with a passkey: %s", done.raw)
	}

	// Any factor again: two people, and a day later.
	eased := x.call(boss, http.MethodPatch, "/limits", policy(2)).is(http.StatusOK)
	change := eased.text("changes.0.id")
	x.call(boss, http.MethodPost, "/limits/changes/"+change+"/approve", nil).refuses(http.StatusForbidden, "second_person_needed")
	x.call(sue, http.MethodPost, "/limits/changes/"+change+"/approve", nil).is(http.StatusOK)
	other := string(x.clinic.Phone().ID)
	x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "device_id": other}).refuses(http.StatusForbidden, "passkey_wanted")
	x.clock.Advance(24*time.Hour + time.Minute)
	ada.signIn()
	x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "device_id": other}).is(http.StatusOK)
}
