package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

// Poll implements enroll.Store.
func (s *Store) Poll(ctx context.Context, transaction, signer string) (enroll.Previous, error) {
	db := s.reader.WithContext(ctx)
	row, found, err := one[transactionRow](db.Where("transaction_id = ? AND signer = ?", transaction, signer))
	if err != nil {
		return enroll.Previous{}, err
	}
	if !found {
		return enroll.Previous{}, enroll.CodeTransaction.New("There is no request of this transaction and key to ask about.")
	}
	return previousOf(&tx{DB: db}, row)
}

// LegacyModels implements enroll.Store.
func (s *Store) LegacyModels(ctx context.Context) (bool, error) {
	var n int64
	if err := s.reader.WithContext(ctx).Raw("SELECT count(*) FROM model WHERE legacy_scep").Scan(&n).Error; err != nil {
		return false, fmt.Errorf("look for legacy models: %w", err)
	}
	return n > 0, nil
}

// RecordRefusal implements enroll.Store.
func (s *Store) RecordRefusal(ctx context.Context, e audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		t.record(e)
		return nil
	})
}

// Waiting implements enroll.Store.
func (s *Store) Waiting(ctx context.Context) ([]enroll.Waiting, error) {
	var rows []struct {
		Request transactionRow `gorm:"embedded"`
		Class   string         `gorm:"column:class"`
		Model   string         `gorm:"column:model_id"`
	}
	err := s.reader.WithContext(ctx).Raw(`SELECT t.*, d.class, d.model_id FROM scep_transaction t LEFT JOIN device d ON d.id = t.device_id
		WHERE t.state = 'waiting' ORDER BY t.created_at, t.id`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list waiting enrollments: %w", err)
	}
	out := make([]enroll.Waiting, len(rows))
	for i, found := range rows {
		r := found.Request
		out[i] = enroll.Waiting{ID: r.ID, Since: r.CreatedAt.time(), Renewal: r.Renewal, Device: device.ID(r.DeviceID), Serial: r.MakerSerial,
			Class: device.Class(found.Class), Model: device.ModelID(found.Model), Remote: r.Remote, Invitation: enroll.InvitationID(r.InvitationID), CSR: r.CSR}
		if err := json.Unmarshal([]byte(r.Reasons), &out[i].Reasons); err != nil {
			return nil, fmt.Errorf("read why request %s waits: %w", r.ID, err)
		}
	}
	return out, nil
}

// Decide implements enroll.Store.
func (s *Store) Decide(ctx context.Context, actor audit.Actor, id string, approve bool, why string) error {
	state, action := enroll.TransactionDenied, audit.Action("enrollment.denied")
	if approve {
		state, action = enroll.TransactionApproved, "enrollment.approved"
	}
	return s.write(ctx, func(t *tx) error {
		row, found, err := one[transactionRow](t.Where("id = ?", id))
		if err != nil {
			return err
		}
		if !found {
			return fault.CodeNotFound.New("There is no such request.")
		}
		if row.DeviceID != "" {
			if _, err := t.lockDevice(device.ID(row.DeviceID)); err != nil {
				return err
			}
		}
		if approve {
			if err := t.mayApprove(actor, row); err != nil {
				return err
			}
		}
		res := t.Model(&transactionRow{}).Where("id = ? AND state = ?", id, string(enroll.TransactionWaiting)).
			Updates(map[string]any{"state": string(state), "decided_at": dbTime(t.now), "decided_by": actor.ID, "decided_why": why})
		if res.Error != nil {
			return fmt.Errorf("decide request %s: %w", id, res.Error)
		}
		if res.RowsAffected == 0 {
			return enroll.CodeDecided.New("Somebody has decided about this request already.")
		}
		t.record(audit.Event{Actor: actor, Action: action, Device: row.DeviceID, Enrollment: row.EnrollmentID,
			Subject: "scep:" + id, Detail: map[string]any{"why": why, "serial": row.MakerSerial, "renewal": row.Renewal}})
		return nil
	})
}

// ForgetWaiting implements enroll.Store.
func (s *Store) ForgetWaiting(ctx context.Context, before time.Time) error {
	var n int64
	err := s.reader.WithContext(ctx).Raw(`SELECT (SELECT count(*) FROM scep_transaction WHERE state = 'waiting' AND created_at < ?)
		+ (SELECT count(*) FROM challenge WHERE expires_at < ?)`, dbTime(before), dbTime(before)).Scan(&n).Error
	if err != nil || n == 0 {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		var rows []transactionRow
		if err := t.Where("state = 'waiting' AND created_at < ?", dbTime(before)).Find(&rows).Error; err != nil {
			return fmt.Errorf("find requests that nobody decided on: %w", err)
		}
		for _, r := range rows {
			res := t.Model(&transactionRow{}).Where("id = ? AND state = ?", r.ID, string(enroll.TransactionWaiting)).
				Updates(map[string]any{"state": string(enroll.TransactionDenied), "decided_at": dbTime(t.now), "decided_by": "system"})
			if res.Error != nil {
				return fmt.Errorf("forget request %s: %w", r.ID, res.Error)
			}
			if res.RowsAffected > 0 {
				t.record(audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "enrollment"}, Action: "enrollment.denied", Device: r.DeviceID,
					Subject: "scep:" + r.ID, Detail: map[string]any{"why": "nobody decided on it"}})
			}
		}
		if err := t.Where("expires_at < ?", dbTime(before)).Delete(&challengeRow{}).Error; err != nil {
			return fmt.Errorf("delete old challenges: %w", err)
		}
		return nil
	})
}
