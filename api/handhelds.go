package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/inventory"
	"wardline/shift"
)

// Shared handhelds as the console sees them.

func (a *API) registerHandhelds() {
	const tag = "shared handhelds"
	register(a, operation{id: "list_shared_handhelds", method: http.MethodGet, path: "/shared-handhelds", tag: tag,
		summary: "Who has which shared handheld, since when"}, may(auth.HandheldsRead), a.listHandhelds)
	register(a, operation{id: "get_shared_handheld", method: http.MethodGet, path: "/shared-handhelds/{id}", tag: tag,
		summary: "Who has a shared handheld, and who had it in the last 30 days"}, may(auth.HandheldsRead), a.getHandheld)
	register(a, operation{id: "return_shared_handheld", method: http.MethodPost, path: "/shared-handhelds/{id}/return", tag: tag,
		summary: "Bring a shared handheld back for whoever has it", about: "What was locked because it stayed away is free again."},
		mayFresh(auth.HandheldsServe), a.returnHandheld)
	register(a, operation{id: "put_badge", method: http.MethodPut, path: "/badges", tag: tag,
		summary: "Put a badge on an account, or take it off",
		about:   "The number that the scanner types. Only a keyed hash is kept; it opens no session."}, mayFresh(auth.HandheldsServe), a.putBadge)
	register(a, operation{id: "get_handheld_settings", method: http.MethodGet, path: "/settings/shared-handhelds", tag: tag,
		summary: "How long somebody may have a shared handheld, and what happens then"}, may(auth.HandheldsRead), a.handheldSettings)
	register(a, operation{id: "put_handheld_settings", method: http.MethodPut, path: "/settings/shared-handhelds", tag: tag,
		summary: "Change them", about: "How long somebody may have one holds for what is taken from then on, the rest at once. What is asked of handhelds " +
			"counts for the limits as everything else."}, mayFresh(auth.HandheldsManage), a.putHandheldSettings)
	register(a, operation{id: "list_stations", method: http.MethodGet, path: "/stations", tag: tag,
		summary: "The charging stations"}, may(auth.HandheldsRead), a.listStations)
	register(a, operation{id: "create_station", method: http.MethodPost, path: "/stations", tag: tag, status: http.StatusCreated,
		summary: "Add a charging station of a ward", about: "The code pairs its screen, once, within an hour. It is shown this once."},
		mayFresh(auth.HandheldsManage), a.createStation)
	register(a, operation{id: "create_station_code", method: http.MethodPost, path: "/stations/{id}/codes", tag: tag, status: http.StatusCreated,
		summary: "Make another code for a station", about: "The screen that is paired stays so until another one is."}, mayFresh(auth.HandheldsManage), a.createStationCode)
	register(a, operation{id: "end_station", method: http.MethodDelete, path: "/stations/{id}", tag: tag, status: http.StatusNoContent,
		summary: "End a station: its screen shows nothing any more"}, mayFresh(auth.HandheldsManage), a.endStation)
}

// UseView is the time that somebody has, or had, a shared handheld.
type UseView struct {
	Username   string       `json:"username"`
	Name       string       `json:"name"`
	Via        string       `json:"via" doc:"Where it was taken."`
	TakenAt    time.Time    `json:"taken_at"`
	DueAt      time.Time    `json:"due_at"`
	EndedAt    *time.Time   `json:"ended_at" nullable:"true" doc:"Null: they have it."`
	Ending     shift.Ending `json:"ending" enum:",returned,handed_over"`
	RemindedAt *time.Time   `json:"reminded_at" nullable:"true"`
	LockedAt   *time.Time   `json:"locked_at" doc:"When its lock was asked because it stayed away." nullable:"true"`
	ReleasedAt *time.Time   `json:"released_at" doc:"When that was taken back." nullable:"true"`
	ClearedAt  *time.Time   `json:"cleared_at" doc:"When the removal of the person's work data was confirmed." nullable:"true"`
	DisputedAt *time.Time   `json:"disputed_at" doc:"When they said that they do not have it." nullable:"true"`
	Note       string       `json:"note" speak:"sentence" doc:"What could not be done, and why."`
}

func useView(u shift.Use) *UseView {
	return &UseView{Username: u.Holder.Username, Name: nameOf(u.Holder), Via: u.Via, TakenAt: u.TakenAt.UTC(), DueAt: u.DueAt.UTC(),
		EndedAt: timeOrNil(u.EndedAt), Ending: u.Ending, RemindedAt: timeOrNil(u.RemindedAt), LockedAt: timeOrNil(u.LockedAt),
		ReleasedAt: timeOrNil(u.ReleasedAt), ClearedAt: timeOrNil(u.ClearedAt), DisputedAt: timeOrNil(u.DisputedAt), Note: u.Note}
}

