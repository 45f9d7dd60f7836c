package store

import (
	"context"
	"fmt"
	"time"

	"wardline/ca"
	"wardline/commands"
	"wardline/device"
)

// changeCertificates contains or revokes devices in the transaction of the
// decision about a command: whoever is told that a wipe was asked can rely on the
// network refusing the device from then on. The devices are locked.
func (t *tx) changeCertificates(orders []commands.CertificateOrder) error {
	for _, o := range orders {
		if o.Action == commands.CertificateHold {
			if _, err := t.containDevice(o.Device, o.Reason, o.Actor); err != nil {
				return fmt.Errorf("contain device %s for command %s: %w", o.Device, o.Command, err)
			}
			continue
		}
		reason := ca.ReasonCessationOfOperation
		if o.Compromised {
			reason = ca.ReasonKeyCompromise
		}
		if _, err := t.revokeDevice(o.Device, reason, o.Reason, o.Actor); err != nil {
			return fmt.Errorf("revoke device %s for command %s: %w", o.Device, o.Command, err)
		}
		// Nothing can be delivered any more: what was still open says so.
		if err := t.endEnrollmentCommands(o.Device, o.Enrollment, ""); err != nil {
			return err
		}
	}
	return nil
}

// SilentLost implements commands.Storage.
func (s *Store) SilentLost(ctx context.Context, silentFor time.Duration, limit int) ([]device.ID, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("read the database's clock: %w", err)
	}
	var personal []string
	for _, c := range device.Classes() {
		if c.IsPersonal() {
			personal = append(personal, string(c))
		}
	}
	before := dbTime(now.Add(-silentFor))
	var ids []device.ID
	// A containment of this silence, also one that waits, was denied or was taken
	// back: the device was not heard of since.
	err = db.Raw(`SELECT d.id FROM device_hold h JOIN device d ON d.id = h.device_id JOIN device_report r ON r.device_id = d.id
		WHERE h.kind = 'lost' AND h.since <= ? AND r.received_at <= ? AND d.class IN ? AND d.stage NOT IN ('decommissioned', 'returned', 'written_off')
			AND EXISTS (SELECT 1 FROM certificate c WHERE c.device_id = d.id AND c.device_id <> '' AND c.enrollment_id = d.enrollment_id
				AND c.superseded_at = 0 AND c.fingerprint <> '' AND c.revocation = '')
			AND NOT EXISTS (SELECT 1 FROM command k WHERE k.device_id = d.id AND k.kind = 'contain' AND k.state IN ('awaiting_approval', 'succeeded', 'denied')
				AND k.created_at >= h.since AND k.created_at >= r.received_at)
		ORDER BY d.id LIMIT ?`, before, before, personal, limit).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("find lost devices that are silent: %w", err)
	}
	return ids, nil
}
