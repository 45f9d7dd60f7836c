package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// onHost runs the command line on the server's own host, with no server running.
func onHost(t *testing.T, data string, args ...string) (code int, out string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append(args, "--data", data), &stdout, &stderr)
	return code, stdout.String() + stderr.String()
}

// The hour itself passes where a clock can be moved: store/storetest.
func TestALockedOutAdministratorAsksOnTheHostWithACodeFromTheEnvelope(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	t.Setenv("WARDLINE_PASSWORD", "seven green bicycles")
	status, out := onHost(t, data, "user", "create", "anna")
	codes := regexp.MustCompile(`(?m)^  ([A-Z]{4}-[A-Z]{4}-[A-Z]{4})$`).FindAllStringSubmatch(out, -1)
	if status != exitDone || len(codes) != 10 {
		t.Fatalf("user create answers %d with %d codes: %s", status, len(codes), out)
	}
	says := func(wantStatus int, want string, args ...string) string {
		t.Helper()
		status, out := onHost(t, data, args...)
		if status != wantStatus || !strings.Contains(out, want) {
			t.Fatalf("wardline %s answers %d and says %q, want %d and %q", strings.Join(args, " "), status, out, wantStatus, want)
		}
		return out
	}
	says(exitDone, "No recovery runs", "recover", "status")
	says(exitError, "no code of the newest set", "recover", "--user", "anna", "--code", "BCDF-GHJK-LMNP")
	says(exitError, "no such account", "recover", "--user", "bert", "--code", codes[0][1])
	says(exitDone, "The recovery of anna waits until", "recover", "--user", "anna", "--code", strings.ToLower(codes[0][1]))
	says(exitDone, "A recovery of anna was asked for", "recover", "status")
	says(exitError, "not ready before", "recover", "finish")
	says(exitDone, "Cancelled the recovery of anna", "recover", "cancel")
	says(exitError, "No recovery runs", "recover", "finish")
	says(exitError, "no code of the newest set", "recover", "--user", "anna", "--code", codes[0][1])
	out = says(exitDone, "Codes for the way out", "recover", "codes", "--new", "--code", codes[1][1])
	says(exitError, "no code of the newest set", "recover", "--user", "anna", "--code", codes[2][1])
	fresh := regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}-[A-Z]{4}`).FindString(out)
	says(exitDone, "The recovery of anna waits until", "recover", "--user", "anna", "--code", fresh)
}
