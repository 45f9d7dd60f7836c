package enroll_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/smallstep/pkcs7"

	"wardline/audit"
	"wardline/ca"
	"wardline/ca/catest"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/seal"
)

var updateSeeds = flag.Bool("update-seeds", false, "record the requests of real clients anew as seeds of FuzzPKIOperation")

// fixtureFile holds an authority whose keys never change, so that recorded
// requests can be opened. Its keys protect nothing: the master key is all zeros.
const fixtureFile = "testdata/authority.json"

const fixtureChallenge = "open sesame"

const seedFolder = "testdata/fuzz/FuzzPKIOperation"

// fixtureTime is when the recorded requests were made, as far as the service
// knows.
var fixtureTime = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func fixtureIssuers(t testing.TB) []ca.Issuer {
	t.Helper()
	text, err := os.ReadFile(fixtureFile)
	if err != nil {
		t.Fatal(err)
	}
	var issuers []ca.Issuer
	if err := json.Unmarshal(text, &issuers); err != nil {
		t.Fatal(err)
	}
	return issuers
}

func zeroKey(t testing.TB) *seal.Key {
	t.Helper()
	key, err := seal.New(make([]byte, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// gate is an enroll.Store without a database. It lets in whoever knows the
// challenge, as often as they like.
type gate struct {
	enroll.Store // what is not overridden is not called
	challenge    string
	granted      atomic.Int64
}

func (g *gate) LegacyModels(context.Context) (bool, error)       { return true, nil }
func (g *gate) RecordRefusal(context.Context, audit.Event) error { return nil }
func (g *gate) Poll(context.Context, string, string) (enroll.Previous, error) {
	return enroll.Previous{}, enroll.CodeTransaction.New("none")
}

func (g *gate) Enroll(_ context.Context, ask enroll.Ask, draw enroll.Draw, decide func(enroll.Facts) (enroll.Decision, error)) (enroll.Grant, error) {
	f := enroll.Facts{Now: fixtureTime, Legacy: true}
	if ask.Challenge == g.challenge {
		f.Challenge = &enroll.Challenge{Hash: ask.Challenge, Serial: "SN-1", ExpiresAt: fixtureTime.Add(time.Hour)}
		f.Invitation = &enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP, Serial: "SN-1", ExpiresAt: fixtureTime.Add(time.Hour)}
	}
	if _, err := decide(f); err != nil {
		return enroll.Grant{}, err
	}
	g.granted.Add(1)
	return enroll.Grant{Serial: draw.Serial, CSR: ask.CSR, Request: ca.DeviceRequest{Device: "0198a3e0-0000-7000-8000-00000000000a",
		Class: device.ClassPumpLVP, MakerSerial: "SN-1", NotBefore: draw.NotBefore, NotAfter: draw.NotAfter}}, nil
}

func (g *gate) StoreIssued(_ context.Context, _ enroll.Grant, der []byte) ([]byte, error) {
	return der, nil
}

// withoutDatabase is a service on an authority in memory.
func withoutDatabase(t testing.TB, issuers []ca.Issuer, algorithm ca.Algorithm, now time.Time) (*enroll.Service, *ca.Authority, *gate) {
	t.Helper()
	clock := func() time.Time { return now }
	authority, err := ca.Open(context.Background(), ca.Options{Store: catest.New(issuers...), Sealer: zeroKey(t).For, Algorithm: algorithm,
		PKIURL: "http://pki.hospital.example", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{challenge: enroll.HashSecret(fixtureChallenge)}
	s, err := enroll.New(enroll.Options{Store: g, CA: authority, DeviceURL: "https://devices.hospital.example", PKIURL: "http://pki.hospital.example", Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return s, authority, g
}

// FuzzPKIOperation throws bytes at the service: it answers with a signed CertRep
// or turns them away, and never ends.
func FuzzPKIOperation(f *testing.F) {
	s, _, _ := withoutDatabase(f, fixtureIssuers(f), ca.ECDSAP256, fixtureTime)
	f.Fuzz(func(t *testing.T, body []byte) {
		reply, err := s.PKIOperation(context.Background(), body, "192.0.2.1")
		judgeReply(t, reply, err)
	})
}

// FuzzEnvelope has the bytes signed properly, so that they get as far as the
// envelope.
func FuzzEnvelope(f *testing.F) {
	s, authority, _ := withoutDatabase(f, fixtureIssuers(f), ca.ECDSAP256, fixtureTime)
	c := newClient(f, rsaKey(f, "fuzz", 2048))
	csr := c.csr(fixtureChallenge, nil)
	whole, err := pkcs7.Encrypt(csr, []*x509.Certificate{authority.Certificate(ca.RoleRA)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, envelope []byte) {
		raw, _ := c.in(t).build(message{kind: "19", envelope: envelope})
		reply, err := s.PKIOperation(context.Background(), raw, "192.0.2.1")
		judgeReply(t, reply, err)
	})
}

// FuzzRequest has the bytes encrypted and signed properly, so that they get as
// far as the certificate request.
func FuzzRequest(f *testing.F) {
	s, authority, _ := withoutDatabase(f, fixtureIssuers(f), ca.ECDSAP256, fixtureTime)
	c := newClient(f, rsaKey(f, "fuzz", 2048))
	f.Add(c.csr(fixtureChallenge, nil))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, request []byte) {
		raw, _ := c.in(t).build(message{kind: "19", content: request, recipient: authority.Certificate(ca.RoleRA)})
		reply, err := s.PKIOperation(context.Background(), raw, "192.0.2.1")
		judgeReply(t, reply, err)
	})
}

func judgeReply(t *testing.T, reply []byte, err error) {
	t.Helper()
	if err != nil {
		if err.Error() != "not a SCEP message" {
			t.Fatalf("unexpected error: %v", err)
		}
		return
	}
	p7, err := pkcs7.Parse(reply)
	if err != nil {
		t.Fatalf("the answer is not CMS: %v", err)
	}
	if err := p7.Verify(); err != nil {
		t.Fatalf("the answer is not signed: %v", err)
	}
	var status string
	if err := p7.UnmarshalSignedAttribute(oidPKIStatus, &status); err != nil || (status != success && status != failure && status != pending) {
		t.Fatalf("status %q: %v", status, err)
	}
}

func TestTheRecordedRequestsOfRealClientsAreStillAnswered(t *testing.T) {
	if *updateSeeds {
		recordKeys(t)
		recordSeeds(t)
	}
	seeds, err := filepath.Glob(filepath.Join(seedFolder, "*"))
	if err != nil || len(seeds) < 3 {
		t.Fatalf("%d seeds: %v", len(seeds), err)
	}
	s, _, g := withoutDatabase(t, fixtureIssuers(t), ca.ECDSAP256, fixtureTime)
	for _, seed := range seeds {
		text, err := os.ReadFile(seed)
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		lines := bytes.SplitN(text, []byte("\n"), 2)
		if _, err := fmt.Sscanf(string(bytes.TrimSpace(lines[1])), "[]byte(%q)", &body); err != nil {
			t.Fatalf("%s: %v", seed, err)
		}
		before := g.granted.Load()
		reply, err := s.PKIOperation(context.Background(), body, "192.0.2.1")
		judgeReply(t, reply, err)
		if g.granted.Load() != before+1 {
			t.Errorf("%s was refused", filepath.Base(seed))
		}
	}
}

// recordSeeds makes a new authority and records what real clients send to it.
func recordSeeds(t *testing.T) {
	store := catest.New()
	authority, err := ca.Open(context.Background(), ca.Options{Store: store, Sealer: zeroKey(t).For, Algorithm: ca.ECDSAP256, PKIURL: "http://pki.hospital.example"})
	if err != nil {
		t.Fatal(err)
	}
	issuers, err := store.LoadIssuers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(issuers, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{filepath.Dir(fixtureFile), seedFolder} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(fixtureFile, text, 0o644); err != nil {
		t.Fatal(err)
	}
	s, _, _ := withoutDatabase(t, issuers, ca.ECDSAP256, fixtureTime)
	router := gin.New()
	name := ""
	router.Use(func(c *gin.Context) {
		if c.Query("operation") == "PKIOperation" && c.Request.Method == http.MethodPost {
			body := must(io.ReadAll(c.Request.Body))
			c.Request.Body = io.NopCloser(bytes.NewReader(body))
			line := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", body)
			if err := os.WriteFile(filepath.Join(seedFolder, name), []byte(line), 0o644); err != nil {
				t.Error(err)
			}
		}
	})
	s.RegisterSCEP(router)
	server := httptest.NewServer(router)
	defer server.Close()
	h := &hospital{t: t, server: server, ca: authority}

	p := strongSwan(t)
	p.fetchCA(h)
	p.save("key.der", p.run("--gen", "--type", "rsa", "--size", "2048"))
	for _, cipher := range []string{"aes", "des3"} {
		for _, digest := range []string{"sha256", "sha512", "sha1"} {
			name = "strongswan-" + cipher + "-" + digest
			p.run(p.scepArgs(h, "--in", "key.der", "--password", fixtureChallenge, "--cipher", cipher, "--digest", digest)...)
		}
	}
	c := scepclient(t)
	name = "scepclient-des"
	c.run("-server-url", server.URL+"/scep", "-private-key", "client.key", "-certificate", "client.pem", "-challenge", fixtureChallenge, "-key-encipherment-selector")
	name = "agent-aes256"
	own := newClient(t, rsaKey(t, "seed", 2048))
	raw, nonce := own.build(message{kind: "19", content: own.csr(fixtureChallenge, nil), recipient: authority.Certificate(ca.RoleRA)})
	own.send(h, raw, nonce)
}
