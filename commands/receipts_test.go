package commands

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"wardline/device"
)

const (
	bundledDevice  = "01980000-0000-7000-8000-000000000001"
	bundledCommand = "01980000-0000-7000-8000-000000000002"
)

// bundled is a bundle as a server exports it, with its root's fingerprint.
func bundled(t testing.TB) (Bundle, string) {
	t.Helper()
	p := newPKI(t, "hospital")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := p.certify(t, &x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs: []*url.URL{{Scheme: "urn", Opaque: "uuid:" + bundledDevice}}}, bundledDevice, key, p.issuer, p.issuerKey)
	at := pkiFrom.Add(1000 * time.Hour)
	order, err := Order{Command: bundledCommand, Kind: device.KindWipe, Device: bundledDevice, Enrollment: "01980000-0000-7000-8000-000000000003",
		Class: device.ClassPhoneIssued, Requester: Requester{Kind: "person", ID: "a", Name: "sid"}, Reason: "stolen", AskedAt: at, NotAfter: at.Add(time.Hour)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b := Bundle{Format: BundleFormat, Command: bundledCommand, Kind: device.KindWipe, Device: bundledDevice, Order: order, OrderHash: HashOrder(order)}
	for _, c := range []*x509.Certificate{p.issuer, p.root} {
		b.Chain = append(b.Chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	}
	b.Devices = []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))}
	for _, status := range []ResultStatus{ResultAccepted, ResultSucceeded} {
		jws, err := SignReceipt(key, Receipt{Command: bundledCommand, Device: bundledDevice, Enrollment: "01980000-0000-7000-8000-000000000003",
			OrderHash: b.OrderHash, Attempt: 1, Status: status, BootID: "boot", At: at})
		if err != nil {
			t.Fatal(err)
		}
		b.Receipts = append(b.Receipts, BundledJWS{JWS: jws, Status: status, ReceivedAt: at, Certificate: device.Fingerprint(sha256Of(cert.Raw))})
	}
	return b, sha256Of(p.root.Raw)
}

func fileOf(t testing.TB, b Bundle) []byte {
	t.Helper()
	file, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAStrangerVerifiesReceiptsByTheFileAlone(t *testing.T) {
	good, root := bundled(t)
	for _, trusted := range []string{"", root, strings.ToUpper(root)} {
		v, err := VerifyBundle(fileOf(t, good), trusted)
		if err != nil || v.Root != root || len(v.Claims) != 2 || v.Claims[1].Status != ResultSucceeded || v.Order.Reason != "stolen" {
			t.Fatalf("with the root %q: %+v, %v", trusted, v, err)
		}
	}
	foreign, foreignRoot := bundled(t)
	for what, change := range map[string]func(b *Bundle) string{
		"another root is trusted": func(*Bundle) string { return strings.Repeat("0", 64) },
		"no receipt":              func(b *Bundle) string { b.Receipts = nil; return root },
		"the order was changed": func(b *Bundle) string {
			b.Order = []byte(strings.Replace(string(b.Order), "stolen", "missed", 1))
			return root
		},
		"order and hash were changed": func(b *Bundle) string {
			b.Order = []byte(strings.Replace(string(b.Order), "stolen", "missed", 1))
			b.OrderHash = HashOrder(b.Order)
			return root
		},
		"it names another command":  func(b *Bundle) string { b.Command = "01980000-0000-7000-8000-000000000009"; return root },
		"accepted is shown as done": func(b *Bundle) string { b.Receipts[0].Status = ResultSucceeded; return root },
		"another hospital's certificate": func(b *Bundle) string {
			b.Devices, b.Receipts[0].Certificate = foreign.Devices, foreign.Receipts[0].Certificate
			return root
		},
		"the certificate is missing": func(b *Bundle) string { b.Devices = nil; return root },
		"another form":               func(b *Bundle) string { b.Format = "wardline-receipts/2"; return root },
	} {
		b, _ := good, foreignRoot
		b.Receipts = append([]BundledJWS(nil), good.Receipts...)
		trusted := change(&b)
		if _, err := VerifyBundle(fileOf(t, b), trusted); !errors.Is(err, ErrBadBundle) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzVerifyBundle(f *testing.F) {
	good, _ := bundled(f)
	f.Add(fileOf(f, good))
	f.Add([]byte(`{"format":"wardline-receipts/1","order":"e30=","receipts":[{}]}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		v, err := VerifyBundle(file, "")
		if err == nil && (len(v.Claims) == 0 || v.Root == "") {
			t.Errorf("something was verified that claims nothing: %+v", v)
		}
	})
}
