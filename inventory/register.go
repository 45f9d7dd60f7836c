package inventory

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Draft is a device to be registered.
type Draft struct {
	// Class may be empty: the model's class. When it is given it must be that.
	Class      device.Class
	Model      device.ModelID
	Serial     string
	Management device.Management
	AssetTag   string
	Owner      string
	Place      device.PlaceID
	// UDI is the barcode as scanned or its human-readable text. It fills Lot and
	// Serial when they are empty, and must agree with them when they are not.
	UDI       string
	Lot       string
	IMEI      string
	MAC       string
	Tags      []string
	Stage     device.Stage     // expected or received; empty: received
	Condition device.Condition // empty: ready
	Custody   device.Custody   // empty: storage
	// PhoneNumber, Contact and Terms are of a phone that its holder registers.
	PhoneNumber string
	Contact     string
	Terms       string
}

// Create registers a device.
func (s *Service) Create(ctx context.Context, actor audit.Actor, draft Draft) (Item, error) {
	model, err := s.storage.Model(ctx, draft.Model)
	if err != nil {
		if fault.Has(err, fault.CodeNotFound) {
			return Item{}, fault.CodeInvalid.New("The device cannot be registered.").WithField("model", "there is no such model")
		}
		return Item{}, err
	}
	tree, err := s.Tree(ctx)
	if err != nil {
		return Item{}, err
	}
	d, wrong := draft.device(model, tree, s.now())
	if wrong != nil {
		return Item{}, wrong
	}
	d.ID = device.ID(s.newID())
	event := audit.Event{Actor: actor, Action: ActionCreated, Device: string(d.ID), Detail: map[string]any{
		"class": d.Class, "model": d.Model, "serial": d.Serial, "management": d.Management, "stage": d.Stage, "place": d.Place}}
	if draft.Terms != "" {
		event.Detail["terms"] = draft.Terms
	}
	if draft.UDI != "" {
		event.Detail["udi_scan"] = draft.UDI // as scanned, beside what was read from it
	}
	if err := s.storage.CreateDevice(ctx, d, event); err != nil {
		return Item{}, err
	}
	return s.Get(ctx, d.ID)
}

// device checks a draft. The fault names every field that is wrong.
func (r Draft) device(model device.Model, tree Tree, now time.Time) (device.Device, *fault.Fault) {
	bad := fault.CodeInvalid.New("The device cannot be registered.")
	d := device.Device{
		Class: model.Class, Model: model.ID, Serial: strings.TrimSpace(r.Serial), Management: r.Management,
		AssetTag: strings.TrimSpace(r.AssetTag), Owner: strings.TrimSpace(r.Owner), Place: r.Place,
		PhoneNumber: r.PhoneNumber, Contact: r.Contact,
		Lot: strings.TrimSpace(r.Lot), Stage: r.Stage, Condition: r.Condition, Custody: r.Custody,
	}
	if r.Class != "" && r.Class != model.Class {
		bad.WithField("class", "%s %s is a %s", model.Maker, model.Name, strings.ToLower(model.Class.Words()))
	}
	if d.Stage == "" {
		d.Stage = device.StageReceived
	}
	if d.Stage != device.StageExpected && d.Stage != device.StageReceived {
		bad.WithField("stage", "a new device is expected or received")
	}
	if d.Condition == "" {
		d.Condition = device.ConditionReady
	}
	if d.Custody.Kind == "" {
		d.Custody.Kind = device.CustodyStorage
	}
	if !d.Management.Valid() {
		bad.WithField("management", "must be one of agent, apple, gateway, certificate, record")
	}
	fillUDI(&d, r.UDI, now, bad)
	fillAddresses(&d, r.IMEI, r.MAC, bad)
	if d.Serial == "" {
		bad.WithField("serial", "is missing")
	}
	d.Tags = checkTags(r.Tags, bad)
	checkTexts(d, bad)
	checkWhereabouts(d, tree, bad)
	if len(bad.Fields) > 0 {
		return device.Device{}, bad
	}
	return d, nil
}

