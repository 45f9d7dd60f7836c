package fleet

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"wardline/device"
)

//go:embed ward
var wardFiles embed.FS

var wardTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"number": number, "lower": strings.ToLower, "patch": patch, "share": share, "command": Guide.command, "icon": func(name string) string { return "#i-" + name },
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05") + " UTC" },
}).ParseFS(wardFiles, "ward/*.html"))

// maxCards is how many devices one page shows; of a larger fleet, the first ones
// that match.
const maxCards = 240

// WardPage returns the handler of the ward page: the page at /, its files, its
// events, and the control address under the same paths as Control. It is for the
// loopback interface only.
func (f *Fleet) WardPage() http.Handler {
	mux := http.NewServeMux()
	f.registerControl(mux)
	mux.HandleFunc("GET /{$}", f.wardPage)
	mux.HandleFunc("GET /events", f.wardEvents)
	mux.HandleFunc("GET /keys", f.wardKeys)
	for name, kind := range map[string]string{
		"ward.css": "text/css; charset=utf-8", "ward.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		mux.HandleFunc("GET /"+name, wardFile(name, kind))
	}
	return f.loopbackOnly(mux)
}

func wardFile(name, kind string) http.HandlerFunc {
	body, err := wardFiles.ReadFile("ward/" + name)
	if err != nil {
		panic("fleet: the ward page was built without " + name)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	}
}

// wardView is what the page's template sees.
type wardView struct {
	Guide     Guide
	Keys      []key
	Wards     []wardSection
	Query     string
	Ward      string
	Shown     int
	Total     int
	Pumps     int
	Phones    int
	Simulated int
	LostPhone, InfusingPump, IdlePump,
	OtherPhone string
	Walk []wardChoice
}

type wardSection struct {
	Key, Name, Site string
	CareArea        bool
	Custody         device.CustodyKind
	Cards           []card
}

// card is a face with what its controls offer.
type card struct {
	face
	Walk []wardChoice
}

type wardChoice struct{ BSSID, Name, Key string }

