package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	idleRounds   = 5
	idleDuration = 8 * time.Second
	idleWorkers  = 32
)

// round is what one round against one server gave.
type round struct {
	rate   float64       // polls per second
	perOne time.Duration // processor time of the server process for each
}

// floor is a server that polls are sent to: the bare one, or Wardline.
type floor struct {
	name    string
	addr    string
	process *process
	sims    []*sim
	conns   []*lean
	site    *site // nil: the bare one
	rounds  []round
}

// idle measures polls per second without work, beside a bare handler that gets
// the same requests from the same generator over the same kind of connections,
// in turns.
func (b *bench) idle(ctx context.Context, sites []*site) error {
	n := min(b.devices, 2000)
	b.report.say("\n== idle polls: %d devices, each with a connection of its own; %d rounds of %s, in turns; %d at a time",
		n, idleRounds, idleDuration, idleWorkers)
	proc, addr, err := startBare(ctx, b.dir)
	if err != nil {
		return err
	}
	defer proc.stop()
	floors := []*floor{{name: "bare net/http", addr: addr, process: proc}}
	for _, s := range sites {
		sims, err := s.fleet(ctx, n)
		if err != nil {
			return err
		}
		floors = append(floors, &floor{name: "wardline on " + s.engine, addr: s.deviceAddr, process: s.process, sims: sims, site: s})
	}
	// The bare server does not judge certificates: any device's will do.
	for _, s := range floors[1].sims {
		floors[0].sims = append(floors[0].sims, s.double())
	}
	for _, f := range floors {
		if err := f.connect(ctx); err != nil {
			return err
		}
		defer f.disconnect()
	}
	for i := range idleRounds {
		for _, f := range floors {
			r, err := b.idleRound(ctx, f)
			if err != nil {
				return fmt.Errorf("round %d on %s: %w", i+1, f.name, err)
			}
			b.report.say("round %d  %-24s %8.0f polls/s  %6.1f us of the server's CPU each", i+1, f.name, r.rate, float64(r.perOne.Nanoseconds())/1e3)
			f.rounds = append(f.rounds, r)
		}
	}
	return b.idleSummary(ctx, floors)
}

func (b *bench) idleSummary(ctx context.Context, floors []*floor) error {
	bare := medianRate(floors[0].rounds)
	for _, f := range floors {
		rate := medianRate(f.rounds)
		b.report.say("median   %-24s %8.0f polls/s  %4.0f %% of the bare handler", f.name, rate, 100*rate/bare)
	}
	var errs []error
	for _, f := range floors[1:] {
		errs = append(errs, f.site.refusesStrangers(ctx, f.sims[0]))
	}
	return errors.Join(errs...)
}

func medianRate(rounds []round) float64 {
	rates := make([]float64, len(rounds))
	for i, r := range rounds {
		rates[i] = r.rate
	}
	return median(rates)
}

func (f *floor) connect(ctx context.Context) error {
	f.conns = make([]*lean, len(f.sims))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i, s := range f.sims {
		g.Go(func() (err error) {
			if f.conns[i], err = s.dial(ctx, f.addr); err != nil {
				return err
			}
			// A connection that never asks anything is closed after some seconds.
			return s.poll(f.conns[i], 0)
		})
	}
	return g.Wait()
}

func (f *floor) disconnect() {
	for _, c := range f.conns {
		if c != nil {
			c.close()
		}
	}
}

// idleRound lets the workers poll in turns over their share of the devices, while
// one device in a hundred each second is asked where it is.
func (b *bench) idleRound(ctx context.Context, f *floor) (round, error) {
	var polls atomic.Int64
	stop := make(chan struct{})
	g, gctx := errgroup.WithContext(ctx)
	workers := min(idleWorkers, len(f.sims))
	for w := range workers {
		g.Go(func() error {
			for i := w; ; i += workers {
				select {
				case <-stop:
					return nil
				case <-gctx.Done():
					return gctx.Err()
				default:
				}
				if i >= len(f.sims) {
					i = w
				}
				if err := f.sims[i].poll(f.conns[i], 0); err != nil {
					return err
				}
				polls.Add(1)
			}
		})
	}
	var orders *orderly
	if f.site != nil {
		orders = newOrderly(f.site, f.sims)
		g.Go(func() error { return orders.ask(gctx, stop, len(f.sims)/100) })
	}
	time.Sleep(time.Second) // warm: caches, pools, the other servers' last work
	cpu0, err := f.process.cpu()
	if err != nil {
		return round{}, err
	}
	began, polls0 := time.Now(), polls.Load()
	select {
	case <-time.After(idleDuration):
	case <-gctx.Done():
	}
	took, done := time.Since(began), polls.Load()-polls0
	cpu1, err := f.process.cpu()
	close(stop)
	if err := errors.Join(err, g.Wait()); err != nil {
		return round{}, err
	}
	r := round{rate: float64(done) / took.Seconds(), perOne: (cpu1 - cpu0) / time.Duration(max(done, 1))}
	if orders != nil {
		return r, orders.check(ctx, f)
	}
	return r, nil
}

// orderly asks devices where they are, and checks afterwards that each order was
// carried out and that the server knows of every device what is so.
type orderly struct {
	site *site
	sims []*sim

	mu    sync.Mutex
	asked []string
}

func newOrderly(s *site, sims []*sim) *orderly { return &orderly{site: s, sims: sims} }

// ask gives perSecond orders each second until stop is closed.
func (o *orderly) ask(ctx context.Context, stop <-chan struct{}, perSecond int) error {
	every := time.NewTicker(time.Second / time.Duration(max(perSecond, 1)))
	defer every.Stop()
	for {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
		id, err := o.site.order(ctx, o.sims[rand.IntN(len(o.sims))].serial)
		if errors.Is(err, errAlreadyOpen) {
			continue // the same device twice in a moment
		}
		if err != nil {
			return err
		}
		o.mu.Lock()
		o.asked = append(o.asked, id)
		o.mu.Unlock()
	}
}

// check lets every device report once more with a new battery level, and
// compares what the server says with what the devices are.
func (o *orderly) check(ctx context.Context, f *floor) error {
	for round := range 4 { // accepted, settled, succeeded, settled
		for i, s := range f.sims {
			if round == 0 {
				s.battery = 20 + rand.IntN(80)
			}
			if round == 0 || len(s.owed) > 0 {
				if err := s.poll(f.conns[i], 0); err != nil {
					return err
				}
			}
		}
	}
	for _, id := range o.asked {
		if state, err := o.site.commandState(ctx, id); err != nil || state != "succeeded" {
			return fmt.Errorf("order %s is %s, not succeeded (%w)", id, state, err)
		}
	}
	return o.site.knows(ctx, f.sims)
}