// SharedHandheldView is a shared handheld with who has it.
type SharedHandheldView struct {
	ID       device.ID     `json:"id"`
	Label    string        `json:"label"`
	Serial   string        `json:"serial"`
	Model    string        `json:"model"`
	Ward     string        `json:"ward" doc:"Its ward; empty: it has none, and cannot be taken."`
	State    HandheldState `json:"state" enum:"free,out,overdue,clearing,lost,out_of_use"`
	Locked   bool          `json:"locked" doc:"It says that it is locked, and that was asked because it stayed away."`
	LastSeen *time.Time    `json:"last_seen_at" nullable:"true"`
	Use      *UseView      `json:"use,omitempty" doc:"The present one, or the last one while something of it is not done."`
}

func (a *API) sharedHandheldView(i inventory.Item, u shift.Use) SharedHandheldView {
	short := a.handheldView(i, u, "")
	v := SharedHandheldView{ID: i.Device.ID, Label: short.Label, Serial: i.Device.Serial, Model: short.Model, Ward: wardName(i),
		State: short.State, Locked: short.Locked, LastSeen: timeOrNil(i.Device.Report.ReceivedAt)}
	if u.ID != "" {
		v.Use = useView(u)
	}
	return v
}

type listHandheldsInput struct {
	PageInput
	Place   device.PlaceID `query:"place_id" maxLength:"64" doc:"A ward, or anything above it."`
	Overdue bool           `query:"overdue" doc:"Only what should be back, the longest first; without a cursor."`
}

// mostOverdue is how many overdue handhelds are listed.
const mostOverdue = 200

func (a *API) listHandhelds(ctx context.Context, in *listHandheldsInput) (*pageOutput[SharedHandheldView], error) {
	uses, err := a.shifts.Uses(ctx, shift.Query{Now: true, Limit: 100_000})
	if err != nil {
		return nil, err
	}
	if in.Overdue {
		return a.overdueHandhelds(ctx, uses, in.Place)
	}
	open := usesByDevice(uses)
	page, err := a.findDevices(ctx, auth.HandheldsRead, DeviceFilter{Class: []device.Class{device.ClassHandheldShared}, Place: in.Place, Current: true}, in.PageInput)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[SharedHandheldView]{Body: Page[SharedHandheldView]{NextCursor: page.NextCursor, Total: page.Total}}
	for _, i := range page.Items {
		out.Body.Items = append(out.Body.Items, a.sharedHandheldView(i, open[i.Device.ID]))
	}
	return out, nil
}

func (a *API) overdueHandhelds(ctx context.Context, uses []shift.Use, place device.PlaceID) (*pageOutput[SharedHandheldView], error) {
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	p := principalOf(ctx)
	uses = slices.DeleteFunc(uses, func(u shift.Use) bool {
		below := slices.ContainsFunc(tree.Path(u.Ward), func(p device.Place) bool { return p.ID == place })
		return !u.Overdue(a.now()) || (place != "" && !below) || auth.Authorise(p, auth.HandheldsRead, sharedOf(tree, u.Ward)) != nil
	})
	slices.SortFunc(uses, func(a, b shift.Use) int { return a.DueAt.Compare(b.DueAt) })
	out := &pageOutput[SharedHandheldView]{Body: Page[SharedHandheldView]{Total: len(uses)}}
	for _, u := range uses[:min(len(uses), mostOverdue)] {
		item, err := a.inventory.Get(ctx, u.Device)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, a.sharedHandheldView(item, u))
	}
	return out, nil
}

// SharedHandheldDetail is a shared handheld with who had it.
type SharedHandheldDetail struct {
	SharedHandheldView
	Uses []UseView `json:"uses" doc:"Newest first, up to 50."`
}

// mostUses is how many uses of one handheld are shown.
const mostUses = 50

func (a *API) getHandheld(ctx context.Context, in *DeviceInput) (*output[SharedHandheldDetail], error) {
	return a.showHandheld(ctx, in.ID, auth.HandheldsRead)
}

