package commands

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// MaxBatch is how many devices one batch may name.
const MaxBatch = 5000

// Batch is commands of one kind that were asked together. Work that is not quiet
// goes out in rings (one device, then 5 %, then the rest) and stops at the first
// ring that fails or falls silent (SAFETY 3.6).
type Batch struct {
	ID        BatchID
	Kind      device.Kind
	Subkind   device.Subkind
	Reason    string
	Ticket    string
	Requester audit.Actor
	Weight    safety.Weight
	CreatedAt time.Time
	// NotBefore is when the first delivery may be: until then all of it can be
	// taken back.
	NotBefore time.Time
	// Rings is how many rings there are, 1 for quiet work; OpenRing is the newest
	// that may go out.
	Rings        int
	OpenRing     int
	RingOpenedAt time.Time
	// StoppedAt is when the batch was ended early, StopReason says why.
	StoppedAt  time.Time
	StopReason string
	// OrdersHash names the orders of the batch, to approve all of them at once.
	OrdersHash string

	// Items has one entry for each device that was asked. A new batch holds only
	// those that were refused; their commands are the rest.
	Items []BatchItem
}

// BatchItem is the outcome for one device.
type BatchItem struct {
	Device device.ID
	// Command is empty when the device was refused when it was asked: Code and
	// Sentence say why then.
	Command  ID
	Ring     int
	State    State
	Outcome  Outcome
	Code     string
	Sentence string
}

// BatchProgress is how far a batch has come, for opening its rings.
type BatchProgress struct {
	Batch Batch
	// Open, Bad and Silent count the commands of the rings that are open: not
	// ended; failed, refused or expired; and without a word for longer than the
	// service allows.
	Open, Bad, Silent int
}

// RequestBatch asks many devices at once. Each device is decided for by itself:
// those that are refused are named with the reason, and the others go on.
func (s *Service) RequestBatch(ctx context.Context, actor audit.Actor, b BatchAsk) (Batch, error) {
	ask, err := checkAsk(b.Ask)
	if err != nil {
		return Batch{}, err
	}
	if ask.Kind == device.KindRevoke || ask.Kind == device.KindWriteOff {
		return Batch{}, codeOneAtATime.New("What ends a device for good is asked of one device at a time.")
	}
	devices := distinct(b.Devices)
	if len(devices) == 0 {
		return Batch{}, fault.CodeInvalid.New("The batch names no device.").WithField("devices", "must name at least one")
	}
	if len(devices) > MaxBatch {
		return Batch{}, codeTooManyDevices.New("The batch names %d devices; at most %d are allowed.", len(devices), MaxBatch)
	}
	id := BatchID(s.newID())
	ids := make([]ID, len(devices))
	for i := range ids {
		ids[i] = ID(s.newID())
	}
	err = s.storage.Enqueue(ctx, devices, readingFor(ask.Kind, ask.Subkind), "batch:"+string(id), func(facts []Facts) (Changes, error) {
		return s.decideBatch(id, ids, actor, ask, devices, facts)
	})
	if err != nil {
		return Batch{}, err
	}
	return s.storage.Batch(ctx, id)
}

func (s *Service) decideBatch(id BatchID, ids []ID, actor audit.Actor, ask Ask, devices []device.ID, facts []Facts) (Changes, error) {
	all := Changes{Wake: true}
	batch := Batch{ID: id, Kind: ask.Kind, Subkind: ask.Subkind, Reason: ask.Reason, Ticket: ask.Ticket, Requester: actor}
	batch.Weight, _ = safety.WeightOf(ask.Kind, ask.Subkind)
	known := map[device.ID]bool{}
	var made []Command
	for i, f := range facts {
		known[f.Device.ID] = true
		batch.CreatedAt = f.Now
		one := ask
		one.Device = f.Device.ID
		ch, c, err := s.decide(f, asked{id: ids[i], actor: actor, ask: one, batch: id, batchSize: len(devices)})
		if err != nil {
			no, ok := fault.As(err)
			if !ok {
				return Changes{}, err
			}
			batch.Items = append(batch.Items, BatchItem{Device: f.Device.ID, Code: no.Code.Name, Sentence: no.Detail})
			continue
		}
		made = append(made, c)
		all.Commands = append(all.Commands, ch.Commands[1:]...)
		all.Certificates = append(all.Certificates, ch.Certificates...)
		all.told(ch.Events)
	}
	for _, d := range devices {
		if !known[d] {
			batch.Items = append(batch.Items, BatchItem{Device: d, Code: fault.CodeNotFound.Name, Sentence: "There is no such device."})
		}
	}
	if len(made) == 0 {
		return Changes{}, nothingLeft(batch.Items)
	}
	batch.divide(made)
	all.Commands = append(all.Commands, made...)
	all.Batch = &batch
	all.Events = append([]audit.Event{{Actor: actor, Action: actionBatchAsked, Subject: "batch:" + string(id), Detail: map[string]any{
		"kind": string(ask.Kind), "devices": len(devices), "commands": len(made), "refused": len(batch.Items),
		"reason": ask.Reason, "ticket": ask.Ticket, "orders_hash": batch.OrdersHash}}}, all.Events...)
	return all, nil
}

