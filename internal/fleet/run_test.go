package fleet

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/enroll"
	"wardline/inventory"
	"wardline/store/storetest"
)

// startDemo seeds the world with a small hospital and starts its devices.
func startDemo(t *testing.T, w *world, dir string, pumps, phones int) (*Fleet, *Seeder) {
	t.Helper()
	h := must(OpenHospital(dir, pumps, phones, rand.Reader))(t)
	s := w.seeder(h)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := must(New(Options{Hospital: h, Dir: dir}))(t)
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
	})
	connection := Connection{Server: w.url, CAFingerprint: w.authority.Fingerprint(), Invite: s.Invite}
	if err := f.Start(t.Context(), connection); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := f.WaitForReports(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f, s
}

func (w *world) ask(id device.ID, kind device.Kind, args map[string]any) commands.Command {
	w.t.Helper()
	var body json.RawMessage
	if args != nil {
		body = must(json.Marshal(args))(w.t)
	}
	return must(w.commands.Request(w.t.Context(), seeding, commands.Ask{Device: id, Kind: kind, Args: body, Reason: "test"}))(w.t)
}

// TestTheHospitalComesToLife is the demo without its listeners for people: a
// hospital is seeded, its devices enroll over SCEP and poll over mutual TLS, the
// lost phone shows lost mode, is wiped, and stays wiped after a restart in which
// nobody enrolls again.
func TestTheHospitalComesToLife(t *testing.T) {
	w, dir := newWorld(t, t.TempDir()), t.TempDir()
	f, s := startDemo(t, w, dir, 8, 3) // with one pump that runs no agent

	lost := get(t, f, "P7-0001")
	until(t, "the lost phone shows lost mode", func() bool { return lost.Snapshot().LostMode })
	if got := lost.Snapshot(); got.Message != lostText || len(got.Executed) != 1 || got.Executed[0].Kind != device.KindLostModeOn {
		t.Errorf("it shows %q and executed %v", got.Message, got.Executed)
	}
	until(t, "the pump in the emergency department loses its network", func() bool { return !get(t, f, "LV1-0005").Snapshot().Online })

	id := s.records["LV1-0001"]
	until(t, "the server knows that the pump infuses", func() bool {
		item, err := w.inventory.Get(t.Context(), id)
		return err == nil && item.Device.Report.Therapy == device.ReportedInfusing && item.Device.Stage == device.StageInService
	})
	apply(t, get(t, f, "LV1-0001"), Change{Therapy: ptr(device.ReportedPaused)})
	until(t, "the server hears at once that it was paused", func() bool {
		item, err := w.inventory.Get(t.Context(), id)
		return err == nil && item.Device.Report.Therapy == device.ReportedPaused
	})

	w.ask(s.records["P7-0001"], device.KindWipe, nil)
	until(t, "the phone is wiped", func() bool { return lost.Snapshot().Wiped })
	until(t, "its agent has ended", func() bool { return !lost.answered() })

	if err := f.Stop(); err != nil {
		t.Fatal(err)
	}
	before := must(w.inventory.Find(t.Context(), inventory.Query{}))(t)
	f, _ = startDemo(t, w, dir, 8, 3)
	after := must(w.inventory.Find(t.Context(), inventory.Query{}))(t)
	if before.Total != 11 || after.Total != 11 {
		t.Errorf("%d devices on record, and %d after the second start; 11 were there", before.Total, after.Total)
	}
	for i := range before.Items {
		if before.Items[i].Device.Enrollment != after.Items[i].Device.Enrollment {
			t.Errorf("%s enrolled again", before.Items[i].Device.Serial)
		}
	}
	if got := get(t, f, "P7-0001").Snapshot(); !got.Wiped || len(got.Executed) != 2 {
		t.Errorf("after the second start the lost phone is wiped %t and remembers %v", got.Wiped, got.Executed)
	}
}

