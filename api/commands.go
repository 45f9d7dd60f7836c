package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

func (a *API) registerCommands() {
	register(a, operation{id: "request_command", method: http.MethodPost, path: "/devices/{id}/commands", tag: "commands",
		status: http.StatusCreated, summary: "Ask a device to do something",
		about: "What the safety rules forbid at this moment is refused with a code and a sentence. Destructive kinds need a step-up: " +
			"without one the answer is 403 step_up_required with step_up_url and user_code; send the same request again with the header " +
			"Wardline-Step-Up. A command that needs a second person is created in the state awaiting_approval."},
		mayFresh(auth.CommandsRead), a.requestCommand)
	register(a, operation{id: "list_commands", method: http.MethodGet, path: "/commands", tag: "commands",
		summary: "List commands, newest first"}, may(auth.CommandsRead), a.listCommands)
	register(a, operation{id: "get_command", method: http.MethodGet, path: "/commands/{id}", tag: "commands",
		summary: "One command, with every transition and why it has not happened yet"}, may(auth.CommandsRead), a.getCommand)
	register(a, operation{id: "cancel_command", method: http.MethodPost, path: "/commands/{id}/cancel", tag: "commands",
		summary: "Take back a command that the device has not received"}, mayFresh(auth.CommandsCancel), a.cancelCommand)
	register(a, operation{id: "approve_command", method: http.MethodPost, path: "/commands/{id}/approve", tag: "commands",
		summary: "Agree, as a second person, to exactly the order whose hash is sent",
		about:   "Approval executes: the checks run again and the command goes out."}, mayFresh(auth.CommandsApprove), a.approveCommand)
	register(a, operation{id: "deny_command", method: http.MethodPost, path: "/commands/{id}/deny", tag: "commands",
		summary: "Say no as a second person"}, mayFresh(auth.CommandsApprove), a.denyCommand)
}

// CommandRequest is what somebody wants a device to do.
type CommandRequest struct {
	Kind          device.Kind     `json:"kind" doc:"What to do; the safety rules have one row for each."`
	Subkind       device.Subkind  `json:"subkind,omitempty" doc:"For config." enum:"wifi,trust,policy,text,apps"`
	Args          json.RawMessage `json:"args,omitempty" doc:"A JSON object; each kind has its own."`
	Reason        string          `json:"reason,omitempty" maxLength:"500"`
	Ticket        string          `json:"ticket,omitempty" maxLength:"64"`
	HoldUntilIdle bool            `json:"hold_until_idle,omitempty" doc:"When the pump is not free for it now: do it as soon as it is."`
	ExpiresIn     int             `json:"expires_in_minutes,omitempty" minimum:"1" maximum:"10080" doc:"Default: by kind."`
}

func (r CommandRequest) ask(id device.ID) commands.Ask {
	return commands.Ask{Device: id, Kind: r.Kind, Subkind: r.Subkind, Args: r.Args, Reason: r.Reason, Ticket: r.Ticket,
		HoldUntilIdle: r.HoldUntilIdle, ExpiresIn: time.Duration(r.ExpiresIn) * time.Minute}
}

type requestCommandInput struct {
	DeviceInput
	IdempotentInput
	StepUpInput
	Body CommandRequest
}

