package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheMainJob is what a hospital gets the product for, from the first start
// to the proof that a stolen phone is empty.
func TestTheMainJob(t *testing.T) {
	engines(t, func(t *testing.T, dsn string) {
		h := openHospital(t, dsn)
		phones, pumps := h.devices("phone_issued", "P-1", "P-2"), h.devices("pump_lvp", "LV-1")
		phones.start()
		pumps.start()

		signsIn(t, h)
		isFound(t, h, phones)
		isLocked(t, h, phones)
		isWiped(t, h, phones)
		isSpared(t, h, pumps)
		isSanitised(t, h, pumps)
		h.server.wholeAudit()
	})
}

func signsIn(t *testing.T, h *hospital) {
	p := h.second
	answer := p.do(http.MethodPost, "/auth/login", map[string]string{"username": p.username, "password": password}, nil)
	if answer.Status != http.StatusUnauthorized {
		t.Errorf("without a one-time code the sign-in is answered %d", answer.Status)
	}
	p.login()
	var me struct {
		Factor string `json:"factor"`
	}
	p.may(http.MethodGet, "/auth/me", nil, &me)
	if !strings.Contains(me.Factor, "totp") {
		t.Errorf("the session says %q about how it was opened", me.Factor)
	}
}

func isFound(t *testing.T, h *hospital, phones *fleet) {
	phones.handle("P-1", map[string]any{"bssid": wardBSSID})
	id := h.heard(h.it, "P-1").ID
	c := h.it.becomes(h.it.asks(id, "locate", nil).ID, "succeeded")
	if at := c.Detail.Location; at == nil || at.Place == nil || at.Place.Name != "4 North, Surgery" {
		t.Errorf("the phone stands at the access point of 4 North, and the answer is %+v", at)
	}
	if n := phones.look("P-1").times(c.ID); n != 1 {
		t.Errorf("the phone remembers %d times that it was asked", n)
	}
}

func isLocked(t *testing.T, h *hospital, phones *fleet) {
	id := h.heard(h.it, "P-2").ID
	made := h.it.asks(id, "lock", map[string]any{"args": map[string]string{"message": "Please return me", "phone_number": "+1 555 0100"}})
	eventually(t, "the phone itself is locked", func() bool { return phones.look("P-2").Locked })
	if text := phones.look("P-2").Message; text != "Please return me" {
		t.Errorf("the locked phone shows %q", text)
	}
	c := h.it.becomes(made.ID, "succeeded")
	if !c.ReceiptValid || c.Receipt == "" {
		t.Error("the lock has no verified receipt")
	}
	phones.agrees("P-2", c)
}

func isWiped(t *testing.T, h *hospital, phones *fleet) {
	before := h.heard(h.it, "P-2")
	stolen := copyIdentity(t, phones.folderOf("P-2"))
	made := h.it.destroys(before.ID, "wipe")
	eventually(t, "the phone itself is erased", func() bool { return phones.look("P-2").Wiped })
	var c order
	eventually(t, "the server has the receipt", func() bool {
		c = h.it.command(made.ID)
		return c.Outcome == "erase_started"
	})
	if !c.ReceiptValid || c.Receipt == "" {
		t.Error("the wipe has no verified receipt")
	}
	says(t, "the outcome", c.OutcomeWords, "Erase started, device silent since ")
	if strings.Contains(c.StateWords, "Done") {
		t.Errorf("a wipe that only began is shown as %q", c.StateWords)
	}
	eventually(t, "the erased phone has no key any more", func() bool { return copyOf(phones.folderOf("P-2")) == "" })
	phones.agrees("P-2", c)
	verifiedAnywhere(t, h, made.ID)
	eventually(t, "the certificate is on the revocation list", func() bool { return revoked(t, h.server.pki, stolen.leaf) })

	// The same phone is set up anew: that is the proof that the old one is gone.
	again := h.devices("phone_issued", "P-2")
	again.launch()
	h.decide(h.it, "P-2", true)
	again.saying("All of them are enrolled and run")
	c = h.it.becomes(made.ID, "succeeded")
	if c.Outcome != "erased" || c.OutcomeWords != "Erased, confirmed." {
		t.Errorf("after the phone enrolled anew its wipe is %q: %q", c.Outcome, c.OutcomeWords)
	}
	eventually(t, "a poll with the old key is refused", func() bool { return stolen.poll(t, h.net.addr) == http.StatusForbidden })
	if d := again.look("P-2"); d.times(made.ID) != 0 || d.Wiped {
		t.Error("the new enrollment got the old wipe")
	}
}

