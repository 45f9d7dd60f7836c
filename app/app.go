package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"wardline/agent"
	"wardline/alert"
	"wardline/api"
	"wardline/auth"
	"wardline/ca"
	"wardline/commands"
	"wardline/configuration"
	"wardline/enroll"
	"wardline/internal/auditlog"
	"wardline/internal/seal"
	"wardline/internal/wake"
	"wardline/inventory"
	"wardline/shift"
	"wardline/store"
)

// RootFile is the root certificate in the data folder, PEM: what clients of the
// admin listener pin.
const RootFile = "ca.pem"

// App is a running server. It is made by Start and ended by Stop.
type App struct {
	o       Options
	life    lifecycle
	sockets sockets
	failed  chan error

	store *store.Store
	// keeper has the master key, and master is the data key that it seals.
	keeper   seal.Keeper
	rotating sync.Mutex
	master   *seal.Key
	hub      *wake.Hub

	authority     *ca.Authority
	tls           *ca.ServerCertificate
	auth          *auth.Service
	inventory     *inventory.Service
	telemetry     *inventory.Telemetry
	commands      *commands.Service
	shifts        *shift.Service
	configuration *configuration.Service
	enroll        *enroll.Service
	feed          *auditlog.Feed
	alerts        *alert.Service
	post          *alert.Post
	watch         *alert.Watch
	api           *api.API
	agents        *agent.Handler
	load          *agent.Load
	forwarded     *forwarded

	anchor anchor
	heads  heads

	ward atomic.Value // string: where the demo's ward page is
	web  atomic.Value // address of the demo's plain first page

	stopOnce sync.Once
	stopErr  error
}

// Run starts a server and runs it until ctx ends, then stops it cleanly. It
// returns early when a listener fails.
func Run(ctx context.Context, o Options) error {
	a, err := Start(ctx, o)
	if err != nil {
		return err
	}
	a.announce()
	select {
	case <-ctx.Done():
		a.o.Log.Info("stopping: held polls are answered, what runs is finished")
	case err = <-a.failed:
	}
	return errors.Join(err, a.Stop())
}

// Start builds everything in order. When a step fails, what was started is
// stopped again.
func Start(ctx context.Context, o Options) (*App, error) {
	a := &App{o: o, failed: make(chan error, 1)}
	return a.do(ctx, a.openDataFolder, a.bind, a.openStore, a.openAuthority, a.compareAnchor, a.buildServices,
		a.firstAdmin, a.buildAPI, a.startLoops, a.awaitIndex, a.startListeners, a.startLocal)
}

// open builds what needs no listener, for one command on the server's host.
func open(ctx context.Context, o Options) (*App, error) {
	a := &App{o: o, failed: make(chan error, 1)}
	return a.do(ctx, a.openDataFolder, a.openStore, a.openAuthority, a.compareAnchor, a.buildServices)
}

func (a *App) do(ctx context.Context, steps ...func(context.Context) error) (*App, error) {
	if err := a.o.complete(); err != nil {
		return nil, err
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Stop())
		}
	}
	return a, nil
}

// Stop drains held polls, lets requests that run finish, and closes everything
// in reverse order. It is safe to call more than once.
func (a *App) Stop() error {
	a.stopOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), a.o.DrainTimeout)
		defer cancel()
		a.stopErr = a.life.stop(ctx)
	})
	return a.stopErr
}

// fail ends Run. Only the first failure counts.
func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default:
	}
}

func (a *App) openDataFolder(context.Context) error {
	lock, err := openDataFolder(a.o.Data)
	if err != nil {
		return err
	}
	a.life.started("the data folder's lock", func(context.Context) error { return lock.Unlock() })
	a.keeper, err = keeperOf(a.o)
	return err
}

