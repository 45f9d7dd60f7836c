package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"wardline/alert"
	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

type alertChangeRow struct {
	ID      string `gorm:"column:id;primaryKey"`
	Rule    string `gorm:"column:rule"`
	Next    string `gorm:"column:next"`
	BasedOn int    `gorm:"column:based_on"`
	Reason  string `gorm:"column:reason"`
	AskedBy string `gorm:"column:asked_by"`
	AskedAt dbTime `gorm:"column:asked_at"`
	EndedAt dbTime `gorm:"column:ended_at"`
	EndedBy string `gorm:"column:ended_by"`
	Agreed  bool   `gorm:"column:agreed"`
}

func (alertChangeRow) TableName() string { return "alert_change" }

func alertChangeRowOf(c alert.Change) alertChangeRow {
	r := alertChangeRow{ID: c.ID, Rule: string(c.Next.Rule), Next: jsonText(c.Next), BasedOn: c.BasedOn, Reason: c.Reason,
		AskedBy: jsonText(c.AskedBy), AskedAt: dbTime(c.AskedAt), EndedAt: dbTime(c.EndedAt), Agreed: c.Agreed}
	if !c.EndedAt.IsZero() {
		r.EndedBy = jsonText(c.EndedBy)
	}
	return r
}

func (r alertChangeRow) change() (alert.Change, error) {
	c := alert.Change{ID: r.ID, BasedOn: r.BasedOn, Reason: r.Reason, AskedAt: r.AskedAt.time(), EndedAt: r.EndedAt.time(), Agreed: r.Agreed}
	if err := errors.Join(json.Unmarshal([]byte(r.Next), &c.Next), json.Unmarshal([]byte(r.AskedBy), &c.AskedBy)); err != nil {
		return c, fmt.Errorf("read the change %s of an alert rule: %w", r.ID, err)
	}
	return c, nil
}

// openAlertChanges reads those that wait and have not run out.
func openAlertChanges(db *gorm.DB, now time.Time) ([]alert.Change, error) {
	var rows []alertChangeRow
	if err := db.Order("id").Find(&rows, "ended_at = 0 AND asked_at > ?", dbTime(now.Add(-alert.ChangeLife))).Error; err != nil {
		return nil, fmt.Errorf("read the changes of alert rules: %w", err)
	}
	out := make([]alert.Change, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.change(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// AlertSettings implements alert.Storage.
func (s *Store) AlertSettings(ctx context.Context) ([]alert.Setting, []alert.Change, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, nil, fmt.Errorf("read how the alerts are set: %w", err)
	}
	settings, err := alertSettings(db)
	if err != nil {
		return nil, nil, err
	}
	changes, err := openAlertChanges(db, now)
	return settings, changes, err
}

// RuleOfChange implements alert.Storage.
func (s *Store) RuleOfChange(ctx context.Context, id string) (alert.RuleID, error) {
	var row alertChangeRow
	if err := s.reader.WithContext(ctx).Take(&row, "id = ?", id).Error; err != nil {
		if notFound(err) {
			return "", fault.CodeNotFound.New("There is no such change of a rule.")
		}
		return "", fmt.Errorf("read the change %s of an alert rule: %w", id, err)
	}
	return alert.RuleID(row.Rule), nil
}

// ChangeAlertSetting implements alert.Storage. The guard's lock is the one for
// everything that is policy.
func (s *Store) ChangeAlertSetting(ctx context.Context, resource string, rule alert.RuleID,
	decide func(time.Time, alert.Setting, *alert.Change) (alert.Decision, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, resource); err != nil {
			return err
		}
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		r, known := alert.RuleOf(rule)
		if !known {
			return fmt.Errorf("change the unknown rule %q", rule)
		}
		current := r.Shipped()
		var rows []alertSettingRow
		if err := t.Find(&rows, "rule = ?", string(rule)).Error; err != nil {
			return fmt.Errorf("read how rule %s is set: %w", rule, err)
		}
		if len(rows) > 0 {
			stored, err := rows[0].setting()
			if err != nil {
				return err
			}
			current = alert.Complete(stored)
		}
		open, err := t.openChangeOf(rule)
		if err != nil {
			return err
		}
		d, err := decide(t.now, current, open)
		if err != nil {
			return err
		}
		return t.keepDecision(rule, d)
	})
}

