package storetest

import (
	"fmt"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/store"
)

func suiteSignIn(t *testing.T, h *Harness) {
	h.Run("a one-time code works once, also for two who use it at once", testCodeOnce)
	h.Run("a one-time code is good one step before and after its time", testCodeSkew)
	h.Run("whatever is wrong with a sign-in, the answer is the same", testSameAnswer)
	h.Run("guessing is slowed down, and the wait ends", testBruteForce)
	h.Run("a guesser cannot lock an administrator out", testNoLockout)
	h.Run("a stolen refresh token ends the session for thief and owner", testStolenRefresh)
	h.Run("a session ends when it is left alone, and after twelve hours in any case", testSessionEnds)
	h.Run("a session of one listener is nothing on the other", testAudiences)
	h.Run("a password alone is good for one report of a loss, and buys no guesses", testOneAct)
	h.Run("sessions are listed and ended, one by one or all others", testEndSessions)
	h.Run("what one server signs another trusts, also after the key was changed", testSharedKey)
	h.Run("tidying up leaves what still counts", testTidy)
}

func testCodeOnce(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.freshCode()
	_, err := p.auth.Login(p.ctx, p.login("root"))
	p.must(err)
	_, err = p.auth.Login(p.ctx, p.login("root"))
	p.refused(err, "sign_in_failed")

	p.freshCode()
	servers := []*people{p, p}
	if h.Engine == store.Postgres {
		servers[1] = peopleOn(t, h, h.Second())
	}
	errs := make(chan error, 2)
	for _, server := range servers {
		go func() {
			_, err := server.auth.Login(p.ctx, p.login("root"))
			errs <- err
		}()
	}
	if first, second := <-errs, <-errs; (first == nil) == (second == nil) {
		t.Fatalf("of two who use one code, not exactly one: %v, %v", first, second)
	}
}

func testCodeSkew(t *testing.T, h *Harness) {
	p := founded(t, h)
	for _, c := range []struct {
		steps int
		good  bool
	}{{2, false}, {1, true}, {-1, true}, {-2, false}} {
		h.Clock.Advance(10 * time.Minute)
		now := h.Clock.Now()
		h.Clock.Advance(time.Duration(c.steps) * 30 * time.Second)
		login := p.login("root")
		h.Clock.Set(now)
		_, err := p.auth.Login(p.ctx, login)
		if (err == nil) != c.good {
			t.Errorf("a code %d steps off: %v", c.steps, err)
		}
	}
}

func testSameAnswer(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.freshCode()
	texts := map[string]string{}
	for what, change := range map[string]func(*auth.Login){
		"no such account": func(l *auth.Login) { l.Username = "nobody" },
		"password":        func(l *auth.Login) { l.Password = "wrong wrong wrong" },
		"no password":     func(l *auth.Login) { l.Password = "" },
		"code":            func(l *auth.Login) { l.OTP = "000000" },
		"no code":         func(l *auth.Login) { l.OTP = "" },
	} {
		login := p.login("root")
		change(&login)
		login.Remote = fmt.Sprintf("10.9.0.%d", len(texts)+1)
		_, err := p.auth.Login(p.ctx, login)
		p.refused(err, "sign_in_failed")
		texts[err.Error()] = what
	}
	if len(texts) != 1 {
		t.Fatalf("the answers differ: %v", texts)
	}
	if n := p.recorded("session.refused"); n != 5 {
		t.Fatalf("%d of 5 refusals were recorded", n)
	}
}

// guess tries a wrong password from a source.
func (p *people) guess(username, remote string) error {
	login := p.login(username)
	login.Password, login.Remote = "password1234", remote
	_, err := p.auth.Login(p.ctx, login)
	return err
}

func waitOf(t *testing.T, err error) time.Duration {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code.Name != "too_many_attempts" || f.Code.Category != fault.TooMany {
		t.Fatalf("got %v, not too_many_attempts", err)
	}
	if f.RetryAfter <= 0 || f.RetryAfter > 15*time.Minute {
		t.Fatalf("the wait is %s", f.RetryAfter)
	}
	return f.RetryAfter
}

