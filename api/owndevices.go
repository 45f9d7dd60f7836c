package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
	"wardline/inventory"
)

func (a *API) registerOwnDevices() {
	register(a, operation{id: "list_own_devices", method: http.MethodGet, path: "/self/devices", tag: "self-service",
		summary: "The devices that carry my user name",
		about:   "With a session of POST /auth/lost, or of self-service. On the public listener."}, maySelf(auth.SelfReportLost), a.ownDevices)
	register(a, operation{id: "get_own_device", method: http.MethodGet, path: "/self/devices/{id}", tag: "self-service",
		summary: "What is known of my device, and who looked where it is", about: "On the public listener."}, maySelf(auth.SelfDevices), a.ownDevice)
	a.registerOwnLosses()
}

// OwnDeviceView is one's own device, as far as a password alone shows it.
type OwnDeviceView struct {
	ID          device.ID         `json:"id"`
	Class       device.Class      `json:"class"`
	ClassWords  string            `json:"class_words" speak:"words"`
	Model       string            `json:"model" doc:"Maker and name."`
	Serial      string            `json:"serial"`
	AssetTag    string            `json:"asset_tag"`
	Management  device.Management `json:"management"`
	Reachable   bool              `json:"reachable" doc:"Wardline can lock it. Otherwise it is a record, and nothing more."`
	Expected    bool              `json:"expected" doc:"Somebody of IT has to agree to it first."`
	Lost        bool              `json:"lost" doc:"It is reported lost."`
	LostSince   *time.Time        `json:"lost_since" nullable:"true"`
	Stolen      bool              `json:"stolen"`
	Locked      bool              `json:"locked" doc:"As it last reported."`
	LostMode    bool              `json:"lost_mode" doc:"As it last reported: it shows whom to call."`
	LastSeenAt  *time.Time        `json:"last_seen_at" nullable:"true"`
	LastSeenAge *int64            `json:"last_seen_age_seconds" nullable:"true"`
}

func ownDeviceView(i inventory.Item) OwnDeviceView {
	d := i.Device
	v := OwnDeviceView{ID: d.ID, Class: d.Class, ClassWords: d.Class.Words(), Model: modelName(i.Model), Serial: d.Serial, AssetTag: d.AssetTag,
		Management: d.Management, Reachable: d.Management.CarriesCommands(), Expected: d.Stage == device.StageExpected, Locked: d.Report.Locked, LostMode: d.Report.LostMode,
		LastSeenAt: timeOrNil(d.Report.ReceivedAt), LastSeenAge: secondsOrNil(i.LastSeenAge)}
	if lost, ok := d.HoldOf(device.HoldLost); ok {
		v.Lost, v.Stolen, v.LostSince = true, lost.Stolen, timeOrNil(lost.Since)
	}
	return v
}

func modelName(m device.Model) string {
	if m.Maker == "" {
		return m.Name
	}
	return m.Maker + " " + m.Name
}

// mostOwn is how many devices one person is shown as their own.
const mostOwn = 50

func (a *API) ownDevices(ctx context.Context, _ *struct{}) (*pageOutput[OwnDeviceView], error) {
	p := principalOf(ctx)
	page, err := a.inventory.Find(ctx, inventory.Query{Limit: mostOwn, Filters: inventory.Filters{Owner: p.Username, Current: true}})
	if err != nil {
		return nil, err
	}
	views := []OwnDeviceView{}
	for _, i := range page.Items {
		if isOwn(p, i) {
			views = append(views, ownDeviceView(i))
		}
	}
	return whole(views), nil
}

// isOwn: it carries this person's user name, and is something that people carry.
func isOwn(p auth.Principal, i inventory.Item) bool {
	own := auth.Reach{Parts: []auth.Part{{Owner: p.Username}}}
	return p.Username != "" && own.Covers(targetOf(i)) && isWithin(p, i)
}

// isWithin: it is one's own, or a shared handheld of one's ward.
func isWithin(p auth.Principal, i inventory.Item) bool {
	return i.Device.Class.IsPersonal() && auth.Authorise(p, auth.SelfReportLost, targetOf(i)) == nil
}

// ownByID finds one's own device. Somebody else's is answered as if it did not
// exist.
func (a *API) ownByID(ctx context.Context, id string) (inventory.Item, error) {
	parsed, err := device.ParseID(id)
	if err != nil {
		return inventory.Item{}, errNoDevice()
	}
	item, err := a.inventory.Get(ctx, parsed)
	if fault.Has(err, fault.CodeNotFound) || (err == nil && !isOwn(principalOf(ctx), item)) {
		return inventory.Item{}, errNoDevice()
	}
	return item, err
}

// LookView is one look at where a device is.
type LookView struct {
	At     time.Time `json:"at"`
	By     string    `json:"by" doc:"The user name of who looked."`
	Reason string    `json:"reason"`
	Found  bool      `json:"found" doc:"A place was shown."`
}

// OwnDeviceDetail is what is known of one's own device.
type OwnDeviceDetail struct {
	OwnDeviceView
	Battery    *int       `json:"battery_percent" nullable:"true"`
	Encrypted  *bool      `json:"storage_encrypted" nullable:"true" doc:"Null: it has not said."`
	Passcode   *bool      `json:"passcode_set" nullable:"true" doc:"Null: it has not said."`
	OSVersion  string     `json:"os_version"`
	CannotKnow string     `json:"cannot_know" speak:"words" doc:"What is not known of such a device at all."`
	Looks      []LookView `json:"looks" doc:"Who looked where it is, newest first, up to 50."`
}

// mostLooks is how many looks are shown.
const mostLooks = 50

func (a *API) ownDevice(ctx context.Context, in *DeviceInput) (*output[OwnDeviceDetail], error) {
	item, err := a.ownByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	entries, _, _, err := a.audit.ListAudit(ctx, auditlog.Query{Device: in.ID, Action: string(inventory.ActionLocationSeen), Limit: mostLooks})
	if err != nil {
		return nil, err
	}
	v := OwnDeviceDetail{OwnDeviceView: ownDeviceView(item), Encrypted: item.Device.Report.StorageEncrypted, Passcode: item.Device.Report.PasscodeSet,
		OSVersion: item.Device.Report.OSVersion, CannotKnow: item.CannotKnow}
	if b := item.Device.Report.BatteryPercent; v.LastSeenAt != nil && b >= 0 {
		v.Battery = &b
	}
	for _, e := range entries {
		reason, _ := e.Detail["reason"].(string)
		found, _ := e.Detail["found"].(bool)
		v.Looks = append(v.Looks, LookView{At: e.At.UTC(), By: e.Actor.Name, Reason: reason, Found: found})
	}
	return &output[OwnDeviceDetail]{Body: v}, nil
}
