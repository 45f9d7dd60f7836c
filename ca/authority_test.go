package ca_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/ca/catest"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/internal/seal"
)

var security = audit.Actor{Kind: audit.ActorPerson, ID: "s", Name: "Sam Security"}

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newClock() *clock { return &clock{time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)} }

func masterKey(t testing.TB, fill byte) *seal.Key {
	t.Helper()
	b := make([]byte, seal.KeySize)
	for i := range b {
		b[i] = fill
	}
	k, err := seal.New(b)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func open(t testing.TB, store ca.Store, c *clock, change func(*ca.Options)) *ca.Authority {
	t.Helper()
	o := ca.Options{Store: store, Sealer: masterKey(t, 1).For, Algorithm: ca.ECDSAP256, Organisation: "St Elsewhere",
		PKIURL: "http://pki.hospital.example", Now: c.Now, Folder: t.TempDir()}
	if change != nil {
		change(&o)
	}
	a, err := ca.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// deviceCertificate issues a certificate the way enrollment does: recorded, then
// signed.
func deviceCertificate(t testing.TB, a *ca.Authority, store *catest.Memory) *x509.Certificate {
	t.Helper()
	serial, err := a.NewSerial()
	if err != nil {
		t.Fatal(err)
	}
	r := a.DeviceWindow()
	r.Device, r.Class, r.MakerSerial = "0198a3e0-0000-7000-8000-00000000000a", device.ClassPumpLVP, "SN-1"
	if err := store.RecordCertificate(context.Background(), ca.Record{Serial: serial, Purpose: ca.PurposeDevice, NotAfter: r.NotAfter}); err != nil {
		t.Fatal(err)
	}
	der, err := a.SignDevice(serial, r, &deviceKey(t).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.StoreCertificate(context.Background(), serial, der); err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var madeDeviceKey *rsa.PrivateKey

func deviceKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	if madeDeviceKey == nil {
		var err error
		if madeDeviceKey, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
	}
	return madeDeviceKey
}

func TestReplicasWithOneDatabaseAreOneAuthority(t *testing.T) {
	store, c := catest.New(), newClock()
	first, second := open(t, store, c, nil), open(t, store, c, nil)
	if first.Fingerprint() != second.Fingerprint() {
		t.Error("the second replica made a root of its own")
	}
	for _, role := range []ca.Role{ca.RoleRoot, ca.RoleIssuing, ca.RoleRA, ca.RoleCommand, ca.RoleOCSP} {
		if !first.Certificate(role).Equal(second.Certificate(role)) {
			t.Errorf("the %s certificates differ", role)
		}
	}
	_, err := ca.Open(context.Background(), ca.Options{Store: store, Sealer: masterKey(t, 2).For})
	if err == nil || !strings.Contains(err.Error(), "master key") {
		t.Errorf("opened with another master key: %v", err)
	}
}

func TestEveryKeyOfTheAuthorityCanDoOneThingOnly(t *testing.T) {
	a := open(t, catest.New(), newClock(), func(o *ca.Options) { o.Algorithm = ca.RSA3072 })
	root, issuing := a.Certificate(ca.RoleRoot), a.Certificate(ca.RoleIssuing)
	caUse := x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	for _, c := range []*x509.Certificate{root, issuing} {
		if key, ok := c.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 3072 || !c.IsCA || c.KeyUsage != caUse {
			t.Errorf("%s: %T, CA %v, usage %v", c.Subject, c.PublicKey, c.IsCA, c.KeyUsage)
		}
	}
	if root.MaxPathLen != 1 || issuing.MaxPathLen != 0 || !issuing.MaxPathLenZero {
		t.Errorf("path lengths %d and %d", root.MaxPathLen, issuing.MaxPathLen)
	}
	ra, command, responder := a.Certificate(ca.RoleRA), a.Certificate(ca.RoleCommand), a.Certificate(ca.RoleOCSP)
	if key, ok := ra.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 2048 || ra.IsCA || len(ra.ExtKeyUsage)+len(ra.UnknownExtKeyUsage) != 0 ||
		ra.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment {
		t.Errorf("RA: %+v", ra)
	}
	if _, ok := command.PublicKey.(ed25519.PublicKey); !ok || command.IsCA || command.KeyUsage != x509.KeyUsageDigitalSignature ||
		len(command.ExtKeyUsage) != 0 || len(command.UnknownExtKeyUsage) != 1 || !command.UnknownExtKeyUsage[0].Equal(commands.OIDCommandSigning) {
		t.Errorf("command signing: %+v", command)
	}
	noCheck := slices.ContainsFunc(responder.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "1.3.6.1.5.5.7.48.1.5" })
	if len(responder.ExtKeyUsage) != 1 || responder.ExtKeyUsage[0] != x509.ExtKeyUsageOCSPSigning || responder.IsCA || !noCheck {
		t.Errorf("OCSP: %+v", responder)
	}
	for _, c := range []*x509.Certificate{ra, command, responder} {
		if err := c.CheckSignatureFrom(issuing); err != nil {
			t.Errorf("%s: %v", c.Subject, err)
		}
	}
}

func TestTheCommandSignerFitsWhatAgentsVerify(t *testing.T) {
	c := newClock()
	a := open(t, catest.New(), c, nil)
	var signer commands.Signer = a.CommandSigner()
	chain := signer.Chain()
	if len(chain) != 2 || !chain[0].Equal(a.Certificate(ca.RoleCommand)) || !chain[1].Equal(a.Certificate(ca.RoleIssuing)) {
		t.Fatalf("the chain has %d certificates", len(chain))
	}
	middle := x509.NewCertPool()
	middle.AddCert(chain[1])
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: a.Roots(), Intermediates: middle, CurrentTime: c.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		t.Error(err)
	}
	signature, err := signer.Sign(rand.Reader, []byte("order"), &ed25519.Options{})
	if err != nil || !ed25519.Verify(chain[0].PublicKey.(ed25519.PublicKey), []byte("order"), signature) {
		t.Errorf("the key is not the certificate's: %v", err)
	}
}

func TestAClockThatIsAFewHoursSlowStillAcceptsAFreshCertificate(t *testing.T) {
	store, c := catest.New(), newClock()
	a := open(t, store, c, nil)
	leaf := deviceCertificate(t, a, store)
	middle := x509.NewCertPool()
	middle.AddCert(a.Certificate(ca.RoleIssuing))
	_, err := leaf.Verify(x509.VerifyOptions{Roots: a.Roots(), Intermediates: middle, CurrentTime: c.now.Add(-20 * time.Hour),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	if err != nil {
		t.Error(err)
	}
}

func TestOnlyRSAKeysOfAReasonableSizeAreCertified(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := func(bits uint, e int) *rsa.PublicKey {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: e}
	}
	for name, public := range map[string]any{"EC": &ec.PublicKey, "1024": key(1024, 65537), "2047": key(2047, 65537), "4097": key(4097, 65537),
		"16384": key(16384, 65537), "exponent 3": key(2048, 3), "Ed25519": ed25519.PublicKey(make([]byte, 32))} {
		if err := ca.CheckDeviceKey(public); !fault.Has(err, ca.CodeKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bits := range []uint{2048, 3072, 4096} {
		if err := ca.CheckDeviceKey(key(bits, 65537)); err != nil {
			t.Errorf("%d: %v", bits, err)
		}
	}
}

func TestNoDeviceCertificateIsMadeWithoutAnAddressForItsRevocationList(t *testing.T) {
	for _, address := range []string{"", "http://localhost:8081", "http://127.0.0.1", "http://10.0.0.7:8081"} {
		a := open(t, catest.New(), newClock(), func(o *ca.Options) { o.PKIURL = address })
		serial, err := a.NewSerial()
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.SignDevice(serial, a.DeviceWindow(), &deviceKey(t).PublicKey)
		if !fault.Has(err, ca.CodeAddress) || !strings.Contains(err.Error(), "--pki-url") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
