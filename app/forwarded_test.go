package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardline/agent"
	"wardline/audit"
	"wardline/device"
	"wardline/enroll"
)

// plainPhone is a device that can do nothing but be enrolled.
type plainPhone struct{}

func (plainPhone) Capabilities() []device.Kind                { return nil }
func (plainPhone) Therapy() (device.Reported, time.Duration)  { return device.ReportedNone, 0 }
func (plainPhone) Changed() <-chan struct{}                   { return nil }
func (plainPhone) State(context.Context) (agent.State, error) { return agent.State{}, nil }
func (plainPhone) Do(context.Context, agent.Job) (agent.Outcome, error) {
	return agent.Outcome{}, agent.ErrRefused
}
func (plainPhone) Inventory(context.Context) (agent.Inventory, error) {
	return agent.Inventory{Serial: "PX-1"}, nil
}

// enrolled enrolls a device over the device listener and returns its identity.
func enrolled(t *testing.T, a *App) tls.Certificate {
	t.Helper()
	actor := audit.Actor{Kind: audit.ActorSystem, ID: "test"}
	model, err := a.inventory.CreateModel(t.Context(), actor, device.Model{Maker: "Acme", Name: "Phone", Class: device.ClassHandheldShared})
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.enroll.Invite(t.Context(), actor, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassHandheldShared, Model: model.ID, Serial: "PX-1"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "agent")
	err = agent.Enroll(t.Context(), agent.Options{StateDir: dir, Driver: plainPhone{}},
		agent.EnrollRequest{Server: a.Addresses().Device, Code: made.Code, CAFingerprint: a.CAFingerprint()})
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(dir, "identity.pem"))
	if err != nil {
		t.Fatal(err)
	}
	identity, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// clientCert writes a certificate as RFC 9440 wants it.
func clientCert(der []byte) string { return ":" + base64.StdEncoding.EncodeToString(der) + ":" }

// tlsEndingProxy is a real reverse proxy before the device listener: it ends the
// device's TLS and says in headers what it saw.
func tlsEndingProxy(t *testing.T, a *App, secret string) string {
	t.Helper()
	target, err := url.Parse(a.Addresses().Device)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Transport: browser(t, a).Transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded()
		r.Out.Header.Set(headerSecret, secret)
		r.Out.Header.Del(headerCertificate)
		if certs := r.In.TLS.PeerCertificates; len(certs) > 0 {
			r.Out.Header.Set(headerCertificate, clientCert(certs[0].Raw))
		}
	}}
	server := httptest.NewUnstartedServer(proxy)
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// poll polls once and returns the status.
func poll(t *testing.T, to string, identity *tls.Certificate, header http.Header) (int, string) {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true} // whom the device believes is tested elsewhere
	if identity != nil {
		config.Certificates = []tls.Certificate{*identity}
	}
	transport := &http.Transport{TLSClientConfig: config}
	defer transport.CloseIdleConnections()
	boot++
	body, err := json.Marshal(map[string]any{"protocol": 1, "boot_id": "boot", "sequence": boot, "wait_seconds": 0, "state": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to+"/agent/v1/poll", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Code   string `json:"code"`
		Device string `json:"device_id"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer.Code + answer.Device
}

var boot = 0

func TestADeviceIsKnownThroughAProxyThatEndsTLSAndNobodyCanPassForOne(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := loopback(t)
	o.TrustedProxies, o.ProxySecretFile = []string{"127.0.0.1"}, file
	a := start(t, o)
	identity := enrolled(t, a)
	direct := a.Addresses().Device
	refused := func(what string, status int, said string) {
		t.Helper()
		if status != http.StatusUnauthorized || said != "certificate_unknown" {
			t.Errorf("%s: %d %s, want 401 certificate_unknown", what, status, said)
		}
	}

	status, who := poll(t, direct, &identity, nil)
	if status != http.StatusOK || who == "" {
		t.Fatalf("directly: %d %s", status, who)
	}
	proxy := tlsEndingProxy(t, a, secret)
	if status, through := poll(t, proxy, &identity, nil); status != http.StatusOK || through != who {
		t.Errorf("through the proxy: %d %s, want 200 and the same device %s", status, through, who)
	}
	theirs := http.Header{headerCertificate: {clientCert(identity.Certificate[0])}}
	withSecret := theirs.Clone()
	withSecret.Set(headerSecret, secret)
	wrong := theirs.Clone()
	wrong.Set(headerSecret, strings.Repeat("f", 32))

	status, said := poll(t, proxy, nil, theirs)
	refused("a device without a certificate that sends the header to the proxy itself", status, said)
	status, said = poll(t, tlsEndingProxy(t, a, strings.Repeat("f", 32)), &identity, nil)
	refused("a proxy with another secret", status, said)
	status, said = poll(t, direct, nil, theirs)
	refused("the header sent directly", status, said)
	status, said = poll(t, direct, nil, wrong)
	refused("the header sent directly with a wrong secret", status, said)
	twice := withSecret.Clone()
	twice.Add(headerCertificate, clientCert(identity.Certificate[0]))
	status, said = poll(t, direct, nil, twice)
	refused("a proxy that lets a second header through", status, said)
	if status, _ := poll(t, direct, nil, withSecret); status != http.StatusOK {
		t.Errorf("from the proxy's address with its secret: %d, want 200 (otherwise the refusals above mean nothing)", status)
	}
}

func TestAClientCertificateIsTakenFromTrustedAddressesOnly(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := newForwarded([]string{"10.2.0.0/24", "2001:db8::7"}, file)
	if err != nil {
		t.Fatal(err)
	}
	cert := selfSigned(t)
	for from, want := range map[string]bool{"10.2.0.9:1": true, "[::ffff:10.2.0.9]:1": true, "[2001:db8::7]:1": true,
		"10.2.1.9:1": false, "[2001:db8::8]:1": false, "127.0.0.1:1": false} {
		r := httptest.NewRequest(http.MethodPost, "/agent/v1/poll", nil)
		r.RemoteAddr = from
		r.Header.Set(headerCertificate, clientCert(cert.Raw))
		r.Header.Set(headerSecret, secret)
		r.Header.Set(headerChain, clientCert(cert.Raw))
		r.Header.Set("X-Forwarded-For", "192.0.2.5, 198.51.100.7, 10.2.0.3")
		f.around(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if got := clientCertificate(r) != nil; got != want {
				t.Errorf("from %s the certificate is taken: %v, want %v", from, got, want)
			}
			if sender := "198.51.100.7:0"; want && r.RemoteAddr != sender || !want && r.RemoteAddr != from {
				t.Errorf("from %s the sender is taken to be %s", from, r.RemoteAddr)
			}
			for _, h := range []string{headerCertificate, headerChain, headerSecret} {
				if r.Header.Get(h) != "" {
					t.Errorf("from %s the header %s goes on to the handlers", from, h)
				}
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

func selfSigned(t *testing.T) *x509.Certificate {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.Certificate()
}

func TestProxiesThatCannotWorkAreRefusedAtTheStart(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, o := range map[string]Options{
		"no address":               {TrustedProxies: []string{"proxy.example"}},
		"a secret alone":           {ProxySecretFile: short},
		"a secret too short":       {TrustedProxies: []string{"10.0.0.1"}, ProxySecretFile: short},
		"a file that is not there": {TrustedProxies: []string{"10.0.0.1"}, ProxySecretFile: short + "x"},
	} {
		if _, err := newForwarded(o.TrustedProxies, o.ProxySecretFile); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}
