package inventory_test

import (
	"testing"

	"wardline/inventory"
)

func TestAnIMEIIsTakenOnlyWithItsCheckDigit(t *testing.T) {
	for in, want := range map[string]string{
		"490154203237518":    "490154203237518", // the example of 3GPP TS 23.003
		"49-015420-323751-8": "490154203237518",
		"35 209900 176148 1": "352099001761481",
		"490154203237517":    "", // wrong check digit
		"49015420323751":     "", // without it
		"4901542032375180":   "", // an IMEISV, or a digit too many
		"49015420323751O":    "",
		"":                   "",
	} {
		got, err := inventory.ParseIMEI(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestAMACAddressIsTheSameInEveryNotation(t *testing.T) {
	for in, want := range map[string]string{
		"00:1A:1E:AA:BB:CC": "00:1a:1e:aa:bb:cc",
		"00-1a-1e-aa-bb-cc": "00:1a:1e:aa:bb:cc",
		"001a.1eaa.bbcc":    "00:1a:1e:aa:bb:cc",
		" 001A1EAABBCC\n":   "00:1a:1e:aa:bb:cc",
		"00:1a:1e:aa:bb":    "",
		"00:1a:1e:aa:bb:cg": "",
		"00:00:00:00:00:00": "", // what a device says that does not know
		"ff:ff:ff:ff:ff:ff": "",
		":001a1eaabbcc":     "",
		"":                  "",
	} {
		got, err := inventory.ParseMAC(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}
