package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/store/storetest"
)

func TestAPumpThatIsInfusingIsNotRestarted(t *testing.T) {
	x := newHouse(t)
	bea := x.person("bea", auth.RoleBiomed)
	pump := x.clinic.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	path := "/devices/" + string(pump.ID)
	seen := x.call(bea, http.MethodGet, path, nil).is(http.StatusOK)
	if seen.text("therapy.state") != "infusing" || seen.text("therapy.reported") != "infusing" || seen.number("therapy.age_seconds") != 0 || seen.at("therapy.current") != true {
		t.Fatalf("the pump: %v", seen.at("therapy"))
	}
	no := x.call(bea, http.MethodPost, path+"/commands", map[string]any{"kind": "restart"}).refuses(http.StatusConflict, "pump_infusing")
	if no.text("therapy_state") != "infusing" || no.text("matrix_version") == "" {
		t.Errorf("it does not say on what it rests: %s", no.raw)
	}
	held := x.call(bea, http.MethodPost, path+"/commands", map[string]any{"kind": "config", "subkind": "text", "args": map[string]any{"document_id": "d", "version": 1, "content": map[string]any{}}, "hold_until_idle": true}).is(http.StatusCreated)
	if held.text("state") == "delivered" || held.text("why_waiting") == "" {
		t.Errorf("held: %s", held.raw)
	}
	it := x.person("ada", auth.RoleIT)
	x.call(it, http.MethodPost, path+"/commands", map[string]any{"kind": "restart"}).refuses(http.StatusForbidden, "not_allowed")
}

func TestFirmwareWaitsForAnotherPersonWhoSeesExactlyThisOrder(t *testing.T) {
	x := newHouse(t)
	bea, pia, ada := x.person("bea", auth.RoleBiomed), x.person("pia", auth.RolePharmacist), x.person("ada", auth.RoleIT)
	pump := x.clinic.Pump()
	args := map[string]any{"name": "LVP firmware", "version": "9.1", "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	asked := x.call(bea, http.MethodPost, "/devices/"+string(pump.ID)+"/commands", map[string]any{"kind": "firmware", "args": args}).is(http.StatusCreated)
	if asked.text("state") != "awaiting_approval" || asked.at("needs_second_person") != true {
		t.Fatalf("asked: %s", asked.raw)
	}
	path := "/commands/" + asked.text("id")
	yes := map[string]any{"order_hash": asked.text("order_hash")}
	x.call(bea, http.MethodPost, path+"/approve", yes).refuses(http.StatusForbidden, "second_person_needed")
	x.call(ada, http.MethodPost, path+"/approve", yes).refuses(http.StatusForbidden, "not_allowed")
	x.call(pia, http.MethodPost, path+"/approve", map[string]any{"order_hash": "sha256:another"}).refuses(http.StatusPreconditionFailed, "order_differs")
	if inbox := x.call(pia, http.MethodGet, "/commands?inbox=true", nil).is(http.StatusOK).items("id"); !slices.Equal(inbox, []string{asked.text("id")}) {
		t.Errorf("her inbox: %v", inbox)
	}
	if inbox := x.call(bea, http.MethodGet, "/commands?inbox=true", nil).is(http.StatusOK).items("id"); len(inbox) != 0 {
		t.Errorf("the asker's own inbox: %v", inbox)
	}
	done := x.call(pia, http.MethodPost, path+"/approve", yes).is(http.StatusOK)
	if done.text("state") != "queued" || done.text("approvals.0.by") != "pia" {
		t.Errorf("approved: %s", done.raw)
	}
	x.call(pia, http.MethodPost, path+"/deny", map[string]any{"reason": "too late"}).refuses(http.StatusConflict, "not_awaiting_approval")
	x.call(bea, http.MethodPost, path+"/cancel", nil).is(http.StatusOK)
}

func TestABatchNamesTheOutcomeOfEachDevice(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	one, two := x.clinic.Phone(), x.clinic.Phone()
	made := x.call(ada, http.MethodPost, "/batches", map[string]any{"kind": "locate", "devices": []device.ID{one.ID, two.ID}}).is(http.StatusCreated)
	if made.number("counts.queued") != 2 || made.text("weight") != "quiet" {
		t.Errorf("the batch: %s", made.raw)
	}
	wipe := map[string]any{"kind": "wipe", "reason": "stolen", "devices": []device.ID{two.ID, one.ID}}
	asked := x.call(ada, http.MethodPost, "/batches", wipe).refuses(http.StatusForbidden, "step_up_required")
	proof := x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "batch_id": asked.text("batch_id")}).is(http.StatusOK)
	more := map[string]any{"kind": "wipe", "reason": "stolen", "devices": []device.ID{one.ID, two.ID, x.clinic.Phone().ID}}
	x.call(ada, http.MethodPost, "/batches", more, header{"Wardline-Step-Up": proof.text("step_up")}).refuses(http.StatusForbidden, "step_up_required")
	x.call(ada, http.MethodPost, "/batches", wipe, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	if got := x.call(ada, http.MethodPost, "/batches/"+made.text("id")+"/cancel", nil).is(http.StatusOK); got.number("counts.cancelled") != 2 {
		t.Errorf("cancelled: %s", got.raw)
	}
}

