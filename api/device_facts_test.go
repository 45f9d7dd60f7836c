package api

import (
	"net/http"
	"testing"

	"wardline/auth"
	"wardline/device"
	"wardline/inventory"
)

func TestWhatIsKnownBesideTheRecordIsShownToThoseWhoMaySeeIt(t *testing.T) {
	x := newHouse(t)
	ada, sam := x.person("ada", auth.RoleIT), x.person("sam", auth.RoleSupply)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID)

	// The label is GS1's own example of a serialised item.
	made := x.call(ada, http.MethodPost, "/devices", map[string]any{"model": x.clinic.PhoneModel, "serial": "S1", "management": "record",
		"udi": "(01)09506000134352(11)260301(17)290331(10)L7(21)S1"}).is(http.StatusCreated)
	parts := x.call(ada, http.MethodGet, "/devices/"+made.text("id")+"/inventory", nil).is(http.StatusOK)
	for member, want := range map[string]string{"di": "09506000134352", "lot": "L7", "serial": "S1", "made": "2026-03-01", "expires": "2029-03-31", "agency": "gs1"} {
		if got := parts.text("udi." + member); got != want {
			t.Errorf("the UDI's %s is %q, want %q", member, got, want)
		}
	}
	if parts.at("reported") != nil {
		t.Errorf("a device that never spoke said something: %s", parts.raw)
	}

	facts := inventory.Facts{Maker: "Tele", Serial: "F99", Apps: []inventory.App{{ID: "chat", Version: "3"}}}
	x.must(x.store.SaveFacts(t.Context(), phone.ID, "h1", facts))
	said := x.call(sam, http.MethodGet, path+"/inventory", nil).is(http.StatusOK)
	if said.text("reported.serial") != "F99" || said.text("reported.apps.0.id") != "chat" || said.at("udi") != nil {
		t.Errorf("what it says of itself: %s", said.raw)
	}

	list := x.call(ada, http.MethodGet, path+"/certificates", nil).is(http.StatusOK)
	if list.number("total") != 1 || list.text("items.0.status") != "active" || list.at("items.0.current") != true {
		t.Errorf("its certificate: %s", list.raw)
	}
	x.call(sam, http.MethodGet, path+"/certificates", nil).refuses(http.StatusForbidden, "not_allowed")
	ned := x.limited("ned", auth.Scope{Classes: []device.Class{device.ClassPumpLVP}}, auth.RoleIT)
	for _, what := range []string{"/certificates", "/inventory"} {
		x.call(ned, http.MethodGet, path+what, nil).refuses(http.StatusNotFound, "not_found")
	}
}
