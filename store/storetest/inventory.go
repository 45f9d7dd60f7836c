package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/store"
)

func init() { register("inventory", suiteInventory) }

var bengel = audit.Actor{Kind: audit.ActorPerson, ID: "account-1", Name: "B. Engel"}

// hospital is a small inventory: two sites, some wards, three models.
type hospital struct {
	*Harness
	store   *store.Store
	service *inventory.Service
	ctx     context.Context

	north, south, house, floor device.PlaceID
	ward, storeroom            device.PlaceID // in the north; patients are treated on the ward
	pump, phone, handheld      device.Model
}

func newHospital(h *Harness) *hospital {
	h.t.Helper()
	s := h.Store()
	x := &hospital{Harness: h, store: s, ctx: context.Background(),
		service: inventory.New(inventory.Options{Storage: s, Now: h.Clock.Now})}
	x.north = x.place("", device.PlaceSite, "North", false)
	x.south = x.place("", device.PlaceSite, "South", false)
	x.house = x.place(x.north, device.PlaceBuilding, "House A", false)
	x.floor = x.place(x.house, device.PlaceFloor, "Floor 2", false)
	x.ward = x.place(x.floor, device.PlaceWard, "Ward 2B", true)
	x.storeroom = x.place(x.floor, device.PlaceWard, "Storeroom", false)
	x.pump = x.model("Acme", "Flow 3", device.ClassPumpLVP)
	x.phone = x.model("Tele", "One", device.ClassPhoneIssued)
	x.handheld = x.model("Tele", "Scan", device.ClassHandheldShared)
	return x
}

func (x *hospital) place(parent device.PlaceID, kind device.PlaceKind, name string, care bool) device.PlaceID {
	x.t.Helper()
	p, err := x.service.CreatePlace(x.ctx, bengel, device.Place{Parent: parent, Kind: kind, Name: name, CareArea: care})
	if err != nil {
		x.t.Fatal(err)
	}
	return p.Place.ID
}

func (x *hospital) model(maker, name string, class device.Class) device.Model {
	x.t.Helper()
	m, err := x.service.CreateModel(x.ctx, bengel, device.Model{Maker: maker, Name: name, Class: class,
		Capabilities: []device.Kind{device.KindLocate, device.KindConfig}})
	if err != nil {
		x.t.Fatal(err)
	}
	return m
}

// add registers a device of the model; changes may set more.
func (x *hospital) add(m device.Model, serial string, changes ...func(*inventory.Draft)) inventory.Item {
	x.t.Helper()
	d := inventory.Draft{Model: m.ID, Serial: serial, Management: device.ManagementAgent}
	for _, change := range changes {
		change(&d)
	}
	item, err := x.service.Create(x.ctx, bengel, d)
	if err != nil {
		x.t.Fatal(err)
	}
	return item
}

func (x *hospital) exec(sql string, args ...any) {
	x.t.Helper()
	if _, err := x.Raw().Exec(sql, args...); err != nil {
		x.t.Fatalf("%s: %v", sql, err)
	}
}

// serials lists what a query finds, page by page, in order.
func (x *hospital) serials(q inventory.Query) []string {
	x.t.Helper()
	var out []string
	for {
		page, err := x.service.Find(x.ctx, q)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, i := range page.Items {
			out = append(out, i.Device.Serial)
		}
		if page.NextCursor == "" {
			if page.Total != len(out) {
				x.t.Errorf("the total says %d, the pages hold %d", page.Total, len(out))
			}
			return out
		}
		q.Cursor = page.NextCursor
	}
}

func (x *hospital) wantSerials(what string, q inventory.Query, want ...string) {
	x.t.Helper()
	if diff := cmp.Diff(want, x.serials(q)); diff != "" {
		x.t.Errorf("%s:\n%s", what, diff)
	}
}

