package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	report  *report
	dir     string // everything temporary
	devices int
	engines *regexp.Regexp
	run     *regexp.Regexp
	keys    string
	// within is how long the shift change lasts.
	within time.Duration
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "bare" {
		exit(serveBare())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := measure(ctx, os.Args[1:])
	stop()
	exit(err)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	run := flags.String("run", "", "which scenarios, as a pattern: idle, scep, held, lists, shift")
	within := flags.Duration("within", 10*time.Minute, "how long the shift change lasts")
	engines := flags.String("engine", "", "which engines, as a pattern: sqlite, postgres")
	devices := flags.Int("devices", 10_000, "how many devices; as many descriptors are needed by the server and by the generator")
	out := flags.String("out", "", "file for the raw output, such as docs/performance/2026-03-02.txt")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &bench{devices: *devices, within: *within, keys: filepath.Join("build", "bench", "keys-"+strconv.Itoa(deviceKeyBits))}
	if b.run, err = regexp.Compile(*run); err != nil {
		return err
	}
	if b.engines, err = regexp.Compile(*engines); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "wardline-bench-"); err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(b.dir)
			return
		}
		fmt.Println("the servers' logs are in", b.dir)
	}()
	var closeReport func() error
	if b.report, closeReport, err = newReport(*out); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeReport()) }()
	b.report.machine(ctx, args)
	return b.scenarios(ctx)
}

// scenarios runs what was asked for. Each engine's server stays up for all of
// them, except that SCEP gets a fresh one, since it starts at no certificate.
func (b *bench) scenarios(ctx context.Context) (err error) {
	if err := buildServer(ctx, b.dir); err != nil {
		return err
	}
	if b.run.MatchString("scep") {
		b.report.say("\n== openssl speed, for comparison")
		b.report.say("%s", output(ctx, "openssl", "speed", "-seconds", "3", "rsa2048", "rsa3072"))
		if err := b.each(ctx, b.scep); err != nil {
			return err
		}
	}
	if b.run.MatchString("lists") {
		if err := b.each(ctx, b.lists); err != nil {
			return err
		}
	}
	if b.run.MatchString("shift") {
		if err := b.each(ctx, b.shiftChange); err != nil {
			return err
		}
	}
	var sites []*site
	defer func() {
		for _, s := range sites {
			err = errors.Join(err, s.stop())
		}
	}()
	if b.run.MatchString("idle") {
		for _, engine := range b.chosenEngines() {
			s, err := b.startSite(ctx, engine)
			if err != nil {
				return err
			}
			sites = append(sites, s)
		}
		if err := b.idle(ctx, sites); err != nil {
			return err
		}
		for _, s := range sites {
			if err := s.stop(); err != nil {
				return err
			}
		}
		sites = nil
	}
	if b.run.MatchString("held") {
		return b.each(ctx, b.held)
	}
	return nil
}

// each runs a scenario on a fresh server for each engine, one at a time.
func (b *bench) each(ctx context.Context, scenario func(context.Context, *site) error) error {
	for _, engine := range b.chosenEngines() {
		s, err := b.startSite(ctx, engine)
		if err != nil {
			return err
		}
		if err := errors.Join(scenario(ctx, s), s.stop()); err != nil {
			return fmt.Errorf("on %s: %w", engine, err)
		}
	}
	return nil
}

func (b *bench) chosenEngines() []string {
	var chosen []string
	for _, e := range []string{"sqlite", "postgres"} {
		if b.engines.MatchString(e) {
			chosen = append(chosen, e)
		}
	}
	return chosen
}

func buildServer(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", filepath.Join(dir, "wardline"), "./cmd/wardline")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return nil
}

// untilReady asks again until f says yes.
func untilReady(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return err
		}
	}
}
