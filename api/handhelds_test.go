package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"wardline/auth"
	"wardline/device"
)

// chargingWard is a ward with shared handhelds, a paired charging station and a nurse.
type chargingWard struct {
	*house
	public  *house
	station header
	nia     *person
}

func newWard(t *testing.T) *chargingWard {
	x := newHouse(t)
	w := &chargingWard{house: x, public: x.outside()}
	ian := x.person("ian", auth.RoleIT)
	w.nia = x.limited("nia", auth.Scope{Wards: []device.PlaceID{x.clinic.Ward}}, auth.RoleClinician)
	x.limited("wim", auth.Scope{Wards: []device.PlaceID{x.clinic.Storage}}, auth.RoleClinician)
	for username, badge := range map[string]string{"nia": "4711", "wim": "4712"} {
		x.call(ian, http.MethodPut, "/badges", map[string]any{"username": username, "badge": badge}).is(http.StatusOK)
	}
	made := x.call(ian, http.MethodPost, "/stations", map[string]any{"ward_id": x.clinic.Ward, "name": "Ward 4"}).is(http.StatusCreated)
	paired := w.public.call(nil, http.MethodPost, "/self/station/pair", map[string]any{"code": made.text("code")}).is(http.StatusOK)
	cookie := paired.cookies[0]
	if cookie.Path != "/api/v1/self/station" || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("the screen's cookie: %v", cookie)
	}
	w.station = header{"Cookie": cookie.Name + "=" + cookie.Value}
	return w
}

func (w *chargingWard) handheld(label string, place device.PlaceID) device.ID {
	h := w.clinic.Device(device.ClassHandheldShared, w.clinic.PhoneModel, device.Custody{Kind: device.CustodyWard}, place)
	h.Change(func(d *device.Device) { d.AssetTag = label })
	return h.ID
}

func (w *chargingWard) scan(scan, with string) *answer {
	return w.public.call(nil, http.MethodPost, "/self/station/scans", map[string]any{"scan": scan, "with": with}, w.station)
}

func TestABadgeAndALabelAtTheChargingStationTakeAHandheldAndTheLabelAloneBringsItBack(t *testing.T) {
	w := newWard(t)
	w.handheld("EGH-1", w.clinic.Ward)
	w.handheld("EGH-2", w.clinic.Storage)
	noor := w.limited("noor", auth.Scope{Wards: []device.PlaceID{w.clinic.Ward}}, auth.RoleClinician)

	if a := w.scan("4711", "").is(http.StatusOK); a.text("result") != "person" || a.text("name") != "nia" {
		t.Errorf("a badge: %s", a.raw)
	}
	if a := w.scan("https://help.example/found/EGH-1", "4711").is(http.StatusOK); a.text("result") != "taken" || a.text("handheld.holder") != "nia" {
		t.Errorf("badge and label: %s", a.raw)
	}
	if a := w.scan("EGH-1", "4711").is(http.StatusOK); a.text("result") != "again" {
		t.Errorf("the same two at once again: %s", a.raw)
	}
	board := w.public.call(nil, http.MethodGet, "/self/station", nil, w.station).is(http.StatusOK)
	if got := board.items("state"); len(got) != 1 || got[0] != "out" || strings.Contains(string(board.raw), "EGH-2") {
		t.Errorf("the board: %s", board.raw)
	}
	// Without a badge: a code from her own phone, the label first.
	code := w.public.call(w.public.selfService(noor), http.MethodPost, "/self/handhelds/code", map[string]any{}).is(http.StatusOK).text("code")
	if a := w.scan(code, "EGH-1").is(http.StatusOK); a.text("result") != "handed_over" || a.text("from") != "nia" || a.text("name") != "noor" {
		t.Errorf("handed over: %s", a.raw)
	}
	w.scan(code, "EGH-1").refuses(http.StatusConflict, "scan_unknown")
	if a := w.scan("EGH-1", "").is(http.StatusOK); a.text("result") != "returned" || a.text("name") != "noor" {
		t.Errorf("brought back: %s", a.raw)
	}
	if a := w.scan("EGH-1", "").is(http.StatusOK); a.text("result") != "free" {
		t.Errorf("the label of what is back: %s", a.raw)
	}

	// What is locked because it stayed away takes a name as well: its label stands on
	// the board.
	w.scan("EGH-1", "4711").is(http.StatusOK)
	w.clock.Advance(16 * time.Hour)
	w.must(w.shifts.Step(t.Context()))
	if a := w.scan("EGH-1", "").is(http.StatusOK); a.text("result") != "locked" {
		t.Errorf("the label alone of one that is locked: %s", a.raw)
	}
	if a := w.scan("4711", "EGH-1").is(http.StatusOK); a.text("result") != "returned" {
		t.Errorf("the label and a badge: %s", a.raw)
	}

	// Another ward's handheld and badge are like what does not exist; guesses end.
	other := w.scan("EGH-2", "").refuses(http.StatusConflict, "scan_unknown")
	for _, scan := range []string{"4712", "4713", "EGH-9"} {
		if a := w.scan(scan, "").refuses(http.StatusConflict, "scan_unknown"); a.text("detail") != other.text("detail") {
			t.Errorf("%s is told apart: %s", scan, a.raw)
		}
	}
	for range 17 {
		w.scan("4714", "")
	}
	w.scan("4711", "").refuses(http.StatusTooManyRequests, "too_many_attempts")
	w.clock.Advance(time.Minute)
	w.scan("4711", "").is(http.StatusOK)

	// What the screen holds is good for nothing else, and nothing else for it.
	for _, path := range []string{"/self/me", "/self/devices", "/self/handhelds"} {
		w.public.call(nil, http.MethodGet, path, nil, w.station).refuses(http.StatusUnauthorized, "sign_in_needed")
	}
	w.public.call(w.public.selfService(w.nia), http.MethodGet, "/self/station", nil).refuses(http.StatusUnauthorized, "station_unknown")
}

