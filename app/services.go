package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"wardline/agent"
	"wardline/api"
	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/configuration"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/internal/passkey"
	"wardline/internal/wake"
	"wardline/inventory"
	"wardline/shift"
	"wardline/store"
)

// feedEvery is how often the audit log is read for the event stream while
// somebody follows it and nothing nudged it.
const feedEvery = time.Second

func (a *App) buildServices(ctx context.Context) error {
	var err error
	a.auth, err = auth.New(ctx, auth.Options{Storage: a.store, Master: a.master, Now: a.o.Now, AdminURL: a.adminURL(),
		Furnished: a.o.Demo, Authenticators: passkey.New(passkey.Options{AdminURL: a.adminURL(), Also: a.webURLs, Product: api.ProductName})})
	if err != nil {
		return err
	}
	a.inventory = inventory.New(inventory.Options{Storage: a.store, Now: a.o.Now, Log: a.o.Log})
	a.telemetry = inventory.NewTelemetry(inventory.TelemetryOptions{Storage: a.store, Now: a.o.Now, Log: a.o.Log})
	a.commands = commands.New(commands.Options{
		Storage: a.store, Now: a.o.Now, Log: a.o.Log, Approvers: approvers,
		Signer: func() (commands.Signer, error) { return a.authority.CommandSigner(), nil },
	})
	a.shifts = shift.New(shift.Options{Storage: a.store, Commands: a.commands, Furnished: a.o.Demo, Log: a.o.Log,
		HelpPhone: func() string { return a.o.HelpPhone }, WardName: a.placeName})
	a.configuration = configuration.New(configuration.Options{
		Storage: a.store, Places: a.inventory, Models: a.inventory, Requester: a.commands, Outlooks: a.commands, Now: a.o.Now, Log: a.o.Log})
	a.enroll, err = enroll.New(enroll.Options{
		Store: a.store, CA: a.authority, DeviceURL: a.o.DeviceURL, PKIURL: a.o.PKIURL, Loopback: a.o.Demo,
		Trusted: a.hub.Trusted, OnCompleted: func(context.Context, enroll.Binding) { a.configuration.Nudge() }, Now: a.o.Now, Log: a.o.Log,
	})
	if err != nil {
		return err
	}
	if err := a.buildAlerts(); err != nil {
		return err
	}
	if a.forwarded, err = newForwarded(a.o.TrustedProxies, a.o.ProxySecretFile); err != nil {
		return err
	}
	a.hub.OnDrop(func(fp fingerprint) { a.enroll.Drop(fp) })
	a.load = agent.NewLoad(openFiles())
	a.agents = agent.NewHandler(agent.HandlerOptions{
		Bindings: bindings{a.enroll}, Commands: a.commands, Telemetry: telemetry{a.telemetry},
		Alerts: alerts{a.store}, Hub: a.hub, Load: a.load, ClientCertificate: clientCertificate, Now: a.o.Now, Log: a.o.Log,
	})
	return nil
}

// placeName is what a place is called; empty for none.
func (a *App) placeName(ctx context.Context, id device.PlaceID) string {
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return ""
	}
	place, _ := tree.Place(id)
	return place.Name
}

// adminURL is where people reach the console: as configured, or on this machine.
func (a *App) adminURL() string {
	if a.o.AdminURL != "" {
		return a.o.AdminURL
	}
	if a.sockets.admin == nil {
		return "" // opened for one local command
	}
	return localURL("https", a.sockets.admin.Addr())
}

// firstAdmin makes the first account from the options, or prints a one-time link
// with which a person makes it, while there was never one.
func (a *App) firstAdmin(ctx context.Context) error {
	if a.o.Demo {
		return nil // the demo makes its own accounts
	}
	by := audit.Actor{Kind: audit.ActorLocal, ID: "local:" + osUser(os.Getuid()), Via: "serve"}
	needed, err := a.auth.NeedsFirstAdmin(ctx)
	if err != nil {
		return err
	}
	if needed && a.o.BootstrapAdmin != "" {
		made, err := a.auth.BootstrapFirstAdmin(ctx, by, auth.NewAccount{Username: a.o.BootstrapAdmin, Password: a.o.BootstrapPassword})
		if alreadyFounded(err) {
			return nil // another replica was faster
		}
		PrintHostCodes(a.o.Out, made.HostCodes)
		return err
	}
	if err := a.firstHostCodes(ctx, by); err != nil || !needed {
		return err
	}
	token, err := a.auth.FirstAdminLink(ctx, by)
	if err != nil {
		if alreadyFounded(err) {
			return nil
		}
		return err
	}
	fmt.Fprintf(a.o.Out, "There is no account yet. Make the first one within 72 hours:\n  %s/setup#%s\n  or on this machine: wardline user create NAME\n", a.adminURL(), token)
	return nil
}

