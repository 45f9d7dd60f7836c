package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
)

var _ auth.Storage = (*Store)(nil)

// standing reads what rules about one account must know of all of them.
func standing(db *gorm.DB, now time.Time, except auth.AccountID, believe func(provable) error) (auth.Standing, error) {
	var counts struct {
		OtherAdmins    int `gorm:"column:other_admins"`
		Approvers      int `gorm:"column:approvers"`
		OtherApprovers int `gorm:"column:other_approvers"`
		Devices        int `gorm:"column:devices"`
		// Recovered is the account that came back lately and may have nobody to agree.
		Recovered string `gorm:"column:recovered"`
	}
	err := db.Raw(`SELECT (SELECT count(*) FROM account WHERE is_admin AND id <> ?) AS other_admins,
		count(*) AS approvers, count(CASE WHEN id <> ? THEN 1 END) AS other_approvers,
		(SELECT count(*) FROM founding_device) AS devices,
		coalesce((SELECT max(account_id) FROM host_recovery WHERE state = 'finished' AND expires_at > ?), '') AS recovered
		FROM account WHERE is_approver AND approver_from > 0 AND approver_from <= ?`,
		string(except), string(except), dbTime(now), dbTime(now)).Scan(&counts).Error
	if err != nil {
		return auth.Standing{}, fmt.Errorf("count accounts: %w", err)
	}
	st := auth.Standing{Now: now, OtherAdmins: counts.OtherAdmins, Approvers: counts.Approvers,
		OtherApprovers: counts.OtherApprovers, FoundingDevices: counts.Devices}
	if counts.Recovered != "" {
		if st.Recovery, err = recoveryStanding(db, auth.AccountID(counts.Recovered), now, believe); err != nil {
			return st, err
		}
	}
	if st.PasskeyRoles, err = passkeyRoles(db, now, believe); err != nil {
		return st, err
	}
	var f foundingRow
	switch err := db.Take(&f, 1).Error; {
	case notFound(err):
	case err != nil:
		return st, fmt.Errorf("read founding: %w", err)
	default:
		// One that cannot be believed is over: founding lets one person do more.
		st.FoundedAt, st.FoundingEnded = f.At.time(), !f.EndedAt.time().IsZero() || believe(&f) != nil
	}
	return st, nil
}

func (t *tx) standing(except auth.AccountID) (auth.Standing, error) {
	return standing(t.DB, t.now, except, t.believeUnlocked)
}

// readStanding is standing for reads.
func (s *Store) readStanding(db *gorm.DB, except auth.AccountID) (auth.Standing, error) {
	now, err := s.clock(db)
	if err != nil {
		return auth.Standing{}, err
	}
	return standing(db, now, except, func(row provable) error { return s.believeRead(db.Statement.Context, row, nil) })
}

// endFounding notes that two approvers exist, or existed until this change:
// founding never comes back.
func (t *tx) endFounding(before auth.Standing) error {
	if before.FoundingEnded {
		return nil
	}
	after, err := t.standing("")
	if err != nil || after.FoundedAt.IsZero() || max(before.Approvers, after.Approvers) < 2 {
		return err
	}
	return t.closeFounding()
}

// closeFounding notes that founding is over, unless it was before.
func (t *tx) closeFounding() error {
	var f foundingRow
	err := t.Raw("SELECT * FROM founding WHERE id = 1 AND ended_at = 0" + t.lockRows()).Scan(&f).Error
	if err != nil || f.ID == 0 {
		return err
	}
	if t.believe(&f) != nil {
		return nil // it counts as over, and people are told
	}
	f.EndedAt = dbTime(t.now)
	if err := t.sign(&f); err != nil {
		return err
	}
	return t.Save(&f).Error
}

