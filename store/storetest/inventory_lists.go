package storetest

import (
	"fmt"
	"slices"
	"time"

	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/safety"
)

func everyDeviceOnce(x *hospital) {
	for i := range 23 {
		x.add(x.pump, fmt.Sprintf("P%02d", i), func(d *inventory.Draft) {
			d.Owner = []string{"ICU", "", "Surgery"}[i%3] // many are equal in the order
			if i%2 == 0 {
				d.AssetTag = fmt.Sprintf("T%02d", 40-i)
			}
		})
		if i%4 == 0 {
			x.Clock.Advance(time.Minute)
		}
	}
	for _, sort := range []string{"serial", "-serial", "asset_tag", "-asset_tag", "owner", "-owner", "updated", "-updated", "last_seen", "-last_seen"} {
		got := x.serials(inventory.Query{Sort: sort, Limit: 4})
		seen := slices.Sorted(slices.Values(got))
		if len(slices.Compact(seen)) != 23 || len(got) != 23 {
			x.t.Errorf("sorted by %s, %d devices are listed, %d different ones, of 23", sort, len(got), len(slices.Compact(seen)))
		}
	}
	x.wantSerials("by serial, backwards", inventory.Query{Sort: "-serial", Q: "P2"}, "P22", "P21", "P20")
	// A device that is registered while somebody turns pages moves nothing.
	first, err := x.service.Find(x.ctx, inventory.Query{Sort: "serial", Limit: 20})
	if err != nil {
		x.t.Fatal(err)
	}
	x.add(x.pump, "A-new")
	second, err := x.service.Find(x.ctx, inventory.Query{Sort: "serial", Limit: 20, Cursor: first.NextCursor})
	if err != nil || len(second.Items) != 3 || second.Items[0].Device.Serial != "P20" || second.Total != 23 {
		x.t.Errorf("the second page begins with %+v, total %d, %v", second.Items, second.Total, err)
	}
}

func foundByPieces(x *hospital) {
	x.add(x.pump, "ALR-0012-77", func(d *inventory.Draft) {
		d.AssetTag, d.Owner, d.MAC = "BME 4711", "Central supply", "00:1a:1e:aa:bb:cc"
	})
	x.add(x.phone, "SN5588", func(d *inventory.Draft) { d.Owner, d.IMEI = "Mária Ångström", "490154203237518" })
	x.add(x.handheld, "ZZ-9", func(d *inventory.Draft) { d.AssetTag = "100% mine_" })
	for q, want := range map[string][]string{
		"alr-0012":     {"ALR-0012-77"},
		"001277":       {"ALR-0012-77"}, // without the hyphens
		"012-7":        {"ALR-0012-77"}, // from the middle
		"4711":         {"ALR-0012-77"},
		"bme4711":      {"ALR-0012-77"},
		"SUPPLY":       {"ALR-0012-77"},
		"central su":   {"ALR-0012-77"},
		"00-1A-1E":     {"ALR-0012-77"},
		"aabbcc":       {"ALR-0012-77"},
		"ÅNGSTR":       {"SN5588"},
		"mária":        {"SN5588"},
		"203237518":    {"SN5588"},
		"49 015420":    {"SN5588"},
		"zz":           {"ZZ-9"},        // two characters: only at the beginning
		"sn":           {"SN5588"},      //
		"al":           {"ALR-0012-77"}, //
		"77":           nil,             //
		"%":            nil,             // and one is too few, below
		"mine":         {"ZZ-9"},
		"nothing-here": nil,
		"711\nsup":     nil, // no value goes over into the next
	} {
		page, err := x.service.Find(x.ctx, inventory.Query{Q: q})
		if q == "%" {
			if !fault.Has(err, fault.CodeInvalid) {
				x.t.Errorf("a search for one sign: %v", err)
			}
			continue
		}
		if err != nil {
			x.t.Fatalf("%q: %v", q, err)
		}
		var got []string
		for _, i := range page.Items {
			got = append(got, i.Device.Serial)
		}
		if !slices.Equal(got, want) || page.Total != len(want) {
			x.t.Errorf("%q finds %v (total %d), want %v", q, got, page.Total, want)
		}
	}
	// What was changed is found by its new text and no longer by the old one.
	item := x.add(x.pump, "OLD-1")
	owner := "Radiology"
	if _, err := x.service.Update(x.ctx, bengel, item.Device.ID, 1, inventory.Update{Owner: &owner}); err != nil {
		x.t.Fatal(err)
	}
	x.wantSerials("by the new owner", inventory.Query{Q: "radiol"}, "OLD-1")
}

