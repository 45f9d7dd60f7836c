package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/internal/once"
)

func suiteCommandsAsked(t *testing.T, h *Harness) {
	h.Run("a lock is followed from the click to the receipt", testLockFollowed)
	h.Run("the same asked twice is one command", testAskedTwice)
	h.Run("where a device is, is not kept with the command", testLocateKeepsNoPlace)
	h.Run("a request repeated under its key is not carried out again", testAskedAgainUnderItsKey)
	h.Run("an unlock takes the place of a lock that has not gone out", testUnlockReplacesLock)
	h.Run("what cannot be done is refused with a reason", testRefusedWhenAsked)
	h.Run("a command can be taken back until the device has it", testCancel)
	h.Run("a command that nobody fetches expires, and says so", testExpires)
	h.Run("the lock of a lost phone does not expire while it is lost", testLostDoesNotExpire)
	h.Run("what a device did after the end is what is shown", testLateResult)
	h.Run("commands are listed newest first, page by page", testCommandList)
}

func testLockFollowed(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	h.Woken()
	asked := c.ask(phone, device.KindLock, args(`{"phone_number":"+31 20 555 0123","message":"Please bring me back"}`))
	if diff := cmp.Diff([]device.EnrollmentID{phone.Enrollment}, h.Woken()); diff != "" {
		t.Errorf("woken (-want +got):\n%s", diff)
	}
	c.says(asked.ID, "Goes out at the device's next contact; it was last heard of 0 s ago.")
	c.Clock.Advance(7 * time.Minute)
	c.says(asked.ID, "The device has not been heard of since 2026-03-02 08:00:00 UTC. It expires on 2026-03-03 08:00:00 UTC.")
	c.Clock.Advance(5 * time.Second)
	phone.Report()

	got := phone.only(device.KindLock)
	if want := `{"message":"Please bring me back","phone_number":"+31 20 555 0123"}`; string(got.Told.Args) != want {
		t.Errorf("the order's arguments are %s, want %s", got.Told.Args, want)
	}
	if got.Told.Device != phone.ID || got.Told.Enrollment != phone.Enrollment || got.Told.Requester.ID != helpdesk.ID || got.Attempt != 1 {
		t.Errorf("the order is %+v", got.Told)
	}
	if commands.HashOrder(got.Order) != asked.OrderHash {
		t.Error("the device was handed other bytes than those that were asked")
	}
	c.says(asked.ID, "Handed to the device 0 s ago, not answered yet. It expires on 2026-03-03 08:00:00 UTC.")
	c.Clock.Advance(time.Second)
	phone.Answer(got, commands.ResultAccepted, "")
	c.Clock.Advance(2 * time.Second)
	c.says(asked.ID, "The device started 2 s ago and has not finished.")
	phone.Answer(got, commands.ResultSucceeded, "")

	done := c.is(asked.ID, commands.StateSucceeded)
	if !done.ReceiptValid || done.Receipt == "" {
		t.Error("the receipt was not kept")
	}
	var walked []string
	for _, m := range done.Transitions {
		walked = append(walked, string(m.To)+" by "+m.Actor.ID+" at "+m.At.Format("15:04:05"))
	}
	if diff := cmp.Diff([]string{
		"queued by account-helpdesk at 08:00:00",
		"delivered by delivery at 08:07:05",
		"accepted by " + string(phone.ID) + " at 08:07:06",
		"succeeded by " + string(phone.ID) + " at 08:07:08",
	}, walked); diff != "" {
		t.Errorf("transitions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"command.requested", "command.delivered", "command.accepted", "command.succeeded"}, c.actions(asked.ID)); diff != "" {
		t.Errorf("audit events (-want +got):\n%s", diff)
	}
	c.says(asked.ID, "Done: The device says that it is done.")
	phone.nothing()
}

func testLocateKeepsNoPlace(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	for kind, kept := range map[device.Kind]bool{device.KindLocate: false, device.KindRefresh: true} {
		asked := c.ask(phone, kind)
		r := phone.Result(phone.only(kind), commands.ResultSucceeded)
		r.Detail = map[string]any{"bssid": "00:1a:1e:aa:bb:cc", "latitude": 48.1}
		phone.Send(r)
		if done := c.is(asked.ID, commands.StateSucceeded); (len(done.Detail) > 0) != kept {
			t.Errorf("%s: the command keeps %v of what the device said", kind, done.Detail)
		}
	}
}

func testAskedTwice(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	first := c.ask(phone, device.KindLocate)
	_, err := c.request(security, phone, device.KindLocate)
	if f := refused(t, err, "command_already_open"); f.Extra["command_id"] != string(first.ID) {
		t.Errorf("the refusal names %v, want %s", f.Extra["command_id"], first.ID)
	}
	phone.Answer(phone.only(device.KindLocate), commands.ResultSucceeded, "")
	c.ask(phone, device.KindLocate)

	// A newer text replaces one that has not gone out.
	old := c.ask(phone, device.KindMessage, args(`{"text":"Come to the desk"}`))
	c.ask(phone, device.KindMessage, args(`{"text":"No need to come"}`))
	c.is(old.ID, commands.StateSuperseded)
	for _, d := range phone.Take() {
		if d.Told.Command == old.ID {
			t.Error("the older text was handed out")
		}
	}
}

func testAskedAgainUnderItsKey(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	request := func(id string) *once.Request {
		return &once.Request{Principal: "account:1", Key: "click-1", Hash: "abc", ID: id}
	}
	first, err := c.Service.Request(once.With(c.ctx, request("r1")), helpdesk, commands.Ask{Device: phone.ID, Kind: device.KindLock})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Service.Request(once.With(c.ctx, request("r2")), helpdesk, commands.Ask{Device: phone.ID, Kind: device.KindLock})
	done, ok := err.(*once.Done)
	if !ok || done.Resource != "command:"+string(first.ID) {
		t.Errorf("the repeated request answers %v, want that it made %s", err, first.ID)
	}
}

func testUnlockReplacesLock(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock := c.ask(phone, device.KindLock)
	unlock := c.ask(phone, device.KindUnlock)
	c.is(lock.ID, commands.StateSuperseded)
	c.says(lock.ID, "Replaced: Replaced by a newer command: Unlock.")
	got := phone.only(device.KindUnlock)
	if got.Told.Command != unlock.ID {
		t.Errorf("handed out %s, want %s", got.Told.Command, unlock.ID)
	}
	// A lock that the phone has is not undone by being forgotten here.
	phone.Answer(got, commands.ResultSucceeded, "")
	c.is(unlock.ID, commands.StateSucceeded)
	lock = c.ask(phone, device.KindLock)
	phone.only(device.KindLock)
	c.ask(phone, device.KindUnlock)
	c.is(lock.ID, commands.StateDelivered)
}

func testRefusedWhenAsked(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone, pump := c.Phone(), c.Pump()
	for _, tc := range []struct {
		of     *Gadget
		kind   device.Kind
		change []func(*commands.Ask)
		code   string
		field  string
	}{
		{phone, "self_test", nil, "unknown_kind", "kind"},
		{phone, device.KindLibrary, []func(*commands.Ask){args(`{"name":"l","version":"1","sha256":"` + strings.Repeat("a", 64) + `"}`)}, "kind_not_for_class", ""},
		{phone, device.KindRemoveWorkData, nil, "not_capable", ""},
		{pump, device.KindLostModeOn, []func(*commands.Ask){args(`{"message":"x"}`)}, "kind_not_for_class", ""},
		{phone, device.KindMessage, nil, "invalid_input", "args.text"},
		{phone, device.KindMessage, []func(*commands.Ask){args(`{"text":"` + strings.Repeat("x", 241) + `"}`)}, "invalid_input", "args.text"},
		{phone, device.KindMessage, []func(*commands.Ask){args(`{"text":"a\u202eb"}`)}, "invalid_input", "args.text"},
		{phone, device.KindMessage, []func(*commands.Ask){args(`{"text":"a","text":"b"}`)}, "invalid_input", "args"},
		{phone, device.KindLock, []func(*commands.Ask){args(`{"pin":"1234"}`)}, "invalid_input", "args.pin"},
		{phone, device.KindLock, []func(*commands.Ask){args(`{"phone_number":"call me"}`)}, "invalid_input", "args.phone_number"},
		{phone, device.KindLock, []func(*commands.Ask){args(`[]`)}, "invalid_input", "args"},
		{phone, device.KindRing, []func(*commands.Ask){args(`{"seconds":0}`)}, "invalid_input", "args.seconds"},
		{phone, device.KindConfig, []func(*commands.Ask){args(`{"document_id":"d","version":1,"content":{}}`)}, "invalid_input", "subkind"},
		{phone, device.KindLock, []func(*commands.Ask){subkind(device.SubkindWiFi)}, "invalid_input", "subkind"},
		{phone, device.KindLock, []func(*commands.Ask){within(8 * 24 * time.Hour)}, "invalid_input", "expires_in_minutes"},
		{&Gadget{ID: device.ID(newID())}, device.KindLock, nil, "not_found", ""},
	} {
		_, err := c.request(helpdesk, tc.of, tc.kind, tc.change...)
		f := refused(t, err, tc.code)
		if tc.field != "" && !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Name == tc.field }) {
			t.Errorf("%s: the fields are %v, want %s", tc.kind, f.Fields, tc.field)
		}
	}
	page, err := c.Service.List(c.ctx, commands.Query{})
	if err != nil || page.Total != 0 {
		t.Errorf("%d commands were kept (%v)", page.Total, err)
	}
}

