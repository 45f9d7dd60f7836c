package store

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/device"
	"wardline/inventory"
)

var _ inventory.Storage = (*Store)(nil)

// CreateDevice implements inventory.Storage.
func (s *Store) CreateDevice(ctx context.Context, d device.Device, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.insertDevice(d); err != nil {
			return err
		}
		t.record(event)
		return nil
	})
}

// ChangeDevice implements inventory.Storage.
func (s *Store) ChangeDevice(ctx context.Context, id device.ID, decide func(inventory.Record) (*inventory.Decided, error)) (inventory.Record, error) {
	var out inventory.Record
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.lockDevice(id); err != nil {
			return err
		}
		before, err := readRecord(t.DB, id, t.now)
		if err != nil {
			return err
		}
		decided, err := decide(before)
		if err != nil {
			return err
		}
		out = before
		if decided == nil {
			return nil
		}
		if err := t.saveDevice(decided.Device); err != nil {
			return err
		}
		t.record(decided.Events...)
		if out, err = readRecord(t.DB, id, t.now); err != nil {
			return err
		}
		if e := out.Device.Enrollment; e != "" {
			// What is held for it may be free to go, now that its record changed.
			t.wakeUp(e)
		}
		return nil
	})
	return out, err
}

// RecordSanitisation implements inventory.Storage.
func (s *Store) RecordSanitisation(ctx context.Context, id device.ID, done inventory.Sanitisation, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		if _, err := t.lockDevice(id); err != nil {
			return err
		}
		steps := done.Steps
		if steps == nil {
			steps = []string{}
		}
		err := t.Exec("INSERT INTO device_sanitisation (id, device_id, at, actor, witness, method, steps) VALUES (?, ?, ?, ?, ?, ?, ?)",
			t.newID(), id, dbTime(done.At), done.Actor, done.Witness, done.Method, jsonText(steps)).Error
		if err != nil {
			return fmt.Errorf("record the sanitisation of device %s: %w", id, err)
		}
		t.record(event)
		return nil
	})
}

// RegisterDelivery implements inventory.Storage.
func (s *Store) RegisterDelivery(ctx context.Context, hash string, devices []device.Device, events []audit.Event) (int, error) {
	before := 0
	err := s.write(ctx, func(t *tx) error {
		before = 0
		// The row is written first: a second request with the same file waits for the
		// first one here and then finds it.
		res := t.Exec("INSERT INTO delivery_import (content_hash, at, actor, devices) VALUES (?, ?, ?, ?) ON CONFLICT (content_hash) DO NOTHING",
			hash, dbTime(t.now), events[len(events)-1].Actor.ID, len(devices))
		if res.Error != nil {
			return fmt.Errorf("take in a delivery: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return t.Raw("SELECT devices FROM delivery_import WHERE content_hash = ?", hash).Scan(&before).Error
		}
		for i := range devices {
			devices[i].CreatedAt, devices[i].UpdatedAt, devices[i].Version = t.now, t.now, 1
		}
		taken, err := taken(t.DB, devices)
		if err != nil {
			return err
		}
		if len(taken) > 0 {
			return inventory.CodeDeviceExists.New("%d devices of the delivery are registered already.", len(taken))
		}
		if err := t.insertDevices(devices); err != nil {
			return err
		}
		t.record(events...)
		return nil
	})
	return before, err
}

// Taken implements inventory.Storage.
func (s *Store) Taken(ctx context.Context, devices []device.Device) ([]inventory.Taken, error) {
	return taken(s.reader.WithContext(ctx), devices)
}

func taken(db *gorm.DB, devices []device.Device) ([]inventory.Taken, error) {
	var out []inventory.Taken
	for start := 0; start < len(devices); start += idsPerSelect {
		chunk := devices[start:min(start+idsPerSelect, len(devices))]
		var serials, tags []string
		for _, d := range chunk {
			serials = append(serials, inventory.Normal(d.Serial))
			if d.AssetTag != "" {
				tags = append(tags, inventory.Normal(d.AssetTag))
			}
		}
		bySerial, err := idsBy(db, "serial_norm || ' ' || model_id", "serial_norm", serials)
		if err != nil {
			return nil, err
		}
		byTag, err := idsBy(db, "asset_tag_norm", "asset_tag_norm", tags)
		if err != nil {
			return nil, err
		}
		for i, d := range chunk {
			if id, ok := bySerial[inventory.Normal(d.Serial)+" "+string(d.Model)]; ok {
				out = append(out, inventory.Taken{Index: start + i, By: id})
			} else if id, ok := byTag[inventory.Normal(d.AssetTag)]; ok && d.AssetTag != "" {
				out = append(out, inventory.Taken{Index: start + i, By: id, AssetTag: true})
			}
		}
	}
	return out, nil
}

func idsBy(db *gorm.DB, key, column string, values []string) (map[string]device.ID, error) {
	out := map[string]device.ID{}
	if len(values) == 0 {
		return out, nil
	}
	var rows []struct {
		Key string `gorm:"column:k"`
		ID  string `gorm:"column:id"`
	}
	if err := db.Raw("SELECT "+key+" AS k, id FROM device WHERE "+column+" IN ?", values).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("look for devices that are registered already: %w", err)
	}
	for _, r := range rows {
		out[r.Key] = device.ID(r.ID)
	}
	return out, nil
}

// Note implements inventory.Storage.
func (s *Store) Note(ctx context.Context, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		t.record(event)
		return nil
	})
}

func readFacts(db *gorm.DB, id device.ID) (inventory.Facts, error) {
	var text string
	if err := db.Raw("SELECT inventory FROM device_report WHERE device_id = ?", id).Scan(&text).Error; err != nil {
		return inventory.Facts{}, fmt.Errorf("read the facts of device %s: %w", id, err)
	}
	var f inventory.Facts
	if text == "" || json.Unmarshal([]byte(text), &f) != nil {
		return inventory.Facts{}, nil
	}
	return f, nil
}
