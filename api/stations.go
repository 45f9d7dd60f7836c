package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"wardline/auth"
	"wardline/internal/fault"
	"wardline/inventory"
	"wardline/shift"
)

// The screen of a charging station: it shows the board of its ward, and what is
// scanned there becomes somebody's handheld or comes back. Its cookie is good for
// that and for nothing else; nobody is signed in.

func (a *API) registerStations() {
	register(a, operation{id: "pair_station", method: http.MethodPost, path: "/self/station/pair", tag: "self-service",
		summary: "Make this screen the one of a charging station",
		about:   "With the code of create_station. The cookie that comes back is good for the board of one ward. On the public listener."}, anyoneOutside, a.pairStation)
	register(a, operation{id: "get_station_board", method: http.MethodGet, path: "/self/station", tag: "self-service",
		summary: "The board of a charging station: who has which handheld, what is free, what is overdue",
		about:   "With the cookie of pair_station. On the public listener."}, anyoneOutside, a.stationBoard)
	register(a, operation{id: "scan_at_station", method: http.MethodPost, path: "/self/station/scans", tag: "self-service",
		summary: "What was scanned at a charging station: a badge, a code, or the label of a handheld",
		about: "A badge and a label, in either order, take a handheld, also from whoever has it; a label alone brings it back; " +
			"what is locked because it stayed away takes the label and then a badge. With the cookie " +
			"of pair_station. On the public listener."}, anyoneOutside, a.scanAtStation)
}

const (
	stationCookie     = "wardline_station"
	stationCookiePath = selfCookiePath + "/station"
)

