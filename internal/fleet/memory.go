package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"wardline/device"
)

// Executed is one order that the device carried out, as it remembers it.
type Executed struct {
	CommandID string      `json:"command_id"`
	Kind      device.Kind `json:"kind"`
	At        time.Time   `json:"at"` // true time, UTC
}

// memory is what a device keeps over power cycles, in memory.json beside the
// agent's own state folder. A wipe destroys the latter only: a tester's view of
// what a thing did must survive what it did.
type memory struct {
	Therapy   device.Reported `json:"therapy"`
	Programme Programme       `json:"programme"`

	Powered            bool   `json:"powered"`
	Online             bool   `json:"online"`
	BSSID              string `json:"bssid"`
	ClockOffsetSeconds int64  `json:"clock_offset_seconds"`
	BatteryPercent     int    `json:"battery_percent"`
	// Lies: the device answers that a wipe is done and does nothing.
	Lies bool `json:"lies"`
	// IgnoresWipe: the device accepts a wipe and polls on.
	IgnoresWipe bool `json:"ignores_wipe,omitempty"`

	Locked          bool `json:"locked"`
	LostMode        bool `json:"lost_mode"`
	Wiped           bool `json:"wiped"`
	PasscodeSet     bool `json:"passcode_set"`
	WorkDataRemoved bool `json:"work_data_removed"`
	// HadFirstPoll says that a device that loses its network at the beginning has
	// already lost it once.
	HadFirstPoll bool `json:"had_first_poll"`

	Message string `json:"message"` // the last text shown on the screen
	Phone   string `json:"phone"`   // the number that lost mode shows
	Contact string `json:"contact"` // the lock screen's contact text
	Library string `json:"library"` // the drug library in force

	Firmware string `json:"firmware"`

	Configs  map[string]string `json:"configs"` // versions in force, by subkind
	Executed []Executed        `json:"executed"`
}

// clone copies m so that a change can be taken back.
func (m memory) clone() memory {
	m.Configs = maps.Clone(m.Configs)
	m.Executed = slices.Clone(m.Executed)
	return m
}

// executed notes an order. A wipe that a restart interrupted comes twice and is
// one execution.
func (m *memory) executed(id string, kind device.Kind, at time.Time) {
	for _, e := range m.Executed {
		if e.CommandID == id && e.Kind == device.KindWipe {
			return
		}
	}
	m.Executed = append(m.Executed, Executed{CommandID: id, Kind: kind, At: at.UTC()})
}

func (d *Device) memoryFile() string { return filepath.Join(d.folder, "memory.json") }

// load reads the memory, or begins one from the spec.
func (d *Device) load() error {
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of simulated device %s: %w", d.spec.Serial, err)
	}
	body, err := os.ReadFile(d.memoryFile())
	if errors.Is(err, os.ErrNotExist) {
		d.mem = memory{Therapy: d.spec.Therapy, Programme: d.spec.Programme, Powered: true, Online: true,
			BSSID: d.spec.BSSID, BatteryPercent: d.spec.Battery, Firmware: d.spec.Firmware, PasscodeSet: d.spec.Class.IsPersonal(),
			Configs: map[string]string{}, Executed: []Executed{}}
		if d.isPump() {
			d.mem.Library = "2026.1"
		}
		return d.save()
	}
	if err != nil {
		return fmt.Errorf("read the memory of simulated device %s: %w", d.spec.Serial, err)
	}
	if err := json.Unmarshal(body, &d.mem); err != nil {
		return fmt.Errorf("read the memory of simulated device %s: %w", d.spec.Serial, err)
	}
	if d.mem.Configs == nil {
		d.mem.Configs = map[string]string{}
	}
	return nil
}

// save writes the memory beside the old one and moves it into its place, so that
// a kill leaves either.
func (d *Device) save() error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d.mem); err != nil {
		return fmt.Errorf("encode the memory of simulated device %s: %w", d.spec.Serial, err)
	}
	part := d.memoryFile() + ".part"
	if err := os.WriteFile(part, body.Bytes(), 0o600); err != nil {
		return fmt.Errorf("keep the memory of simulated device %s: %w", d.spec.Serial, err)
	}
	if err := os.Rename(part, d.memoryFile()); err != nil {
		return fmt.Errorf("keep the memory of simulated device %s: %w", d.spec.Serial, err)
	}
	return nil
}