// firstHostCodes prints the codes for `wardline recover`, while there never were
// any: also on a server that was founded before they existed.
func (a *App) firstHostCodes(ctx context.Context, by audit.Actor) error {
	codes, err := a.auth.FirstHostCodes(ctx, by)
	if f, ok := fault.As(err); ok && f.Code.Name == "host_codes_exist" {
		return nil
	}
	if err != nil {
		return err
	}
	PrintHostCodes(a.o.Out, codes)
	return nil
}

// alreadyFounded: there was a first administrator before.
func alreadyFounded(err error) bool {
	f, ok := fault.As(err)
	return ok && f.Code.Name == "already_founded"
}

const (
	sweepEvery      = 2 * time.Second
	handheldsEvery  = 3 * time.Second
	enrollEvery     = time.Minute
	statusEvery     = 2 * time.Second
	crlEvery        = 20 * time.Second
	renewEvery      = 10 * time.Minute
	tidyEvery       = 10 * time.Minute
	idempotentEvery = time.Hour
)

// startLoops starts what happens by itself.
func (a *App) startLoops(ctx context.Context) error {
	if err := a.authority.PublishCRLs(ctx); err != nil {
		return fmt.Errorf("publish the first revocation lists: %w", err)
	}
	a.startRunner("the writer of reports", a.telemetry.Run)
	a.startRunner("the reconciler of configurations", a.configuration.Run)
	a.startRunner("the sender of alerts", func(ctx context.Context) error { return a.post.Run(ctx, postEvery) })
	a.startRunner("the index of waiting work", func(ctx context.Context) error {
		return a.hub.Run(ctx, a.store.Engine() == store.SQLite)
	})
	if a.store.Engine() == store.Postgres {
		listen := a.o.DatabaseListenURL
		if listen == "" {
			listen = a.o.Database
		}
		l := wake.NewListener(wake.ListenerOptions{Hub: a.hub, URL: listen, Channel: store.WakeChannel,
			Replica: replicaName(), Notify: a.store.Notify, Log: a.o.Log})
		a.startRunner("the listener for other replicas", l.Run)
	}
	for _, l := range []loop{
		{"signed heads of the audit log", headsEvery, step("sign the head of the audit log", a.signHeads)},
		{"the anchor outside of the database", anchorEvery, step("keep the anchor", a.keepAnchor)},
		{"commands that come due or run out", sweepEvery, step("sweep commands", a.commands.Expire)},
		{"shared handhelds that are due", handheldsEvery, step("look after shared handhelds", a.shifts.Step)},
		{"who had a shared handheld", idempotentEvery, step("forget who had a shared handheld", a.shifts.Forget)},
		{"enrollments that were never used", enrollEvery, step("sweep enrollments", a.enroll.Step)},
		{"revocation state", statusEvery, step("refresh revocation state", a.authority.Refresh)},
		{"revocation lists", crlEvery, step("publish revocation lists", a.authority.PublishCRLs)},
		{"what no event tells", watchEvery, step("look for what no event tells", a.watch.Step)},
		{"the server's own certificates", renewEvery, step("renew own certificates", a.renewOwn)},
		{"sessions and proofs past their time", tidyEvery, step("tidy sessions", func(ctx context.Context) error {
			_, err := a.store.TidyPeople(ctx)
			return err
		})},
		{"old idempotency keys", idempotentEvery, step("forget idempotency keys", func(ctx context.Context) error {
			_, err := a.store.ForgetRequests(ctx)
			return err
		})},
	} {
		a.life.startLoop(l, a.o.Log)
	}
	return nil
}

// indexWithin is how long a start waits for the index of waiting work.
const indexWithin = 5 * time.Second

// awaitIndex waits until the index of waiting work can be trusted, so that a
// server that has started is ready. Without it the server runs all the same:
// polls ask the database, and /readyz says so.
func (a *App) awaitIndex(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, indexWithin)
	defer cancel()
	if err := a.hub.Await(within); err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return nil
}

func (a *App) renewOwn(ctx context.Context) error {
	if err := a.authority.RenewOwn(ctx); err != nil {
		return err
	}
	return a.tls.Renew(ctx)
}

// startRunner runs f until the app stops. A panic in it ends the server: going
// on without it would be worse than a restart.
func (a *App) startRunner(name string, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		err := f(ctx)
		if err != nil && ctx.Err() == nil {
			a.fail(fmt.Errorf("%s ended: %w", name, err))
		}
		done <- err
	}()
	a.life.started(name, func(context.Context) error {
		cancel()
		if err := <-done; err != nil && err != context.Canceled {
			return err
		}
		return nil
	})
}

// replicaName tells this process from its equals.
func replicaName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	return fmt.Sprintf("%s-%d-%x", host, os.Getpid(), time.Now().UnixNano())
}
