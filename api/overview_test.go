package api

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/inventory"
	"wardline/store/storetest"
)

// mixedFleet fills a hospital of two sites with devices of every class and
// management level, of every stage and age, and with commands in every state.
func (x *house) mixedFleet(t *testing.T) (north, south device.PlaceID) {
	t.Helper()
	inv := x.api.inventory
	actor := audit.Actor{Kind: audit.ActorSystem, ID: "test"}
	place := func(parent device.PlaceID, kind device.PlaceKind, name string, care bool) device.PlaceID {
		p, err := inv.CreatePlace(t.Context(), actor, device.Place{Parent: parent, Kind: kind, Name: name, CareArea: care})
		x.must(err)
		return p.Place.ID
	}
	north, south = place("", device.PlaceSite, "North", false), place("", device.PlaceSite, "South", false)
	var places []device.PlaceID
	for i, site := range []device.PlaceID{north, south} {
		floor := place(place(site, device.PlaceBuilding, fmt.Sprint("House ", i), false), device.PlaceFloor, "Floor 1", false)
		places = append(places, floor, "", place(floor, device.PlaceWard, fmt.Sprint("Ward ", i), true), place(floor, device.PlaceWard, fmt.Sprint("Store ", i), false))
	}
	r := rand.New(rand.NewPCG(3, 8))
	pick := func(n int) int { return r.IntN(n) }
	raw := x.clinic.Raw
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := raw.Exec(sql, args...)
		x.must(err)
	}
	var phones, pumps []*storetest.Gadget
	for i := range 60 {
		g := x.clinic.Phone
		if i%2 == 0 {
			g = x.clinic.Pump
		}
		made := g()
		if i%2 == 0 {
			pumps = append(pumps, made)
		} else {
			phones = append(phones, made)
		}
	}
	x.mixedCommands(t, phones, pumps)
	now := x.clock.Now()
	ages := []time.Duration{0, 2 * time.Minute, 9 * time.Minute, 11 * time.Minute, 2 * time.Hour, 30 * time.Hour, 10 * 24 * time.Hour}
	ends := []time.Duration{-48 * time.Hour, 24 * time.Hour, 20 * 24 * time.Hour, 60 * 24 * time.Hour, 400 * 24 * time.Hour}
	clocks := []time.Duration{0, time.Second, -time.Hour, 3 * time.Minute}
	for i, g := range append(pumps, phones...) {
		therapy, class := device.ReportedNone, device.ClassPhoneIssued
		if i < len(pumps) {
			therapy = []device.Reported{device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedService, device.ReportedNone}[pick(5)]
			class = []device.Class{device.ClassPumpLVP, device.ClassPumpSyringe, device.ClassOtherMedical}[pick(3)]
		}
		heard := now.Add(-ages[pick(len(ages))])
		exec(`UPDATE device SET class = $1, management = $2, stage = $3, condition = $4, custody_kind = $5, place_id = $6 WHERE id = $7`,
			string(class), string(device.Managements()[pick(len(device.Managements()))]), string(device.Stages()[min(pick(12), len(device.Stages())-1)]),
			string(device.Conditions()[pick(len(device.Conditions()))]), string(device.Custodies()[pick(len(device.Custodies()))]), string(places[pick(len(places))]), string(g.ID))
		exec(`UPDATE device_report SET received_at = $1, therapy = $2, therapy_at = $1, seen_place_id = $3, clock_offset_us = $4 WHERE device_id = $5`,
			heard.UnixMicro(), string(therapy), string(places[pick(len(places))]), clocks[pick(len(clocks))].Microseconds(), string(g.ID))
		exec(`UPDATE certificate SET not_after = $1, superseded_at = $2 WHERE device_id = $3`, now.Add(ends[pick(len(ends))]).UnixMicro(), int64(pick(8)/7), string(g.ID))
		if pick(6) == 0 {
			// It has renewed, and not used the new certificate yet.
			exec(`INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, fingerprint, not_before, not_after, recorded_at)
				VALUES ($1, 'device', '', $2, $3, $1, 0, $4, 0)`, "renewed"+string(g.ID), string(g.ID), string(g.Enrollment), now.AddDate(1, 0, 0).UnixMicro())
		}
		if pick(8) == 0 {
			exec(`INSERT INTO device_hold (device_id, kind, reason, since, may_lift) VALUES ($1, 'lost', 'left in a taxi', $2, 'it')`, string(g.ID), heard.UnixMicro())
		}
	}
	return north, south
}