type pairStationInput struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"16"`
	}
}

// BoardView is what the screen of a charging station shows.
type BoardView struct {
	Station    string         `json:"station"`
	Ward       string         `json:"ward"`
	Items      []HandheldView `json:"items"`
	HelpPhone  string         `json:"help_phone"`
	ServerTime time.Time      `json:"server_time"`
}

type boardOutput struct {
	SetCookie []string `header:"Set-Cookie"`
	Body      BoardView
}

func (a *API) pairStation(ctx context.Context, in *pairStationInput) (*boardOutput, error) {
	st, secret, err := a.auth.PairStation(ctx, clientOf(ctx).remote, in.Body.Code)
	if err != nil {
		return nil, err
	}
	board, err := a.boardOf(ctx, st)
	if err != nil {
		return nil, err
	}
	return &boardOutput{Body: board, SetCookie: []string{cookie(stationCookie, secret, stationCookiePath, auth.StationLife)}}, nil
}

// StationInput is what a paired screen shows.
type StationInput struct {
	Secret string `cookie:"wardline_station"`
}

func (a *API) stationBoard(ctx context.Context, in *StationInput) (*output[BoardView], error) {
	st, err := a.auth.StationOf(ctx, in.Secret)
	if err != nil {
		return nil, err
	}
	board, err := a.boardOf(ctx, st)
	return &output[BoardView]{Body: board}, err
}

func (a *API) boardOf(ctx context.Context, st auth.Station) (BoardView, error) {
	items, err := a.wardBoard(ctx, st.Ward, "")
	if err != nil {
		return BoardView{}, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return BoardView{}, err
	}
	ward, _ := tree.Place(st.Ward)
	v := BoardView{Station: st.Name, Ward: ward.Name, Items: items, ServerTime: a.now().UTC()}
	if a.settings != nil {
		v.HelpPhone = a.settings().HelpPhone
	}
	return v, nil
}

type scanInput struct {
	StationInput
	Body struct {
		Scan string `json:"scan" minLength:"1" maxLength:"300" doc:"A badge's number, a code, or a label."`
		With string `json:"with,omitempty" maxLength:"300" doc:"What was scanned before and is waiting for its other half."`
	}
}

// ScanResult says what a scan came to.
type ScanResult string

// The results.
const (
	ScanPerson     ScanResult = "person"      // now the label
	ScanFree       ScanResult = "free"        // now the badge
	ScanTaken      ScanResult = "taken"       //
	ScanHandedOver ScanResult = "handed_over" // taken from somebody
	ScanAgain      ScanResult = "again"       // they had it already
	ScanReturned   ScanResult = "returned"
	ScanLocked     ScanResult = "locked" // now a badge, to bring it back
)

// ScanView is what a scan came to.
type ScanView struct {
	Result   ScanResult    `json:"result" enum:"person,free,taken,handed_over,again,returned,locked"`
	Name     string        `json:"name" doc:"Whose badge it was, or who had it."`
	From     string        `json:"from" doc:"Who had it before."`
	Handheld *HandheldView `json:"handheld,omitempty"`
}

var codeUnknownScan = fault.Define(fault.Refused, "scan_unknown",
	"Scan it again. A handheld of another ward goes to its own charging station; a badge that is new is put on an account by the help desk.")

// scanned is one half of what belongs together.
type scanned struct {
	person *auth.Known
	item   *inventory.Item
	// labelFirst: the handheld, and then the badge.
	labelFirst bool
}

func (a *API) scanAtStation(ctx context.Context, in *scanInput) (*output[ScanView], error) {
	st, err := a.auth.StationOf(ctx, in.Secret)
	if err != nil {
		return nil, err
	}
	if err := a.auth.MayScan(ctx, st); err != nil {
		return nil, err
	}
	now, err := a.resolve(ctx, st, in.Body.Scan)
	if err != nil {
		return nil, err
	}
	if in.Body.With != "" {
		before, err := a.resolve(ctx, st, in.Body.With)
		if err != nil {
			return nil, err
		}
		if now.person == nil {
			now.person = before.person
		} else if now.item == nil {
			now.item, now.labelFirst = before.item, before.item != nil
		}
	}
	view, err := a.actOn(ctx, st, now)
	if err != nil {
		return nil, err
	}
	return &output[ScanView]{Body: view}, nil
}

// resolve finds what a scan means at this station. What means nothing here is
// counted, and answered alike, whatever it may mean elsewhere.
func (a *API) resolve(ctx context.Context, st auth.Station, scan string) (scanned, error) {
	item, err := a.handheldByLabel(ctx, scan, func(i inventory.Item) bool { return i.Ward() == st.Ward })
	if err == nil {
		return scanned{item: &item}, nil
	}
	if !fault.Has(err, fault.CodeNotFound) {
		return scanned{}, err
	}
	known, err := a.auth.KnownAt(ctx, st, scan)
	if err == nil {
		tree, err := a.inventory.Tree(ctx)
		if err != nil {
			return scanned{}, err
		}
		if auth.Authorise(known.Principal, auth.SelfHandhelds, sharedOf(tree, st.Ward)) == nil {
			return scanned{person: &known}, nil
		}
	} else if _, refused := fault.As(err); !refused {
		return scanned{}, err
	}
	if err := a.auth.CountScan(ctx, st); err != nil {
		return scanned{}, err
	}
	return scanned{}, codeUnknownScan.New("This is neither a badge of somebody of this ward nor the label of one of its handhelds.")
}

// atOnce is how soon after it was taken the same two scans are the same act, and
// not a return.
const atOnce = time.Minute

func (a *API) actOn(ctx context.Context, st auth.Station, s scanned) (ScanView, error) {
	if s.item == nil {
		return ScanView{Result: ScanPerson, Name: personName(s.person.Principal)}, nil
	}
	uses, err := a.shifts.Uses(ctx, shift.Query{Device: s.item.Device.ID, Now: true})
	if err != nil {
		return ScanView{}, err
	}
	u := usesByDevice(uses)[s.item.Device.ID]
	out := u.ID != "" && u.Open()
	mine := out && s.person != nil && u.Holder.Account == string(s.person.Account)
	locked := out && u.LockedByRule()
	switch {
	case locked && s.person == nil:
		// Its label stands on the board: with it alone anybody could free it from here.
		v := a.handheldView(*s.item, u, "")
		return ScanView{Result: ScanLocked, Handheld: &v}, nil
	case locked && s.labelFirst, out && (s.person == nil || mine && a.now().Sub(u.TakenAt) > atOnce):
		return a.returnedAt(ctx, st, s)
	case s.person == nil:
		v := a.handheldView(*s.item, u, "")
		return ScanView{Result: ScanFree, Handheld: &v}, nil
	}
	return a.takenAt(ctx, st, s)
}

func (a *API) returnedAt(ctx context.Context, st auth.Station, s scanned) (ScanView, error) {
	actor := st.Actor()
	if s.person != nil {
		actor = s.person.Actor()
	}
	u, err := a.shifts.Return(ctx, shift.Returning{Device: s.item.Device.ID, Actor: actor, Via: st.Name, WardName: wardName(*s.item)})
	if err != nil {
		return ScanView{}, err
	}
	v := a.handheldView(*s.item, u, "")
	return ScanView{Result: ScanReturned, Name: nameOf(u.Holder), Handheld: &v}, nil
}

func (a *API) takenAt(ctx context.Context, st auth.Station, s scanned) (ScanView, error) {
	if err := a.auth.UseCode(ctx, *s.person); err != nil {
		return ScanView{}, err
	}
	taken, err := a.shifts.Take(ctx, takingOf(s.person.Principal, *s.item, st.Name))
	if err != nil {
		return ScanView{}, err
	}
	v := a.handheldView(*s.item, taken.Use, "")
	out := ScanView{Result: ScanTaken, Name: personName(s.person.Principal), Handheld: &v}
	switch {
	case taken.Again:
		out.Result = ScanAgain
	case taken.From != nil:
		out.Result, out.From = ScanHandedOver, nameOf(taken.From.Holder)
	}
	return out, nil
}

func personName(p auth.Principal) string {
	if strings.TrimSpace(p.Name) != "" {
		return p.Name
	}
	return p.Username
}
