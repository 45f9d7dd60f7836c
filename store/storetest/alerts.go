package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wardline/alert"
	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/internal/seal"
)

func init() { register("alerts", suiteAlerts) }

func suiteAlerts(t *testing.T, h *Harness) {
	h.Run("what people must hear of is raised with what caused it, or not at all", testRaised)
	h.Run("every event that people must hear of raises its alert", testEventsRaise)
	h.Run("the same again is counted, and told anew once somebody took note", testCounted)
	h.Run("a ward that falls silent is told of once, and over when it speaks", testWardSilent)
	h.Run("certificates that run out and backups that nobody made are told of", testRunsOut)
	h.Run("a message outlives a server that is killed after sending it", testKilledAfterSending)
	h.Run("a mail server that is away for hours loses nothing, and one recipient that is gone is given up", testMailServerAway)
	h.Run("two servers tell everybody once", testTwoPosts)
	h.Run("people hear less only when two agree", testHearLess)
	h.Run("who gets another mail address is told at the one before", testAddressBefore)
}

// tells is a mail server and a webhook that remember what they were sent.
type tells struct {
	mu    sync.Mutex
	mails []alert.Mail
	hooks []alert.Hook
	// fails answers a mail; nil: all arrive.
	fails func(alert.Mail) error
}

func (r *tells) Send(_ context.Context, m alert.Mail) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails != nil {
		if err := r.fails(m); err != nil {
			return err
		}
	}
	r.mails = append(r.mails, m)
	return nil
}

func (r *tells) Call(_ context.Context, h alert.Hook) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hooks = append(r.hooks, h)
	return nil
}

// to lists who was written to, sorted.
func (r *tells) to() []string {
	var out []string
	for _, m := range r.mails {
		out = append(out, m.To)
	}
	slices.Sort(out)
	return out
}

// watched is a clinic whose alerts are told.
type watched struct {
	*Clinic
	h      *Harness
	keys   seal.Keyring
	alerts *alert.Service
	got    *tells
	post   *alert.Post
}

func newWatched(t *testing.T, h *Harness) *watched {
	t.Helper()
	keys, err := seal.New(masterKey[:])
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{Clinic: newClinic(t, h), h: h, keys: keys, got: &tells{}}
	w.alerts = alert.New(alert.Options{Storage: w.Store, Keys: keys})
	w.post = w.server(w.Store, w.got)
	return w
}

func (w *watched) server(s alert.PostStorage, m *tells) *alert.Post {
	return alert.NewPost(alert.PostOptions{Storage: s, Mailer: m, Caller: m, Keys: w.keys, AdminURL: "https://wardline.test", Now: w.Clock.Now})
}

func (w *watched) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// open lists the open alerts by rule.
func (w *watched) list(q alert.Query) []alert.Alert {
	w.T.Helper()
	q.Scope = alert.Scope{Devices: true, People: true, Server: true}
	page, err := w.alerts.Alerts(w.ctx, q)
	w.must(err)
	return page.Alerts
}

func (w *watched) of(rule alert.RuleID) []alert.Alert { return w.list(alert.Query{Rule: rule}) }

// sets changes a rule by somebody alone.
func (w *watched) sets(rule alert.RuleID, change func(*alert.Setting)) bool {
	w.T.Helper()
	settings, _, err := w.alerts.Settings(w.ctx)
	w.must(err)
	at := slices.IndexFunc(settings, func(s alert.Setting) bool { return s.Rule == rule })
	next := settings[at]
	change(&next)
	waits, err := w.alerts.Change(w.ctx, administrator, next, "a drill")
	w.must(err)
	return waits
}

func (w *watched) mailsTo(rule alert.RuleID, addresses ...string) {
	w.T.Helper()
	w.sets(rule, func(s *alert.Setting) {
		for _, a := range addresses {
			s.Routes = append(s.Routes, alert.Route{Address: a, Language: "en"})
		}
	})
}

