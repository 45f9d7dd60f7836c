package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report prints to the terminal and keeps the same in a file.
type report struct{ out io.Writer }

func newReport(file string) (*report, func() error, error) {
	if file == "" {
		return &report{os.Stdout}, func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, nil, err
	}
	return &report{io.MultiWriter(os.Stdout, f)}, f.Close, nil
}

func (r *report) say(format string, args ...any) { fmt.Fprintf(r.out, format+"\n", args...) }

// machine says what all figures depend on.
func (r *report) machine(ctx context.Context, args []string) {
	r.say("command   make bench ARGS=%q", strings.Join(args, " "))
	r.say("commit    %s", output(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12"))
	r.say("date      %s", time.Now().UTC().Format(time.RFC3339))
	r.say("go        %s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	r.say("cpu       %d x %s", runtime.NumCPU(), cpuModel())
	r.say("kernel    %s", output(ctx, "uname", "-sr"))
	r.say("openssl   %s", output(ctx, "openssl", "version"))
	r.say("load      %s", strings.TrimSpace(readFile("/proc/loadavg")))
}

func output(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

func readFile(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	return string(text)
}

func cpuModel() string {
	for line := range strings.Lines(readFile("/proc/cpuinfo")) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// percentile of durations: the smallest that p of them do not exceed.
func percentile(all []time.Duration, p float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	i := int(p*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }
