package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/commands/limits"
	"wardline/device"
	"wardline/internal/fault"
)

func init() { register("tampering", suiteTampering) }

func suiteTampering(t *testing.T, h *Harness) {
	h.Run("whoever writes to the database hands no device a wipe, however perfect the rows", testForgedWipes)
	h.Run("a wipe that was taken back does not come back with its old row", testOldRowPutBack)
	h.Run("whoever writes to the database makes nobody an administrator", testForgedPeople)
	h.Run("a freeze that is deleted or altered in the database holds, and a limit stays what it was", testForgedGuard)
	h.Run("rows from before the codes are signed by the upgrade and by nothing else", testAdoption)
}

// orderFor is a wipe of this device, with the bytes that a server would have made.
func orderFor(t *testing.T, c *Clinic, g *Gadget, id string) (body []byte, hash string) {
	t.Helper()
	body, err := commands.Order{Command: commands.ID(id), Kind: device.KindWipe, Args: json.RawMessage(`{}`), Device: g.ID, Enrollment: g.Enrollment,
		Class: g.Class, Requester: commands.Requester{Kind: audit.ActorPerson, ID: security.ID, Name: security.Name}, Reason: "a test",
		AskedAt: c.Clock.Now()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return body, commands.HashOrder(body)
}

// frozenBy says whether the server is frozen for this cause.
func (c *Clinic) frozenBy(cause commands.FreezeCause) bool {
	c.T.Helper()
	all, err := c.Service.Freezes(c.ctx, false)
	if err != nil {
		c.T.Fatal(err)
	}
	return slices.ContainsFunc(all, func(z commands.Freeze) bool { return z.Scope == commands.FreezeServer && z.Cause == cause })
}

func testForgedWipes(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones, pump := c.some(5), c.Pump()
	honest, err := c.request(security, phones[0], device.KindWipe, args(`{"wipe_first":true}`))
	if err != nil {
		t.Fatal(err)
	}
	// Kept as they lie there before anybody has touched them: the best model for a
	// forger is an honest row.
	i := h.intruder()
	forge := func(g *Gadget, more map[string]any) {
		id := newID()
		body, hash := orderFor(t, c, g, id)
		set := map[string]any{"id": id, "device_id": string(g.ID), "enrollment_id": string(g.Enrollment), "order_bytes": body, "order_hash": hash}
		for k, v := range more {
			set[k] = v
		}
		i.Copy("command", "id = '"+string(honest.ID)+"'", set)
		i.Tell(id, string(g.ID), "command.requested")
	}
	forge(phones[1], nil)                                               // with the code of another row
	forge(phones[2], map[string]any{"row_mac": nil, "row_n": int64(1)}) // with none
	forge(phones[3], map[string]any{"row_mac": make([]byte, 36)})

	lock := c.ask(phones[4], device.KindLock)
	body, hash := orderFor(t, c, phones[4], string(lock.ID))
	i.exec("UPDATE command SET kind = 'wipe', weight = 'destructive', order_bytes = $1, order_hash = $2 WHERE id = $3", body, hash, string(lock.ID))
	waiting, err := c.request(biomed, pump, device.KindRestart)
	if err != nil {
		t.Fatal(err)
	}
	approvals := `[{"actor":{"kind":"person","id":"` + security.ID + `"},"at":"2026-03-02T08:00:00Z","order_hash":"` + waiting.OrderHash + `"}]`
	i.exec("UPDATE command SET approvals = $1, second_person = $2 WHERE id = $3", approvals, false, string(waiting.ID))
	mustBeWhole(t, c.Store) // the rows of the audit log are perfect

	if got := phones[0].Take(); len(got) != 1 || got[0].Told.Kind != device.KindWipe {
		t.Fatalf("the control: the honest wipe was handed out as %v", got)
	}
	for n, g := range append(slices.Clone(phones[1:]), pump) {
		if got := g.Take(); len(got) != 0 {
			t.Errorf("forged row %d was handed to a device: %s", n+1, got[0].Told.Kind)
		}
	}
	if !c.frozenBy(commands.CauseTampering) {
		t.Error("the server is not frozen")
	}
	if n := recordedActions(t, c.Store, "integrity.row_refused"); n != 5 {
		t.Errorf("%d rows were recorded as refused, want 5", n)
	}
	// What is honest goes on where a freeze lets it.
	c.ask(phones[0], device.KindLocate)
	other := c.Phone()
	c.ask(other, device.KindLock)
	if got := other.Take(); len(got) != 1 {
		t.Errorf("the honest lock of another phone: %v", got)
	}
	_, err = c.Service.Cancel(c.ctx, security, lock.ID, "")
	if f, ok := fault.As(err); !ok || f.Code.Name != "record_altered" {
		t.Errorf("taking back an altered command: %v", err)
	}
}

func recordedActions(t *testing.T, s interface {
	audit.Chain
}, action audit.Action) int {
	t.Helper()
	n := 0
	for link, err := range s.AuditLinks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range link.Events {
			if e.Filed.Action == action {
				n++
			}
		}
	}
	return n
}

