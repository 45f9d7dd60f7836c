package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wardline/alert"
	"wardline/audit"
	"wardline/device"
)

type alertRow struct {
	ID             string `gorm:"column:id;primaryKey"`
	Rule           string `gorm:"column:rule"`
	Key            string `gorm:"column:key"`
	DeviceID       string `gorm:"column:device_id"`
	CommandID      string `gorm:"column:command_id"`
	AccountID      string `gorm:"column:account_id"`
	Subject        string `gorm:"column:subject"`
	PlaceID        string `gorm:"column:place_id"`
	SiteID         string `gorm:"column:site_id"`
	Class          string `gorm:"column:class"`
	Facts          string `gorm:"column:facts"`
	RaisedAt       dbTime `gorm:"column:raised_at"`
	Times          int    `gorm:"column:times"`
	LastAt         dbTime `gorm:"column:last_at"`
	AcknowledgedAt dbTime `gorm:"column:acknowledged_at"`
	AcknowledgedBy string `gorm:"column:acknowledged_by"`
	Note           string `gorm:"column:note"`
	ClearedAt      dbTime `gorm:"column:cleared_at"`
	IsOpen         bool   `gorm:"column:is_open"`
	Active         bool   `gorm:"column:active"`
	Addressed      bool   `gorm:"column:addressed"`
}

func (alertRow) TableName() string { return "alert" }

func (r alertRow) alert() (alert.Alert, error) {
	a := alert.Alert{ID: alert.ID(r.ID), Rule: alert.RuleID(r.Rule), Key: r.Key, Device: device.ID(r.DeviceID), Command: r.CommandID,
		Account: alert.Account(r.AccountID), Subject: r.Subject, Place: device.PlaceID(r.PlaceID), Site: device.PlaceID(r.SiteID),
		Class: device.Class(r.Class), RaisedAt: r.RaisedAt.time(), Times: r.Times, LastAt: r.LastAt.time(),
		AcknowledgedAt: r.AcknowledgedAt.time(), Note: r.Note, ClearedAt: r.ClearedAt.time()}
	if err := json.Unmarshal([]byte(r.Facts), &a.Facts); err != nil {
		return a, fmt.Errorf("read alert %s: %w", r.ID, err)
	}
	if r.AcknowledgedBy != "" {
		if err := json.Unmarshal([]byte(r.AcknowledgedBy), &a.AcknowledgedBy); err != nil {
			return a, fmt.Errorf("read who acknowledged alert %s: %w", r.ID, err)
		}
	}
	return a, nil
}

// alertActor is what the server tells by itself.
var alertActor = audit.Actor{Kind: audit.ActorSystem, ID: "alerts", Name: "Alerts"}

