package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/audit"
	"wardline/device"
	"wardline/inventory"
)

func suiteTelemetry(t *testing.T, h *Harness) {
	for name, f := range map[string]func(*hospital){
		"every last seen of a thousand devices is written":                        thousandSeen,
		"a report that comes late changes nothing":                                lateReport,
		"no infusion is missing from the history because it was short":            shortInfusion,
		"a device that ever reported therapy stays a pump":                        staysAPump,
		"wards are kept by class, and coordinates only while a device is lost":    whereaboutsByClass,
		"wards are forgotten after 30 days and coordinates 7 days after the loss": forgotten,
		"the inventory is asked for once and found by its addresses":              factsAreStored,
		"what could not be written is written with the next try":                  writtenNextTime,
		"each device counts once in every hour in which it is heard":              checkedIn,
		"a device that polls on two servers counts once":                          checkedInOnTwoServers,
		"a report of a device that is not known spoils nothing":                   unknownReporter,
	} {
		h.Run(name, func(t *testing.T, h *Harness) { f(newHospital(h)) })
	}
}

func (x *hospital) telemetry() *inventory.Telemetry {
	return inventory.NewTelemetry(inventory.TelemetryOptions{Storage: x.store, Now: x.Clock.Now})
}

func (x *hospital) save(heard ...inventory.Heard) {
	x.t.Helper()
	if err := x.store.SaveReports(x.ctx, heard, inventory.KeepReport); err != nil {
		x.t.Fatal(err)
	}
}

// report is what a device says now.
func (x *hospital) report(therapy device.Reported, bssid string) device.Report {
	now := x.Clock.Now()
	r := device.Report{ReceivedAt: now, Therapy: therapy, BatteryPercent: 81, BSSID: bssid, SSID: "HOSP"}
	if therapy != "" {
		r.TherapyAt = now
	}
	return r
}

