package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/inventory"
)

// FindDevices reads one page of devices, in three steps that each cost what the
// page costs and not what the fleet costs: which devices, by an index in the
// order asked for; on the first page, how many in all, by the indexes of the
// filters; and then everything about those few, set by set.
func (s *Store) FindDevices(ctx context.Context, q inventory.Search) (inventory.Found, error) {
	db := s.reader.WithContext(ctx)
	m := s.matching(q)
	var out inventory.Found
	if q.After == nil {
		if err := db.Raw(m.count(), m.args...).Scan(&out.Total).Error; err != nil {
			return out, fmt.Errorf("count devices: %w", err)
		}
		if out.Total == 0 {
			return out, nil
		}
		m.few = out.Total <= fewDevices
	} else {
		m.few = q.After.Total <= fewDevices
	}
	rows, err := m.page(db, q)
	if err != nil {
		return out, err
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[len(rows)-1]
		out.Next = &inventory.ListPosition{Text: last.Text, Micros: last.Micros, ID: device.ID(last.ID)}
	}
	ids := make([]device.ID, len(rows))
	for i, r := range rows {
		ids[i] = device.ID(r.ID)
	}
	now, err := s.clock(db)
	if err != nil {
		return out, fmt.Errorf("find devices: %w", err)
	}
	out.Records, err = readRecords(db, ids, now)
	return out, err
}

// fewDevices is how many matches are gathered and sorted rather than met while
// walking along the order asked for: walking past everything that does not match
// is dear when little does.
const fewDevices = 5000

// matching is the condition of a search.
type matching struct {
	engine Engine
	where  []string
	args   []any
	report bool // the condition needs device_report
	few    bool // see fewDevices
}

type foundRow struct {
	ID     string `gorm:"column:id"`
	Text   string `gorm:"column:sort_text"`
	Micros int64  `gorm:"column:sort_micros"`
}

func (m *matching) and(condition string, args ...any) {
	m.where = append(m.where, condition)
	m.args = append(m.args, args...)
}

func (m *matching) from() string {
	from := " FROM device d"
	if m.report {
		from += " JOIN device_report r ON r.device_id = d.id"
	}
	if len(m.where) == 0 {
		return from
	}
	return from + " WHERE " + strings.Join(m.where, " AND ")
}

func (m *matching) count() string { return "SELECT count(*)" + m.from() }

// sortColumns are the columns behind inventory.Sorts; times are numbers.
var sortColumns = map[string]struct {
	column string
	number bool
	report bool
}{
	inventory.SortLastSeen: {"r.received_at", true, true},
	inventory.SortSerial:   {"d.serial_norm", false, false},
	inventory.SortAssetTag: {"d.asset_tag_norm", false, false},
	inventory.SortOwner:    {"d.owner_norm", false, false},
	inventory.SortUpdated:  {"d.updated_at", true, false},
}

// page reads the identifiers of one page and, when there is a next one, one more.
func (m *matching) page(db *gorm.DB, q inventory.Search) ([]foundRow, error) {
	by := sortColumns[q.Sort]
	m.report = m.report || by.report
	id, compare, direction := "d.id", ">", ""
	if by.report {
		id = "r.device_id" // the index is on this one
	}
	if q.Descending {
		compare, direction = "<", " DESC"
	}
	value := "sort_text"
	if by.number {
		value = "sort_micros"
	}
	if a := q.After; a != nil {
		var from any = a.Text
		if by.number {
			from = a.Micros
		}
		m.and(fmt.Sprintf("(%s, %s) %s (?, ?)", by.column, id, compare), from, string(a.ID))
	}
	sql := fmt.Sprintf("SELECT d.id AS id, %s AS %s%s", by.column, value, m.from())
	if m.few && len(m.where) > 0 {
		// A computed sort key keeps the planner from walking along its index.
		sort := "+" + by.column
		if !by.number {
			sort = by.column + " || ''"
		}
		sql += fmt.Sprintf(" ORDER BY %s%s, %s%s LIMIT ?", sort, direction, id, direction)
	} else {
		sql += fmt.Sprintf(" ORDER BY %s%s, %s%s LIMIT ?", by.column, direction, id, direction)
	}
	var rows []foundRow
	if err := db.Raw(sql, append(m.args, q.Limit+1)...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("find devices: %w", err)
	}
	return rows, nil
}

