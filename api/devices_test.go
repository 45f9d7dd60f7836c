package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"wardline/auth"
	"wardline/device"
)

// site makes site > building > floor > ward by the API and returns site and ward.
func (x *house) site(p *person, name string) (site, ward device.PlaceID) {
	x.t.Helper()
	parent := ""
	for _, level := range []string{"site", "building", "floor", "ward"} {
		body := map[string]any{"kind": level, "name": name + " " + level}
		if parent != "" {
			body["parent_id"] = parent
		}
		made := x.call(p, http.MethodPost, "/places", body).is(http.StatusCreated)
		parent = made.text("id")
		if level == "site" {
			site = device.PlaceID(parent)
		}
	}
	return site, device.PlaceID(parent)
}

func TestADeviceIsRegisteredFoundAndChanged(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	body := map[string]any{"model": x.clinic.PhoneModel, "serial": "F17ABC", "management": "agent", "owner": "Grace Hopper", "tags": []string{"icu"}}
	key := header{"Idempotency-Key": "new-1"}
	made := x.call(ada, http.MethodPost, "/devices", body, key).is(http.StatusCreated)
	if again := x.call(ada, http.MethodPost, "/devices", body, key).is(http.StatusCreated); again.text("id") != made.text("id") {
		t.Error("the same request registered a second device")
	}
	x.call(ada, http.MethodPost, "/devices", body).refuses(http.StatusConflict, "device_exists")
	path := "/devices/" + made.text("id")

	for _, query := range []string{"serial=f17abc", "owner=grace%20hopper", "q=F17A", "tag=icu&class=phone_issued,tablet"} {
		list := x.call(ada, http.MethodGet, "/devices?"+query, nil).is(http.StatusOK)
		if got := list.items("serial"); !slices.Equal(got, []string{"F17ABC"}) || list.number("total") != 1 {
			t.Errorf("%s found %v: %s", query, got, list.raw)
		}
	}
	if made.at("therapy") != nil || made.at("last_seen_at") != nil || made.at("holds") == nil || made.text("class_words") != "Issued phone" {
		t.Errorf("the view: %s", made.raw)
	}

	change := map[string]any{"owner": "Ada"}
	x.call(ada, http.MethodPatch, path, change).refuses(http.StatusPreconditionRequired, "if_match_required")
	x.call(ada, http.MethodPatch, path, change, header{"If-Match": `"99"`}).refuses(http.StatusPreconditionFailed, "changed_meanwhile")
	changed := x.call(ada, http.MethodPatch, path, change, header{"If-Match": made.header.Get("ETag")}).is(http.StatusOK)
	if changed.text("owner") != "Ada" || changed.header.Get("ETag") == made.header.Get("ETag") {
		t.Errorf("after the change: %s", changed.raw)
	}
	x.call(ada, http.MethodPatch, path, map[string]any{"class": "pump_lvp"}, header{"If-Match": changed.header.Get("ETag")}).refuses(http.StatusConflict, "class_is_fixed")
	timeline := x.call(ada, http.MethodGet, path+"/timeline", nil).is(http.StatusOK)
	if got := timeline.items("action"); !slices.Equal(got, []string{"device.changed", "device.registered"}) {
		t.Errorf("timeline %v", got)
	}
}

func TestANurseReportsAPhoneLostAndITAloneLiftsIt(t *testing.T) {
	x := newHouse(t)
	phone := x.clinic.Phone()
	phone.Change(func(d *device.Device) { d.Owner = "nia" })
	nia, ada := x.person("nia", auth.RoleClinician), x.person("ada", auth.RoleIT)
	path := "/devices/" + string(phone.ID)
	lost := x.call(nia, http.MethodPost, path+"/holds", map[string]any{"kind": "lost", "reason": "left in a taxi"}).is(http.StatusOK)
	if lost.text("holds.0.kind") != "lost" || lost.text("holds.0.may_lift") != "it" {
		t.Errorf("holds: %s", lost.raw)
	}
	x.call(nia, http.MethodPost, path+"/holds", map[string]any{"kind": "quarantined", "reason": "why not"}).refuses(http.StatusForbidden, "not_allowed")
	x.call(nia, http.MethodPost, path+"/holds/lost/lift", map[string]any{"reason": "found it"}).refuses(http.StatusForbidden, "not_allowed")
	x.call(ada, http.MethodPost, path+"/holds/lost/lift", map[string]any{"reason": "found it"}).is(http.StatusOK)
}

