package store

import (
	"fmt"
	"time"

	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/inventory"
)

// gather reads what is known about a request. The device's row is locked before
// anything that a decision rests on is read.
func (e *enrolling) gather() error {
	id, err := e.find()
	if err != nil {
		return err
	}
	if id != "" {
		row, err := e.lockDevice(id)
		if err != nil {
			return err
		}
		d := row.device()
		e.record = &d
	}
	if e.invitation != nil {
		// Two requests with one invitation wait for each other here.
		if err := e.Raw("SELECT * FROM invitation WHERE id = ?"+e.lockRows(), e.invitation.ID).Scan(e.invitation).Error; err != nil {
			return fmt.Errorf("lock invitation: %w", err)
		}
	}
	e.facts.Now = e.now
	if err := e.gatherPrevious(); err != nil {
		return err
	}
	if e.ask.Renews != "" {
		err = e.gatherOld()
	} else {
		err = e.gatherFirst()
	}
	if err != nil {
		return err
	}
	return e.gatherKey()
}

// find says which device the request is about, without locking anything. What it
// reads is read again under the lock.
func (e *enrolling) find() (device.ID, error) {
	if err := e.findPrevious(); err != nil {
		return "", err
	}
	if e.ask.Renews != "" {
		old, found, err := one[certificateRow](e.Omit("der").Where("fingerprint = ? AND fingerprint <> '' AND purpose = ?", string(e.ask.Renews), string(ca.PurposeDevice)))
		if err != nil || !found {
			return "", err
		}
		e.old, e.serial = &old, old.MakerSerial
		return device.ID(old.DeviceID), nil
	}
	inviteID := ""
	if e.row != nil {
		inviteID, e.serial = e.row.InvitationID, e.row.MakerSerial
	} else {
		c, found, err := one[challengeRow](e.Where("hash = ?", e.ask.Challenge))
		if err != nil || !found {
			return "", err
		}
		inviteID, e.serial = c.InvitationID, c.Serial
	}
	inv, found, err := one[invitationRow](e.Where("id = ?", inviteID))
	if err != nil || !found {
		return "", err
	}
	if err := e.believeUnlocked(&inv); err != nil {
		return "", err
	}
	e.invitation = &inv
	if e.row != nil && e.row.DeviceID != "" {
		return device.ID(e.row.DeviceID), nil
	}
	return e.findRecord()
}

// findRecord looks for the record with the invitation's serial number and model;
// without a model, for the only one with that serial.
func (e *enrolling) findRecord() (device.ID, error) {
	q := e.Model(&deviceRecord{}).Where("serial_norm = ?", inventory.Normal(e.serial))
	if e.invitation.ModelID != "" {
		q = q.Where("model_id = ?", e.invitation.ModelID)
	}
	var ids []string
	if err := q.Order("id").Limit(2).Pluck("id", &ids).Error; err != nil {
		return "", fmt.Errorf("look up serial %s: %w", e.serial, err)
	}
	if len(ids) == 0 {
		return "", nil
	}
	return device.ID(ids[0]), nil
}

func (e *enrolling) findPrevious() error {
	row, found, err := one[transactionRow](e.Where("transaction_id = ? AND signer = ?", e.ask.Transaction, e.ask.Signer))
	if found {
		e.row = &row
	}
	return err
}

func (e *enrolling) gatherPrevious() error {
	e.row = nil
	if err := e.findPrevious(); err != nil || e.row == nil {
		return err
	}
	p, err := previousOf(e.tx, *e.row)
	e.facts.Previous = &p
	return err
}

// previousOf returns a stored request with what became of its certificate.
func previousOf(t *tx, row transactionRow) (enroll.Previous, error) {
	p := enroll.Previous{ID: row.ID, State: enroll.TransactionState(row.State), CSR: row.CSR, CSRHash: row.CSRHash, Renewal: row.Renewal}
	if row.Certificate == "" {
		return p, nil
	}
	var cert certificateRow
	if err := t.Omit("der").Take(&cert, "serial = ?", row.Certificate).Error; err != nil {
		return p, fmt.Errorf("read certificate %s: %w", row.Certificate, err)
	}
	p.IssuedAt, p.FirstUsedAt = cert.IssuedAt.time(), cert.FirstUsedAt.time()
	p.Replaced = cert.Revocation != revocationNone || !time.Time(cert.SupersededAt).IsZero()
	return p, nil
}

