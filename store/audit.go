package store

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"gorm.io/gorm"

	"wardline/audit"
)

type auditLinkRow struct {
	ID      string `gorm:"column:id;primaryKey"`
	N       int    `gorm:"column:n"`
	Content []byte `gorm:"column:content"`
	Seq     *int64 `gorm:"column:seq"`
	Hash    []byte `gorm:"column:hash"`
}

func (auditLinkRow) TableName() string { return "audit_link" }

type auditEventRow struct {
	ID         string `gorm:"column:id;primaryKey"`
	LinkID     string `gorm:"column:link_id"`
	Ordinal    int    `gorm:"column:ordinal"`
	At         dbTime `gorm:"column:at"`
	Action     string `gorm:"column:action"`
	ActorKind  string `gorm:"column:actor_kind"`
	ActorID    string `gorm:"column:actor_id"`
	DeviceID   string `gorm:"column:device_id"`
	CommandID  string `gorm:"column:command_id"`
	Subject    string `gorm:"column:subject"`
	Body       []byte `gorm:"column:body"`
	Hash       []byte `gorm:"column:hash"`
	Enrollment string `gorm:"column:enrollment_id"`
}

func (auditEventRow) TableName() string { return "audit_event" }

type auditHeadRow struct {
	ID   int    `gorm:"column:id;primaryKey"`
	Seq  int64  `gorm:"column:seq"`
	Hash []byte `gorm:"column:hash"`
}

func (auditHeadRow) TableName() string { return "audit_head" }

// eventsPerInsert keeps a statement under SQLite's and PostgreSQL's limits on
// bound values.
const eventsPerInsert = 500

// appendAudit writes the transaction's events under one link. It is the last
// thing a transaction does: on PostgreSQL a deferred trigger then numbers the
// link inside COMMIT, so that the order of numbers is the order of commits and
// the head is the last lock ever taken; on SQLite, where there is one writer,
// the link is numbered here.
func (t *tx) appendAudit() error {
	if len(t.events) == 0 {
		return nil
	}
	link := auditLinkRow{ID: t.link, N: len(t.events)}
	rows := make([]auditEventRow, len(t.events))
	hashes := make([]audit.Hash, len(t.events))
	for i, e := range t.events {
		body, err := e.Canonical()
		if err != nil {
			return err
		}
		hashes[i] = audit.HashOf(body)
		rows[i] = auditEventRow{ID: e.ID, LinkID: link.ID, Ordinal: i, At: dbTime(e.At), Action: string(e.Action),
			ActorKind: string(e.Actor.Kind), ActorID: e.Actor.ID, DeviceID: e.Device, CommandID: e.Command,
			Subject: e.Subject, Enrollment: e.Enrollment, Body: body, Hash: hashes[i][:]}
	}
	content := audit.ContentOf(hashes)
	link.Content = content[:]
	if t.engine == SQLite {
		var head auditHeadRow
		if err := t.Take(&head, 1).Error; err != nil {
			return fmt.Errorf("read the audit head: %w", err)
		}
		if len(head.Hash) != len(content) {
			return errors.New("the audit head is damaged: run wardline audit verify")
		}
		next := audit.Head{Seq: head.Seq, Hash: audit.Hash(head.Hash)}.Next(content)
		link.Seq, link.Hash = &next.Seq, next.Hash[:]
		err := t.Model(&auditHeadRow{}).Where("id = 1").Updates(map[string]any{"seq": next.Seq, "hash": next.Hash[:]}).Error
		if err != nil {
			return fmt.Errorf("move the audit head: %w", err)
		}
	}
	if err := t.Create(&link).Error; err != nil {
		return fmt.Errorf("append audit link: %w", err)
	}
	if err := t.CreateInBatches(rows, eventsPerInsert).Error; err != nil {
		return fmt.Errorf("append audit events: %w", err)
	}
	return nil
}

// Record writes events about things that change no row: a refused sign-in, a
// message that could not be read, a look at the log. What changes something
// records its event in the transaction that changes it.
func (s *Store) Record(ctx context.Context, events ...audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		t.record(events...)
		return nil
	})
}

// AuditHead is the newest link of the chain.
func (s *Store) AuditHead(ctx context.Context) (audit.Head, error) {
	var head auditHeadRow
	if err := s.reader.WithContext(ctx).Take(&head, 1).Error; err != nil {
		return audit.Head{}, fmt.Errorf("read the audit head: %w", err)
	}
	return audit.Head{Seq: head.Seq, Hash: hashOf(head.Hash)}, nil
}

