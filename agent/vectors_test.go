package agent

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wardline/commands"
	"wardline/device"
)

// The test vectors of docs/agent-protocol.md. They are made from fixed keys and
// times; -update writes them anew, and without it they must not differ. They are
// checked a second time with nothing but the standard library, as somebody would
// who reads the document and not this code.
var update = flag.Bool("update", false, "write the test vectors in docs/agent-protocol anew")

const vectorFolder = "../docs/agent-protocol"

// vectors is the file envelopes.json.
type vectors struct {
	About string `json:"about"`
	// RootPEM is the pinned authority, SignerPEM the certificate in the header.
	RootPEM         string `json:"root_pem"`
	RootFingerprint string `json:"root_fingerprint"`
	SignerSeed      string `json:"signer_seed_hex"`
	Order           string `json:"order"` // the exact bytes
	OrderHash       string `json:"order_hash"`
	Device          string `json:"device_id"`
	Enrollment      string `json:"enrollment_id"`
	Cases           []struct {
		Name       string    `json:"name"`
		ServerTime time.Time `json:"server_time"`
		Envelope   string    `json:"envelope"`
		// Verdict is accepted or rejected; Why says the reason in words.
		Verdict string `json:"verdict"`
		Why     string `json:"why"`
	} `json:"cases"`
}

// receiptVectors is the file receipts.json.
type receiptVectors struct {
	About     string `json:"about"`
	DeviceKey string `json:"device_key_pem"`
	Payload   string `json:"payload"`
	Receipt   string `json:"receipt"`
}

func seeded(text string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(text))
	return ed25519.NewKeyFromSeed(sum[:])
}

// vectorAuthority makes the same certificates every time: Ed25519 signatures do
// not depend on chance.
func vectorAuthority(t *testing.T, name string) (*x509.Certificate, ed25519.PrivateKey) {
	t.Helper()
	key := seeded("wardline test vectors: " + name)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC), KeyUsage: x509.KeyUsageCertSign}
	return vectorCertificate(t, c, c, key.Public(), key), key
}

func vectorCertificate(t *testing.T, c, parent *x509.Certificate, pub crypto.PublicKey, key ed25519.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, pub, key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return cert
}

