package storetest

import (
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/wake"
)

func suiteCommandsDelivered(t *testing.T, h *Harness) {
	h.Run("a lost answer is repeated with the same order, and done once", testLostAnswer)
	h.Run("not now is asked again later", testNotNow)
	h.Run("a result of somebody else changes nothing", testForeignResult)
	h.Run("a receipt that does not fit is not believed", testBadReceipt)
	h.Run("what is accepted and never spoken of again is unconfirmed", testUnconfirmed)
	h.Run("a new enrollment gets nothing that was asked for the old one", testReenrollment)
	h.Run("a contained phone is served what finds, locks and empties it", testContained)
	h.Run("a pump that was moved after it had its order is not sent it again, and that is said", testMovedAfterDelivery)
	h.Run("what the agent cannot do is refused, not sent", testAgentCannot)
	h.Run("the index says who has work and from when", testDueWork)
	h.Run("polls are leased together", testLeasedTogether)
	h.Run("two servers that lease for one device hand out once", testTwoServersLease)
}

func testLostAnswer(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock := c.ask(phone, device.KindLock)
	first := phone.only(device.KindLock)
	phone.nothing()
	c.Clock.Advance(10 * time.Second)
	second := phone.only(device.KindLock)
	if diff := cmp.Diff(string(first.Order), string(second.Order)); diff != "" || second.Attempt != 2 {
		t.Errorf("attempt %d; the order changed:\n%s", second.Attempt, diff)
	}
	c.Clock.Advance(10 * time.Second) // twice as long each time
	phone.nothing()
	phone.Report()
	c.says(lock.ID, "Handed to the device 20 s ago, not answered yet (2 times so far). It expires on 2026-03-03 08:00:00 UTC.")
	c.Clock.Advance(10 * time.Second)
	phone.only(device.KindLock)

	phone.Answer(second, commands.ResultAccepted, "")
	before := c.is(lock.ID, commands.StateAccepted)
	phone.Answer(second, commands.ResultAccepted, "")
	phone.Answer(second, commands.ResultSucceeded, "")
	phone.Answer(second, commands.ResultSucceeded, "")
	phone.Answer(second, commands.ResultAccepted, "")
	done := c.is(lock.ID, commands.StateSucceeded)
	if len(done.Transitions) != len(before.Transitions)+1 {
		t.Errorf("the repeated results made moves: %v", done.Transitions)
	}
}

func testMovedAfterDelivery(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	c.twoPeopleWhenAsked()
	pump := c.Pump()
	pump.Therapy = device.ReportedStopped
	pump.Report()
	restart := c.ask(pump, device.KindRestart, func(a *commands.Ask) { a.Ticket = twoPeople })
	if _, err := c.Service.Approve(c.ctx, security, restart.ID, c.get(restart.ID).OrderHash); err != nil {
		t.Fatal(err)
	}
	pump.only(device.KindRestart)
	pump.Change(func(d *device.Device) { d.Custody = device.Custody{Kind: device.CustodyBiomed} })
	c.Clock.Advance(10 * time.Second)
	pump.nothing()
	pump.Report()
	c.says(restart.ID, "Handed to the device 10 s ago, not answered yet. It is not sent again. "+
		"The approval no longer holds: the device's class, custody or place has changed since. It expires on 2026-03-03 08:00:00 UTC.")
}

func testNotNow(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	restart := c.ask(phone, device.KindRestart)
	phone.Answer(phone.only(device.KindRestart), commands.ResultNotNow, "a call is under way")
	c.says(restart.ID, "The device says: not now. It says: a call is under way. It is asked again in 30 s.")
	phone.nothing()
	c.Clock.Advance(30 * time.Second)
	again := phone.only(device.KindRestart)
	phone.Answer(again, commands.ResultNotNow, "a call is under way")
	c.Clock.Advance(30 * time.Second)
	phone.nothing()
	c.Clock.Advance(30 * time.Second)
	again = phone.only(device.KindRestart)
	if again.Attempt != 3 {
		t.Errorf("attempt %d, want 3", again.Attempt)
	}
	// An old message, heard again after that, must not undo anything.
	phone.Answer(again, commands.ResultSucceeded, "")
	phone.Answer(again, commands.ResultNotNow, "")
	c.is(restart.ID, commands.StateSucceeded)
}

func testForeignResult(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone, thief := c.Phone(), c.Phone()
	lock := c.ask(phone, device.KindLock)
	got := phone.only(device.KindLock)
	thief.Send(thief.Result(got, commands.ResultSucceeded))
	c.is(lock.ID, commands.StateDelivered)
	// One that was never handed out, one that nobody knows, one without an id.
	waiting := c.ask(phone, device.KindRing)
	phone.Send(commands.Result{Command: waiting.ID, Status: commands.ResultSucceeded},
		commands.Result{Command: commands.ID(newID()), Status: commands.ResultSucceeded},
		commands.Result{Command: "x", Status: "done"})
	c.is(waiting.ID, commands.StateQueued)
	var n int
	if err := c.Raw.QueryRow("SELECT COUNT(*) FROM audit_event WHERE action = 'command.result_ignored'").Scan(&n); err != nil || n != 4 {
		t.Errorf("%d ignored results are in the audit log (%v), want 4", n, err)
	}
}