// openStore connects to the database. The store tells the hub, which asks the
// store: the hub is made first and reads through a.store, which is set by then.
func (a *App) openStore(ctx context.Context) error {
	a.hub = wake.New(wake.Options{Source: lateSource{a}, Now: a.o.Now, Log: a.o.Log})
	a.feed = auditlog.NewFeed(lateLog{a}, feedEvery, a.o.Log)
	database := a.o.Database
	if database == "" {
		database = filepath.Join(a.o.Data, "wardline.db")
	}
	var err error
	a.store, err = store.Open(ctx, store.Options{Database: database, Unlock: a.unlock, SignedBefore: a.anchored(), Now: a.o.Now, Log: a.o.Log,
		Recorded: a.feed.Nudge, Older: a.wholeIsOlder,
		Wake: func(ids []enrollmentID) { a.hub.Mark(ids...) },
		Drop: func(fps []fingerprint) {
			for _, fp := range fps {
				a.hub.Drop(fp)
			}
		}})
	if err != nil {
		return err
	}
	a.life.started("the database", func(context.Context) error { return a.store.Close() })
	return nil
}

func (a *App) openAuthority(ctx context.Context) error {
	if a.o.Demo && a.sockets.admin != nil {
		a.demoURLs()
	}
	var err error
	a.authority, err = ca.Open(ctx, ca.Options{
		Store: a.store, Sealer: a.master.For, Organisation: a.o.Organization,
		PKIURL: a.o.PKIURL, Loopback: a.o.Demo, Folder: filepath.Join(a.o.Data, "ca"),
		Now: a.o.Now, Log: a.o.Log, OnStatus: a.statusChanged,
	})
	if err != nil {
		return err
	}
	if err := a.writeRoot(); err != nil {
		return err
	}
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	for _, u := range []string{a.o.AdminURL, a.o.PublicURL, a.o.DeviceURL} {
		if h := hostOf(u); h != "" {
			hosts = append(hosts, h)
		}
	}
	a.tls, err = a.authority.ServerCertificate(ctx, "listeners", hosts)
	return err
}

// demoURLs says localhost wherever nothing else was given: nobody but this
// machine will use them.
func (a *App) demoURLs() {
	for _, u := range []struct {
		value *string
		is    string
	}{
		{&a.o.AdminURL, localURL("https", a.sockets.admin.Addr())},
		{&a.o.PublicURL, localURL("https", a.sockets.public.Addr())},
		{&a.o.DeviceURL, localURL("https", a.sockets.device.Addr())},
		{&a.o.PKIURL, localURL("http", a.sockets.pki.Addr())},
	} {
		if *u.value == "" {
			*u.value = u.is
		}
	}
}

func (a *App) writeRoot() error {
	path := filepath.Join(a.o.Data, RootFile)
	text := pemOf(a.authority.Certificate(ca.RoleRoot).Raw)
	if old, err := os.ReadFile(path); err == nil && string(old) == string(text) {
		return nil
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("write the root certificate: %w", err)
	}
	return nil
}

// announce prints what a person who started the server needs next.
func (a *App) announce() {
	u := a.Addresses()
	fmt.Fprintf(a.o.Out, "Wardline is running.\n  console and API  %s\n  self-service     %s\n  devices          %s\n  CRL, OCSP, SCEP  %s\n", u.Admin, u.Public, u.Device, u.PKI)
	if a.sockets.metrics != nil {
		fmt.Fprintf(a.o.Out, "  metrics          %s/metrics\n", localURL("http", a.sockets.metrics.Addr()))
	}
	fmt.Fprintf(a.o.Out, "  data folder      %s\n", a.o.Data)
	a.o.Log.Info("running", "admin", u.Admin, "public", u.Public, "device", u.Device, "pki", u.PKI,
		"database", string(a.store.Engine()), "root_sha256", a.authority.Fingerprint(), "held_polls", a.load.Allows())
}

// Addresses are where the listeners are, as people on this machine reach them.
type Addresses struct {
	Admin, Public, Device, PKI string
}

// Addresses returns where the listeners are.
func (a *App) Addresses() Addresses {
	return Addresses{
		Admin:  localURL("https", a.sockets.admin.Addr()),
		Public: localURL("https", a.sockets.public.Addr()),
		Device: localURL("https", a.sockets.device.Addr()),
		PKI:    localURL("http", a.sockets.pki.Addr()),
	}
}

// RootPath is the file with the root certificate.
func (a *App) RootPath() string { return filepath.Join(a.o.Data, RootFile) }

const drainPause = 100 * time.Millisecond
