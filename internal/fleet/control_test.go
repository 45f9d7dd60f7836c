package fleet

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wardline/device"
)

// ask sends one request to the ward page's address, as a program on the same
// machine would.
func ask(f *Fleet, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost:8080"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.WardPage().ServeHTTP(w, r)
	return w
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	return v
}

func TestTheControlAddressAnswersFromTheDevicesOwnMemory(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	mustOrder(t, get(t, f, "P7-0001"), "0198", device.KindLostModeOn, map[string]any{"message": "Call"})
	var got struct {
		Serial   string `json:"serial"`
		Locked   *bool  `json:"locked"`
		LostMode *bool  `json:"lost_mode"`
		Wiped    *bool  `json:"wiped"`
		Executed []map[string]string
	}
	w := ask(f, "GET", "/devices/P7-0001", "")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got.Serial != "P7-0001" || !*got.Locked || !*got.LostMode || *got.Wiped {
		t.Errorf("got %s", w.Body)
	}
	want := map[string]string{"command_id": "0198", "kind": "lost_mode_on", "at": "2026-03-04T09:30:00Z"}
	if len(got.Executed) != 1 || got.Executed[0]["command_id"] != want["command_id"] || got.Executed[0]["kind"] != want["kind"] || got.Executed[0]["at"] != want["at"] {
		t.Errorf("executed is %v, not %v", got.Executed, want)
	}
	if body := ask(f, "GET", "/devices/P7-0002", "").Body.String(); !strings.Contains(body, `"executed":[]`) {
		t.Errorf("a device that did nothing says %s", body)
	}
	all := decode[list[Snapshot]](t, ask(f, "GET", "/devices", ""))
	if all.Total != 36 || len(all.Items) != 36 {
		t.Errorf("%d devices are simulated, not 36: 13 of 16 pumps and 23 of 24 carried ones run the agent", all.Total)
	}
}

