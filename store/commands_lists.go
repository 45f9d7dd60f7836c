package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
)

// What people see of many commands at once: lists, numbers, batches. A list and
// the number that leads to it are made from the same conditions.

// heardOf is true for commands whose device was heard of since.
const heardOf = "EXISTS (SELECT 1 FROM device_report r WHERE r.device_id = command.device_id AND r.received_at >= ?)"

// waitingConditions say which commands are in which group. heard marks those
// that take the time since which a device counts as heard of.
var waitingConditions = map[commands.Waiting]struct {
	sql   string
	heard bool
}{
	commands.WaitingApproval:    {"state = 'awaiting_approval'", false},
	commands.WaitingHeld:        {"state = 'held'", false},
	commands.WaitingSilent:      {"state = 'queued' AND NOT " + heardOf, true},
	commands.WaitingQueued:      {"state = 'queued' AND " + heardOf, true},
	commands.WaitingDelivered:   {"state = 'delivered'", false},
	commands.WaitingStarted:     {"state = 'accepted' AND outcome <> 'erase_started' AND NOT unconfirmed", false},
	commands.WaitingErasing:     {"state = 'accepted' AND outcome = 'erase_started'", false},
	commands.WaitingUnconfirmed: {"state = 'accepted' AND outcome <> 'erase_started' AND unconfirmed", false},
}

// unresolved: see commands.Query. A device that was let go has been dealt with.
const unresolved = `outcome = 'not_erased' AND ended_at > 0
	AND NOT EXISTS (SELECT 1 FROM command later WHERE later.device_id = command.device_id AND later.kind = command.kind AND later.id > command.id)
	AND device_id IN (SELECT id FROM device WHERE stage NOT IN ?)`

// inScope narrows to commands whose device is in the scope now.
func inScope(db *gorm.DB, conditions *[]string, args *[]any, scope commands.Scope) error {
	where, err := deviceScope(db, args, scope)
	if err == nil && where != "" {
		*conditions = append(*conditions, "device_id IN (SELECT d.id FROM device d WHERE "+where+")")
	}
	return err
}

// deviceScope is a scope as a condition on device d; empty when it does not
// limit.
func deviceScope(db *gorm.DB, args *[]any, scope commands.Scope) (string, error) {
	var where []string
	if len(scope.Classes) > 0 {
		where, *args = append(where, "d.class IN ?"), append(*args, scope.Classes)
	}
	if len(scope.Sites) > 0 {
		below, err := placesWithin(db, scope.Sites)
		if err != nil {
			return "", err
		}
		where, *args = append(where, "d.place_id IN ?"), append(*args, below)
	}
	return strings.Join(where, " AND "), nil
}

// choosing is a query of commands as a condition.
func (s *Store) choosing(db *gorm.DB, q commands.Query) (where []string, args []any, err error) {
	and := func(condition string, with ...any) { where, args = append(where, condition), append(args, with...) }
	for _, equal := range []struct{ column, value string }{
		{"device_id", string(q.Device)}, {"batch_id", string(q.Batch)}, {"kind", string(q.Kind)},
		{"requester_id", q.Requester}, {"outcome", string(q.Outcome)},
	} {
		if equal.value != "" {
			and(equal.column+" = ?", equal.value)
		}
	}
	if len(q.States) > 0 {
		and("state IN ?", q.States)
	}
	if w, known := waitingConditions[q.Waiting]; known {
		and("ended_at = 0")
		if !w.heard {
			and(w.sql)
		} else {
			now, err := s.clock(db)
			if err != nil {
				return nil, nil, err
			}
			and(w.sql, dbTime(now.Add(-q.AliveWithin)))
		}
	}
	if q.Unresolved {
		and(unresolved, endedStages())
	}
	if q.Origins != nil {
		each := []string{"1 = 0"}
		var with []any
		for _, o := range q.Origins {
			each = append(each, "(kind = ? AND subkind = ? AND class = ? AND requester = ? AND ("+isBreakGlass("")+") = ?)")
			with = append(with, o.Kind, o.Subkind, o.Class, jsonText(o.Requester), o.BreakGlass)
		}
		and("("+strings.Join(each, " OR ")+")", with...)
	}
	return where, args, inScope(db, &where, &args, q.Scope)
}

