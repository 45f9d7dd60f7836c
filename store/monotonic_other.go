//go:build !linux

package store

import "time"

var processStart = time.Now()

// sinceBoot is the time since this process started, by the clock that nobody can
// set.
func sinceBoot() time.Duration { return time.Since(processStart) }
