package store

import (
	"cmp"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

// What a decision about commands has to know of a device, beside what the
// inventory reads (inventory.go). Everything is read with a constant number of
// statements, however many devices it is about.

// facts reads what a decision about these devices needs; their rows are locked.
// With ward, or when a command that is open takes a pump out of use, it also
// locks and counts the pumps of the places concerned.
func (t *tx) facts(rows []deviceRow, ward bool) ([]commands.Facts, error) {
	facts, err := readCommandFacts(t.DB, rows, t.believed)
	if err != nil {
		return nil, err
	}
	for i := range facts {
		facts[i].Now = t.now
	}
	return facts, t.countWards(facts, ward)
}

// readCommandFacts reads facts without locking, for decisions and for screens. Now is
// left out. believed leaves out the commands that a decision may not rest on; nil
// leaves out none.
func readCommandFacts(db *gorm.DB, rows []deviceRow, believed func([]commandRow) []commandRow) ([]commands.Facts, error) {
	facts := make([]commands.Facts, len(rows))
	at := make(map[string]*commands.Facts, len(rows))
	var devices, enrollments, models []string
	for i, r := range rows {
		facts[i] = commands.Facts{Device: r.device(), CareArea: r.careArea, OpenRings: map[commands.BatchID]int{}}
		at[r.record.ID] = &facts[i]
		devices = append(devices, r.record.ID)
		models = append(models, r.record.ModelID)
		if r.record.EnrollmentID != "" {
			enrollments = append(enrollments, r.record.EnrollmentID)
		}
	}
	if err := readModels(db, models, facts); err != nil {
		return nil, err
	}
	if err := readCommandEnrollments(db, enrollments, facts); err != nil {
		return nil, err
	}
	if err := readSanitised(db, devices, at); err != nil {
		return nil, err
	}
	return facts, readOpenCommands(db, devices, at, believed)
}

// readSanitised finds out when devices were last sanitised.
func readSanitised(db *gorm.DB, devices []string, at map[string]*commands.Facts) error {
	for chunk := range slices.Chunk(devices, idsPerSelect) {
		var rows []struct {
			DeviceID string
			At       dbTime
		}
		err := db.Raw("SELECT device_id, MAX(at) AS at FROM device_sanitisation WHERE device_id IN ? GROUP BY device_id", chunk).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("read when devices were sanitised: %w", err)
		}
		for _, r := range rows {
			at[r.DeviceID].SanitisedAt = r.At.time()
		}
	}
	return nil
}

func readModels(db *gorm.DB, ids []string, facts []commands.Facts) error {
	slices.Sort(ids)
	known := map[device.ModelID]device.Model{}
	for chunk := range slices.Chunk(slices.Compact(ids), idsPerSelect) {
		var rows []modelRow
		if err := db.Where("id IN ?", chunk).Find(&rows).Error; err != nil {
			return fmt.Errorf("read models: %w", err)
		}
		for _, r := range rows {
			m, err := r.model()
			if err != nil {
				return err
			}
			known[m.ID] = m
		}
	}
	for i := range facts {
		facts[i].Model = known[facts[i].Device.Model]
	}
	return nil
}

// readCommandEnrollments finds out what the certificates of the current enrollments are
// good for. A renewed certificate (superseded_at) does not count any more.
func readCommandEnrollments(db *gorm.DB, ids []string, facts []commands.Facts) error {
	type row struct {
		ID           string
		Class        string
		CreatedAt    dbTime
		Good, OnHold int
	}
	known := map[string]row{}
	for chunk := range slices.Chunk(ids, idsPerSelect) {
		var rows []row
		err := db.Raw(`SELECT e.id, e.class, e.created_at,
				COUNT(CASE WHEN c.revocation = '' THEN 1 END) AS good,
				COUNT(CASE WHEN c.revocation = 'held' THEN 1 END) AS on_hold
			FROM enrollment e
			LEFT JOIN certificate c ON c.device_id = e.device_id AND c.enrollment_id = e.id AND c.superseded_at = 0 AND c.fingerprint <> ''
			WHERE e.id IN ? GROUP BY e.id, e.class, e.created_at`, chunk).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("read enrollments: %w", err)
		}
		for _, r := range rows {
			known[r.ID] = r
		}
	}
	for i := range facts {
		if r, ok := known[string(facts[i].Device.Enrollment)]; ok {
			facts[i].Enrollment = commands.Enrollment{ID: device.EnrollmentID(r.ID), Class: device.Class(r.Class), Since: r.CreatedAt.time(),
				Usable: r.Good+r.OnHold > 0, Contained: r.Good == 0 && r.OnHold > 0}
		}
	}
	return nil
}

func readOpenCommands(db *gorm.DB, devices []string, at map[string]*commands.Facts, believed func([]commandRow) []commandRow) error {
	var batches []string
	for chunk := range slices.Chunk(devices, idsPerSelect) {
		var rows []commandRow
		if err := db.Where("device_id IN ? AND ended_at = 0", chunk).Order("device_id, id").Find(&rows).Error; err != nil {
			return fmt.Errorf("read open commands: %w", err)
		}
		if believed != nil {
			rows = believed(rows)
		}
		for _, r := range rows {
			c, err := r.command()
			if err != nil {
				return err
			}
			f := at[r.DeviceID]
			f.Open = append(f.Open, c)
			if r.Ring > 1 {
				f.OpenRings[c.Batch] = 0
				batches = append(batches, r.BatchID)
			}
		}
	}
	rings, err := readOpenRings(db, batches)
	if err != nil {
		return err
	}
	for _, f := range at {
		for id := range f.OpenRings {
			f.OpenRings[id] = rings[id]
		}
	}
	return nil
}