func testBruteForce(t *testing.T, h *Harness) {
	p := founded(t, h)
	const thief = "203.0.113.7:4711"
	guesses := 0
	for end := h.Clock.Now().Add(24 * time.Hour); h.Clock.Now().Before(end); {
		err := p.guess("root", thief)
		if fault.Has(err, fault.Code{Name: "sign_in_failed"}) {
			guesses++
			continue
		}
		h.Clock.Advance(waitOf(t, err))
	}
	// Five at once, then after half a minute, one, two, four, eight, and one each
	// quarter of an hour.
	if guesses > 5+5+24*4 {
		t.Fatalf("%d guesses in a day", guesses)
	}
	_ = p.guess("root", thief)
	waitOf(t, p.guess("root", "[2001:db8:1:2::1]:9")) // another source does not help
	// The wait ends, and the good password then counts.
	h.Clock.Advance(15 * time.Minute)
	login := p.login("root")
	login.Remote = thief
	_, err := p.auth.Login(p.ctx, login)
	p.must(err)
}

func testNoLockout(t *testing.T, h *Harness) {
	p := founded(t, h)
	atWork := p.signIn("root") // from the ward, where the administrator works
	everywhere := func() {
		for i := range 40 {
			err := p.guess("root", fmt.Sprintf("203.0.113.%d:1", i%20))
			if !fault.Has(err, fault.Code{Name: "sign_in_failed"}) {
				waitOf(t, err)
			}
		}
	}
	everywhere()
	login := p.login("root")
	login.Remote = "198.51.100.99:1"
	_, err := p.auth.Login(p.ctx, login)
	waitOf(t, err) // from a new place the administrator waits, like everybody
	p.signIn("root")

	// The guesser sits behind the administrator's own address.
	for range 6 {
		for range 6 {
			_ = p.guess("root", wardSource)
		}
		h.Clock.Advance(waitOf(t, p.guess("root", wardSource)))
	}
	_ = p.guess("root", wardSource)
	p.freshCode()
	login = p.login("root")
	_, err = p.auth.Login(p.ctx, login)
	waitOf(t, err)
	login.KnownDevice = atWork.KnownDevice
	_, err = p.auth.Login(p.ctx, login)
	p.must(err)

	// What makes a browser known for one account does nothing for another, and
	// does not allow to guess without end.
	p.hire("deputy", auth.RoleAdmin)
	for range 10 {
		_ = p.guess("deputy", wardSource)
	}
	login = p.login("deputy")
	login.KnownDevice = atWork.KnownDevice
	_, err = p.auth.Login(p.ctx, login)
	waitOf(t, err)
	login = p.login("root")
	login.KnownDevice, login.Password = atWork.KnownDevice, "password1234"
	for range 5 {
		_, err = p.auth.Login(p.ctx, login)
		if err == nil {
			t.Error("a wrong password signed in")
		}
	}
	_, err = p.auth.Login(p.ctx, login)
	waitOf(t, err)
}

func testOneAct(t *testing.T, h *Harness) {
	p := founded(t, h)
	login := auth.Login{Username: "root", Password: p.login("root").Password, Remote: wardSource, Via: "test"}
	g, err := p.auth.LoginForLoss(p.ctx, login)
	p.must(err)
	if g.RefreshToken != "" || g.KnownDevice != "" {
		t.Error("it can be renewed, or makes a browser known")
	}
	for _, audience := range []auth.Audience{auth.AudienceAdmin, auth.AudiencePublic} {
		_, err := p.auth.AuthenticateFresh(p.ctx, audience, g.AccessToken)
		p.refused(err, "sign_in_needed")
	}
	who, err := p.auth.AuthenticateFresh(p.ctx, auth.AudienceLost, g.AccessToken)
	p.must(err)
	if got := auth.PermissionsOf(who); len(got) != 1 || got[0] != auth.SelfReportLost {
		t.Errorf("it may %v", got)
	}
	p.must(p.auth.ActOnce(p.ctx, who, "0198-one"))
	p.must(p.auth.ActOnce(p.ctx, who, "0198-one"))
	p.refused(p.auth.ActOnce(p.ctx, who, "0198-two"), "one_act_only")

	// Five devices a day, over all sign-ins of one person; on the next day again.
	report := func(device device.ID) error {
		g, err := p.auth.LoginForLoss(p.ctx, login)
		p.must(err)
		who, err := p.auth.AuthenticateFresh(p.ctx, auth.AudienceLost, g.AccessToken)
		p.must(err)
		return p.auth.ActOnce(p.ctx, who, device)
	}
	for _, more := range []device.ID{"0198-two", "0198-three", "0198-four", "0198-five"} {
		p.must(report(more))
	}
	p.refused(report("0198-six"), "reports_a_day")
	p.must(report("0198-one"))

	h.Clock.Advance(10*time.Minute + time.Second)
	_, err = p.auth.AuthenticateFresh(p.ctx, auth.AudienceLost, g.AccessToken)
	p.refused(err, "sign_in_needed")

	// Who has the password and not the code signs in so between guesses: the count
	// of wrong codes goes on.
	guess := p.login("root")
	guess.OTP, guess.Remote = "000000", "203.0.113.7:1"
	login.Remote = guess.Remote
	waits := false
	for range 6 {
		_, err := p.auth.Login(p.ctx, guess)
		f, _ := fault.As(err)
		if waits = f != nil && f.Code.Name == "too_many_attempts"; waits {
			break
		}
		_, _ = p.auth.LoginForLoss(p.ctx, login)
	}
	if !waits {
		t.Error("a good password bought more guesses at the code")
	}
}

