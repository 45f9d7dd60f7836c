package api

import (
	"context"
	"net/http"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/safety"
)

func (a *API) registerDevices() {
	register(a, operation{id: "list_devices", method: http.MethodGet, path: "/devices", tag: "devices",
		summary: "List devices"}, may(auth.DevicesRead), a.listDevices)
	register(a, operation{id: "get_device", method: http.MethodGet, path: "/devices/{id}", tag: "devices",
		summary: "One device, with what it reported and how old that is"}, may(auth.DevicesRead), a.getDevice)
	register(a, operation{id: "create_device", method: http.MethodPost, path: "/devices", tag: "devices", status: http.StatusCreated,
		summary: "Register a device"}, may(auth.DevicesCreate), a.createDevice)
	register(a, operation{id: "update_device", method: http.MethodPatch, path: "/devices/{id}", tag: "devices",
		summary: "Change what people know of a device",
		about:   "Class and capabilities are not labels: they change only with a new enrollment."}, may(auth.DevicesWrite), a.updateDevice)
	register(a, operation{id: "set_device_condition", method: http.MethodPost, path: "/devices/{id}/condition", tag: "devices",
		summary: "Record where a device is in its round of use and cleaning"}, may(auth.DevicesCondition), a.setCondition)
	register(a, operation{id: "set_device_custody", method: http.MethodPost, path: "/devices/{id}/custody", tag: "devices",
		summary: "Record in whose hands a device is"}, may(auth.DevicesCustody), a.setCustody)
	register(a, operation{id: "get_device_location", method: http.MethodGet, path: "/devices/{id}/location", tag: "devices",
		summary: "Where a device was last heard",
		about:   "Where that is where a person is, the look is recorded with its reason and shown to that person."}, may(auth.DevicesRead), a.getLocation)
	register(a, operation{id: "get_device_timeline", method: http.MethodGet, path: "/devices/{id}/timeline", tag: "devices",
		summary: "Everything that happened to a device, newest first"}, may(auth.DevicesRead), a.getTimeline)
	register(a, operation{id: "list_device_certificates", method: http.MethodGet, path: "/devices/{id}/certificates", tag: "devices",
		summary: "The certificates that a device was given, newest first"}, may(auth.CertificatesRead), a.listCertificates)
	register(a, operation{id: "get_device_inventory", method: http.MethodGet, path: "/devices/{id}/inventory", tag: "devices",
		summary: "What a device says of itself that rarely changes, and what its UDI says"}, may(auth.DevicesRead), a.getInventory)
	register(a, operation{id: "hold_device", method: http.MethodPost, path: "/devices/{id}/holds", tag: "devices",
		summary: "Put a device under a hold: lost, quarantined, recalled, offline by order",
		about:   "The kind lost does what report_lost does, with its default text."}, mayFresh(auth.DevicesReportLost), a.holdDevice)
	register(a, operation{id: "lift_hold", method: http.MethodPost, path: "/devices/{id}/holds/{kind}/lift", tag: "devices",
		summary: "Lift a hold", about: "The kind lost does what report_found does."}, mayFresh(auth.DevicesHold), a.liftHold)
	register(a, operation{id: "release_device", method: http.MethodPost, path: "/devices/{id}/release", tag: "devices",
		summary: "Take back a containment: the network accepts the device again",
		about:   "For whoever may contain it. A wipe that is open stays open: cancel it first where that was meant."}, mayFresh(auth.DevicesRead), a.releaseDevice)
	register(a, operation{id: "record_sanitisation", method: http.MethodPost, path: "/devices/{id}/sanitisation", tag: "devices",
		summary: "Record that a device was sanitised by its model's recipe"}, may(auth.DevicesWrite), a.recordSanitisation)
	register(a, operation{id: "export_devices", method: http.MethodGet, path: "/devices.csv", tag: "devices", timeout: -1,
		summary: "All devices that match, as CSV"}, may(auth.DevicesExport), a.exportDevices)
	register(a, operation{id: "import_devices", method: http.MethodPost, path: "/devices/import", tag: "devices", limit: importLimit,
		timeout: importTimeout, summary: "Register a delivery from CSV: all rows or none",
		about: "dry_run checks the whole file and names every bad row by line, column and reason."}, may(auth.DevicesImport), a.importDevices)
}

