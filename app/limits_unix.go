//go:build unix

package app

import "syscall"

// openFiles raises the soft limit on open files to the hard one, as the Go
// runtime does too, and returns it: one held poll needs one.
func openFiles() uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 1024
	}
	if l.Cur < l.Max {
		raised := syscall.Rlimit{Cur: l.Max, Max: l.Max}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err == nil {
			l.Cur = l.Max
		}
	}
	return l.Cur
}
