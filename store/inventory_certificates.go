package store

import (
	"context"
	"fmt"
	"time"

	"wardline/ca"
	"wardline/device"
	"wardline/inventory"
)

// Certificates implements inventory.Storage.
func (s *Store) Certificates(ctx context.Context, id device.ID, now time.Time, limit int) ([]inventory.HeldCertificate, error) {
	var rows []certificateRow
	err := s.reader.WithContext(ctx).Omit("der").Where("device_id = ? AND fingerprint <> ''", string(id)).
		Order("recorded_at DESC, serial DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the certificates of device %s: %w", id, err)
	}
	out := make([]inventory.HeldCertificate, len(rows))
	for i, r := range rows {
		out[i] = r.held(now)
	}
	return out, nil
}

func (r certificateRow) held(now time.Time) inventory.HeldCertificate {
	h := inventory.HeldCertificate{
		Certificate: inventory.Certificate{Fingerprint: device.Fingerprint(r.Fingerprint), NotAfter: r.NotAfter.time(),
			Status: heldCertificate{NotAfter: r.NotAfter, SupersededAt: r.SupersededAt, Revocation: r.Revocation}.status(now)},
		Serial: r.Serial, Enrollment: device.EnrollmentID(r.EnrollmentID), NotBefore: r.NotBefore.time(),
		FirstUsedAt: r.FirstUsedAt.time(), SupersededAt: r.SupersededAt.time(),
	}
	if r.Revocation != revocationNone {
		h.RevokedAt, h.Reason = r.RevokedAt.time(), ca.Reason(r.Reason).Words()
	}
	return h
}
