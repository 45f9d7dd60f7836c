package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
)

// knownSourceFor is how long a source stays known for an account after a sign-in.
const knownSourceFor = 30 * 24 * time.Hour

// Throttles implements auth.Storage.
func (s *Store) Throttles(ctx context.Context, keys []string, account auth.AccountID, source string) (map[string]auth.Throttle, bool, time.Time, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, false, now, fmt.Errorf("read throttles: %w", err)
	}
	var rows []throttleRow
	if err := db.Find(&rows, "key IN ?", keys).Error; err != nil {
		return nil, false, now, fmt.Errorf("read throttles: %w", err)
	}
	counts := make(map[string]auth.Throttle, len(rows))
	for _, r := range rows {
		counts[r.Key] = r.throttle()
	}
	if account == "" || source == "" {
		return counts, false, now, nil
	}
	var n int64
	err = db.Model(&sessionRow{}).Where("account_id = ? AND created_at > ? AND source = ? AND audience <> ?",
		string(account), dbTime(now.Add(-knownSourceFor)), source, auth.AudienceLost).Limit(1).Count(&n).Error
	if err != nil {
		return nil, false, now, fmt.Errorf("read known sources: %w", err)
	}
	return counts, n > 0, now, nil
}

// CountFailure implements auth.Storage.
func (s *Store) CountFailure(ctx context.Context, by audit.Actor, action audit.Action, subject string, keys []string,
	rule func(string, auth.Throttle, time.Time) auth.Throttle) error {
	return s.write(ctx, func(t *tx) error {
		for _, key := range sortedCopy(keys) {
			// The row is made first, so that there is one to lock.
			err := t.Clauses(clause.OnConflict{DoNothing: true}).Create(&throttleRow{Key: key}).Error
			if err != nil {
				return fmt.Errorf("count failure: %w", err)
			}
			var row throttleRow
			if err := t.Raw("SELECT * FROM throttle WHERE key = ?"+t.lockRows(), key).Scan(&row).Error; err != nil {
				return fmt.Errorf("count failure: %w", err)
			}
			c := rule(key, row.throttle(), t.now)
			row = throttleRow{Key: key, Failures: c.Failures, Since: dbTime(c.Since), Last: dbTime(c.Last), BlockedUntil: dbTime(c.BlockedUntil)}
			if err := t.Save(&row).Error; err != nil {
				return fmt.Errorf("count failure: %w", err)
			}
		}
		t.record(audit.Event{Actor: by, Action: action, Subject: subject})
		return nil
	})
}

// SignIn implements auth.Storage.
func (s *Store) SignIn(ctx context.Context, by audit.Actor, session auth.Session, refresh auth.Hash, forget []string,
	rule func(auth.Person, auth.Standing) (auth.Person, auth.Session, error)) (auth.Session, auth.Person, auth.Standing, error) {
	var out auth.Session
	var p auth.Person
	var st auth.Standing
	err := s.write(ctx, func(t *tx) error {
		var err error
		if p, err = t.lockPerson(session.Account); err != nil {
			return err
		}
		if st, err = t.standing(p.ID); err != nil {
			return err
		}
		if p, out, err = rule(p, st); err != nil {
			return err
		}
		p.LastSignInAt = t.now
		if err := t.savePerson(p); err != nil {
			return err
		}
		row := sessionRowOf(out)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		if err := t.addRefresh(refresh, row.ID); err != nil {
			return fmt.Errorf("open session: %w", err)
		}
		if err := t.Delete(&throttleRow{}, "key IN ?", forget).Error; err != nil {
			return fmt.Errorf("forget failures: %w", err)
		}
		by.Session, by.Factor = string(out.ID), string(out.Factor)
		t.recordNotes(by, p)
		t.record(audit.Event{Actor: by, Action: "session.opened", Subject: subjectOf(p.ID),
			Detail: map[string]any{"audience": out.Audience, "source": out.Source}})
		return nil
	})
	return out, p, st, err
}

