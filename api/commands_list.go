package api

import (
	"context"
	"encoding/json"
	"slices"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

type listCommandsInput struct {
	PageInput
	Device     string           `query:"device_id" maxLength:"64"`
	Batch      string           `query:"batch_id" maxLength:"64"`
	Kind       device.Kind      `query:"kind"`
	State      []string         `query:"state" doc:"Several, separated by commas, are alternatives; open stands for all that have not ended."`
	Waiting    commands.Waiting `query:"waiting" doc:"Open commands by what they wait for; each is in exactly one group."`
	Outcome    commands.Outcome `query:"outcome" doc:"Wipes that ended so, or stand so."`
	Unresolved bool             `query:"unresolved" doc:"Only wipes that ended NOT erased, that no later wipe of the device followed, and whose device is still the hospital's."`
	Mine       bool             `query:"mine" doc:"Only what I asked for."`
	Inbox      bool             `query:"inbox" doc:"Only what waits for a second person and that I may decide."`
	Ordered    string           `query:"sort" enum:"-created_at" doc:"Newest first is the only order."`
}

func (in *listCommandsInput) query(p auth.Principal) (commands.Query, error) {
	q := commands.Query{Device: device.ID(in.Device), Batch: commands.BatchID(in.Batch), Kind: in.Kind, Waiting: in.Waiting,
		Outcome: in.Outcome, Unresolved: in.Unresolved, Before: commands.ID(in.Cursor), Limit: in.Limit}
	bad := fault.CodeInvalid.New("The list cannot be shown as asked.")
	for _, s := range in.State {
		switch state := commands.State(s); {
		case s == "open":
			q.States = append(q.States, commands.OpenStates()...)
		case state.Valid():
			q.States = append(q.States, state)
		default:
			bad.WithField("state", "is not a state")
		}
	}
	if in.Cursor != "" {
		if _, err := commands.ParseID(in.Cursor); err != nil {
			bad.WithField("cursor", "does not belong to this list")
		}
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	if in.Mine {
		q.Requester = p.Actor().ID
	}
	if in.Inbox {
		q.States = []commands.State{commands.StateAwaitingApproval}
	}
	return q, nil
}

func (a *API) listCommands(ctx context.Context, in *listCommandsInput) (*pageOutput[CommandView], error) {
	p := principalOf(ctx)
	q, err := in.query(p)
	if err != nil {
		return nil, err
	}
	reach, _ := auth.ReachOf(p, auth.CommandsRead)
	scope, exact := scopeOf(reach)
	q.Scope = commands.Scope(scope)
	if in.Inbox {
		if q.Origins, err = a.decidable(ctx, p, q.Scope); err != nil {
			return nil, err
		}
	}
	page, err := a.commands.List(ctx, q)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[CommandView]{Body: Page[CommandView]{NextCursor: string(page.Next), Total: page.Total}}
	for i, c := range page.Items {
		if d := page.Situations[i].Device; reach.Covers(targetIn(tree, d)) {
			out.Body.Items = append(out.Body.Items, commandView(c, d))
		}
	}
	if !exact {
		// How many there are beyond this person's reach is not theirs to know.
		out.Body.Total = len(out.Body.Items)
	}
	return out, nil
}

// decidable says where the commands come from that p may decide as a second
// person; it is never nil.
func (a *API) decidable(ctx context.Context, p auth.Principal, scope commands.Scope) ([]commands.Origin, error) {
	found, err := a.commands.Origins(ctx, scope)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	mine := slices.DeleteFunc(found, func(o commands.Origin) bool {
		t := targetIn(tree, device.Device{Class: o.DeviceClass, Place: o.Place})
		c := commands.Command{Kind: o.Kind, Subkind: o.Subkind, Class: o.Class, Requester: o.Requester}
		if o.BreakGlass {
			c.Args = json.RawMessage(`{"break_glass":{}}`)
		}
		return maySecond(p, c, t) != nil
	})
	if mine == nil {
		mine = []commands.Origin{}
	}
	return mine, nil
}
