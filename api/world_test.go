package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wardline/alert"
	"wardline/audit"
	"wardline/auth"
	"wardline/ca"
	"wardline/commands"
	"wardline/configuration"
	"wardline/enroll"
	"wardline/internal/auditlog"
	"wardline/internal/passkey"
	"wardline/internal/seal"
	"wardline/inventory"
	"wardline/shift"
	"wardline/store"
	"wardline/store/storetest"
)

// house is a hospital with the API in front of it, over real HTTP, on a real
// store.
type house struct {
	t      *testing.T
	clock  *storetest.Clock
	clinic *storetest.Clinic
	store  *store.Store
	auth   *auth.Service
	api    *API
	alerts *alert.Service
	shifts *shift.Service
	post   *alert.Post
	// enrollment is what devices reach.
	enrollment *enroll.Service
	url        string
	http       *http.Client
	people     map[string]*person
}

// person is somebody with an account.
type person struct {
	h        *house
	id       auth.AccountID
	username string
	seed     string
	// token is the present access token.
	token   string
	refresh string
}

const password = "correct horse battery"

var testMaster = bytes.Repeat([]byte{7}, seal.KeySize)

// newHouse opens a hospital on SQLite.
func newHouse(t *testing.T) *house {
	t.Helper()
	return openHouse(t, storetest.New(t, store.SQLite))
}

func openHouse(t *testing.T, h *storetest.Harness, opts ...storetest.Option) *house {
	t.Helper()
	s := h.Store(opts...)
	x := &house{t: t, clock: h.Clock, store: s, people: map[string]*person{}, clinic: storetest.NewClinic(t, s, h.Clock, h.Raw())}
	x.on(s, x.clinic.Service)
	return x
}

// replica is another server of the same hospital, on the same database.
func (x *house) replica(s *store.Store) *house {
	y := &house{t: x.t, clock: x.clock, store: s, people: map[string]*person{}, clinic: x.clinic}
	y.on(s, x.clinic.Serve(s))
	return y
}

// on starts a server on a store.
func (x *house) on(s *store.Store, queue *commands.Service) {
	x.t.Helper()
	t, now := x.t, x.clock.Now
	master, err := seal.New(testMaster)
	x.must(err)
	authority, err := ca.Open(t.Context(), ca.Options{Store: s, Sealer: master.For, PKIURL: "http://localhost:1", Loopback: true, Algorithm: ca.ECDSAP256, Now: now})
	x.must(err)
	enrollment, err := enroll.New(enroll.Options{Store: s, CA: authority, DeviceURL: "https://localhost:2", PKIURL: "http://localhost:1", Loopback: true, Now: now})
	x.must(err)
	x.enrollment = enrollment
	x.auth, err = auth.New(t.Context(), auth.Options{Storage: s, Master: master, Now: now, AdminURL: "https://wardline.test", Furnished: true,
		Authenticators: passkey.New(passkey.Options{AdminURL: "https://wardline.test", Product: ProductName}),
		Hash:           auth.HashParams{MemoryKiB: 64, Passes: 1, Lanes: 1}})
	x.must(err)
	inv := inventory.New(inventory.Options{Storage: s, Now: now})
	x.alerts = alert.New(alert.Options{Storage: s, Keys: master})
	x.post = alert.NewPost(alert.PostOptions{Storage: s, Keys: master, Now: now})
	x.shifts = shift.New(shift.Options{Storage: s, Commands: queue})
	x.api, err = New(Options{Alerts: x.alerts, Shifts: x.shifts, Post: x.post, People: x.auth, Inventory: inv, Commands: queue, Enrollment: enrollment,
		Configuration: configuration.New(configuration.Options{Storage: s, Places: inv, Models: inv, Requester: queue, Outlooks: queue, Now: now}),
		OpenHead:      func(string) (audit.SignedHead, error) { return audit.SignedHead{}, errors.New("not one of ours") },
		Audit:         s, Requests: s, Certificates: s, Feed: auditlog.NewFeed(s, 5*time.Millisecond, testLog(t)), Version: "test", Now: now, Log: testLog(t)})
	x.must(err)
	x.url, x.http = serve(t, x.api.Admin()), http.DefaultClient
}

