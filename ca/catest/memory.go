package catest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
)

// Memory is a ca.Store. It is safe for concurrent use.
type Memory struct {
	mu      sync.Mutex
	issuers []ca.Issuer
	records map[ca.Serial]ca.Record
	status  map[device.Fingerprint]ca.Status
	changes int64
	crls    map[ca.Role]ca.CRL
	down    error
}

// New returns a store with these issuers, which may be none.
func New(issuers ...ca.Issuer) *Memory {
	return &Memory{issuers: issuers, records: map[ca.Serial]ca.Record{}, status: map[device.Fingerprint]ca.Status{}, crls: map[ca.Role]ca.CRL{}}
}

// SetDown makes every call fail with err, as if the database were away; nil
// brings it back.
func (m *Memory) SetDown(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

// lock locks the store, unless it is down.
func (m *Memory) lock() (unlock func(), err error) {
	m.mu.Lock()
	if m.down != nil {
		defer m.mu.Unlock()
		return nil, m.down
	}
	return m.mu.Unlock, nil
}

// LoadIssuers implements ca.Store.
func (m *Memory) LoadIssuers(context.Context) ([]ca.Issuer, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return slices.Clone(m.issuers), nil
}

// CreateIssuers implements ca.Store.
func (m *Memory) CreateIssuers(_ context.Context, first []ca.Issuer) ([]ca.Issuer, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if len(m.issuers) == 0 {
		m.issuers = slices.Clone(first)
	}
	return slices.Clone(m.issuers), nil
}

// AddIssuer implements ca.Store.
func (m *Memory) AddIssuer(_ context.Context, next ca.Issuer) ([]ca.Issuer, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []ca.Issuer
	taken := false
	for _, i := range m.issuers {
		taken = taken || (i.Role == next.Role && i.Generation == next.Generation)
	}
	if !taken {
		m.issuers = append(m.issuers, next)
	}
	for _, i := range m.issuers {
		if i.Role == next.Role {
			out = append(out, i)
		}
	}
	return out, nil
}

// RecordCertificate implements ca.Store.
func (m *Memory) RecordCertificate(_ context.Context, r ca.Record) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	m.records[r.Serial] = r
	return nil
}

// StoreCertificate implements ca.Store.
func (m *Memory) StoreCertificate(_ context.Context, serial ca.Serial, der []byte) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	r, ok := m.records[serial]
	if !ok {
		return errors.New("the certificate was not recorded")
	}
	fp := ca.FingerprintOf(der)
	m.status[fp] = ca.Status{Serial: serial, Fingerprint: fp, NotAfter: r.NotAfter}
	return nil
}

// IssuedSerials implements ca.Store.
func (m *Memory) IssuedSerials(_ context.Context, after time.Time, f func(ca.Serial)) error {
	unlock, err := m.lock()
	if err != nil {
		return err
	}
	defer unlock()
	for serial, r := range m.records {
		if r.NotAfter.After(after) {
			f(serial)
		}
	}
	return nil
}

// Issued implements ca.Store.
func (m *Memory) Issued(_ context.Context, serial ca.Serial) (bool, error) {
	unlock, err := m.lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	_, ok := m.records[serial]
	return ok, nil
}

// StatusChanges implements ca.Store.
func (m *Memory) StatusChanges(_ context.Context, after int64) ([]ca.Status, int64, error) {
	unlock, err := m.lock()
	if err != nil {
		return nil, 0, err
	}
	defer unlock()
	var out []ca.Status
	for _, s := range m.status {
		if s.Change > after {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b ca.Status) int { return int(a.Change - b.Change) })
	return out, m.changes, nil
}

// SetStatus implements ca.Store. The time of a revocation is the wall clock's.
func (m *Memory) SetStatus(_ context.Context, _ audit.Actor, fp device.Fingerprint, change ca.StatusChange) (ca.Status, error) {
	unlock, err := m.lock()
	if err != nil {
		return ca.Status{}, err
	}
	defer unlock()
	s, ok := m.status[fp]
	if !ok {
		return ca.Status{}, errors.New("there is no such certificate")
	}
	m.changes++
	s.Revoked, s.Reason, s.RevokedAt, s.Change = change.Revoked, change.Reason, time.Now().UTC(), m.changes
	m.status[fp] = s
	return s, nil
}

// LoadCRL implements ca.Store.
func (m *Memory) LoadCRL(_ context.Context, issuer ca.Role, above int64) (ca.CRL, error) {
	unlock, err := m.lock()
	if err != nil {
		return ca.CRL{}, err
	}
	defer unlock()
	if c := m.crls[issuer]; c.Number > above {
		return c, nil
	}
	return ca.CRL{}, nil
}

// PutCRL implements ca.Store.
func (m *Memory) PutCRL(_ context.Context, next ca.CRL) (ca.CRL, error) {
	unlock, err := m.lock()
	if err != nil {
		return ca.CRL{}, err
	}
	defer unlock()
	if m.crls[next.Issuer].Number < next.Number {
		m.crls[next.Issuer] = next
	}
	return m.crls[next.Issuer], nil
}
