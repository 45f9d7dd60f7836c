package enroll

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"wardline/internal/fault"
)

// codeAlphabet leaves out 0, 1, I, L and O. Its 31 characters are a prime number,
// so that the check character below finds every single wrong character and every
// swap of neighbours.
const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

const (
	codeDrawn = 11 // characters drawn at random: 54 bits
	codeGroup = 4
)

// CodeMistyped says that a code cannot be right.
var CodeMistyped = fault.Define(fault.Invalid, "code_mistyped", "Compare the code with the paper or screen and type it again.")

// newCode draws a short code for people: eleven random characters and a check
// character, in groups of four.
func newCode(random io.Reader) (string, error) {
	var drawn []byte
	var b [1]byte
	for len(drawn) < codeDrawn {
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", fmt.Errorf("draw a code: %w", err)
		}
		if b[0] < 248 { // 8 times 31: every character is equally likely
			drawn = append(drawn, codeAlphabet[b[0]%31])
		}
	}
	drawn = append(drawn, checkCharacter(drawn))
	var groups []string
	for i := 0; i < len(drawn); i += codeGroup {
		groups = append(groups, string(drawn[i:i+codeGroup]))
	}
	return strings.Join(groups, "-"), nil
}

// checkCharacter is the sum of the characters' values, each times its place
// counted from 1, modulo 31.
func checkCharacter(drawn []byte) byte {
	sum := 0
	for i, c := range drawn {
		sum += (i + 1) * strings.IndexByte(codeAlphabet, c)
	}
	return codeAlphabet[sum%31]
}

// normalCode returns a code as it was drawn, whatever people made of hyphens,
// spaces and case, or a CodeMistyped fault.
func normalCode(typed string) (string, error) {
	var c []byte
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == '-' || r == ' ':
		case r < 0x80 && strings.IndexByte(codeAlphabet, byte(r)) >= 0 && len(c) <= codeDrawn:
			c = append(c, byte(r))
		default:
			return "", CodeMistyped.New("This is not an enrollment code: it has twelve letters and digits, without 0, 1, I, L and O.")
		}
	}
	if len(c) != codeDrawn+1 || checkCharacter(c[:codeDrawn]) != c[codeDrawn] {
		return "", CodeMistyped.New("The code was mistyped: its last character does not fit the others.")
	}
	return string(c), nil
}

// newChallenge draws a SCEP challenge: 144 bits, letters, digits, - and _.
func newChallenge(random io.Reader) (string, error) {
	var b [18]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw a challenge: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// hashSecret is what is stored of a code or a challenge. They are random and
// short-lived, so that a plain hash keeps them.
func hashSecret(secret string) string { return hash([]byte("wardline invitation\x00" + secret)) }
