package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/ca"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/store"
)

func init() { register("epochs", suiteEpochs) }

func suiteEpochs(t *testing.T, h *Harness) {
	h.Run("a database that goes on is not behind, and one from a backup is", testBehind)
	h.Run("yesterday's backup wipes nothing, and two people see what it lost", testYesterdaysBackup)
	h.Run("a restore signs everybody out and voids what waited for a second person", testRestoredPeople)
	h.Run("of two servers that find a backup one begins the epoch", testOneEpoch)
}

func (c *Clinic) lookOutside() store.Known {
	c.T.Helper()
	k, err := c.Store.LookOutside(c.ctx)
	if err != nil {
		c.T.Fatal(err)
	}
	return k
}

func (c *Clinic) behind(k store.Known) string {
	c.T.Helper()
	why, err := c.Store.Behind(c.ctx, k)
	if err != nil {
		c.T.Fatal(err)
	}
	return why
}

func testBehind(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	i := h.intruder()
	restore := i.Backup(h)
	first := c.lookOutside()
	c.ask(phone, device.KindLock)
	if why := c.behind(first); why != "" {
		t.Errorf("after more has happened: %s", why)
	}
	second := c.lookOutside()
	restore()
	if why := c.behind(second); !strings.Contains(why, "audit log ends") {
		t.Errorf("a backup is behind: %q", why)
	}
	// Somebody writes as much again as was lost.
	for range second.Head.Seq {
		c.ask(c.Phone(), device.KindLock)
	}
	if why := c.behind(second); !strings.Contains(why, "is another one") {
		t.Errorf("a backup that went on by itself: %q", why)
	}
	if why := c.behind(first); why != "" {
		t.Errorf("what the backup itself had: %s", why)
	}
	later := c.lookOutside()
	later.Epoch++
	if why := c.behind(later); !strings.Contains(why, "epoch 2 had begun") {
		t.Errorf("a backup from the epoch before: %q", why)
	}
}

// statusOf is a device's certificate as the last CRL would list it.
func (g *Gadget) statusOf(reason ca.Reason) ca.Status {
	return ca.Status{Serial: ca.Serial(g.Print[:32]), Revoked: true, Reason: reason, RevokedAt: g.c.Clock.Now().UTC().Truncate(time.Second)}
}