func suiteInventory(t *testing.T, h *Harness) {
	for name, f := range map[string]func(*hospital){
		"a list shows every device once in every order":                  everyDeviceOnce,
		"devices are found by pieces of what people know":                foundByPieces,
		"a scanned barcode or label finds its device":                    foundByScan,
		"filters narrow and combine":                                     filtersNarrow,
		"a list by therapy holds the pumps whose page says so":           listByTherapy,
		"a cursor of another list is refused":                            foreignCursor,
		"a change made on an old page is refused":                        changedMeanwhile,
		"class and model of an enrolled device cannot be edited":         classIsFixed,
		"a pump is decommissioned only sanitised and revoked":            decommissioned,
		"a used pump is cleaned before it is ready":                      cleanedFirst,
		"a hold is lifted by its role only":                              holdsAndLifts,
		"two devices never share a serial or a tag":                      noDoubles,
		"a delivery is registered whole or not at all":                   wholeDelivery,
		"a delivery sent twice at once is registered once":               deliveryTwiceAtOnce,
		"an export opens as text and can be sent in again":               exportedAsText,
		"places stay a tree":                                             placesStayATree,
		"everything that happened stands in one timeline":                oneTimeline,
		"a person's location is shown on the record only":                personsLocation,
		"capabilities of a model with enrolled devices cannot be edited": capabilitiesAreFixed,
		"the scope of a reader limits every list":                        scopeLimits,
		"certificates that end soon are found, renewed ones are not":     certificatesThatEnd,
		"a device keeps the story of its certificates":                   certificateStory,
	} {
		h.Run(name, func(t *testing.T, h *Harness) { f(newHospital(h)) })
	}
	suiteTelemetry(t, h)
}

func changedMeanwhile(x *hospital) {
	item := x.add(x.pump, "P1")
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() {
			owner := fmt.Sprintf("ward %d", i)
			_, errs[i] = x.service.Update(x.ctx, bengel, item.Device.ID, item.Device.Version, inventory.Update{Owner: &owner})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !fault.Has(err, fault.CodeStale) {
			x.t.Errorf("the one who came second was told: %v", err)
		}
	}
	if won != 1 {
		x.t.Errorf("%d of two changes of the same version were made", won)
	}
}

func classIsFixed(x *hospital) {
	item := x.add(x.pump, "P1")
	other := x.model("Acme", "Flow 4", device.ClassPumpLVP)
	phone, personal := x.phone.ID, device.ClassPhonePersonal
	if _, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Class: &personal}); !fault.Has(err, inventory.CodeClassFixed) {
		x.t.Errorf("a pump was edited into a phone: %v", err)
	}
	if _, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Model: &phone}); !fault.Has(err, inventory.CodeClassFixed) {
		x.t.Errorf("a pump got a phone's model: %v", err)
	}
	if i, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Model: &other.ID}); err != nil || i.Model.Name != "Flow 4" {
		x.t.Errorf("a mistake in the model, before any enrollment, was not corrected: %v", err)
	}
	x.exec("UPDATE device SET enrollment_id = 'e1', stage = 'enrolled' WHERE id = $1", string(item.Device.ID))
	if _, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Model: &x.pump.ID}); !fault.Has(err, inventory.CodeModelFixed) {
		x.t.Errorf("the model of an enrolled device was edited: %v", err)
	}
	record := device.ManagementRecord
	if _, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Management: &record}); !fault.Has(err, fault.CodeInvalid) {
		x.t.Errorf("the management level of an enrolled device was edited: %v", err)
	}
}

func (x *hospital) stage(id device.ID, to device.Stage) error {
	_, err := x.service.Update(x.ctx, bengel, id, 0, inventory.Update{Stage: &to})
	return err
}

