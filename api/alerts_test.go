package api

import (
	"net/http"
	"slices"
	"testing"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
)

func TestAnAlertIsSeenByThoseItIsForAndAcknowledgedOnce(t *testing.T) {
	x := newHouse(t)
	ada, boss, sec := x.person("ada", auth.RoleIT), x.person("boss", auth.RoleAdmin), x.person("sec", auth.RoleSecurity)
	pumps := x.limited("pumps.only", auth.Scope{Classes: []device.Class{device.ClassPumpLVP}}, auth.RoleBiomed)
	desk, nurse := x.person("desk", auth.RoleHelpdesk), x.limited("nurse", auth.Scope{Wards: []device.PlaceID{x.clinic.Ward}}, auth.RoleClinician)
	phone := x.clinic.Phone()
	happens := func(action audit.Action, subject string, on device.ID) {
		x.must(x.store.Record(t.Context(), audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "test"}, Action: action, Subject: subject, Device: string(on),
			Detail: map[string]any{"scope": "server", "cause": "burst"}}))
	}
	happens("alert.clone", "", phone.ID)
	happens("session.refresh_reused", "account:"+string(ada.id), "")
	happens("freeze.set", "freeze:1", "")

	for who, want := range map[*person][]string{
		ada:   {"clone", "freeze"},
		boss:  {"clone", "freeze"}, // the one about an account; admin has no right on devices
		sec:   {"clone", "clone", "freeze"},
		pumps: {"freeze"},
		desk:  {"clone"},
	} {
		list := x.call(who, http.MethodGet, "/alerts?state=open", nil).is(http.StatusOK)
		got := list.items("rule")
		slices.Sort(got)
		if !slices.Equal(got, want) || int(list.number("total")) != len(want) {
			t.Errorf("%s sees %v of %v, want %v", who.username, got, list.number("total"), want)
		}
	}
	x.call(nurse, http.MethodGet, "/alerts", nil).refuses(http.StatusForbidden, "not_allowed")

	clone := x.call(ada, http.MethodGet, "/alerts?device_id="+string(phone.ID), nil).is(http.StatusOK)
	path := "/alerts/" + clone.text("items.0.id")
	if clone.text("items.0.title") != "Two devices use one identity" || clone.text("items.0.serial") != phone.Serial || clone.text("items.0.class") != "phone_issued" {
		t.Errorf("the alert: %s", clone.raw)
	}
	german := x.call(ada, http.MethodGet, path, nil, header{"Accept-Language": "de"}).is(http.StatusOK)
	if german.text("title") != "Zwei Geräte benutzen eine Identität" {
		t.Errorf("in German: %s", german.raw)
	}
	x.call(boss, http.MethodGet, path, nil).refuses(http.StatusNotFound, "not_found")
	x.call(pumps, http.MethodPost, path+"/acknowledge", map[string]any{}).refuses(http.StatusNotFound, "not_found")
	x.call(desk, http.MethodPost, path+"/acknowledge", map[string]any{}).refuses(http.StatusForbidden, "not_allowed")
	done := x.call(ada, http.MethodPost, path+"/acknowledge", map[string]any{"note": "Bench test."}, header{"Idempotency-Key": "k1"}).is(http.StatusOK)
	if done.at("open") != false || done.text("acknowledged_by") != "ada" || done.text("note") != "Bench test." {
		t.Errorf("acknowledged: %s", done.raw)
	}
	x.call(ada, http.MethodPost, path+"/acknowledge", map[string]any{"note": "Bench test."}, header{"Idempotency-Key": "k1"}).is(http.StatusOK)
	x.call(sec, http.MethodPost, path+"/acknowledge", map[string]any{}).refuses(http.StatusConflict, "already_acknowledged")
	if n := x.call(ada, http.MethodGet, "/alerts?state=open&limit=1", nil).is(http.StatusOK).number("total"); n != 1 {
		t.Errorf("%v are open for ada, want the freeze", n)
	}
}

func TestARuleIsChangedAndAWebhookIsNotLeftBehind(t *testing.T) {
	x := newHouse(t)
	boss, sec, ada := x.person("boss", auth.RoleAdmin), x.person("sec", auth.RoleSecurity), x.person("ada", auth.RoleIT)
	x.call(ada, http.MethodPatch, "/alert-rules", map[string]any{"rule": "freeze", "reason": "a try"}).refuses(http.StatusForbidden, "not_allowed")
	hook := x.call(boss, http.MethodPost, "/webhooks", map[string]any{"name": "Pager", "url": "https://pager.test/in/a-token"}).is(http.StatusCreated)
	if len(hook.text("secret")) != 43 {
		t.Errorf("the secret: %s", hook.raw)
	}
	id := hook.text("id")
	x.call(boss, http.MethodPost, "/webhooks", map[string]any{"name": "Other", "url": "http://pager.test/in"}).refuses(http.StatusUnprocessableEntity, "invalid_input")
	routes := []map[string]any{{"webhook_id": id}, {"role": "security"}, {"address": "duty@hospital.test", "language": "de"}}
	rules := x.call(boss, http.MethodPatch, "/alert-rules", map[string]any{"rule": "freeze", "routes": routes, "reason": "the duty is told"}).is(http.StatusOK)
	if rules.at("mail_server") != false || len(rules.at("changes").([]any)) != 0 {
		t.Errorf("after somebody hears more: %s", rules.raw)
	}
	// What is secret in an address is shown to who may change it.
	if seen := x.call(ada, http.MethodGet, "/alert-rules", nil).is(http.StatusOK); seen.text("webhooks.0.url") != "https://pager.test" {
		t.Errorf("ada reads %s", seen.text("webhooks.0.url"))
	}
	x.call(boss, http.MethodDelete, "/webhooks/"+id, nil).refuses(http.StatusConflict, "webhook_used")
	waits := x.call(boss, http.MethodPatch, "/alert-rules", map[string]any{"rule": "freeze", "routes": routes[1:], "reason": "no pager any more"}).is(http.StatusOK)
	change := "/alert-rules/changes/" + waits.text("changes.0.id")
	x.call(boss, http.MethodPost, change+"/approve", nil).refuses(http.StatusForbidden, "second_person_needed")
	x.call(sec, http.MethodPost, change+"/approve", nil).is(http.StatusOK)
	x.call(sec, http.MethodPost, change+"/approve", nil).refuses(http.StatusNotFound, "not_found")
	x.call(boss, http.MethodDelete, "/webhooks/"+id, nil).is(http.StatusNoContent)
	x.call(boss, http.MethodPost, "/alert-tests", map[string]any{"address": "duty@hospital.test"}).refuses(http.StatusConflict, "no_mail_server")

	x.call(ada, http.MethodPut, "/auth/mail", map[string]any{"address": "ada@hospital.test", "language": "de"}).is(http.StatusOK)
	if mine := x.call(ada, http.MethodGet, "/auth/mail", nil).is(http.StatusOK); mine.text("address") != "ada@hospital.test" || mine.text("language") != "de" {
		t.Errorf("my mail: %s", mine.raw)
	}
	x.call(ada, http.MethodPut, "/auth/mail", map[string]any{"address": "ada@hospital.test\r\nBcc: all@x.test", "language": "de"}).refuses(http.StatusUnprocessableEntity, "invalid_input")
	x.call(ada, http.MethodPost, "/backups", map[string]any{"what": "database"}).is(http.StatusCreated)
}
