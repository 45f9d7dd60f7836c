package store

import (
	"context"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
)

type stationRow struct {
	ID            string `gorm:"column:id;primaryKey"`
	WardID        string `gorm:"column:ward_id"`
	Name          string `gorm:"column:name"`
	Secret        []byte `gorm:"column:secret"`
	Code          []byte `gorm:"column:code"`
	CodeExpiresAt dbTime `gorm:"column:code_expires_at"`
	CreatedAt     dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CreatedBy     string `gorm:"column:created_by"`
	PairedAt      dbTime `gorm:"column:paired_at"`
	SeenAt        dbTime `gorm:"column:seen_at"`
	EndedAt       dbTime `gorm:"column:ended_at"`
}

func (stationRow) TableName() string { return "station" }

func (r stationRow) station() auth.Station {
	return auth.Station{ID: auth.StationID(r.ID), Ward: device.PlaceID(r.WardID), Name: r.Name, CreatedAt: r.CreatedAt.time(),
		CreatedBy: r.CreatedBy, PairedAt: r.PairedAt.time(), SeenAt: r.SeenAt.time(), EndedAt: r.EndedAt.time()}
}

func subjectStation(id auth.StationID) string { return "station:" + string(id) }

// AddStation implements auth.Storage.
func (s *Store) AddStation(ctx context.Context, by audit.Actor, st auth.Station, code []byte, life time.Duration) error {
	return s.write(ctx, func(t *tx) error {
		row := stationRow{ID: string(st.ID), WardID: string(st.Ward), Name: st.Name, Code: code, CodeExpiresAt: dbTime(t.now.Add(life)),
			CreatedAt: dbTime(t.now), CreatedBy: st.CreatedBy}
		// No secret is NULL: of these there may be many.
		if err := t.Omit("Secret").Create(&row).Error; err != nil {
			return fmt.Errorf("add a station: %w", err)
		}
		t.record(audit.Event{Actor: by, Action: "station.created", Subject: subjectStation(st.ID), Detail: map[string]any{"name": st.Name, "ward": string(st.Ward)}})
		return nil
	})
}

// PutStationCode implements auth.Storage.
func (s *Store) PutStationCode(ctx context.Context, by audit.Actor, id auth.StationID, code []byte, life time.Duration) error {
	return s.changeStation(ctx, id, audit.Event{Actor: by, Action: "station.code_made"}, func(t *tx) map[string]any {
		return map[string]any{"code": code, "code_expires_at": dbTime(t.now.Add(life))}
	})
}

// EndStation implements auth.Storage.
func (s *Store) EndStation(ctx context.Context, by audit.Actor, id auth.StationID) error {
	return s.changeStation(ctx, id, audit.Event{Actor: by, Action: "station.ended"}, func(t *tx) map[string]any {
		return map[string]any{"code": nil, "code_expires_at": 0, "secret": nil, "ended_at": dbTime(t.now)}
	})
}

func (s *Store) changeStation(ctx context.Context, id auth.StationID, event audit.Event, values func(*tx) map[string]any) error {
	return s.write(ctx, func(t *tx) error {
		res := t.Model(&stationRow{}).Where("id = ? AND ended_at = 0", string(id)).Updates(values(t))
		if res.Error != nil {
			return fmt.Errorf("change station %s: %w", id, res.Error)
		}
		if res.RowsAffected == 0 {
			return auth.ErrNoSuch
		}
		event.Subject = subjectStation(id)
		t.record(event)
		return nil
	})
}

// PairStation implements auth.Storage.
func (s *Store) PairStation(ctx context.Context, by audit.Actor, code []byte, secret auth.Hash) (auth.Station, error) {
	var out auth.Station
	err := s.write(ctx, func(t *tx) error {
		var row stationRow
		err := t.Raw("SELECT * FROM station WHERE code = ? AND code_expires_at > ? AND ended_at = 0"+t.lockRows(), code, dbTime(t.now)).Scan(&row).Error
		if err != nil {
			return fmt.Errorf("find the station of a code: %w", err)
		}
		if row.ID == "" {
			return auth.ErrNoSuch
		}
		replaced := len(row.Secret) > 0
		row.PairedAt, row.SeenAt = dbTime(t.now), dbTime(t.now)
		err = t.Model(&stationRow{}).Where("id = ?", row.ID).Updates(map[string]any{"code": nil, "code_expires_at": 0, "secret": secret[:],
			"paired_at": row.PairedAt, "seen_at": row.SeenAt}).Error
		if err != nil {
			return fmt.Errorf("pair station %s: %w", row.ID, err)
		}
		out = row.station()
		t.record(audit.Event{Actor: by, Action: "station.paired", Subject: subjectStation(out.ID), Detail: map[string]any{"name": out.Name, "replaced": replaced}})
		return nil
	})
	return out, err
}

// StationByHash implements auth.Storage.
func (s *Store) StationByHash(ctx context.Context, secret auth.Hash, exact time.Duration) (auth.Station, time.Time, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return auth.Station{}, now, fmt.Errorf("find a station: %w", err)
	}
	var rows []stationRow
	if err := db.Limit(1).Find(&rows, "secret = ?", secret[:]).Error; err != nil {
		return auth.Station{}, now, fmt.Errorf("find a station: %w", err)
	}
	if len(rows) == 0 {
		return auth.Station{}, now, auth.ErrNoSuch
	}
	st := rows[0].station()
	if now.Sub(st.SeenAt) < exact {
		return st, now, nil
	}
	err = s.writer.WithContext(ctx).Model(&stationRow{}).Where("id = ?", rows[0].ID).Update("seen_at", dbTime(now)).Error
	if err != nil {
		return st, now, fmt.Errorf("note that station %s was heard of: %w", st.ID, err)
	}
	return st, now, nil
}

// Station implements auth.Storage.
func (s *Store) Station(ctx context.Context, id auth.StationID) (auth.Station, error) {
	var rows []stationRow
	if err := s.reader.WithContext(ctx).Find(&rows, "id = ?", string(id)).Error; err != nil {
		return auth.Station{}, fmt.Errorf("read station %s: %w", id, err)
	}
	if len(rows) == 0 {
		return auth.Station{}, auth.ErrNoSuch
	}
	return rows[0].station(), nil
}

// Stations implements auth.Storage.
func (s *Store) Stations(ctx context.Context) ([]auth.Station, error) {
	var rows []stationRow
	if err := s.reader.WithContext(ctx).Order("ward_id, name, id").Find(&rows, "ended_at = 0").Error; err != nil {
		return nil, fmt.Errorf("read the stations: %w", err)
	}
	out := make([]auth.Station, len(rows))
	for i, r := range rows {
		out[i] = r.station()
	}
	return out, nil
}