func decommissioned(x *hospital) {
	item := x.add(x.pump, "P1", func(d *inventory.Draft) { d.Management = device.ManagementCertificate })
	id := item.Device.ID
	for _, to := range []device.Stage{device.StageEnrolled, device.StageDecommissioned, device.StageExpected} {
		if err := x.stage(id, to); !fault.Has(err, inventory.CodeStageRefused) {
			x.t.Errorf("a received pump became %s: %v", to, err)
		}
	}
	for _, to := range []device.Stage{device.StageInService, device.StageDecommissioning} {
		if err := x.stage(id, to); err != nil {
			x.t.Fatal(err)
		}
	}
	x.exec(`INSERT INTO certificate (serial, purpose, subject, device_id, fingerprint, not_before, not_after, recorded_at)
		VALUES ('c1', 'device', 's', $1, 'f1', 0, $2, 1)`, string(id), x.Clock.Now().AddDate(1, 0, 0).UnixMicro())
	err := x.stage(id, device.StageDecommissioned)
	if f, ok := fault.As(err); !ok || f.Code.Name != "not_sanitised" || len(f.Fields) != 2 {
		x.t.Errorf("neither sanitised nor revoked: %v", err)
	}
	self := inventory.SanitisationDraft{Witness: "b. engel", Method: "maker's recipe"}
	if _, err := x.service.RecordSanitisation(x.ctx, bengel, id, self); !fault.Has(err, fault.CodeInvalid) {
		x.t.Errorf("somebody was their own witness: %v", err)
	}
	self.Witness = "C. Roth"
	if _, err := x.service.RecordSanitisation(x.ctx, bengel, id, self); err != nil {
		x.t.Fatal(err)
	}
	if err := x.stage(id, device.StageDecommissioned); !fault.Has(err, inventory.CodeNotSanitised) {
		x.t.Errorf("its certificate is still good: %v", err)
	}
	x.exec("UPDATE certificate SET revocation = 'revoked' WHERE serial = 'c1'")
	if err := x.stage(id, device.StageDecommissioned); err != nil {
		x.t.Errorf("sanitised and revoked: %v", err)
	}
}

func cleanedFirst(x *hospital) {
	item := x.add(x.pump, "P1", func(d *inventory.Draft) { d.Condition = device.ConditionInUse })
	set := func(c device.Condition) error {
		_, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Condition: &c})
		return err
	}
	if err := set(device.ConditionReady); !fault.Has(err, inventory.CodeConditionRefused) {
		x.t.Errorf("from a patient straight to ready: %v", err)
	}
	for _, c := range []device.Condition{device.ConditionNeedsCleaning, device.ConditionInCleaning, device.ConditionReady} {
		if err := set(c); err != nil {
			x.t.Errorf("to %s: %v", c, err)
		}
	}
}

func holdsAndLifts(x *hospital) {
	item := x.add(x.phone, "H1")
	id := item.Device.ID
	if _, err := x.service.Hold(x.ctx, bengel, id, device.HoldLost, " "); !fault.Has(err, fault.CodeInvalid) {
		x.t.Errorf("a hold without a reason: %v", err)
	}
	got, err := x.service.Hold(x.ctx, bengel, id, device.HoldLost, "left in a taxi")
	want := []device.Hold{{Kind: device.HoldLost, Reason: "left in a taxi", Since: x.Clock.Now(), MayLift: "it"}}
	if err != nil || !cmp.Equal(want, got.Device.Holds) {
		x.t.Errorf("%v %v", got.Device.Holds, err)
	}
	if _, err := x.service.Hold(x.ctx, bengel, id, device.HoldLost, "again"); !fault.Has(err, inventory.CodeHeldAlready) {
		x.t.Errorf("held twice: %v", err)
	}
	if _, err := x.service.Lift(x.ctx, bengel, []string{"clinician"}, id, device.HoldLost, "found"); !fault.Has(err, inventory.CodeMayNotLift) {
		x.t.Errorf("lifted by a role that may not: %v", err)
	}
	if got, err = x.service.Lift(x.ctx, bengel, []string{"clinician", "it"}, id, device.HoldLost, "found"); err != nil || len(got.Device.Holds) != 0 {
		x.t.Errorf("%v %v", got.Device.Holds, err)
	}
	if _, err := x.service.Lift(x.ctx, bengel, []string{"it"}, id, device.HoldLost, "found"); !fault.Has(err, inventory.CodeNotHeld) {
		x.t.Errorf("lifted twice: %v", err)
	}
}