func (x *hospital) ap(bssid string, place device.PlaceID) {
	x.t.Helper()
	if err := x.service.PutAccessPoint(x.ctx, bengel, device.AccessPoint{BSSID: bssid, Name: "AP", Place: place}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *hospital) get(id device.ID) inventory.Record {
	x.t.Helper()
	r, err := x.store.Device(x.ctx, id)
	if err != nil {
		x.t.Fatal(err)
	}
	return r
}

func thousandSeen(x *hospital) {
	devices := make([]device.Device, 1100)
	for i := range devices {
		devices[i] = device.Device{ID: device.ID(fmt.Sprintf("01950000-0000-7000-9000-%012d", i)), Class: device.ClassPumpLVP, Model: x.pump.ID,
			Serial: fmt.Sprint(i), Management: device.ManagementAgent, Stage: device.StageInService, Condition: device.ConditionReady,
			Custody: device.Custody{Kind: device.CustodyStorage}}
	}
	if _, err := x.store.RegisterDelivery(x.ctx, "h", devices, eventsFor(devices)); err != nil {
		x.t.Fatal(err)
	}
	tele := x.telemetry()
	for i, d := range devices {
		r := x.report(device.ReportedStopped, "")
		r.BatteryPercent = i % 101
		tele.Seen(d.ID, r)
		r.ReceivedAt = r.ReceivedAt.Add(time.Second)
		tele.Seen(d.ID, r)
	}
	if err := tele.Flush(x.ctx); err != nil {
		x.t.Fatal(err)
	}
	page, err := x.service.Find(x.ctx, inventory.Query{Sort: "last_seen", Limit: 1})
	if err != nil || !page.Items[0].Device.Report.ReceivedAt.Equal(x.Clock.Now().Add(time.Second)) {
		x.t.Errorf("somebody is left behind: %+v %v", page.Items[0].Device.Report, err)
	}
	for _, i := range []int{0, 499, 500, 1099} {
		r := x.get(devices[i].ID).Device.Report
		if r.BatteryPercent != i%101 || r.Therapy != device.ReportedStopped {
			x.t.Errorf("device %d: %+v", i, r)
		}
	}
}

func lateReport(x *hospital) {
	id := x.add(x.pump, "P1").Device.ID
	late := x.report(device.ReportedStopped, "")
	x.Clock.Advance(10 * time.Second)
	now := x.report(device.ReportedInfusing, "")
	x.save(inventory.Heard{Device: id, Report: now})
	x.save(inventory.Heard{Device: id, Report: late})
	if r := x.get(id).Device.Report; r.Therapy != device.ReportedInfusing || !r.ReceivedAt.Equal(now.ReceivedAt) {
		x.t.Errorf("an older report stands over a newer one: %+v", r)
	}
}

func shortInfusion(x *hospital) {
	id := x.add(x.pump, "P1").Device.ID
	tele := x.telemetry()
	for _, therapy := range []device.Reported{"stopped", "infusing", "infusing", "paused", "", "stopped"} {
		tele.Seen(id, x.report(therapy, ""))
		x.Clock.Advance(2 * time.Second)
	}
	if err := tele.Flush(x.ctx); err != nil {
		x.t.Fatal(err)
	}
	timeline, err := x.service.Timeline(x.ctx, id, "", 0)
	if err != nil {
		x.t.Fatal(err)
	}
	var got []string
	for _, m := range timeline.Moments {
		if m.Action == "reported.therapy" {
			got = append(got, m.At.Format("05")+" "+m.Words)
		}
	}
	want := []string{"10 Reports that it has stopped", "06 Reports that it is paused", "02 Reports that it is infusing", "00 Reports that it has stopped"}
	if diff := cmp.Diff(want, got); diff != "" {
		x.t.Error(diff)
	}
}

func staysAPump(x *hospital) {
	id := x.add(x.handheld, "H1").Device.ID
	x.save(inventory.Heard{Device: id, Report: x.report(device.ReportedInfusing, "")})
	x.Clock.Advance(time.Minute)
	x.save(inventory.Heard{Device: id, Report: x.report("", "")})
	r := x.get(id)
	if !r.Device.EverReportedTherapy {
		x.t.Error("a device that reported an infusion is taken for a handheld again")
	}
	// A report without therapy does not make the last one younger.
	if r.Device.Report.Therapy != device.ReportedInfusing || !r.Device.Report.TherapyAt.Equal(x.Clock.Now().Add(-time.Minute)) {
		x.t.Errorf("%+v", r.Device.Report)
	}
}

func whereaboutsByClass(x *hospital) {
	const inside, home = "00:1a:1e:00:00:01", "0a:00:00:00:00:99"
	x.ap(inside, x.ward)
	personal := x.model("Own", "Phone", device.ClassPhonePersonal)
	fix := func(r device.Report) device.Report {
		r.Location = &device.LocationFix{Source: device.LocationCoordinates, Latitude: 47.4, Longitude: 8.5, AccuracyM: 12, At: r.ReceivedAt}
		return r
	}
	for _, c := range []struct {
		name              string
		model             device.Model
		bssid             string
		lost              bool
		ward, net, coords bool
	}{
		{"a pump inside", x.pump, inside, false, true, true, false},
		{"a pump on an unknown network", x.pump, home, false, false, true, false},
		{"a lost pump", x.pump, home, true, false, true, true},
		{"an issued phone inside", x.phone, inside, false, true, true, false},
		{"an issued phone at home", x.phone, home, false, false, false, false},
		{"a lost issued phone", x.phone, home, true, false, false, true},
		{"a personal phone inside", personal, inside, false, false, false, false},
		{"a lost personal phone", personal, inside, true, false, false, false},
		{"a handheld inside", x.handheld, inside, false, true, true, false},
	} {
		id := x.add(c.model, c.name).Device.ID
		if c.lost {
			if _, err := x.service.Hold(x.ctx, bengel, id, device.HoldLost, "lost"); err != nil {
				x.t.Fatal(err)
			}
		}
		x.save(inventory.Heard{Device: id, Report: fix(x.report("", c.bssid))})
		r := x.get(id)
		if got := r.SeenPlace == x.ward; got != c.ward {
			x.t.Errorf("%s: its ward is kept: %v, want %v", c.name, got, c.ward)
		}
		if got := r.Device.Report.BSSID != "" || r.Device.Report.SSID != ""; got != c.net {
			x.t.Errorf("%s: its network is kept: %v, want %v", c.name, got, c.net)
		}
		loc := r.Device.Report.Location
		if got := loc != nil && loc.Latitude != 0; got != c.coords {
			x.t.Errorf("%s: its coordinates are kept: %v, want %v", c.name, got, c.coords)
		}
		stays, err := x.store.Sightings(x.ctx, id, time.Time{}, 10)
		if got := len(stays) > 0; err != nil || got != c.ward {
			x.t.Errorf("%s: its ward is in the history: %v, want %v, %v", c.name, got, c.ward, err)
		}
	}
	// An issued phone that goes home is no longer shown where it was last inside.
	id := x.add(x.phone, "goes home").Device.ID
	x.save(inventory.Heard{Device: id, Report: x.report("", inside)})
	x.Clock.Advance(time.Hour)
	x.save(inventory.Heard{Device: id, Report: x.report("", home)})
	if r := x.get(id); r.SeenPlace != "" || r.Device.Report.Location != nil {
		x.t.Errorf("%+v", r.Device.Report.Location)
	}
}

func forgotten(x *hospital) {
	const inside = "00:1a:1e:00:00:01"
	x.ap(inside, x.ward)
	pump, phone := x.add(x.pump, "P1").Device.ID, x.add(x.phone, "H1").Device.ID
	x.save(inventory.Heard{Device: pump, Report: x.report("", inside)})
	if _, err := x.service.Hold(x.ctx, bengel, phone, device.HoldLost, "lost"); err != nil {
		x.t.Fatal(err)
	}
	r := x.report("", "")
	r.Location = &device.LocationFix{Source: device.LocationCoordinates, Latitude: 47.4, Longitude: 8.5, AccuracyM: 12, At: r.ReceivedAt}
	x.save(inventory.Heard{Device: phone, Report: r})
	tele := x.telemetry()
	count := func(table string) (n int) {
		x.t.Helper()
		if err := x.Raw().QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			x.t.Fatal(err)
		}
		return n
	}
	after := func(d time.Duration, sightings, fixes int, located bool) {
		x.t.Helper()
		x.Clock.Advance(d)
		if err := tele.ForgetLocations(x.ctx); err != nil {
			x.t.Fatal(err)
		}
		if s, f := count("device_sighting"), count("device_fix"); s != sightings || f != fixes {
			x.t.Errorf("%d stays and %d fixes are kept, want %d and %d", s, f, sightings, fixes)
		}
		if loc := x.get(phone).Device.Report.Location; (loc != nil) != located {
			x.t.Errorf("the phone's last location is %+v", loc)
		}
	}
	const day = 24 * time.Hour
	after(8*day, 1, 1, true) // it is still lost
	if _, err := x.service.Lift(x.ctx, bengel, []string{"it"}, phone, device.HoldLost, "found"); err != nil {
		x.t.Fatal(err)
	}
	after(time.Hour, 1, 0, false)
	after(21*day, 1, 0, false)
	after(2*day, 0, 0, false)
	if r := x.get(pump); r.SeenPlace != "" || r.Device.Report.Location != nil {
		x.t.Errorf("a ward of 31 days ago: %+v", r.Device.Report.Location)
	}
}