// sends runs the post until nothing is due.
func (w *watched) sends(p *alert.Post) {
	w.T.Helper()
	for range 20 {
		more, err := p.Step(w.ctx)
		w.must(err)
		if !more {
			return
		}
	}
	w.T.Fatal("the post does not come to rest")
}

func testRaised(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	phones := w.some(6)
	w.wipes(admin(1), phones[:5])
	if n := len(w.of(alert.RuleLimitReached)); n != 0 {
		t.Fatalf("the control: %d alerts after five wipes", n)
	}
	w.wipes(admin(1), phones[5:])
	got := w.of(alert.RuleLimitReached)
	if len(got) != 1 || !got[0].Open() || got[0].Device != phones[5].ID || got[0].Class != device.ClassPhoneIssued ||
		got[0].Title() != "A limit is reached: 5 devices an hour for one person" {
		t.Fatalf("after the sixth: %+v", got)
	}
	if wanted := w.of(alert.RuleApprovalWanted); len(wanted) != 1 || wanted[0].Open() || wanted[0].Title() != "A second person is needed: Wipe" {
		t.Errorf("a second person is needed: %+v", wanted)
	}
	// What is rolled back raises nothing: a check is a request that is never kept.
	before := len(w.list(alert.Query{}))
	w.must(w.Service.Check(w.ctx, admin(1), commands.Ask{Device: phones[0].ID, Kind: device.KindLock, Reason: "a check"}))
	w.exec(map[bool]string{true: `CREATE TRIGGER no_head BEFORE INSERT ON audit_link BEGIN SELECT RAISE(ABORT, 'no'); END`,
		false: `ALTER TABLE audit_link ADD CONSTRAINT no_head CHECK (id = '') NOT VALID`}[h.Engine == "sqlite"])
	if err := w.Store.Record(w.ctx, audit.Event{Actor: security, Action: "alert.clone", Device: string(phones[0].ID), Enrollment: "e"}); err == nil {
		t.Fatal("the audit log took an event that it should have refused")
	}
	if after := len(w.list(alert.Query{})); after != before {
		t.Errorf("what was not kept raised %d alerts", after-before)
	}
	if h.Engine == "postgres" {
		w.exec(`ALTER TABLE audit_link DROP CONSTRAINT no_head`)
	}
}

