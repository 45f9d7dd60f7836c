package api

import (
	"net/http"
	"testing"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
)

func TestAStolenPhoneIsWipedAtItsNextPoll(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	wipe := map[string]any{"kind": "wipe", "reason": "stolen from the locker room", "ticket": "INC-7"}
	path := "/devices/" + string(phone.ID) + "/commands"

	asked := x.call(ada, http.MethodPost, path, wipe).refuses(http.StatusForbidden, "step_up_required")
	if asked.text("step_up_url") == "" || asked.text("user_code") == "" {
		t.Fatalf("no way to step up: %s", asked.raw)
	}
	x.call(ada, http.MethodPost, path, wipe, header{"Wardline-Step-Up": asked.text("user_code")}).refuses(http.StatusForbidden, "step_up_pending")

	proof := x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "device_id": phone.ID}).is(http.StatusOK)
	key := header{"Wardline-Step-Up": proof.text("step_up"), "Idempotency-Key": "wipe-1"}
	first := x.call(ada, http.MethodPost, path, wipe, key).is(http.StatusCreated)
	if first.text("state") != "queued" || first.text("weight") != "destructive" || first.text("why_waiting") == "" {
		t.Fatalf("the wipe: %s", first.raw)
	}
	again := x.call(ada, http.MethodPost, path, wipe, key).is(http.StatusCreated)
	if again.text("id") != first.text("id") {
		t.Fatal("the same request with the same key made a second wipe")
	}
	x.call(ada, http.MethodPost, path, map[string]any{"kind": "wipe", "reason": "another"}, key).refuses(http.StatusUnprocessableEntity, "idempotency_key_reused")

	got := phone.Take()
	if len(got) != 1 || got[0].Told.Kind != device.KindWipe {
		t.Fatalf("the phone was handed %v", got)
	}
	phone.Answer(got[0], commands.ResultAccepted, "")
	now := x.call(ada, http.MethodGet, "/commands/"+first.text("id"), nil).is(http.StatusOK)
	if now.text("state") != "accepted" || now.at("receipt_valid") != true || now.text("outcome") != "erase_started" {
		t.Fatalf("after the receipt: %s", now.raw)
	}
	var steps []string
	list, _ := now.at("transitions").([]any)
	for _, tr := range list {
		steps = append(steps, tr.(map[string]any)["state"].(string))
	}
	if len(steps) != 3 || steps[0] != "queued" || steps[1] != "delivered" || steps[2] != "accepted" {
		t.Errorf("transitions %v", steps)
	}
	if now.text("transitions.0.actor") != "ada" || now.text("transitions.2.actor") != "the device" {
		t.Errorf("who did what: %s", now.raw)
	}
}
