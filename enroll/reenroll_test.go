package enroll_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
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

func TestRenewalIsAuthenticatedByTheOldCertificateAlone(t *testing.T) {
	for _, kind := range []string{"17", "19"} {
		t.Run("message type "+kind, func(t *testing.T) {
			h := newHospital(t, hospitalOptions{})
			ctx := context.Background()
			c, old := h.enrolled("SN-1", "pump")
			r := c.renewing(c.signer).renew(h, kind, rsaKey(t, "next", 2048))
			if r.status != success {
				t.Fatalf("%+v", r)
			}
			fp := ca.FingerprintOf(r.certificate.Raw)
			b := must(h.service.Bind(ctx, fp))
			if b.Device != old.Device || b.Enrollment != old.Enrollment || b.Completed || b.Status != enroll.BindingActive {
				t.Fatalf("%+v", b)
			}
			if o := must(h.service.Bind(ctx, old.Fingerprint)); o.Status != enroll.BindingActive {
				t.Fatalf("the old certificate before the new one's first use: %+v", o)
			}
			h.use(r.certificate)
			if o := must(h.service.Bind(ctx, old.Fingerprint)); o.Status != enroll.BindingSuperseded {
				t.Errorf("the old certificate after it: %+v", o)
			}
			// It must not be on the CRL: the pump's Wi-Fi may still stand on it.
			if entries := h.revoked(ca.RoleIssuing); len(entries) != 0 {
				t.Errorf("%d certificates are on the CRL", len(entries))
			}
		})
	}
}

func TestOnlyAGoodCurrentCertificateOfOursRenews(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		make func(h *hospital, c *client, b enroll.Binding)
		fail string
	}{
		"revoked": {func(h *hospital, _ *client, b enroll.Binding) {
			if err := h.service.Revoke(ctx, biomed, b.Device, ca.ReasonKeyCompromise, "copied"); err != nil {
				h.t.Fatal(err)
			}
		}, badCertID},
		"contained": {func(h *hospital, _ *client, b enroll.Binding) {
			if err := h.service.Contain(ctx, biomed, b.Device, "stolen"); err != nil {
				h.t.Fatal(err)
			}
		}, badCertID},
		"superseded": {func(h *hospital, c *client, _ enroll.Binding) {
			h.use(c.renewing(c.signer).renew(h, "17", rsaKey(h.t, "between", 2048)).certificate)
		}, badCertID},
		"replaced by a new enrollment": {func(h *hospital, _ *client, b enroll.Binding) {
			h.enrolled(b.Serial, "newer")
		}, badCertID},
		"expired for more than 180 days": {func(h *hospital, _ *client, b enroll.Binding) {
			h.clock.Set(b.NotAfter.Add(181 * 24 * time.Hour))
		}, badCertID},
		"from elsewhere": {func(h *hospital, c *client, _ enroll.Binding) {
			c.signer = otherAuthority(h.t, c)
		}, badCertID},
		"with the key of another device": {func(h *hospital, _ *client, _ enroll.Binding) {
			h.enrolled("SN-2", "next")
		}, badRequest},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHospital(t, hospitalOptions{})
			cl, b := h.enrolled("SN-1", "pump")
			c.make(h, cl, b)
			renewing := cl.renewing(cl.signer)
			raw, nonce := renewing.build(message{kind: "17", content: (&client{t: t, key: rsaKey(t, "next", 2048)}).csr("", nil), recipient: h.ra()})
			h.refuses(renewing, raw, nonce, c.fail)
		})
	}
}

func TestAnExpiredCertificateRenewsOnlyWhenAPersonAgrees(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	c, b := h.enrolled("SN-1", "pump")
	h.clock.Set(b.NotAfter.Add(179 * 24 * time.Hour))
	if got := must(h.service.Bind(ctx, b.Fingerprint)); got.Status != enroll.BindingExpired {
		t.Fatalf("%+v", got)
	}
	renewing := c.renewing(c.signer)
	if r := renewing.renew(h, "17", rsaKey(t, "next", 2048)); r.status != pending {
		t.Fatalf("%+v", r)
	}
	waiting := must(h.service.Waiting(ctx))
	if len(waiting) != 1 || !waiting[0].Renewal || waiting[0].Reasons[0] != enroll.WaitExpired {
		t.Fatalf("%+v", waiting)
	}
	if err := h.service.Decide(ctx, approver, waiting[0].ID, true, "was in storage"); err != nil {
		t.Fatal(err)
	}
	r := renewing.poll(h)
	if r.status != success {
		t.Fatalf("%+v", r)
	}
	if got := h.use(r.certificate); got.Enrollment != b.Enrollment {
		t.Errorf("%+v", got)
	}
}

func TestADeviceThatNeverKeepsItsCertificateIsStopped(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	c, _ := h.enrolled("SN-1", "pump")
	var last reply
	issued := 0
	for i := range 8 {
		if last = c.renewing(c.signer).renew(h, "17", rsaKey(t, fmt.Sprint("r", i), 2048)); last.status == success {
			issued++
		}
	}
	if issued != 4 || last.fail != badRequest {
		t.Errorf("%d renewals in a day, the last %+v", issued, last)
	}
}

func TestAChangeAnywhereIsSeenAtTheNextRequest(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	_, b := h.enrolled("SN-1", "pump")
	for i, step := range []struct {
		do   func() error
		want enroll.BindingStatus
	}{
		{func() error { return h.service.Contain(ctx, biomed, b.Device, "stolen") }, enroll.BindingContained},
		{func() error { return h.service.Release(ctx, biomed, b.Device, "found") }, enroll.BindingActive},
		{func() error { return h.ca.Revoke(ctx, biomed, b.Fingerprint, ca.ReasonKeyCompromise, "copied") }, enroll.BindingRevoked},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := must(h.service.Bind(ctx, b.Fingerprint)); got.Status != step.want {
			t.Errorf("step %d: %s, want %s", i, got.Status, step.want)
		}
	}
	if err := h.ca.Unhold(ctx, biomed, b.Fingerprint, "oops"); err == nil {
		t.Error("a revocation for good was taken back")
	}
}
