package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/auth"
)

type hostCodeRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Sealed    []byte `gorm:"column:sealed"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	UsedAt    dbTime `gorm:"column:used_at"`
}

func (hostCodeRow) TableName() string { return "host_code" }

type recoveryRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	AccountID string `gorm:"column:account_id"`
	State     string `gorm:"column:state"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ReadyAt   dbTime `gorm:"column:ready_at"`
	ExpiresAt dbTime `gorm:"column:expires_at"`
	Proof
}

func (recoveryRow) TableName() string { return "host_recovery" }

func recoveryRowOf(r auth.Recovery) recoveryRow {
	return recoveryRow{ID: string(r.ID), AccountID: string(r.Account), State: string(r.State),
		CreatedAt: dbTime(r.CreatedAt), ReadyAt: dbTime(r.ReadyAt), ExpiresAt: dbTime(r.ExpiresAt)}
}

func (r recoveryRow) recovery(username string) auth.Recovery {
	return auth.Recovery{ID: auth.RecoveryID(r.ID), Account: auth.AccountID(r.AccountID), Username: username,
		State: auth.RecoveryState(r.State), CreatedAt: r.CreatedAt.time(), ReadyAt: r.ReadyAt.time(), ExpiresAt: r.ExpiresAt.time()}
}

// hostCodes reads the present set. The guard's lock is held.
func (t *tx) hostCodes() ([]auth.HostCode, error) {
	var rows []hostCodeRow
	if err := t.Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the host's codes: %w", err)
	}
	codes := make([]auth.HostCode, len(rows))
	for i, r := range rows {
		codes[i] = auth.HostCode{ID: r.ID, Sealed: r.Sealed, CreatedAt: r.CreatedAt.time(), UsedAt: r.UsedAt.time()}
	}
	return codes, nil
}

// ReplaceHostCodes implements auth.Storage.
func (s *Store) ReplaceHostCodes(ctx context.Context, by audit.Actor, fresh []auth.HostCode, with string, rule func([]auth.HostCode) error) error {
	return s.write(ctx, func(t *tx) error {
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		present, err := t.hostCodes()
		if err != nil {
			return err
		}
		if err := rule(present); err != nil {
			return err
		}
		if err := t.Delete(&hostCodeRow{}, "1 = 1").Error; err != nil {
			return fmt.Errorf("replace the host's codes: %w", err)
		}
		rows := make([]hostCodeRow, len(fresh))
		for i, c := range fresh {
			rows[i] = hostCodeRow{ID: c.ID, Sealed: c.Sealed, CreatedAt: dbTime(t.now)}
		}
		if err := t.Create(&rows).Error; err != nil {
			return fmt.Errorf("store the host's codes: %w", err)
		}
		t.record(audit.Event{Actor: by, Action: "recovery.codes_made", Subject: "host",
			Detail: map[string]any{"codes": len(fresh), "with": with, "replaced": len(present) > 0}})
		return nil
	})
}

// BeginRecovery implements auth.Storage. The guard's lock comes first: of two
// that begin at once, the second sees the first.
func (s *Store) BeginRecovery(ctx context.Context, by audit.Actor, r auth.Recovery,
	rule func([]auth.HostCode, bool, auth.Person) (auth.HostCode, error)) (auth.Recovery, error) {
	err := s.write(ctx, func(t *tx) error {
		now, err := t.enterGuard()
		if err != nil {
			return err
		}
		present, err := t.hostCodes()
		if err != nil {
			return err
		}
		p, err := t.lockPerson(r.Account)
		if err != nil {
			return err
		}
		var waiting int64
		err = waitingRecoveries(t.DB, now).Count(&waiting).Error
		if err != nil {
			return fmt.Errorf("look for a recovery: %w", err)
		}
		code, err := rule(present, waiting > 0, p)
		if err != nil {
			return err
		}
		if err := t.Model(&hostCodeRow{}).Where("id = ?", code.ID).Update("used_at", dbTime(now)).Error; err != nil {
			return fmt.Errorf("use host code %s: %w", code.ID, err)
		}
		r.Username, r.CreatedAt, r.ReadyAt = p.Username, now, now.Add(auth.RecoveryDelay)
		r.ExpiresAt = r.ReadyAt.Add(auth.RecoveryLife)
		row := recoveryRowOf(r)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("begin recovery: %w", err)
		}
		t.record(recoveryEvent(by, "recovery.begun", r))
		return nil
	})
	return r, noSuchPerson(err)
}

func waitingRecoveries(db *gorm.DB, now time.Time) *gorm.DB {
	return db.Model(&recoveryRow{}).Where("state = ? AND expires_at > ?", string(auth.RecoveryWaiting), dbTime(now))
}

func recoveryEvent(by audit.Actor, action audit.Action, r auth.Recovery) audit.Event {
	return audit.Event{Actor: by, Action: action, Subject: subjectOf(r.Account), Detail: map[string]any{"alert": true,
		"recovery": r.ID, "username": r.Username, "ready_at": r.ReadyAt, "expires_at": r.ExpiresAt}}
}

