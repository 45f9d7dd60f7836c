package api

import (
	"net/http"
	"testing"

	"wardline/auth"
	"wardline/device"
)

// TestNoPathEditsClassOrCapabilitiesAroundTheInterlock: somebody who may write
// everything about devices and models tries to make an enrolled pump something
// that may be restarted, wiped or cut off at any moment.
func TestNoPathEditsClassOrCapabilitiesAroundTheInterlock(t *testing.T) {
	x := newHouse(t)
	eve := x.person("eve", auth.RoleBiomed, auth.RoleIT, auth.RoleAdmin)
	pump := x.clinic.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	of := "/devices/" + string(pump.ID)
	before := x.call(eve, http.MethodGet, of, nil).is(http.StatusOK)
	match := func(path string) header {
		return header{"If-Match": x.call(eve, http.MethodGet, path, nil).is(http.StatusOK).header.Get("ETag")}
	}
	laxer := func(class, name string) map[string]any {
		return map[string]any{"maker": "Evil", "name": name, "class": class, "capabilities": device.Kinds(), "network_cut": "safe", "network_cut_source": "me"}
	}

	// The controls: what nothing is enrolled as can be described and edited.
	free := x.call(eve, http.MethodPost, "/models", laxer("pump_lvp", "Everything 1")).is(http.StatusCreated)
	x.call(eve, http.MethodPut, "/models/"+free.text("id"), laxer("pump_lvp", "Everything 2"), match("/models/"+free.text("id"))).is(http.StatusOK)
	phone := x.call(eve, http.MethodPost, "/models", laxer("phone_issued", "Phone 1")).is(http.StatusCreated)

	// The record.
	x.call(eve, http.MethodPatch, of, map[string]any{"class": "phone_issued"}, match(of)).refuses(http.StatusConflict, "class_is_fixed")
	for _, model := range []string{free.text("id"), phone.text("id")} {
		x.call(eve, http.MethodPatch, of, map[string]any{"model": model}, match(of)).refuses(http.StatusConflict, "model_is_fixed")
	}
	x.call(eve, http.MethodPatch, of, map[string]any{"management": "record"}, match(of)).refuses(http.StatusUnprocessableEntity, "invalid_input")

	// The model that it is enrolled as.
	model := "/models/" + before.text("model.id")
	now := x.call(eve, http.MethodGet, model, nil).is(http.StatusOK)
	edit := func(member string, value any) map[string]any {
		body := map[string]any{"maker": now.text("maker"), "name": now.text("name"), "class": now.text("class"), "capabilities": now.at("capabilities"),
			"network_cut": now.text("network_cut"), "network_cut_source": "me"}
		body[member] = value
		return body
	}
	x.call(eve, http.MethodPut, model, edit("capabilities", device.Kinds()), match(model)).refuses(http.StatusConflict, "model_is_fixed")
	x.call(eve, http.MethodPut, model, edit("capabilities", []device.Kind{}), match(model)).refuses(http.StatusConflict, "model_is_fixed")
	x.call(eve, http.MethodPut, model, edit("network_cut", "safe"), match(model)).refuses(http.StatusConflict, "model_is_fixed")
	x.call(eve, http.MethodPut, model, edit("class", "phone_issued"), match(model)).refuses(http.StatusConflict, "class_is_fixed")
	x.call(eve, http.MethodPut, model, edit("name", "Another name"), match(model)).is(http.StatusOK)

	// Registering and importing it once more.
	again := map[string]any{"model": before.text("model.id"), "serial": pump.Serial, "management": "agent"}
	x.call(eve, http.MethodPost, "/devices", again).is(http.StatusConflict)
	again["class"] = "phone_issued"
	x.call(eve, http.MethodPost, "/devices", again).refuses(http.StatusUnprocessableEntity, "invalid_input")
	x.call(eve, http.MethodPost, "/devices/import", csvFile("serial,model,management\n"+pump.Serial+",Pumpmaker Another name,agent\n")).
		refuses(http.StatusUnprocessableEntity, "csv_has_errors")
	x.call(eve, http.MethodPost, "/devices/import", csvFile("serial,model,management,class\n"+pump.Serial+",Pumpmaker Another name,agent,phone_issued\n")).
		refuses(http.StatusUnprocessableEntity, "csv_has_errors")

	// Inviting it as something else.
	x.call(eve, http.MethodPost, "/invitations", map[string]any{"class": "phone_issued", "serial": pump.Serial, "model": before.text("model.id")}).
		refuses(http.StatusConflict, "class_differs")
	x.call(eve, http.MethodPost, "/invitations", map[string]any{"class": "phone_issued", "serial": pump.Serial}).refuses(http.StatusConflict, "class_differs")
	invited := x.call(eve, http.MethodPost, "/invitations", map[string]any{"class": "pump_lvp", "serial": pump.Serial}).is(http.StatusCreated)
	if invited.text("model") != "" && invited.text("model") != before.text("model.id") {
		t.Errorf("an invitation gives the pump another model: %s", invited.raw)
	}

	// A program never writes models.
	x.call(eve, http.MethodPost, "/tokens", map[string]any{"name": "x", "expires_in_days": 1, "permissions": []string{"models.write"}}).
		refuses(http.StatusUnprocessableEntity, "invalid_input")

	// After all of it the pump is what it was, and the rules are those for pumps.
	after := x.call(eve, http.MethodGet, of, nil).is(http.StatusOK)
	if after.text("class") != "pump_lvp" || after.text("model.id") != before.text("model.id") {
		t.Errorf("the pump is now %s", after.raw)
	}
	x.call(eve, http.MethodPost, of+"/commands", map[string]any{"kind": "restart"}).refuses(http.StatusConflict, "pump_infusing")

	// A second record with its serial number, of another class, is another thing: and
	// what says that it infuses is judged as a pump whatever its record says.
	x.call(eve, http.MethodPost, "/devices", map[string]any{"model": phone.text("id"), "serial": pump.Serial, "management": "agent"}).is(http.StatusCreated)
	liar := x.clinic.Phone()
	x.call(eve, http.MethodPost, "/devices/"+string(liar.ID)+"/commands", map[string]any{"kind": "restart"}).is(http.StatusCreated)
	liar.Therapy = device.ReportedInfusing
	if got := liar.Take(); len(got) != 0 {
		t.Errorf("a thing that reports an infusion and is on record as a phone was handed %v", got)
	}
}