// nothingLeft is the answer when every device of a batch was refused: with one
// reason for all, that reason.
func nothingLeft(items []BatchItem) error {
	f := codeBatchEmpty.New("None of the %d devices can be asked for this: %s", len(items), items[0].Sentence)
	for _, it := range items {
		f = f.WithField(string(it.Device), "%s: %s", it.Code, it.Sentence)
	}
	return f
}

// codeOneAtATime: no wipe reaches a device afterwards, and whoever asks is told so
// of this one device (SAFETY 5).
var codeOneAtATime = fault.Define(fault.Refused, "one_at_a_time",
	"Open each device, and ask there.")

var codeBatchEmpty = fault.Define(fault.Refused, "batch_empty", "Each device's own reason stands in errors.")

// divide puts the commands into rings and names their orders. Those that can go
// out now come first, so that the first ring does not wait for one pump to
// become free.
func (b *Batch) divide(made []Command) {
	sort.SliceStable(made, func(i, j int) bool { return made[i].State != StateHeld && made[j].State == StateHeld })
	ends := []int{len(made)}
	if b.Weight != safety.Quiet {
		ends = ringEnds(len(made))
	}
	b.Rings, b.OpenRing, b.RingOpenedAt = len(ends), 1, b.CreatedAt
	ring := 0
	for i := range made {
		for i >= ends[ring] {
			ring++
		}
		made[i].Ring = ring + 1
		b.NotBefore = latest(b.NotBefore, made[i].NotBefore)
		if ring > 0 {
			made[i].DueAt = time.Time{}
		}
	}
	b.OrdersHash = hashOrders(made)
}

// ringEnds returns where the rings of n commands end: one device, then 5 %, then
// the rest.
func ringEnds(n int) []int {
	ends := []int{1}
	if second := 1 + max(1, n*5/100); second < n {
		ends = append(ends, second)
	}
	if n > 1 {
		ends = append(ends, n)
	}
	return ends
}

