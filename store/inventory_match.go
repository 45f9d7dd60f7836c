package store

import (
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/inventory"
)

// matching is the condition of a search.
type matching struct {
	engine Engine
	where  []string
	args   []any
	report bool // the condition needs device_report
	few    bool // see fewDevices
	// walk is the table along whose index SQLite must walk; it has no statistics
	// from which it could tell that this is cheaper. Empty: it chooses.
	walk string
	// exact: the index of pieces alone answers the search.
	exact bool
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
	switch {
	case m.report && m.walk == "r":
		// CROSS JOIN is SQLite's way to say: in this order.
		from = " FROM device_report r CROSS JOIN device d ON d.id = r.device_id"
	case m.report && m.walk == "d":
		from += " CROSS JOIN device_report r ON r.device_id = d.id"
	case m.report:
		from += " JOIN device_report r ON r.device_id = d.id"
	}
	if len(m.where) == 0 {
		return from
	}
	return from + " WHERE " + joinConditions(m.where)
}

// count is the statement that counts the matches. Where one table can answer, no
// other is read.
func (m *matching) count() string {
	onlyReports, onlySearch := len(m.where) > 0, len(m.where) == 1 && m.exact && m.engine == SQLite
	for _, condition := range m.where {
		onlyReports = onlyReports && strings.HasPrefix(condition, "r.") && !strings.Contains(condition, "d.")
	}
	switch {
	case onlyReports:
		return "SELECT count(*) FROM device_report r WHERE " + joinConditions(m.where)
	case onlySearch:
		return "SELECT count(*) FROM device_search WHERE device_search MATCH ?"
	}
	return "SELECT count(*)" + m.from()
}

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
	if m.engine == SQLite && !m.few {
		m.walk = by.column[:1]
		m.hideIndexes(by.column)
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

// hideIndexes keeps SQLite from using any index but the one of the order: a
// column with a plus before it is not looked up.
func (m *matching) hideIndexes(sorted string) {
	for i, condition := range m.where {
		if !strings.HasPrefix(condition, "("+sorted) && !strings.HasPrefix(condition, sorted) &&
			(strings.HasPrefix(condition, "d.") || strings.HasPrefix(condition, "r.")) {
			m.where[i] = "+" + condition
		}
	}
}

// matching builds the condition of a search.
func (s *Store) matching(db *gorm.DB, q inventory.Search) (*matching, error) {
	m := &matching{engine: s.engine}
	f := q.Filters
	in(m, "d.class", f.Class)
	in(m, "d.class", q.Scope.Classes)
	in(m, "d.management", f.Management)
	in(m, "d.model_id", f.Model)
	in(m, "d.stage", f.Stage)
	in(m, "d.condition", f.Condition)
	in(m, "d.custody_kind", f.Custody)
	for _, places := range [][]device.PlaceID{{f.Place}, q.Scope.Sites} {
		if len(places) == 0 || places[0] == "" {
			continue
		}
		below, err := placesWithin(db, places)
		if err != nil {
			return nil, err
		}
		m.and("d.place_id IN ?", below)
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
		m.and("r.received_at < ?", dbTime(f.SilentSince))
		m.and("r.received_at > 0")
	}
	if f.CertificateDays != nil {
		m.and(`(d.id, d.enrollment_id) IN (SELECT device_id, enrollment_id FROM certificate WHERE not_after < ? AND device_id <> ''
			AND fingerprint <> '' AND superseded_at = 0 AND revocation <> 'revoked')`, dbTime(q.CertificateUntil))
	}
	if len(q.CertificateBetween) > 0 {
		var ends []string
		var args []any
		for _, b := range q.CertificateBetween {
			ends = append(ends, "(max(not_after) >= ? AND max(not_after) < ?)")
			args = append(args, dbTime(b[0]), dbTime(b[1]))
		}
		m.and(`(d.id, d.enrollment_id) IN (SELECT device_id, enrollment_id FROM certificate WHERE `+liveCertificate+`
			GROUP BY device_id, enrollment_id HAVING `+strings.Join(ends, " OR ")+`)`, args...)
	}
	if f.Current {
		m.and("d.stage IN ?", currentStages())
	}
	if f.NoWard {
		m.and("d.place_id NOT IN (SELECT id FROM place WHERE kind = 'ward')")
	}
	m.configured(f)
	if slices.Contains(f.Fault, inventory.FaultClock) {
		m.report = true
		m.and(wrongClock)
	}
	if q.Therapy != nil {
		m.therapy(*q.Therapy)
	}
	if q.Pattern != "" {
		m.search(q.Pattern)
	}
	if q.Scan != nil {
		m.scan(*q.Scan)
	}
	return m, nil
}

// configured narrows to devices of which a document of configuration is desired.
func (m *matching) configured(f inventory.Filters) {
	if len(f.Configuration) == 0 && len(f.ConfigurationState) == 0 {
		return
	}
	where, args := "document_id <> ''", []any{}
	if len(f.Configuration) > 0 {
		where, args = where+" AND document_id IN ?", append(args, f.Configuration)
	}
	if len(f.ConfigurationState) == 1 { // both are all
		where, args = where+" AND drift = ?", append(args, f.ConfigurationState[0] == inventory.ConfigurationDrifting)
	}
	m.and("d.id IN (SELECT device_id FROM config_state WHERE "+where+")", args...)
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

// placesWithin lists the places and everything below them. A list of known length
// lets the planner see how few devices that may be; within does not.
func placesWithin(db *gorm.DB, places []device.PlaceID) ([]device.PlaceID, error) {
	below := []device.PlaceID{"none"}
	var found []device.PlaceID
	err := db.Raw(`WITH RECURSIVE below (id) AS (SELECT id FROM place WHERE id IN ?
		UNION SELECT p.id FROM place p JOIN below ON p.parent_id = below.id) SELECT id FROM below`, places).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("list the places of a search: %w", err)
	}
	return append(below, found...), nil
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
	keys, reported := []string{"none"}, []device.Reported{"none"}
	for _, c := range f.Cells {
		keys = append(keys, fmt.Sprintf("%s/%s/%s/%s/%s", c.Management, c.Reported, c.Custody, c.Condition, yes(c.CareArea)))
		if !slices.Contains(reported, c.Reported) {
			reported = append(reported, c.Reported)
		}
	}
	const key = `d.management || '/' || r.therapy || '/' || d.custody_kind || '/' || d.condition || '/' ||
		(CASE WHEN d.place_id IN (SELECT id FROM place WHERE care_area) OR r.seen_place_id IN (SELECT id FROM place WHERE care_area)
			THEN 'y' ELSE 'n' END) IN ?`
	known := []string{"r.therapy <> ''", "r.therapy IN ?", "r.therapy_at BETWEEN ? AND ?", "d.class IN ?", "d.stage NOT IN ?", key}
	args := []any{reported, dbTime(f.Since), dbTime(f.Until), pumpClasses, endedStages(), keys}
	if f.Except {
		m.pumps()
		m.and("NOT ("+joinConditions(known)+")", args...)
		return
	}
	m.and(joinConditions(known), args...)
}

// liveCertificate and wrongClock stand in indexes of migration 0008 in these
// very words.
const (
	liveCertificate = "fingerprint <> '' AND superseded_at = 0 AND revocation <> 'revoked'"
	wrongClock      = "(r.clock_offset_us >= 120000000 OR r.clock_offset_us <= -120000000)"
)

var pumpClasses = []device.Class{device.ClassPumpLVP, device.ClassPumpSyringe, device.ClassPumpPCA}

// pumps narrows to what the interlock applies to.
func (m *matching) pumps() {
	m.and("(d.class IN ? OR (d.ever_reported_therapy AND d.stage <> ?))", pumpClasses, device.StageDecommissioned)
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

func currentStages() []device.Stage {
	var current []device.Stage
	for _, s := range device.Stages() {
		if !s.Ended() {
			current = append(current, s)
		}
	}
	return current
}

// search narrows to devices whose search text holds the pattern: first by the
// index of its pieces, then by looking; a pattern of one piece needs no looking.
func (m *matching) search(pattern string) {
	pieces := inventory.SearchPieces(pattern)
	m.exact = len(pieces) == 1 && len([]rune(pattern)) == 3
	if m.engine == Postgres {
		m.and("search_pieces(d.search) @> search_pieces(?)", pattern)
		if !m.exact {
			m.and("position(? IN d.search) > 0", pattern)
		}
		return
	}
	var quoted []string
	for _, p := range pieces {
		quoted = append(quoted, `"`+p+`"`) // letters, digits and line feeds only
	}
	m.and("d.n IN (SELECT rowid FROM device_search WHERE device_search MATCH ?)", strings.Join(quoted, " AND "))
	if !m.exact {
		m.and("instr(d.search, ?) > 0", pattern)
	}
}

// scan narrows to the device that a scanned barcode stands on.
func (m *matching) scan(s inventory.Scan) {
	switch {
	case s.Device != "":
		m.and("d.id = ?", s.Device)
	case s.Label != "":
		label := inventory.Normal(s.Label)
		m.and("(d.asset_tag_norm = ? OR d.serial_norm = ?)", label, label)
	default:
		serials := make([]string, len(s.Serials))
		for i, serial := range s.Serials {
			serials[i] = inventory.Normal(serial)
		}
		m.and("d.serial_norm IN ?", serials)
		if s.Certain {
			m.and("d.udi_di IN ?", []string{"", s.DI})
		} else {
			m.and("d.udi_di = ?", s.DI)
		}
	}
}
