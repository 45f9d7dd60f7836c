package store

import (
	"context"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

// The certificates of one device: whose they are, their first use, and taking
// them away.

// Binding implements enroll.Store.
func (s *Store) Binding(ctx context.Context, fp device.Fingerprint) (enroll.BindingRecord, error) {
	var rows []struct {
		Certificate certificateRow `gorm:"embedded"`
		Epoch       int            `gorm:"column:epoch"`
		State       string         `gorm:"column:state"`
		Current     string         `gorm:"column:current_enrollment"`
	}
	if fp != "" {
		err := s.reader.WithContext(ctx).Raw(`SELECT c.*, e.epoch, e.state, d.enrollment_id AS current_enrollment
			FROM certificate c JOIN enrollment e ON e.id = c.enrollment_id JOIN device d ON d.id = c.device_id
			WHERE c.fingerprint = ? AND c.fingerprint <> '' AND c.purpose = ?`, string(fp), string(ca.PurposeDevice)).Scan(&rows).Error
		if err != nil {
			return enroll.BindingRecord{}, fmt.Errorf("read binding of %s: %w", fp, err)
		}
	}
	if len(rows) == 0 {
		return enroll.BindingRecord{}, fault.CodeNotFound.New("This is not a device certificate of ours.")
	}
	r, en := rows[0].Certificate, enrollmentRow{ID: rows[0].Certificate.EnrollmentID, State: rows[0].State}
	return enroll.BindingRecord{
		Binding: enroll.Binding{Device: device.ID(r.DeviceID), Enrollment: device.EnrollmentID(r.EnrollmentID), Epoch: rows[0].Epoch,
			Class: device.Class(r.Class), Serial: r.MakerSerial, Fingerprint: fp, NotAfter: r.NotAfter.time(),
			Completed: !time.Time(r.FirstUsedAt).IsZero() && en.State == enrollmentActive},
		DER: r.DER, Held: r.Revocation == revocationHeld, Revoked: r.Revocation == revocationRevoked,
		Superseded: !time.Time(r.SupersededAt).IsZero(),
		Current:    isCurrent(en, device.Device{Enrollment: device.EnrollmentID(rows[0].Current)}),
	}, nil
}

// Complete implements enroll.Store.
func (s *Store) Complete(ctx context.Context, fp device.Fingerprint, via string) ([]device.Fingerprint, error) {
	var changed []device.Fingerprint
	err := s.write(ctx, func(t *tx) error {
		var err error
		changed, err = t.completeEnrollment(fp, via)
		return err
	})
	return changed, err
}

// completeEnrollment records the first use of a certificate.
func (t *tx) completeEnrollment(fp device.Fingerprint, via string) ([]device.Fingerprint, error) {
	cert, err := t.lockCertificate(fp)
	if err != nil {
		return nil, err
	}
	var en enrollmentRow
	if err := t.Take(&en, "id = ?", cert.EnrollmentID).Error; err != nil {
		return nil, fmt.Errorf("read enrollment %s: %w", cert.EnrollmentID, err)
	}
	row, err := t.lockDevice(device.ID(cert.DeviceID)) // locked above; this reads it
	if err != nil {
		return nil, err
	}
	d := row.device()
	firstUse := time.Time(cert.FirstUsedAt).IsZero()
	if cert.Revocation != revocationNone || !time.Time(cert.SupersededAt).IsZero() || !isCurrent(en, d) {
		return nil, fault.CodeNotFound.New("This certificate cannot complete an enrollment.")
	}
	if !firstUse && en.State == enrollmentActive {
		return nil, nil
	}
	actor := audit.Actor{Kind: audit.ActorDevice, ID: string(d.ID), Via: via}
	if firstUse {
		if err := t.Model(&certificateRow{}).Where("serial = ?", cert.Serial).Update("first_used_at", dbTime(t.now)).Error; err != nil {
			return nil, fmt.Errorf("complete enrollment %s: %w", en.ID, err)
		}
		t.dropBinding(fp)
	}
	changed, err := t.supersedeOlder(cert)
	if err != nil {
		return nil, err
	}
	if en.State == enrollmentActive {
		t.record(audit.Event{Actor: actor, Action: "certificate.renewed", Device: string(d.ID), Enrollment: en.ID,
			Subject: "certificate:" + cert.Serial, Detail: map[string]any{"superseded": len(changed)}})
		return append(changed, fp), nil
	}
	replaced, err := t.makeCurrent(d, en, actor)
	return append(append(changed, replaced...), fp), err
}

// supersedeOlder takes the certificates of the same enrollment that were issued
// before this one out of use. They stay off the CRL: the device's Wi-Fi takes the
// new certificate at its next own association, and until then uses the old.
func (t *tx) supersedeOlder(cert certificateRow) ([]device.Fingerprint, error) {
	var rows []certificateRow
	err := t.Omit("der").Where("device_id = ? AND enrollment_id = ? AND serial <> ? AND superseded_at = 0 AND recorded_at <= ? AND fingerprint <> ''",
		cert.DeviceID, cert.EnrollmentID, cert.Serial, cert.RecordedAt).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the certificates of enrollment %s: %w", cert.EnrollmentID, err)
	}
	return t.supersede(rows)
}

