package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

const (
	heldClicks    = 300
	heldBatch     = 1000
	heldWait      = 50 // seconds a poll may be held
	heldClickGap  = 40 * time.Millisecond
	heldSettling  = 5 * time.Second
	heldBatchWait = 60 * time.Second
)

// held measures what a held poll costs in memory, and how long a click takes to
// arrive at a device whose poll is held.
func (b *bench) held(ctx context.Context, s *site) error {
	b.report.say("\n== held polls: %d devices on %s", b.devices, s.engine)
	sims, err := s.fleet(ctx, b.devices)
	if err != nil {
		return err
	}
	before, err := s.memory(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	h := &holding{site: s, sims: sims, arrived: map[string]time.Time{}}
	running := h.start(ctx)
	defer func() { cancel(); running.Wait() }()
	if err := h.waitUntilHeld(ctx); err != nil {
		return err
	}
	if !pause(ctx, heldSettling) {
		return ctx.Err()
	}
	after, err := s.memory(ctx)
	if err != nil {
		return err
	}
	n := int64(len(sims))
	b.report.say("memory   %-10s resident %d KiB, heap and stacks %d KiB for each held poll", s.engine,
		(after.resident-before.resident)/n/1024, (after.goMemory-before.goMemory)/n/1024)
	if err := b.clicks(ctx, h); err != nil {
		return err
	}
	return b.clickBatch(ctx, h)
}

// holding is a fleet whose polls are held.
type holding struct {
	site *site
	sims []*sim
	open atomic.Int64 // polls under way
	mu   sync.Mutex
	// arrived is when each order reached its device.
	arrived map[string]time.Time
	failed  error
}

func (h *holding) start(ctx context.Context) *sync.WaitGroup {
	var wg sync.WaitGroup
	for _, s := range h.sims {
		s.listen(func(command string, at time.Time) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.arrived[command] = at
		})
	}
	// As many handshakes at a time as a busy morning brings, no more.
	doors := make(chan struct{}, 32)
	for _, s := range h.sims {
		wg.Go(func() {
			if err := h.hold(ctx, s, doors); err != nil && ctx.Err() == nil {
				h.mu.Lock()
				defer h.mu.Unlock()
				h.failed = errors.Join(h.failed, err)
			}
		})
	}
	return &wg
}

func (h *holding) hold(ctx context.Context, s *sim, doors chan struct{}) error {
	doors <- struct{}{}
	l, err := s.dial(ctx, h.site.deviceAddr)
	if err == nil {
		err = s.poll(l, 0)
	}
	<-doors
	if err != nil {
		return err
	}
	defer l.close()
	go func() { <-ctx.Done(); l.close() }()
	for ctx.Err() == nil {
		wait := heldWait
		if len(s.owed) > 0 {
			wait = 0
		}
		h.open.Add(1)
		err := s.poll(l, wait)
		h.open.Add(-1)
		if err != nil {
			return err
		}
	}
	return nil
}

func (h *holding) waitUntilHeld(ctx context.Context) error {
	for h.open.Load() < int64(len(h.sims)) {
		if !pause(ctx, 100*time.Millisecond) {
			return ctx.Err()
		}
		if err := h.problem(); err != nil {
			return err
		}
	}
	return nil
}

func (h *holding) problem() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// latencies waits until every order has arrived and returns how long after its
// click each did.
func (h *holding) latencies(ctx context.Context, clicked map[string]time.Time) ([]time.Duration, error) {
	deadline := time.Now().Add(heldBatchWait)
	for {
		if err := h.problem(); err != nil {
			return nil, err
		}
		h.mu.Lock()
		var all []time.Duration
		for id, at := range clicked {
			if got, ok := h.arrived[id]; ok {
				all = append(all, got.Sub(at))
			}
		}
		h.mu.Unlock()
		if len(all) == len(clicked) {
			return all, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("only %d of %d orders arrived within %s", len(all), len(clicked), heldBatchWait)
		}
		if !pause(ctx, 10*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

// clicks asks one device after the other; the time runs from before the request
// is sent to the REST API until the device has opened the envelope.
func (b *bench) clicks(ctx context.Context, h *holding) error {
	clicked := map[string]time.Time{}
	for range heldClicks {
		at := time.Now()
		id, err := h.site.order(ctx, h.sims[rand.IntN(len(h.sims))].serial)
		if errors.Is(err, errAlreadyOpen) {
			continue
		}
		if err != nil {
			return err
		}
		clicked[id] = at
		if !pause(ctx, heldClickGap) {
			return ctx.Err()
		}
	}
	all, err := h.latencies(ctx, clicked)
	if err != nil {
		return err
	}
	b.report.say("click    %-10s %d single orders: p50 %s, p99 %s, worst %s", h.site.engine, len(all),
		ms(percentile(all, 0.5)), ms(percentile(all, 0.99)), ms(percentile(all, 1)))
	return h.waitUntilHeld(ctx)
}

// clickBatch asks a thousand devices at once.
func (b *bench) clickBatch(ctx context.Context, h *holding) error {
	n := min(heldBatch, len(h.sims))
	serials := make([]string, n)
	for i, j := range rand.Perm(len(h.sims))[:n] {
		serials[i] = h.sims[j].serial
	}
	// Opening and answering a thousand orders is the work of a thousand devices; on
	// these cores it would stand in the way of what is measured.
	gate := make(chan struct{})
	for _, s := range h.sims {
		s.waitFor(gate)
	}
	at := time.Now()
	ids, err := h.site.batch(ctx, serials)
	answered := time.Since(at)
	pause(ctx, heldSettling)
	close(gate)
	if err != nil {
		return err
	}
	clicked := map[string]time.Time{}
	for _, id := range ids {
		clicked[id] = at
	}
	all, err := h.latencies(ctx, clicked)
	if err != nil {
		return err
	}
	b.report.say("batch    %-10s %d orders at once: the request took %s; arrived p50 %s, p99 %s, last %s", h.site.engine, len(all),
		ms(answered), ms(percentile(all, 0.5)), ms(percentile(all, 0.99)), ms(percentile(all, 1)))
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
