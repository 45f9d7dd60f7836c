package inventory

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// DeliveryColumns are the columns that a delivery's CSV may have. It needs model
// and management, and serial or udi.
func DeliveryColumns() []string {
	return []string{"serial", "model", "management", "asset_tag", "owner", "place", "udi", "lot", "imei", "mac", "tags", "stage"}
}

// ImportResult is what came of a delivery's CSV.
type ImportResult struct {
	// DryRun: nothing was to be registered.
	DryRun bool `json:"dry_run"`
	Rows   int  `json:"rows"`
	// Registered is the number of devices that are registered by this file: now, or,
	// when Already is true, when it was sent before.
	Registered int        `json:"registered"`
	Already    bool       `json:"already"`
	Errors     []RowError `json:"errors"`
	// MoreErrors: only the first 500 errors are listed.
	MoreErrors bool `json:"more_errors"`
}

// ImportDelivery pre-registers the devices of a delivery from a CSV file (see
// DeliveryColumns), as expected unless a row says received. A dry run names every
// bad row. Otherwise all rows are registered or none: with any error it returns
// CodeCSV. The same bytes sent again register nothing twice.
func (s *Service) ImportDelivery(ctx context.Context, actor audit.Actor, file io.Reader, dryRun bool) (ImportResult, error) {
	reading, err := s.newDeliveryReading(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	csv, err := readCSV(file, DeliveryColumns(), []string{"model", "management"}, reading.row)
	if err != nil {
		return ImportResult{}, err
	}
	out := ImportResult{DryRun: dryRun, Rows: csv.rows}
	if len(csv.errors) == 0 && !dryRun {
		return s.registerDelivery(ctx, actor, csv, reading)
	}
	if err := s.noteTaken(ctx, csv, reading); err != nil {
		return ImportResult{}, err
	}
	csv.sort()
	out.Errors, out.MoreErrors = csv.errors, csv.more
	if dryRun {
		return out, nil
	}
	return out, csv.fault()
}

// registerDelivery asks for an earlier import of the same file before it looks
// for devices in the way: those would be its own.
func (s *Service) registerDelivery(ctx context.Context, actor audit.Actor, csv *csvFile, reading *deliveryReading) (ImportResult, error) {
	before, err := s.storage.RegisterDelivery(ctx, csv.hash, reading.devices, deliveryEvents(actor, csv.hash, reading.devices))
	if err == nil {
		out := ImportResult{Rows: csv.rows, Registered: len(reading.devices), Already: before > 0}
		if out.Already {
			out.Registered = before
		}
		return out, nil
	}
	if !fault.Has(err, CodeDeviceExists) && !fault.Has(err, CodeAssetTagTaken) {
		return ImportResult{}, err
	}
	if err := s.noteTaken(ctx, csv, reading); err != nil {
		return ImportResult{}, err
	}
	csv.sort()
	if len(csv.errors) == 0 {
		return ImportResult{}, err // whoever was in the way has gone meanwhile: send it again
	}
	return ImportResult{Rows: csv.rows, Errors: csv.errors, MoreErrors: csv.more}, csv.fault()
}

func (s *Service) noteTaken(ctx context.Context, csv *csvFile, reading *deliveryReading) error {
	taken, err := s.storage.Taken(ctx, reading.devices)
	if err != nil {
		return err
	}
	for _, t := range taken {
		d, line := reading.devices[t.Index], reading.lines[t.Index]
		if t.AssetTag {
			csv.fail(line, "asset_tag", "%s is the asset tag of another device already", clip(d.AssetTag))
		} else {
			csv.fail(line, "serial", "%s of this model is registered already", clip(d.Serial))
		}
	}
	return nil
}

func deliveryEvents(actor audit.Actor, hash string, devices []device.Device) []audit.Event {
	events := make([]audit.Event, 0, len(devices)+1)
	subject := "delivery_file:" + hash
	for _, d := range devices {
		events = append(events, audit.Event{Actor: actor, Action: ActionCreated, Device: string(d.ID), Subject: subject, Detail: map[string]any{
			"class": d.Class, "model": d.Model, "serial": d.Serial, "management": d.Management, "stage": d.Stage, "place": d.Place}})
	}
	return append(events, audit.Event{Actor: actor, Action: ActionDelivery, Subject: subject, Detail: map[string]any{"devices": len(devices)}})
}

// deliveryReading turns rows into devices.
type deliveryReading struct {
	newID   func() string
	now     time.Time
	tree    Tree
	places  map[string]device.PlaceID
	models  map[string]device.Model
	devices []device.Device
	lines   []int          // of the device with the same index
	seen    map[string]int // what must be unique in a file -> line
}

func (s *Service) newDeliveryReading(ctx context.Context) (*deliveryReading, error) {
	tree, err := s.Tree(ctx)
	if err != nil {
		return nil, err
	}
	models, err := s.storage.Models(ctx)
	if err != nil {
		return nil, err
	}
	r := &deliveryReading{newID: s.newID, now: s.now(), tree: tree, places: tree.byPath(), models: map[string]device.Model{}, seen: map[string]int{}}
	for _, m := range models {
		r.models[Normal(m.Maker+" "+m.Name)] = m
		r.models[string(m.ID)] = m
	}
	return r, nil
}

func (r *deliveryReading) row(row csvRow) {
	model, ok := r.models[Normal(row.cells["model"])]
	if !ok {
		row.fail("model", "%q is not a known model: write maker and name as in the list of models", clip(row.cells["model"]))
	}
	place, okPlace := r.place(row.cells["place"])
	if !okPlace {
		row.fail("place", "%q is not a known place: write the way to it, such as Main site / House A / Floor 2 / Ward 2B", clip(row.cells["place"]))
	}
	if !ok || !okPlace {
		return
	}
	draft := Draft{
		Model: model.ID, Serial: row.cells["serial"], Management: device.Management(row.cells["management"]),
		AssetTag: row.cells["asset_tag"], Owner: row.cells["owner"], Place: place, UDI: row.cells["udi"], Lot: row.cells["lot"],
		IMEI: row.cells["imei"], MAC: row.cells["mac"], Tags: splitTags(row.cells["tags"]), Stage: device.Stage(row.cells["stage"]),
	}
	if draft.Stage == "" {
		draft.Stage = device.StageExpected
	}
	d, wrong := draft.device(model, r.tree, r.now)
	if wrong != nil {
		for _, f := range wrong.Fields {
			row.fail(f.Name, "%s", f.Detail)
		}
		return
	}
	twice := r.twice(row, "serial", d.Serial, Normal(d.Serial)+"\n"+string(d.Model))
	if d.AssetTag != "" {
		twice = r.twice(row, "asset_tag", d.AssetTag, Normal(d.AssetTag)) || twice
	}
	if !twice {
		d.ID = device.ID(r.newID())
		r.devices, r.lines = append(r.devices, d), append(r.lines, row.line)
	}
}

func (r *deliveryReading) twice(row csvRow, column, shown, key string) bool {
	key = column + "\n" + key
	if line, ok := r.seen[key]; ok {
		row.fail(column, "%s stands in line %d already", clip(shown), line)
		return true
	}
	r.seen[key] = row.line
	return false
}

// place finds a place by identifier or by the way to it, "Main site / House A".
func (r *deliveryReading) place(cell string) (device.PlaceID, bool) {
	if cell == "" {
		return "", true
	}
	if p, ok := r.tree.Place(device.PlaceID(cell)); ok {
		return p.ID, true
	}
	id, ok := r.places[pathKey(strings.Split(cell, "/"))]
	return id, ok
}

func pathKey(names []string) string {
	for i := range names {
		names[i] = Normal(names[i])
	}
	return strings.Join(names, "/")
}

// byPath finds places by the way to them.
func (t Tree) byPath() map[string]device.PlaceID {
	out := make(map[string]device.PlaceID, len(t.byID))
	for id := range t.byID {
		var names []string
		for _, p := range t.Path(id) {
			names = append(names, strings.ReplaceAll(p.Name, "/", " "))
		}
		out[pathKey(names)] = id
	}
	return out
}

func splitTags(cell string) []string {
	var tags []string
	for _, t := range strings.FieldsFunc(cell, func(r rune) bool { return r == '|' || r == ';' || r == ',' }) {
		if t = strings.TrimSpace(t); t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}

// ImportAccessPoints adds or moves access points from a CSV file with the columns
// bssid, name, place. A dry run names every bad row; otherwise all rows are taken
// or none.
func (s *Service) ImportAccessPoints(ctx context.Context, actor audit.Actor, file io.Reader, dryRun bool) (ImportResult, error) {
	reading, err := s.newDeliveryReading(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	var points []device.AccessPoint
	csv, err := readCSV(file, []string{"bssid", "name", "place"}, []string{"bssid", "place"}, func(row csvRow) {
		ap, ok := reading.accessPoint(row)
		if ok {
			points = append(points, ap)
		}
	})
	if err != nil {
		return ImportResult{}, err
	}
	out := ImportResult{DryRun: dryRun, Rows: csv.rows, Errors: csv.errors, MoreErrors: csv.more}
	if dryRun || len(csv.errors) > 0 {
		if dryRun {
			return out, nil
		}
		return out, csv.fault()
	}
	err = s.storage.PutAccessPoints(ctx, points, audit.Event{Actor: actor, Action: ActionAccessPoints,
		Subject: "access_point_file:" + csv.hash, Detail: map[string]any{"access_points": len(points)}})
	if err != nil {
		return ImportResult{}, fmt.Errorf("take in access points: %w", err)
	}
	out.Registered = len(points)
	return out, nil
}

func (r *deliveryReading) accessPoint(row csvRow) (device.AccessPoint, bool) {
	bssid, err := ParseMAC(row.cells["bssid"])
	if err != nil {
		row.fail("bssid", "%s", err)
		return device.AccessPoint{}, false
	}
	place, ok := r.place(row.cells["place"])
	if !ok || place == "" {
		row.fail("place", "%q is not a known place", clip(row.cells["place"]))
		return device.AccessPoint{}, false
	}
	bad := fault.CodeInvalid.New("")
	checkText("name", row.cells["name"], maxText, bad)
	for _, f := range bad.Fields {
		row.fail(f.Name, "%s", f.Detail)
	}
	if len(bad.Fields) > 0 || r.twice(row, "bssid", bssid, bssid) {
		return device.AccessPoint{}, false
	}
	return device.AccessPoint{BSSID: bssid, Name: row.cells["name"], Place: place}, true
}
