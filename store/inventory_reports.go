package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm/clause"

	"wardline/device"
	"wardline/inventory"
)

// SaveReports implements inventory.Storage: one transaction and a fixed number of
// statements for up to 500 devices. Devices that are not known are left out.
func (s *Store) SaveReports(ctx context.Context, heard []inventory.Heard, keep func(inventory.Known, inventory.Heard) inventory.Kept) error {
	if len(heard) == 0 {
		return nil
	}
	return s.write(ctx, func(t *tx) error {
		b := &reportBatch{tx: t, heard: heard, keep: keep}
		for _, step := range []func() error{b.readDevices, b.markPumps, b.readReports, b.readWards, b.judge, b.writeReports,
			b.countCheckIns, b.writeSightings, b.writeFixes, b.writeChanges, b.writeConfigVersions, b.wakeMoved} {
			if err := step(); err != nil {
				return fmt.Errorf("save the reports of %d devices: %w", len(heard), err)
			}
		}
		return nil
	})
}

// reportBatch is one run of SaveReports.
type reportBatch struct {
	*tx
	heard []inventory.Heard
	keep  func(inventory.Known, inventory.Heard) inventory.Kept

	ids     []device.ID
	devices map[device.ID]device.Device
	before  map[device.ID]reportRow
	wards   map[string]device.PlaceID
	kept    []keptReport
}

type keptReport struct {
	inventory.Kept
	id     device.ID
	before reportRow
	row    reportRow
	hours  []time.Time
}

func (b *reportBatch) readDevices() error {
	for _, h := range b.heard {
		b.ids = append(b.ids, h.Device)
	}
	slices.Sort(b.ids)
	b.ids = slices.Compact(b.ids)
	var records []deviceRecord
	if err := b.Where("id IN ?", b.ids).Find(&records).Error; err != nil {
		return err
	}
	var lost []holdRow
	if err := b.Where("device_id IN ? AND kind = ?", b.ids, device.HoldLost).Find(&lost).Error; err != nil {
		return err
	}
	b.devices = make(map[device.ID]device.Device, len(records))
	for _, r := range records {
		b.devices[device.ID(r.ID)] = r.device()
	}
	for _, h := range lost {
		if d, ok := b.devices[device.ID(h.DeviceID)]; ok {
			d.Holds = append(d.Holds, h.hold())
			b.devices[d.ID] = d
		}
	}
	return nil
}

// markPumps remembers, for good, which devices ever reported a therapy state. It
// comes before the reports are locked: the device row is always the first lock.
func (b *reportBatch) markPumps() error {
	var pumps []device.ID
	for _, h := range b.heard {
		d, ok := b.devices[h.Device]
		if ok && !d.EverReportedTherapy && (h.Report.Therapy.Valid() || len(h.Changes) > 0) {
			pumps = append(pumps, d.ID)
		}
	}
	if len(pumps) == 0 {
		return nil
	}
	slices.Sort(pumps)
	return b.Exec("UPDATE device SET ever_reported_therapy = ? WHERE id IN ?", true, pumps).Error
}

func (b *reportBatch) readReports() error {
	rows := []reportRow{}
	sql := `SELECT device_id, received_at, therapy, therapy_age_us, therapy_at, battery_percent, charging, ssid, bssid, rssi_dbm, ip,
		storage_encrypted, passcode_set, location, seen_place_id, software_version, firmware_version, os_version, agent_version,
		clock_offset_us, config_versions, locked, lost_mode FROM device_report WHERE device_id IN ? ORDER BY device_id` + b.lockRows()
	if err := b.Raw(sql, b.ids).Scan(&rows).Error; err != nil {
		return err
	}
	b.before = make(map[device.ID]reportRow, len(rows))
	for _, r := range rows {
		b.before[device.ID(r.DeviceID)] = r
	}
	return nil
}

func (b *reportBatch) readWards() error {
	var bssids []string
	for _, h := range b.heard {
		if h.Report.BSSID != "" {
			bssids = append(bssids, h.Report.BSSID)
		}
	}
	b.wards = map[string]device.PlaceID{}
	if len(bssids) == 0 {
		return nil
	}
	slices.Sort(bssids)
	var points []accessPointRow
	if err := b.Where("bssid IN ?", slices.Compact(bssids)).Find(&points).Error; err != nil {
		return err
	}
	for _, p := range points {
		b.wards[p.BSSID] = device.PlaceID(p.PlaceID)
	}
	return nil
}

