package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/configuration"
	"wardline/device"
	"wardline/inventory"
)

type configStateRow struct {
	DeviceID     string `gorm:"column:device_id;primaryKey"`
	Subkind      string `gorm:"column:subkind;primaryKey"`
	DocumentID   string `gorm:"column:document_id"`
	Version      int    `gorm:"column:version"`
	Number       int    `gorm:"column:number"`
	AssignmentID string `gorm:"column:assignment_id"`
	Why          string `gorm:"column:why"`
	Since        dbTime `gorm:"column:since"`
	Reported     string `gorm:"column:reported"`
	ReportedAt   dbTime `gorm:"column:reported_at"`
	Drift        bool   `gorm:"column:drift"`
	NextAt       dbTime `gorm:"column:next_at"`
	Attempts     int    `gorm:"column:attempts"`
	AskedAt      dbTime `gorm:"column:asked_at"`
	CommandID    string `gorm:"column:command_id"`
	Refusal      string `gorm:"column:refusal"`
}

func (configStateRow) TableName() string { return "config_state" }

// neverDue is the time at which a device is asked that no command can reach. It
// is beyond all times and still a time on both engines.
var neverDue = dbTime(time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC))

// compare sets drift from what is desired and what is reported.
func (r *configStateRow) compare() {
	r.Drift = r.DocumentID != "" && r.Reported != strconv.Itoa(r.Number)
	if !r.Drift {
		r.Attempts, r.Refusal = 0, ""
	}
}

func joinConditions(conditions []string) string { return strings.Join(conditions, " AND ") }

const subjectsPerPage = 1000

// ConfigSubjects implements configuration.Storage.
func (s *Store) ConfigSubjects(ctx context.Context, selector configuration.Selector, each func([]configuration.Subject) error) error {
	db := s.reader.WithContext(ctx)
	condition, args := fitting(selector)
	after := ""
	for {
		var ids []device.ID
		err := db.Raw("SELECT d.id FROM device d WHERE "+condition+" AND d.id > ? ORDER BY d.id LIMIT ?", append(slices.Clone(args), after, subjectsPerPage)...).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("list devices of an assignment: %w", err)
		}
		if len(ids) == 0 {
			return nil
		}
		subjects, err := readSubjects(db, ids)
		if err != nil {
			return err
		}
		if err := each(subjects); err != nil {
			return err
		}
		after = string(ids[len(ids)-1])
	}
}

// readSubjects reads what of devices decides about their configuration.
func readSubjects(db *gorm.DB, ids []device.ID) ([]configuration.Subject, error) {
	var places []placeRow
	if err := db.Find(&places).Error; err != nil {
		return nil, fmt.Errorf("read places: %w", err)
	}
	nodes := make([]device.Place, len(places))
	for i, p := range places {
		nodes[i] = p.place()
	}
	tree := inventory.NewTree(nodes)
	var out []configuration.Subject
	for start := 0; start < len(ids); start += idsPerSelect {
		chunk := ids[start:min(start+idsPerSelect, len(ids))]
		var records []deviceRecord
		if err := db.Select("id", "class", "model_id", "place_id", "management", "enrollment_id", "stage").Where("id IN ?", chunk).Order("id").Find(&records).Error; err != nil {
			return nil, fmt.Errorf("read devices of an assignment: %w", err)
		}
		var tags []tagRow
		if err := db.Where("device_id IN ?", chunk).Find(&tags).Error; err != nil {
			return nil, fmt.Errorf("read tags of devices: %w", err)
		}
		tagsOf := map[string][]string{}
		for _, t := range tags {
			tagsOf[t.DeviceID] = append(tagsOf[t.DeviceID], t.Tag)
		}
		for _, r := range records {
			d := configuration.Subject{Device: device.ID(r.ID), Class: device.Class(r.Class), Model: device.ModelID(r.ModelID), Tags: tagsOf[r.ID],
				Reachable: r.EnrollmentID != "" && device.Management(r.Management).CarriesCommands() && !device.Stage(r.Stage).Ended()}
			for _, p := range tree.Path(device.PlaceID(r.PlaceID)) {
				d.Places = append(d.Places, p.ID)
			}
			out = append(out, d)
		}
	}
	return out, nil
}