func TestOnOnesOwnPhoneOneHasAHandheldOfOnesWardAndAColleaguesIsLikeNone(t *testing.T) {
	w := newWard(t)
	mine, hers := w.handheld("EGH-1", w.clinic.Ward), w.handheld("EGH-2", w.clinic.Ward)
	w.handheld("EGH-3", w.clinic.Storage)
	noor := w.limited("noor", auth.Scope{Wards: []device.PlaceID{w.clinic.Ward}}, auth.RoleClinician)
	hal := w.person("hal", auth.RoleHelpdesk)
	nia := w.public.selfService(w.nia)
	take := func(p *person, label string) *answer {
		return w.public.call(p, http.MethodPost, "/self/handhelds/take", map[string]any{"label": label})
	}
	take(nia, "EGH-1").is(http.StatusOK)
	take(w.public.selfService(noor), "EGH-2").is(http.StatusOK)
	if there, none := take(nia, "EGH-3").refuses(http.StatusNotFound, "not_found"), take(nia, "EGH-9").refuses(http.StatusNotFound, "not_found"); there.text("detail") != none.text("detail") {
		t.Errorf("another ward's label is told apart: %s", there.raw)
	}
	for _, act := range []string{"return", "dispute"} {
		at := func(id string) *answer {
			return w.public.call(nia, http.MethodPost, "/self/handhelds/"+id+"/"+act, map[string]any{}).refuses(http.StatusNotFound, "not_found")
		}
		if colleague, random := at(string(hers)), at("01890000-0000-7000-8000-000000000000"); colleague.text("detail") != random.text("detail") {
			t.Errorf("a colleague's id is told apart: %s", colleague.raw)
		}
	}
	own := w.public.call(nia, http.MethodGet, "/self/handhelds", nil).is(http.StatusOK)
	if own.text("mine.0.label") != "EGH-1" || own.text("wards.0.items.1.holder") != "noor" || strings.Contains(string(own.raw), string(hers)) {
		t.Errorf("hers, and her ward's: %s", own.raw)
	}
	w.public.call(nia, http.MethodPost, "/self/handhelds/"+string(mine)+"/dispute", map[string]any{}).is(http.StatusOK)

	if a := w.call(hal, http.MethodGet, "/alerts?state=open", nil).is(http.StatusOK); a.text("items.0.rule") != "handheld_disputed" || a.text("items.0.device_id") != string(mine) {
		t.Errorf("nobody is told: %s", a.raw)
	}

	// The help desk sees it, brings it back for her, and has no right to the rest.
	w.clock.Advance(14 * time.Hour)
	hal.signIn()
	late := w.call(hal, http.MethodGet, "/shared-handhelds?overdue=true", nil).is(http.StatusOK)
	if got := late.items("label"); len(got) != 2 || late.text("items.0.use.disputed_at") == "" {
		t.Errorf("overdue: %s", late.raw)
	}
	w.call(hal, http.MethodPost, "/shared-handhelds/"+string(mine)+"/return", map[string]any{}).is(http.StatusOK)
	if one := w.call(hal, http.MethodGet, "/shared-handhelds/"+string(mine), nil).is(http.StatusOK); one.text("state") != "free" || one.text("uses.0.ending") != "returned" {
		t.Errorf("brought back by the help desk: %s", one.raw)
	}
	w.call(hal, http.MethodPut, "/settings/shared-handhelds", map[string]any{"shift_minutes": 600, "remind_minutes": 0, "grace_minutes": 30, "clear": false}).
		refuses(http.StatusForbidden, "not_allowed")
}
