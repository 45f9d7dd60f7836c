//go:build !race

package api

import (
	"crypto/sha256"
	"net/http"
	"testing"
	"time"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/store"
	"wardline/store/storetest"
)

// TestDrillWhoeverWritesToTheDatabaseWipesNothing: an insider who may only look for
// devices owns the database, and writes whatever could help.
func TestDrillWhoeverWritesToTheDatabaseWipesNothing(t *testing.T) {
	t.Parallel()
	h := storetest.New(t, store.SQLite)
	d := openDrill(t, h, "database writer with perfect audit rows", 12, 4)
	vic := d.owns("vic", "Vic", true, auth.RoleSupply)
	vic.signIn()
	model := d.honestWipe()
	i := h.Intruder()
	code := func(secret string) []byte { sum := sha256.Sum256([]byte(secret)); return sum[:] }
	d.ready()
	d.keep = vic.signInAgain
	forged := 0
	d.attack(vic, func() {
		for _, v := range d.unharmed()[:min(2, len(d.unharmed()))] {
			i.ForgeWipe(d.clinic, v.Gadget, model)
			forged++
		}
		// Whatever waits or has ended is made to be approved, and due.
		approvals := `[{"actor":{"kind":"person","id":"` + string(d.sam.id) + `"},"at":"2026-03-06T17:00:00Z","order_hash":"x"}]`
		i.Exec(`UPDATE command SET state = 'queued', second_person = FALSE, approvals = $1, ended_at = 0, due_at = $2, attempt = 0, expires_at = 0`,
			approvals, d.clock.Now().UnixMicro())
		i.Exec(`UPDATE limit_change SET number = 5000`)
		i.Exec(`UPDATE guard_freeze SET lifted_at = 1, lifted_by = '{}' WHERE lifted_at = 0`)
		// Power over everything, and a step-up that nobody gave.
		vic.signInAgain()
		putBack := i.Keep("account", "username = 'vic'")
		i.Exec(`UPDATE account SET roles = '["admin","it","security","biomed"]', is_admin = TRUE, is_approver = TRUE, cooling = '[]', approver_from = 1 WHERE username = 'vic'`)
		i.Exec(`INSERT OR IGNORE INTO step_up (id, code, account_id, session_id, device_id, state, factor, created_at, confirmed_at, expires_at)
			SELECT 'mine', $1, account_id, id, $2, 'confirmed', 'totp', 1, 1, 9999999999999999 FROM session WHERE account_id = $3 ORDER BY created_at DESC LIMIT 1`,
			code("wls_mine"), string(d.fleet[0].ID), string(vic.id))
		vic.tries(d.fleet[0], device.KindWipe, header{"Wardline-Step-Up": "wls_mine"})
		vic.tries(d.fleet[1], device.KindLock)
		putBack()
	})
	if forged < 30 {
		t.Errorf("only %d wipes were forged", forged)
	}
	if _, err := audit.Verify(t.Context(), d.store, nil); err != nil {
		t.Errorf("the forger's audit log does not fit: %v", err)
	}
	a := d.call(d.reader(), http.MethodGet, "/audit?action=integrity.row_refused&limit=1", nil).is(http.StatusOK)
	if a.number("total") < float64(forged) {
		t.Errorf("%d rows were forged, %.0f are recorded as refused", forged, a.number("total"))
	}
}

// honestWipe is a wipe that somebody honest asks for and that is carried out: the
// best model for a forger.
func (d *drill) honestWipe() commands.ID {
	d.t.Helper()
	g := d.clinic.Phone()
	d.ina.wipes(g)
	if got := g.Take(); len(got) != 1 || got[0].Told.Kind != device.KindWipe {
		d.t.Fatalf("the control: %v", got)
	}
	page, err := d.clinic.Service.List(d.t.Context(), commands.Query{Device: g.ID, Kind: device.KindWipe, Limit: 1})
	d.must(err)
	d.clock.Advance(2 * time.Minute)
	return page.Items[0].ID
}
