package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/device"
	"wardline/shift"
)

var _ shift.Storage = (*Store)(nil)

type handheldUseRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	DeviceID     string `gorm:"column:device_id"`
	WardID       string `gorm:"column:ward_id"`
	AccountID    string `gorm:"column:account_id"`
	Username     string `gorm:"column:username"`
	Name         string `gorm:"column:name"`
	Via          string `gorm:"column:via"`
	TakenAt      dbTime `gorm:"column:taken_at"`
	DueAt        dbTime `gorm:"column:due_at"`
	EndedAt      dbTime `gorm:"column:ended_at"`
	Ending       string `gorm:"column:ending"`
	RemindedAt   dbTime `gorm:"column:reminded_at"`
	LockedAt     dbTime `gorm:"column:locked_at"`
	ReleasedAt   dbTime `gorm:"column:released_at"`
	ClearAskedAt dbTime `gorm:"column:clear_asked_at"`
	ClearedAt    dbTime `gorm:"column:cleared_at"`
	DisputedAt   dbTime `gorm:"column:disputed_at"`
	Note         string `gorm:"column:note"`
	NextAt       dbTime `gorm:"column:next_at"`
}

func (handheldUseRow) TableName() string { return "handheld_use" }

func handheldUseRowOf(u shift.Use) handheldUseRow {
	return handheldUseRow{ID: string(u.ID), DeviceID: string(u.Device), WardID: string(u.Ward), AccountID: u.Holder.Account,
		Username: u.Holder.Username, Name: u.Holder.Name, Via: u.Via, TakenAt: dbTime(u.TakenAt), DueAt: dbTime(u.DueAt), EndedAt: dbTime(u.EndedAt),
		Ending: string(u.Ending), RemindedAt: dbTime(u.RemindedAt), LockedAt: dbTime(u.LockedAt), ReleasedAt: dbTime(u.ReleasedAt),
		ClearAskedAt: dbTime(u.ClearAskedAt), ClearedAt: dbTime(u.ClearedAt), DisputedAt: dbTime(u.DisputedAt), Note: u.Note, NextAt: dbTime(u.NextAt)}
}

func (r handheldUseRow) use() shift.Use {
	return shift.Use{ID: shift.UseID(r.ID), Device: device.ID(r.DeviceID), Ward: device.PlaceID(r.WardID),
		Holder: shift.Holder{Account: r.AccountID, Username: r.Username, Name: r.Name}, Via: r.Via, TakenAt: r.TakenAt.time(), DueAt: r.DueAt.time(),
		EndedAt: r.EndedAt.time(), Ending: shift.Ending(r.Ending), RemindedAt: r.RemindedAt.time(), LockedAt: r.LockedAt.time(),
		ReleasedAt: r.ReleasedAt.time(), ClearAskedAt: r.ClearAskedAt.time(), ClearedAt: r.ClearedAt.time(), DisputedAt: r.DisputedAt.time(),
		Note: r.Note, NextAt: r.NextAt.time()}
}

func usesOf(rows []handheldUseRow) []shift.Use {
	out := make([]shift.Use, len(rows))
	for i, r := range rows {
		out[i] = r.use()
	}
	return out
}

// ChangeHandheld implements shift.Storage.
func (s *Store) ChangeHandheld(ctx context.Context, id device.ID, account string, rule func(shift.Standing) (shift.Decision, error)) error {
	return s.write(ctx, func(t *tx) error { return t.changeHandheld(id, account, "", rule) })
}

// ChangeHandheldUse implements shift.Storage.
func (s *Store) ChangeHandheldUse(ctx context.Context, id shift.UseID, rule func(shift.Standing) (shift.Decision, error)) error {
	return s.write(ctx, func(t *tx) error {
		var row handheldUseRow
		if err := t.Take(&row, "id = ?", string(id)).Error; err != nil {
			if notFound(err) {
				return nil
			}
			return fmt.Errorf("read use %s: %w", id, err)
		}
		return t.changeHandheld(device.ID(row.DeviceID), row.AccountID, id, rule)
	})
}

