package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// lifecycle remembers how to stop what has been started, in order. A start that
// fails half-way is rolled back by the same stop that a whole one is ended with.
type lifecycle struct {
	mu    sync.Mutex
	stops []stopper
}

type stopper struct {
	name string
	stop func(context.Context) error
}

// started says that name runs now and how it is stopped.
func (l *lifecycle) started(name string, stop func(context.Context) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stops = append(l.stops, stopper{name, stop})
}

// stop stops everything in reverse order, once. It goes on after an error and
// returns all of them.
func (l *lifecycle) stop(ctx context.Context) error {
	l.mu.Lock()
	stops := l.stops
	l.stops = nil
	l.mu.Unlock()
	var errs []error
	for i := len(stops) - 1; i >= 0; i-- {
		if err := stops[i].stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", stops[i].name, err))
		}
	}
	return errors.Join(errs...)
}

// loop is a background step that is done again and again.
type loop struct {
	name  string
	every time.Duration
	step  func(context.Context) error
}

// pause spreads the steps of replicas: it is between 0.8 and 1.2 of every.
func (l loop) pause() time.Duration {
	return time.Duration(float64(l.every) * (0.8 + 0.4*rand.Float64()))
}

// startLoop runs l until it is stopped. A failing step is logged when it begins
// to fail and when it works again, not each time.
func (c *lifecycle) startLoop(l loop, log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		failing := false
		for {
			err := l.step(ctx)
			switch {
			case err != nil && ctx.Err() == nil && !failing:
				log.Error("background work fails and is tried again", "loop", l.name, "error", err)
				failing = true
			case err == nil && failing:
				log.Info("background work goes on", "loop", l.name)
				failing = false
			}
			timer := time.NewTimer(l.pause())
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}()
	c.started(l.name, func(context.Context) error {
		cancel()
		<-done
		return nil
	})
}
