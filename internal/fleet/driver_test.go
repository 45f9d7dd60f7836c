package fleet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wardline/agent"
	"wardline/device"
)

// listenAndHold accepts connections and says nothing.
func listenAndHold(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan net.Conn, 8)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				close(held)
				return
			}
			held <- c
		}
	}()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-done
		for c := range held {
			if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Error(err)
			}
		}
	})
	return l.Addr().String()
}

func order(t *testing.T, d *Device, id string, kind device.Kind, args map[string]any) (agent.Outcome, error) {
	t.Helper()
	return d.Do(t.Context(), agent.Job{CommandID: id, Kind: kind, Args: args})
}

func mustOrder(t *testing.T, d *Device, id string, kind device.Kind, args map[string]any) agent.Outcome {
	t.Helper()
	out, err := order(t, d, id, kind, args)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return out
}

// withIdentity puts something to erase into the agent's folder.
func withIdentity(t *testing.T, d *Device) (identity, journal string) {
	t.Helper()
	if err := os.MkdirAll(d.stateDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	identity, journal = filepath.Join(d.stateDir(), "identity.pem"), filepath.Join(d.stateDir(), "journal.jsonl")
	for _, path := range []string{identity, journal} {
		if err := os.WriteFile(path, []byte("secret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return identity, journal
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestALostPhoneShowsWhoToCallAndTakesNoPasscode(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "P7-0001")
	mustOrder(t, d, "c1", device.KindLostModeOn, map[string]any{"message": "Please call us.", "phone_number": "+1 555 0100"})
	s, f := d.Snapshot(), d.face()
	if !s.Locked || !s.LostMode || f.Screen != "lost" || f.Message != "Please call us." || f.Phone != "+1 555 0100" {
		t.Errorf("locked %t, lost %t, screen %q with %q and %q", s.Locked, s.LostMode, f.Screen, f.Message, f.Phone)
	}
	if err := d.Apply(Change{Locked: ptr(false)}); err == nil {
		t.Error("a phone in lost mode was unlocked by hand")
	}
	report, err := d.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !report.LostMode || report.Location == nil {
		t.Error("a lost phone does not report lost mode and its position")
	}
	mustOrder(t, d, "c2", device.KindLostModeOff, nil)
	if report, err = d.State(t.Context()); err != nil || report.Location != nil {
		t.Errorf("found again, it still reports its position (%v)", err)
	}
}

func TestALockedPumpIsUnlockedAtItsPanelWithoutAnyNetwork(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "LV1-0004")
	apply(t, d, Change{Online: ptr(false)})
	mustOrder(t, d, "c1", device.KindLock, nil)
	if err := d.Apply(Change{Therapy: ptr(device.ReportedInfusing)}); err == nil {
		t.Error("a locked pump was started")
	}
	apply(t, d, Change{Locked: ptr(false)})
	apply(t, d, Change{Therapy: ptr(device.ReportedInfusing)})
}

func TestAWipedPhoneHasNoKeyAndKeepsOnlyItsMemoryOfTheWipe(t *testing.T) {
	clock, dir := newClock(), t.TempDir()
	f := newFleet(t, dir, clock)
	d := get(t, f, "P7-0001")
	identity, journal := withIdentity(t, d)
	mustOrder(t, d, "c1", device.KindLock, nil)
	clock.advance(time.Minute)
	if out := mustOrder(t, d, "c2", device.KindWipe, nil); !out.Gone {
		t.Error("a phone that wiped itself is not gone")
	}
	if exists(identity) {
		t.Error("the key is still there")
	}
	if !exists(journal) {
		t.Error("the journal of what it did is gone")
	}
	s := d.Snapshot()
	if !s.Wiped || s.Locked || s.LostMode || s.PasscodeSet {
		t.Errorf("wiped %t, locked %t, lost %t, passcode %t", s.Wiped, s.Locked, s.LostMode, s.PasscodeSet)
	}
	want := []Executed{{"c1", device.KindLock, clock.at.Add(-time.Minute)}, {"c2", device.KindWipe, clock.at}}
	if len(s.Executed) != 2 || s.Executed[0] != want[0] || s.Executed[1] != want[1] {
		t.Errorf("it remembers %v, not %v", s.Executed, want)
	}
	if err := f.Stop(); err != nil {
		t.Fatal(err)
	}
	if !get(t, newFleet(t, dir, clock), "P7-0001").Snapshot().Wiped {
		t.Error("started again, it has forgotten that it was wiped")
	}
}

func TestAWipeThatARestartInterruptedCountsOnce(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "P7-0001")
	mustOrder(t, d, "c1", device.KindWipe, nil)
	if _, err := d.Do(t.Context(), agent.Job{CommandID: "c1", Kind: device.KindWipe, Resumed: true}); err != nil {
		t.Fatal(err)
	}
	if n := len(d.Snapshot().Executed); n != 1 {
		t.Errorf("it remembers %d wipes", n)
	}
}

func TestALiarSaysItIsWipedAndIsNot(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "P7-0002")
	identity, _ := withIdentity(t, d)
	apply(t, d, Change{Lies: ptr(true)})
	if out := mustOrder(t, d, "c1", device.KindWipe, nil); out.Gone {
		t.Error("a liar was gone")
	}
	if s := d.Snapshot(); s.Wiped || len(s.Executed) != 0 || !exists(identity) {
		t.Error("a liar did erase something")
	}
}

func TestAPersonalPhoneLosesOnlyItsWorkData(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "OWN-0001")
	identity, _ := withIdentity(t, d)
	if _, err := order(t, d, "c1", device.KindWipe, nil); !errors.Is(err, agent.ErrRefused) {
		t.Errorf("asked to wipe itself it answered %v", err)
	}
	mustOrder(t, d, "c2", device.KindRemoveWorkData, nil)
	if s := d.Snapshot(); s.Wiped || !s.WorkDataRemoved || !exists(identity) {
		t.Errorf("wiped %t, work data removed %t", s.Wiped, s.WorkDataRemoved)
	}
	inv, err := d.Inventory(t.Context())
	if err != nil || len(inv.Apps) != 0 {
		t.Errorf("it still has the hospital's apps %v (%v)", inv.Apps, err)
	}
}

