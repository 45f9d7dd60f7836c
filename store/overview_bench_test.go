package store_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	_ "github.com/glebarez/sqlite"

	"wardline/inventory"
	"wardline/store"
	"wardline/store/storetest"
)

// BenchmarkOverview counts a fleet of 100,000 devices, each with a certificate,
// as the first screen of the console does:
//
//	go run ./internal/testrun exec -- go test ./store -run '^$' -bench Overview -benchtime 50x
func BenchmarkOverview(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			clock := time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)
			dsn := ""
			with := func(o *store.Options) { o.Now = func() time.Time { return clock }; dsn = o.Database }
			open, driver := storetest.OpenSQLite, "sqlite"
			if engine == store.Postgres {
				open, driver = storetest.OpenPostgres, "pgx"
			}
			s := open(b, with)
			service := inventory.New(inventory.Options{Storage: s, Now: func() time.Time { return clock }})
			fillHospital(b, s, service, clock)
			fillCertificates(b, driver, dsn, clock)
			if engine == store.Postgres {
				vacuum(b, dsn)
			}
			var took []time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := service.Overview(context.Background(), inventory.Scope{}); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fillCertificates gives every device an enrollment and a certificate; they end
// on 400 different days.
func fillCertificates(b *testing.B, driver, dsn string, now time.Time) {
	b.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	day := (24 * time.Hour).Microseconds()
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE device SET enrollment_id = id", nil},
		{`INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, fingerprint, not_before, not_after, recorded_at)
			SELECT id, 'device', '', id, id, id, 0, $1 + (length(owner) * 37 + row_number() OVER (ORDER BY id)) % 400 * $2, 0 FROM device`, []any{now.UnixMicro() - 5*day, day}},
	} {
		if _, err := db.Exec(q.sql, q.args...); err != nil {
			b.Fatal(err)
		}
	}
}
