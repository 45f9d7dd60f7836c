package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wardline/device"
	"wardline/inventory"
)

// countCheckIns counts the devices that are heard for the first time in an hour:
// those that were last heard before it began. Their reports are locked, so that
// no device is counted twice, whichever server hears it. In most batches nobody
// is new; where somebody is, it is one statement.
func (b *reportBatch) countCheckIns() error {
	first := map[time.Time][]device.ID{}
	for _, k := range b.kept {
		for _, hour := range k.hours {
			first[hour] = append(first[hour], k.id)
		}
	}
	hours := make([]time.Time, 0, len(first))
	for hour := range first {
		hours = append(hours, hour)
	}
	slices.SortFunc(hours, time.Time.Compare)
	for _, hour := range hours {
		// In one order, so that replicas do not wait for each other.
		err := b.Exec(`INSERT INTO check_in_hour (hour, site_id, class, devices)
			WITH RECURSIVE up (id, site) AS (SELECT id, id FROM place WHERE parent_id = ''
				UNION ALL SELECT p.id, up.site FROM place p JOIN up ON p.parent_id = up.id)
			SELECT CAST(? AS BIGINT), COALESCE(up.site, ''), d.class, count(*) FROM device d LEFT JOIN up ON up.id = d.place_id
			WHERE d.id IN ? GROUP BY 2, 3 ORDER BY 2, 3
			ON CONFLICT (hour, site_id, class) DO UPDATE SET devices = check_in_hour.devices + excluded.devices`,
			dbTime(hour), first[hour]).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckIns implements inventory.Storage.
func (s *Store) CheckIns(ctx context.Context, scope inventory.Scope, since time.Time) ([]inventory.CheckIns, error) {
	where, args := []string{"hour >= ?"}, []any{dbTime(since)}
	if len(scope.Sites) > 0 {
		where, args = append(where, "site_id IN ?"), append(args, scope.Sites)
	}
	if len(scope.Classes) > 0 {
		where, args = append(where, "class IN ?"), append(args, scope.Classes)
	}
	var rows []struct {
		Hour    dbTime `gorm:"column:hour"`
		Devices int    `gorm:"column:devices"`
	}
	err := s.reader.WithContext(ctx).Raw("SELECT hour, sum(devices) AS devices FROM check_in_hour WHERE "+strings.Join(where, " AND ")+
		" GROUP BY hour ORDER BY hour", args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read check-ins: %w", err)
	}
	out := make([]inventory.CheckIns, len(rows))
	for i, r := range rows {
		out[i] = inventory.CheckIns{Hour: r.Hour.time(), Devices: r.Devices}
	}
	return out, nil
}

// ForgetCheckIns implements inventory.Storage.
func (s *Store) ForgetCheckIns(ctx context.Context, before time.Time) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.Exec("DELETE FROM check_in_hour WHERE hour < ?", dbTime(before)).Error; err != nil {
			return fmt.Errorf("forget old check-ins: %w", err)
		}
		return nil
	})
}
