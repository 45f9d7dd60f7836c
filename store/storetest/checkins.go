package storetest

import (
	"context"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/device"
	"wardline/inventory"
)

// heard requires how many devices were heard of in each of the last hours.
func (x *hospital) heardIn(what string, scope inventory.Scope, want ...int) {
	x.t.Helper()
	found, err := x.service.CheckIns(x.ctx, scope, len(want))
	if err != nil {
		x.t.Fatal(err)
	}
	got := make([]int, len(found))
	for i, c := range found {
		got[i] = c.Devices
	}
	if diff := cmp.Diff(want, got); diff != "" {
		x.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func checkedIn(x *hospital) {
	var ids []device.ID
	for _, p := range []struct {
		model device.Model
		place device.PlaceID
	}{{x.pump, x.ward}, {x.pump, x.storeroom}, {x.phone, x.south}, {x.handheld, ""}} {
		ids = append(ids, x.add(p.model, "S-"+string(p.place), func(d *inventory.Draft) { d.Place = p.place }).Device.ID)
	}
	tele := x.telemetry()
	poll := func(which ...int) {
		for _, i := range which {
			tele.Seen(ids[i], x.report("", ""))
		}
	}
	flush := func() {
		x.t.Helper()
		if err := tele.Flush(x.ctx); err != nil {
			x.t.Fatal(err)
		}
	}
	// 08:00: three devices, one of them three times, in two flushes.
	poll(0, 1, 1, 2)
	flush()
	x.Clock.Advance(30 * time.Minute)
	poll(1)
	flush()
	// 08:59:58 a fourth one, and again at 09:00:02, before anything was written.
	x.Clock.Advance(29*time.Minute + 58*time.Second)
	poll(3)
	x.Clock.Advance(4 * time.Second)
	poll(3, 0)
	flush()
	x.heardIn("two hours", inventory.Scope{}, 4, 2)
	// 11:00: nobody was heard in the hour before. A write that fails is done again
	// and counts once.
	x.Clock.Advance(2 * time.Hour)
	poll(0)
	cancelled, cancel := context.WithCancel(x.ctx)
	cancel()
	if err := tele.Flush(cancelled); err == nil {
		x.t.Fatal("written with a cancelled context")
	}
	poll(0)
	flush()
	x.heardIn("four hours", inventory.Scope{}, 4, 2, 0, 1)
	x.heardIn("in the north", inventory.Scope{Sites: []device.PlaceID{x.north}}, 2, 1, 0, 1)
	x.heardIn("in the south", inventory.Scope{Sites: []device.PlaceID{x.south}}, 1, 0, 0, 0)
	x.heardIn("pumps", inventory.Scope{Classes: []device.Class{device.ClassPumpLVP}}, 2, 1, 0, 1)

	if err := x.store.ForgetCheckIns(x.ctx, x.Clock.Now().Truncate(time.Hour).Add(-2*time.Hour)); err != nil {
		x.t.Fatal(err)
	}
	x.heardIn("after the older hours were forgotten", inventory.Scope{}, 0, 2, 0, 1)
}

// checkedInOnTwoServers: a device that polls on both is counted once.
func checkedInOnTwoServers(x *hospital) {
	second := x.Second()
	var ids []device.ID
	for _, serial := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
		ids = append(ids, x.add(x.pump, serial).Device.ID)
	}
	now := x.Clock.Now()
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() {
			s := x.store
			if i%2 == 1 {
				s = second
			}
			var heard []inventory.Heard
			for _, id := range ids {
				heard = append(heard, inventory.Heard{Device: id, Report: device.Report{ReceivedAt: now.Add(time.Duration(i) * time.Second)}})
			}
			errs[i] = s.SaveReports(x.ctx, heard, inventory.KeepReport)
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			x.t.Fatal(err)
		}
	}
	x.heardIn("eight devices on two servers", inventory.Scope{}, len(ids))
}
