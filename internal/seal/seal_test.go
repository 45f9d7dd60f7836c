package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"wardline/internal/seal"
)

func key(t *testing.T, fill byte) *seal.Key {
	t.Helper()
	k, err := seal.New(bytes.Repeat([]byte{fill}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestASealedSecretOpensOnlyInItsOwnPlace(t *testing.T) {
	k := key(t, 1)
	sealed, err := k.For("auth.totp:1").Seal([]byte("JBSWY3DPEHPK3PXP"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("JBSW")) {
		t.Fatal("the secret can be read in the sealed text")
	}
	plain, err := k.For("auth.totp:1").Open(sealed)
	if err != nil || string(plain) != "JBSWY3DPEHPK3PXP" {
		t.Fatalf("opened %q, %v", plain, err)
	}
	if _, err := k.For("auth.totp:2").Open(sealed); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("opened for another account: %v", err)
	}
	if _, err := key(t, 2).For("auth.totp:1").Open(sealed); !errors.Is(err, seal.ErrOtherKey) {
		t.Errorf("opened under another master key: %v", err)
	}
	again, _ := k.For("auth.totp:1").Seal([]byte("JBSWY3DPEHPK3PXP"))
	if bytes.Equal(again, sealed) {
		t.Error("sealing twice gives the same bytes")
	}
}

func TestAChangedSealedTextIsRefusedAtEveryByte(t *testing.T) {
	k := key(t, 1)
	sealed, err := k.For("c").Seal([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := k.For("c").Open(broken); err == nil {
			t.Errorf("byte %d changed, and it opened", i)
		}
		if _, err := k.For("c").Open(sealed[:i]); !errors.Is(err, seal.ErrBroken) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
}

func TestTwoServersThatStartAtOnceShareOneMasterKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	keys := make([]*seal.Held, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			k, err := seal.HeldFile(path)
			if err != nil {
				t.Error(err)
			}
			keys[i] = k
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	sealed, err := keys[0].Wrap(t.Context(), []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range keys {
		if _, err := k.Unwrap(t.Context(), sealed); err != nil {
			t.Errorf("server %d has another key: %v", i, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("%d files left behind", len(left))
	}
}

func TestAMasterKeyThatOthersCanReadOrThatIsCutShortIsRefused(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open.key")
	if err := os.WriteFile(open, make([]byte, seal.KeySize), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.HeldFile(open); err == nil {
		t.Error("a key that everybody can read was accepted")
	}
	short := filepath.Join(dir, "short.key")
	if err := os.WriteFile(short, make([]byte, 31), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.HeldFile(short); err == nil {
		t.Error("a key of 31 bytes was accepted")
	}
}
