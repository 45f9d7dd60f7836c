package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
)

func TestTheHelpdeskReportsAPhoneLostAndLocksItAtOnce(t *testing.T) {
	x := newHouse(t)
	hal, sid := x.person("hal", auth.RoleHelpdesk), x.person("sid", auth.RoleSecurity)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID)
	body := map[string]any{"reason": "left in a taxi", "message": "Please call", "phone_number": "+31 20 555 0123", "stolen": true}
	key := header{"Idempotency-Key": "loss-1"}
	x.call(hal, http.MethodPost, path+"/report-lost", map[string]any{"reason": " "}).refuses(http.StatusUnprocessableEntity, "invalid_input")
	first := x.call(hal, http.MethodPost, path+"/report-lost", body, key).is(http.StatusOK)
	again := x.call(hal, http.MethodPost, path+"/report-lost", body, key).is(http.StatusOK)
	for n, want := range []string{"lock", "lost_mode_on", "locate", "ring", "contain"} {
		kind, id := first.text(step(n, "kind")), first.text(step(n, "command_id"))
		if kind != want || id == "" || first.text(step(n, "why")) == "" || again.text(step(n, "command_id")) != id {
			t.Errorf("step %d: %s", n, first.raw)
		}
	}
	if first.text("device.holds.0.kind") != "lost" || first.at("device.holds.0.stolen") != true || first.text("steps.4.state") != "awaiting_approval" {
		t.Errorf("the report: %s", first.raw)
	}
	if got := phone.Take(); len(got) != 4 || got[0].Told.Kind != device.KindLock {
		t.Fatalf("the phone is handed %v", got)
	}

	// Nobody's second factor stands behind a report: whoever agrees proves one.
	contain := "/commands/" + first.text("steps.4.command_id")
	hash := map[string]any{"order_hash": x.call(sid, http.MethodGet, contain, nil).is(http.StatusOK).text("order_hash")}
	x.call(sid, http.MethodPost, contain+"/approve", hash).refuses(http.StatusForbidden, "step_up_required")
	proof := x.call(sid, http.MethodPost, "/auth/step-up", map[string]any{"otp": sid.otp(), "device_id": phone.ID}).is(http.StatusOK)
	x.call(sid, http.MethodPost, contain+"/approve", hash, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusOK)
	if got := x.call(hal, http.MethodGet, path, nil).is(http.StatusOK).text("certificate.status"); got != "contained" {
		t.Errorf("after the agreement the certificate is %q", got)
	}

	found := x.call(hal, http.MethodPost, path+"/found", map[string]any{"reason": "the driver brought it"}).is(http.StatusOK)
	if len(found.at("holds").([]any)) != 0 || found.text("certificate.status") != "contained" {
		t.Errorf("found again: %s", found.raw)
	}
	x.call(hal, http.MethodPost, path+"/found", map[string]any{"reason": "again"}).refuses(http.StatusConflict, "not_lost")

	// With the right and a fresh factor the report itself cuts it off.
	other := x.clinic.Phone()
	proof = x.call(sid, http.MethodPost, "/auth/step-up", map[string]any{"otp": sid.otp(), "device_id": other.ID}).is(http.StatusOK)
	cut := x.call(sid, http.MethodPost, "/devices/"+string(other.ID)+"/report-lost", body, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusOK)
	if cut.text("device.certificate.status") != "contained" || cut.text("steps.4.state") != "succeeded" {
		t.Errorf("reported stolen with a factor: %s", cut.raw)
	}
}

func step(n int, member string) string { return "steps." + string(rune('0'+n)) + "." + member }

// outside is the same house as people reach it from the public listener.
func (x *house) outside() *house {
	public := *x
	public.url = serve(x.t, x.api.Public())
	return &public
}

