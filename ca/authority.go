package ca

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"wardline/internal/seal"
)

// Options is what the authority takes from outside.
type Options struct {
	Store Store
	// Sealer gives the sealer for a context; it is seal.Key.For. What is sealed for
	// one context does not open for another.
	Sealer func(context string) seal.Sealer
	// Organisation is the O of every subject, such as the hospital's name. Empty:
	// "Wardline".
	Organisation string
	// Algorithm is the kind of key that a new root and issuing CA get. It is not
	// looked at when they exist.
	Algorithm Algorithm
	// PKIURL is where CRL, OCSP and issuer certificates are found, as it will
	// stand in certificates: plain http, no final slash. It may be empty, then no
	// device certificate is issued.
	PKIURL string
	// Loopback lets PKIURL be a loopback or IP address: for the demo.
	Loopback bool
	// DeviceDomain is the domain of the DNS name in device certificates. Empty:
	// "devices.wardline.internal".
	DeviceDomain string
	// DeviceValidity is how long device certificates live; zero takes the
	// constant of that name.
	DeviceValidity time.Duration
	// Folder keeps the last good CRLs and the TLS certificates of the listeners.
	// Empty: nothing is kept on disk.
	Folder string
	// Now, Random and Log may be nil.
	Now    func() time.Time
	Random io.Reader
	Log    *slog.Logger
	// OnStatus is told of every certificate whose status changed on any replica,
	// within seconds, so that cached bindings can be dropped. May be nil.
	OnStatus func([]Status)
}

// Authority is the certificate authority. It is safe for concurrent use.
type Authority struct {
	opts Options
	log  *slog.Logger

	// keys are replaced as a whole when one is renewed.
	keysMu sync.RWMutex
	keys   keyring

	status statusBook
	crls   crlBook
}

// keyring holds the parsed keys of every role, newest first.
type keyring map[Role][]*identity

func (k keyring) newest(role Role) *identity { return k[role][0] }

var allRoles = []Role{RoleRoot, RoleIssuing, RoleRA, RoleCommand, RoleOCSP}