// matching builds the condition of a search.
func (s *Store) matching(q inventory.Search) *matching {
	m := &matching{engine: s.engine}
	f := q.Filters
	in(m, "d.class", f.Class)
	in(m, "d.class", q.Scope.Classes)
	in(m, "d.management", f.Management)
	in(m, "d.model_id", f.Model)
	in(m, "d.stage", f.Stage)
	in(m, "d.condition", f.Condition)
	in(m, "d.custody_kind", f.Custody)
	if f.Place != "" {
		m.within([]device.PlaceID{f.Place})
	}
	if len(q.Scope.Sites) > 0 {
		m.within(q.Scope.Sites)
	}
	if len(f.Hold) > 0 {
		m.and("d.id IN (SELECT device_id FROM device_hold WHERE kind IN ?)", f.Hold)
	}
	if len(f.Tag) > 0 {
		tags := make([]string, len(f.Tag))
		for i, t := range f.Tag {
			tags[i] = inventory.Normal(t)
		}
		m.and("d.id IN (SELECT device_id FROM device_tag WHERE tag IN ?)", tags)
	}
	m.exactly("d.owner_norm", f.Owner)
	m.exactly("d.serial_norm", f.Serial)
	m.exactly("d.asset_tag_norm", f.AssetTag)
	if !f.SilentSince.IsZero() {
		m.report = true
		m.and("r.received_at < ? AND d.management IN ?", dbTime(f.SilentSince),
			[]device.Management{device.ManagementAgent, device.ManagementApple, device.ManagementGateway})
	}
	if f.CertificateDays != nil {
		m.and(`d.id IN (SELECT c.device_id FROM certificate c WHERE c.not_after < ? AND c.device_id <> '' AND c.fingerprint <> ''
			AND c.superseded_at = 0 AND c.revocation <> 'revoked' AND c.enrollment_id = d.enrollment_id)`, dbTime(q.CertificateUntil))
	}
	if q.Therapy != nil {
		m.therapy(*q.Therapy)
	}
	if q.Pattern != "" {
		m.search(q.Pattern)
	}
	return m
}

func in[T ~string](m *matching, column string, values []T) {
	if len(values) > 0 {
		m.and(column+" IN ?", values)
	}
}

func (m *matching) exactly(column, value string) {
	if value != "" {
		m.and(column+" = ?", inventory.Normal(value))
	}
}

// within narrows to the places and everything below them.
func (m *matching) within(places []device.PlaceID) {
	m.and(`d.place_id IN (WITH RECURSIVE below (id) AS (SELECT id FROM place WHERE id IN ?
		UNION SELECT p.id FROM place p JOIN below ON p.parent_id = below.id) SELECT id FROM below)`, places)
}

// therapy narrows to pumps in the wanted states: package safety said which
// combinations those are.
func (m *matching) therapy(f inventory.TherapyFilter) {
	m.report = true
	pumps := []device.Class{device.ClassPumpLVP, device.ClassPumpSyringe, device.ClassPumpPCA}
	m.and("(d.class IN ? OR (d.ever_reported_therapy AND d.stage <> ?))", pumps, device.StageDecommissioned)
	keys := make([]string, len(f.Cells))
	for i, c := range f.Cells {
		keys[i] = fmt.Sprintf("%s/%s/%s/%s/%s", c.Management, c.Reported, c.Custody, c.Condition, yes(c.CareArea))
	}
	known := `(d.class IN ? AND r.therapy <> '' AND r.therapy_at BETWEEN ? AND ? AND d.stage NOT IN ?
		AND d.management || '/' || r.therapy || '/' || d.custody_kind || '/' || d.condition || '/' ||
			(CASE WHEN EXISTS (SELECT 1 FROM place p WHERE p.care_area AND p.id IN (d.place_id, r.seen_place_id)) THEN 'y' ELSE 'n' END) IN ?)`
	if f.Except {
		known = "NOT " + known
	}
	m.and(known, pumps, dbTime(f.Since), dbTime(f.Until), endedStages(), append(keys, "none"))
}

func yes(b bool) string {
	if b {
		return "y"
	}
	return "n"
}

func endedStages() []device.Stage {
	var ended []device.Stage
	for _, s := range device.Stages() {
		if s.Ended() {
			ended = append(ended, s)
		}
	}
	return ended
}

// search narrows to devices whose search text holds the pattern: first by the
// index of its pieces, then by looking.
func (m *matching) search(pattern string) {
	if m.engine == Postgres {
		m.and("search_pieces(d.search) @> search_pieces(?) AND position(? IN d.search) > 0", pattern, pattern)
		return
	}
	var quoted []string
	for _, p := range inventory.SearchPieces(pattern) {
		quoted = append(quoted, `"`+p+`"`) // letters, digits and line feeds only
	}
	m.and("d.n IN (SELECT rowid FROM device_search WHERE device_search MATCH ?) AND instr(d.search, ?) > 0", strings.Join(quoted, " AND "), pattern)
}

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
