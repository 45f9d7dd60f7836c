package linuxdriver

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"wardline/agent"
)

func (d *Driver) path(elem ...string) string {
	return filepath.Join(append([]string{d.c.Root}, elem...)...)
}

// read returns a small file of the machine without the white space around it, or
// "".
func (d *Driver) read(elem ...string) string {
	b, err := os.ReadFile(d.path(elem...))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// battery reads the first battery; nil when there is none.
func (d *Driver) battery() (percent *int, charging bool) {
	supplies, err := os.ReadDir(d.path("sys/class/power_supply"))
	if err != nil {
		return nil, false
	}
	for _, s := range supplies {
		if d.read("sys/class/power_supply", s.Name(), "type") != "Battery" {
			continue
		}
		n, err := strconv.Atoi(d.read("sys/class/power_supply", s.Name(), "capacity"))
		if err != nil || n < 0 || n > 100 {
			continue
		}
		status := d.read("sys/class/power_supply", s.Name(), "status")
		return &n, status == "Charging" || status == "Full"
	}
	return nil, false
}

// encrypted reports whether the root file system lies on a dm-crypt device; nil
// when that cannot be told.
func (d *Driver) encrypted() *bool {
	mounts := d.read("proc/self/mounts")
	for _, line := range strings.Split(mounts, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || f[1] != "/" || !strings.HasPrefix(f[0], "/dev/") {
			continue
		}
		device, err := filepath.EvalSymlinks(d.path(f[0]))
		if err != nil {
			return nil
		}
		yes := strings.HasPrefix(d.read("sys/class/block", filepath.Base(device), "dm/uuid"), "CRYPT-")
		return &yes
	}
	return nil
}

// wireless names the wireless interface; "" when there is none.
func (d *Driver) wireless() string {
	if d.c.Interface != "" {
		return d.c.Interface
	}
	found, err := filepath.Glob(d.path("sys/class/net/*/wireless"))
	if err != nil || len(found) == 0 {
		return ""
	}
	return filepath.Base(filepath.Dir(found[0]))
}

var (
	iwConnected = regexp.MustCompile(`(?m)^Connected to ([0-9a-f:]{17})`)
	iwSSID      = regexp.MustCompile(`(?m)^\s*SSID: (.*)$`)
	iwSignal    = regexp.MustCompile(`(?m)^\s*signal: (-?\d+) dBm`)
)

// network asks iw, or else NetworkManager, for the access point. A machine
// without wireless has none, which is no error.
func (d *Driver) network(ctx context.Context) (*agent.Network, error) {
	name := d.wireless()
	switch {
	case name == "":
		return nil, nil
	case d.c.Has("iw"):
		out, err := d.c.Run(ctx, "iw", "dev", name, "link")
		if err != nil {
			return nil, err
		}
		return parseIW(string(out)), nil
	case d.c.Has("nmcli"):
		out, err := d.c.Run(ctx, "nmcli", "--terse", "--escape", "no", "--fields", "IN-USE,SIGNAL,SSID,BSSID", "device", "wifi", "list", "ifname", name, "--rescan", "no")
		if err != nil {
			return nil, err
		}
		return parseNMCLI(string(out)), nil
	}
	return nil, errors.New("neither iw nor nmcli is installed, so the access point cannot be read")
}

func parseIW(out string) *agent.Network {
	m := iwConnected.FindStringSubmatch(out)
	if m == nil {
		return nil
	}
	n := &agent.Network{BSSID: m[1]}
	if m := iwSSID.FindStringSubmatch(out); m != nil {
		n.SSID = m[1]
	}
	if m := iwSignal.FindStringSubmatch(out); m != nil {
		n.RSSIdBm, _ = strconv.Atoi(m[1])
	}
	return n
}

// parseNMCLI reads lines of IN-USE:SIGNAL:SSID:BSSID. The SSID may hold colons;
// the BSSID is always the last 17 characters.
func parseNMCLI(out string) *agent.Network {
	for _, line := range strings.Split(out, "\n") {
		rest, used := strings.CutPrefix(strings.TrimSpace(line), "*:")
		if !used || len(rest) < 18 {
			continue
		}
		signal, ssid, ok := strings.Cut(rest[:len(rest)-18], ":")
		quality, err := strconv.Atoi(signal)
		if !ok || err != nil {
			continue
		}
		// NetworkManager gives per cent; half of it above -100 dBm is its own rule.
		return &agent.Network{SSID: ssid, BSSID: strings.ToLower(rest[len(rest)-17:]), RSSIdBm: quality/2 - 100}
	}
	return nil
}

// Inventory describes the machine.
func (d *Driver) Inventory(context.Context) (agent.Inventory, error) {
	i := agent.Inventory{
		Maker:           d.read("sys/class/dmi/id/sys_vendor"),
		Model:           d.read("sys/class/dmi/id/product_name"),
		Serial:          d.c.Serial,
		FirmwareVersion: d.read("sys/class/dmi/id/bios_version"),
		OSVersion:       osName(d.read("etc/os-release")),
		SoftwareVersion: d.read("proc/sys/kernel/osrelease"),
		AgentVersion:    d.c.Version,
	}
	if i.Model == "" { // boards without firmware tables
		i.Model = strings.TrimRight(d.read("proc/device-tree/model"), "\x00")
	}
	if i.Serial == "" {
		i.Serial = d.read("sys/class/dmi/id/product_serial")
	}
	if i.Serial == "" {
		i.Serial = strings.TrimRight(d.read("proc/device-tree/serial-number"), "\x00")
	}
	if name := d.wireless(); name != "" {
		i.MAC = strings.ToLower(d.read("sys/class/net", name, "address"))
	}
	return i, nil
}

// osName reads PRETTY_NAME of os-release(5).
func osName(release string) string {
	for _, line := range strings.Split(release, "\n") {
		if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}
