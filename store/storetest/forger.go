package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"testing"

	"wardline/store"
)

// forger is somebody who owns the database and knows how the chain is made. It
// computes hashes by itself, from the description of the chain.
type forger struct {
	t  *testing.T
	db *sql.DB
}

// newForger takes away the triggers that would stop it.
func newForger(t *testing.T, h *Harness) *forger {
	t.Helper()
	f := &forger{t: t, db: h.Raw()}
	f.db.SetMaxOpenConns(1)
	if h.Engine == store.Postgres {
		f.exec("SET session_replication_role = replica")
		return f
	}
	f.exec("DROP TRIGGER audit_event_is_append_only")
	f.exec("DROP TRIGGER audit_event_is_never_deleted")
	f.exec("PRAGMA foreign_keys = OFF")
	return f
}

func (f *forger) exec(statement string, args ...any) {
	f.t.Helper()
	if _, err := f.db.ExecContext(context.Background(), statement, args...); err != nil {
		f.t.Fatalf("%s: %v", statement, err)
	}
}

func (f *forger) scan(statement string, args []any, into ...any) {
	f.t.Helper()
	if err := f.db.QueryRowContext(context.Background(), statement, args...).Scan(into...); err != nil {
		f.t.Fatalf("%s: %v", statement, err)
	}
}

type forgedEvent struct {
	id   string
	body []byte
}

// event finds an event by the number of its link and its place in it.
func (f *forger) event(seq int64, ordinal int) forgedEvent {
	f.t.Helper()
	var e forgedEvent
	f.scan("SELECT e.id, e.body FROM audit_event e JOIN audit_link l ON l.id = e.link_id WHERE l.seq = $1 AND e.ordinal = $2",
		[]any{seq, ordinal}, &e.id, &e.body)
	return e
}

func (f *forger) link(seq int64) (id string) {
	f.t.Helper()
	f.scan("SELECT id FROM audit_link WHERE seq = $1", []any{seq}, &id)
	return id
}

func (f *forger) hashOfLink(seq int64) (hash []byte) {
	f.t.Helper()
	if seq == 0 {
		return make([]byte, 32)
	}
	f.scan("SELECT hash FROM audit_link WHERE seq = $1", []any{seq}, &hash)
	return hash
}

func (f *forger) setBody(e forgedEvent, text string) forgedEvent {
	f.t.Helper()
	changed := bytes.Replace(e.body, []byte(`"first"`), []byte(`"`+text+`"`), 1)
	if bytes.Equal(changed, e.body) {
		f.t.Fatalf("the event says %s", e.body)
	}
	e.body = changed
	f.exec("UPDATE audit_event SET body = $1 WHERE id = $2", e.body, e.id)
	return e
}

func (f *forger) setHash(e forgedEvent) {
	f.t.Helper()
	sum := sha256.Sum256(e.body)
	f.exec("UPDATE audit_event SET hash = $1 WHERE id = $2", sum[:], e.id)
}

// setContent makes a link's content fit its events.
func (f *forger) setContent(seq int64) {
	f.t.Helper()
	sum := contentOf(f.event(seq, 0).body, f.event(seq, 1).body)
	f.exec("UPDATE audit_link SET content = $1 WHERE seq = $2", sum, seq)
}

// rechain hashes the links from first to last anew.
func (f *forger) rechain(first, last int64) {
	f.t.Helper()
	for seq := first; seq <= last; seq++ {
		var content []byte
		f.scan("SELECT content FROM audit_link WHERE seq = $1", []any{seq}, &content)
		f.exec("UPDATE audit_link SET hash = $1 WHERE seq = $2", chained(f.hashOfLink(seq-1), seq, content), seq)
	}
}

func (f *forger) removeLink(seq int64) {
	f.t.Helper()
	f.exec("DELETE FROM audit_event WHERE link_id = $1", f.link(seq))
	f.exec("DELETE FROM audit_link WHERE seq = $1", seq)
}

const forgedBody = `{"id":"forged","at":"2026-03-02T08:00:00.000000Z","actor":{"kind":"system","id":"test"},"action":"remark.made"}`

func (f *forger) insertEvent(link string, ordinal int) {
	f.t.Helper()
	sum := sha256.Sum256([]byte(forgedBody))
	f.exec(`INSERT INTO audit_event (id, link_id, ordinal, at, action, actor_kind, actor_id, device_id, enrollment_id, command_id, subject, body, hash)
		VALUES ('forged', $1, $2, 1772438400000000, 'remark.made', 'system', 'test', '', '', '', '', $3, $4)`,
		link, ordinal, []byte(forgedBody), sum[:])
}

// insertLink adds an empty-handed link with this number, or none.
func (f *forger) insertLink(seq *int64) (id string) {
	f.t.Helper()
	f.exec("INSERT INTO audit_link (id, n, content, seq, hash) VALUES ('forged', 1, $1, $2, $3)",
		contentOf([]byte(forgedBody)), seq, make([]byte, 32))
	return "forged"
}

// appendLink adds a link that fits in everything, except that the head does not
// know it.
func (f *forger) appendLink(seq int64) {
	f.t.Helper()
	f.insertEvent(f.insertLink(&seq), 0)
	f.rechain(seq, seq)
}

// contentOf is SHA-256 over the number of events and their hashes.
func contentOf(bodies ...[]byte) []byte {
	all := binary.BigEndian.AppendUint64(nil, uint64(len(bodies)))
	for _, b := range bodies {
		sum := sha256.Sum256(b)
		all = append(all, sum[:]...)
	}
	sum := sha256.Sum256(all)
	return sum[:]
}

// chained is SHA-256 over the previous hash, the number and the content.
func chained(prev []byte, seq int64, content []byte) []byte {
	all := append(bytes.Clone(prev), binary.BigEndian.AppendUint64(nil, uint64(seq))...)
	sum := sha256.Sum256(append(all, content...))
	return sum[:]
}