func TestHandsChangeADeviceThroughTheControlAddress(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	w := ask(f, "PATCH", "/devices/LV1-0001",
		`{"therapy":"stopped","online":false,"bssid":"02:57:4c:10:01:01","clock_offset_seconds":-3600,"battery_percent":12,"lies":true,"ignores_wipe":true}`)
	got := decode[Snapshot](t, w)
	if w.Code != 200 || got.Therapy != device.ReportedStopped || got.Online || got.BSSID != "02:57:4c:10:01:01" ||
		got.ClockOffsetSeconds != -3600 || got.BatteryPercent != 12 || !got.Lies || !got.IgnoresWipe || !got.Powered {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.HasSuffix(got.Ward, "Biomed workshop") {
		t.Errorf("it stands in %q", got.Ward)
	}
}

func TestAWrongChangeIsRefusedWholeWithASentence(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	before := ask(f, "GET", "/devices/LV1-0001", "").Body.String()
	for _, c := range []struct {
		name, path, body string
		status           int
		says             string
	}{
		{"unknown member", "/devices/LV1-0001", `{"battery_percent":3,"rate":5}`, 422, "There is no such member"},
		{"other case", "/devices/LV1-0001", `{"Therapy":"stopped"}`, 422, "There is no such member"},
		{"twice", "/devices/LV1-0001", `{"therapy":"stopped","therapy":"infusing"}`, 422, "It is there twice"},
		{"null", "/devices/LV1-0001", `{"therapy":null}`, 422, "null means nothing"},
		{"wrong type", "/devices/LV1-0001", `{"online":"no"}`, 422, "does not fit"},
		{"fraction", "/devices/LV1-0001", `{"battery_percent":1.5}`, 422, "does not fit"},
		{"two objects", "/devices/LV1-0001", `{"battery_percent":3} {}`, 422, "Something follows"},
		{"no object", "/devices/LV1-0001", `[1]`, 422, "not a JSON object"},
		{"cut off", "/devices/LV1-0001", `{"battery_percent":3`, 422, "not well-formed"},
		{"empty", "/devices/LV1-0001", `{}`, 422, "The change is empty"},
		{"no such state", "/devices/LV1-0001", `{"battery_percent":3,"therapy":"bolus"}`, 422, "not a therapy state"},
		{"no such access point", "/devices/LV1-0001", `{"bssid":"00:00:00:00:00:00"}`, 422, "No access point"},
		{"battery", "/devices/LV1-0001", `{"battery_percent":101}`, 422, "not a percentage"},
		{"clock", "/devices/LV1-0001", `{"clock_offset_seconds":99999999999}`, 422, "ten years"},
		{"hands cannot lock", "/devices/LV1-0001", `{"locked":true}`, 422, "Hands can only unlock"},
		{"phones have no therapy", "/devices/P7-0002", `{"therapy":"stopped"}`, 422, "only pumps"},
		{"switched off", "/devices/LV1-0001", `{"powered":false,"therapy":"service"}`, 409, "switched off"},
		{"unknown", "/devices/NOPE", `{"online":true}`, 404, "No simulated device"},
		{"runs no agent", "/devices/LV0-0001", `{"online":true}`, 404, "runs no agent"},
		{"too large", "/devices/LV1-0001", `{"bssid":"` + strings.Repeat("a", 5000) + `"}`, 413, "at most"},
	} {
		w := ask(f, "PATCH", c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
	if after := ask(f, "GET", "/devices/LV1-0001", "").Body.String(); after != before {
		t.Errorf("something was changed:\n%s%s", before, after)
	}
}

func TestAForeignWebPageCannotReachTheHospital(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"by a name of its own", []string{"Host", "evil.example:8080"}, http.StatusMisdirectedRequest},
		{"from another origin", []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		{"from another port", []string{"Origin", "http://localhost:9"}, http.StatusForbidden},
		{"as a form", []string{"Content-Type", "text/plain"}, http.StatusUnprocessableEntity},
		{"from itself", []string{"Origin", "http://localhost:8080"}, http.StatusOK},
		{"by address", []string{"Host", "127.0.0.1:8080"}, http.StatusOK},
		{"by IPv6 address", []string{"Host", "[::1]:8080"}, http.StatusOK},
	} {
		if w := ask(f, "PATCH", "/devices/P7-0002", `{"battery_percent":50}`, c.header...); w.Code != c.status {
			t.Errorf("%s: %d, not %d", c.name, w.Code, c.status)
		}
	}
	if w := ask(f, "DELETE", "/devices/P7-0002", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, PATCH" {
		t.Errorf("DELETE: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestTheWardPageShowsEveryDeviceAndRunsNoScriptButItsOwn(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	w := ask(f, "GET", "/", "")
	page := w.Body.String()
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %s", w.Code, w.Header())
	}
	for _, s := range f.Hospital().Devices {
		if !strings.Contains(page, `id="d-`+s.Serial+`"`) {
			t.Errorf("%s is not on the page", s.Serial)
		}
	}
	csp := w.Header().Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy is %q", csp)
	}
	for _, forbidden := range []string{"<script>", " style=", " onclick=", "http://", "//cdn"} {
		if strings.Contains(page, forbidden) {
			t.Errorf("the page contains %q", forbidden)
		}
	}
	for _, a := range f.Hospital().Accounts {
		if !strings.Contains(page, a.Password) {
			t.Errorf("the sign-in of %s is not on the page", a.Username)
		}
	}
	for path, kind := range map[string]string{"/ward.css": "text/css; charset=utf-8", "/ward.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml"} {
		w := ask(f, "GET", path, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestTheWardPageFindsDevices(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	page := ask(f, "GET", "/?q=sy2-0001", "").Body.String()
	if !strings.Contains(page, `id="d-SY2-0001"`) || strings.Contains(page, `id="d-LV1-0001"`) {
		t.Error("a search for one serial does not show that one alone")
	}
	page = ask(f, "GET", "/?q=%3Cscript%3E", "").Body.String()
	if strings.Contains(page, "<script>") {
		t.Error("what was searched for is written into the page as it came")
	}
}

func TestAnOpenPageSeesWhatHappens(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	server := httptest.NewServer(f.WardPage())
	defer server.Close()
	res, err := server.Client().Get(server.URL + "/events?q=LV1-0001")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	next := func() update {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var u update
				if err := json.Unmarshal([]byte(data), &u); err != nil {
					t.Fatal(err)
				}
				return u
			}
		}
		t.Fatalf("the events ended: %v", lines.Err())
		return update{}
	}
	if u := next(); u.Serial != "LV1-0001" || u.Ward != "4n" {
		t.Errorf("the first event is about %s in %s", u.Serial, u.Ward)
	}
	apply(t, get(t, f, "LV1-0001"), Change{Therapy: ptr(device.ReportedStopped), BSSID: ptr("02:57:4c:00:02:01")})
	if u := next(); u.Ward != "supply" || !strings.Contains(u.HTML, "Stopped") {
		t.Errorf("the second event puts it in %s: %s", u.Ward, u.HTML)
	}
	if err := f.Stop(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		// The stream ends with the fleet.
	}
	server.Client().CloseIdleConnections()
}
