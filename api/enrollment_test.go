package api

import (
	"net/http"
	"testing"

	"wardline/auth"
	"wardline/device"
	"wardline/enroll"
)

func TestFailedEnrollmentsAreToldInWordsToWhoMaySeeThem(t *testing.T) {
	x := newHouse(t)
	bio := x.person("bio", auth.RoleBiomed)
	pump := x.call(bio, http.MethodPost, "/invitations", map[string]any{"class": "pump_lvp", "serial": "LVP-1"}).is(http.StatusCreated)
	delivery := x.call(bio, http.MethodPost, "/deliveries", map[string]any{"name": "PO 4711", "class": "pump_syringe", "model": "", "serials": []string{"SYR-1"}}).is(http.StatusCreated)
	x.call(bio, http.MethodPost, "/deliveries/"+delivery.text("id")+"/open", map[string]any{"minutes": 60}).is(http.StatusOK)
	syringe := x.call(bio, http.MethodPost, "/invitations", map[string]any{"class": "pump_syringe", "delivery_id": delivery.text("id")}).is(http.StatusCreated)
	for code, serial := range map[string]string{pump.text("code"): "LVP-2", syringe.text("code"): "SYR-9"} {
		if _, err := x.enrollment.Bootstrap(t.Context(), enroll.BootstrapRequest{Code: code, Serial: serial}, "10.0.0.1"); err == nil {
			t.Fatalf("the code of another device let %s in", serial)
		}
	}
	list := x.call(bio, http.MethodGet, "/enrollment-failures", nil).is(http.StatusOK)
	said := map[string]string{}
	for i := range list.items("id") {
		item := list.body["items"].([]any)[i].(map[string]any)
		said[item["serial"].(string)] = item["kind"].(string) + ": " + item["reason"].(string) + " / " + item["help"].(string)
	}
	want := map[string]string{
		"LVP-2": "code_refused: This code was made for another device. / Use the code on the device that it was made for, or ask for a new invitation.",
		"SYR-9": "code_refused: This serial number is not on the delivery's packing list. / Compare the serial number with the packing list; invite the device by its serial number if it really belongs here.",
	}
	for serial, words := range want {
		if said[serial] != words {
			t.Errorf("%s: %q, want %q", serial, said[serial], words)
		}
	}
	only := x.limited("syringes", auth.Scope{Classes: []device.Class{device.ClassPumpSyringe}}, auth.RoleBiomed)
	if seen := x.call(only, http.MethodGet, "/enrollment-failures", nil).is(http.StatusOK).items("serial"); len(seen) != 1 || seen[0] != "SYR-9" {
		t.Errorf("who sees syringe pumps only sees of the failed ones: %v", seen)
	}
	x.call(x.person("nurse", auth.RoleClinician), http.MethodGet, "/enrollment-failures", nil).refuses(http.StatusForbidden, "not_allowed")
}

func TestInvitationsSayWhatBecameOfThem(t *testing.T) {
	x := newHouse(t)
	bio := x.person("bio", auth.RoleBiomed)
	x.call(bio, http.MethodPost, "/invitations", map[string]any{"class": "pump_lvp", "serial": "LVP-1"}).is(http.StatusCreated)
	second := x.call(bio, http.MethodPost, "/invitations", map[string]any{"class": "pump_lvp", "serial": "LVP-2"}).is(http.StatusCreated)
	x.call(bio, http.MethodPost, "/invitations/"+second.text("id")+"/cancel", nil).is(http.StatusNoContent)
	open := x.call(bio, http.MethodGet, "/invitations?state=open&q=lvp", nil).is(http.StatusOK)
	if serials := open.items("serial"); len(serials) != 1 || serials[0] != "LVP-1" || open.number("total") != 1 ||
		open.text("items.0.state") != "open" || open.text("items.0.progress.missing") != "code" {
		t.Errorf("open ones: %s", open.raw)
	}
	if gone := x.call(bio, http.MethodGet, "/invitations?state=cancelled", nil).is(http.StatusOK); gone.text("items.0.serial") != "LVP-2" {
		t.Errorf("cancelled ones: %s", gone.raw)
	}
	only := x.limited("syringes", auth.Scope{Classes: []device.Class{device.ClassPumpSyringe}}, auth.RoleBiomed)
	x.call(only, http.MethodGet, "/invitations/"+second.text("id"), nil).refuses(http.StatusNotFound, "not_found")
	if one := x.call(bio, http.MethodGet, "/invitations/"+second.text("id"), nil).is(http.StatusOK); one.text("state") != "cancelled" {
		t.Errorf("one of them: %s", one.raw)
	}
	if list := x.call(only, http.MethodGet, "/invitations", nil).is(http.StatusOK); list.number("total") != 0 || len(list.items("id")) != 0 {
		t.Errorf("who sees syringe pumps only: %s", list.raw)
	}
}
