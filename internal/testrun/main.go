package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// run is what one invocation knows.
type run struct {
	// ci makes a missing peer a failure; install allows apt-get.
	ci, install bool
	// env is what child processes get.
	env []string
	// tally counts what passed and failed.
	tally tally
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command(ctx, os.Args[1:])
	stop()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.Is(err, errFailed):
		os.Exit(1)
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		os.Exit(exit.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(1)
	}
}

// errFailed says that something failed which has been reported already.
var errFailed = errors.New("failed")

func command(ctx context.Context, args []string) error {
	name := "test"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	r := &run{ci: os.Getenv("CI") == "true", env: os.Environ()}
	flags := flag.NewFlagSet("testrun "+name, flag.ContinueOnError)
	flags.BoolVar(&r.install, "install", r.ci, "install missing Debian packages (needs root; the default under CI)")
	fuzzTime := flags.String("fuzztime", envOr("FUZZTIME", "10m"), "how long each fuzz target runs")
	if name == "bench" {
		args = append([]string{"--"}, args...) // they are the bench's own
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch name {
	case "test":
		return r.test(ctx)
	case "short":
		return r.short(ctx)
	case "console":
		return errors.Join(r.console(ctx), r.tally.end())
	case "lint":
		r.lint(ctx)
		return r.tally.end()
	case "fuzz":
		return r.fuzz(ctx, *fuzzTime)
	case "bench":
		return r.withPostgres(ctx, durable, func(ctx context.Context) error {
			return r.passThrough(ctx, append([]string{"go", "run", "./bench"}, flags.Args()...))
		})
	case "exec":
		if flags.NArg() == 0 {
			return errors.New("exec needs a command: testrun exec -- go test ./store/")
		}
		return r.withPostgres(ctx, forTests, func(ctx context.Context) error { return r.passThrough(ctx, flags.Args()) })
	}
	return fmt.Errorf("there is no command %q: test, short, console, lint, fuzz, bench, exec", name)
}

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// test is the whole of `make test`.
func (r *run) test(ctx context.Context) error {
	r.peers(ctx)
	r.lint(ctx)
	r.check(ctx, "static build (CGO_ENABLED=0)", r.command(ctx, []string{"CGO_ENABLED=0"}, "go", "build", "./..."))
	err := r.withPostgres(ctx, forTests, func(ctx context.Context) error {
		s := raceDetector()
		err := r.goTest(ctx, s)
		if s.race { // without it they were among the others
			err = errors.Join(err, r.goTest(ctx, drills()))
		}
		return err
	})
	err = errors.Join(err, r.console(ctx))
	return errors.Join(err, r.tally.end())
}

// short is what one runs while working.
func (r *run) short(ctx context.Context) error {
	err := r.withPostgres(ctx, forTests, func(ctx context.Context) error {
		return r.goTest(ctx, suite{short: true})
	})
	return errors.Join(err, r.tally.end())
}

// lint is what needs no running program.
func (r *run) lint(ctx context.Context) {
	r.check(ctx, "gofmt", r.gofmt(ctx))
	r.check(ctx, "go vet", r.command(ctx, nil, "go", "vet", "./..."))
	r.check(ctx, "staticcheck", r.command(ctx, nil, "go", "tool", "staticcheck", "./..."))
}

// withPostgres runs f with WARDLINE_TEST_POSTGRES set, on a server that is gone
// afterwards. Without PostgreSQL it runs f all the same outside CI: the tests
// that need it say so and are skipped.
func (r *run) withPostgres(ctx context.Context, mode serverMode, f func(context.Context) error) error {
	if os.Getenv(serverVariable) != "" {
		fmt.Println("PostgreSQL: the server that " + serverVariable + " names")
		return f(ctx)
	}
	server, err := startPostgres(ctx, mode)
	if errors.Is(err, errNoPostgres) {
		// peers has counted it under CI.
		fmt.Println("PostgreSQL: " + err.Error())
		return f(ctx)
	}
	if err != nil {
		r.tally.fail("start PostgreSQL", err.Error())
		return f(ctx)
	}
	defer server.stop()
	fmt.Printf("PostgreSQL: %s, %s\n", server.version, server.address)
	r.env = append(r.env, serverVariable+"="+server.address)
	return f(ctx)
}
