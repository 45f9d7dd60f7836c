package enroll

import (
	"context"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"wardline/device"
	"wardline/internal/fault"
)

// bindingCache holds bindings by fingerprint. What was read before a drop never
// gets in after it: drops are counted.
type bindingCache struct {
	mu     sync.RWMutex
	held   map[device.Fingerprint]BindingRecord
	drops  uint64
	flight singleflight.Group
}

// maxBindings bounds the cache: past it, it is emptied and fills again with what
// is in use. One binding is about a kilobyte with its key.
const maxBindings = 200_000

func newBindingCache() *bindingCache {
	return &bindingCache{held: map[device.Fingerprint]BindingRecord{}}
}

func (c *bindingCache) get(fp device.Fingerprint) (BindingRecord, uint64, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	b, ok := c.held[fp]
	return b, c.drops, ok
}

// put keeps a record unless something was dropped since it was read.
func (c *bindingCache) put(fp device.Fingerprint, b BindingRecord, drops uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if drops != c.drops {
		return
	}
	if len(c.held) >= maxBindings {
		clear(c.held)
	}
	c.held[fp] = b
}

func (c *bindingCache) drop(fps []device.Fingerprint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drops++
	for _, fp := range fps {
		delete(c.held, fp)
	}
}

// Drop forgets the bindings of these certificates: they changed, here or on
// another replica. wake calls it for every "x" notice, the authority's OnStatus
// for every change of status.
func (s *Service) Drop(fps ...device.Fingerprint) {
	if len(fps) > 0 {
		s.bindings.drop(fps)
		for _, fp := range fps {
			s.bindings.flight.Forget(string(fp))
		}
	}
}

// Bind says whose certificate this is and what it is good for now. It answers
// from memory; the database is asked once per certificate and change, or at every
// call while the news of other replicas does not arrive. A certificate that is
// not a device's is a not_found fault.
func (s *Service) Bind(ctx context.Context, fp device.Fingerprint) (Binding, error) {
	record, drops, ok := s.bindings.get(fp)
	if !ok || !s.opts.Trusted() {
		// The reading is shared: one caller that goes away must not fail the others.
		v, err, _ := s.bindings.flight.Do(string(fp), func() (any, error) {
			return s.readBinding(context.WithoutCancel(ctx), fp, drops)
		})
		if err != nil {
			return Binding{}, err
		}
		record, ok = v.(BindingRecord)
		if !ok {
			return Binding{}, fmt.Errorf("bind certificate %s: unexpected %T", fp, v)
		}
	}
	b := record.Binding
	b.Status = record.status(s.opts.Now())
	return b, nil
}

func (s *Service) readBinding(ctx context.Context, fp device.Fingerprint, drops uint64) (BindingRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	record, err := s.opts.Store.Binding(ctx, fp)
	if err != nil {
		return BindingRecord{}, fmt.Errorf("bind certificate %s: %w", fp, err)
	}
	cert, err := x509.ParseCertificate(record.DER)
	if err != nil {
		return BindingRecord{}, fmt.Errorf("bind certificate %s: %w", fp, err)
	}
	record.PublicKey, record.DER = cert.PublicKey, nil
	s.bindings.put(fp, record, drops)
	return record, nil
}

// status puts what is known about a certificate into one word; the worst comes
// first.
func (b BindingRecord) status(now time.Time) BindingStatus {
	switch {
	case b.Revoked:
		return BindingRevoked
	case b.Superseded || !b.Current:
		return BindingSuperseded
	case now.After(b.NotAfter):
		return BindingExpired
	case b.Held:
		return BindingContained
	}
	return BindingActive
}

// Complete records the first authenticated use of a certificate. It completes a
// new enrollment, which takes the place of the one before; or it makes a renewed
// certificate the current one. It is called for every poll whose binding is not
// Completed; calling it again changes nothing.
func (s *Service) Complete(ctx context.Context, b Binding) error {
	if b.Status != BindingActive {
		return fault.CodeNotFound.New("This certificate cannot complete an enrollment.")
	}
	fps, err := s.opts.Store.Complete(ctx, b.Fingerprint, "agent")
	if err != nil {
		return fmt.Errorf("complete enrollment %s: %w", b.Enrollment, err)
	}
	s.Drop(append(fps, b.Fingerprint)...)
	if s.opts.OnCompleted != nil {
		b.Completed = true
		s.opts.OnCompleted(ctx, b)
	}
	return nil
}
