package ca

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"

	"wardline/internal/fault"
)

const (
	// crlLifetime is nextUpdate minus thisUpdate: long, because an expired CRL
	// rejects every device of the hospital.
	crlLifetime = 7 * 24 * time.Hour
	// crlInterval is how old a CRL gets when nothing is revoked.
	crlInterval = 24 * time.Hour
)

// crlBook holds the newest lists.
type crlBook struct {
	mu   sync.RWMutex
	held map[Role]heldCRL
}

type heldCRL struct {
	CRL
	// fromDisk: the bookkeeping of the list (Change) is not known.
	fromDisk bool
}

// keep takes a list in, unless one at least as new is there; it reports whether
// it did. The database's copy of a list takes the place of the disk's.
func (b *crlBook) keep(c heldCRL) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == nil {
		b.held = map[Role]heldCRL{}
	}
	old, ok := b.held[c.Issuer]
	if ok && (old.Number > c.Number || (old.Number == c.Number && !old.fromDisk)) {
		return false
	}
	b.held[c.Issuer] = c
	return true
}

func (b *crlBook) get(issuer Role) (heldCRL, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c, ok := b.held[issuer]
	return c, ok
}

// CRL returns the newest list of the root or the issuing CA. It comes from
// memory, and after a start without it from disk; an old one is returned rather
// than none.
func (a *Authority) CRL(issuer Role) (CRL, error) {
	if c, ok := a.crls.get(issuer); ok {
		return c.CRL, nil
	}
	return CRL{}, fault.CodeNotFound.New("There is no certificate revocation list called %q.", string(issuer))
}

// PublishCRLs is a background step: it signs a new CRL where something was
// revoked or the last one is a day old, and takes over what other replicas
// signed. Run it every 15 seconds: that keeps the CRL within 60.
//
// Without the database nothing is signed: a new list would claim to know what it
// does not.
func (a *Authority) PublishCRLs(ctx context.Context) error {
	var errs []error
	for _, issuer := range []Role{RoleIssuing, RoleRoot} {
		if err := a.publishCRL(ctx, issuer); err != nil {
			errs = append(errs, fmt.Errorf("publish the CRL of the %s CA: %w", issuer, err))
		}
		if c, ok := a.crls.get(issuer); ok && a.opts.Now().After(c.ThisUpdate.Add(crlLifetime/2)) {
			a.log.WarnContext(ctx, "a CRL is past half of its life: when it ends, RADIUS servers reject every device",
				"issuer", string(issuer), "ends", c.NextUpdate)
		}
	}
	return errors.Join(errs...)
}

func (a *Authority) publishCRL(ctx context.Context, issuer Role) error {
	held, _ := a.crls.get(issuer)
	above := held.Number
	if held.fromDisk {
		above-- // the database may have the same list, and knows what it takes in
	}
	stored, err := a.opts.Store.LoadCRL(ctx, issuer, above)
	if err != nil {
		return err
	}
	if stored.Number > above {
		a.adoptCRL(ctx, stored)
		held, _ = a.crls.get(issuer)
	}
	entries, change, asOf := a.status.onCRL()
	if issuer == RoleRoot {
		// The root signed the issuing CA only, and that is never revoked: a lost
		// issuing key means a new hierarchy.
		entries, change = nil, 0
	}
	fresh := held.DER != nil && !held.fromDisk && held.Change >= change && asOf.Before(held.ThisUpdate.Add(crlInterval))
	if fresh {
		return nil
	}
	next, err := a.signCRL(issuer, entries, asOf, held.Number)
	if err != nil {
		return err
	}
	next.Change = change
	if stored, err = a.opts.Store.PutCRL(ctx, next); err != nil {
		return err
	}
	a.adoptCRL(ctx, stored)
	return nil
}

// signCRL makes a list with a number above the last. The number is at least the
// time in seconds, so that it rises even when the database came back from a
// backup and the disk was lost.
func (a *Authority) signCRL(issuer Role, entries []Status, asOf time.Time, last int64) (CRL, error) {
	c := CRL{Issuer: issuer, Number: max(last+1, a.opts.Now().Unix()),
		ThisUpdate: asOf.Truncate(time.Second), NextUpdate: asOf.Add(crlLifetime).Truncate(time.Second)}
	template := &x509.RevocationList{Number: big.NewInt(c.Number), ThisUpdate: c.ThisUpdate, NextUpdate: c.NextUpdate}
	for _, e := range entries {
		n, err := e.Serial.Int()
		if err != nil {
			return CRL{}, err
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: n, RevocationTime: e.RevokedAt, ReasonCode: int(e.Reason)})
	}
	id := a.newest(issuer)
	var err error
	c.DER, err = x509.CreateRevocationList(a.opts.Random, template, id.cert, id.key)
	return c, err
}

// adoptCRL takes a list into memory and onto disk. A disk that cannot be written
// costs the copy, not the list.
func (a *Authority) adoptCRL(ctx context.Context, c CRL) {
	if !a.crls.keep(heldCRL{CRL: c}) || a.opts.Folder == "" {
		return
	}
	if err := writeFile(a.crlFile(c.Issuer), c.DER, 0o644); err != nil {
		a.log.WarnContext(ctx, "the copy of a CRL on disk could not be written", "issuer", string(c.Issuer), "error", err)
	}
}

func (a *Authority) crlFile(issuer Role) string {
	return filepath.Join(a.opts.Folder, "crl", string(issuer)+".crl")
}

// loadFromDisk takes the last good lists from disk. The database's are taken when
// they are as new; a newer one on disk means that the database came from a
// backup, and the next list gets a number above it.
func (b *crlBook) loadFromDisk(a *Authority) {
	if a.opts.Folder == "" {
		return
	}
	for _, issuer := range []Role{RoleIssuing, RoleRoot} {
		der, err := os.ReadFile(a.crlFile(issuer))
		if err != nil {
			continue
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil || list.CheckSignatureFrom(a.Certificate(issuer)) != nil || !list.Number.IsInt64() {
			a.log.Warn("a CRL on disk was put aside: it is not ours", "issuer", string(issuer))
			continue
		}
		b.keep(heldCRL{fromDisk: true, CRL: CRL{Issuer: issuer, Number: list.Number.Int64(),
			ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, DER: der}})
	}
}

// writeFile replaces a file as a whole: a reader sees the old or the new one.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(content)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
