package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"wardline/alert"
	"wardline/audit"
	"wardline/internal/fault"
)

// seenAlerts is the condition on alert that a scope means.
func seenAlerts(s alert.Scope) (string, []any) {
	var parts []string
	var args []any
	if s.Devices {
		part := "(device_id <> '' OR (account_id = '' AND place_id <> ''))"
		if len(s.Sites) > 0 {
			part += " AND site_id IN ?"
			args = append(args, s.Sites)
		}
		if len(s.Classes) > 0 {
			part += " AND (class = '' OR class IN ?)"
			args = append(args, s.Classes)
		}
		parts = append(parts, "("+part+")")
	}
	if s.People {
		parts = append(parts, "(device_id = '' AND account_id <> '')")
	}
	if s.Server {
		parts = append(parts, "(device_id = '' AND account_id = '' AND place_id = '')")
	}
	if len(parts) == 0 {
		return "1 = 0", nil
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}

func matchAlerts(db *gorm.DB, q alert.Query) *gorm.DB {
	seen, args := seenAlerts(q.Scope)
	db = db.Model(&alertRow{}).Where(seen, args...)
	switch q.State {
	case alert.StateOpen:
		db = db.Where("is_open")
	case alert.StateAcknowledged:
		db = db.Where("acknowledged_at > 0")
	case alert.StateCleared:
		db = db.Where("cleared_at > 0")
	}
	if q.Severity != "" {
		var ids []alert.RuleID
		for _, r := range alert.Rules() {
			if r.Severity == q.Severity {
				ids = append(ids, r.ID)
			}
		}
		db = db.Where("rule IN ?", ids)
	}
	if q.Rule != "" {
		db = db.Where("rule = ?", string(q.Rule))
	}
	if q.Device != "" {
		db = db.Where("device_id = ?", string(q.Device))
	}
	return db
}

// Alerts implements alert.Storage.
func (s *Store) Alerts(ctx context.Context, q alert.Query) (alert.Page, error) {
	match := func() *gorm.DB { return matchAlerts(s.reader.WithContext(ctx), q) }
	page := match()
	if q.After != "" {
		open, id, whole := strings.Cut(q.After, ".")
		switch {
		case !whole || open != "open" && open != "rest":
			return alert.Page{}, fault.CodeInvalid.New("The list cannot be shown as asked.").WithField("cursor", "does not belong to this list")
		case open == "open":
			page = page.Where("(is_open AND id < ?) OR NOT is_open", id)
		default:
			page = page.Where("NOT is_open AND id < ?", id)
		}
	}
	var rows []alertRow
	if err := page.Order("is_open DESC, id DESC").Limit(q.Limit + 1).Find(&rows).Error; err != nil {
		return alert.Page{}, fmt.Errorf("list alerts: %w", err)
	}
	var total int64
	if err := match().Count(&total).Error; err != nil {
		return alert.Page{}, fmt.Errorf("count alerts: %w", err)
	}
	out := alert.Page{Total: int(total)}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[len(rows)-1]
		out.Next = map[bool]string{true: "open.", false: "rest."}[last.IsOpen] + last.ID
	}
	var err error
	out.Alerts, err = alertsOf(rows)
	return out, err
}

func alertsOf(rows []alertRow) ([]alert.Alert, error) {
	out := make([]alert.Alert, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.alert(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func alertFault(err error) error {
	if notFound(err) {
		return fault.CodeNotFound.New("There is no such alert.")
	}
	return fmt.Errorf("read an alert: %w", err)
}

// Alert implements alert.Storage.
func (s *Store) Alert(ctx context.Context, id alert.ID) (alert.Alert, []alert.Delivery, error) {
	db := s.reader.WithContext(ctx)
	var row alertRow
	if err := db.Take(&row, "id = ?", string(id)).Error; err != nil {
		return alert.Alert{}, nil, alertFault(err)
	}
	a, err := row.alert()
	if err != nil {
		return a, nil, err
	}
	var rows []alertDeliveryRow
	if err := db.Order("id").Find(&rows, "alert_id = ?", string(id)).Error; err != nil {
		return a, nil, fmt.Errorf("read the messages of alert %s: %w", id, err)
	}
	return a, deliveriesOf(rows), nil
}

// Acknowledge implements alert.Storage.
func (s *Store) Acknowledge(ctx context.Context, actor audit.Actor, id alert.ID, note string) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "alert:"+string(id)); err != nil {
			return err
		}
		var row alertRow
		if err := t.Raw("SELECT * FROM alert WHERE id = ?"+t.lockRows(), string(id)).Take(&row).Error; err != nil {
			return alertFault(err)
		}
		a, err := row.alert()
		if err != nil {
			return err
		}
		switch {
		case !a.AcknowledgedAt.IsZero():
			return alert.CodeAcknowledged.New("%s has taken note of this already.", a.AcknowledgedBy.Name)
		case !row.IsOpen:
			return alert.CodeAcknowledged.New("Nobody has to take note of this.")
		}
		// What stands goes on being the same alert until it is over.
		rule, _ := alert.RuleOf(a.Rule)
		err = t.Model(&alertRow{}).Where("id = ?", string(id)).Updates(map[string]any{"acknowledged_at": dbTime(t.now),
			"acknowledged_by": jsonText(actor), "note": note, "is_open": false, "active": row.Active && rule.Stands}).Error
		if err != nil {
			return fmt.Errorf("acknowledge alert %s: %w", id, err)
		}
		t.record(row.event(actor, "alert.acknowledged", map[string]any{"rule": row.Rule, "note": note}))
		return nil
	})
}

type alertSettingRow struct {
	Rule      string `gorm:"column:rule;primaryKey"`
	Setting   string `gorm:"column:setting"`
	Version   int    `gorm:"column:version"`
	UpdatedAt dbTime `gorm:"column:updated_at;autoUpdateTime:false"`
	UpdatedBy string `gorm:"column:updated_by"`
}

func (alertSettingRow) TableName() string { return "alert_setting" }

func (r alertSettingRow) setting() (alert.Setting, error) {
	var s alert.Setting
	if err := json.Unmarshal([]byte(r.Setting), &s); err != nil {
		return s, fmt.Errorf("read how rule %s is set: %w", r.Rule, err)
	}
	s.Rule, s.Version, s.UpdatedAt = alert.RuleID(r.Rule), r.Version, r.UpdatedAt.time()
	if err := json.Unmarshal([]byte(r.UpdatedBy), &s.UpdatedBy); err != nil {
		return s, fmt.Errorf("read who set rule %s: %w", r.Rule, err)
	}
	return s, nil
}

func alertSettings(db *gorm.DB) ([]alert.Setting, error) {
	var rows []alertSettingRow
	if err := db.Order("rule").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read how the alerts are set: %w", err)
	}
	out := make([]alert.Setting, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.setting(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
