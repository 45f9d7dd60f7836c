package enroll_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/seal"
	"wardline/store"
	"wardline/store/storetest"
)

var biomed = audit.Actor{Kind: audit.ActorPerson, ID: "0198a000-0000-7000-8000-000000000001", Name: "Bea Biomed"}

// hospital is a server's enrollment half: store, authority, service and the HTTP
// side, with a clock that the test moves.
type hospital struct {
	t       *testing.T
	clock   *storetest.Clock
	store   *store.Store
	ca      *ca.Authority
	service *enroll.Service
	server  *httptest.Server
	harness *storetest.Harness
}

type hospitalOptions struct {
	engine    store.Engine
	algorithm ca.Algorithm
	realClock bool
	validity  time.Duration
}

func newHospital(t *testing.T, o hospitalOptions) *hospital {
	t.Helper()
	if o.engine == "" {
		o.engine = store.SQLite
	}
	if o.algorithm == "" {
		o.algorithm = ca.ECDSAP256
	}
	gin.SetMode(gin.ReleaseMode)
	h := &hospital{t: t, harness: storetest.New(t, o.engine)}
	h.clock = h.harness.Clock
	if o.realClock {
		h.clock.Set(time.Now())
	}
	h.store = h.harness.Store(func(so *store.Options) {
		so.Drop = func(fps []device.Fingerprint) {
			if h.service != nil {
				h.service.Drop(fps...)
			}
		}
	})
	// The address is needed before there is anything to serve.
	router := gin.New()
	h.server = httptest.NewUnstartedServer(router)
	t.Cleanup(h.server.Close)
	address := "http://" + h.server.Listener.Addr().String()
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	h.ca, err = ca.Open(ctx, ca.Options{Store: h.store, Sealer: key.For, Algorithm: o.algorithm, Organisation: "St Elsewhere",
		PKIURL: address, Loopback: true, Folder: t.TempDir(), Now: h.clock.Now, DeviceValidity: o.validity,
		OnStatus: func(changes []ca.Status) {
			for _, c := range changes {
				if h.service != nil {
					h.service.Drop(c.Fingerprint)
				}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	h.service, err = enroll.New(enroll.Options{Store: h.store, CA: h.ca, DeviceURL: "https://devices.hospital.example:8444",
		PKIURL: address, Loopback: true, Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	h.service.RegisterSCEP(router)
	h.service.RegisterBootstrap(router)
	h.service.RegisterPKI(router)
	h.server.Start()
	return h
}

// invite makes an invitation for one pump by its serial number.
func (h *hospital) invite(serial string) enroll.Issued {
	h.t.Helper()
	issued, err := h.service.Invite(context.Background(), biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP, Serial: serial})
	if err != nil {
		h.t.Fatal(err)
	}
	return issued
}

func writePEM(t *testing.T, path string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readCertificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	b, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	c, err := x509.ParseCertificate(b)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
