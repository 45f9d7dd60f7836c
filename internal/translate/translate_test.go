package translate

import (
	"testing"
)

func catalogue(t *testing.T) *Catalogue {
	t.Helper()
	c, err := parse([]byte(`{
		"Lock": "Sperren",
		"The device is not contained.": "Das Gerät ist nicht isoliert.",
		"Waiting until the pump is free: %s": "Wartet, bis die Pumpe frei ist: %[1]T",
		"it reported %s %s ago.": "vor %[2]T meldete sie %[1]T.",
		"infusing": "infundiert",
		"%d minutes": "%[1]s Minuten",
		"It expires on %s UTC.": "Läuft ab am %[1]s UTC.",
		"%s cannot be asked of %s.": "%[1]T kann von %[2]s nicht verlangt werden.",
		"There is no device %q.": "Es gibt kein Gerät %[1]s."
	}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSentencesAreRecognisedByTheirForm(t *testing.T) {
	c := catalogue(t)
	for english, german := range map[string]string{
		"The device is not contained.":    "Das Gerät ist nicht isoliert.",
		`There is no device "P7 \"old\""`: `There is no device "P7 \"old\""`, // the form ends with a full stop
		`There is no device "P7".`:        `Es gibt kein Gerät "P7".`,
		"Waiting until the pump is free: it reported infusing 12 minutes ago. It expires on 2026-11-30 03:14:07 UTC.": "Wartet, bis die Pumpe frei ist: vor 12 Minuten meldete sie infundiert. Läuft ab am 2026-11-30 03:14:07 UTC.",
		"Lock cannot be asked of Lock.": "Sperren kann von Lock nicht verlangt werden.", // a holder's name is nobody's to translate
	} {
		if got := c.Say(english); got != german {
			t.Errorf("%s\n got %s\nwant %s", english, got, german)
		}
	}
}

func TestWhatIsNotKnownStaysAsItIs(t *testing.T) {
	c := catalogue(t)
	for english, want := range map[string]string{
		"":                                 "",
		"Somebody wrote this as a reason.": "Somebody wrote this as a reason.",
		"Left at the bus stop. It expires on May UTC.": "Left at the bus stop. Läuft ab am May UTC.",
		"100 % sure": "100 % sure",
	} {
		if got := c.Say(english); got != want {
			t.Errorf("%q: got %q, want %q", english, got, want)
		}
	}
}

func TestTheReadersLanguageIsTheirBrowsers(t *testing.T) {
	for header, german := range map[string]bool{
		"":                          false,
		"de-AT, en;q=0.8":           true,
		"fr, de;q=0.5, en;q=0.3":    true,
		"en-GB, de;q=0.9":           false,
		"zh-Hans":                   false,
		"de;q=0, en":                false,
		"not a language at all ;;;": false,
	} {
		if got := For(header) == German; got != german {
			t.Errorf("Accept-Language %q: German %v, want %v", header, got, german)
		}
	}
}

func TestACatalogueThatFillsInWhatIsNotThereIsRefused(t *testing.T) {
	for _, wrong := range []string{`{"It has %d bytes.": "Es hat %[2]s Bytes."}`, `{"It has %d bytes.": "Es hat %d Bytes."}`, `[]`} {
		if _, err := parse([]byte(wrong)); err == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
}

func FuzzSay(f *testing.F) {
	for form := range German.exact {
		f.Add(form)
		break
	}
	f.Add("Waiting until the pump is free: it reported infusing 12 s ago. It expires on 2026-11-30 03:14:07 UTC.")
	f.Add(". . . ?!  ")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		German.Say(text) // ends, and does not panic
	})
}
