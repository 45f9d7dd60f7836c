package inventory_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wardline/device"
	"wardline/inventory"
)

// remembering is a storage that remembers which devices were written, and when.
type remembering struct {
	inventory.Storage // anything else is not asked for
	written           map[device.ID]time.Time
	largest           int
	rows              int
}

func (r *remembering) SaveReports(_ context.Context, heard []inventory.Heard, _ func(inventory.Known, inventory.Heard) inventory.Kept) error {
	r.largest, r.rows = max(r.largest, len(heard)), r.rows+len(heard)
	for _, h := range heard {
		r.written[h.Device] = time.Now()
	}
	return nil
}

func (r *remembering) ForgetLocations(context.Context, time.Time, time.Time, int) (int, error) {
	return 0, nil
}

func (r *remembering) ForgetCheckIns(context.Context, time.Time) error { return nil }

func TestEveryPollIsWrittenWithinSecondsAndBeforeTheServerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &remembering{written: map[device.ID]time.Time{}}
		tele := inventory.NewTelemetry(inventory.TelemetryOptions{Storage: s})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- tele.Run(ctx) }()
		seen := func(id device.ID) { tele.Seen(id, device.Report{ReceivedAt: time.Now()}) }

		start := time.Now()
		seen("quiet")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if at, ok := s.written["quiet"]; !ok || at.Sub(start) > 5*time.Second {
			t.Errorf("after 5 seconds the poll is written: %v, at %v", ok, at.Sub(start))
		}
		// Many devices that poll again and again cost one row each, not one each poll.
		before := s.rows
		for range 50 {
			for i := range 3 * inventory.BatchSize {
				seen(device.ID(fmt.Sprint("busy ", i)))
			}
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if got := s.rows - before; got != 3*inventory.BatchSize {
			t.Errorf("in 5 seconds %d devices cost %d rows", 3*inventory.BatchSize, got)
		}
		if s.largest > inventory.BatchSize {
			t.Errorf("%d devices in one transaction", s.largest)
		}
		seen("last")
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if _, ok := s.written["last"]; !ok {
			t.Error("what was polled just before the server stopped is lost")
		}
	})
}