func testCancel(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock := c.ask(phone, device.KindLock)
	if _, err := c.Service.Cancel(c.ctx, helpdesk, lock.ID, "found it"); err != nil {
		t.Fatal(err)
	}
	c.says(lock.ID, "Cancelled: Withdrawn: found it.")
	phone.nothing()
	_, err := c.Service.Cancel(c.ctx, helpdesk, lock.ID, "")
	refused(t, err, "command_already_ended")

	lock = c.ask(phone, device.KindLock)
	phone.only(device.KindLock)
	_, err = c.Service.Cancel(c.ctx, helpdesk, lock.ID, "")
	refused(t, err, "command_already_delivered")
	_, err = c.Service.Cancel(c.ctx, helpdesk, commands.ID(newID()), "")
	refused(t, err, "not_found")
}

func testExpires(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	locate, lock := c.ask(phone, device.KindLocate), c.ask(phone, device.KindRestart)
	c.Clock.Advance(59 * time.Minute)
	c.expire()
	c.is(locate.ID, commands.StateQueued)
	c.Clock.Advance(time.Minute)
	c.says(locate.ID, "Its time is over; it ends in a moment.")
	c.expire()
	c.is(locate.ID, commands.StateExpired)
	c.says(locate.ID, "Expired: Its time was over before the device was reached.")
	c.is(lock.ID, commands.StateQueued)
	c.Clock.Advance(23 * time.Hour)
	// Also when the poll comes before the background step.
	phone.nothing()
	c.is(lock.ID, commands.StateExpired)
}

