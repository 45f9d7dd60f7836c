package store

import (
	"context"
	"fmt"

	"wardline/audit"
	"wardline/device"
	"wardline/inventory"
)

// Models implements inventory.Storage.
func (s *Store) Models(ctx context.Context) ([]device.Model, error) {
	var rows []modelRow
	if err := s.reader.WithContext(ctx).Order("name_norm, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read models: %w", err)
	}
	out := make([]device.Model, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.model(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Model implements inventory.Storage.
func (s *Store) Model(ctx context.Context, id device.ModelID) (device.Model, error) {
	return readModel(s.reader.WithContext(ctx), id)
}

// CreateModel implements inventory.Storage.
func (s *Store) CreateModel(ctx context.Context, m device.Model, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.refuseSameModel(m); err != nil {
			return err
		}
		t.record(event)
		return t.insertModel(m)
	})
}

func (t *tx) insertModel(m device.Model) error {
	row := modelRowOf(m)
	row.CreatedAt, row.UpdatedAt, row.Version = dbTime(t.now), dbTime(t.now), max(m.Version, 1)
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("insert model %s: %w", m.ID, err)
	}
	return nil
}

func (t *tx) refuseSameModel(m device.Model) error {
	var n int64
	err := t.Model(&modelRow{}).Where("name_norm = ? AND id <> ?", modelRowOf(m).NameNorm, m.ID).Count(&n).Error
	if err != nil {
		return fmt.Errorf("look for model %s %s: %w", m.Maker, m.Name, err)
	}
	if n > 0 {
		return inventory.CodeModelExists.New("The model %s %s is known already.", m.Maker, m.Name).WithField("name", "is taken")
	}
	return nil
}

// ChangeModel implements inventory.Storage.
func (s *Store) ChangeModel(ctx context.Context, id device.ModelID, decide func(device.Model, int) (device.Model, audit.Event, error)) (device.Model, error) {
	var out device.Model
	err := s.write(ctx, func(t *tx) error {
		if err := t.Exec("SELECT id FROM model WHERE id = ?"+t.lockRows(), id).Error; err != nil {
			return fmt.Errorf("lock model %s: %w", id, err)
		}
		before, err := t.loadModel(id)
		if err != nil {
			return err
		}
		var enrolled int64
		if err := t.Model(&deviceRecord{}).Where("model_id = ? AND enrollment_id <> ''", id).Count(&enrolled).Error; err != nil {
			return fmt.Errorf("count the devices of model %s: %w", id, err)
		}
		after, event, err := decide(before, int(enrolled))
		if err != nil {
			return err
		}
		if err := t.refuseSameModel(after); err != nil {
			return err
		}
		after.ID, after.Version = before.ID, before.Version+1
		row := modelRowOf(after)
		row.UpdatedAt = dbTime(t.now)
		if err := t.Model(&modelRow{}).Where("id = ?", id).Select("*").Omit("id", "created_at").Updates(&row).Error; err != nil {
			return fmt.Errorf("save model %s: %w", id, err)
		}
		t.record(event)
		out = after
		return nil
	})
	return out, err
}
