package shift

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

// RuleID names the rule in the audit log and as the one who asks for commands.
const RuleID = "shared-handhelds"

var rule = audit.Actor{Kind: audit.ActorSystem, ID: RuleID}

const (
	stepSize = 100
	// heldFor is how long one replica has the uses that it was handed.
	heldFor = 2 * time.Minute
	// refusedFor is after how long what was refused is asked again: a limit has room
	// again, a freeze was lifted.
	refusedFor = 10 * time.Minute
	// lookAgain is how often an overdue handheld is looked at once it was locked: the
	// order may have run out while it was switched off.
	lookAgain = time.Hour
	// clearLook is how often it is looked whether work data is gone.
	clearLook = 15 * time.Second
	// backWaits is how long what unlocks a returned handheld waits for it: its
	// battery may be empty.
	backWaits = 7 * 24 * time.Hour
)

// The removals of work data that the rule asks for at most. Each counts for the
// server's limits of what destroys, which are there for phones that are gone: the
// rule leaves half of them to people.
const (
	mostClearsHour = 10
	mostClearsDay  = 20
)

// ticket marks the commands that the rule asked for because of a use, so that it
// takes back these and no others, also after it died in between.
func (u Use) ticket() string { return "shift:" + string(u.ID) }

// next is when there is next something to do for an open use; never in the past.
func (u Use) next(set Settings, now time.Time) time.Time {
	var at time.Time
	switch {
	case u.RemindedAt.IsZero() && (set.Grace == 0 || set.Remind <= set.Grace):
		at = u.DueAt.Add(set.Remind)
	case set.Grace > 0:
		at = u.DueAt.Add(set.Grace)
	default:
		return time.Time{}
	}
	if at.Before(now) {
		return now
	}
	return at
}

// Step does what is due: reminders, locks, and taking them back. It is called in
// the background, by every replica.
func (s *Service) Step(ctx context.Context) error {
	due, err := s.storage.DueUses(ctx, stepSize, heldFor)
	if err != nil {
		return fmt.Errorf("read which handhelds are due: %w", err)
	}
	for _, u := range due {
		if err := s.attend(ctx, u); err != nil {
			return fmt.Errorf("look after use %s: %w", u.ID, err)
		}
	}
	return nil
}

// Forget removes who had a handheld longer ago than that is kept.
func (s *Service) Forget(ctx context.Context) error { return s.storage.ForgetUses(ctx, KeptFor) }

// attendNow is attend for somebody who stands there. What fails is done by the next
// step.
func (s *Service) attendNow(ctx context.Context, u Use) {
	if u.NextAt.IsZero() {
		return
	}
	if err := s.attend(context.WithoutCancel(ctx), u); err != nil {
		s.log.Warn("a handheld that came back is looked after by the next step", "use", u.ID, "error", err)
	}
}

// attend does what is due for one use.
func (s *Service) attend(ctx context.Context, u Use) error {
	if u.Open() {
		return s.overdue(ctx, u)
	}
	if u.LockedByRule() {
		done, err := s.release(ctx, u)
		if err != nil || !done {
			return err
		}
	}
	return s.clear(ctx, u.ID)
}

// due is what the rule found out inside a transaction.
type due struct {
	use          Use
	remind, lock bool
	device       device.Device
}

// overdue reminds, and locks after the grace. That it is done is kept before it is
// asked: a lock that nobody knows of could not be taken back.
func (s *Service) overdue(ctx context.Context, u Use) error {
	var now due
	err := s.storage.ChangeHandheldUse(ctx, u.ID, func(st Standing) (Decision, error) {
		now = due{use: *st.Use, device: st.Device}
		set, use := st.Settings, &now.use
		if !use.Open() {
			return Decision{}, nil
		}
		lockAt := use.DueAt.Add(set.Grace)
		var events []audit.Event
		switch {
		case set.Grace > 0 && !st.Now.Before(lockAt):
			// What is reported lost is looked after by the report.
			now.lock = st.Device.Class == device.ClassHandheldShared && !st.Device.HasHold(device.HoldLost)
			if use.LockedAt.IsZero() && now.lock {
				use.LockedAt = st.Now
				events = append(events, audit.Event{Actor: rule, Action: actionOverdue, Device: string(use.Device), Subject: "use:" + string(use.ID),
					Detail: map[string]any{"holder": use.Holder.Username, "holder_id": use.Holder.Account, "due": use.DueAt.Format(time.RFC3339)}})
			}
			use.NextAt = st.Now.Add(lookAgain)
		case use.RemindedAt.IsZero() && !st.Now.Before(use.DueAt.Add(set.Remind)):
			now.remind = st.Device.Class == device.ClassHandheldShared && !st.Device.HasHold(device.HoldLost)
			use.RemindedAt = st.Now
			use.NextAt = use.next(set, st.Now)
		default:
			use.NextAt = use.next(set, st.Now)
		}
		return Decision{Kept: use, Events: events}, nil
	})
	switch {
	case err != nil:
		return err
	case now.lock:
		return s.lock(ctx, now.use, now.device)
	case now.remind:
		return s.remind(ctx, now.use)
	}
	return nil
}

