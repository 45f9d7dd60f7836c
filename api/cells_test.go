//go:build !race

package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/commands/limits"
	"wardline/device"
	"wardline/store/storetest"
)

// cell is one question to a running server: may this role do this to a device of
// this class in this state?
type cell struct {
	role  auth.Role
	class device.Class
	kind  device.Kind
	sub   device.Subkind
	state string // a column of docs/interlock.csv
}

// The words for what a server answers.
const (
	notThisPerson = "this person may not"
	goesOut       = "goes out"
	waitsForTwo   = "waits for a second person"
	wantsAFactor  = "wants a factor"
	refusedNow    = "the rules refuse it"
)

// tables are docs/interlock.csv and docs/permissions.csv, as people wrote them.
type tables struct {
	// lock is by class, kind, subkind and state; weight by class, kind and subkind.
	lock, weight map[string]string
	// grant is by permission and role.
	grant map[string]string
}

func readTables(t *testing.T) tables {
	t.Helper()
	out := tables{lock: map[string]string{}, weight: map[string]string{}, grant: map[string]string{}}
	for _, row := range readTable(t, "../docs/interlock.csv") {
		for _, class := range strings.Fields(row["class"]) {
			of := class + " " + row["kind"] + " " + row["subkind"]
			out.weight[of] = row["weight"]
			for _, state := range []string{"infusing", "paused", "standby", "idle", "service", "unknown", "no_therapy"} {
				if row[state] != "" {
					out.lock[of+" "+state] = row[state]
				}
			}
		}
	}
	for _, row := range readTable(t, "../docs/permissions.csv") {
		for _, role := range auth.Roles() {
			out.grant[row["permission"]+" "+string(role)] = row[string(role)]
		}
	}
	return out
}