func (b *reportBatch) judge() error {
	for _, h := range b.heard {
		d, ok := b.devices[h.Device]
		if !ok {
			continue
		}
		before := b.before[h.Device]
		d.Report = before.report()
		kept := b.keep(inventory.Known{Device: d, Ward: b.wards[h.Report.BSSID], SeenPlace: device.PlaceID(before.SeenPlaceID), Now: b.now}, h)
		if kept.Stale {
			continue
		}
		row := reportRowOf(h.Device, kept.Report)
		row.SeenPlaceID = string(kept.SeenPlace)
		b.kept = append(b.kept, keptReport{Kept: kept, id: h.Device, before: before, row: row, hours: h.NewHours(before.ReceivedAt.time())})
	}
	return nil
}

// reportColumns are what a poll writes; versions and facts come with the
// inventory and are not touched.
var reportColumns = []string{"received_at", "therapy", "therapy_age_us", "therapy_at", "battery_percent", "charging", "ssid", "bssid",
	"rssi_dbm", "ip", "storage_encrypted", "passcode_set", "location", "seen_place_id", "clock_offset_us", "config_versions", "locked", "lost_mode"}

func (b *reportBatch) writeReports() error {
	if len(b.kept) == 0 {
		return nil
	}
	rows := make([]reportRow, len(b.kept))
	for i, k := range b.kept {
		rows[i] = k.row
	}
	slices.SortFunc(rows, func(a, c reportRow) int {
		if a.DeviceID < c.DeviceID {
			return -1
		}
		return 1
	})
	return b.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "device_id"}}, DoUpdates: clause.AssignmentColumns(reportColumns)}).Create(&rows).Error
}

// A stay in a ward is written down anew at most this often while it lasts.
const sightingBeat = 5 * time.Minute

