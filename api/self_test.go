package api

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
)

// onThePublicListener is everything that may answer there, written by hand.
var onThePublicListener = []string{
	"GET /api/v1/self/about", "POST /api/v1/self/sign-in", "POST /api/v1/self/refresh", "POST /api/v1/self/sign-out", "GET /api/v1/self/me",
	"POST /api/v1/auth/lost", "GET /api/v1/self/devices", "GET /api/v1/self/devices/{id}", "POST /api/v1/self/devices/{id}/report-lost",
	"GET /api/v1/self/devices/{id}/loss", "POST /api/v1/self/report-lost", "POST /api/v1/self/found",
	"GET /api/v1/self/phone-kinds", "POST /api/v1/self/phones", "POST /api/v1/self/invitations",
	"POST /api/v1/self/station/pair", "GET /api/v1/self/station", "POST /api/v1/self/station/scans",
	"GET /api/v1/self/handhelds", "POST /api/v1/self/handhelds/take", "POST /api/v1/self/handhelds/{id}/return",
	"POST /api/v1/self/handhelds/{id}/dispute", "POST /api/v1/self/handhelds/code",
}

// operationsDescribed are all that docs/openapi.json tells of.
func operationsDescribed(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(raw, &described); err != nil {
		t.Fatal(err)
	}
	var all []string
	for path, methods := range described.Paths {
		for method := range methods {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	if len(all) < 130 {
		t.Fatalf("only %d operations are described", len(all))
	}
	return all
}

var anyVariable = regexp.MustCompile(`\{[a-z_]+\}`)

// Each listener answers 404 for everything that belongs to the other, whoever
// asks; the same requests show on their own listener that they mean something.
func TestEachListenerHasNothingOfTheOther(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT, auth.RoleAdmin, auth.RoleSecurity)
	public := x.outside()
	self := public.selfService(ada)
	seen := 0
	for _, name := range operationsDescribed(t) {
		method, path, _ := strings.Cut(name, " ")
		path = "/" + anyVariable.ReplaceAllString(path, "01890000-0000-7000-8000-000000000000")
		here, there, good := x, public, ada
		if slices.Contains(onThePublicListener, name) {
			here, there, good = public, x, self
			seen++
		}
		for _, p := range []*person{nil, ada, self} {
			there.call(p, method, path, nil).refuses(http.StatusNotFound, "not_found")
		}
		if name == "POST /api/v1/self/sign-out" || name == "POST /api/v1/auth/logout" || name == "GET /api/v1/events" {
			continue // they answer, and end the session or do not end
		}
		if a := here.call(good, method, path, nil); a.status == http.StatusNotFound && a.text("detail") == "There is nothing here." {
			t.Errorf("%s answers nowhere", name)
		}
		if here == x {
			a := x.call(self, method, path, nil)
			if a.status != http.StatusUnauthorized && !slices.Contains(openToAnyone, name) {
				t.Errorf("%s answers %d to a session of self-service", name, a.status)
			}
		} else if a := public.call(ada, method, path, nil); a.status == http.StatusOK && !strings.HasSuffix(path, "/about") {
			t.Errorf("%s answers a session of the console", name)
		}
	}
	if seen != len(onThePublicListener) {
		t.Errorf("%d of the %d operations of self-service are described", seen, len(onThePublicListener))
	}
	for _, path := range []string{"//", "//devices", "//assets/x.js", "//setup", "//readyz", "//metrics", "//api/v1/openapi.json"} {
		public.call(ada, http.MethodGet, path, nil).is(http.StatusNotFound)
	}
	public.call(nil, http.MethodGet, "//healthz", nil).is(http.StatusOK)
}

// selfService signs somebody in on the public listener, with all their factors.
func (x *house) selfService(p *person) *person {
	x.t.Helper()
	a := x.call(nil, http.MethodPost, "/self/sign-in", map[string]any{"username": p.username, "password": password, "otp": p.otp()}).is(http.StatusOK)
	for _, c := range a.cookies {
		if !strings.HasPrefix(c.Name, "wardline_self") || c.Path != "/api/v1/self" {
			x.t.Errorf("the cookie %s for %s: the console's, on another port, has the same", c.Name, c.Path)
		}
	}
	return &person{h: x, username: p.username, seed: p.seed, token: a.text("access_token")}
}

func (x *house) forLoss(body map[string]any) *person {
	x.t.Helper()
	return &person{h: x, token: x.call(nil, http.MethodPost, "/auth/lost", body).is(http.StatusOK).text("access_token")}
}

func TestANurseReportsTheHandheldOfHerWardByItsLabelAndNoOther(t *testing.T) {
	x := newHouse(t)
	public := x.outside()
	here, there := x.clinic.Ward, x.clinic.Storage
	x.limited("nia", auth.Scope{Wards: []device.PlaceID{here}}, auth.RoleClinician)
	shared := func(label string, ward device.PlaceID) device.ID {
		h := x.clinic.Device(device.ClassHandheldShared, x.clinic.PhoneModel, device.Custody{Kind: device.CustodyWard}, ward)
		h.Change(func(d *device.Device) { d.AssetTag = label })
		return h.ID
	}
	shared("EGH-1", here)
	foreign := shared("EGH-2", there)
	mine := x.clinic.Phone()
	mine.Change(func(d *device.Device) { d.Owner, d.AssetTag = "nia", "EGH-3" })

	// What is not hers is like what does not exist, by label and by id.
	nia := map[string]any{"username": "nia", "password": password}
	thief := public.forLoss(nia)
	unlike := public.call(thief, http.MethodPost, "/self/report-lost", map[string]any{"label": "EGH-9"}).refuses(http.StatusNotFound, "not_found")
	other := public.call(thief, http.MethodPost, "/self/report-lost", map[string]any{"label": "EGH-2"}).refuses(http.StatusNotFound, "not_found")
	if unlike.text("detail") != other.text("detail") {
		t.Errorf("another ward's label is told apart: %s", other.raw)
	}
	for _, path := range []string{"/loss", "/report-lost"} {
		method := map[string]string{"/loss": http.MethodGet, "/report-lost": http.MethodPost}[path]
		random := public.call(thief, method, "/self/devices/01890000-0000-7000-8000-000000000000"+path, map[string]any{}).refuses(http.StatusNotFound, "not_found")
		colleague := public.call(thief, method, "/self/devices/"+string(foreign)+path, map[string]any{}).refuses(http.StatusNotFound, "not_found")
		if random.text("detail") != colleague.text("detail") {
			t.Errorf("somebody else's id is told apart: %s", colleague.raw)
		}
	}

	// The label's code names the device as well as what is printed on it. Nobody
	// has to agree, and it is said again what became of it.
	done := public.call(thief, http.MethodPost, "/self/report-lost", map[string]any{"label": "https://help.example/found/EGH-1"}).is(http.StatusOK)
	if done.at("device.lost") != true || done.text("steps.0.kind") != "lock" || done.text("steps.0.state") != "queued" || done.text("steps.0.command_id") != "" {
		t.Errorf("the report: %s", done.raw)
	}
	loss := public.call(thief, http.MethodGet, "/self/devices/"+done.text("device.id")+"/loss", nil).is(http.StatusOK)
	if loss.text("steps.0.state") != "queued" {
		t.Errorf("what became of it: %s", loss.raw)
	}
	public.call(thief, http.MethodPost, "/self/report-lost", map[string]any{"label": "EGH-3"}).refuses(http.StatusForbidden, "one_act_only")

	// Five a day; what was reported already is reported again.
	for n := range 4 {
		label := "EGH-1" + string(rune('0'+n))
		shared(label, here)
		public.call(public.forLoss(nia), http.MethodPost, "/self/report-lost", map[string]any{"label": label}).is(http.StatusOK)
	}
	public.call(public.forLoss(nia), http.MethodPost, "/self/report-lost", map[string]any{"label": "EGH-3"}).refuses(http.StatusTooManyRequests, "reports_a_day")
	public.call(public.forLoss(nia), http.MethodPost, "/self/report-lost", map[string]any{"label": "EGH-1"}).is(http.StatusOK)
	if got := mine.Take(); len(got) != 0 {
		t.Errorf("past the five, her phone is handed %v", got)
	}
}

func TestTheHelpDeskReadsACodeOutThatReportsALossOnce(t *testing.T) {
	x := newHouse(t)
	public := x.outside()
	hal := x.person("hal", auth.RoleHelpdesk)
	nia := x.person("nia", auth.RoleClinician)
	x.call(nia, http.MethodPost, "/loss-codes", map[string]any{"username": "nia"}).refuses(http.StatusForbidden, "not_allowed")
	x.call(hal, http.MethodPost, "/loss-codes", map[string]any{"username": "nobody"}).refuses(http.StatusNotFound, "not_found")
	old := x.call(hal, http.MethodPost, "/loss-codes", map[string]any{"username": "nia"}).is(http.StatusOK).text("code")
	code := x.call(hal, http.MethodPost, "/loss-codes", map[string]any{"username": "Nia"}).is(http.StatusOK).text("code")
	signIn := func(who, code string) map[string]any { return map[string]any{"username": who, "code": code} }
	for _, wrong := range []map[string]any{signIn("nia", old), signIn("hal", code), signIn("nia", "BCDF-BCDF")} {
		public.call(nil, http.MethodPost, "/auth/lost", wrong).refuses(http.StatusUnauthorized, "sign_in_failed")
	}
	public.call(nil, http.MethodPost, "/self/sign-in", map[string]any{"username": "nia", "password": code, "otp": nia.otp()}).refuses(http.StatusUnauthorized, "sign_in_failed")
	caller := public.forLoss(signIn("nia", strings.ToLower(strings.ReplaceAll(code, "-", ""))))
	if me := public.call(caller, http.MethodGet, "/self/me", nil).is(http.StatusOK); me.at("one_act") != true || me.text("username") != "nia" {
		t.Errorf("who the code signed in: %s", me.raw)
	}
	public.call(nil, http.MethodPost, "/auth/lost", signIn("nia", code)).refuses(http.StatusUnauthorized, "sign_in_failed")
	late := x.call(hal, http.MethodPost, "/loss-codes", map[string]any{"username": "nia"}).is(http.StatusOK).text("code")
	x.clock.Advance(auth.LossCodeLife)
	public.call(nil, http.MethodPost, "/auth/lost", signIn("nia", late)).refuses(http.StatusUnauthorized, "sign_in_failed")
}

func TestWhoHasTheirPhoneInHandAgainEndsTheLossAndAThiefDoesNot(t *testing.T) {
	x := newHouse(t)
	public := x.outside()
	nia, ian := x.person("nia", auth.RoleClinician), x.person("ian", auth.RoleIT)
	phone := x.clinic.Phone()
	phone.Change(func(d *device.Device) { d.Owner, d.AssetTag = "nia", "EGH-7" })
	thief := public.forLoss(map[string]any{"username": "nia", "password": password})
	public.call(thief, http.MethodPost, "/self/report-lost", map[string]any{"label": "EGH-7"}).is(http.StatusOK)
	code := ""
	for _, order := range phone.Take() {
		if order.Told.Kind == device.KindLostModeOn {
			var shown struct{ Footnote string }
			x.must(json.Unmarshal(order.Told.Args, &shown))
			code = strings.TrimPrefix(shown.Footnote, "Code ")
		}
	}
	if len(code) != 6 {
		t.Fatalf("the lost screen shows the code %q", code)
	}

	found := func(p *person, code string) *answer {
		return public.call(p, http.MethodPost, "/self/found", map[string]any{"label": "EGH-7", "code": code})
	}
	found(thief, code).refuses(http.StatusForbidden, "not_from_here")
	her := public.selfService(nia)
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	found(her, wrong).refuses(http.StatusForbidden, "not_in_hand")

	// A wipe that has not left is taken back with the rest.
	proof := x.call(ian, http.MethodPost, "/auth/step-up", map[string]any{"otp": ian.otp(), "device_id": phone.ID}).is(http.StatusOK)
	wipe := x.call(ian, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "wipe", "reason": "left in a taxi"},
		header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	back := found(her, code[:3]+" "+code[3:]).is(http.StatusOK)
	if back.at("device.lost") != false || back.text("withdrawn.0") != "wipe" || len(back.at("too_late").([]any)) != 0 {
		t.Errorf("found: %s", back.raw)
	}
	if got := x.call(ian, http.MethodGet, "/commands/"+wipe.text("id"), nil).is(http.StatusOK).text("state"); got != string(commands.StateCancelled) {
		t.Errorf("the wipe is %s", got)
	}
	found(her, code).refuses(http.StatusConflict, "not_lost")
}

func TestPeopleSeeWhoLookedWhereTheirPhoneIs(t *testing.T) {
	x := newHouse(t)
	public := x.outside()
	nia, ian := x.person("nia", auth.RoleClinician), x.person("ian", auth.RoleIT)
	mine, other := x.clinic.Phone(), x.clinic.Phone()
	mine.Change(func(d *device.Device) { d.Owner = "nia" })
	other.Change(func(d *device.Device) { d.Owner = "ian" })
	x.call(ian, http.MethodGet, "/devices/"+string(mine.ID)+"/location?reason=she+called+from+the+bus", nil).is(http.StatusOK)
	her := public.selfService(nia)
	seen := public.call(her, http.MethodGet, "/self/devices/"+string(mine.ID), nil).is(http.StatusOK)
	if seen.text("looks.0.by") != "ian" || seen.text("looks.0.reason") != "she called from the bus" || seen.text("looks.0.at") == "" {
		t.Errorf("her phone: %s", seen.raw)
	}
	public.call(her, http.MethodGet, "/self/devices/"+string(other.ID), nil).refuses(http.StatusNotFound, "not_found")
	thief := public.forLoss(map[string]any{"username": "nia", "password": password})
	public.call(thief, http.MethodGet, "/self/devices/"+string(mine.ID), nil).refuses(http.StatusForbidden, "not_from_here")
}

func TestANurseRegistersHerPhoneWhichWardlineCannotLock(t *testing.T) {
	x := newHouse(t)
	public := x.outside()
	nia, ian := x.person("nia", auth.RoleClinician), x.person("ian", auth.RoleIT)
	her := public.selfService(nia)
	phone := func(imei string) map[string]any {
		return map[string]any{"kind": "iphone", "issued": false, "imei": imei, "phone_number": "+1 555 0199", "contact": "4 North", "terms": "record-1"}
	}
	wrong := public.call(her, http.MethodPost, "/self/phones", phone("490154203237519")).refuses(http.StatusUnprocessableEntity, "invalid_input")
	if got := wrong.errorNames(); !slices.Equal(got, []string{"imei"}) {
		t.Errorf("a wrong check digit is answered for %v", got)
	}
	made := public.call(her, http.MethodPost, "/self/phones", phone("49-015420-323751-8")).is(http.StatusCreated)
	if made.at("reachable") != false || made.text("class") != "phone_personal" {
		t.Errorf("her phone: %s", made.raw)
	}
	record := x.call(ian, http.MethodGet, "/devices/"+made.text("id"), nil).is(http.StatusOK)
	for member, want := range map[string]string{"owner": "nia", "management": "record", "imei": "490154203237518", "phone_number": "+1 555 0199", "contact": "4 North"} {
		if got := record.text(member); got != want {
			t.Errorf("the record has %s %q, not %q", member, got, want)
		}
	}
	// Nothing can be asked of it; the report is taken in and says so.
	lost := public.call(public.forLoss(map[string]any{"username": "nia", "password": password}), http.MethodPost,
		"/self/devices/"+made.text("id")+"/report-lost", map[string]any{}).is(http.StatusOK)
	if lost.at("device.lost") != true || lost.text("steps.0.kind") != "lock" || lost.text("steps.0.state") != "" || lost.text("steps.0.why") == "" {
		t.Errorf("the report: %s", lost.raw)
	}
	for _, imei := range []string{"490154203237526", "490154203237534", "490154203237542"} {
		public.call(her, http.MethodPost, "/self/phones", phone(imei)).is(http.StatusCreated)
	}
	public.call(her, http.MethodPost, "/self/phones", phone("490154203237559")).refuses(http.StatusConflict, "own_phones")
	public.call(public.forLoss(map[string]any{"username": "nia", "password": password}), http.MethodPost, "/self/phones", phone("490154203237559")).
		refuses(http.StatusForbidden, "not_from_here")

	// What the agent manages is invited for her.
	x.clinic.Phone()
	kinds := public.call(public.selfService(ian), http.MethodGet, "/self/phone-kinds", nil).is(http.StatusOK)
	if kinds.text("how") != "open" || len(kinds.at("managed").([]any)) == 0 {
		t.Fatalf("what can be registered: %s", kinds.raw)
	}
	him := public.selfService(ian)
	invited := public.call(him, http.MethodPost, "/self/invitations", map[string]any{"model_id": kinds.text("managed.0.id"), "terms": "managed-1"}).is(http.StatusCreated)
	list := x.call(ian, http.MethodGet, "/invitations?q=ian", nil).is(http.StatusOK)
	if invited.text("code") == "" || invited.text("enroll_url") == "" || list.text("items.0.owner") != "ian" {
		t.Errorf("the invitation: %s\n%s", invited.raw, list.raw)
	}
}