func (t *tx) supersede(rows []certificateRow) ([]device.Fingerprint, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	n, err := t.nextChange()
	if err != nil {
		return nil, err
	}
	var fps []device.Fingerprint
	var serials []string
	for _, r := range rows {
		fps, serials = append(fps, device.Fingerprint(r.Fingerprint)), append(serials, r.Serial)
		t.dropBinding(device.Fingerprint(r.Fingerprint))
	}
	err = t.Model(&certificateRow{}).Where("serial IN ?", serials).Updates(map[string]any{"superseded_at": dbTime(t.now), "change": n}).Error
	if err != nil {
		return nil, fmt.Errorf("supersede certificates: %w", err)
	}
	return fps, nil
}

// makeCurrent puts a new enrollment in the place of the device's old one: the old
// one's certificates are revoked, and nothing that was ordered for it is ever
// delivered.
func (t *tx) makeCurrent(d device.Device, en enrollmentRow, actor audit.Actor) ([]device.Fingerprint, error) {
	err := t.Model(&enrollmentRow{}).Where("id = ?", en.ID).
		Updates(map[string]any{"state": enrollmentActive, "completed_at": dbTime(t.now)}).Error
	if err != nil {
		return nil, fmt.Errorf("complete enrollment %s: %w", en.ID, err)
	}
	var others []enrollmentRow
	if err := t.Where("device_id = ? AND id <> ? AND state IN ?", string(d.ID), en.ID, []string{enrollmentActive, enrollmentIssued}).Find(&others).Error; err != nil {
		return nil, fmt.Errorf("read the enrollments of device %s: %w", d.ID, err)
	}
	var gone []device.Fingerprint
	for _, old := range others {
		fps, err := t.endEnrollment(old.DeviceID, old.ID, enrollmentSuperseded, "a newer enrollment was completed", ca.ReasonSuperseded)
		if err != nil {
			return nil, err
		}
		gone = append(gone, fps...)
		if err := t.endEnrollmentCommands(d.ID, device.EnrollmentID(old.ID), device.EnrollmentID(en.ID)); err != nil {
			return nil, err
		}
	}
	old := d.Enrollment
	set := map[string]any{"enrollment_id": en.ID, "updated_at": dbTime(t.now)}
	if d.Stage == device.StageExpected || d.Stage == device.StageReceived {
		set["stage"] = string(device.StageEnrolled)
	}
	if actor.Via == "agent" && (d.Management == device.ManagementRecord || d.Management == device.ManagementCertificate) {
		set["management"] = string(device.ManagementAgent)
	}
	if err := t.Model(&deviceRecord{}).Where("id = ?", string(d.ID)).Updates(set).Error; err != nil {
		return nil, fmt.Errorf("complete enrollment %s: %w", en.ID, err)
	}
	t.record(audit.Event{Actor: actor, Action: "enrollment.completed", Device: string(d.ID), Enrollment: en.ID,
		Detail: map[string]any{"epoch": en.Epoch, "replaces": string(old), "class": en.Class}})
	t.wakeUp(device.EnrollmentID(en.ID))
	return gone, nil
}

// endEnrollment ends an enrollment and revokes its certificates.
func (t *tx) endEnrollment(owner, id, state, why string, reason ca.Reason) ([]device.Fingerprint, error) {
	err := t.Model(&enrollmentRow{}).Where("id = ?", id).
		Updates(map[string]any{"state": state, "ended_at": dbTime(t.now), "ended_why": why}).Error
	if err != nil {
		return nil, fmt.Errorf("end enrollment %s: %w", id, err)
	}
	var rows []certificateRow
	if err := t.Omit("der").Where("device_id = ? AND enrollment_id = ? AND revocation <> ?", owner, id, revocationRevoked).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the certificates of enrollment %s: %w", id, err)
	}
	return fingerprints(rows), t.setRevocation(rows, revocationRevoked, reason)
}

func fingerprints(rows []certificateRow) []device.Fingerprint {
	var out []device.Fingerprint
	for _, r := range rows {
		if r.Fingerprint != "" {
			out = append(out, device.Fingerprint(r.Fingerprint))
		}
	}
	return out
}

// certificatesOf reads what a device holds that has not expired long ago.
func (t *tx) certificatesOf(id device.ID, where string, args ...any) ([]certificateRow, error) {
	var rows []certificateRow
	if err := t.Omit("der").Where("device_id = ?", string(id)).Where(where, args...).Order("serial").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the certificates of device %s: %w", id, err)
	}
	return rows, nil
}

// Contain implements enroll.Store.
func (s *Store) Contain(ctx context.Context, actor audit.Actor, id device.ID, why string) (fps []device.Fingerprint, err error) {
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.lockDevice(id); err != nil {
			return err
		}
		fps, err = t.containDevice(id, why, actor)
		return err
	})
	return fps, err
}

