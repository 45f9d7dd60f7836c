//go:build !race

package api

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/store"
	"wardline/store/storetest"
)

// An attack drill gives an attacker what its row in docs/security.md names, lets
// simulated time pass, and counts on the devices themselves what became of them.
// The expected numbers are read from that table: they stand there before the run.

// loss is what devices have felt, each counted once and for good.
type loss struct{ wiped, locked, cutOff int }

// Windows of a drill, from Friday at five in the afternoon.
const (
	oneHour = time.Hour
	weekend = 62 * time.Hour // until Monday at seven
)

// expectedLosses reads the table of drills: the first cell names the drill, then
// come wiped, locked and cut off after an hour and after a weekend.
func expectedLosses(t *testing.T) map[string]map[time.Duration]loss {
	t.Helper()
	text, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Attack drills\n")
	if !found {
		t.Fatal("docs/security.md has no section on attack drills")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	out := map[string]map[time.Duration]loss{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 9 || strings.Contains(line, "---") || strings.TrimSpace(cells[1]) == "drill" {
			continue
		}
		number := func(i int) int {
			n, err := strconv.Atoi(strings.TrimSpace(cells[i]))
			if err != nil {
				return -1 // not run
			}
			return n
		}
		out[strings.TrimSpace(cells[1])] = map[time.Duration]loss{
			oneHour: {number(2), number(3), number(4)}, weekend: {number(5), number(6), number(7)}}
	}
	if len(out) < 8 {
		t.Fatalf("the table of drills has %d rows", len(out))
	}
	return out
}

// victim is a device of the simulated fleet.
type victim struct {
	*storetest.Gadget
	wiped, locked, cutOff bool
	// asleep: it is switched off all weekend.
	asleep bool
	// kept: the attacker keeps it for wiping.
	kept bool
}

// drill is a hospital under attack.
type drill struct {
	*house
	name  string
	began time.Time
	// passed is how much time has passed since, by a clock that nobody sets.
	passed func() time.Duration
	// public is the listener for self-service.
	public *house
	// keep keeps a stolen session alive; may be nil.
	keep  func()
	fleet []*victim
	// honest people, of long standing, who look away all weekend.
	ina, sam, bea, boss *person
	sweep               *sweep
}

// openDrill opens a hospital on a Friday afternoon, with so many issued phones
// and pumps in the store room, and proves that the route under attack works: an
// honest person wipes a phone on it.
func openDrill(t *testing.T, h *storetest.Harness, name string, phones, pumps int, opts ...storetest.Option) *drill {
	t.Helper()
	if testing.Short() {
		t.Skip("a drill takes seconds")
	}
	d := &drill{house: openHouse(t, h, opts...), name: name}
	d.passed = func() time.Duration { return d.clock.Now().Sub(d.began) }
	outside := *d.house
	outside.url = serve(t, d.api.Public())
	d.public = &outside
	d.clinic.RestoreLimit("disruptive_class_day")
	d.clock.Set(time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC))
	d.ina, d.sam = d.person("ina", auth.RoleIT), d.person("sam", auth.RoleSecurity)
	d.bea, d.boss = d.person("bea", auth.RoleBiomed), d.person("boss", auth.RoleAdmin)
	for range phones {
		d.fleet = append(d.fleet, &victim{Gadget: d.clinic.Phone()})
	}
	for range pumps {
		d.fleet = append(d.fleet, &victim{Gadget: d.clinic.Pump()})
	}
	control := d.clinic.Phone()
	d.ina.wipes(control)
	if got := control.Take(); len(got) != 1 || got[0].Told.Kind != device.KindWipe {
		t.Fatalf("the control: an honest wipe hands the phone %v", got)
	}
	if !d.refusedByTheNetwork()[control.Print] {
		t.Fatal("the control: a phone that is wiped is not cut off")
	}
	// The attack begins more than a day later: the control uses up no limit.
	d.clock.Set(time.Date(2026, time.March, 6, 17, 0, 0, 0, time.UTC))
	for _, p := range []*person{d.ina, d.sam, d.bea, d.boss} {
		p.signIn()
	}
	d.sweep = newSweep(d)
	d.ready()
	return d
}

