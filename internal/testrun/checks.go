package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// command prepares a child process in a process group of its own, so that when
// we are told to end, it and everything it started end too.
func (r *run) command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(append([]string{}, r.env...), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 15 * time.Second
	return cmd
}

// passThrough runs a command with our own output.
func (r *run) passThrough(ctx context.Context, args []string) error {
	cmd := r.command(ctx, nil, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// check runs one command whose output matters only when it fails, counts it, and
// says whether it passed.
func (r *run) check(ctx context.Context, name string, cmd *exec.Cmd) bool {
	if ctx.Err() != nil {
		return false
	}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began).Seconds()
	if err != nil || (name == "gofmt" && len(bytes.TrimSpace(out)) > 0) {
		r.tally.fail(name, string(out))
		return false
	}
	r.tally.pass()
	fmt.Printf("ok    %-60s %6.1fs\n", name, took)
	return true
}

// gofmt lists the files that are not formatted.
func (r *run) gofmt(ctx context.Context) *exec.Cmd {
	return r.command(ctx, nil, "gofmt", append([]string{"-l"}, goFiles()...)...)
}

func goFiles() []string {
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch name := d.Name(); {
		case d.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "build"):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, ".go"):
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun: list Go files:", err)
	}
	return files
}

// tally counts checks and tests.
type tally struct {
	passed, failed, skipped int
	// names are the failures, to be listed at the end.
	names []string
}

func (t *tally) pass() { t.passed++ }

// fail counts a failure and shows what it said.
func (t *tally) fail(name, output string) {
	t.failed++
	t.names = append(t.names, name)
	fmt.Printf("FAIL  %s\n%s\n", name, strings.TrimRight(output, "\n"))
}

// end prints the last line, and returns errFailed when anything failed.
func (t *tally) end() error {
	if len(t.names) > 0 {
		fmt.Println("\nFailed:")
		for _, n := range t.names {
			fmt.Println("  " + n)
		}
	}
	line := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		line += fmt.Sprintf(", %d skipped", t.skipped)
	}
	fmt.Println(line)
	if t.failed > 0 {
		return errFailed
	}
	return nil
}
