package ca_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"wardline/ca"
	"wardline/ca/catest"
)

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
