package inventory

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"wardline/device"
)

// BatchSize is how many devices' reports are written in one transaction.
const BatchSize = 500

// DefaultFlushEvery is how long a report waits at most in memory. Every last
// seen is true within 30 seconds, also when a write or two is slow.
const DefaultFlushEvery = 5 * time.Second

// TelemetryOptions are what a Telemetry needs from outside.
type TelemetryOptions struct {
	Storage Storage
	// Now is the server's clock. Nil: time.Now.
	Now func() time.Time
	// FlushEvery is how long a report waits at most. 0: DefaultFlushEvery.
	FlushEvery time.Duration
	// Log may be nil.
	Log *slog.Logger
}

// Telemetry takes in what devices report. Reports of polls in which nothing was
// decided wait in memory, one per device, and are written in batches; what a
// decision needs is written at once. It is safe for concurrent use.
type Telemetry struct {
	storage Storage
	now     func() time.Time
	every   time.Duration
	log     *slog.Logger

	mu      sync.Mutex
	pending map[device.ID]Heard
	hashes  map[device.ID]string
	// swept is when old locations were last deleted.
	swept time.Time

	// writing keeps two flushes from overtaking each other.
	writing sync.Mutex
}

// NewTelemetry returns a Telemetry; Run writes what it takes in.
func NewTelemetry(o TelemetryOptions) *Telemetry {
	t := &Telemetry{storage: o.Storage, now: o.Now, every: o.FlushEvery, log: o.Log,
		pending: map[device.ID]Heard{}, hashes: map[device.ID]string{}}
	if t.now == nil {
		t.now = time.Now
	}
	if t.every == 0 {
		t.every = DefaultFlushEvery
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	return t
}

// Seen takes in a report that may wait. It never blocks on the database.
// ReceivedAt and TherapyAt must be set.
//
// However many devices wait, they wait for the next flush: writing as soon as a
// batch is full would write a device that polls often as often as it polls.
func (t *Telemetry) Seen(id device.ID, r device.Report) {
	t.mu.Lock()
	t.pending[id] = merge(t.pending[id], Heard{Device: id, Report: r})
	t.mu.Unlock()
}

// Record writes a report at once, with whatever of the device was waiting: for a
// decision that is made on what is stored.
func (t *Telemetry) Record(ctx context.Context, id device.ID, r device.Report) error {
	t.mu.Lock()
	heard := merge(t.pending[id], Heard{Device: id, Report: r})
	delete(t.pending, id)
	t.mu.Unlock()
	t.writing.Lock()
	defer t.writing.Unlock()
	if err := t.storage.SaveReports(ctx, []Heard{heard}, KeepReport); err != nil {
		t.putBack([]Heard{heard})
		return err
	}
	return nil
}

// merge puts a newer report over an older one and keeps the therapy states that
// it overtakes.
func merge(older, newer Heard) Heard {
	if older.Device == "" {
		return newer
	}
	if newer.Report.ReceivedAt.Before(older.Report.ReceivedAt) {
		older, newer = newer, older
	}
	was := older.Report
	newer.Hours = hoursBefore(older, newer)
	if !was.Therapy.Valid() && len(older.Changes) == 0 && len(newer.Changes) == 0 {
		if newer.Report.Location == nil {
			newer.Report.Location = was.Location
		}
		return newer // the usual case by far: nothing of therapy to keep
	}
	steps := slices.Concat(older.Changes, []TherapyChange{{was.Therapy, was.TherapyAt}}, newer.Changes)
	newer.Changes = nil
	last := device.ReportedNone
	for _, s := range steps {
		// The first report of a state is when it began; repetitions are not kept.
		if s.Therapy.Valid() && s.Therapy != last {
			newer.Changes = append(newer.Changes, s)
			last = s.Therapy
		}
	}
	if !newer.Report.Therapy.Valid() {
		newer.Report.Therapy, newer.Report.TherapyAge, newer.Report.TherapyAt = was.Therapy, was.TherapyAge, was.TherapyAt
	}
	if newer.Report.Location == nil {
		newer.Report.Location = was.Location
	}
	return newer
}

// hoursBefore are the hours of both before the one in which newer was heard.
func hoursBefore(older, newer Heard) []time.Time {
	last := hourOf(newer.Report.ReceivedAt)
	if len(older.Hours) == 0 && len(newer.Hours) == 0 && hourOf(older.Report.ReceivedAt).Equal(last) {
		return nil // the usual case: no hour has ended since the last write
	}
	hours := slices.Concat(older.Hours, []time.Time{hourOf(older.Report.ReceivedAt)}, newer.Hours)
	slices.SortFunc(hours, time.Time.Compare)
	return slices.DeleteFunc(slices.Compact(hours), func(h time.Time) bool { return !h.Before(last) })
}

// WantsInventory reports whether the device's inventory is another than the one
// that is stored. It asks the database only the first time it hears of a device.
func (t *Telemetry) WantsInventory(ctx context.Context, id device.ID, hash string) bool {
	if hash == "" {
		return false
	}
	t.mu.Lock()
	known, ok := t.hashes[id]
	t.mu.Unlock()
	if !ok {
		var err error
		if known, err = t.storage.FactsHash(ctx, id); err != nil {
			// The device will ask again with its next poll.
			t.log.Warn("the inventory hash of a device could not be read", "device", id, "error", err)
			return false
		}
		t.remember(id, known)
	}
	return known != hash
}

// Inventory stores what a device says of itself that rarely changes.
func (t *Telemetry) Inventory(ctx context.Context, id device.ID, hash string, facts Facts) error {
	facts.clean()
	if err := t.storage.SaveFacts(ctx, id, hash, facts); err != nil {
		return err
	}
	t.remember(id, hash)
	return nil
}

func (t *Telemetry) remember(id device.ID, hash string) {
	t.mu.Lock()
	t.hashes[id] = hash
	t.mu.Unlock()
}

// clean drops an IMEI or MAC that is none, as devices send when they do not know.
func (f *Facts) clean() {
	imei, err := ParseIMEI(f.IMEI)
	if err != nil {
		imei = ""
	}
	mac, err := ParseMAC(f.MAC)
	if err != nil {
		mac = ""
	}
	f.IMEI, f.MAC = imei, mac
}

// Run writes what Seen takes in, every few seconds until ctx is done, and then
// once more. It also deletes locations that are past their
// time.
func (t *Telemetry) Run(ctx context.Context) error {
	tick := time.NewTicker(t.every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return t.Flush(last)
		case <-tick.C:
		}
		if err := t.Flush(ctx); err != nil && ctx.Err() == nil {
			t.log.Error("reports of devices could not be written and are kept for the next try", "error", err)
		}
		if err := t.sweep(ctx); err != nil && ctx.Err() == nil {
			t.log.Error("locations past their time could not be deleted yet", "error", err)
		}
	}
}

