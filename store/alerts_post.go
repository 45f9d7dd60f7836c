package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardline/alert"
	"wardline/audit"
)

type alertDeliveryRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	AlertID      string `gorm:"column:alert_id"`
	Channel      string `gorm:"column:channel"`
	Target       string `gorm:"column:target"`
	AccountID    string `gorm:"column:account_id"`
	Language     string `gorm:"column:language"`
	State        string `gorm:"column:state"`
	Attempts     int    `gorm:"column:attempts"`
	DueAt        dbTime `gorm:"column:due_at"`
	ClaimedUntil dbTime `gorm:"column:claimed_until"`
	CreatedAt    dbTime `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt      dbTime `gorm:"column:ended_at"`
	LastError    string `gorm:"column:last_error"`
}

func (alertDeliveryRow) TableName() string { return "alert_delivery" }

func deliveriesOf(rows []alertDeliveryRow) []alert.Delivery {
	out := make([]alert.Delivery, len(rows))
	for i, r := range rows {
		out[i] = alert.Delivery{ID: r.ID, Alert: alert.ID(r.AlertID), Channel: alert.Channel(r.Channel), Target: r.Target,
			Account: alert.Account(r.AccountID), Language: r.Language, State: alert.DeliveryState(r.State), Attempts: r.Attempts,
			DueAt: r.DueAt.time(), CreatedAt: r.CreatedAt.time(), EndedAt: r.EndedAt.time(), LastError: r.LastError}
	}
	return out
}

// Unaddressed implements alert.PostStorage.
func (s *Store) Unaddressed(ctx context.Context, limit int) ([]alert.Alert, error) {
	var rows []alertRow
	if err := s.reader.WithContext(ctx).Order("id").Limit(limit).Find(&rows, "NOT addressed").Error; err != nil {
		return nil, fmt.Errorf("read new alerts: %w", err)
	}
	return alertsOf(rows)
}

// AddressAlert implements alert.PostStorage.
func (s *Store) AddressAlert(ctx context.Context, id alert.ID, deliveries []alert.Delivery) error {
	return s.write(ctx, func(t *tx) error { return t.address(id, deliveries) })
}

// address keeps the messages of an alert that has none yet.
func (t *tx) address(id alert.ID, deliveries []alert.Delivery) error {
	res := t.Exec("UPDATE alert SET addressed = ? WHERE id = ? AND NOT addressed", true, string(id))
	if res.Error != nil {
		return fmt.Errorf("address alert %s: %w", id, res.Error)
	}
	if res.RowsAffected == 0 || len(deliveries) == 0 {
		return nil
	}
	rows := make([]alertDeliveryRow, len(deliveries))
	for i, d := range deliveries {
		rows[i] = alertDeliveryRow{ID: d.ID, AlertID: string(id), Channel: string(d.Channel), Target: d.Target, AccountID: string(d.Account),
			Language: d.Language, State: string(d.State), DueAt: dbTime(t.now), CreatedAt: dbTime(t.now), LastError: d.LastError}
		if d.State != alert.Waiting {
			rows[i].EndedAt = dbTime(t.now)
		}
	}
	if err := t.Create(&rows).Error; err != nil {
		return fmt.Errorf("keep the messages of alert %s: %w", id, err)
	}
	return nil
}

// ClaimDeliveries implements alert.PostStorage.
func (s *Store) ClaimDeliveries(ctx context.Context, channels []alert.Channel, n int, lease time.Duration) ([]alert.Delivery, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("claim messages: %w", err)
	}
	const due = "state = 'waiting' AND due_at <= ? AND claimed_until <= ? AND channel IN ?"
	var waiting []string
	err = db.Raw("SELECT id FROM alert_delivery WHERE "+due+" LIMIT 1", dbTime(now), dbTime(now), channels).Scan(&waiting).Error
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	var rows []alertDeliveryRow
	err = s.write(ctx, func(t *tx) error {
		lock := ""
		if t.engine == Postgres {
			lock = " FOR UPDATE SKIP LOCKED" // another server takes others
		}
		err := t.Raw("SELECT * FROM alert_delivery WHERE "+due+" ORDER BY due_at, id LIMIT ?"+lock,
			dbTime(t.now), dbTime(t.now), channels, n).Scan(&rows).Error
		if err != nil {
			return fmt.Errorf("claim messages: %w", err)
		}
		for _, r := range rows {
			err := t.Exec("UPDATE alert_delivery SET claimed_until = ? WHERE id = ?", dbTime(t.now.Add(lease)), r.ID).Error
			if err != nil {
				return fmt.Errorf("claim message %s: %w", r.ID, err)
			}
		}
		return nil
	})
	return deliveriesOf(rows), err
}

// SettleDelivery implements alert.PostStorage. That a message was sent, or will never be,
// stands in the audit log.
func (s *Store) SettleDelivery(ctx context.Context, d alert.Delivery) error {
	return s.write(ctx, func(t *tx) error {
		values := map[string]any{"state": string(d.State), "attempts": d.Attempts, "due_at": dbTime(d.DueAt), "claimed_until": dbTime{}, "last_error": d.LastError}
		ended := d.State != alert.Waiting
		if ended {
			values["ended_at"] = dbTime(t.now)
		}
		res := t.Model(&alertDeliveryRow{}).Where("id = ? AND state = 'waiting'", d.ID).Updates(values)
		if res.Error != nil {
			return fmt.Errorf("settle message %s: %w", d.ID, res.Error)
		}
		if !ended || res.RowsAffected == 0 {
			return nil
		}
		action := audit.Action("alert.told")
		if d.State != alert.Sent {
			action = "alert.not_delivered"
		}
		detail := map[string]any{"channel": string(d.Channel), "delivery": d.ID, "attempts": d.Attempts}
		if d.Account != "" {
			detail["account"] = string(d.Account)
		} else {
			detail["target"] = d.Target
		}
		t.record(audit.Event{Actor: alertActor, Action: action, Subject: "alert:" + string(d.Alert), Detail: detail})
		return nil
	})
}

// Recipients implements alert.PostStorage.
func (s *Store) Recipients(ctx context.Context) ([]alert.Recipient, error) {
	var rows []struct{ ID, Username, Roles, Scope, Address, Language string }
	err := s.reader.WithContext(ctx).Raw(`SELECT a.id, a.username, a.roles, a.scope, m.address, m.language FROM mail_address m
		JOIN account a ON a.id = m.account_id WHERE NOT a.disabled ORDER BY a.username`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who can be told: %w", err)
	}
	out := make([]alert.Recipient, len(rows))
	for i, r := range rows {
		out[i] = alert.Recipient{Account: alert.Account(r.ID), Username: r.Username, Address: r.Address, Language: r.Language}
		if err := json.Unmarshal([]byte(r.Roles), &out[i].Roles); err != nil {
			return nil, fmt.Errorf("read roles of account %s: %w", r.ID, err)
		}
		if out[i].Sites, err = sitesJSON(r.Scope); err != nil {
			return nil, fmt.Errorf("read scope of account %s: %w", r.ID, err)
		}
	}
	return out, nil
}

// AddDeliveries implements alert.PostStorage.
func (s *Store) AddDeliveries(ctx context.Context, actor audit.Actor, r alert.Raise, deliveries []alert.Delivery) (alert.ID, error) {
	var id alert.ID
	err := s.write(ctx, func(t *tx) error {
		var err error
		if id, err = t.raise(r, false); err != nil {
			return err
		}
		if err := t.idempotent(ctx, "alert:"+string(id)); err != nil {
			return err
		}
		for i := range deliveries {
			deliveries[i].Alert = id
		}
		t.record(audit.Event{Actor: actor, Action: "alert.test_sent", Subject: "alert:" + string(id)})
		return t.address(id, deliveries)
	})
	return id, err
}
