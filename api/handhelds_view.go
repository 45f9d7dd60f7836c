package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/shift"
)

// HandheldState says whether a shared handheld can be taken.
type HandheldState string

// The states.
const (
	HandheldFree     HandheldState = "free"
	HandheldOut      HandheldState = "out"
	HandheldOverdue  HandheldState = "overdue"
	HandheldClearing HandheldState = "clearing" // the last person's work data is being removed
	HandheldLost     HandheldState = "lost"
	HandheldUnusable HandheldState = "out_of_use"
)

// HandheldView is a shared handheld as its ward sees it: what is on it and where it
// is stands elsewhere.
type HandheldView struct {
	Label     string        `json:"label" doc:"What stands on it."`
	Model     string        `json:"model"`
	State     HandheldState `json:"state" enum:"free,out,overdue,clearing,lost,out_of_use"`
	Holder    string        `json:"holder" doc:"Who has it; empty for nobody."`
	Mine      bool          `json:"mine" doc:"I have it."`
	Since     *time.Time    `json:"since" nullable:"true"`
	DueAt     *time.Time    `json:"due_at" nullable:"true"`
	Locked    bool          `json:"locked" doc:"It says that it is locked, and that was asked because it stayed away."`
	Battery   *int          `json:"battery_percent" nullable:"true" doc:"As it last reported, of what nobody has; null: not known, or longer ago than an hour."`
	Charging  bool          `json:"charging" doc:"As it last reported, of what nobody has."`
	Reachable bool          `json:"reachable" doc:"Wardline can lock it; otherwise it is only on record who has it."`
}

// usesByDevice has the open use of each handheld, or what is not done with of the
// last one.
func usesByDevice(uses []shift.Use) map[device.ID]shift.Use {
	out := make(map[device.ID]shift.Use, len(uses))
	for _, u := range uses {
		if known, ok := out[u.Device]; !ok || (!known.Open() && u.Open()) {
			out[u.Device] = u
		}
	}
	return out
}

// batteryWithin is how old a battery may be to be shown as what it is.
const batteryWithin = time.Hour

func (a *API) handheldView(i inventory.Item, u shift.Use, me auth.AccountID) HandheldView {
	d := i.Device
	v := HandheldView{Label: labelOf(d), Model: modelName(i.Model), State: HandheldFree, Reachable: d.Management.CarriesCommands()}
	if u.Open() && u.ID != "" {
		v.State, v.Holder, v.Since, v.DueAt = HandheldOut, nameOf(u.Holder), timeOrNil(u.TakenAt), timeOrNil(u.DueAt)
		v.Mine = me != "" && u.Holder.Account == string(me)
		if u.Overdue(a.now()) {
			v.State = HandheldOverdue
		}
	} else {
		if u.Clearing() {
			v.State = HandheldClearing
		}
		if b := d.Report.BatteryPercent; b >= 0 && i.LastSeenAge >= 0 && i.LastSeenAge < batteryWithin {
			v.Battery, v.Charging = &b, d.Report.Charging
		}
	}
	v.Locked = u.LockedByRule() && (d.Report.Locked || d.Report.LostMode)
	switch {
	case d.HasHold(device.HoldLost):
		v.State = HandheldLost
	case len(d.Holds) > 0 || d.Condition == device.ConditionInMaintenance:
		v.State = HandheldUnusable
	}
	return v
}

func nameOf(h shift.Holder) string {
	if h.Name != "" {
		return h.Name
	}
	return h.Username
}

// labelOf is what stands on a device.
func labelOf(d device.Device) string {
	if d.AssetTag != "" {
		return d.AssetTag
	}
	return d.Serial
}

// mostOfWard is how many shared handhelds of one ward are shown.
const mostOfWard = 200

// wardHandhelds reads the shared handhelds of a ward, by label.
func (a *API) wardHandhelds(ctx context.Context, ward device.PlaceID) ([]inventory.Item, error) {
	page, err := a.inventory.Find(ctx, inventory.Query{Limit: mostOfWard,
		Filters: inventory.Filters{Place: ward, Class: []device.Class{device.ClassHandheldShared}, Current: true}})
	slices.SortFunc(page.Items, func(a, b inventory.Item) int { return cmp.Compare(labelOf(a.Device), labelOf(b.Device)) })
	return page.Items, err
}

func (a *API) wardBoard(ctx context.Context, ward device.PlaceID, me auth.AccountID) ([]HandheldView, error) {
	items, err := a.wardHandhelds(ctx, ward)
	if err != nil {
		return nil, err
	}
	uses, err := a.shifts.Uses(ctx, shift.Query{Wards: []device.PlaceID{ward}, Now: true})
	if err != nil {
		return nil, err
	}
	open := usesByDevice(uses)
	views := make([]HandheldView, len(items))
	for n, i := range items {
		views[n] = a.handheldView(i, open[i.Device.ID], me)
	}
	return views, nil
}

// handheldByLabel finds a shared handheld by what stands on it, where holds says
// that it may be found there.
func (a *API) handheldByLabel(ctx context.Context, label string, holds func(inventory.Item) bool) (inventory.Item, error) {
	i, err := a.byLabel(ctx, label, func(i inventory.Item) bool { return i.Device.Class == device.ClassHandheldShared && holds(i) })
	if fault.Has(err, fault.CodeNotFound) {
		err = fault.CodeNotFound.New("No shared handheld of your ward has this label.")
	}
	return i, err
}
