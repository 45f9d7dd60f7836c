package enroll

import (
	"crypto/rand"
	"strings"
	"testing"
)

// Every single wrong character and every swap of neighbours is found before the
// server is asked.
func TestAMistypedCodeIsFoundByItsCheckCharacter(t *testing.T) {
	for range 20 {
		code, err := newCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if len(code) != 14 || code[4] != '-' || code[9] != '-' || strings.ContainsAny(code, "01ILO") {
			t.Fatalf("the code is %s", code)
		}
		plain := strings.ReplaceAll(code, "-", "")
		if got, err := normalCode(" " + strings.ToLower(code)); err != nil || got != plain {
			t.Fatalf("%s reads as %s: %v", code, got, err)
		}
		for i := range plain {
			for _, c := range codeAlphabet {
				wrong := plain[:i] + string(c) + plain[i+1:]
				if _, err := normalCode(wrong); wrong != plain && err == nil {
					t.Fatalf("%s passes for %s", wrong, plain)
				}
			}
			if i > 0 && plain[i] != plain[i-1] {
				swapped := plain[:i-1] + string(plain[i]) + string(plain[i-1]) + plain[i+1:]
				if _, err := normalCode(swapped); err == nil {
					t.Fatalf("%s passes for %s", swapped, plain)
				}
			}
		}
	}
	for _, bad := range []string{"", "K7QF", "0000-0000-0000", strings.Repeat("2", 1000), "2222-2222-222\x00", "äöü"} {
		if _, err := normalCode(bad); err == nil {
			t.Errorf("%q passes for a code", bad)
		}
	}
}