func TestNobodyIsAskedForACodeForWhatIsRefusedAnyway(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	bea := x.person("bea", auth.RoleBiomed)
	wipe := map[string]any{"kind": "wipe", "reason": "left in a taxi"}
	pump := x.clinic.Pump()
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	x.call(bea, http.MethodPost, "/devices/"+string(pump.ID)+"/commands", wipe).refuses(http.StatusConflict, "pump_infusing")

	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID) + "/commands"
	asked := x.call(ada, http.MethodPost, path, wipe).refuses(http.StatusForbidden, "step_up_required")
	if asked.text("user_code") == "" {
		t.Fatalf("the phone's wipe: %s", asked.raw)
	}
	proof := x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "device_id": phone.ID}).is(http.StatusOK)
	x.call(ada, http.MethodPost, path, wipe, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	x.call(ada, http.MethodPost, path, wipe).refuses(http.StatusConflict, "command_already_open")

	auditor := x.person("aud", auth.RoleAuditor)
	events := x.call(auditor, http.MethodGet, "/audit?action=command.requested", nil).is(http.StatusOK)
	if events.text("items.0.actor.factor") != "password+totp, step-up totp" {
		t.Errorf("the audit log does not say that a code was given for it: %s", events.raw)
	}
}

func TestAPhoneThatWasFoundIsGivenBackToTheNetwork(t *testing.T) {
	x := newHouse(t)
	ada, bea := x.person("ada", auth.RoleIT), x.person("bea", auth.RoleBiomed)
	phone := x.clinic.Phone()
	path := "/devices/" + string(phone.ID)
	found := map[string]any{"reason": "it lay in the taxi"}
	x.call(ada, http.MethodPost, path+"/release", found).refuses(http.StatusNotFound, "not_found")
	proof := x.call(ada, http.MethodPost, "/auth/step-up", map[string]any{"otp": ada.otp(), "device_id": phone.ID}).is(http.StatusOK)
	wipe := x.call(ada, http.MethodPost, path+"/commands", map[string]any{"kind": "wipe", "reason": "left in a taxi"},
		header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusCreated)
	if got := x.call(ada, http.MethodGet, path, nil).is(http.StatusOK); got.text("certificate.status") != "contained" {
		t.Fatalf("after the wipe was asked: %v", got.at("certificate"))
	}
	x.call(ada, http.MethodPost, "/commands/"+wipe.text("id")+"/cancel", nil).is(http.StatusOK)
	x.call(bea, http.MethodPost, path+"/release", found).refuses(http.StatusForbidden, "not_allowed")
	if got := x.call(ada, http.MethodPost, path+"/release", found).is(http.StatusOK); got.text("certificate.status") != "active" {
		t.Errorf("after it was found: %v", got.at("certificate"))
	}
	x.call(ada, http.MethodPost, path+"/commands", map[string]any{"kind": "ring"}).is(http.StatusCreated)
}

