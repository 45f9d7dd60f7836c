package store

import (
	"context"
	"encoding/json"
	"fmt"

	"wardline/audit"
	"wardline/auth"
)

type accountChangeRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	AccountID   string `gorm:"column:account_id"`
	BasedOn     int    `gorm:"column:based_on"`
	Change      string `gorm:"column:change"`
	AskedBy     string `gorm:"column:asked_by"`
	AskedIn     string `gorm:"column:asked_in"`
	AskedName   string `gorm:"column:asked_name"`
	State       string `gorm:"column:state"`
	DecidedBy   string `gorm:"column:decided_by"`
	DecidedName string `gorm:"column:decided_name"`
	Why         string `gorm:"column:why"`
	CreatedAt   dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt   dbTime `gorm:"column:expires_at"`
	DecidedAt   dbTime `gorm:"column:decided_at"`
	Proof
}

func (accountChangeRow) TableName() string { return "account_change" }

// rightsChange is what stands in the column change.
type rightsChange struct {
	Before auth.Rights `json:"before"`
	After  auth.Rights `json:"after"`
}

func accountChangeRowOf(c auth.PendingChange) accountChangeRow {
	return accountChangeRow{ID: string(c.ID), AccountID: string(c.Account), BasedOn: c.BasedOn,
		Change: jsonText(rightsChange{c.Before, c.After}), AskedBy: string(c.AskedBy), AskedIn: string(c.AskedIn), AskedName: c.AskedName,
		State: string(c.State), DecidedBy: string(c.DecidedBy), DecidedName: c.DecidedName, Why: c.Why,
		CreatedAt: dbTime(c.CreatedAt), ExpiresAt: dbTime(c.ExpiresAt), DecidedAt: dbTime(c.DecidedAt)}
}

func (r accountChangeRow) change() (auth.PendingChange, error) {
	var rights rightsChange
	err := json.Unmarshal([]byte(r.Change), &rights)
	if err != nil {
		err = fmt.Errorf("read account change %s: %w", r.ID, err)
	}
	return auth.PendingChange{ID: auth.ChangeID(r.ID), Account: auth.AccountID(r.AccountID), BasedOn: r.BasedOn,
		Before: rights.Before, After: rights.After, AskedBy: auth.AccountID(r.AskedBy), AskedIn: auth.SessionID(r.AskedIn),
		AskedName: r.AskedName, State: auth.ChangeState(r.State), DecidedBy: auth.AccountID(r.DecidedBy), DecidedName: r.DecidedName,
		Why: r.Why, CreatedAt: r.CreatedAt.time(), ExpiresAt: r.ExpiresAt.time(), DecidedAt: r.DecidedAt.time()}, err
}

// addPending stores the rights that wait for a second person, in place of others
// that waited for the same account.
func (t *tx) addPending(by audit.Actor, p auth.Person) error {
	if p.Pending == nil {
		return nil
	}
	c := *p.Pending
	c.CreatedAt, c.ExpiresAt = t.now, t.now.Add(auth.PendingLife)
	err := t.Model(&accountChangeRow{}).Where("account_id = ? AND state = ?", string(c.Account), string(auth.ChangePending)).
		Updates(map[string]any{"state": string(auth.ChangeWithdrawn), "decided_at": dbTime(t.now)}).Error
	if err != nil {
		return fmt.Errorf("replace account change: %w", err)
	}
	row := accountChangeRowOf(c)
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("add account change: %w", err)
	}
	t.record(changeEvent(by, "account.change_asked", p.Username, c))
	return nil
}

func changeEvent(by audit.Actor, action audit.Action, username string, c auth.PendingChange) audit.Event {
	detail := map[string]any{"username": username, "account_change": c.ID, "before": c.Before, "after": c.After}
	if c.Why != "" {
		detail["why"] = c.Why
	}
	return audit.Event{Actor: by, Action: action, Subject: subjectOf(c.Account), Detail: detail}
}

