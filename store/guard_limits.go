package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/commands/limits"
)

type limitChangeRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Rule        string `gorm:"column:rule"`
	NumberWas   int    `gorm:"column:number_was"`
	Number      int    `gorm:"column:number"`
	Reason      string `gorm:"column:reason"`
	AskedBy     string `gorm:"column:asked_by"`
	AskedAt     dbTime `gorm:"column:asked_at"`
	ApprovedBy  string `gorm:"column:approved_by"`
	ApprovedAt  dbTime `gorm:"column:approved_at"`
	EffectiveAt dbTime `gorm:"column:effective_at"`
	EndedAt     dbTime `gorm:"column:ended_at"`
	EndedWhy    string `gorm:"column:ended_why"`
	Proof
}

func (limitChangeRow) TableName() string { return "limit_change" }

func limitChangeRowOf(c commands.LimitChange) limitChangeRow {
	r := limitChangeRow{ID: c.ID, Rule: string(c.Rule), NumberWas: c.Was, Number: c.Number, Reason: c.Reason, AskedBy: jsonText(c.AskedBy),
		AskedAt: dbTime(c.AskedAt), ApprovedAt: dbTime(c.ApprovedAt), EffectiveAt: dbTime(c.EffectiveAt), EndedAt: dbTime(c.EndedAt), EndedWhy: c.EndedWhy}
	if !c.ApprovedAt.IsZero() {
		r.ApprovedBy = jsonText(c.ApprovedBy)
	}
	return r
}

func (r limitChangeRow) change() (commands.LimitChange, error) {
	c := commands.LimitChange{ID: r.ID, Rule: limits.ID(r.Rule), Was: r.NumberWas, Number: r.Number, Reason: r.Reason,
		AskedAt: r.AskedAt.time(), ApprovedAt: r.ApprovedAt.time(), EffectiveAt: r.EffectiveAt.time(), EndedAt: r.EndedAt.time(), EndedWhy: r.EndedWhy}
	for text, into := range map[string]*audit.Actor{r.AskedBy: &c.AskedBy, r.ApprovedBy: &c.ApprovedBy} {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return c, fmt.Errorf("read limit change %s: %w", r.ID, err)
		}
	}
	return c, nil
}

// limitNumbers reads the numbers that hold: the newest change of each limit whose
// time has come. A change that cannot be believed changes nothing.
func limitNumbers(db *gorm.DB, now time.Time, believe func(provable) error) (limits.Numbers, error) {
	return numbersOf(db, now, believe)
}

// passkeyRoles reads whose people confirm with a passkey only.
func passkeyRoles(db *gorm.DB, now time.Time, believe func(provable) error) ([]auth.Role, error) {
	var names []limits.ID
	for _, r := range limits.FactorRules() {
		names = append(names, r.ID)
	}
	numbers, err := numbersOf(db.Where("rule IN ?", names), now, believe)
	if err != nil {
		return nil, err
	}
	var roles []auth.Role
	for _, r := range limits.FactorRules() {
		if role, ok := limits.RoleOf(r.ID); ok && numbers.Of(r) <= limits.PasskeyOnly {
			roles = append(roles, auth.Role(role))
		}
	}
	return roles, nil
}

func numbersOf(db *gorm.DB, now time.Time, believe func(provable) error) (limits.Numbers, error) {
	var rows []limitChangeRow
	err := db.Where("effective_at > 0 AND effective_at <= ? AND ended_at = 0", dbTime(now)).Order("effective_at, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the limits: %w", err)
	}
	numbers := limits.Numbers{}
	for _, r := range rows {
		if believe(&r) != nil {
			continue
		}
		numbers[limits.ID(r.Rule)] = r.Number
	}
	return numbers, nil
}

// openChanges reads the changes of limits that do not hold yet.
func openChanges(db *gorm.DB, now time.Time, believe func(provable) error) ([]commands.LimitChange, error) {
	var rows []limitChangeRow
	if err := db.Where("ended_at = 0 AND (effective_at = 0 OR effective_at > ?)", dbTime(now)).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read changes of limits: %w", err)
	}
	out := make([]commands.LimitChange, 0, len(rows))
	for _, r := range rows {
		if believe(&r) != nil {
			continue
		}
		c, err := r.change()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// ChangeLimits implements commands.Storage.
func (s *Store) ChangeLimits(ctx context.Context, resource string, decide func(time.Time, commands.LimitsNow) ([]commands.LimitChange, []audit.Event, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, resource); err != nil {
			return err
		}
		now, err := t.enterGuard()
		if err != nil {
			return err
		}
		var holds commands.LimitsNow
		if holds.Numbers, err = limitNumbers(t.DB, now, t.believe); err != nil {
			return err
		}
		if holds.Changes, err = openChanges(t.DB, now, t.believe); err != nil {
			return err
		}
		changes, events, err := decide(now, holds)
		if err != nil {
			return err
		}
		for _, c := range changes {
			row := limitChangeRowOf(c)
			if err := t.sign(&row); err != nil {
				return err
			}
			if err := t.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
				return fmt.Errorf("keep the change of limit %s: %w", c.Rule, err)
			}
		}
		t.record(events...)
		return nil
	})
}

// Limits implements commands.Storage.
func (s *Store) Limits(ctx context.Context) (commands.LimitsNow, error) {
	var holds commands.LimitsNow
	db := s.reader.WithContext(ctx)
	var row guardStateRow
	if err := db.Raw("SELECT id, at, skew, jumps FROM guard_state WHERE id = 1").Take(&row).Error; err != nil {
		return holds, fmt.Errorf("read the guard's clock: %w", err)
	}
	told, err := s.clock(db)
	if err != nil {
		return holds, fmt.Errorf("read the database's clock: %w", err)
	}
	holds.Now = latest(row.At.time(), told.Add(-time.Duration(row.Skew)*time.Microsecond))
	believe := func(row provable) error { return s.believeRead(ctx, row, nil) }
	if holds.Entries, err = counted(db, holds.Now); err != nil {
		return holds, err
	}
	if holds.Numbers, err = limitNumbers(db, holds.Now, believe); err != nil {
		return holds, err
	}
	holds.Changes, err = openChanges(db, holds.Now, believe)
	return holds, err
}
