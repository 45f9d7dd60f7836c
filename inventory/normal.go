package inventory

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Normal is the form in which two texts that people take for the same are the
// same: trimmed, runs of white space as one space, in lower case. Serials, asset
// tags and owners are unique, sorted and looked up by it.
func Normal(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(s), " "))
}

// Squeezed is Normal with letters and digits only, so that "SN-12 34", "sn1234"
// and a MAC with or without colons are found alike.
func Squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// SearchText is what a device is searched by: each value squeezed, after a line
// feed. The line feed lets a search for two characters ask for values that begin
// with them.
func SearchText(values ...string) string {
	var b strings.Builder
	for _, v := range values {
		if v = Squeezed(v); v != "" {
			b.WriteByte('\n')
			b.WriteString(v)
		}
	}
	return b.String()
}

// SearchPattern turns what a person typed into what must occur in a device's
// SearchText. Three characters and more may occur anywhere in a value, two only
// at its beginning. ok is false for fewer: they would match nearly everything.
func SearchPattern(q string) (pattern string, ok bool) {
	s := Squeezed(q)
	switch n := len([]rune(s)); {
	case n >= 3:
		return s, true
	case n == 2:
		return "\n" + s, true
	}
	return "", false
}

// SearchPieces are the distinct runs of three characters in a pattern.
func SearchPieces(pattern string) []string {
	r := []rune(pattern)
	var pieces []string
	seen := map[string]bool{}
	for i := 0; i+3 <= len(r); i++ {
		if p := string(r[i : i+3]); !seen[p] {
			seen[p] = true
			pieces = append(pieces, p)
		}
	}
	return pieces
}

// ErrBadAddress is returned for a text that is not a MAC address or BSSID.
var ErrBadAddress = errors.New("not a MAC address: write twelve hexadecimal digits, such as 00:1a:1e:aa:bb:cc")

// ParseMAC reads a MAC address or BSSID in any usual notation
// (00:1A:1E:AA:BB:CC, 00-1a-1e-aa-bb-cc, 001a.1eaa.bbcc, 001A1EAABBCC) into
// lower case with colons. The all-zero and the broadcast address are refused:
// devices send them when they do not know.
func ParseMAC(s string) (string, error) {
	digits := make([]byte, 0, 12)
	for i, c := range []byte(strings.ToLower(strings.TrimSpace(s))) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'f':
			digits = append(digits, c)
		case (c == ':' || c == '-' || c == '.') && i > 0:
		default:
			return "", fmt.Errorf("%q is %w", clip(s), ErrBadAddress)
		}
	}
	if d := string(digits); len(d) != 12 || d == "000000000000" || d == "ffffffffffff" {
		return "", fmt.Errorf("%q is %w", clip(s), ErrBadAddress)
	}
	var b strings.Builder
	for i := 0; i < 12; i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.Write(digits[i : i+2])
	}
	return b.String(), nil
}

// ErrBadIMEI is returned for a text that is not an IMEI.
var ErrBadIMEI = errors.New("not an IMEI: it has 15 digits, the last one a check digit over the others")

// ParseIMEI reads an IMEI, with or without spaces and hyphens, and checks its
// check digit (Luhn, 3GPP TS 23.003 annex B). A 16-digit IMEISV has no check
// digit and is refused.
func ParseIMEI(s string) (string, error) {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(s)
	if len(digits) != 15 {
		return "", fmt.Errorf("%q is %w", clip(s), ErrBadIMEI)
	}
	sum := 0
	for i, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return "", fmt.Errorf("%q is %w", clip(s), ErrBadIMEI)
		}
		d := int(c - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	if sum%10 != 0 {
		return "", fmt.Errorf("%q is %w", clip(s), ErrBadIMEI)
	}
	return digits, nil
}

// clip keeps quoted input in error texts short.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
