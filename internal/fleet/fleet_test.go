package fleet

import (
	"crypto/rand"
	"testing"
	"time"

	"go.uber.org/goleak"

	"wardline/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clockAt is a true time that tests move by hand.
type clockAt struct{ at time.Time }

func (c *clockAt) now() time.Time             { return c.at }
func (c *clockAt) advance(step time.Duration) { c.at = c.at.Add(step) }

func newClock() *clockAt { return &clockAt{time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)} }

// newFleet is the default hospital without a server.
func newFleet(t *testing.T, dir string, clock *clockAt) *Fleet {
	t.Helper()
	h, err := NewHospital(DefaultPumps, DefaultPhones, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(Options{Hospital: h, Dir: dir, Now: clock.now, Guide: Guide{Accounts: h.Accounts, AdminURL: "https://localhost:8443"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func get(t *testing.T, f *Fleet, serial string) *Device {
	t.Helper()
	d, ok := f.Device(serial)
	if !ok {
		t.Fatalf("there is no simulated device %s", serial)
	}
	return d
}

func apply(t *testing.T, d *Device, c Change) {
	t.Helper()
	if err := d.Apply(c); err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestAPumpInfusesAtItsRateAndThenKeepsTheVeinOpen(t *testing.T) {
	clock := newClock()
	d := get(t, newFleet(t, t.TempDir(), clock), "LV1-0001") // 125 mL/h, 312 of 1000 mL given
	clock.advance(2 * time.Hour)
	if got := d.Snapshot().Programme.Given; got != 562 {
		t.Errorf("after two hours %v mL are given, not 562", got)
	}
	clock.advance(24 * time.Hour)
	s, f := d.Snapshot(), d.face()
	if s.Programme.Given != 1000 || s.Therapy != device.ReportedInfusing {
		t.Errorf("at the end %v mL are given and it reports %q: keeping the vein open is delivery", s.Programme.Given, s.Therapy)
	}
	if f.State != "Keeping vein open" {
		t.Errorf("its screen says %q", f.State)
	}
}

func TestAPausedPumpDeliversNothing(t *testing.T) {
	clock := newClock()
	d := get(t, newFleet(t, t.TempDir(), clock), "LV1-0001")
	clock.advance(time.Hour)
	apply(t, d, Change{Therapy: ptr(device.ReportedPaused)})
	clock.advance(5 * time.Hour)
	if got := d.Snapshot().Programme.Given; got != 437 {
		t.Errorf("%v mL are given, not 437", got)
	}
	select {
	case <-d.Changed():
	default:
		t.Error("the agent was not told that the therapy changed")
	}
}

func TestAPumpThatLosesPowerComesBackPaused(t *testing.T) {
	clock := newClock()
	d := get(t, newFleet(t, t.TempDir(), clock), "LV1-0001")
	apply(t, d, Change{Powered: ptr(false)})
	if err := d.Apply(Change{Therapy: ptr(device.ReportedInfusing)}); err == nil {
		t.Error("a pump without power was started")
	}
	clock.advance(time.Hour)
	apply(t, d, Change{Powered: ptr(true)})
	if got := d.Snapshot(); got.Therapy != device.ReportedPaused || got.Programme.Given != 312 {
		t.Errorf("it reports %q with %v mL given, not paused with 312", got.Therapy, got.Programme.Given)
	}
}

func TestANewBagIsHungWhenTheOldOneIsEmpty(t *testing.T) {
	clock := newClock()
	d := get(t, newFleet(t, t.TempDir(), clock), "LV1-0001")
	clock.advance(48 * time.Hour)
	apply(t, d, Change{Therapy: ptr(device.ReportedStopped)})
	apply(t, d, Change{Therapy: ptr(device.ReportedInfusing)})
	if got := d.Snapshot().Programme.Given; got != 0 {
		t.Errorf("the new bag begins with %v mL given", got)
	}
}

func TestTheDemoGoesOnWhereItEnded(t *testing.T) {
	clock, dir := newClock(), t.TempDir()
	first := newFleet(t, dir, clock)
	apply(t, get(t, first, "LV1-0001"), Change{Therapy: ptr(device.ReportedPaused), BSSID: ptr("02:57:4c:00:02:01")})
	apply(t, get(t, first, "P7-0002"), Change{Powered: ptr(false), ClockOffsetSeconds: ptr[int64](-90)})
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	clock.advance(72 * time.Hour)
	second := newFleet(t, dir, clock)
	pump, phone := get(t, second, "LV1-0001").Snapshot(), get(t, second, "P7-0002").Snapshot()
	if pump.Therapy != device.ReportedPaused || pump.BSSID != "02:57:4c:00:02:01" {
		t.Errorf("the pump came back as %q at %s", pump.Therapy, pump.BSSID)
	}
	if phone.Powered || phone.ClockOffsetSeconds != -90 {
		t.Errorf("the phone came back powered %t with its clock off by %d s", phone.Powered, phone.ClockOffsetSeconds)
	}
}

func TestAWrongClockIsWrongByWhatWasSaid(t *testing.T) {
	clock := newClock()
	d := get(t, newFleet(t, t.TempDir(), clock), "R5-0001")
	apply(t, d, Change{ClockOffsetSeconds: ptr[int64](2820)})
	s, err := d.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 4, 10, 17, 0, 0, time.UTC); !s.WallClock.Equal(want) || !d.WallClock().Equal(want) {
		t.Errorf("the device says it is %s, not %s", s.WallClock, want)
	}
}

func TestAnUnpluggedDeviceReachesNobody(t *testing.T) {
	f := newFleet(t, t.TempDir(), newClock())
	d := get(t, f, "P7-0002")
	server := listenAndHold(t)
	conn, err := d.Dial(t.Context(), "tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, d, Change{Online: ptr(false)})
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection survived the plug that was pulled")
	}
	if _, err := d.Dial(t.Context(), "tcp", server); err == nil {
		t.Error("an unplugged device opened a connection")
	}
	apply(t, d, Change{Online: ptr(true)})
	conn, err = d.Dial(t.Context(), "tcp", server)
	if err != nil {
		t.Fatalf("plugged in again: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}
