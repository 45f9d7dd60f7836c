package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/inventory"
)

// Happenings implements inventory.Storage: three lists that are each in order by
// time, merged.
func (s *Store) Happenings(ctx context.Context, id device.ID, before inventory.Position, limit int) ([]inventory.Happening, error) {
	db := s.reader.WithContext(ctx)
	events, err := eventHappenings(db, id, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read the timeline of device %s: %w", id, err)
	}
	changes, err := changeHappenings(db, id, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read the timeline of device %s: %w", id, err)
	}
	sightings, err := sightingHappenings(db, id, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read the timeline of device %s: %w", id, err)
	}
	all := slices.Concat(events, changes, sightings)
	slices.SortFunc(all, func(a, b inventory.Happening) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		if a.ID > b.ID {
			return -1
		}
		return 1
	})
	return all[:min(limit, len(all))], nil
}

// beforePosition narrows to what lies strictly before a position; the zero
// position is the end of time.
func beforePosition(db *gorm.DB, column string, p inventory.Position) *gorm.DB {
	if p.At.IsZero() {
		return db
	}
	return db.Where("("+column+", id) < (?, ?)", dbTime(p.At), p.ID)
}

func eventHappenings(db *gorm.DB, id device.ID, before inventory.Position, limit int) ([]inventory.Happening, error) {
	var rows []auditEventRow
	err := beforePosition(db, "at", before).Select("id", "at", "body").Where("device_id = ? AND device_id <> ''", id).
		Order("at DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	events, err := parseEvents(rows)
	if err != nil {
		return nil, err
	}
	out := make([]inventory.Happening, len(events))
	for i, e := range events {
		out[i] = inventory.Happening{Position: inventory.Position{At: e.At, ID: e.ID}, Event: &e}
	}
	return out, nil
}

func changeHappenings(db *gorm.DB, id device.ID, before inventory.Position, limit int) ([]inventory.Happening, error) {
	var rows []changeRow
	err := beforePosition(db, "at", before).Where("device_id = ?", id).Order("at DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	out := make([]inventory.Happening, len(rows))
	for i, r := range rows {
		out[i] = inventory.Happening{Position: inventory.Position{At: r.At.time(), ID: r.ID},
			Change: &inventory.Change{What: inventory.What(r.What), Was: r.Was, Became: r.Became, At: r.At.time()}}
	}
	return out, nil
}

type sightingRow struct {
	ID       string `gorm:"column:id;primaryKey"`
	DeviceID string `gorm:"column:device_id"`
	PlaceID  string `gorm:"column:place_id"`
	FirstAt  dbTime `gorm:"column:first_at"`
	LastAt   dbTime `gorm:"column:last_at"`
}

func (sightingRow) TableName() string { return "device_sighting" }

func (r sightingRow) sighting() inventory.Sighting {
	return inventory.Sighting{Place: device.PlaceID(r.PlaceID), FirstAt: r.FirstAt.time(), LastAt: r.LastAt.time()}
}

func sightingHappenings(db *gorm.DB, id device.ID, before inventory.Position, limit int) ([]inventory.Happening, error) {
	var rows []sightingRow
	err := beforePosition(db, "first_at", before).Where("device_id = ?", id).Order("first_at DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	out := make([]inventory.Happening, len(rows))
	for i, r := range rows {
		seen := r.sighting()
		out[i] = inventory.Happening{Position: inventory.Position{At: seen.FirstAt, ID: r.ID}, Sighting: &seen}
	}
	return out, nil
}

// Sightings implements inventory.Storage.
func (s *Store) Sightings(ctx context.Context, id device.ID, since time.Time, limit int) ([]inventory.Sighting, error) {
	var rows []sightingRow
	err := s.reader.WithContext(ctx).Where("device_id = ? AND last_at >= ?", id, dbTime(since)).
		Order("first_at DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read where device %s was: %w", id, err)
	}
	out := make([]inventory.Sighting, len(rows))
	for i, r := range rows {
		out[i] = r.sighting()
	}
	return out, nil
}