func testOldRowPutBack(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(3)
	i := h.intruder()
	var asked []commands.Command
	var putBack []func()
	for _, g := range phones {
		w, err := c.request(security, g, device.KindWipe, args(`{"wipe_first":true}`))
		if err != nil {
			t.Fatal(err)
		}
		asked, putBack = append(asked, w), append(putBack, i.Keep("command", "id = '"+string(w.ID)+"'"))
	}
	for _, w := range asked[1:] {
		if _, err := c.Service.Cancel(c.ctx, security, w.ID, "found"); err != nil {
			t.Fatal(err)
		}
	}
	if got := phones[0].Take(); len(got) != 1 {
		t.Fatalf("the control: %v", got)
	}
	// This server knew of it; a server that starts anew does not.
	putBack[1]()
	if got := phones[1].Take(); len(got) != 0 {
		t.Error("a wipe that was taken back was handed out")
	}
	putBack[2]()
	i.exec("DELETE FROM command_transition WHERE command_id = $1 AND to_state = 'cancelled'", string(asked[2].ID))
	if err := c.Store.Close(); err != nil {
		t.Fatal(err)
	}
	c.Store = h.Reopen()
	c.Service = c.Serve(c.Store)
	c.lift(c.frozen())
	if got := phones[2].Take(); len(got) != 0 {
		t.Error("a wipe that was taken back was handed out after a restart")
	}
	if !c.frozenBy(commands.CauseTampering) {
		t.Error("the server is not frozen")
	}
}

// frozen is the freeze that holds.
func (c *Clinic) frozen() commands.Freeze {
	c.T.Helper()
	all, err := c.Service.Freezes(c.ctx, false)
	if err != nil || len(all) != 1 {
		c.T.Fatalf("%d freezes hold (%v), want one", len(all), err)
	}
	return all[0]
}

