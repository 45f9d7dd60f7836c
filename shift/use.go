package shift

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// UseID identifies one use (UUIDv7).
type UseID string

// Holder is who has a handheld.
type Holder struct {
	// Account is the account's id.
	Account  string
	Username string
	Name     string
}

// Ending says how a use came to its end.
type Ending string

// The endings.
const (
	EndingReturned   Ending = "returned"
	EndingHandedOver Ending = "handed_over" // somebody else took it
)

// Use is the time that one person has one handheld.
type Use struct {
	ID     UseID
	Device device.ID
	Ward   device.PlaceID
	Holder Holder
	// Via is where it was taken: the station's name, or self-service.
	Via     string
	TakenAt time.Time
	// DueAt is when it is to be back.
	DueAt time.Time
	// EndedAt is zero while the holder has it.
	EndedAt time.Time
	Ending  Ending
	// RemindedAt, LockedAt: when the rule asked for it. ReleasedAt: when everything
	// that the rule had asked was taken back.
	RemindedAt time.Time
	LockedAt   time.Time
	ReleasedAt time.Time
	// ClearAskedAt, ClearedAt: when the removal of work data was asked after the
	// use, and when the device confirmed it.
	ClearAskedAt time.Time
	ClearedAt    time.Time
	// DisputedAt is when the holder said that they do not have it.
	DisputedAt time.Time
	// Note is one sentence: why the rule could not do what it should.
	Note string
	// NextAt is when there is next something for the rule to do; zero: nothing.
	NextAt time.Time
}

// Open reports whether the holder still has it.
func (u Use) Open() bool { return u.EndedAt.IsZero() }

// Overdue reports whether it should be back.
func (u Use) Overdue(now time.Time) bool { return u.Open() && !now.Before(u.DueAt) }

// LockedByRule reports whether the rule has asked for a lock that may still be on
// it, or on its way. What the handheld itself says is in its report.
func (u Use) LockedByRule() bool { return !u.LockedAt.IsZero() && u.ReleasedAt.IsZero() }

// Clearing reports whether the last person's work data is still to be removed.
func (u Use) Clearing() bool { return !u.Open() && !u.NextAt.IsZero() && u.ClearedAt.IsZero() }

const (
	// MostHeld is how many handhelds one person has at a time.
	MostHeld = 2
	// TakesADay is how many handhelds one person takes in 24 hours: whoever found a
	// badge cannot empty a ward with it.
	TakesADay = 20
	// KeptFor is how long it is kept who had a handheld.
	KeptFor = 30 * 24 * time.Hour
)

// Actions of the audit log.
const (
	actionTaken    audit.Action = "handheld.taken"
	actionReturned audit.Action = "handheld.returned"
	actionOverdue  audit.Action = "handheld.overdue"
	actionDisputed audit.Action = "handheld.disputed"
	actionSettings audit.Action = "handheld.settings_changed"
)

// Codes that callers tell apart.
var (
	codeNotUsable = fault.Define(fault.Conflict, "handheld_not_usable", "Take another one, and tell the help desk of this one.")
	codeTooMany   = fault.Define(fault.Refused, "handhelds_held", "Bring back the one that you do not use.")
	codeTakesADay = fault.Define(fault.TooMany, "takes_a_day", "Call the help desk: somebody may be using your badge.")
	codeNotOut    = fault.Define(fault.Conflict, "handheld_not_out", "Nothing has to be done: it is on record as back.")
	// CodeLocked: a telephone is no witness that a locked handheld is back.
	CodeLocked = fault.Define(fault.Forbidden, "handheld_locked",
		"Bring it to its charging station, or type the six digits behind the word Code on its screen.")
)

// Taking is somebody who takes a handheld.
type Taking struct {
	Device device.ID
	// Ward is the handheld's own.
	Ward   device.PlaceID
	Holder Holder
	Actor  audit.Actor
	// Via names the station, or self-service.
	Via string
}

// Taken is what came of it.
type Taken struct {
	Use Use
	// From is the use that it ended, if there was one.
	From *Use
	// Again: the same person had it already.
	Again bool
}

// Take gives a handheld to somebody, from the charger or from the hands of whoever
// has it. Taking it again changes nothing.
func (s *Service) Take(ctx context.Context, t Taking) (Taken, error) { return s.take(ctx, t, 0) }

// Furnish is Take as if it had been done some time ago: the demo begins in the
// middle of a shift. A hospital's server refuses it.
func (s *Service) Furnish(ctx context.Context, t Taking, ago time.Duration) error {
	if !s.furnished {
		return errors.New("only a made-up hospital is furnished")
	}
	_, err := s.take(ctx, t, ago)
	return err
}