// Each line is one cause as the program records it, by hand.
func testEventsRaise(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	phone := w.Phone()
	for _, c := range []struct {
		action string
		detail map[string]any
		on     string // device, account or another subject
		want   map[alert.RuleID]int
	}{
		{"freeze.set", map[string]any{"scope": "server", "cause": "by_hand"}, "freeze:1", map[alert.RuleID]int{alert.RuleFreeze: 1}},
		{"freeze.set", map[string]any{"scope": "person", "cause": "burst"}, "freeze:2", map[alert.RuleID]int{alert.RuleFreeze: 1}},
		{"command.not_erased", nil, "device", map[alert.RuleID]int{alert.RuleNotErased: 1}},
		{"alert.clone", nil, "device", map[alert.RuleID]int{alert.RuleClone: 1}},
		{"session.refresh_reused", nil, "account:1", map[alert.RuleID]int{alert.RuleClone: 1}},
		{"recovery.begun", nil, "account:1", map[alert.RuleID]int{alert.RuleRecovery: 1}},
		{"recovery.finished", nil, "account:1", map[alert.RuleID]int{alert.RuleRecovery: 1}},
		{"limit.raised", nil, "limit:x", map[alert.RuleID]int{alert.RuleGuardChanged: 1}},
		{"limit.raise_requested", nil, "limit:x", map[alert.RuleID]int{alert.RuleApprovalWanted: 1}},
		{"freeze.lift_requested", nil, "freeze:1", map[alert.RuleID]int{alert.RuleApprovalWanted: 1}},
		{"account.change_asked", map[string]any{"account_change": "c1"}, "account:1", map[alert.RuleID]int{alert.RuleApprovalWanted: 1}},
		{"account.change_denied", map[string]any{"account_change": "c1"}, "account:1", map[alert.RuleID]int{alert.RuleApprovalDecided: 1}},
		{"command.approved", map[string]any{"kind": "wipe"}, "device", map[alert.RuleID]int{alert.RuleApprovalDecided: 1}},
		{"account.factor_added", nil, "account:1", map[alert.RuleID]int{alert.RuleAccountChanged: 1}},
		{"account.changed", map[string]any{"roles": []string{"it"}}, "account:1", map[alert.RuleID]int{alert.RuleAccountChanged: 1}},
		{"account.changed", map[string]any{"name": "Ada"}, "account:1", map[alert.RuleID]int{}},
		{"command.delivered", map[string]any{"state": "delivered"}, "device", map[alert.RuleID]int{}},
		{"session.opened", nil, "account:1", map[alert.RuleID]int{}},
	} {
		count := func() map[alert.RuleID]int {
			n := map[alert.RuleID]int{}
			for _, a := range w.list(alert.Query{Limit: 200}) {
				n[a.Rule]++
			}
			return n
		}
		before := count()
		e := audit.Event{Actor: security, Action: audit.Action(c.action), Subject: c.on, Detail: c.detail}
		if c.on == "device" {
			e.Device, e.Enrollment, e.Command, e.Subject = string(phone.ID), string(phone.Enrollment), "c-"+c.action, ""
		}
		w.must(w.Store.Record(w.ctx, e))
		got := map[alert.RuleID]int{}
		for rule, n := range count() {
			if n != before[rule] {
				got[rule] = n - before[rule]
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s about %s raised %v, want %v", c.action, c.on, got, c.want)
		}
	}
}

func testCounted(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	phone := w.Phone()
	cloned := func() {
		w.must(w.Store.Record(w.ctx, audit.Event{Actor: security, Action: "alert.clone", Device: string(phone.ID), Enrollment: string(phone.Enrollment)}))
	}
	w.mailsTo(alert.RuleClone, "duty@hospital.test")
	cloned()
	cloned()
	w.sends(w.post)
	got := w.of(alert.RuleClone)
	if len(got) != 1 || got[0].Times != 2 || len(w.got.mails) != 1 {
		t.Fatalf("seen twice: %+v, %d mails", got, len(w.got.mails))
	}
	// The mail says which device and where to look, and no more: no place, no holder.
	text := w.got.mails[0].Subject + w.got.mails[0].Text
	for _, has := range []string{"[Wardline!]", phone.Serial, "https://wardline.test/alerts/" + string(got[0].ID)} {
		if !strings.Contains(text, has) {
			t.Errorf("the mail lacks %q:\n%s", has, text)
		}
	}
	for _, never := range []string{"Workshop", "Ada"} {
		if strings.Contains(text, never) {
			t.Errorf("the mail says %q:\n%s", never, text)
		}
	}
	w.must(w.alerts.Acknowledge(w.ctx, security, got[0].ID, "It was the test bench."))
	if err := w.alerts.Acknowledge(w.ctx, biomed, got[0].ID, ""); !fault.Has(err, alert.CodeAcknowledged) {
		t.Errorf("a second acknowledgement: %v", err)
	}
	cloned()
	w.sends(w.post)
	if now := w.list(alert.Query{State: alert.StateOpen, Rule: alert.RuleClone}); len(now) != 1 || now[0].ID == got[0].ID || len(w.got.mails) != 2 {
		t.Errorf("after it was acknowledged and happened again: %+v, %d mails", now, len(w.got.mails))
	}
	all := w.of(alert.RuleClone)
	if len(all) != 2 || !all[0].Open() || all[1].Note != "It was the test bench." || all[1].AcknowledgedBy.ID != security.ID {
		t.Errorf("open ones come first: %+v", all)
	}
	// The third that was raised tells that a rule was changed.
	if w.events("alert.acknowledged") != 1 || w.events("alert.raised") != 3 || w.events("alert.told") != 2 {
		t.Errorf("the audit log has %d acknowledged, %d raised, %d told", w.events("alert.acknowledged"), w.events("alert.raised"), w.events("alert.told"))
	}
}

func (w *watched) looks(at *alert.Watch) {
	w.T.Helper()
	w.must(at.Step(w.ctx))
}

func testWardSilent(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	w.must(w.alerts.ReportBackup(w.ctx, security, "all", time.Time{}))
	watch := alert.NewWatch(alert.WatchOptions{Storage: w.Store, Certificates: func() []alert.ServerCertificate { return nil }})
	pumps := []*Gadget{}
	for range 6 {
		pumps = append(pumps, w.Pump())
	}
	w.looks(watch)
	hear := func(list []*Gadget) {
		for _, g := range list {
			g.Report()
		}
	}
	for range 5 {
		w.Clock.Advance(10 * time.Minute)
		hear(pumps)
		w.looks(watch)
	}
	// Two of six fall silent: less than half. Then four: two thirds.
	for range 7 {
		w.Clock.Advance(10 * time.Minute)
		hear(pumps[2:])
		w.looks(watch)
	}
	if n := len(w.of(alert.RuleWardSilent)); n != 0 {
		t.Fatalf("two silent pumps of six raised %d alerts", n)
	}
	for range 7 {
		w.Clock.Advance(10 * time.Minute)
		hear(pumps[4:])
		w.looks(watch)
	}
	got := w.of(alert.RuleWardSilent)
	if len(got) != 1 || got[0].Place != w.Storage || got[0].Facts["silent"] != "4" || got[0].Facts["devices"] != "6" || got[0].Times != 1 {
		t.Fatalf("four silent pumps of six: %+v", got)
	}
	w.must(w.alerts.Acknowledge(w.ctx, biomed, got[0].ID, "The switch is being replaced."))
	w.looks(watch)
	if n := len(w.of(alert.RuleWardSilent)); n != 1 {
		t.Errorf("somebody has taken note, and it is told again: %d", n)
	}
	// Silent for days: nobody counts as heard of lately any more, which is no sign of life.
	w.Clock.Advance(72 * time.Hour)
	w.looks(watch)
	if a := w.of(alert.RuleWardSilent)[0]; !a.ClearedAt.IsZero() {
		t.Errorf("a ward that is silent for days counts as over")
	}
	hear(pumps)
	w.looks(watch)
	if a := w.of(alert.RuleWardSilent)[0]; a.ClearedAt.IsZero() || w.events("alert.cleared") < 1 {
		t.Errorf("the ward is heard of again, and the alert stays: %+v", a)
	}
}

func testRunsOut(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	ends := w.Clock.Now().Add(40 * 24 * time.Hour)
	watch := alert.NewWatch(alert.WatchOptions{Storage: w.Store, Certificates: func() []alert.ServerCertificate {
		return []alert.ServerCertificate{{Name: "issuing CA", NotAfter: ends}, {Name: "root CA", NotAfter: ends.AddDate(10, 0, 0)}}
	}})
	phone := w.Phone()
	w.exec("UPDATE certificate SET not_after = $1 WHERE device_id = $2", ends.UnixMicro(), string(phone.ID))
	for _, day := range []struct {
		after                   int // days since the beginning
		device, server, backups int
	}{{1, 0, 0, 0}, {2, 0, 0, 1}, {25, 0, 0, 1}, {27, 1, 1, 1}} {
		w.Clock.Set(ends.Add(-40*24*time.Hour).AddDate(0, 0, day.after))
		w.looks(watch)
		w.looks(watch)
		for rule, want := range map[alert.RuleID]int{alert.RuleDeviceCertificates: day.device, alert.RuleServerCertificates: day.server, alert.RuleBackupOld: day.backups} {
			if n := len(w.of(rule)); n != want {
				t.Errorf("after %d days: %d alerts of %s, want %d", day.after, n, rule, want)
			}
		}
	}
	if a := w.of(alert.RuleServerCertificates)[0]; a.Title() != "The certificate of the issuing CA runs out" {
		t.Errorf("the alert says %q", a.Title())
	}
	w.must(w.alerts.ReportBackup(w.ctx, admin(1), "database and master key", time.Time{}))
	w.looks(watch)
	if a := w.of(alert.RuleBackupOld)[0]; a.ClearedAt.IsZero() {
		t.Error("a backup was made, and the alert stays")
	}
	// A backup is never newer than now, whatever its maker's clock says.
	w.must(w.alerts.ReportBackup(w.ctx, admin(1), "database", w.Clock.Now().AddDate(1, 0, 0)))
	w.Clock.Advance(37 * time.Hour)
	w.looks(watch)
	if n := len(w.list(alert.Query{Rule: alert.RuleBackupOld, State: alert.StateOpen})); n != 1 {
		t.Errorf("37 hours after the last backup there are %d alerts, want 1", n)
	}
}

// killed is a store whose server dies before it can note that a message was sent.
type killed struct{ alert.PostStorage }

var errKilled = errors.New("killed")

func (killed) SettleDelivery(context.Context, alert.Delivery) error { return errKilled }

func testKilledAfterSending(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	w.mailsTo(alert.RuleFreeze, "duty@hospital.test")
	hook, _, err := w.alerts.AddWebhook(w.ctx, administrator, "pager", "https://pager.hospital.test/in")
	w.must(err)
	w.sets(alert.RuleFreeze, func(s *alert.Setting) { s.Routes = append(s.Routes, alert.Route{Webhook: hook.ID}) })
	w.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})

	dying := w.server(killed{w.Store}, w.got)
	if _, err := dying.Step(w.ctx); !errors.Is(err, errKilled) {
		t.Fatalf("the server should have died: %v", err)
	}
	if len(w.got.mails) != 1 || len(w.got.hooks) != 1 {
		t.Fatalf("the control: %d mails and %d calls left before it died", len(w.got.mails), len(w.got.hooks))
	}
	// Another server takes over: not before the lease is over, and then at once.
	w.sends(w.post)
	if len(w.got.mails) != 1 {
		t.Fatal("the lease of a server that may still be sending was not respected")
	}
	w.Clock.Advance(2 * time.Minute)
	w.sends(w.post)
	w.Clock.Advance(2 * time.Hour)
	w.sends(w.post)
	if len(w.got.mails) != 2 || w.got.mails[0].ID != w.got.mails[1].ID {
		t.Errorf("at least once, under one id: %+v", w.got.mails)
	}
	if len(w.got.hooks) != 2 || w.got.hooks[0].ID != w.got.hooks[1].ID {
		t.Errorf("the webhook was called %d times", len(w.got.hooks))
	}
}