func testStolenRefresh(t *testing.T, h *Harness) {
	p := founded(t, h)
	for _, thiefFirst := range []bool{true, false} {
		owner := p.signIn("root")
		stolen := owner.RefreshToken
		next, err := p.auth.Refresh(p.ctx, auth.AudienceAdmin, stolen, wardSource, "test")
		p.must(err)
		if thiefFirst {
			// The owner comes second, with the old token: thief and owner are out.
			_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, owner.RefreshToken, wardSource, "test")
		} else {
			_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, stolen, "203.0.113.7:1", "test")
		}
		p.refused(err, "sign_in_needed")
		_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, next.RefreshToken, wardSource, "test")
		p.refused(err, "sign_in_needed")
		_, err = p.fresh(next)
		p.refused(err, "sign_in_needed")
	}
	if n := p.recorded("session.refresh_reused"); n != 2 {
		t.Fatalf("%d of 2 reuses were recorded", n)
	}
	// Made-up tokens end nobody's session.
	owner := p.signIn("root")
	_, err := p.auth.Refresh(p.ctx, auth.AudienceAdmin, "wlr_"+string(owner.Principal.Session), wardSource, "test")
	p.refused(err, "sign_in_needed")
	_, err = p.fresh(owner)
	p.must(err)
}

func testSessionEnds(t *testing.T, h *Harness) {
	p := founded(t, h)
	g := p.signIn("root")
	h.Clock.Advance(10*time.Minute + time.Second)
	_, err := p.auth.Authenticate(p.ctx, auth.AudienceAdmin, g.AccessToken)
	p.refused(err, "sign_in_needed")
	for range 3 {
		h.Clock.Advance(3*time.Hour + 40*time.Minute)
		g, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, g.RefreshToken, wardSource, "test")
		p.must(err)
	}
	h.Clock.Advance(50 * time.Minute) // twelve hours since it was opened
	_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, g.RefreshToken, wardSource, "test")
	p.refused(err, "sign_in_needed")

	g = p.signIn("root")
	h.Clock.Advance(4 * time.Hour)
	_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, g.RefreshToken, wardSource, "test")
	p.refused(err, "sign_in_needed")

	g = p.signIn("root")
	p.must(p.auth.Logout(p.ctx, g.Principal))
	_, err = p.fresh(g)
	p.refused(err, "sign_in_needed")
}

func testAudiences(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.freshCode()
	login := p.login("root")
	login.Audience = auth.AudiencePublic
	g, err := p.auth.Login(p.ctx, login)
	p.must(err)
	_, err = p.auth.Authenticate(p.ctx, auth.AudiencePublic, g.AccessToken)
	p.must(err)
	_, err = p.fresh(g)
	p.refused(err, "sign_in_needed")
	_, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, g.RefreshToken, wardSource, "test")
	p.refused(err, "sign_in_needed")
	_, err = p.auth.Refresh(p.ctx, auth.AudiencePublic, g.RefreshToken, wardSource, "test")
	p.must(err)
	_, err = p.auth.Authenticate(p.ctx, auth.AudiencePublic, p.signIn("root").AccessToken)
	p.refused(err, "sign_in_needed")
	_, err = p.auth.Authenticate(p.ctx, auth.AudienceAdmin, g.KnownDevice)
	p.refused(err, "sign_in_needed")
}

