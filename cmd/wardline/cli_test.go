package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// desk is a person at a command line, with a server that answers as the API does.
type desk struct {
	t      *testing.T
	server *httptest.Server
	config string

	mu sync.Mutex
	// asked are the requests so far: "POST /devices/1/commands".
	asked []string
	// commands are the states that the command shows, one for each look; the last
	// one stays.
	states []string
	// wants: the wipe needs this step-up.
	wants string
	// refreshes is the only refresh cookie that is good now.
	refreshes string
}

const phoneID = "01890000-0000-7000-8000-000000000001"

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, config: t.TempDir(), refreshes: "r1", states: []string{"succeeded"}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/auth/login", d.login)
	mux.HandleFunc("POST /api/v1/auth/refresh", d.refresh)
	mux.HandleFunc("POST /api/v1/auth/step-up", func(w http.ResponseWriter, r *http.Request) { answer(w, 200, `{"step_up":"wls_ok"}`) })
	mux.HandleFunc("GET /api/v1/devices", d.devices)
	mux.HandleFunc("POST /api/v1/devices/{id}/commands", d.order)
	mux.HandleFunc("GET /api/v1/commands/{id}", d.command)
	d.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.asked = append(d.asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v1"))
		d.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(d.server.Close)
	t.Setenv("XDG_CONFIG_HOME", d.config)
	return d
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, fmt.Sprintf(`{"status":%d,"code":%q,"detail":"The sentence of %s.","request_id":"q"}`, status, code, code))
}

func (d *desk) login(w http.ResponseWriter, r *http.Request) {
	var body map[string]string
	if json.NewDecoder(r.Body).Decode(&body) != nil || body["password"] != "secret" {
		refuse(w, 401, "sign_in_failed")
		return
	}
	w.Header().Set("Set-Cookie", "wardline_refresh=r1; HttpOnly")
	answer(w, 200, `{"access_token":"a1","expires_in":600}`)
}

func (d *desk) refresh(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, err := r.Cookie("wardline_refresh")
	if err != nil || c.Value != d.refreshes {
		refuse(w, 401, "sign_in_needed")
		return
	}
	d.refreshes += "+"
	w.Header().Set("Set-Cookie", "wardline_refresh="+d.refreshes)
	answer(w, 200, `{"access_token":"a2","expires_in":600}`)
}

// devices knows one phone P7 of Ada, and two that Grace holds.
func (d *desk) devices(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") == "" {
		refuse(w, 401, "sign_in_needed")
		return
	}
	q := r.URL.Query()
	phone := func(serial, owner string) string {
		return fmt.Sprintf(`{"id":%q,"serial":"%s","owner":%q,"class":"phone_issued","model":{"name":"P7","maker":"Acme","wipe_erases":"Everything on it."}}`, phoneID, serial, owner)
	}
	items := []string{}
	switch {
	case q.Get("serial") == "P7":
		items = append(items, phone("P7", "Ada"))
	case q.Get("owner") == "Grace":
		items = append(items, phone("P8", "Grace"), phone(`P9\u001b[2J`, "Grace"))
	case q.Get("q") == "P7-frag":
		items = append(items, phone("P7-fragment", "Ada"))
	}
	answer(w, 200, fmt.Sprintf(`{"items":[%s],"next_cursor":"","total":%d}`, strings.Join(items, ","), len(items)))
}

func (d *desk) order(w http.ResponseWriter, r *http.Request) {
	var body order
	_ = json.NewDecoder(r.Body).Decode(&body)
	switch {
	case r.Header.Get("Idempotency-Key") == "":
		refuse(w, 500, "no_key")
	case body.Kind == "restart":
		refuse(w, 409, "pump_infusing")
	case d.wants != "" && r.Header.Get("Wardline-Step-Up") != d.wants:
		refuse(w, 403, "step_up_required")
	default:
		d.say(w, 201, "queued")
	}
}

func (d *desk) command(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	state := d.states[0]
	if len(d.states) > 1 {
		d.states = d.states[1:]
	}
	d.mu.Unlock()
	d.say(w, 200, state)
}

func (d *desk) say(w http.ResponseWriter, status int, state string) {
	answer(w, status, fmt.Sprintf(`{"id":"c1","device_id":%q,"kind":"lock","device":{"serial":"P7"},"state":%q,"state_words":"Words of %s",
		"transitions":[{"at":"2026-03-01T12:00:00Z","state":%q,"state_words":"Words of %s","actor":"ada"}]}`, phoneID, state, state, state, state))
}

