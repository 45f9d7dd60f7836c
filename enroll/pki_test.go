package enroll_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"wardline/ca"
)

func (h *hospital) get(path string) (int, []byte, string) {
	h.t.Helper()
	resp, err := http.Get(h.server.URL + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, b, resp.Header.Get("Content-Type")
}

// revoked publishes and fetches a CRL, checks it, and returns its entries.
func (h *hospital) revoked(issuer ca.Role) []x509.RevocationListEntry {
	h.t.Helper()
	if err := h.ca.PublishCRLs(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	status, der, kind := h.get("/crl/" + string(issuer) + ".crl")
	if status != http.StatusOK || kind != "application/pkix-crl" {
		h.t.Fatalf("HTTP %d %s", status, kind)
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(h.ca.Certificate(issuer)); err != nil {
		h.t.Fatal(err)
	}
	return list.RevokedCertificateEntries
}

func TestOpensslVerifiesChainsListsAndStatus(t *testing.T) {
	for _, algorithm := range []ca.Algorithm{ca.RSA3072, ca.ECDSAP256} {
		t.Run(string(algorithm), func(t *testing.T) {
			h := newHospital(t, hospitalOptions{algorithm: algorithm, realClock: true})
			o := openssl(t, t.TempDir())
			ctx := context.Background()
			c, b := h.enrolled("SN-1", "pump")
			fetch := func() {
				h.revoked(ca.RoleIssuing)
				h.revoked(ca.RoleRoot)
				var crls []byte
				for _, name := range []string{"issuing", "root"} {
					_, der, _ := h.get("/ca/" + name + ".cer")
					writePEM(t, filepath.Join(o.dir, name+".pem"), der)
					_, crl, _ := h.get("/crl/" + name + ".crl")
					crls = append(crls, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: crl})...)
				}
				if err := os.WriteFile(filepath.Join(o.dir, "crls.pem"), crls, 0o600); err != nil {
					t.Fatal(err)
				}
				writePEM(t, filepath.Join(o.dir, "cert.pem"), c.signer.Raw)
			}
			verify := func() (string, error) {
				_, all, err := o.try("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "root.pem", "-untrusted", "issuing.pem",
					"-CRLfile", "crls.pem", "-crl_check_all", "cert.pem")
				return all, err
			}
			status := func() string {
				_, all, err := o.try("ocsp", "-issuer", "issuing.pem", "-cert", "cert.pem", "-CAfile", "root.pem", "-url", h.server.URL+"/ocsp", "-nonce")
				if err != nil || !strings.Contains(all, "Response verify OK") || strings.Contains(all, "WARNING") {
					t.Fatalf("openssl ocsp: %v\n%s", err, all)
				}
				return all
			}
			fetch()
			if all, err := verify(); err != nil {
				t.Errorf("a good certificate: %v\n%s", err, all)
			}
			if s := status(); !strings.Contains(s, "cert.pem: good") {
				t.Error(s)
			}
			if err := h.service.Contain(ctx, biomed, b.Device, "stolen"); err != nil {
				t.Fatal(err)
			}
			fetch()
			if all, err := verify(); err == nil || !strings.Contains(all, "revoked") {
				t.Errorf("a contained device: %v\n%s", err, all)
			}
			if s := status(); !strings.Contains(s, "cert.pem: revoked") || !strings.Contains(s, "certificateHold") {
				t.Error(s)
			}
			if err := h.service.Release(ctx, biomed, b.Device, "found"); err != nil {
				t.Fatal(err)
			}
			fetch()
			if all, err := verify(); err != nil {
				t.Errorf("a released device: %v\n%s", err, all)
			}
			if s := status(); !strings.Contains(s, "cert.pem: good") {
				t.Error(s)
			}
			if err := h.service.Revoke(ctx, biomed, b.Device, ca.ReasonKeyCompromise, "copied"); err != nil {
				t.Fatal(err)
			}
			if s := status(); !strings.Contains(s, "cert.pem: revoked") || !strings.Contains(s, "keyCompromise") {
				t.Error(s)
			}
		})
	}
}

func TestOCSPByGETAnswersLikeByPOSTAndKnowsWhatWasNeverIssued(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c, _ := h.enrolled("SN-1", "pump")
	issuing := h.ca.Certificate(ca.RoleIssuing)
	request, err := ocsp.CreateRequest(c.signer, issuing, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body, kind := h.get("/ocsp/" + url.PathEscape(base64.StdEncoding.EncodeToString(request)))
	if status != http.StatusOK || kind != "application/ocsp-response" {
		t.Fatalf("HTTP %d %s", status, kind)
	}
	r, err := ocsp.ParseResponseForCert(body, c.signer, issuing)
	if err != nil || r.Status != ocsp.Good || !r.ThisUpdate.Equal(h.clock.Now().Truncate(time.Second)) {
		t.Errorf("%+v %v", r, err)
	}
	stranger := *c.signer
	stranger.SerialNumber = new(big.Int).Add(c.signer.SerialNumber, big.NewInt(1))
	if request, err = ocsp.CreateRequest(&stranger, issuing, nil); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(h.server.URL+"/ocsp", "application/ocsp-request", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	body, _ = io.ReadAll(resp.Body)
	resp.Body.Close()
	if r, err := ocsp.ParseResponse(body, issuing); err != nil || r.Status != ocsp.Unknown {
		t.Errorf("%+v %v", r, err)
	}
	for name, garbage := range map[string][]byte{"nothing": {}, "text": []byte("hello"), "zeros": make([]byte, 100)} {
		resp, err := http.Post(h.server.URL+"/ocsp", "application/ocsp-request", bytes.NewReader(garbage))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !bytes.Equal(body, []byte{0x30, 3, 0x0a, 1, 1}) {
			t.Errorf("%s: %x, want malformedRequest", name, body)
		}
	}
	if status, _, _ := h.get("/crl/ra.crl"); status != http.StatusNotFound {
		t.Errorf("HTTP %d", status)
	}
	if status, _, _ := h.get("/ca/ra.cer"); status != http.StatusNotFound {
		t.Errorf("HTTP %d", status)
	}
}
