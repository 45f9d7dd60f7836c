package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// suite is one way to run the tests.
type suite struct {
	race, short bool
	// run selects tests by name, packages what is tested; everything when empty.
	run      string
	packages []string
}

// drills are the tests that the race detector would make too slow (attacks through a
// weekend, every cell of the tables on a running server): they carry the
// build constraint !race.
func drills() suite { return suite{run: "^Test(Drill|EveryCell)", packages: []string{"./api"}} }

// raceDetector is the suite with the race detector, which needs a C compiler.
// Without one the tests run all the same; the missing compiler has been
// reported by peers, and counted under CI.
func raceDetector() suite {
	_, err := exec.LookPath("gcc")
	return suite{race: err == nil}
}

// atOnce is how many packages are tested at the same time: two processors are
// what the budget of 20 minutes is meant for.
const atOnce = "2"

func (r *run) goTest(ctx context.Context, s suite) error {
	args := []string{"test", "-json", "-p", atOnce, "-timeout", "18m", "-vet=off"}
	env := []string{"CGO_ENABLED=0"}
	if s.race {
		args, env = append(args, "-race"), []string{"CGO_ENABLED=1"}
	}
	if s.short {
		args = append(args, "-short")
	}
	if s.run != "" {
		args = append(args, "-run", s.run)
	}
	if s.packages == nil {
		s.packages = []string{"./..."}
	}
	cmd := r.command(ctx, env, "go", append(args, s.packages...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	watch := newWatch(&r.tally)
	readErr := watch.read(out)
	err = cmd.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case readErr != nil:
		return fmt.Errorf("read the output of go test: %w", readErr)
	case errors.As(err, &exit) && r.tally.failed == 0:
		r.tally.fail("go test", "it ended with "+exit.String()+" and named no failure")
		return nil
	case errors.As(err, &exit):
		return nil
	}
	return err
}

// event is a line of go test -json (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // in build-output and build-fail
	Test       string
	Output     string
	Elapsed    float64
}

// watch follows the tests while they run.
type watch struct {
	tally    *tally
	packages map[string]*packageRun
	builds   map[string]*strings.Builder
	lastLine time.Time
}

// packageRun is one package under test.
type packageRun struct {
	output  map[string]*strings.Builder // by test; "" is the package itself
	verdict map[string]string           // by test
	parents map[string]bool             // tests that have subtests
	began   map[string]time.Time        // tests under way
}

func newWatch(t *tally) *watch {
	return &watch{tally: t, packages: map[string]*packageRun{}, builds: map[string]*strings.Builder{}, lastLine: time.Now()}
}

// quietFor is how long nothing may be printed before the tests under way are.
const quietFor = 30 * time.Second

func (w *watch) read(out io.Reader) error {
	lines := make(chan []byte)
	result := make(chan error, 1)
	go func() {
		defer close(lines)
		in := bufio.NewReader(out)
		for {
			line, err := in.ReadBytes('\n')
			if len(line) > 0 {
				lines <- line
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = nil
				}
				result <- err
				return
			}
		}
	}()
	tick := time.NewTicker(quietFor / 3)
	defer tick.Stop()
	for {
		select {
		case line, more := <-lines:
			if !more {
				return <-result
			}
			w.line(line)
		case now := <-tick.C:
			w.sayWhatRuns(now)
		}
	}
}

func (w *watch) line(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Print(string(line))
		return
	}
	if e.ImportPath != "" {
		w.build(e)
		return
	}
	p := w.packages[e.Package]
	if p == nil {
		p = &packageRun{output: map[string]*strings.Builder{}, verdict: map[string]string{},
			parents: map[string]bool{}, began: map[string]time.Time{}}
		w.packages[e.Package] = p
	}
	switch e.Action {
	case "run":
		p.began[e.Test] = time.Now()
		for name := e.Test; ; {
			i := strings.LastIndexByte(name, '/')
			if i < 0 {
				break
			}
			name = name[:i]
			p.parents[name] = true
		}
	case "output":
		b := p.output[e.Test]
		if b == nil {
			b = &strings.Builder{}
			p.output[e.Test] = b
		}
		b.WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			w.packageDone(e, p)
			return
		}
		w.testDone(e, p)
	}
}

// build shows what a compiler said, once.
func (w *watch) build(e event) {
	switch e.Action {
	case "build-output":
		b := w.builds[e.ImportPath]
		if b == nil {
			b = &strings.Builder{}
			w.builds[e.ImportPath] = b
		}
		b.WriteString(e.Output)
	case "build-fail":
		if b := w.builds[e.ImportPath]; b != nil {
			fmt.Print(b.String())
		}
	}
}

func (w *watch) testDone(e event, p *packageRun) {
	p.verdict[e.Test] = e.Action
	delete(p.began, e.Test)
	if e.Action != "fail" {
		delete(p.output, e.Test)
	}
}

// packageDone counts a package's tests and shows its failures. Only tests
// without subtests count, so that nothing is counted twice; a parent that failed
// by itself counts too, and so does a package that failed without naming a test.
func (w *watch) packageDone(e event, p *packageRun) {
	passed, failed, skipped := 0, 0, 0
	childFailed := map[string]bool{}
	for name, verdict := range p.verdict {
		if verdict != "fail" {
			continue
		}
		for i := strings.LastIndexByte(name, '/'); i >= 0; i = strings.LastIndexByte(name, '/') {
			name = name[:i]
			childFailed[name] = true
		}
	}
	for name, verdict := range p.verdict {
		switch {
		case verdict == "fail" && !childFailed[name]:
			failed++
			w.tally.fail(e.Package+" "+name, p.text(name))
		case p.parents[name]:
		case verdict == "pass":
			passed++
		case verdict == "skip":
			skipped++
		}
	}
	if e.Action == "fail" && failed == 0 {
		failed++
		w.tally.fail(e.Package, p.text(""))
	}
	w.tally.passed += passed
	w.tally.skipped += skipped
	w.lastLine = time.Now()
	word := "ok"
	if e.Action == "fail" {
		word = "FAIL"
	}
	if passed+failed+skipped > 0 {
		counts := fmt.Sprintf("%d tests", passed+failed+skipped)
		if skipped > 0 {
			counts += fmt.Sprintf(", %d skipped", skipped)
		}
		fmt.Printf("%-5s %-60s %6.1fs  %s\n", word, e.Package, e.Elapsed, counts)
	}
	delete(w.packages, e.Package)
}

// text is what a failed test said: its parents' words first, since helpers that
// fail outside of a subtest write there, and the package's for a panic.
func (p *packageRun) text(name string) string {
	var b strings.Builder
	for i, c := range name {
		if c == '/' {
			b.WriteString(said(p.output[name[:i]]))
		}
	}
	b.WriteString(said(p.output[name]))
	if b.Len() == 0 || name == "" || strings.Contains(said(p.output[""]), "panic") {
		b.WriteString(said(p.output[""]))
	}
	return b.String()
}

func said(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	return b.String()
}

// sayWhatRuns shows that something is still under way when nothing else did.
func (w *watch) sayWhatRuns(now time.Time) {
	if now.Sub(w.lastLine) < quietFor {
		return
	}
	w.lastLine = now
	for name, p := range w.packages {
		for test, began := range p.began {
			if !p.parents[test] {
				fmt.Printf("...   %s %s (%.0fs)\n", name, test, now.Sub(began).Seconds())
			}
		}
	}
}
