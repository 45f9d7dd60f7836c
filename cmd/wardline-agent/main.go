// Command wardline-agent is the reference agent for Linux handhelds: it enrolls
// the machine it runs on and then polls for ever. What it does with an order is
// in package agent/linuxdriver.
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
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"

	"wardline/agent"
	"wardline/agent/linuxdriver"
	"wardline/device"
)

// Exit codes, the same as those of wardline.
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

	Enroll   enrollCmd   `cmd:"" help:"Enroll this machine with the code of an invitation."`
	Run      runCmd      `cmd:"" help:"Poll and obey until told to stop."`
	Simulate simulateCmd `cmd:"" help:"Run many simulated devices of one delivery in this process."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// machine is what both verbs need to know of the machine.
type machine struct {
	connectFlags `embed:""`
	State        string           `help:"Folder for the key, the certificate and the journal; created with mode 0700." type:"path" default:"${state}" placeholder:"DIR"`
	Serial       string           `help:"The maker's serial number; default: as the firmware says."`
	Interface    string           `help:"Wireless interface; default: the first one." placeholder:"NAME"`
	WorkData     string           `help:"Folder with the hospital's data, for remove_work_data and wipe." placeholder:"DIR"`
	AllowWipe    bool             `help:"Let a wipe remove the work data and this agent's identity."`
	AllowRestart bool             `help:"Let the machine be restarted."`
	Applies      []device.Subkind `help:"Kinds of configuration that another program on this machine applies from the state folder: wifi, trust, policy, apps." placeholder:"KIND"`
}

func (m machine) options(log *slog.Logger) (agent.Options, error) {
	driver, err := linuxdriver.New(linuxdriver.Config{
		Folder: filepath.Join(m.State, "device"), Serial: m.Serial, Interface: m.Interface,
		WorkData: m.WorkData, AllowWipe: m.AllowWipe, AllowRestart: m.AllowRestart, Applies: m.Applies,
		Version: version(), Log: log,
	})
	if err != nil {
		return agent.Options{}, err
	}
	dial, err := m.dial()
	if err != nil {
		return agent.Options{}, err
	}
	return agent.Options{StateDir: m.State, Driver: driver, Dial: dial, Log: log}, nil
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
		kong.Name("wardline-agent"),
		kong.Description("Wardline's agent for Linux handhelds."),
		kong.DefaultEnvars("WARDLINE"),
		kong.Configuration(kongyaml.Loader, "/etc/wardline/agent.yaml"),
		kong.Vars{"state": defaultState()},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code; panic(helpShown{}) }),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
	)
	if err != nil {
		fmt.Fprintln(stderr, "wardline-agent:", err)
		return exitError
	}
	parsed, err := parse(parser, args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintln(stderr, "wardline-agent:", err)
		fmt.Fprintln(stderr, "Try: wardline-agent --help")
		return exitUsage
	}
	parsed.Bind(newLogger(c, stderr))
	err = parsed.Run()
	if err != nil {
		fmt.Fprintln(stderr, "wardline-agent:", err)
	}
	return exitCode(err)
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

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, agent.ErrEnrollmentRefused):
		return exitRefused
	case errors.Is(err, agent.ErrWaitsForApproval):
		return exitWaitingApproval
	case errors.Is(err, context.DeadlineExceeded):
		return exitNotReached
	}
	return exitError
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

// defaultState is the state folder when --state is not given.
func defaultState() string {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir // set by systemd
	}
	if os.Geteuid() == 0 {
		return "/var/lib/wardline-agent"
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "wardline-agent"
	}
	return filepath.Join(home, ".local", "share", "wardline-agent")
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "wardline-agent", version())
	return err
}

// version is what the Go toolchain recorded about this build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}