// Flush writes everything that waits. What could not be written goes on waiting.
func (t *Telemetry) Flush(ctx context.Context) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	all := make([]Heard, 0, len(t.pending))
	for _, h := range t.pending {
		all = append(all, h)
	}
	clear(t.pending)
	t.mu.Unlock()
	// Replicas write in the same order, so that they do not wait for each other.
	slices.SortFunc(all, func(a, b Heard) int {
		if a.Device < b.Device {
			return -1
		}
		return 1
	})
	for len(all) > 0 {
		n := min(len(all), BatchSize)
		if err := t.storage.SaveReports(ctx, all[:n], KeepReport); err != nil {
			t.putBack(all)
			return err
		}
		all = all[n:]
	}
	return nil
}

func (t *Telemetry) putBack(all []Heard) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, h := range all {
		if newer, ok := t.pending[h.Device]; ok {
			h = merge(h, newer)
		}
		t.pending[h.Device] = h
	}
}

const (
	sweepEvery = time.Hour
	sweepLimit = 5000
)

// sweep deletes old locations once an hour, in bounded steps.
func (t *Telemetry) sweep(ctx context.Context) error {
	now := t.now()
	t.mu.Lock()
	due := now.Sub(t.swept) >= sweepEvery
	if due {
		t.swept = now
	}
	t.mu.Unlock()
	if !due {
		return nil
	}
	if err := t.storage.ForgetCheckIns(ctx, now.UTC().Add(-CheckInsKept)); err != nil {
		return err
	}
	return t.ForgetLocations(ctx)
}

// ForgetLocations deletes the locations that are past their time.
func (t *Telemetry) ForgetLocations(ctx context.Context) error {
	for {
		now := t.now().UTC()
		n, err := t.storage.ForgetLocations(ctx, now.Add(-WardsKept), now.Add(-CoordinatesKept), sweepLimit)
		if err != nil || n < sweepLimit {
			return err
		}
	}
}
