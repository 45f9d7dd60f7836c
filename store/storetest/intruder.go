package storetest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wardline/commands"
	"wardline/store"
)

// Intruder is somebody who can write to the database, knows how everything in it
// is made, and has no key.
type Intruder struct{ *forger }

// intruder opens the database for one.
func (h *Harness) intruder() Intruder {
	h.t.Helper()
	return Intruder{newForger(h.t, h)}
}

// Copy puts a copy of the rows that match into a table, with some columns set to
// something else.
func (i Intruder) Copy(table, where string, set map[string]any) {
	i.t.Helper()
	i.copy(table, table, where, set)
}

// Keep stores the rows that match as they are now; PutBack puts them in the place
// of what they have become.
func (i Intruder) Keep(table, where string) (putBack func()) {
	i.t.Helper()
	kept := fmt.Sprintf("kept_%s_%d", table, time.Now().UnixNano())
	i.exec("CREATE TABLE " + kept + " AS SELECT * FROM " + table + " WHERE " + where)
	return func() {
		i.t.Helper()
		i.exec("DELETE FROM " + table + " WHERE " + where)
		i.copy(kept, table, "1 = 1", nil)
		i.exec("DROP TABLE " + kept)
	}
}

func (i Intruder) copy(from, into, where string, set map[string]any) {
	i.t.Helper()
	rows, err := i.db.Query("SELECT * FROM " + from + " WHERE 1 = 0")
	if err != nil {
		i.t.Fatal(err)
	}
	columns, err := rows.Columns()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := rows.Close(); err != nil {
		i.t.Fatal(err)
	}
	var values []any
	taken := make([]string, len(columns))
	for n, c := range columns {
		taken[n] = c
		if v, ok := set[c]; ok {
			values = append(values, v)
			taken[n] = fmt.Sprintf("$%d", len(values))
		}
	}
	i.exec("INSERT INTO "+into+" ("+strings.Join(columns, ", ")+") SELECT "+strings.Join(taken, ", ")+" FROM "+from+" WHERE "+where, values...)
}

// Tell adds events to the audit log that fit in everything: content, chain, head.
func (i Intruder) Tell(command, device string, actions ...string) {
	i.t.Helper()
	for _, action := range actions {
		var seq int64
		var hash []byte
		i.scan("SELECT seq, hash FROM audit_head WHERE id = 1", nil, &seq, &hash)
		seq++
		at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Add(time.Duration(seq) * time.Millisecond)
		id := fmt.Sprintf("told-%d", seq)
		body, err := json.Marshal(struct {
			ID      string         `json:"id"`
			At      string         `json:"at"`
			Actor   map[string]any `json:"actor"`
			Action  string         `json:"action"`
			Device  string         `json:"device,omitempty"`
			Command string         `json:"command,omitempty"`
		}{id, at.Format("2006-01-02T15:04:05.000000Z"), map[string]any{"kind": "person", "id": "account-security"}, action, device, command})
		if err != nil {
			i.t.Fatal(err)
		}
		content := contentOf(body)
		sum := sha256.Sum256(body)
		next := chained(hash, seq, content)
		i.exec("INSERT INTO audit_link (id, n, content, seq, hash) VALUES ($1, 1, $2, $3, $4)", id, content, seq, next)
		i.exec(`INSERT INTO audit_event (id, link_id, ordinal, at, action, actor_kind, actor_id, device_id, enrollment_id, command_id, subject, body, hash)
			VALUES ($1, $1, 0, $2, $3, 'person', 'account-security', $4, '', $5, '', $6, $7)`, id, at.UnixMicro(), action, device, command, body, sum[:])
		i.exec("UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1", seq, next)
	}
}

// Intruder opens the newest database for somebody who can write to it.
func (h *Harness) Intruder() Intruder {
	h.t.Helper()
	return h.intruder()
}

// Exec runs plain SQL.
func (i Intruder) Exec(statement string, args ...any) {
	i.t.Helper()
	i.exec(statement, args...)
}

// ForgeWipe puts a wipe of this device into the queue, made after an honest one, with
// everything about it right but the code, and with the events that it would have.
func (i Intruder) ForgeWipe(c *Clinic, g *Gadget, like commands.ID) {
	i.t.Helper()
	id := newID()
	body, hash := orderFor(i.t, c, g, id)
	now := c.Clock.Now().UnixMicro()
	i.Copy("command", "id = '"+string(like)+"'", map[string]any{"id": id, "device_id": string(g.ID), "enrollment_id": string(g.Enrollment),
		"order_bytes": body, "order_hash": hash, "state": "queued", "moves": 1, "attempt": 0, "ended_at": 0, "delivered_at": 0, "accepted_at": 0,
		"outcome": "", "receipt": "", "not_before": 0, "due_at": now, "expires_at": 0, "created_at": now, "released_at": 0})
	i.Tell(id, string(g.ID), "command.requested")
}

// Backup keeps every table as it is now. What it returns puts all of them back, as
// often as it is called.
func (i Intruder) Backup(h *Harness) (restore func()) {
	i.t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' AND name NOT LIKE 'device_search%'"
	if h.Engine == store.Postgres {
		query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'"
	}
	rows, err := i.db.Query(query)
	if err != nil {
		i.t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			i.t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := rows.Err(); err != nil {
		i.t.Fatal(err)
	}
	for _, name := range tables {
		i.exec("CREATE TABLE backup_of_" + name + " AS SELECT * FROM " + name)
	}
	return func() {
		i.t.Helper()
		for _, name := range tables {
			i.exec("DELETE FROM " + name)
			i.copy("backup_of_"+name, name, "1 = 1", nil)
		}
	}
}