func testForgedPeople(t *testing.T, h *Harness) {
	p := founded(t, h)
	desk := p.hire("desk", auth.RoleHelpdesk)
	p.hire("sam", auth.RoleSecurity)
	p.hire("ivy", auth.RoleIT, auth.RoleHelpdesk)
	g := p.signIn("desk")
	if _, err := p.fresh(g); err != nil {
		t.Fatalf("the control: %v", err)
	}
	i := h.intruder()
	undo := i.Keep("account", "id = '"+string(desk)+"'")
	i.exec(`UPDATE account SET roles = '["admin","security","it"]', is_admin = TRUE, is_approver = TRUE, approver_from = 1, cooling = '[]' WHERE id = $1`, string(desk))
	_, err := p.fresh(g)
	p.refused(err, "record_altered")
	p.freshCode()
	if _, err = p.auth.Login(p.ctx, p.login("desk")); err == nil {
		t.Error("an account that was made administrator in the database signs in")
	}
	undo()

	// A second row beside the honest ones: an account, a session, a token, a step-up.
	i.Copy("account", "username = 'sam'", map[string]any{"id": newID(), "username": "mallory"})
	p.freshCode()
	if _, err = p.auth.Login(p.ctx, p.login("mallory")); err == nil {
		t.Error("an account that was copied in the database signs in")
	}
	session, secret := newID(), "wlr_"+hex.EncodeToString(make([]byte, 16))
	i.Copy("session", "account_id = '"+string(desk)+"'", map[string]any{"id": session})
	i.Copy("session_refresh", "session_id = '"+string(g.Principal.Session)+"'", map[string]any{"hash": hashOfSecret(secret), "session_id": session})
	if _, err = p.auth.Refresh(p.ctx, auth.AudienceAdmin, secret, wardSource, "test"); err == nil {
		t.Error("a session that was written into the database is refreshed")
	}
	i.exec(`INSERT INTO step_up (id, code, account_id, session_id, device_id, state, created_at, confirmed_at, expires_at) VALUES ($1, $2, $3, $4, 'phone', 'confirmed', 1, 1, $5)`,
		newID(), hashOfSecret("wls_mine"), string(desk), string(g.Principal.Session), h.Clock.Now().Add(time.Hour).UnixMicro())
	who, err := p.fresh(g)
	p.must(err)
	if _, err = p.auth.UseStepUp(p.ctx, who, "wls_mine", auth.Subject{Device: "phone"}); err == nil {
		t.Error("a step-up that was written into the database is good")
	}
	i.exec(`INSERT INTO api_token (id, account_id, name, scope, hash, created_at, expires_at) VALUES ($1, $2, 'mine', '{}', $3, 1, $4)`,
		newID(), string(desk), hashOfSecret("wlt_mine"), h.Clock.Now().Add(time.Hour).UnixMicro())
	if _, err = p.auth.Authenticate(p.ctx, auth.AudienceAdmin, "wlt_mine"); err == nil {
		t.Error("a token that was written into the database is good")
	}
	// Rights that were taken away do not come back with the old row.
	back := i.Keep("account", "username = 'ivy'")
	ivy := p.signIn("ivy")
	who, err = p.fresh(ivy)
	p.must(err)
	less := []auth.Role{auth.RoleHelpdesk}
	_, err = p.auth.ChangeAccount(p.ctx, p.signIn("root").Principal, who.Account, auth.AccountChange{Roles: &less})
	p.must(err)
	back()
	_, err = p.fresh(ivy)
	if err == nil {
		t.Error("a session ended by a change of rights is good")
	}
	p.freshCode()
	if _, err = p.auth.Login(p.ctx, p.login("ivy")); err == nil {
		t.Error("the row from before signs in")
	}
	if n := p.recorded("integrity.row_refused"); n < 5 {
		t.Errorf("%d rows were recorded as refused", n)
	}
}

func testForgedGuard(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phones := c.some(3)
	z := c.freeze(commands.FreezeAsk{Scope: commands.FreezeServer})
	c.wipes(admin(1), phones[:1])
	if got := phones[0].Take(); len(got) != 0 { // the freeze was seen to hold
		t.Fatalf("the control: %v", got)
	}
	i := h.intruder()
	i.exec("UPDATE guard_freeze SET lifted_at = 1, lifted_by = '{}' WHERE id = $1", z.ID)
	if got := phones[0].Take(); len(got) != 0 {
		t.Error("a freeze that was lifted in the database let a wipe pass")
	}
	i.exec("DELETE FROM guard_freeze")
	h.Clock.Advance(time.Minute)
	if got := phones[0].Take(); len(got) != 0 {
		t.Error("a freeze that was deleted in the database let a wipe pass")
	}
	before := c.limitIs("destructive_person_hour")
	i.exec(`INSERT INTO limit_change (id, rule, number_was, number, reason, asked_by, asked_at, effective_at) VALUES ($1, 'destructive_person_hour', 5, 5000, 'mine', '{}', 1, 1)`, newID())
	if after := c.limitIs("destructive_person_hour"); after != before {
		t.Errorf("a limit of %d became %d by a row in the database", before, after)
	}
}

func hashOfSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func (c *Clinic) limitIs(rule string) int {
	c.T.Helper()
	holds, err := c.Service.Limits(c.ctx)
	if err != nil {
		c.T.Fatal(err)
	}
	return holds.Numbers[limits.ID(rule)]
}

func testAdoption(t *testing.T, h *Harness) {
	p := founded(t, h)
	i := h.intruder()
	i.exec("UPDATE account SET row_mac = NULL")
	if _, _, err := p.store.PersonByUsername(p.ctx, "root"); err == nil {
		t.Error("a row without a code is believed")
	}
	p.must(p.store.Close())
	again := h.Reopen()
	if _, _, err := again.PersonByUsername(p.ctx, "root"); err == nil {
		t.Error("a start signed a row without a code")
	}
	p.must(again.AdoptRows(p.ctx)) // as the upgrade does
	if _, _, err := again.PersonByUsername(p.ctx, "root"); err != nil {
		t.Errorf("after the upgrade: %v", err)
	}
}