func (b *reportBatch) writeSightings() error {
	var moved, staying []keptReport
	for _, k := range b.kept {
		if !k.Sighting {
			continue
		}
		at, before := k.Report.ReceivedAt, k.before.ReceivedAt.time()
		switch {
		case k.before.SeenPlaceID != string(k.SeenPlace):
			moved = append(moved, k)
		case !at.Truncate(sightingBeat).Equal(before.Truncate(sightingBeat)):
			staying = append(staying, k)
		}
	}
	var rows []sightingRow
	for _, k := range moved {
		at := dbTime(k.Report.ReceivedAt)
		rows = append(rows, sightingRow{b.newID(), string(k.id), string(k.SeenPlace), at, at})
	}
	if len(staying) > 0 {
		ids := make([]device.ID, len(staying))
		for i, k := range staying {
			ids[i] = k.id
		}
		// One time for the whole batch: they were heard within seconds.
		err := b.Exec(`UPDATE device_sighting SET last_at = ? WHERE id IN (SELECT (SELECT s.id FROM device_sighting s WHERE s.device_id = d.id
			ORDER BY s.first_at DESC, s.id DESC LIMIT 1) FROM device d WHERE d.id IN ?)`, dbTime(staying[0].Report.ReceivedAt), ids).Error
		if err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return b.Create(&rows).Error
}

// wakeMoved: a pump that is heard in another place may be free for what is held
// for it. Its own poll has looked already, while it was still on record as being
// where it was before.
func (b *reportBatch) wakeMoved() error {
	for _, k := range b.kept {
		d := b.devices[k.id]
		if k.before.SeenPlaceID != string(k.SeenPlace) && d.Enrollment != "" && (d.Class.IsPump() || d.EverReportedTherapy) {
			b.wakeUp(d.Enrollment)
		}
	}
	return nil
}

func (b *reportBatch) writeFixes() error {
	for _, k := range b.kept { // only what is lost has fixes: a handful
		if !k.Fix {
			continue
		}
		fix := k.Report.Location
		err := b.Exec("INSERT INTO device_fix (id, device_id, at, latitude, longitude, accuracy_m) VALUES (?, ?, ?, ?, ?, ?)",
			b.newID(), k.id, dbTime(fix.At), fix.Latitude, fix.Longitude, fix.AccuracyM).Error
		if err != nil {
			return err
		}
	}
	return nil
}

type changeRow struct {
	ID       string `gorm:"column:id;primaryKey"`
	DeviceID string `gorm:"column:device_id"`
	At       dbTime `gorm:"column:at"`
	What     string `gorm:"column:what"`
	Was      string `gorm:"column:was"`
	Became   string `gorm:"column:became"`
}

func (changeRow) TableName() string { return "device_change" }

func (b *reportBatch) writeChanges() error {
	var rows []changeRow
	for _, k := range b.kept {
		rows = append(rows, b.changeRows(k.id, k.Changes)...)
	}
	if len(rows) == 0 {
		return nil
	}
	return b.CreateInBatches(&rows, idsPerSelect).Error
}

func (t *tx) changeRows(id device.ID, changes []inventory.Change) []changeRow {
	rows := make([]changeRow, len(changes))
	for i, c := range changes {
		rows[i] = changeRow{ID: t.newID(), DeviceID: string(id), At: dbTime(c.At), What: string(c.What), Was: c.Was, Became: c.Became}
	}
	return rows
}

func (b *reportBatch) writeConfigVersions() error {
	reported := map[device.ID]map[string]string{}
	for _, k := range b.kept {
		if !maps.Equal(k.before.report().ConfigVersions, k.Report.ConfigVersions) {
			reported[k.id] = k.Report.ConfigVersions
		}
	}
	return b.configurationReported(reported)
}

// ForgetLocations implements inventory.Storage.
func (s *Store) ForgetLocations(ctx context.Context, wards, coordinates time.Time, limit int) (int, error) {
	forgotten := 0
	err := s.write(ctx, func(t *tx) error {
		forgotten = 0
		notLost := "device_id NOT IN (SELECT device_id FROM device_hold WHERE kind = 'lost')"
		for _, step := range []struct {
			sql  string
			args []any
		}{
			{"DELETE FROM device_sighting WHERE id IN (SELECT id FROM device_sighting WHERE last_at < ? LIMIT ?)", []any{dbTime(wards), limit}},
			// A stay that lasts is known from its 30th day back, not from its first.
			{"UPDATE device_sighting SET first_at = ? WHERE id IN (SELECT id FROM device_sighting WHERE first_at < ? LIMIT ?)", []any{dbTime(wards), dbTime(wards), limit}},
			{"DELETE FROM device_fix WHERE id IN (SELECT id FROM device_fix WHERE at < ? AND " + notLost + " LIMIT ?)", []any{dbTime(coordinates), limit}},
		} {
			res := t.Exec(step.sql, step.args...)
			if res.Error != nil {
				return fmt.Errorf("forget old locations: %w", res.Error)
			}
			forgotten = max(forgotten, int(res.RowsAffected))
		}
		n, err := t.forgetLastLocations(wards, coordinates, limit)
		forgotten = max(forgotten, n)
		return err
	})
	return forgotten, err
}

// forgetLastLocations takes the same old locations out of the devices' last
// reports.
func (t *tx) forgetLastLocations(wards, coordinates time.Time, limit int) (int, error) {
	var rows []reportRow
	err := t.Raw(`SELECT device_id, location FROM device_report WHERE location <> '' AND received_at < ?
		OR (location LIKE '%"Source":"coordinates"%' AND device_id NOT IN (SELECT device_id FROM device_hold WHERE kind = 'lost')) LIMIT ?`, dbTime(wards), limit).
		Scan(&rows).Error
	if err != nil {
		return 0, fmt.Errorf("look for old last locations: %w", err)
	}
	var old []string
	for _, r := range rows {
		var fix device.LocationFix
		if json.Unmarshal([]byte(r.Location), &fix) != nil || fix.At.Before(wards) ||
			fix.Source == device.LocationCoordinates && fix.At.Before(coordinates) {
			old = append(old, r.DeviceID)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	err = t.Exec("UPDATE device_report SET location = '', seen_place_id = '', bssid = '', ssid = '', ip = '' WHERE device_id IN ?", old).Error
	if err != nil {
		return 0, fmt.Errorf("forget old last locations: %w", err)
	}
	return len(old), nil
}