// ConfigStates implements configuration.Storage.
func (s *Store) ConfigStates(ctx context.Context, id device.ID) ([]configuration.State, error) {
	var rows []struct {
		Row             configStateRow `gorm:"embedded"`
		Name            string         `gorm:"column:name"`
		ReportedName    string         `gorm:"column:reported_name"`
		ReportedVersion int            `gorm:"column:reported_version"`
	}
	err := s.reader.WithContext(ctx).Raw(`SELECT c.*, coalesce(d.name, '') AS name, coalesce(rd.name, '') AS reported_name, coalesce(rv.version, 0) AS reported_version
		FROM config_state c LEFT JOIN config_document d ON d.id = c.document_id
		LEFT JOIN config_version rv ON CAST(rv.number AS TEXT) = c.reported LEFT JOIN config_document rd ON rd.id = rv.document_id
		WHERE c.device_id = ? ORDER BY c.subkind`, id).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the configuration of device %s: %w", id, err)
	}
	out := make([]configuration.State, len(rows))
	for i, r := range rows {
		c := r.Row
		out[i] = configuration.State{Subkind: device.Subkind(c.Subkind), Document: configuration.DocumentID(c.DocumentID), Name: r.Name,
			Version: c.Version, Number: c.Number, Assignment: configuration.AssignmentID(c.AssignmentID), Why: c.Why, Since: c.Since.time(),
			Reported: c.Reported, ReportedName: r.ReportedName, ReportedVersion: r.ReportedVersion, ReportedAt: c.ReportedAt.time(),
			Drift: c.Drift, AskedAt: c.AskedAt.time(), Command: c.CommandID, Refusal: c.Refusal, NextAt: c.NextAt.time(), Attempts: c.Attempts}
	}
	return out, nil
}

// ResolvePending implements configuration.Storage: a fixed number of statements
// for all of its devices.
func (s *Store) ResolvePending(ctx context.Context, limit int, resolve func([]configuration.Assignment, configuration.Subject) map[device.Subkind]configuration.Choice) (int, error) {
	// Nearly always there is nothing: that costs no write transaction.
	var some int
	if err := s.reader.WithContext(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM config_pending LIMIT 1) AS found").Scan(&some).Error; err != nil || some == 0 {
		return 0, err
	}
	n := 0
	err := s.write(ctx, func(t *tx) error {
		skip := ""
		if t.engine == Postgres {
			skip = " FOR UPDATE SKIP LOCKED" // another replica is at those
		}
		var ids []device.ID
		if err := t.Raw("SELECT device_id FROM config_pending ORDER BY at, device_id LIMIT ?"+skip, limit).Scan(&ids).Error; err != nil {
			return fmt.Errorf("list devices whose configuration may change: %w", err)
		}
		n = len(ids)
		if n == 0 {
			return nil
		}
		if err := t.Exec("DELETE FROM config_pending WHERE device_id IN ?", ids).Error; err != nil {
			return fmt.Errorf("resolve configuration: %w", err)
		}
		assignments, err := readAssignments(t.DB, t.believeUnlocked)
		if err != nil {
			return err
		}
		subjects, err := readSubjects(t.DB, ids)
		if err != nil {
			return err
		}
		return t.resolveSubjects(subjects, assignments, resolve)
	})
	return n, err
}

func (t *tx) resolveSubjects(subjects []configuration.Subject, assignments []configuration.Assignment,
	resolve func([]configuration.Assignment, configuration.Subject) map[device.Subkind]configuration.Choice) error {
	states, err := t.lockConfigStates(subjects)
	if err != nil {
		return err
	}
	var changed []configStateRow
	for _, d := range subjects {
		choices := resolve(assignments, d)
		for _, subkind := range device.ConfigSubkinds() {
			row, known := states[stateKey{d.Device, subkind}]
			choice, desired := choices[subkind]
			if !known && !desired {
				continue
			}
			if row.desire(d, subkind, choice, t.now) || !known {
				changed = append(changed, row)
			}
		}
	}
	return t.saveConfigStates(changed)
}

type stateKey struct {
	device  device.ID
	subkind device.Subkind
}

func (t *tx) lockConfigStates(subjects []configuration.Subject) (map[stateKey]configStateRow, error) {
	ids := make([]device.ID, len(subjects))
	for i, d := range subjects {
		ids[i] = d.Device
	}
	var rows []configStateRow
	err := t.Raw("SELECT * FROM config_state WHERE device_id IN ? ORDER BY device_id, subkind"+t.lockRows(), ids).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read desired configuration: %w", err)
	}
	out := make(map[stateKey]configStateRow, len(rows))
	for _, r := range rows {
		out[stateKey{device.ID(r.DeviceID), device.Subkind(r.Subkind)}] = r
	}
	return out, nil
}

// desire sets what is desired; the zero Choice is nothing. It reports whether the
// row became another.
func (r *configStateRow) desire(d configuration.Subject, subkind device.Subkind, c configuration.Choice, now time.Time) bool {
	before := *r
	a := c.Assignment
	r.DeviceID, r.Subkind = string(d.Device), string(subkind)
	r.DocumentID, r.Version, r.Number, r.AssignmentID, r.Why = string(a.Document), a.Version, a.Number, string(a.ID), c.Why
	if r.DocumentID != before.DocumentID || r.Number != before.Number {
		// Something new is desired: it is asked for at once, whatever was tried before.
		r.Since, r.NextAt, r.Attempts, r.Refusal, r.CommandID, r.AskedAt = dbTime(now), dbTime(now), 0, "", "", dbTime{}
	}
	r.compare()
	switch {
	case !d.Reachable:
		r.NextAt = neverDue
	case r.NextAt == neverDue:
		r.NextAt = dbTime(now)
	}
	return *r != before
}

