package commands

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxJSONDepth bounds how deeply signed JSON may be nested. Config documents are
// the deepest that occur.
const maxJSONDepth = 16

var errDuplicateName = errors.New("a name occurs twice")

// decodeStrict reads data into v as JSON that has exactly one reading:
// well-formed UTF-8, no name twice, no name that v does not have, nothing after
// the value. encoding/json alone would let the second of two names win and
// ignore letter case, so that two programs could read two different orders from
// the same signed bytes.
//
// Names of v's own fields are lower case; freeForm names the top-level members
// below which any names are allowed.
func decodeStrict(data []byte, v any, freeForm ...string) error {
	if err := checkJSON(data, freeForm); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	dec.UseNumber()
	return dec.Decode(v)
}

// checkJSON walks data once and refuses whatever has more than one reading.
func checkJSON(data []byte, freeForm []string) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	w := jsonWalk{dec: dec, free: map[string]bool{}}
	for _, name := range freeForm {
		w.free[name] = true
	}
	if err := w.value(0, false); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

type jsonWalk struct {
	dec  *json.Decoder
	free map[string]bool
}

func (w jsonWalk) value(depth int, anyName bool) error {
	tok, err := w.dec.Token()
	if err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if depth >= maxJSONDepth {
		return errors.New("nested too deeply")
	}
	if delim == '{' {
		err = w.members(depth, anyName)
	} else {
		for err == nil && w.dec.More() {
			err = w.value(depth+1, anyName)
		}
	}
	if err != nil {
		return err
	}
	if _, err := w.dec.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return nil
}

func (w jsonWalk) members(depth int, anyName bool) error {
	seen := map[string]bool{}
	for w.dec.More() {
		tok, err := w.dec.Token()
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		name, _ := tok.(string) // a member's name is always a string
		if !anyName && !plainName(name) {
			return fmt.Errorf("unknown name %.40q", name)
		}
		if seen[name] {
			return fmt.Errorf("%.40q: %w", name, errDuplicateName)
		}
		seen[name] = true
		if err := w.value(depth+1, anyName || (depth == 0 && w.free[name])); err != nil {
			return err
		}
	}
	return nil
}

// plainName reports whether name is spelled as all names of the protocol are.
// encoding/json matches names without regard to case, and by Unicode's folding:
// with this rule there is nothing left to fold.
func plainName(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return name != ""
}