// serve listens and returns the address.
func serve(t *testing.T, h http.Handler) string {
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func (x *house) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// person makes an account with these roles, once, and signs it in.
func (x *house) person(username string, roles ...auth.Role) *person {
	x.t.Helper()
	return x.limited(username, auth.Scope{}, roles...)
}

// limited makes an account that holds for a scope only.
func (x *house) limited(username string, scope auth.Scope, roles ...auth.Role) *person {
	x.t.Helper()
	if p := x.people[username]; p != nil {
		return p
	}
	p := &person{h: x, username: username, seed: seedOf(username)}
	made, err := x.auth.CreateAccountLocally(x.t.Context(), audit.Actor{Kind: audit.ActorLocal, ID: "local:test"},
		auth.NewAccount{Username: username, Name: username, Roles: roles, Scope: scope, Password: password, TOTPSeed: p.seed})
	x.must(err)
	p.id = made.Account.ID
	x.people[username] = p
	p.signIn()
	return p
}

// seedOf makes a seed of 26 base32 characters.
func seedOf(username string) string {
	sum := sha256.Sum256([]byte(username))
	return strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D").Replace(strings.ToUpper(hex.EncodeToString(sum[:16])))[:32]
}

// otp is a fresh one-time code: the clock goes on by half a minute, since each
// works once.
func (p *person) otp() string {
	p.h.t.Helper()
	now := p.h.clock.Advance(30 * time.Second)
	code, err := totp.GenerateCode(p.seed, now)
	p.h.must(err)
	return code
}

// signIn signs in by the API, as a person does.
func (p *person) signIn() {
	p.h.t.Helper()
	a := p.h.call(nil, http.MethodPost, "/auth/login", map[string]any{"username": p.username, "password": password, "otp": p.otp()})
	a.is(http.StatusOK)
	p.token = a.text("access_token")
	for _, c := range a.cookies {
		if c.Name == refreshCookie {
			p.refresh = c.Value
		}
	}
}

// answer is what came back.
type answer struct {
	t       *testing.T
	what    string
	status  int
	header  http.Header
	cookies []*http.Cookie
	raw     []byte
	body    map[string]any
}

type header map[string]string

// call sends a request as this person (nil: as nobody). extra holds headers.
func (x *house) call(p *person, method, path string, body any, extra ...header) *answer {
	x.t.Helper()
	var reader io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case csvFile:
		reader, contentType = strings.NewReader(string(b)), "text/csv"
	default:
		encoded, err := json.Marshal(b)
		x.must(err)
		reader = bytes.NewReader(encoded)
	}
	target := x.url + prefix + path
	if strings.HasPrefix(path, "//") {
		target = x.url + path[1:]
	}
	r, err := http.NewRequestWithContext(context.Background(), method, target, reader)
	x.must(err)
	if reader != nil {
		r.Header.Set("Content-Type", contentType)
	}
	if p != nil {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	for _, h := range extra {
		for name, value := range h {
			r.Header.Set(name, value)
		}
	}
	return x.send(r)
}

type csvFile string

func (x *house) send(r *http.Request) *answer {
	x.t.Helper()
	res, err := x.http.Do(r)
	x.must(err)
	defer res.Body.Close()
	a := &answer{t: x.t, what: r.Method + " " + r.URL.Path, status: res.StatusCode, header: res.Header, cookies: res.Cookies()}
	a.raw, err = io.ReadAll(res.Body)
	x.must(err)
	if strings.Contains(res.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.body); err != nil {
			x.t.Fatalf("%s answered bad JSON: %v\n%s", a.what, err, a.raw)
		}
	}
	return a
}

// is requires a status.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s answered %d, want %d:\n%s", a.what, a.status, status, a.raw)
	}
	return a
}

// refuses requires a problem with this status and code, that says something to
// people and names the request.
func (a *answer) refuses(status int, code string) *answer {
	a.t.Helper()
	if a.status != status || a.text("code") != code {
		a.t.Fatalf("%s answered %d, want %d %s:\n%s", a.what, a.status, status, code, a.raw)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("%s: a problem of type %q", a.what, ct)
	}
	if a.text("detail") == "" || a.text("request_id") == "" || a.text("request_id") != a.header.Get("Request-Id") {
		a.t.Errorf("%s: the problem lacks its sentence or its request id:\n%s", a.what, a.raw)
	}
	return a
}

// at finds a value by its path, such as "items.0.serial".
func (a *answer) at(path string) any {
	var v any = a.body
	for _, part := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a *answer) text(path string) string {
	s, _ := a.at(path).(string)
	return s
}

func (a *answer) number(path string) float64 {
	n, _ := a.at(path).(float64)
	return n
}

// errorNames are the inputs that a problem says were wrong.
func (a *answer) errorNames() []string {
	list, _ := a.at("errors").([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i] = a.text(fmt.Sprintf("errors.%d.name", i))
	}
	return out
}

// items are the values of one member of each item of a list.
func (a *answer) items(member string) []string {
	list, _ := a.at("items").([]any)
	out := make([]string, len(list))
	for i := range list {
		out[i] = fmt.Sprint(a.at(fmt.Sprintf("items.%d.%s", i, member)))
	}
	return out
}
