package fleet

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wardline/agent"
	"wardline/device"
)

// A Device is the hardware that its agent drives.
var _ agent.Driver = (*Device)(nil)

// How long a device rings, and how long after an order to restart it goes down:
// time enough for the agent to keep the result.
const (
	ringTime     = 30 * time.Second
	restartDelay = time.Second
)

// Capabilities lists what this model can do.
func (d *Device) Capabilities() []device.Kind {
	var kinds []device.Kind
	for _, k := range d.model.Capabilities {
		// To be cut from the network is done to a device, not by it.
		if !k.ByServer() {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Therapy is sensed at the moment of asking.
func (d *Device) Therapy() (device.Reported, time.Duration) {
	if !d.isPump() {
		return device.ReportedNone, 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mem.Therapy, 0
}

// Changed has a value whenever the therapy state has changed.
func (d *Device) Changed() <-chan struct{} { return d.changed }

// State is what the device reports in each poll.
func (d *Device) State(context.Context) (agent.State, error) {
	d.countPoll()
	if err := d.lookForTheEnd(); err != nil {
		return agent.State{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.mem.clone()
	battery, encrypted, wall := m.BatteryPercent, true, d.now().Add(time.Duration(m.ClockOffsetSeconds)*time.Second)
	s := agent.State{
		BatteryPercent: &battery, Charging: d.docked(), StorageEncrypted: &encrypted,
		Network: &agent.Network{SSID: "EXAMPLE-IOMT", BSSID: m.BSSID, RSSIdBm: -58},
		Locked:  m.Locked, LostMode: m.LostMode, WallClock: &wall, ConfigVersions: m.Configs,
	}
	if d.spec.Class.IsPersonal() {
		passcode := m.PasscodeSet
		s.PasscodeSet = &passcode
	}
	if d.spec.Class.IsPersonal() && m.LostMode {
		s.Location = position(m.BSSID)
	}
	return s, nil
}

// docked reports whether it stands on a charger.
func (d *Device) docked() bool {
	return d.isPump() || d.spec.Spot == "Charging dock"
}

// position is the fix of a lost device. It lies in the Atlantic, where no
// hospital is.
func position(bssid string) *agent.Location {
	east := 0.0
	for _, b := range []byte(bssid) {
		east += float64(b) / 1e7
	}
	return &agent.Location{Latitude: 0.0005, Longitude: east, AccuracyM: 35}
}

// Inventory is what changes rarely.
func (d *Device) Inventory(context.Context) (agent.Inventory, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	inv := agent.Inventory{
		Maker: d.model.Maker, Model: d.model.Name, Serial: d.spec.Serial,
		FirmwareVersion: d.mem.Firmware, AgentVersion: "simulated",
		IMEI: d.spec.IMEI, MAC: d.spec.MAC,
	}
	if d.isPump() {
		inv.SoftwareVersion = "Drug library " + d.mem.Library
		return inv, nil
	}
	inv.OSVersion = d.mem.Firmware
	if !d.mem.WorkDataRemoved {
		inv.Apps = []agent.App{{ID: "example.messages", Version: "5.1"}, {ID: "example.chart", Version: "12.0"}, {ID: "example.calls", Version: "3.4"}}
	}
	return inv, nil
}

// Do carries out one order, remembers that it did, and shows it.
func (d *Device) Do(ctx context.Context, job agent.Job) (agent.Outcome, error) {
	if job.Kind == device.KindWipe {
		return d.wipe(ctx, job)
	}
	var out agent.Outcome
	err := d.update(func() error {
		act, known := deeds[job.Kind]
		if !known || !d.model.Can(job.Kind) {
			return fmt.Errorf("%w: a %s cannot do %q", agent.ErrRefused, d.model.Name, job.Kind)
		}
		detail, err := act(d, job)
		if err != nil {
			return err
		}
		out.Detail = detail
		d.mem.executed(job.CommandID, job.Kind, d.now())
		return nil
	})
	if err == nil && (job.Kind == device.KindRestart || job.Kind == device.KindFirmware) {
		// A moment later, so that the agent can keep the result.
		d.after(restartDelay, d.powerCycle)
	}
	return out, err
}

// deeds is what each kind means on simulated hardware. Each runs under the lock
// and changes the memory.
var deeds = map[device.Kind]func(d *Device, job agent.Job) (map[string]any, error){
	device.KindLocate:           (*Device).locate,
	device.KindCollectLogs:      (*Device).collectLogs,
	device.KindLock:             (*Device).lock,
	device.KindUnlock:           (*Device).unlock,
	device.KindLostModeOn:       (*Device).lostModeOn,
	device.KindLostModeOff:      (*Device).lostModeOff,
	device.KindRing:             (*Device).ring,
	device.KindMessage:          (*Device).message,
	device.KindClearPasscode:    (*Device).clearPasscode,
	device.KindRemoveWorkData:   (*Device).removeWorkData,
	device.KindRestart:          (*Device).nothing, // Do restarts it afterwards
	device.KindConfig:           (*Device).configure,
	device.KindLibrary:          (*Device).newLibrary,
	device.KindFirmware:         (*Device).newFirmware,
	device.KindRefresh:          (*Device).nothing,
	device.KindRenewCertificate: (*Device).nothing,
	device.KindUnstage:          (*Device).nothing,
}

// nothing is for what is done elsewhere: by the agent itself, or after the deed.
func (d *Device) nothing(agent.Job) (map[string]any, error) { return nil, nil }

func (d *Device) locate(agent.Job) (map[string]any, error) {
	detail := map[string]any{"ssid": "EXAMPLE-IOMT", "bssid": d.mem.BSSID, "rssi_dbm": -58}
	if d.spec.Class.IsPersonal() && d.mem.LostMode {
		at := position(d.mem.BSSID)
		detail["latitude"], detail["longitude"], detail["accuracy_m"] = at.Latitude, at.Longitude, at.AccuracyM
	}
	return detail, nil
}

func (d *Device) collectLogs(agent.Job) (map[string]any, error) {
	var lines []string
	for _, e := range d.mem.Executed[max(0, len(d.mem.Executed)-50):] {
		lines = append(lines, e.At.Format(time.RFC3339)+" did "+string(e.Kind))
	}
	return map[string]any{"log": strings.Join(lines, "\n")}, nil
}

func (d *Device) lock(job agent.Job) (map[string]any, error) {
	d.mem.Locked = true
	d.mem.Message, d.mem.Phone = job.Text("message"), job.Text("phone_number")
	return nil, nil
}

func (d *Device) unlock(agent.Job) (map[string]any, error) {
	d.mem.Locked, d.mem.Message, d.mem.Phone = false, "", ""
	return nil, nil
}

func (d *Device) lostModeOn(job agent.Job) (map[string]any, error) {
	d.mem.Locked, d.mem.LostMode = true, true
	d.mem.Message, d.mem.Phone = job.Text("message"), job.Text("phone_number")
	if note := job.Text("footnote"); note != "" {
		d.mem.Message += "\n" + note
	}
	return nil, nil
}

func (d *Device) lostModeOff(agent.Job) (map[string]any, error) {
	d.mem.LostMode, d.mem.Message, d.mem.Phone = false, "", ""
	d.clock.ringUntil = time.Time{}
	return nil, nil
}

func (d *Device) ring(job agent.Job) (map[string]any, error) {
	wait := ringTime
	if seconds, ok := job.Args["seconds"].(float64); ok {
		wait = time.Duration(seconds) * time.Second
	}
	d.clock.ringUntil = d.now().Add(wait)
	return nil, nil
}

func (d *Device) message(job agent.Job) (map[string]any, error) {
	text := job.Text("text")
	if text == "" {
		return nil, errors.New("the message has no text")
	}
	d.mem.Message = text
	return nil, nil
}

func (d *Device) clearPasscode(agent.Job) (map[string]any, error) {
	d.mem.PasscodeSet = false
	return nil, nil
}

func (d *Device) removeWorkData(agent.Job) (map[string]any, error) {
	d.mem.WorkDataRemoved = true
	return nil, nil
}

// powerCycle is a restart: what runs on the device ends and begins anew.
func (d *Device) powerCycle() {
	err := d.update(func() error {
		if !d.mem.Powered {
			return nil
		}
		d.switchPower(false)
		d.switchPower(true)
		return nil
	})
	if err != nil {
		d.setNotice("It could not restart: " + err.Error())
		return
	}
	signal(d.power)
}

// configure takes a document into force. Whatever it holds is the version that
// counts here; contact text is shown on the lock screen.
func (d *Device) configure(job agent.Job) (map[string]any, error) {
	n, numbered := job.Args["version"].(float64)
	content, readable := job.Args["content"].(map[string]any)
	if job.Subkind == device.SubkindNone || !numbered || !readable {
		return nil, errors.New("the document has no version or no content")
	}
	version := strconv.FormatFloat(n, 'f', -1, 64)
	if job.Subkind == device.SubkindText {
		d.mem.Contact = contactText(content)
	}
	d.mem.Configs[string(job.Subkind)] = version
	return map[string]any{"version": version}, nil
}

func (d *Device) newLibrary(job agent.Job) (map[string]any, error) {
	version := job.Text("version")
	if version == "" {
		return nil, errors.New("the drug library names no version")
	}
	d.mem.Library = version
	return map[string]any{"version": version}, nil
}

func (d *Device) newFirmware(job agent.Job) (map[string]any, error) {
	version := job.Text("version")
	if version == "" {
		return nil, errors.New("the firmware names no version")
	}
	d.mem.Firmware = version
	return map[string]any{"version": version}, nil
}

func (d *Device) powered() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mem.Powered
}

func (d *Device) setNotice(text string) {
	d.mu.Lock()
	same := d.notice == text
	d.notice = text
	d.mu.Unlock()
	if !same {
		d.onChange(d.spec.Serial)
	}
}

// countPoll notes that the agent is about to report. Once its first report has
// been answered, a device whose story begins without network loses it.
func (d *Device) countPoll() {
	answered := d.answered()
	d.mu.Lock()
	d.polls++
	lose := answered && d.spec.Unplugged && !d.mem.HadFirstPoll
	d.mu.Unlock()
	if lose {
		d.after(unplugDelay, d.loseNetwork)
	}
}

// answered reports whether the server has ever answered a poll: the agent learns
// who it is from the first answer.
func (d *Device) answered() bool {
	d.mu.Lock()
	client := d.client
	d.mu.Unlock()
	if client == nil {
		return false
	}
	id, _ := client.Device()
	return id != ""
}

// reported says that a report of this start is on its way, and that one has been
// answered at some time.
func (d *Device) reported() bool {
	answered := d.answered()
	d.mu.Lock()
	defer d.mu.Unlock()
	return answered && d.polls > 0
}

func (d *Device) setClient(c *agent.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.client = c
}

const unplugDelay = time.Second

func (d *Device) loseNetwork() {
	off := false
	err := d.Apply(Change{Online: &off})
	if err == nil {
		err = d.update(func() error { d.mem.HadFirstPoll = true; return nil })
	}
	if err != nil {
		d.setNotice("It could not be unplugged: " + err.Error())
	}
}
