package inventory

import (
	"context"
	"slices"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Update changes some fields of a device; nil leaves a field as it is.
type Update struct {
	AssetTag  *string
	Owner     *string
	Place     *device.PlaceID
	UDI       *string
	Lot       *string
	IMEI      *string
	MAC       *string
	Tags      *[]string
	Custody   *device.Custody
	Condition *device.Condition
	Stage     *device.Stage
	// Management can change while the device is not enrolled.
	Management *device.Management
	// Class and Model are here to be refused with a sentence: a class never
	// changes, a model only before the first enrollment and within its class.
	Class *device.Class
	Model *device.ModelID
	// Reason stands in the timeline; it may be empty.
	Reason string
}

// Update changes a device. version is the one that was read (If-Match); 0
// changes whatever is there, for callers that hold a scanner and no screen.
func (s *Service) Update(ctx context.Context, actor audit.Actor, id device.ID, version int, u Update) (Item, error) {
	tree, err := s.Tree(ctx)
	if err != nil {
		return Item{}, err
	}
	var model *device.Model
	if u.Model != nil {
		m, err := s.storage.Model(ctx, *u.Model)
		if fault.Has(err, fault.CodeNotFound) {
			return Item{}, fault.CodeInvalid.New("The device cannot be changed.").WithField("model", "there is no such model")
		} else if err != nil {
			return Item{}, err
		}
		model = &m
	}
	r, err := s.storage.ChangeDevice(ctx, id, func(r Record) (*Decided, error) {
		if version != 0 && version != r.Device.Version {
			return nil, fault.CodeStale.New("The device was changed since you read it (version %d, now %d).", version, r.Device.Version)
		}
		d, err := u.apply(r, model, tree, s.now())
		if err != nil {
			return nil, err
		}
		changes := differences(r.Device, d)
		if len(changes) == 0 {
			return nil, nil
		}
		detail := map[string]any{"changes": changes}
		if u.Reason != "" {
			detail["reason"] = u.Reason
		}
		return &Decided{Device: d, Events: []audit.Event{{Actor: actor, Action: ActionUpdated, Device: string(id), Detail: detail}}}, nil
	})
	if err != nil {
		return Item{}, err
	}
	return s.item(ctx, r)
}

func (u Update) apply(r Record, model *device.Model, tree Tree, now time.Time) (device.Device, error) {
	d := r.Device
	if u.Class != nil && *u.Class != d.Class {
		return d, CodeClassFixed.New("This device is registered as a %s, and its class cannot be edited.", strings.ToLower(d.Class.Words()))
	}
	if model != nil && model.ID != d.Model {
		if d.Enrollment != "" {
			return d, CodeModelFixed.New("This device was enrolled as a %s %s; its model cannot be edited.", r.Model.Maker, r.Model.Name)
		}
		if model.Class != d.Class {
			return d, CodeClassFixed.New("%s %s is a %s, but the device is registered as a %s.", model.Maker, model.Name,
				strings.ToLower(model.Class.Words()), strings.ToLower(d.Class.Words()))
		}
		d.Model = model.ID
	}
	if u.Stage != nil {
		if !slices.Contains(device.Stages(), *u.Stage) {
			return d, fault.CodeInvalid.New("The device cannot be changed.").WithField("stage", "%q is not a stage", clip(string(*u.Stage)))
		}
		if err := checkStage(r, *u.Stage); err != nil {
			return d, err
		}
		d.Stage = *u.Stage
	}
	if u.Condition != nil && slices.Contains(device.Conditions(), *u.Condition) {
		if err := checkCondition(d, *u.Condition); err != nil {
			return d, err
		}
	}
	return d, asError(u.applyFields(&d, tree, now))
}

func (u Update) applyFields(d *device.Device, tree Tree, now time.Time) *fault.Fault {
	bad := fault.CodeInvalid.New("The device cannot be changed.")
	set := func(to *string, from *string) {
		if from != nil {
			*to = strings.TrimSpace(*from)
		}
	}
	set(&d.AssetTag, u.AssetTag)
	set(&d.Owner, u.Owner)
	set(&d.Lot, u.Lot)
	if u.Place != nil {
		d.Place = *u.Place
	}
	if u.Custody != nil {
		d.Custody = *u.Custody
	}
	if u.Condition != nil {
		d.Condition = *u.Condition
	}
	if u.Management != nil && *u.Management != d.Management {
		if d.Enrollment != "" {
			bad.WithField("management", "an enrolled device keeps its management level until it enrolls again")
		} else if !u.Management.Valid() {
			bad.WithField("management", "must be one of agent, apple, gateway, certificate, record")
		}
		d.Management = *u.Management
	}
	if u.UDI != nil {
		d.UDI, d.UDIDI = "", ""
		fillUDI(d, *u.UDI, now, bad)
	}
	imei, mac := d.IMEI, d.MAC
	set(&imei, u.IMEI)
	set(&mac, u.MAC)
	d.IMEI, d.MAC = "", ""
	fillAddresses(d, imei, mac, bad)
	if u.Tags != nil {
		d.Tags = checkTags(*u.Tags, bad)
	}
	checkTexts(*d, bad)
	checkText("reason", u.Reason, maxReason, bad)
	checkWhereabouts(*d, tree, bad)
	if len(bad.Fields) == 0 {
		return nil
	}
	return bad
}

// asError keeps a nil *fault.Fault from becoming an error that is not nil.
func asError(f *fault.Fault) error {
	if f == nil {
		return nil
	}
	return f
}

// differences lists what a change changed, as [before, after] by field, for the
// audit event.
func differences(a, b device.Device) map[string][2]string {
	out := map[string][2]string{}
	add := func(name, was, becomes string) {
		if was != becomes {
			out[name] = [2]string{was, becomes}
		}
	}
	add("model", string(a.Model), string(b.Model))
	add("management", string(a.Management), string(b.Management))
	add("serial", a.Serial, b.Serial)
	add("asset_tag", a.AssetTag, b.AssetTag)
	add("owner", a.Owner, b.Owner)
	add("place", string(a.Place), string(b.Place))
	add("udi", a.UDI, b.UDI)
	add("lot", a.Lot, b.Lot)
	add("imei", a.IMEI, b.IMEI)
	add("mac", a.MAC, b.MAC)
	add("tags", strings.Join(a.Tags, ", "), strings.Join(b.Tags, ", "))
	add("stage", string(a.Stage), string(b.Stage))
	add("condition", string(a.Condition), string(b.Condition))
	add("custody", strings.TrimSpace(string(a.Custody.Kind)+" "+a.Custody.Which), strings.TrimSpace(string(b.Custody.Kind)+" "+b.Custody.Which))
	return out
}
