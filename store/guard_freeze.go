package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

type freezeRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Scope       string `gorm:"column:scope"`
	ScopeID     string `gorm:"column:scope_id"`
	Cause       string `gorm:"column:cause"`
	Reason      string `gorm:"column:reason"`
	SetBy       string `gorm:"column:set_by"`
	CausedBy    string `gorm:"column:caused_by"`
	SetAt       dbTime `gorm:"column:set_at"`
	AlreadyLeft string `gorm:"column:already_left"`
	LiftBy      string `gorm:"column:lift_by"`
	LiftRoles   string `gorm:"column:lift_roles"`
	LiftReason  string `gorm:"column:lift_reason"`
	LiftAskedAt dbTime `gorm:"column:lift_asked_at"`
	LiftedBy    string `gorm:"column:lifted_by"`
	LiftedAt    dbTime `gorm:"column:lifted_at"`
	Proof
}

func (freezeRow) TableName() string { return "guard_freeze" }

func freezeRowOf(z commands.Freeze) freezeRow {
	r := freezeRow{ID: z.ID, Scope: string(z.Scope), ScopeID: z.ScopeID, Cause: string(z.Cause), Reason: z.Reason,
		SetBy: jsonText(z.SetBy), CausedBy: jsonText(z.CausedBy), SetAt: dbTime(z.SetAt), AlreadyLeft: jsonText(z.Left), LiftRoles: "[]",
		LiftedAt: dbTime(z.LiftedAt)}
	if z.Lift != nil {
		r.LiftBy, r.LiftRoles, r.LiftReason, r.LiftAskedAt = jsonText(z.Lift.By), jsonText(z.Lift.Roles), z.Lift.Reason, dbTime(z.Lift.At)
	}
	if !z.LiftedAt.IsZero() {
		r.LiftedBy = jsonText(z.LiftedBy)
	}
	return r
}

func (r freezeRow) freeze() (commands.Freeze, error) {
	z := commands.Freeze{ID: r.ID, Scope: commands.FreezeScope(r.Scope), ScopeID: r.ScopeID, Cause: commands.FreezeCause(r.Cause),
		Reason: r.Reason, SetAt: r.SetAt.time(), LiftedAt: r.LiftedAt.time()}
	var lift commands.LiftAsked
	for _, part := range []struct {
		column, text string
		into         any
	}{
		{"set_by", r.SetBy, &z.SetBy}, {"caused_by", r.CausedBy, &z.CausedBy}, {"already_left", r.AlreadyLeft, &z.Left},
		{"lift_by", r.LiftBy, &lift.By}, {"lift_roles", r.LiftRoles, &lift.Roles}, {"lifted_by", r.LiftedBy, &z.LiftedBy},
	} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return z, fmt.Errorf("read freeze %s: column %s: %w", r.ID, part.column, err)
		}
	}
	if r.LiftBy != "" {
		lift.Reason, lift.At = r.LiftReason, r.LiftAskedAt.time()
		z.Lift = &lift
	}
	return z, nil
}

func freezesOf(rows []freezeRow) ([]commands.Freeze, error) {
	out := make([]commands.Freeze, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.freeze(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// activeFreezes reads those that hold, for a decision: the guard's lock is held.
// One that cannot be believed holds, and one that this process knew to hold does
// so until a lift that can be believed is seen.
func (t *tx) activeFreezes() ([]commands.Freeze, error) {
	var rows []freezeRow
	if err := t.Omit("already_left").Where("lifted_at = 0").Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the freezes that hold: %w", err)
	}
	freezes, err := freezesOf(rows)
	if err != nil {
		return nil, err
	}
	known := t.store.memory.freezes()
	for i, r := range rows {
		if t.believe(&r) == nil && !t.written["guard_freeze/"+r.ID] {
			t.store.memory.holds(freezes[i])
		}
		delete(known, r.ID)
	}
	for id, z := range known {
		lifted, err := t.liftedFreeze(id)
		if err != nil {
			return nil, err
		}
		if !lifted {
			freezes = append(freezes, z)
		}
	}
	return freezes, nil
}

// liftedFreeze says whether a freeze that was known to hold was lifted by people.
func (t *tx) liftedFreeze(id string) (bool, error) {
	var row freezeRow
	err := t.Omit("already_left").Take(&row, "id = ?", id).Error
	switch {
	case notFound(err):
		t.altered = append(t.altered, altered{table: row.TableName(), id: id, why: "it is missing"})
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read freeze %s: %w", id, err)
	case t.believe(&row) != nil:
		return false, nil
	}
	if !t.written["guard_freeze/"+id] {
		t.store.memory.holdsNoMore(id)
	}
	return true, nil
}

// activeFreezes reads those that hold, for screens.
func activeFreezes(db *gorm.DB) ([]commands.Freeze, error) {
	var rows []freezeRow
	if err := db.Omit("already_left").Where("lifted_at = 0").Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the freezes that hold: %w", err)
	}
	return freezesOf(rows)
}

// SetFreeze implements commands.Storage. A lease that holds the guard's lock
// commits first, and what it handed out is listed; one that comes later waits for
// the lock and then sees the freeze.
func (s *Store) SetFreeze(ctx context.Context, z commands.Freeze, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "freeze:"+z.ID); err != nil {
			return err
		}
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		return t.addFreeze(z, event)
	})
}

// addFreeze adds a freeze while the guard's lock is held.
func (t *tx) addFreeze(z commands.Freeze, event audit.Event) error {
	var err error
	z.SetAt = t.now
	if z.Left, err = t.alreadyLeft(z); err != nil {
		return err
	}
	row := freezeRowOf(z)
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("keep freeze %s: %w", z.ID, err)
	}
	event.Detail["already_left"] = len(z.Left)
	t.record(event)
	return nil
}