func testMailServerAway(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	w.mailsTo(alert.RuleFreeze, "duty@hospital.test", "left@hospital.test")
	tries := 0
	away := true
	w.got.fails = func(m alert.Mail) error {
		switch {
		case m.To == "left@hospital.test":
			return fmt.Errorf("550 no such user: %w", alert.ErrForGood)
		case away:
			tries++
			return errors.New("connection refused")
		}
		return nil
	}
	w.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	for range 12 * 12 {
		w.sends(w.post)
		w.Clock.Advance(5 * time.Minute)
	}
	if tries < 12 || tries > 30 {
		t.Errorf("in twelve hours the mail server was tried %d times", tries)
	}
	away = false
	w.Clock.Advance(time.Hour)
	w.sends(w.post)
	if got := w.got.to(); !slices.Equal(got, []string{"duty@hospital.test"}) {
		t.Errorf("when the mail server is back these are told: %v", got)
	}
	_, messages, err := w.alerts.Alert(w.ctx, w.of(alert.RuleFreeze)[0].ID)
	w.must(err)
	states := map[string]alert.DeliveryState{}
	for _, m := range messages {
		states[m.Target] = m.State
	}
	if states["duty@hospital.test"] != alert.Sent || states["left@hospital.test"] != alert.GivenUp || w.events("alert.not_delivered") != 1 {
		t.Errorf("the messages ended as %v", states)
	}
}

