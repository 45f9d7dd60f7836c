package store

import (
	"fmt"
	"time"

	"wardline/audit"
)

// guardActor is what the guard does by itself.
var guardActor = audit.Actor{Kind: audit.ActorSystem, ID: "guard", Name: "Guard"}

// clockJumped freezes the server: windows of time mean nothing under a clock that
// somebody sets.
func (t *tx) clockJumped(now time.Time, by time.Duration) error {
	direction := "forward"
	if by < 0 {
		direction = "back"
	}
	reason := fmt.Sprintf("The database's clock was set %s by %s.", direction, by.Abs().Round(time.Second))
	row := freezeRow{ID: t.newID(), Scope: "server", Cause: "clock", Reason: reason, SetBy: jsonText(guardActor), CausedBy: "[]",
		SetAt: dbTime(now), AlreadyLeft: "[]", LiftRoles: "[]"}
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("freeze after the clock was set: %w", err)
	}
	t.record(audit.Event{Actor: guardActor, Action: "freeze.set", Subject: "freeze:" + row.ID,
		Detail: map[string]any{"alert": true, "scope": "server", "cause": "clock", "because": reason, "seconds": int64(by / time.Second)}})
	return nil
}

type freezeRow struct {
	ID          string `gorm:"column:id;primaryKey"`
	Scope       string `gorm:"column:scope"`
	ScopeID     string `gorm:"column:scope_id"`
	Cause       string `gorm:"column:cause"`
	Reason      string `gorm:"column:reason"`
	SetBy       string `gorm:"column:set_by"`
	CausedBy    string `gorm:"column:caused_by"`
	SetAt       dbTime `gorm:"column:set_at"`
	AlreadyLeft string `gorm:"column:already_left"`
	LiftBy      string `gorm:"column:lift_by"`
	LiftRoles   string `gorm:"column:lift_roles"`
	LiftReason  string `gorm:"column:lift_reason"`
	LiftAskedAt dbTime `gorm:"column:lift_asked_at"`
	LiftedBy    string `gorm:"column:lifted_by"`
	LiftedAt    dbTime `gorm:"column:lifted_at"`
}

func (freezeRow) TableName() string { return "guard_freeze" }
