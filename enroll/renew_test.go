package enroll_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"wardline/ca"
	"wardline/enroll"
)

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
