package rowmac

import (
	"crypto/hmac"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// KeyPurpose is what the key is derived from the master key for.
const KeyPurpose = "wardline row codes v1"

// Keys make codes with the newest key and take those of older ones too.
type Keys struct{ keys []key }

type key struct {
	secret []byte
	id     [idSize]byte
}

const idSize = 4

// New makes Keys of the key in use and of those that were in use before.
func New(newest []byte, older ...[]byte) (*Keys, error) {
	k := &Keys{}
	for _, secret := range append([][]byte{newest}, older...) {
		if len(secret) != KeySize {
			return nil, fmt.Errorf("a key for rows has %d bytes, this one has %d", KeySize, len(secret))
		}
		sum := sha256.Sum256(append([]byte("wardline row key id:"), secret...))
		k.keys = append(k.keys, key{secret: secret, id: [idSize]byte(sum[:idSize])})
	}
	return k, nil
}

// Version is what a row's code covers beside its columns.
type Version struct {
	// N counts how often the row was written; it only rises.
	N int64
	// Link names the audit link of the transaction that wrote this version.
	Link string
}

// Errors of Verify.
var (
	ErrUnsigned = errors.New("it carries no code")
	ErrOtherKey = errors.New("its code was made with another key")
	ErrChanged  = errors.New("its code does not fit its content")
)

// Sign returns the code of a row: which key, then an HMAC-SHA-256 over the name of
// the table, the version, and the values of Key and Columns in order.
func (k *Keys) Sign(table string, v Version, values []any) ([]byte, error) {
	sum, err := k.keys[0].sum(table, v, values)
	if err != nil {
		return nil, err
	}
	return append(k.keys[0].id[:], sum...), nil
}

// Verify says what is wrong with a row's code; nil: nothing.
func (k *Keys) Verify(code []byte, table string, v Version, values []any) error {
	if len(code) == 0 {
		return ErrUnsigned
	}
	for _, key := range k.keys {
		if len(code) < idSize || [idSize]byte(code[:idSize]) != key.id {
			continue
		}
		sum, err := key.sum(table, v, values)
		if err != nil {
			return err
		}
		if !hmac.Equal(code[idSize:], sum) {
			return ErrChanged
		}
		return nil
	}
	return ErrOtherKey
}

func (k key) sum(table string, v Version, values []any) ([]byte, error) {
	h := hmac.New(sha256.New, k.secret)
	for _, x := range append([]any{table, v.N, v.Link}, values...) {
		if err := write(h, x); err != nil {
			return nil, fmt.Errorf("code of a row of %s: %w", table, err)
		}
	}
	return h.Sum(nil), nil
}

// The kinds of values, each written as its letter, its length and its bytes: no
// two lists of values are written alike. Nothing is written as no bytes: a column
// that is NULL and one that is empty mean the same here.
func write(h hash.Hash, x any) error {
	if v, ok := x.(driver.Valuer); ok {
		var err error
		if x, err = v.Value(); err != nil {
			return err
		}
	}
	switch v := x.(type) {
	case string:
		put(h, 's', []byte(v))
	case []byte:
		put(h, 'b', v)
	case int64:
		put(h, 'i', binary.BigEndian.AppendUint64(nil, uint64(v)))
	case int:
		put(h, 'i', binary.BigEndian.AppendUint64(nil, uint64(v)))
	case bool:
		b := byte(0)
		if v {
			b = 1
		}
		put(h, 't', []byte{b})
	default:
		return fmt.Errorf("a value of type %T", x)
	}
	return nil
}

func put(h hash.Hash, letter byte, b []byte) {
	// A hash never fails.
	_, _ = h.Write(binary.BigEndian.AppendUint32([]byte{letter}, uint32(len(b))))
	_, _ = h.Write(b)
}
