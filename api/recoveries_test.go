package api

import (
	"net/http"
	"testing"

	"wardline/audit"
	"wardline/auth"
)

// SAFETY 4: an hour's delay, everybody told, in the audit.
func TestEverybodyIsToldOfARecoveryAndOnlySomeCanCallItOff(t *testing.T) {
	x := newHouse(t)
	x.person("anna", auth.RoleAdmin)
	nurse, officer := x.person("nina", auth.RoleClinician), x.person("sam", auth.RoleSecurity)
	runs := func() []string {
		t.Helper()
		return x.call(nurse, http.MethodGet, "/recoveries", nil).is(http.StatusOK).items("username")
	}
	if list := runs(); len(list) != 0 {
		t.Fatalf("before anybody asked, %v run", list)
	}
	until, end := x.follow(x.person("ina", auth.RoleIT), "")
	defer end()
	host := audit.Actor{Kind: audit.ActorLocal, ID: "local:root"}
	codes, err := x.auth.FirstHostCodes(t.Context(), host)
	x.must(err)
	r, err := x.auth.BeginRecovery(t.Context(), host, codes[0], "anna")
	x.must(err)
	until("recovery.begun")

	seen := x.call(nurse, http.MethodGet, "/recoveries", nil).is(http.StatusOK)
	if seen.text("items.0.username") != "anna" || seen.at("items.0.may_cancel") != false || seen.text("items.0.ready_at") == "" {
		t.Errorf("a nurse is told %s", seen.raw)
	}
	cancel := "/recoveries/" + string(r.ID) + "/cancel"
	x.call(nurse, http.MethodPost, cancel, nil).refuses(http.StatusForbidden, "not_allowed")
	if may := x.call(officer, http.MethodGet, "/recoveries", nil).at("items.0.may_cancel"); may != true {
		t.Error("the security officer may not call it off")
	}
	if state := x.call(officer, http.MethodPost, cancel, nil).is(http.StatusOK).text("state"); state != "cancelled" {
		t.Errorf("called off, it is %q", state)
	}
	x.call(officer, http.MethodPost, cancel, nil).refuses(http.StatusConflict, "recovery_over")
	x.call(officer, http.MethodPost, "/recoveries/none/cancel", nil).refuses(http.StatusNotFound, "not_found")
	if list := runs(); len(list) != 0 {
		t.Errorf("called off, %v run", list)
	}
}
