package api

import (
	"context"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

// BatchBrief is a batch in a list.
type BatchBrief struct {
	ID          commands.BatchID `json:"id"`
	Kind        device.Kind      `json:"kind"`
	KindWords   string           `json:"kind_words" speak:"words"`
	Subkind     device.Subkind   `json:"subkind"`
	Reason      string           `json:"reason"`
	Ticket      string           `json:"ticket"`
	RequestedBy string           `json:"requested_by"`
	RequesterID string           `json:"requester_id"`
	Weight      safety.Weight    `json:"weight"`
	CreatedAt   time.Time        `json:"created_at"`
	NotBefore   *time.Time       `json:"not_before" doc:"The first delivery; until then all of it can be taken back." nullable:"true"`
	Rings       int              `json:"rings"`
	OpenRing    int              `json:"open_ring" doc:"The newest ring that may go out."`
	StoppedAt   *time.Time       `json:"stopped_at" nullable:"true"`
	StopReason  string           `json:"stop_reason"`
	Progress    BatchProgress    `json:"progress"`
}

// BatchProgress says how far a batch has come: each device is in exactly one of
// done, waiting, failed and not_asked.
type BatchProgress struct {
	Devices  int            `json:"devices"`
	Done     int            `json:"done" doc:"The device did it and said so. What a device has only begun is waiting."`
	Waiting  int            `json:"waiting" doc:"Not ended yet; by_state says for what."`
	Failed   int            `json:"failed" doc:"Ended in any other way than done."`
	NotAsked int            `json:"not_asked" doc:"Refused when the batch was asked."`
	ByState  map[string]int `json:"by_state"`
}

type listBatchesInput struct {
	PageInput
	Kind device.Kind `query:"kind"`
	Open bool        `query:"open" doc:"Only those of which something has not ended."`
	Mine bool        `query:"mine" doc:"Only what I asked for."`
}

var codeSingleDevices = fault.Define(fault.Forbidden, "sees_single_devices",
	"Use the list of devices: your account is for single devices, not for whole sites or classes.")

// wholeScope is the scope of somebody who sees whole sites or classes.
func wholeScope(p auth.Principal, permission auth.Permission) (commands.Scope, error) {
	reach, _ := auth.ReachOf(p, permission)
	scope, exact := scopeOf(reach)
	if !exact {
		return commands.Scope{}, codeSingleDevices.New("Your account sees single devices, and this is about many.")
	}
	return commands.Scope(scope), nil
}

func (a *API) listBatches(ctx context.Context, in *listBatchesInput) (*pageOutput[BatchBrief], error) {
	p := principalOf(ctx)
	scope, err := wholeScope(p, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	q := commands.BatchQuery{Scope: scope, Kind: in.Kind, Open: in.Open, Limit: in.Limit}
	if in.Cursor != "" {
		if q.Before, err = commands.ParseBatchID(in.Cursor); err != nil {
			return nil, fault.CodeInvalid.New("The list cannot be shown as asked.").WithField("cursor", "does not belong to this list")
		}
	}
	if in.Mine {
		q.Requester = p.Actor().ID
	}
	page, err := a.commands.Batches(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[BatchBrief]{Body: Page[BatchBrief]{NextCursor: string(page.Next), Total: page.Total}}
	for i, b := range page.Items {
		out.Body.Items = append(out.Body.Items, batchBrief(b, page.Counts[i]))
	}
	return out, nil
}

func batchBrief(b commands.Batch, counts map[commands.State]int) BatchBrief {
	v := BatchBrief{ID: b.ID, Kind: b.Kind, KindWords: b.Kind.Words(), Subkind: b.Subkind, Reason: b.Reason, Ticket: b.Ticket,
		RequestedBy: actorWords(b.Requester), RequesterID: b.Requester.ID, Weight: b.Weight, CreatedAt: b.CreatedAt,
		NotBefore: timeOrNil(b.NotBefore), Rings: b.Rings, OpenRing: b.OpenRing, StoppedAt: timeOrNil(b.StoppedAt), StopReason: b.StopReason,
		Progress: BatchProgress{ByState: map[string]int{}}}
	p := &v.Progress
	for state, n := range counts {
		p.Devices += n
		switch {
		case state == commands.StateNone:
			p.NotAsked += n
			continue
		case state == commands.StateSucceeded:
			p.Done += n
		case state.Ended():
			p.Failed += n
		default:
			p.Waiting += n
		}
		p.ByState[string(state)] += n
	}
	return v
}
