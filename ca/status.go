package ca

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"wardline/audit"
	"wardline/device"
)

// statusBook is what this replica knows about certificates, as of a moment.
type statusBook struct {
	mu sync.RWMutex
	// issued holds the serials of unexpired certificates: an OCSP request about
	// one that is not there costs a question to the database.
	issued map[Serial]struct{}
	// revoked holds what is revoked or on hold.
	revoked map[Serial]Status
	// change is the newest change taken in, crlChange the newest one that alters
	// the CRL.
	change, crlChange int64
	// asOf is the time by our clock before the database was last asked with
	// success. Everything said about revocation carries it.
	asOf time.Time
}

func (b *statusBook) init() {
	b.issued, b.revoked = map[Serial]struct{}{}, map[Serial]Status{}
}

func (b *statusBook) add(s Serial) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issued[s] = struct{}{}
}

// take puts changes into the book.
func (b *statusBook) take(changes []Status, newest int64, asOf time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range changes {
		b.issued[c.Serial] = struct{}{}
		old, was := b.revoked[c.Serial]
		if was && old.Change >= c.Change {
			continue
		}
		if c.Revoked {
			b.revoked[c.Serial] = c
		} else {
			delete(b.revoked, c.Serial)
		}
		if was || c.Revoked {
			b.crlChange = max(b.crlChange, c.Change)
		}
	}
	b.change = max(b.change, newest)
	if asOf.After(b.asOf) {
		b.asOf = asOf
	}
}

// lookup says what is known of a serial.
func (b *statusBook) lookup(s Serial) (st Status, revoked, issued bool, asOf time.Time) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	st, revoked = b.revoked[s]
	_, issued = b.issued[s]
	return st, revoked, issued, b.asOf
}

// onCRL returns what a CRL made now lists, in order of serial, and the newest
// change it takes in. A certificate stays listed for a day after its end
// (RFC 5280 section 3.3: until a CRL has appeared beyond it).
func (b *statusBook) onCRL() (entries []Status, change int64, asOf time.Time) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range slices.Sorted(maps.Keys(b.revoked)) {
		if st := b.revoked[s]; st.NotAfter.Add(24 * time.Hour).After(b.asOf) {
			entries = append(entries, st)
		}
	}
	return entries, b.crlChange, b.asOf
}

func (b *statusBook) newest() (change, crlChange int64, asOf time.Time) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.change, b.crlChange, b.asOf
}

// Refresh is a background step: it takes in what any replica revoked, held or
// took back since the last time, and tells OnStatus. Run it every two seconds:
// that keeps OCSP within five. When the database is away it fails and everything
// is answered from the last state, with that state's time.
func (a *Authority) Refresh(ctx context.Context) error {
	asOf := a.opts.Now().UTC()
	after, _, _ := a.status.newest()
	changes, newest, err := a.opts.Store.StatusChanges(ctx, after)
	if err != nil {
		return fmt.Errorf("read what is revoked: %w", err)
	}
	a.status.take(changes, newest, asOf)
	if len(changes) > 0 && a.opts.OnStatus != nil {
		a.opts.OnStatus(changes)
	}
	return nil
}

// StateAge says how long ago this replica last heard from the database what is
// revoked. Past StateLimit a replica is not ready: others should answer.
func (a *Authority) StateAge() time.Duration {
	_, _, asOf := a.status.newest()
	return a.opts.Now().Sub(asOf)
}

// StateLimit is the age of the revocation state from which a replica warns and
// is not ready.
const StateLimit = 5 * time.Minute

func (a *Authority) loadSerials(ctx context.Context) error {
	if err := a.opts.Store.IssuedSerials(ctx, a.opts.Now(), a.status.add); err != nil {
		return fmt.Errorf("read issued certificates: %w", err)
	}
	return nil
}

// Revoke revokes a certificate for good, or on hold when the reason is
// ReasonCertificateHold. why is the reason in the actor's words. OCSP on this
// replica says so when Revoke returns, on the others within seconds, the CRL
// within a minute.
func (a *Authority) Revoke(ctx context.Context, actor audit.Actor, fp device.Fingerprint, reason Reason, why string) error {
	return a.setStatus(ctx, actor, fp, StatusChange{Revoked: true, Reason: reason, Why: why})
}

// Unhold takes back a hold. A certificate revoked for good stays revoked.
func (a *Authority) Unhold(ctx context.Context, actor audit.Actor, fp device.Fingerprint, why string) error {
	return a.setStatus(ctx, actor, fp, StatusChange{Why: why})
}

func (a *Authority) setStatus(ctx context.Context, actor audit.Actor, fp device.Fingerprint, c StatusChange) error {
	if _, err := a.opts.Store.SetStatus(ctx, actor, fp, c); err != nil {
		return fmt.Errorf("change the status of certificate %s: %w", fp, err)
	}
	return a.Refresh(ctx)
}
