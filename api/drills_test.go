//go:build !race

package api

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"wardline/auth"
	"wardline/device"
	"wardline/store"
	"wardline/store/storetest"
)

func TestDrillAStolenPasswordWithoutTheFactorOpensNothing(t *testing.T) {
	d := onSQLite(t, "stolen password, factor at home", 8, 6)
	d.owns("vic", "Vic", true, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed, auth.RoleAdmin)
	own := d.fleet[1]
	own.Change(func(r *device.Device) { r.Owner = "vic" })
	thief := &person{h: d.house, username: "vic"}
	guess, outside := 0, d.outside()
	d.attack(thief, func() {
		for _, code := range []string{"", "000000", "123456"} {
			guess++
			body := map[string]any{"username": "vic", "password": password, "otp": code}
			if a := d.call(nil, http.MethodPost, "/auth/login", body); a.status == http.StatusOK {
				t.Fatalf("the code %q signed in", code)
			}
		}
		// The password alone reports a loss, of one's own device.
		a := outside.call(nil, http.MethodPost, "/auth/lost", map[string]any{"username": "vic", "password": password})
		thief.token = a.text("access_token")
		for _, v := range d.unharmed()[:3] {
			outside.call(thief, http.MethodPost, "/self/devices/"+string(v.ID)+"/report-lost", map[string]any{"stolen": true})
			thief.tries(v, device.KindWipe)
			thief.tries(v, device.KindLock)
		}
	})
	if guess < 60 {
		t.Errorf("only %d sign-ins were tried", guess)
	}
}

// signsInWith signs in with the password, and with a code when there is one.
func (p *person) signsInWith(code string) bool {
	p.h.t.Helper()
	body := map[string]any{"username": p.username, "password": password}
	if code != "" {
		body["otp"] = code
	}
	a := p.h.call(nil, http.MethodPost, "/auth/login", body)
	if a.status == http.StatusOK {
		p.keep(a)
	}
	return a.status == http.StatusOK
}

// newFactor tries to set up an authenticator app of the thief's own.
func (p *person) newFactor(proof string) bool {
	p.h.t.Helper()
	body := map[string]any{"password": password}
	if proof != "" {
		body["otp"] = proof
	}
	begun := p.h.call(p, http.MethodPost, "/auth/totp", body)
	if begun.status != http.StatusOK {
		return false
	}
	p.seed = begun.text("seed")
	return p.h.call(p, http.MethodPost, "/auth/totp/confirm", map[string]any{"otp": p.otp()}).status == http.StatusNoContent
}

// TestDrillAPasswordOfSomebodyWhoNeverSetUpAFactorDestroysNothing: the thief sets one
// up, and waits through the weekend.
func TestDrillAPasswordOfSomebodyWhoNeverSetUpAFactorDestroysNothing(t *testing.T) {
	d := onSQLite(t, "stolen password, no factor was ever set up", 45, 6)
	d.owns("vic", "Vic", false, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed)
	thief := &person{h: d.house, username: "vic"}
	if !thief.signsInWith("") {
		t.Fatal("the control: the password alone signs in where no factor was set up")
	}
	if !thief.newFactor("") {
		t.Fatal("the control: a first factor can be set up")
	}
	d.sweep.code = thief.otp
	d.attack(thief, func() {
		thief.signsInWith(thief.otp())
		d.locksMore(thief, device.ClassPhoneIssued)
		for _, v := range d.unharmed()[:2] {
			if proof := thief.stepsUp(v, thief.otp()); proof != nil {
				thief.tries(v, device.KindWipe, proof)
				thief.tries(v, device.KindContain, proof)
			}
		}
	})
}

