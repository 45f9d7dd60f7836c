package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

func (a *API) registerFreezes() {
	register(a, operation{id: "set_freeze", method: http.MethodPost, path: "/freezes", tag: "guard", status: http.StatusCreated,
		summary: "Stop all wipes",
		about: "When it answers, nothing that destroys, is staged, or is bulk work leaves any more, on any server. already_left names what " +
			"had left before. The lock and the lost mode of one device are never stopped, nor is taking something back."},
		mayFresh(auth.FreezeSet), a.setFreeze)
	register(a, operation{id: "list_freezes", method: http.MethodGet, path: "/freezes", tag: "guard",
		summary: "The freezes that hold, or all, newest first"}, may(auth.SettingsRead), a.listFreezes)
	register(a, operation{id: "get_freeze", method: http.MethodGet, path: "/freezes/{id}", tag: "guard",
		summary: "One freeze, with what had left before it held"}, may(auth.SettingsRead), a.getFreeze)
	register(a, operation{id: "lift_freeze", method: http.MethodPost, path: "/freezes/{id}/lift", tag: "guard",
		summary: "Ask to lift a freeze",
		about:   "A security officer and an administrator lift it together, neither of whom caused it: one asks, the other agrees."},
		mayFresh(auth.FreezeLift), a.askLift)
	register(a, operation{id: "approve_lift", method: http.MethodPost, path: "/freezes/{id}/approve-lift", tag: "guard",
		summary: "Agree, as a second person, to lift a freeze"}, mayFresh(auth.FreezeLift), a.approveLift)
	register(a, operation{id: "cancel_all", method: http.MethodPost, path: "/cancel-all", tag: "guard",
		summary: "Take back everything that no device has received", about: "Quiet work is left as it is."},
		mayFresh(auth.FreezeSet), a.cancelAll)
}

// ScopeRequest says whose work is meant.
type ScopeRequest struct {
	Scope   commands.FreezeScope `json:"scope" enum:"person,site,server"`
	ScopeID string               `json:"scope_id,omitempty" maxLength:"64" doc:"The account (its id or user name) or the site; left out for the server."`
	Reason  string               `json:"reason" minLength:"3" maxLength:"500"`
}

// FreezeView is a freeze as the API shows it.
type FreezeView struct {
	ID          string               `json:"id"`
	Scope       commands.FreezeScope `json:"scope"`
	ScopeID     string               `json:"scope_id"`
	ScopeWords  string               `json:"scope_words" speak:"words" doc:"Whom or what it is about, for people."`
	Cause       commands.FreezeCause `json:"cause" enum:"by_hand,burst,clock,tampering,restore"`
	Reason      string               `json:"reason"`
	SetBy       string               `json:"set_by"`
	SetAt       time.Time            `json:"set_at"`
	AlreadyLeft []LeftView           `json:"already_left" doc:"What devices had received and not finished when it began to hold."`
	LiftBy      string               `json:"lift_requested_by" doc:"The first of the two who lift it; empty: nobody has asked."`
	LiftByID    string               `json:"lift_requester_id"`
	LiftReason  string               `json:"lift_reason"`
	LiftAskedAt *time.Time           `json:"lift_requested_at" nullable:"true"`
	LiftedBy    string               `json:"lifted_by"`
	LiftedAt    *time.Time           `json:"lifted_at" doc:"Null: it holds." nullable:"true"`
	Lost        *RestoreView         `json:"lost,omitempty" doc:"What a restore lost and made void; left out where this freeze is not by a restore."`
	MayLift     bool                 `json:"may_lift" doc:"Whether I may be one of the two who lift it."`
}

// LeftView is something that had left before a freeze.
type LeftView struct {
	CommandID commands.ID    `json:"command_id"`
	DeviceID  device.ID      `json:"device_id"`
	Device    string         `json:"device" doc:"For people; empty where you may not see the device."`
	Kind      device.Kind    `json:"kind"`
	KindWords string         `json:"kind_words" speak:"words"`
	State     commands.State `json:"state" doc:"What it was then."`
	LeftAt    time.Time      `json:"left_at"`
}

