package enroll_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

var approver = audit.Actor{Kind: audit.ActorPerson, ID: "0198a000-0000-7000-8000-000000000002", Name: "Ada Approver"}

// enrolled enrolls and uses an identity for the serial number, with a key of that
// name.
func (h *hospital) enrolled(serial, key string) (*client, enroll.Binding) {
	h.t.Helper()
	c := newClient(h.t, rsaKey(h.t, key, 2048))
	r := c.enroll(h, h.invite(serial).SCEPChallenge)
	if r.status != success {
		h.t.Fatalf("enroll %s: %+v", serial, r)
	}
	c.signer = r.certificate
	return c, h.use(r.certificate)
}

func (h *hospital) exec(query string, args ...any) {
	h.t.Helper()
	if _, err := h.harness.Raw().Exec(query, args...); err != nil {
		h.t.Fatal(err)
	}
}

// openCommand puts a command of that kind and weight into the queue.
func (h *hospital) openCommand(b enroll.Binding, kind, weight string) {
	h.t.Helper()
	db := h.harness.Raw()
	rows, err := db.Query("SELECT name, type FROM pragma_table_info('command')")
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	given := map[string]any{"id": "0198b000-0000-7000-8000-000000000001", "device_id": string(b.Device), "enrollment_id": string(b.Enrollment),
		"kind": kind, "weight": weight, "state": "queued", "class": "pump_lvp", "requester": "{}", "approvals": "[]", "args": "{}", "asked_custody": "{}"}
	var names, marks []string
	var values []any
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			h.t.Fatal(err)
		}
		v, ok := given[name]
		switch {
		case ok:
		case kind == "TEXT":
			v = ""
		case kind == "BLOB":
			v = []byte{}
		default:
			v = 0
		}
		names, marks, values = append(names, name), append(marks, "?"), append(values, v)
	}
	if err := rows.Err(); err != nil {
		h.t.Fatal(err)
	}
	h.exec("INSERT INTO command ("+strings.Join(names, ",")+") VALUES ("+strings.Join(marks, ",")+")", values...)
}

func TestTakingOverADeviceThatMayBeInUseWaitsForAPerson(t *testing.T) {
	for name, c := range map[string]struct {
		make func(h *hospital, b enroll.Binding)
		want enroll.WaitReason
	}{
		"lost": {func(h *hospital, b enroll.Binding) {
			h.exec("INSERT INTO device_hold (device_id, kind, reason, since, may_lift) VALUES ($1, 'lost', 'left in a taxi', 1, 'it')", string(b.Device))
		}, enroll.WaitLost},
		"recalled": {func(h *hospital, b enroll.Binding) {
			h.exec("INSERT INTO device_hold (device_id, kind, reason, since, may_lift) VALUES ($1, 'recalled', 'maker', 1, 'biomed')", string(b.Device))
		}, enroll.WaitHeld},
		"contained": {func(h *hospital, b enroll.Binding) {
			if err := h.service.Contain(context.Background(), biomed, b.Device, "stolen"); err != nil {
				h.t.Fatal(err)
			}
		}, enroll.WaitContained},
		"still polling": {func(h *hospital, b enroll.Binding) {
			h.exec("UPDATE device_report SET received_at = $1 WHERE device_id = $2", h.clock.Now().Add(-14*time.Minute).UnixMicro(), string(b.Device))
		}, enroll.WaitPolling},
		"about to be wiped": {func(h *hospital, b enroll.Binding) { h.openCommand(b, "wipe", "destructive") }, enroll.WaitDestructive},
		"decommissioned": {func(h *hospital, b enroll.Binding) {
			h.exec("UPDATE device SET stage = 'decommissioned' WHERE id = $1", string(b.Device))
		}, enroll.WaitEnded},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHospital(t, hospitalOptions{})
			_, old := h.enrolled("SN-1", "pump")
			c.make(h, old)
			before, err := h.service.Bind(context.Background(), old.Fingerprint)
			if err != nil {
				t.Fatal(err)
			}
			thief := newClient(t, rsaKey(t, "thief", 2048))
			if r := thief.enroll(h, h.invite("SN-1").SCEPChallenge); r.status != pending {
				t.Fatalf("%+v, want it to wait", r)
			}
			waiting, err := h.service.Waiting(context.Background())
			if err != nil || len(waiting) != 1 {
				t.Fatalf("%+v %v", waiting, err)
			}
			w := waiting[0]
			if w.Device != old.Device || w.Serial != "SN-1" || len(w.Reasons) != 1 || w.Reasons[0] != c.want {
				t.Errorf("%+v, want the reason %q", w, c.want)
			}
			after, err := h.service.Bind(context.Background(), old.Fingerprint)
			if err != nil || after.Status != before.Status || after.Enrollment != before.Enrollment {
				t.Errorf("the old enrollment is %+v, was %+v", after, before)
			}
			if n := h.issuedCount(); n != 1 {
				t.Errorf("%d certificates", n)
			}
		})
	}
}

