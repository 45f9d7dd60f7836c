package api

import (
	"sync"
	"sync/atomic"
)

// streams counts open event streams, and ends them when the server stops.
type streams struct {
	open  atomic.Int64
	once  sync.Once
	ended chan struct{}
}

// Drain ends every event stream at once and lets none begin: they would hold the
// server's stop for as long as their readers stay. Readers come back by
// themselves, to this server once it is up again, or to another one.
func (a *API) Drain() { a.streams.once.Do(func() { close(a.streams.ended) }) }

func (s *streams) enter(most int64) bool {
	if s.open.Add(1) > most {
		s.open.Add(-1)
		return false
	}
	return true
}

func (s *streams) leave() { s.open.Add(-1) }
