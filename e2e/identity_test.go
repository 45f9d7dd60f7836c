package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copied is a device's key and certificate in a thief's hands.
type copied struct {
	cert tls.Certificate
	leaf *x509.Certificate
	boot string
}

const identityFile = "identity.pem"

func copyIdentity(t *testing.T, folder string) copied {
	t.Helper()
	pem := must(os.ReadFile(filepath.Join(folder, identityFile)))(t)
	cert := must(tls.X509KeyPair(pem, pem))(t)
	return copied{cert: cert, leaf: must(x509.ParseCertificate(cert.Certificate[0]))(t), boot: "b0075"}
}

// copyOf is the path of the key, while there is one.
func copyOf(folder string) string {
	path := filepath.Join(folder, identityFile)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// poll polls with the copied key, and returns the status of the answer.
func (c copied) poll(t *testing.T, addr string) int {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
		// Who the server is does not matter to a thief.
		TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{c.cert}, InsecureSkipVerify: true},
	}
	defer transport.CloseIdleConnections()
	body := must(json.Marshal(map[string]any{"protocol": 1, "boot_id": c.boot, "sequence": 1, "wait_seconds": 0,
		"capabilities": []string{}, "state": map[string]any{"state_age_ms": 0}, "results": []any{}}))(t)
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Post(deviceURL+"/agent/v1/poll", "application/json", strings.NewReader(string(body)))
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	said := must(io.ReadAll(res.Body))(t)
	if res.StatusCode >= http.StatusInternalServerError {
		t.Errorf("the device listener answers %d: %s", res.StatusCode, said)
	}
	return res.StatusCode
}

// revoked says whether a certificate stands on its issuer's revocation list.
func revoked(t *testing.T, pki string, cert *x509.Certificate) bool {
	t.Helper()
	res := must(http.Get(pki + "/crl/issuing.crl"))(t)
	defer res.Body.Close()
	der := must(io.ReadAll(res.Body))(t)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("the revocation list is answered %d: %s", res.StatusCode, der)
	}
	for _, r := range must(x509.ParseRevocationList(der))(t).RevokedCertificateEntries {
		if r.SerialNumber.Cmp(cert.SerialNumber) == 0 {
			return true
		}
	}
	return false
}

// waiting is an enrollment that waits for a person.
type waiting struct {
	ID      string `json:"id"`
	Serial  string `json:"serial"`
	Reasons []struct {
		Code  string `json:"code"`
		Words string `json:"words"`
	} `json:"reasons"`
}

// awaits waits until the enrollment of a serial number waits for a person.
func (h *hospital) awaits(by *person, serial string) waiting {
	h.t.Helper()
	var found waiting
	eventually(h.t, "the enrollment of "+serial+" waits for a person", func() bool {
		var page struct {
			Items []waiting `json:"items"`
		}
		by.may(http.MethodGet, "/enrollment-requests", nil, &page)
		for _, w := range page.Items {
			if w.Serial == serial {
				found = w
				return true
			}
		}
		return false
	})
	return found
}

// decide lets a waiting enrollment through, or refuses it.
func (h *hospital) decide(by *person, serial string, approve bool) waiting {
	h.t.Helper()
	w := h.awaits(by, serial)
	by.may(http.MethodPost, "/enrollment-requests/"+w.ID+"/decide", map[string]any{"approve": approve, "reason": "looked at it"}, nil)
	return w
}

// etag is the version of a device that an update has to match.
func (h *hospital) etag(id string) string {
	h.t.Helper()
	var r record
	h.biomed.may(http.MethodGet, "/devices/"+id, nil, &r)
	return fmt.Sprintf("%q", fmt.Sprint(r.Version))
}
