package api

import (
	"net/http"
	"testing"

	"wardline/auth"
	"wardline/device"
)

func TestListsOfCommandsAndBatchesHoldAndCountWhatTheReaderMaySee(t *testing.T) {
	x := newHouse(t)
	ada, bio := x.person("ada", auth.RoleIT), x.person("bio", auth.RoleBiomed)
	phone, pump := x.clinic.Phone(), x.clinic.Pump()
	both := map[string]any{"kind": "locate", "devices": []device.ID{phone.ID, pump.ID}}
	x.call(ada, http.MethodPost, "/batches", both).is(http.StatusCreated)
	x.call(ada, http.MethodPost, "/batches", map[string]any{"kind": "refresh", "devices": []device.ID{phone.ID}}).is(http.StatusCreated)

	page := x.call(ada, http.MethodGet, "/batches?limit=1", nil).is(http.StatusOK)
	if page.number("total") != 2 || page.text("items.0.kind") != "refresh" || page.number("items.0.progress.waiting") != 1 {
		t.Errorf("the newest batch: %s", page.raw)
	}
	page = x.call(ada, http.MethodGet, "/batches?limit=1&cursor="+page.text("next_cursor"), nil).is(http.StatusOK)
	if page.text("items.0.kind") != "locate" || page.number("items.0.progress.devices") != 2 || page.text("next_cursor") != "" {
		t.Errorf("the older batch: %s", page.raw)
	}
	pumps := x.limited("pumps.only", auth.Scope{Classes: []device.Class{device.ClassPumpLVP}}, auth.RoleBiomed)
	seen := x.call(pumps, http.MethodGet, "/batches", nil).is(http.StatusOK)
	if seen.number("total") != 1 || seen.number("items.0.progress.devices") != 1 {
		t.Errorf("who sees pumps only sees of batches: %s", seen.raw)
	}
	if list := x.call(pumps, http.MethodGet, "/commands?state=open", nil).is(http.StatusOK); list.number("total") != 1 || len(list.items("id")) != 1 {
		t.Errorf("who sees pumps only sees of commands: %s", list.raw)
	}
	nurse := x.limited("nurse", auth.Scope{Wards: []device.PlaceID{x.clinic.Ward}}, auth.RoleClinician)
	x.call(nurse, http.MethodGet, "/batches", nil).refuses(http.StatusForbidden, "sees_single_devices")

	// A second person's inbox counts what they may decide, whoever else could.
	many := []device.ID{pump.ID}
	for range 5 {
		many = append(many, x.clinic.Pump().ID)
	}
	made := x.call(bio, http.MethodPost, "/batches", map[string]any{"kind": "restart", "devices": many}).is(http.StatusCreated)
	for who, want := range map[*person]float64{bio: 0, ada: 0, x.person("sue", auth.RoleSecurity): 6} {
		if list := x.call(who, http.MethodGet, "/commands?inbox=true&limit=2", nil).is(http.StatusOK); list.number("total") != want {
			t.Errorf("%s may decide %v, the list says %v", who.username, want, list.number("total"))
		}
	}

	// And says no to all of it at once.
	no, path := map[string]any{"reason": "not during rounds"}, "/batches/"+made.text("id")+"/deny"
	x.call(bio, http.MethodPost, path, no).refuses(http.StatusForbidden, "second_person_needed")
	x.call(ada, http.MethodPost, path, no).refuses(http.StatusForbidden, "not_allowed")
	if denied := x.call(x.person("sue"), http.MethodPost, path, no).is(http.StatusOK); denied.number("counts.denied") != 6 {
		t.Errorf("a batch that was denied: %s", denied.raw)
	}
	x.call(x.person("sue"), http.MethodPost, path, no).refuses(http.StatusConflict, "not_awaiting_approval")
}
