package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
)

// AddCeremony implements auth.Storage. A question is no event: what comes of the
// answer is.
func (s *Store) AddCeremony(ctx context.Context, c auth.Ceremony) error {
	return s.write(ctx, func(t *tx) error {
		row := ceremonyRow{Hash: c.Hash[:], Purpose: c.Purpose, AccountID: string(c.Account), SessionID: string(c.Session), Subject: c.Subject,
			State: c.State, CreatedAt: dbTime(t.now), ExpiresAt: dbTime(t.now.Add(auth.CeremonyLife))}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("add question to an authenticator: %w", err)
		}
		return nil
	})
}

// TakeCeremony implements auth.Storage.
func (s *Store) TakeCeremony(ctx context.Context, hash auth.Hash) (auth.Ceremony, time.Time, error) {
	var c auth.Ceremony
	var now time.Time
	err := s.write(ctx, func(t *tx) error {
		// Deleting locks it: of two answers, one finds nothing.
		var row ceremonyRow
		res := t.Clauses(clause.Returning{}).Where("hash = ?", hash[:]).Delete(&row)
		if res.Error != nil {
			return fmt.Errorf("take question to an authenticator: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return auth.ErrNoSuch
		}
		now = t.now
		c = auth.Ceremony{Hash: hash, Purpose: row.Purpose, Account: auth.AccountID(row.AccountID), Session: auth.SessionID(row.SessionID),
			Subject: row.Subject, State: row.State, CreatedAt: row.CreatedAt.time(), ExpiresAt: row.ExpiresAt.time()}
		return nil
	})
	return c, now, err
}

// AddStepUp implements auth.Storage.
func (s *Store) AddStepUp(ctx context.Context, by audit.Actor, su auth.StepUp, maxOpen int) (auth.StepUp, error) {
	err := s.write(ctx, func(t *tx) error {
		var open int64
		err := t.Model(&stepUpRow{}).Where("session_id = ? AND expires_at > ? AND state = ?",
			string(su.Session), dbTime(t.now), string(auth.StepUpPending)).Count(&open).Error
		if err != nil {
			return fmt.Errorf("count open step-ups: %w", err)
		}
		if open >= int64(maxOpen) {
			return auth.ErrTaken
		}
		su.CreatedAt, su.ExpiresAt = t.now, t.now.Add(auth.StepUpPendingLife)
		row := stepUpRowOf(su)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("add step-up: %w", err)
		}
		t.record(stepUpEvent(by, "step_up.asked", su))
		return nil
	})
	return su, err
}

func stepUpEvent(by audit.Actor, action audit.Action, su auth.StepUp) audit.Event {
	detail := map[string]any{"state": su.State}
	if su.Batch != "" {
		detail["batch"] = su.Batch
	}
	if su.Kind != "" {
		detail["kind"] = su.Kind
	}
	return audit.Event{Actor: by, Action: action, Device: string(su.Device), Subject: "step_up:" + su.ID, Detail: detail}
}

// StepUp implements auth.Storage.
func (s *Store) StepUp(ctx context.Context, code auth.Hash) (auth.StepUp, time.Time, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return auth.StepUp{}, now, fmt.Errorf("read step-up: %w", err)
	}
	var row stepUpRow
	if err := db.Take(&row, "code = ?", code[:]).Error; err != nil {
		return auth.StepUp{}, now, noSuchPerson(err)
	}
	if err := s.believeRead(ctx, &row, nil); err != nil {
		return auth.StepUp{}, now, err
	}
	su, err := row.stepUp()
	return su, now, err
}

func (t *tx) lockStepUp(code auth.Hash) (auth.StepUp, error) {
	var row stepUpRow
	if err := t.Raw("SELECT * FROM step_up WHERE code = ?"+t.lockRows(), code[:]).Scan(&row).Error; err != nil {
		return auth.StepUp{}, fmt.Errorf("lock step-up: %w", err)
	}
	if row.ID == "" {
		return auth.StepUp{}, auth.ErrNoSuch
	}
	if err := t.believe(&row); err != nil {
		return auth.StepUp{}, err
	}
	return row.stepUp()
}

// ConfirmStepUp implements auth.Storage.
func (s *Store) ConfirmStepUp(ctx context.Context, by audit.Actor, in auth.StepUp,
	rule func(auth.Person, auth.StepUp, auth.Standing) (auth.Person, auth.StepUp, error)) (auth.StepUp, error) {
	var su auth.StepUp
	err := s.write(ctx, func(t *tx) error {
		su = in
		p, err := t.lockPerson(in.Account)
		if err != nil {
			return err
		}
		if in.State != "" {
			if su, err = t.lockStepUp(in.Code); err != nil {
				return err
			}
		}
		st, err := t.standing(p.ID)
		if err != nil {
			return err
		}
		if p, su, err = rule(p, su, st); err != nil {
			return err
		}
		if err := t.savePerson(p); err != nil {
			return err
		}
		row := stepUpRowOf(su)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Save(&row).Error; err != nil {
			return fmt.Errorf("confirm step-up: %w", err)
		}
		t.recordNotes(by, p)
		t.record(stepUpEvent(by, "step_up.confirmed", su))
		return nil
	})
	return su, err
}

// UseStepUp implements auth.Storage.
func (s *Store) UseStepUp(ctx context.Context, by audit.Actor, code auth.Hash, rule func(auth.StepUp, time.Time) (auth.StepUp, error)) (auth.StepUp, error) {
	var su auth.StepUp
	err := s.write(ctx, func(t *tx) error {
		var err error
		if su, err = t.lockStepUp(code); err != nil {
			return err
		}
		if su, err = rule(su, t.now); err != nil {
			return err
		}
		row := stepUpRowOf(su)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Save(&row).Error; err != nil {
			return fmt.Errorf("use step-up: %w", err)
		}
		action := audit.Action("step_up.used")
		if su.State == auth.StepUpDenied {
			action = "step_up.denied"
		}
		t.record(stepUpEvent(by, action, su))
		return nil
	})
	return su, err
}

