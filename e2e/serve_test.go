package e2e

import (
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestASecondServerOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, "")
	s.start()
	code, _, errs := command(t, wardline, s.env, s.args()...)
	if code != 1 {
		t.Errorf("the second server ends with code %d, want 1", code)
	}
	says(t, "the refusal", errs, "another Wardline server is running on the data folder "+s.data, "--data")
	if !s.running() {
		t.Error("the first server has ended")
	}
	s.stop()
}

func TestATakenPortIsNamedWithItsFlag(t *testing.T) {
	t.Parallel()
	taken := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer taken.Close()
	s := newServer(t, "")
	code, _, errs := command(t, wardline, s.env, s.args("--device-addr="+taken.Addr().String())...)
	if code != 1 {
		t.Errorf("the server ends with code %d, want 1", code)
	}
	says(t, "the refusal", errs, "--device-addr", taken.Addr().String())
}

func TestNothingIsIssuedForAddressesThatOnlyThisMachineKnows(t *testing.T) {
	t.Parallel()
	s := newServer(t, "")
	s.start("--device-url=https://localhost:8444")
	h := &hospital{t: t, server: s, admin: s.admin, http: browser(t, s.root())}
	h.boss = &person{t: t, h: h, username: "admin"}
	h.boss.login()
	h.it = h.hires("it", "it")
	refused := h.it.do(http.MethodPost, "/invitations", map[string]any{"class": "phone_issued", "owner": "A. Nurse"}, nil)
	if refused.Status == 0 || !strings.Contains(refused.Detail+refused.Help, "--device-url") {
		t.Errorf("an invitation to localhost is answered %+v, want a refusal that names --device-url", refused)
	}
}

// TestARestartKeepsEverything: devices, sessions and what was asked outlive the
// process, and a stop answers the polls that it holds.
func TestARestartKeepsEverything(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		h := openHospital(t, dsn)
		phones := h.devices("phone_issued", "P-1", "P-2")
		phones.start()
		before := h.heard(h.it, "P-1")
		off := h.heard(h.it, "P-2")
		phones.handle("P-2", map[string]any{"online": false})
		waits := h.it.asks(off.ID, "lock", nil)
		h.server.stop()
		h.restart()

		var me struct {
			Username string `json:"username"`
		}
		h.it.may(http.MethodGet, "/auth/me", nil, &me)
		if me.Username != "it" {
			t.Errorf("after the restart the session belongs to %q", me.Username)
		}
		if after := h.record(h.it, "P-1"); after.ID != before.ID || after.Enrollment != before.Enrollment {
			t.Errorf("after the restart the phone is %+v, it was %+v", after, before)
		}
		c := h.it.becomes(h.it.asks(before.ID, "locate", nil).ID, "succeeded")
		phones.agrees("P-1", c)
		if c := h.it.command(waits.ID); c.State != "queued" {
			t.Errorf("what waited before the restart is %s after it", c.State)
		}
		phones.handle("P-2", map[string]any{"online": true})
		phones.agrees("P-2", h.it.becomes(waits.ID, "succeeded"))
		h.server.wholeAudit()
	})
}