// lockPerson reads an account and keeps others from changing it. With an
// administrator's account all administrators' are locked, and with an approver's
// all approvers', in one order: of two who disable each other at once, the second
// must see what the first did.
func (t *tx) lockPerson(id auth.AccountID) (auth.Person, error) {
	var row accountRow
	if err := t.Take(&row, "id = ?", string(id)).Error; err != nil {
		return auth.Person{}, noSuchPerson(err)
	}
	if (row.IsAdmin || row.IsApprover) && t.engine == Postgres {
		var ids []string
		if err := t.Raw("SELECT id FROM account WHERE is_admin OR is_approver ORDER BY id FOR UPDATE").Scan(&ids).Error; err != nil {
			return auth.Person{}, fmt.Errorf("lock administrators and approvers: %w", err)
		}
	}
	row = accountRow{}
	res := t.Raw("SELECT * FROM account WHERE id = ?"+t.lockRows(), string(id)).Scan(&row)
	if res.Error != nil {
		return auth.Person{}, fmt.Errorf("lock account %s: %w", id, res.Error)
	}
	if err := t.believe(&row); err != nil {
		return auth.Person{}, err
	}
	return row.person()
}

func noSuchPerson(err error) error {
	if notFound(err) {
		return auth.ErrNoSuch
	}
	return err
}

func nameTaken(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return auth.ErrTaken
	}
	return err
}

func subjectOf(id auth.AccountID) string { return "account:" + string(id) }

// addPerson inserts an account. A founder's also takes the one founding row.
func (t *tx) addPerson(p auth.Person) (auth.Person, error) {
	p.CreatedAt, p.UpdatedAt, p.Version = t.now, t.now, 1
	row := accountRowOf(p)
	if err := t.sign(&row); err != nil {
		return p, err
	}
	if err := t.Create(&row).Error; err != nil {
		return p, nameTaken(err)
	}
	if p.Founder {
		f := foundingRow{ID: 1, AccountID: row.ID, At: dbTime(t.now)}
		if err := t.sign(&f); err != nil {
			return p, err
		}
		if err := t.Create(&f).Error; err != nil {
			return p, nameTaken(err)
		}
	}
	return p, nil
}

// AddAccount implements auth.Storage.
func (s *Store) AddAccount(ctx context.Context, by audit.Actor, p auth.Person, link *auth.SetupLink, rule func(auth.Person, auth.Standing) (auth.Person, error)) (auth.Account, error) {
	in := p
	err := s.write(ctx, func(t *tx) error {
		st, err := t.standing("")
		if err != nil {
			return err
		}
		if p, err = rule(in, st); err != nil {
			return err
		}
		if p, err = t.addPerson(p); err != nil {
			return err
		}
		if link != nil {
			if err := t.putSetupLink(*link); err != nil {
				return err
			}
		}
		if err := t.addPending(by, p); err != nil {
			return err
		}
		t.record(audit.Event{Actor: by, Action: "account.created", Subject: subjectOf(p.ID),
			Detail: map[string]any{"username": p.Username, "name": p.Name, "roles": p.Roles, "scope": p.Scope, "setup_link": link != nil}})
		return t.endFounding(st)
	})
	return p.Account, err
}

// Person implements auth.Storage.
func (s *Store) Person(ctx context.Context, id auth.AccountID) (auth.Person, auth.Standing, error) {
	return s.readPerson(ctx, "id = ?", string(id))
}

// PersonByUsername implements auth.Storage.
func (s *Store) PersonByUsername(ctx context.Context, username string) (auth.Person, auth.Standing, error) {
	return s.readPerson(ctx, "username = ?", username)
}

func (s *Store) readPerson(ctx context.Context, where string, arg any) (auth.Person, auth.Standing, error) {
	db := s.reader.WithContext(ctx)
	var row accountRow
	read := func() error {
		row = accountRow{}
		return db.Take(&row, where, arg).Error
	}
	readErr := read()
	if readErr != nil && !notFound(readErr) {
		return auth.Person{}, auth.Standing{}, fmt.Errorf("read account: %w", readErr)
	}
	st, err := s.readStanding(db, auth.AccountID(row.ID))
	if err != nil {
		return auth.Person{}, st, err
	}
	if readErr != nil {
		return auth.Person{}, st, auth.ErrNoSuch
	}
	if err := s.believeRead(ctx, &row, read); err != nil {
		return auth.Person{}, st, err
	}
	p, err := row.person()
	return p, st, err
}