func testYesterdaysBackup(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(4)
	var wipes []commands.Command
	for _, g := range phones[:3] {
		w, err := c.request(security, g, device.KindWipe, args(`{"wipe_first":true}`))
		if err != nil {
			t.Fatal(err)
		}
		wipes = append(wipes, w)
	}
	if got := phones[0].Take(); len(got) != 1 {
		t.Fatalf("the control: %v", got)
	}
	pump := c.Pump()
	waiting, err := c.request(biomed, pump, device.KindRestart)
	if err != nil {
		t.Fatal(err)
	}
	i := h.intruder()
	restore := i.Backup(h)
	for _, w := range wipes[1:3] { // found again, the day after the backup
		if _, err := c.Service.Cancel(c.ctx, security, w.ID, "found"); err != nil {
			t.Fatal(err)
		}
	}
	h.Clock.Advance(24 * time.Hour)
	known := c.lookOutside()
	restore()
	if err := c.Store.Close(); err != nil {
		t.Fatal(err)
	}
	c.Store = h.Reopen()
	c.Service = c.Serve(c.Store)

	unknown := ca.Serial(strings.Repeat("ab", 16))
	revoked := []ca.Status{phones[3].statusOf(ca.ReasonCessationOfOperation), {Serial: unknown, Revoked: true, RevokedAt: h.Clock.Now()}}
	lost, begun, err := c.Store.BeginEpoch(c.ctx, store.NewEpoch{By: alarmed, Why: c.behind(known), Known: &known, Revoked: revoked})
	if err != nil || !begun {
		t.Fatalf("begun %t: %v", begun, err)
	}
	if lost.Epoch != 2 || lost.Links < 2 || len(lost.Orders) != 4 || len(lost.Revocations) != 2 {
		t.Errorf("the list: epoch %d, %d links, %d orders, %d revocations", lost.Epoch, lost.Links, len(lost.Orders), len(lost.Revocations))
	}
	status, newest, err := c.Store.StatusChanges(c.ctx, 0)
	if err != nil || newest < 1 {
		t.Fatalf("%d: %v", newest, err)
	}
	for _, want := range []ca.Serial{unknown, ca.Serial(phones[3].Print[:32])} {
		if !slices.ContainsFunc(status, func(s ca.Status) bool { return s.Serial == want && s.Revoked }) {
			t.Errorf("certificate %s is good again", want)
		}
	}
	if got := c.get(waiting.ID).State; got != commands.StateCancelled {
		t.Errorf("what waited for a second person is %s", got)
	}
	z := c.frozen()
	if _, err := c.Service.AskLift(c.ctx, officer, []string{"security"}, z.ID, "looked at", ""); !refusedAs(err, "list_not_seen") {
		t.Errorf("lifted without having seen the list: %v", err)
	}
	hash, err := z.Lost.Hash()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Service.AskLift(c.ctx, officer, []string{"security"}, z.ID, "looked at", hash); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Service.Lift(c.ctx, administrator, z.ID, officer.ID, "sha256:another"); !refusedAs(err, "list_not_seen") {
		t.Errorf("the second person had not seen the list: %v", err)
	}
	if _, err := c.Service.Lift(c.ctx, administrator, z.ID, officer.ID, hash); err != nil {
		t.Fatal(err)
	}
	h.Clock.Advance(time.Hour)
	for n, g := range append(slices.Clone(phones), pump) {
		if got := g.Take(); len(got) != 0 {
			t.Errorf("device %d was handed a %s that the backup had", n, got[0].Told.Kind)
		}
	}
	// Life goes on.
	fresh := c.Phone()
	c.ask(fresh, device.KindLock)
	if got := fresh.Take(); len(got) != 1 {
		t.Errorf("after the restore an honest lock: %v", got)
	}
	if got := c.lookOutside(); got.Epoch != 2 || c.behind(known) != "" {
		t.Errorf("epoch %d; to a server that knew the lost one: %s", got.Epoch, c.behind(known))
	}
	mustBeWhole(t, c.Store)
}

func refusedAs(err error, code string) bool {
	f, ok := fault.As(err)
	return ok && f.Code.Name == code
}

var alarmed = audit.Actor{Kind: audit.ActorSystem, ID: "anchor"}

func testRestoredPeople(t *testing.T, h *Harness) {
	p := founded(t, h)
	p.hire("sam", auth.RoleSecurity)
	g := p.signIn("sam")
	i := h.intruder()
	restore := i.Backup(h)
	p.signIn("sam") // and more happens
	known, err := p.store.LookOutside(p.ctx)
	p.must(err)
	restore()
	_, begun, err := p.store.BeginEpoch(p.ctx, store.NewEpoch{By: alarmed, Why: "a test", Known: &known})
	p.must(err)
	if !begun {
		t.Fatal("no epoch began")
	}
	if _, err := p.fresh(g); err == nil {
		t.Error("a session from before the restore is good")
	}
	if _, err := p.auth.Refresh(p.ctx, auth.AudienceAdmin, g.RefreshToken, wardSource, "test"); err == nil {
		t.Error("a session from before the restore is refreshed")
	}
	p.signIn("sam") // as everybody does
	if n := p.recorded("integrity.row_refused"); n != 0 {
		t.Errorf("%d honest rows were refused", n)
	}
}

func testOneEpoch(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	c.some(1)
	other := h.Second()
	known := c.lookOutside()
	for n, s := range []*store.Store{c.Store, other} {
		_, begun, err := s.BeginEpoch(c.ctx, store.NewEpoch{By: alarmed, Why: "a test", Known: &store.Known{Epoch: known.Epoch, Head: known.Head}})
		if err != nil || begun != (n == 0) {
			t.Errorf("server %d began an epoch: %t (%v)", n+1, begun, err)
		}
	}
}
