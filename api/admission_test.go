package api

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"wardline/auth"
)

func TestTheTableOfRoutesIsWhatTheListenerAnswers(t *testing.T) {
	x := newHouse(t)
	var table, engine []string
	for _, r := range x.api.Routes() {
		table = append(table, r.Method+" "+ginPath(r.Path))
	}
	for _, r := range x.api.admin.Routes() {
		engine = append(engine, r.Method+" "+r.Path)
	}
	slices.Sort(table)
	slices.Sort(engine)
	if !slices.Equal(table, engine) {
		t.Errorf("the table has\n%s\nthe engine\n%s", strings.Join(table, "\n"), strings.Join(engine, "\n"))
	}
}

// openToAnyone are the only routes without a permission, written by hand.
var openToAnyone = []string{
	"POST /api/v1/auth/login", "POST /api/v1/auth/passkeys/sign-in-question", "POST /api/v1/auth/refresh", "POST /api/v1/auth/set-up",
	"GET /api/v1/openapi.json", "GET /healthz", "GET /readyz",
}

var variable = regexp.MustCompile(`\{[a-z]+\}`)

func TestWhoIsNotSignedInGetsTheSameAnswerEverywhere(t *testing.T) {
	x := newHouse(t)
	var open []string
	for _, r := range x.api.Routes() {
		name := r.Method + " " + r.Path
		if r.Public {
			continue // it is nothing on this listener
		}
		if r.Permission == "" {
			open = append(open, name)
			continue
		}
		path := "/" + variable.ReplaceAllString(r.Path, "01890000-0000-7000-8000-000000000000")
		var first string
		for _, credential := range []header{nil, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"},
			{"Authorization": "Bearer wlt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}} {
			a := x.call(nil, r.Method, path, `{"broken`, credential).refuses(http.StatusUnauthorized, "sign_in_needed")
			said := strings.ReplaceAll(string(a.raw), a.text("request_id"), "")
			if first == "" {
				first = said
			}
			if said != first || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s tells credentials apart:\n%s\n%s", name, first, said)
			}
		}
	}
	want := slices.Clone(openToAnyone)
	slices.Sort(open)
	slices.Sort(want)
	if !slices.Equal(open, want) {
		t.Errorf("open to anyone are %q, want %q", open, want)
	}
}

func TestARouteWithAnUnknownPermissionStopsTheServerFromStarting(t *testing.T) {
	x := newHouse(t)
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "devices.teleport") {
			t.Errorf("it said %v", r)
		}
	}()
	x.api.handle(http.MethodGet, prefix+"/teleport", may("devices.teleport"), nil)
}

func TestEveryRouteThatDestroysOrGrantsReadsTheSession(t *testing.T) {
	x := newHouse(t)
	// What takes rights from people and things, or gives them, by hand.
	for _, want := range []string{
		"POST /api/v1/devices/{id}/commands", "POST /api/v1/batches", "POST /api/v1/commands/{id}/approve", "POST /api/v1/commands/{id}/deny",
		"POST /api/v1/batches/{id}/approve", "POST /api/v1/accounts", "PATCH /api/v1/accounts/{id}", "POST /api/v1/accounts/{id}/setup-link",
		"POST /api/v1/accounts/{id}/reset-totp", "POST /api/v1/tokens", "DELETE /api/v1/tokens/{id}", "POST /api/v1/invitations",
		"POST /api/v1/enrollment-requests/{id}/decide", "POST /api/v1/auth/step-up", "POST /api/v1/auth/password", "POST /api/v1/auth/totp",
		"DELETE /api/v1/sessions/{id}", "PUT /api/v1/models/{id}", "POST /api/v1/assignments", "POST /api/v1/configurations/{id}/versions",
	} {
		at := slices.IndexFunc(x.api.Routes(), func(r Route) bool { return r.Method+" "+r.Path == want })
		if at < 0 || !x.api.Routes()[at].Fresh {
			t.Errorf("%s trusts an access token that may be ten minutes old", want)
		}
	}
}

func TestAnEndedSessionWipesNothingThoughItsTokenIsStillGood(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	x.call(ada, http.MethodPost, "/auth/logout", nil).is(http.StatusNoContent)
	x.call(ada, http.MethodGet, "/devices", nil).is(http.StatusOK)
	x.call(ada, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "lock"}).refuses(http.StatusUnauthorized, "sign_in_needed")
}