// Unconfirmed implements auth.Storage. A role that nobody has confirmed is one
// without the time from which it is good.
func (s *Store) Unconfirmed(ctx context.Context) ([]auth.Account, error) {
	var rows []accountRow
	err := s.reader.WithContext(ctx).Where("NOT disabled AND cooling <> '[]'").Order("username").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list accounts to confirm: %w", err)
	}
	var list []auth.Account
	for _, r := range rows {
		p, err := r.person()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(p.Cooling, func(c auth.Cooling) bool { return c.GoodFrom.IsZero() }) {
			list = append(list, p.Account)
		}
	}
	return list, nil
}

const accountsPerPage, accountsPerPageMax = 100, 500

// Accounts implements auth.Storage.
func (s *Store) Accounts(ctx context.Context, q auth.AccountQuery) ([]auth.Account, int, error) {
	db := s.reader.WithContext(ctx).Model(&accountRow{})
	if q.Search != "" {
		like := "%" + escapeLike(strings.ToLower(q.Search)) + "%"
		db = db.Where(`username LIKE ? ESCAPE '\' OR lower(name) LIKE ? ESCAPE '\'`, like, like)
	}
	if q.Role != "" {
		db = db.Where(`roles LIKE ? ESCAPE '\'`, `%"`+escapeLike(string(q.Role))+`"%`)
	}
	if q.Disabled != nil {
		db = db.Where("disabled = ?", *q.Disabled)
	}
	if q.SecondFactor != nil {
		db = db.Where("(coalesce(length(totp), 0) > 0 OR passkeys <> '[]') = ?", *q.SecondFactor)
	}
	var total int64
	if err := db.Session(&gorm.Session{}).Count(&total).Error; err != nil {
		return nil, 0, fmt.Errorf("count accounts: %w", err)
	}
	limit := q.Limit
	if limit <= 0 {
		limit = accountsPerPage
	}
	var rows []accountRow
	if err := db.Where("username > ?", q.After).Order("username").Limit(min(limit, accountsPerPageMax)).Find(&rows).Error; err != nil {
		return nil, 0, fmt.Errorf("list accounts: %w", err)
	}
	accounts := make([]auth.Account, len(rows))
	for i, r := range rows {
		p, err := r.person()
		if err != nil {
			return nil, 0, err
		}
		accounts[i] = p.Account
	}
	return accounts, int(total), nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// ChangePerson implements auth.Storage.
func (s *Store) ChangePerson(ctx context.Context, by audit.Actor, id auth.AccountID, rule func(auth.Person, auth.Standing) (auth.Change, error)) (auth.Account, error) {
	var out auth.Account
	err := s.write(ctx, func(t *tx) error {
		p, err := t.lockPerson(id)
		if err != nil {
			return err
		}
		st, err := t.standing(id)
		if err != nil {
			return err
		}
		change, err := rule(p, st)
		if err != nil {
			return err
		}
		out, err = t.changePerson(by, change, st)
		return err
	})
	return out, err
}

// changePerson writes what a rule decided.
func (t *tx) changePerson(by audit.Actor, c auth.Change, before auth.Standing) (auth.Account, error) {
	p := c.Person
	p.UpdatedAt = t.now
	p.Version++
	if err := t.savePerson(p); err != nil {
		return p.Account, err
	}
	t.record(audit.Event{Actor: by, Action: c.Action, Subject: subjectOf(p.ID), Detail: c.Detail})
	t.recordNotes(by, p)
	if err := t.addPending(by, p); err != nil {
		return p.Account, err
	}
	if c.EndSessions {
		if _, err := t.endSessions(by, p.ID, "", c.Except, c.Reason); err != nil {
			return p.Account, err
		}
	}
	return p.Account, t.endFounding(before)
}

// recordNotes records what a rule had to say beside its own event.
func (t *tx) recordNotes(by audit.Actor, p auth.Person) {
	for _, n := range p.Notes {
		t.record(audit.Event{Actor: by, Action: n.Action, Subject: subjectOf(p.ID), Detail: n.Detail})
	}
}

func (t *tx) savePerson(p auth.Person) error {
	row := accountRowOf(p)
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Select("*").Omit("id", "created_at", "founder").Updates(&row).Error; err != nil {
		return fmt.Errorf("save account %s: %w", p.ID, nameTaken(err))
	}
	return nil
}

// putSetupLink stores a link in place of the account's earlier one.
func (t *tx) putSetupLink(link auth.SetupLink) error {
	if err := t.Delete(&setupLinkRow{}, "account_id = ?", string(link.Account)).Error; err != nil {
		return fmt.Errorf("replace set-up link: %w", err)
	}
	row := setupLinkRow{Hash: link.Hash[:], AccountID: string(link.Account), CreatedAt: dbTime(t.now),
		ExpiresAt: dbTime(t.now.Add(auth.SetupLinkLife))}
	if err := t.sign(&row); err != nil {
		return err
	}
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("store set-up link: %w", err)
	}
	return nil
}

