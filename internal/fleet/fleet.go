package fleet

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wardline/agent"
)

// Options says what a fleet is made of.
type Options struct {
	Hospital *Hospital
	// Dir holds one folder per device: its memory and its agent's state. A fleet
	// that is started on a folder of an earlier one goes on where that ended.
	Dir string
	// Now is the true time. Default: time.Now.
	Now func() time.Time
	Log *slog.Logger
	// Guide is what the ward page tells a newcomer.
	Guide Guide

	// NewKey makes a device's key. Default: RSA with 2048 bits.
	NewKey func() (*rsa.PrivateKey, error)
	// Dial opens the devices' connections while they have network. Default: to the
	// address in the server's URL.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Wait is how long a poll may be held. Default: as the agent chooses.
	Wait time.Duration
	// Progress is called after each device that has enrolled, or was enrolled
	// already, with how many there are in all. Calls do not overlap.
	Progress func(done, total int)
}

// Connection says which server the devices belong to.
type Connection struct {
	// Server is the address of the device listener.
	Server string
	// CAFingerprint pins it: the hexadecimal SHA-256 of the root certificate.
	CAFingerprint string
	// Invite asks for an invitation for one device and returns its code. It is
	// called only for devices that are not enrolled.
	Invite func(ctx context.Context, s Spec) (code string, err error)
}

// Fleet is the simulated devices of one hospital.
type Fleet struct {
	hospital *Hospital
	log      *slog.Logger
	now      func() time.Time
	guide    Guide
	options  Options
	devices  []*Device // in the order of the hospital
	bySerial map[string]*Device
	board    board

	mu      sync.Mutex
	cancel  context.CancelFunc
	running sync.WaitGroup
	stopped bool
}

// New makes the devices of the hospital, from their memories where they have
// any. They do nothing before Start, but can be seen and handled.
func New(o Options) (*Fleet, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	if o.Progress == nil {
		o.Progress = func(int, int) {}
	}
	f := &Fleet{hospital: o.Hospital, log: o.Log, now: o.Now, guide: o.Guide, options: o, bySerial: map[string]*Device{}}
	for _, s := range o.Hospital.Devices {
		if !s.Agent() {
			continue
		}
		d, err := newDevice(s, o.Hospital, filepath.Join(o.Dir, s.Serial), o.Now, f.board.touched)
		if err != nil {
			return nil, err
		}
		d.dial = o.Dial
		f.devices = append(f.devices, d)
		f.bySerial[s.Serial] = d
	}
	return f, nil
}

// Hospital is the data that the fleet was made from.
func (f *Fleet) Hospital() *Hospital { return f.hospital }

// Devices are the simulated devices, in the order of the hospital.
func (f *Fleet) Devices() []*Device { return f.devices }

// Device returns a simulated device by its serial number.
func (f *Fleet) Device(serial string) (*Device, bool) {
	d, ok := f.bySerial[serial]
	return d, ok
}

