package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/internal/auditlog"
)

// auditCountLimit bounds counting: a log of millions of events is not counted
// for every page of it.
const auditCountLimit = 10_000

// ListAudit returns a page of the audit log, newest first, the cursor of the
// next page ("" at the end) and how many events match, counted up to 10,000 (one
// more means "more than that").
func (s *Store) ListAudit(ctx context.Context, q auditlog.Query) ([]auditlog.Entry, string, int, error) {
	match := func() *gorm.DB { return matchAudit(s.reader.WithContext(ctx).Model(&auditEventRow{}), q) }
	page := match()
	if q.Cursor != "" {
		at, id, err := parseAuditCursor(q.Cursor)
		if err != nil {
			return nil, "", 0, err
		}
		page = page.Where("at < ? OR (at = ? AND id < ?)", at, at, id)
	}
	var rows []auditEventRow
	err := page.Select("id", "at", "body", "hash", "link_id").Order("at DESC, id DESC").Limit(q.Limit + 1).Find(&rows).Error
	if err != nil {
		return nil, "", 0, fmt.Errorf("list the audit log: %w", err)
	}
	next := ""
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[len(rows)-1]
		next = fmt.Sprintf("%d.%s", last.At.time().UnixMicro(), last.ID)
	}
	entries, err := s.entriesOf(ctx, rows)
	if err != nil {
		return nil, "", 0, fmt.Errorf("list the audit log: %w", err)
	}
	var total int64
	err = s.reader.WithContext(ctx).Table("(?) AS matching", match().Select("1").Limit(auditCountLimit+1)).Count(&total).Error
	if err != nil {
		return nil, "", 0, fmt.Errorf("count the audit log: %w", err)
	}
	return entries, next, int(total), nil
}

// entriesOf parses events and finds their place in the chain.
func (s *Store) entriesOf(ctx context.Context, rows []auditEventRow) ([]auditlog.Entry, error) {
	events, err := parseEvents(rows)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.LinkID
	}
	var links []auditLinkRow
	if err := s.reader.WithContext(ctx).Select("id", "seq", "hash").Where("id IN ?", ids).Find(&links).Error; err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	byID := make(map[string]auditLinkRow, len(links))
	for _, l := range links {
		byID[l.ID] = l
	}
	out := make([]auditlog.Entry, len(rows))
	for i, r := range rows {
		out[i] = auditlog.Entry{Event: events[i]}
		copy(out[i].Hash[:], r.Hash)
		if l := byID[r.LinkID]; l.Seq != nil {
			out[i].Seq = *l.Seq
			copy(out[i].Link[:], l.Hash)
		}
	}
	return out, nil
}

func matchAudit(db *gorm.DB, q auditlog.Query) *gorm.DB {
	equal := func(column, value string) {
		if value != "" {
			// The indexes leave out empty values, and serve only a query that says so
			// in their own words.
			db = db.Where(column+" = ? AND "+column+" <> ''", value)
		}
	}
	equal("device_id", q.Device)
	equal("command_id", q.Command)
	equal("subject", q.Subject)
	equal("actor_id", q.Actor)
	if noun, all := strings.CutSuffix(q.Action, ".*"); all {
		// A range, not LIKE: it uses the index and has no wildcards of its own.
		db = db.Where("action >= ? AND action < ?", noun+".", noun+"/")
	} else {
		equal("action", q.Action)
	}
	if len(q.Actions) > 0 {
		db = db.Where("action IN ?", q.Actions)
	}
	if !q.Since.IsZero() {
		db = db.Where("at >= ?", dbTime(q.Since))
	}
	if !q.Until.IsZero() {
		db = db.Where("at < ?", dbTime(q.Until))
	}
	return db
}

func parseAuditCursor(cursor string) (dbTime, string, error) {
	micros, id, ok := strings.Cut(cursor, ".")
	n, err := strconv.ParseInt(micros, 10, 64)
	if !ok || err != nil || id == "" {
		return dbTime{}, "", fmt.Errorf("%q: %w", cursor, auditlog.ErrBadCursor)
	}
	return dbTime(time.UnixMicro(n).UTC()), id, nil
}

func parseEvents(rows []auditEventRow) ([]audit.Event, error) {
	events := make([]audit.Event, len(rows))
	for i, r := range rows {
		e, err := audit.Parse(r.Body)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", r.ID, err)
		}
		events[i] = e
	}
	return events, nil
}

// AuditSince returns the events of up to limit links after the link with number
// seq, in the chain's order, with the number that it got to. Whoever follows the
// log follows this number: rows ordered by time or id appear late when another
// writer commits late.
func (s *Store) AuditSince(ctx context.Context, seq int64, limit int) ([]audit.Event, int64, error) {
	var links []auditLinkRow
	err := s.reader.WithContext(ctx).Select("id", "seq").Where("seq > ?", seq).Order("seq").Limit(limit).Find(&links).Error
	if err != nil {
		return nil, seq, fmt.Errorf("follow the audit log: %w", err)
	}
	if len(links) == 0 {
		return nil, seq, nil
	}
	byLink, err := s.eventsOf(ctx, links)
	if err != nil {
		return nil, seq, fmt.Errorf("follow the audit log: %w", err)
	}
	var events []audit.Event
	for _, l := range links {
		for _, stored := range byLink[l.ID] {
			e, err := audit.Parse(stored.Body)
			if err != nil {
				return nil, seq, fmt.Errorf("follow the audit log: event %s: %w", stored.Filed.ID, err)
			}
			events = append(events, e)
		}
		seq = *l.Seq
	}
	return events, seq, nil
}
