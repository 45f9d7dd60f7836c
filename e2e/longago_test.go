package e2e

import (
	"context"
	"database/sql"
	"path/filepath"

	"wardline/internal/rowmac"
	"wardline/internal/seal"
	"wardline/store"
)

// longAgo makes the hospital's people old: their roles and their factors count
// as given before the cooling-off, which takes a day and a second person. The
// server that is tested has no door for that, so it is done behind its back, in
// its database; what the cooling-off does is tested where a clock can be moved.
func (h *hospital) longAgo() {
	h.t.Helper()
	driver, dsn := "pgx", h.server.dsn
	if dsn == "" {
		driver, dsn = "sqlite", "file:"+filepath.Join(h.server.data, "wardline.db")+"?_pragma=busy_timeout(10000)"
	}
	db := must(sql.Open(driver, dsn))(h.t)
	_, err := db.Exec("UPDATE account SET cooling = '[]', totp_good_from = 0, approver_from = CASE WHEN is_approver THEN created_at ELSE 0 END, row_mac = NULL")
	check(h.t, err)
	check(h.t, db.Close())
	// Only whoever has the master key can do this.
	address := h.server.dsn
	if address == "" {
		address = filepath.Join(h.server.data, "wardline.db")
	}
	keeper := must(seal.HeldFile(filepath.Join(h.server.data, "master.key")))(h.t)
	unlock := func(ctx context.Context, vault seal.Vault) (*rowmac.Keys, error) {
		master, err := seal.OpenDataKey(ctx, keeper, vault)
		if err != nil {
			return nil, err
		}
		key, err := master.Derive(rowmac.KeyPurpose)
		if err != nil {
			return nil, err
		}
		return rowmac.New(key)
	}
	behind := must(store.Open(h.t.Context(), store.Options{Database: address, Unlock: unlock}))(h.t)
	check(h.t, behind.AdoptRows(h.t.Context()))
	check(h.t, behind.Close())
	for _, p := range []*person{h.it, h.biomed, h.second} {
		p.login() // what they hold says how new they were
	}
}