// raiseAlerts raises what the events of this transaction cause, in this
// transaction: when it is kept, so are they.
func (t *tx) raiseAlerts() error {
	raises := alert.Of(t.events)
	if len(raises) == 0 {
		return nil
	}
	off, err := t.rulesOff()
	if err != nil {
		return err
	}
	for _, r := range raises {
		if off[r.Rule] {
			continue
		}
		if _, err := t.raise(r, false); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) rulesOff() (map[alert.RuleID]bool, error) {
	settings, err := alertSettings(t.DB)
	if err != nil {
		return nil, err
	}
	off := map[alert.RuleID]bool{}
	for _, s := range settings {
		off[s.Rule] = !alert.Complete(s).On
	}
	return off, nil
}

// raise adds an alert, or counts it with the active one about the same. stands
// says that it is a state that goes on: found again it is not counted. It returns
// the id of a new alert, "" for one that was there.
func (t *tx) raise(r alert.Raise, stands bool) (alert.ID, error) {
	row := alertRow{ID: t.newID(), Rule: string(r.Rule), Key: r.Key, DeviceID: string(r.Device), CommandID: r.Command, AccountID: string(r.Account),
		Subject: r.Subject, PlaceID: string(r.Place), RaisedAt: dbTime(t.now), Times: max(r.Times, 1), LastAt: dbTime(t.now), Active: true}
	if err := t.describe(&row, &r); err != nil {
		return "", err
	}
	row.Facts = jsonText(r.Facts)
	rule, known := alert.RuleOf(r.Rule)
	if !known {
		return "", fmt.Errorf("raise an alert of the unknown rule %q", r.Rule)
	}
	if rule.Severity == alert.Notice {
		// Nobody has to take note of it, so the same again is told again.
		row.Active = false
	}
	row.IsOpen = row.Active
	count := "times = alert.times + excluded.times, "
	if stands {
		count = ""
	}
	res := t.Exec(`INSERT INTO alert (id, rule, key, device_id, command_id, account_id, subject, place_id, site_id, class, facts,
			raised_at, times, last_at, is_open, active, addressed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (rule, key) WHERE active DO UPDATE SET `+count+`last_at = excluded.last_at, facts = excluded.facts`,
		row.ID, row.Rule, row.Key, row.DeviceID, row.CommandID, row.AccountID, row.Subject, row.PlaceID, row.SiteID, row.Class, row.Facts,
		row.RaisedAt, row.Times, row.LastAt, row.IsOpen, row.Active, false)
	if res.Error != nil {
		return "", fmt.Errorf("raise alert %s: %w", r.Rule, res.Error)
	}
	var there int
	if err := t.Raw("SELECT COUNT(*) FROM alert WHERE id = ?", row.ID).Scan(&there).Error; err != nil {
		return "", fmt.Errorf("raise alert %s: %w", r.Rule, err)
	}
	if there == 0 {
		return "", nil
	}
	if rule.Severity != alert.Notice {
		// What is only told stands in the log already: it is what caused it.
		t.record(row.event(alertActor, "alert.raised", map[string]any{"rule": row.Rule, "severity": string(rule.Severity)}))
	}
	return alert.ID(row.ID), nil
}

func (r alertRow) event(actor audit.Actor, action audit.Action, detail map[string]any) audit.Event {
	return audit.Event{Actor: actor, Action: action, Device: r.DeviceID, Command: r.CommandID, Subject: "alert:" + r.ID, Detail: detail}
}

// describe adds what the device, the account and the place are now.
func (t *tx) describe(row *alertRow, r *alert.Raise) error {
	place := row.PlaceID
	facts := map[string]string{}
	for name, value := range r.Facts {
		facts[name] = value
	}
	if row.DeviceID != "" {
		var d struct{ Class, Serial, PlaceID string }
		if err := t.Raw("SELECT class, serial, place_id FROM device WHERE id = ?", row.DeviceID).Scan(&d).Error; err != nil {
			return fmt.Errorf("read the device of an alert: %w", err)
		}
		row.Class, place = d.Class, d.PlaceID
		if d.Serial != "" {
			facts["serial"] = d.Serial
		}
	}
	if row.AccountID != "" {
		var username string
		if err := t.Raw("SELECT username FROM account WHERE id = ?", row.AccountID).Scan(&username).Error; err != nil {
			return fmt.Errorf("read the account of an alert: %w", err)
		}
		if username != "" {
			facts["username"] = username
		}
	}
	r.Facts = facts
	if place == "" {
		return nil
	}
	err := t.Raw(`WITH RECURSIVE up (id, parent_id) AS (
			SELECT id, parent_id FROM place WHERE id = ?
			UNION ALL SELECT p.id, p.parent_id FROM place p JOIN up ON p.id = up.parent_id)
		SELECT id FROM up WHERE parent_id = ''`, place).Scan(&row.SiteID).Error
	if err != nil {
		return fmt.Errorf("read the site of an alert: %w", err)
	}
	return nil
}

// StandAlerts implements alert.Storage. Of two servers that find the same at the same
// moment one raises it.
func (s *Store) StandAlerts(ctx context.Context, rule alert.RuleID, holds []alert.Raise, spare func(string) bool) error {
	if quiet, err := s.nothingStands(ctx, rule, holds); err != nil || quiet {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		slices.SortFunc(holds, func(a, b alert.Raise) int { return strings.Compare(a.Key, b.Key) })
		held := map[string]bool{}
		for _, r := range holds {
			held[r.Key] = true
			if _, err := t.raise(r, true); err != nil {
				return err
			}
		}
		var rows []alertRow
		if err := t.Raw("SELECT * FROM alert WHERE active AND rule = ? ORDER BY key"+t.lockRows(), string(rule)).Scan(&rows).Error; err != nil {
			return fmt.Errorf("read what held of %s: %w", rule, err)
		}
		for _, r := range rows {
			if held[r.Key] || spare != nil && spare(r.Key) {
				continue
			}
			err := t.Exec("UPDATE alert SET active = ?, is_open = ?, cleared_at = ? WHERE id = ?", false, false, dbTime(t.now), r.ID).Error
			if err != nil {
				return fmt.Errorf("clear alert %s: %w", r.ID, err)
			}
			t.record(r.event(alertActor, "alert.cleared", map[string]any{"rule": r.Rule}))
		}
		return nil
	})
}

// nothingStands says that nothing is to be written: nothing holds, and nothing held.
func (s *Store) nothingStands(ctx context.Context, rule alert.RuleID, holds []alert.Raise) (bool, error) {
	if len(holds) > 0 {
		return false, nil
	}
	var active int
	err := s.reader.WithContext(ctx).Raw("SELECT COUNT(*) FROM alert WHERE active AND rule = ?", string(rule)).Scan(&active).Error
	if err != nil {
		return false, fmt.Errorf("look what holds of %s: %w", rule, err)
	}
	return active == 0, nil
}