func noDoubles(x *hospital) {
	first := x.add(x.pump, "SN-1", func(d *inventory.Draft) { d.AssetTag = "T1" })
	create := func(m device.Model, serial, tag string) error {
		_, err := x.service.Create(x.ctx, bengel, inventory.Draft{Model: m.ID, Serial: serial, AssetTag: tag, Management: device.ManagementAgent})
		return err
	}
	if err := create(x.pump, " sn-1", ""); !fault.Has(err, inventory.CodeDeviceExists) {
		x.t.Errorf("the same serial in small letters: %v", err)
	} else if f, _ := fault.As(err); f.Extra["device_id"] != string(first.Device.ID) {
		x.t.Errorf("the refusal does not say which device: %v", f.Extra)
	}
	if err := create(x.pump, "SN-2", "t1"); !fault.Has(err, inventory.CodeAssetTagTaken) {
		x.t.Errorf("the same asset tag: %v", err)
	}
	if err := create(x.handheld, "SN-1", ""); err != nil {
		x.t.Errorf("the same serial of another model is another device: %v", err)
	}
	if err := create(x.pump, "SN-3", ""); err != nil {
		x.t.Error(err)
	}
	if err := create(x.pump, "SN-4", ""); err != nil {
		x.t.Errorf("two devices without a tag: %v", err)
	}
}

func placesStayATree(x *hospital) {
	create := func(p device.Place) error {
		_, err := x.service.CreatePlace(x.ctx, bengel, p)
		return err
	}
	for what, p := range map[string]device.Place{
		"a ward in a site":     {Parent: x.north, Kind: device.PlaceWard, Name: "W"},
		"a site in a site":     {Parent: x.north, Kind: device.PlaceSite, Name: "W"},
		"a floor in nothing":   {Kind: device.PlaceFloor, Name: "W"},
		"a place without name": {Parent: x.floor, Kind: device.PlaceWard, Name: " "},
		"an unknown kind":      {Parent: x.floor, Kind: "room", Name: "W"},
	} {
		if err := create(p); !fault.Has(err, fault.CodeInvalid) {
			x.t.Errorf("%s: %v", what, err)
		}
	}
	if err := create(device.Place{Parent: x.floor, Kind: device.PlaceWard, Name: "ward  2b"}); !fault.Has(err, inventory.CodePlaceExists) {
		x.t.Errorf("two wards of one name: %v", err)
	}
	x.add(x.pump, "P1", func(d *inventory.Draft) { d.Place = x.ward })
	for _, id := range []device.PlaceID{x.ward, x.floor} {
		if err := x.service.DeletePlace(x.ctx, bengel, 0, id); !fault.Has(err, inventory.CodePlaceInUse) {
			x.t.Errorf("a place was deleted in which something stands: %v", err)
		}
	}
	if err := x.service.DeletePlace(x.ctx, bengel, 0, x.storeroom); err != nil {
		x.t.Error(err)
	}
	moved, err := x.service.UpdatePlace(x.ctx, bengel, 1, device.Place{ID: x.house, Parent: x.south, Name: "House B"})
	if err != nil || moved.Version != 2 {
		x.t.Fatalf("%+v %v", moved, err)
	}
	x.wantSerials("after the house moved", inventory.Query{Filters: inventory.Filters{Place: x.south}}, "P1")
	if _, err := x.service.UpdatePlace(x.ctx, bengel, 1, device.Place{ID: x.house, Parent: x.south, Name: "House C"}); !fault.Has(err, fault.CodeStale) {
		x.t.Errorf("an old version: %v", err)
	}
}