func testLostDoesNotExpire(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock, ring := c.ask(phone, device.KindLock), c.ask(phone, device.KindRing)
	phone.Lose()
	c.Clock.Advance(30 * 24 * time.Hour)
	c.expire()
	c.is(ring.ID, commands.StateExpired)
	c.is(lock.ID, commands.StateQueued)
	if why := c.get(lock.ID).WhyWaiting; !strings.HasSuffix(why, "It does not expire while the device is lost.") {
		t.Errorf("why it waits: %s", why)
	}
	got := phone.only(device.KindLock)
	if !got.Told.NotAfter.IsZero() {
		t.Errorf("the device would refuse the order: it ends at %s", got.Told.NotAfter)
	}
	phone.Find()
	c.expire()
	c.is(lock.ID, commands.StateExpired)
}

func testLateResult(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock := c.ask(phone, device.KindRestart)
	got := phone.only(device.KindRestart)
	c.Clock.Advance(25 * time.Hour)
	c.expire()
	c.is(lock.ID, commands.StateExpired)
	c.says(lock.ID, "Expired: It was handed to the device, which never answered; its time is over.")
	phone.Answer(got, commands.ResultAccepted, "")
	c.is(lock.ID, commands.StateAccepted)
	phone.Answer(got, commands.ResultSucceeded, "")
	done := c.is(lock.ID, commands.StateSucceeded)
	if step := done.Transitions[3].Step; step != "late" {
		t.Errorf("the answer counts as %s, want late", step)
	}
}

func testCommandList(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone, other := c.Phone(), c.Phone()
	var want []commands.ID
	for _, kind := range []device.Kind{device.KindLocate, device.KindRing, device.KindLock, device.KindRefresh} {
		want = append(want, c.ask(phone, kind).ID)
	}
	slices.Reverse(want)
	c.ask(other, device.KindLock)
	var got []commands.ID
	q := commands.Query{Device: phone.ID, Limit: 3}
	for {
		page, err := c.Service.List(c.ctx, q)
		if err != nil || page.Total != 4 {
			t.Fatalf("total %d, %v", page.Total, err)
		}
		for _, item := range page.Items {
			got = append(got, item.ID)
			if item.WhyWaiting == "" {
				t.Error("an item of the list does not say why it waits")
			}
		}
		if q.Before = page.Next; q.Before == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	page, err := c.Service.List(c.ctx, commands.Query{Kind: device.KindLock, States: []commands.State{commands.StateQueued}, Requester: helpdesk.ID})
	if err != nil || page.Total != 2 {
		t.Errorf("locks: %d, %v", page.Total, err)
	}
	page, err = c.Service.List(c.ctx, commands.Query{Requester: "nobody"})
	if err != nil || page.Total != 0 {
		t.Errorf("of nobody: %d, %v", page.Total, err)
	}
}