func TestDrillAStolenSessionDestroysNothing(t *testing.T) {
	d := onSQLite(t, "stolen session, no step-up", 49, 6)
	for _, v := range d.fleet[1:5] {
		v.asleep = true
	}
	vic := d.owns("vic", "Vic", true, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed)
	vic.signIn()
	d.ready()
	thief := &person{h: d.house, username: "vic", token: vic.token, refresh: vic.refresh}
	// It outlives the session by a token of its own.
	a := d.call(thief, http.MethodGet, "/auth/me", nil).is(http.StatusOK)
	robot := &person{h: d.house}
	made := d.call(thief, http.MethodPost, "/tokens", map[string]any{"name": "backup", "expires_in_days": 300,
		"kinds": device.Kinds(), "permissions": a.at("token_permissions")}).is(http.StatusCreated)
	robot.token = made.text("token")
	d.keep = thief.renew
	d.attack(thief, func() {
		d.locksMore(thief, device.ClassPhoneIssued)
		d.locksMore(robot, device.ClassPhoneIssued)
		for _, v := range d.unharmed()[:2] {
			asked := thief.tries(v, device.KindWipe)
			thief.tries(v, device.KindWipe, header{"Wardline-Step-Up": asked.text("user_code")})
			d.call(thief, http.MethodPost, "/auth/step-up/"+asked.text("user_code")+"/confirm", map[string]any{"otp": "000000"})
			thief.tries(v, device.KindContain)
		}
		thief.newFactor("")
	})
}

func TestDrillAStolenFreshSessionDestroysAtMostOnePersonsLimit(t *testing.T) {
	d := onSQLite(t, "stolen session with fresh step-ups", 45, 6)
	vic := d.owns("vic", "Vic", true, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed)
	vic.signIn()
	d.ready()
	thief := &person{h: d.house, username: "vic", token: vic.token, refresh: vic.refresh}
	// The owner has just stepped up for eight phones, one after the other.
	phones := d.unharmed()[:8]
	proofs := make([]header, len(phones))
	for i, v := range phones {
		proofs[i] = vic.stepsUp(v, vic.otp())
	}
	d.keep = thief.renew
	d.attack(thief, func() {
		for i, v := range phones {
			if !v.wiped {
				thief.tries(v, device.KindWipe, proofs[i])
			}
		}
		for _, v := range d.unharmed()[:2] {
			thief.tries(v, device.KindWipe, proofs[0])
		}
		d.locksMore(thief, device.ClassPhoneIssued)
	})
}

func TestDrillAStolenTokenDestroysNothing(t *testing.T) {
	d := onSQLite(t, "API token with everything", 45, 6)
	vic := d.owns("vic", "Vic", true, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed)
	vic.signIn()
	d.ready()
	can := d.call(vic, http.MethodGet, "/auth/me", nil).is(http.StatusOK).at("token_permissions")
	made := d.call(vic, http.MethodPost, "/tokens", map[string]any{"name": "asset system", "expires_in_days": 300,
		"kinds": device.Kinds(), "permissions": can}).is(http.StatusCreated)
	robot := &person{h: d.house, token: made.text("token")}
	d.attack(robot, func() {
		d.locksMore(robot, device.ClassPhoneIssued)
		for _, v := range d.unharmed()[:4] {
			asked := robot.tries(v, device.KindWipe)
			d.call(robot, http.MethodPost, "/commands/"+asked.text("id")+"/approve", map[string]any{"order_hash": asked.text("order_hash")})
			robot.tries(v, device.KindContain)
		}
	})
}

// wipesAtMost wipes, with a factor, as many phones in a row as do not stop the
// culprit by themselves.
func (d *drill) wipesAtMost(p *person, n int) {
	d.t.Helper()
	for _, v := range d.unharmed()[:n] {
		proof := p.stepsUp(v, p.otp())
		if proof == nil {
			return
		}
		if a := p.tries(v, device.KindWipe, proof); a.text("state") == "awaiting_approval" {
			d.call(p, http.MethodPost, "/commands/"+a.text("id")+"/cancel", nil)
			return
		}
	}
}

func TestDrillARogueAdministratorDestroysAtMostTheDailyLimit(t *testing.T) {
	d := onSQLite(t, "rogue administrator with a factor", 60, 6)
	rogue := d.owns("rog", "Rog", true, auth.RoleAdmin, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed)
	d.sweep.code = rogue.otp
	d.ready()
	for _, v := range d.fleet[:25] {
		v.kept = true
	}
	wipes := 6
	d.attack(rogue, func() {
		rogue.signsInWith(rogue.otp())
		d.wipesAtMost(rogue, wipes)
		wipes = 1 // past a limit; more would freeze the rogue
		if d.passed() > oneHour {
			wipes = 6
		}
		d.locksMore(rogue, device.ClassPhoneIssued)
	})
}