// changeHandheld is under the lock of the device: of two who take it, the second
// sees the first.
func (t *tx) changeHandheld(id device.ID, account string, about shift.UseID, rule func(shift.Standing) (shift.Decision, error)) error {
	row, err := t.lockDevice(id)
	if err != nil {
		return err
	}
	st := shift.Standing{Now: t.now, Device: row.device()}
	if st.Settings, err = shiftSettings(t.DB); err != nil {
		return err
	}
	var uses []handheldUseRow
	if err := t.Find(&uses, "(device_id = ? AND ended_at = 0) OR id = ?", string(id), string(about)).Error; err != nil {
		return fmt.Errorf("read who has handheld %s: %w", id, err)
	}
	for _, r := range uses {
		u := r.use()
		if u.Open() {
			st.Open = &u
		}
		if u.ID == about {
			again := u
			st.Use = &again
		}
	}
	if about != "" && st.Use == nil {
		return nil
	}
	if err := t.countHandhelds(&st, id, account); err != nil {
		return err
	}
	d, err := rule(st)
	if err != nil {
		return err
	}
	return t.keepHandheld(id, d)
}

// countHandhelds reads what the rules are held against.
func (t *tx) countHandhelds(st *shift.Standing, id device.ID, account string) error {
	var n struct {
		Held      int `gorm:"column:held"`
		Taken     int `gorm:"column:taken"`
		ClearHour int `gorm:"column:clear_hour"`
		ClearDay  int `gorm:"column:clear_day"`
	}
	hour, day := dbTime(t.now.Add(-time.Hour)), dbTime(t.now.Add(-24*time.Hour))
	err := t.Raw(`SELECT (SELECT count(*) FROM handheld_use WHERE account_id = ? AND ended_at = 0 AND device_id <> ?) AS held,
		(SELECT count(*) FROM handheld_use WHERE account_id = ? AND taken_at > ?) AS taken,
		(SELECT count(*) FROM handheld_use WHERE clear_asked_at > ? AND clear_asked_at > 0) AS clear_hour,
		(SELECT count(*) FROM handheld_use WHERE clear_asked_at > ? AND clear_asked_at > 0) AS clear_day`,
		account, string(id), account, day, hour, day).Scan(&n).Error
	if err != nil {
		return fmt.Errorf("count handhelds: %w", err)
	}
	st.Held, st.Taken, st.ClearsHour, st.ClearsDay = n.Held, n.Taken, n.ClearHour, n.ClearDay
	return nil
}

func (t *tx) keepHandheld(id device.ID, d shift.Decision) error {
	for _, u := range []*shift.Use{d.Ended, d.Kept} {
		if u == nil {
			continue
		}
		row := handheldUseRowOf(*u)
		if err := t.Save(&row).Error; err != nil {
			return fmt.Errorf("keep use %s: %w", u.ID, err)
		}
	}
	if d.Begun != nil {
		row := handheldUseRowOf(*d.Begun)
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("begin a use of handheld %s: %w", id, err)
		}
	}
	if d.Custody != nil {
		// Its version stays: somebody who edits the record meanwhile is not in the way.
		err := t.Model(&deviceRecord{}).Where("id = ?", string(id)).
			Updates(map[string]any{"custody_kind": string(d.Custody.Kind), "custody_which": d.Custody.Which, "updated_at": dbTime(t.now)}).Error
		if err != nil {
			return fmt.Errorf("note who has handheld %s: %w", id, err)
		}
	}
	t.record(d.Events...)
	return nil
}

// Uses implements shift.Storage.
func (s *Store) Uses(ctx context.Context, q shift.Query) ([]shift.Use, error) {
	db := s.reader.WithContext(ctx)
	if len(q.Wards) > 0 {
		db = db.Where("ward_id IN ?", q.Wards)
	}
	if q.Device != "" {
		db = db.Where("device_id = ?", string(q.Device))
	}
	if q.Account != "" {
		db = db.Where("account_id = ?", q.Account)
	}
	if q.Now {
		db = db.Where("(ended_at = 0 OR next_at > 0)")
	}
	if q.Limit == 0 {
		q.Limit = 1000
	}
	var rows []handheldUseRow
	if err := db.Order("taken_at DESC, id DESC").Limit(q.Limit).Find(&rows).Error; err != nil {
		return nil, err
	}
	return usesOf(rows), nil
}