func TestAPasswordAloneReportsOnesOwnPhoneAndDoesNothingElse(t *testing.T) {
	x := newHouse(t)
	nia := x.person("nia", auth.RoleClinician, auth.RoleIT, auth.RoleSecurity)
	mine, second, other := x.clinic.Phone(), x.clinic.Phone(), x.clinic.Phone()
	mine.Change(func(d *device.Device) { d.Owner = "Nia" })
	second.Change(func(d *device.Device) { d.Owner = "nia" })
	public := x.outside()
	public.call(nil, http.MethodPost, "/auth/lost", map[string]any{"username": "nia", "password": "wrong"}).refuses(http.StatusUnauthorized, "sign_in_failed")
	signIn := public.call(nil, http.MethodPost, "/auth/lost", map[string]any{"username": "nia", "password": password}).is(http.StatusOK)
	if len(signIn.cookies) != 0 || signIn.number("expires_in") != 600 {
		t.Errorf("the sign-in: %s, cookies %v", signIn.raw, signIn.cookies)
	}
	thief := &person{h: x, token: signIn.text("access_token")}

	own := public.call(thief, http.MethodGet, "/self/devices", nil).is(http.StatusOK)
	if got := own.items("id"); len(got) != 2 || slices.Contains(got, string(other.ID)) {
		t.Errorf("her own devices: %s", own.raw)
	}
	x.nothingElseAnswers(thief, string(mine.ID), http.StatusUnauthorized)
	public.nothingElseAnswers(thief, string(mine.ID), http.StatusNotFound)

	public.call(thief, http.MethodPost, "/self/devices/"+string(other.ID)+"/report-lost", map[string]any{}).refuses(http.StatusNotFound, "not_found")
	report := "/self/devices/" + string(mine.ID) + "/report-lost"
	done := public.call(thief, http.MethodPost, report, map[string]any{"stolen": true}).is(http.StatusOK)
	if done.at("device.lost") != true || done.text("steps.0.kind") != "lock" || done.text("steps.0.state") != "queued" || done.text("steps.4.state") != "awaiting_approval" {
		t.Errorf("the report: %s", done.raw)
	}
	public.call(thief, http.MethodPost, report, map[string]any{}).is(http.StatusOK) // the answer was lost: once more
	public.call(thief, http.MethodPost, "/self/devices/"+string(second.ID)+"/report-lost", map[string]any{}).refuses(http.StatusForbidden, "one_act_only")

	// What it did, counted at the devices.
	if got := mine.Take(); len(got) != 4 || got[0].Told.Kind != device.KindLock {
		t.Errorf("her phone is handed %v", got)
	}
	for _, untouched := range []device.ID{second.ID, other.ID} {
		if n := x.call(nia, http.MethodGet, "/commands?device_id="+string(untouched), nil).is(http.StatusOK).number("total"); n != 0 {
			t.Errorf("%v commands for a phone that nobody reported", n)
		}
	}
	x.clock.Advance(10*time.Minute + time.Second)
	public.call(thief, http.MethodGet, "/self/devices", nil).refuses(http.StatusUnauthorized, "sign_in_needed")
}

// nothingElseAnswers tries every operation that there is with a session of one
// act. On the console's listener it is nobody; outside there is nothing at all.
func (x *house) nothingElseAnswers(p *person, id string, want int) {
	x.t.Helper()
	tried := 0
	for _, r := range x.api.Routes() {
		if r.Permission == "" || r.Public {
			continue
		}
		path := strings.NewReplacer("{id}", id, "{kind}", "lost").Replace(strings.TrimPrefix(r.Path, prefix))
		var body any
		if r.Method != http.MethodGet {
			body = map[string]any{}
		}
		a := x.call(p, r.Method, path, body, header{"If-Match": `"1"`})
		if a.status != want {
			x.t.Errorf("%s %s answers %d", r.Method, path, a.status)
		}
		tried++
	}
	if tried < 100 {
		x.t.Fatalf("only %d operations were tried", tried)
	}
}

// fact finds a fact of a loss report.
func (a *answer) fact(section, id string) map[string]any {
	a.t.Helper()
	for _, s := range a.at("sections").([]any) {
		for _, f := range s.(map[string]any)["facts"].([]any) {
			if s.(map[string]any)["id"] == section && f.(map[string]any)["id"] == id {
				return f.(map[string]any)
			}
		}
	}
	a.t.Fatalf("the report has no %s in %s:\n%s", id, section, a.raw)
	return nil
}