func oneTimeline(x *hospital) {
	item := x.add(x.pump, "P1", func(d *inventory.Draft) { d.Place = x.storeroom })
	id := item.Device.ID
	x.ap("00:1a:1e:00:00:01", x.ward)
	x.Clock.Advance(time.Minute)
	x.save(inventory.Heard{Device: id, Report: x.report("stopped", "00:1a:1e:00:00:01")})
	x.Clock.Advance(time.Minute)
	x.save(inventory.Heard{Device: id, Report: x.report("infusing", "00:1a:1e:00:00:01")})
	x.Clock.Advance(time.Minute)
	owner := "ICU"
	if _, err := x.service.Update(x.ctx, bengel, id, 0, inventory.Update{Owner: &owner, Place: &x.ward}); err != nil {
		x.t.Fatal(err)
	}
	x.Clock.Advance(time.Minute)
	if _, err := x.service.Hold(x.ctx, bengel, id, device.HoldRecalled, "maker's letter 7"); err != nil {
		x.t.Fatal(err)
	}
	want := []string{
		"Reported recalled: maker's letter 7",
		"Changed: owner from nothing to ICU; place from North, House A, Floor 2, Storeroom to North, House A, Floor 2, Ward 2B",
		"Reports that it is infusing",
		"Reports that it has stopped",
		"Seen in North, House A, Floor 2, Ward 2B",
		"Registered",
	}
	var got []string
	cursor := ""
	for {
		page, err := x.service.Timeline(x.ctx, id, cursor, 1)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, m := range page.Moments {
			got = append(got, m.Words)
		}
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	// The ward and the first state came with the same poll: either may be first.
	if len(got) == len(want) && got[3] == want[4] {
		got[3], got[4] = got[4], got[3]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		x.t.Error(diff)
	}
}

func personsLocation(x *hospital) {
	item := x.add(x.phone, "H1", func(d *inventory.Draft) { d.Custody = device.Custody{Kind: device.CustodyPerson, Which: "A. Meyer"} })
	id := item.Device.ID
	x.ap("00:1a:1e:00:00:01", x.ward)
	x.save(inventory.Heard{Device: id, Report: x.report("", "00:1a:1e:00:00:01")})
	got, err := x.service.Get(x.ctx, id)
	if err != nil || got.Where != nil || !got.LocationWithheld || got.Device.Report.BSSID != "" || got.Device.Report.Location != nil {
		x.t.Errorf("a glance at the list tells where A. Meyer is: %+v %v", got, err)
	}
	timeline, err := x.service.Timeline(x.ctx, id, "", 0)
	if err != nil || slices.ContainsFunc(timeline.Moments, func(m inventory.Moment) bool { return m.Action == "seen.ward" }) {
		x.t.Errorf("the timeline tells where A. Meyer was: %+v %v", timeline, err)
	}
	where, err := x.service.Location(x.ctx, bengel, id, "she asked us to find it")
	if err != nil || where == nil || inventory.Names(where.Path) != "North, House A, Floor 2, Ward 2B" {
		x.t.Errorf("%+v %v", where, err)
	}
	if _, err := x.service.LocationHistory(x.ctx, bengel, id, "she asked us to find it"); err != nil {
		x.t.Error(err)
	}
	var looks int
	if err := x.Raw().QueryRow("SELECT count(*) FROM audit_event WHERE action = 'location.seen' AND device_id = $1", string(id)).Scan(&looks); err != nil || looks != 2 {
		x.t.Errorf("%d looks are on the record, %v", looks, err)
	}
}

func capabilitiesAreFixed(x *hospital) {
	item := x.add(x.pump, "P1")
	m := x.pump
	m.Capabilities = append(slices.Clone(m.Capabilities), device.KindWipe)
	if got, err := x.service.UpdateModel(x.ctx, bengel, 1, m); err != nil || !got.Can(device.KindWipe) || got.Version != 2 {
		x.t.Errorf("before any enrollment: %+v %v", got, err)
	}
	x.exec("UPDATE device SET enrollment_id = 'e1' WHERE id = $1", string(item.Device.ID))
	m.Capabilities = append(slices.Clone(m.Capabilities), device.KindLock)
	if _, err := x.service.UpdateModel(x.ctx, bengel, 2, m); !fault.Has(err, inventory.CodeModelFixed) {
		x.t.Errorf("enrolled pumps got a capability by an edit: %v", err)
	}
	m.Capabilities = m.Capabilities[:3]
	m.NetworkCut, m.NetworkCutSource = device.NetworkCutSafe, "a rumour"
	if _, err := x.service.UpdateModel(x.ctx, bengel, 2, m); !fault.Has(err, inventory.CodeModelFixed) {
		x.t.Errorf("cutting the network was declared safe by an edit: %v", err)
	}
	m.NetworkCut, m.NetworkCutSource, m.WipeErases = device.NetworkCutUnknown, "", "patient logs"
	if got, err := x.service.UpdateModel(x.ctx, bengel, 2, m); err != nil || got.WipeErases != "patient logs" {
		x.t.Errorf("a text: %v", err)
	}
	if _, err := x.service.CreateModel(x.ctx, bengel, device.Model{Maker: "ACME", Name: "flow  3", Class: device.ClassPumpLVP}); !fault.Has(err, inventory.CodeModelExists) {
		x.t.Errorf("a model twice: %v", err)
	}
}

func scopeLimits(x *hospital) {
	x.add(x.pump, "N1", func(d *inventory.Draft) { d.Place = x.ward })
	x.add(x.pump, "S1", func(d *inventory.Draft) { d.Place = x.south })
	x.add(x.phone, "N2", func(d *inventory.Draft) { d.Place = x.house })
	x.add(x.pump, "nowhere")
	north := inventory.Scope{Sites: []device.PlaceID{x.north}}
	x.wantSerials("one site", inventory.Query{Scope: north}, "N1", "N2")
	north.Classes = []device.Class{device.ClassPhoneIssued}
	x.wantSerials("one site, phones", inventory.Query{Scope: north}, "N2")
	x.wantSerials("a filter cannot widen it", inventory.Query{Scope: north, Filters: inventory.Filters{Class: []device.Class{device.ClassPumpLVP}}})
}

func certificatesThatEnd(x *hospital) {
	add := func(serial string, days int, superseded, revoked bool) {
		item := x.add(x.pump, serial)
		x.exec("UPDATE device SET enrollment_id = $1 WHERE id = $2", "e"+serial, string(item.Device.ID))
		revocation, supersededAt := "", 0
		if revoked {
			revocation = "revoked"
		}
		if superseded {
			supersededAt = 1
		}
		x.exec(`INSERT INTO certificate (serial, purpose, subject, device_id, enrollment_id, fingerprint, not_before, not_after, recorded_at, superseded_at, revocation)
			VALUES ($1, 'device', 's', $2, $3, $4, 0, $5, 1, $6, $7)`, "c"+serial, string(item.Device.ID), "e"+serial, "f"+serial,
			x.Clock.Now().AddDate(0, 0, days).Add(time.Hour).UnixMicro(), supersededAt, revocation)
	}
	add("soon", 10, false, false)
	add("late", 100, false, false)
	add("over", -3, false, false)
	add("renewed", 5, true, false)
	add("revoked", 5, false, true)
	days := 30
	x.wantSerials("within 30 days", inventory.Query{Filters: inventory.Filters{CertificateDays: &days}}, "over", "soon")
	for serial, want := range map[string]int{"soon": 10, "late": 100, "over": -3} {
		page, err := x.service.Find(x.ctx, inventory.Query{Filters: inventory.Filters{Serial: serial}})
		if err != nil || page.Items[0].Certificate == nil || page.Items[0].CertificateDays != want {
			x.t.Errorf("%s: %+v %v, want %d days left", serial, page.Items[0].Certificate, err, want)
		}
	}
}