// onSQLite opens a drill that needs one server.
func onSQLite(t *testing.T, name string, phones, pumps int) *drill {
	t.Helper()
	t.Parallel()
	return openDrill(t, storetest.New(t, store.SQLite), name, phones, pumps)
}

// ready begins the time of the drill.
func (d *drill) ready() { d.began = d.clock.Now() }

// owns makes an account of long standing under a person's name.
func (d *drill) owns(username, name string, seed bool, roles ...auth.Role) *person {
	d.t.Helper()
	p := &person{h: d.house, username: username}
	if seed {
		p.seed = seedOf(username)
	}
	made, err := d.auth.CreateAccountLocally(context.Background(), audit.Actor{Kind: audit.ActorLocal, ID: "local:test"},
		auth.NewAccount{Username: username, Name: name, Roles: roles, Password: password, TOTPSeed: p.seed})
	d.must(err)
	p.id = made.Account.ID
	return p
}

// contact lets every device poll, do what it is told, and say so.
func (d *drill) contact() {
	d.t.Helper()
	for again := true; again; {
		again = false
		var polling []*storetest.Gadget
		for _, v := range d.fleet {
			if v.wiped || v.asleep {
				continue // an erased one does not know us any more
			}
			v.Report()
			polling = append(polling, v.Gadget)
		}
		handed := d.clinic.TakeAll(polling)
		for _, v := range d.fleet {
			for _, order := range handed[v.ID] {
				v.obeys(order)
				again = true // a wipe comes alone, after everything else
			}
		}
	}
	gone := d.refusedByTheNetwork()
	for _, v := range d.fleet {
		v.cutOff = v.cutOff || gone[v.Print]
	}
	// What the server does by itself, such as stopping a burst, comes after: the
	// worst moment for those who defend.
	d.must(d.clinic.Service.Expire(context.Background()))
}

func (v *victim) obeys(order storetest.Delivered) {
	switch order.Told.Kind {
	case device.KindWipe:
		v.wiped = true
		v.Answer(order, commands.ResultAccepted, "")
		return
	case device.KindLock, device.KindLostModeOn:
		v.locked, v.Locked = true, true
	case device.KindUnlock, device.KindLostModeOff:
		v.Locked = false
	}
	v.Answer(order, commands.ResultSucceeded, "")
}

// refusedByTheNetwork are the certificates on which the revocation list and OCSP
// have the network refuse a device.
func (d *drill) refusedByTheNetwork() map[device.Fingerprint]bool {
	d.t.Helper()
	rows, err := d.clinic.Raw.Query("SELECT fingerprint FROM certificate WHERE revocation <> ''")
	d.must(err)
	defer rows.Close()
	gone := map[device.Fingerprint]bool{}
	for rows.Next() {
		var print string
		d.must(rows.Scan(&print))
		gone[device.Fingerprint(print)] = true
	}
	d.must(rows.Err())
	return gone
}

func (d *drill) lost() loss {
	var n loss
	for _, v := range d.fleet {
		for happened, count := range map[*bool]*int{&v.wiped: &n.wiped, &v.locked: &n.locked, &v.cutOff: &n.cutOff} {
			if *happened {
				*count++
			}
		}
	}
	return n
}

// attack repeats what the attacker does, with pauses, through an hour and through
// the weekend, tries every operation of the API now and then, and holds the loss
// against the table.
func (d *drill) attack(thief *person, attempt func()) {
	d.t.Helper()
	d.attackFor(thief, attempt, oneHour, weekend)
}

func (d *drill) attackFor(thief *person, attempt func(), windows ...time.Duration) {
	d.t.Helper()
	expected := expectedLosses(d.t)[d.name]
	if expected == nil {
		d.t.Fatalf("docs/security.md says nothing of %q", d.name)
	}
	sweeps := []time.Duration{10 * time.Minute, 25 * time.Hour}
	pause := 4 * time.Minute
	for _, window := range windows {
		for d.passed() < window-pause {
			attempt()
			if len(sweeps) > 0 && d.passed() > sweeps[0] {
				sweeps = sweeps[1:]
				d.sweep.everything(thief)
			}
			d.contact()
			d.passes(pause)
		}
		if window == windows[len(windows)-1] {
			// What would have hurt the attacker is tried last.
			d.sweep.everything(thief)
			attempt() // signs in again
			d.sweep.whatHurtsTheAttacker(thief)
			attempt()
			d.contact()
		}
		if got, want := d.lost(), expected[window]; got != want {
			d.t.Errorf("%s, after %s: the devices felt %+v, docs/security.md expects %+v", d.name, window, got, want)
		}
		pause = 4 * time.Hour
	}
	d.sweep.covered()
}