// containDevice puts everything that a device could show on hold. The device's
// row is locked by the caller.
func (t *tx) containDevice(id device.ID, why string, actor audit.Actor) ([]device.Fingerprint, error) {
	rows, err := t.certificatesOf(id, "revocation = ? AND not_after > ?", revocationNone, dbTime(t.now))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	t.record(audit.Event{Actor: actor, Action: "device.contained", Device: string(id), Detail: map[string]any{"why": why, "certificates": len(rows)}})
	return fingerprints(rows), t.setRevocation(rows, revocationHeld, ca.ReasonCertificateHold)
}

// Release implements enroll.Store.
func (s *Store) Release(ctx context.Context, actor audit.Actor, id device.ID, why string) (fps []device.Fingerprint, err error) {
	err = s.write(ctx, func(t *tx) error {
		row, err := t.lockDevice(id)
		if err != nil {
			return err
		}
		rows, err := t.certificatesOf(id, "revocation = ?", revocationHeld)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fault.CodeNotFound.New("The device is not contained.")
		}
		t.record(audit.Event{Actor: actor, Action: "device.released", Device: string(id), Detail: map[string]any{"why": why, "certificates": len(rows)}})
		fps = fingerprints(rows)
		t.wakeUp(row.device().Enrollment) // for what was withheld while it was contained
		return t.setRevocation(rows, revocationNone, ca.ReasonUnspecified)
	})
	return fps, err
}

// Revoke implements enroll.Store.
func (s *Store) Revoke(ctx context.Context, actor audit.Actor, id device.ID, reason ca.Reason, why string) (fps []device.Fingerprint, err error) {
	err = s.write(ctx, func(t *tx) error {
		row, err := t.lockDevice(id)
		if err != nil {
			return err
		}
		if fps, err = t.revokeDevice(id, reason, why, actor); err != nil {
			return err
		}
		// Nothing can be delivered any more: what was still open says so.
		return t.endEnrollmentCommands(id, row.device().Enrollment, "")
	})
	return fps, err
}

// revokeDevice ends every enrollment of a device for good. The device's row is
// locked by the caller.
func (t *tx) revokeDevice(id device.ID, reason ca.Reason, why string, actor audit.Actor) ([]device.Fingerprint, error) {
	var open []enrollmentRow
	if err := t.Where("device_id = ? AND state IN ?", string(id), []string{enrollmentActive, enrollmentIssued}).Find(&open).Error; err != nil {
		return nil, fmt.Errorf("read the enrollments of device %s: %w", id, err)
	}
	for _, en := range open {
		err := t.Model(&enrollmentRow{}).Where("id = ?", en.ID).
			Updates(map[string]any{"state": enrollmentEnded, "ended_at": dbTime(t.now), "ended_why": why}).Error
		if err != nil {
			return nil, fmt.Errorf("end enrollment %s: %w", en.ID, err)
		}
	}
	rows, err := t.certificatesOf(id, "revocation <> ?", revocationRevoked)
	if err != nil {
		return nil, err
	}
	t.record(audit.Event{Actor: actor, Action: "device.revoked", Device: string(id),
		Detail: map[string]any{"why": why, "reason": reason.Words(), "certificates": len(rows)}})
	return fingerprints(rows), t.setRevocation(rows, revocationRevoked, reason)
}

// AbandonUncompleted implements enroll.Store.
func (s *Store) AbandonUncompleted(ctx context.Context, before time.Time, limit int) ([]device.Fingerprint, error) {
	var found []enrollmentRow
	err := s.reader.WithContext(ctx).Where("state = 'issued' AND created_at < ?", dbTime(before)).
		Order("created_at, id").Limit(limit).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find enrollments that were never used: %w", err)
	}
	var all []device.Fingerprint
	for _, en := range found {
		fps, err := s.abandon(ctx, en)
		all = append(all, fps...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s *Store) abandon(ctx context.Context, en enrollmentRow) (fps []device.Fingerprint, err error) {
	err = s.write(ctx, func(t *tx) error {
		if _, err := t.lockDevice(device.ID(en.DeviceID)); err != nil {
			return err
		}
		var now enrollmentRow
		if err := t.Take(&now, "id = ?", en.ID).Error; err != nil {
			return fmt.Errorf("read enrollment %s: %w", en.ID, err)
		}
		if now.State != enrollmentIssued { // it was used meanwhile
			return nil
		}
		if fps, err = t.endEnrollment(en.DeviceID, en.ID, enrollmentEnded, "not used within 24 hours", ca.ReasonCessationOfOperation); err != nil {
			return err
		}
		t.record(audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "enrollment"}, Action: "enrollment.abandoned",
			Device: en.DeviceID, Enrollment: en.ID, Detail: map[string]any{"why": "not used within 24 hours", "serial": en.Serial}})
		return nil
	})
	return fps, err
}