func (a *API) freezeAsk(ctx context.Context, r ScopeRequest) (commands.FreezeAsk, error) {
	ask := commands.FreezeAsk{Scope: r.Scope, ScopeID: r.ScopeID, Reason: r.Reason}
	switch {
	case r.ScopeID == "":
	case r.Scope == commands.FreezePerson:
		account, err := a.auth.AccountNamed(ctx, principalOf(ctx), r.ScopeID)
		if err != nil {
			return ask, err
		}
		ask.ScopeID = string(account.ID)
	case r.Scope == commands.FreezeSite:
		tree, err := a.inventory.Tree(ctx)
		if err != nil {
			return ask, err
		}
		if tree.Site(device.PlaceID(r.ScopeID)) != device.PlaceID(r.ScopeID) {
			return ask, fault.CodeInvalid.New("There is no such site.").WithField("scope_id", "must be the id of a site")
		}
	}
	return ask, nil
}

type freezeInput struct {
	IdempotentInput
	Body ScopeRequest
}

func (a *API) setFreeze(ctx context.Context, in *freezeInput) (*output[FreezeView], error) {
	ask, err := a.freezeAsk(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		z, err := a.commands.SetFreeze(ctx, principalOf(ctx).Actor(), ask)
		return "freeze:" + z.ID, err
	})
	if err != nil {
		return nil, err
	}
	return a.showFreeze(ctx, id)
}

func (a *API) showFreeze(ctx context.Context, id string) (*output[FreezeView], error) {
	z, err := a.commands.Freeze(ctx, id)
	if err != nil {
		return nil, err
	}
	v, err := a.freezeView(ctx, z)
	return &output[FreezeView]{Body: v}, err
}

func (a *API) freezeView(ctx context.Context, z commands.Freeze) (FreezeView, error) {
	p := principalOf(ctx)
	v := FreezeView{ID: z.ID, Scope: z.Scope, ScopeID: z.ScopeID, Cause: z.Cause, Reason: z.Reason, SetBy: actorWords(z.SetBy), SetAt: z.SetAt,
		MayLift: z.LiftedAt.IsZero() && auth.Can(p, auth.FreezeLift) && !z.Caused(p.Actor())}
	if z.Lift != nil {
		v.LiftBy, v.LiftByID, v.LiftReason, v.LiftAskedAt = actorWords(z.Lift.By), z.Lift.By.ID, z.Lift.Reason, timeOrNil(z.Lift.At)
		v.MayLift = v.MayLift && auth.AuthoriseSecond(p, auth.FreezeLift, auth.Anywhere, lifter(z)) == nil
	}
	if !z.LiftedAt.IsZero() {
		v.LiftedBy, v.LiftedAt = actorWords(z.LiftedBy), timeOrNil(z.LiftedAt)
	}
	var err error
	if v.Lost, err = a.restoreView(ctx, z.Lost); err != nil {
		return v, err
	}
	if v.ScopeWords, err = a.scopeWords(ctx, z); err != nil {
		return v, err
	}
	for _, l := range z.Left {
		left := LeftView{CommandID: l.Command, DeviceID: l.Device, Kind: l.Kind, KindWords: l.Kind.Words(), State: l.State, LeftAt: l.At}
		item, err := a.inventory.Get(ctx, l.Device)
		if err != nil && !fault.Has(err, fault.CodeNotFound) {
			return v, err
		}
		if err == nil && auth.Authorise(p, auth.DevicesRead, targetOf(item)) == nil {
			left.Device = summaryOf(item)
		}
		v.AlreadyLeft = append(v.AlreadyLeft, left)
	}
	return v, nil
}