// mostLeft is how many of what had left a freeze names.
const mostLeft = 500

// alreadyLeft are the commands in the freeze's scope that devices have and have
// not finished.
func (t *tx) alreadyLeft(z commands.Freeze) ([]commands.LeftBefore, error) {
	condition, args, err := t.inScope(z.Scope, z.ScopeID)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID, DeviceID, Kind, State string
		DeliveredAt               dbTime
	}
	err = t.Raw(`SELECT id, device_id, kind, state, delivered_at FROM command
		WHERE ended_at = 0 AND state IN ('delivered', 'accepted') AND weight <> 'quiet' AND `+condition+` ORDER BY id DESC LIMIT ?`,
		append(args, mostLeft)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what had left before a freeze: %w", err)
	}
	left := make([]commands.LeftBefore, len(rows))
	for i, r := range rows {
		left[i] = commands.LeftBefore{Command: commands.ID(r.ID), Device: device.ID(r.DeviceID), Kind: device.Kind(r.Kind),
			State: commands.State(r.State), At: r.DeliveredAt.time()}
	}
	return left, nil
}

// inScope is the condition on rows of command that a scope means.
func (t *tx) inScope(scope commands.FreezeScope, id string) (string, []any, error) {
	switch scope {
	case commands.FreezePerson:
		return "person = ?", []any{id}, nil
	case commands.FreezeServer:
		return "1 = 1", nil, nil
	}
	var inside []string
	err := t.Raw(`WITH RECURSIVE inside (id) AS (
			SELECT id FROM place WHERE id = ?
			UNION ALL SELECT p.id FROM place p JOIN inside ON p.parent_id = inside.id) SELECT id FROM inside`, id).Scan(&inside).Error
	if err != nil {
		return "", nil, fmt.Errorf("read the places of a site: %w", err)
	}
	if len(inside) == 0 {
		return "", nil, fault.CodeNotFound.New("There is no such site.")
	}
	return "(site_id = ? OR device_id IN (SELECT id FROM device WHERE place_id IN ?))", []any{id, inside}, nil
}

// ChangeFreeze implements commands.Storage.
func (s *Store) ChangeFreeze(ctx context.Context, id string, decide func(commands.Freeze, time.Time) (commands.Freeze, audit.Event, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "freeze:"+id); err != nil {
			return err
		}
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		var row freezeRow
		if err := t.Take(&row, "id = ?", id).Error; err != nil {
			return freezeFault(id, err)
		}
		if err := t.believe(&row); err != nil {
			return err
		}
		z, err := row.freeze()
		if err != nil {
			return err
		}
		if z.Lost, err = s.lostBy(t.DB, z); err != nil {
			return err
		}
		z, event, err := decide(z, t.now)
		if err != nil {
			return err
		}
		row = freezeRowOf(z)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Save(&row).Error; err != nil {
			return fmt.Errorf("keep freeze %s: %w", id, err)
		}
		t.record(event)
		return nil
	})
}

func freezeFault(id string, err error) error {
	if notFound(err) {
		return fault.CodeNotFound.New("There is no such freeze.")
	}
	return fmt.Errorf("read freeze %s: %w", id, err)
}

// Freeze implements commands.Storage.
func (s *Store) Freeze(ctx context.Context, id string) (commands.Freeze, error) {
	var row freezeRow
	if err := s.reader.WithContext(ctx).Take(&row, "id = ?", id).Error; err != nil {
		return commands.Freeze{}, freezeFault(id, err)
	}
	list, err := s.withLost(s.reader.WithContext(ctx), []freezeRow{row})
	if err != nil {
		return commands.Freeze{}, err
	}
	return list[0], nil
}

// withLost adds to freezes by a restore what it lost.
func (s *Store) withLost(db *gorm.DB, rows []freezeRow) ([]commands.Freeze, error) {
	freezes, err := freezesOf(rows)
	for i := range freezes {
		if err == nil {
			freezes[i].Lost, err = s.lostBy(db, freezes[i])
		}
	}
	return freezes, err
}

const mostFreezes = 200

// Freezes implements commands.Storage.
func (s *Store) Freezes(ctx context.Context, all bool) ([]commands.Freeze, error) {
	db := s.reader.WithContext(ctx).Order("id DESC").Limit(mostFreezes)
	if !all {
		db = db.Where("lifted_at = 0")
	}
	var rows []freezeRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read freezes: %w", err)
	}
	return s.withLost(s.reader.WithContext(ctx), rows)
}

// ChangeUndelivered implements commands.Storage.
func (s *Store) ChangeUndelivered(ctx context.Context, scope commands.FreezeScope, scopeID string, limit int, decide func([]commands.Facts) (commands.Changes, error)) (int, error) {
	found := 0
	err := s.write(ctx, func(t *tx) error {
		condition, args, err := t.inScope(scope, scopeID)
		if err != nil {
			return err
		}
		var ids []device.ID
		err = t.Raw(`SELECT DISTINCT device_id FROM command WHERE ended_at = 0 AND state IN ('awaiting_approval', 'queued', 'held')
			AND weight <> 'quiet' AND `+condition+` ORDER BY device_id LIMIT ?`, append(args, limit)...).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("find what has not left: %w", err)
		}
		if found = len(ids); found == 0 {
			return nil
		}
		rows, err := t.lockDevices(slices.Clone(ids))
		if err != nil {
			return err
		}
		return t.decideOn(rows, commands.Reading{Guard: true}, decide)
	})
	return found, err
}
