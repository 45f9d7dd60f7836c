package inventory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/internal/fault"
	"wardline/inventory"
)

var scanDay = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

const sep = "\x1d"

// The expectations are read off labels and the agencies' specifications by hand.
func TestABarcodeSaysWhatStandsOnTheLabel(t *testing.T) {
	full := inventory.UDI{Agency: inventory.GS1, DI: "00844588003288", Lot: "7654321D", Serial: "10987654d321", Expires: "2014-11-20"}
	for _, c := range []struct {
		name, scan string
		want       inventory.UDI
	}{
		{"data matrix", "]d2010084458800328817141120107654321D" + sep + "2110987654d321", full},
		{"the text below it", "(01)00844588003288(17)141120(10)7654321D(21)10987654d321", full},
		{"a scanner that sends the first FNC1", sep + "010084458800328817141120107654321D" + sep + "2110987654d321", full},
		{"a scanner that ends with Enter", "]d2010084458800328817141120107654321D" + sep + "2110987654d321\r\n", full},
		{"a scanner that changes case", "]D2010084458800328817141120107654321D" + sep + "2110987654d321", full},
		{"a separator after a field that needs none", "0100844588003288" + sep + "17141120" + sep + "107654321D" + sep + "2110987654d321" + sep, full},
		{"identifier and expiry only", "]C1010871764820027417260831",
			inventory.UDI{Agency: inventory.GS1, DI: "08717648200274", Expires: "2026-08-31"}},
		{"an expiry that leaves the day open", "0108717648200274" + "17280200",
			inventory.UDI{Agency: inventory.GS1, DI: "08717648200274", Expires: "2028-02-29"}},
		{"a make date that leaves the day open", "0108717648200274" + "11250600",
			inventory.UDI{Agency: inventory.GS1, DI: "08717648200274", Made: "2025-06"}},
		{"49 years ahead", "0108717648200274" + "17751231",
			inventory.UDI{Agency: inventory.GS1, DI: "08717648200274", Expires: "2075-12-31"}},
		{"50 years back", "0108717648200274" + "11760101",
			inventory.UDI{Agency: inventory.GS1, DI: "08717648200274", Made: "1976-01-01"}},
		{"software version and part number", "0108717648200274" + "8012V2.1" + sep + "240AB-7" + sep + "21S1",
			inventory.UDI{Agency: inventory.GS1, DI: "08717648200274", Serial: "S1"}},
		{"HIBCC with lot, quantity and month", "+E20831269/$$8020423286539+",
			inventory.UDI{Agency: inventory.HIBCC, DI: "E20831269", Lot: "286539", Expires: "2023-04-30"}},
		{"HIBCC in small letters", "+e20831339/$$8020223283831t",
			inventory.UDI{Agency: inventory.HIBCC, DI: "E20831339", Lot: "283831", Expires: "2023-02-28"}},
		{"HIBCC primary only", "+A123BJC5D6E71G", inventory.UDI{Agency: inventory.HIBCC, DI: "A123BJC5D6E71"}},
		{"HIBCC between asterisks", "*+A123BJC5D6E71G*", inventory.UDI{Agency: inventory.HIBCC, DI: "A123BJC5D6E71"}},
		{"blood and tissue", "=/A9999XYZ100T0476", inventory.UDI{Agency: inventory.ICCBBA}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := inventory.ParseUDI(c.scan, scanDay)
			if err != nil {
				t.Fatal(err)
			}
			c.want.Raw = c.scan
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABarcodeThatCannotBeReadIsRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct{ name, scan, says string }{
		{"the scanner lost the separator", "010084458800328817141120107654321D2110987654d321", "lost the separator"},
		{"check digit", "(01)00844588003289(21)X", "check digit"},
		{"the scanner replaced the separator", "010084458800328817141120107654321D↔2110987654d321", "replaced a separator"},
		{"no device identifier", "]C1107654321D", "no device identifier"},
		{"cut off", "]C10108717648200", "cut off"},
		{"a day that does not exist", "0108717648200274" + "17260231", "does not exist"},
		{"a month that does not exist", "0108717648200274" + "17261301", "does not exist"},
		{"letters in a date", "0108717648200274" + "1726AB01", "not a date"},
		{"an empty serial", "0108717648200274" + "21", "empty"},
		{"two serials", "0108717648200274" + "21A" + sep + "21B", "twice"},
		{"something else", "4006381333931", "not a UDI"},
		{"nothing", " \r\n", "empty"},
		{"HIBCC check character", "+E20831269/$$8020423286539A", "check character"},
		{"HIBCC second barcode alone", "+$$8020423286539%", "without the device identifier"},
		{"HIBCC strange character", "+E2083126ä/$$8020423286539+", "no HIBCC label"},
		{"far too long", strings.Repeat("0", 401), "longer than any UDI"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := inventory.ParseUDI(c.scan, scanDay)
			if !fault.Has(err, inventory.CodeUDI) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %+v, %v; want a refusal that says %q", got, err, c.says)
			}
		})
	}
}

func TestTheTextOfAScanIsWhatStandsBelowTheBarcode(t *testing.T) {
	u, err := inventory.ParseUDI("]d2010084458800328817141120107654321D"+sep+"2110987654d321\r", scanDay)
	if err != nil {
		t.Fatal(err)
	}
	if want := "(01)00844588003288(17)141120(10)7654321D(21)10987654d321"; u.Text() != want {
		t.Errorf("the text is %s, want %s", u.Text(), want)
	}
}

// Whatever is scanned: no crash, and what was read can be read again from its own
// text with the same meaning.
func FuzzUDI(f *testing.F) {
	for _, s := range []string{
		"]d2010084458800328817141120107654321D" + sep + "2110987654d321", "(01)00844588003288(17)141120(10)7654321D(21)10987654d321",
		"]C1010871764820027417260831", "+E20831269/$$8020423286539+", "+E20831339/$$8020223283831T", "+A123BJC5D6E71G", "*+*", "+", "=/A", "(01)", "(0",
		"+A123BJC5D6E71/$$+7ABC/16D20240101/S12",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, scan string) {
		u, err := inventory.ParseUDI(scan, scanDay)
		if err != nil {
			if !fault.Has(err, inventory.CodeUDI) {
				t.Fatalf("not a fault for people: %v", err)
			}
			return
		}
		if u.Agency == inventory.ICCBBA {
			return
		}
		again, err := inventory.ParseUDI(u.Text(), scanDay)
		if err != nil {
			t.Fatalf("the text %q of %q cannot be read: %v", u.Text(), scan, err)
		}
		u.Raw, again.Raw = "", ""
		if diff := cmp.Diff(u, again); diff != "" {
			t.Fatalf("the text %q means something else than the scan %q:\n%s", again.Text(), scan, diff)
		}
	})
}