// AddSetupLink implements auth.Storage.
func (s *Store) AddSetupLink(ctx context.Context, by audit.Actor, link auth.SetupLink, check func(auth.Standing) error) error {
	return s.write(ctx, func(t *tx) error {
		st, err := t.standing("")
		if err != nil {
			return err
		}
		if err := check(st); err != nil {
			return err
		}
		subject := "founding"
		if link.Account != "" {
			if _, err := t.lockPerson(link.Account); err != nil {
				return err
			}
			subject = subjectOf(link.Account)
		}
		t.record(audit.Event{Actor: by, Action: "account.setup_link_made", Subject: subject})
		return t.putSetupLink(link)
	})
}

func (r setupLinkRow) link(hash auth.Hash) auth.SetupLink {
	return auth.SetupLink{Hash: hash, Account: auth.AccountID(r.AccountID), CreatedAt: r.CreatedAt.time(), ExpiresAt: r.ExpiresAt.time()}
}

// SetupLink implements auth.Storage.
func (s *Store) SetupLink(ctx context.Context, hash auth.Hash) (auth.SetupLink, error) {
	var row setupLinkRow
	if err := s.reader.WithContext(ctx).Take(&row, "hash = ?", hash[:]).Error; err != nil {
		return auth.SetupLink{}, noSuchPerson(err)
	}
	return row.link(hash), s.believeRead(ctx, &row, nil)
}

// UseSetupLink implements auth.Storage.
func (s *Store) UseSetupLink(ctx context.Context, by audit.Actor, hash auth.Hash, rule func(auth.SetupLink, auth.Person, auth.Standing) (auth.Change, error)) (auth.Account, error) {
	var out auth.Account
	err := s.write(ctx, func(t *tx) error {
		// Deleting first locks the link: of two who redeem it, one finds nothing.
		var row setupLinkRow
		res := t.Clauses(clause.Returning{}).Where("hash = ?", hash[:]).Delete(&row)
		if res.Error != nil {
			return fmt.Errorf("use set-up link: %w", res.Error)
		}
		if res.RowsAffected == 0 {
			return auth.ErrNoSuch
		}
		if err := t.believeUnlocked(&row); err != nil {
			return err
		}
		link := row.link(hash)
		var p auth.Person
		var err error
		if link.Account != "" {
			if p, err = t.lockPerson(link.Account); err != nil {
				return err
			}
		}
		st, err := t.standing(link.Account)
		if err != nil {
			return err
		}
		change, err := rule(link, p, st)
		if err != nil {
			return err
		}
		if link.Account != "" {
			out, err = t.changePerson(by, change, st)
			return err
		}
		p, err = t.addPerson(change.Person)
		out = p.Account
		t.record(audit.Event{Actor: by, Action: change.Action, Subject: subjectOf(p.ID), Detail: change.Detail})
		return err
	})
	return out, err
}
