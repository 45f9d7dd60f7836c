package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"wardline/auth"
	"wardline/device"
	"wardline/store/storetest"
)

// stepUp is a header with a fresh proof for one device.
func (p *person) stepUp(id device.ID) header {
	p.h.t.Helper()
	proof := p.h.call(p, http.MethodPost, "/auth/step-up", map[string]any{"otp": p.otp(), "device_id": id}).is(http.StatusOK)
	return header{"Wardline-Step-Up": proof.text("step_up")}
}

func (p *person) wipes(g *storetest.Gadget) *answer {
	p.h.t.Helper()
	return p.h.call(p, http.MethodPost, "/devices/"+string(g.ID)+"/commands", map[string]any{"kind": "wipe", "reason": "a drill"}, p.stepUp(g.ID)).is(http.StatusCreated)
}

func TestAllWipesAreStoppedWithOneClickAndGoOnWhenTwoAgree(t *testing.T) {
	x := newHouse(t)
	ada, sec, boss := x.person("ada", auth.RoleIT), x.person("sec", auth.RoleSecurity), x.person("boss", auth.RoleAdmin)
	one, two := x.clinic.Phone(), x.clinic.Phone()
	if left := ada.wipes(one); len(one.Take()) != 1 || left.text("state") != "queued" {
		t.Fatalf("the control: %s", left.raw)
	}
	set := x.call(ada, http.MethodPost, "/freezes", map[string]any{"scope": "server", "reason": "wipes that nobody asked for"}).is(http.StatusCreated)
	if set.text("already_left.0.device_id") != string(one.ID) || set.text("already_left.0.kind_words") == "" || set.text("set_by") != "ada" {
		t.Errorf("what had left: %s", set.raw)
	}
	waits := ada.wipes(two)
	if !strings.Contains(waits.text("why_waiting"), "Stopped by a freeze") || len(two.Take()) != 0 {
		t.Errorf("a wipe during the freeze: %s", waits.raw)
	}
	lift := "/freezes/" + set.text("id") + "/lift"
	please := map[string]any{"reason": "it was a drill"}
	x.call(ada, http.MethodPost, lift, please).refuses(http.StatusForbidden, "not_allowed")
	x.call(sec, http.MethodPost, lift, please).is(http.StatusOK)
	x.call(sec, http.MethodPost, "/freezes/"+set.text("id")+"/approve-lift", nil).refuses(http.StatusForbidden, "second_person_needed")
	other := x.person("sec2", auth.RoleSecurity) // two security officers are not two roles
	x.call(other, http.MethodPost, "/freezes/"+set.text("id")+"/approve-lift", nil).refuses(http.StatusForbidden, "second_person_needed")
	lifted := x.call(boss, http.MethodPost, "/freezes/"+set.text("id")+"/approve-lift", nil).is(http.StatusOK)
	if lifted.text("lifted_by") != "boss" || lifted.text("lift_requested_by") != "sec" {
		t.Errorf("lifted: %s", lifted.raw)
	}
	x.clock.Advance(time.Minute)
	if len(two.Take()) != 1 {
		t.Error("the wipe did not go on after the freeze was lifted")
	}
	if n := len(x.call(sec, http.MethodGet, "/freezes", nil).is(http.StatusOK).items("id")); n != 0 {
		t.Errorf("%d freezes hold", n)
	}
	three := x.clinic.Phone()
	ada.wipes(three)
	back := x.call(sec, http.MethodPost, "/cancel-all", map[string]any{"scope": "person", "scope_id": "ada", "reason": "stolen"}).is(http.StatusOK)
	if back.number("cancelled") != 1 || len(three.Take()) != 0 {
		t.Errorf("take back: %s", back.raw)
	}
}