func testTwoPosts(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	posts := []*alert.Post{w.post}
	if h.Engine == "postgres" {
		second := h.Second()
		posts = append(posts, w.server(second, w.got))
	}
	var all []string
	for i := range 30 {
		all = append(all, fmt.Sprintf("p%02d@hospital.test", i))
	}
	w.mailsTo(alert.RuleFreeze, all...)
	w.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	var wg sync.WaitGroup
	for _, p := range append(posts, posts...) {
		wg.Go(func() {
			for range 12 {
				if _, err := p.Step(w.ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := w.got.to(); !slices.Equal(got, all) {
		t.Errorf("30 people, told: %v", got)
	}
}

func testHearLess(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	silent := func() alert.Setting {
		settings, _, err := w.alerts.Settings(w.ctx)
		w.must(err)
		at := slices.IndexFunc(settings, func(s alert.Setting) bool { return s.Rule == alert.RuleWardSilent })
		return settings[at]
	}
	if w.sets(alert.RuleWardSilent, func(s *alert.Setting) {
		s.Numbers[alert.NumberMinutes] = 30
		s.Routes = []alert.Route{{Role: "it"}}
	}) {
		t.Error("hearing more waits for a second person")
	}
	for name, less := range map[string]func(*alert.Setting){
		"off":                func(s *alert.Setting) { s.On = false },
		"later":              func(s *alert.Setting) { s.Numbers[alert.NumberMinutes] = 31 },
		"a recipient less":   func(s *alert.Setting) { s.Routes = nil },
		"at one site only":   func(s *alert.Setting) { s.Routes = []alert.Route{{Role: "it", Site: "somewhere"}} },
		"somebody else":      func(s *alert.Setting) { s.Routes = []alert.Route{{Role: "helpdesk"}} },
		"more, and less too": func(s *alert.Setting) { s.Numbers[alert.NumberMinutes], s.Numbers[alert.NumberShare] = 10, 90 },
	} {
		if !w.sets(alert.RuleWardSilent, less) {
			t.Errorf("%s: one person alone lets people hear less", name)
		}
	}
	if s := silent(); !s.On || s.Numbers[alert.NumberMinutes] != 30 || len(s.Routes) != 1 {
		t.Fatalf("what waits holds already: %+v", s)
	}
	_, changes, err := w.alerts.Settings(w.ctx)
	w.must(err)
	if len(changes) != 1 {
		t.Fatalf("a newer change takes the place of the one before: %d wait", len(changes))
	}
	if err := w.alerts.Agree(w.ctx, administrator, changes[0].ID); err == nil {
		t.Error("who asked has agreed to it")
	}
	w.must(w.alerts.Agree(w.ctx, officer, changes[0].ID))
	if err := w.alerts.Agree(w.ctx, officer, changes[0].ID); err == nil {
		t.Error("it was agreed to twice")
	}
	if s := silent(); s.Version != 2 {
		t.Errorf("after two agreed: %+v", s)
	}
	settings, _, _ := w.alerts.Settings(w.ctx)
	frozen := settings[slices.IndexFunc(settings, func(s alert.Setting) bool { return s.Rule == alert.RuleFreeze })]
	frozen.On = false
	if _, err := w.alerts.Change(w.ctx, administrator, frozen, "a drill"); err == nil {
		t.Error("the rule of freezes can be switched off")
	}
}

func testAddressBefore(t *testing.T, h *Harness) {
	w := newWatched(t, h)
	p := peopleOn(t, h, w.Store)
	ada := p.hire("ada", "it")
	at := func(address string) {
		w.must(w.alerts.SetAddress(w.ctx, security, alert.Account(ada), address, "de"))
	}
	at("ada@hospital.test")
	w.sends(w.post)
	if len(w.got.mails) != 0 {
		t.Errorf("a first address is no news: %v", w.got.to())
	}
	at("thief@elsewhere.test")
	w.sends(w.post)
	if got := w.got.to(); !slices.Contains(got, "ada@hospital.test") {
		t.Errorf("the address before was not told: %v", got)
	}
	if m := w.got.mails[0]; !strings.Contains(m.Subject, "Die Mailadresse eines Kontos wurde geändert") {
		t.Errorf("who reads German gets %q", m.Subject)
	}
}
