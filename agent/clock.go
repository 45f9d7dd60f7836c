package agent

import (
	"sync"
	"time"
)

// serverClock is the device's idea of the server's time. The device's own wall
// clock may be wrong by years: it is used only until the server has been heard.
// From then on it is the time the server said on this connection plus what the
// monotonic clock counted since, and never less than any signed server time that
// was ever seen.
type serverClock struct {
	mu sync.Mutex
	// wall is the device's wall clock.
	wall func() time.Time
	// said is what the server said, and heard when, by the monotonic clock.
	said, heard time.Time
	// floor is the latest signed server time that was ever seen.
	floor time.Time
}

// now returns the best estimate of the server's time.
func (c *serverClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.wall()
	if !c.said.IsZero() {
		t = c.said.Add(time.Since(c.heard))
	}
	if t.Before(c.floor) {
		t = c.floor
	}
	return t.UTC()
}

// known reports whether the server has been heard since the start.
func (c *serverClock) known() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.said.IsZero()
}

// set takes the server's word from an answer over the pinned connection. It may
// go back: an earlier answer may have been wrong.
func (c *serverClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said, c.heard = t, time.Now()
}

// raise lifts the floor to a signed time.
func (c *serverClock) raise(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.floor) {
		c.floor = t
	}
}
