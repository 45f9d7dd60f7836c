package commands

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// LossReport is what somebody says of a device that is gone.
type LossReport struct {
	Device device.ID
	Reason string
	// Stolen: taken, and not mislaid. It is to be contained.
	Stolen bool
	// Message and Phone are what whoever finds it reads.
	Message string
	Phone   string
	// Own: the reporter holds it, or it is a shared one of their ward that they
	// reported from self-service, which has a limit of its own. What such a report
	// asks for needs no room in any other.
	Own bool
	// MayContain: the reporter has the right to contain it and has just proved a
	// second factor for it. Otherwise a second person agrees to the containment.
	MayContain bool
}

// LossStep is one thing that a report of a loss asked for.
type LossStep struct {
	Kind device.Kind
	// Command is what was asked; empty when it cannot be asked.
	Command ID
	// Refused is why it cannot.
	Refused *fault.Fault
}

// foundExpiry is how long what brings a found device back into use waits for it:
// it may come back with an empty battery.
const foundExpiry = heldExpiry

// DefaultLostText is what a finder reads when the reporter said nothing.
const DefaultLostText = "This device is lost. Please return it to the hospital."

// shortestReason is how many characters say why, as for every other hold.
const shortestReason = 3

// ReportLost records that a device is lost and asks at once, in the same
// transaction, for what protects it and finds it: lock, lost mode with a text,
// locate, ring; for a stolen thing that people carry also containment. What a
// device cannot do is said and does not stand in the way of the rest. Reported
// again, it asks anew for what is not open.
//
// The report itself passes no limit and no freeze. What it asks of other people's
// devices counts for the reporter's limits, past which it waits for a second
// person.
func (s *Service) ReportLost(ctx context.Context, actor audit.Actor, r LossReport) ([]LossStep, error) {
	asks, err := r.asks()
	if err != nil {
		return nil, err
	}
	var steps []LossStep
	err = s.storage.Enqueue(ctx, []device.ID{r.Device}, Reading{Guard: true}, "device:"+string(r.Device),
		func(facts []Facts) (Changes, error) {
			if len(facts) == 0 {
				return Changes{}, fault.CodeNotFound.New("There is no such device.")
			}
			var ch Changes
			ch, steps, err = s.reportLost(facts[0], actor, r, asks)
			return ch, err
		})
	return steps, err
}

