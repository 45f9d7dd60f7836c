package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardline/alert"
	"wardline/audit"
	"wardline/device"
)

var (
	_ alert.Storage      = (*Store)(nil)
	_ alert.PostStorage  = (*Store)(nil)
	_ alert.WatchStorage = (*Store)(nil)
)

// WardSilence implements alert.WatchStorage. Only devices that speak for themselves
// count: others are silent by nature.
func (s *Store) WardSilence(ctx context.Context, silence, recent time.Duration) ([]alert.WardCount, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("count what is silent: %w", err)
	}
	var rows []struct {
		PlaceID         string
		Devices, Silent int
	}
	err = db.Raw(`SELECT d.place_id, COUNT(*) AS devices, SUM(CASE WHEN r.received_at < ? THEN 1 ELSE 0 END) AS silent
		FROM device_report r JOIN device d ON d.id = r.device_id
		WHERE r.received_at >= ? AND d.management = 'agent' AND d.stage IN ('enrolled', 'in_service') AND d.place_id <> ''
		GROUP BY d.place_id`, dbTime(now.Add(-silence)), dbTime(now.Add(-recent))).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count what is silent: %w", err)
	}
	out := make([]alert.WardCount, len(rows))
	for i, r := range rows {
		out[i] = alert.WardCount{Place: device.PlaceID(r.PlaceID), Devices: r.Devices, Silent: r.Silent}
	}
	return out, nil
}

// EndingCertificates implements alert.WatchStorage.
func (s *Store) EndingCertificates(ctx context.Context, before time.Time) (int, error) {
	var n int
	err := s.reader.WithContext(ctx).Raw(`SELECT COUNT(*) FROM (SELECT MAX(c.not_after) AS last FROM certificate c
			JOIN device d ON d.id = c.device_id AND d.enrollment_id = c.enrollment_id
			WHERE `+liveCertificate+` AND d.stage IN ('enrolled', 'in_service') GROUP BY c.device_id) x
		WHERE last < ?`, dbTime(before)).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count certificates that end: %w", err)
	}
	return n, nil
}

// FirstStart implements alert.WatchStorage.
func (s *Store) FirstStart(ctx context.Context) (time.Time, error) {
	var at dbTime
	err := s.reader.WithContext(ctx).Raw("SELECT COALESCE(MIN(at), 0) FROM audit_event").Scan(&at).Error
	if err != nil {
		return time.Time{}, fmt.Errorf("read when this hospital began: %w", err)
	}
	return at.time(), nil
}

type backupReportRow struct {
	ID         string `gorm:"column:id;primaryKey"`
	What       string `gorm:"column:what"`
	MadeAt     dbTime `gorm:"column:made_at"`
	ReportedAt dbTime `gorm:"column:reported_at"`
	ReportedBy string `gorm:"column:reported_by"`
}

func (backupReportRow) TableName() string { return "backup_report" }

// ReportBackup implements alert.Storage. A time to come is not believed.
func (s *Store) ReportBackup(ctx context.Context, b alert.Backup) error {
	return s.write(ctx, func(t *tx) error {
		row := backupReportRow{ID: t.newID(), What: b.What, MadeAt: dbTime(b.MadeAt), ReportedAt: dbTime(t.now), ReportedBy: jsonText(b.ReportedBy)}
		if err := t.idempotent(ctx, "backup:"+row.ID); err != nil {
			return err
		}
		if b.MadeAt.IsZero() || b.MadeAt.After(t.now) {
			row.MadeAt = dbTime(t.now)
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("keep the report of a backup: %w", err)
		}
		t.record(audit.Event{Actor: b.ReportedBy, Action: "backup.reported", Subject: "backup:" + row.ID,
			Detail: map[string]any{"what": b.What, "made_at": row.MadeAt.time()}})
		return nil
	})
}

// LastBackup implements alert.Storage.
func (s *Store) LastBackup(ctx context.Context) (alert.Backup, bool, error) {
	var rows []backupReportRow
	if err := s.reader.WithContext(ctx).Order("made_at DESC, id DESC").Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return alert.Backup{}, false, err
	}
	b := alert.Backup{MadeAt: rows[0].MadeAt.time(), What: rows[0].What, ReportedAt: rows[0].ReportedAt.time()}
	if err := json.Unmarshal([]byte(rows[0].ReportedBy), &b.ReportedBy); err != nil {
		return b, true, fmt.Errorf("read who reported a backup: %w", err)
	}
	return b, true, nil
}
