package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/shift"
)

func (a *API) registerOwnHandhelds() {
	register(a, operation{id: "list_own_handhelds", method: http.MethodGet, path: "/self/handhelds", tag: "self-service",
		summary: "The shared handhelds that I have, and those of my wards with who has them", about: "On the public listener."},
		maySelf(auth.SelfHandhelds), a.ownHandhelds)
	register(a, operation{id: "take_handheld", method: http.MethodPost, path: "/self/handhelds/take", tag: "self-service",
		summary: "Take a shared handheld of my ward by its label, also from whoever has it",
		about:   "Two at a time, 20 a day. A label of anything else is answered like one that does not exist. On the public listener."},
		maySelf(auth.SelfHandhelds), a.takeHandheld)
	register(a, operation{id: "return_own_handheld", method: http.MethodPost, path: "/self/handhelds/{id}/return", tag: "self-service",
		summary: "Say that the handheld that I have is back on its charger",
		about:   "One that was locked because it stayed away takes the code on its screen. On the public listener."}, maySelf(auth.SelfHandhelds), a.returnOwnHandheld)
	register(a, operation{id: "dispute_own_handheld", method: http.MethodPost, path: "/self/handhelds/{id}/dispute", tag: "self-service",
		summary: "Say that I do not have a handheld that is on my name",
		about:   "It stays on my name, marked, until somebody has looked. On the public listener."}, maySelf(auth.SelfHandhelds), a.disputeOwnHandheld)
	register(a, operation{id: "create_handheld_code", method: http.MethodPost, path: "/self/handhelds/code", tag: "self-service",
		summary: "Make the code that I type at a charging station when I have no badge",
		about:   "Good once, for two minutes. On the public listener."}, maySelf(auth.SelfHandhelds), a.createHandheldCode)
}

// OwnHandheldView is a shared handheld that I have.
type OwnHandheldView struct {
	ID device.ID `json:"id"`
	HandheldView
	Via        string     `json:"via" doc:"Where it was taken."`
	DisputedAt *time.Time `json:"disputed_at" nullable:"true" doc:"I have said that I do not have it."`
}

// WardHandhelds are the shared handhelds of one ward.
type WardHandhelds struct {
	Ward  string         `json:"ward"`
	Items []HandheldView `json:"items"`
}

// OwnHandhelds are those that I have, and those of my wards.
type OwnHandhelds struct {
	Mine  []OwnHandheldView `json:"mine"`
	Wards []WardHandhelds   `json:"wards"`
}