func (e *enrolling) gatherFirst() error {
	c, found, err := one[challengeRow](e.Where("hash = ?", e.ask.Challenge))
	if err != nil {
		return err
	}
	if found {
		e.facts.Challenge = c.challenge()
	}
	if e.invitation == nil {
		return nil
	}
	inv := e.invitation.invitation()
	e.facts.Invitation = &inv
	if inv.For == enroll.ForDelivery {
		if e.facts.Delivery, e.facts.Packed, err = e.deliveryFor(inv.Delivery, e.serial); err != nil {
			return err
		}
	}
	if e.facts.Namesake, err = e.namesake(inv.Class); err != nil {
		return err
	}
	if e.facts.Legacy, err = e.legacy(e.invitation.ModelID); err != nil || e.record == nil {
		return err
	}
	r := enroll.Record{Device: *e.record}
	if r.Contained, err = e.isContained(e.record.ID); err != nil {
		return err
	}
	if r.OpenDestructive, err = e.hasOpenDestructive(e.record.ID); err != nil {
		return err
	}
	if e.record.Enrollment != "" {
		person, err := e.inviter(e.invitation.CreatedBy)
		if err != nil {
			return err
		}
		if r.Takeovers, err = e.takeovers(person, string(e.record.ID)); err != nil {
			return err
		}
	}
	e.facts.Record = &r
	return nil
}

func (e *enrolling) gatherOld() error {
	if e.old == nil {
		return nil
	}
	old, _, err := one[certificateRow](e.Omit("der").Where("serial = ?", e.old.Serial))
	if err != nil {
		return err
	}
	e.old = &old
	var en enrollmentRow
	if err := e.Take(&en, "id = ?", old.EnrollmentID).Error; err != nil {
		return fmt.Errorf("read enrollment %s: %w", old.EnrollmentID, err)
	}
	var recent int64
	err = e.Model(&certificateRow{}).Where("device_id = ? AND enrollment_id = ? AND recorded_at > ?", old.DeviceID, old.EnrollmentID,
		dbTime(e.now.Add(-24*time.Hour))).Count(&recent).Error
	if err != nil {
		return fmt.Errorf("count the certificates of enrollment %s: %w", old.EnrollmentID, err)
	}
	e.facts.Old = &enroll.OldCertificate{Serial: ca.Serial(old.Serial), Device: device.ID(old.DeviceID), Enrollment: device.EnrollmentID(old.EnrollmentID),
		Current: isCurrent(en, *e.record), Revoked: old.Revocation == revocationRevoked, Held: old.Revocation == revocationHeld,
		Superseded: !time.Time(old.SupersededAt).IsZero(), NotAfter: old.NotAfter.time(), Recent: int(recent)}
	e.facts.Legacy, err = e.legacy(en.ModelID)
	return err
}

// isCurrent: an enrollment speaks for its device when it is the device's current
// one, or was issued and nobody used it yet.
func isCurrent(en enrollmentRow, d device.Device) bool {
	return en.State == enrollmentIssued || (en.State == enrollmentActive && d.Enrollment == device.EnrollmentID(en.ID))
}

// gatherKey finds out whether the key was certified before, for anything else: a
// new enrollment comes with a new key, which is what proves a wipe.
func (e *enrolling) gatherKey() error {
	own := ""
	if e.old != nil {
		own = e.old.EnrollmentID
	}
	var ids []string
	err := e.Raw("SELECT device_id FROM certificate WHERE key_hash = ? AND enrollment_id <> ? LIMIT 1", e.ask.KeyHash, own).Scan(&ids).Error
	if err != nil {
		return fmt.Errorf("look up a key: %w", err)
	}
	if len(ids) > 0 {
		e.facts.CertifiedFor = device.ID(ids[0])
	}
	return nil
}

func (t *tx) legacy(model string) (bool, error) {
	var n int64
	err := t.Raw("SELECT count(*) FROM model WHERE id = ? AND legacy_scep", model).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("read model %s: %w", model, err)
	}
	return n > 0, nil
}

func (t *tx) isContained(id device.ID) (bool, error) {
	var n int64
	err := t.Raw("SELECT count(*) FROM certificate WHERE device_id = ? AND revocation = ?", string(id), revocationHeld).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("read the certificates of device %s: %w", id, err)
	}
	return n > 0, nil
}
