package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"wardline/audit"
)

type signedHeadRow struct {
	Slot  dbTime `gorm:"column:slot;primaryKey"`
	Epoch int    `gorm:"column:epoch"`
	Seq   int64  `gorm:"column:seq"`
	Hash  []byte `gorm:"column:hash"`
	At    dbTime `gorm:"column:at"`
	JWS   string `gorm:"column:jws"`
}

func (signedHeadRow) TableName() string { return "audit_signed_head" }

// SignAuditHead signs the head of the audit log, unless that was done in these five
// minutes by this server or another. Nothing is signed twice, and nothing is added
// to the log by it. signed is false when there was nothing to do.
func (s *Store) SignAuditHead(ctx context.Context, sign func(audit.SignedHead) (string, error)) (h audit.SignedHead, signed bool, err error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return h, false, fmt.Errorf("sign the audit head: %w", err)
	}
	slot := now.Truncate(audit.HeadEvery)
	var n int64
	if err := db.Model(&signedHeadRow{}).Where("slot = ?", dbTime(slot)).Count(&n).Error; err != nil || n > 0 {
		return h, false, err
	}
	if h.Head, err = s.AuditHead(ctx); err != nil || h.Seq == 0 {
		return h, false, err
	}
	if h.Epoch, err = s.currentEpoch(db); err != nil {
		return h, false, err
	}
	h.At = now
	if h.JWS, err = sign(h); err != nil {
		return h, false, err
	}
	row := signedHeadRow{Slot: dbTime(slot), Epoch: h.Epoch, Seq: h.Seq, Hash: h.Hash[:], At: dbTime(h.At), JWS: h.JWS}
	res := s.writer.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if res.Error != nil {
		return h, false, fmt.Errorf("keep a signed audit head: %w", res.Error)
	}
	return h, res.RowsAffected == 1, nil
}

// SignedHeads returns the newest signed heads before a moment, newest first.
func (s *Store) SignedHeads(ctx context.Context, before time.Time, limit int) ([]audit.SignedHead, error) {
	db := s.reader.WithContext(ctx).Order("slot DESC").Limit(limit)
	if !before.IsZero() {
		db = db.Where("slot < ?", dbTime(before))
	}
	var rows []signedHeadRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read signed audit heads: %w", err)
	}
	out := make([]audit.SignedHead, len(rows))
	for i, r := range rows {
		out[i] = audit.SignedHead{Head: audit.Head{Seq: r.Seq, Hash: hashOf(r.Hash)}, Epoch: r.Epoch, At: r.At.time(), JWS: r.JWS}
	}
	return out, nil
}
