package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/inventory"
	"wardline/safety"
)

func (a *API) registerOverview() {
	register(a, operation{id: "get_overview", method: http.MethodGet, path: "/overview", tag: "devices",
		summary: "The hospital in numbers, each with the list behind it",
		about:   "Counted within the sites and classes that the reader sees. It is counted anew at most every few seconds."},
		may(auth.DevicesRead), a.getOverview)
}

type overviewInput struct {
	Hours int `query:"check_in_hours" minimum:"1" maximum:"168" default:"24" doc:"How many hours of check-ins."`
}

// counted is what everybody with the same scope sees.
type counted struct {
	fleet inventory.Overview
	waits map[commands.Waiting]int
	// checkIns are those of the longest span.
	checkIns  []inventory.CheckIns
	notErased int
}

const longestCheckIns = 168

func (a *API) getOverview(ctx context.Context, in *overviewInput) (*output[OverviewView], error) {
	p := principalOf(ctx)
	scope, err := wholeScope(p, auth.DevicesRead)
	if err != nil {
		return nil, err
	}
	n, err := a.numbers.recent(ctx, scopeName(scope), a.now(), func(ctx context.Context) (counted, error) { return a.count(ctx, scope) })
	if err != nil {
		return nil, err
	}
	tree, err := a.inventory.Tree(ctx)
	if err != nil {
		return nil, err
	}
	v := n.view(tree)
	for _, c := range n.checkIns[len(n.checkIns)-in.Hours:] {
		v.CheckIns = append(v.CheckIns, CheckInsView{Hour: c.Hour, Devices: c.Devices})
	}
	v.Attention, err = a.attention(ctx, p, scope, n)
	return &output[OverviewView]{Body: v}, err
}

func scopeName(s commands.Scope) string {
	sites, classes := slices.Sorted(slices.Values(s.Sites)), slices.Sorted(slices.Values(s.Classes))
	b, err := json.Marshal([]any{sites, classes})
	if err != nil {
		panic("api: encode a scope: " + err.Error()) // texts always encode
	}
	return string(b)
}

func (a *API) count(ctx context.Context, scope commands.Scope) (counted, error) {
	var n counted
	var err error
	if n.fleet, err = a.inventory.Overview(ctx, inventory.Scope(scope)); err != nil {
		return n, err
	}
	if n.checkIns, err = a.inventory.CheckIns(ctx, inventory.Scope(scope), longestCheckIns); err != nil {
		return n, err
	}
	if n.waits, err = a.commands.Waits(ctx, scope); err != nil {
		return n, err
	}
	n.notErased, err = a.commands.Count(ctx, commands.Query{Scope: scope, Unresolved: true})
	return n, err
}

// attention is what needs a person: partly what concerns this reader alone.
func (a *API) attention(ctx context.Context, p auth.Principal, scope commands.Scope, n counted) ([]AttentionNumber, error) {
	origins, err := a.decidable(ctx, p, scope)
	if err != nil {
		return nil, err
	}
	approvals := 0
	for _, o := range origins {
		approvals += o.Count
	}
	all := map[Attention]Number{
		AttentionNotErased:   number("commands", n.notErased, "unresolved", "true"),
		AttentionApprovals:   number("commands", approvals, "inbox", "true"),
		AttentionUnconfirmed: number("commands", n.waits[commands.WaitingUnconfirmed], "waiting", string(commands.WaitingUnconfirmed)),
		AttentionEnded:       current(n.fleet.Certificates[inventory.CertificateEnded], "certificate", string(inventory.CertificateEnded)),
		AttentionClock:       current(n.fleet.Faults[inventory.FaultClock], "fault", string(inventory.FaultClock)),
	}
	if auth.Can(p, auth.EnrollmentsRead) {
		waiting, err := a.waiting(ctx, auth.EnrollmentsRead)
		if err != nil {
			return nil, err
		}
		all[AttentionEnrollments] = number("enrollment-requests", len(waiting))
	}
	var out []AttentionNumber
	for _, what := range attentions() {
		if n, may := all[what]; may {
			out = append(out, AttentionNumber{what, n})
		}
	}
	return out, nil
}

// number is a count with its list; query holds names and values in turn.
func number(list string, count int, query ...string) Number {
	n := Number{Count: count, List: list, Query: map[string]string{}}
	for i := 0; i < len(query); i += 2 {
		n.Query[query[i]] = query[i+1]
	}
	return n
}

// current is a number of devices that are still the hospital's.
func current(count int, query ...string) Number {
	return number("devices", count, append(query, "current", "true")...)
}

