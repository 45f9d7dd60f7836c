package api

import (
	"net/http"
	"testing"

	"wardline/auth"
)

func TestTheAuditorReadsAllAndChangesNothing(t *testing.T) {
	x := newHouse(t)
	ada, olga := x.person("ada", auth.RoleIT), x.person("olga", auth.RoleAuditor)
	phone := x.clinic.Phone()
	asked := x.call(ada, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "lock", "reason": "lost"}).is(http.StatusCreated)
	list := x.call(olga, http.MethodGet, "/audit?command_id="+asked.text("id"), nil).is(http.StatusOK)
	if list.text("items.0.action") != "command.requested" || list.text("items.0.actor.name") != "ada" || list.text("items.0.actor.factor") != "password+totp" ||
		list.text("items.0.detail.reason") != "lost" || list.number("total") != 1 {
		t.Errorf("the event: %s", list.raw)
	}
	first := x.call(olga, http.MethodGet, "/audit?limit=2", nil).is(http.StatusOK)
	second := x.call(olga, http.MethodGet, "/audit?limit=2&cursor="+first.text("next_cursor"), nil).is(http.StatusOK)
	if len(second.items("id")) != 2 || first.items("id")[1] == second.items("id")[0] {
		t.Errorf("pages: %v, %v", first.items("id"), second.items("id"))
	}
	x.call(olga, http.MethodGet, "/audit?cursor=x", nil).refuses(http.StatusUnprocessableEntity, "invalid_input")
	x.call(olga, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "lock"}).refuses(http.StatusForbidden, "not_allowed")
	x.call(ada, http.MethodGet, "/audit", nil).refuses(http.StatusForbidden, "not_allowed")

	head := x.call(olga, http.MethodGet, "/audit/head", nil).is(http.StatusOK)
	whole := x.call(olga, http.MethodPost, "/audit/verify", map[string]any{"outside": head.body}).is(http.StatusOK)
	if whole.at("whole") != true || whole.number("head.seq") != head.number("seq") {
		t.Errorf("verified: %s", whole.raw)
	}
	head.body["seq"] = head.number("seq") + 5
	if cut := x.call(olga, http.MethodPost, "/audit/verify", map[string]any{"outside": head.body}).is(http.StatusOK); cut.at("whole") != false {
		t.Errorf("a cut end is not seen: %s", cut.raw)
	}
}