// ActOn implements auth.Storage.
func (s *Store) ActOn(ctx context.Context, account auth.AccountID, id auth.SessionID, on string, most int) error {
	return s.write(ctx, func(t *tx) error {
		// Of two reports at once, one sees the other.
		if _, err := t.lockPerson(account); err != nil {
			return err
		}
		var others int64
		err := t.Model(&sessionRow{}).Where("account_id = ? AND created_at > ? AND acted_on NOT IN ?", string(account),
			dbTime(t.now.Add(-24*time.Hour)), []string{"", on}).Distinct("acted_on").Count(&others).Error
		if err != nil {
			return fmt.Errorf("count what account %s acted on: %w", account, err)
		}
		if others >= int64(most) {
			return auth.ErrSpent
		}
		res := t.Model(&sessionRow{}).Where("id = ? AND acted_on IN ?", string(id), []string{"", on}).Update("acted_on", on)
		if res.Error != nil {
			return fmt.Errorf("note what session %s acts on: %w", id, res.Error)
		}
		if res.RowsAffected == 0 {
			return auth.ErrTaken
		}
		return nil
	})
}

// Session implements auth.Storage.
func (s *Store) Session(ctx context.Context, id auth.SessionID) (auth.Session, auth.Person, auth.Standing, error) {
	db := s.reader.WithContext(ctx)
	var row sessionRow
	if err := db.Take(&row, "id = ?", string(id)).Error; err != nil {
		return auth.Session{}, auth.Person{}, auth.Standing{}, noSuchPerson(err)
	}
	if err := s.believeRead(ctx, &row, nil); err != nil {
		return auth.Session{}, auth.Person{}, auth.Standing{}, err
	}
	p, st, err := s.readPerson(ctx, "id = ?", row.AccountID)
	return row.session(), p, st, err
}

// Rotate implements auth.Storage.
func (s *Store) Rotate(ctx context.Context, old, next auth.Hash, by audit.Actor,
	rule func(auth.Session, auth.Person, auth.Standing) (auth.Session, error)) (out auth.Session, p auth.Person, st auth.Standing, reused bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		out, p, st, reused = auth.Session{}, auth.Person{}, auth.Standing{}, false
		var token refreshRow
		res := t.Raw("SELECT * FROM session_refresh WHERE hash = ?"+t.lockRows(), old[:]).Scan(&token)
		if res.Error != nil {
			return fmt.Errorf("find refresh token: %w", res.Error)
		}
		if token.SessionID == "" {
			return auth.ErrNoSuch
		}
		var row sessionRow
		if err := t.Raw("SELECT * FROM session WHERE id = ?"+t.lockRows(), token.SessionID).Scan(&row).Error; err != nil {
			return fmt.Errorf("lock session: %w", err)
		}
		if err := errors.Join(t.believe(&token), t.believe(&row)); err != nil {
			return err
		}
		if !token.UsedAt.time().IsZero() {
			reused = true
			return t.endReused(by, row)
		}
		return t.rotate(row, token, next, rule, &out, &p, &st)
	})
	return out, p, st, reused, err
}

func (t *tx) rotate(row sessionRow, token refreshRow, next auth.Hash, rule func(auth.Session, auth.Person, auth.Standing) (auth.Session, error),
	out *auth.Session, p *auth.Person, st *auth.Standing) error {
	var account accountRow
	err := t.Take(&account, "id = ?", row.AccountID).Error
	if err != nil {
		return fmt.Errorf("read account of session: %w", err)
	}
	if err := t.believeUnlocked(&account); err != nil {
		return err
	}
	if *p, err = account.person(); err != nil {
		return err
	}
	if *st, err = t.standing(p.ID); err != nil {
		return err
	}
	if *out, err = rule(row.session(), *p, *st); err != nil {
		return err
	}
	row = sessionRowOf(*out)
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Save(&row).Error; err != nil {
		return fmt.Errorf("refresh session: %w", err)
	}
	if err := t.Model(&token).Where("hash = ?", token.Hash).Update("used_at", dbTime(t.now)).Error; err != nil {
		return fmt.Errorf("refresh session: %w", err)
	}
	if err := t.addRefresh(next, row.ID); err != nil {
		return fmt.Errorf("refresh session: %w", err)
	}
	return nil
}

