package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"wardline/alert"
	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

type breakGlassRow struct {
	CommandID  string `gorm:"column:command_id;primaryKey"`
	DeviceID   string `gorm:"column:device_id"`
	Serial     string `gorm:"column:serial"`
	Class      string `gorm:"column:class"`
	Clinician  string `gorm:"column:clinician"`
	Quarantine string `gorm:"column:quarantine"`
	Reason     string `gorm:"column:reason"`
	AskedBy    string `gorm:"column:asked_by"`
	AskedAt    dbTime `gorm:"column:asked_at"`
	AgreedBy   string `gorm:"column:agreed_by"`
	BegunAt    dbTime `gorm:"column:begun_at"`
	Therapy    string `gorm:"column:therapy"`
	AgeUS      int64  `gorm:"column:age_us"`
	ReviewedBy string `gorm:"column:reviewed_by"`
	ReviewedAt dbTime `gorm:"column:reviewed_at"`
	Justified  bool   `gorm:"column:justified"`
	Note       string `gorm:"column:note"`
}

func (breakGlassRow) TableName() string { return "break_glass" }

// isBreakGlass is the condition on a command: its arguments were written by us,
// in a fixed order.
func isBreakGlass(of string) string {
	return of + `kind = 'contain' AND ` + of + `args LIKE '{"break_glass":{%'`
}

func breakGlassRowOf(g commands.BreakGlass) breakGlassRow {
	r := breakGlassRow{CommandID: string(g.Command), DeviceID: string(g.Device), Serial: g.Serial, Class: string(g.Class), Clinician: g.Clinician,
		Quarantine: g.Quarantine, Reason: g.Reason, AskedBy: jsonText(g.AskedBy), AskedAt: dbTime(g.AskedAt), AgreedBy: jsonText(g.AgreedBy),
		BegunAt: dbTime(g.BegunAt), Therapy: string(g.Therapy), AgeUS: g.Age.Microseconds(), ReviewedAt: dbTime(g.ReviewedAt), Justified: g.Justified, Note: g.Note}
	if !g.ReviewedAt.IsZero() {
		r.ReviewedBy = jsonText(g.ReviewedBy)
	}
	return r
}

func (r breakGlassRow) breakGlass() (commands.BreakGlass, error) {
	g := commands.BreakGlass{Command: commands.ID(r.CommandID), Device: device.ID(r.DeviceID), Serial: r.Serial, Class: device.Class(r.Class),
		Plea: commands.Plea{Clinician: r.Clinician, Quarantine: r.Quarantine}, Reason: r.Reason, AskedAt: r.AskedAt.time(), BegunAt: r.BegunAt.time(),
		Therapy: safety.State(r.Therapy), Age: time.Duration(r.AgeUS) * time.Microsecond, ReviewedAt: r.ReviewedAt.time(), Justified: r.Justified, Note: r.Note}
	for _, part := range []struct {
		text string
		into *audit.Actor
	}{{r.AskedBy, &g.AskedBy}, {r.AgreedBy, &g.AgreedBy}, {r.ReviewedBy, &g.ReviewedBy}} {
		if part.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(part.text), part.into); err != nil {
			return g, fmt.Errorf("read break-glass %s: %w", r.CommandID, err)
		}
	}
	return g, nil
}

func (t *tx) keepBreakGlass(list []commands.BreakGlass) error {
	for _, g := range list {
		row := breakGlassRowOf(g)
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("keep break-glass %s: %w", g.Command, err)
		}
	}
	return nil
}

func breakGlassFault(id commands.ID, err error) error {
	if notFound(err) {
		return fault.CodeNotFound.New("There is no such break-glass.")
	}
	return fmt.Errorf("read break-glass %s: %w", id, err)
}

// BreakGlasses implements commands.Storage.
func (s *Store) BreakGlasses(ctx context.Context, before commands.ID, limit int) ([]commands.BreakGlass, error) {
	db := s.reader.WithContext(ctx).Order("CASE WHEN reviewed_at = 0 THEN 0 ELSE 1 END, command_id DESC").Limit(limit)
	if before != "" {
		db = db.Where("reviewed_at > 0 AND command_id < ?", string(before))
	}
	var rows []breakGlassRow
	if err := db.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the break-glasses: %w", err)
	}
	out := make([]commands.BreakGlass, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.breakGlass(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// BreakGlass implements commands.Storage.
func (s *Store) BreakGlass(ctx context.Context, id commands.ID) (commands.BreakGlass, error) {
	var row breakGlassRow
	if err := s.reader.WithContext(ctx).Take(&row, "command_id = ?", string(id)).Error; err != nil {
		return commands.BreakGlass{}, breakGlassFault(id, err)
	}
	return row.breakGlass()
}

// ChangeBreakGlass implements commands.Storage.
func (s *Store) ChangeBreakGlass(ctx context.Context, id commands.ID, decide func(commands.BreakGlass, time.Time) (commands.BreakGlass, audit.Event, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "break_glass:"+string(id)); err != nil {
			return err
		}
		var row breakGlassRow
		if err := t.Raw("SELECT * FROM break_glass WHERE command_id = ?"+t.lockRows(), string(id)).Take(&row).Error; err != nil {
			return breakGlassFault(id, err)
		}
		g, err := row.breakGlass()
		if err != nil {
			return err
		}
		g, event, err := decide(g, t.now)
		if err != nil {
			return err
		}
		row = breakGlassRowOf(g)
		if err := t.Save(&row).Error; err != nil {
			return fmt.Errorf("keep break-glass %s: %w", id, err)
		}
		t.record(event)
		return nil
	})
}

// LateReviews implements alert.WatchStorage.
func (s *Store) LateReviews(ctx context.Context, before time.Time) ([]alert.Raise, error) {
	var rows []breakGlassRow
	if err := s.reader.WithContext(ctx).Order("command_id").Find(&rows, "reviewed_at = 0 AND begun_at <= ?", dbTime(before)).Error; err != nil {
		return nil, fmt.Errorf("look for late reviews: %w", err)
	}
	out := make([]alert.Raise, len(rows))
	for i, r := range rows {
		out[i] = alert.Raise{Rule: alert.RuleReviewDue, Key: "break_glass:" + r.CommandID, Device: device.ID(r.DeviceID),
			Subject: "break_glass:" + r.CommandID, Facts: map[string]string{}}
	}
	return out, nil
}
