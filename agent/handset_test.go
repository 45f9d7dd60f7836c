package agent

import (
	"context"
	"slices"
	"sync"
	"time"

	"wardline/device"
)

// handset is a driver that only remembers.
type handset struct {
	mu      sync.Mutex
	can     []device.Kind
	therapy device.Reported
	changed chan struct{}
	jobs    []Job
	do      func(context.Context, Job) (Outcome, error)
	wall    func() time.Time
}

func newHandset(can ...device.Kind) *handset {
	return &handset{can: can, changed: make(chan struct{}, 1)}
}

func (d *handset) Capabilities() []device.Kind { return d.can }

func (d *handset) Therapy() (device.Reported, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.therapy, 0
}

func (d *handset) become(r device.Reported) {
	d.mu.Lock()
	d.therapy = r
	d.mu.Unlock()
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

func (d *handset) Changed() <-chan struct{} { return d.changed }

func (d *handset) State(context.Context) (State, error) {
	now := time.Now()
	if d.wall != nil {
		now = d.wall()
	}
	return State{WallClock: &now}, nil
}

func (d *handset) Inventory(context.Context) (Inventory, error) {
	return Inventory{Maker: "Example", Model: "One", Serial: "S1"}, nil
}

func (d *handset) Do(ctx context.Context, j Job) (Outcome, error) {
	d.mu.Lock()
	d.jobs = append(d.jobs, j)
	do := d.do
	d.mu.Unlock()
	if do != nil {
		return do(ctx, j)
	}
	return Outcome{}, nil
}

func (d *handset) done() []Job {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.jobs)
}