func TestDrillASecondAccountOfTheSamePersonAgreesToNothing(t *testing.T) {
	d := onSQLite(t, "approver is the requester under a second account", 45, 6)
	one := d.owns("ada", "Ada Lovelace", true, auth.RoleIT, auth.RoleBiomed)
	two := d.owns("ada.security", "ada  lovelace", true, auth.RoleSecurity, auth.RoleIT, auth.RoleBiomed)
	one.signIn()
	can := d.call(one, http.MethodGet, "/auth/me", nil).is(http.StatusOK).at("token_permissions")
	robot := &person{h: d.house, token: d.call(one, http.MethodPost, "/tokens", map[string]any{"name": "robot", "expires_in_days": 300,
		"kinds": device.Kinds(), "permissions": can}).is(http.StatusCreated).text("token")}
	d.sweep.code = two.otp
	d.ready()
	approve := func(v *victim, asked *answer) {
		path, body := "/commands/"+asked.text("id")+"/approve", map[string]any{"order_hash": asked.text("order_hash")}
		for _, p := range []*person{one, two} {
			proof := p.stepsUp(v, p.otp())
			if proof == nil {
				proof = header{}
			}
			if a := d.call(p, http.MethodPost, path, body, proof); a.status == http.StatusOK {
				t.Errorf("%s agreed to what %s's program asked: %s", p.username, one.username, a.raw)
			}
		}
	}
	d.attack(two, func() {
		one.signsInWith(one.otp())
		two.signsInWith(two.otp())
		phones := d.unharmed()
		approve(phones[0], robot.tries(phones[0], device.KindWipe))
		var ids []device.ID
		for _, v := range phones[:7] {
			ids = append(ids, v.ID)
		}
		batch := map[string]any{"kind": "wipe", "reason": "a drill", "devices": ids}
		asked := d.call(one, http.MethodPost, "/batches", batch)
		proof := d.call(one, http.MethodPost, "/auth/step-up", map[string]any{"otp": one.otp(), "batch_id": asked.text("batch_id")})
		made := d.call(one, http.MethodPost, "/batches", batch, header{"Wardline-Step-Up": proof.text("step_up")})
		if a := d.call(two, http.MethodPost, "/batches/"+made.text("id")+"/approve", map[string]any{"orders_hash": made.text("orders_hash")}); a.status == http.StatusOK && a.number("counts.queued") > 0 {
			t.Errorf("the second account agreed to the batch: %s", a.raw)
		}
		for _, v := range d.those(device.ClassPumpLVP, func(*victim) bool { return true })[:1] {
			approve(v, one.tries(v, device.KindContain))
		}
		d.locksMore(two, device.ClassPhoneIssued)
	})
}

func TestDrillMassLocksOfPhonesEndAtTheHourlyLimit(t *testing.T) {
	d := onSQLite(t, "mass single locks of phones", 45, 6)
	rogue := d.owns("rog", "Rog", true, auth.RoleIT, auth.RoleHelpdesk)
	d.sweep.code = rogue.otp
	d.ready()
	d.attack(rogue, func() {
		rogue.signsInWith(rogue.otp())
		d.locksMore(rogue, device.ClassPhoneIssued)
	})
}

// TestDrillMassLocksOfPumpsLeaveAWardFourInFive: ten pumps that their maker's mode
// for service and the record say may be locked at any moment.
func TestDrillMassLocksOfPumpsLeaveAWardFourInFive(t *testing.T) {
	d := onSQLite(t, "mass single locks of the pumps of one place", 2, 2)
	for range 10 {
		p := d.clinic.Device(device.ClassPumpLVP, d.clinic.PumpModel, device.Custody{Kind: device.CustodyBiomed}, d.clinic.Workshop)
		p.Therapy = device.ReportedService
		p.Report()
		d.fleet = append(d.fleet, &victim{Gadget: p})
	}
	rogue := d.owns("rog", "Rog", true, auth.RoleBiomed)
	d.sweep.code = rogue.otp
	d.ready()
	d.attack(rogue, func() {
		rogue.signsInWith(rogue.otp())
		d.locksMore(rogue, device.ClassPumpLVP)
	})
}

