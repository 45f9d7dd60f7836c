package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/audit"
	"wardline/commands"
	"wardline/configuration"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/inventory"
)

func init() { register("configuration", suiteConfiguration) }

// asking is the queue as configuration sees it: it remembers what was asked.
type asking struct {
	mu     sync.Mutex
	asked  []commands.Ask
	refuse error
	// ahead is what Outlooks foresees.
	ahead map[device.ID]commands.Outlook
}

func (a *asking) Outlooks(_ context.Context, devices []device.ID, kind device.Kind, sub device.Subkind) (map[device.ID]commands.Outlook, error) {
	if kind != device.KindConfig || sub != device.SubkindText {
		return nil, fmt.Errorf("foreseen for %s %s", kind, sub)
	}
	return a.ahead, nil
}

func (a *asking) Request(_ context.Context, actor audit.Actor, ask commands.Ask) (commands.Command, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if actor.Kind != audit.ActorSystem {
		return commands.Command{}, errors.New("asked by somebody else than the system")
	}
	if a.refuse != nil {
		return commands.Command{}, a.refuse
	}
	a.asked = append(a.asked, ask)
	return commands.Command{ID: commands.ID(fmt.Sprintf("c%d", len(a.asked)))}, nil
}

func (a *asking) take() []commands.Ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.asked
	a.asked = nil
	return out
}

type configured struct {
	*hospital
	config *configuration.Service
	queue  *asking
}

func newConfigured(h *Harness) *configured {
	x := &configured{hospital: newHospital(h), queue: &asking{}}
	x.config = configuration.New(configuration.Options{Storage: x.store, Places: x.service, Models: x.service, Requester: x.queue, Outlooks: x.queue, Now: h.Clock.Now})
	return x
}

func suiteConfiguration(t *testing.T, h *Harness) {
	for name, f := range map[string]func(*configured){
		"the most specific assignment wins and says why":                     mostSpecificWins,
		"a tie is refused when the assignment is saved, naming both":         tieRefused,
		"a tie by tags is refused when the tags are saved":                   tieByTags,
		"a device is asked until it reports what is desired":                 askedUntilReported,
		"a device that loses its configuration gets it again":                lostAndSentAgain,
		"a device that refuses is left alone for longer and longer":          patient,
		"what no command can reach is not asked, and is once it is enrolled": unreachable,
		"a new version goes to all who have the old one, and to no others":   newVersion,
		"versions never change and have numbers of their own":                versionsStay,
		"what a change would do is known before it is made":                  preview,
		"two servers ask a device once":                                      askedOnce,
	} {
		h.Run(name, func(t *testing.T, h *Harness) { f(newConfigured(h)) })
	}
}

