// Package auditlog reads the audit log for people and programs: Query is what
// can be asked of it, Feed follows it and hands what is new to many readers.
//
// It decides nothing about who may see what, and it writes nothing; the noun
// Event and the chain are package audit.
//
// Start reading at Feed in feed.go.
package auditlog

import (
	"context"
	"errors"
	"time"

	"wardline/audit"
)

// Query asks for a page of the audit log, newest first. An empty field does not
// narrow.
type Query struct {
	Device  string
	Command string
	Subject string // such as "invitation:<id>"
	Actor   string // account, token or device
	Action  string // "command.requested", or "command.*" for every one of a noun
	// Actions narrows to any of these; empty: all.
	Actions []string
	Since   time.Time
	Until   time.Time // exclusive
	Cursor  string
	Limit   int // 1 to 200
}

// Entry is an event with its place in the chain.
type Entry struct {
	audit.Event
	// Hash is that of the event's stored bytes.
	Hash audit.Hash
	// Seq and Link are the number and hash of the link that holds it.
	Seq  int64
	Link audit.Hash
}

// ErrBadCursor is returned for a cursor that no list of ours has given out.
var ErrBadCursor = errors.New("not a cursor")

// Follower is what Feed needs of the store.
type Follower interface {
	// AuditHead is the newest link of the chain.
	AuditHead(ctx context.Context) (audit.Head, error)
	// AuditSince returns the events of up to limit links after link seq, in the
	// chain's order, and the number that it got to.
	AuditSince(ctx context.Context, seq int64, limit int) ([]audit.Event, int64, error)
}
