package storetest

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/shift"
)

func init() { register("shared handhelds", suiteShift) }

func suiteShift(t *testing.T, h *Harness) {
	h.Run("a handheld is taken, handed over and brought back, and of two who take it one has it", testHandheldTaken)
	h.Run("nobody takes more than two, nor what is lost, nor a pump", testHandheldNotTaken)
	h.Run("an overdue handheld asks for itself, is locked after the grace, and is free again when it is back", testHandheldOverdue)
	h.Run("what a person locked stays locked when the handheld is back, and what a person freed stays free", testHandheldPersonsLock)
	h.Run("what the rule asks for stops at the limits, and is asked again", testHandheldLimits)
	h.Run("the last person's work data is removed before the next one takes it, and never under their hands", testHandheldClear)
	h.Run("a badge knows one person and opens nothing, a code is good once", testBadges)
	h.Run("a screen is paired once and shows nothing when its station has ended", testStations)
}

// charging is a ward with shared handhelds and people who take them.
type charging struct {
	*Clinic
	shifts *shift.Service
	model  device.ModelID
}

func newCharging(t *testing.T, h *Harness) *charging {
	t.Helper()
	c := &charging{Clinic: newClinic(t, h)}
	AddPeople(t, c.Store, c.Raw, "nia", "noel")
	c.shifts = shift.New(shift.Options{Storage: c.Store, Commands: c.Service, HelpPhone: func() string { return "+31 20 555 0100" }})
	c.model = c.Model(device.Model{Maker: "Handmaker", Name: "H 1", Class: device.ClassHandheldShared,
		Capabilities: []device.Kind{device.KindLocate, device.KindLock, device.KindUnlock, device.KindLostModeOn, device.KindLostModeOff,
			device.KindMessage, device.KindRemoveWorkData}})
	return c
}

func (c *charging) handheld() *Gadget {
	return c.Device(device.ClassHandheldShared, c.model, device.Custody{Kind: device.CustodyWard, Which: "Ward 4"}, c.Ward)
}

func by(name string) audit.Actor {
	return audit.Actor{Kind: audit.ActorPerson, ID: name, Name: name, Factor: "badge", Via: "station Ward 4"}
}

func (c *charging) take(g *Gadget, who string) (shift.Taken, error) {
	return c.shifts.Take(c.ctx, shift.Taking{Device: g.ID, Ward: c.Ward, Holder: shift.Holder{Account: who, Username: who, Name: who}, Actor: by(who), Via: "station Ward 4"})
}

func (c *charging) takes(g *Gadget, who string) shift.Taken {
	c.T.Helper()
	got, err := c.take(g, who)
	if err != nil {
		c.T.Fatalf("%s takes a handheld: %v", who, err)
	}
	return got
}

func (c *charging) returns(g *Gadget) {
	c.T.Helper()
	if _, err := c.shifts.Return(c.ctx, shift.Returning{Device: g.ID, Actor: by("nia"), Via: "station Ward 4", WardName: "Ward 4"}); err != nil {
		c.T.Fatalf("bring a handheld back: %v", err)
	}
}

// later lets time pass and the rule look.
func (c *charging) later(d time.Duration) {
	c.T.Helper()
	c.Clock.Advance(d)
	if err := c.shifts.Step(c.ctx); err != nil {
		c.T.Fatal(err)
	}
}

// obeys lets the handheld do what it is handed, and returns what that was.
func (c *charging) obeys(g *Gadget) []device.Kind {
	c.T.Helper()
	got := g.Take()
	for _, d := range got {
		g.Answer(d, commands.ResultSucceeded, "")
		switch d.Told.Kind {
		case device.KindLock, device.KindUnlock:
			g.Locked = d.Told.Kind == device.KindLock
		}
	}
	g.Report()
	return kinds(got)
}

func (c *charging) has(g *Gadget, want ...device.Kind) {
	c.T.Helper()
	if got := c.obeys(g); !slices.Equal(got, want) {
		c.T.Errorf("the handheld is handed %v, want %v", got, want)
	}
}