func (n counted) view(tree inventory.Tree) OverviewView {
	f := n.fleet
	v := OverviewView{AsOf: f.At, Pumps: pumpNumbers(f.Pumps, tree), Lost: lostNumber(f), Commands: waitingNumbers(n.waits)}
	byManagement := map[device.Management]int{}
	total := 0
	for _, d := range f.Devices { // by class
		total += d.Count
		byManagement[d.Management] += d.Count
		if len(v.Classes) == 0 || v.Classes[len(v.Classes)-1].Class != d.Class {
			v.Classes = append(v.Classes, ClassNumbers{Class: d.Class, ClassWords: d.Class.Words(), Number: current(0, "class", string(d.Class))})
		}
		c := &v.Classes[len(v.Classes)-1]
		c.Count += d.Count
		c.Managements = append(c.Managements, ManagementNumber{d.Management,
			current(d.Count, "class", string(d.Class), "management", string(d.Management))})
	}
	v.Devices = current(total)
	for _, m := range device.Managements() {
		if k := byManagement[m]; k > 0 {
			v.Managements = append(v.Managements, ManagementNumber{m, current(k, "management", string(m))})
		}
	}
	for _, s := range device.Stages() {
		if k := f.Stages[s]; k > 0 {
			v.Stages = append(v.Stages, StageNumber{s, current(k, "stage", string(s))})
		}
	}
	for _, e := range inventory.CertificateEnds() {
		v.Certificates = append(v.Certificates, EndNumber{e, current(f.Certificates[e], "certificate", string(e))})
	}
	for _, h := range inventory.SilentFor() {
		v.Silent = append(v.Silent, SilentNumber{h, current(f.Silent[h], "silent_hours", strconv.Itoa(h))})
	}
	return v
}

func waitingNumbers(waits map[commands.Waiting]int) WaitingNumbers {
	v := WaitingNumbers{Number: number("commands", 0, "state", "open")}
	for _, w := range commands.Waitings() {
		v.Count += waits[w]
		v.Waiting = append(v.Waiting, WaitingNumber{w, number("commands", waits[w], "waiting", string(w))})
	}
	return v
}

func lostNumber(f inventory.Overview) LostNumber {
	v := LostNumber{Number: current(f.Lost, "hold", string(device.HoldLost))}
	for _, i := range f.LostNewest {
		view := LostView{Device: deviceBrief(i.Device), LastSeenAt: timeOrNil(i.Device.Report.ReceivedAt)}
		for _, h := range i.Device.Holds {
			if h.Kind == device.HoldLost {
				view.Since = h.Since
			}
		}
		v.Newest = append(v.Newest, view)
	}
	return v
}

// pumpNumbers adds up pumps by state and by ward. A device that ever reported a
// therapy counts as a pump whatever its class says, so the list of all pumps is
// asked for by all states.
func pumpNumbers(counts []inventory.PumpCount, tree inventory.Tree) PumpNumbers {
	every := make([]string, len(safety.States()))
	byState, byWard := map[safety.State]int{}, map[device.PlaceID][]inventory.PumpCount{}
	for i, s := range safety.States() {
		every[i] = string(s)
	}
	everyState := []string{"therapy", strings.Join(every, ",")}
	v := PumpNumbers{Number: current(0, everyState...)}
	for _, c := range counts {
		v.Count += c.Count
		byState[c.State] += c.Count
		byWard[c.Ward] = append(byWard[c.Ward], c)
	}
	for _, s := range safety.States() {
		v.States = append(v.States, StateNumber{s, s.Words(), current(byState[s], "therapy", string(s))})
	}
	for ward, states := range byWard {
		v.Wards = append(v.Wards, wardNumbers(ward, states, tree, everyState))
	}
	slices.SortFunc(v.Wards, func(a, b WardNumbers) int {
		switch {
		case a.Place == nil:
			return 1
		case b.Place == nil:
			return -1
		}
		return strings.Compare(a.Place.Words+string(a.Place.ID), b.Place.Words+string(b.Place.ID))
	})
	return v
}

func wardNumbers(ward device.PlaceID, states []inventory.PumpCount, tree inventory.Tree, everyState []string) WardNumbers {
	where := []string{"no_ward", "true"}
	w := WardNumbers{}
	if path := tree.Path(ward); ward != "" && len(path) > 0 {
		where = []string{"place_id", string(ward)}
		w.Place, w.CareArea = placeBrief(path), path[len(path)-1].CareArea
	}
	w.Number = current(0, append(everyState, where...)...)
	for _, c := range states {
		w.Count += c.Count
		w.States = append(w.States, StateNumber{c.State, c.State.Words(), current(c.Count, append([]string{"therapy", string(c.State)}, where...)...)})
	}
	return w
}
