package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardline/audit"
	"wardline/commands"
	"wardline/internal/fault"
)

func codeIs(err error, name string) bool {
	f, ok := fault.As(err)
	return ok && f.Code.Name == name
}

// restFreeze is the freeze that a restore begins with.
func restFreeze(t *testing.T, a *App, epoch int) commands.Freeze {
	t.Helper()
	all, err := a.commands.Freezes(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range all {
		if z.Cause == commands.CauseRestore && z.Lost != nil && z.Lost.Epoch == epoch {
			return z
		}
	}
	t.Fatalf("no freeze by epoch %d among %d", epoch, len(all))
	return commands.Freeze{}
}

func remark(t *testing.T, a *App, times int) {
	t.Helper()
	for range times {
		if err := a.store.Record(t.Context(), audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "test"}, Action: "remark.made"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABackupIsPutBackFrozenAndAnOldDatabaseIsKnownForOne(t *testing.T) {
	o := loopback(t)
	var out bytes.Buffer
	o.Out = &out
	file := filepath.Join(t.TempDir(), "backup.tar.gz")
	a := start(t, o)
	var b LocalBackup
	if err := Local(t.Context(), o, "/backup", LocalBackup{File: file}, &b); err != nil {
		t.Fatal(err)
	}
	if err := Local(t.Context(), o, "/backup", LocalBackup{File: file}, &b); !codeIs(err, "backup_impossible") {
		t.Errorf("written over: %v", err)
	}
	remark(t, a, 7)
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}

	// What cannot be put back is refused before anything is touched.
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.tar.gz")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), o, cut, true); !codeIs(err, "not_a_backup") {
		t.Errorf("a cut backup: %v", err)
	}
	if _, err := Restore(t.Context(), o, file, false); !codeIs(err, "database_there") {
		t.Errorf("over a database that is there: %v", err)
	}
	elsewhere := o
	elsewhere.Data = filepath.Join(t.TempDir(), "new")
	if _, err := Restore(t.Context(), elsewhere, file, false); !codeIs(err, "master_key_missing") {
		t.Errorf("without the master key: %v", err)
	}

	epoch, err := Restore(t.Context(), o, file, true)
	if err != nil || epoch != 2 {
		t.Fatalf("epoch %d: %v", epoch, err)
	}
	if !strings.Contains(out.String(), "epoch 2 begins, and the server is frozen") {
		t.Errorf("it says:\n%s", out.String())
	}
	a = start(t, o)
	if z := restFreeze(t, a, 2); z.Lost.Links < 7 || !z.Lost.CRLKnown {
		t.Errorf("the list: %+v", z.Lost)
	}
	kept, err := filepath.Glob(filepath.Join(o.Data, "wardline.db.before-*"))
	if err != nil || len(kept) == 0 {
		t.Error("the database from before is not kept")
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}

	// Somebody copies yesterday's file into its place and starts the server.
	database := filepath.Join(o.Data, "wardline.db")
	yesterday, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	a = start(t, o)
	if a.anchor.begun != 0 {
		t.Error("an ordinary start begins an epoch")
	}
	remark(t, a, 3)
	if err := a.keepAnchor(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(database, yesterday, 0o600); err != nil {
		t.Fatal(err)
	}
	a = start(t, o)
	if z := restFreeze(t, a, 3); !strings.Contains(z.Reason, "audit log ends") {
		t.Errorf("it is frozen because: %s", z.Reason)
	}
}
