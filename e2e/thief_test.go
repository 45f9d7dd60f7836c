package e2e

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"wardline/agent"
)

// TestAThiefGetsNothing: a phone that is reported lost is locked; whoever has it,
// or its code, does not get it into the hospital again without a person.
func TestAThiefGetsNothing(t *testing.T) {
	t.Parallel()
	h := openHospital(t, "")
	phones := h.devices("phone_issued", "P-1")
	phones.start()
	before := h.heard(h.it, "P-1")
	used := strings.Fields(string(must(os.ReadFile(phones.codes))(t)))[1]

	var loss struct {
		Steps []struct {
			Kind string `json:"kind"`
			ID   string `json:"command_id"`
		} `json:"steps"`
	}
	h.it.may(http.MethodPost, "/devices/"+before.ID+"/report-lost", map[string]string{"reason": "left in the tram", "message": "Please call"}, &loss)
	if len(loss.Steps) != 4 {
		t.Fatalf("a report of a loss asks for %+v, want lock, lost mode, locate, ring", loss.Steps)
	}
	for _, s := range loss.Steps {
		phones.agrees("P-1", h.it.becomes(s.ID, "succeeded"))
	}
	if d := phones.look("P-1"); !d.Locked || !d.LostMode {
		t.Errorf("the lost phone itself is %+v", d)
	}

	// The code of its invitation was good once.
	code, _, errs := enroll(t, h, used, "P-1", "30s")
	if code != 3 {
		t.Errorf("a code that was used ends the enrollment with %d, want 3 (refused): %s", code, errs)
	}

	// A new invitation for a lost phone lets nobody in by itself.
	code, said, errs := enroll(t, h, h.invite("phone_issued", "P-1"), "P-1", "2s")
	if code != 4 {
		t.Errorf("enrolling a lost phone ends with %d, want 4 (waits for a person): %s", code, errs)
	}
	says(t, "the agent", said, "a person has to agree")
	w := h.decide(h.it, "P-1", false)
	if !slices.ContainsFunc(w.Reasons, func(r struct {
		Code  string `json:"code"`
		Words string `json:"words"`
	}) bool {
		return r.Code == "lost"
	}) {
		t.Errorf("the enrollment waits because of %+v, want that the phone is lost", w.Reasons)
	}

	// All the while the old enrollment is whole, and reaches the phone.
	if after := h.record(h.it, "P-1"); after.Enrollment != before.Enrollment {
		t.Errorf("the enrollment was %s and is %s", before.Enrollment, after.Enrollment)
	}
	phones.agrees("P-1", h.it.becomes(h.it.asks(before.ID, "ring", nil).ID, "succeeded"))
	h.server.wholeAudit()
}

// TestWhatAPersonRefusedStaysRefused: asking again changes nothing.
func TestWhatAPersonRefusedStaysRefused(t *testing.T) {
	t.Parallel()
	h := openHospital(t, "")
	phones := h.devices("phone_issued", "P-1")
	phones.start() // it goes on polling, so another one with its serial is suspect
	h.heard(h.it, "P-1")
	invited := h.invite("phone_issued", "P-1")
	state := folder(t)
	asking := launch(t, wardlineAgent, nil, enrollArgs(h, invited, "P-1", "1m", state)...)
	h.decide(h.it, "P-1", false)
	if code := asking.wait(patience); code != 3 {
		t.Errorf("refused by a person the enrollment ends with %d, want 3", code)
	}
	if copyOf(state) != "" {
		t.Error("it has a key and a certificate all the same")
	}
	code, _, errs := command(t, wardlineAgent, nil, enrollArgs(h, invited, "P-1", "30s", state)...)
	if code != 3 {
		t.Errorf("asking again with the same code ends with %d, want 3: %s", code, errs)
	}
	if d := phones.look("P-1"); d.Wiped || !d.Online {
		t.Errorf("the real phone is %+v", d)
	}
	if boots := must(agent.ReadJournal(phones.folderOf("P-1") + "/journal.jsonl"))(t); len(boots) == 0 {
		t.Error("the real phone's journal is gone")
	}
}

func enroll(t *testing.T, h *hospital, code, serial, patience string) (exit int, out, errs string) {
	t.Helper()
	return command(t, wardlineAgent, nil, enrollArgs(h, code, serial, patience, folder(t))...)
}

func enrollArgs(h *hospital, code, serial, patience, state string) []string {
	return []string{"enroll", "--server=" + deviceURL, "--connect-to=" + h.net.addr, "--ca-fingerprint=" + h.pin,
		"--code=" + code, "--serial=" + serial, "--patience=" + patience, "--state=" + state}
}