func TestNobodySeesBeyondTheirReach(t *testing.T) {
	x := newHouse(t)
	root := x.person("root", auth.RoleIT)
	north, northWard := x.site(root, "North")
	_, southWard := x.site(root, "South")
	mine, other := x.clinic.Phone(), x.clinic.Phone()
	mine.Change(func(d *device.Device) { d.Place = northWard })
	other.Change(func(d *device.Device) { d.Place = southWard })
	asked := x.call(root, http.MethodPost, "/devices/"+string(other.ID)+"/commands", map[string]any{"kind": "lock"}).is(http.StatusCreated)

	ned := x.limited("ned", auth.Scope{Sites: []device.PlaceID{north}}, auth.RoleIT)
	if got := x.call(ned, http.MethodGet, "/devices", nil).is(http.StatusOK).items("id"); !slices.Equal(got, []string{string(mine.ID)}) {
		t.Errorf("he sees %v", got)
	}
	gone := "01890000-0000-7000-8000-000000000000"
	for _, r := range []struct{ method, path string }{
		{http.MethodGet, "/devices/%"}, {http.MethodGet, "/devices/%/timeline"}, {http.MethodGet, "/devices/%/location?reason=curious"},
		{http.MethodGet, "/devices/%/configuration"}, {http.MethodPost, "/devices/%/commands"}, {http.MethodPost, "/devices/%/holds"},
	} {
		var body any
		if r.method == http.MethodPost {
			body = map[string]any{"kind": "lock"}
			if strings.HasSuffix(r.path, "holds") {
				body = map[string]any{"kind": "lost", "reason": "I say so"}
			}
		}
		theirs := x.call(ned, r.method, strings.Replace(r.path, "%", string(other.ID), 1), body).refuses(http.StatusNotFound, "not_found")
		nobodys := x.call(ned, r.method, strings.Replace(r.path, "%", gone, 1), body).refuses(http.StatusNotFound, "not_found")
		if theirs.text("detail") != nobodys.text("detail") {
			t.Errorf("%s %s tells what exists: %q, %q", r.method, r.path, theirs.text("detail"), nobodys.text("detail"))
		}
	}
	x.call(ned, http.MethodGet, "/commands/"+asked.text("id"), nil).refuses(http.StatusNotFound, "not_found")
	x.call(ned, http.MethodPost, "/commands/"+asked.text("id")+"/cancel", nil).refuses(http.StatusNotFound, "not_found")
	if list := x.call(ned, http.MethodGet, "/commands", nil).is(http.StatusOK); len(list.items("id")) != 0 || list.number("total") != 0 {
		t.Errorf("he sees commands beyond his reach: %s", list.raw)
	}
	x.call(ned, http.MethodPost, "/devices", map[string]any{"model": x.clinic.PhoneModel, "serial": "X1", "management": "record", "place_id": southWard}).refuses(http.StatusForbidden, "out_of_scope")
	x.call(ned, http.MethodPost, "/batches", map[string]any{"kind": "locate", "devices": []device.ID{mine.ID, other.ID}}).refuses(http.StatusNotFound, "not_found")
}