func vectorSigner(t *testing.T, root *x509.Certificate, rootKey ed25519.PrivateKey, usage asn1.ObjectIdentifier) commandSigner {
	t.Helper()
	key := seeded("wardline test vectors: command signer")
	c := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Command Signing"},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{usage}}
	return commandSigner{key, []*x509.Certificate{vectorCertificate(t, c, root, key.Public(), rootKey)}}
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	root, rootKey := vectorAuthority(t, "Test Vector Root")
	signer := vectorSigner(t, root, rootKey, asn1.ObjectIdentifier{2, 25, 1730954817, 1})
	issued := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	order := commands.Order{Command: "019cb000-0000-7000-8000-000000000001", Kind: device.KindLock,
		Args:   json.RawMessage(`{"message":"Please call","phone_number":"+1 555 0100"}`),
		Device: "019cb000-0000-7000-8000-0000000000d1", Enrollment: "019cb000-0000-7000-8000-0000000000e1", Class: device.ClassPhoneIssued,
		Requester: commands.Requester{Kind: "person", ID: "019cb000-0000-7000-8000-0000000000a1", Name: "it"},
		Reason:    "reported stolen", Ticket: "INC-1", AskedAt: issued.Add(-time.Minute), NotAfter: issued.Add(24 * time.Hour)}
	b, err := order.Encode()
	must(t, err)
	sum := sha256.Sum256(root.Raw)
	v := vectors{About: "One order in several envelopes. Judge each at its server_time with only root_pem pinned.",
		RootPEM: string(encodeCertificate(root)), RootFingerprint: hex.EncodeToString(sum[:]),
		SignerSeed: hex.EncodeToString(signer.Seed()), Order: string(b), OrderHash: commands.HashOrder(b),
		Device: string(order.Device), Enrollment: string(order.Enrollment)}
	e := commands.Envelope{Order: b, Attempt: 1, IssuedAt: issued, ExpiresAt: issued.Add(10 * time.Minute), MatrixVersion: "2026-1"}
	good, err := commands.SealEnvelope(signer, e)
	must(t, err)
	parts := strings.Split(good, ".")
	add := func(name, envelope string, at time.Time, verdict, why string) {
		v.Cases = append(v.Cases, struct {
			Name       string    `json:"name"`
			ServerTime time.Time `json:"server_time"`
			Envelope   string    `json:"envelope"`
			Verdict    string    `json:"verdict"`
			Why        string    `json:"why"`
		}{name, at, envelope, verdict, why})
	}
	add("good", good, issued.Add(time.Second), "accepted", "")
	add("expired", good, issued.Add(10*time.Minute), "rejected", "server_time is not before expires_at")
	add("signature cut", strings.Join([]string{parts[0], parts[1], parts[2][:40] + "AAAA" + parts[2][44:]}, "."), issued, "rejected", "the signature does not fit")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"wardline-envelope+jws"}`))
	add("alg none", none+"."+parts[1]+".", issued, "rejected", "alg is fixed to EdDSA")
	otherRoot, otherKey := vectorAuthority(t, "Another Root")
	foreign, err := commands.SealEnvelope(vectorSigner(t, otherRoot, otherKey, asn1.ObjectIdentifier{2, 25, 1730954817, 1}), e)
	must(t, err)
	add("another authority", foreign, issued, "rejected", "the signer does not lead to the pinned root")
	wrongUse, err := commands.SealEnvelope(vectorSigner(t, root, rootKey, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}), e)
	must(t, err)
	add("a certificate for another use", wrongUse, issued, "rejected", "the extended key usage is not 2.25.1730954817.1")
	twice := base64.RawURLEncoding.EncodeToString(bytes.Replace(mustDecode(t, parts[1]), []byte(`"attempt":1`), []byte(`"attempt":1,"attempt":1`), 1))
	key := seeded("wardline test vectors: command signer")
	signed := base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(parts[0]+"."+twice)))
	add("a name twice", parts[0]+"."+twice+"."+signed, issued, "rejected", "attempt occurs twice: the bytes have two readings")
	return v
}

func mustDecode(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	must(t, err)
	return b
}

// compareFile checks the file against v, or writes it.
func compareFile(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	must(t, enc.Encode(v))
	path := filepath.Join(vectorFolder, name)
	if *update {
		must(t, os.MkdirAll(vectorFolder, 0o755))
		must(t, os.WriteFile(path, b.Bytes(), 0o644))
		return
	}
	have, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(have, b.Bytes()) {
		t.Errorf("%s is not what the code makes: if the protocol was meant to change, run go test ./agent -run Vectors -update", path)
	}
}

func TestTheEnvelopeVectorsAreWhatTheCodeMakesAndJudges(t *testing.T) {
	v := makeVectors(t)
	compareFile(t, "envelopes.json", v)
	block, _ := pem.Decode([]byte(v.RootPEM))
	root, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(root)
	for _, c := range v.Cases {
		_, order, err := commands.OpenEnvelope(c.Envelope, roots, c.ServerTime)
		if (err == nil) != (c.Verdict == "accepted") {
			t.Errorf("%s: %v", c.Name, err)
		}
		if err == nil && string(order.Device) != v.Device {
			t.Errorf("%s: for device %s", c.Name, order.Device)
		}
	}
	// By the document alone: JWS, then the order's bytes inside.
	parts := strings.Split(v.Cases[0].Envelope, ".")
	var header struct {
		Alg, Typ string
		X5c      []string
	}
	must(t, json.Unmarshal(mustDecode(t, parts[0]), &header))
	der, err := base64.StdEncoding.DecodeString(header.X5c[0])
	must(t, err)
	signer, err := x509.ParseCertificate(der)
	must(t, err)
	must(t, signer.CheckSignatureFrom(root))
	if !ed25519.Verify(signer.PublicKey.(ed25519.PublicKey), []byte(parts[0]+"."+parts[1]), mustDecode(t, parts[2])) {
		t.Error("the signature does not verify")
	}
	var payload struct{ Order string }
	must(t, json.Unmarshal(mustDecode(t, parts[1]), &payload))
	equal(t, "the order inside", string(mustDecode(t, payload.Order)), v.Order)
	sum := sha256.Sum256([]byte(v.Order))
	equal(t, "its hash", v.OrderHash, "sha256:"+hex.EncodeToString(sum[:]))
}

func TestTheReceiptVectorIsWhatTheCodeMakes(t *testing.T) {
	key := vectorKey(t)
	keyPEM, err := encodeKey(key)
	must(t, err)
	order := makeVectors(t)
	receipt, err := commands.SignReceipt(key, commands.Receipt{Command: "019cb000-0000-7000-8000-000000000001",
		Device: device.ID(order.Device), Enrollment: device.EnrollmentID(order.Enrollment), OrderHash: order.OrderHash, Attempt: 1,
		Status: commands.ResultAccepted, BootID: "b7e1", Sequence: 1843, At: time.Date(2026, 3, 4, 5, 6, 8, 0, time.UTC)})
	must(t, err)
	parts := strings.Split(receipt, ".")
	compareFile(t, "receipts.json", receiptVectors{About: "The receipt for the order of envelopes.json. RS256 does not depend on chance: the same bytes come out.",
		DeviceKey: string(keyPEM), Payload: string(mustDecode(t, parts[1])), Receipt: receipt})
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	must(t, rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], mustDecode(t, parts[2])))
	equal(t, "header", string(mustDecode(t, parts[0])), `{"alg":"RS256","typ":"wardline-receipt+jws"}`)
}

// vectorKey is the key in the checked-in file, or a new one when there is none.
func vectorKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorFolder, "receipts.json"))
	if *update && errors.Is(err, os.ErrNotExist) {
		return deviceKeys()[0]
	}
	must(t, err)
	var v receiptVectors
	must(t, json.Unmarshal(b, &v))
	key, err := decodeKey([]byte(v.DeviceKey))
	must(t, err)
	return key
}

func TestThePollVectorsAreRead(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(vectorFolder, "polls.json"))
	must(t, err)
	var v struct {
		Requests []struct {
			Name  string          `json:"name"`
			Body  json.RawMessage `json:"body"`
			Wrong string          `json:"wrong"` // the member that is refused; empty: the poll is good
		} `json:"requests"`
		Response json.RawMessage `json:"response"`
	}
	must(t, json.Unmarshal(b, &v))
	for _, r := range v.Requests {
		_, err := decodePoll(r.Body)
		switch {
		case r.Wrong == "" && err != nil:
			t.Errorf("%s: %v", r.Name, err)
		case r.Wrong != "" && (err == nil || !strings.Contains(err.Error(), r.Wrong)):
			t.Errorf("%s: %v, want %s refused", r.Name, err, r.Wrong)
		}
	}
	dec := json.NewDecoder(bytes.NewReader(v.Response))
	dec.DisallowUnknownFields()
	must(t, dec.Decode(&PollResponse{}))
}