func (a *API) showHandheld(ctx context.Context, id string, permission auth.Permission) (*output[SharedHandheldDetail], error) {
	item, err := a.reachDevice(ctx, id, permission)
	if err != nil {
		return nil, err
	}
	if item.Device.Class != device.ClassHandheldShared {
		return nil, errNoDevice()
	}
	uses, err := a.shifts.Uses(ctx, shift.Query{Device: item.Device.ID, Limit: mostUses})
	if err != nil {
		return nil, err
	}
	now := slices.DeleteFunc(slices.Clone(uses), func(u shift.Use) bool { return !u.Open() && u.NextAt.IsZero() })
	out := SharedHandheldDetail{SharedHandheldView: a.sharedHandheldView(item, usesByDevice(now)[item.Device.ID])}
	for _, u := range uses {
		out.Uses = append(out.Uses, *useView(u))
	}
	return &output[SharedHandheldDetail]{Body: out}, nil
}

type returnHandheldInput struct {
	DeviceInput
	IdempotentInput
}

func (a *API) returnHandheld(ctx context.Context, in *returnHandheldInput) (*output[SharedHandheldDetail], error) {
	item, err := a.reachDevice(ctx, in.ID, auth.HandheldsServe)
	if err != nil {
		return nil, err
	}
	if _, err := a.shifts.Return(ctx, shift.Returning{Device: item.Device.ID, Actor: principalOf(ctx).Actor(), Via: "console", WardName: wardName(item)}); err != nil {
		return nil, err
	}
	return a.showHandheld(ctx, in.ID, auth.HandheldsServe)
}

type badgeInput struct {
	IdempotentInput
	Body struct {
		Username string `json:"username" minLength:"1" maxLength:"200"`
		Badge    string `json:"badge" maxLength:"64" doc:"As the scanner types it; empty takes it off."`
	}
}

// BadgeView says whether somebody has a badge.
type BadgeView struct {
	Username string `json:"username"`
	HasBadge bool   `json:"has_badge"`
}

func (a *API) putBadge(ctx context.Context, in *badgeInput) (*output[BadgeView], error) {
	if err := a.auth.SetBadge(ctx, principalOf(ctx), in.Body.Username, in.Body.Badge); err != nil {
		return nil, err
	}
	return &output[BadgeView]{Body: BadgeView{Username: in.Body.Username, HasBadge: in.Body.Badge != ""}}, nil
}

// HandheldSettings are what the hospital says about its shared handhelds.
type HandheldSettings struct {
	ShiftMinutes  int  `json:"shift_minutes" minimum:"1" maximum:"100000" doc:"How long somebody may have one."`
	RemindMinutes int  `json:"remind_minutes" minimum:"0" maximum:"100000" doc:"How long after that it asks for itself on its screen."`
	GraceMinutes  int  `json:"grace_minutes" minimum:"0" maximum:"100000" doc:"How long after it is due it is locked and put into lost mode; 0: never."`
	Clear         bool `json:"clear" doc:"Ask for the removal of work data after each use, where the model can."`
}

// HandheldSettingsView are the settings, and who made them.
type HandheldSettingsView struct {
	HandheldSettings
	UpdatedAt *time.Time `json:"updated_at" nullable:"true"`
	UpdatedBy string     `json:"updated_by"`
	MayChange bool       `json:"may_change"`
}

func (a *API) settingsView(ctx context.Context, set shift.Settings) *output[HandheldSettingsView] {
	minutes := func(d time.Duration) int { return int(d / time.Minute) }
	return &output[HandheldSettingsView]{Body: HandheldSettingsView{UpdatedAt: timeOrNil(set.UpdatedAt), UpdatedBy: set.UpdatedBy,
		MayChange: auth.Can(principalOf(ctx), auth.HandheldsManage), HandheldSettings: HandheldSettings{ShiftMinutes: minutes(set.Shift),
			RemindMinutes: minutes(set.Remind), GraceMinutes: minutes(set.Grace), Clear: set.Clear}}}
}

func (a *API) handheldSettings(ctx context.Context, _ *struct{}) (*output[HandheldSettingsView], error) {
	set, err := a.shifts.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return a.settingsView(ctx, set), nil
}

type handheldSettingsInput struct {
	IdempotentInput
	Body HandheldSettings
}

func (a *API) putHandheldSettings(ctx context.Context, in *handheldSettingsInput) (*output[HandheldSettingsView], error) {
	p := principalOf(ctx)
	// They hold for the whole hospital.
	if reach, _ := auth.ReachOf(p, auth.HandheldsManage); !reach.Unlimited() {
		return nil, auth.Authorise(p, auth.HandheldsManage, auth.Target{})
	}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	set, err := a.shifts.ChangeSettings(ctx, p.Actor(), shift.Settings{Shift: minutes(in.Body.ShiftMinutes), Remind: minutes(in.Body.RemindMinutes),
		Grace: minutes(in.Body.GraceMinutes), Clear: in.Body.Clear})
	if err != nil {
		return nil, err
	}
	return a.settingsView(ctx, set), nil
}