func TestATokenDoesWhatItWasMadeForAndWaitsForAPersonToDestroy(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	made := x.call(ada, http.MethodPost, "/tokens", map[string]any{"name": "paging system", "expires_in_days": 30, "kinds": []string{"locate", "wipe"},
		"permissions": []string{"devices.read", "commands.read", "commands.locate", "commands.erase_personal"}}).is(http.StatusCreated)
	robot := &person{h: x, token: made.text("token")}
	path := "/devices/" + string(phone.ID) + "/commands"
	located := x.call(robot, http.MethodPost, path, map[string]any{"kind": "locate"}).is(http.StatusCreated)
	if located.text("transitions.0.actor_kind") != "token" {
		t.Errorf("who asked: %s", located.raw)
	}
	x.call(robot, http.MethodPost, path, map[string]any{"kind": "lock"}).refuses(http.StatusForbidden, "token_scope")
	wipe := x.call(robot, http.MethodPost, path, map[string]any{"kind": "wipe", "reason": "asset system"}).is(http.StatusCreated)
	if wipe.text("state") != "awaiting_approval" || !strings.Contains(wipe.text("why_waiting"), "because a program asked for it") {
		t.Fatalf("a program's wipe: %s", wipe.raw)
	}
	approve, order := "/commands/"+wipe.text("id")+"/approve", map[string]any{"order_hash": wipe.text("order_hash")}
	x.call(robot, http.MethodPost, approve, order).refuses(http.StatusForbidden, "token_scope")
	// Not by its owner, and not by a session alone: a person's factor stands behind
	// everything that destroys.
	x.call(ada, http.MethodPost, approve, order).refuses(http.StatusForbidden, "second_person_needed")
	sec := x.person("sec", auth.RoleSecurity)
	x.call(sec, http.MethodPost, approve, order).refuses(http.StatusForbidden, "step_up_required")
	if got := phone.Take(); len(got) != 1 || got[0].Told.Kind != device.KindLocate {
		t.Fatalf("the phone was handed %v before anybody agreed", got)
	}
	proof := x.call(sec, http.MethodPost, "/auth/step-up", map[string]any{"otp": sec.otp(), "device_id": phone.ID}).is(http.StatusOK)
	agreed := x.call(sec, http.MethodPost, approve, order, header{"Wardline-Step-Up": proof.text("step_up")}).is(http.StatusOK)
	if agreed.text("state") != "queued" {
		t.Errorf("after a person agreed: %s", agreed.raw)
	}
	robot.token = made.text("token")
	x.call(robot, http.MethodGet, "/audit", nil).refuses(http.StatusForbidden, "token_scope")
	x.call(ada, http.MethodDelete, "/tokens/"+made.text("id"), nil).is(http.StatusNoContent)
	x.call(robot, http.MethodGet, "/devices", nil).refuses(http.StatusUnauthorized, "sign_in_needed")
}

func TestARequestSentTwiceHasOneEffectOnEitherDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, h *storetest.Harness) {
		x := openHouse(t, h)
		ada := x.person("ada", auth.RoleIT)
		phone := x.clinic.Phone()
		for name, r := range map[string]struct {
			path string
			body map[string]any
		}{
			"command":    {"/devices/" + string(phone.ID) + "/commands", map[string]any{"kind": "locate"}},
			"batch":      {"/batches", map[string]any{"kind": "refresh", "devices": []device.ID{phone.ID}}},
			"place":      {"/places", map[string]any{"kind": "site", "name": "North"}},
			"invitation": {"/invitations", map[string]any{"class": "phone_issued", "owner": "Grace"}},
			"token":      {"/tokens", map[string]any{"name": "x", "expires_in_days": 1, "permissions": []string{"devices.read"}}},
			"document":   {"/configurations", map[string]any{"subkind": "text", "name": "Lock screen", "content": map[string]any{"message": "Please return to the front desk"}}},
		} {
			key := header{"Idempotency-Key": "twice-" + name}
			first := x.call(ada, http.MethodPost, r.path, r.body, key).is(http.StatusCreated)
			again := x.call(ada, http.MethodPost, r.path, r.body, key).is(http.StatusCreated)
			if first.text("id") == "" || first.text("id") != again.text("id") {
				t.Errorf("%s: %q, then %q", name, first.text("id"), again.text("id"))
			}
			if again.text("code") != "" || again.text("token") != "" {
				t.Errorf("%s: a secret was shown twice", name)
			}
		}
		if list := x.call(ada, http.MethodGet, "/commands?kind=locate", nil).is(http.StatusOK); len(list.items("id")) != 1 {
			t.Errorf("commands: %s", list.raw)
		}
	})
}

func TestWhatTheDeviceAnsweredIsShown(t *testing.T) {
	x := newHouse(t)
	ada := x.person("ada", auth.RoleIT)
	phone := x.clinic.Phone()
	asked := x.call(ada, http.MethodPost, "/devices/"+string(phone.ID)+"/commands", map[string]any{"kind": "lock", "args": map[string]any{"message": "call us"}}).is(http.StatusCreated)
	got := phone.Take()
	phone.Answer(got[0], commands.ResultAccepted, "")
	phone.Answer(got[0], commands.ResultSucceeded, "")
	if now := x.call(ada, http.MethodGet, "/commands/"+asked.text("id"), nil).is(http.StatusOK); now.text("state") != "succeeded" || now.text("state_words") != "Done" {
		t.Errorf("in the end: %s", now.raw)
	}
}
