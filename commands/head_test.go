package commands

import (
	"errors"
	"strings"
	"testing"
	"time"

	"wardline/audit"
)

// A head that was kept for years is good; one that a device signed, that was signed
// for something else, or of which a letter was changed, is not.
func TestASignedHeadIsThisServersAndNobodyElses(t *testing.T) {
	pki := newPKI(t, "hospital")
	at := pkiFrom.Add(time.Hour)
	want := audit.SignedHead{Head: audit.Head{Seq: 1234, Hash: audit.HashOf([]byte("x"))}, Epoch: 2, At: at}
	signed, err := SignHead(pki.commandSigner(t, nil), want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenHead(signed, pki.roots)
	if err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	for what, text := range map[string]string{
		"of another authority": headBy(t, newPKI(t, "another").commandSigner(t, nil), want),
		"changed":              signed[:len(signed)/2] + "A" + signed[len(signed)/2+1:],
		"cut":                  signed[:strings.LastIndex(signed, ".")+1],
		"an ordinary text":     "1234:abcd",
		"of another type":      strings.Replace(signed, signed[:strings.Index(signed, ".")], "eyJhbGciOiJub25lIn0", 1),
	} {
		if _, err := OpenHead(text, pki.roots); !errors.Is(err, ErrBadHead) {
			t.Errorf("a head %s: %v", what, err)
		}
	}
}

func headBy(t *testing.T, s Signer, h audit.SignedHead) string {
	t.Helper()
	text, err := SignHead(s, h)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzOpenHead(f *testing.F) {
	pki := newPKI(f, "hospital")
	text, err := SignHead(pki.commandSigner(f, nil), audit.SignedHead{Head: audit.Head{Seq: 1}, Epoch: 1, At: pkiFrom.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := OpenHead(text, pki.roots)
		if err == nil && (h.Epoch < 1 || h.At.IsZero()) {
			t.Fatalf("%+v", h)
		}
	})
}
