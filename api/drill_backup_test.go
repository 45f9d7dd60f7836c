//go:build !race

package api

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/device"
	"wardline/store"
	"wardline/store/storetest"
)

// TestDrillYesterdaysBackupDestroysNothing: an administrator with a factor asks for
// wipes of phones that sleep, and has a colleague fooled into agreeing to more. The
// next day all of it is taken back and the account is disabled. Then the
// administrator puts yesterday's database in the place of today's, again and again,
// and the phones are awake.
func TestDrillYesterdaysBackupDestroysNothing(t *testing.T) {
	t.Parallel()
	h := storetest.New(t, store.SQLite)
	w := &watched{t: t}
	d := openDrill(t, h, "yesterday's backup", 45, 6, func(o *store.Options) { o.Older = w.wholeIsOlder })
	was := d.workOfYesterday()
	restore := h.Intruder().Backup(h)

	// What was asked goes out: the control, on a phone that nobody counts.
	if got := was.control.Take(); len(got) != 1 || got[0].Told.Kind != device.KindWipe {
		t.Fatalf("the control: what was asked yesterday hands the phone %v", got)
	}
	d.clock.Advance(15 * time.Hour)
	d.sam.signInAgain()
	d.call(d.sam, http.MethodPost, "/cancel-all", map[string]any{"scope": "person", "scope_id": "vic", "reason": "found out"}).is(http.StatusOK)
	d.boss.signInAgain()
	of := "/accounts/" + string(was.vic.id)
	d.call(d.boss, http.MethodPatch, of, map[string]any{"disabled": true}, d.sweep.version(of)).is(http.StatusOK)
	d.clock.Advance(9 * time.Hour)
	for _, v := range d.fleet {
		v.asleep = false
	}
	if d.contact(); d.lost() != (loss{}) {
		t.Fatalf("before the attack the devices felt %+v", d.lost())
	}
	if was.vic.signsInWith(was.vic.otp()) {
		t.Fatal("the control: who was found out signs in")
	}
	w.store = d.store
	w.compare()
	thief := *was.vic
	d.sweep.code = thief.otp
	d.ready()
	d.attack(&thief, func() {
		restore()
		d.isYesterday(was)
		// Before any server has looked: what was open, and every credential of yesterday.
		d.contact()
		d.tryEverythingOf(was)
		w.compare()
		// And after it: as a person whom the backup still knows.
		thief.signsInWith(thief.otp())
		d.tryEverythingOf(was)
		d.wipesAtMost(&thief, 1)
		d.locksMore(&thief, device.ClassPhoneIssued)
	})
	if w.epochs < 20 {
		t.Errorf("a backup was put back in the place of the database, and %d epochs began", w.epochs)
	}
}

// yesterday is what an attacker had when the backup was made.
type yesterday struct {
	vic, robot *person
	control    *storetest.Gadget
	// phones are those of the open wipes; proof is a step-up for the last of them.
	phones []*victim
	proof  header
	// agreed is a batch that a second person agreed to, waits a wipe that waits for one.
	agreed, waits *answer
	setUp         string
}