// AddToken implements auth.Storage.
func (s *Store) AddToken(ctx context.Context, by audit.Actor, token auth.Token, life time.Duration, secret auth.Hash) (auth.Token, error) {
	err := s.write(ctx, func(t *tx) error {
		token.CreatedAt, token.ExpiresAt = t.now, t.now.Add(life)
		row := tokenRow{ID: string(token.ID), AccountID: string(token.Account), Name: token.Name, Scope: jsonText(token.Scope),
			Hash: secret[:], CreatedAt: dbTime(token.CreatedAt), ExpiresAt: dbTime(token.ExpiresAt)}
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("add API token: %w", err)
		}
		t.record(audit.Event{Actor: by, Action: "token.created", Subject: "token:" + row.ID,
			Detail: map[string]any{"name": token.Name, "scope": token.Scope, "expires_at": token.ExpiresAt}})
		return nil
	})
	return token, err
}

// tokenUseEvery is how exactly the last use of a token is kept.
const tokenUseEvery = time.Hour

// TokenByHash implements auth.Storage. That a token is used is a note for its
// owner and not an event: what it does is recorded where it does it.
func (s *Store) TokenByHash(ctx context.Context, secret auth.Hash) (auth.Token, auth.Person, auth.Standing, error) {
	var row tokenRow
	if err := s.reader.WithContext(ctx).Take(&row, "hash = ?", secret[:]).Error; err != nil {
		return auth.Token{}, auth.Person{}, auth.Standing{}, noSuchPerson(err)
	}
	if err := s.believeRead(ctx, &row, nil); err != nil {
		return auth.Token{}, auth.Person{}, auth.Standing{}, err
	}
	p, st, err := s.readPerson(ctx, "id = ?", row.AccountID)
	if err != nil {
		return auth.Token{}, p, st, err
	}
	if st.Now.Sub(row.LastUsedAt.time()) >= tokenUseEvery {
		row.LastUsedAt = dbTime(st.Now.Truncate(tokenUseEvery))
		err := s.writer.WithContext(ctx).Model(&tokenRow{}).Where("id = ?", row.ID).Update("last_used_at", row.LastUsedAt).Error
		if err != nil {
			return auth.Token{}, p, st, fmt.Errorf("note use of API token: %w", err)
		}
	}
	token, err := row.token()
	return token, p, st, err
}

// Tokens implements auth.Storage.
func (s *Store) Tokens(ctx context.Context, account auth.AccountID) ([]auth.Token, error) {
	db := s.reader.WithContext(ctx)
	if account != "" {
		db = db.Where("account_id = ?", string(account))
	}
	var rows []tokenRow
	if err := db.Order("created_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list API tokens: %w", err)
	}
	tokens := make([]auth.Token, len(rows))
	for i, r := range rows {
		var err error
		if tokens[i], err = r.token(); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// RevokeToken implements auth.Storage. Revoking twice is no error and no event.
func (s *Store) RevokeToken(ctx context.Context, by audit.Actor, id auth.TokenID, rule func(auth.Token) error) error {
	return s.write(ctx, func(t *tx) error {
		var row tokenRow
		if err := t.Raw("SELECT * FROM api_token WHERE id = ?"+t.lockRows(), string(id)).Scan(&row).Error; err != nil {
			return fmt.Errorf("lock API token: %w", err)
		}
		if row.ID == "" {
			return auth.ErrNoSuch
		}
		token, err := row.token()
		if err != nil {
			return err
		}
		if err := rule(token); err != nil {
			return err
		}
		if !token.RevokedAt.IsZero() {
			return nil
		}
		if err := t.Model(&tokenRow{}).Where("id = ?", row.ID).Update("revoked_at", dbTime(t.now)).Error; err != nil {
			return fmt.Errorf("revoke API token: %w", err)
		}
		t.record(audit.Event{Actor: by, Action: "token.revoked", Subject: "token:" + row.ID, Detail: map[string]any{"name": token.Name}})
		return nil
	})
}

// SigningKeys implements auth.Storage: the newest is the one that no other
// replaces.
func (s *Store) SigningKeys(ctx context.Context) ([]auth.SealedKey, error) {
	var rows []signingKeyRow
	if err := s.reader.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	next := make(map[string]signingKeyRow, len(rows))
	for _, r := range rows {
		next[r.Replaces] = r
	}
	var keys []auth.SealedKey
	for id := ""; len(keys) < len(rows); {
		r, ok := next[id]
		if !ok {
			return nil, fmt.Errorf("signing keys: the row that replaces %q is missing", id)
		}
		keys = append(keys, auth.SealedKey{ID: r.ID, Sealed: r.Sealed, CreatedAt: r.CreatedAt.time()})
		id = r.ID
	}
	slices.Reverse(keys)
	return keys, nil
}

// AddSigningKey implements auth.Storage.
func (s *Store) AddSigningKey(ctx context.Context, by audit.Actor, newest string, k auth.SealedKey) error {
	err := s.write(ctx, func(t *tx) error {
		row := signingKeyRow{ID: k.ID, Replaces: newest, Sealed: k.Sealed, CreatedAt: dbTime(t.now)}
		if err := t.Create(&row).Error; err != nil {
			return err
		}
		t.record(audit.Event{Actor: by, Action: "signing_key.created", Subject: "signing_key:" + k.ID})
		return nil
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil // another server was first
	}
	return err
}

func sortedCopy(keys []string) []string {
	out := slices.Clone(keys)
	slices.Sort(out)
	return out
}
