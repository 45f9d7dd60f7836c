package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/internal/seal"
)

var _ seal.Vault = (*Store)(nil)

// dataKeyRow is the one data key. It carries no code: what it holds is sealed by
// the master key, which makes the codes of all others.
type dataKeyRow struct {
	ID        int    `gorm:"column:id;primaryKey"`
	Wrapped   []byte `gorm:"column:wrapped"`
	WrappedBy string `gorm:"column:wrapped_by"`
	CreatedAt dbTime `gorm:"column:created_at"`
	WrappedAt dbTime `gorm:"column:wrapped_at"`
}

func (dataKeyRow) TableName() string { return "data_key" }

const theDataKey = 1

// DataKey implements seal.Vault.
func (s *Store) DataKey(ctx context.Context) (wrapped []byte, by string, sealed bool, err error) {
	db := s.reader.WithContext(ctx)
	var rows []dataKeyRow
	if err := db.Where("id = ?", theDataKey).Find(&rows).Error; err != nil {
		return nil, "", false, fmt.Errorf("read the data key: %w", err)
	}
	if len(rows) == 1 {
		return rows[0].Wrapped, rows[0].WrappedBy, true, nil
	}
	// Every server has a key that signs sessions, from its first start on.
	if err := db.Raw("SELECT count(*) > 0 FROM signing_key").Scan(&sealed).Error; err != nil {
		return nil, "", false, fmt.Errorf("look for secrets: %w", err)
	}
	return nil, "", sealed, nil
}

// AddDataKey implements seal.Vault.
func (s *Store) AddDataKey(ctx context.Context, wrapped []byte, by string) error {
	now, err := s.clock(s.reader.WithContext(ctx))
	if err != nil {
		return err
	}
	row := dataKeyRow{ID: theDataKey, Wrapped: wrapped, WrappedBy: by, CreatedAt: dbTime(now), WrappedAt: dbTime(now)}
	if err := s.writer.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("keep the data key: %w", err)
	}
	return nil
}

// RewrapDataKey replaces what seals the data key, and says so in the log. It
// changes nothing when somebody else has replaced it meanwhile.
func (s *Store) RewrapDataKey(ctx context.Context, by audit.Actor, before, after []byte, was, name string) error {
	return s.write(ctx, func(t *tx) error {
		done := t.Model(&dataKeyRow{}).Where("id = ? AND wrapped = ?", theDataKey, before).
			Updates(map[string]any{"wrapped": after, "wrapped_by": name, "wrapped_at": dbTime(t.now)})
		if done.Error != nil {
			return fmt.Errorf("keep the data key: %w", done.Error)
		}
		if done.RowsAffected != 1 {
			return errors.New("the master key was replaced by somebody else meanwhile")
		}
		t.record(audit.Event{Actor: by, Action: "master_key.rotated", Subject: "data_key", Detail: map[string]any{"alert": true, "was": was, "now": name}})
		return nil
	})
}