func TestAnApprovedReenrollmentIsANewGenerationAndEndsTheOldOneAtItsFirstUse(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	_, old := h.enrolled("SN-1", "pump")
	h.exec("UPDATE device_report SET received_at = $1 WHERE device_id = $2", h.clock.Now().UnixMicro(), string(old.Device))
	c := newClient(t, rsaKey(t, "again", 2048))
	challenge := h.invite("SN-1").SCEPChallenge
	if r := c.enroll(h, challenge); r.status != pending {
		t.Fatalf("%+v", r)
	}
	if r := c.poll(h); r.status != pending {
		t.Fatalf("%+v", r)
	}
	if r := newClient(t, rsaKey(t, "other", 2048)).enroll(h, challenge); r.status != failure {
		t.Errorf("somebody else used the challenge of a waiting request: %+v", r)
	}
	waiting, err := h.service.Waiting(ctx)
	if err != nil || len(waiting) != 1 {
		t.Fatal(waiting, err)
	}
	if err := h.service.Decide(ctx, approver, waiting[0].ID, true, "it is the same pump, repaired"); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Decide(ctx, approver, waiting[0].ID, false, "no"); err == nil {
		t.Error("a decision was made twice")
	}
	stranger := newClient(t, rsaKey(t, "other", 2048))
	stranger.transaction = c.transaction
	if r := stranger.poll(h); r.status != failure {
		t.Errorf("another key was told about the request: %+v", r)
	}
	r := c.poll(h)
	if r.status != success {
		t.Fatalf("%+v", r)
	}
	b, err := h.service.Bind(ctx, ca.FingerprintOf(r.certificate.Raw))
	if err != nil || b.Device != old.Device || b.Enrollment == old.Enrollment || b.Epoch != old.Epoch+1 || b.Completed {
		t.Fatalf("%+v %v", b, err)
	}
	if b, err := h.service.Bind(ctx, old.Fingerprint); err != nil || b.Status != enroll.BindingActive {
		t.Fatalf("the old enrollment before the new one's first use: %+v %v", b, err)
	}
	if b := h.use(r.certificate); b.Status != enroll.BindingActive {
		t.Errorf("%+v", b)
	}
	if b, err := h.service.Bind(ctx, old.Fingerprint); err != nil || b.Status != enroll.BindingRevoked {
		t.Errorf("the old enrollment after it: %+v %v", b, err)
	}
	if len(must(h.service.Waiting(ctx))) != 0 {
		t.Error("it still waits")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestARefusedReenrollmentGetsNothingEver(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	_, old := h.enrolled("SN-1", "pump")
	h.exec("UPDATE device_report SET received_at = $1 WHERE device_id = $2", h.clock.Now().UnixMicro(), string(old.Device))
	c := newClient(t, rsaKey(t, "again", 2048))
	challenge := h.invite("SN-1").SCEPChallenge
	c.enroll(h, challenge)
	if err := h.service.Decide(ctx, approver, must(h.service.Waiting(ctx))[0].ID, false, "nobody knows this pump"); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]reply{"poll": c.poll(h), "the same request": c.enroll(h, challenge)} {
		if r.status != failure || r.fail != badRequest {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if b, err := h.service.Bind(ctx, old.Fingerprint); err != nil || b.Status != enroll.BindingActive {
		t.Errorf("%+v %v", b, err)
	}
}

func TestASilentDeviceIsEnrolledAnewWithAFreshInvitationAndAFreshKey(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	_, old := h.enrolled("SN-1", "pump")
	h.exec("UPDATE device_report SET received_at = $1 WHERE device_id = $2", h.clock.Now().UnixMicro(), string(old.Device))
	h.clock.Advance(16 * time.Minute)
	inv := h.invite("SN-1")
	c := newClient(t, rsaKey(t, "pump", 2048))
	raw, nonce := c.build(message{kind: "19", content: c.csr(inv.SCEPChallenge, nil), recipient: h.ra()})
	h.refuses(c, raw, nonce, badRequest) // the old key proves nothing new
	r := newClient(t, rsaKey(t, "fresh", 2048)).enroll(h, inv.SCEPChallenge)
	if r.status != success {
		t.Fatalf("%+v", r)
	}
	if b := h.use(r.certificate); b.Device != old.Device || b.Epoch != 2 {
		t.Errorf("%+v", b)
	}
}

func TestAnEnrollmentNobodyUsesIsRevokedAfterADay(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	_, used := h.enrolled("SN-1", "used")
	c := newClient(t, rsaKey(t, "unused", 2048))
	r := c.enroll(h, h.invite("SN-2").SCEPChallenge)
	h.clock.Advance(23 * time.Hour)
	if err := h.service.Step(ctx); err != nil {
		t.Fatal(err)
	}
	if b := must(h.service.Bind(ctx, ca.FingerprintOf(r.certificate.Raw))); b.Status != enroll.BindingActive {
		t.Fatalf("after 23 hours: %+v", b)
	}
	h.clock.Advance(2 * time.Hour)
	if err := h.service.Step(ctx); err != nil {
		t.Fatal(err)
	}
	b := must(h.service.Bind(ctx, ca.FingerprintOf(r.certificate.Raw)))
	if b.Status != enroll.BindingRevoked {
		t.Errorf("after 25 hours: %+v", b)
	}
	if err := h.service.Complete(ctx, b); err == nil {
		t.Error("a revoked enrollment was completed")
	}
	if b := must(h.service.Bind(ctx, used.Fingerprint)); b.Status != enroll.BindingActive {
		t.Errorf("the one in use: %+v", b)
	}
}

func TestADeviceWithItsOwnSCEPClientIsCompleteWhenItHasItsCertificate(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	inv := must(h.service.Invite(ctx, biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP, Serial: "SN-1",
		Management: device.ManagementCertificate}))
	r := newClient(t, rsaKey(t, "pump", 2048)).enroll(h, inv.SCEPChallenge)
	h.clock.Advance(48 * time.Hour)
	if err := h.service.Step(ctx); err != nil {
		t.Fatal(err)
	}
	b := must(h.service.Bind(ctx, ca.FingerprintOf(r.certificate.Raw)))
	if b.Status != enroll.BindingActive || !b.Completed {
		t.Errorf("%+v", b)
	}
}

// A rogue with nothing but a session invites devices that are switched off and
// enrolls fakes in their name: that cuts off the real ones.
func TestNobodyTakesOverAFleetByInvitingIt(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	var real []enroll.Binding
	for i := range 7 {
		name := "SN-" + string(rune('1'+i))
		_, b := h.enrolled(name, "pump"+name)
		real = append(real, b)
	}
	h.clock.Advance(time.Hour) // all of them are silent
	fakes := make([]*client, len(real))
	take := func(i int) reply {
		t.Helper()
		fakes[i] = newClient(t, rsaKey(t, "fake"+string(rune('1'+i)), 2048))
		r := fakes[i].enroll(h, h.invite("SN-"+string(rune('1'+i))).SCEPChallenge)
		if r.status == success {
			h.use(r.certificate)
		}
		return r
	}
	for i := range 5 {
		if r := take(i); r.status != success {
			t.Fatalf("the control: an honest morning of five repaired pumps, and the %d. waits: %+v", i+1, r)
		}
	}
	for i := 5; i < 7; i++ {
		if r := take(i); r.status != pending {
			t.Errorf("the %d. takeover of a day is answered %+v, want it to wait", i+1, r)
		}
	}
	waiting := must(h.service.Waiting(ctx))
	if len(waiting) != 2 || len(waiting[0].Reasons) != 1 || waiting[0].Reasons[0] != enroll.WaitTakeovers {
		t.Fatalf("what waits: %+v", waiting)
	}
	if err := h.service.Decide(ctx, biomed, waiting[0].ID, true, "it is mine"); !fault.Has(err, enroll.CodeTakeovers) {
		t.Errorf("the inviter agrees: %v", err)
	}
	for _, b := range real[5:] {
		if after, err := h.service.Bind(ctx, b.Fingerprint); err != nil || after.Status != enroll.BindingActive {
			t.Errorf("a real pump is %v, %v", after.Status, err)
		}
	}
	if err := h.service.Decide(ctx, approver, waiting[0].ID, true, "I stand beside it"); err != nil {
		t.Errorf("another person agrees: %v", err)
	}
	h.clock.Advance(25 * time.Hour)
	if err := h.service.Decide(ctx, biomed, waiting[1].ID, true, "the day is over"); err != nil {
		t.Errorf("a day later: %v", err)
	}
}

// The same pump, registered once more as a phone: one person alone does not make
// it one.
func TestAPumpIsNotEnrolledAsAPhoneByOnePerson(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	_, real := h.enrolled("SN-1", "pump")
	model := device.ModelID("0198c000-0000-7000-8000-000000000001")
	if err := h.store.CreateModel(ctx, device.Model{ID: model, Maker: "Phonemaker", Name: "P 1", Class: device.ClassPhoneIssued}, audit.Event{Actor: biomed, Action: "model.created"}); err != nil {
		t.Fatal(err)
	}
	invite := func() string {
		t.Helper()
		return must(h.service.Invite(ctx, biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPhoneIssued, Model: model, Serial: "sn-1"})).SCEPChallenge
	}
	again := newClient(t, rsaKey(t, "phone", 2048))
	if r := again.enroll(h, invite()); r.status != pending {
		t.Fatalf("it is answered %+v, want it to wait", r)
	}
	w := must(h.service.Waiting(ctx))
	if len(w) != 1 || len(w[0].Reasons) != 1 || w[0].Reasons[0] != enroll.WaitNamesake {
		t.Fatalf("what waits: %+v", w)
	}
	if err := h.service.Decide(ctx, biomed, w[0].ID, true, "it is mine"); !fault.Has(err, enroll.CodeNamesake) {
		t.Errorf("the inviter agrees: %v", err)
	}
	if after := must(h.service.Bind(ctx, real.Fingerprint)); after.Status != enroll.BindingActive {
		t.Errorf("the pump is %s", after.Status)
	}
	if err := h.service.Decide(ctx, approver, w[0].ID, true, "two makers, one number"); err != nil {
		t.Errorf("another person agrees: %v", err)
	}
}