func (a *API) requestCommand(ctx context.Context, in *requestCommandInput) (*output[CommandView], error) {
	p := principalOf(ctx)
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	d := item.Device
	if err := auth.AuthoriseKind(p, in.Body.Kind, in.Body.Subkind, targetOf(item)); err != nil {
		return nil, err
	}
	if err := mayAsk(p, in.Body.ask(d.ID), targetOf(item)); err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(effect context.Context) (string, error) {
		wanted := stepUpWanted{device: d.ID, kind: in.Body.Kind, subkind: in.Body.Subkind, reason: in.Body.Reason, summary: summaryOf(item),
			check: func(ctx context.Context) error { return a.commands.Check(ctx, p.Actor(), in.Body.ask(d.ID)) }}
		// The step-up is another write than the effect, and not what the key is for.
		who, err := a.requireStepUp(ctx, in.StepUp, wanted)
		if err != nil {
			return "", err
		}
		c, err := a.commands.Request(effect, who.Actor(), in.Body.ask(d.ID))
		return "command:" + string(c.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.showCommand(ctx, commands.ID(id))
}

// CommandInput names a command.
type CommandInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the command."`
}

func errNoCommand() error { return fault.CodeNotFound.New("There is no such command.") }

// reachCommand reads a command and asks whether the person may do this to its
// device.
func (a *API) reachCommand(ctx context.Context, id string, permission auth.Permission) (commands.Command, auth.Target, device.Device, error) {
	none := func(err error) (commands.Command, auth.Target, device.Device, error) {
		return commands.Command{}, auth.Target{}, device.Device{}, err
	}
	parsed, err := commands.ParseID(id)
	if err != nil {
		return none(errNoCommand())
	}
	c, err := a.commands.Get(ctx, parsed)
	if fault.Has(err, fault.CodeNotFound) {
		return none(errNoCommand())
	}
	if err != nil {
		return none(err)
	}
	item, err := a.inventory.Get(ctx, c.Device)
	if err != nil {
		return none(err)
	}
	t := targetOf(item)
	p := principalOf(ctx)
	if auth.Authorise(p, auth.CommandsRead, t) != nil {
		return none(errNoCommand())
	}
	if err := auth.Authorise(p, permission, t); err != nil {
		return none(err)
	}
	return c, t, item.Device, nil
}

func (a *API) getCommand(ctx context.Context, in *CommandInput) (*output[CommandView], error) {
	c, _, d, err := a.reachCommand(ctx, in.ID, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	v := commandView(c, d)
	if err := a.located(ctx, &v, c); err != nil {
		return nil, err
	}
	return &output[CommandView]{Body: v}, nil
}

// located adds to an answered locate where the device was heard since, as far as
// that may be kept. Where a person is, is shown to those who may ask for it, and
// the look is recorded.
func (a *API) located(ctx context.Context, v *CommandView, c commands.Command) error {
	if c.Kind != device.KindLocate || c.State != commands.StateSucceeded {
		return nil
	}
	item, err := a.inventory.Get(ctx, c.Device)
	if err != nil {
		return err
	}
	where := item.Where
	if item.LocationWithheld {
		p := principalOf(ctx)
		if mayTouch(p, auth.CommandsLocate, targetOf(item)) != nil {
			return nil
		}
		if where, err = a.inventory.Location(ctx, p.Actor(), c.Device, "The answer to a locate: "+c.Reason); err != nil {
			return err
		}
	}
	if where != nil && !where.At.Before(c.DeliveredAt) {
		v.Detail["location"] = locationView(where)
	}
	return nil
}

// showCommand answers a command to somebody who has just done something to it:
// whoever may ask for a thing may see that it was asked.
func (a *API) showCommand(ctx context.Context, id commands.ID) (*output[CommandView], error) {
	c, err := a.commands.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	item, err := a.inventory.Get(ctx, c.Device)
	if err != nil {
		return nil, err
	}
	return &output[CommandView]{Body: commandView(c, item.Device)}, nil
}

// maySecond says whether p may be the second person to this command.
func maySecond(p auth.Principal, c commands.Command, t auth.Target) error {
	permission, ok := auth.PermissionForKind(c.Kind, c.Subkind, c.Class)
	if !ok {
		return errNoCommand()
	}
	if _, is := c.Plea(); is {
		permission = auth.BreakGlassOpen
	}
	return auth.AuthoriseSecond(p, permission, t, askerOf(c.Requester))
}

// askerOf is who asked, as auth judges it: the owner, when a program did.
func askerOf(actor audit.Actor) auth.Asker {
	if actor.Kind == audit.ActorToken {
		return auth.Asker{Account: auth.AccountID(actor.Owner), Token: auth.TokenID(actor.ID)}
	}
	return auth.Asker{Account: auth.AccountID(actor.ID), Session: auth.SessionID(actor.Session)}
}

// maySecond says whether whoever is signed in may be the second person to this
// command. Beside everything else it is another person, as far as one can know:
// not another account of the one who asked.
func (a *API) maySecond(ctx context.Context, c commands.Command, t auth.Target) error {
	p := principalOf(ctx)
	if err := maySecond(p, c, t); err != nil {
		return err
	}
	return a.auth.AnotherPerson(ctx, p, askerOf(c.Requester))
}

type cancelInput struct {
	CommandInput
	IdempotentInput
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

func (a *API) cancelCommand(ctx context.Context, in *cancelInput) (*output[CommandView], error) {
	c, _, _, err := a.reachCommand(ctx, in.ID, auth.CommandsCancel)
	if err != nil {
		return nil, err
	}
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	return a.decide(ctx, c.ID, func(ctx context.Context) error {
		_, err := a.commands.Cancel(ctx, principalOf(ctx).Actor(), c.ID, reason)
		return err
	})
}

type approveInput struct {
	CommandInput
	IdempotentInput
	StepUpInput
	Body struct {
		OrderHash string `json:"order_hash" minLength:"8" maxLength:"128" doc:"As the command shows it: exactly this order is approved."`
	}
}

func (a *API) approveCommand(ctx context.Context, in *approveInput) (*output[CommandView], error) {
	c, t, d, err := a.reachCommand(ctx, in.ID, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	if err := a.maySecond(ctx, c, t); err != nil {
		return nil, err
	}
	return a.decide(ctx, c.ID, func(effect context.Context) error {
		_, glass := c.Plea() // two factors stand behind it
		who, err := a.requireProofBehind(ctx, in.StepUp, c.Requester, c.Unproven() || glass, stepUpWanted{device: c.Device, kind: c.Kind, subkind: c.Subkind,
			reason: c.Reason, summary: d.Class.Words() + " " + d.Serial})
		if err != nil {
			return err
		}
		_, err = a.commands.Approve(effect, who.Actor(), c.ID, in.Body.OrderHash)
		return err
	})
}

type denyInput struct {
	CommandInput
	IdempotentInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

func (a *API) denyCommand(ctx context.Context, in *denyInput) (*output[CommandView], error) {
	c, t, _, err := a.reachCommand(ctx, in.ID, auth.CommandsRead)
	if err != nil {
		return nil, err
	}
	if err := a.maySecond(ctx, c, t); err != nil {
		return nil, err
	}
	return a.decide(ctx, c.ID, func(ctx context.Context) error {
		_, err := a.commands.Deny(ctx, principalOf(ctx).Actor(), c.ID, in.Body.Reason)
		return err
	})
}

// decide carries out a decision about a command once and shows the command.
func (a *API) decide(ctx context.Context, id commands.ID, effect func(context.Context) error) (*output[CommandView], error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) { return "command:" + string(id), effect(ctx) })
	if err != nil {
		return nil, err
	}
	return a.showCommand(ctx, id)
}
