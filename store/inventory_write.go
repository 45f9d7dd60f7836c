package store

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
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

type placeRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	ParentID  string `gorm:"column:parent_id"`
	Kind      string `gorm:"column:kind"`
	Name      string `gorm:"column:name"`
	NameNorm  string `gorm:"column:name_norm"`
	CareArea  bool   `gorm:"column:care_area"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UpdatedAt dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	Version   int    `gorm:"column:version"`
}

func (placeRow) TableName() string { return "place" }

func (r placeRow) place() device.Place {
	return device.Place{ID: device.PlaceID(r.ID), Parent: device.PlaceID(r.ParentID), Kind: device.PlaceKind(r.Kind), Name: r.Name, CareArea: r.CareArea}
}

// PlaceTree implements inventory.Storage.
func (s *Store) PlaceTree(ctx context.Context) ([]device.Place, error) {
	var rows []placeRow
	if err := s.reader.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	out := make([]device.Place, len(rows))
	for i, r := range rows {
		out[i] = r.place()
	}
	return out, nil
}

// Places implements inventory.Storage.
func (s *Store) Places(ctx context.Context) ([]inventory.PlaceRecord, error) {
	return readPlaces(s.reader.WithContext(ctx))
}

func readPlaces(db *gorm.DB) ([]inventory.PlaceRecord, error) {
	var rows []struct {
		// gorm does not look into an embedded type whose name is not exported.
		Place        placeRow `gorm:"embedded"`
		Devices      int      `gorm:"column:devices"`
		AccessPoints int      `gorm:"column:access_points"`
	}
	err := db.Raw(`SELECT p.*, coalesce(d.n, 0) AS devices, coalesce(a.n, 0) AS access_points FROM place p
		LEFT JOIN (SELECT place_id, count(*) AS n FROM device GROUP BY place_id) d ON d.place_id = p.id
		LEFT JOIN (SELECT place_id, count(*) AS n FROM access_point GROUP BY place_id) a ON a.place_id = p.id
		ORDER BY CASE p.kind WHEN 'site' THEN 0 WHEN 'building' THEN 1 WHEN 'floor' THEN 2 ELSE 3 END, p.name_norm, p.id`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	out := make([]inventory.PlaceRecord, len(rows))
	for i, r := range rows {
		out[i] = inventory.PlaceRecord{Place: r.Place.place(), Version: r.Place.Version, Devices: r.Devices, AccessPoints: r.AccessPoints}
	}
	return out, nil
}

// ChangePlace implements inventory.Storage.
func (s *Store) ChangePlace(ctx context.Context, id device.PlaceID, decide func([]inventory.PlaceRecord) (*device.Place, error), event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		// The tree is one thing: two changes of it at once could make a circle.
		if t.engine == Postgres {
			if err := t.Exec("LOCK TABLE place IN SHARE ROW EXCLUSIVE MODE").Error; err != nil {
				return fmt.Errorf("lock places: %w", err)
			}
		}
		all, err := readPlaces(t.DB)
		if err != nil {
			return err
		}
		p, err := decide(all)
		if err != nil {
			return err
		}
		t.record(event)
		if p == nil {
			return t.Where("id = ?", id).Delete(&placeRow{}).Error
		}
		row := placeRow{ID: string(p.ID), ParentID: string(p.Parent), Kind: string(p.Kind), Name: p.Name, NameNorm: inventory.Normal(p.Name),
			CareArea: p.CareArea, CreatedAt: dbTime(t.now), UpdatedAt: dbTime(t.now), Version: 1}
		err = t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Assignments(map[string]any{
			"parent_id": row.ParentID, "name": row.Name, "name_norm": row.NameNorm, "care_area": row.CareArea,
			"updated_at": row.UpdatedAt, "version": gorm.Expr("place.version + 1")})}).Create(&row).Error
		if err != nil {
			return fmt.Errorf("save place %s: %w", id, err)
		}
		return t.pendingBelow(p.ID)
	})
}

type accessPointRow struct {
	BSSID     string `gorm:"column:bssid;primaryKey"`
	Name      string `gorm:"column:name"`
	PlaceID   string `gorm:"column:place_id"`
	UpdatedAt dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (accessPointRow) TableName() string { return "access_point" }

// AccessPoints implements inventory.Storage.
func (s *Store) AccessPoints(ctx context.Context, place device.PlaceID, after string, limit int) ([]device.AccessPoint, error) {
	db := s.reader.WithContext(ctx).Where("bssid > ?", after).Order("bssid").Limit(limit)
	if place != "" {
		db = db.Where("place_id = ?", place)
	}
	var rows []accessPointRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read access points: %w", err)
	}
	out := make([]device.AccessPoint, len(rows))
	for i, r := range rows {
		out[i] = device.AccessPoint{BSSID: r.BSSID, Name: r.Name, Place: device.PlaceID(r.PlaceID)}
	}
	return out, nil
}

// PutAccessPoints implements inventory.Storage.
func (s *Store) PutAccessPoints(ctx context.Context, points []device.AccessPoint, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		rows := make([]accessPointRow, len(points))
		for i, p := range points {
			rows[i] = accessPointRow{BSSID: p.BSSID, Name: p.Name, PlaceID: string(p.Place), UpdatedAt: dbTime(t.now)}
		}
		err := t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "bssid"}},
			DoUpdates: clause.AssignmentColumns([]string{"name", "place_id", "updated_at"})}).CreateInBatches(&rows, idsPerSelect).Error
		if err != nil {
			return fmt.Errorf("save access points: %w", err)
		}
		t.record(event)
		return nil
	})
}

// DeleteAccessPoint implements inventory.Storage.
func (s *Store) DeleteAccessPoint(ctx context.Context, bssid string, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		res := t.Where("bssid = ?", bssid).Delete(&accessPointRow{})
		if res.Error != nil {
			return fmt.Errorf("delete access point %s: %w", bssid, res.Error)
		}
		if res.RowsAffected == 0 {
			return fault.CodeNotFound.New("There is no access point %s.", bssid)
		}
		t.record(event)
		return nil
	})
}

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