// remind shows on the handheld that it is due. It is asked once: what a limit
// refuses here is a text and no more.
func (s *Service) remind(ctx context.Context, u Use) error {
	args, err := json.Marshal(map[string]string{"text": "This handheld is due. Please bring it to its charging station" + s.ofWard(ctx, u) + ", or hand it over there."})
	if err != nil {
		return err
	}
	return s.asked(ctx, u, s.ask(ctx, u, device.KindMessage, args, "It is due at its charging station.", 0))
}

// lock asks for lock and lost mode, each unless it is there already or somebody has
// lifted it since.
func (s *Service) lock(ctx context.Context, u Use, d device.Device) error {
	lockArgs, lostArgs, err := s.screens(ctx, u)
	if err != nil {
		return err
	}
	var refused error
	for _, want := range []struct {
		kind, off device.Kind
		there     bool
		args      json.RawMessage
	}{{device.KindLock, device.KindUnlock, d.Report.Locked, lockArgs}, {device.KindLostModeOn, device.KindLostModeOff, d.Report.LostMode, lostArgs}} {
		if want.there {
			continue
		}
		h, err := s.history(ctx, u, want.kind, want.off)
		if err != nil {
			return err
		}
		if h.ours != nil && h.ours.State != commands.StateExpired && h.ours.State != commands.StateFailed || h.stands != nil {
			continue
		}
		refused = errors.Join(refused, s.ask(ctx, u, want.kind, want.args, "It was not brought back to its charging station.", 0))
	}
	return s.asked(ctx, u, refused)
}

// screens are what a locked handheld shows.
func (s *Service) screens(ctx context.Context, u Use) (lock, lost json.RawMessage, err error) {
	shown := map[string]string{"message": "This handheld is overdue. Please bring it to its charging station" + s.ofWard(ctx, u) + ": it is free again there."}
	if phone := s.helpPhone(); phone != "" {
		shown["phone_number"] = phone
	}
	if lock, err = json.Marshal(shown); err != nil {
		return nil, nil, err
	}
	if shown["footnote"], err = commands.NewScreenCode(); err != nil {
		return nil, nil, err
	}
	lost, err = json.Marshal(shown)
	return lock, lost, err
}

func (s *Service) ofWard(ctx context.Context, u Use) string {
	if name := s.wardName(ctx, u.Ward); name != "" {
		return " (" + name + ")"
	}
	return ""
}

// ask is the rule's way to commands.Request. That the same is open already is no
// refusal.
func (s *Service) ask(ctx context.Context, u Use, kind device.Kind, args json.RawMessage, reason string, waits time.Duration) error {
	_, err := s.commands.Request(ctx, rule, commands.Ask{Device: u.Device, Kind: kind, Args: args, Reason: reason, Ticket: u.ticket(), ExpiresIn: waits})
	if f, ok := fault.As(err); ok && f.Code.Name == "command_already_open" {
		return nil
	}
	return err
}

// asked notes what was refused, and asks again later.
func (s *Service) asked(ctx context.Context, u Use, err error) error {
	if err != nil && !refusal(err) {
		return err
	}
	if err == nil && u.Note == "" {
		return nil
	}
	return s.storage.ChangeHandheldUse(ctx, u.ID, func(st Standing) (Decision, error) {
		use := *st.Use
		if use.Note = sentenceOf(err); err != nil && use.Open() && !use.LockedAt.IsZero() {
			use.NextAt = st.Now.Add(refusedFor)
		}
		return Decision{Kept: &use}, nil
	})
}