// DeviceFilter narrows a list of devices. Several values of one filter, separated
// by commas, are alternatives.
type DeviceFilter struct {
	Q           string               `query:"q" maxLength:"400" doc:"Searched for in serial, asset tag, owner, IMEI and MAC. A scanned UDI (GS1, HIBC) or the address on a label finds the device that it stands on."`
	Sort        string               `query:"sort" maxLength:"40" doc:"last_seen, serial, asset_tag, owner or updated; - before it reverses."`
	Class       []device.Class       `query:"class"`
	Management  []device.Management  `query:"management"`
	Model       []device.ModelID     `query:"model"`
	Place       device.PlaceID       `query:"place_id" doc:"Everything at or below this place."`
	Stage       []device.Stage       `query:"stage"`
	Condition   []device.Condition   `query:"condition"`
	Hold        []device.HoldKind    `query:"hold"`
	Custody     []device.CustodyKind `query:"custody"`
	Tag         []string             `query:"tag"`
	Owner       string               `query:"owner" maxLength:"200" doc:"Exactly this owner, without regard to case."`
	Serial      string               `query:"serial" maxLength:"200" doc:"Exactly this serial, without regard to case."`
	AssetTag    string               `query:"asset_tag" maxLength:"200" doc:"Exactly this asset tag, without regard to case."`
	Therapy     []safety.State       `query:"therapy" doc:"Derived states; unknown includes pumps that cannot report."`
	SilentSince time.Time            `query:"silent_since" doc:"Not heard of since then, where silence means something."`
	CertDays    int                  `query:"certificate_days" minimum:"0" maximum:"3650" default:"0" doc:"The certificate ends within this many days, or has ended; 0: any."`

	CertEnd     []inventory.CertificateEnd `query:"certificate" doc:"When the certificate ends; each device with one is in exactly one group."`
	SilentHours int                        `query:"silent_hours" minimum:"0" maximum:"8760" default:"0" doc:"As silent_since, counted back from now; 0: any."`
	Current     bool                       `query:"current" doc:"Only what is still the hospital's: not decommissioned, returned or written off."`
	NoWard      bool                       `query:"no_ward" doc:"Only what belongs to no ward."`
	Fault       []inventory.Fault          `query:"fault" doc:"Only devices with something wrong that a person has to look at."`

	Configuration      []string                       `query:"configuration" doc:"This configuration is desired of them: its id. Needs the right to read configurations."`
	ConfigurationState []inventory.ConfigurationState `query:"configuration_state" doc:"in_force: they report it; drifting: they report something else or nothing. Without configuration: any that is desired of them."`
}

// readable refuses a filter that would tell what this person may not read.
func (f DeviceFilter) readable(p auth.Principal) error {
	if len(f.Configuration) == 0 && len(f.ConfigurationState) == 0 {
		return nil
	}
	return auth.Authorise(p, auth.ConfigurationsRead, auth.Anywhere)
}

func (f DeviceFilter) query(scope inventory.Scope) inventory.Query {
	q := inventory.Query{Q: f.Q, Sort: f.Sort, Scope: scope, Filters: inventory.Filters{
		Class: f.Class, Management: f.Management, Model: f.Model, Place: f.Place, Stage: f.Stage, Condition: f.Condition,
		Hold: f.Hold, Custody: f.Custody, Tag: f.Tag, Owner: f.Owner, Serial: f.Serial, AssetTag: f.AssetTag, Therapy: f.Therapy, SilentSince: f.SilentSince}}
	q.Filters.CertificateEnd, q.Filters.SilentHours, q.Filters.Current, q.Filters.NoWard, q.Filters.Fault =
		f.CertEnd, f.SilentHours, f.Current, f.NoWard, f.Fault
	q.Filters.Configuration, q.Filters.ConfigurationState = f.Configuration, f.ConfigurationState
	if f.CertDays > 0 {
		q.Filters.CertificateDays = &f.CertDays
	}
	return q
}

