package api

import (
	"context"
	"net/http"

	"wardline/auth"
	"wardline/device"
	"wardline/inventory"
)

func (a *API) registerPlaces() {
	register(a, operation{id: "list_places", method: http.MethodGet, path: "/places", tag: "places",
		summary: "All places, sites first"}, may(auth.PlacesRead), a.listPlaces)
	register(a, operation{id: "get_place", method: http.MethodGet, path: "/places/{id}", tag: "places",
		summary: "One place"}, may(auth.PlacesRead), a.getPlace)
	register(a, operation{id: "create_place", method: http.MethodPost, path: "/places", tag: "places", status: http.StatusCreated,
		summary: "Add a site, building, floor or ward"}, may(auth.PlacesWrite), a.createPlace)
	register(a, operation{id: "update_place", method: http.MethodPatch, path: "/places/{id}", tag: "places",
		summary: "Change a place", about: "Whether patients are treated there decides what may reach a pump that stands there."}, mayFresh(auth.PlacesWrite), a.updatePlace)
	register(a, operation{id: "delete_place", method: http.MethodDelete, path: "/places/{id}", tag: "places", status: http.StatusNoContent,
		summary: "Remove a place in which nothing stands"}, mayFresh(auth.PlacesWrite), a.deletePlace)
	register(a, operation{id: "list_access_points", method: http.MethodGet, path: "/access-points", tag: "places",
		summary: "Access points by BSSID"}, may(auth.PlacesRead), a.listAccessPoints)
	register(a, operation{id: "put_access_point", method: http.MethodPut, path: "/access-points/{bssid}", tag: "places",
		summary: "Add an access point, or move it"}, may(auth.PlacesWrite), a.putAccessPoint)
	register(a, operation{id: "delete_access_point", method: http.MethodDelete, path: "/access-points/{bssid}", tag: "places",
		status: http.StatusNoContent, summary: "Forget an access point"}, mayFresh(auth.PlacesWrite), a.deleteAccessPoint)
	register(a, operation{id: "import_access_points", method: http.MethodPost, path: "/access-points/import", tag: "places", limit: importLimit,
		timeout: importTimeout, summary: "Add or move access points from CSV: bssid, name, place"}, may(auth.PlacesWrite), a.importAccessPoints)
}

// PlaceView is a place as the API shows it.
type PlaceView struct {
	PlaceBrief
	Parent       device.PlaceID `json:"parent_id" doc:"Empty for a site."`
	CareArea     bool           `json:"care_area" doc:"Patients are treated here: a pump that reports stopped here is on standby at best, never idle."`
	Devices      int            `json:"devices" doc:"How many stand directly in it."`
	AccessPoints int            `json:"access_points"`
	Version      int            `json:"version" doc:"As in the ETag."`
}

func placeView(p inventory.PlaceRecord, tree inventory.Tree) PlaceView {
	v := PlaceView{PlaceBrief: PlaceBrief{ID: p.Place.ID, Kind: p.Place.Kind, Name: p.Place.Name, Words: p.Place.Name},
		Parent: p.Place.Parent, CareArea: p.Place.CareArea, Devices: p.Devices, AccessPoints: p.AccessPoints, Version: p.Version}
	if path := tree.Path(p.Place.ID); len(path) > 0 {
		v.Words = inventory.Names(path)
	}
	return v
}

