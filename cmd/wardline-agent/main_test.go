package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodesSayWhatHappened(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a flag that does not exist": {[]string{"run", "--fast"}, exitUsage, "unknown flag"},
		"no verb":                    {nil, exitUsage, "expected"},
		"help":                       {[]string{"enroll", "--help"}, exitDone, "--ca-fingerprint"},
		"version":                    {[]string{"version"}, exitDone, "wardline-agent"},
		"not enrolled":               {[]string{"run", "--state", state}, exitError, "wardline-agent enroll"},
		"no https": {[]string{"enroll", "--state", state, "--serial", "S", "--server", "http://x", "--code", "A"},
			exitError, "https://"},
		"a link that is none": {[]string{"enroll", "--state", state, "--link", "https://x/y"}, exitError, "QR code"},
		"nobody there": {[]string{"enroll", "--state", state, "--serial", "S", "--server", "https://127.0.0.1:1", "--code", "A", "--patience", "50ms"},
			exitNotReached, "127.0.0.1:1"},
		"a wait that is too long": {[]string{"run", "--state", state, "--wait", "2m"}, exitError, "55s"},
	} {
		var out, errs bytes.Buffer
		code := run(context.Background(), c.args, &out, &errs)
		if said := out.String() + errs.String(); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit %d (want %d), said:\n%s", name, code, c.code, said)
		}
	}
}
