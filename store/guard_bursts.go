package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"wardline/audit"
	"wardline/commands"
)

// AskedLately implements commands.Storage.
func (s *Store) AskedLately(ctx context.Context, window time.Duration, least int) (bool, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return false, fmt.Errorf("look for bursts: %w", err)
	}
	var n int
	err = db.Raw("SELECT COUNT(*) FROM command WHERE weight = 'destructive' AND created_at > ?", dbTime(now.Add(-window))).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for bursts: %w", err)
	}
	return n >= least, nil
}

// FreezeBursts implements commands.Storage.
func (s *Store) FreezeBursts(ctx context.Context, window time.Duration, decide func(asked func(commands.FreezeScope) ([]commands.Asked, error),
	frozen []commands.Freeze, add func(commands.Freeze, audit.Event) error) error) error {
	return s.write(ctx, func(t *tx) error {
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		frozen, err := t.activeFreezes()
		if err != nil {
			return err
		}
		asked := func(scope commands.FreezeScope) ([]commands.Asked, error) {
			return t.askedLately(scope, t.now.Add(-window))
		}
		return decide(asked, frozen, t.addFreeze)
	})
}

// askedLately counts what destroys and was asked since, by the values of a scope.
// A batch counts once. What people asked who are frozen, or whose freeze was
// lifted since they asked, counts no more.
func (t *tx) askedLately(scope commands.FreezeScope, since time.Time) ([]commands.Asked, error) {
	value := map[commands.FreezeScope]string{commands.FreezePerson: "c.person", commands.FreezeSite: "c.site_id", commands.FreezeServer: "''"}[scope]
	var rows []struct {
		Value, Person string
		N             int
	}
	err := t.Raw(`SELECT `+value+` AS value, c.person, COUNT(DISTINCT CASE WHEN c.batch_id = '' THEN c.id ELSE c.batch_id END) AS n
		FROM command c WHERE c.weight = 'destructive' AND c.created_at > ? AND c.person <> ''
			AND NOT EXISTS (SELECT 1 FROM guard_freeze z WHERE (z.lifted_at = 0 AND z.scope = 'person' AND z.scope_id = c.person)
				OR (z.lifted_at >= c.created_at AND z.cause = 'burst'
					AND ((z.scope = 'person' AND z.scope_id = c.person) OR (z.scope = 'site' AND z.scope_id = c.site_id) OR z.scope = 'server')))
		GROUP BY 1, 2 ORDER BY 1, 2`, dbTime(since)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count what was asked lately: %w", err)
	}
	var out []commands.Asked
	for _, r := range rows {
		if scope != commands.FreezeServer && r.Value == "" {
			continue
		}
		i := slices.IndexFunc(out, func(a commands.Asked) bool { return a.ScopeID == r.Value })
		if i < 0 {
			out = append(out, commands.Asked{ScopeID: r.Value})
			i = len(out) - 1
		}
		out[i].Count += r.N
		out[i].People = append(out[i].People, r.Person)
	}
	return out, nil
}