func (t *tx) addRefresh(hash auth.Hash, session string) error {
	row := refreshRow{Hash: hash[:], SessionID: session}
	if err := t.sign(&row); err != nil {
		return err
	}
	return t.Create(&row).Error
}

// endReused ends a session whose refresh token came a second time. That it did
// is recorded even when the session had ended before.
func (t *tx) endReused(by audit.Actor, row sessionRow) error {
	t.record(audit.Event{Actor: by, Action: "session.refresh_reused", Subject: subjectOf(auth.AccountID(row.AccountID)),
		Detail: map[string]any{"session": row.ID}})
	_, err := t.endSessions(by, auth.AccountID(row.AccountID), auth.SessionID(row.ID), "", "refresh token used twice")
	return err
}

// endSessions ends the live sessions of an account and records each.
func (t *tx) endSessions(by audit.Actor, account auth.AccountID, only, except auth.SessionID, reason string) (int, error) {
	live := func(db *gorm.DB) *gorm.DB {
		db = db.Where("account_id = ? AND ended_at = 0 AND expires_at > ?", string(account), dbTime(t.now))
		if only != "" {
			return db.Where("id = ?", string(only))
		}
		return db.Where("id <> ?", string(except))
	}
	var rows []sessionRow
	if err := live(t.Model(&sessionRow{})).Order("id").Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("find sessions to end: %w", err)
	}
	if len(rows) == 0 {
		return 0, nil
	}
	err := live(t.Model(&sessionRow{})).Updates(map[string]any{"ended_at": dbTime(t.now), "end_reason": reason}).Error
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	for _, r := range rows {
		t.record(audit.Event{Actor: by, Action: "session.ended", Subject: subjectOf(account),
			Detail: map[string]any{"session": r.ID, "reason": reason}})
	}
	return len(rows), nil
}

// Sessions implements auth.Storage.
func (s *Store) Sessions(ctx context.Context, account auth.AccountID) ([]auth.Session, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var rows []sessionRow
	err = db.Where("account_id = ? AND ended_at = 0 AND expires_at > ? AND idle_until > ?", string(account), dbTime(now), dbTime(now)).
		Order("created_at DESC, id DESC").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	sessions := make([]auth.Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.session()
	}
	return sessions, nil
}

// EndSessions implements auth.Storage.
func (s *Store) EndSessions(ctx context.Context, by audit.Actor, account auth.AccountID, only, except auth.SessionID, reason string) (int, error) {
	var n int
	err := s.write(ctx, func(t *tx) error {
		var err error
		n, err = t.endSessions(by, account, only, except, reason)
		return err
	})
	return n, err
}

// TidyPeople deletes what nothing looks at any more: old counts of failures,
// step-ups and set-up links that ran out, and sessions 31 days after their end,
// when their source is no longer a known one. It is called from time to time and
// returns how many rows went.
func (s *Store) TidyPeople(ctx context.Context) (int64, error) {
	var n int64
	err := s.write(ctx, func(t *tx) error {
		n = 0
		day := dbTime(t.now.Add(-24 * time.Hour))
		for _, d := range []struct {
			row   any
			where string
			arg   dbTime
		}{
			{&throttleRow{}, "last < ?", day},
			{&stepUpRow{}, "expires_at < ?", day},
			{&setupLinkRow{}, "expires_at < ?", day},
			{&ceremonyRow{}, "expires_at < ?", dbTime(t.now)},
			{&lossCodeRow{}, "expires_at < ?", dbTime(t.now)},
			{&sessionRow{}, "expires_at < ?", dbTime(t.now.Add(-knownSourceFor - 24*time.Hour))},
		} {
			res := t.Where(d.where, d.arg).Delete(d.row)
			if res.Error != nil {
				return fmt.Errorf("tidy up after people: %w", res.Error)
			}
			n += res.RowsAffected
		}
		return nil
	})
	return n, err
}