// TestDrillAnAdministratorWhoMakesAdministratorsDestroysNothing: accounts of the
// attacker's own making, and accounts of others that an administrator can open
// with a set-up link and without their factors, agree to each other all weekend.
func TestDrillAnAdministratorWhoMakesAdministratorsDestroysNothing(t *testing.T) {
	d := onSQLite(t, "administrator who makes a new administrator", 45, 6)
	rogue := d.owns("rog", "Rog", true, auth.RoleAdmin)
	taken := []*person{
		d.owns("with.factor", "With Factor", true, auth.RoleIT, auth.RoleSecurity),
		d.owns("without.factor", "Without Factor", false, auth.RoleIT, auth.RoleBiomed, auth.RoleSecurity),
	}
	rogue.signIn()
	d.ready()
	var puppets []*person
	for _, name := range []string{"evil.one", "evil.two"} {
		made := d.call(rogue, http.MethodPost, "/accounts", map[string]any{"username": name, "name": name,
			"roles": []string{"admin", "it", "security", "biomed"}, "password": password}).is(http.StatusCreated)
		puppets = append(puppets, &person{h: d.house, username: name, id: auth.AccountID(made.text("id"))})
	}
	for _, p := range taken {
		of := "/accounts/" + string(p.id)
		d.call(rogue, http.MethodPost, of+"/reset-totp", nil)
		link := d.call(rogue, http.MethodPost, of+"/setup-link", nil).is(http.StatusCreated)
		d.call(nil, http.MethodPost, "/auth/set-up", map[string]any{"token": link.text("setup_token"), "password": password}).is(http.StatusNoContent)
		puppets = append(puppets, &person{h: d.house, username: p.username, id: p.id})
	}
	for i, p := range puppets {
		// Accounts whose roles wait for a second person can do nothing at all.
		if (!p.signsInWith("") || !p.newFactor("")) && i >= 2 {
			t.Fatalf("the control: the attacker has the account %s", p.username)
		}
	}
	d.sweep.code = puppets[3].otp
	d.attack(puppets[3], func() {
		rogue.signsInWith(rogue.otp())
		waiting := d.call(rogue, http.MethodGet, "/account-changes", nil).items("id")
		for _, p := range puppets {
			if p.seed == "" {
				p.signsInWith("")
				d.locksMore(p, device.ClassPhoneIssued)
				continue
			}
			p.signsInWith(p.otp())
			d.locksMore(p, device.ClassPhoneIssued)
			d.contact()
			for _, id := range waiting {
				d.call(p, http.MethodPost, "/account-changes/"+id+"/approve", map[string]any{"otp": p.otp()})
			}
			for _, other := range puppets {
				d.call(p, http.MethodPost, "/accounts/"+string(other.id)+"/vouch", map[string]any{"otp": p.otp()})
			}
			d.wipesAtMost(p, 1)
		}
	})
}

// TestDrillAClockThatIsSetGainsNothing: the rogue also owns the clock of the host
// that the server and its database run on.
func TestDrillAClockThatIsSetGainsNothing(t *testing.T) {
	t.Parallel()
	h := storetest.New(t, store.SQLite)
	var set time.Duration // how far the clock was set, in all
	d := openDrill(t, h, "rogue administrator who sets the clock", 60, 6, func(o *store.Options) {
		o.Monotonic = func() time.Duration { return h.Clock.Now().Add(-set).Sub(time.Unix(0, 0)) }
	})
	d.passed = func() time.Duration { return d.clock.Now().Add(-set).Sub(d.began) }
	setClock := func(by time.Duration) {
		set += by
		d.clock.Advance(by)
	}
	rogue := d.owns("rog", "Rog", true, auth.RoleAdmin, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed)
	d.sweep.code = rogue.otp
	d.ready()
	first := true
	d.attack(rogue, func() {
		rogue.signsInWith(rogue.otp())
		if first {
			rogue.signsInWith(rogue.otp())
			d.wipesAtMost(rogue, 6)
			d.contact()
			first = false
		}
		for _, by := range []time.Duration{0, -3 * time.Hour, 28 * time.Hour, 4 * time.Minute} {
			setClock(by)
			rogue.signsInWith(rogue.otp())
			d.wipesAtMost(rogue, 1)
			d.locksMore(rogue, device.ClassPhoneIssued)
			d.contact()
		}
		setClock(-25*time.Hour - 4*time.Minute)
	})
	if n := len(d.call(d.reader(), http.MethodGet, "/freezes", nil).is(http.StatusOK).items("id")); n == 0 {
		t.Error("a clock that was set froze nothing")
	}
}

