package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"

	"wardline/internal/fault"
)

// Exit codes of the command line (docs/api.md).
const (
	exitDone            = 0
	exitError           = 1
	exitUsage           = 2
	exitRefused         = 3
	exitWaitingApproval = 4
	exitNotReached      = 5
)

type cli struct {
	Config    kong.ConfigFlag `help:"YAML file with the same keys as the flags." placeholder:"FILE" env:"WARDLINE_CONFIG"`
	LogFormat string          `help:"Log as text or json." enum:"text,json" default:"text"`
	LogLevel  string          `help:"Log debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`

	Serve   serveCmd   `cmd:"" group:"On the server:" help:"Run the server."`
	Demo    demoCmd    `cmd:"" group:"On the server:" help:"Run a complete simulated hospital on this machine."`
	User    userCmd    `cmd:"" group:"On the server:" help:"Accounts: the first admin."`
	Recover recoverCmd `cmd:"" group:"On the server:" help:"The way out of a lock-out: bring an account back, an hour later, with a code from the sealed envelope."`
	Backup  backupCmd  `cmd:"" group:"On the server:" help:"Write a backup, also while the server runs."`
	Restore restoreCmd `cmd:"" group:"On the server:" help:"Put a backup back: begin a new epoch, frozen, with a list of what was lost."`
	Keys    keysCmd    `cmd:"" group:"On the server:" help:"The master key that seals secrets at rest: make one, replace it."`
	CA      caCmd      `cmd:"" name:"ca" group:"On the server:" help:"The certificate authority: certificates and fingerprint."`
	Audit   auditCmd   `cmd:"" group:"On the server:" help:"The audit log: verify its chain."`
	Doctor  doctorCmd  `cmd:"" group:"On the server:" help:"Check addresses, database, clock, disk and certificates, and say what to do."`
	Health  healthCmd  `cmd:"" group:"On the server:" help:"Ask a running server whether it is ready; for health checks."`
	Version versionCmd `cmd:"" group:"On the server:" help:"Print the version."`

	cliVerbs
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses args, does what they say and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("wardline"),
		kong.Description("Mobile device management for a hospital's infusion pumps and staff phones."),
		kong.DefaultEnvars("WARDLINE"),
		kong.Configuration(kongyaml.Loader, "/etc/wardline/wardline.yaml"),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code; panic(helpShown{}) }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(terminal{out: stdout, err: stderr}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "wardline:", err)
		return exitError
	}
	parsed, err := parse(parser, args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintln(stderr, "wardline:", err)
		fmt.Fprintln(stderr, "Try: wardline --help")
		return exitUsage
	}
	parsed.Bind(newLogger(c, stderr))
	return exitCode(parsed.Run(), stderr)
}

// helpShown unwinds kong after --help, which has printed all there is to say.
type helpShown struct{}

func parse(parser *kong.Kong, args []string) (k *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, help := r.(helpShown); !help {
				panic(r)
			}
		}
	}()
	return parser.Parse(args)
}

// terminal is where a command prints.
type terminal struct{ out, err io.Writer }

// exitError carries an exit code with an error; a nil cause prints nothing.
type exitStatus struct {
	code  int
	cause error
}

func (e exitStatus) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.cause.Error()
}

func (e exitStatus) Unwrap() error { return e.cause }

func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitDone
	}
	var status exitStatus
	if errors.As(err, &status) {
		if status.cause != nil {
			printError(stderr, status.cause)
		}
		return status.code
	}
	printError(stderr, err)
	if f, ok := fault.As(err); ok && f.Code.Category == fault.Refused {
		return exitRefused
	}
	return exitError
}

// printError prints a fault as its sentence and what to do; anything else as it is.
func printError(w io.Writer, err error) {
	f, ok := fault.As(err)
	if !ok {
		fmt.Fprintln(w, "wardline:", err)
		return
	}
	fmt.Fprintf(w, "wardline: %s\n", f.Detail)
	for _, field := range f.Fields {
		fmt.Fprintf(w, "  %s: %s\n", field.Name, field.Detail)
	}
	if f.Code.Help != "" {
		fmt.Fprintf(w, "%s\n", f.Code.Help)
	}
}

func newLogger(c cli, w io.Writer) *slog.Logger {
	var level slog.Level
	// The parser has checked the value.
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// defaultData is the data folder when --data is not given.
func defaultData(name string) string {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir // set by systemd
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return name
	}
	return filepath.Join(home, ".local", "share", name)
}
