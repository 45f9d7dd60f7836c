package linuxdriver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wardline/agent"
	"wardline/device"
)

// machine is a Linux handheld made of files.
type machine struct {
	t    *testing.T
	root string
	// printed is what programs print, by their name; ran is what was run.
	printed map[string]string
	ran     []string
}

func newMachine(t *testing.T) *machine {
	return &machine{t: t, root: t.TempDir(), printed: map[string]string{}}
}

func (m *machine) file(path, content string) {
	m.t.Helper()
	full := filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) driver(c Config) *Driver {
	m.t.Helper()
	if c.Folder == "" {
		c.Folder = filepath.Join(m.t.TempDir(), "device")
	}
	c.Root = m.root
	c.Has = func(name string) bool { _, ok := m.printed[name]; return ok }
	c.Run = func(_ context.Context, name string, args ...string) ([]byte, error) {
		m.ran = append(m.ran, name+" "+strings.Join(args, " "))
		return []byte(m.printed[name]), nil
	}
	d, err := New(c)
	if err != nil {
		m.t.Fatal(err)
	}
	return d
}

func (m *machine) do(d *Driver, kind device.Kind, sub device.Subkind, args map[string]any) (agent.Outcome, error) {
	return d.Do(context.Background(), agent.Job{CommandID: "c", Kind: kind, Subkind: sub, Args: args})
}

func TestAHandheldSaysWhichAccessPointItIsOn(t *testing.T) {
	for name, printed := range map[string]string{
		"iw":    "Connected to 00:1a:1e:aa:bb:cc (on wlan0)\n\tSSID: HOSP: IOMT\n\tfreq: 5180\n\tsignal: -61 dBm\n",
		"nmcli": " :40:OTHER:00:00:00:00:00:01\n*:78:HOSP: IOMT:00:1A:1E:AA:BB:CC\n",
	} {
		m := newMachine(t)
		m.file("sys/class/net/wlan0/wireless/x", "")
		m.printed[name] = printed
		out, err := m.do(m.driver(Config{}), device.KindLocate, "", nil)
		if err != nil || out.Detail["bssid"] != "00:1a:1e:aa:bb:cc" || out.Detail["ssid"] != "HOSP: IOMT" || out.Detail["rssi_dbm"] != -61 {
			t.Errorf("%s: %v, %v", name, out.Detail, err)
		}
	}
}

func TestAHandheldDescribesItself(t *testing.T) {
	m := newMachine(t)
	m.file("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n")
	m.file("sys/class/dmi/id/product_serial", "ABC123\n")
	m.file("sys/class/power_supply/AC/type", "Mains")
	m.file("sys/class/power_supply/BAT0/type", "Battery")
	m.file("sys/class/power_supply/BAT0/capacity", "81\n")
	m.file("sys/class/power_supply/BAT0/status", "Charging\n")
	d := m.driver(Config{})
	i, err := d.Inventory(context.Background())
	if err != nil || i.OSVersion != "Debian GNU/Linux 12" || i.Serial != "ABC123" {
		t.Errorf("%+v, %v", i, err)
	}
	s, err := d.State(context.Background())
	if err != nil || s.BatteryPercent == nil || *s.BatteryPercent != 81 || !s.Charging {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestALockOutlivesARestart(t *testing.T) {
	m := newMachine(t)
	m.printed["loginctl"] = ""
	folder := filepath.Join(t.TempDir(), "device")
	d := m.driver(Config{Folder: folder})
	if _, err := m.do(d, device.KindLostModeOn, "", map[string]any{"message": "Lost"}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.ran, []string{"loginctl lock-sessions"}) {
		t.Errorf("ran %v", m.ran)
	}
	s, err := m.driver(Config{Folder: folder}).State(context.Background())
	if err != nil || !s.Locked || !s.LostMode {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWhatIsNotAllowedIsRefusedInWords(t *testing.T) {
	m := newMachine(t)
	d := m.driver(Config{})
	for _, kind := range []device.Kind{device.KindWipe, device.KindRemoveWorkData, device.KindRestart, device.KindFirmware, device.KindClearPasscode} {
		if slices.Contains(d.Capabilities(), kind) {
			t.Errorf("it says that it can do %s", kind)
		}
		if _, err := m.do(d, kind, "", nil); !errors.Is(err, agent.ErrRefused) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	content := map[string]any{"version": float64(3), "content": map[string]any{"ssid": "X"}}
	if _, err := m.do(d, device.KindConfig, device.SubkindWiFi, content); !errors.Is(err, agent.ErrRefused) {
		t.Errorf("Wi-Fi that nothing applies: %v", err)
	}
}

func TestOnlyTheWorkDataIsRemoved(t *testing.T) {
	m := newMachine(t)
	home := t.TempDir()
	work, private := filepath.Join(home, "work", "data"), filepath.Join(home, "private.txt")
	for _, f := range []string{filepath.Join(work, "a", "b", "chart.txt"), private} {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(home, filepath.Join(work, "way-out")); err != nil {
		t.Fatal(err)
	}
	d := m.driver(Config{WorkData: work, AllowWipe: true})
	if _, err := m.do(d, device.KindConfig, device.SubkindText, map[string]any{"version": float64(2), "content": map[string]any{"text": "Call"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.do(d, device.KindWipe, "", nil); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(work)
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := os.Stat(private); err != nil {
		t.Errorf("something outside the work data is gone: %v", err)
	}
	if s, _ := d.State(context.Background()); len(s.ConfigVersions) != 0 {
		t.Errorf("it still remembers %v", s.ConfigVersions)
	}
}

func TestAFolderThatHoldsMoreThanWorkDataIsNotAccepted(t *testing.T) {
	for _, path := range []string{"/", "/home", "/home/nurse", "/etc/ward/data", "/var/lib", "relative/data", "/home/nurse/../other/data", "/usr/share/data"} {
		if _, err := New(Config{Folder: t.TempDir(), WorkData: path}); err == nil {
			t.Errorf("%s was accepted", path)
		}
	}
	if _, err := New(Config{Folder: t.TempDir(), WorkData: "/home/nurse/work"}); err != nil {
		t.Errorf("/home/nurse/work: %v", err)
	}
	if _, err := New(Config{Folder: t.TempDir(), AllowWipe: true}); err == nil {
		t.Error("a wipe without a folder to wipe was accepted")
	}
}