func (s *Store) selecting(db *gorm.DB, q commands.Query) (*gorm.DB, error) {
	where, args, err := s.choosing(db, q)
	if err != nil || len(where) == 0 {
		return db, err
	}
	return db.Where(strings.Join(where, " AND "), args...), nil
}

// CountCommands implements commands.Storage.
func (s *Store) CountCommands(ctx context.Context, q commands.Query) (int, error) {
	db := s.reader.WithContext(ctx)
	chosen, err := s.selecting(db.Model(&commandRow{}), q)
	var total int64
	if err == nil {
		err = chosen.Count(&total).Error
	}
	if err != nil {
		return 0, fmt.Errorf("count commands: %w", err)
	}
	return int(total), nil
}

// CountWaiting implements commands.Storage.
func (s *Store) CountWaiting(ctx context.Context, scope commands.Scope, alive time.Duration) (map[commands.Waiting]int, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	var groups strings.Builder
	var args []any
	for _, w := range commands.Waitings() {
		c := waitingConditions[w]
		fmt.Fprintf(&groups, " WHEN %s THEN '%s'", c.sql, w)
		if c.heard {
			args = append(args, dbTime(now.Add(-alive)))
		}
	}
	where := []string{"ended_at = 0"}
	if err := inScope(db, &where, &args, scope); err != nil {
		return nil, err
	}
	var rows []struct {
		Waiting string `gorm:"column:waiting"`
		N       int    `gorm:"column:n"`
	}
	err = db.Raw("SELECT CASE"+groups.String()+" END AS waiting, count(*) AS n FROM command WHERE "+strings.Join(where, " AND ")+" GROUP BY 1", args...).
		Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	out := map[commands.Waiting]int{}
	for _, r := range rows {
		out[commands.Waiting(r.Waiting)] = r.N
	}
	return out, nil
}

// Origins implements commands.Storage.
func (s *Store) Origins(ctx context.Context, scope commands.Scope) ([]commands.Origin, error) {
	db := s.reader.WithContext(ctx)
	var args []any
	where, err := deviceScope(db, &args, scope)
	if err != nil {
		return nil, err
	}
	if where != "" {
		where = " AND " + where
	}
	var rows []struct {
		Kind, Subkind, Class, Requester string
		DeviceClass                     string `gorm:"column:device_class"`
		PlaceID                         string `gorm:"column:place_id"`
		N                               int    `gorm:"column:n"`
		Glass                           bool   `gorm:"column:glass"`
	}
	err = db.Raw(`SELECT c.kind, c.subkind, c.class, c.requester, d.class AS device_class, d.place_id, count(*) AS n, (`+isBreakGlass("c.")+`) AS glass
		FROM command c JOIN device d ON d.id = c.device_id WHERE c.state = 'awaiting_approval'`+where+`
		GROUP BY c.kind, c.subkind, c.class, c.requester, d.class, d.place_id, glass`, args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what waits for a second person: %w", err)
	}
	out := make([]commands.Origin, len(rows))
	for i, r := range rows {
		var by audit.Actor
		if err := json.Unmarshal([]byte(r.Requester), &by); err != nil {
			return nil, fmt.Errorf("read who asked for what waits: %w", err)
		}
		out[i] = commands.Origin{Kind: device.Kind(r.Kind), Subkind: device.Subkind(r.Subkind), Class: device.Class(r.Class), Requester: by,
			BreakGlass: r.Glass, DeviceClass: device.Class(r.DeviceClass), Place: device.PlaceID(r.PlaceID), Count: r.N}
	}
	return out, nil
}

