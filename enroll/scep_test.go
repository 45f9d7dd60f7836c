package enroll_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/smallstep/pkcs7"
	"github.com/smallstep/scep"
)

func TestTooManyCertificatesSignersOrBytesAreNotRead(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	csr := c.csr(h.invite("SN-1").SCEPChallenge, nil)
	many := make([]*x509.Certificate, 4)
	for i := range many {
		many[i] = selfSigned(t, c.key)
	}
	raw, _ := c.build(message{kind: "19", content: csr, recipient: h.ra(), extra: many})
	if status, _ := post(t, h, raw); status != http.StatusBadRequest {
		t.Errorf("five certificates: HTTP %d", status)
	}
	if status, _ := post(t, h, bytes.Repeat([]byte{0x30}, 65<<10)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("65 KiB: HTTP %d", status)
	}
	if n := h.issuedCount(); n != 0 {
		t.Errorf("%d certificates", n)
	}
}

func TestUnknownMessageTypesAndOddTextsDoNotEndTheServer(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	csr := c.csr(h.invite("SN-1").SCEPChallenge, nil)
	for _, kind := range []string{"99", "21", "22", "3", "18", "-1", "nineteen"} {
		raw, nonce := c.build(message{kind: kind, content: csr, recipient: h.ra()})
		h.refuses(c, raw, nonce, badRequest)
	}
	// Why nothing here ever prints the libraries' own types:
	func() {
		defer func() {
			if recover() == nil {
				t.Error("scep.MessageType no longer panics when printed: the comment at messageType can go")
			}
		}()
		_ = scep.MessageType("99").String()
	}()
	// A transaction identifier that a Go string would carry as UTF8String.
	c.transaction = "a_b*c@d"
	raw, nonce := c.build(message{kind: "19", content: csr, recipient: h.ra()})
	if r := c.send(h, raw, nonce); r.status != success {
		t.Errorf("%+v", r)
	}
}

func TestBodiesThatAreNoMessagesAreTurnedAway(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c := newClient(t, rsaKey(t, "pump", 2048))
	whole, _ := c.build(message{kind: "19", content: c.csr("x", nil), recipient: h.ra()})
	bodies := [][]byte{{}, {0x1f, 0x80}, {0x30, 0x80}, []byte("hello"), bytes.Repeat([]byte{0x30, 0x80}, 30_000),
		whole[:len(whole)/2], append(bytes.Clone(whole), "more"...)}
	rng := mathrand.New(mathrand.NewPCG(1, 2))
	for range 50 {
		b := make([]byte, rng.IntN(300))
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		bodies = append(bodies, b)
	}
	for _, body := range bodies {
		status, text := post(t, h, body)
		if status != http.StatusBadRequest || string(text) != "The body is not a SCEP message.\n" {
			t.Errorf("%.20x: HTTP %d %q", body, status, text)
		}
	}
	if n := h.events("scep.refused"); n != len(bodies) {
		t.Errorf("%d audit events for %d refusals", n, len(bodies))
	}
	// The library that clients use ended on these two bytes before version 0.2.3.
	if _, err := pkcs7.Parse([]byte{0x1f, 0x80}); err == nil {
		t.Error("1F 80 is not CMS")
	}
}

func TestAFloodOfRefusalsIsCountedNotListed(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	for range 450 {
		post(t, h, []byte("x"))
	}
	if n := h.events("scep.refused"); n > 220 {
		t.Errorf("%d audit events within a moment", n)
	}
	h.clock.Advance(time.Minute)
	post(t, h, []byte("x"))
	var n int
	err := h.harness.Raw().QueryRow(`SELECT count(*) FROM audit_event WHERE action = 'scep.refused' AND CAST(body AS TEXT) LIKE '%"refusals_not_listed_before":%'`).Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("%d events say how many were not listed: %v", n, err)
	}
}

func TestAMessageByGETSurvivesWhatClientsDoToBase64(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	for i, escape := range []func(string) string{
		url.QueryEscape,
		func(s string) string { return strings.NewReplacer("/", "%2F", "=", "%3D").Replace(s) }, // + sent as it is
		func(s string) string { // strongSwan: a line feed every 64 characters
			var b strings.Builder
			for len(s) > 64 {
				b.WriteString(url.QueryEscape(s[:64]) + "%0A")
				s = s[64:]
			}
			return b.String() + url.QueryEscape(s) + "%0A"
		},
		func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2B", "%20") }, // + lost on the way
	} {
		c := newClient(t, rsaKey(t, fmt.Sprint("get", i), 2048))
		raw, nonce := c.build(message{kind: "19", content: c.csr(h.invite(fmt.Sprint("SN-", i)).SCEPChallenge, nil), recipient: h.ra()})
		resp, err := http.Get(h.server.URL + "/cgi-bin/pkiclient.exe?operation=PKIOperation&message=" + escape(base64.StdEncoding.EncodeToString(raw)))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/x-pki-message" {
			t.Fatalf("%d: HTTP %d %s %q %v", i, resp.StatusCode, resp.Header.Get("Content-Type"), body, err)
		}
		if r := c.read(h, body, nonce); r.status != success {
			t.Errorf("%d: %+v", i, r)
		}
	}
}

func TestCapabilitiesTellTheTruth(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	get := func(query string) (string, string, int) {
		resp, err := http.Get(h.server.URL + "/scep?" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b), resp.Header.Get("Content-Type"), resp.StatusCode
	}
	caps, kind, _ := get("operation=GetCACaps&message=ca")
	if want := "AES\nPOSTPKIOperation\nRenewal\nSHA-256\nSHA-384\nSHA-512\nSCEPStandard\n"; caps != want || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("%q %s", caps, kind)
	}
	certs, kind, _ := get("operation=GetCACert")
	parsed, err := scep.CACerts([]byte(certs))
	if err != nil || len(parsed) != 3 || kind != "application/x-x509-ca-ra-cert" {
		t.Fatalf("%d certificates, %s: %v", len(parsed), kind, err)
	}
	ra := parsed[0]
	if !bytes.Equal(ra.Raw, h.ra().Raw) || !parsed[1].IsCA || !parsed[2].IsCA || parsed[2].CheckSignatureFrom(parsed[2]) != nil {
		t.Error("the order must be RA, issuing CA, root")
	}
	if key, ok := ra.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 2048 || ra.IsCA || len(ra.ExtKeyUsage) != 0 ||
		ra.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment {
		t.Error("the RA certificate is not an end-entity certificate for enveloping")
	}
	if _, _, status := get("operation=GetNextCACert"); status != http.StatusNotFound {
		t.Errorf("GetNextCACert: HTTP %d", status)
	}
	if _, _, status := get("operation=Format"); status != http.StatusBadRequest {
		t.Errorf("unknown operation: HTTP %d", status)
	}
}
