package linuxdriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"wardline/agent"
	"wardline/device"
)

// Config says what the driver may use. Folder is required.
type Config struct {
	// Folder is the driver's own memory: the lock message and the configuration
	// documents, which other programs on the machine may read from there.
	Folder string
	// Serial replaces the serial number of the firmware, which virtual machines and
	// small boards do not have.
	Serial string
	// Interface is the wireless interface; empty: the first one.
	Interface string
	// WorkData is the folder with the hospital's data. Empty: remove_work_data and
	// wipe are refused. Its content is removed, not the folder itself.
	WorkData string
	// AllowWipe lets a wipe remove WorkData and this agent's identity. It never
	// erases the machine itself.
	AllowWipe bool
	// AllowRestart lets the machine be restarted.
	AllowRestart bool
	// Applies lists further subkinds of configuration whose documents another
	// program on this machine applies from Folder. The lock-screen text is always
	// stored.
	Applies []device.Subkind
	// Version is the agent's own.
	Version string
	Log     *slog.Logger

	// Root is where the machine's files are; tests put a folder there.
	Root string
	// Run runs a program and returns what it printed. Default: exec.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)
	// Has reports whether a program is installed.
	Has func(name string) bool
}

// Driver is agent.Driver for Linux. It is safe for concurrent use.
type Driver struct {
	c Config

	mu  sync.Mutex
	mem memory
}

// memory is what survives a restart, in Folder/driver.json.
type memory struct {
	Locked   bool              `json:"locked"`
	LostMode bool              `json:"lost_mode"`
	Message  string            `json:"message"`
	Phone    string            `json:"phone_number"`
	Footnote string            `json:"footnote"`
	Configs  map[string]string `json:"configs"`
}

const memoryFile = "driver.json"

var _ agent.Driver = (*Driver)(nil)

// New reads the driver's memory.
func New(c Config) (*Driver, error) {
	if c.Folder == "" {
		return nil, errors.New("the Linux driver needs a folder")
	}
	if c.WorkData != "" && !safeToEmpty(c.WorkData) {
		return nil, fmt.Errorf("%q cannot be the work-data folder: name an absolute path at least two levels deep, "+
			"that is not a system folder or somebody's whole home", c.WorkData)
	}
	if c.AllowWipe && c.WorkData == "" {
		return nil, errors.New("a wipe is allowed, but no work-data folder is named for it to remove")
	}
	if c.Root == "" {
		c.Root = "/"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Run == nil {
		c.Run = run
	}
	if c.Has == nil {
		c.Has = func(name string) bool { _, err := exec.LookPath(name); return err == nil }
	}
	if err := os.MkdirAll(c.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the driver's folder: %w", err)
	}
	d := &Driver{c: c, mem: memory{Configs: map[string]string{}}}
	b, err := os.ReadFile(filepath.Join(c.Folder, memoryFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return d, nil
	case err != nil:
		return nil, fmt.Errorf("read the driver's memory: %w", err)
	}
	if err := json.Unmarshal(b, &d.mem); err != nil {
		return nil, fmt.Errorf("read the driver's memory: %w", err)
	}
	if d.mem.Configs == nil {
		d.mem.Configs = map[string]string{}
	}
	return d, nil
}

const commandTimeout = 15 * time.Second

func run(ctx context.Context, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return out, fmt.Errorf("%s: %w: %.200s", name, err, strings.TrimSpace(string(out)))
	}
	return out, nil
}

// Capabilities depend on what is installed and allowed.
func (d *Driver) Capabilities() []device.Kind {
	kinds := []device.Kind{device.KindLocate, device.KindRing, device.KindConfig}
	if d.c.Has("loginctl") {
		kinds = append(kinds, device.KindLock, device.KindUnlock, device.KindLostModeOn, device.KindLostModeOff)
	}
	if d.c.Has("wall") {
		kinds = append(kinds, device.KindMessage)
	}
	if d.c.Has("journalctl") {
		kinds = append(kinds, device.KindCollectLogs)
	}
	if d.c.WorkData != "" {
		kinds = append(kinds, device.KindRemoveWorkData)
	}
	if d.c.AllowWipe {
		kinds = append(kinds, device.KindWipe)
	}
	if d.c.AllowRestart && d.c.Has("systemd-run") {
		kinds = append(kinds, device.KindRestart)
	}
	return kinds
}

// Therapy is none: this is not a pump.
func (d *Driver) Therapy() (device.Reported, time.Duration) { return device.ReportedNone, 0 }

// Changed is nil for the same reason.
func (d *Driver) Changed() <-chan struct{} { return nil }

// State reads battery, network and what was locked.
func (d *Driver) State(ctx context.Context) (agent.State, error) {
	d.mu.Lock()
	s := agent.State{Locked: d.mem.Locked, LostMode: d.mem.LostMode, ConfigVersions: map[string]string{}}
	for k, v := range d.mem.Configs {
		s.ConfigVersions[k] = v
	}
	d.mu.Unlock()
	now := time.Now()
	s.WallClock = &now
	s.BatteryPercent, s.Charging = d.battery()
	s.StorageEncrypted = d.encrypted()
	network, err := d.network(ctx)
	s.Network = network
	return s, err
}

// update changes the memory and puts it on disk.
func (d *Driver) update(change func(*memory)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := d.mem
	next.Configs = map[string]string{}
	for k, v := range d.mem.Configs {
		next.Configs[k] = v
	}
	change(&next)
	b, err := json.MarshalIndent(next, "", "  ")
	if err == nil {
		err = replace(filepath.Join(d.c.Folder, memoryFile), b)
	}
	if err != nil {
		return fmt.Errorf("keep the driver's memory: %w", err)
	}
	d.mem = next
	return nil
}

// replace writes a file whole, so that a power cut leaves the old or the new one.
func replace(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// safeToEmpty refuses paths that hold more than the hospital's data.
func safeToEmpty(path string) bool {
	clean := filepath.Clean(path)
	if !filepath.IsAbs(path) || clean != path {
		return false
	}
	parts := strings.Split(strings.TrimPrefix(clean, "/"), "/")
	if len(parts) < 2 {
		return false
	}
	system := []string{"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "root", "run", "sbin", "sys", "usr"}
	if slices.Contains(system, parts[0]) {
		return false
	}
	// /home/somebody is a whole home; /var/lib is the system's.
	return len(parts) > 2 || parts[0] != "home" && parts[0] != "var"
}