const accountChangesMax = 500

// AccountChanges implements auth.Storage.
func (s *Store) AccountChanges(ctx context.Context, account auth.AccountID) ([]auth.PendingChange, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("list account changes: %w", err)
	}
	if account != "" {
		db = db.Where("account_id = ?", string(account))
	} else {
		db = db.Where("state = ? AND expires_at > ?", string(auth.ChangePending), dbTime(now))
	}
	var rows []accountChangeRow
	if err := db.Order("created_at DESC, id DESC").Limit(accountChangesMax).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list account changes: %w", err)
	}
	return s.changesOf(ctx, rows)
}

// changesOf adds the user names of the accounts.
func (s *Store) changesOf(ctx context.Context, rows []accountChangeRow) ([]auth.PendingChange, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.AccountID
	}
	var accounts []accountRow
	if err := s.reader.WithContext(ctx).Select("id", "username").Find(&accounts, "id IN ?", ids).Error; err != nil {
		return nil, fmt.Errorf("read the accounts of changes: %w", err)
	}
	names := map[string]string{}
	for _, a := range accounts {
		names[a.ID] = a.Username
	}
	list := make([]auth.PendingChange, len(rows))
	for i, r := range rows {
		c, err := r.change()
		if err != nil {
			return nil, err
		}
		c.Username = names[r.AccountID]
		list[i] = c
	}
	return list, nil
}

// AccountChange implements auth.Storage.
func (s *Store) AccountChange(ctx context.Context, id auth.ChangeID) (auth.PendingChange, error) {
	var row accountChangeRow
	if err := s.reader.WithContext(ctx).Take(&row, "id = ?", string(id)).Error; err != nil {
		return auth.PendingChange{}, noSuchPerson(err)
	}
	list, err := s.changesOf(ctx, []accountChangeRow{row})
	if err != nil {
		return auth.PendingChange{}, err
	}
	return list[0], nil
}

// DecideAccountChange implements auth.Storage. The account is locked before the
// change, as where a change is replaced.
func (s *Store) DecideAccountChange(ctx context.Context, by audit.Actor, id auth.ChangeID,
	rule func(auth.PendingChange, auth.Person, auth.Standing) (auth.PendingChange, *auth.Change, error)) (auth.PendingChange, error) {
	var out auth.PendingChange
	err := s.write(ctx, func(t *tx) error {
		var row accountChangeRow
		if err := t.Take(&row, "id = ?", string(id)).Error; err != nil {
			return noSuchPerson(err)
		}
		p, err := t.lockPerson(auth.AccountID(row.AccountID))
		if err != nil {
			return err
		}
		if err := t.Raw("SELECT * FROM account_change WHERE id = ?"+t.lockRows(), string(id)).Scan(&row).Error; err != nil {
			return fmt.Errorf("lock account change: %w", err)
		}
		if err := t.believe(&row); err != nil {
			return err
		}
		c, err := row.change()
		if err != nil {
			return err
		}
		st, err := t.standing(p.ID)
		if err != nil {
			return err
		}
		out, err = t.decideChange(by, c, p, st, rule)
		return err
	})
	return out, err
}

func (t *tx) decideChange(by audit.Actor, c auth.PendingChange, p auth.Person, st auth.Standing,
	rule func(auth.PendingChange, auth.Person, auth.Standing) (auth.PendingChange, *auth.Change, error)) (auth.PendingChange, error) {
	c, change, err := rule(c, p, st)
	if err != nil {
		return c, err
	}
	c.Username = p.Username
	row := accountChangeRowOf(c)
	if err := t.sign(&row); err != nil {
		return c, err
	}
	if err := t.Save(&row).Error; err != nil {
		return c, fmt.Errorf("decide account change: %w", err)
	}
	t.record(changeEvent(by, audit.Action("account.change_"+string(c.State)), p.Username, c))
	if change != nil {
		_, err = t.changePerson(by, *change, st)
	}
	return c, err
}
