package api

import (
	"net/http"
	"slices"
	"testing"

	"wardline/auth"
	"wardline/device"
)

func TestABreakGlassTakesSecurityThenBiomedEachWithAFactorAndAThirdToReviewIt(t *testing.T) {
	x := newHouse(t)
	sec, sue := x.person("sec", auth.RoleSecurity), x.person("sue", auth.RoleSecurity)
	bio, boss, ada := x.person("bio", auth.RoleBiomed), x.person("boss", auth.RoleAdmin), x.person("ada", auth.RoleIT)
	pump := x.clinic.InfusingPump(device.NetworkCutSafe)
	path := "/devices/" + string(pump.ID) + "/commands"
	plea := map[string]any{"clinician": "Dr. Weber, ward physician", "quarantine": "VLAN 666 tried without effect"}
	ask := map[string]any{"kind": "contain", "reason": "It talks to an address outside", "args": map[string]any{"break_glass": plea}}
	factor := func(p *person) header {
		otp := p.otp()
		pump.Report() // what it said a minute ago releases nothing
		return header{"Wardline-Step-Up": x.call(p, http.MethodPost, "/auth/step-up", map[string]any{"otp": otp, "device_id": pump.ID}).is(http.StatusOK).text("step_up")}
	}
	x.call(sec, http.MethodPost, path, map[string]any{"kind": "contain", "reason": "It talks to an address outside"}).refuses(http.StatusConflict, "break_glass_needed")
	offers := x.call(sec, http.MethodGet, "/devices/"+string(pump.ID)+"/offers", nil).is(http.StatusOK)
	if at := slices.Index(offers.items("kind"), "contain"); at < 0 || offers.items("code")[at] != "break_glass_needed" {
		t.Errorf("the page is not told of it: %s", offers.raw)
	}
	x.call(bio, http.MethodPost, path, ask, factor(bio)).refuses(http.StatusForbidden, "not_allowed")
	x.call(ada, http.MethodPost, path, ask).refuses(http.StatusForbidden, "not_allowed")
	x.call(sec, http.MethodPost, path, ask).refuses(http.StatusForbidden, "step_up_required")
	asked := x.call(sec, http.MethodPost, path, ask, factor(sec)).is(http.StatusCreated)
	if asked.text("state") != "awaiting_approval" || asked.text("break_glass.clinician") != "Dr. Weber, ward physician" {
		t.Fatalf("asked: %s", asked.raw)
	}
	for who, want := range map[*person]int{sec: 0, sue: 0, bio: 1} {
		if inbox := x.call(who, http.MethodGet, "/commands?inbox=true", nil).is(http.StatusOK).items("id"); len(inbox) != want {
			t.Errorf("%s has %v in the inbox, want %d", who.username, inbox, want)
		}
	}
	command := "/commands/" + asked.text("id")
	yes := map[string]any{"order_hash": asked.text("order_hash")}
	x.call(sue, http.MethodPost, command+"/approve", yes).refuses(http.StatusForbidden, "not_allowed")
	x.call(bio, http.MethodPost, command+"/approve", yes).refuses(http.StatusForbidden, "step_up_required")
	if done := x.call(bio, http.MethodPost, command+"/approve", yes, factor(bio)).is(http.StatusOK); done.text("state") != "succeeded" {
		t.Fatalf("agreed: %s", done.raw)
	}
	glass := "/break-glass/" + asked.text("id")
	finding := map[string]any{"justified": true, "note": "The gateway was compromised."}
	x.call(sec, http.MethodPost, glass+"/review", finding).refuses(http.StatusForbidden, "took_part")
	x.call(bio, http.MethodPost, glass+"/review", finding).refuses(http.StatusForbidden, "took_part")
	x.call(ada, http.MethodPost, glass+"/review", finding).refuses(http.StatusForbidden, "not_allowed")
	if list := x.call(boss, http.MethodGet, "/break-glass", nil).is(http.StatusOK); list.at("items.0.may_review") != true || list.text("items.0.therapy_state") != "infusing" {
		t.Errorf("the list: %s", list.raw)
	}
	if done := x.call(boss, http.MethodPost, glass+"/review", finding).is(http.StatusOK); done.text("reviewed_by") != "boss" {
		t.Errorf("reviewed: %s", done.raw)
	}
	x.call(sue, http.MethodPost, glass+"/review", finding).refuses(http.StatusConflict, "already_reviewed")
}