// refusal reports whether all that went wrong is that something was refused.
func refusal(err error) bool {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			if !refusal(e) {
				return false
			}
		}
		return true
	}
	_, ok := fault.As(err)
	return ok
}

func sentenceOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	return ""
}

// release takes back what the rule asked for because of a use that has ended, and
// nothing that a person asked for. It is false while a limit leaves no room.
func (s *Service) release(ctx context.Context, u Use) (bool, error) {
	lost := false
	err := s.storage.ChangeHandheldUse(ctx, u.ID, func(st Standing) (Decision, error) {
		lost = st.Device.HasHold(device.HoldLost)
		return Decision{}, nil
	})
	if err != nil {
		return false, err
	}
	var refused error
	for _, pair := range [][2]device.Kind{{device.KindLostModeOn, device.KindLostModeOff}, {device.KindLock, device.KindUnlock}} {
		if lost {
			break // it stays as the report wants it
		}
		refused = errors.Join(refused, s.takeBack(ctx, u, pair[0], pair[1]))
	}
	if refused != nil && !refusal(refused) {
		return false, refused
	}
	return refused == nil, s.storage.ChangeHandheldUse(ctx, u.ID, func(st Standing) (Decision, error) {
		use := *st.Use
		if use.Note = sentenceOf(refused); refused != nil {
			use.NextAt = st.Now.Add(time.Minute)
			return Decision{Kept: &use}, nil
		}
		use.ReleasedAt, use.NextAt = st.Now, time.Time{}
		if st.Settings.Clear {
			use.NextAt = st.Now
		}
		return Decision{Kept: &use}, nil
	})
}

func (s *Service) takeBack(ctx context.Context, u Use, on, off device.Kind) error {
	h, err := s.history(ctx, u, on, off)
	if err != nil || h.stands == nil || h.stands.Ticket != u.ticket() || h.stands.Requester != rule {
		return err
	}
	const reason = "It is back at its charging station."
	if h.stands.State.Undelivered() {
		if _, err = s.commands.Cancel(ctx, rule, h.stands.ID, reason); !refusal(err) {
			return err
		}
		// It has left meanwhile.
	}
	return s.ask(ctx, u, off, nil, reason, backWaits)
}

// history is what was asked of a handheld, of a kind and of what takes it back.
type history struct {
	// stands is what was asked last and holds: it is on its way, or was done and not
	// taken back since.
	stands *commands.Command
	// ours is the last that the rule asked for because of this use.
	ours *commands.Command
}

func (s *Service) history(ctx context.Context, u Use, on, off device.Kind) (history, error) {
	var h history
	asked, err := s.commands.List(ctx, commands.Query{Device: u.Device, Kind: on, Limit: 20})
	if err != nil {
		return h, err
	}
	lifted, err := s.commands.List(ctx, commands.Query{Device: u.Device, Kind: off, Limit: 20})
	if err != nil {
		return h, err
	}
	h.stands = newest(asked.Items)
	if l := newest(lifted.Items); l != nil && h.stands != nil && l.CreatedAt.After(h.stands.CreatedAt) {
		h.stands = nil
	}
	for i, c := range asked.Items {
		if c.Ticket == u.ticket() && c.Requester == rule {
			h.ours = &asked.Items[i]
			break
		}
	}
	return h, nil
}

// newest is the newest command that is on its way or was done; the list has the
// newest first.
func newest(list []commands.Command) *commands.Command {
	for i, c := range list {
		if !c.State.Ended() || c.State == commands.StateSucceeded {
			return &list[i]
		}
	}
	return nil
}

// showsCode reports whether a code stands on the screen that the rule locked.
func (s *Service) showsCode(ctx context.Context, id device.ID, code string) (bool, error) {
	page, err := s.commands.List(ctx, commands.Query{Device: id, Kind: device.KindLostModeOn, Requester: RuleID, Limit: 20})
	if err != nil {
		return false, err
	}
	code = strings.Join(strings.Fields(code), "")
	for _, c := range page.Items {
		if c.Requester == rule && (!c.State.Ended() || c.State == commands.StateSucceeded) {
			return code != "" && commands.ScreenCode(c.Args) == code, nil
		}
	}
	return false, nil
}