// readOpenRings returns the newest open ring of each batch. A batch that was
// stopped opens nothing more.
func readOpenRings(db *gorm.DB, ids []string) (map[commands.BatchID]int, error) {
	slices.Sort(ids)
	rings := map[commands.BatchID]int{}
	for chunk := range slices.Chunk(slices.Compact(ids), idsPerSelect) {
		var rows []batchRow
		if err := db.Select("id", "open_ring").Where("id IN ?", chunk).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read the rings of batches: %w", err)
		}
		for _, r := range rows {
			rings[commands.BatchID(r.ID)] = r.OpenRing
		}
	}
	return rings, nil
}

// group is the pumps of one model in one place.
type group struct{ place, model string }

// countWards fills in Facts.Ward of the pumps that a command may take out of
// use. The places are locked, always after the devices and in the order of their
// ids: two transactions that take pumps of one ward out of use see each other.
func (t *tx) countWards(facts []commands.Facts, all bool) error {
	wards := map[group]*commands.Ward{}
	for _, f := range facts {
		if all || slices.ContainsFunc(f.Open, func(c commands.Command) bool { return safety.TakesOutOfUse(c.Kind, safety.Now) }) {
			wards[groupOf(f)] = &commands.Ward{Ready: map[device.ID]bool{}, Out: map[device.ID]bool{}}
		}
	}
	var places, models []string
	for g := range wards {
		places, models = append(places, g.place), append(models, g.model)
	}
	if len(places) == 0 {
		return nil
	}
	slices.Sort(places)
	places = slices.Compact(places)
	for chunk := range slices.Chunk(places, idsPerSelect) {
		var locked []string
		if err := t.Raw("SELECT id FROM place WHERE id IN ? ORDER BY id"+t.lockRows(), chunk).Scan(&locked).Error; err != nil {
			return fmt.Errorf("lock places: %w", err)
		}
		if err := t.countPumps(chunk, models, wards); err != nil {
			return err
		}
	}
	for i, f := range facts {
		facts[i].Ward = wards[groupOf(f)]
	}
	return nil
}

func groupOf(f commands.Facts) group { return group{string(f.Device.Place), string(f.Device.Model)} }

// countPumps sorts the pumps of these places and models: ready are those that can
// be used now, out those that a command has taken out of use and that are not
// back: being restarted, locked or wiped, reported locked, or contained.
func (t *tx) countPumps(places, models []string, wards map[group]*commands.Ward) error {
	var pumps []struct {
		ID, PlaceID, ModelID string
		Ready, Taken         bool
	}
	err := t.Raw(`SELECT d.id, d.place_id, d.model_id,
			d.condition = 'ready' AND d.stage IN ('enrolled', 'in_service') AS ready,
			r.locked
			OR EXISTS (SELECT 1 FROM command c WHERE c.device_id = d.id AND c.ended_at = 0
				AND c.state IN ('delivered', 'accepted') AND c.kind IN ('restart', 'lock', 'wipe'))
			OR EXISTS (SELECT 1 FROM certificate x WHERE x.device_id = d.id AND x.device_id <> '' AND x.enrollment_id = d.enrollment_id
				AND x.superseded_at = 0 AND x.revocation = 'held') AS taken
		FROM device d JOIN device_report r ON r.device_id = d.id
		WHERE d.place_id IN ? AND d.model_id IN ?`, places, models).Scan(&pumps).Error
	if err != nil {
		return fmt.Errorf("count the pumps of wards: %w", err)
	}
	for _, p := range pumps {
		w := wards[group{p.PlaceID, p.ModelID}]
		switch {
		case w == nil:
		case p.Taken:
			w.Out[device.ID(p.ID)] = true
		case p.Ready:
			w.Ready[device.ID(p.ID)] = true
		}
	}
	return nil
}

// situations reads what commands.WhyWaiting needs, for screens.
func (s *Store) situations(db *gorm.DB, list []commands.Command) ([]commands.Situation, error) {
	ids := make([]device.ID, len(list))
	for i, c := range list {
		ids[i] = c.Device
	}
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("read the database's clock: %w", err)
	}
	rows, err := readDevices(db, ids)
	if err != nil {
		return nil, err
	}
	facts, err := readCommandFacts(db, rows, nil)
	if err != nil {
		return nil, err
	}
	var batches []string
	for _, c := range list {
		if c.Ring > 1 {
			batches = append(batches, string(c.Batch))
		}
	}
	rings, err := readOpenRings(db, batches)
	if err != nil {
		return nil, err
	}
	freezes, err := activeFreezes(db)
	if err != nil {
		return nil, err
	}
	sites := map[device.PlaceID]device.PlaceID{}
	if len(freezes) > 0 {
		if sites, err = sitesOf(db, facts); err != nil {
			return nil, err
		}
	}
	out := make([]commands.Situation, len(list))
	for i, c := range list {
		// readDevices answers in the order of ids.
		j, found := slices.BinarySearchFunc(facts, c.Device, func(f commands.Facts, id device.ID) int { return cmp.Compare(f.Device.ID, id) })
		if !found {
			return nil, fmt.Errorf("command %s is for device %s, which is missing", c.ID, c.Device)
		}
		f := facts[j]
		out[i] = commands.Situation{Now: now, Device: f.Device, Model: f.Model, CareArea: f.CareArea,
			Enrollment: f.Enrollment, OpenRing: rings[c.Batch], Site: sites[f.Device.Place], Freezes: freezes}
	}
	return out, nil
}
