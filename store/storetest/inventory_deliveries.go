package storetest

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"

	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

const deliveryHead = "serial,model,management,asset_tag,place\n"

func wholeDelivery(x *hospital) {
	x.add(x.pump, "P2")
	x.add(x.pump, "P9", func(d *inventory.Draft) { d.AssetTag = "T3" })
	file := deliveryHead + "P1,Acme Flow 3,agent,T1,North / House A\nP2,Acme Flow 3,agent,T2,\nP3,Acme Flow 3,agent,T3,\nP4,Acme Flow 9,agent,,\n"
	dry, err := x.service.ImportDelivery(x.ctx, bengel, strings.NewReader(file), true)
	want := []inventory.RowError{{Line: 3, Column: "serial", Reason: "P2 of this model is registered already"},
		{Line: 4, Column: "asset_tag", Reason: "T3 is the asset tag of another device already"},
		{Line: 5, Column: "model", Reason: `"Acme Flow 9" is not a known model: write maker and name as in the list of models`}}
	if diff := cmp.Diff(want, dry.Errors); err != nil || diff != "" || dry.Rows != 4 {
		x.t.Errorf("dry run: %v %+v\n%s", err, dry, diff)
	}
	_, err = x.service.ImportDelivery(x.ctx, bengel, strings.NewReader(file), false)
	if f, ok := fault.As(err); !ok || f.Code.Name != "csv_has_errors" || len(f.Fields) != 3 {
		x.t.Errorf("taken in with errors: %v", err)
	}
	// Without the row that can be seen in the file itself, only the database objects.
	file = strings.Replace(file, "P4,Acme Flow 9,agent,,\n", "", 1)
	_, err = x.service.ImportDelivery(x.ctx, bengel, strings.NewReader(file), false)
	if f, ok := fault.As(err); !ok || f.Code.Name != "csv_has_errors" || len(f.Fields) != 2 || f.Fields[0].Name != "line 3, column serial" {
		x.t.Errorf("taken in although registered: %v", err)
	}
	x.wantSerials("after two refused files", inventory.Query{}, "P2", "P9")

	good := deliveryHead + "P1,Acme Flow 3,agent,T1,North / House A\nP5,Acme Flow 3,agent,,\n"
	for i, already := range []bool{false, true} {
		got, err := x.service.ImportDelivery(x.ctx, bengel, strings.NewReader(good), false)
		if err != nil || got.Registered != 2 || got.Already != already {
			x.t.Errorf("sent for the %d. time: %+v %v", i+1, got, err)
		}
	}
	x.wantSerials("after it", inventory.Query{Filters: inventory.Filters{Stage: []device.Stage{device.StageExpected}}}, "P1", "P5")
	x.wantSerials("in its place", inventory.Query{Filters: inventory.Filters{Place: x.house}}, "P1")
}

func deliveryTwiceAtOnce(x *hospital) {
	var b strings.Builder
	b.WriteString(deliveryHead)
	for i := range 700 { // more than one statement holds
		fmt.Fprintf(&b, "P%03d,Acme Flow 3,agent,,\n", i)
	}
	results := make([]inventory.ImportResult, 3)
	errs := make([]error, len(results))
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			results[i], errs[i] = x.service.ImportDelivery(x.ctx, bengel, strings.NewReader(b.String()), false)
		})
	}
	wg.Wait()
	fresh := 0
	for i, r := range results {
		if errs[i] != nil || r.Registered != 700 {
			x.t.Errorf("%+v %v", r, errs[i])
		}
		if !r.Already {
			fresh++
		}
	}
	page, err := x.service.Find(x.ctx, inventory.Query{})
	if fresh != 1 || err != nil || page.Total != 700 {
		x.t.Errorf("registered %d times; %d devices, %v", fresh, page.Total, err)
	}
	var events int
	if err := x.Raw().QueryRow("SELECT count(*) FROM audit_event WHERE action = 'device.registered'").Scan(&events); err != nil || events != 700 {
		x.t.Errorf("%d registrations in the audit log, %v", events, err)
	}
}

func exportedAsText(x *hospital) {
	x.add(x.pump, "=1+1", func(d *inventory.Draft) { d.Owner, d.Tags, d.Place = "@evil, \"quoted\"", []string{"a", "b"}, x.ward })
	x.add(x.pump, "P1")
	e, err := x.service.Export(x.ctx, bengel, inventory.Query{Sort: "serial"})
	if err != nil {
		x.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.Write(x.ctx, &b, func() error { return nil }); err != nil {
		x.t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 3 {
		x.t.Fatalf("%v %v", rows, err)
	}
	at := func(name string) string { return rows[1][slices.Index(rows[0], name)] }
	for name, want := range map[string]string{"serial": "'=1+1", "owner": "'@evil, \"quoted\"", "tags": "a | b",
		"place": "North / House A / Floor 2 / Ward 2B", "model": "Acme Flow 3"} {
		if at(name) != want {
			x.t.Errorf("%s is exported as %q, want %q", name, at(name), want)
		}
	}
	again := "serial,model,management,owner,tags,place\n" + at("serial") + "x," + at("model") + "," + at("management") + ",\"" +
		strings.ReplaceAll(at("owner"), `"`, `""`) + "\"," + at("tags") + "," + at("place") + "\n"
	if _, err := x.service.ImportDelivery(x.ctx, bengel, strings.NewReader(again), false); err != nil {
		x.t.Fatal(err)
	}
	x.wantSerials("by its owner", inventory.Query{Filters: inventory.Filters{Owner: `@evil, "quoted"`}}, "=1+1", "=1+1x")
}