func TestAPumpAnswersWhereItIsByTheAccessPointInReach(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "LV1-0001")
	apply(t, d, Change{BSSID: ptr("02:57:4c:00:02:01")})
	out := mustOrder(t, d, "c1", device.KindLocate, nil)
	if out.Detail["bssid"] != "02:57:4c:00:02:01" || out.Detail["latitude"] != nil {
		t.Errorf("it answered %v", out.Detail)
	}
	if ward := d.Snapshot().Ward; ward != "Example General Hospital, Main building, Ground floor, Central supply" {
		t.Errorf("it stands in %q", ward)
	}
}

func TestADocumentIsInForceWithItsVersion(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "P7-0002")
	_, err := d.Do(t.Context(), agent.Job{CommandID: "c1", Kind: device.KindConfig, Subkind: device.SubkindText,
		Args: map[string]any{"document_id": "d", "version": float64(7), "content": map[string]any{"message": "Property of Example General", "phone_number": "", "reward": ""}}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.State(t.Context())
	if err != nil || s.ConfigVersions["text"] != "7" || d.face().Contact != "Property of Example General" {
		t.Errorf("versions %v, contact %q (%v)", s.ConfigVersions, d.face().Contact, err)
	}
}

func TestWhatAModelCannotDoIsRefusedAndNotRemembered(t *testing.T) {
	d := get(t, newFleet(t, t.TempDir(), newClock()), "LV1-0001")
	for _, kind := range []device.Kind{device.KindLostModeOn, device.KindClearPasscode, device.KindRemoveWorkData, "rate"} {
		if _, err := order(t, d, "c1", kind, nil); !errors.Is(err, agent.ErrRefused) {
			t.Errorf("%s: a pump answered %v", kind, err)
		}
	}
	if n := len(d.Snapshot().Executed); n != 0 {
		t.Errorf("it remembers %d executions", n)
	}
}
