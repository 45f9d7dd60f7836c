package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/inventory"
	"wardline/safety"
)

// What may be asked, told before anything is asked: a page offers only what the
// server would take in, and says why not where it would not.

func (a *API) registerOffers() {
	register(a, operation{id: "list_device_offers", method: http.MethodGet, path: "/devices/{id}/offers", tag: "commands",
		summary: "What I may ask this device to do, and what would come of it now",
		about: "Kinds that the device never does, or that I may not ask for, are left out; so are those that carry a document. " +
			"It promises nothing: the request decides anew."}, may(auth.DevicesRead), a.listDeviceOffers)
	register(a, operation{id: "list_batch_offers", method: http.MethodPost, path: "/batches/offers", tag: "commands", limit: batchLimit,
		summary: "What I may ask these devices to do together, and which of them would be left out now",
		about:   "Nothing is asked of any device."}, may(auth.CommandsBatch), a.listBatchOffers)
}

// OfferView is what asking for one kind would come to now.
type OfferView struct {
	Kind      device.Kind   `json:"kind"`
	KindWords string        `json:"kind_words" speak:"words"`
	Weight    safety.Weight `json:"weight" doc:"Destructive work needs a step-up."`
	Allowed   bool          `json:"allowed" doc:"It would be taken in now."`
	Code      string        `json:"code" doc:"Why it would be refused; empty when allowed."`
	Detail    string        `json:"detail" speak:"words" doc:"The same in a sentence."`
	Help      string        `json:"help" speak:"words" doc:"What can be done about it."`
	MayHold   bool          `json:"may_hold" doc:"Not now, but it may be asked with hold_until_idle."`

	NeedsSecond bool        `json:"needs_second_person" doc:"It would wait for another person; where it may only be held, the held command would."`
	SecondWhy   string      `json:"second_person_why" speak:"words"`
	Approvers   string      `json:"approvers" speak:"words" doc:"Who that other person may be, in words."`
	OpenCommand commands.ID `json:"open_command_id" doc:"The same is on its way already; empty: it is not."`
}

func offerView(o commands.Offer) OfferView {
	v := OfferView{Kind: o.Kind, KindWords: o.Kind.Words(), Weight: o.Weight, Allowed: o.Refused == nil, MayHold: o.MayHold,
		NeedsSecond: o.SecondPerson, SecondWhy: o.Why, Approvers: o.Approvers, OpenCommand: o.Open}
	if o.Refused != nil {
		v.Code, v.Detail, v.Help = o.Refused.Code.Name, o.Refused.Detail, o.Refused.Code.Help
	}
	return v
}

// mine drops what p may not ask of the device.
func mine(p auth.Principal, offers []commands.Offer, item inventory.Item) []commands.Offer {
	return slices.DeleteFunc(offers, func(o commands.Offer) bool {
		return auth.AuthoriseKind(p, o.Kind, device.SubkindNone, targetOf(item)) != nil
	})
}

func (a *API) listDeviceOffers(ctx context.Context, in *DeviceInput) (*pageOutput[OfferView], error) {
	p := principalOf(ctx)
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	offers, err := a.commands.Offers(ctx, p.Actor(), []device.ID{item.Device.ID}, 1)
	if err != nil {
		return nil, err
	}
	views := []OfferView{}
	for _, o := range mine(p, offers[item.Device.ID], item) {
		views = append(views, offerView(o))
	}
	return whole(views), nil
}

type batchOffersInput struct {
	Body struct {
		Devices []device.ID `json:"devices" minItems:"1" maxItems:"5000" doc:"Ids of the devices."`
	}
}

// BatchOfferView is what asking these devices for one kind would come to now.
type BatchOfferView struct {
	Kind        device.Kind   `json:"kind"`
	KindWords   string        `json:"kind_words" speak:"words"`
	Weight      safety.Weight `json:"weight"`
	Allowed     int           `json:"allowed" doc:"For how many devices it would be taken in now."`
	MayHold     int           `json:"may_hold" doc:"How many more, when it is asked with hold_until_idle."`
	NeedsSecond bool          `json:"needs_second_person"`
	SecondWhy   string        `json:"second_person_why" speak:"words"`
	Approvers   string        `json:"approvers"`
	Never       []device.ID   `json:"never" doc:"Devices that never do this, or that I may not ask for it."`
	Refused     []BatchNo     `json:"refused" doc:"Devices that would be refused now, by reason."`
}

// BatchNo is one reason for which some devices of a batch would be refused.
type BatchNo struct {
	Code    string      `json:"code"`
	Detail  string      `json:"detail" speak:"words"`
	MayHold bool        `json:"may_hold"`
	Devices []device.ID `json:"devices"`
}

func (a *API) listBatchOffers(ctx context.Context, in *batchOffersInput) (*pageOutput[BatchOfferView], error) {
	p := principalOf(ctx)
	devices := slices.Clone(in.Body.Devices)
	slices.Sort(devices)
	devices = slices.Compact(devices)
	offers, err := a.commands.Offers(ctx, p.Actor(), devices, len(devices))
	if err != nil {
		return nil, err
	}
	byKind := map[device.Kind]*BatchOfferView{}
	asked := map[device.Kind]map[device.ID]bool{}
	for _, id := range devices {
		item, err := a.reachDevice(ctx, string(id), auth.DevicesRead)
		if err != nil {
			return nil, err
		}
		for _, o := range mine(p, offers[id], item) {
			if byKind[o.Kind] == nil {
				byKind[o.Kind] = &BatchOfferView{Kind: o.Kind, KindWords: o.Kind.Words(), Weight: o.Weight}
				asked[o.Kind] = map[device.ID]bool{}
			}
			asked[o.Kind][id] = true
			byKind[o.Kind].add(id, o)
		}
	}
	views := []BatchOfferView{}
	for _, kind := range device.Kinds() {
		v := byKind[kind]
		if v == nil {
			continue
		}
		for _, id := range devices {
			if !asked[kind][id] {
				v.Never = append(v.Never, id)
			}
		}
		views = append(views, *v)
	}
	return whole(views), nil
}

func (v *BatchOfferView) add(id device.ID, o commands.Offer) {
	if o.SecondPerson {
		v.NeedsSecond, v.SecondWhy, v.Approvers = true, o.Why, cmp.Or(v.Approvers, o.Approvers)
	}
	if o.Refused == nil {
		v.Allowed++
		return
	}
	if o.MayHold {
		v.MayHold++
	}
	at := slices.IndexFunc(v.Refused, func(r BatchNo) bool { return r.Detail == o.Refused.Detail })
	if at < 0 {
		at = len(v.Refused)
		v.Refused = append(v.Refused, BatchNo{Code: o.Refused.Code.Name, Detail: o.Refused.Detail, MayHold: o.MayHold})
	}
	v.Refused[at].Devices = append(v.Refused[at].Devices, id)
}
