package shift

import (
	"context"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/internal/fault"
)

// Settings are what the hospital says about its shared handhelds.
type Settings struct {
	// Shift is how long somebody may have one.
	Shift time.Duration
	// Remind is how long after that the handheld shows a text that asks for it back.
	Remind time.Duration
	// Grace is how long after it is due a handheld is locked and put into lost mode;
	// zero: never.
	Grace time.Duration
	// Clear asks for the removal of work data after each use, where the model can.
	Clear bool
	// UpdatedAt and UpdatedBy are empty as shipped.
	UpdatedAt time.Time
	UpdatedBy string
}

// Shipped are the settings before anybody has changed them.
func Shipped() Settings {
	return Settings{Shift: 13 * time.Hour, Remind: 15 * time.Minute, Grace: 2 * time.Hour}
}

// The bounds. Nobody can have handhelds locked in people's hands by a setting: the
// shortest grace is long enough for a handover.
const (
	ShortestShift = time.Hour
	LongestShift  = 36 * time.Hour
	LongestRemind = 24 * time.Hour
	ShortestGrace = 30 * time.Minute
	LongestGrace  = 72 * time.Hour
)

func (set Settings) check() error {
	bad := fault.CodeInvalid.New("These settings cannot be used.")
	if set.Shift < ShortestShift || set.Shift > LongestShift {
		bad.WithField("shift_minutes", "must be between 1 and 36 hours")
	}
	if set.Remind < 0 || set.Remind > LongestRemind {
		bad.WithField("remind_minutes", "must be between 0 and 24 hours")
	}
	if set.Grace != 0 && (set.Grace < ShortestGrace || set.Grace > LongestGrace || set.Grace < set.Remind) {
		bad.WithField("grace_minutes", "must be 0, which is never, or between 30 minutes and 72 hours, and not before the reminder")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

// Settings reads them.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	set, err := s.storage.ShiftSettings(ctx)
	if err != nil {
		return set, fmt.Errorf("read the settings of shared handhelds: %w", err)
	}
	return set, nil
}

// ChangeSettings keeps new ones. How long somebody may have a handheld holds for
// those that are taken from then on, the rest at once.
func (s *Service) ChangeSettings(ctx context.Context, actor audit.Actor, set Settings) (Settings, error) {
	if err := set.check(); err != nil {
		return Settings{}, err
	}
	set.UpdatedBy = actor.Name
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	err := s.storage.PutShiftSettings(ctx, set, func(was Settings) audit.Event {
		return audit.Event{Actor: actor, Action: actionSettings, Subject: "settings:handhelds", Detail: map[string]any{
			"shift_minutes": minutes(set.Shift), "remind_minutes": minutes(set.Remind), "grace_minutes": minutes(set.Grace), "clear": set.Clear,
			"was": map[string]any{"shift_minutes": minutes(was.Shift), "remind_minutes": minutes(was.Remind), "grace_minutes": minutes(was.Grace), "clear": was.Clear}}}
	})
	if err != nil {
		return Settings{}, fmt.Errorf("keep the settings of shared handhelds: %w", err)
	}
	return s.Settings(ctx)
}