func readTable(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func (c cell) row() string { return string(c.class) + " " + string(c.kind) + " " + string(c.sub) }

func (c cell) key() string { return c.row() + " " + c.state }

func (c cell) String() string { return fmt.Sprintf("%s: %s", c.role, c.key()) }

// right is the row of docs/permissions.csv that a kind needs on a class, by hand
// from the table of rights in docs/safety.md.
func right(kind device.Kind, class device.Class) string {
	carried := slices.Contains([]device.Class{"handheld_shared", "phone_issued", "phone_personal", "tablet"}, class)
	switch kind {
	case "refresh", "collect_logs", "unlock", "unstage", "renew_certificate":
		return "commands.quiet"
	case "locate":
		return "commands.locate"
	case "lock", "lost_mode_on", "lost_mode_off", "ring", "message":
		return map[bool]string{true: "commands.lock_personal", false: "commands.pump"}[carried]
	case "config", "restart":
		return map[bool]string{true: "commands.manage_personal", false: "commands.pump"}[carried]
	case "library", "firmware":
		return map[bool]string{true: "commands.manage_personal", false: "commands.pump_library"}[carried]
	case "wipe":
		return map[bool]string{true: "commands.erase_personal", false: "commands.pump_wipe"}[carried]
	case "remove_work_data", "clear_passcode":
		return map[bool]string{true: "commands.erase_personal", false: "commands.pump"}[carried]
	case "contain", "revoke":
		return map[bool]string{true: "commands.contain_personal", false: "commands.contain_medical"}[carried]
	case "decommission", "write_off":
		return map[bool]string{true: "devices.retire_personal", false: "devices.retire_medical"}[carried]
	}
	return ""
}

// asked is what the tables say that the server answers.
func (x tables) asked(c cell) string {
	asks := func(permission string) bool {
		return strings.HasPrefix(x.grant[permission+" "+string(c.role)], "ask")
	}
	if !asks("devices.read") || !asks("commands.read") || !asks(right(c.kind, c.class)) {
		return notThisPerson
	}
	destroys := x.weight[c.row()] == "destructive"
	switch x.lock[c.key()] {
	case "now", "stage":
		if destroys {
			return wantsAFactor
		}
		return goesOut
	case "now_two", "stage_two":
		if destroys {
			return wantsAFactor
		}
		return waitsForTwo
	}
	// What hangs on more than the state: a retire order, a loss, a day of silence, an
	// open break-glass. Nothing of it is given here.
	return refusedNow
}

// agreed is what they say of a second person.
func (x tables) agreed(c cell) string {
	seconds := strings.HasSuffix(x.grant[right(c.kind, c.class)+" "+string(c.role)], "second")
	if seconds && strings.HasPrefix(x.grant["commands.approve "+string(c.role)], "ask") && strings.HasPrefix(x.grant["commands.read "+string(c.role)], "ask") {
		return goesOut
	}
	return notThisPerson
}

// ward is a hospital with one device of each class in each state, and one person
// of each role, of long standing.
type ward struct {
	*house
	people  map[auth.Role]*person
	devices map[string]*storetest.Gadget // by class and state
}

func openWard(t *testing.T) *ward {
	t.Helper()
	if testing.Short() {
		t.Skip("every cell takes seconds")
	}
	w := &ward{house: newHouse(t), people: map[auth.Role]*person{}, devices: map[string]*storetest.Gadget{}}
	for _, r := range limits.Rules() {
		w.clinic.SetLimit(string(r.ID), 1_000_000)
	}
	var models []device.ModelID
	for _, class := range device.Classes() {
		id := w.clinic.Model(device.Model{Maker: "Everything", Name: string(class), Class: class, NetworkCut: device.NetworkCutUnknown, Capabilities: device.Kinds()})
		models = append(models, id)
		states := []string{"no_therapy"}
		if class.IsPump() {
			states = []string{"infusing", "paused", "standby", "idle", "service", "unknown"}
		}
		for _, state := range states {
			w.devices[string(class)+" "+state] = w.inState(class, id, state)
		}
	}
	for _, role := range auth.Roles() {
		scope := auth.Scope{}
		if role == auth.RoleVendor {
			scope = auth.Scope{Models: models, Until: w.clock.Now().Add(1000 * time.Hour)}
		}
		w.people[role] = w.limited("role."+string(role), scope, role)
	}
	for _, p := range w.people {
		p.signIn() // the last sign-ins took minutes
	}
	w.report()
	return w
}

// inState makes a device that is in a state of the matrix, by hand from the table
// of states in docs/safety.md. The clinician owns it.
func (w *ward) inState(class device.Class, model device.ModelID, state string) *storetest.Gadget {
	in := map[string]struct {
		reported device.Reported
		custody  device.CustodyKind
	}{
		"infusing": {device.ReportedInfusing, device.CustodyStorage}, "paused": {device.ReportedPaused, device.CustodyStorage},
		"standby": {device.ReportedStopped, device.CustodyWard}, "idle": {device.ReportedStopped, device.CustodyStorage},
		"service": {device.ReportedService, device.CustodyBiomed}, "unknown": {device.ReportedNone, device.CustodyStorage},
		"no_therapy": {device.ReportedNone, device.CustodyStorage},
	}[state]
	// Each stands in a place of its own: the rule of one in five is another table.
	place := w.clinic.Place(string(class) + " " + state)
	g := w.clinic.Device(class, model, device.Custody{Kind: in.custody, Which: "here"}, place)
	g.Therapy = in.reported
	g.Change(func(d *device.Device) { d.Owner = "role.clinician" })
	return g
}

// report has every device say what it senses now.
func (w *ward) report() {
	for _, g := range w.devices {
		g.Report()
	}
}

// cells are all questions about one device for one role.
func cellsOf(role auth.Role, of string) []cell {
	class, state, _ := strings.Cut(of, " ")
	var list []cell
	for _, kind := range device.Kinds() {
		subs := []device.Subkind{device.SubkindNone}
		if kind == device.KindConfig {
			subs = device.ConfigSubkinds()
		}
		for _, sub := range subs {
			list = append(list, cell{role, device.Class(class), kind, sub, state})
		}
	}
	return list
}

// word puts an answer into one of the words.
func (w *ward) word(a *answer) string {
	w.t.Helper()
	code := a.text("code")
	switch {
	case a.status == http.StatusCreated && a.text("state") == "awaiting_approval":
		return waitsForTwo
	case a.status == http.StatusCreated && a.text("state") == "queued":
		return goesOut
	case slices.Contains([]string{"not_allowed", "out_of_scope", "not_found", "second_person_needed"}, code):
		return notThisPerson
	case code == "step_up_required":
		return wantsAFactor
	case a.status == http.StatusConflict || a.status == http.StatusUnprocessableEntity || a.status == http.StatusForbidden:
		return refusedNow
	}
	return fmt.Sprintf("%d %s", a.status, code)
}

func TestEveryCellOfRoleKindClassAndStateIsAnsweredAsWritten(t *testing.T) {
	t.Parallel()
	w := openWard(t)
	written := readTables(t)
	got := map[cell]string{}
	for _, of := range sorted(w.devices) {
		path := "/devices/" + string(w.devices[of].ID) + "/commands"
		for _, role := range auth.Roles() {
			// Twenty step-ups of one person may be open at once.
			_, err := w.clinic.Raw.Exec("DELETE FROM step_up")
			w.must(err)
			for _, c := range cellsOf(role, of) {
				body := map[string]any{"kind": c.kind, "args": argsOf(c.kind), "reason": "a cell"}
				if c.sub != "" {
					body["subkind"] = c.sub
				}
				a := w.call(w.people[role], http.MethodPost, path, body)
				got[c] = w.word(a)
				if a.text("code") == "not_sanitised" {
					got[c] = wantsAFactor // its paper work comes first
				}
				if a.status == http.StatusCreated {
					_, err := w.clinic.Service.Cancel(context.Background(), w.somebody(), commands.ID(a.text("id")), "")
					w.must(err)
				}
			}
		}
	}
	if len(got) < 5000 {
		t.Errorf("only %d cells were asked", len(got))
	}
	written.compare(t, got, tables.asked)
	everyFlipIsSeen(t, written, got, tables.asked, true, "devices.read", "commands.read")
}

func TestEveryCellOfWhoMayAgreeIsAnsweredAsWritten(t *testing.T) {
	t.Parallel()
	w := openWard(t)
	written := readTables(t)
	// The same queue, with a guard that wants a second person for everything.
	careful := commands.New(commands.Options{Storage: w.store, Now: w.clock.Now, Guard: alwaysTwo{}})
	got := map[cell]string{}
	for _, of := range sorted(w.devices) {
		if !strings.HasSuffix(of, " service") && !strings.HasSuffix(of, " no_therapy") {
			continue // where most is possible
		}
		for _, c := range cellsOf("", of) {
			args := argsOf(c.kind)
			asked, err := careful.Request(context.Background(), w.somebody(), commands.Ask{Device: w.devices[of].ID, Kind: c.kind, Subkind: c.sub, Args: jsonOf(args), Reason: "a cell"})
			if err != nil {
				continue // no second person is asked about what is refused
			}
			for _, role := range auth.Roles() {
				a := w.call(w.people[role], http.MethodPost, "/commands/"+string(asked.ID)+"/approve", map[string]any{"order_hash": "sha256:another order"})
				who := c
				who.role = role
				got[who] = w.word(a)
				if a.text("code") == "order_differs" {
					got[who] = goesOut // this person may; this order it is not
				}
			}
			_, err = careful.Cancel(context.Background(), w.somebody(), asked.ID, "")
			w.must(err)
		}
	}
	if len(got) < 1000 {
		t.Errorf("only %d cells were asked", len(got))
	}
	written.compare(t, got, tables.agreed)
	everyFlipIsSeen(t, written, got, tables.agreed, false, "commands.read", "commands.approve")
}

// alwaysTwo wants a second person for everything.
type alwaysTwo struct{ commands.TwoPersonGuard }

func (alwaysTwo) Ask(commands.Facts, commands.Asking) commands.Ruling {
	return commands.Ruling{SecondPerson: true, Reason: "A test asks for it."}
}

// somebody is who asked, and nobody of the roles.
func (w *ward) somebody() audit.Actor {
	return audit.Actor{Kind: audit.ActorPerson, ID: "account-somebody", Name: "somebody", Session: "s-somebody"}
}

// compare names every cell in which the server and the tables differ.
func (x tables) compare(t *testing.T, got map[cell]string, says func(tables, cell) string) {
	t.Helper()
	for c, answer := range got {
		if want := says(x, c); answer != want {
			t.Errorf("%s: the server answers %q, the tables say %q", c, answer, want)
		}
	}
}

// everyFlipIsSeen changes each cell of the tables, one at a time, and requires that
// exactly the questions that rest on it are answered otherwise: what a change on
// the server's side does, the other way round. byState: the answers hang on the
// interlock; always are the rights that every one of them rests on.
func everyFlipIsSeen(t *testing.T, x tables, got map[cell]string, says func(tables, cell) string, byState bool, always ...string) {
	t.Helper()
	if t.Failed() {
		return
	}
	byLock, byRole := map[string][]cell{}, map[auth.Role][]cell{}
	for c := range got {
		byLock[c.key()] = append(byLock[c.key()], c)
		byRole[c.role] = append(byRole[c.role], c)
	}
	differ := func(cells []cell) int {
		n := 0
		for _, c := range cells {
			if says(x, c) != got[c] {
				n++
			}
		}
		return n
	}
	flips, failed := 0, 0
	for key, was := range x.lock {
		if !byState || !anyoneAsks(x, byLock[key]) {
			continue
		}
		x.lock[key] = map[bool]string{true: "no", false: "now"}[slices.Contains([]string{"now", "stage", "now_two", "stage_two"}, was)]
		flips++
		n := differ(byLock[key])
		if n == 0 {
			t.Errorf("docs/interlock.csv, %s: flipped from %q, and nothing fails", key, was)
		}
		x.lock[key] = was
	}
	for key, was := range x.grant {
		permission, role, _ := strings.Cut(key, " ")
		rests := slices.DeleteFunc(slices.Clone(byRole[auth.Role(role)]), func(c cell) bool {
			return right(c.kind, c.class) != permission && !slices.Contains(always, permission)
		})
		if len(rests) == 0 {
			continue
		}
		flips++
		x.grant[key] = map[bool]string{true: "", false: "ask_second"}[strings.HasPrefix(was, "ask") || strings.HasSuffix(was, "second")]
		all, named := differ(byRole[auth.Role(role)]), differ(rests)
		if all != named {
			t.Errorf("docs/permissions.csv, %s: flipped, and %d cells fail that do not name it", key, all-named)
		}
		failed += named
		x.grant[key] = was
	}
	if flips < 100 || failed < 100 {
		t.Errorf("%d cells were flipped, and %d questions were answered otherwise", flips, failed)
	}
}

// anyoneAsks: some role may ask at all, so that the interlock is what decides.
func anyoneAsks(x tables, cells []cell) bool {
	return slices.ContainsFunc(cells, func(c cell) bool { return x.asked(c) != notThisPerson })
}

// jsonOf are arguments as the queue takes them.
func jsonOf(args map[string]any) json.RawMessage {
	encoded, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	return encoded
}
