package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/inventory"
	"wardline/safety"
	"wardline/store"
	"wardline/store/storetest"
)

const benchDevices = 100_000

// BenchmarkListPage reads pages of a list of 100,000 devices as people ask for
// them, first pages with their totals and pages further on, and reports the 50th
// and 99th percentile:
//
//	go run ./internal/testrun exec -- go test ./store -run '^$' -bench ListPage -benchtime 200x
func BenchmarkListPage(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			clock := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
			now := func(o *store.Options) { o.Now = func() time.Time { return clock } }
			settle := func() {}
			var s *store.Store
			if engine == store.SQLite {
				s = storetest.OpenSQLite(b, now)
			} else {
				var dsn string
				s = storetest.OpenPostgres(b, now, func(o *store.Options) { dsn = o.Database })
				settle = func() { vacuum(b, dsn) }
			}
			service := inventory.New(inventory.Options{Storage: s, Now: func() time.Time { return clock }})
			ward := fillHospital(b, s, service, clock)
			settle()
			lists := listsOfPeople(clock, ward)
			for _, name := range slices.Sorted(mapKeys(lists)) {
				b.Run(name, func(b *testing.B) { benchList(b, service, lists[name]) })
			}
		})
	}
}

func listsOfPeople(now time.Time, ward device.PlaceID) map[string]inventory.Query {
	pumps := []device.Class{device.ClassPumpLVP}
	days := 30
	return map[string]inventory.Query{
		"all by serial":              {},
		"all by last seen, backward": {Sort: "-last_seen"},
		"all by owner":               {Sort: "owner"},
		"all by updated, backward":   {Sort: "-updated"},
		"pumps by last seen":         {Sort: "last_seen", Filters: inventory.Filters{Class: pumps}},
		"a ward":                     {Filters: inventory.Filters{Place: ward}},
		"idle pumps":                 {Filters: inventory.Filters{Therapy: []safety.State{safety.StateIdle}}},
		"pumps of unknown state":     {Filters: inventory.Filters{Therapy: []safety.State{safety.StateUnknown}}},
		"silent for an hour":         {Sort: "last_seen", Filters: inventory.Filters{SilentSince: now.Add(-time.Hour)}},
		"one in a thousand":          {Sort: "-updated", Filters: inventory.Filters{Stage: []device.Stage{device.StageExpected}}},
		"a tag":                      {Filters: inventory.Filters{Tag: []string{"loan"}}},
		"lost":                       {Filters: inventory.Filters{Hold: []device.HoldKind{device.HoldLost}}},
		"certificate ends":           {Filters: inventory.Filters{CertificateDays: &days}},
		"search one":                 {Q: "0047123"},
		"search a few":               {Q: "471"},
		"search nearly all":          {Q: "alr"},
		"search the beginning":       {Q: "al"},
		"search nothing":             {Q: "qqq"},
	}
}

func benchList(b *testing.B, service *inventory.Service, q inventory.Query) {
	ctx := context.Background()
	q.Limit = 50
	var took []time.Duration
	first := q
	cpu := cpuTime(b)
	for b.Loop() {
		start := time.Now()
		page, err := service.Find(ctx, q)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
		if q.Cursor = page.NextCursor; len(took)%3 == 0 { // three pages, then the first again
			q = first
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64((cpuTime(b)-cpu).Microseconds())/1000/float64(len(took)), "cpu-ms/op")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what this process has used: on SQLite all there is, and a figure
// that other programs on the machine do not change.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func fillHospital(b *testing.B, s *store.Store, service *inventory.Service, now time.Time) device.PlaceID {
	b.Helper()
	ctx, actor := context.Background(), audit.Actor{Kind: audit.ActorSystem, ID: "bench"}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	parent := device.PlaceID("")
	for _, kind := range []device.PlaceKind{device.PlaceSite, device.PlaceBuilding, device.PlaceFloor} {
		p, err := service.CreatePlace(ctx, actor, device.Place{Parent: parent, Kind: kind, Name: string(kind)})
		must(err)
		parent = p.Place.ID
	}
	var wards []device.PlaceID
	for i := range 200 {
		p, err := service.CreatePlace(ctx, actor, device.Place{Parent: parent, Kind: device.PlaceWard, Name: fmt.Sprint("Ward ", i), CareArea: i%3 > 0})
		must(err)
		wards = append(wards, p.Place.ID)
	}
	var models []device.Model
	for i, c := range []device.Class{device.ClassPumpLVP, device.ClassPumpSyringe, device.ClassPhoneIssued, device.ClassHandheldShared} {
		m, err := service.CreateModel(ctx, actor, device.Model{Maker: "Acme", Name: fmt.Sprint("Model ", i), Class: c})
		must(err)
		models = append(models, m)
	}
	for from := 0; from < benchDevices; from += 5000 {
		devices := make([]device.Device, 5000)
		heard := make([]inventory.Heard, len(devices))
		for i := range devices {
			devices[i], heard[i] = benchDevice(from+i, wards, models, now)
		}
		events := []audit.Event{{Actor: actor, Action: inventory.ActionDelivery}}
		_, err := s.RegisterDelivery(ctx, fmt.Sprint("delivery ", from), devices, events)
		must(err)
		for batch := range slices.Chunk(heard, inventory.BatchSize) {
			must(s.SaveReports(ctx, batch, inventory.KeepReport))
		}
	}
	return wards[7]
}

func benchDevice(n int, wards []device.PlaceID, models []device.Model, now time.Time) (device.Device, inventory.Heard) {
	shuffled := n * 7919 % benchDevices // so that no order is that of insertion
	m := models[n%len(models)]
	d := device.Device{ID: device.ID(fmt.Sprintf("%08x-0000-7000-8000-%012d", shuffled, n)), Class: m.Class, Model: m.ID,
		Serial: fmt.Sprintf("ALR-%07d", shuffled), AssetTag: fmt.Sprintf("BME %06d", n), Owner: fmt.Sprintf("Department %d", n%300),
		Place: wards[n%len(wards)], Management: device.Managements()[n%2*2], Stage: device.StageInService, Condition: device.Conditions()[n%3],
		Custody: device.Custody{Kind: device.Custodies()[n%4], Which: "x"}, MAC: fmt.Sprintf("00:1a:%02x:%02x:%02x:01", n>>16&255, n>>8&255, n&255)}
	if n%1000 == 0 {
		d.Stage, d.Tags = device.StageExpected, []string{"loan"}
		d.Holds = []device.Hold{{Kind: device.HoldLost, Reason: "lost", Since: now, MayLift: "it"}}
	}
	r := device.Report{ReceivedAt: now.Add(-time.Duration(shuffled%7200) * time.Second), BatteryPercent: n % 101}
	if m.Class.IsPump() {
		r.Therapy = []device.Reported{device.ReportedStopped, device.ReportedInfusing}[n%2]
		r.TherapyAt = r.ReceivedAt
	}
	return d, inventory.Heard{Device: d.ID, Report: r}
}

// vacuum does what PostgreSQL's autovacuum does within a minute or so.
func vacuum(b *testing.B, dsn string) {
	b.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("VACUUM ANALYZE"); err != nil {
		b.Fatal(err)
	}
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
