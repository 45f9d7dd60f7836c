package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/internal/once"
)

// idempotencyKept is how long a repeated request finds the first one.
const idempotencyKept = 24 * time.Hour

type idempotencyRow struct {
	Principal string `gorm:"column:principal;primaryKey"`
	Key       string `gorm:"column:key;primaryKey"`
	Hash      string `gorm:"column:hash"`
	Resource  string `gorm:"column:resource"`
	RequestID string `gorm:"column:request_id"`
	At        dbTime `gorm:"column:at"`
}

func (idempotencyRow) TableName() string { return "idempotency" }

// idempotent writes, in the transaction of the effect, that the request in ctx
// made resource ("command:<id>"). Without a request in ctx it does nothing.
//
// It answers *once.Done when the same request was carried out before, and
// once.CodeKeyReused when the key belongs to another one; the caller returns
// the error and its transaction is rolled back. On PostgreSQL it waits for a
// transaction with the same key; one that takes longer than the lock timeout
// answers once.CodeInProgress.
func (t *tx) idempotent(ctx context.Context, resource string) error {
	r := once.From(ctx)
	if r == nil {
		return nil
	}
	r.Note()
	row := idempotencyRow{Principal: r.Principal, Key: r.Key, Hash: r.Hash, Resource: resource, RequestID: r.ID, At: dbTime(t.now)}
	// A row past its time is as good as none.
	res := t.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "principal"}, {Name: "key"}},
		DoUpdates: clause.AssignmentColumns([]string{"hash", "resource", "request_id", "at"}),
		Where: clause.Where{Exprs: []clause.Expression{
			clause.Lt{Column: clause.Column{Table: "idempotency", Name: "at"}, Value: dbTime(t.now.Add(-idempotencyKept))},
		}},
	}).Create(&row)
	if err := res.Error; err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "55P03" {
			return once.CodeInProgress.Wrap(err, "The same request is being carried out just now.")
		}
		return fmt.Errorf("note the idempotency key: %w", err)
	}
	if res.RowsAffected == 1 {
		return nil
	}
	var before idempotencyRow
	if err := t.Where("principal = ? AND key = ?", r.Principal, r.Key).Take(&before).Error; err != nil {
		return fmt.Errorf("read the idempotency key: %w", err)
	}
	if before.RequestID == r.ID {
		return nil // an earlier transaction of this very request
	}
	return before.judge(r)
}

// judge says what a repeated request with this key is.
func (row idempotencyRow) judge(r *once.Request) error {
	if row.Hash != r.Hash {
		return once.CodeKeyReused.New("This Idempotency-Key was used before for another request.")
	}
	return &once.Done{Resource: row.Resource}
}

// resourceOf names what a transaction made by the first event that it recorded:
// the command, the subject or the device of that event.
func resourceOf(events []audit.Event) string {
	if len(events) == 0 {
		return ""
	}
	switch e := events[0]; {
	case e.Command != "":
		return "command:" + e.Command
	case e.Subject != "":
		return e.Subject
	default:
		return "device:" + e.Device
	}
}

// idempotentByEvents does what idempotent does for a transaction that did not
// call it: what it made is named by its first event. After idempotent in the
// same transaction it changes nothing.
func (t *tx) idempotentByEvents(ctx context.Context) error {
	r := once.From(ctx)
	if r == nil || len(t.events) == 0 {
		return nil
	}
	return t.idempotent(ctx, resourceOf(t.events))
}

// FindRequest says whether r was carried out before: *once.Done with what it
// made, once.CodeKeyReused when the key belongs to another request, or nil.
func (s *Store) FindRequest(ctx context.Context, r *once.Request) error {
	now, err := s.Now(ctx)
	if err != nil {
		return fmt.Errorf("find a request by its idempotency key: %w", err)
	}
	var row idempotencyRow
	err = s.reader.WithContext(ctx).
		Where("principal = ? AND key = ? AND at >= ?", r.Principal, r.Key, dbTime(now.Add(-idempotencyKept))).
		Take(&row).Error
	if notFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find a request by its idempotency key: %w", err)
	}
	return row.judge(r)
}

// RememberRequest writes that r made resource, when the transaction of the
// effect could not do so itself.
func (s *Store) RememberRequest(ctx context.Context, r *once.Request, resource string) error {
	return s.write(ctx, func(t *tx) error { return t.idempotent(once.With(ctx, r), resource) })
}

// ForgetRequests deletes what is older than 24 hours and returns how many rows
// that were. It is called from time to time.
func (s *Store) ForgetRequests(ctx context.Context) (int64, error) {
	var n int64
	err := s.write(ctx, func(t *tx) error {
		res := t.Where("at < ?", dbTime(t.now.Add(-idempotencyKept))).Delete(&idempotencyRow{})
		n = res.RowsAffected
		return res.Error
	})
	if err != nil {
		return 0, fmt.Errorf("forget old idempotency keys: %w", err)
	}
	return n, nil
}
