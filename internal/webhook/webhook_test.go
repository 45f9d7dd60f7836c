package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardline/alert"
	"wardline/internal/webhook"
)

var at = time.Unix(1772438400, 0)

// The vector of docs/api.md; the HMAC was computed with openssl:
// printf '1772438400.{"id":"0199"}' | openssl dgst -sha256 -hmac 'a secret'.
func TestTheSignatureIsTheDocumentedOne(t *testing.T) {
	got := webhook.Sign([]byte("a secret"), at, []byte(`{"id":"0199"}`))
	const want = "t=1772438400,v1=e595dbc5c0bc36628d918ba633290357ee56ff60844f0bae62a2e144c1223d23"
	if got != want {
		t.Errorf("signed %s, want %s", got, want)
	}
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), want) {
		t.Errorf("docs/api.md does not hold the vector %s", want)
	}
}

// receiver is somebody's program.
func receiver(t *testing.T, answer http.HandlerFunc) (url, ca string) {
	t.Helper()
	server := httptest.NewTLSServer(answer)
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return server.URL, ca
}

func caller(t *testing.T, ca string, allow ...netip.Prefix) *webhook.Caller {
	t.Helper()
	c, err := webhook.New(webhook.Options{CAFile: ca, Allow: allow, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var loopback = netip.MustParsePrefix("127.0.0.0/8")

func TestAReceiverCanVerifyWhoCalledAndWhat(t *testing.T) {
	var body []byte
	var header http.Header
	url, ca := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		w.WriteHeader(http.StatusNoContent)
	})
	h := alert.Hook{ID: "d1", URL: url + "/in", Secret: []byte("a secret"), Body: []byte(`{"id":"d1"}`), At: at}
	if err := caller(t, ca, loopback).Call(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	// As a receiver does it, by the description alone.
	stamp, v1, _ := strings.Cut(header.Get("Wardline-Signature"), ",")
	mac := hmac.New(sha256.New, []byte("a secret"))
	mac.Write([]byte(strings.TrimPrefix(stamp, "t=") + "." + string(body)))
	if v1 != "v1="+hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("the signature %q does not fit the body %q", header.Get("Wardline-Signature"), body)
	}
	if header.Get("Wardline-Delivery") != "d1" || header.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", header)
	}
}

func TestTheServersOwnMachineAndLinkAreNotCalledUnlessTheOperatorSaysSo(t *testing.T) {
	called := false
	url, ca := receiver(t, func(http.ResponseWriter, *http.Request) { called = true })
	port := url[strings.LastIndex(url, ":"):]
	for _, address := range []string{url, "https://localhost" + port, "https://[::1]" + port, "https://[::ffff:127.0.0.1]" + port,
		"https://169.254.169.254/latest/meta-data", "https://[fe80::1]" + port, "https://0.0.0.0" + port, "https://[64:ff9b::7f00:1]" + port} {
		err := caller(t, ca).Call(t.Context(), alert.Hook{URL: address, At: at})
		if err == nil || !strings.Contains(err.Error(), "--webhook-allow") && !strings.Contains(err.Error(), "assign") && !strings.Contains(err.Error(), "unreachable") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if called {
		t.Error("it was called")
	}
	if err := caller(t, ca, loopback).Call(t.Context(), alert.Hook{URL: url, At: at}); err != nil || !called {
		t.Errorf("the control: %v", err)
	}
}

func TestRedirectsAreNotFollowedAndAnswersAreNotAwaitedForEver(t *testing.T) {
	var elsewhere bool
	url, ca := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/elsewhere":
			elsewhere = true
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/long":
			// Far more than anybody reads.
			for range 1000 {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}
	})
	c := caller(t, ca, loopback)
	if err := c.Call(t.Context(), alert.Hook{URL: url + "/moved", At: at}); err == nil || elsewhere {
		t.Errorf("a redirect was followed: %v", err)
	}
	if err := c.Call(t.Context(), alert.Hook{URL: url + "/gone", At: at}); !errors.Is(err, alert.ErrForGood) {
		t.Errorf("410: %v", err)
	}
	if err := c.Call(t.Context(), alert.Hook{URL: url + "/long", At: at}); err != nil {
		t.Errorf("a long answer: %v", err)
	}
	if err := c.Call(t.Context(), alert.Hook{URL: strings.Replace(url, "https", "http", 1), At: at}); !errors.Is(err, alert.ErrForGood) {
		t.Errorf("without TLS: %v", err)
	}
	if err := caller(t, "", loopback).Call(t.Context(), alert.Hook{URL: url, At: at}); err == nil {
		t.Error("a receiver with a certificate of nobody's was called")
	}
}
