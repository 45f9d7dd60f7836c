package configuration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"wardline/device"
	"wardline/internal/fault"
)

var day = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

func certificate(t *testing.T, authority bool, until time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "RADIUS CA"}, NotBefore: day.AddDate(-1, 0, 0), NotAfter: until,
		IsCA: authority, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func quoted(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestADocumentIsReadStrictly(t *testing.T) {
	ca, leaf, ended := quoted(t, certificate(t, true, day.AddDate(1, 0, 0))), quoted(t, certificate(t, false, day.AddDate(1, 0, 0))), quoted(t, certificate(t, true, day.AddDate(0, 0, -1)))
	wifi := func(more string) string {
		return `{"ssid":"HOSP-IOMT","server_names":["radius.hospital.example"],"trust_pem":[` + ca + `]` + more + `}`
	}
	for _, c := range []struct {
		name    string
		subkind device.Subkind
		content string
		field   string // empty: it is right
		says    string
	}{
		{"Wi-Fi", device.SubkindWiFi, wifi(""), "", ""},
		{"Wi-Fi with TLS 1.3", device.SubkindWiFi, wifi(`,"minimum_tls":"1.3","fixed_mac":true`), "", ""},
		{"Wi-Fi with a shared key", device.SubkindWiFi, wifi(`,"password":"secret"`), "content", "not known"},
		{"Wi-Fi with a name twice", device.SubkindWiFi, wifi(`,"ssid":"OTHER"`), "content", "twice"},
		{"Wi-Fi with a name twice in other letters", device.SubkindWiFi, wifi(`,"SSID":"OTHER"`), "content", "not known"},
		{"Wi-Fi that trusts any server", device.SubkindWiFi, `{"ssid":"H","server_names":[],"trust_pem":[` + ca + `]}`, "content.server_names", "RADIUS"},
		{"Wi-Fi with a star for a server", device.SubkindWiFi, `{"ssid":"H","server_names":["*"],"trust_pem":[` + ca + `]}`, "content.server_names", "host name"},
		{"Wi-Fi with TLS 1.0", device.SubkindWiFi, wifi(`,"minimum_tls":"1.0"`), "content.minimum_tls", "1.2 or 1.3"},
		{"Wi-Fi with a long name", device.SubkindWiFi, strings.Replace(wifi(""), "HOSP-IOMT", strings.Repeat("x", 33), 1), "content.ssid", "32"},
		{"Wi-Fi that trusts a server's own certificate", device.SubkindWiFi, `{"ssid":"H","server_names":["r.example"],"trust_pem":[` + leaf + `]}`, "content.trust_pem", "authority"},
		{"policy", device.SubkindPolicy, `{"minimum_length":6,"lock_after_seconds":300,"grace_seconds":60,"maximum_failures":10}`, "", ""},
		{"policy without a lock", device.SubkindPolicy, `{"minimum_length":6}`, "content.lock_after_seconds", "30 to 3600"},
		{"policy with a short passcode", device.SubkindPolicy, `{"minimum_length":3,"lock_after_seconds":300}`, "content.minimum_length", "4 to 16"},
		{"policy that locks at the first slip", device.SubkindPolicy, `{"minimum_length":6,"lock_after_seconds":300,"maximum_failures":1}`, "content.maximum_failures", "4 to 20"},
		{"policy with a text for a number", device.SubkindPolicy, `{"minimum_length":"6"}`, "content", "minimum_length"},
		{"text", device.SubkindText, `{"message":"If found, please call","phone_number":"+41 44 255 11 11","reward":"Coffee"}`, "", ""},
		{"text without a message", device.SubkindText, `{"message":" "}`, "content.message", "1 to 200"},
		{"text with hidden signs", device.SubkindText, `{"message":"call \u202e 11"}`, "content.message", "shown"},
		{"text with a strange number", device.SubkindText, `{"message":"m","phone_number":"tel:javascript"}`, "content.phone_number", "telephone"},
		{"apps", device.SubkindApps, `{"allowed":["org.example.calls","com.example.scan"]}`, "", ""},
		{"no apps at all", device.SubkindApps, `{"allowed":[]}`, "content.allowed", "1 to 500"},
		{"an app twice", device.SubkindApps, `{"allowed":["a.b","a.b"]}`, "content.allowed", "twice"},
		{"trust", device.SubkindTrust, `{"certificates_pem":[` + ca + `]}`, "", ""},
		{"trust that has ended", device.SubkindTrust, `{"certificates_pem":[` + ended + `]}`, "content.certificates_pem", "ended on 2026-03-01"},
		{"trust in nothing", device.SubkindTrust, `{"certificates_pem":[]}`, "content.certificates_pem", "1 to 10"},
		{"trust in a text", device.SubkindTrust, `{"certificates_pem":["hello"]}`, "content.certificates_pem", "PEM"},
		{"an unknown kind", "therapy", `{}`, "subkind", "one of"},
		{"a list", device.SubkindApps, `["a"]`, "content", "must be a JSON object"},
		{"nothing", device.SubkindApps, ``, "content", "JSON object"},
		{"null", device.SubkindText, `null`, "content", "object"},
		{"two documents", device.SubkindApps, `{"allowed":["a.b"]} {"allowed":["c.d"]}`, "content", "after its end"},
		{"half a document", device.SubkindApps, `{"allowed":["a.b"`, "content", "not a JSON object"},
		{"a tower", device.SubkindApps, strings.Repeat("[", 100), "content", "deeply"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := checkContent(c.subkind, json.RawMessage(c.content), day)
			if c.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				again, err := checkContent(c.subkind, out, day)
				if err != nil || string(again) != string(out) {
					t.Errorf("the same content has two forms: %s and %s, %v", out, again, err)
				}
				return
			}
			f, ok := fault.As(err)
			if !ok || len(f.Fields) == 0 || f.Fields[0].Name != c.field || !strings.Contains(f.Fields[0].Detail, c.says) {
				t.Errorf("got %s, %v %+v; want a refusal of %s that says %q", out, err, f, c.field, c.says)
			}
		})
	}
}

func TestADocumentThatIsTooLongIsRefused(t *testing.T) {
	long := json.RawMessage(`{"message":"` + strings.Repeat("x", MaxContent) + `"}`)
	if _, err := checkContent(device.SubkindText, long, day); !fault.Has(err, fault.CodeTooLarge) {
		t.Errorf("%v", err)
	}
}
