package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"wardline/app"
	"wardline/internal/fleet"
)

type demoCmd struct {
	Data       string `help:"Folder of its own, kept between starts. Default: a fixed one below your home folder." placeholder:"DIR" type:"path"`
	WebAddr    string `help:"Where the first page is shown on plain HTTP, loopback only." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	SelfAddr   string `help:"Where self-service is shown on plain HTTP, loopback only." default:"127.0.0.1:8082" placeholder:"HOST:PORT"`
	WardAddr   string `help:"Where the ward page is shown, loopback only." default:"127.0.0.1:8088" placeholder:"HOST:PORT"`
	AdminAddr  string `help:"Listener for the console and the REST API." default:"127.0.0.1:8443" placeholder:"HOST:PORT"`
	PublicAddr string `help:"Listener for self-service." default:"127.0.0.1:8442" placeholder:"HOST:PORT"`
	DeviceAddr string `help:"Listener for devices." default:"127.0.0.1:8444" placeholder:"HOST:PORT"`
	PKIAddr    string `help:"Listener for SCEP, CRL and OCSP." default:"127.0.0.1:8081" placeholder:"HOST:PORT" name:"pki-addr"`
	Pumps      int    `help:"How many infusion pumps." default:"16"`
	Phones     int    `help:"How many phones, handhelds and tablets." default:"24"`
	JSON       bool   `help:"Print one JSON object when ready, and nothing else." name:"json"`
}

// demoReady is what --json prints.
type demoReady struct {
	AdminURL   string          `json:"admin_url"`
	PublicURL  string          `json:"public_url"`
	DeviceURL  string          `json:"device_url"`
	PKIURL     string          `json:"pki_url"`
	ControlURL string          `json:"control_url"`
	WardURL    string          `json:"ward_url"`
	WebURL     string          `json:"web_url"`
	SelfURL    string          `json:"self_url"`
	CAFile     string          `json:"ca_file"`
	Accounts   []fleet.Account `json:"accounts"`
}

// Limits of a demo on one machine.
const (
	mostPumps  = 1000
	mostPhones = 2000
	// reportsWithin is how long the devices may take to be heard of before the
	// demo goes on without the rest.
	reportsWithin = 60 * time.Second
)

func (c *demoCmd) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	if c.Pumps < 1 || c.Pumps > mostPumps || c.Phones < 1 || c.Phones > mostPhones {
		return exitStatus{code: exitUsage, cause: fmt.Errorf("--pumps takes 1 to %d, --phones 1 to %d", mostPumps, mostPhones)}
	}
	if err := c.loopbackOnly(); err != nil {
		return exitStatus{code: exitUsage, cause: err}
	}
	d, err := c.start(ctx, t, log)
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(t.out).Encode(d.ready)
	} else {
		d.greet(t.out)
	}
	if err == nil {
		<-ctx.Done()
		fmt.Fprintln(t.err, "\nStopping ...")
	}
	return errors.Join(err, d.stop())
}

// loopbackOnly refuses addresses that others could reach: passwords are shown.
func (c *demoCmd) loopbackOnly() error {
	for _, a := range []struct{ flag, addr string }{{"--web-addr", c.WebAddr}, {"--self-addr", c.SelfAddr}, {"--ward-addr", c.WardAddr}, {"--admin-addr", c.AdminAddr},
		{"--public-addr", c.PublicAddr}, {"--device-addr", c.DeviceAddr}, {"--pki-addr", c.PKIAddr}} {
		host, _, err := net.SplitHostPort(a.addr)
		if err != nil {
			return fmt.Errorf("%s %q is not host:port", a.flag, a.addr)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("%s %q: the demo is for this machine only; use 127.0.0.1 or localhost", a.flag, a.addr)
		}
	}
	return nil
}

// demo is a running hospital.
type demo struct {
	server *app.App
	fleet  *fleet.Fleet
	ward   *fleet.Ward
	plain  []*http.Server
	ready  demoReady
}

// stop ends everything in reverse order.
func (d *demo) stop() error {
	var errs []error
	for _, server := range d.plain {
		errs = append(errs, server.Close())
	}
	if d.ward != nil {
		errs = append(errs, d.ward.Close())
	}
	if d.fleet != nil {
		errs = append(errs, d.fleet.Stop())
	}
	if d.server != nil {
		errs = append(errs, d.server.Stop())
	}
	return errors.Join(errs...)
}

func (c *demoCmd) start(ctx context.Context, t terminal, log *slog.Logger) (d *demo, err error) {
	d = &demo{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	say := func(format string, args ...any) {
		if !c.JSON {
			fmt.Fprintf(t.err, format, args...)
		}
	}
	data := c.Data
	if data == "" {
		data = defaultData("wardline-demo")
	}
	say("Starting a server on SQLite in %s ...\n", data)
	d.server, err = app.Start(ctx, app.Options{
		Data: data, AdminAddr: c.AdminAddr, PublicAddr: c.PublicAddr, DeviceAddr: c.DeviceAddr, PKIAddr: c.PKIAddr,
		Organization: "Example General Hospital", HelpPhone: "+1 555 0100", Demo: true, Version: version, Log: log,
	})
	if err != nil {
		return d, err
	}
	hospital, err := fleet.OpenHospital(data, c.Pumps, c.Phones, rand.Reader)
	if err != nil {
		return d, err
	}
	if err := d.openPages(ctx, c, t, hospital, data, log, say); err != nil {
		return d, err
	}
	of := d.server.Services()
	seeder := &fleet.Seeder{Hospital: hospital, Inventory: of.Inventory, People: of.People, Invitations: of.Enroll, Orders: of.Commands, Shifts: of.Shifts, Now: of.Now}
	if err := seeder.Prepare(ctx); err != nil {
		return d, err
	}
	say("Enrolling %d simulated devices over SCEP ...\n", len(d.fleet.Devices()))
	if err := d.fleet.Start(ctx, fleet.Connection{Server: d.ready.DeviceURL, CAFingerprint: d.server.CAFingerprint(), Invite: seeder.Invite}); err != nil {
		return d, err
	}
	heard, cancel := context.WithTimeout(ctx, reportsWithin)
	defer cancel()
	if err := d.fleet.WaitForReports(heard); err != nil {
		return d, err
	}
	return d, seeder.Tell(ctx)
}

func (d *demo) openPages(ctx context.Context, c *demoCmd, t terminal, hospital *fleet.Hospital, data string, log *slog.Logger, say func(string, ...any)) error {
	at := d.server.Addresses()
	program, err := os.Executable()
	if err != nil {
		program = "wardline"
	}
	ca := d.server.RootPath()
	d.fleet, err = fleet.New(fleet.Options{
		Hospital: hospital, Dir: filepath.Join(data, "devices"), Log: log,
		Guide:    fleet.Guide{Command: shortPath(program), AdminURL: at.Admin, CAFile: shortPath(ca), Accounts: hospital.Accounts},
		Progress: func(done, total int) { say("\r  %d of %d ", done, total); endLine(say, done, total) },
	})
	if err != nil {
		return err
	}
	if d.ward, err = d.fleet.OpenWard(ctx, c.WardAddr); err != nil {
		return err
	}
	d.server.SetWardURL(d.ward.URL)
	web, err := d.openPlain(ctx, "--web-addr", c.WebAddr, d.server.AdminHandler())
	if err != nil {
		return err
	}
	self, err := d.openPlain(ctx, "--self-addr", c.SelfAddr, d.server.PublicHandler())
	if err != nil {
		return err
	}
	d.server.SetWebURL(web)
	d.ready = demoReady{AdminURL: at.Admin, PublicURL: at.Public, DeviceURL: at.Device, PKIURL: at.PKI,
		ControlURL: d.ward.URL, WardURL: d.ward.URL, WebURL: web, SelfURL: self + "/self", CAFile: ca, Accounts: hospital.Accounts}
	return nil
}

func endLine(say func(string, ...any), done, total int) {
	if done == total {
		say("\n")
	}
}

// openPlain serves a listener's pages on plain HTTP too: loopback only and demo
// only, so that the first thing seen is not a certificate warning.
func (d *demo) openPlain(ctx context.Context, flag, addr string, pages http.Handler) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("open the pages (%s): %w", flag, err)
	}
	server := &http.Server{Handler: pages, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute}
	d.plain = append(d.plain, server)
	go func() {
		// It ends with Close; a listener that breaks earlier shows as a page that
		// does not answer, while the demo goes on.
		_ = server.Serve(l)
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return "http://localhost:" + port, err
}

// greet says what a newcomer needs, and no more.
func (d *demo) greet(w io.Writer) {
	r := d.ready
	a := r.Accounts[0]
	fmt.Fprintf(w, `
Wardline runs a simulated hospital on this machine. Open

    %s

What staff do for themselves on a phone:  %s

Sign in on the command line as %s (role %s) with the password %s
  and a one-time code made from %s (the page shows the present one).

The hospital is past its founding: accounts and factors count as older than the
day that new ones have to wait.

Three things to try; the page says how:
  1. wipe the lost phone
  2. try to restart the pump that is infusing
  3. be the stolen admin and see how far you get

Ctrl-C ends it; the next start goes on where this one ended.
`, r.WardURL, r.SelfURL, a.Username, a.Role, a.Password, a.OTPSecret)
}

// shortPath is the path as it is typed from here, when that is shorter.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && len(rel) < len(path) {
		if filepath.Base(rel) == rel {
			rel = "./" + rel
		}
		return rel
	}
	return path
}
