package ca_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

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

func number(t *testing.T, a *ca.Authority, issuer ca.Role) (*big.Int, *x509.RevocationList) {
	t.Helper()
	c, err := a.CRL(issuer)
	if err != nil {
		t.Fatal(err)
	}
	list, err := x509.ParseRevocationList(c.DER)
	if err != nil {
		t.Fatal(err)
	}
	return list.Number, list
}

func TestNumbersOfRevocationListsOnlyRiseOverReplicasAndRestores(t *testing.T) {
	ctx := context.Background()
	store, c := catest.New(), newClock()
	folder := t.TempDir()
	first := open(t, store, c, func(o *ca.Options) { o.Folder = folder })
	second := open(t, store, c, nil)
	leaf := deviceCertificate(t, first, store)
	last := new(big.Int)
	rises := func(a *ca.Authority, step string) {
		t.Helper()
		if err := a.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if err := a.PublishCRLs(ctx); err != nil {
			t.Fatal(err)
		}
		n, _ := number(t, a, ca.RoleIssuing)
		if n.Cmp(last) <= 0 {
			t.Errorf("%s: number %d after %d", step, n, last)
		}
		last = n
	}
	rises(first, "first")
	if err := second.PublishCRLs(ctx); err != nil {
		t.Fatal(err)
	}
	if n, _ := number(t, second, ca.RoleIssuing); n.Cmp(last) != 0 {
		t.Errorf("the second replica signed %d where the first one's %d was fresh", n, last)
	}
	if err := second.Revoke(ctx, security, ca.FingerprintOf(leaf.Raw), ca.ReasonKeyCompromise, "copied"); err != nil {
		t.Fatal(err)
	}
	rises(second, "after a revocation in the same second")
	c.now = c.now.Add(25 * time.Hour)
	rises(first, "a day later")
	// The database comes back from a backup taken before all of this; the folder
	// has the last list, then it is lost as well.
	issuers, err := store.LoadIssuers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rises(open(t, catest.New(issuers...), c, func(o *ca.Options) { o.Folder = folder }), "after a restore")
	c.now = c.now.Add(time.Minute)
	rises(open(t, catest.New(issuers...), c, nil), "after a restore without the folder")
}