func isSpared(t *testing.T, h *hospital, pumps *fleet) {
	pumps.handle("LV-1", map[string]any{"therapy": "infusing"})
	id := h.heard(h.biomed, "LV-1").ID
	eventually(t, "the server knows that the pump infuses", func() bool { return h.record(h.biomed, "LV-1").Therapy.State == "infusing" })
	_, refused := h.biomed.ask(id, "restart", nil)
	if refused.Status != http.StatusConflict || refused.Code != "pump_infusing" {
		t.Errorf("to restart an infusing pump is answered %d %s", refused.Status, refused.Code)
	}
	says(t, "the refusal", refused.Detail, "infusing")

	held := h.biomed.asks(id, "restart", map[string]any{"hold_until_idle": true})
	if held.State != "held" || !strings.Contains(held.WhyWaiting, "infusing") {
		t.Errorf("held until idle, the command is %s: %q", held.State, held.WhyWaiting)
	}
	pumps.handle("LV-1", map[string]any{"therapy": "stopped"})
	eventually(t, "a stopped pump on a ward still waits, and it is said why", func() bool {
		c := h.biomed.command(held.ID)
		return c.State == "held" && strings.Contains(c.WhyWaiting, "reported stopped")
	})
	if n := pumps.look("LV-1").times(held.ID); n != 0 {
		t.Fatal("a pump that stands in a ward was restarted")
	}
	// It is carried out of reach of the ward's network and into the store's.
	pumps.handle("LV-1", map[string]any{"bssid": supplyBSSID, "online": false})
	h.carry(id, "storage")
	pumps.handle("LV-1", map[string]any{"online": true})
	c := h.biomed.becomes(held.ID, "succeeded")
	if n := pumps.look("LV-1").times(held.ID); n != 1 {
		t.Errorf("the idle pump was restarted %d times", n)
	}
	pumps.agrees("LV-1", c)
}

func isSanitised(t *testing.T, h *hospital, pumps *fleet) {
	r := h.record(h.biomed, "LV-1")
	h.carry(r.ID, "biomed")
	h.biomed.may(http.MethodPatch, "/devices/"+r.ID, map[string]string{"stage": "decommissioning", "reason": "goes back"}, nil,
		header{"If-Match": h.etag(r.ID)})
	stolen := copyIdentity(t, pumps.folderOf("LV-1"))
	made := h.biomed.destroys(r.ID, "wipe")
	if made.State != "awaiting_approval" {
		t.Fatalf("the wipe of a pump is %s and waits for nobody", made.State)
	}
	own := h.biomed.do(http.MethodPost, "/commands/"+made.ID+"/approve", map[string]string{"order_hash": made.OrderHash}, nil)
	if own.Status != http.StatusForbidden {
		t.Errorf("whoever asked is answered %d %s when they approve it too", own.Status, own.Code)
	}
	h.second.may(http.MethodPost, "/commands/"+made.ID+"/approve", map[string]string{"order_hash": made.OrderHash}, nil)
	eventually(t, "the pump itself is sanitised", func() bool { return pumps.look("LV-1").Wiped })
	c := h.biomed.becomes(made.ID, "succeeded")
	if c.Outcome != "erased" || c.OutcomeWords != "Erased, confirmed." || !c.ReceiptValid {
		t.Errorf("the sanitised pump's wipe is %q: %q, receipt valid %t", c.Outcome, c.OutcomeWords, c.ReceiptValid)
	}
	pumps.agrees("LV-1", c)
	eventually(t, "the certificate is on the revocation list", func() bool { return revoked(t, h.server.pki, stolen.leaf) })
	eventually(t, "a poll with the old key is refused", func() bool { return stolen.poll(t, h.net.addr) == http.StatusForbidden })
}

// verifiedAnywhere: what the device signed is proven by a file alone, and not when
// somebody touched it.
func verifiedAnywhere(t *testing.T, h *hospital, id string) {
	t.Helper()
	var bundle json.RawMessage
	h.it.may(http.MethodGet, "/commands/"+id+"/receipts", nil, &bundle)
	file := filepath.Join(t.TempDir(), "receipts.json")
	verify := func(content []byte) (int, string) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := command(t, wardline, nil, "receipts", "verify", file, "--ca-fingerprint="+h.pin)
		return code, out + errs
	}
	if code, said := verify(bundle); code != 0 || !strings.Contains(said, "Signed by the device with serial number") || !strings.Contains(said, ": accepted") {
		t.Errorf("the exported receipts are verified with %d: %s", code, said)
	}
	if code, said := verify(bytes.Replace(bundle, []byte(`"status":"accepted"`), []byte(`"status":"succeeded"`), 1)); code != 3 {
		t.Errorf("receipts that say more than the device did are verified with %d: %s", code, said)
	}
}

// carry puts a pump where no patients are, into these hands.
func (h *hospital) carry(id, custody string) {
	h.t.Helper()
	h.biomed.may(http.MethodPatch, "/devices/"+id, map[string]string{"place_id": h.supply}, nil, header{"If-Match": h.etag(id)})
	h.biomed.may(http.MethodPost, "/devices/"+id+"/custody", map[string]string{"kind": custody, "reason": "brought there"}, nil)
}