// Batches implements commands.Storage. A batch is in a limited list when one of
// its devices is in the scope.
func (s *Store) Batches(ctx context.Context, q commands.BatchQuery) (commands.BatchPage, error) {
	db := s.reader.WithContext(ctx)
	chosen, err := choosingBatches(db, q)
	if err != nil {
		return commands.BatchPage{}, err
	}
	var total int64
	if err := chosen.Session(&gorm.Session{}).Model(&batchRow{}).Count(&total).Error; err != nil {
		return commands.BatchPage{}, fmt.Errorf("count batches: %w", err)
	}
	out := commands.BatchPage{Total: int(total)}
	if q.Before != "" {
		chosen = chosen.Where("id < ?", q.Before)
	}
	var rows []batchRow
	if err := chosen.Order("id DESC").Limit(q.Limit + 1).Find(&rows).Error; err != nil {
		return out, fmt.Errorf("read batches: %w", err)
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		out.Next = commands.BatchID(rows[q.Limit-1].ID)
	}
	at := make(map[string]map[commands.State]int, len(rows))
	for _, r := range rows {
		b, err := r.batch()
		if err != nil {
			return out, err
		}
		at[r.ID] = map[commands.State]int{}
		out.Items, out.Counts = append(out.Items, b), append(out.Counts, at[r.ID])
	}
	return out, countBatches(db, q.Scope, at)
}

func choosingBatches(db *gorm.DB, q commands.BatchQuery) (*gorm.DB, error) {
	chosen := db
	if q.Kind != "" {
		chosen = chosen.Where("kind = ?", q.Kind)
	}
	if q.Requester != "" {
		chosen = chosen.Where("id IN (SELECT batch_id FROM command WHERE requester_id = ? AND batch_id <> '')", q.Requester)
	}
	if q.Open {
		chosen = chosen.Where("id IN (SELECT batch_id FROM command WHERE ended_at = 0 AND batch_id <> '')")
	}
	var args []any
	where, err := deviceScope(db, &args, q.Scope)
	if err != nil || where == "" {
		return chosen, err
	}
	return chosen.Where(`(EXISTS (SELECT 1 FROM command c JOIN device d ON d.id = c.device_id WHERE c.batch_id = command_batch.id AND c.batch_id <> '' AND `+where+`)
		OR EXISTS (SELECT 1 FROM command_batch_refusal f JOIN device d ON d.id = f.device_id WHERE f.batch_id = command_batch.id AND `+where+`))`,
		append(args, args...)...), nil
}

// countBatches counts the devices of batches within the scope by their state.
func countBatches(db *gorm.DB, scope commands.Scope, at map[string]map[commands.State]int) error {
	if len(at) == 0 {
		return nil
	}
	ids := make([]string, 0, len(at))
	for id := range at {
		ids = append(ids, id)
	}
	scoped := []any{ids}
	where, err := deviceScope(db, &scoped, scope)
	if err != nil {
		return err
	}
	device := ""
	if where != "" {
		// Who is limited is not told of devices that do not exist.
		device, where = " JOIN device d ON d.id = x.device_id", " AND "+where
	}
	var rows []struct {
		BatchID string `gorm:"column:batch_id"`
		State   string `gorm:"column:state"`
		N       int    `gorm:"column:n"`
	}
	err = db.Raw("SELECT x.batch_id, x.state, count(*) AS n FROM command x"+device+" WHERE x.batch_id IN ? AND x.batch_id <> ''"+where+" GROUP BY x.batch_id, x.state"+
		" UNION ALL SELECT x.batch_id, '' AS state, count(*) AS n FROM command_batch_refusal x"+device+" WHERE x.batch_id IN ?"+where+" GROUP BY x.batch_id",
		append(scoped, scoped...)...).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("count the devices of batches: %w", err)
	}
	for _, r := range rows {
		at[r.BatchID][commands.State(r.State)] += r.N
	}
	return nil
}
