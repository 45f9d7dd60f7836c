package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
)

type lossCodeRow struct {
	AccountID string `gorm:"column:account_id;primaryKey"`
	Sealed    []byte `gorm:"column:sealed"`
	ExpiresAt dbTime `gorm:"column:expires_at"`
}

func (lossCodeRow) TableName() string { return "loss_code" }

// PutLossCode implements auth.Storage.
func (s *Store) PutLossCode(ctx context.Context, by audit.Actor, account auth.AccountID, seal func(time.Time) ([]byte, time.Time, error)) error {
	return s.write(ctx, func(t *tx) error {
		sealed, until, err := seal(t.now)
		if err != nil {
			return err
		}
		row := lossCodeRow{AccountID: string(account), Sealed: sealed, ExpiresAt: dbTime(until)}
		if err := t.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("store a loss code: %w", err)
		}
		t.record(audit.Event{Actor: by, Action: "account.loss_code_made", Subject: subjectOf(account)})
		return nil
	})
}

// LossCode implements auth.Storage.
func (s *Store) LossCode(ctx context.Context, account auth.AccountID) ([]byte, time.Time, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, now, fmt.Errorf("read a loss code: %w", err)
	}
	var rows []lossCodeRow
	if err := db.Find(&rows, "account_id = ?", string(account)).Error; err != nil {
		return nil, now, fmt.Errorf("read a loss code: %w", err)
	}
	if len(rows) == 0 {
		return nil, now, nil
	}
	return rows[0].Sealed, now, nil
}

// TakeLossCode implements auth.Storage. That it was used is told by the session
// that it opens.
func (s *Store) TakeLossCode(ctx context.Context, account auth.AccountID, sealed []byte) (taken bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		res := t.Where("account_id = ? AND sealed = ?", string(account), sealed).Delete(&lossCodeRow{})
		if res.Error != nil {
			return fmt.Errorf("use a loss code: %w", res.Error)
		}
		taken = res.RowsAffected == 1
		return nil
	})
	return taken, err
}