type listDevicesInput struct {
	PageInput
	DeviceFilter
}

func (a *API) listDevices(ctx context.Context, in *listDevicesInput) (*pageOutput[DeviceView], error) {
	page, err := a.findDevices(ctx, auth.DevicesRead, in.DeviceFilter, in.PageInput)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[DeviceView]{Body: Page[DeviceView]{NextCursor: page.NextCursor, Total: page.Total}}
	for _, i := range page.Items {
		out.Body.Items = append(out.Body.Items, deviceView(i))
	}
	return out, nil
}

// findDevices reads a page of what this person may do this to.
func (a *API) findDevices(ctx context.Context, permission auth.Permission, f DeviceFilter, page PageInput) (inventory.Page, error) {
	if err := f.readable(principalOf(ctx)); err != nil {
		return inventory.Page{}, err
	}
	reach, _ := auth.ReachOf(principalOf(ctx), permission)
	scope, exact := scopeOf(reach)
	if !exact {
		return a.findShares(ctx, reach, f.query(scope), page)
	}
	q := f.query(scope)
	q.Limit, q.Cursor = page.Limit, page.Cursor
	return a.inventory.Find(ctx, q)
}

// DeviceInput names a device.
type DeviceInput struct {
	ID string `path:"id" maxLength:"64" doc:"Id of the device."`
}

func (a *API) getDevice(ctx context.Context, in *DeviceInput) (*versioned[DeviceView], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	return deviceOutput(item), nil
}

func deviceOutput(i inventory.Item) *versioned[DeviceView] {
	return &versioned[DeviceView]{ETag: etag(i.Device.Version), Body: deviceView(i)}
}

// NewDevice is a device to be registered.
type NewDevice struct {
	Class      device.Class      `json:"class,omitempty" doc:"May be left out: the model's class."`
	Model      device.ModelID    `json:"model" doc:"Id of the model."`
	Serial     string            `json:"serial,omitempty" maxLength:"64" doc:"The maker's serial number; may be left out where the UDI holds it."`
	Management device.Management `json:"management"`
	AssetTag   string            `json:"asset_tag,omitempty" maxLength:"64"`
	Owner      string            `json:"owner,omitempty" maxLength:"120"`
	Place      device.PlaceID    `json:"place_id,omitempty"`
	UDI        string            `json:"udi,omitempty" maxLength:"500" doc:"The barcode as scanned, or its text. It fills serial and lot, and must agree with them."`
	Lot        string            `json:"lot,omitempty" maxLength:"64"`
	IMEI       string            `json:"imei,omitempty" maxLength:"32"`
	MAC        string            `json:"mac,omitempty" maxLength:"32"`
	Tags       []string          `json:"tags,omitempty" maxItems:"20"`
	Stage      device.Stage      `json:"stage,omitempty" enum:"expected,received" doc:"Default: received."`
}

type createDeviceInput struct {
	IdempotentInput
	Body NewDevice
}

