package rowmac

// Table is one table whose rows carry a code.
type Table struct {
	Name string
	// Key are the columns that name a row; they are covered too.
	Key []string
	// Columns are covered by the code, in this order. What is left out may be
	// changed without a new code: it takes power away and never gives any (that a
	// session ended), or it is for people to read.
	Columns []string
}

// Tables are all of them. Adding a column to a table here makes every code of
// that table invalid: it takes a migration that signs the rows anew.
var Tables = []Table{
	{Name: "account", Key: []string{"id"}, Columns: []string{"username", "name", "roles", "scope", "disabled", "founder",
		"is_admin", "is_approver", "password", "totp", "totp_pending", "totp_counter", "cooling", "approver_from", "totp_good_from",
		"totp_old", "totp_old_counter", "passkeys", "recovery_codes", "created_at", "version"}},
	{Name: "founding", Key: []string{"id"}, Columns: []string{"account_id", "at", "ended_at"}},
	{Name: "account_change", Key: []string{"id"}, Columns: []string{"account_id", "based_on", "change", "asked_by", "asked_in",
		"created_at", "expires_at"}},
	{Name: "host_recovery", Key: []string{"id"}, Columns: []string{"account_id", "state", "created_at", "ready_at", "expires_at"}},
	{Name: "setup_link", Key: []string{"hash"}, Columns: []string{"account_id", "created_at", "expires_at"}},
	{Name: "session", Key: []string{"id"}, Columns: []string{"account_id", "audience", "factor", "created_at", "expires_at"}},
	{Name: "session_refresh", Key: []string{"hash"}, Columns: []string{"session_id"}},
	{Name: "step_up", Key: []string{"id"}, Columns: []string{"code", "account_id", "session_id", "device_id", "batch", "kind",
		"state", "factor", "created_at", "confirmed_at", "expires_at"}},
	{Name: "api_token", Key: []string{"id"}, Columns: []string{"account_id", "scope", "hash", "created_at", "expires_at"}},

	{Name: "command", Key: []string{"id"}, Columns: []string{"batch_id", "ring", "device_id", "enrollment_id", "class", "kind", "subkind",
		"args", "reason", "ticket", "requester", "requester_id", "state", "unconfirmed", "staged", "outcome", "hold_until_idle",
		"order_bytes", "order_hash", "weight", "second_person", "approvals", "asked_class", "asked_custody", "asked_place",
		"attempt", "refusals", "postponed", "moves", "created_at", "not_before", "due_at", "expires_at", "keep_while_lost",
		"delivered_at", "accepted_at", "ended_at", "receipt", "receipt_valid", "person", "site_id", "asked_lost", "counts",
		"reserved", "approved", "released_at"}},
	{Name: "guard_freeze", Key: []string{"id"}, Columns: []string{"scope", "scope_id", "cause", "reason", "set_by", "caused_by", "set_at",
		"lift_by", "lift_roles", "lift_reason", "lift_asked_at", "lifted_by", "lifted_at"}},
	{Name: "limit_change", Key: []string{"id"}, Columns: []string{"rule", "number_was", "number", "reason", "asked_by", "asked_at",
		"approved_by", "approved_at", "effective_at", "ended_at", "ended_why"}},
	{Name: "epoch", Key: []string{"number"}, Columns: []string{"began_at", "why", "lost", "freeze_id"}},
	{Name: "invitation", Key: []string{"id"}, Columns: []string{"invited", "code_hash", "class", "model_id", "serial", "serial_norm",
		"delivery_id", "place_id", "owner", "management", "created_at", "created_by", "expires_at"}},
	{Name: "config_version", Key: []string{"document_id", "version"}, Columns: []string{"number", "content", "created_at", "created_by"}},
	{Name: "config_assignment", Key: []string{"id"}, Columns: []string{"document_id", "subkind", "class", "model_id", "place_id", "tag",
		"ownership", "created_at", "created_by"}},
}

// Named returns the table of that name; it panics for one that has no codes,
// which is a mistake in the program.
func Named(name string) Table {
	for _, t := range Tables {
		if t.Name == name {
			return t
		}
	}
	panic("rowmac: rows of " + name + " carry no code")
}