// workOfYesterday is an attacker's evening before the backup.
func (d *drill) workOfYesterday() *yesterday {
	d.t.Helper()
	was := &yesterday{robot: &person{h: d.house}, control: d.clinic.Phone()}
	was.vic = d.owns("vic", "Vic", true, auth.RoleIT, auth.RoleSecurity, auth.RoleBiomed, auth.RoleAdmin)
	vic := was.vic
	other := d.owns("other", "Other", false, auth.RoleIT)
	vic.signIn()
	can := d.call(vic, http.MethodGet, "/auth/me", nil).is(http.StatusOK).at("token_permissions")
	was.robot.token = d.call(vic, http.MethodPost, "/tokens", map[string]any{"name": "backup", "expires_in_days": 300,
		"kinds": device.Kinds(), "permissions": can}).is(http.StatusCreated).text("token")
	was.setUp = d.call(vic, http.MethodPost, "/accounts/"+string(other.id)+"/setup-link", nil).is(http.StatusCreated).text("setup_token")
	was.phones = d.unharmed()[:14]
	for _, v := range was.phones {
		v.asleep = true
	}
	wipe := func(id device.ID) map[string]any {
		return map[string]any{"kind": "wipe", "args": map[string]any{"wipe_first": true}, "reason": "a drill"}
	}
	for _, v := range was.phones[:4] {
		d.call(vic, http.MethodPost, "/devices/"+string(v.ID)+"/commands", wipe(v.ID), vic.stepsUp(v, vic.otp())).is(http.StatusCreated)
	}
	on := &victim{Gadget: was.control}
	d.call(vic, http.MethodPost, "/devices/"+string(on.ID)+"/commands", wipe(on.ID), vic.stepsUp(on, vic.otp())).is(http.StatusCreated)
	var ids []device.ID
	for _, v := range was.phones[4:11] {
		ids = append(ids, v.ID)
	}
	batch := map[string]any{"kind": "wipe", "args": map[string]any{"wipe_first": true}, "reason": "a drill", "devices": ids}
	asked := d.call(vic, http.MethodPost, "/batches", batch)
	proof := d.call(vic, http.MethodPost, "/auth/step-up", map[string]any{"otp": vic.otp(), "batch_id": asked.text("batch_id")}).is(http.StatusOK)
	was.agreed = d.call(vic, http.MethodPost, "/batches", batch, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	d.sam.signInAgain()
	d.call(d.sam, http.MethodPost, "/batches/"+was.agreed.text("id")+"/approve", map[string]any{"orders_hash": was.agreed.text("orders_hash")}).is(http.StatusOK)
	was.waits = was.robot.tries(was.phones[12], device.KindWipe).is(http.StatusCreated)
	was.proof = vic.stepsUp(was.phones[13], vic.otp())
	return was
}

// isYesterday is the control of each restore: the account is good again, and its
// wipes are open.
func (d *drill) isYesterday(was *yesterday) {
	d.t.Helper()
	var open, disabled int
	d.must(d.clinic.Raw.QueryRow("SELECT count(*) FROM command WHERE kind = 'wipe' AND state = 'queued'").Scan(&open))
	d.must(d.clinic.Raw.QueryRow("SELECT count(*) FROM account WHERE disabled AND id = $1", string(was.vic.id)).Scan(&disabled))
	if open != 12 || disabled != 0 {
		d.t.Fatalf("the control: the backup has %d open wipes, and %d disabled accounts", open, disabled)
	}
}

// tryEverythingOf tries what an attacker still has from yesterday.
func (d *drill) tryEverythingOf(was *yesterday) {
	d.t.Helper()
	old := *was.vic
	old.renew()
	last := was.phones[13]
	old.tries(last, device.KindWipe, was.proof)
	was.robot.tries(last, device.KindWipe, was.proof)
	d.call(&old, http.MethodPost, "/commands/"+was.waits.text("id")+"/approve", map[string]any{"order_hash": was.waits.text("order_hash")}, was.proof)
	d.call(&old, http.MethodPost, "/batches/"+was.agreed.text("id")+"/approve", map[string]any{"orders_hash": was.agreed.text("orders_hash")})
	d.locksMore(was.robot, device.ClassPhoneIssued)
	if a := d.call(nil, http.MethodPost, "/auth/set-up", map[string]any{"token": was.setUp, "password": password}); a.status < http.StatusBadRequest {
		d.t.Errorf("a set-up link from before the restore is answered %d", a.status)
	}
	d.contact()
}

// watched compares the database with what was known of it, as package app does
// every five seconds and whenever an old row is seen; that it does is shown by
// TestABackupIsPutBackFrozenAndAnOldDatabaseIsKnownForOne.
type watched struct {
	t      *testing.T
	store  *store.Store
	mu     sync.Mutex
	known  *store.Known
	epochs int
}

func (w *watched) wholeIsOlder(context.Context) bool {
	if w.store == nil || !w.mu.TryLock() {
		return true
	}
	defer w.mu.Unlock()
	before := w.epochs
	w.look()
	return w.epochs > before
}

func (w *watched) compare() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look()
}

func (w *watched) look() {
	ctx := w.t.Context()
	why := ""
	var err error
	if w.known != nil {
		if why, err = w.store.Behind(ctx, *w.known); err != nil {
			w.t.Error(err)
		}
	}
	if why != "" {
		_, begun, err := w.store.BeginEpoch(ctx, store.NewEpoch{By: audit.Actor{Kind: audit.ActorSystem, ID: "anchor"}, Why: why, Known: w.known})
		if err != nil || !begun {
			w.t.Errorf("an epoch began: %t (%v)", begun, err)
		}
		w.epochs++
	}
	now, err := w.store.LookOutside(ctx)
	if err != nil {
		w.t.Error(err)
	}
	w.known = &now
}