func fillUDI(d *device.Device, scan string, now time.Time, bad *fault.Fault) {
	if scan = strings.TrimRight(scan, "\r\n"); scan == "" {
		return
	}
	udi, err := ParseUDI(scan, now)
	if err != nil {
		bad.WithField("udi", "%s", sentenceOf(err))
		return
	}
	if udi.Agency == ICCBBA && d.Class.IsPump() {
		bad.WithField("udi", "this is a label for blood and tissue, not for a pump")
		return
	}
	d.UDI, d.UDIDI = udi.Text(), udi.DI
	agree := func(field string, have *string, scanned string) {
		switch {
		case scanned == "":
		case *have == "":
			*have = scanned
		case Normal(*have) != Normal(scanned):
			bad.WithField(field, "the label says %s", clip(scanned))
		}
	}
	agree("serial", &d.Serial, udi.Serial)
	agree("lot", &d.Lot, udi.Lot)
}

func fillAddresses(d *device.Device, imei, mac string, bad *fault.Fault) {
	var err error
	if strings.TrimSpace(imei) != "" {
		if d.IMEI, err = ParseIMEI(imei); err != nil {
			bad.WithField("imei", "%s", err)
		}
	}
	if strings.TrimSpace(mac) != "" {
		if d.MAC, err = ParseMAC(mac); err != nil {
			bad.WithField("mac", "%s", err)
		}
	}
}

// Limits of texts, in characters.
const (
	maxSerial = 64
	maxTag    = 40
	maxTags   = 20
	maxText   = 120
	maxReason = 500
)

func checkTexts(d device.Device, bad *fault.Fault) {
	for _, f := range []struct {
		name, value string
		most        int
	}{
		{"serial", d.Serial, maxSerial}, {"asset_tag", d.AssetTag, maxSerial}, {"lot", d.Lot, maxSerial},
		{"owner", d.Owner, maxText}, {"custody.which", d.Custody.Which, maxText},
	} {
		checkText(f.name, f.value, f.most, bad)
	}
}

// checkText refuses what cannot be shown on one line: control characters would
// hide what stands behind them, in a list and in a terminal.
func checkText(name, value string, most int, bad *fault.Fault) {
	switch {
	case !utf8.ValidString(value):
		bad.WithField(name, "is not valid text (UTF-8)")
	case utf8.RuneCountInString(value) > most:
		bad.WithField(name, "has more than %d characters", most)
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf) }):
		bad.WithField(name, "holds a character that cannot be shown")
	}
}

// checkTags trims tags, drops doubles and sorts them.
func checkTags(tags []string, bad *fault.Fault) []string {
	var out []string
	for _, t := range tags {
		t = Normal(t)
		if t == "" || strings.Contains(t, ",") {
			bad.WithField("tags", "a tag is a word or two without a comma")
			continue
		}
		checkText("tags", t, maxTag, bad)
		out = append(out, t)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > maxTags {
		bad.WithField("tags", "a device has at most %d tags", maxTags)
	}
	return out
}

func checkWhereabouts(d device.Device, tree Tree, bad *fault.Fault) {
	if d.Place != "" {
		if _, ok := tree.Place(d.Place); !ok {
			bad.WithField("place_id", "there is no such place")
		}
	}
	if !slices.Contains(device.Custodies(), d.Custody.Kind) {
		bad.WithField("custody", "must be one of ward, storage, cleaning, biomed, person, outside")
	}
	if d.Custody.Kind == device.CustodyPerson && strings.TrimSpace(d.Custody.Which) == "" && d.Owner == "" {
		bad.WithField("custody.which", "say which person has it")
	}
	if !slices.Contains(device.Conditions(), d.Condition) {
		bad.WithField("condition", "must be one of ready, in_use, needs_cleaning, in_cleaning, in_maintenance")
	}
}

// sentenceOf returns what may be shown of an error.
func sentenceOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	return err.Error()
}
