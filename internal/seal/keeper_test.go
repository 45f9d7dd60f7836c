package seal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wardline/internal/seal"
)

// vault is a database with one data key.
type vault struct {
	wrapped []byte
	by      string
	sealed  bool // secrets from before there were data keys
}

func (v *vault) DataKey(context.Context) ([]byte, string, bool, error) {
	return v.wrapped, v.by, v.sealed, nil
}

func (v *vault) AddDataKey(_ context.Context, wrapped []byte, by string) error {
	v.wrapped, v.by = wrapped, by
	return nil
}

func TestAnotherMasterKeyOpensTheSameSecretsAndTheOldOneNoLonger(t *testing.T) {
	dir := t.TempDir()
	path, old := filepath.Join(dir, "master.key"), filepath.Join(dir, "old.key")
	held, err := seal.HeldFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{}
	key, err := seal.OpenDataKey(t.Context(), held, v)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.For("auth.totp:1").Seal([]byte("JBSWY3DPEHPK3PXP"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = seal.RotateKeyFile(path, old, func(to *seal.Held) error {
		plain, err := held.Unwrap(t.Context(), v.wrapped)
		if err != nil {
			return err
		}
		// A crash here, before or after the database has it: the file opens both.
		if _, err := to.Unwrap(t.Context(), v.wrapped); err != nil {
			t.Errorf("before the change: %v", err)
		}
		v.wrapped, err = to.Wrap(t.Context(), plain)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := seal.HeldFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := seal.OpenDataKey(t.Context(), now, v)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.For("auth.totp:1").Open(secret); err != nil || string(plain) != "JBSWY3DPEHPK3PXP" {
		t.Errorf("opened %q, %v", plain, err)
	}
	before, err := seal.HeldFile(old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.OpenDataKey(t.Context(), before, v); err == nil || !strings.Contains(err.Error(), "another master key") {
		t.Errorf("the old key: %v", err)
	}
}

func TestSecretsFromBeforeThereWereDataKeysStayOpen(t *testing.T) {
	raw := bytes.Repeat([]byte{7}, seal.KeySize)
	direct, err := seal.New(raw)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := direct.For("ca.issuing:1").Seal([]byte("a private key"))
	if err != nil {
		t.Fatal(err)
	}
	held, err := seal.NewHeld(raw)
	if err != nil {
		t.Fatal(err)
	}
	key, err := seal.OpenDataKey(t.Context(), held, &vault{sealed: true})
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := key.For("ca.issuing:1").Open(secret); err != nil || string(plain) != "a private key" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if _, err := seal.OpenDataKey(t.Context(), seal.Command{"kms"}, &vault{sealed: true}); err == nil || !strings.Contains(err.Error(), "start once with it") {
		t.Errorf("a service that never saw the old key: %v", err)
	}
}

func TestAProgramKeepsTheMasterKeyAndIsHeardWhenItFails(t *testing.T) {
	script := filepath.Join(t.TempDir(), "kms")
	// A service that "wraps" by turning the text around.
	program := "#!/bin/sh\ncase $1 in wrap|unwrap) rev ;; *) echo \"no such key\" >&2; exit 3 ;; esac\n"
	if err := os.WriteFile(script, []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	wrapped := []byte("0123456789abcdef01234567") // 24 bytes: base64 without padding turns around
	got, err := seal.Command{script}.Wrap(t.Context(), wrapped)
	if err != nil {
		t.Fatal(err)
	}
	back, err := seal.Command{script}.Unwrap(t.Context(), got)
	if err != nil || !bytes.Equal(back, wrapped) || bytes.Equal(got, wrapped) {
		t.Errorf("%x became %x, then %x: %v", wrapped, got, back, err)
	}
	if _, err := (seal.Command{script, "--key", "gone"}).Wrap(t.Context(), wrapped); err == nil || !strings.Contains(err.Error(), "no such key") {
		t.Errorf("a service that refuses: %v", err)
	}
}

func TestAMasterKeyComesFromTheEnvironment(t *testing.T) {
	one, two := base64.StdEncoding.EncodeToString(seal.NewKeyBytes()), base64.StdEncoding.EncodeToString(seal.NewKeyBytes())
	first, err := seal.HeldText(one)
	if err != nil {
		t.Fatal(err)
	}
	both, err := seal.HeldText(two + ", " + one)
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := first.Wrap(t.Context(), []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := both.Unwrap(t.Context(), wrapped); err != nil || string(plain) != "key" {
		t.Errorf("%q, %v", plain, err)
	}
	for _, bad := range []string{"", "c2hvcnQ=", "no base64", one + "," + "x"} {
		if _, err := seal.HeldText(bad); err == nil || strings.Contains(err.Error(), one) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