func TestThePrivacyOfficerReadsWhatIsKnownOfALostPhoneAndWhatIsNot(t *testing.T) {
	x := newHouse(t)
	phone := x.clinic.Phone()
	x.clinic.Says(phone, true, nil)
	x.clock.Advance(2 * time.Hour)
	hal, aud, sid := x.person("hal", auth.RoleHelpdesk), x.person("aud", auth.RoleAuditor), x.person("sid", auth.RoleSecurity)
	path := "/devices/" + string(phone.ID)
	x.call(hal, http.MethodPost, path+"/report-lost", map[string]any{"reason": "left in a taxi"}).is(http.StatusOK)
	// What it says of itself afterwards may be a thief's word.
	no := false
	x.clinic.Says(phone, no, &no)
	proof := x.call(sid, http.MethodPost, "/auth/step-up", map[string]any{"otp": sid.otp(), "device_id": phone.ID}).is(http.StatusOK)
	wipe := x.call(sid, http.MethodPost, path+"/commands", map[string]any{"kind": "wipe", "reason": "not found"}, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	for range 2 {
		for _, d := range phone.Take() {
			phone.Answer(d, commands.ResultAccepted, "")
		}
	}

	x.call(hal, http.MethodGet, path+"/loss-report", nil).refuses(http.StatusForbidden, "not_allowed")
	r := x.call(aud, http.MethodGet, path+"/loss-report", nil).is(http.StatusOK)
	for _, want := range []struct {
		section, id, value string
		known              bool
	}{
		{"loss", "circumstances", "left in a taxi", true}, {"loss", "reported_by", "hal, signed in with password+totp", true},
		{"protection", "encryption", "Yes", true}, {"protection", "passcode", "Not known: the device did not say", false},
		{"seen", "where", "Not known, or it may not be kept", false},
		{"wipe", "erases", "Not on record for this model", false}, {"network", "certificate", "On hold: the network refuses it", true},
	} {
		f := r.fact(want.section, want.id)
		if f["value"] != want.value || f["known"] != want.known || f["source"] == "" {
			t.Errorf("%s: %v, want %q", want.id, f, want.value)
		}
	}
	if got := r.fact("protection", "encryption")["age"]; got != "2 hours before the report of the loss" {
		t.Errorf("how old what it said is: %v", got)
	}
	last := r.at("orders").([]any)[len(r.at("orders").([]any))-1].(map[string]any)
	if last["kind"] != "wipe" || last["receipt_verified"] != true || !strings.HasPrefix(last["stands"].(string), "Erase started, device silent since") {
		t.Errorf("the wipe: %v", last)
	}
	if !strings.Contains(string(r.raw), "It does not prove that anything was erased") || !strings.Contains(string(r.raw), "Whether it was erased") {
		t.Error("what a receipt does not prove is not said")
	}

	html := x.call(aud, http.MethodGet, path+"/loss-report?format=html", nil, header{"Accept-Language": "de"}).is(http.StatusOK)
	if !strings.Contains(string(html.raw), "Speicher verschlüsselt") || !strings.Contains(string(html.raw), "vor der Meldung des Verlusts") || strings.Contains(string(html.raw), "<script") {
		t.Errorf("the page in German:\n%s", html.raw)
	}
	pdf := x.call(aud, http.MethodGet, path+"/loss-report", nil, header{"Accept": "application/pdf"}).is(http.StatusOK)
	if !strings.HasPrefix(string(pdf.raw), "%PDF-") || pdf.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("as PDF: %q %.20s", pdf.header.Get("Content-Type"), pdf.raw)
	}
	// The clinic's phones have no real certificates: that the bundle can be verified
	// is tried where they have.
	x.call(hal, http.MethodGet, "/commands/"+wipe.text("id")+"/receipts", nil).refuses(http.StatusForbidden, "not_allowed")
}
