package app

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"wardline/internal/fault"
)

// loopback are options with free ports and a data folder of their own.
func loopback(t *testing.T) Options {
	t.Helper()
	return Options{Data: filepath.Join(t.TempDir(), "data"), Demo: true,
		AdminAddr: "127.0.0.1:0", PublicAddr: "127.0.0.1:0", DeviceAddr: "127.0.0.1:0", PKIAddr: "127.0.0.1:0"}
}

func start(t *testing.T, o Options) *App {
	t.Helper()
	a, err := Start(t.Context(), o)
	if err != nil {
		t.Fatalf("the server does not start: %v", err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Errorf("the server does not stop cleanly: %v", err)
		}
	})
	return a
}

// browser trusts the server's own authority and nothing else.
func browser(t *testing.T, a *App) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(a.RootPath())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestAServerStartsAnswersOnEveryListenerAndStopsWithoutLeavingAnythingBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	a, err := Start(t.Context(), loopback(t))
	if err != nil {
		t.Fatal(err)
	}
	c, at := browser(t, a), a.Addresses()
	for url, want := range map[string]string{
		at.Admin + "/readyz":                    `"ready"`,
		at.Admin + "/":                          "<title>Wardline", // also before the console is built
		at.Admin + "/setup":                     "Choose a name and a password",
		at.Admin + "/api/v1/openapi.json":       `"3.1.0"`,
		at.Device + "/healthz":                  `"alive"`,
		at.Public + "/healthz":                  "",
		at.PKI + "/scep?operation=GetCACaps":    "POSTPKIOperation",
		at.PKI + "/crl/issuing.crl":             "",
		at.Device + "/scep?operation=GetCACaps": "AES",
		at.PKI + "/ca/root.cer":                 "",
	} {
		status, body := get(t, c, url)
		if status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s answers %d without %q", url, status, want)
		}
	}
	if status, _ := get(t, c, at.Public+"/api/v1/devices"); status != http.StatusNotFound {
		t.Errorf("the public listener answers %d for the admin API, want 404", status)
	}
	c.CloseIdleConnections()
	if err := a.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := a.Stop(); err != nil {
		t.Errorf("a second stop: %v", err)
	}
}

func TestASecondServerOnTheSameFolderIsRefusedInWordsAndTheFirstGoesOn(t *testing.T) {
	o := loopback(t)
	a := start(t, o)
	_, err := Start(t.Context(), o)
	if !DataFolderInUse(err) || !strings.Contains(err.Error(), o.Data) {
		t.Errorf("the second start answers %v, want that %s is in use", err, o.Data)
	}
	if status, _ := get(t, browser(t, a), a.Addresses().Admin+"/readyz"); status != http.StatusOK {
		t.Errorf("the first server answers %d after that", status)
	}
}

func TestATakenPortIsNamedWithItsFlagAndNothingIsLeftBehind(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := loopback(t)
	o.DeviceAddr = taken.Addr().String()
	_, err = Start(t.Context(), o)
	if !fault.Has(err, codeCannotListen) || !strings.Contains(err.Error(), "--device-addr") {
		t.Fatalf("the start answers %v, want the flag --device-addr", err)
	}
	o.DeviceAddr = "127.0.0.1:0"
	start(t, o)
}

func TestADataFolderThatOthersCanReadIsRefused(t *testing.T) {
	o := loopback(t)
	if err := os.MkdirAll(o.Data, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("the start answers %v, want what to do", err)
	}
}

func TestTheFirstStartPrintsALinkAndTheHostCanMakeTheFirstAccountOnce(t *testing.T) {
	o := loopback(t)
	o.Demo = false
	var said bytes.Buffer
	o.Out = &said
	start(t, o)
	if !strings.Contains(said.String(), "/setup#wlp_") {
		t.Errorf("the first start says %q, without a set-up link", said.String())
	}
	var made LocalMade
	in := LocalUser{Username: "a.first", Name: "A. First", Password: "a long enough password"}
	if err := Local(t.Context(), o, "/user", in, &made); err != nil || made.Username != "a.first" || len(made.HostCodes) != 10 {
		t.Fatalf("wardline user create over the socket: %v, %v", made, err)
	}
	printed := regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}-[A-Z]{4}`).FindAllString(said.String(), -1)
	if len(printed) != 10 {
		t.Fatalf("the first start says %q, without ten codes for a lock-out", said.String())
	}
	var r LocalRecovery
	err := Local(t.Context(), o, "/recovery/begin", LocalHostCode{Code: printed[0], User: "a.first"}, &r)
	if f, ok := fault.As(err); !ok || f.Code.Name != "host_code_refused" {
		t.Errorf("a code that the next set replaced: %v", err)
	}
	if err := Local(t.Context(), o, "/recovery/begin", LocalHostCode{Code: made.HostCodes[0], User: "a.first"}, &r); err != nil || r.Username != "a.first" {
		t.Errorf("wardline recover over the socket: %+v, %v", r, err)
	}
	in.Username = "a.second"
	err = Local(t.Context(), o, "/user", in, &made)
	if f, ok := fault.As(err); !ok || f.Code.Name != "already_founded" {
		t.Errorf("a second first account: %v, want already_founded", err)
	}
}

func TestTheHostsCommandsWorkWithoutARunningServerToo(t *testing.T) {
	o := loopback(t)
	var made LocalMade
	in := LocalUser{Username: "a.first", Name: "A. First", Password: "a long enough password"}
	if err := Local(t.Context(), o, "/user", in, &made); err != nil {
		t.Fatal(err)
	}
	var v LocalVerified
	if err := Local(t.Context(), o, "/audit/verify", struct {
		Head string `json:"head"`
	}{}, &v); err != nil || v.Broken != "" || strings.HasPrefix(v.Head, "0:") {
		t.Errorf("verify: %+v, %v, want a whole chain with something in it", v, err)
	}
	a := start(t, o)
	if status, _ := get(t, browser(t, a), a.Addresses().Admin+"/readyz"); status != http.StatusOK {
		t.Error("the server does not start on the folder afterwards")
	}
}

func TestAddressesThatCannotWorkAreNamed(t *testing.T) {
	for flag, set := range map[string]func(*Options){
		"--admin-addr":    func(o *Options) { o.AdminAddr = "8443" },
		"--device-url":    func(o *Options) { o.DeviceURL = "http://devices.hospital.example" },
		"--pki-url":       func(o *Options) { o.PKIURL = "https://pki.hospital.example" },
		"--admin-url":     func(o *Options) { o.AdminURL = "https://hospital.example/wardline" },
		"--map-tiles-url": func(o *Options) { o.MapTilesURL = "https://tiles.example; script-src *//{z}/{x}/{y}" },
		"--data":          func(o *Options) { o.Data = "" },
	} {
		o := loopback(t)
		set(&o)
		_, err := Start(t.Context(), o)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code.Name != "bad_option" || !strings.Contains(f.Detail, flag) {
			t.Errorf("%s: %v, want bad_option naming the flag", flag, err)
		}
	}
}