func TestAPumpIsSanitisedAndItsKeyGoesWhenTheServerHasItsLastReport(t *testing.T) {
	server, dir := t.TempDir(), t.TempDir()
	w := newWorld(t, server)
	raw := must(sql.Open("sqlite", "file:"+filepath.Join(server, "wardline.db")+"?_pragma=busy_timeout(10000)"))(t)
	defer raw.Close()
	storetest.AddPeople(t, w.store, raw, "a", "b")
	f, s := startDemo(t, w, dir, 6, 0)
	d := get(t, f, "LV1-0004") // in service, at the biomed workshop
	engineer := audit.Actor{Kind: audit.ActorPerson, ID: "a", Name: "Biomedical engineer", Session: "1"}
	second := audit.Actor{Kind: audit.ActorPerson, ID: "b", Name: "Another engineer", Session: "2"}
	cmd := must(w.commands.Request(t.Context(), engineer,
		commands.Ask{Device: s.records[d.Serial()], Kind: device.KindWipe, Reason: "goes back to the maker"}))(t)
	if cmd.State != commands.StateAwaitingApproval {
		t.Fatalf("the wipe of a pump is %s, and does not wait for a second person", cmd.State)
	}
	must(w.commands.Approve(t.Context(), second, cmd.ID, cmd.OrderHash))(t)
	until(t, "the server has the pump's last report", func() bool {
		c, err := w.commands.Get(t.Context(), cmd.ID)
		return err == nil && c.State == commands.StateSucceeded
	})
	identity := filepath.Join(d.stateDir(), "identity.pem")
	until(t, "its key is gone", func() bool { return !exists(identity) })
	if got := d.Snapshot(); !got.Wiped || len(got.Executed) != 1 || got.Executed[0].CommandID != string(cmd.ID) {
		t.Errorf("it is wiped %t and executed %v", got.Wiped, got.Executed)
	}
	until(t, "its agent has ended", func() bool { return !d.answered() })
}

func TestASwitchedOffDeviceComesBackWithTheSameIdentity(t *testing.T) {
	w, dir := newWorld(t, t.TempDir()), t.TempDir()
	f, s := startDemo(t, w, dir, 0, 2)
	d := get(t, f, "P7-0002")
	apply(t, d, Change{Powered: ptr(false)})
	until(t, "its agent has ended", func() bool { return !d.answered() })
	cmd := w.ask(s.records["P7-0002"], device.KindLock, nil)
	apply(t, d, Change{Powered: ptr(true)})
	until(t, "it is locked as soon as it is on", func() bool { return d.Snapshot().Locked })
	until(t, "the server has its result", func() bool {
		c, err := w.commands.Get(t.Context(), cmd.ID)
		return err == nil && c.State == commands.StateSucceeded
	})
	if got := d.Snapshot().Executed; len(got) != 1 || got[0].CommandID != string(cmd.ID) {
		t.Errorf("it executed %v", got)
	}
}

func TestTheDevicesFindAServerThatCameBackOnAnotherPort(t *testing.T) {
	server, devices := t.TempDir(), t.TempDir()
	w := newWorld(t, server)
	f, _ := startDemo(t, w, devices, 0, 2)
	if err := f.Stop(); err != nil {
		t.Fatal(err)
	}
	w.close()
	again := newWorld(t, server)
	f, s := startDemo(t, again, devices, 0, 2)
	again.ask(s.records["P7-0002"], device.KindLock, nil)
	until(t, "the phone hears of its lock", func() bool { return get(t, f, "P7-0002").Snapshot().Locked })
}

func TestADeliveryOfSimulatedPumpsEnrollsWithOneCode(t *testing.T) {
	w := newWorld(t, t.TempDir())
	model := must(w.inventory.CreateModel(t.Context(), seeding, models()[0].Model))(t)
	serials := []string{"SIM-0001", "SIM-0002", "SIM-0003"}
	var packed []enroll.Packed
	for _, s := range serials {
		packed = append(packed, enroll.Packed{Serial: s})
	}
	delivery := must(w.enroll.CreateDelivery(t.Context(), seeding,
		enroll.Delivery{Name: "Purchase order 1", Class: device.ClassPumpLVP, Model: model.ID, Packed: packed}))(t)
	if err := w.enroll.OpenDelivery(t.Context(), seeding, delivery.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	issued := must(w.enroll.Invite(t.Context(), seeding,
		enroll.Invitation{For: enroll.ForDelivery, Delivery: delivery.ID, Class: device.ClassPumpLVP}))(t)

	h := must(Crowd(device.ClassPumpLVP, serials))(t)
	f := must(New(Options{Hospital: h, Dir: t.TempDir()}))(t)
	err := f.Start(t.Context(), Connection{Server: w.url, CAFingerprint: w.authority.Fingerprint(),
		Invite: func(context.Context, Spec) (string, error) { return issued.Code, nil }})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "all of them report", func() bool {
		page, err := w.inventory.Find(t.Context(), inventory.Query{})
		if err != nil || page.Total != 3 {
			return false
		}
		for _, item := range page.Items {
			if item.Device.Report.Therapy != device.ReportedStopped {
				return false
			}
		}
		return true
	})
	if err := f.Stop(); err != nil {
		t.Error(err)
	}
}
