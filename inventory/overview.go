package inventory

import (
	"context"
	"math"
	"slices"
	"time"

	"wardline/device"
	"wardline/safety"
)

// CertificateEnd says when a device's certificate ends: each device with one is
// in exactly one of these groups. Of a device that has renewed and not yet used
// the new certificate, the one that lasts longer counts.
type CertificateEnd string

// The groups.
const (
	CertificateEnded    CertificateEnd = "ended"
	CertificateWithin7  CertificateEnd = "within_7_days"
	CertificateWithin30 CertificateEnd = "within_30_days" // and not within 7
	CertificateWithin90 CertificateEnd = "within_90_days" // and not within 30
	CertificateLater    CertificateEnd = "later"
)

// CertificateEnds lists the groups, the most pressing first.
func CertificateEnds() []CertificateEnd {
	return []CertificateEnd{CertificateEnded, CertificateWithin7, CertificateWithin30, CertificateWithin90, CertificateLater}
}

// between is the time in which certificates of the group end: from on, and
// before.
func (e CertificateEnd) between(now time.Time) (from, before time.Time) {
	days := []int{math.MinInt, 0, 7, 30, 90, math.MaxInt}
	at := func(d int) time.Time {
		switch d {
		case math.MinInt:
			return time.UnixMicro(1).UTC()
		case math.MaxInt:
			return time.UnixMicro(math.MaxInt64).UTC()
		}
		return now.AddDate(0, 0, d)
	}
	i := slices.Index(CertificateEnds(), e)
	return at(days[i]), at(days[i+1])
}

// Fault is something that is wrong with a device and that a person has to look
// at.
type Fault string

// The faults.
const (
	// FaultClock: its wall clock is wrong by more than people would overlook.
	// Nothing that is decided about it rests on that clock.
	FaultClock Fault = "wrong_clock"
)

// Faults lists the faults.
func Faults() []Fault { return []Fault{FaultClock} }

// SilentFor are the spans for which an Overview counts silent devices, in hours.
func SilentFor() []int { return []int{1, 24, 7 * 24} }

// newestLost is how many of the lost devices an Overview shows.
const newestLost = 5

// Overview is the fleet in numbers: devices that are still the hospital's, within
// a scope, at one moment. Each number is the total of a list.
type Overview struct {
	At time.Time
	// Devices counts by class and management, Stages by stage.
	Devices []DeviceCount
	Stages  map[device.Stage]int
	// Pumps counts by ward and derived state.
	Pumps []PumpCount
	// Certificates counts devices by the end of their certificate.
	Certificates map[CertificateEnd]int
	// Lost is how many are lost; LostNewest are the last of them.
	Lost       int
	LostNewest []Item
	// Silent counts by span; see SilentFor.
	Silent map[int]int
	Faults map[Fault]int
}

// DeviceCount is how many devices are of a class and on a management level.
type DeviceCount struct {
	Class      device.Class
	Management device.Management
	Count      int
}

// PumpCount is how many pumps of a ward are in a state. Pumps of no ward have an
// empty one.
type PumpCount struct {
	Ward  device.PlaceID
	State safety.State
	Count int
}

// OverviewAsk is what the store counts by. All times are as of one moment.
type OverviewAsk struct {
	Scope Scope
	Now   time.Time
	// TherapySince is the oldest therapy report that counts as current.
	TherapySince time.Time
	// CertificatesBefore are the ends of the groups of CertificateEnds, the last left
	// out: nothing comes after it.
	CertificatesBefore []time.Time
	// SilentSince are the times since which a device was not heard of.
	SilentSince []time.Time
	NewestLost  int
}

// OverviewCounts is what the store counted. Lists belong to those of OverviewAsk.
type OverviewCounts struct {
	Devices []StageCount
	Pumps   []PumpCell
	// Certificates has one entry for each group of CertificateEnds.
	Certificates []int
	Lost         int
	LostNewest   []Record
	Silent       []int
	WrongClock   int
}

// StageCount is how many devices are of a class, on a management level, in a
// stage.
type StageCount struct {
	Class      device.Class
	Management device.Management
	Stage      device.Stage
	Count      int
}

// PumpCell is how many pumps of a place there are for which the same is known. A
// cell without a report is one of pumps of which nothing is known.
type PumpCell struct {
	TherapyCell
	Place device.PlaceID
	Count int
}

// Overview counts what is in the scope, in a fixed number of queries that group
// by what the answers depend on.
func (s *Service) Overview(ctx context.Context, scope Scope) (Overview, error) {
	now := s.now().UTC()
	ask := OverviewAsk{Scope: scope, Now: now, TherapySince: now.Add(-safety.ShowAge), NewestLost: newestLost}
	ends := CertificateEnds()
	for _, e := range ends[:len(ends)-1] {
		_, before := e.between(now)
		ask.CertificatesBefore = append(ask.CertificatesBefore, before)
	}
	for _, h := range SilentFor() {
		ask.SilentSince = append(ask.SilentSince, now.Add(-time.Duration(h)*time.Hour))
	}
	counts, err := s.storage.Overview(ctx, ask)
	if err != nil {
		return Overview{}, err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return Overview{}, err
	}
	return counts.overview(tree, now), nil
}

func (c OverviewCounts) overview(tree Tree, now time.Time) Overview {
	o := Overview{At: now, Stages: map[device.Stage]int{}, Certificates: map[CertificateEnd]int{}, Lost: c.Lost,
		Silent: map[int]int{}, Faults: map[Fault]int{FaultClock: c.WrongClock}, Pumps: pumpCounts(c.Pumps, tree)}
	devices := map[DeviceCount]int{}
	for _, n := range c.Devices {
		devices[DeviceCount{Class: n.Class, Management: n.Management}] += n.Count
		o.Stages[n.Stage] += n.Count
	}
	for _, class := range device.Classes() {
		for _, m := range device.Managements() {
			if n := devices[DeviceCount{Class: class, Management: m}]; n > 0 {
				o.Devices = append(o.Devices, DeviceCount{class, m, n})
			}
		}
	}
	for i, e := range CertificateEnds() {
		o.Certificates[e] = c.Certificates[i]
	}
	for i, h := range SilentFor() {
		o.Silent[h] = c.Silent[i]
	}
	for _, r := range c.LostNewest {
		o.LostNewest = append(o.LostNewest, item(r, tree, now))
	}
	return o
}

// pumpCounts asks package safety once for each combination, as the filter of the
// list does (therapyFilter), and adds up by ward.
func pumpCounts(cells []PumpCell, tree Tree) []PumpCount {
	type key struct {
		ward  device.PlaceID
		state safety.State
	}
	states := map[TherapyCell]safety.State{}
	counts := map[key]int{}
	for _, c := range cells {
		state, known := states[c.TherapyCell]
		if !known {
			state = safety.StateUnknown
			if c.Reported != device.ReportedNone {
				state = safety.Assess(c.TherapyCell.facts(), safety.ShowAge).State
			}
			states[c.TherapyCell] = state
		}
		counts[key{tree.Ward(c.Place), state}] += c.Count
	}
	out := make([]PumpCount, 0, len(counts))
	for k, n := range counts {
		out = append(out, PumpCount{k.ward, k.state, n})
	}
	slices.SortFunc(out, func(a, b PumpCount) int {
		if a.Ward != b.Ward {
			if a.Ward < b.Ward {
				return -1
			}
			return 1
		}
		return slices.Index(safety.States(), a.State) - slices.Index(safety.States(), b.State)
	})
	return out
}