func (a *API) ownHandhelds(ctx context.Context, _ *struct{}) (*output[OwnHandhelds], error) {
	p := principalOf(ctx)
	var out OwnHandhelds
	uses, err := a.shifts.Uses(ctx, shift.Query{Account: string(p.Account), Now: true})
	if err != nil {
		return nil, err
	}
	for _, u := range uses {
		if !u.Open() {
			continue
		}
		item, err := a.inventory.Get(ctx, u.Device)
		if err != nil {
			return nil, err
		}
		out.Mine = append(out.Mine, a.ownHandheldView(item, u))
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range p.Scope.Wards {
		ward, known := tree.Place(id)
		if !known || auth.Authorise(p, auth.SelfHandhelds, sharedOf(tree, id)) != nil {
			continue
		}
		views, err := a.wardBoard(ctx, id, p.Account)
		if err != nil {
			return nil, err
		}
		out.Wards = append(out.Wards, WardHandhelds{Ward: ward.Name, Items: views})
	}
	return &output[OwnHandhelds]{Body: out}, nil
}

func (a *API) ownHandheldView(i inventory.Item, u shift.Use) OwnHandheldView {
	v := OwnHandheldView{ID: i.Device.ID, HandheldView: a.handheldView(i, u, auth.AccountID(u.Holder.Account)), Via: u.Via, DisputedAt: timeOrNil(u.DisputedAt)}
	v.Mine = u.Open()
	return v
}

// sharedOf is the target of a right on the shared handhelds of a ward.
func sharedOf(tree inventory.Tree, ward device.PlaceID) auth.Target {
	return auth.Target{Class: device.ClassHandheldShared, Site: tree.Site(ward), Ward: ward}
}

type takeHandheldInput struct {
	IdempotentInput
	Body LabelInput
}

// TakenView is a handheld that somebody has taken.
type TakenView struct {
	Handheld OwnHandheldView `json:"handheld"`
	From     string          `json:"from" doc:"Who had it; empty: it was free."`
}

func (a *API) takeHandheld(ctx context.Context, in *takeHandheldInput) (*output[TakenView], error) {
	p := principalOf(ctx)
	item, err := a.handheldByLabel(ctx, in.Body.Label, func(i inventory.Item) bool { return auth.Authorise(p, auth.SelfHandhelds, targetOf(i)) == nil })
	if err != nil {
		return nil, err
	}
	taken, err := a.shifts.Take(ctx, takingOf(p, item, viaSelf))
	if err != nil {
		return nil, err
	}
	out := TakenView{Handheld: a.ownHandheldView(item, taken.Use)}
	if taken.From != nil {
		out.From = nameOf(taken.From.Holder)
	}
	return &output[TakenView]{Body: out}, nil
}

func takingOf(p auth.Principal, i inventory.Item, via string) shift.Taking {
	return shift.Taking{Device: i.Device.ID, Ward: i.Ward(), Holder: shift.Holder{Account: string(p.Account), Username: p.Username, Name: p.Name},
		Actor: p.Actor(), Via: via}
}

// ownUse finds the use of a handheld that is on one's name. A colleague's, and
// anything else, is answered as if it did not exist.
func (a *API) ownUse(ctx context.Context, id string) (inventory.Item, error) {
	parsed, err := device.ParseID(id)
	if err != nil {
		return inventory.Item{}, errNoDevice()
	}
	uses, err := a.shifts.Uses(ctx, shift.Query{Account: string(principalOf(ctx).Account), Device: parsed, Now: true})
	if err != nil {
		return inventory.Item{}, err
	}
	for _, u := range uses {
		if u.Open() {
			return a.inventory.Get(ctx, parsed)
		}
	}
	return inventory.Item{}, errNoDevice()
}

type returnOwnInput struct {
	DeviceInput
	IdempotentInput
	Body struct {
		Code string `json:"code,omitempty" maxLength:"16" doc:"Of one that is locked: as its screen shows it."`
	}
}

func (a *API) returnOwnHandheld(ctx context.Context, in *returnOwnInput) (*output[OwnHandheldView], error) {
	p := principalOf(ctx)
	item, err := a.ownUse(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Code != "" {
		if err := a.auth.MayType(ctx, p); err != nil {
			return nil, err
		}
	}
	u, err := a.shifts.Return(ctx, shift.Returning{Device: item.Device.ID, Actor: p.Actor(), Via: viaSelf, WardName: wardName(item),
		Holder: string(p.Account), Code: in.Body.Code})
	if fault.Has(err, shift.CodeLocked) && in.Body.Code != "" {
		if counted := a.auth.CountTyped(ctx, p); counted != nil {
			return nil, counted
		}
	}
	if err != nil {
		return nil, err
	}
	return &output[OwnHandheldView]{Body: a.ownHandheldView(item, u)}, nil
}

func wardName(i inventory.Item) string {
	for _, p := range i.Path {
		if p.Kind == device.PlaceWard {
			return p.Name
		}
	}
	return ""
}

type ownHandheldInput struct {
	DeviceInput
	IdempotentInput
}

func (a *API) disputeOwnHandheld(ctx context.Context, in *ownHandheldInput) (*output[OwnHandheldView], error) {
	item, err := a.ownUse(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p := principalOf(ctx)
	u, err := a.shifts.Dispute(ctx, p.Actor(), item.Device.ID, string(p.Account))
	if err != nil {
		return nil, err
	}
	return &output[OwnHandheldView]{Body: a.ownHandheldView(item, u)}, nil
}

// HandheldCodeView is a code for a station.
type HandheldCodeView struct {
	Code      string    `json:"code"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *API) createHandheldCode(ctx context.Context, _ *struct{}) (*output[HandheldCodeView], error) {
	made, err := a.auth.NewHandheldCode(ctx, principalOf(ctx))
	if err != nil {
		return nil, err
	}
	return &output[HandheldCodeView]{Body: HandheldCodeView{Code: made.Code, ExpiresAt: made.ExpiresAt}}, nil
}
