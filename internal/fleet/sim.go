package fleet

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"time"

	"wardline/agent"
	"wardline/device"
)

// Device is one simulated device: a pump, or a thing that a person carries. It
// remembers by itself what it executed and what became of it. All methods are
// safe for concurrent use.
type Device struct {
	spec     Spec
	model    Model
	hospital *Hospital
	folder   string           // holds memory.json and the agent's state folder
	now      func() time.Time // the true time, which the device itself may not know

	// changed tells the agent that the therapy state has changed.
	changed chan struct{}
	// power is told when the device is switched on or off, and finished when the
	// last report of a wiped pump has arrived.
	power, finished chan struct{}
	// dial opens a connection while there is network.
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// onChange tells the fleet that somebody may want to look.
	onChange func(serial string)

	mu    sync.Mutex
	mem   memory
	clock clock
	conns map[*pluggedConn]struct{}
	// server is host:port of the server of this run.
	server string
	// client is the agent that runs on the device; nil while none does.
	client *agent.Client
	// polls counts how often the agent asked for the state to report.
	polls int
	// notice is the last thing that went wrong with the agent, for the page.
	notice string
	timers map[*time.Timer]struct{}
	closed bool
}

// clock measures what runs by itself while the process lives.
type clock struct {
	// infusingSince is when the running infusion's Given was last settled; zero
	// when nothing runs.
	infusingSince time.Time
	// therapySince is when the therapy state last changed.
	therapySince time.Time
	ringUntil    time.Time
	bootUntil    time.Time // a self-test after power on or restart
}

// newDevice makes a device that begins as its spec says, or goes on from what
// its folder remembers.
func newDevice(spec Spec, h *Hospital, folder string, now func() time.Time, onChange func(string)) (*Device, error) {
	model, ok := h.Model(spec.Model)
	if !ok {
		return nil, errors.New("device " + spec.Serial + " names an unknown model")
	}
	if onChange == nil {
		onChange = func(string) {}
	}
	d := &Device{spec: spec, model: model, hospital: h, folder: folder, now: now, onChange: onChange,
		dial:    (&net.Dialer{Timeout: dialTimeout}).DialContext,
		changed: make(chan struct{}, 1), power: make(chan struct{}, 1), finished: make(chan struct{}, 1),
		conns: map[*pluggedConn]struct{}{}, timers: map[*time.Timer]struct{}{}}
	if err := d.load(); err != nil {
		return nil, err
	}
	start := now()
	d.clock.therapySince = start
	if d.mem.Therapy == device.ReportedInfusing {
		d.clock.infusingSince = start
	}
	return d, nil
}

// Serial is the maker's serial number.
func (d *Device) Serial() string { return d.spec.Serial }

// Spec is what the device began as.
func (d *Device) Spec() Spec { return d.spec }

// stateDir is where the agent keeps its key, certificate and journal.
func (d *Device) stateDir() string { return filepath.Join(d.folder, "agent") }

// isPump reports whether the device has therapy.
func (d *Device) isPump() bool { return d.spec.Class.IsPump() }

// update changes the memory under the lock, keeps it on disk and tells whoever
// looks. The change is dropped when it returns an error.
func (d *Device) update(change func() error) error {
	d.mu.Lock()
	before, clockBefore := d.mem.clone(), d.clock
	d.settleVolume()
	err := change()
	if err == nil {
		err = d.save()
	}
	if err != nil {
		d.mem, d.clock = before, clockBefore
	}
	therapyChanged := err == nil && d.mem.Therapy != before.Therapy
	if therapyChanged {
		d.clock.therapySince = d.now()
		d.clock.infusingSince = time.Time{}
		if d.mem.Therapy == device.ReportedInfusing {
			d.clock.infusingSince = d.now()
		}
	}
	d.mu.Unlock()
	if err != nil {
		return err
	}
	if therapyChanged {
		signal(d.changed)
	}
	d.onChange(d.spec.Serial)
	return nil
}

// settleVolume books what has run in since the last time into Given.
func (d *Device) settleVolume() {
	if d.clock.infusingSince.IsZero() {
		return
	}
	now := d.now()
	d.mem.Programme.Given = d.givenAt(now)
	d.clock.infusingSince = now
}

// givenAt is the volume infused at now. After the programmed volume a pump keeps
// the vein open at a trickle, which is delivery and is not counted here.
func (d *Device) givenAt(now time.Time) float64 {
	p := d.mem.Programme
	if !d.clock.infusingSince.IsZero() {
		p.Given += p.Rate * now.Sub(d.clock.infusingSince).Hours()
	}
	return min(p.Given, p.Volume)
}

// after runs f once the time has passed, unless the device is closed before.
func (d *Device) after(wait time.Duration, f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(wait, func() {
		d.mu.Lock()
		_, alive := d.timers[t]
		delete(d.timers, t)
		d.mu.Unlock()
		if alive {
			f()
		}
	})
	d.timers[t] = struct{}{}
}

// Close ends the device's timers and connections and keeps its memory.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	for t := range d.timers {
		t.Stop()
	}
	d.timers = map[*time.Timer]struct{}{}
	d.cutConnections()
	d.settleVolume()
	return d.save()
}

// WallClock is what the device believes the time to be.
func (d *Device) WallClock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now().Add(time.Duration(d.mem.ClockOffsetSeconds) * time.Second)
}

// errUnplugged is what a device without network or power gets for a dial.
var errUnplugged = errors.New("no network: the simulated device is unplugged or switched off")

// setServer says where the device's server listens in this run.
func (d *Device) setServer(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.server = address
}

// Dial opens a connection while the device has network and power. Unplugging
// closes what is open. It goes to the server of this run whatever the address:
// a demo may come back on another port than the one its devices enrolled at.
func (d *Device) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if !d.reachable() {
		return nil, errUnplugged
	}
	d.mu.Lock()
	if d.server != "" {
		address = d.server
	}
	d.mu.Unlock()
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.mem.Online || !d.mem.Powered || d.closed {
		return nil, errors.Join(errUnplugged, conn.Close())
	}
	tracked := &pluggedConn{Conn: conn, device: d}
	d.conns[tracked] = struct{}{}
	return tracked, nil
}

// pluggedConn is a connection that unplugging closes.
type pluggedConn struct {
	net.Conn
	device *Device
}

// Close closes the connection and forgets it.
func (c *pluggedConn) Close() error {
	c.device.mu.Lock()
	delete(c.device.conns, c)
	c.device.mu.Unlock()
	return c.Conn.Close()
}

// cutConnections closes what is open; the lock is held.
func (d *Device) cutConnections() {
	for c := range d.conns {
		// Pulling a plug reports nothing to anybody.
		_ = c.Conn.Close()
	}
	d.conns = map[*pluggedConn]struct{}{}
}

func (d *Device) reachable() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mem.Online && d.mem.Powered && !d.closed
}

// signal leaves one value in ch; one pending value is enough.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