// mixedCommands leaves commands in many states.
func (x *house) mixedCommands(t *testing.T, phones, pumps []*storetest.Gadget) {
	t.Helper()
	svc := x.clinic.Service
	helpdesk := audit.Actor{Kind: audit.ActorPerson, ID: "account-helpdesk", Session: "s1"}
	ask := func(g *storetest.Gadget, kind device.Kind, hold bool) {
		_, err := svc.Request(t.Context(), helpdesk, commands.Ask{Device: g.ID, Kind: kind, Reason: "a test", HoldUntilIdle: hold, ExpiresIn: 24 * time.Hour})
		x.must(err)
	}
	for i, g := range phones[:24] {
		kind := []device.Kind{device.KindRestart, device.KindWipe, device.KindLocate}[i%3]
		ask(g, kind, false)
		if i < 6 {
			continue // never handed out
		}
		for _, d := range g.Take() {
			if i < 18 {
				g.Answer(d, []commands.ResultStatus{commands.ResultAccepted, commands.ResultFailed}[i/6%2], "so")
			}
		}
	}
	x.clock.Advance(20 * time.Minute)
	x.must(svc.Expire(t.Context()))
	for i, g := range pumps[:8] {
		g.Therapy = device.ReportedInfusing
		g.Report()
		ask(g, device.KindRestart, true)
		if i%2 == 0 {
			ask(g, device.KindLocate, false)
		}
	}
	var many []device.ID
	for _, g := range append(pumps[8:15], phones[24:]...) {
		many = append(many, g.ID)
	}
	_, err := svc.RequestBatch(t.Context(), helpdesk, commands.BatchAsk{Devices: many, Ask: commands.Ask{Kind: device.KindRestart}})
	x.must(err)
}

// numbersIn finds every number with a list in an answer, by its path.
func numbersIn(path string, v any, found func(path string, n map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		if _, counts := v["query"]; counts {
			found(path, v)
		}
		for name, member := range v {
			numbersIn(path+"."+name, member, found)
		}
	case []any:
		for i, item := range v {
			numbersIn(fmt.Sprint(path, ".", i), item, found)
		}
	}
}

func TestEveryNumberOfTheOverviewIsTheLengthOfTheListBehindIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, h *storetest.Harness) {
		x := openHouse(t, h)
		readers := []*person{x.person("sue", auth.RoleSecurity), x.person("ada", auth.RoleIT), x.person("rx", auth.RolePharmacist)}
		north, _ := x.mixedFleet(t)
		readers = append(readers, x.limited("north", auth.Scope{Sites: []device.PlaceID{north}}, auth.RoleBiomed),
			x.limited("pumps", auth.Scope{Classes: []device.Class{device.ClassPumpLVP}}, auth.RoleBiomed))
		for _, p := range readers {
			p.signIn()
			answer := x.call(p, http.MethodGet, "/overview", nil).is(http.StatusOK)
			compared, kinds := 0, map[string]bool{}
			numbersIn("", answer.body, func(path string, n map[string]any) {
				query := url.Values{}
				for name, value := range n["query"].(map[string]any) {
					query.Set(name, value.(string))
				}
				list := x.call(p, http.MethodGet, fmt.Sprint("/", n["list"], "?", query.Encode()), nil).is(http.StatusOK)
				if list.number("total") != n["count"].(float64) {
					t.Errorf("%s: %s says %v, the list behind it (%s?%s) has %v", p.username, path, n["count"], n["list"], query.Encode(), list.number("total"))
				}
				if n["count"].(float64) > 0 {
					compared++
					kinds[strings.Split(path, ".")[1]] = true
				}
			})
			if compared < 25 || len(kinds) < 8 {
				t.Errorf("%s: only %d numbers of %d kinds were above zero: the fleet is not mixed enough to mean anything", p.username, compared, len(kinds))
			}
		}
	})
}

func TestTheOverviewCountsWhatAPersonWouldCount(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	pump, phone := x.clinic.Pump(), x.clinic.Phone()
	phone.Lose()
	gone := x.clinic.Phone()
	gone.Change(func(d *device.Device) { d.Stage = device.StageReturned })
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	tele := inventory.NewTelemetry(inventory.TelemetryOptions{Storage: x.store, Now: x.clock.Now})
	tele.Seen(pump.ID, device.Report{ReceivedAt: x.clock.Advance(time.Hour), Therapy: device.ReportedInfusing, TherapyAt: x.clock.Now()})
	x.must(tele.Flush(t.Context()))
	ada.signIn()

	o := x.call(ada, http.MethodGet, "/overview", nil).is(http.StatusOK)
	for path, want := range map[string]any{
		"devices.count": 2.0, "classes.0.class": "pump_lvp", "classes.0.count": 1.0, "classes.1.class": "phone_issued",
		"pumps.count": 1.0, "pumps.states.0.state": "infusing", "pumps.states.0.count": 1.0, "pumps.wards.0.place.name": "Store room",
		"lost.count": 1.0, "lost.newest.0.device.id": string(phone.ID), "silent.0.hours": 1.0, "silent.0.count": 1.0,
		"certificates.4.end": "later", "certificates.4.count": 2.0, "attention.0.what": "wipes_not_erased",
	} {
		if got := o.at(path); got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	hours, _ := o.at("check_ins").([]any)
	if len(hours) != 24 || o.number("check_ins.23.devices") != 1 {
		t.Errorf("%d hours, %v devices in the present one, want 24 and 1", len(hours), o.at("check_ins.23.devices"))
	}
	if week := x.call(ada, http.MethodGet, "/overview?check_in_hours=168", nil).is(http.StatusOK); len(week.at("check_ins").([]any)) != 168 {
		t.Error("a week of check-ins is not 168 hours")
	}
	boss := x.person("boss", auth.RoleAdmin)
	x.call(boss, http.MethodGet, "/overview", nil).refuses(http.StatusForbidden, "not_allowed")
	nurse := x.limited("nurse", auth.Scope{Wards: []device.PlaceID{x.clinic.Ward}}, auth.RoleClinician)
	x.call(nurse, http.MethodGet, "/overview", nil).refuses(http.StatusForbidden, "sees_single_devices")
}