func (f *Fleet) wardPage(w http.ResponseWriter, r *http.Request) {
	query, ward := r.URL.Query().Get("q"), r.URL.Query().Get("ward")
	faces, total := f.faces(query, ward)
	keys, _, err := f.guide.keys(f.now())
	if err != nil {
		f.problem(w, r, fmt.Errorf("make one-time codes: %w", err))
		return
	}
	v := wardView{Guide: f.guide, Keys: keys, Query: query, Ward: ward, Shown: len(faces), Total: total, Simulated: len(f.devices), Walk: f.walk(),
		LostPhone: f.present(storyLostPhone), InfusingPump: f.present(storyInfusingPump), IdlePump: f.present(storyIdlePump), OtherPhone: f.present(storyOtherPhone)}
	for _, s := range f.hospital.Devices {
		if s.Class.IsPump() {
			v.Pumps++
		} else {
			v.Phones++
		}
	}
	v.Wards = f.sections(faces)
	var page bytes.Buffer
	if err := wardTemplates.ExecuteTemplate(&page, "page.html", v); err != nil {
		f.problem(w, r, fmt.Errorf("draw the ward page: %w", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if _, err := page.WriteTo(w); err != nil {
		f.log.Debug("the reader of the ward page went away", slog.Any("error", err))
	}
}

// present returns the serial if such a device is simulated here.
func (f *Fleet) present(serial string) string {
	if _, ok := f.Device(serial); ok {
		return serial
	}
	return ""
}

// faces draws every device that matches, at most maxCards, and says how many
// match in all.
func (f *Fleet) faces(query, ward string) (shown []face, total int) {
	for _, s := range f.hospital.Devices {
		var one face
		if d, ok := f.bySerial[s.Serial]; ok {
			one = d.face()
		} else {
			one = silentFace(s, f.hospital)
		}
		if !one.matches(query, ward) {
			continue
		}
		if total++; len(shown) < maxCards {
			shown = append(shown, one)
		}
	}
	return shown, total
}

// sections puts the faces into their wards, in the order of the hospital. Empty
// wards are there as well: a device may be carried into one.
func (f *Fleet) sections(faces []face) []wardSection {
	walk := f.walk()
	var all []wardSection
	for _, p := range f.hospital.Wards() {
		path := f.hospital.Path(p.Key)
		s := wardSection{Key: p.Key, Name: p.Name, Site: strings.Join(path[:len(path)-1], " · "), CareArea: p.CareArea, Custody: p.Custody}
		for _, one := range faces {
			if one.WardKey == p.Key {
				s.Cards = append(s.Cards, card{one, walk})
			}
		}
		all = append(all, s)
	}
	return all
}

// walk lists the wards to which a device can be carried.
func (f *Fleet) walk() []wardChoice {
	var all []wardChoice
	for _, p := range f.hospital.Wards() {
		if ap, ok := f.hospital.AccessPointIn(p.Key); ok {
			all = append(all, wardChoice{ap.BSSID, p.Name, p.Key})
		}
	}
	return all
}

// wardKeys answers the one-time codes of this moment.
func (f *Fleet) wardKeys(w http.ResponseWriter, r *http.Request) {
	keys, left, err := f.guide.keys(f.now())
	if err != nil {
		f.problem(w, r, fmt.Errorf("make one-time codes: %w", err))
		return
	}
	f.answer(w, r, struct {
		Items       []key `json:"items"`
		SecondsLeft int   `json:"seconds_left"`
	}{keys, int(left.Seconds()) + 1})
}

// How often an open page is looked through for what changes by itself, such as a
// ring that ends, and the pause in which changes gather.
const (
	sweep  = 2 * time.Second
	gather = 60 * time.Millisecond
)

// update is one event of the page: a device that looks different now.
type update struct {
	Serial string `json:"serial"`
	Ward   string `json:"ward"`
	HTML   string `json:"html"`
}

// wardEvents streams what changes, as server-sent events, until the reader goes
// away or the fleet stops.
func (f *Fleet) wardEvents(w http.ResponseWriter, r *http.Request) {
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	look := f.board.look()
	defer f.board.leave(look)
	query, ward := r.URL.Query().Get("q"), r.URL.Query().Get("ward")
	seen := map[string]string{}
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		f.board.take(look)
		events, err := f.differences(seen, query, ward)
		if err != nil {
			f.log.Error("draw changes for the ward page", slog.Any("error", err))
			return
		}
		if events == nil {
			events = []byte(": nothing new\n\n")
		}
		if _, err := w.Write(events); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		case _, open := <-look.ready:
			if !open {
				return
			}
			pause(r.Context(), gather)
		}
	}
}

// differences draws every shown device that looks different from what the reader
// has seen, as events.
func (f *Fleet) differences(seen map[string]string, query, ward string) ([]byte, error) {
	faces, _ := f.faces(query, ward)
	var events bytes.Buffer
	for _, one := range faces {
		key := one.key()
		if seen[one.Serial] == key {
			continue
		}
		var html bytes.Buffer
		if err := wardTemplates.ExecuteTemplate(&html, "card", card{one, f.walk()}); err != nil {
			return nil, fmt.Errorf("draw device %s: %w", one.Serial, err)
		}
		body, err := json.Marshal(update{one.Serial, one.WardKey, html.String()})
		if err != nil {
			return nil, fmt.Errorf("encode device %s: %w", one.Serial, err)
		}
		fmt.Fprintf(&events, "event: device\ndata: %s\n\n", body)
		seen[one.Serial] = key
	}
	return events.Bytes(), nil
}

// number writes a rate or volume the way a pump does: no digits that say nothing.
func number(v float64) string {
	digits := 0
	if v < 10 && v != float64(int(v)) {
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// share is given of volume, 0 to 100.
func share(p *Programme) int {
	if p == nil || p.Volume <= 0 {
		return 0
	}
	return int(p.Given / p.Volume * 100)
}

// patch is the body of a PATCH with one member.
func patch(member string, value any) (string, error) {
	body, err := json.Marshal(map[string]any{member: value})
	return string(body), err
}