func TestADeliveryIsTakenInWholeOrNotAtAll(t *testing.T) {
	x := newHouse(t)
	bea := x.person("bea", auth.RoleBiomed)
	bad := csvFile("serial,model,management\nP-1,Pumpmaker LVP 1,agent\n,Pumpmaker LVP 1,agent\nP-3,Nobody 9,agent\n")
	dry := x.call(bea, http.MethodPost, "/devices/import?dry_run=true", bad).is(http.StatusOK)
	if dry.number("rows") != 3 || dry.number("registered") != 0 || dry.number("errors.0.line") != 3 || dry.text("errors.1.column") != "model" {
		t.Errorf("dry run: %s", dry.raw)
	}
	x.call(bea, http.MethodPost, "/devices/import", bad).refuses(http.StatusUnprocessableEntity, "csv_has_errors")
	if n := x.call(bea, http.MethodGet, "/devices?serial=P-1", nil).is(http.StatusOK).number("total"); n != 0 {
		t.Errorf("%v rows of a bad file were taken in", n)
	}
	good := csvFile("serial,model,management\nP-1,Pumpmaker LVP 1,agent\n=cmd,Pumpmaker LVP 1,agent\n")
	if n := x.call(bea, http.MethodPost, "/devices/import", good).is(http.StatusOK).number("registered"); n != 2 {
		t.Errorf("%v devices registered", n)
	}
	export := x.call(bea, http.MethodGet, "/devices.csv?class=pump_lvp&sort=serial", nil).is(http.StatusOK)
	if !strings.Contains(export.header.Get("Content-Disposition"), "attachment") || !strings.Contains(string(export.raw), ",'=cmd,") || !strings.Contains(string(export.raw), ",P-1,") {
		t.Errorf("the export:\n%s", export.raw)
	}
	nia := x.person("nia", auth.RoleClinician)
	x.call(nia, http.MethodGet, "/devices.csv", nil).refuses(http.StatusForbidden, "not_allowed")
}

func TestAPlaceIsMadeAndNotUndoneByAnotherPerson(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	_, ward := x.site(ada, "Main")
	place := x.call(ada, http.MethodGet, "/places/"+string(ward), nil).is(http.StatusOK)
	if place.text("words") != "Main site, Main building, Main floor, Main ward" {
		t.Errorf("the way to it: %s", place.raw)
	}
	old := header{"If-Match": place.header.Get("ETag")}
	x.call(ada, http.MethodPatch, "/places/"+string(ward), map[string]any{"care_area": true}, old).is(http.StatusOK)
	x.call(ada, http.MethodPatch, "/places/"+string(ward), map[string]any{"name": "Other"}, old).refuses(http.StatusPreconditionFailed, "changed_meanwhile")
	x.call(ada, http.MethodPut, "/access-points/00:1A:1E:AA:BB:CC", map[string]any{"place_id": ward, "name": "AP 4"}).is(http.StatusOK)
	points := x.call(ada, http.MethodGet, "/access-points?place_id="+string(ward), nil).is(http.StatusOK)
	if got := points.items("bssid"); !slices.Equal(got, []string{"00:1a:1e:aa:bb:cc"}) || points.number("total") != 1 {
		t.Errorf("access points: %s", points.raw)
	}
}

func TestANurseSeesHerOwnPhoneAndTheThingsOfHerWard(t *testing.T) {
	x := newHouse(t)
	root := x.person("root", auth.RoleIT)
	_, ward := x.site(root, "Main")
	_, elsewhere := x.site(root, "Other")
	var want []string
	for i := range 7 {
		d := x.clinic.Phone()
		d.Change(func(r *device.Device) {
			switch i {
			case 0: // hers, somewhere else
				r.Owner, r.Place = "nia", elsewhere
			case 1: // hers, on her ward: shown once
				r.Owner, r.Place = "Nia", ward
			case 2, 3, 4:
				r.Place = ward
			default:
				r.Owner, r.Place = "ned", elsewhere
			}
		})
		if i < 5 {
			want = append(want, string(d.ID))
		}
	}
	nia := x.limited("nia", auth.Scope{Wards: []device.PlaceID{ward}}, auth.RoleClinician)
	var got []string
	for cursor := ""; ; {
		page := x.call(nia, http.MethodGet, "/devices?limit=2&cursor="+cursor, nil).is(http.StatusOK)
		if len(page.items("id")) > 2 || len(got) > len(want) {
			t.Fatalf("a page of %v after %v", page.items("id"), got)
		}
		got = append(got, page.items("id")...)
		if cursor = page.text("next_cursor"); cursor == "" {
			break
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("she sees %v, want %v", got, want)
	}
	if ned := x.call(nia, http.MethodGet, "/devices?owner=ned", nil).is(http.StatusOK).items("id"); len(ned) != 0 {
		t.Errorf("by asking for somebody else's she sees %v", ned)
	}
	x.call(nia, http.MethodGet, "/devices?cursor=7x", nil).refuses(http.StatusUnprocessableEntity, "invalid_input")
}
