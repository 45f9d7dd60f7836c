package store

import (
	"time"

	"golang.org/x/sys/unix"
)

var processStart = time.Now()

// sinceBoot is the time since the machine started, also while it slept. Nobody
// can set it.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Since(processStart)
	}
	return time.Duration(ts.Nano())
}