// Open loads the authority from the store, or creates it there if this is the
// first start of the first replica, then reads what is revoked. Making an RSA
// root takes a second or two.
func Open(ctx context.Context, o Options) (*Authority, error) {
	if o.Store == nil || o.Sealer == nil {
		return nil, errors.New("open certificate authority: store and sealer are needed")
	}
	if o.Organisation == "" {
		o.Organisation = "Wardline"
	}
	if o.DeviceDomain == "" {
		o.DeviceDomain = "devices.wardline.internal"
	}
	if o.DeviceValidity <= 0 {
		o.DeviceValidity = DeviceValidity
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.PKIURL = strings.TrimSuffix(o.PKIURL, "/")
	if o.PKIURL != "" {
		// The demo's address is not known to be usable by anybody else, a server's
		// is checked when something is issued.
		if err := CheckAddress("--pki-url", o.PKIURL, true, "http"); err != nil {
			return nil, err
		}
	}
	a := &Authority{opts: o, log: o.Log}
	a.status.init()
	stored, err := o.Store.LoadIssuers(ctx)
	if err != nil {
		return nil, fmt.Errorf("load certificate authority: %w", err)
	}
	if len(stored) == 0 {
		if stored, err = a.create(ctx); err != nil {
			return nil, fmt.Errorf("create certificate authority: %w", err)
		}
	}
	if err := a.adopt(stored); err != nil {
		return nil, fmt.Errorf("load certificate authority: %w", err)
	}
	a.crls.loadFromDisk(a)
	if err := a.Refresh(ctx); err != nil {
		return nil, err
	}
	if err := a.loadSerials(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// create makes the first generation of every role and stores it. Another replica
// may be doing the same: the store decides whose is kept.
func (a *Authority) create(ctx context.Context) ([]Issuer, error) {
	var first []Issuer
	made := keyring{}
	for _, role := range allRoles {
		issuer, id, err := a.makeIssuer(role, 1, made)
		if err != nil {
			return nil, err
		}
		first = append(first, issuer)
		made[role] = []*identity{id}
	}
	stored, err := a.opts.Store.CreateIssuers(ctx, first)
	if err != nil {
		return nil, err
	}
	for _, s := range stored {
		if s.Role == RoleRoot {
			a.log.InfoContext(ctx, "certificate authority made", "root_sha256", string(FingerprintOf(s.Certificate)))
		}
	}
	return stored, nil
}

// makeIssuer makes a key and a certificate for a role. keys must hold what signs
// it.
func (a *Authority) makeIssuer(role Role, generation int, keys keyring) (Issuer, *identity, error) {
	key, err := a.opts.Algorithm.newKey(role, a.opts.Random)
	if err != nil {
		return Issuer{}, nil, fmt.Errorf("make the %s key: %w", role, err)
	}
	serial, err := newSerial(a.opts.Random)
	if err != nil {
		return Issuer{}, nil, err
	}
	t, err := a.ownTemplate(role, serial, a.opts.Now())
	if err != nil {
		return Issuer{}, nil, err
	}
	parent := &identity{cert: t, key: key} // the root signs itself
	switch role {
	case RoleRoot:
	case RoleIssuing:
		parent = keys.newest(RoleRoot)
	default:
		parent = keys.newest(RoleIssuing)
	}
	der, err := a.sign(t, parent, key.Public())
	if err != nil {
		return Issuer{}, nil, fmt.Errorf("sign the %s certificate: %w", role, err)
	}
	sealed, err := sealKey(a.opts.Sealer, role, generation, key)
	if err != nil {
		return Issuer{}, nil, err
	}
	issuer := Issuer{Role: role, Generation: generation, Certificate: der, SealedKey: sealed}
	id, err := issuer.parse(a.opts.Sealer)
	return issuer, id, err
}

// sign makes the certificate. It never outlives what signs it.
func (a *Authority) sign(t *x509.Certificate, parent *identity, public crypto.PublicKey) ([]byte, error) {
	id, err := keyID(public)
	if err != nil {
		return nil, err
	}
	t.SubjectKeyId = id
	if t.NotAfter.After(parent.cert.NotAfter) {
		t.NotAfter = parent.cert.NotAfter
	}
	return x509.CreateCertificate(a.opts.Random, t, parent.cert, public, parent.key)
}

// adopt parses stored issuers and puts them into use. What is already parsed is
// kept.
func (a *Authority) adopt(stored []Issuer) error {
	a.keysMu.RLock()
	old := a.keys
	a.keysMu.RUnlock()
	next := keyring{}
	for _, s := range stored {
		id := find(old[s.Role], s.Generation)
		if id == nil {
			var err error
			if id, err = s.parse(a.opts.Sealer); err != nil {
				return err
			}
		}
		next[s.Role] = append(next[s.Role], id)
	}
	for _, role := range allRoles {
		if len(next[role]) == 0 {
			return fmt.Errorf("the stored certificate authority has no %s key", role)
		}
		slices.SortFunc(next[role], func(x, y *identity) int { return y.generation - x.generation })
		a.status.add(serialOf(next[role][0].cert.SerialNumber))
	}
	a.keysMu.Lock()
	a.keys = next
	a.keysMu.Unlock()
	return nil
}

func find(ids []*identity, generation int) *identity {
	for _, id := range ids {
		if id.generation == generation {
			return id
		}
	}
	return nil
}

func (a *Authority) newest(role Role) *identity {
	a.keysMu.RLock()
	defer a.keysMu.RUnlock()
	return a.keys.newest(role)
}

// Certificate returns the certificate of one of the authority's own roles. It
// must not be changed.
func (a *Authority) Certificate(role Role) *x509.Certificate { return a.newest(role).cert }

// Chain returns the issuing CA and the root, in this order.
func (a *Authority) Chain() []*x509.Certificate {
	return []*x509.Certificate{a.Certificate(RoleIssuing), a.Certificate(RoleRoot)}
}

// Roots returns a pool with the root.
func (a *Authority) Roots() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.Certificate(RoleRoot))
	return p
}

// ClientCAs returns a pool with root and issuing CA: a TLS server names both, as
// some devices send their own certificate only.
func (a *Authority) ClientCAs() *x509.CertPool {
	p := a.Roots()
	p.AddCert(a.Certificate(RoleIssuing))
	return p
}

// Fingerprint is the SHA-256 of the root certificate, lower-case hex: what
// invitations carry and agents pin.
func (a *Authority) Fingerprint() string {
	return string(FingerprintOf(a.Certificate(RoleRoot).Raw))
}

// CommandSigner signs command envelopes: an Ed25519 key with its certificates.
type CommandSigner struct {
	crypto.Signer
	chain []*x509.Certificate
}

// Chain is the signer's certificate and the issuing CA, for the x5c header: the
// agent has the root.
func (s CommandSigner) Chain() []*x509.Certificate { return s.chain }

// CommandSigner returns the key that is in use now. It is asked for at each
// signature: the key is renewed while the server runs.
func (a *Authority) CommandSigner() CommandSigner {
	id := a.newest(RoleCommand)
	return CommandSigner{Signer: id.key, chain: []*x509.Certificate{id.cert, a.Certificate(RoleIssuing)}}
}

// RA is the key that opens SCEP envelopes, with its certificate.
type RA struct {
	Certificate *x509.Certificate
	Key         crypto.Signer // *rsa.PrivateKey
}

// RAs returns the RA keys, newest first. Answers are signed with the newest;
// envelopes may still be made out to the one before.
func (a *Authority) RAs() []RA {
	a.keysMu.RLock()
	defer a.keysMu.RUnlock()
	var out []RA
	for _, id := range a.keys[RoleRA] {
		out = append(out, RA{Certificate: id.cert, Key: id.key})
	}
	if len(out) > 2 {
		out = out[:2]
	}
	return out
}

// RenewOwn is a background step: it renews the RA, command signing and OCSP
// certificates that have less than a third of their life left, and takes over
// what other replicas renewed. Run it every few minutes.
func (a *Authority) RenewOwn(ctx context.Context) error {
	stored, err := a.opts.Store.LoadIssuers(ctx)
	if err != nil {
		return fmt.Errorf("renew own certificates: %w", err)
	}
	if err := a.adopt(stored); err != nil {
		return fmt.Errorf("renew own certificates: %w", err)
	}
	for _, role := range []Role{RoleRA, RoleCommand, RoleOCSP} {
		id := a.newest(role)
		if !thirdLeft(id.cert, a.opts.Now()) {
			continue
		}
		a.keysMu.RLock()
		keys := a.keys
		a.keysMu.RUnlock()
		next, _, err := a.makeIssuer(role, id.generation+1, keys)
		if err != nil {
			return fmt.Errorf("renew own certificates: %w", err)
		}
		if _, err := a.opts.Store.AddIssuer(ctx, next); err != nil {
			return fmt.Errorf("renew the %s certificate: %w", role, err)
		}
		a.log.InfoContext(ctx, "renewed one of the authority's own certificates", "role", string(role))
	}
	if stored, err = a.opts.Store.LoadIssuers(ctx); err != nil {
		return fmt.Errorf("renew own certificates: %w", err)
	}
	return a.adopt(stored)
}

// thirdLeft reports whether less than a third of a certificate's life is left.
func thirdLeft(c *x509.Certificate, now time.Time) bool {
	return c.NotAfter.Sub(now) < c.NotAfter.Sub(c.NotBefore)/3
}
