package inventory_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"wardline/internal/fault"
	"wardline/inventory"
)

func TestWhatAScannerTypesNamesADevice(t *testing.T) {
	one := inventory.Scan{Serials: []string{"10987654d321"}, DI: "00844588003288", Certain: true}
	for name, c := range map[string]struct {
		scan string
		want inventory.Scan
	}{
		"a data matrix":                          {"]d2010084458800328817141120107654321D" + sep + "2110987654d321\r", one},
		"without the symbology":                  {"010084458800328817141120107654321D" + sep + "2110987654d321", one},
		"the text below it":                      {"(01)00844588003288(17)141120(10)7654321D(21)10987654d321", one},
		"an address that is a UDI":               {"https://id.example.org/01/00844588003288/10/7654321D/21/10987654d321?17=141120", one},
		"no separator needed":                    {"01008445880032881714112021S-77", inventory.Scan{Serials: []string{"S-77"}, DI: "00844588003288", Certain: true}},
		"HIBC with a serial":                     {"+A123BJC5D6E71/$+S47115", inventory.Scan{Serials: []string{"S4711"}, DI: "A123BJC5D6E71", Certain: true}},
		"a label of the hospital":                {"https://wardline.example.org/found/BME-4711", inventory.Scan{Label: "BME-4711"}},
		"a label as a QR code with symbology":    {"]Q1HTTPS://WARDLINE.EXAMPLE.ORG/FOUND/BME-4711", inventory.Scan{Label: "BME-4711"}},
		"the address of the device's own screen": {"https://wardline.example.org/devices/0192-abc?tab=x", inventory.Scan{Device: "0192-abc"}},
		"the scanner lost the separators": {"]d2010084458800328817141120107654321D2110987654d321",
			inventory.Scan{DI: "00844588003288", Serials: []string{"D2110987654d321", "10987654d321"}}},
		"the scanner sends another sign for it": {"]d2010084458800328817141120107654321D↔2110987654d321",
			inventory.Scan{DI: "00844588003288", Serials: []string{"10987654d321"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok, err := inventory.ReadScan(c.scan, scanDay)
			if err != nil || !ok {
				t.Fatalf("recognised: %t, %v", ok, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatPeopleTypeIsNoScan(t *testing.T) {
	for _, typed := range []string{"SN-1234", "00:1a:1e:aa:bb:cc", "490154203237518", "+49 170 1234567", "Nurse (night)", "(ward 4)", "01", "0108717648200275ABC",
		"0100000000000000", "A. Meyer", "]", "*", "+", "https", ""} {
		if scan, ok, err := inventory.ReadScan(typed, scanDay); ok || err != nil {
			t.Errorf("%q is taken for a scan: %+v, %v", typed, scan, err)
		}
	}
}

func TestABarcodeThatNamesNoDeviceSaysWhy(t *testing.T) {
	for name, scan := range map[string]string{
		"a wrong check digit":       "(01)00844588003289(21)X",
		"no serial number":          "]C1010871764820027417260831",
		"a damaged HIBC label":      "+A123BJC5D6E71/$+S4711K",
		"an address without a path": "https://wardline.example.org/",
	} {
		if _, ok, err := inventory.ReadScan(scan, scanDay); ok || !fault.Has(err, inventory.CodeUDI) {
			t.Errorf("%s: recognised %t, %v", name, ok, err)
		}
	}
}