// hashOf reads a stored hash. One of another length becomes 32 zero bytes, which
// no link has: the verifier names it.
func hashOf(stored []byte) audit.Hash {
	var h audit.Hash
	if len(stored) == len(h) {
		copy(h[:], stored)
	}
	return h
}

const (
	linksPerPage = 1000
	// eventsPerPage bounds what a page of links brings with it: one link of bulk
	// work has thousands of events.
	eventsPerPage = 20_000
)

// AuditLinks walks the chain from the first link to the newest, in bounded
// memory, for audit.Verify, and then hands over as links without a number what
// lies outside of the chain. Rows that break the chain are handed over as they
// are: judging them is the verifier's work.
func (s *Store) AuditLinks(ctx context.Context) iter.Seq2[audit.Link, error] {
	return func(yield func(audit.Link, error) bool) {
		var after int64
		for {
			var links []auditLinkRow
			err := s.reader.WithContext(ctx).Where("seq > ?", after).Order("seq").Limit(linksPerPage).Find(&links).Error
			if err != nil {
				yield(audit.Link{}, err)
				return
			}
			if len(links) == 0 {
				break
			}
			links = firstEvents(links, eventsPerPage)
			if !s.yieldLinks(ctx, links, yield) {
				return
			}
			after = *links[len(links)-1].Seq
		}
		strays, err := s.auditStrays(ctx)
		if err != nil {
			yield(audit.Link{}, err)
			return
		}
		for _, l := range strays {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// firstEvents cuts links where their events would pass limit; one is left always.
func firstEvents(links []auditLinkRow, limit int) []auditLinkRow {
	sum := 0
	for i, l := range links {
		if sum += l.N; sum > limit && i > 0 {
			return links[:i]
		}
	}
	return links
}

func (s *Store) yieldLinks(ctx context.Context, links []auditLinkRow, yield func(audit.Link, error) bool) bool {
	events, err := s.eventsOf(ctx, links)
	if err != nil {
		yield(audit.Link{}, err)
		return false
	}
	for _, l := range links {
		out := audit.Link{Seq: *l.Seq, N: l.N, Content: hashOf(l.Content), Hash: hashOf(l.Hash), Events: events[l.ID]}
		if !yield(out, nil) {
			return false
		}
	}
	return true
}

// straysShown is enough to say that something lies outside of the chain.
const straysShown = 10

// auditStrays finds events that no numbered link covers, and links without a
// number: a transaction numbers its link before anybody else can see it, so there
// are none unless somebody put them there.
func (s *Store) auditStrays(ctx context.Context) ([]audit.Link, error) {
	var rows []auditEventRow
	err := s.reader.WithContext(ctx).
		Where("NOT EXISTS (SELECT 1 FROM audit_link l WHERE l.id = audit_event.link_id AND l.seq > 0)").
		Order("at, id").Limit(straysShown).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	var out []audit.Link
	for _, r := range rows {
		out = append(out, audit.Link{Events: []audit.StoredEvent{r.stored()}})
	}
	var unnumbered int64
	err = s.reader.WithContext(ctx).Model(&auditLinkRow{}).Where("seq IS NULL OR seq < 1").Count(&unnumbered).Error
	if err != nil {
		return nil, err
	}
	if unnumbered > 0 && len(out) == 0 {
		out = append(out, audit.Link{})
	}
	return out, nil
}

func (r auditEventRow) stored() audit.StoredEvent {
	return audit.StoredEvent{Body: r.Body, Hash: hashOf(r.Hash), Filed: audit.Event{
		ID: r.ID, At: r.At.time(), Action: audit.Action(r.Action),
		Actor:  audit.Actor{Kind: audit.ActorKind(r.ActorKind), ID: r.ActorID},
		Device: r.DeviceID, Enrollment: r.Enrollment, Command: r.CommandID, Subject: r.Subject}}
}

func (s *Store) eventsOf(ctx context.Context, links []auditLinkRow) (map[string][]audit.StoredEvent, error) {
	ids := make([]string, len(links))
	for i, l := range links {
		ids[i] = l.ID
	}
	var rows []auditEventRow
	err := s.reader.WithContext(ctx).Where("link_id IN ?", ids).Order("link_id, ordinal").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	out := make(map[string][]audit.StoredEvent, len(links))
	for _, r := range rows {
		out[r.LinkID] = append(out[r.LinkID], r.stored())
	}
	return out, nil
}

// notFound reports whether err is gorm's word for "no such row".
func notFound(err error) bool { return errors.Is(err, gorm.ErrRecordNotFound) }