// hashOrders names a set of orders whatever their sequence.
func hashOrders(commands []Command) string {
	hashes := make([]string, len(commands))
	for i, c := range commands {
		hashes[i] = c.OrderHash
	}
	sort.Strings(hashes)
	sum := sha256.New()
	for _, h := range hashes {
		fmt.Fprintln(sum, h)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}

func distinct(ids []device.ID) []device.ID {
	seen := make(map[device.ID]bool, len(ids))
	var out []device.ID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// advanceBatches opens the next ring of batches whose open rings are done, and
// stops those of which one failed or fell silent. It is part of Expire.
func (s *Service) advanceBatches(ctx context.Context) error {
	running, err := s.storage.RunningBatches(ctx, s.silentAfter)
	if err != nil {
		return fmt.Errorf("read running batches: %w", err)
	}
	for _, p := range running {
		switch {
		case p.Bad > 0:
			err = s.stopBatch(ctx, p.Batch.ID, system("batches"), fmt.Sprintf("Stopped: ring %d did not go well on %d of its devices.", p.Batch.OpenRing, p.Bad))
		case p.Silent > 0:
			err = s.stopBatch(ctx, p.Batch.ID, system("batches"), fmt.Sprintf("Stopped: %d devices of ring %d fell silent.", p.Silent, p.Batch.OpenRing))
		case p.Open == 0:
			err = s.storage.OpenRing(ctx, p.Batch.ID, p.Batch.OpenRing+1)
		}
		if err != nil {
			return fmt.Errorf("advance batch %s: %w", p.Batch.ID, err)
		}
	}
	return nil
}

// CancelBatch takes back everything of a batch that has not been handed to a
// device, and opens no further ring.
func (s *Service) CancelBatch(ctx context.Context, actor audit.Actor, id BatchID, reason string) (Batch, error) {
	if reason == "" {
		reason = "Cancelled together with its batch."
	}
	if err := s.stopBatch(ctx, id, actor, reason); err != nil {
		return Batch{}, err
	}
	return s.storage.Batch(ctx, id)
}

func (s *Service) stopBatch(ctx context.Context, id BatchID, actor audit.Actor, reason string) error {
	return s.storage.ChangeBatch(ctx, id, func(b Batch, facts []Facts) (Changes, error) {
		if !b.StoppedAt.IsZero() {
			return Changes{}, nil
		}
		ch := Changes{StopBatch: reason}
		for _, f := range facts {
			for _, c := range f.Open {
				if c.Batch != id || !c.State.Undelivered() {
					continue
				}
				if err := c.cancel(f.Now, actor, reason); err != nil {
					return Changes{}, err
				}
				ch.Commands = append(ch.Commands, c)
			}
		}
		ch.Events = append(ch.Events, audit.Event{Actor: actor, Action: actionBatchStopped, Subject: "batch:" + string(id),
			Detail: map[string]any{"because": reason, "cancelled": len(ch.Commands)}})
		return ch, nil
	})
}

// ApproveBatch approves every command of a batch that waits for a second person.
// ordersHash is the batch's OrdersHash as the approver saw it. Devices for which
// the rules now say no stay waiting and are not an error.
func (s *Service) ApproveBatch(ctx context.Context, actor audit.Actor, id BatchID, ordersHash string) (Batch, error) {
	err := s.storage.ChangeBatch(ctx, id, func(b Batch, facts []Facts) (Changes, error) {
		if b.OrdersHash != ordersHash {
			return Changes{}, codeOrderDiffers.New("The orders of this batch are not those that were approved.")
		}
		ch := Changes{Wake: true}
		waiting := 0
		for _, f := range facts {
			for _, c := range f.Open {
				if c.Batch != id || c.State != StateAwaitingApproval {
					continue
				}
				waiting++
				one, err := s.approve(f, c, actor, c.OrderHash)
				if _, no := fault.As(err); no && !fault.Has(err, codeSecondPerson) {
					ch.told(one.Events)
					continue
				}
				if err != nil {
					return Changes{}, err
				}
				ch.merge(one)
			}
		}
		if waiting == 0 {
			return Changes{}, codeNotAwaiting.New("Nothing of this batch waits for a second person.")
		}
		return ch, nil
	})
	if err != nil {
		return Batch{}, err
	}
	return s.storage.Batch(ctx, id)
}

// DenyBatch is a second person's refusal of everything in a batch that waits for
// one. What did not wait goes on.
func (s *Service) DenyBatch(ctx context.Context, actor audit.Actor, id BatchID, reason string) (Batch, error) {
	err := s.storage.ChangeBatch(ctx, id, func(_ Batch, facts []Facts) (Changes, error) {
		var ch Changes
		for _, f := range facts {
			for _, c := range f.Open {
				if c.Batch != id || c.State != StateAwaitingApproval {
					continue
				}
				if err := c.deny(f.Now, actor, reason); err != nil {
					return Changes{}, err
				}
				ch.Commands = append(ch.Commands, c)
			}
		}
		if len(ch.Commands) == 0 {
			return Changes{}, codeNotAwaiting.New("Nothing of this batch waits for a second person.")
		}
		return ch, nil
	})
	if err != nil {
		return Batch{}, err
	}
	return s.storage.Batch(ctx, id)
}

// told adds events about a limit, each limit once: a batch that finds no room is
// one piece of news.
func (ch *Changes) told(events []audit.Event) {
	for _, e := range events {
		if !slices.ContainsFunc(ch.Events, func(o audit.Event) bool { return o.Action == e.Action && o.Subject == e.Subject }) {
			ch.Events = append(ch.Events, e)
		}
	}
}

// merge adds what another decision of the same transaction wants to be kept.
func (ch *Changes) merge(o Changes) {
	ch.Commands = append(ch.Commands, o.Commands...)
	ch.Certificates = append(ch.Certificates, o.Certificates...)
	ch.Questions = append(ch.Questions, o.Questions...)
	ch.Events = append(ch.Events, o.Events...)
}