func factsAreStored(x *hospital) {
	id := x.add(x.phone, "H1").Device.ID
	tele := x.telemetry()
	if !tele.WantsInventory(x.ctx, id, "sha256:1") {
		x.t.Error("the first inventory is not asked for")
	}
	facts := inventory.Facts{SoftwareVersion: "3.1", OSVersion: "14", IMEI: "490154203237518", MAC: "00-1A-1E-AA-BB-CC", Serial: "not mine",
		Apps: []inventory.App{{ID: "org.example", Version: "1"}}}
	if err := tele.Inventory(x.ctx, id, "sha256:1", facts); err != nil {
		x.t.Fatal(err)
	}
	if tele.WantsInventory(x.ctx, id, "sha256:1") || x.telemetry().WantsInventory(x.ctx, id, "sha256:1") {
		x.t.Error("an inventory that is stored is asked for again")
	}
	if !tele.WantsInventory(x.ctx, id, "sha256:2") {
		x.t.Error("a new inventory is not asked for")
	}
	r := x.get(id)
	if r.Device.Serial != "H1" || r.Device.Report.SoftwareVersion != "3.1" || len(r.Facts.Apps) != 1 {
		x.t.Errorf("%+v", r)
	}
	x.wantSerials("by the IMEI it reported", inventory.Query{Q: "4901542032"}, "H1")
	x.wantSerials("by the MAC it reported", inventory.Query{Q: "00:1a:1e:aa"}, "H1")
	// A poll does not take away what the inventory said.
	x.save(inventory.Heard{Device: id, Report: x.report("", "")})
	if r := x.get(id); r.Device.Report.SoftwareVersion != "3.1" || len(r.Facts.Apps) != 1 {
		x.t.Errorf("%+v", r)
	}
}

func writtenNextTime(x *hospital) {
	id := x.add(x.pump, "P1").Device.ID
	tele := x.telemetry()
	tele.Seen(id, x.report(device.ReportedInfusing, ""))
	cancelled, cancel := contextWithCancel()
	cancel()
	if err := tele.Flush(cancelled); err == nil {
		x.t.Fatal("written with a cancelled context")
	}
	x.Clock.Advance(time.Second)
	tele.Seen(id, x.report(device.ReportedPaused, ""))
	if err := tele.Flush(x.ctx); err != nil {
		x.t.Fatal(err)
	}
	if r := x.get(id).Device.Report; r.Therapy != device.ReportedPaused || !r.ReceivedAt.Equal(x.Clock.Now()) {
		x.t.Errorf("%+v", r)
	}
	timeline, err := x.service.Timeline(x.ctx, id, "", 0)
	if err != nil || len(timeline.Moments) != 3 { // registered, infusing, paused
		x.t.Errorf("%+v %v", timeline, err)
	}
	// At once, when a decision needs it.
	x.Clock.Advance(time.Second)
	if err := tele.Record(x.ctx, id, x.report(device.ReportedStopped, "")); err != nil {
		x.t.Fatal(err)
	}
	if r := x.get(id).Device.Report; r.Therapy != device.ReportedStopped {
		x.t.Errorf("%+v", r)
	}
}

func unknownReporter(x *hospital) {
	id := x.add(x.pump, "P1").Device.ID
	x.save(inventory.Heard{Device: "01950000-0000-7000-9000-00000000dead", Report: x.report("infusing", "")},
		inventory.Heard{Device: id, Report: x.report("infusing", "")})
	if r := x.get(id).Device.Report; r.Therapy != device.ReportedInfusing {
		x.t.Errorf("%+v", r)
	}
}

func contextWithCancel() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.Background())
}

func eventsFor(devices []device.Device) []audit.Event {
	events := make([]audit.Event, 0, len(devices)+1)
	for _, d := range devices {
		events = append(events, audit.Event{Actor: bengel, Action: inventory.ActionCreated, Device: string(d.ID)})
	}
	return append(events, audit.Event{Actor: bengel, Action: inventory.ActionDelivery})
}
