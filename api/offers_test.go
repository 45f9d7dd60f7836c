package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"wardline/auth"
	"wardline/device"
)

// offer is the offer of a kind in a list of them; nil: it is not offered.
func (a answer) offer(kind string) map[string]any {
	a.t.Helper()
	list, _ := a.at("items").([]any)
	for _, o := range list {
		if o := o.(map[string]any); o["kind"] == kind {
			return o
		}
	}
	return nil
}

func TestWhatMayBeAskedIsToldBeforeItIsAsked(t *testing.T) {
	x := newHouse(t)
	ada, bio := x.person("ada", auth.RoleIT), x.person("bio", auth.RoleBiomed)
	phone, pump := x.clinic.Phone(), x.clinic.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()

	mine := x.call(ada, http.MethodGet, "/devices/"+string(phone.ID)+"/offers", nil).is(http.StatusOK)
	if wipe := mine.offer("wipe"); wipe == nil || wipe["allowed"] != true || wipe["weight"] != "destructive" {
		t.Errorf("IT is offered for a phone: %s", mine.raw)
	}
	if mine.offer("config") != nil || mine.offer("unstage") != nil {
		t.Errorf("what carries a document, or what phones never do, is offered: %s", mine.raw)
	}
	theirs := x.call(bio, http.MethodGet, "/devices/"+string(phone.ID)+"/offers", nil).is(http.StatusOK)
	if theirs.offer("wipe") != nil || theirs.offer("lock") != nil || theirs.offer("locate") == nil {
		t.Errorf("biomed is offered for a phone: %s", theirs.raw)
	}

	busy := x.call(bio, http.MethodGet, "/devices/"+string(pump.ID)+"/offers", nil).is(http.StatusOK)
	if restart := busy.offer("restart"); restart == nil || restart["allowed"] != false || restart["code"] != "pump_infusing" ||
		restart["may_hold"] != true || restart["detail"] == "" {
		t.Errorf("a restart of an infusing pump: %s", busy.raw)
	}
	if lock := busy.offer("lock"); lock == nil || lock["allowed"] != false || lock["may_hold"] != false {
		t.Errorf("a pump is never locked by waiting for it: %s", busy.raw)
	}
	if locate := busy.offer("locate"); locate == nil || locate["allowed"] != true {
		t.Errorf("an infusing pump may be located: %s", busy.raw)
	}
	if reads := x.call(x.person("aud", auth.RoleAuditor), http.MethodGet, "/devices/"+string(pump.ID)+"/offers", nil).is(http.StatusOK); reads.number("total") != 0 {
		t.Errorf("an auditor reads all and is offered nothing: %s", reads.raw)
	}

	asked := x.call(ada, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "lock"}).is(http.StatusCreated)
	mine = x.call(ada, http.MethodGet, "/devices/"+string(phone.ID)+"/offers", nil).is(http.StatusOK)
	if lock := mine.offer("lock"); lock["open_command_id"] != asked.text("id") {
		t.Errorf("a lock that is on its way: %s", mine.raw)
	}
}

func TestWhichDevicesABatchWouldLeaveOutIsToldBeforeItIsAsked(t *testing.T) {
	x := newHouse(t)
	bio := x.person("bio", auth.RoleBiomed)
	phone, free, busy := x.clinic.Phone(), x.clinic.Pump(), x.clinic.Pump()
	busy.Therapy = device.ReportedInfusing
	busy.Report()
	all := []device.ID{phone.ID, free.ID, busy.ID}

	told := x.call(bio, http.MethodPost, "/batches/offers", map[string]any{"devices": all}).is(http.StatusOK)
	restart := told.offer("restart")
	if restart == nil || restart["allowed"] != 1.0 || restart["may_hold"] != 1.0 || restart["needs_second_person"] != false {
		t.Fatalf("a restart of three devices: %s", told.raw)
	}
	if never, _ := restart["never"].([]any); !slices.Equal(never, []any{string(phone.ID)}) {
		t.Errorf("biomed restarts no phones: %s", told.raw)
	}
	refused := restart["refused"].([]any)[0].(map[string]any)
	if refused["code"] != "pump_infusing" || !slices.Equal(refused["devices"].([]any), []any{string(busy.ID)}) {
		t.Errorf("the infusing one is left out: %s", told.raw)
	}
	for range 4 {
		all = append(all, x.clinic.Pump().ID)
	}
	told = x.call(bio, http.MethodPost, "/batches/offers", map[string]any{"devices": all}).is(http.StatusOK)
	if restart := told.offer("restart"); restart["needs_second_person"] != true || restart["approvers"] == "" {
		t.Errorf("seven devices need a second person: %s", told.raw)
	}
	if locate := told.offer("locate"); locate["allowed"] != 7.0 || locate["needs_second_person"] != false {
		t.Errorf("quiet work needs none: %s", told.raw)
	}
	if len(phone.Take())+len(free.Take()) != 0 {
		t.Error("looking at the offers asked something of a device")
	}
}

func TestThatALimitIsReachedIsToldBeforeItIsAsked(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	// One person wipes five devices an hour (SAFETY 4).
	var four []device.ID
	for range 4 {
		four = append(four, x.clinic.Phone().ID)
	}
	fifth, sixth := x.clinic.Phone().ID, x.clinic.Phone().ID
	wipe := map[string]any{"kind": "wipe", "reason": "stolen", "devices": four}
	asked := x.call(ada, http.MethodPost, "/batches", wipe).refuses(http.StatusForbidden, "step_up_required")
	proof := x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "batch_id": asked.text("batch_id")}).is(http.StatusOK)
	x.call(ada, http.MethodPost, "/batches", wipe, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)

	one := x.call(ada, http.MethodGet, "/devices/"+string(fifth)+"/offers", nil).is(http.StatusOK)
	if one.offer("wipe")["needs_second_person"] != false {
		t.Errorf("the fifth wipe of the hour: %s", one.raw)
	}
	both := x.call(ada, http.MethodPost, "/batches/offers", map[string]any{"devices": []device.ID{fifth, sixth}}).is(http.StatusOK)
	if o := both.offer("wipe"); o["needs_second_person"] != true || !strings.Contains(o["second_person_why"].(string), "limit") || o["allowed"] != 2.0 {
		t.Errorf("the fifth and the sixth together: %s", both.raw)
	}
	if both.offer("lock")["needs_second_person"] != false {
		t.Errorf("two locks are far from any limit: %s", both.raw)
	}
}
