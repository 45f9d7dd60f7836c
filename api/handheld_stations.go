package api

import (
	"context"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

// StationView is a charging station.
type StationView struct {
	ID        auth.StationID `json:"id"`
	Name      string         `json:"name"`
	WardID    device.PlaceID `json:"ward_id"`
	Ward      string         `json:"ward"`
	CreatedAt time.Time      `json:"created_at"`
	CreatedBy string         `json:"created_by"`
	PairedAt  *time.Time     `json:"paired_at" nullable:"true" doc:"Null: no screen is paired."`
	SeenAt    *time.Time     `json:"seen_at" nullable:"true" doc:"When its screen was last heard of, to five minutes."`
}

func stationView(st auth.Station, tree inventory.Tree) StationView {
	v := StationView{ID: st.ID, Name: st.Name, WardID: st.Ward, CreatedAt: st.CreatedAt.UTC(), CreatedBy: st.CreatedBy,
		PairedAt: timeOrNil(st.PairedAt), SeenAt: timeOrNil(st.SeenAt)}
	if path := tree.Path(st.Ward); len(path) > 0 {
		v.Ward = inventory.Names(path)
	}
	return v
}

// PairingView is a station with the code that pairs its screen.
type PairingView struct {
	Station   StationView `json:"station"`
	Code      string      `json:"code"`
	ExpiresAt time.Time   `json:"expires_at"`
	URL       string      `json:"url" doc:"What to open on the screen; empty where the public address is not set."`
}

func (a *API) pairingView(st auth.Station, tree inventory.Tree, code string) *output[PairingView] {
	v := PairingView{Station: stationView(st, tree), Code: code, ExpiresAt: a.now().Add(auth.StationCodeLife).UTC()}
	if a.settings != nil && a.settings().PublicURL != "" {
		v.URL = a.settings().PublicURL + "/self/station"
	}
	return &output[PairingView]{Body: v}
}

func (a *API) listStations(ctx context.Context, _ *PageInput) (*pageOutput[StationView], error) {
	all, err := a.auth.Stations(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	views := []StationView{}
	for _, st := range all {
		if auth.Authorise(principalOf(ctx), auth.HandheldsRead, sharedOf(tree, st.Ward)) == nil {
			views = append(views, stationView(st, tree))
		}
	}
	return whole(views), nil
}

type createStationInput struct {
	Body struct {
		WardID device.PlaceID `json:"ward_id" minLength:"1" maxLength:"64"`
		Name   string         `json:"name" minLength:"1" maxLength:"80" doc:"Such as Charging station 4 West."`
	}
}

func (a *API) createStation(ctx context.Context, in *createStationInput) (*output[PairingView], error) {
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	if ward, known := tree.Place(in.Body.WardID); !known || ward.Kind != device.PlaceWard {
		return nil, fault.CodeInvalid.New("There is no such ward.").WithField("ward_id", "must be a ward")
	}
	st, code, err := a.auth.NewStation(ctx, principalOf(ctx), sharedOf(tree, in.Body.WardID), in.Body.Name)
	if err != nil {
		return nil, err
	}
	return a.pairingView(st, tree, code), nil
}

// StationIDInput names a station.
type StationIDInput struct {
	ID auth.StationID `path:"id" maxLength:"64" doc:"Id of the station."`
}

// reachStation finds a station that the person may manage.
func (a *API) reachStation(ctx context.Context, id auth.StationID) (auth.Station, inventory.Tree, error) {
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return auth.Station{}, tree, err
	}
	st, err := a.auth.Station(ctx, id)
	if err == nil && auth.Authorise(principalOf(ctx), auth.HandheldsManage, sharedOf(tree, st.Ward)) != nil {
		err = fault.CodeNotFound.New("There is no such station.")
	}
	return st, tree, err
}

func (a *API) createStationCode(ctx context.Context, in *StationIDInput) (*output[PairingView], error) {
	st, tree, err := a.reachStation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	code, err := a.auth.NewStationCode(ctx, principalOf(ctx), st.ID)
	if err != nil {
		return nil, err
	}
	return a.pairingView(st, tree, code), nil
}

func (a *API) endStation(ctx context.Context, in *StationIDInput) (*empty, error) {
	st, _, err := a.reachStation(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, a.auth.EndStation(ctx, principalOf(ctx), st.ID)
}
