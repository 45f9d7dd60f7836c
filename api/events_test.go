package api

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"wardline/auth"
	"wardline/device"
)

// follow opens the event stream and returns a function that reads on until it
// has seen an event with this action, with all notices on the way and the last id.
func (x *house) follow(p *person, lastID string) (until func(action string) ([]Notice, string), end func()) {
	x.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, x.url+prefix+"/events", nil)
	x.must(err)
	r.Header.Set("Authorization", "Bearer "+p.token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	res, err := x.http.Do(r)
	x.must(err)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		x.t.Fatalf("the stream answered %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	lines := bufio.NewScanner(res.Body)
	id := ""
	read := func(action string) ([]Notice, string) {
		x.t.Helper()
		var seen []Notice
		found := false
		for lines.Scan() {
			line := lines.Text()
			if v, ok := strings.CutPrefix(line, "id: "); ok {
				id = v
				if found || action == "" {
					return seen, id
				}
			}
			body, ok := strings.CutPrefix(line, "data: {\"seq\":")
			if !ok || !strings.Contains(body, `"action"`) {
				continue
			}
			var n Notice
			x.must(json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &n))
			seen = append(seen, n)
			found = found || string(n.Action) == action
		}
		x.t.Fatalf("the stream ended before %q: %v", action, lines.Err())
		return nil, ""
	}
	end = func() { cancel(); _ = res.Body.Close() }
	x.t.Cleanup(end)
	return read, end
}

func TestWhoFollowsSeesWhatHappensAndMissesNothingOnReturn(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID) + "/commands"
	until, end := x.follow(ada, "")
	until("") // where it begins
	asked := x.call(ada, http.MethodPost, path, map[string]any{"kind": "locate"}).is(http.StatusCreated)
	seen, id := until("command.requested")
	if n := seen[len(seen)-1]; n.Command != asked.text("id") || n.Device != string(phone.ID) || n.Actor != "ada" {
		t.Errorf("the notice: %+v", n)
	}
	end()
	x.call(ada, http.MethodPost, "/commands/"+asked.text("id")+"/cancel", nil).is(http.StatusOK)
	again, _ := x.follow(ada, id)
	missed, _ := again("command.cancelled")
	var actions []string
	for _, n := range missed {
		actions = append(actions, string(n.Action))
	}
	if !slices.Contains(actions, "command.cancelled") || slices.Contains(actions, "command.requested") {
		t.Errorf("on return came %v", actions)
	}
}

func TestAReaderHearsNothingBeyondTheirReach(t *testing.T) {
	x := newHouse(t)
	root := x.person("root", auth.RoleIT)
	north, northWard := x.site(root, "North")
	mine, other := x.clinic.Phone(), x.clinic.Phone()
	mine.Change(func(d *device.Device) { d.Place = northWard })
	ned := x.limited("ned", auth.Scope{Sites: []device.PlaceID{north}}, auth.RoleIT)
	until, _ := x.follow(ned, "")
	until("")
	// An administrator has no right on devices, and reads the whole log.
	pat := x.person("pat", auth.RoleAdmin)
	all, _ := x.follow(pat, "")
	all("")
	for _, id := range []device.ID{other.ID, mine.ID} {
		x.call(root, http.MethodPost, "/devices/"+string(id)+"/commands", map[string]any{"kind": "lock"}).is(http.StatusCreated)
	}
	seen, _ := until("command.requested")
	for _, n := range seen {
		if n.Device != string(mine.ID) {
			t.Errorf("he heard of %+v", n)
		}
	}
	heard, _ := all("command.requested")
	if !slices.ContainsFunc(heard, func(n Notice) bool { return n.Device == string(other.ID) }) {
		t.Errorf("the administrator heard %+v", heard)
	}
	x.call(root, http.MethodGet, "/events", nil, header{"Last-Event-ID": "-4"}).refuses(http.StatusUnprocessableEntity, "invalid_input")
}

func TestEventStreamsEndAtOnceWhenTheServerStops(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	open := func() *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, x.url+prefix+"/events", nil)
		x.must(err)
		r.Header.Set("Authorization", "Bearer "+ada.token)
		res, err := x.http.Do(r)
		x.must(err)
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	before := open()
	x.api.Drain()
	// Both bodies end by themselves: reading them returns.
	for name, res := range map[string]*http.Response{"an open stream": before, "one opened while the server stops": open()} {
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			t.Errorf("%s did not end cleanly: %v", name, err)
		}
	}
	x.api.Drain()
}