func (t *tx) openChangeOf(rule alert.RuleID) (*alert.Change, error) {
	changes, err := openAlertChanges(t.DB, t.now)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if c.Next.Rule == rule {
			return &c, nil
		}
	}
	// One that ran out makes room.
	err = t.Exec("UPDATE alert_change SET ended_at = ?, ended_by = ? WHERE ended_at = 0 AND rule = ?", dbTime(t.now), jsonText(alertActor), string(rule)).Error
	if err != nil {
		return nil, fmt.Errorf("end a change of rule %s that ran out: %w", rule, err)
	}
	return nil, nil
}

func (t *tx) keepDecision(rule alert.RuleID, d alert.Decision) error {
	for _, c := range d.Changes {
		row := alertChangeRowOf(c)
		if err := t.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, UpdateAll: true}).Create(&row).Error; err != nil {
			return fmt.Errorf("keep the change of rule %s: %w", rule, err)
		}
	}
	if d.Setting != nil {
		row := alertSettingRow{Rule: string(rule), Setting: jsonText(d.Setting), Version: d.Setting.Version,
			UpdatedAt: dbTime(d.Setting.UpdatedAt), UpdatedBy: jsonText(d.Setting.UpdatedBy)}
		if err := t.Save(&row).Error; err != nil {
			return fmt.Errorf("keep how rule %s is set: %w", rule, err)
		}
	}
	t.record(d.Events...)
	return nil
}

type webhookRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Name      string `gorm:"column:name"`
	URL       string `gorm:"column:url"`
	Sealed    []byte `gorm:"column:sealed"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CreatedBy string `gorm:"column:created_by"`
}

func (webhookRow) TableName() string { return "webhook" }

// Webhooks implements alert.Storage.
func (s *Store) Webhooks(ctx context.Context) ([]alert.Webhook, error) {
	var rows []webhookRow
	if err := s.reader.WithContext(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the webhooks: %w", err)
	}
	out := make([]alert.Webhook, len(rows))
	for i, r := range rows {
		out[i] = alert.Webhook{ID: alert.WebhookID(r.ID), Name: r.Name, URL: r.URL, Sealed: r.Sealed, CreatedAt: r.CreatedAt.time()}
		if err := json.Unmarshal([]byte(r.CreatedBy), &out[i].CreatedBy); err != nil {
			return nil, fmt.Errorf("read who made webhook %s: %w", r.ID, err)
		}
	}
	return out, nil
}

// AddWebhook implements alert.Storage.
func (s *Store) AddWebhook(ctx context.Context, actor audit.Actor, w alert.Webhook) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "webhook:"+string(w.ID)); err != nil {
			return err
		}
		row := webhookRow{ID: string(w.ID), Name: w.Name, URL: w.URL, Sealed: w.Sealed, CreatedAt: dbTime(t.now), CreatedBy: jsonText(actor)}
		if err := t.Create(&row).Error; err != nil {
			if errors.Is(err, gorm.ErrDuplicatedKey) {
				return fault.CodeInvalid.New("There is already a webhook of this name.").WithField("name", "is taken")
			}
			return fmt.Errorf("add a webhook: %w", err)
		}
		t.record(audit.Event{Actor: actor, Action: "webhook.added", Subject: "webhook:" + row.ID, Detail: map[string]any{"name": w.Name, "host": w.Host()}})
		return nil
	})
}

// RemoveWebhook implements alert.Storage.
func (s *Store) RemoveWebhook(ctx context.Context, actor audit.Actor, id alert.WebhookID) error {
	return s.write(ctx, func(t *tx) error {
		if _, err := t.enterGuard(); err != nil {
			return err
		}
		settings, err := alertSettings(t.DB)
		if err != nil {
			return err
		}
		for _, set := range settings {
			for _, r := range set.Routes {
				if r.Webhook == id {
					return alert.CodeWebhookUsed.New("A rule sends to this webhook.")
				}
			}
		}
		var row webhookRow
		if err := t.Take(&row, "id = ?", string(id)).Error; err != nil {
			if notFound(err) {
				return fault.CodeNotFound.New("There is no such webhook.")
			}
			return fmt.Errorf("read webhook %s: %w", id, err)
		}
		if err := t.Delete(&row).Error; err != nil {
			return fmt.Errorf("remove webhook %s: %w", id, err)
		}
		t.record(audit.Event{Actor: actor, Action: "webhook.removed", Subject: "webhook:" + row.ID, Detail: map[string]any{"name": row.Name}})
		return nil
	})
}

type mailAddressRow struct {
	AccountID string `gorm:"column:account_id;primaryKey"`
	Address   string `gorm:"column:address"`
	Language  string `gorm:"column:language"`
	UpdatedAt dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
}

func (mailAddressRow) TableName() string { return "mail_address" }

// MailAddress implements alert.Storage.
func (s *Store) MailAddress(ctx context.Context, account alert.Account) (alert.Recipient, error) {
	var rows []mailAddressRow
	if err := s.reader.WithContext(ctx).Find(&rows, "account_id = ?", string(account)).Error; err != nil {
		return alert.Recipient{}, fmt.Errorf("read the mail address of account %s: %w", account, err)
	}
	out := alert.Recipient{Account: account, Language: "en"}
	if len(rows) > 0 {
		out.Address, out.Language = rows[0].Address, rows[0].Language
	}
	return out, nil
}

// SetMailAddress implements alert.Storage. Whoever takes over an account and sends
// its mail elsewhere is told of at the address before.
func (s *Store) SetMailAddress(ctx context.Context, actor audit.Actor, r alert.Recipient) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "account:"+string(r.Account)); err != nil {
			return err
		}
		var before []mailAddressRow
		if err := t.Find(&before, "account_id = ?", string(r.Account)).Error; err != nil {
			return fmt.Errorf("read the mail address of account %s: %w", r.Account, err)
		}
		if len(before) > 0 && before[0].Address == r.Address && before[0].Language == r.Language || len(before) == 0 && r.Address == "" {
			return nil
		}
		if err := t.Where("account_id = ?", string(r.Account)).Delete(&mailAddressRow{}).Error; err != nil {
			return fmt.Errorf("replace the mail address of account %s: %w", r.Account, err)
		}
		if r.Address != "" {
			row := mailAddressRow{AccountID: string(r.Account), Address: r.Address, Language: r.Language, UpdatedAt: dbTime(t.now)}
			if err := t.Create(&row).Error; err != nil {
				return fmt.Errorf("keep the mail address of account %s: %w", r.Account, err)
			}
		}
		detail := map[string]any{"set": r.Address != "", "language": r.Language}
		if len(before) == 0 || before[0].Address == r.Address {
			t.record(audit.Event{Actor: actor, Action: "account.mail_set", Subject: "account:" + string(r.Account), Detail: detail})
			return nil
		}
		t.record(audit.Event{Actor: actor, Action: "account.mail_changed", Subject: "account:" + string(r.Account), Detail: detail})
		return t.tellBefore(before[0], alert.Account(r.Account))
	})
}

// tellBefore sends the news of another mail address to the one before.
func (t *tx) tellBefore(before mailAddressRow, account alert.Account) error {
	off, err := t.rulesOff()
	if err != nil || off[alert.RuleAccountChanged] {
		return err
	}
	id, err := t.raise(alert.Raise{Rule: alert.RuleAccountChanged, Key: "mail before:" + before.AccountID, Account: account,
		Subject: "account:" + before.AccountID, Facts: map[string]string{"action": "account.mail_changed"}}, false)
	if err != nil {
		return err
	}
	return t.address(id, []alert.Delivery{{ID: t.newID(), Alert: id, Channel: alert.ByMail, Target: before.Address, Account: account,
		Language: before.Language, State: alert.Waiting}})
}

// sitesJSON reads a scope's sites.
func sitesJSON(scope string) ([]device.PlaceID, error) {
	var s struct {
		Sites []device.PlaceID `json:"sites"`
	}
	return s.Sites, json.Unmarshal([]byte(scope), &s)
}
