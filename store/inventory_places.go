package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

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