func foundByScan(x *hospital) {
	udi := func(scan string) func(*inventory.Draft) { return func(d *inventory.Draft) { d.UDI = scan } }
	x.add(x.pump, "10987654d321", udi("(01)00844588003288(10)7654321D(21)10987654d321"))
	x.add(x.handheld, "10987654D321", udi("(01)08717648200274(21)10987654D321")) // the same serial of another maker
	x.add(x.pump, "PLAIN-7", func(d *inventory.Draft) { d.AssetTag = "BME 4711" })
	for what, c := range map[string]struct{ scan, serial string }{
		"a data matrix":              {"]d2010084458800328817141120107654321D\x1d2110987654d321\r", "10987654d321"},
		"the text below it":          {"(01)08717648200274(21)10987654D321", "10987654D321"},
		"separators lost":            {"01008445880032881714112010LOT-7654321D2110987654d321", "10987654d321"},
		"recorded without its UDI":   {"(01)08717648200274(21)PLAIN-7", "PLAIN-7"},
		"a label with an address":    {"https://found.example.org/found/BME%204711", "PLAIN-7"},
		"an address with its serial": {"HTTPS://FOUND.EXAMPLE.ORG/FOUND/plain-7", "PLAIN-7"},
	} {
		x.wantSerials(what, inventory.Query{Q: c.scan}, c.serial)
	}
	x.wantSerials("a serial of another product", inventory.Query{Q: "(01)00844588003288(21)nobody"})
	x.wantSerials("lost separators of another product", inventory.Query{Q: "01087176482002741714112010LOT-7654321D2110987654d321x"})
	x.wantSerials("scanned within a filter", inventory.Query{Q: "(01)08717648200274(21)PLAIN-7", Filters: inventory.Filters{Class: []device.Class{device.ClassPhoneIssued}}})
	_, err := x.service.Find(x.ctx, inventory.Query{Q: "(01)00844588003289(21)X"})
	if f, ok := fault.As(err); !ok || len(f.Fields) != 1 || f.Fields[0].Name != "q" {
		x.t.Errorf("a barcode with a wrong check digit: %v", err)
	}
}

func filtersNarrow(x *hospital) {
	x.add(x.pump, "P1", func(d *inventory.Draft) { d.Place, d.Tags = x.ward, []string{"icu", "loan"} })
	x.add(x.pump, "P2", func(d *inventory.Draft) { d.Place, d.Management = x.storeroom, device.ManagementRecord })
	x.add(x.pump, "P3", func(d *inventory.Draft) { d.Place, d.Stage, d.Owner = x.south, device.StageExpected, "ICU" })
	x.add(x.phone, "H1", func(d *inventory.Draft) {
		d.Custody = device.Custody{Kind: device.CustodyPerson, Which: "A. Meyer"}
		d.Tags = []string{"loan"}
	})
	phone, err := x.service.Find(x.ctx, inventory.Query{Filters: inventory.Filters{Serial: "h1"}})
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.service.Hold(x.ctx, bengel, phone.Items[0].Device.ID, device.HoldLost, "left in a taxi"); err != nil {
		x.t.Fatal(err)
	}
	filter := func(f inventory.Filters) inventory.Query { return inventory.Query{Filters: f, Limit: 1} }
	x.wantSerials("class", filter(inventory.Filters{Class: []device.Class{device.ClassPumpLVP}}), "P1", "P2", "P3")
	x.wantSerials("management", filter(inventory.Filters{Management: []device.Management{device.ManagementRecord}}), "P2")
	x.wantSerials("model", filter(inventory.Filters{Model: []device.ModelID{x.phone.ID}}), "H1")
	x.wantSerials("site", filter(inventory.Filters{Place: x.north}), "P1", "P2")
	x.wantSerials("floor", filter(inventory.Filters{Place: x.floor}), "P1", "P2")
	x.wantSerials("ward", filter(inventory.Filters{Place: x.ward}), "P1")
	x.wantSerials("stage", filter(inventory.Filters{Stage: []device.Stage{device.StageExpected}}), "P3")
	x.wantSerials("hold", filter(inventory.Filters{Hold: []device.HoldKind{device.HoldLost, device.HoldRecalled}}), "H1")
	x.wantSerials("custody", filter(inventory.Filters{Custody: []device.CustodyKind{device.CustodyPerson}}), "H1")
	x.wantSerials("tag", filter(inventory.Filters{Tag: []string{"Loan"}}), "H1", "P1")
	x.wantSerials("owner", filter(inventory.Filters{Owner: "icu"}), "P3")
	x.wantSerials("tag and class", filter(inventory.Filters{Tag: []string{"loan"}, Class: []device.Class{device.ClassPumpLVP}}), "P1")
	x.save(inventory.Heard{Device: phone.Items[0].Device.ID, Report: x.report("", "")})
	x.wantSerials("heard of just now", filter(inventory.Filters{SilentSince: x.Clock.Now()}))
	x.wantSerials("silent for a second", filter(inventory.Filters{SilentSince: x.Clock.Advance(time.Second)}), "H1")
	x.wantSerials("search and place", inventory.Query{Q: "P1", Filters: inventory.Filters{Place: x.south}})
	_, err = x.service.Find(x.ctx, filter(inventory.Filters{Stage: []device.Stage{"gone"}}))
	if !fault.Has(err, fault.CodeInvalid) {
		x.t.Errorf("an unknown stage: %v", err)
	}
}

