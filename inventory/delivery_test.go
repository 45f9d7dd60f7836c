package inventory

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/device"
	"wardline/internal/fault"
)

const (
	site  = device.PlaceID("01950000-0000-7000-8000-000000000001")
	house = device.PlaceID("01950000-0000-7000-8000-000000000002")
)

func newReading() *deliveryReading {
	tree := NewTree([]device.Place{{ID: site, Kind: device.PlaceSite, Name: "Main site"}, {ID: house, Parent: site, Kind: device.PlaceBuilding, Name: "House A"}})
	n := 0
	return &deliveryReading{
		newID: func() string { n++; return fmt.Sprintf("id-%d", n) }, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC),
		tree: tree, places: tree.byPath(), seen: map[string]int{},
		models: map[string]device.Model{"acme flow 3": {ID: "m1", Maker: "Acme", Name: "Flow 3", Class: device.ClassPumpLVP}},
	}
}

func readDelivery(t testing.TB, text string) (*csvFile, *deliveryReading, error) {
	t.Helper()
	r := newReading()
	f, err := readCSV(strings.NewReader(text), DeliveryColumns(), []string{"model", "management"}, r.row)
	return f, r, err
}

func TestADeliveryIsReadAsItWasTyped(t *testing.T) {
	for name, text := range map[string]string{
		"commas":     "serial,model,management,asset_tag,place,tags,mac\nS-1,Acme Flow 3,agent,T1,Main site / House A,icu | loan,00-1A-1E-AA-BB-CC\n",
		"semicolons": "serial;model;management;asset_tag;place;tags;mac\r\nS-1;Acme Flow 3;agent;T1;Main site / House A;icu | loan;00-1A-1E-AA-BB-CC\r\n",
		"with a byte order mark, capitals and spaces": "\ufeffSerial,Model,Management,Asset Tag,Place,Tags,MAC\n S-1 ,acme  flow 3,agent,T1,main site/house a,ICU|loan,001a1eaabbcc\n",
		"as exported": "serial,model,management,asset_tag,place,tags,mac\n\"S-1\",\"Acme Flow 3\",agent,T1,\"Main site / House A\",\"icu | loan\",00:1a:1e:aa:bb:cc",
	} {
		t.Run(name, func(t *testing.T) {
			f, r, err := readDelivery(t, text)
			if err != nil || len(f.errors) > 0 {
				t.Fatalf("%v %v", err, f.errors)
			}
			want := []device.Device{{ID: "id-1", Class: device.ClassPumpLVP, Model: "m1", Serial: "S-1", Management: device.ManagementAgent,
				AssetTag: "T1", Place: house, MAC: "00:1a:1e:aa:bb:cc", Tags: []string{"icu", "loan"}, Stage: device.StageExpected,
				Condition: device.ConditionReady, Custody: device.Custody{Kind: device.CustodyStorage}}}
			if diff := cmp.Diff(want, r.devices); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryBadRowOfADeliveryIsNamedByLineColumnAndReason(t *testing.T) {
	text := `serial,model,management,asset_tag,imei,mac,udi,stage,tags
S1,Acme Flow 3,agent,,,,,,
S1,Acme Flow 3,agent,,,,,,
S2,Acme Flow 9,agent,,,,,,
S3,Acme Flow 3,telepathy,,,,,,
S4,Acme Flow 3,agent,,490154203237517,,,,
S5,Acme Flow 3,agent,,,nonsense,,,
S6,Acme Flow 3,agent,,,,(01)00844588003289(21)S6,,
S7,Acme Flow 3,agent,,,,(01)00844588003288(21)S8,,
,Acme Flow 3,agent,,,,,,
S9,Acme Flow 3,agent,,,,,in_service,
S10,Acme Flow 3,agent
"S11
 on two lines",Acme Flow 3,agent,,,,,,
S12,Acme Flow 3,agent,A1,,,,,
S13,Acme Flow 3,agent,a1,,,,,
S"14,Acme Flow 3,agent,,,,,,
`
	f, _, err := readDelivery(t, text)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		line   int
		column string
		says   string
	}{
		{3, "serial", "line 2 already"}, {4, "model", "not a known model"}, {5, "management", "one of agent"}, {6, "imei", "check digit"},
		{7, "mac", "not a MAC address"}, {8, "udi", "check digit"}, {9, "serial", "the label says S8"}, {10, "serial", "is missing"},
		{11, "stage", "expected or received"}, {12, "", "3 cells and the header 9"}, {13, "serial", "cannot be shown"},
		{16, "asset_tag", "line 15 already"}, {17, "", "quotation mark"},
	}
	if len(f.errors) != len(want) {
		t.Fatalf("%d errors, want %d: %v", len(f.errors), len(want), f.errors)
	}
	for i, w := range want {
		got := f.errors[i]
		if got.Line != w.line || got.Column != w.column || !strings.Contains(got.Reason, w.says) {
			t.Errorf("error %d is %+v, want line %d, column %q, saying %q", i, got, w.line, w.column, w.says)
		}
	}
}

func TestAFileThatIsNoDeliveryIsRefused(t *testing.T) {
	for _, c := range []struct{ name, text, says string }{
		{"an unknown column", "serial,model,management,class\nS1,Acme Flow 3,agent,phone_issued\n", "not a column"},
		{"a column twice", "serial,model,management,serial\nS1,Acme Flow 3,agent,S2\n", "twice"},
		{"a column missing", "serial,model\nS1,Acme Flow 3\n", "missing from the header"},
		{"a header only", "serial,model,management\n", "no rows"},
		{"not UTF-8", "serial,model,management,owner\nS1,Acme Flow 3,agent,M\xfcller\n", "UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, r, err := readDelivery(t, c.text)
			if err != nil || len(f.errors) == 0 || !strings.Contains(f.errors[0].Reason, c.says) || len(r.devices) > 0 {
				t.Errorf("got %v, %+v; want an error that says %q", err, f.errors, c.says)
			}
		})
	}
	if _, _, err := readDelivery(t, ""); !fault.Has(err, CodeCSV) {
		t.Errorf("an empty file: %v", err)
	}
}

func TestADeliveryThatIsTooLargeIsRefusedAndNotCutOff(t *testing.T) {
	head := "serial,model,management,owner\n"
	long := "S1,Acme Flow 3,agent," + strings.Repeat("x", 1<<20) + "\n"
	if _, _, err := readDelivery(t, head+strings.Repeat(long, 11)); !fault.Has(err, fault.CodeTooLarge) {
		t.Errorf("11 MiB: %v", err)
	}
	if _, _, err := readDelivery(t, head+strings.Repeat("S1,x,agent,\n", MaxCSVRows+1)); !fault.Has(err, fault.CodeTooLarge) {
		t.Errorf("one row too many: %v", err)
	}
}

func TestACellNeverBecomesAFormula(t *testing.T) {
	for _, cell := range []string{"=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "\rx"} {
		quoted := quoteFormula(cell)
		if strings.ContainsRune("=+-@\t\r", rune(quoted[0])) {
			t.Errorf("%q is exported as %q", cell, quoted)
		}
		if unquoteFormula(quoted) != cell {
			t.Errorf("%q comes back as %q", cell, unquoteFormula(quoted))
		}
	}
	for _, cell := range []string{"", "S-1", "'quoted'", "1=1"} {
		if quoteFormula(cell) != cell || unquoteFormula(cell) != cell {
			t.Errorf("%q is changed", cell)
		}
	}
}

// Whatever is uploaded: no crash; a file is either refused with lines that exist
// or every row of it became a device; and what became of it reads back the same.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{
		"serial,model,management\nS1,Acme Flow 3,agent\n", "\ufeffserial;model;management\r\nS1;Acme Flow 3;record\r\n",
		"serial,model,management\n\"S\"\"1\",Acme Flow 3,agent\n", "serial,model,management\n\"S1\n", "a,b\n1,2,3\n", ",,,\n", "\"", "\n\n\n",
		"udi,model,management,tags\n(01)00844588003288(21)X,acme flow 3,agent,a|b\n", "serial,model,management,owner\n'=1,m1,agent,'=cmd()\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, r, err := readDelivery(t, string(text))
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Fatalf("not a fault for people: %v", err)
			}
			return
		}
		lines := bytes.Count(text, []byte("\n")) + 1
		for _, e := range file.errors {
			if e.Line < 1 || e.Line > lines || e.Reason == "" {
				t.Fatalf("an error in a file of %d lines: %+v", lines, e)
			}
		}
		if len(file.errors) > 0 {
			return
		}
		if len(r.devices) != file.rows || file.rows == 0 {
			t.Fatalf("%d rows became %d devices without an error", file.rows, len(r.devices))
		}
		_, again, err := readDelivery(t, writeDelivery(t, r.devices))
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.devices { // the lot of a UDI is not in its own column here
			r.devices[i].UDI, again.devices[i].UDI = "", ""
		}
		if diff := cmp.Diff(r.devices, again.devices); diff != "" {
			t.Fatalf("read, written and read again:\n%s", diff)
		}
	})
}

func writeDelivery(t testing.TB, devices []device.Device) string {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	rows := [][]string{DeliveryColumns()}
	for _, d := range devices {
		rows = append(rows, []string{d.Serial, "Acme Flow 3", string(d.Management), d.AssetTag, d.Owner, string(d.Place), d.UDI, d.Lot, d.IMEI, d.MAC,
			strings.Join(d.Tags, "|"), string(d.Stage)})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = quoteFormula(row[i])
		}
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
