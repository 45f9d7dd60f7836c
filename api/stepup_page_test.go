package api

import (
	"net/http"
	"testing"

	"wardline/auth"
)

func TestAWipeAskedOnTheCommandLineIsConfirmedInTheConsoleByTheSamePersonOnly(t *testing.T) {
	x := newHouse(t)
	ada, eve := x.person("ada", auth.RoleIT), x.person("eve", auth.RoleIT)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID) + "/commands"
	wipe := map[string]any{"kind": "wipe", "reason": "stolen from a car"}
	commandLine := *ada // one session asks, another one of the same person confirms
	asked := x.call(&commandLine, http.MethodPost, path, wipe).refuses(http.StatusForbidden, "step_up_required")
	code := asked.text("user_code")
	if want := "https://wardline.test/step-up?code=" + code; asked.text("step_up_url") != want {
		t.Errorf("the page is said to be at %s", asked.text("step_up_url"))
	}
	ada.signIn()

	x.call(nil, http.MethodGet, "/auth/step-up/"+code, nil).is(http.StatusUnauthorized)

	x.call(eve, http.MethodGet, "/auth/step-up/"+code, nil).refuses(http.StatusNotFound, "not_found")
	x.call(eve, http.MethodPost, "/auth/step-up/"+code+"/confirm", map[string]any{"otp": eve.otp()}).refuses(http.StatusNotFound, "not_found")
	x.call(eve, http.MethodPost, "/auth/step-up/"+code+"/deny", nil).refuses(http.StatusNotFound, "not_found")

	shown := x.call(ada, http.MethodGet, "/auth/step-up/"+code, nil).is(http.StatusOK)
	if shown.text("state") != "pending" || shown.text("kind_words") != "Wipe" || shown.text("reason") != "stolen from a car" ||
		shown.text("device_id") != string(phone.ID) || shown.text("asked_by") != "ada" || shown.at("asked_from.this_session") != false ||
		shown.text("asked_from.source") == "" || shown.text("expires_at") == "" {
		t.Errorf("what is asked: %s", shown.raw)
	}
	x.call(ada, http.MethodPost, "/auth/step-up/"+code+"/confirm", map[string]any{"otp": "000000"}).is(http.StatusForbidden)
	x.call(&commandLine, http.MethodPost, path, wipe, header{"Wardline-Step-Up": code}).refuses(http.StatusForbidden, "step_up_pending")
	confirmed := x.call(ada, http.MethodPost, "/auth/step-up/"+code+"/confirm", map[string]any{"otp": ada.otp()}).is(http.StatusOK)
	if confirmed.text("state") != "confirmed" {
		t.Errorf("after the code: %s", confirmed.raw)
	}
	x.call(ada, http.MethodPost, "/auth/step-up/"+code+"/deny", nil).refuses(http.StatusConflict, "step_up_not_open")
	x.call(&commandLine, http.MethodPost, path, wipe, header{"Wardline-Step-Up": code}).is(http.StatusCreated)
}

func TestWhoDidNotAskDeniesItInTheConsole(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	path := "/devices/" + string(x.clinic.Phone().ID) + "/commands"
	wipe := map[string]any{"kind": "wipe"}
	code := x.call(ada, http.MethodPost, path, wipe).refuses(http.StatusForbidden, "step_up_required").text("user_code")
	x.call(ada, http.MethodPost, "/auth/step-up/"+code+"/deny", nil).is(http.StatusNoContent)
	x.call(ada, http.MethodPost, path, wipe, header{"Wardline-Step-Up": code}).refuses(http.StatusForbidden, "step_up_denied")
}
