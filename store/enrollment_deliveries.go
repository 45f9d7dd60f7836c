package store

import (
	"context"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/inventory"
)

// CreateDelivery implements enroll.Store.
func (s *Store) CreateDelivery(ctx context.Context, actor audit.Actor, d enroll.Delivery) (enroll.Delivery, error) {
	packed := d.Packed
	err := s.write(ctx, func(t *tx) error {
		if d.Model != "" {
			var class []string
			if err := t.Raw("SELECT class FROM model WHERE id = ?", string(d.Model)).Scan(&class).Error; err != nil {
				return fmt.Errorf("read model %s: %w", d.Model, err)
			}
			if len(class) == 0 {
				return enroll.CodeModelUnknown.New("There is no such model.")
			}
			if class[0] != string(d.Class) {
				return enroll.CodeClassDiffers.New("The model is a %s.", device.Class(class[0]).Words())
			}
		}
		row := deliveryRow{ID: t.newID(), Name: d.Name, Class: string(d.Class), ModelID: string(d.Model), PlaceID: string(d.Place),
			CreatedAt: dbTime(t.now), CreatedBy: actor.ID}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("store delivery: %w", err)
		}
		lines := make([]packedRow, len(packed))
		for i, p := range packed {
			lines[i] = packedRow{DeliveryID: row.ID, SerialNorm: inventory.Normal(p.Serial), Serial: p.Serial}
		}
		if err := t.CreateInBatches(&lines, 500).Error; err != nil {
			return fmt.Errorf("store packing list: %w", err)
		}
		t.record(audit.Event{Actor: actor, Action: "delivery.registered", Subject: "delivery:" + row.ID,
			Detail: map[string]any{"name": row.Name, "class": row.Class, "model": row.ModelID, "serials": len(lines)}})
		d = row.delivery()
		d.Packed = packed
		return nil
	})
	return d, err
}

// OpenDelivery implements enroll.Store.
func (s *Store) OpenDelivery(ctx context.Context, actor audit.Actor, id enroll.DeliveryID, until time.Time) error {
	return s.write(ctx, func(t *tx) error {
		res := t.Model(&deliveryRow{}).Where("id = ?", string(id)).Update("open_until", dbTime(until))
		if res.Error != nil {
			return fmt.Errorf("open delivery %s: %w", id, res.Error)
		}
		if res.RowsAffected == 0 {
			return fault.CodeNotFound.New("There is no such delivery.")
		}
		e := audit.Event{Actor: actor, Action: "delivery.opened", Subject: "delivery:" + string(id), Detail: map[string]any{"until": until.UTC()}}
		if until.IsZero() {
			e.Action, e.Detail = "delivery.closed", nil
		}
		t.record(e)
		return nil
	})
}

// Delivery implements enroll.Store.
func (s *Store) Delivery(ctx context.Context, id enroll.DeliveryID) (enroll.Delivery, error) {
	db := s.reader.WithContext(ctx)
	row, found, err := one[deliveryRow](db.Where("id = ?", string(id)))
	if err != nil {
		return enroll.Delivery{}, err
	}
	if !found {
		return enroll.Delivery{}, fault.CodeNotFound.New("There is no such delivery.")
	}
	var lines []struct {
		Line        packedRow `gorm:"embedded"`
		DeviceID    string    `gorm:"column:device_id"`
		CompletedAt dbTime    `gorm:"column:completed_at"`
		EndedAt     dbTime    `gorm:"column:ended_at"`
	}
	err = db.Raw(`SELECT p.*, coalesce(e.device_id, '') AS device_id, coalesce(e.completed_at, 0) AS completed_at, coalesce(e.ended_at, 0) AS ended_at
		FROM packing_list p LEFT JOIN enrollment e ON e.id = p.enrollment_id WHERE p.delivery_id = ? ORDER BY p.serial_norm`, string(id)).Scan(&lines).Error
	if err != nil {
		return enroll.Delivery{}, fmt.Errorf("read packing list: %w", err)
	}
	d := row.delivery()
	d.Expected = len(lines)
	for _, l := range lines {
		p := l.Line.packed()
		p.Device, p.CompletedAt, p.EndedAt = device.ID(l.DeviceID), l.CompletedAt.time(), l.EndedAt.time()
		d.Packed = append(d.Packed, p)
		if p.Enrollment != "" {
			d.Enrolled++
		}
	}
	return d, nil
}

// Deliveries implements enroll.Store.
func (s *Store) Deliveries(ctx context.Context, after enroll.DeliveryID, limit int) ([]enroll.Delivery, error) {
	q := s.reader.WithContext(ctx).Order("id DESC").Limit(limit)
	if after != "" {
		q = q.Where("id < ?", string(after))
	}
	var rows []deliveryRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	packed, err := s.packedIn(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]enroll.Delivery, len(rows))
	for i, r := range rows {
		out[i] = r.delivery()
		out[i].Expected, out[i].Enrolled = packed[r.ID].Expected, packed[r.ID].Enrolled
	}
	return out, nil
}

// packedCount is how many lines a packing list has, and how many have enrolled.
type packedCount struct {
	DeliveryID         string
	Expected, Enrolled int
}

func (s *Store) packedIn(ctx context.Context, deliveries []string) (map[string]packedCount, error) {
	out := map[string]packedCount{}
	if len(deliveries) == 0 {
		return out, nil
	}
	var rows []packedCount
	err := s.reader.WithContext(ctx).Raw(`SELECT delivery_id, count(*) AS expected, count(CASE WHEN enrollment_id <> '' THEN 1 END) AS enrolled
		FROM packing_list WHERE delivery_id IN ? GROUP BY delivery_id`, deliveries).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count packing lists: %w", err)
	}
	for _, r := range rows {
		out[r.DeliveryID] = r
	}
	return out, nil
}