func listByTherapy(x *hospital) {
	var devices []device.Device
	var heard []inventory.Heard
	levels := []device.Management{device.ManagementAgent, device.ManagementRecord, device.ManagementGateway, device.ManagementAgent}
	for _, reported := range []device.Reported{"", "infusing", "paused", "stopped", "service"} {
		for _, custody := range device.Custodies() {
			for _, condition := range device.Conditions() {
				for _, place := range []device.PlaceID{x.ward, x.storeroom} {
					n := len(devices)
					d := device.Device{ID: device.ID(fmt.Sprintf("01950000-0000-7000-9000-%012d", n)), Class: device.ClassPumpLVP, Model: x.pump.ID,
						Serial: fmt.Sprintf("P%04d", n), Management: levels[(n+n/10)%4], Stage: device.StageInService, Condition: condition,
						Place: place, Custody: device.Custody{Kind: custody, Which: "there"}}
					r := x.report(reported, "")
					if n%7 == 0 { // some have been silent for long
						r.ReceivedAt, r.TherapyAt = r.ReceivedAt.Add(-11*time.Minute), r.TherapyAt.Add(-11*time.Minute)
					}
					devices, heard = append(devices, d), append(heard, inventory.Heard{Device: d.ID, Report: r})
				}
			}
		}
	}
	if _, err := x.store.RegisterDelivery(x.ctx, "h", devices, eventsFor(devices)); err != nil {
		x.t.Fatal(err)
	}
	x.save(heard...)
	x.add(x.phone, "a phone")
	idle := 0
	for _, state := range safety.States() {
		var want []string
		all, err := x.service.Find(x.ctx, inventory.Query{Limit: 200})
		for err == nil {
			for _, i := range all.Items {
				if i.Therapy != nil && i.Therapy.State == state {
					want = append(want, i.Device.Serial)
				}
			}
			if all.NextCursor == "" {
				break
			}
			all, err = x.service.Find(x.ctx, inventory.Query{Limit: 200, Cursor: all.NextCursor})
		}
		if err != nil {
			x.t.Fatal(err)
		}
		if state == safety.StateIdle {
			idle = len(want)
		}
		x.wantSerials("pumps that are "+string(state), inventory.Query{Limit: 200, Filters: inventory.Filters{Therapy: []safety.State{state}}}, want...)
	}
	if idle == 0 {
		x.t.Error("no pump was idle: the list was not tried")
	}
}

func foreignCursor(x *hospital) {
	for i := range 3 {
		x.add(x.pump, fmt.Sprintf("P%d", i))
	}
	page, err := x.service.Find(x.ctx, inventory.Query{Limit: 1})
	if err != nil {
		x.t.Fatal(err)
	}
	for _, q := range []inventory.Query{
		{Sort: "owner", Cursor: page.NextCursor}, {Q: "p1", Cursor: page.NextCursor}, {Cursor: "bm9uc2Vuc2U"}, {Cursor: "%"},
		{Scope: inventory.Scope{Sites: []device.PlaceID{x.south}}, Cursor: page.NextCursor},
	} {
		if _, err := x.service.Find(x.ctx, q); !fault.Has(err, fault.CodeInvalid) {
			x.t.Errorf("%+v: %v", q, err)
		}
	}
}
