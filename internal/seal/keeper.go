package seal

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Keeper has the master key, and may never give it away: a key-management service
// is one. It seals the data key, and nothing else.
type Keeper interface {
	Wrap(ctx context.Context, dataKey []byte) ([]byte, error)
	// Unwrap answers ErrOtherKey to what another master key has sealed.
	Unwrap(ctx context.Context, wrapped []byte) ([]byte, error)
	// Name tells people which key it is. It is no secret.
	Name() string
}

const dataKeyContext = "data key"

// Held is a Keeper with the master key in this process, from a file or from the
// environment. Of several keys the first one seals and all of them open: that is
// how a key is replaced.
type Held struct {
	raw  [][]byte
	keys []*Key
}

var _ Keeper = (*Held)(nil)

const mostKeys = 8

// NewHeld makes a Keeper of keys of KeySize bytes.
func NewHeld(raw ...[]byte) (*Held, error) {
	if len(raw) == 0 || len(raw) > mostKeys {
		return nil, fmt.Errorf("there are %d master keys; there must be 1 to %d", len(raw), mostKeys)
	}
	h := &Held{raw: raw}
	for _, r := range raw {
		key, err := New(r)
		if err != nil {
			return nil, err
		}
		h.keys = append(h.keys, key)
	}
	return h, nil
}

// HeldFile reads master keys from a file of KeySize bytes each, the newest first.
// When there is no such file it makes one, readable by its owner only.
func HeldFile(path string) (*Held, error) {
	raw, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 || len(raw)%KeySize != 0 {
		return nil, fmt.Errorf("master key file %s has %d bytes: a key has %d", path, len(raw), KeySize)
	}
	var keys [][]byte
	for ; len(raw) > 0; raw = raw[KeySize:] {
		keys = append(keys, raw[:KeySize])
	}
	h, err := NewHeld(keys...)
	if err != nil {
		return nil, fmt.Errorf("master key file %s: %w", path, err)
	}
	return h, nil
}

// HeldText reads master keys in base64 with commas between them, the newest
// first, as an environment variable holds them.
func HeldText(text string) (*Held, error) {
	var keys [][]byte
	for _, word := range strings.Split(text, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(word))
		if err != nil {
			return nil, errors.New("a master key is not base64") // and is not repeated here
		}
		keys = append(keys, raw)
	}
	return NewHeld(keys...)
}

// Wrap implements Keeper.
func (h *Held) Wrap(_ context.Context, dataKey []byte) ([]byte, error) {
	return h.keys[0].For(dataKeyContext).Seal(dataKey)
}

// Unwrap implements Keeper.
func (h *Held) Unwrap(_ context.Context, wrapped []byte) ([]byte, error) {
	for _, key := range h.keys {
		plain, err := key.For(dataKeyContext).Open(wrapped)
		if errors.Is(err, ErrOtherKey) {
			continue
		}
		return plain, err
	}
	return nil, ErrOtherKey
}

// Name implements Keeper.
func (h *Held) Name() string { return "key " + hex.EncodeToString(h.keys[0].id[:]) }

// Command is a Keeper that asks a program, which asks a key-management service: it
// is called with one more argument, wrap or unwrap, reads base64 and answers it.
type Command []string

var _ Keeper = Command{}

// commandTime is how long the program may take.
const commandTime = 30 * time.Second

// Wrap implements Keeper.
func (c Command) Wrap(ctx context.Context, dataKey []byte) ([]byte, error) {
	return c.ask(ctx, "wrap", dataKey)
}

// Unwrap implements Keeper.
func (c Command) Unwrap(ctx context.Context, wrapped []byte) ([]byte, error) {
	return c.ask(ctx, "unwrap", wrapped)
}

// Name implements Keeper.
func (c Command) Name() string { return "the program " + c[0] }

func (c Command) ask(ctx context.Context, what string, in []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, c[0], append(append([]string{}, c[1:]...), what)...) // the operator names the program
	cmd.Stdin = strings.NewReader(base64.StdEncoding.EncodeToString(in) + "\n")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", c[0], what, err, firstLine(complaint.String()))
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(out)))
	if err != nil {
		return nil, fmt.Errorf("%s %s: the answer is not base64", c[0], what)
	}
	return answer, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line[:min(len(line), 200)]
}

// Vault is where the wrapped data key lies.
type Vault interface {
	// DataKey reads it; nil: there is none yet. sealed says that secrets are there
	// all the same, from before there were data keys.
	DataKey(ctx context.Context) (wrapped []byte, by string, sealed bool, err error)
	// AddDataKey keeps the first one; of servers that start at once one wins.
	AddDataKey(ctx context.Context, wrapped []byte, by string) error
}

// OpenDataKey opens the data key, and makes it where there is none. Everything is
// sealed with it; the master key seals it alone, so that another master key leaves
// all the rest as it is.
func OpenDataKey(ctx context.Context, keeper Keeper, vault Vault) (*Key, error) {
	wrapped, by, sealed, err := vault.DataKey(ctx)
	if err == nil && wrapped == nil {
		if err = addDataKey(ctx, keeper, vault, sealed); err == nil {
			wrapped, by, _, err = vault.DataKey(ctx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the data key: %w", err)
	}
	plain, err := keeper.Unwrap(ctx, wrapped)
	if errors.Is(err, ErrOtherKey) {
		return nil, fmt.Errorf("this database belongs to another master key (%s), and this is %s", by, keeper.Name())
	}
	if err != nil {
		return nil, fmt.Errorf("open the data key: %w", err)
	}
	return New(plain)
}

func addDataKey(ctx context.Context, keeper Keeper, vault Vault, sealed bool) error {
	plain := NewKeyBytes()
	if sealed {
		// What is there was sealed with the master key itself.
		held, ok := keeper.(*Held)
		if !ok {
			return errors.New("the secrets in this database were sealed with a key file: start once with it, then move to another one with: wardline keys rotate")
		}
		plain = held.raw[len(held.raw)-1]
	}
	wrapped, err := keeper.Wrap(ctx, plain)
	if err != nil {
		return err
	}
	return vault.AddDataKey(ctx, wrapped, keeper.Name())
}

// RotateKeyFile puts a new key before those of the file, has them used, and leaves
// the new one alone in the file. The old ones go to a file beside it: backups of
// before need them. A crash in between leaves a file that opens everything.
func RotateKeyFile(path, old string, use func(*Held) error) (*Held, error) {
	before, err := readKeyFile(path)
	if err != nil {
		return nil, err
	}
	fresh := NewKeyBytes()
	if err := writeKeyFile(path, append(bytes.Clone(fresh), before...)); err != nil {
		return nil, err
	}
	both, err := HeldFile(path)
	if err != nil {
		return nil, err
	}
	if err := use(both); err != nil {
		return nil, errors.Join(err, writeKeyFile(path, before))
	}
	if err := writeKeyFile(old, before); err != nil {
		return nil, err
	}
	if err := writeKeyFile(path, fresh); err != nil {
		return nil, err
	}
	return NewHeld(fresh)
}

// writeKeyFile replaces a file as a whole.
func writeKeyFile(path string, content []byte) (err error) {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write master key file: %w", err)
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write master key file: %w", err)
	}
	return os.Rename(tmp, path)
}
