package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/agent"
	"wardline/auth"
	"wardline/ca"
	"wardline/commands"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/internal/seal"
	"wardline/internal/wake"
	"wardline/inventory"
	"wardline/store"
	"wardline/store/storetest"
)

// world is the part of a real server that devices and the demo's seeding speak
// to: SQLite, SCEP and mutual TLS, without the listeners for people.
type world struct {
	t         *testing.T
	store     *store.Store
	authority *ca.Authority
	enroll    *enroll.Service
	inventory *inventory.Service
	commands  *commands.Service
	auth      *auth.Service
	url       string
	// close stops the server; the test does it at its end in any case.
	close func()
}

func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{t: t}
	var hub *wake.Hub
	w.store = must(store.Open(ctx, store.Options{Database: filepath.Join(dir, "wardline.db"), RowKeys: storetest.RowKeys(),
		Wake: func(ids []device.EnrollmentID) { hub.Mark(ids...) },
		Drop: func(fps []device.Fingerprint) {
			for _, fp := range fps {
				hub.Drop(fp)
			}
		}}))(t)
	hub = wake.New(wake.Options{Source: w.store})
	keeper := must(seal.HeldFile(filepath.Join(dir, "master.key")))(t)
	master := must(seal.OpenDataKey(ctx, keeper, w.store))(t)
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	w.url = "https://" + l.Addr().String()
	w.authority = must(ca.Open(ctx, ca.Options{Store: w.store, Sealer: master.For, PKIURL: "http://localhost:1", Loopback: true, Algorithm: ca.ECDSAP256}))(t)
	w.auth = must(auth.New(ctx, auth.Options{Storage: w.store, Master: master, Furnished: true, Hash: auth.HashParams{MemoryKiB: 64, Passes: 1, Lanes: 1}}))(t)
	w.inventory = inventory.New(inventory.Options{Storage: w.store})
	telemetry := inventory.NewTelemetry(inventory.TelemetryOptions{Storage: w.store, FlushEvery: 20 * time.Millisecond})
	w.commands = commands.New(commands.Options{Storage: w.store,
		Signer: func() (commands.Signer, error) { return w.authority.CommandSigner(), nil }})
	w.enroll = must(enroll.New(enroll.Options{Store: w.store, CA: w.authority, DeviceURL: w.url, PKIURL: "http://localhost:1", Loopback: true}))(t)
	hub.OnDrop(func(fp device.Fingerprint) { w.enroll.Drop(fp) })
	handler := agent.NewHandler(agent.HandlerOptions{Bindings: identities{w.enroll}, Commands: w.commands,
		Telemetry: reports{telemetry}, Alerts: quiet{}, Hub: hub})
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	handler.Register(r)
	w.enroll.RegisterBootstrap(r)
	w.enroll.RegisterSCEP(r)
	cert := must(w.authority.ServerCertificate(ctx, "listeners", []string{"localhost", "127.0.0.1"}))(t)
	w.serve(l, r, cert, handler, hub, telemetry)
	return w
}

// serve runs the device listener and the loops until the test ends.
func (w *world) serve(l net.Listener, r http.Handler, cert *ca.ServerCertificate, handler *agent.Handler, hub *wake.Hub, telemetry *inventory.Telemetry) {
	server := agent.NewDeviceServer(&tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.GetCertificate}, r, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := server.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	running.Go(func() { ignoreStop(w.t, hub.Run(ctx, true)) })
	running.Go(func() { ignoreStop(w.t, telemetry.Run(ctx)) })
	w.close = sync.OnceFunc(func() {
		handler.Drain()
		if err := server.Close(); err != nil {
			w.t.Error(err)
		}
		cancel()
		running.Wait()
		if err := w.store.Close(); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(w.close)
}

func ignoreStop(t *testing.T, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// identities, reports and quiet are the seams that package app fills in a
// server.
type identities struct{ *enroll.Service }

func (b identities) Bind(ctx context.Context, fp device.Fingerprint) (agent.Identity, error) {
	found, err := b.Service.Bind(ctx, fp)
	if fault.Has(err, fault.CodeNotFound) {
		return agent.Identity{}, errors.Join(agent.ErrUnknownCertificate, err)
	}
	who := agent.Identity{Device: found.Device, Enrollment: found.Enrollment, Epoch: found.Epoch, Class: found.Class,
		Completed: found.Completed, PublicKey: found.PublicKey, Fingerprint: fp}
	switch found.Status {
	case enroll.BindingActive:
		who.Standing = agent.StandingActive
	case enroll.BindingContained:
		who.Standing = agent.StandingContained
	}
	return who, err
}

func (b identities) Complete(ctx context.Context, who agent.Identity) error {
	found, err := b.Service.Bind(ctx, who.Fingerprint)
	if err != nil {
		return err
	}
	return b.Service.Complete(ctx, found)
}

type reports struct{ *inventory.Telemetry }

func (r reports) KnowsInventory(ctx context.Context, id device.ID, hash string) (bool, error) {
	return !r.WantsInventory(ctx, id, hash), nil
}

func (r reports) Inventory(ctx context.Context, id device.ID, hash string, i agent.Inventory) error {
	return r.Telemetry.Inventory(ctx, id, hash, inventory.Facts{Maker: i.Maker, Model: i.Model, Serial: i.Serial})
}

type quiet struct{}

func (quiet) Clone(context.Context, agent.Identity, [2]string) error { return nil }

// seeder seeds this world with a hospital.
func (w *world) seeder(h *Hospital) *Seeder {
	return &Seeder{Hospital: h, Inventory: w.inventory, People: w.auth, Invitations: w.enroll, Orders: w.commands, Now: time.Now}
}

// until waits for something that devices do by themselves over the network.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline, tick := time.NewTimer(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline.C:
			t.Fatalf("it did not come to pass: %s", what)
		case <-tick.C:
		}
	}
}