func (a *API) createDevice(ctx context.Context, in *createDeviceInput) (*versioned[DeviceView], error) {
	p, b := principalOf(ctx), in.Body
	if err := a.mayPlace(ctx, auth.DevicesCreate, b.Class, b.Model, b.Place, b.Owner); err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		item, err := a.inventory.Create(ctx, p.Actor(), inventory.Draft{Class: b.Class, Model: b.Model, Serial: b.Serial,
			Management: b.Management, AssetTag: b.AssetTag, Owner: b.Owner, Place: b.Place, UDI: b.UDI, Lot: b.Lot,
			IMEI: b.IMEI, MAC: b.MAC, Tags: b.Tags, Stage: b.Stage})
		return "device:" + string(item.Device.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getDevice(ctx, &DeviceInput{ID: id})
}

// mayPlace asks whether somebody limited to sites or classes may make something
// of this class in this place.
func (a *API) mayPlace(ctx context.Context, permission auth.Permission, class device.Class, model device.ModelID, place device.PlaceID, owner string) error {
	if class == "" && model != "" {
		m, err := a.inventory.Model(ctx, model)
		if fault.Has(err, fault.CodeNotFound) {
			return fault.CodeInvalid.New("There is no such model.").WithField("model", "is not known")
		}
		if err != nil {
			return err
		}
		class = m.Class
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return err
	}
	return auth.Authorise(principalOf(ctx), permission,
		auth.Target{Class: class, Model: model, Site: tree.Site(place), Ward: tree.Ward(place), Owner: owner})
}

// DeviceChange changes some fields; one that is left out stays as it is.
type DeviceChange struct {
	AssetTag   *string            `json:"asset_tag,omitempty" maxLength:"64"`
	Owner      *string            `json:"owner,omitempty" maxLength:"120"`
	Place      *device.PlaceID    `json:"place_id,omitempty"`
	UDI        *string            `json:"udi,omitempty" maxLength:"500"`
	Lot        *string            `json:"lot,omitempty" maxLength:"64"`
	IMEI       *string            `json:"imei,omitempty" maxLength:"32"`
	MAC        *string            `json:"mac,omitempty" maxLength:"32"`
	Tags       *[]string          `json:"tags,omitempty" maxItems:"20"`
	Stage      *device.Stage      `json:"stage,omitempty"`
	Management *device.Management `json:"management,omitempty"`
	Class      *device.Class      `json:"class,omitempty" doc:"Refused: a class is fixed by the enrollment."`
	Model      *device.ModelID    `json:"model,omitempty" doc:"Only before the first enrollment, within the class."`
	Reason     string             `json:"reason,omitempty" maxLength:"500"`
}

type updateDeviceInput struct {
	DeviceInput
	MatchInput
	Body DeviceChange
}

func (a *API) updateDevice(ctx context.Context, in *updateDeviceInput) (*versioned[DeviceView], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	b := in.Body
	item, err := a.reachDevice(ctx, in.ID, auth.DevicesWrite)
	if err != nil {
		return nil, err
	}
	if b.Stage != nil {
		if err := mayTouch(principalOf(ctx), retirePermission(item, *b.Stage), targetOf(item)); err != nil {
			return nil, err
		}
	}
	if b.Place != nil {
		// Nobody moves a device out of, or into, a site that is not theirs.
		if err := a.mayPlace(ctx, auth.DevicesWrite, item.Device.Class, item.Device.Model, *b.Place, item.Device.Owner); err != nil {
			return nil, err
		}
	}
	return a.change(ctx, item.Device.ID, version, inventory.Update{AssetTag: b.AssetTag, Owner: b.Owner, Place: b.Place, UDI: b.UDI,
		Lot: b.Lot, IMEI: b.IMEI, MAC: b.MAC, Tags: b.Tags, Stage: b.Stage, Management: b.Management, Class: b.Class,
		Model: b.Model, Reason: b.Reason})
}

// retirePermission: leaving the hospital's hands is another right than filling
// in a form.
func retirePermission(i inventory.Item, to device.Stage) auth.Permission {
	switch {
	case !to.Ended() && to != device.StageDecommissioning:
		return auth.DevicesWrite
	case i.Device.Class.IsPersonal():
		return auth.DevicesRetirePersonal
	}
	return auth.DevicesRetireMedical
}

// change carries out a change of a device once and answers what has become of it.
func (a *API) change(ctx context.Context, id device.ID, version int, u inventory.Update) (*versioned[DeviceView], error) {
	actor := principalOf(ctx).Actor()
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.inventory.Update(ctx, actor, id, version, u)
		return "device:" + string(id), err
	})
	if err != nil {
		return nil, err
	}
	item, err := a.inventory.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return deviceOutput(item), nil
}
