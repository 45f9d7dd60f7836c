package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/inventory"
)

// Device reads one device with all that is stored about it.
func (s *Store) Device(ctx context.Context, id device.ID) (inventory.Record, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return inventory.Record{}, fmt.Errorf("read device %s: %w", id, err)
	}
	return readRecord(db, id, now)
}

func readRecord(db *gorm.DB, id device.ID, now time.Time) (inventory.Record, error) {
	records, err := readRecords(db, []device.ID{id}, now)
	if err != nil {
		return inventory.Record{}, err
	}
	if len(records) == 0 {
		return inventory.Record{}, noDevice(id)
	}
	r := records[0]
	r.Facts, err = readFacts(db, id)
	return r, err
}

// readRecords reads devices with what hangs on them, in the order of ids.
func readRecords(db *gorm.DB, ids []device.ID, now time.Time) ([]inventory.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := readDevices(db, ids)
	if err != nil {
		return nil, err
	}
	models, err := modelsOf(db, rows)
	if err != nil {
		return nil, err
	}
	certificates, err := certificatesOf(db, ids, now)
	if err != nil {
		return nil, err
	}
	sanitised, err := sanitisedAt(db, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[device.ID]inventory.Record, len(rows))
	for _, r := range rows {
		d := r.device()
		held := certificates[d.ID]
		byID[d.ID] = inventory.Record{Device: d, Model: models[d.Model], CareArea: r.careArea,
			SeenPlace: device.PlaceID(r.report.SeenPlaceID), SanitisedAt: sanitised[d.ID],
			Certificate: held.current(d.Enrollment), LiveCertificates: held.live}
	}
	out := make([]inventory.Record, 0, len(ids))
	for _, id := range ids {
		if r, ok := byID[id]; ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func modelsOf(db *gorm.DB, rows []deviceRow) (map[device.ModelID]device.Model, error) {
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.record.ModelID)
	}
	var found []modelRow
	if err := db.Where("id IN ?", ids).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("read models: %w", err)
	}
	out := make(map[device.ModelID]device.Model, len(found))
	for _, r := range found {
		m, err := r.model()
		if err != nil {
			return nil, err
		}
		out[m.ID] = m
	}
	return out, nil
}

// deviceCertificates are the certificates of one device.
type deviceCertificates struct {
	newest map[device.EnrollmentID]inventory.Certificate
	live   int
}

// current is the newest certificate of the enrollment, or of any when the device
// has no enrollment.
func (c deviceCertificates) current(e device.EnrollmentID) *inventory.Certificate {
	if found, ok := c.newest[e]; ok {
		return &found
	}
	return nil
}

type heldCertificate struct {
	DeviceID     string `gorm:"column:device_id"`
	EnrollmentID string `gorm:"column:enrollment_id"`
	Fingerprint  string `gorm:"column:fingerprint"`
	NotAfter     dbTime `gorm:"column:not_after"`
	SupersededAt dbTime `gorm:"column:superseded_at"`
	Revocation   string `gorm:"column:revocation"`
}

func certificatesOf(db *gorm.DB, ids []device.ID, now time.Time) (map[device.ID]deviceCertificates, error) {
	var rows []heldCertificate
	err := db.Raw(`SELECT device_id, enrollment_id, fingerprint, not_after, superseded_at, revocation
		FROM certificate WHERE device_id IN ? AND fingerprint <> '' ORDER BY recorded_at, serial`, ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the certificates of devices: %w", err)
	}
	out := map[device.ID]deviceCertificates{}
	for _, r := range rows {
		c := out[device.ID(r.DeviceID)]
		if c.newest == nil {
			c.newest = map[device.EnrollmentID]inventory.Certificate{}
		}
		status := r.status(now)
		if status != "revoked" && status != "expired" {
			c.live++
		}
		c.newest[device.EnrollmentID(r.EnrollmentID)] = inventory.Certificate{
			Fingerprint: device.Fingerprint(r.Fingerprint), NotAfter: r.NotAfter.time(), Status: status}
		out[device.ID(r.DeviceID)] = c
	}
	return out, nil
}

func (r heldCertificate) status(now time.Time) string {
	switch {
	case r.Revocation == "revoked":
		return "revoked"
	case !now.Before(r.NotAfter.time()):
		return "expired"
	case r.Revocation != "":
		return "contained"
	case !r.SupersededAt.time().IsZero():
		return "superseded"
	}
	return "active"
}

func sanitisedAt(db *gorm.DB, ids []device.ID) (map[device.ID]time.Time, error) {
	var rows []struct {
		DeviceID string `gorm:"column:device_id"`
		At       dbTime `gorm:"column:at"`
	}
	err := db.Raw("SELECT device_id, max(at) AS at FROM device_sanitisation WHERE device_id IN ? GROUP BY device_id", ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read sanitisation records: %w", err)
	}
	out := map[device.ID]time.Time{}
	for _, r := range rows {
		out[device.ID(r.DeviceID)] = r.At.time()
	}
	return out, nil
}
