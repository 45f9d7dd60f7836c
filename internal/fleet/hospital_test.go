package fleet

import (
	"crypto/rand"
	"os"
	"slices"
	"testing"

	"wardline/auth"
	"wardline/device"
	"wardline/inventory"
)

func TestTheHospitalHasEveryManagementLevelAndTherapyState(t *testing.T) {
	h, err := NewHospital(DefaultPumps, DefaultPhones, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	levels, states := map[device.Management]int{}, map[device.Reported]int{}
	pumps, agents, carried := 0, 0, 0
	for _, d := range h.Devices {
		levels[d.Management]++
		switch {
		case d.Class.IsPump():
			pumps++
			if d.Agent() {
				agents++
				states[d.Therapy]++
			}
		case d.Class.IsPersonal():
			carried++
		}
	}
	if agents < 12 || carried < 20 {
		t.Errorf("%d pumps with the agent and %d carried devices; at least 12 and 20 are promised", agents, carried)
	}
	for _, m := range device.Managements() {
		if levels[m] == 0 {
			t.Errorf("no device has the management level %s", m)
		}
	}
	for _, s := range []device.Reported{device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedService} {
		if states[s] == 0 {
			t.Errorf("no pump is %s", s)
		}
	}
	// SAFETY 1: standby is stopped in a care area, idle is stopped and ready in
	// storage, unknown is silence.
	has := func(what string, is func(Spec) bool) {
		if !slices.ContainsFunc(h.Devices, is) {
			t.Errorf("no pump is %s", what)
		}
	}
	has("on standby", func(s Spec) bool {
		return s.Therapy == device.ReportedStopped && s.Custody.Kind == device.CustodyWard
	})
	has("idle", func(s Spec) bool {
		return s.Therapy == device.ReportedStopped && s.Custody.Kind == device.CustodyStorage && s.Condition == device.ConditionReady
	})
	has("in service at biomed", func(s Spec) bool {
		return s.Therapy == device.ReportedService && s.Custody.Kind == device.CustodyBiomed
	})
	has("about to fall silent", func(s Spec) bool { return s.Class.IsPump() && s.Unplugged })
}

func TestEveryRoleHasOneAccountAndNoPasswordIsUsedTwice(t *testing.T) {
	first, err := NewHospital(1, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewHospital(1, 1, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var roles []string
	for _, a := range append(slices.Clone(first.Accounts), second.Accounts...) {
		if seen[a.Password] || seen[a.OTPSecret] || len(a.Password) < 20 {
			t.Errorf("the secrets of %s are not fresh", a.Username)
		}
		seen[a.Password], seen[a.OTPSecret] = true, true
	}
	for _, a := range first.Accounts {
		roles = append(roles, a.Role)
	}
	for _, r := range auth.Roles() {
		if !slices.Contains(roles, string(r)) {
			t.Errorf("nobody has the role %s", r)
		}
	}
}

func TestUDIsAndIMEIsOfALargeHospitalAreDistinctAndWellFormed(t *testing.T) {
	h, err := NewHospital(400, 400, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, d := range h.Devices {
		for _, id := range []string{d.Serial, d.AssetTag, d.MAC, d.IMEI} {
			if id != "" && seen[id] {
				t.Errorf("%s has %s, which another device has too", d.Serial, id)
			}
			seen[id] = true
		}
		if d.UDI == "" {
			continue
		}
		parsed, err := inventory.ParseUDI(d.UDI, newClock().now())
		if err != nil || parsed.DI != d.UDIDI || parsed.Serial != d.Serial || parsed.Lot != d.Lot {
			t.Errorf("%s: %q is read as %+v (%v)", d.Serial, d.UDI, parsed, err)
		}
	}
	// Luhn's sum by hand: 1 + 1 + twice the last 1 = 4, and 6 are missing to ten.
	if got := imei(1); got != "001010000000016" {
		t.Errorf("the first IMEI is %s", got)
	}
}

func TestTheAccountsOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	first, err := OpenHospital(dir, 3, 3, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenHospital(dir, 5, 2, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(first.Accounts, second.Accounts) || len(second.Accounts) == 0 {
		t.Error("the accounts of the second start are not those of the first")
	}
	info, err := os.Stat(second.file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the passwords has mode %v (%v)", info.Mode(), err)
	}
	if len(second.Devices) != 7 {
		t.Errorf("%d devices, not 7", len(second.Devices))
	}
}

func TestACrowdHasOneDeviceForEachSerial(t *testing.T) {
	h, err := Crowd(device.ClassPumpSyringe, []string{"A1", "A2"})
	if err != nil || len(h.Devices) != 2 || h.Devices[1].Serial != "A2" || h.Devices[1].Class != device.ClassPumpSyringe {
		t.Errorf("%+v (%v)", h, err)
	}
	for name, serials := range map[string][]string{"none": nil, "twice": {"A", "A"}, "empty": {""}, "another folder": {"../A"}} {
		if _, err := Crowd(device.ClassPumpSyringe, serials); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
	if _, err := Crowd(device.ClassGateway, []string{"A"}); err == nil {
		t.Error("a crowd of gateways is not refused")
	}
}
