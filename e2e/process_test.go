package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is one running program.
type process struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	out  output // standard output
	err  output // standard error: the log
	done chan struct{}
	// code is set when done is closed; -1: ended by a signal.
	code int
}

// launch starts a program. It is killed when the test ends, and its log is shown
// when the test failed.
func launch(t *testing.T, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(program) + " " + args[0], done: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(clean(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	// A child that held the output open would otherwise keep Wait from returning.
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		defer close(p.done)
		err := p.cmd.Wait()
		var exit *exec.ExitError
		if p.code = p.cmd.ProcessState.ExitCode(); err != nil && !errors.As(err, &exit) {
			p.code = -1
		}
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s\nand logged:\n%s", p.name, p.out.tail(), p.err.tail())
		}
	})
	return p
}

// clean is the environment without what would configure the programs.
func clean() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "WARDLINE_"), name == "STATE_DIRECTORY", strings.HasSuffix(strings.ToLower(name), "_proxy"):
		default:
			env = append(env, v)
		}
	}
	return env
}

// kill is kill -9: the program gets no chance to tidy up.
func (p *process) kill() {
	// It may have ended already.
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("send %v to %s: %v", s, p.name, err)
	}
}

// freeze stops the program as it stands, without its noticing, and returns when
// none of its threads runs any more; thaw lets it go on.
func (p *process) freeze() {
	p.t.Helper()
	p.signal(syscall.SIGSTOP)
	eventually(p.t, p.name+" is frozen", func() bool {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		for _, file := range threads {
			stat, err := os.ReadFile(file)
			// The state is the word behind the name, which stands in brackets.
			if _, rest, found := strings.Cut(string(stat), ") "); err != nil || !found || !strings.HasPrefix(rest, "T") {
				return false
			}
		}
		return err == nil && len(threads) > 0
	})
}

func (p *process) thaw() { p.t.Helper(); p.signal(syscall.SIGCONT) }

// wait returns the exit code.
func (p *process) wait(limit time.Duration) int {
	p.t.Helper()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.t.Fatalf("%s has not ended within %s", p.name, limit)
	}
	return p.code
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// saying waits until the program has printed text.
func (p *process) saying(text string) string {
	p.t.Helper()
	eventually(p.t, p.name+" says "+text, func() bool {
		if !p.running() {
			p.t.Fatalf("%s ended with code %d before it said %q", p.name, p.code, text)
		}
		return strings.Contains(p.out.String(), text)
	})
	return p.out.String()
}

// command runs a program to its end.
func command(t *testing.T, program string, env []string, args ...string) (code int, out, err string) {
	t.Helper()
	p := launch(t, program, env, args...)
	code = p.wait(patience)
	return code, p.out.String(), p.err.String()
}

// output collects what a program prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

const tailSize = 6000

func (o *output) tail() string {
	s := o.String()
	if len(s) > tailSize {
		s = "..." + s[len(s)-tailSize:]
	}
	return s
}