func lockScreen(message string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"message":%q,"phone_number":"+41 44 255 11 11","reward":"Coffee for a year"}`, message))
}

func (x *configured) document(name, message string) configuration.Document {
	x.t.Helper()
	d, err := x.config.Create(x.ctx, bengel, device.SubkindText, name, lockScreen(message), "")
	if err != nil {
		x.t.Fatal(err)
	}
	return d
}

func (x *configured) assign(d configuration.Document, s configuration.Selector) configuration.Assignment {
	x.t.Helper()
	a, err := x.config.Assign(x.ctx, bengel, d.ID, s)
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

// enrolled registers a phone and gives it an enrollment.
func (x *configured) enrolled(serial string, changes ...func(*inventory.Draft)) device.ID {
	x.t.Helper()
	item := x.add(x.phone, serial, changes...)
	x.exec("UPDATE device SET enrollment_id = $1, stage = 'enrolled' WHERE id = $2", "e-"+serial, string(item.Device.ID))
	return item.Device.ID
}

// reconcile runs steps until there is nothing left, and returns what was asked.
func (x *configured) reconcile() []commands.Ask {
	x.t.Helper()
	for range 20 {
		n, err := x.config.Reconcile(x.ctx)
		if err != nil {
			x.t.Fatal(err)
		}
		if n == 0 {
			return x.queue.take()
		}
	}
	x.t.Fatal("configuration never comes to rest")
	return nil
}

func (x *configured) says(id device.ID, number string) {
	x.t.Helper()
	x.Clock.Advance(time.Second)
	r := x.report("", "")
	if number != "" {
		r.ConfigVersions = map[string]string{"text": number}
	}
	x.save(inventory.Heard{Device: id, Report: r})
}

func (x *configured) state(id device.ID) configuration.State {
	x.t.Helper()
	states, err := x.config.OfDevice(x.ctx, id)
	if err != nil {
		x.t.Fatal(err)
	}
	if len(states) == 0 {
		return configuration.State{}
	}
	return states[0]
}

func mostSpecificWins(x *configured) {
	everyone, phones, model := x.document("Everyone", "e"), x.document("Phones", "p"), x.document("Model", "m")
	site, ward, tagged := x.document("Site", "s"), x.document("Ward", "w"), x.document("Tagged", "t")
	own, siteAndClass := x.document("Own", "o"), x.document("Site and class", "sc")
	plain := x.enrolled("plain")
	inSite := x.enrolled("in the site", func(d *inventory.Draft) { d.Place = x.house })
	inWard := x.enrolled("on the ward", func(d *inventory.Draft) { d.Place = x.ward })
	withTag := x.enrolled("tagged", func(d *inventory.Draft) { d.Place, d.Tags = x.ward, []string{"loan"} })
	want := func(what string, id device.ID, name string) {
		x.t.Helper()
		x.reconcile()
		if s := x.state(id); s.Name != name || s.Why == "" {
			x.t.Errorf("%s: %q is desired (%s), want %q", what, s.Name, s.Why, name)
		}
	}
	x.assign(everyone, configuration.Selector{})
	want("all devices", plain, "Everyone")
	x.assign(own, configuration.Selector{Ownership: configuration.OwnedByHospital})
	want("ownership over nothing", plain, "Own")
	x.assign(phones, configuration.Selector{Class: device.ClassPhoneIssued})
	want("class over ownership", plain, "Phones")
	last := x.assign(model, configuration.Selector{Model: x.phone.ID})
	want("model over class", plain, "Model")
	x.assign(site, configuration.Selector{Place: x.north})
	want("site over model", inSite, "Site")
	want("elsewhere the model", plain, "Model")
	x.assign(siteAndClass, configuration.Selector{Place: x.north, Class: device.ClassPhoneIssued})
	want("site and class over site", inSite, "Site and class")
	x.assign(ward, configuration.Selector{Place: x.ward})
	want("a ward over its site and a class", inWard, "Ward")
	x.assign(tagged, configuration.Selector{Tag: "Loan"})
	want("a tag over everything", withTag, "Tagged")
	if err := x.config.Unassign(x.ctx, bengel, last.ID); err != nil {
		x.t.Fatal(err)
	}
	want("after the model's was taken back", plain, "Phones")
	if _, err := x.service.Update(x.ctx, bengel, plain, 0, inventory.Update{Place: &x.ward}); err != nil {
		x.t.Fatal(err)
	}
	want("after it was moved to the ward", plain, "Ward")
}

func tieRefused(x *configured) {
	a, b := x.document("Blue", "b"), x.document("Green", "g")
	x.assign(a, configuration.Selector{Tag: "icu"})
	if _, err := x.config.Assign(x.ctx, bengel, b.ID, configuration.Selector{Tag: "ICU"}); !fault.Has(err, configuration.CodeAssignmentExists) {
		x.t.Errorf("the same devices: %v", err)
	}
	x.enrolled("both", func(d *inventory.Draft) { d.Tags = []string{"icu", "loan"} })
	_, err := x.config.Assign(x.ctx, bengel, b.ID, configuration.Selector{Tag: "loan"})
	if !fault.Has(err, configuration.CodeAssignmentTied) || !strings.Contains(err.Error(), "Blue") || !strings.Contains(err.Error(), "Green") {
		x.t.Errorf("a device has both tags: %v", err)
	}
	// The same document by both tags leaves nothing open, nor does a narrower one.
	x.assign(a, configuration.Selector{Tag: "loan"})
	x.assign(b, configuration.Selector{Tag: "loan", Class: device.ClassPhoneIssued})
	x.assign(a, configuration.Selector{Place: x.north})
	x.assign(b, configuration.Selector{Place: x.south})
}

func tieByTags(x *configured) {
	x.assign(x.document("Blue", "b"), configuration.Selector{Tag: "icu"})
	x.assign(x.document("Green", "g"), configuration.Selector{Tag: "loan"})
	item := x.add(x.phone, "H1", func(d *inventory.Draft) { d.Tags = []string{"icu"} })
	both := []string{"icu", "loan"}
	_, err := x.service.Update(x.ctx, bengel, item.Device.ID, 0, inventory.Update{Tags: &both})
	if !fault.Has(err, configuration.CodeAssignmentTied) || !strings.Contains(err.Error(), "Blue") || !strings.Contains(err.Error(), "Green") {
		x.t.Errorf("tagged into a tie: %v", err)
	}
	_, err = x.service.Create(x.ctx, bengel, inventory.Draft{Model: x.phone.ID, Serial: "H2", Management: device.ManagementAgent, Tags: both})
	if !fault.Has(err, configuration.CodeAssignmentTied) {
		x.t.Errorf("registered into a tie: %v", err)
	}
	x.wantSerials("the refused ones are not there", inventory.Query{}, "H1")
}

func askedUntilReported(x *configured) {
	d := x.document("Lost and found", "If found, please call")
	id := x.enrolled("H1")
	x.assign(d, configuration.Selector{Class: device.ClassPhoneIssued})
	asked := x.reconcile()
	if len(asked) != 1 || asked[0].Device != id || asked[0].Kind != device.KindConfig || asked[0].Subkind != device.SubkindText || !asked[0].HoldUntilIdle {
		x.t.Fatalf("%+v", asked)
	}
	var args struct {
		Document configuration.DocumentID `json:"document_id"`
		Version  int                      `json:"version"`
		Content  configuration.Text       `json:"content"`
	}
	if err := json.Unmarshal(asked[0].Args, &args); err != nil || args.Document != d.ID || args.Version != d.Number || args.Content.Message != "If found, please call" {
		x.t.Errorf("%+v %v", args, err)
	}
	if again := x.reconcile(); len(again) != 0 {
		x.t.Errorf("asked again at once: %+v", again)
	}
	x.listed(d, inventory.ConfigurationDrifting, "H1")
	x.listed(d, inventory.ConfigurationInForce)
	if s := x.state(id); !s.Drift || s.Command != "c1" || s.Words() != "Sent, and not in force yet." {
		x.t.Errorf("%+v", s)
	}
	x.says(id, fmt.Sprint(d.Number))
	if s := x.state(id); s.Drift || s.ReportedName != "Lost and found" || s.ReportedVersion != 1 || s.Words() != "In force on the device." {
		x.t.Errorf("%+v", s)
	}
	x.Clock.Advance(48 * time.Hour)
	if again := x.reconcile(); len(again) != 0 {
		x.t.Errorf("asked although it is in force: %+v", again)
	}
	summary, err := x.config.Summary(x.ctx, d.ID)
	if err != nil || summary != (configuration.Summary{InForce: 1}) {
		x.t.Errorf("%+v, %v", summary, err)
	}
	x.listed(d, inventory.ConfigurationInForce, "H1")
	x.listed(d, inventory.ConfigurationDrifting)
}

// listed expects exactly these devices behind the count of a document.
func (x *configured) listed(d configuration.Document, state inventory.ConfigurationState, serials ...string) {
	x.t.Helper()
	page, err := x.service.Find(x.ctx, inventory.Query{Filters: inventory.Filters{
		Configuration: []string{string(d.ID)}, ConfigurationState: []inventory.ConfigurationState{state}}})
	if err != nil {
		x.t.Fatal(err)
	}
	var found []string
	for _, item := range page.Items {
		found = append(found, item.Device.Serial)
	}
	if !slices.Equal(found, serials) || page.Total != len(serials) {
		x.t.Errorf("%s of %s: %v (%d), expected %v", state, d.Name, found, page.Total, serials)
	}
}

func lostAndSentAgain(x *configured) {
	d := x.document("Text", "m")
	id := x.enrolled("H1")
	x.assign(d, configuration.Selector{})
	x.reconcile()
	x.says(id, fmt.Sprint(d.Number))
	x.says(id, "")
	if asked := x.reconcile(); len(asked) != 1 {
		x.t.Errorf("asked %d times after it lost its text", len(asked))
	}
	x.says(id, "999")
	x.Clock.Advance(time.Hour)
	if asked := x.reconcile(); len(asked) != 1 {
		x.t.Errorf("asked %d times while it reports something else", len(asked))
	}
}

func patient(x *configured) {
	x.queue.refuse = configuration.CodeDocumentRetired.New("The pump is infusing.")
	id := x.enrolled("H1")
	x.assign(x.document("Text", "m"), configuration.Selector{})
	x.reconcile()
	if s := x.state(id); s.Words() != "Not in force: The pump is infusing." || s.Attempts != 1 {
		x.t.Errorf("%+v", s)
	}
	x.queue.refuse = nil
	// By hand: again after 15 minutes, then an hour, 6 hours, a day.
	for i, pause := range []time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 24 * time.Hour} {
		x.Clock.Advance(pause - time.Second)
		if asked := x.reconcile(); len(asked) != 0 {
			x.t.Errorf("asked too soon after attempt %d", i+1)
		}
		x.Clock.Advance(time.Second)
		if asked := x.reconcile(); len(asked) != 1 {
			x.t.Errorf("asked %d times after attempt %d", len(asked), i+1)
		}
	}
	// Something new is asked for at once.
	docs, err := x.config.Documents(x.ctx, device.SubkindText)
	if err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.config.Publish(x.ctx, bengel, docs[0].ID, 1, lockScreen("n"), ""); err != nil {
		x.t.Fatal(err)
	}
	if asked := x.reconcile(); len(asked) != 1 {
		x.t.Errorf("a new version was asked for %d times", len(asked))
	}
}

func unreachable(x *configured) {
	x.assign(x.document("Text", "m"), configuration.Selector{})
	only := x.add(x.pump, "P1", func(d *inventory.Draft) { d.Management = device.ManagementRecord }).Device.ID
	later := x.add(x.phone, "H1").Device.ID
	if asked := x.reconcile(); len(asked) != 0 {
		x.t.Errorf("%+v", asked)
	}
	if s := x.state(only); s.Words() != "Meant for this device, but no command can reach it." {
		x.t.Errorf("%s", s.Words())
	}
	x.exec("UPDATE device SET enrollment_id = 'e1', stage = 'enrolled' WHERE id = $1", string(later))
	owner := "A. Meyer" // any change of the record, as an enrollment makes one
	if _, err := x.service.Update(x.ctx, bengel, later, 0, inventory.Update{Owner: &owner}); err != nil {
		x.t.Fatal(err)
	}
	if asked := x.reconcile(); len(asked) != 1 || asked[0].Device != later {
		x.t.Errorf("%+v", asked)
	}
}

func newVersion(x *configured) {
	first, other := x.document("First", "1"), x.document("Other", "2")
	one, two := x.enrolled("H1"), x.enrolled("H2", func(d *inventory.Draft) { d.Place = x.south })
	x.assign(first, configuration.Selector{Class: device.ClassPhoneIssued})
	x.assign(other, configuration.Selector{Place: x.south})
	x.reconcile()
	x.says(one, fmt.Sprint(first.Number))
	x.says(two, fmt.Sprint(other.Number))
	if _, err := x.config.Publish(x.ctx, bengel, first.ID, 9, lockScreen("new"), ""); !fault.Has(err, fault.CodeStale) {
		x.t.Errorf("published over a version that was not read: %v", err)
	}
	if _, err := x.config.Publish(x.ctx, bengel, first.ID, 1, lockScreen("1"), ""); !fault.Has(err, configuration.CodeUnchanged) {
		x.t.Errorf("the same again: %v", err)
	}
	next, err := x.config.Publish(x.ctx, bengel, first.ID, 1, lockScreen("new"), "better words")
	if err != nil || next.Version != 2 {
		x.t.Fatalf("%+v %v", next, err)
	}
	asked := x.reconcile()
	if len(asked) != 1 || asked[0].Device != one {
		x.t.Errorf("%+v", asked)
	}
	if s := x.state(one); s.Version != 2 || !s.Drift || s.ReportedVersion != 1 {
		x.t.Errorf("%+v", s)
	}
}

func versionsStay(x *configured) {
	a, b := x.document("A", "1"), x.document("B", "1")
	if a.Number == b.Number {
		x.t.Error("two documents have one number")
	}
	if _, err := x.config.Create(x.ctx, bengel, device.SubkindText, " a", lockScreen("x"), ""); !fault.Has(err, configuration.CodeDocumentExists) {
		x.t.Errorf("two documents of one name: %v", err)
	}
	for i := range 3 {
		if _, err := x.config.Publish(x.ctx, bengel, a.ID, i+1, lockScreen(fmt.Sprint(i+2)), "why"); err != nil {
			x.t.Fatal(err)
		}
	}
	versions, err := x.config.Versions(x.ctx, a.ID)
	if err != nil {
		x.t.Fatal(err)
	}
	var got []string
	for _, v := range versions {
		var c configuration.Text
		if err := json.Unmarshal(v.Content, &c); err != nil {
			x.t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s by %s", v.Version, c.Message, v.CreatedBy))
	}
	if diff := cmp.Diff([]string{"4 4 by B. Engel", "3 3 by B. Engel", "2 2 by B. Engel", "1 1 by B. Engel"}, got); diff != "" {
		x.t.Error(diff)
	}
	as := x.assign(b, configuration.Selector{})
	if _, err := x.config.Retire(x.ctx, bengel, b.ID); !fault.Has(err, configuration.CodeDocumentAssigned) {
		x.t.Errorf("retired while assigned: %v", err)
	}
	if err := x.config.Unassign(x.ctx, bengel, as.ID); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.config.Retire(x.ctx, bengel, b.ID); err != nil {
		x.t.Fatal(err)
	}
	if _, err := x.config.Assign(x.ctx, bengel, b.ID, configuration.Selector{}); !fault.Has(err, configuration.CodeDocumentRetired) {
		x.t.Errorf("assigned although retired: %v", err)
	}
}

func preview(x *configured) {
	a, b := x.document("A", "1"), x.document("B", "1")
	for i := range 5 {
		x.enrolled(fmt.Sprintf("N%d", i), func(d *inventory.Draft) { d.Place = x.north })
	}
	x.enrolled("S1", func(d *inventory.Draft) { d.Place = x.south })
	x.add(x.pump, "P1", func(d *inventory.Draft) { d.Place = x.north })
	first := x.assign(a, configuration.Selector{Class: device.ClassPhoneIssued})
	x.assign(b, configuration.Selector{Place: x.south})
	defer x.previewTells(a, b)
	for _, c := range []struct {
		what                      string
		p                         configuration.Proposal
		fitting, changing, losing int
	}{
		{"B for the north: five phones change, the pump gets its first", configuration.Proposal{Assign: b.ID, Selector: configuration.Selector{Place: x.north}}, 6, 6, 0},
		{"A for the north: only the pump changes", configuration.Proposal{Assign: a.ID, Selector: configuration.Selector{Place: x.north}}, 6, 1, 0},
		{"without A: five phones have nothing any more", configuration.Proposal{Unassign: first.ID}, 6, 5, 5},
		{"a new A: the phones of the north", configuration.Proposal{Publish: a.ID}, 6, 5, 0},
	} {
		got, err := x.config.Preview(x.ctx, c.p)
		if err != nil || got.Fitting != c.fitting || got.Changing != c.changing || got.Losing != c.losing || len(got.Sample) != c.changing {
			x.t.Errorf("%s: %+v %v", c.what, got, err)
		}
	}
}

// previewTells: by class and place, what waits, what cannot follow, and what would
// be refused.
func (x *configured) previewTells(a, b configuration.Document) {
	pump := x.add(x.pump, "P2", func(d *inventory.Draft) { d.Place = x.north }).Device.ID
	x.exec("UPDATE device SET enrollment_id = 'e-P2', stage = 'enrolled' WHERE id = $1", string(pump))
	x.queue.ahead = map[device.ID]commands.Outlook{pump: {Waits: true}}
	got, err := x.config.Preview(x.ctx, configuration.Proposal{Assign: b.ID, Selector: configuration.Selector{Place: x.north}})
	want := []configuration.Group{
		{Class: device.ClassPhoneIssued, Place: x.north, Tally: configuration.Tally{Changing: 5}},
		{Class: x.pump.Class, Place: x.north, Tally: configuration.Tally{Changing: 2, Waiting: 1, Unreachable: 1}},
	}
	if diff := cmp.Diff(want, got.Groups); err != nil || diff != "" || got.Waiting != 1 || got.Unreachable != 1 {
		x.t.Errorf("%+v %v\n%s", got, err, diff)
	}
	for code, p := range map[*fault.Code]configuration.Proposal{
		&configuration.CodeAssignmentExists: {Assign: b.ID, Selector: configuration.Selector{Class: device.ClassPhoneIssued}},
		&configuration.CodeUnchanged:        {Publish: a.ID, Content: a.Content},
		&fault.CodeInvalid:                  {Publish: a.ID, Content: json.RawMessage(`{"message":""}`)},
	} {
		if _, err := x.config.Preview(x.ctx, p); !fault.Has(err, *code) {
			x.t.Errorf("%+v: %v", p, err)
		}
	}
}

func askedOnce(x *configured) {
	for i := range 30 {
		x.enrolled(fmt.Sprintf("H%02d", i))
	}
	x.assign(x.document("Text", "m"), configuration.Selector{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			other := configuration.New(configuration.Options{Storage: x.store, Places: x.service, Models: x.service, Requester: x.queue, Outlooks: x.queue, Now: x.Clock.Now})
			for range 5 {
				if _, err := other.Reconcile(x.ctx); err != nil {
					x.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	x.reconcile()
	times := map[device.ID]int{}
	states := 0
	if err := x.Raw().QueryRow("SELECT count(*) FROM config_state WHERE drift AND attempts = 1").Scan(&states); err != nil || states != 30 {
		x.t.Errorf("%d devices were asked, %v", states, err)
	}
	for _, a := range x.queue.take() {
		times[a.Device]++
	}
	for id, n := range times {
		if n > 1 {
			x.t.Errorf("%s was asked %d times", id, n)
		}
	}
}