func (c *charging) custody(g *Gadget) string {
	c.T.Helper()
	r, err := c.Store.Device(c.ctx, g.ID)
	if err != nil {
		c.T.Fatal(err)
	}
	return string(r.Device.Custody.Kind) + " " + r.Device.Custody.Which
}

func testHandheldTaken(t *testing.T, h *Harness) {
	c := newCharging(t, h)
	g := c.handheld()
	first := c.takes(g, "nia")
	if again := c.takes(g, "nia"); !again.Again || again.Use.ID != first.Use.ID {
		t.Error("the same person takes it twice")
	}
	if got := c.custody(g); got != "person nia" {
		t.Errorf("who has it: %s", got)
	}
	if over := c.takes(g, "noel"); over.From == nil || over.From.Holder.Account != "nia" || over.From.Ending != shift.EndingHandedOver {
		t.Errorf("handed over from %+v", over.From)
	}
	c.returns(g)
	if got := c.custody(g); got != "ward Ward 4" {
		t.Errorf("once it is back: %s", got)
	}
	_, err := c.shifts.Return(c.ctx, shift.Returning{Device: g.ID, Actor: by("nia")})
	refused(t, err, "handheld_not_out")
	now, err := c.shifts.Uses(c.ctx, shift.Query{Wards: []device.PlaceID{c.Ward}, Now: true})
	if err != nil || len(now) != 0 {
		t.Errorf("still out: %v %v", now, err)
	}

	// Two at once: one has it, the other took it from them.
	done := make(chan error, 2)
	for _, who := range []string{"nia", "noel"} {
		go func() {
			_, err := c.take(g, who)
			done <- err
		}()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if now, err := c.shifts.Uses(c.ctx, shift.Query{Device: g.ID, Now: true}); err != nil || len(now) != 1 {
		t.Errorf("two took it at once, and it is on %d names (%v)", len(now), err)
	}
	h.Clock.Advance(31 * 24 * time.Hour)
	c.returns(g)
	if err := c.shifts.Forget(c.ctx); err != nil {
		t.Fatal(err)
	}
	if all, err := c.shifts.Uses(c.ctx, shift.Query{Device: g.ID}); err != nil || len(all) != 1 {
		t.Errorf("after 31 days %d uses are kept (%v), want the one that ended just now", len(all), err)
	}
}

func testHandheldNotTaken(t *testing.T, h *Harness) {
	c := newCharging(t, h)
	gone := c.handheld()
	gone.Lose()
	_, err := c.take(gone, "nia")
	refused(t, err, "handheld_not_usable")
	_, err = c.take(c.Pump(), "nia")
	refused(t, err, "handheld_not_usable")
	a, b, third := c.handheld(), c.handheld(), c.handheld()
	c.takes(a, "nia")
	c.takes(b, "nia")
	_, err = c.take(third, "nia")
	refused(t, err, "handhelds_held")
	for range 9 { // each back and out again is two of the twenty
		c.returns(a)
		c.takes(a, "nia")
		c.returns(b)
		c.takes(b, "nia")
	}
	c.returns(a)
	_, err = c.take(a, "nia")
	refused(t, err, "takes_a_day")
	c.takes(a, "noel")
	_, err = c.shifts.Dispute(c.ctx, by("noel"), a.ID, "nia")
	refused(t, err, "handheld_not_out")
	if u, err := c.shifts.Dispute(c.ctx, by("noel"), a.ID, "noel"); err != nil || u.DisputedAt.IsZero() || !u.Open() {
		t.Errorf("said not to have it: %+v %v", u, err)
	}
}

func testHandheldOverdue(t *testing.T, h *Harness) {
	c := newCharging(t, h)
	g := c.handheld()
	c.takes(g, "nia")
	c.later(13 * time.Hour)
	c.has(g)
	c.later(15 * time.Minute)
	c.has(g, device.KindMessage)
	c.later(time.Hour)
	c.has(g)
	c.later(time.Hour)
	handed := g.Take()
	if got := kinds(handed); !slices.Equal(got, []device.Kind{device.KindLock, device.KindLostModeOn}) {
		t.Fatalf("after the grace it is handed %v", got)
	}
	var shown struct {
		PhoneNumber string `json:"phone_number"`
		Footnote    string `json:"footnote"`
	}
	if err := json.Unmarshal(handed[1].Told.Args, &shown); err != nil || shown.PhoneNumber == "" || shown.Footnote == "" {
		t.Errorf("its screen shows %s", handed[1].Told.Args)
	}
	if by := handed[0].Told.Requester; by.Kind != audit.ActorSystem || by.ID != shift.RuleID {
		t.Errorf("the lock was asked by %+v", by)
	}
	for _, d := range handed {
		g.Answer(d, commands.ResultSucceeded, "")
	}
	g.Locked = true
	g.Report()
	c.later(2 * time.Hour)
	c.has(g) // it is asked once

	// From a telephone nobody sees that it is back; the code on its screen shows it.
	back := shift.Returning{Device: g.ID, Actor: by("nia"), Via: "self-service", Holder: "nia"}
	_, err := c.shifts.Return(c.ctx, back)
	refused(t, err, "handheld_locked")
	back.Code = "000000"
	if shown.Footnote == "Code 000000" {
		back.Code = "000001"
	}
	_, err = c.shifts.Return(c.ctx, back)
	refused(t, err, "handheld_locked")
	back.Code = shown.Footnote[len("Code "):]
	if _, err = c.shifts.Return(c.ctx, back); err != nil {
		t.Fatal(err)
	}
	c.has(g, device.KindLostModeOff, device.KindUnlock)

	// Switched off all the time: what has not left is withdrawn.
	c.takes(g, "noel")
	c.later(16 * time.Hour)
	c.returns(g)
	c.later(time.Minute)
	c.has(g)

	// An order that ran out while it was switched off is asked anew; a setting holds
	// at once.
	c.takes(g, "noel")
	c.later(16 * time.Hour)
	c.later(25 * time.Hour)
	if err := c.Service.Expire(c.ctx); err != nil {
		t.Fatal(err)
	}
	c.later(time.Hour)
	c.has(g, device.KindLock, device.KindLostModeOn)
	c.takes(g, "nia") // handed over in the ward: the rule's lock goes
	c.has(g, device.KindLostModeOff, device.KindUnlock)
	set := shift.Shipped()
	set.Grace = 0
	if _, err := c.shifts.ChangeSettings(c.ctx, helpdesk, set); err != nil {
		t.Fatal(err)
	}
	c.later(24 * time.Hour)
	c.has(g, device.KindMessage)
	c.later(24 * time.Hour)
	c.has(g)
	set.Grace = time.Minute
	_, err = c.shifts.ChangeSettings(c.ctx, helpdesk, set)
	refused(t, err, "invalid_input")
}

func testHandheldPersonsLock(t *testing.T, h *Harness) {
	c := newCharging(t, h)
	g := c.handheld()
	c.takes(g, "nia")
	c.ask(g, device.KindLostModeOn, args(`{"message":"Bring me to the help desk"}`))
	c.later(16 * time.Hour)
	c.has(g, device.KindLostModeOn, device.KindLock)
	c.returns(g)
	c.later(time.Minute)
	c.has(g, device.KindUnlock) // the lost mode is a person's, and stays

	other := c.handheld()
	c.takes(other, "nia")
	c.later(16 * time.Hour)
	c.has(other, device.KindLock, device.KindLostModeOn)
	c.ask(other, device.KindUnlock)
	c.has(other, device.KindUnlock)
	c.later(3 * time.Hour)
	c.has(other) // a person freed it: the rule does not lock it again
	c.ask(other, device.KindLock, args(`{"message":"The help desk wants to see this one"}`))
	c.returns(other)
	c.later(time.Minute)
	c.has(other, device.KindLock, device.KindLostModeOff)

	lost := c.handheld()
	c.takes(lost, "nia")
	c.later(16 * time.Hour)
	c.has(lost, device.KindLock, device.KindLostModeOn)
	c.reports(lost)
	c.returns(lost)
	c.later(time.Minute)
	if got := c.obeys(lost); slices.Contains(got, device.KindUnlock) || slices.Contains(got, device.KindLostModeOff) {
		t.Errorf("reported lost and brought back, it is handed %v before somebody has ended the loss", got)
	}
}

func testHandheldLimits(t *testing.T, h *Harness) {
	c := newCharging(t, h)
	c.RestoreLimit("disruptive_class_day")
	set := shift.Shipped()
	set.Remind = set.Grace
	if _, err := c.shifts.ChangeSettings(c.ctx, helpdesk, set); err != nil {
		t.Fatal(err)
	}
	var all []*Gadget
	for n := range 7 {
		g := c.handheld()
		who := newID()
		AddPeople(t, c.Store, c.Raw, who)
		c.takes(g, who)
		h.Clock.Advance(time.Duration(n) * time.Second)
		all = append(all, g)
	}
	c.later(16 * time.Hour)
	locked := 0
	for _, g := range all {
		if slices.Contains(c.obeys(g), device.KindLock) {
			locked++
		}
	}
	if locked != 5 {
		t.Errorf("%d of 7 were locked in a day; a class has five", locked)
	}
	uses, err := c.shifts.Uses(c.ctx, shift.Query{Now: true})
	if err != nil {
		t.Fatal(err)
	}
	if told := slices.IndexFunc(uses, func(u shift.Use) bool { return u.Note != "" }); told < 0 {
		t.Error("nothing says that the limit stood in the way")
	}
	c.later(25 * time.Hour)
	for _, g := range all {
		if slices.Contains(c.obeys(g), device.KindLock) {
			locked++
		}
	}
	if locked != 7 {
		t.Errorf("a day later %d of 7 are locked", locked)
	}
}

func testHandheldClear(t *testing.T, h *Harness) {
	c := newCharging(t, h)
	set := shift.Shipped()
	set.Clear = true
	if _, err := c.shifts.ChangeSettings(c.ctx, helpdesk, set); err != nil {
		t.Fatal(err)
	}
	g := c.handheld()
	c.takes(g, "nia")
	c.returns(g)
	c.has(g, device.KindRemoveWorkData)
	c.later(time.Minute)
	if all, err := c.shifts.Uses(c.ctx, shift.Query{Device: g.ID}); err != nil || all[0].ClearedAt.IsZero() || all[0].Clearing() {
		t.Errorf("the device has confirmed it: %+v %v", all, err)
	}
	c.takes(g, "nia")
	c.returns(g)
	c.takes(g, "noel") // faster than the handheld's next contact
	c.later(time.Minute)
	c.has(g)
	for range 12 {
		g := c.handheld()
		who := newID()
		AddPeople(t, c.Store, c.Raw, who)
		c.takes(g, who)
		c.returns(g)
	}
	open, err := c.Service.List(c.ctx, commands.Query{Kind: device.KindRemoveWorkData, States: []commands.State{commands.StateQueued}})
	if err != nil || len(open.Items) != 8 {
		t.Errorf("%d removals wait (%v): the rule leaves half of the limit to people, ten an hour with the two before", len(open.Items), err)
	}
}

func testBadges(t *testing.T, h *Harness) {
	p := founded(t, h)
	nia, noel := p.hire("nia", auth.RoleClinician), p.hire("noel", auth.RoleClinician)
	st := auth.Station{ID: "s", Name: "Ward 4"}
	p.must(p.auth.SetBadgeLocally(p.ctx, onTheHost, "nia", "0047 11a"))
	got, err := p.auth.KnownAt(p.ctx, st, "004711A")
	p.must(err)
	if got.Account != nia || got.Session != "" || auth.Can(got.Principal, auth.DevicesWrite) {
		t.Errorf("the badge is %+v", got.Principal)
	}
	p.refused(p.auth.SetBadgeLocally(p.ctx, onTheHost, "noel", "004711a"), "badge_taken")
	p.refused(p.auth.SetBadgeLocally(p.ctx, onTheHost, "noel", "1"), "invalid_input")
	_, err = p.auth.KnownAt(p.ctx, st, "004712")
	p.refused(err, "unknown_badge")
	p.must(p.auth.SetBadgeLocally(p.ctx, onTheHost, "nia", ""))
	p.must(p.auth.SetBadgeLocally(p.ctx, onTheHost, "noel", "004711A"))
	if got, err = p.auth.KnownAt(p.ctx, st, "004711a"); err != nil || got.Account != noel {
		t.Errorf("given on, the badge is %v (%v)", got.Username, err)
	}

	session, err := p.auth.Login(p.ctx, func() auth.Login { in := p.login("nia"); in.Audience = auth.AudiencePublic; return in }())
	p.must(err)
	me, err := p.auth.AuthenticateFresh(p.ctx, auth.AudiencePublic, session.AccessToken)
	p.must(err)
	made, err := p.auth.NewHandheldCode(p.ctx, me)
	p.must(err)
	known, err := p.auth.KnownAt(p.ctx, st, made.Code)
	p.must(err)
	p.must(p.auth.UseCode(p.ctx, known))
	p.refused(p.auth.UseCode(p.ctx, known), "unknown_badge")
	if made, err = p.auth.NewHandheldCode(p.ctx, me); err != nil {
		t.Fatal(err)
	}
	h.Clock.Advance(auth.HandheldCodeLife)
	_, err = p.auth.KnownAt(p.ctx, st, made.Code)
	p.refused(err, "unknown_badge")
}

func testStations(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("ian", auth.RoleIT)
	session, err := p.auth.Login(p.ctx, p.login("ian"))
	p.must(err)
	ian, err := p.auth.AuthenticateFresh(p.ctx, auth.AudienceAdmin, session.AccessToken)
	p.must(err)
	ward := auth.Target{Class: device.ClassHandheldShared, Ward: "ward-4"}
	st, code, err := p.auth.NewStation(p.ctx, ian, ward, "Ward 4")
	p.must(err)
	_, other, err := p.auth.NewStation(p.ctx, ian, ward, "Ward 4, back room")
	p.must(err)
	_, _, err = p.auth.PairStation(p.ctx, "192.0.2.7:1", other)
	p.must(err)
	_, _, err = p.auth.PairStation(p.ctx, "192.0.2.7:1", "BCDF-BCDF")
	p.refused(err, "pairing_failed")
	_, secret, err := p.auth.PairStation(p.ctx, "192.0.2.7:1", code)
	p.must(err)
	_, _, err = p.auth.PairStation(p.ctx, "192.0.2.7:1", code)
	p.refused(err, "pairing_failed")
	if got, err := p.auth.StationOf(p.ctx, secret); err != nil || got.ID != st.ID || got.Ward != "ward-4" {
		t.Errorf("the screen belongs to %+v (%v)", got, err)
	}
	code, err = p.auth.NewStationCode(p.ctx, ian, st.ID)
	p.must(err)
	_, second, err := p.auth.PairStation(p.ctx, "192.0.2.7:1", code)
	p.must(err)
	_, err = p.auth.StationOf(p.ctx, secret)
	p.refused(err, "station_unknown")
	p.must(p.auth.EndStation(p.ctx, ian, st.ID))
	_, err = p.auth.StationOf(p.ctx, second)
	p.refused(err, "station_unknown")
	for range 21 {
		p.must(p.auth.MayScan(p.ctx, st))
		p.must(p.auth.CountScan(p.ctx, st))
	}
	p.refused(p.auth.MayScan(p.ctx, st), "too_many_attempts")
	h.Clock.Advance(time.Minute)
	p.must(p.auth.MayScan(p.ctx, st))
}