func (s *Service) take(ctx context.Context, t Taking, ago time.Duration) (Taken, error) {
	id := UseID(s.newID())
	var out Taken
	err := s.storage.ChangeHandheld(ctx, t.Device, t.Holder.Account, func(st Standing) (Decision, error) {
		out = Taken{}
		if st.Open != nil && st.Open.Holder.Account == t.Holder.Account {
			out = Taken{Use: *st.Open, Again: true}
			return Decision{}, nil
		}
		if err := mayTake(st); err != nil {
			return Decision{}, err
		}
		var d Decision
		if st.Open != nil {
			from := st.Open.end(st, EndingHandedOver)
			d.Ended, out.From = &from, &from
		}
		out.Use = Use{ID: id, Device: t.Device, Ward: t.Ward, Holder: t.Holder, Via: t.Via, TakenAt: st.Now.Add(-ago), DueAt: st.Now.Add(st.Settings.Shift - ago)}
		out.Use.NextAt = out.Use.next(st.Settings, st.Now)
		d.Begun = &out.Use
		d.Custody = &device.Custody{Kind: device.CustodyPerson, Which: t.Holder.Name}
		detail := map[string]any{"holder": t.Holder.Username, "holder_id": t.Holder.Account, "at": t.Via, "until": out.Use.DueAt.Format(time.RFC3339)}
		if out.From != nil {
			detail["from"] = out.From.Holder.Username
		}
		d.Events = []audit.Event{{Actor: t.Actor, Action: actionTaken, Device: string(t.Device), Subject: "use:" + string(id), Detail: detail}}
		return d, nil
	})
	if err == nil && out.From != nil {
		s.attendNow(ctx, *out.From)
	}
	return out, err
}

func mayTake(st Standing) error {
	d := st.Device
	switch {
	case d.Class != device.ClassHandheldShared || d.Stage.Ended() || d.Stage == device.StageExpected:
		return codeNotUsable.New("This is no handheld that can be taken.")
	case d.HasHold(device.HoldLost):
		return codeNotUsable.New("This handheld is reported lost. Give it to the help desk, which ends the loss.")
	case len(d.Holds) > 0 || d.Condition == device.ConditionInMaintenance:
		return codeNotUsable.New("This handheld is out of use just now.")
	case st.Held >= MostHeld:
		return codeTooMany.New("You have %d handhelds already.", st.Held)
	case st.Taken >= TakesADay:
		f := codeTakesADay.New("%d handhelds were taken in your name within a day.", st.Taken)
		f.RetryAfter = time.Hour
		return f
	}
	return nil
}

// Returning is a handheld that comes back.
type Returning struct {
	Device device.ID
	Actor  audit.Actor
	Via    string
	// WardName is where it then is.
	WardName string
	// Holder, when it is set, is who alone may bring it back: the request came from
	// their phone, and nobody sees whether the handheld is there.
	Holder string
	// Code is what they read off its locked screen.
	Code string
}

// Return ends the use of a handheld: it is on its charger again. What the rule had
// locked is free again.
func (s *Service) Return(ctx context.Context, r Returning) (Use, error) {
	shown := false
	if r.Holder != "" && r.Code != "" {
		var err error
		if shown, err = s.showsCode(ctx, r.Device, r.Code); err != nil {
			return Use{}, err
		}
	}
	var out Use
	err := s.storage.ChangeHandheld(ctx, r.Device, r.Holder, func(st Standing) (Decision, error) {
		if st.Open == nil || (r.Holder != "" && st.Open.Holder.Account != r.Holder) {
			return Decision{}, codeNotOut.New("Nobody has this handheld.")
		}
		if r.Holder != "" && st.Open.LockedByRule() && (st.Device.Report.Locked || st.Device.Report.LostMode) && !shown {
			return Decision{}, CodeLocked.New("It is locked because it stayed away: from a telephone nobody sees that it is back.")
		}
		out = st.Open.end(st, EndingReturned)
		return Decision{Ended: &out, Custody: &device.Custody{Kind: device.CustodyWard, Which: r.WardName},
			Events: []audit.Event{{Actor: r.Actor, Action: actionReturned, Device: string(r.Device), Subject: "use:" + string(out.ID),
				Detail: map[string]any{"holder": out.Holder.Username, "holder_id": out.Holder.Account, "at": r.Via}}}}, nil
	})
	if err == nil {
		s.attendNow(ctx, out)
	}
	return out, err
}

// end is the use as it is once it has ended: there may be something to take back,
// and something to remove.
func (u Use) end(st Standing, how Ending) Use {
	u.EndedAt, u.Ending, u.Note, u.NextAt = st.Now, how, "", time.Time{}
	if u.LockedByRule() || st.Settings.Clear {
		u.NextAt = st.Now
	}
	return u
}

// Dispute notes that the holder says that they do not have it: their badge was used
// by somebody else, or it lies elsewhere. It stays on their name until somebody has
// looked.
func (s *Service) Dispute(ctx context.Context, actor audit.Actor, id device.ID, holder string) (Use, error) {
	var out Use
	err := s.storage.ChangeHandheld(ctx, id, holder, func(st Standing) (Decision, error) {
		if st.Open == nil || st.Open.Holder.Account != holder {
			return Decision{}, codeNotOut.New("It is not on your name.")
		}
		out = *st.Open
		if !out.DisputedAt.IsZero() {
			return Decision{}, nil
		}
		out.DisputedAt = st.Now
		return Decision{Kept: &out, Events: []audit.Event{{Actor: actor, Action: actionDisputed, Device: string(id), Subject: "use:" + string(out.ID),
			Detail: map[string]any{"holder": out.Holder.Username, "holder_id": holder, "taken_at": out.TakenAt.Format(time.RFC3339), "at": out.Via}}}}, nil
	})
	return out, err
}

// Uses reads who has handhelds, and what is still being taken back, by a query.
func (s *Service) Uses(ctx context.Context, q Query) ([]Use, error) {
	list, err := s.storage.Uses(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read who has handhelds: %w", err)
	}
	return list, nil
}
