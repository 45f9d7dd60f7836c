package limits_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardline/commands/limits"
	"wardline/device"
	"wardline/safety"
)

// The windows by hand, from docs/safety.md: weight, over whom, hours, devices.
var windows = []struct {
	weight safety.Weight
	person bool
	hours  time.Duration
	most   int
}{
	{safety.Disruptive, true, 1, 20}, {safety.Disruptive, false, 1, 100},
	{safety.Destructive, true, 1, 5}, {safety.Destructive, true, 24, 10}, {safety.Destructive, true, 168, 25},
	{safety.Destructive, false, 1, 20}, {safety.Destructive, false, 24, 40},
}

// Whatever people ask, whenever it is released or taken back: in no window of any
// length in the table did more devices feel it than the table says. What is
// counted here is what the devices felt, one by one.
func TestNoWindowEverSeesMoreThanItsLimit(t *testing.T) {
	admitted, most := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var felt []limits.Entry // what devices felt, for good
		l := limits.Ledger{Now: time.Unix(1e9, 0), Fleet: func(device.PlaceID, device.Class) int { return 100000 }}
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				for range rapid.SampledFrom([]int{1, 3, 12}).Draw(t, "how many") {
					n++
					e := limits.Entry{Command: fmt.Sprint(n), Device: device.ID(fmt.Sprint("d", rapid.IntRange(1, 300).Draw(t, "device"))),
						Weight: rapid.SampledFrom([]safety.Weight{safety.Destructive, safety.Destructive, safety.Disruptive}).Draw(t, "weight"),
						Person: fmt.Sprint("p", rapid.IntRange(1, 6).Draw(t, "person")), Open: true}
					if _, ok := l.Room(e); ok {
						l.Entries = append(l.Entries, e)
						admitted++
					}
				}
			},
			"the devices come by": func(t *rapid.T) {
				left := rapid.IntRange(0, 40).Draw(t, "how many")
				for i := range l.Entries {
					if e := &l.Entries[i]; e.Open && left > 0 {
						if _, ok := l.MayRelease(*e); !ok {
							t.Fatalf("%s was let in and may not leave", e.Command)
						}
						e.Open, e.ReleasedAt = false, l.Now
						felt = append(felt, *e)
						left--
					}
				}
			},
			"somebody takes back": func(t *rapid.T) {
				for i := range l.Entries {
					if l.Entries[i].Open {
						l.Entries[i].Open = false // it never left
						return
					}
				}
			},
			"time passes": func(t *rapid.T) {
				l.Now = l.Now.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 59, 61, 600, 1500}).Draw(t, "minutes")) * time.Minute)
			},
			"": func(t *rapid.T) {
				for _, w := range windows {
					seen := map[string]map[device.ID]bool{}
					for _, e := range felt {
						if e.Weight != w.weight || !e.ReleasedAt.After(l.Now.Add(-w.hours*time.Hour)) {
							continue
						}
						who := ""
						if w.person {
							who = e.Person
						}
						if seen[who] == nil {
							seen[who] = map[device.ID]bool{}
						}
						seen[who][e.Device] = true
						most = max(most, len(seen[who]))
						if len(seen[who]) > w.most {
							t.Fatalf("%s, person %q: %d devices in %d hours, and %d is the limit", w.weight, who, len(seen[who]), w.hours, w.most)
						}
					}
				}
			},
		})
	})
	// Walks in which nothing happens keep every limit.
	if admitted < 1000 || most < 20 {
		t.Errorf("only %d commands were let in, at most %d devices in one window", admitted, most)
	}
}
