package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeySize is the length of a master key in bytes.
const KeySize = 32

// Errors of Open.
var (
	// ErrOtherKey: the text was sealed under another master key. The usual cause
	// is a database that was moved without its master key.
	ErrOtherKey = errors.New("sealed under another master key")
	// ErrBroken: the text is not a sealed text, was changed, or belongs to another
	// context.
	ErrBroken = errors.New("sealed text is broken or belongs elsewhere")
)

// Sealer seals and opens small secrets. Implementations are safe for concurrent
// use.
type Sealer interface {
	Seal(plain []byte) ([]byte, error)
	Open(sealed []byte) ([]byte, error)
}

// Keyring gives a Sealer for each context. *Key is one; a key-management service
// can be another.
type Keyring interface {
	For(context string) Sealer
	// Derive makes a key for another purpose, the same at every call.
	Derive(purpose string) ([]byte, error)
}

// Key is a master key. It is a Sealer itself, with an empty context; most uses
// want For.
type Key struct {
	aead cipher.AEAD
	id   [idSize]byte
	// root is what further keys are derived from (RFC 5869, the extracted key).
	root []byte
}

// A sealed text is version (1) || key id (4) || nonce (12) || ciphertext and tag.
const (
	version   = 1
	idSize    = 4
	nonceSize = 12
	headSize  = 1 + idSize + nonceSize
)

// New makes a master key from KeySize random bytes.
func New(key []byte) (*Key, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("a master key has %d bytes, this one has %d", KeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	root, err := hkdf.Extract(sha256.New, key, []byte("wardline derived keys"))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	k := &Key{aead: aead, root: root}
	sum := sha256.Sum256(append([]byte("wardline master key id:"), key...))
	copy(k.id[:], sum[:])
	return k, nil
}

// For returns a Sealer for one context, such as "auth.totp:<account>". What was
// sealed for one context opens in no other.
func (k *Key) For(context string) Sealer { return box{k, context} }

// Derive returns a key of KeySize bytes for one purpose (HKDF-SHA-256). Keys of
// different purposes tell nothing of each other, nor of the master key.
func (k *Key) Derive(purpose string) ([]byte, error) {
	return hkdf.Expand(sha256.New, k.root, purpose, KeySize)
}

// Seal implements Sealer with an empty context.
func (k *Key) Seal(plain []byte) ([]byte, error) { return k.For("").Seal(plain) }

// Open implements Sealer with an empty context.
func (k *Key) Open(sealed []byte) ([]byte, error) { return k.For("").Open(sealed) }

type box struct {
	key     *Key
	context string
}

func (b box) Seal(plain []byte) ([]byte, error) {
	out := make([]byte, headSize, headSize+len(plain)+b.key.aead.Overhead())
	out[0] = version
	copy(out[1:], b.key.id[:])
	nonce := out[1+idSize : headSize]
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return b.key.aead.Seal(out, nonce, plain, b.aad(out[:1+idSize])), nil
}

func (b box) Open(sealed []byte) ([]byte, error) {
	if len(sealed) < headSize+b.key.aead.Overhead() || sealed[0] != version {
		return nil, ErrBroken
	}
	if [idSize]byte(sealed[1:]) != b.key.id {
		return nil, ErrOtherKey
	}
	plain, err := b.key.aead.Open(nil, sealed[1+idSize:headSize], sealed[headSize:], b.aad(sealed[:1+idSize]))
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

// aad binds version, key and context to the text.
func (b box) aad(head []byte) []byte {
	return append(append([]byte("wardline seal\x00"), head...), b.context...)
}

// NewKeyBytes makes a key.
func NewKeyBytes() []byte {
	raw := make([]byte, KeySize)
	_, _ = rand.Read(raw) // it never fails (crypto/rand)
	return raw
}

// readKeyFile reads a file with master keys. When there is none it makes one with
// a key of KeySize random bytes, readable by its owner only. Two processes that
// start at once end up with the same key.
func readKeyFile(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKeyFile(path); err != nil {
			return nil, fmt.Errorf("make master key file %s: %w", path, err)
		}
		raw, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read master key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read master key file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("master key file %s can be read by others (mode %04o): make it 0600", path, info.Mode().Perm())
	}
	return raw, nil
}

// makeKeyFile writes the key to a temporary file and links it into place, so
// that nobody ever reads half a key and nobody overwrites one.
func makeKeyFile(path string) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".master-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(NewKeyBytes())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