func (a *API) listPlaces(ctx context.Context, _ *PageInput) (*pageOutput[PlaceView], error) {
	places, err := a.inventory.Places(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	views := make([]PlaceView, len(places))
	for i, p := range places {
		views[i] = placeView(p, tree)
	}
	return whole(views), nil
}

// PlaceInput names a place.
type PlaceInput struct {
	ID device.PlaceID `path:"id" maxLength:"64" doc:"Id of the place."`
}

func (a *API) getPlace(ctx context.Context, in *PlaceInput) (*versioned[PlaceView], error) {
	p, err := a.inventory.Place(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return &versioned[PlaceView]{ETag: etag(p.Version), Body: placeView(p, tree)}, nil
}

// mayBuild: somebody limited to sites changes nothing outside of them, and makes
// no site.
func (a *API) mayBuild(ctx context.Context, ids ...device.PlaceID) error {
	p := principalOf(ctx)
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		reach, _ := auth.ReachOf(p, auth.PlacesWrite)
		for i := range reach.Limits {
			reach.Limits[i].Classes = nil // a place has no class
		}
		if !reach.Covers(auth.Target{Site: tree.Site(id), Ward: tree.Ward(id)}) {
			return codeOtherSite.New("Your account does not hold for this site.")
		}
	}
	return nil
}

type createPlaceInput struct {
	IdempotentInput
	Body struct {
		Kind     device.PlaceKind `json:"kind"`
		Parent   device.PlaceID   `json:"parent_id,omitempty" maxLength:"64" doc:"Left out for a site."`
		Name     string           `json:"name" minLength:"1" maxLength:"120"`
		CareArea bool             `json:"care_area,omitempty"`
	}
}

func (a *API) createPlace(ctx context.Context, in *createPlaceInput) (*versioned[PlaceView], error) {
	b := in.Body
	if err := a.mayBuild(ctx, b.Parent); err != nil {
		return nil, err
	}
	id, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		p, err := a.inventory.CreatePlace(ctx, principalOf(ctx).Actor(), device.Place{Parent: b.Parent, Kind: b.Kind, Name: b.Name, CareArea: b.CareArea})
		return "place:" + string(p.Place.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getPlace(ctx, &PlaceInput{ID: device.PlaceID(id)})
}

type updatePlaceInput struct {
	PlaceInput
	MatchInput
	Body struct {
		Name     *string         `json:"name,omitempty" maxLength:"120"`
		Parent   *device.PlaceID `json:"parent_id,omitempty" maxLength:"64"`
		CareArea *bool           `json:"care_area,omitempty"`
	}
}

func (a *API) updatePlace(ctx context.Context, in *updatePlaceInput) (*versioned[PlaceView], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	before, err := a.inventory.Place(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	p := before.Place
	if in.Body.Name != nil {
		p.Name = *in.Body.Name
	}
	if in.Body.Parent != nil {
		p.Parent = *in.Body.Parent
	}
	if in.Body.CareArea != nil {
		p.CareArea = *in.Body.CareArea
	}
	touched := []device.PlaceID{p.ID}
	if p.Parent != "" {
		touched = append(touched, p.Parent)
	}
	if err := a.mayBuild(ctx, touched...); err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		_, err := a.inventory.UpdatePlace(ctx, principalOf(ctx).Actor(), version, p)
		return "place:" + string(p.ID), err
	})
	if err != nil {
		return nil, err
	}
	return a.getPlace(ctx, &in.PlaceInput)
}

type deletePlaceInput struct {
	PlaceInput
	MatchInput
}

func (a *API) deletePlace(ctx context.Context, in *deletePlaceInput) (*empty, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	if err := a.mayBuild(ctx, in.ID); err != nil {
		return nil, err
	}
	_, err = a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "place:" + string(in.ID), a.inventory.DeletePlace(ctx, principalOf(ctx).Actor(), version, in.ID)
	})
	return nil, err
}

// AccessPointView is an access point.
type AccessPointView struct {
	BSSID string      `json:"bssid"`
	Name  string      `json:"name"`
	Place *PlaceBrief `json:"place,omitempty"`
}

type listAccessPointsInput struct {
	PageInput
	Place device.PlaceID `query:"place_id" maxLength:"64"`
}

func (a *API) listAccessPoints(ctx context.Context, in *listAccessPointsInput) (*pageOutput[AccessPointView], error) {
	points, err := a.inventory.AccessPoints(ctx, in.Place, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	places, err := a.inventory.Places(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[AccessPointView]{}
	for _, p := range places {
		if in.Place == "" || p.Place.ID == in.Place {
			out.Body.Total += p.AccessPoints
		}
	}
	for _, ap := range points {
		out.Body.Items = append(out.Body.Items, AccessPointView{BSSID: ap.BSSID, Name: ap.Name, Place: placeBrief(tree.Path(ap.Place))})
	}
	if len(points) == in.Limit {
		out.Body.NextCursor = points[len(points)-1].BSSID
	}
	return out, nil
}

// AccessPointInput names an access point.
type AccessPointInput struct {
	BSSID string `path:"bssid" maxLength:"32"`
}

type putAccessPointInput struct {
	AccessPointInput
	IdempotentInput
	Body struct {
		Name  string         `json:"name,omitempty" maxLength:"120"`
		Place device.PlaceID `json:"place_id" maxLength:"64"`
	}
}

func (a *API) putAccessPoint(ctx context.Context, in *putAccessPointInput) (*output[AccessPointView], error) {
	if err := a.mayBuild(ctx, in.Body.Place); err != nil {
		return nil, err
	}
	ap := device.AccessPoint{BSSID: in.BSSID, Name: in.Body.Name, Place: in.Body.Place}
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "access_point:" + in.BSSID, a.inventory.PutAccessPoint(ctx, principalOf(ctx).Actor(), ap)
	})
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	return &output[AccessPointView]{Body: AccessPointView{BSSID: ap.BSSID, Name: ap.Name, Place: placeBrief(tree.Path(ap.Place))}}, nil
}

type deleteAccessPointInput struct {
	AccessPointInput
	IdempotentInput
}

func (a *API) deleteAccessPoint(ctx context.Context, in *deleteAccessPointInput) (*empty, error) {
	_, err := a.carryOut(ctx, func(ctx context.Context) (string, error) {
		return "access_point:" + in.BSSID, a.inventory.DeleteAccessPoint(ctx, principalOf(ctx).Actor(), in.BSSID)
	})
	return nil, err
}