func testBadReceipt(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	lock, locate := c.ask(phone, device.KindLock), c.ask(phone, device.KindLocate)
	got := phone.Take()
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := commands.SignReceipt(stranger, commands.Receipt{Command: lock.ID, Device: phone.ID, Enrollment: phone.Enrollment,
		OrderHash: lock.OrderHash, Status: commands.ResultAccepted})
	if err != nil {
		t.Fatal(err)
	}
	phone.Send(commands.Result{Command: lock.ID, Status: commands.ResultAccepted, Receipt: forged},
		// The receipt of another command.
		commands.Result{Command: locate.ID, Status: commands.ResultAccepted, Receipt: phone.Result(got[0], commands.ResultAccepted).Receipt})
	for _, id := range []commands.ID{lock.ID, locate.ID} {
		if done := c.is(id, commands.StateAccepted); done.ReceiptValid {
			t.Errorf("%s: the receipt counts as the device's", done.Kind)
		}
		if !slices.Contains(c.actions(id), "command.receipt_invalid") {
			t.Error("the audit log does not say that the receipt is invalid")
		}
	}
}

func testUnconfirmed(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	restart := c.ask(phone, device.KindRestart)
	got := phone.only(device.KindRestart)
	phone.Answer(got, commands.ResultAccepted, "")
	c.Clock.Advance(15*time.Minute - time.Second)
	c.expire()
	if c.get(restart.ID).Unconfirmed {
		t.Error("unconfirmed too early")
	}
	c.Clock.Advance(time.Second)
	c.expire()
	c.expire()
	if now := c.is(restart.ID, commands.StateAccepted); !now.Unconfirmed {
		t.Error("not unconfirmed after 15 silent minutes")
	}
	c.says(restart.ID, "Unconfirmed: the device started 15 minutes ago and has not said how it ended.")
	if diff := cmp.Diff([]string{"command.requested", "command.delivered", "command.accepted", "command.unconfirmed"}, c.actions(restart.ID)); diff != "" {
		t.Errorf("audit events (-want +got):\n%s", diff)
	}
	// It stands in nobody's way.
	c.ask(phone, device.KindRestart)
	phone.Answer(got, commands.ResultSucceeded, "")
	if done := c.is(restart.ID, commands.StateSucceeded); done.Unconfirmed {
		t.Error("still unconfirmed")
	}
}

func testReenrollment(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	ring := c.ask(phone, device.KindRing)
	phone.only(device.KindRing)
	restart := c.ask(phone, device.KindRestart)
	phone.Answer(phone.only(device.KindRestart), commands.ResultAccepted, "")
	lock := c.ask(phone, device.KindLock)
	wipe := c.ask(phone, device.KindWipe, args(`{"wipe_first":true}`))
	old := *phone
	phone.Enroll()
	phone.nothing()
	if got := old.Take(); len(got) != 0 {
		t.Errorf("the old enrollment was handed %v", kinds(got))
	}
	for id, why := range map[commands.ID]string{
		ring.ID:    "Replaced: The device enrolled anew; it had been handed this and never answered.",
		restart.ID: "Replaced: The device enrolled anew; it had started this and never said how it ended.",
		lock.ID:    "Replaced: The device enrolled anew; nothing asked before is delivered to it.",
	} {
		c.is(id, commands.StateSuperseded)
		c.says(id, why)
	}
	c.is(wipe.ID, commands.StateSuperseded)
	questions, err := c.Service.Questions(c.ctx, phone.ID)
	if err != nil || len(questions) != 1 || questions[0].Command != wipe.ID {
		t.Fatalf("open questions: %v, %v", questions, err)
	}
	if want := "A wipe asked on 2026-03-02 08:00:00 UTC was open (Waiting for the device) when the device enrolled anew. It is not carried out on the new enrollment. Is it still wanted?"; questions[0].Text != want {
		t.Errorf("the question is\n%s\nwant\n%s", questions[0].Text, want)
	}
	if err := c.Service.AnswerQuestion(c.ctx, security, wipe.ID, "the phone was found"); err != nil {
		t.Fatal(err)
	}
	refused(t, c.Service.AnswerQuestion(c.ctx, security, wipe.ID, "once more"), "not_found")
	questions, err = c.Service.Questions(c.ctx, phone.ID)
	if err != nil || questions[0].By.ID != security.ID || questions[0].Answered.IsZero() {
		t.Errorf("the answered question: %+v, %v", questions, err)
	}
	// A new one for the new enrollment goes its way.
	c.ask(phone, device.KindLock)
	phone.only(device.KindLock)
}