// Start enrolls every device that is not enrolled and starts all agents; each
// begins to poll as soon as it is enrolled. It returns when the last one has
// been started. After an error the fleet is stopped.
func (f *Fleet) Start(ctx context.Context, c Connection) error {
	f.mu.Lock()
	if f.cancel != nil || f.stopped {
		f.mu.Unlock()
		return errors.New("this fleet has been started before")
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f.cancel = cancel
	f.mu.Unlock()
	server, err := url.Parse(c.Server)
	if err != nil || server.Host == "" {
		return errors.Join(fmt.Errorf("the server's address %q is not of the form https://name:port", c.Server), f.Stop())
	}

	var progress sync.Mutex
	done := 0
	// Making keys is our work, issuing is the server's: two for each core keep both
	// busy.
	group, enrolling := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for _, d := range f.devices {
		d.setServer(server.Host)
		group.Go(func() error {
			client, err := f.awaken(enrolling, d, c)
			if err != nil {
				return fmt.Errorf("start simulated device %s: %w", d.Serial(), err)
			}
			if client != nil {
				f.running.Go(func() { f.supervise(run, d, client) })
			}
			progress.Lock()
			defer progress.Unlock()
			done++
			f.options.Progress(done, len(f.devices))
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return errors.Join(err, f.Stop())
	}
	return nil
}

// WaitForReports returns when every device that has power and network has once
// been answered by the server, and reports to it again.
func (f *Fleet) WaitForReports(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		missing := ""
		for _, d := range f.devices {
			if d.reachable() && !d.wiped() && !d.reported() {
				missing = d.Serial()
				break
			}
		}
		if missing == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until simulated device %s has reported: %w", missing, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Stop ends all agents and waits for them; the devices keep their memories. It
// may be called more than once.
func (f *Fleet) Stop() error {
	f.mu.Lock()
	f.stopped = true
	cancel := f.cancel
	f.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	f.running.Wait()
	f.board.close()
	var errs []error
	for _, d := range f.devices {
		errs = append(errs, d.Close())
	}
	return errors.Join(errs...)
}

// awaken opens the device's agent, and gives it an identity first if it has none.
// It returns nil for a wiped device without one: setting that up again is for a
// person.
func (f *Fleet) awaken(ctx context.Context, d *Device, c Connection) (*agent.Client, error) {
	if d.wiped() && !d.isPump() {
		// A kill may have come between the memory of the wipe and its end.
		if err := d.erase(); err != nil {
			return nil, err
		}
	}
	client, err := agent.Open(f.agentOptions(d))
	if err == nil {
		return client, nil
	}
	if !errors.Is(err, agent.ErrNotEnrolled) {
		return nil, err
	}
	if d.wiped() {
		return nil, nil
	}
	code, err := c.Invite(ctx, d.spec)
	if err != nil {
		return nil, fmt.Errorf("ask for an invitation: %w", err)
	}
	err = agent.Enroll(ctx, f.agentOptions(d), agent.EnrollRequest{
		Server: c.Server, Code: code, CAFingerprint: c.CAFingerprint, Serial: d.Serial(),
	})
	if err != nil {
		return nil, err
	}
	return agent.Open(f.agentOptions(d))
}

const dialTimeout = 10 * time.Second

// maxBackoff is short: somebody is watching what happens when the plug goes back
// in.
const maxBackoff = 3 * time.Second

func (f *Fleet) agentOptions(d *Device) agent.Options {
	return agent.Options{
		StateDir: d.stateDir(), Driver: d, Log: slog.New(demoted{f.log.Handler()}).With("serial", d.Serial()), Now: d.WallClock,
		NewKey: f.options.NewKey, Dial: d.Dial, Wait: f.options.Wait, MaxBackoff: maxBackoff,
	}
}

// supervise runs the device's agent whenever the device has power, until it is
// wiped or the fleet is stopped. It begins with client, which may be nil.
func (f *Fleet) supervise(ctx context.Context, d *Device, client *agent.Client) {
	for ctx.Err() == nil {
		if !d.powered() {
			f.waitForPower(ctx, d, client)
			client = nil
			continue
		}
		if client == nil {
			var err error
			client, err = agent.Open(f.agentOptions(d))
			switch {
			case errors.Is(err, agent.ErrNotEnrolled), errors.Is(err, agent.ErrErased):
				// Wiped: power changes nothing about that.
				return
			case err != nil:
				f.troubled(ctx, d, err)
				continue
			}
		}
		err := f.live(ctx, d, client)
		client = nil
		switch {
		case errors.Is(err, agent.ErrErased):
			if err := d.erase(); err != nil {
				f.troubled(ctx, d, err)
			}
			return
		case err != nil && ctx.Err() == nil:
			f.troubled(ctx, d, err)
		}
	}
	if client != nil {
		f.closed(d, client)
	}
}

// waitForPower gives the agent's folder back while the device is off.
func (f *Fleet) waitForPower(ctx context.Context, d *Device, client *agent.Client) {
	if client != nil {
		f.closed(d, client)
	}
	select {
	case <-ctx.Done():
	case <-d.power:
	}
}

func (f *Fleet) closed(d *Device, client *agent.Client) {
	if err := client.Close(); err != nil {
		f.log.Warn("close the agent of a simulated device", "serial", d.Serial(), "error", err)
	}
}

func (f *Fleet) troubled(ctx context.Context, d *Device, err error) {
	f.log.Warn("the agent of a simulated device ended and is started again", "serial", d.Serial(), "error", err)
	d.setNotice("Its agent ended and is started again: " + err.Error())
	pause(ctx, maxBackoff)
}

// live is one life of the agent's process. It returns nil when the power was
// switched or the fleet is stopped, and ErrErased after a wipe.
func (f *Fleet) live(ctx context.Context, d *Device, client *agent.Client) error {
	d.setNotice("")
	d.setClient(client)
	defer d.setClient(nil)
	life, kill := context.WithCancel(ctx)
	defer kill()
	ended := make(chan error, 1)
	go func() { ended <- client.Run(life) }()
	select {
	case err := <-ended:
		return err
	case <-d.power:
		kill()
		return <-ended
	case <-d.finished:
		kill()
		return errors.Join(agent.ErrErased, <-ended)
	}
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, wait time.Duration) {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