// DueUses implements shift.Storage.
func (s *Store) DueUses(ctx context.Context, limit int, until time.Duration) ([]shift.Use, error) {
	now, err := s.clock(s.reader.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	var due []handheldUseRow
	if err := s.reader.WithContext(ctx).Order("next_at, id").Limit(limit).Find(&due, "next_at > 0 AND next_at <= ?", dbTime(now)).Error; err != nil || len(due) == 0 {
		return nil, err
	}
	var mine []handheldUseRow
	err = s.write(ctx, func(t *tx) error {
		mine = nil
		for _, r := range due {
			res := t.Model(&handheldUseRow{}).Where("id = ? AND next_at = ?", r.ID, r.NextAt).Update("next_at", dbTime(t.now.Add(until)))
			if res.Error != nil {
				return fmt.Errorf("hand out use %s: %w", r.ID, res.Error)
			}
			if res.RowsAffected == 1 {
				mine = append(mine, r)
			}
		}
		return nil
	})
	return usesOf(mine), err
}

// ForgetUses implements shift.Storage.
func (s *Store) ForgetUses(ctx context.Context, kept time.Duration) error {
	return s.write(ctx, func(t *tx) error {
		return t.Where("ended_at > 0 AND ended_at < ? AND next_at = 0", dbTime(t.now.Add(-kept))).Delete(&handheldUseRow{}).Error
	})
}

type handheldSettingsRow struct {
	ID            int    `gorm:"column:id;primaryKey"`
	ShiftMinutes  int    `gorm:"column:shift_minutes"`
	RemindMinutes int    `gorm:"column:remind_minutes"`
	GraceMinutes  int    `gorm:"column:grace_minutes"`
	Clear         bool   `gorm:"column:clear"`
	UpdatedAt     dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	UpdatedBy     string `gorm:"column:updated_by"`
}

func (handheldSettingsRow) TableName() string { return "handheld_settings" }

func shiftSettings(db *gorm.DB) (shift.Settings, error) {
	var rows []handheldSettingsRow
	if err := db.Find(&rows, "id = 1").Error; err != nil {
		return shift.Settings{}, fmt.Errorf("read the settings of shared handhelds: %w", err)
	}
	if len(rows) == 0 {
		return shift.Shipped(), nil
	}
	r := rows[0]
	return shift.Settings{Shift: time.Duration(r.ShiftMinutes) * time.Minute, Remind: time.Duration(r.RemindMinutes) * time.Minute,
		Grace: time.Duration(r.GraceMinutes) * time.Minute, Clear: r.Clear, UpdatedAt: r.UpdatedAt.time(), UpdatedBy: r.UpdatedBy}, nil
}

// ShiftSettings implements shift.Storage.
func (s *Store) ShiftSettings(ctx context.Context) (shift.Settings, error) {
	return shiftSettings(s.reader.WithContext(ctx))
}

// PutShiftSettings implements shift.Storage.
func (s *Store) PutShiftSettings(ctx context.Context, set shift.Settings, event func(shift.Settings) audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		was, err := shiftSettings(t.DB)
		if err != nil {
			return err
		}
		row := handheldSettingsRow{ID: 1, ShiftMinutes: int(set.Shift / time.Minute), RemindMinutes: int(set.Remind / time.Minute),
			GraceMinutes: int(set.Grace / time.Minute), Clear: set.Clear, UpdatedAt: dbTime(t.now), UpdatedBy: set.UpdatedBy}
		if err := t.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("keep the settings of shared handhelds: %w", err)
		}
		if err := t.Model(&handheldUseRow{}).Where("ended_at = 0").Update("next_at", dbTime(t.now)).Error; err != nil {
			return fmt.Errorf("have open uses looked at anew: %w", err)
		}
		t.record(event(was))
		return nil
	})
}