func testContained(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	config := c.ask(phone, device.KindConfig, subkind(device.SubkindWiFi), args(`{"document_id":"d1","version":1,"content":{"ssid":"HOSP"}}`))
	locate := c.ask(phone, device.KindLocate)
	if _, err := c.Store.Contain(c.ctx, security, phone.ID, "stolen"); err != nil {
		t.Fatal(err)
	}
	if got := phone.only(device.KindLocate); got.Told.Command != locate.ID {
		t.Error("another command went out")
	}
	c.says(config.ID, "The device is contained: it is served only lock, lost mode, locate, wipe and remove work data.")
	_, err := c.request(helpdesk, phone, device.KindRing)
	refused(t, err, "device_contained")
	c.ask(phone, device.KindLock)
	phone.only(device.KindLock)
	if _, err := c.Store.Release(c.ctx, security, phone.ID, "it was in the drawer"); err != nil {
		t.Fatal(err)
	}
	c.Clock.Advance(5 * time.Minute)
	if got := kinds(phone.Take()); !slices.Contains(got, device.KindConfig) {
		t.Errorf("after the containment handed out %v", got)
	}
}

func testAgentCannot(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone := c.Phone()
	restart := c.ask(phone, device.KindRestart)
	poll := phone.Poll()
	poll.Capabilities = []device.Kind{device.KindLock}
	if got, _ := phone.TakeFrom(c.Service, poll); len(got) != 0 {
		t.Errorf("handed out %v", kinds(got))
	}
	c.is(restart.ID, commands.StateRefused)
	c.says(restart.ID, "Refused: The agent on the device says that it cannot do this.")
}

func testDueWork(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	phone, pump, idle := c.Phone(), c.Pump(), c.Phone()
	now := c.Clock.Now()
	snapshot := func(want ...wake.Work) {
		t.Helper()
		got, err := c.Store.WorkSnapshot(c.ctx)
		if err != nil {
			t.Fatal(err)
		}
		byEnrollment := func(a, b wake.Work) int {
			if a.Enrollment != b.Enrollment {
				return cmpStrings(string(a.Enrollment), string(b.Enrollment))
			}
			return a.Due.Compare(b.Due)
		}
		slices.SortFunc(got, byEnrollment)
		slices.SortFunc(want, byEnrollment)
		if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
			t.Errorf("work (-want +got):\n%s", diff)
		}
	}
	snapshot()
	c.ask(phone, device.KindLock)
	pump.Therapy = device.ReportedInfusing
	pump.Report()
	c.ask(pump, device.KindRestart, held)
	snapshot(wake.Work{Enrollment: phone.Enrollment, Due: now}, wake.Work{Enrollment: pump.Enrollment, Due: now, Held: true})

	got := phone.only(device.KindLock)
	snapshot(wake.Work{Enrollment: phone.Enrollment, Due: now.Add(10 * time.Second)}, wake.Work{Enrollment: pump.Enrollment, Due: now, Held: true})
	due, err := c.Store.DueWork(c.ctx, []device.EnrollmentID{phone.Enrollment, idle.Enrollment})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]wake.Work{{Enrollment: phone.Enrollment, Due: now.Add(10 * time.Second)}}, due); diff != "" {
		t.Errorf("due work (-want +got):\n%s", diff)
	}
	_, left := pump.TakeFrom(c.Service, pump.Poll())
	if diff := cmp.Diff(commands.Leased{Held: true}, left); diff != "" {
		t.Errorf("what the pump's poll is told (-want +got):\n%s", diff)
	}
	_, left = phone.TakeFrom(c.Service, phone.Poll())
	if diff := cmp.Diff(commands.Leased{NextDue: now.Add(10 * time.Second)}, left); diff != "" {
		t.Errorf("what the phone's poll is told (-want +got):\n%s", diff)
	}
	phone.Answer(got, commands.ResultSucceeded, "")
	snapshot(wake.Work{Enrollment: pump.Enrollment, Due: now, Held: true})
}

func cmpStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func testLeasedTogether(t *testing.T, h *Harness) {
	c := newClinic(t, h)
	var polls []commands.Poll
	for range 20 {
		phone := c.Phone()
		c.ask(phone, device.KindLocate)
		polls = append(polls, phone.Poll())
	}
	idle := c.Phone()
	leased, err := c.Service.Lease(c.ctx, append(polls, idle.Poll()))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range polls {
		got := c.open(leased[p.Enrollment])
		if len(got) != 1 || got[0].Told.Device != p.Device {
			t.Errorf("device %s was handed %v", p.Device, got)
		}
	}
	if got, there := leased[idle.Enrollment]; !there || len(got.Envelopes) != 0 {
		t.Errorf("the idle device was answered %v, %v", got, there)
	}
}

func testTwoServersLease(t *testing.T, h *Harness) {
	h.NeedsReplicas()
	c := newClinic(t, h)
	second := c.Serve(h.Second())
	for range 5 {
		phone := c.Phone()
		c.ask(phone, device.KindLock)
		var mu sync.Mutex
		var envelopes []string
		var wg sync.WaitGroup
		for _, s := range []*commands.Service{c.Service, second, c.Service, second} {
			wg.Go(func() {
				leased, err := s.Lease(c.ctx, []commands.Poll{phone.Poll()})
				if err != nil {
					t.Errorf("lease: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				envelopes = append(envelopes, leased[phone.Enrollment].Envelopes...)
			})
		}
		wg.Wait()
		if len(envelopes) != 1 {
			t.Fatalf("handed out %d times", len(envelopes))
		}
	}
}
