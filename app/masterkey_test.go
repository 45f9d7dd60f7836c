package app

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"wardline/internal/seal"
)

func TestTheMasterKeyIsReplacedWhileTheServerRuns(t *testing.T) {
	o := loopback(t)
	a := start(t, o)
	before := a.authority.Fingerprint()
	var r LocalRotated
	if err := Local(t.Context(), o, "/keys/rotate", LocalRotate{}, &r); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.Stat(r.Old); err != nil || kept.Mode().Perm() != 0o600 || r.Was == r.Now {
		t.Errorf("the old key is kept in %q (%v): %+v", r.Old, err, r)
	}
	// It opens with the new key, and with the old one no more.
	a = start(t, o)
	if a.authority.Fingerprint() != before {
		t.Error("another authority")
	}
	// From the file to the environment.
	fresh := base64.StdEncoding.EncodeToString(seal.NewKeyBytes())
	if err := Local(t.Context(), o, "/keys/rotate", LocalRotate{Key: "c2hvcnQ="}, &r); !codeIs(err, "rotation_impossible") {
		t.Errorf("a key of five bytes: %v", err)
	}
	if err := Local(t.Context(), o, "/keys/rotate", LocalRotate{Key: fresh}, &r); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	if late, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Errorf("with the file: %v", err)
		if late != nil {
			_ = late.Stop()
		}
	}
	o.MasterKeyFile, o.MasterKey = "", fresh
	a = start(t, o)
	if a.authority.Fingerprint() != before {
		t.Error("another authority")
	}
	if err := Local(t.Context(), o, "/keys/rotate", LocalRotate{}, &r); !codeIs(err, "rotation_impossible") {
		t.Errorf("there is no file to replace: %v", err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
}
