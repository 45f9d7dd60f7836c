package api

import (
	"context"
	"sync"
	"time"
)

// numbersKept is how old the numbers of an overview may be when they are shown
// again: many screens ask at once when something happens.
const numbersKept = 3 * time.Second

// numbers remembers, for a few seconds, what was counted for each scope, and
// counts once for all who ask at the same time.
type numbers struct {
	mu sync.Mutex
	of map[string]*scopeNumbers
}

type scopeNumbers struct {
	mu      sync.Mutex
	counted counted
	at      time.Time
}

func (n *numbers) recent(ctx context.Context, scope string, now time.Time, count func(context.Context) (counted, error)) (counted, error) {
	s := n.scope(scope)
	s.mu.Lock()
	defer s.mu.Unlock()
	if age := now.Sub(s.at); age >= 0 && age < numbersKept {
		return s.counted, nil
	}
	c, err := count(ctx)
	if err != nil {
		return counted{}, err
	}
	s.counted, s.at = c, now
	return c, nil
}

// mostScopes bounds what is remembered; past it everything is counted anew.
const mostScopes = 200

func (n *numbers) scope(name string) *scopeNumbers {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.of == nil || len(n.of) >= mostScopes {
		n.of = map[string]*scopeNumbers{}
	}
	s := n.of[name]
	if s == nil {
		s = &scopeNumbers{}
		n.of[name] = s
	}
	return s
}