// asks are what the report asks for, the most urgent first.
func (r *LossReport) asks() ([]Ask, error) {
	r.Reason, r.Message, r.Phone = strings.TrimSpace(r.Reason), strings.TrimSpace(r.Message), strings.TrimSpace(r.Phone)
	if utf8.RuneCountInString(r.Reason) < shortestReason {
		return nil, fault.CodeInvalid.New("Say what happened.").WithField("reason", "must have 3 to %d characters", maxReason)
	}
	if r.Message == "" {
		r.Message = DefaultLostText
	}
	contact := map[string]string{"message": r.Message}
	if r.Phone != "" {
		contact["phone_number"] = r.Phone
	}
	args, err := json.Marshal(contact)
	if err != nil {
		return nil, err
	}
	code, err := newFoundCode()
	if err != nil {
		return nil, err
	}
	contact["footnote"] = foundCodeWord + code
	shown, err := json.Marshal(contact)
	if err != nil {
		return nil, err
	}
	list := []Ask{{Kind: device.KindLock, Args: args}, {Kind: device.KindLostModeOn, Args: shown}, {Kind: device.KindLocate}, {Kind: device.KindRing}}
	if r.Stolen {
		list = append(list, Ask{Kind: device.KindContain})
	}
	for i := range list {
		list[i].Device, list[i].Reason = r.Device, r.Reason
		if list[i], err = checkAsk(list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Service) reportLost(f Facts, actor audit.Actor, r LossReport, asks []Ask) (Changes, []LossStep, error) {
	if f.Device.Stage.Ended() {
		return Changes{}, nil, safetyCodes["device_gone"].New("This device has left the hospital: it was decommissioned, returned or written off.")
	}
	ch := Changes{Wake: true}
	f.Device = withLoss(f.Device, f.Now, r)
	ch.Devices = []device.Device{f.Device}
	ch.Events = append(ch.Events, audit.Event{Actor: actor, Action: actionHeld, Device: string(r.Device), Detail: r.detail(f.Device)})
	var steps []LossStep
	for _, ask := range asks {
		if ask.Kind == device.KindContain && !f.Device.Class.IsPersonal() {
			continue // a pump is contained after its wipe, never before
		}
		made, c, err := s.decide(f, asked{id: ID(s.newID()), actor: actor, ask: ask, batchSize: 1, loss: &r})
		if fault.Has(err, codeAlreadyOpen) {
			steps = append(steps, LossStep{Kind: ask.Kind, Command: f.openOf(ask.Kind)})
			continue
		}
		if no, ok := fault.As(err); ok {
			steps = append(steps, LossStep{Kind: ask.Kind, Refused: no})
			continue
		}
		if err != nil {
			return Changes{}, nil, err
		}
		steps = append(steps, LossStep{Kind: ask.Kind, Command: c.ID})
		ch.add(made)
	}
	return ch, steps, nil
}

// detail is what the record keeps of a report, with what was known of the device
// at that moment: what it says of itself later may be a thief's word. Where it was
// is not part of it: the record is kept longer than that may be.
func (r LossReport) detail(d device.Device) map[string]any {
	out := map[string]any{"hold": string(device.HoldLost), "reason": r.Reason, "stolen": r.Stolen, "own": r.Own,
		"may_lift": device.MayLift(device.HoldLost, d.Class), "last_heard_at": ""}
	said := d.Report
	if said.ReceivedAt.IsZero() {
		return out
	}
	out["last_heard_at"], out["locked"] = said.ReceivedAt.UTC().Format(time.RFC3339), said.Locked
	if said.StorageEncrypted != nil {
		out["storage_encrypted"] = *said.StorageEncrypted
	}
	if said.PasscodeSet != nil {
		out["passcode_set"] = *said.PasscodeSet
	}
	return out
}

// withLoss is the device as it is once it is reported lost. A second report keeps
// since when it is lost; what was stolen stays stolen.
func withLoss(d device.Device, now time.Time, r LossReport) device.Device {
	hold := device.Hold{Kind: device.HoldLost, Reason: r.Reason, Since: now, MayLift: device.MayLift(device.HoldLost, d.Class), Stolen: r.Stolen,
		Proven: r.Own || r.MayContain}
	if before, again := d.HoldOf(device.HoldLost); again {
		hold.Since, hold.Stolen, hold.Proven = before.Since, before.Stolen || r.Stolen, before.Proven || hold.Proven
	}
	d.Holds = append(without(d.Holds, device.HoldLost), hold)
	return d
}

func without(holds []device.Hold, kind device.HoldKind) []device.Hold {
	return slices.DeleteFunc(slices.Clone(holds), func(h device.Hold) bool { return h.Kind == kind })
}

// add takes further changes in.
func (ch *Changes) add(more Changes) {
	ch.Commands = append(ch.Commands, more.Commands...)
	ch.Certificates = append(ch.Certificates, more.Certificates...)
	ch.Questions = append(ch.Questions, more.Questions...)
	ch.Events = append(ch.Events, more.Events...)
}

// lossKinds are what a report of a loss asks for, with what takes it back; empty:
// it is withdrawn where it has not left yet.
var lossKinds = map[device.Kind]device.Kind{
	device.KindLock: device.KindUnlock, device.KindLostModeOn: device.KindLostModeOff,
	device.KindLocate: "", device.KindRing: "", device.KindContain: "",
}

// LossKinds are what a report of a loss asks for, the most urgent first.
func LossKinds() []device.Kind {
	return []device.Kind{device.KindLock, device.KindLostModeOn, device.KindLocate, device.KindRing, device.KindContain}
}

// Found ends a loss: the device was found again, or was never gone. What the
// report asked for and the device has not received is withdrawn, lost mode and
// lock are ended. A containment stays until somebody with the right takes it
// back, and an open wipe until somebody cancels it.
func (s *Service) Found(ctx context.Context, actor audit.Actor, id device.ID, reason string) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < shortestReason || n > maxReason || !showable(reason) {
		return fault.CodeInvalid.New("Say how it was found.").WithField("reason", "must have 3 to %d characters", maxReason)
	}
	return s.storage.Enqueue(ctx, []device.ID{id}, Reading{Guard: true}, "device:"+string(id), func(facts []Facts) (Changes, error) {
		if len(facts) == 0 {
			return Changes{}, fault.CodeNotFound.New("There is no such device.")
		}
		return s.found(facts[0], actor, reason)
	})
}

func (s *Service) found(f Facts, actor audit.Actor, reason string) (Changes, error) {
	if !f.lost() {
		return Changes{}, codeNotLost.New("The device is not reported lost.")
	}
	f.Device.Holds = without(f.Device.Holds, device.HoldLost)
	ch := Changes{Wake: true, Devices: []device.Device{f.Device}, Events: []audit.Event{{Actor: actor, Action: actionHoldLifted,
		Device: string(f.Device.ID), Detail: map[string]any{"hold": string(device.HoldLost), "reason": reason}}}}
	undo := map[device.Kind]bool{}
	if f.Device.Report.Locked {
		undo[device.KindUnlock] = true
	}
	if f.Device.Report.LostMode {
		undo[device.KindLostModeOff] = true
	}
	still := f.Open[:0:0]
	for _, c := range f.Open {
		back, ofLoss := lossKinds[c.Kind]
		switch {
		case !ofLoss || c.Enrollment != f.Enrollment.ID:
			still = append(still, c)
		case c.State.Undelivered():
			if err := c.cancel(f.Now, actor, "The device was found again."); err != nil {
				return Changes{}, err
			}
			ch.Commands = append(ch.Commands, c)
		default:
			still = append(still, c)
			if back != "" {
				undo[back] = true
			}
		}
	}
	f.Open = still
	return ch, s.bringBack(f, actor, reason, undo, &ch)
}

// bringBack asks for what ends lost mode and lock. What the device cannot do is
// left out: somebody has it in hand.
func (s *Service) bringBack(f Facts, actor audit.Actor, reason string, undo map[device.Kind]bool, ch *Changes) error {
	for _, kind := range []device.Kind{device.KindLostModeOff, device.KindUnlock} {
		if !undo[kind] {
			continue
		}
		ask, err := checkAsk(Ask{Device: f.Device.ID, Kind: kind, Reason: reason, ExpiresIn: foundExpiry})
		if err != nil {
			return err
		}
		made, _, err := s.decide(f, asked{id: ID(s.newID()), actor: actor, ask: ask, batchSize: 1})
		if _, refused := fault.As(err); refused {
			continue
		}
		if err != nil {
			return err
		}
		ch.add(made)
	}
	return nil
}

// free says that what is asked needs no room in any limit: whoever holds a device
// may always have it locked.
func (a asked) free() bool { return a.loss != nil && a.loss.Own && a.ask.Kind != device.KindContain }

// unproven: a report of a theft asks for containment, and whoever made it has no
// right to it or has not proved a second factor: a second person agrees.
func (a asked) unproven() bool {
	return a.loss != nil && a.ask.Kind == device.KindContain && !a.loss.MayContain
}

const unprovenReason = "It was asked by a report of a loss, and nobody with the right to cut it from the network has agreed yet."

// SilentAfterLoss is after how long of silence a lost device is contained.
const SilentAfterLoss = 12 * time.Hour

const silentLossReason = "Reported lost, and silent for 12 hours."

// ContainSilent contains what people carry, is lost, and has not been heard of for
// twelve hours: the background step. Each loss is contained once: who takes the
// containment back, or does not agree to it, is not overruled while the device
// stays silent. What neither its holder nor anybody with a second factor reported
// waits for a second person: a stolen session would otherwise cut off whatever is
// switched off at night.
func (s *Service) ContainSilent(ctx context.Context) error {
	ids, err := s.storage.SilentLost(ctx, SilentAfterLoss, sweepSize)
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := s.containSilent(ctx, id)
		// A limit, a freeze, an enrollment that ended meanwhile: it is looked at again.
		if _, refused := fault.As(err); err != nil && !refused {
			return err
		}
	}
	return nil
}

func (s *Service) containSilent(ctx context.Context, id device.ID) error {
	ask, err := checkAsk(Ask{Device: id, Kind: device.KindContain, Reason: silentLossReason})
	if err != nil {
		return err
	}
	return s.storage.Enqueue(ctx, []device.ID{id}, readingFor(ask.Kind, ask.Subkind), "", func(facts []Facts) (Changes, error) {
		if len(facts) == 0 {
			return Changes{}, fault.CodeNotFound.New("There is no such device.")
		}
		lost, _ := facts[0].Device.HoldOf(device.HoldLost)
		ch, _, err := s.decide(facts[0], asked{id: ID(s.newID()), actor: system("loss"), ask: ask, batchSize: 1, loss: &LossReport{MayContain: lost.Proven}})
		return ch, err
	})
}