// TestDrillTwoReplicasRacedReleaseExactlyTheLimit: eight administrators, of whom none
// reaches a limit of their own, ask for more than the server's limit on both servers
// at once, and again every few hours.
func TestDrillTwoReplicasRacedReleaseExactlyTheLimit(t *testing.T) {
	t.Parallel()
	h := storetest.New(t, store.Postgres)
	d := openDrill(t, h, "two replicas raced by eight rogue administrators", 130, 6)
	servers := []*house{d.house, d.house.replica(h.Second())}
	var rogues []*person
	for i := range 8 {
		rogues = append(rogues, d.owns("rog"+string(rune('a'+i)), "Rog "+string(rune('A'+i)), true, auth.RoleIT))
	}
	d.ready()
	var raced time.Duration
	d.attack(rogues[0], func() {
		rogues[0].signsInWith(rogues[0].otp())
		if raced > 0 && d.passed() < raced+time.Hour {
			return
		}
		raced = d.passed()
		phones := d.unharmed()
		d.race(servers, rogues, phones[:min(len(phones), 3*len(rogues))])
	})
}

// race has each of the people ask, with a factor, for the wipe of their share of the
// phones on all servers at once. What would wait for a second person is taken back.
func (d *drill) race(servers []*house, rogues []*person, phones []*victim) {
	d.t.Helper()
	proofs := make([]header, len(phones))
	code := func(p *person) string {
		otp, err := totp.GenerateCode(p.seed, d.clock.Now())
		d.must(err)
		return otp
	}
	d.clock.Advance(30 * time.Second)
	for _, p := range rogues {
		p.signsInWith(code(p))
	}
	for i := 0; i < len(phones); i += len(rogues) {
		d.clock.Advance(30 * time.Second)
		for j, p := range rogues {
			if i+j < len(phones) {
				proofs[i+j] = p.stepsUp(phones[i+j], code(p))
			}
		}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var waits []func()
	for i, v := range phones {
		p := rogues[i%len(rogues)]
		for _, server := range servers {
			all.Go(func() {
				a := server.call(p, http.MethodPost, "/devices/"+string(v.ID)+"/commands", map[string]any{"kind": "wipe", "reason": "a race"}, proofs[i])
				if a.text("state") == "awaiting_approval" {
					mu.Lock()
					defer mu.Unlock()
					waits = append(waits, func() { d.call(p, http.MethodPost, "/commands/"+a.text("id")+"/cancel", nil) })
				}
			})
		}
	}
	all.Wait()
	for _, takeBack := range waits {
		takeBack()
	}
}

// TestDrillTheSweepIsUnderstood is the control of the sweep: sent by somebody who
// holds every role, its requests are such as the server carries out or refuses for
// what they ask, and not for how they are written.
func TestDrillTheSweepIsUnderstood(t *testing.T) {
	d := onSQLite(t, "", 3, 2)
	all := d.owns("all", "All", true, auth.RoleAdmin, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed, auth.RoleAuditor, auth.RoleHelpdesk)
	all.signIn()
	d.sweep.code = all.otp
	for range 2 { // the second time with the step-ups that the first has begun
		all.signIn()
		d.sweep.everything(all)
	}
	all.signIn()
	d.sweep.whatHurtsTheAttacker(all)
	d.sweep.covered()
	there := map[string]string{
		"login": "a guess", "refresh": "the cookie does not travel in a sweep", "set_up_account": "a guess", "add_passkey": "no question was asked",
		"decide_enrollment_request": "none waits", "cancel_recovery": "none runs", "release_device": "none is contained", "logout": "the session was just ended",
		"confirm_totp": "none was begun with that code", "approve_limit_change": "the sweep replaced it with another",
	}
	for _, r := range d.api.Routes() {
		if r.Public {
			there[r.Operation] = "the listener is another"
		}
	}
	unclear := 0
	for id, answers := range d.sweep.tried {
		_, understood := there[id]
		for status := range answers {
			understood = understood || (status != http.StatusBadRequest && status != http.StatusUnprocessableEntity && status != http.StatusNotFound && status != http.StatusUnauthorized)
		}
		if !understood {
			unclear++
			t.Logf("%s is answered %v", id, answers)
		}
	}
	// New operations name things that the hospital of a drill does not have yet.
	if unclear*8 > len(d.sweep.tried) {
		t.Errorf("of %d operations, %d are not understood: teach the sweep what they want", len(d.sweep.tried), unclear)
	}
}
