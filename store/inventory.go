package store

import (
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

// What every owner of a decision about devices needs inside its transaction:
// lock a device, see all of it, add one, change its record.

// lockDevice locks the device's row until the commit and returns all that is
// known about the device. The device row is the first lock of a transaction;
// what hangs on it (commands, enrollments) is locked after it.
func (t *tx) lockDevice(id device.ID) (deviceRow, error) {
	rows, err := t.lockDevices([]device.ID{id})
	if err != nil {
		return deviceRow{}, err
	}
	if len(rows) == 0 {
		return deviceRow{}, noDevice(id)
	}
	return rows[0], nil
}

// lockDevices locks several devices, always in the order of their ids so that
// two transactions cannot wait for each other. Unknown ids are left out.
func (t *tx) lockDevices(ids []device.ID) ([]deviceRow, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for chunk := range slices.Chunk(ids, idsPerSelect) {
		var locked []string
		err := t.Raw("SELECT id FROM device WHERE id IN ? ORDER BY id"+t.lockRows(), chunk).Scan(&locked).Error
		if err != nil {
			return nil, fmt.Errorf("lock devices: %w", err)
		}
	}
	return readDevices(t.DB, ids)
}

// idsPerSelect keeps a statement under the engines' limits on bound values.
const idsPerSelect = 1000

// readDevices reads whole devices, without locking, in the order of their ids.
func readDevices(db *gorm.DB, ids []device.ID) ([]deviceRow, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	out := make([]deviceRow, 0, len(ids))
	for chunk := range slices.Chunk(ids, idsPerSelect) {
		rows, err := readDeviceChunk(db, chunk)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

func readDeviceChunk(db *gorm.DB, ids []device.ID) ([]deviceRow, error) {
	var records []deviceRecord
	if err := db.Where("id IN ?", ids).Order("id").Find(&records).Error; err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	out := make([]deviceRow, len(records))
	at := make(map[string]*deviceRow, len(records))
	for i, r := range records {
		out[i].record = r
		at[r.ID] = &out[i]
	}
	var reports []reportRow
	// The long list of a device's own facts is read only where it is shown.
	if err := db.Omit("inventory").Where("device_id IN ?", ids).Find(&reports).Error; err != nil {
		return nil, fmt.Errorf("read device reports: %w", err)
	}
	for _, r := range reports {
		at[r.DeviceID].report = r
	}
	var tags []tagRow
	if err := db.Where("device_id IN ?", ids).Order("device_id, tag").Find(&tags).Error; err != nil {
		return nil, fmt.Errorf("read device tags: %w", err)
	}
	for _, r := range tags {
		at[r.DeviceID].tags = append(at[r.DeviceID].tags, r.Tag)
	}
	var holds []holdRow
	if err := db.Where("device_id IN ?", ids).Order("device_id, since, kind").Find(&holds).Error; err != nil {
		return nil, fmt.Errorf("read device holds: %w", err)
	}
	for _, r := range holds {
		at[r.DeviceID].holds = append(at[r.DeviceID].holds, r.hold())
	}
	return out, markCareAreas(db, out)
}

// markCareAreas finds out which of the devices stand in a care area: by their
// record or by the access point that they last spoke through, whichever is
// stricter.
func markCareAreas(db *gorm.DB, rows []deviceRow) error {
	var places []string
	for _, r := range rows {
		places = append(places, r.record.PlaceID, r.report.SeenPlaceID)
	}
	slices.Sort(places)
	places = slices.Compact(places)
	var care []string
	if err := db.Raw("SELECT id FROM place WHERE care_area AND id IN ?", places).Scan(&care).Error; err != nil {
		return fmt.Errorf("read care areas: %w", err)
	}
	for i := range rows {
		rows[i].careArea = slices.Contains(care, rows[i].record.PlaceID) || slices.Contains(care, rows[i].report.SeenPlaceID)
	}
	return nil
}

// insertDevice adds a device with its tags, holds and report. CreatedAt,
// UpdatedAt and Version are set to the transaction's time and 1 when they are
// zero. A device with the same serial and model, or the same asset tag, is a
// fault.
func (t *tx) insertDevice(d device.Device) error {
	if d.CreatedAt.IsZero() {
		d.CreatedAt = t.now
	}
	if d.UpdatedAt.IsZero() {
		d.UpdatedAt = d.CreatedAt
	}
	d.Version = max(d.Version, 1)
	if err := t.refuseTaken(d); err != nil {
		return err
	}
	return t.insertDevices([]device.Device{d})
}

// saveDevice writes a device's record, tags and holds over what is stored, with
// the transaction's time and the next version; the device's own report is left
// alone. The caller holds the device's lock.
func (t *tx) saveDevice(d device.Device) error {
	if err := t.refuseTaken(d); err != nil {
		return err
	}
	d.UpdatedAt = t.now
	d.Version++
	r := recordOf(d)
	res := t.Model(&deviceRecord{}).Where("id = ?", r.ID).Select("*").Omit("id", "created_at").Updates(&r)
	if res.Error != nil {
		return deviceFault(fmt.Errorf("save device %s: %w", d.ID, res.Error))
	}
	if res.RowsAffected == 0 {
		return noDevice(d.ID)
	}
	if err := t.Where("device_id = ?", d.ID).Delete(&tagRow{}).Error; err != nil {
		return fmt.Errorf("save tags of device %s: %w", d.ID, err)
	}
	if err := t.Where("device_id = ?", d.ID).Delete(&holdRow{}).Error; err != nil {
		return fmt.Errorf("save holds of device %s: %w", d.ID, err)
	}
	if err := t.insertTagsAndHolds([]device.Device{d}); err != nil {
		return err
	}
	return t.configurationChanged(d.ID)
}

const devicesPerInsert = 200

// insertDevices adds devices of which it is known that nothing is in their way.
func (t *tx) insertDevices(devices []device.Device) error {
	ids := make([]device.ID, len(devices))
	records := make([]deviceRecord, len(devices))
	reports := make([]reportRow, len(devices))
	for i, d := range devices {
		ids[i] = d.ID
		records[i] = recordOf(d)
		reports[i] = reportRowOf(d.ID, d.Report)
	}
	if err := t.CreateInBatches(&records, devicesPerInsert).Error; err != nil {
		return deviceFault(fmt.Errorf("insert %d devices: %w", len(devices), err))
	}
	if err := t.CreateInBatches(&reports, devicesPerInsert).Error; err != nil {
		return fmt.Errorf("insert device reports: %w", err)
	}
	if err := t.insertTagsAndHolds(devices); err != nil {
		return err
	}
	return t.configurationChanged(ids...)
}

func (t *tx) insertTagsAndHolds(devices []device.Device) error {
	var tags []tagRow
	var holds []holdRow
	for _, d := range devices {
		for _, tag := range d.Tags {
			tags = append(tags, tagRow{DeviceID: string(d.ID), Tag: tag})
		}
		for _, h := range d.Holds {
			holds = append(holds, holdRow{DeviceID: string(d.ID), Kind: string(h.Kind), Reason: h.Reason, Since: dbTime(h.Since), MayLift: h.MayLift, Stolen: h.Stolen, Proven: h.Proven})
		}
	}
	if len(tags) > 0 {
		if err := t.CreateInBatches(&tags, devicesPerInsert).Error; err != nil {
			return fmt.Errorf("insert device tags: %w", err)
		}
	}
	if len(holds) > 0 {
		if err := t.CreateInBatches(&holds, devicesPerInsert).Error; err != nil {
			return fmt.Errorf("insert device holds: %w", err)
		}
	}
	return nil
}

// loadModel reads a model, without locking it.
func (t *tx) loadModel(id device.ModelID) (device.Model, error) { return readModel(t.DB, id) }

func readModel(db *gorm.DB, id device.ModelID) (device.Model, error) {
	var r modelRow
	if err := db.Take(&r, "id = ?", id).Error; err != nil {
		if notFound(err) {
			return device.Model{}, fault.CodeNotFound.New("There is no model with the identifier %s.", id)
		}
		return device.Model{}, fmt.Errorf("read model %s: %w", id, err)
	}
	return r.model()
}

func noDevice(id device.ID) error {
	return fault.CodeNotFound.New("There is no device with the identifier %s.", id)
}

// refuseTaken is a fault when another device has the serial number and model, or
// the asset tag.
func (t *tx) refuseTaken(d device.Device) error {
	r := recordOf(d)
	var others []deviceRecord
	err := t.Select("id", "serial_norm", "asset_tag").
		Where("id <> ? AND ((serial_norm = ? AND model_id = ?) OR (asset_tag_norm = ? AND asset_tag_norm <> ''))", r.ID, r.SerialNorm, r.ModelID, r.AssetTagNorm).
		Order("id").Find(&others).Error
	if err != nil {
		return fmt.Errorf("look for devices like %s: %w", d.ID, err)
	}
	if len(others) == 0 {
		return nil
	}
	o := others[0]
	if r.AssetTagNorm != "" && inventory.Normal(o.AssetTag) == r.AssetTagNorm {
		return inventory.CodeAssetTagTaken.New("Another device already has the asset tag %s.", d.AssetTag).
			WithField("asset_tag", "is taken").With("device_id", o.ID)
	}
	return inventory.CodeDeviceExists.New("A device of this model with the serial number %s is already registered.", d.Serial).
		WithField("serial", "is registered already").With("device_id", o.ID)
}

// deviceFault turns a uniqueness that was broken between refuseTaken and the
// write into a sentence.
func deviceFault(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return inventory.CodeDeviceExists.Wrap(err, "A device with this serial number and model, or with this asset tag, was registered a moment ago.")
	}
	return err
}