func (a *API) scopeWords(ctx context.Context, z commands.Freeze) (string, error) {
	switch z.Scope {
	case commands.FreezePerson:
		account, err := a.auth.AccountNamed(ctx, principalOf(ctx), z.ScopeID)
		if fault.Has(err, fault.CodeNotFound) {
			return z.ScopeID, nil
		}
		return account.Name, err
	case commands.FreezeSite:
		p, err := a.inventory.Place(ctx, device.PlaceID(z.ScopeID))
		if fault.Has(err, fault.CodeNotFound) {
			return z.ScopeID, nil
		}
		return p.Place.Name, err
	}
	return "The whole server", nil
}

type listFreezesInput struct {
	All bool `query:"all" doc:"Also those that were lifted."`
}

func (a *API) listFreezes(ctx context.Context, in *listFreezesInput) (*pageOutput[FreezeView], error) {
	list, err := a.commands.Freezes(ctx, in.All)
	if err != nil {
		return nil, err
	}
	items := make([]FreezeView, len(list))
	for i, z := range list {
		if items[i], err = a.freezeView(ctx, z); err != nil {
			return nil, err
		}
	}
	return whole(items), nil
}

// FreezeInput names a freeze.
type FreezeInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the freeze."`
}

func (a *API) getFreeze(ctx context.Context, in *FreezeInput) (*output[FreezeView], error) {
	return a.showFreeze(ctx, in.ID)
}

type liftFreezeInput struct {
	FreezeInput
	IdempotentInput
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
		Seen   string `json:"seen,omitempty" maxLength:"80" doc:"lost.list_hash of the freeze, where it has one: I have seen the list."`
	}
}

func (a *API) askLift(ctx context.Context, in *liftFreezeInput) (*output[FreezeView], error) {
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		p := principalOf(ctx)
		roles := make([]string, len(p.Roles))
		for i, r := range p.Roles {
			roles[i] = string(r)
		}
		_, err := a.commands.AskLift(ctx, p.Actor(), roles, in.ID, in.Body.Reason, in.Body.Seen)
		return "freeze:" + in.ID, err
	})
	if err != nil {
		return nil, err
	}
	return a.showFreeze(ctx, id)
}

// lifter is the first of the two who lift a freeze, as auth judges the second.
func lifter(z commands.Freeze) auth.Asker {
	asker := askerOf(z.Lift.By)
	for _, r := range z.Lift.Roles {
		asker.Roles = append(asker.Roles, auth.Role(r))
	}
	return asker
}

type approveLiftInput struct {
	FreezeInput
	IdempotentInput
	Body *struct {
		Seen string `json:"seen,omitempty" maxLength:"80" doc:"lost.list_hash of the freeze, where it has one: I have seen the list."`
	}
}

func (a *API) approveLift(ctx context.Context, in *approveLiftInput) (*output[FreezeView], error) {
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		z, err := a.commands.Freeze(ctx, in.ID)
		if err != nil {
			return "", err
		}
		p, askedBy := principalOf(ctx), ""
		if z.Lift != nil {
			askedBy = z.Lift.By.ID
			if err := auth.AuthoriseSecond(p, auth.FreezeLift, auth.Anywhere, lifter(z)); err != nil {
				return "", err
			}
			if err := a.auth.AnotherPerson(ctx, p, lifter(z)); err != nil {
				return "", err
			}
		}
		seen := ""
		if in.Body != nil {
			seen = in.Body.Seen
		}
		_, err = a.commands.Lift(ctx, p.Actor(), in.ID, askedBy, seen)
		return "freeze:" + in.ID, err
	})
	if err != nil {
		return nil, err
	}
	return a.showFreeze(ctx, id)
}

// CancelAllAnswer says how much was taken back.
type CancelAllAnswer struct {
	Cancelled int `json:"cancelled" doc:"How many commands were taken back."`
}

func (a *API) cancelAll(ctx context.Context, in *freezeInput) (*output[CancelAllAnswer], error) {
	ask, err := a.freezeAsk(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	// Done twice it takes back what has come since: it needs no key.
	n, err := a.commands.CancelAll(ctx, principalOf(ctx).Actor(), ask)
	return &output[CancelAllAnswer]{Body: CancelAllAnswer{Cancelled: n}}, err
}