func TestAListIsServedAndHonestWhileTheDatabaseIsAway(t *testing.T) {
	ctx := context.Background()
	store, c := catest.New(), newClock()
	a := open(t, store, c, nil)
	leaf := deviceCertificate(t, a, store)
	if err := a.PublishCRLs(ctx); err != nil {
		t.Fatal(err)
	}
	heard := c.now
	store.SetDown(errors.New("the database is away"))
	c.now = c.now.Add(6 * time.Hour)
	if a.Refresh(ctx) == nil || a.PublishCRLs(ctx) == nil {
		t.Error("refreshed and published without a database")
	}
	if age := a.StateAge(); age != 6*time.Hour || age < ca.StateLimit {
		t.Errorf("the state is %s old", age)
	}
	if _, list := number(t, a, ca.RoleIssuing); !list.ThisUpdate.Equal(heard) || list.NextUpdate.Sub(heard) != 7*24*time.Hour {
		t.Errorf("from %s to %s", list.ThisUpdate, list.NextUpdate)
	}
	r := askOCSP(t, a, leaf)
	if r.Status != ocsp.Good || !r.ThisUpdate.Equal(heard) || !r.ProducedAt.Equal(c.now) {
		t.Errorf("%+v", r)
	}
	c.now = heard.Add(25 * time.Hour)
	request, err := ocsp.CreateRequest(leaf, a.Certificate(ca.RoleIssuing), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := a.OCSP(ctx, request); string(got) != "\x30\x03\x0a\x01\x03" {
		t.Errorf("a day old: %x, want tryLater", got)
	}
	if _, list := number(t, a, ca.RoleIssuing); !list.ThisUpdate.Equal(heard) {
		t.Error("the list must still be served: without one every device is refused")
	}
}

func askOCSP(t *testing.T, a *ca.Authority, leaf *x509.Certificate) *ocsp.Response {
	t.Helper()
	request, err := ocsp.CreateRequest(leaf, a.Certificate(ca.RoleIssuing), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ocsp.ParseResponseForCert(a.OCSP(context.Background(), request), leaf, a.Certificate(ca.RoleIssuing))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARevocationOnOneReplicaIsKnownToTheOthersAtTheirNextRefresh(t *testing.T) {
	ctx := context.Background()
	store, c := catest.New(), newClock()
	var told []ca.Status
	first := open(t, store, c, nil)
	second := open(t, store, c, func(o *ca.Options) { o.OnStatus = func(s []ca.Status) { told = append(told, s...) } })
	leaf := deviceCertificate(t, first, store)
	if r := askOCSP(t, second, leaf); r.Status != ocsp.Good {
		t.Fatalf("issued by another replica a moment ago: %+v", r)
	}
	if err := first.Revoke(ctx, security, ca.FingerprintOf(leaf.Raw), ca.ReasonCertificateHold, "stolen"); err != nil {
		t.Fatal(err)
	}
	if r := askOCSP(t, first, leaf); r.Status != ocsp.Revoked || r.RevocationReason != ocsp.CertificateHold {
		t.Errorf("the replica itself, at once: %+v", r)
	}
	if err := second.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if r := askOCSP(t, second, leaf); r.Status != ocsp.Revoked {
		t.Errorf("the other one, after a refresh: %+v", r)
	}
	if len(told) != 1 || told[0].Fingerprint != ca.FingerprintOf(leaf.Raw) {
		t.Errorf("told of %+v", told)
	}
	if err := first.Unhold(ctx, security, ca.FingerprintOf(leaf.Raw), "found"); err != nil {
		t.Fatal(err)
	}
	if err := second.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if r := askOCSP(t, second, leaf); r.Status != ocsp.Good {
		t.Errorf("taken back: %+v", r)
	}
}

func TestOwnCertificatesAreRenewedAndTheOldRAKeyStaysForRequestsInFlight(t *testing.T) {
	ctx := context.Background()
	store, c := catest.New(), newClock()
	first, second := open(t, store, c, nil), open(t, store, c, nil)
	old := first.Certificate(ca.RoleRA)
	if err := first.RenewOwn(ctx); err != nil || !first.Certificate(ca.RoleRA).Equal(old) {
		t.Fatalf("renewed too early: %v", err)
	}
	c.now = old.NotAfter.Add(-200 * 24 * time.Hour)
	if err := first.RenewOwn(ctx); err != nil {
		t.Fatal(err)
	}
	if err := second.RenewOwn(ctx); err != nil {
		t.Fatal(err)
	}
	fresh := first.Certificate(ca.RoleRA)
	if fresh.Equal(old) || fresh.NotAfter.Before(c.now.Add(700*24*time.Hour)) || !second.Certificate(ca.RoleRA).Equal(fresh) {
		t.Errorf("the new RA ends %s", fresh.NotAfter)
	}
	ras := second.RAs()
	if len(ras) != 2 || !ras[0].Certificate.Equal(fresh) || !ras[1].Certificate.Equal(old) {
		t.Errorf("%d RA keys", len(ras))
	}
	if !first.Certificate(ca.RoleCommand).Equal(second.Certificate(ca.RoleCommand)) {
		t.Error("two replicas sign commands with different certificates")
	}
}

func TestAListenerKeepsItsCertificateAndRenewsIt(t *testing.T) {
	ctx := context.Background()
	store, c := catest.New(), newClock()
	folder := t.TempDir()
	a := open(t, store, c, func(o *ca.Options) { o.Folder = folder })
	hosts := []string{"wardline.hospital.example", "127.0.0.1"}
	s, err := a.ServerCertificate(ctx, "device", hosts)
	if err != nil {
		t.Fatal(err)
	}
	leaf := s.Leaf()
	middle := x509.NewCertPool()
	middle.AddCert(a.Certificate(ca.RoleIssuing))
	for _, name := range hosts {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: a.Roots(), Intermediates: middle, CurrentTime: c.now, DNSName: name})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	info, err := os.Stat(filepath.Join(folder, "tls", "device.pem"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	again, err := a.ServerCertificate(ctx, "device", hosts)
	if err != nil || !again.Leaf().Equal(leaf) {
		t.Errorf("a restart issued another certificate: %v", err)
	}
	other, err := a.ServerCertificate(ctx, "device", append(hosts, "new.hospital.example"))
	if err != nil || other.Leaf().Equal(leaf) {
		t.Errorf("a new name did not make a new certificate: %v", err)
	}
	c.now = c.now.Add(62 * 24 * time.Hour)
	if err := other.Renew(ctx); err != nil || !other.Leaf().NotAfter.After(c.now.Add(80*24*time.Hour)) {
		t.Errorf("ends %s: %v", other.Leaf().NotAfter, err)
	}
	// A client that only knows the root's fingerprint finds the root in the chain.
	server, client := net.Pipe()
	go func() {
		conn := tls.Server(server, &tls.Config{GetCertificate: other.GetCertificate, Time: c.Now})
		_ = conn.Handshake()
	}()
	conn := tls.Client(client, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the test looks at the chain itself
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	chain := conn.ConnectionState().PeerCertificates
	if string(ca.FingerprintOf(chain[len(chain)-1].Raw)) != a.Fingerprint() {
		t.Error("the chain does not end with the root")
	}
}