// reader is somebody honest who looks at what became of it.
func (d *drill) reader() *person {
	d.sam.signInAgain()
	return d.sam
}

// passes lets time pass, in which a stolen session is kept alive.
func (d *drill) passes(pause time.Duration) {
	for pause > 0 {
		step := min(pause, 10*time.Minute)
		d.clock.Advance(step)
		pause -= step
		if d.keep != nil {
			d.keep()
		}
	}
}

// call sends a request to the listener that has it.
func (d *drill) call(p *person, method, path string, body any, extra ...header) *answer {
	d.t.Helper()
	if strings.HasPrefix(path, "/self/") || path == "/auth/lost" {
		return d.public.call(p, method, path, body, extra...)
	}
	return d.house.call(p, method, path, body, extra...)
}

// renew exchanges the refresh cookie of a session that somebody stole.
func (p *person) renew() {
	a := p.h.call(nil, http.MethodPost, "/auth/refresh", nil, header{"Cookie": refreshCookie + "=" + p.refresh})
	if a.status != http.StatusOK {
		return
	}
	p.keep(a)
}

func (p *person) keep(a *answer) {
	p.token = a.text("access_token")
	for _, c := range a.cookies {
		if c.Name == refreshCookie {
			p.refresh = c.Value
		}
	}
}

// tries asks for a command, whatever comes of it.
func (p *person) tries(v *victim, kind device.Kind, extra ...header) *answer {
	p.h.t.Helper()
	body := map[string]any{"kind": kind, "reason": "a drill"}
	if kind == device.KindLostModeOn {
		body["args"] = map[string]any{"message": "ours now"}
	}
	return p.h.call(p, http.MethodPost, "/devices/"+string(v.ID)+"/commands", body, extra...)
}

// those are the devices of a class for which the test is true, in order.
func (d *drill) those(class device.Class, is func(*victim) bool) []*victim {
	var list []*victim
	for _, v := range d.fleet {
		if v.Class == class && is(v) {
			list = append(list, v)
		}
	}
	return list
}

// unharmed are phones that are not wiped, first first.
func (d *drill) unharmed() []*victim {
	return d.those(device.ClassPhoneIssued, func(v *victim) bool { return !v.wiped && !v.asleep })
}

// locksMore locks what is not locked yet, last first, until the server has it
// wait for a second person. Phones are reported lost for it: a lost phone is
// locked whatever was done to others of its class.
func (d *drill) locksMore(p *person, class device.Class) {
	d.t.Helper()
	for _, v := range slices.Backward(d.those(class, func(v *victim) bool { return !v.wiped && !v.locked && !v.kept })) {
		if class == device.ClassPhoneIssued {
			d.call(p, http.MethodPost, "/devices/"+string(v.ID)+"/holds", map[string]any{"kind": "lost", "reason": "a drill"})
		}
		a := p.tries(v, device.KindLock)
		if a.text("state") == "awaiting_approval" {
			// It would wait for ever; later there is room again.
			d.call(p, http.MethodPost, "/commands/"+a.text("id")+"/cancel", nil)
		}
		if a.text("state") != "queued" && a.text("code") != "command_already_open" {
			return
		}
	}
}

// stepsUp tries to prove a factor for a device, with a code.
func (p *person) stepsUp(v *victim, code string) header {
	p.h.t.Helper()
	a := p.h.call(p, http.MethodPost, "/auth/step-up", map[string]any{"otp": code, "device_id": v.ID})
	if a.status != http.StatusOK {
		return nil
	}
	return header{"Wardline-Step-Up": a.text("step_up")}
}