func (t *tx) saveConfigStates(rows []configStateRow) error {
	if len(rows) == 0 {
		return nil
	}
	columns := []string{"document_id", "version", "number", "assignment_id", "why", "since", "reported", "reported_at",
		"drift", "next_at", "attempts", "asked_at", "command_id", "refusal"}
	err := t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "device_id"}, {Name: "subkind"}},
		DoUpdates: clause.AssignmentColumns(columns)}).CreateInBatches(&rows, idsPerSelect).Error
	if err != nil {
		return fmt.Errorf("save desired configuration: %w", err)
	}
	return nil
}

// configurationReported takes in which versions devices say are in force.
func (t *tx) configurationReported(reported map[device.ID]map[string]string) error {
	if len(reported) == 0 {
		return nil
	}
	subjects := make([]configuration.Subject, 0, len(reported))
	for id := range reported {
		subjects = append(subjects, configuration.Subject{Device: id})
	}
	states, err := t.lockConfigStates(subjects)
	if err != nil {
		return err
	}
	var changed []configStateRow
	for id, versions := range reported {
		for _, subkind := range device.ConfigSubkinds() {
			row, known := states[stateKey{id, subkind}]
			says := versions[string(subkind)]
			if row.Reported == says || len(says) > 64 {
				continue
			}
			if !known {
				row.DeviceID, row.Subkind = string(id), string(subkind)
			}
			wasRight := known && !row.Drift
			row.Reported, row.ReportedAt = says, dbTime(t.now)
			row.compare()
			if wasRight && row.Drift {
				row.NextAt = dbTime(t.now) // it lost what it had
			}
			changed = append(changed, row)
		}
	}
	slices.SortFunc(changed, func(a, b configStateRow) int {
		return strings.Compare(a.DeviceID+a.Subkind, b.DeviceID+b.Subkind)
	})
	return t.saveConfigStates(changed)
}

// desired is what a device should have, as it is sent.
type desired struct {
	Row      configVersionRow `gorm:"embedded"`
	Name     string           `gorm:"column:name"`
	believed bool
}

func (t *tx) desired(number int) (desired, error) {
	var d desired
	err := t.Raw("SELECT v.*, d.name FROM config_version v JOIN config_document d ON d.id = v.document_id WHERE v.number = ?", number).Scan(&d).Error
	if err != nil {
		return d, fmt.Errorf("read configuration number %d: %w", number, err)
	}
	d.believed = t.believeUnlocked(&d.Row) == nil
	return d, nil
}

// ClaimDrift implements configuration.Storage. Devices that no command can reach
// are never due: see Subject.Reachable.
func (s *Store) ClaimDrift(ctx context.Context, limit int, until func(time.Time, int) time.Time) ([]configuration.Drift, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for configuration that is not in force: %w", err)
	}
	var some int
	err = s.reader.WithContext(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM config_state WHERE drift AND next_at <= ? LIMIT 1) AS found", dbTime(now)).Scan(&some).Error
	if err != nil || some == 0 {
		return nil, err
	}
	var out []configuration.Drift
	err = s.write(ctx, func(t *tx) error {
		out = nil
		skip := ""
		if t.engine == Postgres {
			skip = " FOR UPDATE SKIP LOCKED"
		}
		var rows []configStateRow
		err := t.Raw("SELECT * FROM config_state WHERE drift AND next_at <= ? ORDER BY next_at, device_id LIMIT ?"+skip, dbTime(t.now), limit).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("claim configuration that is not in force: %w", err)
		}
		contents := map[int]desired{}
		states := make([]configStateRow, 0, len(rows))
		for _, r := range rows {
			if _, ok := contents[r.Number]; !ok {
				if contents[r.Number], err = t.desired(r.Number); err != nil {
					return err
				}
			}
			if !contents[r.Number].believed {
				continue
			}
			out = append(out, configuration.Drift{Device: device.ID(r.DeviceID), Subkind: device.Subkind(r.Subkind),
				Document: configuration.DocumentID(r.DocumentID), Name: contents[r.Number].Name, Version: r.Version, Number: r.Number,
				Content: json.RawMessage(contents[r.Number].Row.Content), Reported: r.Reported, Attempts: r.Attempts})
			r.NextAt = dbTime(until(t.now, r.Attempts))
			r.Attempts++
			states = append(states, r)
		}
		return t.saveConfigStates(states)
	})
	return out, err
}

// NoteAsked implements configuration.Storage.
func (s *Store) NoteAsked(ctx context.Context, d configuration.Drift, command, refusal string) error {
	return s.write(ctx, func(t *tx) error {
		err := t.Exec(`UPDATE config_state SET asked_at = ?, command_id = CASE WHEN ? = '' THEN command_id ELSE ? END, refusal = ?
			WHERE device_id = ? AND subkind = ? AND number = ?`, dbTime(t.now), command, command, refusal, d.Device, d.Subkind, d.Number).Error
		if err != nil {
			return fmt.Errorf("note what came of configuring device %s: %w", d.Device, err)
		}
		return nil
	})
}