// Recoveries implements auth.Storage.
func (s *Store) Recoveries(ctx context.Context) ([]auth.Recovery, error) {
	db := s.reader.WithContext(ctx)
	// Whoever sets the clock does not hide a recovery with it.
	now, err := s.guardTime(db)
	if err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	var rows []recoveryRow
	if err := waitingRecoveries(db, now).Order("created_at DESC").Limit(1).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	list := make([]auth.Recovery, len(rows))
	for i, r := range rows {
		p, _, err := s.Person(ctx, auth.AccountID(r.AccountID))
		if err != nil {
			return nil, err
		}
		list[i] = r.recovery(p.Username)
	}
	return list, nil
}

// DecideRecovery implements auth.Storage.
func (s *Store) DecideRecovery(ctx context.Context, by audit.Actor, id auth.RecoveryID,
	rule func(auth.Recovery, time.Time, auth.Person, auth.Standing) (auth.RecoveryDecision, error)) (auth.Recovery, error) {
	var out auth.Recovery
	err := s.write(ctx, func(t *tx) error {
		now, err := t.enterGuard()
		if err != nil {
			return err
		}
		var row recoveryRow
		if err := t.Take(&row, "id = ?", string(id)).Error; err != nil {
			return noSuchPerson(err)
		}
		if err := t.believe(&row); err != nil {
			return err
		}
		p, err := t.lockPerson(auth.AccountID(row.AccountID))
		if err != nil {
			return err
		}
		st, err := t.standing(p.ID)
		if err != nil {
			return err
		}
		if st.Recovery, err = others(t.DB, p.ID, t.now, t.believeUnlocked); err != nil {
			return err
		}
		out = row.recovery(p.Username)
		d, err := rule(out, now, p, st)
		if err != nil {
			return err
		}
		out.State = d.State
		if d.State == auth.RecoveryFinished {
			out.ExpiresAt = latest(now, d.Until)
		}
		return t.decideRecovery(by, out, d, st, now)
	})
	return out, err
}

// decideRecovery writes what a rule decided. A finished recovery takes the place
// of one that was finished before.
func (t *tx) decideRecovery(by audit.Actor, r auth.Recovery, d auth.RecoveryDecision, st auth.Standing, now time.Time) error {
	if r.State == auth.RecoveryFinished {
		if err := t.endFinishedRecoveries(now); err != nil {
			return fmt.Errorf("end the recovery before: %w", err)
		}
	}
	row := recoveryRowOf(r)
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Save(&row).Error; err != nil {
		return fmt.Errorf("decide recovery %s: %w", r.ID, err)
	}
	t.record(recoveryEvent(by, audit.Action("recovery."+string(r.State)), r))
	if d.EndFounding {
		if err := t.closeFounding(); err != nil {
			return fmt.Errorf("end founding: %w", err)
		}
	}
	if d.Change != nil {
		if _, err := t.changePerson(by, *d.Change, st); err != nil {
			return err
		}
	}
	if d.Link != nil {
		return t.putSetupLink(*d.Link)
	}
	return nil
}

func (t *tx) endFinishedRecoveries(now time.Time) error {
	var rows []recoveryRow
	if err := t.Where("state = ? AND expires_at > ?", string(auth.RecoveryFinished), dbTime(now)).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		if t.believe(&row) != nil {
			continue // it counts for nothing
		}
		row.ExpiresAt = dbTime(now)
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Save(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

// recoveryStanding is about an account that came back lately. A recovery that
// cannot be believed gives nothing.
func recoveryStanding(db *gorm.DB, account auth.AccountID, now time.Time, believe func(provable) error) (auth.RecoveryStanding, error) {
	var rows []recoveryRow
	err := db.Where("account_id = ? AND state = ? AND expires_at > ?", string(account), string(auth.RecoveryFinished), dbTime(now)).Find(&rows).Error
	if err != nil {
		return auth.RecoveryStanding{}, fmt.Errorf("read the recovery of account %s: %w", account, err)
	}
	if !slices.ContainsFunc(rows, func(r recoveryRow) bool { return believe(&r) == nil }) {
		return auth.RecoveryStanding{}, nil
	}
	st, err := others(db, account, now, believe)
	st.Account = account
	return st, err
}

// others counts who else could agree to a grant of rights or confirm somebody.
func others(db *gorm.DB, except auth.AccountID, now time.Time, believe func(provable) error) (auth.RecoveryStanding, error) {
	st := auth.RecoveryStanding{}
	var rows []accountRow
	if err := db.Where("is_approver AND NOT disabled AND id <> ?", string(except)).Find(&rows).Error; err != nil {
		return st, fmt.Errorf("count who could agree: %w", err)
	}
	for _, r := range rows {
		if believe(&r) != nil {
			continue
		}
		p, err := r.person()
		if err != nil {
			return st, err
		}
		st.Counts(p, now)
	}
	return st, nil
}