// run runs a command line and returns its exit code and what it printed.
func (d *desk) run(args ...string) (code int, out, errs string) {
	d.t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// exits requires an exit code.
func (d *desk) exits(want int, args ...string) (out, errs string) {
	d.t.Helper()
	code, out, errs := d.run(args...)
	if code != want {
		d.t.Fatalf("wardline %s ended with %d, want %d\n%s%s", strings.Join(args, " "), code, want, out, errs)
	}
	return out, errs
}

func (d *desk) signIn() {
	d.t.Helper()
	ca := filepath.Join(d.t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.exits(exitDone, "login", "--server", d.server.URL, "--ca-file", ca, "--username", "ada", "--password", "secret")
}

func (d *desk) sent(request string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, a := range d.asked {
		if a == request {
			n++
		}
	}
	return n
}

const orders = "POST /devices/" + phoneID + "/commands"

func TestSigningInIsRememberedForThisPersonOnly(t *testing.T) {
	d := newDesk(t)
	if _, errs := d.exits(exitError, "devices"); !strings.Contains(errs, "wardline login") {
		t.Errorf("without a server it said %q", errs)
	}
	d.exits(exitError, "login", "--server", d.server.URL, "--username", "ada", "--password", "secret") // its certificate is nobody's
	d.signIn()
	info, err := os.Stat(filepath.Join(d.config, "wardline", "session.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the session: %v %v", info, err)
	}
	d.exits(exitDone, "devices")
	if _, errs := d.exits(exitUsage, "devices", "--server", "http://wardline.example.org"); !strings.Contains(errs, "in clear") {
		t.Errorf("plain http: %q", errs)
	}
}

func TestASelectorThatMatchesSeveralDevicesListsThemAndDoesNothing(t *testing.T) {
	d := newDesk(t)
	d.signIn()
	_, errs := d.exits(exitUsage, "lock", "Grace")
	if !strings.Contains(errs, "P8") || !strings.Contains(errs, "P9") || strings.Contains(errs, "\x1b") {
		t.Errorf("it listed %q", errs)
	}
	// A fragment of a number is proposed, never acted on.
	if _, errs := d.exits(exitUsage, "lock", "P7-frag"); !strings.Contains(errs, "P7-fragment") {
		t.Errorf("it proposed %q", errs)
	}
	d.exits(exitError, "lock", "nobody")
	if n := d.sent(orders); n != 0 {
		t.Errorf("%d orders were sent", n)
	}
}

func TestWaitFollowsToTheEndAndSaysHowItEnded(t *testing.T) {
	d := newDesk(t)
	d.signIn()
	for _, c := range []struct {
		state string
		exit  int
	}{
		{"succeeded", exitDone}, {"failed", exitError}, {"refused", exitRefused}, {"denied", exitRefused},
		{"awaiting_approval", exitWaitingApproval}, {"expired", exitNotReached}, {"held", exitNotReached},
	} {
		d.states = []string{c.state}
		out, _ := d.exits(c.exit, "lock", "P7", "--wait", "--timeout", "1ms")
		if !strings.Contains(out, "Words of "+c.state+" (ada)") {
			t.Errorf("%s: no live transition in\n%s", c.state, out)
		}
	}
	d.exits(exitDone, "lock", "P7") // asked; it goes out at the next contact
}

func TestAWipeIsConfirmedByAPersonOrByYes(t *testing.T) {
	d := newDesk(t)
	d.wants = "wls_ok"
	d.signIn()
	_, errs := d.exits(exitUsage, "wipe", "P7")
	for _, want := range []string{"P7", "Ada", "Acme", "Everything on it.", "--yes"} {
		if !strings.Contains(errs, want) {
			t.Errorf("the question does not name %q:\n%s", want, errs)
		}
	}
	if n := d.sent(orders); n != 0 {
		t.Errorf("%d orders were sent", n)
	}
	if _, errs := d.exits(exitRefused, "wipe", "P7", "--yes"); !strings.Contains(errs, "step_up_required") {
		t.Errorf("without a code it said %q", errs)
	}
	d.exits(exitDone, "wipe", "P7", "--yes", "--otp", "123456")
}

func TestARefusalIsNotAnError(t *testing.T) {
	p := &problem{Status: http.StatusConflict, Code: "pump_infusing", Detail: "The pump is infusing."}
	var b bytes.Buffer
	if code := exitCode(exitFor(p), &b); code != exitRefused || !strings.Contains(b.String(), "The pump is infusing.") {
		t.Errorf("exit %d, %q", code, b.String())
	}
}

func TestAnOldSessionIsRenewedOnceByTurns(t *testing.T) {
	d := newDesk(t)
	d.signIn()
	s, err := loadSession()
	if err != nil {
		t.Fatal(err)
	}
	s.ExpiresAt = time.Now().Add(-time.Minute)
	if err := s.save(); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if code, _, errs := d.run("devices"); code != exitDone {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
	wg.Wait()
	if n := d.sent("POST /auth/refresh"); n != 1 {
		t.Errorf("the refresh cookie was used %d times", n)
	}
}

func TestEventsAreTakenUpWhereTheStreamEnded(t *testing.T) {
	last := "4"
	var seen []string
	text := "retry: 2000\n: hello\n\nevent: happened\ndata: {\"a\":1}\n\nid: 5\nevent: at\ndata: {}\n\nevent: happened\ndata: {\"a\":2}\n\n"
	if err := readEvents(strings.NewReader(text), &last, func(b []byte) { seen = append(seen, string(b)) }); err != nil {
		t.Fatal(err)
	}
	if last != "5" || len(seen) != 2 || seen[1] != `{"a":2}` {
		t.Errorf("last %s, seen %v", last, seen)
	}
}

func TestAgesAreSaidAsPeopleSayThem(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		before time.Duration
		want   string
	}{{7 * time.Second, "7 s ago"}, {90 * time.Minute, "90 min ago"}, {30 * time.Hour, "30 h ago"}, {72 * time.Hour, "3 days ago"}} {
		at := now.Add(-c.before)
		if got := age(now, &at); got != c.want {
			t.Errorf("%s: %q", c.before, got)
		}
	}
	if got := age(now, nil); got != "never" {
		t.Errorf("no time at all: %q", got)
	}
}