func TestBrokenRequestsAreRefusedWithASentence(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID) + "/commands"
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
		field  string
	}{
		"not JSON":                   {`{"kind":`, 400, "bad_request", ""},
		"two values":                 {`{"kind":"lock"} {"kind":"wipe"}`, 400, "bad_request", ""},
		"a name twice":               {`{"kind":"lock","kind":"wipe"}`, 400, "bad_request", "kind"},
		"a name twice, other case":   {`{"kind":"lock","Kind":"wipe"}`, 400, "bad_request", "Kind"},
		"a name twice, deep inside":  {`{"kind":"message","args":{"text":"a","text":"b"}}`, 400, "bad_request", "args.text"},
		"a name in the wrong case":   {`{"Kind":"lock"}`, 422, "invalid_input", "Kind"},
		"a name that does not exist": {`{"kind":"lock","force":true}`, 422, "invalid_input", "force"},
		"a kind that does not exist": {`{"kind":"start_infusion"}`, 422, "invalid_input", "kind"},
		"a wrong type":               {`{"kind":"lock","reason":7}`, 422, "invalid_input", "reason"},
		"nothing":                    {``, 400, "bad_request", ""},
		"not UTF-8":                  {"{\"kind\":\"lock\",\"reason\":\"\xff\"}", 400, "bad_request", ""},
		"too deep":                   {`{"kind":"lock","args":` + strings.Repeat(`{"a":`, 100) + `1` + strings.Repeat(`}`, 100) + `}`, 400, "bad_request", ""},
		"too large":                  {`{"kind":"lock","reason":"` + strings.Repeat("x", bodyLimit) + `"}`, 413, "too_large", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := x.call(ada, http.MethodPost, path, c.body).refuses(c.status, c.code)
			if c.field != "" && !slices.Contains(a.errorNames(), c.field) {
				t.Errorf("errors name %q, want %q", a.errorNames(), c.field)
			}
		})
	}
	x.call(ada, http.MethodPost, path, csvFile("kind,lock")).refuses(http.StatusUnsupportedMediaType, "unsupported_media_type")
	x.call(ada, http.MethodGet, "/devices?clas=pump_lvp", nil).refuses(http.StatusUnprocessableEntity, "invalid_input")
	x.call(ada, http.MethodGet, "/devices?limit=100000", nil).refuses(http.StatusUnprocessableEntity, "invalid_input")
	x.call(ada, http.MethodGet, "/nowhere", nil).refuses(http.StatusNotFound, "not_found")
	x.call(ada, http.MethodDelete, "/devices", nil).refuses(http.StatusMethodNotAllowed, "method_not_allowed")
}

func TestAWrongPasswordIsNeverSaidBack(t *testing.T) {
	x := newHouse(t)
	secret := strings.Repeat("hunter2", 200)
	a := x.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": "ada", "password": secret}).is(http.StatusUnprocessableEntity)
	if strings.Contains(string(a.raw), "hunter2") {
		t.Errorf("the answer holds the password:\n%s", a.raw)
	}
}

func TestAnotherSiteCannotMakeABrowserChangeAnything(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	cookie := header{"Cookie": refreshCookie + "=" + ada.refresh}
	x.call(nil, http.MethodPost, "/auth/refresh", nil, cookie, header{"Sec-Fetch-Site": "cross-site"}).refuses(http.StatusForbidden, "cross_site_request")
	a := x.call(nil, http.MethodPost, "/auth/refresh", nil, cookie).is(http.StatusOK)
	for _, c := range a.cookies {
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteStrictMode {
			t.Errorf("cookie %s can be read or sent by others: %v", c.Name, c)
		}
	}
	x.call(nil, http.MethodPost, "/auth/refresh", nil, cookie).refuses(http.StatusUnauthorized, "sign_in_needed")
}

func TestEveryAnswerKeepsBrowsersSafe(t *testing.T) {
	x := newHouse(t)
	for _, path := range []string{"//healthz", "//nowhere", "/openapi.json", "/devices", "//step-up"} {
		a := x.call(nil, http.MethodGet, path, nil)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
			"Referrer-Policy": "no-referrer"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: policy %q", path, a.header.Get("Content-Security-Policy"))
		}
	}
}