func testEndSessions(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("ina", auth.RoleIT)
	one, two, three := p.signIn("ina"), p.signIn("ina"), p.signIn("ina")
	ina := three.Principal
	list, err := p.auth.Sessions(p.ctx, ina, ina.Account)
	p.must(err)
	if len(list) != 3 || list[0].ID != three.Principal.Session || list[0].Source != "10.1.2.3" {
		t.Fatalf("the sessions are %+v", list)
	}
	if n, err := p.auth.EndSession(p.ctx, ina, ina.Account, one.Principal.Session); err != nil || n != 1 {
		t.Fatalf("ended %d, %v", n, err)
	}
	if n, err := p.auth.EndSession(p.ctx, ina, ina.Account, ""); err != nil || n != 1 {
		t.Fatalf("ended %d others, %v", n, err)
	}
	_, err = p.fresh(two)
	p.refused(err, "sign_in_needed")
	_, err = p.fresh(three)
	p.must(err)

	root := p.signIn("root").Principal
	_, err = p.auth.EndSession(p.ctx, ina, root.Account, root.Session)
	p.refused(err, "not_allowed")
	if n, err := p.auth.EndSession(p.ctx, root, ina.Account, ""); err != nil || n != 1 {
		t.Fatalf("the administrator ended %d, %v", n, err)
	}
	_, err = p.fresh(three)
	p.refused(err, "sign_in_needed")
}

func testSharedKey(t *testing.T, h *Harness) {
	p := founded(t, h)
	other := p
	if h.Engine == store.Postgres {
		other = peopleOn(t, h, h.Second())
	} else {
		other = peopleOn(t, h, p.store)
	}
	before := p.signIn("root")
	_, err := other.auth.Authenticate(p.ctx, auth.AudienceAdmin, before.AccessToken)
	p.must(err)

	h.Clock.Advance(5 * time.Minute)
	p.must(p.auth.RotateSigningKey(p.ctx, onTheHost))
	after := p.signIn("root")
	for _, server := range []*people{p, other} {
		for _, g := range []auth.Granted{before, after} {
			_, err := server.auth.Authenticate(p.ctx, auth.AudienceAdmin, g.AccessToken)
			p.must(err)
		}
	}
	// The other one replaces the key that it believes to be the newest: it is not
	// any more, or it is; either way both go on with one key.
	p.must(other.auth.RotateSigningKey(p.ctx, onTheHost))
	h.Clock.Advance(2 * time.Second)
	_, err = p.auth.Authenticate(p.ctx, auth.AudienceAdmin, other.signIn("root").AccessToken)
	p.must(err)
	keys, err := p.store.SigningKeys(p.ctx)
	p.must(err)
	if n := p.recorded("signing_key.created"); n != len(keys) {
		t.Fatalf("%d keys, %d recorded", len(keys), n)
	}
}

func testTidy(t *testing.T, h *Harness) {
	p := founded(t, h)
	g := p.signIn("root")
	_ = p.guess("root", wardSource)
	if n, err := p.store.TidyPeople(p.ctx); err != nil || n != 0 {
		t.Fatalf("tidied %d at once, %v", n, err)
	}
	_, err := p.fresh(g)
	p.must(err)
	h.Clock.Advance(25 * time.Hour)
	if n, err := p.store.TidyPeople(p.ctx); err != nil || n != 3 {
		t.Fatalf("tidied %d counts after a day, not 3: %v", n, err)
	}
	h.Clock.Advance(31 * 24 * time.Hour)
	if n, err := p.store.TidyPeople(p.ctx); err != nil || n != 1 {
		t.Fatalf("tidied %d sessions after a month, not 1: %v", n, err)
	}
	if p.recorded(audit.Action("session.opened")) != 1 {
		t.Fatal("the log forgot the session")
	}
}