func TestALimitIsLoweredAtOnceAndRaisedByTwoPeopleInADay(t *testing.T) {
	x := newHouse(t)
	boss, sec, ada := x.person("boss", auth.RoleAdmin), x.person("sec", auth.RoleSecurity), x.person("ada", auth.RoleIT)
	number := func() float64 {
		a := x.call(sec, http.MethodGet, "/limits", nil).is(http.StatusOK)
		for i, id := range a.items("id") {
			if id == "destructive_person_hour" {
				return a.number("items." + string(rune('0'+i)) + ".number")
			}
		}
		t.Fatalf("no such limit: %s", a.raw)
		return 0
	}
	if number() != 5 {
		t.Fatalf("the control: %v", number())
	}
	change := func(n int) map[string]any {
		return map[string]any{"id": "destructive_person_hour", "number": n, "reason": "a drill"}
	}
	x.call(ada, http.MethodPatch, "/limits", change(50)).refuses(http.StatusForbidden, "not_allowed")
	x.call(boss, http.MethodPatch, "/limits", change(1)).is(http.StatusOK)
	if number() != 1 {
		t.Fatalf("after it was lowered: %v", number())
	}
	one, two := x.clinic.Phone(), x.clinic.Phone()
	ada.wipes(one)
	if second := ada.wipes(two); second.text("state") != "awaiting_approval" || !strings.Contains(second.text("why_waiting"), "because the limit of 1 device an hour for one person is reached") {
		t.Errorf("the second wipe of the hour: %s", second.raw)
	}
	asked := x.call(boss, http.MethodPatch, "/limits", change(8)).is(http.StatusOK)
	id := asked.text("changes.0.id")
	approve := "/limits/changes/" + id + "/approve"
	x.call(boss, http.MethodPost, approve, nil).refuses(http.StatusForbidden, "second_person_needed")
	agreed := x.call(sec, http.MethodPost, approve, nil).is(http.StatusOK)
	if agreed.text("changes.0.approved_by") != "sec" || agreed.text("changes.0.effective_at") == "" {
		t.Errorf("agreed: %s", agreed.raw)
	}
	x.clock.Advance(23*time.Hour + 55*time.Minute)
	sec.signIn()
	if number() != 1 {
		t.Errorf("it holds before a day has passed: %v", number())
	}
	x.clock.Advance(10 * time.Minute)
	sec.signIn()
	if number() != 8 {
		t.Errorf("after a day: %v", number())
	}
	// A lower number undoes a higher one that is still to come.
	boss.signIn()
	id = x.call(boss, http.MethodPatch, "/limits", change(30)).is(http.StatusOK).text("changes.0.id")
	x.call(sec, http.MethodPost, "/limits/changes/"+id+"/approve", nil).is(http.StatusOK)
	if after := x.call(boss, http.MethodPatch, "/limits", change(4)).is(http.StatusOK); after.at("changes.0") != nil {
		t.Errorf("what was to come is still there: %s", after.raw)
	}
	x.clock.Advance(25 * time.Hour)
	sec.signIn()
	if number() != 4 {
		t.Errorf("after it was lowered again: %v", number())
	}
}

func TestABurstFreezesTheCulpritFirst(t *testing.T) {
	x := newHouse(t)
	// Ten minutes are over before one person has given ten codes: a program asks.
	ada, bea, sec := x.person("ada", auth.RoleIT), x.person("bea", auth.RoleIT), x.person("sec", auth.RoleSecurity)
	made := x.call(ada, http.MethodPost, "/tokens", map[string]any{"name": "a stolen one", "expires_in_days": 1, "kinds": []string{"wipe"},
		"permissions": []string{"devices.read", "commands.read", "commands.erase_personal"}}).is(http.StatusCreated)
	robot := &person{h: x, token: made.text("token")}
	asks := func(n int) {
		for range n {
			phone := x.clinic.Phone()
			x.call(robot, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "wipe"}).is(http.StatusCreated)
		}
	}
	holds := func() *answer {
		x.must(x.clinic.Service.Expire(context.Background()))
		return x.call(sec, http.MethodGet, "/freezes", nil).is(http.StatusOK)
	}
	asks(9)
	if now := holds(); len(now.items("id")) != 0 {
		t.Fatalf("nine in ten minutes: %s", now.raw)
	}
	asks(1)
	now := holds()
	if len(now.items("id")) != 1 || now.text("items.0.scope") != "person" || now.text("items.0.scope_words") != "ada" || now.text("items.0.cause") != "burst" {
		t.Fatalf("ten in ten minutes: %s", now.raw)
	}
	// What the culprit asks from now on is held against nobody else.
	asks(40)
	if again := holds(); len(again.items("id")) != 1 {
		t.Errorf("after forty more: %s", again.raw)
	}
	phone := x.clinic.Phone()
	if bea.wipes(phone); len(phone.Take()) != 1 {
		t.Error("somebody else's wipe does not leave")
	}
}
