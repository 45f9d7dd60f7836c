package api

import "sync/atomic"

// streams counts open event streams.
type streams struct{ open atomic.Int64 }

func (s *streams) enter(most int64) bool {
	if s.open.Add(1) > most {
		s.open.Add(-1)
		return false
	}
	return true
}

func (s *streams) leave() { s.open.Add(-1) }
