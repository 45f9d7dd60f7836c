package commands

import (
	"context"
	"fmt"
	"slices"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// Offer is what asking one device for one kind would come to at this moment, so
// that a person is told before they are asked for anything. It promises nothing:
// Request decides anew.
type Offer struct {
	Kind   device.Kind
	Weight safety.Weight
	// Refused is why it would be refused; nil: it would be taken in.
	Refused *fault.Fault
	// MayHold: refused at this moment, but it may be asked with HoldUntilIdle.
	MayHold bool
	// SecondPerson: it would wait for another person, Why says on what grounds and
	// Approvers who that may be. With MayHold it is told of the held command.
	SecondPerson bool
	Why          string
	Approvers    string
	// Open is the command of this kind that is on its way already; empty: none.
	Open ID
}

// carriesDocument: what is asked with a document or a package is offered where
// these are looked after, and not for a device by itself.
func carriesDocument(kind device.Kind) bool { return stageable(kind) }

// Offers says for each of these devices what may be asked of it now, in the order
// of device.Kinds; kinds that the device never does are left out. many is how
// many devices would be asked together. A device that does not exist is left out.
func (s *Service) Offers(ctx context.Context, actor audit.Actor, devices []device.ID, many int) (map[device.ID][]Offer, error) {
	facts, err := s.storage.Facts(ctx, devices, true)
	if err != nil {
		return nil, fmt.Errorf("read what may be asked of %d devices: %w", len(devices), err)
	}
	out := make(map[device.ID][]Offer, len(facts))
	// Each kind is asked for by itself: what would be taken in for one device counts
	// for the next one, and not for another kind.
	books := map[device.Kind]*Books{}
	for _, f := range facts {
		list := []Offer{}
		for _, kind := range device.Kinds() {
			if carriesDocument(kind) {
				continue
			}
			if books[kind] == nil && f.Books != nil {
				own := *f.Books
				own.Entries = slices.Clone(own.Entries)
				books[kind] = &own
			}
			if f.Books != nil {
				f.Books = books[kind]
			}
			if o, ever := s.offer(f, actor, kind, many); ever {
				list = append(list, o)
			}
		}
		out[f.Device.ID] = list
	}
	return out, nil
}

// offer judges as decide does. It is false when no state of the device could make
// it do this.
func (s *Service) offer(f Facts, actor audit.Actor, kind device.Kind, many int) (Offer, bool) {
	facts := f.safetyFacts()
	o := Offer{Kind: kind, Open: f.openOf(kind)}
	v := safety.Judge(kind, device.SubkindNone, facts, f.Model, safety.JudgeContext{Moment: safety.Asking})
	o.Weight = v.Weight
	hold := false
	if v.Answer == safety.Refused {
		if v.Never {
			return o, false
		}
		o.Refused = refusal(v)
		if o.MayHold = v.MayHold; !v.MayHold {
			return o, true
		}
		hold = true
		v = safety.Judge(kind, device.SubkindNone, facts, f.Model, safety.JudgeContext{Moment: safety.Asking, HoldUntilIdle: true})
	}
	if err := f.reachable(kind); err != nil {
		o.Refused, _ = fault.As(err)
		o.MayHold = false
		return o, true
	}
	ask := Ask{Device: f.Device.ID, Kind: kind, HoldUntilIdle: hold}
	entry := f.counting(asked{id: ID(f.Device.ID), actor: actor, ask: ask}, v.Weight, facts.Class)
	ruling := s.guard.Ask(f, Asking{Actor: actor, Ask: ask, Verdict: v, BatchSize: many, Entry: entry})
	if ruling.Refuse != nil {
		o.Refused, o.MayHold = ruling.Refuse, false
		return o, true
	}
	if o.SecondPerson = ruling.SecondPerson; ruling.SecondPerson {
		o.Why, o.Approvers = ruling.Reason, s.approvers(kind, facts.Class)
	} else if f.Books != nil && entry.Weight != "" && o.Refused == nil {
		entry.Reserved = ruling.Reserved
		f.Books.Entries = append(f.Books.Entries, entry)
	}
	return o, true
}

// openOf finds the command of this kind that the device's current enrollment has
// open and that asking again would meet.
func (f Facts) openOf(kind device.Kind) ID {
	for _, c := range f.Open {
		if c.Kind == kind && c.Enrollment == f.Enrollment.ID && !c.Unconfirmed {
			return c.ID
		}
	}
	return ""
}

// Outlook is what asking a device for one kind with HoldUntilIdle would come to at
// this moment, as far as the interlock decides. It promises nothing.
type Outlook struct {
	// Waits: it would be held until the pump is free.
	Waits bool
	// Refused: no command can bring it to the device.
	Refused bool
}

// Outlooks says what asking these devices for a kind would come to now. A device
// that does not exist is left out.
func (s *Service) Outlooks(ctx context.Context, devices []device.ID, kind device.Kind, sub device.Subkind) (map[device.ID]Outlook, error) {
	facts, err := s.storage.Facts(ctx, devices, false)
	if err != nil {
		return nil, fmt.Errorf("foresee what asking %d devices comes to: %w", len(devices), err)
	}
	out := make(map[device.ID]Outlook, len(facts))
	for _, f := range facts {
		v := safety.Judge(kind, sub, f.safetyFacts(), f.Model, safety.JudgeContext{Moment: safety.Asking, HoldUntilIdle: true})
		out[f.Device.ID] = Outlook{Waits: v.Answer == safety.HoldOnly, Refused: v.Answer == safety.Refused || f.reachable(kind) != nil}
	}
	return out, nil
}
