package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/inventory"
)

// FindDevices reads one page of devices, in three steps that each cost what the
// page costs and not what the fleet costs: which devices, by an index in the
// order asked for; on the first page, how many in all, by the indexes of the
// filters; and then everything about those few, set by set.
func (s *Store) FindDevices(ctx context.Context, q inventory.Search) (inventory.Found, error) {
	db := s.reader.WithContext(ctx)
	m, err := s.matching(db, q)
	if err != nil {
		return inventory.Found{}, err
	}
	var out inventory.Found
	if q.After == nil {
		if out.Total, err = s.countDevices(db, q, m); err != nil {
			return out, fmt.Errorf("count devices: %w", err)
		}
		if out.Total == 0 {
			return out, nil
		}
		m.few = out.Total <= fewDevices
	} else {
		m.few = q.After.Total <= fewDevices
	}
	rows, err := m.page(db, q)
	if err != nil {
		return out, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[len(rows)-1]
		out.Next = &inventory.ListPosition{Text: last.Text, Micros: last.Micros, ID: device.ID(last.ID)}
	}
	ids := make([]device.ID, len(rows))
	for i, r := range rows {
		ids[i] = device.ID(r.ID)
	}
	now, err := s.clock(db)
	if err != nil {
		return out, fmt.Errorf("find devices: %w", err)
	}
	out.Records, err = readRecords(db, ids, now)
	return out, err
}

// countDevices counts the matches exactly. Pumps of which the state is unknown are
// counted as all pumps without those of which it is known: an index finds the
// known ones, and none can find the others.
func (s *Store) countDevices(db *gorm.DB, q inventory.Search, m *matching) (int, error) {
	var total int
	if q.Therapy == nil || !q.Therapy.Except {
		return total, db.Raw(m.count(), m.args...).Scan(&total).Error
	}
	known := *q.Therapy
	known.Except = false
	q.Therapy = nil
	all, err := s.matching(db, q)
	if err != nil {
		return 0, err
	}
	all.pumps()
	if err := db.Raw(all.count(), all.args...).Scan(&total).Error; err != nil {
		return 0, err
	}
	q.Therapy = &known
	without, err := s.matching(db, q)
	if err != nil {
		return 0, err
	}
	var n int
	err = db.Raw(without.count(), without.args...).Scan(&n).Error
	return total - n, err
}

// fewDevices is how many matches are gathered and sorted rather than met while
// walking along the order asked for: walking past everything that does not match
// is dear when little does.
const fewDevices = 5000
