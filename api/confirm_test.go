package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"wardline/auth"
)

// form posts a form as a browser does.
func (x *house) form(path string, values url.Values, cookies ...*http.Cookie) *answer {
	x.t.Helper()
	r, err := http.NewRequest(http.MethodPost, x.url+path, strings.NewReader(values.Encode()))
	x.must(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return x.send(r)
}

func TestAWipeIsConfirmedInTheBrowserByTheOneWhoAskedForIt(t *testing.T) {
	x := newHouse(t)
	ada, eve := x.person("ada", auth.RoleIT), x.person("eve", auth.RoleIT)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID) + "/commands"
	wipe := map[string]any{"kind": "wipe", "reason": "stolen <b>today</b>"}
	asked := x.call(ada, http.MethodPost, path, wipe).refuses(http.StatusForbidden, "step_up_required")
	code := asked.text("user_code")
	if want := "https://wardline.test/step-up?code=" + code; asked.text("step_up_url") != want {
		t.Errorf("the page is said to be at %s", asked.text("step_up_url"))
	}
	page := x.call(nil, http.MethodGet, "//step-up?code="+code, nil).is(http.StatusOK)
	if strings.Contains(string(page.raw), phone.Serial) || strings.Contains(string(page.raw), "<script") {
		t.Errorf("the page tells a stranger what is asked, or has scripts:\n%s", page.raw)
	}
	signIn := func(p *person) *answer {
		return x.form("/step-up/sign-in", url.Values{"code": {code}, "username": {p.username}, "password": {password}, "otp": {p.otp()}})
	}
	x.form("/step-up/sign-in", url.Values{"code": {code}, "username": {"ada"}, "password": {"guess"}}).is(http.StatusUnauthorized)
	if other := signIn(eve).is(http.StatusNotFound); strings.Contains(string(other.raw), phone.Serial) {
		t.Errorf("another person sees it:\n%s", other.raw)
	}
	shown := signIn(ada).is(http.StatusOK)
	for _, want := range []string{"Wipe", phone.Serial, "stolen &lt;b&gt;today&lt;/b&gt;"} {
		if !strings.Contains(string(shown.raw), want) {
			t.Errorf("the page does not show %q:\n%s", want, shown.raw)
		}
	}
	x.call(ada, http.MethodPost, path, wipe, header{"Wardline-Step-Up": code}).refuses(http.StatusForbidden, "step_up_pending")
	done := x.form("/step-up/decide", url.Values{"code": {code}, "otp": {ada.otp()}, "answer": {"confirm"}}, shown.cookies...).is(http.StatusOK)
	if !strings.Contains(string(done.raw), "Confirmed") {
		t.Errorf("the page says:\n%s", done.raw)
	}
	x.call(ada, http.MethodPost, path, wipe, header{"Wardline-Step-Up": code}).is(http.StatusCreated)
	x.form("/step-up/decide", url.Values{"code": {code}, "otp": {ada.otp()}, "answer": {"confirm"}}, shown.cookies...).is(http.StatusUnauthorized)
}

func TestWhoDidNotAskDeniesIt(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID) + "/commands"
	wipe := map[string]any{"kind": "wipe"}
	code := x.call(ada, http.MethodPost, path, wipe).refuses(http.StatusForbidden, "step_up_required").text("user_code")
	shown := x.form("/step-up/sign-in", url.Values{"code": {code}, "username": {"ada"}, "password": {password}, "otp": {ada.otp()}}).is(http.StatusOK)
	x.form("/step-up/decide", url.Values{"code": {code}, "answer": {"deny"}}, shown.cookies...).is(http.StatusOK)
	x.call(ada, http.MethodPost, path, wipe, header{"Wardline-Step-Up": code}).refuses(http.StatusForbidden, "step_up_denied")
}
