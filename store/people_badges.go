package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
)

type badgeRow struct {
	AccountID string `gorm:"column:account_id;primaryKey"`
	Digest    []byte `gorm:"column:digest"`
	SetAt     dbTime `gorm:"column:set_at"`
}

func (badgeRow) TableName() string { return "badge" }

type handheldCodeRow struct {
	AccountID string `gorm:"column:account_id;primaryKey"`
	Digest    []byte `gorm:"column:digest"`
	ExpiresAt dbTime `gorm:"column:expires_at"`
}

func (handheldCodeRow) TableName() string { return "handheld_code" }

// takenAs is auth.ErrTaken when somebody else has the same.
func takenAs(err error, what string) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return auth.ErrTaken
	}
	if err != nil {
		return fmt.Errorf("keep %s: %w", what, err)
	}
	return nil
}

// PutBadge implements auth.Storage.
func (s *Store) PutBadge(ctx context.Context, by audit.Actor, account auth.AccountID, digest []byte) error {
	return s.write(ctx, func(t *tx) error {
		var before []badgeRow
		if err := t.Find(&before, "account_id = ?", string(account)).Error; err != nil {
			return fmt.Errorf("read a badge: %w", err)
		}
		if len(digest) == 0 {
			if len(before) == 0 {
				return nil
			}
			t.record(audit.Event{Actor: by, Action: "account.badge_removed", Subject: subjectOf(account)})
			return t.Where("account_id = ?", string(account)).Delete(&badgeRow{}).Error
		}
		if len(before) > 0 && bytes.Equal(before[0].Digest, digest) {
			return nil
		}
		row := badgeRow{AccountID: string(account), Digest: digest, SetAt: dbTime(t.now)}
		err := t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "account_id"}}, UpdateAll: true}).Create(&row).Error
		t.record(audit.Event{Actor: by, Action: "account.badge_set", Subject: subjectOf(account), Detail: map[string]any{"replaced": len(before) > 0}})
		return takenAs(err, "a badge")
	})
}

// HasBadge implements auth.Storage.
func (s *Store) HasBadge(ctx context.Context, account auth.AccountID) (bool, error) {
	var n int64
	if err := s.reader.WithContext(ctx).Model(&badgeRow{}).Where("account_id = ?", string(account)).Count(&n).Error; err != nil {
		return false, fmt.Errorf("look for a badge: %w", err)
	}
	return n > 0, nil
}

// PutHandheldCode implements auth.Storage. It is no event: what is done with it is.
func (s *Store) PutHandheldCode(ctx context.Context, account auth.AccountID, digest []byte, life time.Duration) (time.Time, error) {
	var until time.Time
	err := s.write(ctx, func(t *tx) error {
		until = t.now.Add(life)
		if err := t.Where("expires_at <= ?", dbTime(t.now)).Delete(&handheldCodeRow{}).Error; err != nil {
			return fmt.Errorf("forget old codes of stations: %w", err)
		}
		row := handheldCodeRow{AccountID: string(account), Digest: digest, ExpiresAt: dbTime(until)}
		return takenAs(t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "account_id"}}, UpdateAll: true}).Create(&row).Error, "a code of a station")
	})
	return until, err
}

// PersonByBadge implements auth.Storage.
func (s *Store) PersonByBadge(ctx context.Context, badge, code []byte) (auth.Person, bool, time.Time, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return auth.Person{}, false, now, fmt.Errorf("find whose badge it is: %w", err)
	}
	var found struct {
		AccountID string `gorm:"column:account_id"`
		ByCode    bool   `gorm:"column:by_code"`
	}
	err = db.Raw(`SELECT account_id, false AS by_code FROM badge WHERE digest = ?
		UNION ALL SELECT account_id, true AS by_code FROM handheld_code WHERE digest = ? AND expires_at > ? LIMIT 1`,
		badge, code, dbTime(now)).Scan(&found).Error
	if err != nil {
		return auth.Person{}, false, now, fmt.Errorf("find whose badge it is: %w", err)
	}
	if found.AccountID == "" {
		return auth.Person{}, false, now, auth.ErrNoSuch
	}
	p, _, err := s.Person(ctx, auth.AccountID(found.AccountID))
	return p, found.ByCode, now, err
}

// TakeHandheldCode implements auth.Storage.
func (s *Store) TakeHandheldCode(ctx context.Context, account auth.AccountID, digest []byte) (taken bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		res := t.Where("account_id = ? AND digest = ? AND expires_at > ?", string(account), digest, dbTime(t.now)).Delete(&handheldCodeRow{})
		if res.Error != nil {
			return fmt.Errorf("use a code of a station: %w", res.Error)
		}
		taken = res.RowsAffected == 1
		return nil
	})
	return taken, err
}
