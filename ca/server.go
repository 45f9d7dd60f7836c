package ca

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
)

// ServerCertificate is the TLS certificate of one of our listeners. It is renewed
// while it is in use. It is safe for concurrent use.
type ServerCertificate struct {
	a     *Authority
	name  string
	hosts []string
	held  atomic.Pointer[tls.Certificate]
}

// ServerCertificate returns the certificate of a listener for the given names and
// IP addresses. name, such as "device", tells listeners apart on disk and in the
// audit log. It is taken from the folder when it is still good there, and issued
// otherwise. The chain sent to clients ends with the root, so that a client that
// only knows the root's fingerprint can find it.
func (a *Authority) ServerCertificate(ctx context.Context, name string, hosts []string) (*ServerCertificate, error) {
	if len(hosts) == 0 {
		return nil, fmt.Errorf("certificate of the %s listener: no host name is known for it", name)
	}
	hosts = slices.Compact(slices.Sorted(slices.Values(hosts)))
	s := &ServerCertificate{a: a, name: name, hosts: hosts}
	if c, err := s.load(); err == nil {
		s.held.Store(c)
		return s, nil
	}
	return s, s.issue(ctx)
}

// GetCertificate is for tls.Config.
func (s *ServerCertificate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.held.Load(), nil
}

// Leaf returns the certificate in use.
func (s *ServerCertificate) Leaf() *x509.Certificate { return s.held.Load().Leaf }

// Renew is a background step: it issues a new certificate when less than a third
// of the life of the present one is left. Connections that exist keep theirs.
func (s *ServerCertificate) Renew(ctx context.Context) error {
	if !thirdLeft(s.Leaf(), s.a.opts.Now()) {
		return nil
	}
	return s.issue(ctx)
}

func (s *ServerCertificate) issue(ctx context.Context) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), s.a.opts.Random)
	if err != nil {
		return fmt.Errorf("make the key of the %s listener: %w", s.name, err)
	}
	serial, err := newSerial(s.a.opts.Random)
	if err != nil {
		return err
	}
	t := s.a.template(serial, pkix.Name{Organization: []string{s.a.opts.Organisation}, CommonName: s.hosts[0]}, s.a.opts.Now(), serverValidity)
	if len(s.hosts[0]) > 64 { // the upper bound of a common name; the SANs say it all
		t.Subject.CommonName = s.name
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range s.hosts {
		if ip := net.ParseIP(h); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, h)
		}
	}
	s.a.underIssuing(t)
	leaf, err := s.a.issue(ctx, PurposeServer, s.name+" listener", t, key.Public())
	if err != nil {
		return err
	}
	s.held.Store(s.assemble(leaf, key))
	if err := s.save(leaf, key); err != nil {
		s.a.log.WarnContext(ctx, "a TLS certificate could not be kept on disk: the next start issues another",
			"listener", s.name, "error", err)
	}
	return nil
}

func (s *ServerCertificate) assemble(leaf *x509.Certificate, key crypto.Signer) *tls.Certificate {
	c := &tls.Certificate{Leaf: leaf, PrivateKey: key, Certificate: [][]byte{leaf.Raw}}
	for _, above := range s.a.Chain() {
		c.Certificate = append(c.Certificate, above.Raw)
	}
	return c
}

func (s *ServerCertificate) file() string {
	return filepath.Join(s.a.opts.Folder, "tls", s.name+".pem")
}

// save keeps key and certificate in one file of mode 0600, replaced as a whole.
func (s *ServerCertificate) save(leaf *x509.Certificate, key crypto.Signer) error {
	if s.a.opts.Folder == "" {
		return nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})...)
	return writeFile(s.file(), text, 0o600)
}

var errNotUsable = errors.New("not usable")

// load takes the kept certificate, if it is for the same names, of this
// authority, and not close to its end.
func (s *ServerCertificate) load() (*tls.Certificate, error) {
	if s.a.opts.Folder == "" {
		return nil, errNotUsable
	}
	text, err := os.ReadFile(s.file())
	if err != nil {
		return nil, err
	}
	kept, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(kept.Certificate[0])
	if err != nil {
		return nil, err
	}
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	key, ok := kept.PrivateKey.(crypto.Signer)
	if !ok || !slices.Equal(names, s.hosts) || thirdLeft(leaf, s.a.opts.Now()) ||
		leaf.CheckSignatureFrom(s.a.Certificate(RoleIssuing)) != nil {
		return nil, errNotUsable
	}
	return s.assemble(leaf, key), nil
}
