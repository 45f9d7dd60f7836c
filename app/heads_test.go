package app

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestASignedHeadLeavesTheMachineAndProvesTheLogLater(t *testing.T) {
	o := loopback(t)
	o.HeadsTo = t.TempDir()
	a := start(t, o)
	var kept string
	for deadline := time.Now().Add(20 * time.Second); kept == ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no head was sent")
		}
		raw, _ := os.ReadFile(filepath.Join(o.HeadsTo, HeadsFile)) // it is not there at first
		if strings.HasSuffix(string(raw), "\n") {
			kept = strings.TrimSpace(string(raw))
		}
	}
	remark(t, a, 2)
	var v LocalVerified
	if err := Local(t.Context(), o, "/audit/verify", map[string]string{"head": kept}, &v); err != nil || v.Broken != "" || !v.Outside {
		t.Errorf("%+v, %v", v, err)
	}
	var list []LocalHead
	if err := Local(t.Context(), o, "/audit/heads", map[string]int{"limit": 5}, &list); err != nil || len(list) != 1 || list[0].JWS != kept {
		t.Errorf("%d heads are listed (%v)", len(list), err)
	}
	if err := Local(t.Context(), o, "/audit/verify", map[string]string{"head": kept[:len(kept)-4] + "AAAA"}, &v); !codeIs(err, "invalid_input") {
		t.Errorf("a head that somebody changed: %v", err)
	}
	// Somebody who owns the database cuts the end off, and moves the head back.
	head, err := a.OpenHead(kept)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	cutAfter(t, filepath.Join(o.Data, databaseFile), head.Seq-1)
	if err := os.Remove(filepath.Join(o.Data, "anchor.json")); err != nil {
		t.Fatal(err)
	}
	if err := Local(t.Context(), o, "/audit/verify", map[string]string{}, &v); err != nil || v.Broken != "" {
		t.Errorf("without a head from outside nobody can tell: %+v, %v", v, err)
	}
	if err := Local(t.Context(), o, "/audit/verify", map[string]string{"head": kept}, &v); err != nil || !strings.Contains(v.Broken, "broken at link") {
		t.Errorf("a cut end: %+v, %v", v, err)
	}
}

// cutAfter removes the links after seq and makes the head fit.
func cutAfter(t *testing.T, file string, seq int64) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"DROP TRIGGER audit_event_is_never_deleted",
		"DELETE FROM audit_event WHERE link_id IN (SELECT id FROM audit_link WHERE seq > ?1)",
		"DELETE FROM audit_link WHERE seq > ?1",
		"UPDATE audit_head SET seq = ?1, hash = (SELECT hash FROM audit_link WHERE seq = ?1)",
	} {
		args := []any{seq}
		if !strings.Contains(statement, "?1") {
			args = nil
		}
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
