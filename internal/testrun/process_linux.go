package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startTied starts a process that the kernel ends when this one does, even by
// kill -9. The tie is to the thread that started it, so that thread is kept.
func startTied(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {} // keeps the thread, and with it the tie, for as long as we live
	}()
	return <-started
}
