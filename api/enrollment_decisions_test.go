package api

import (
	"net/http"
	"testing"

	"wardline/auth"
)

// A pump that is enrolled loses its certificate to a new enrollment, and a device
// that enrolls under another class becomes another thing: IT alone decides neither.
func TestOfAPumpsEnrollmentAndOfAnotherClassBiomedicalEngineeringDecides(t *testing.T) {
	x := newHouse(t)
	ada, sec, bio := x.person("ada", auth.RoleIT), x.person("sec", auth.RoleSecurity), x.person("bio", auth.RoleBiomed)
	pump, phone := x.clinic.Pump(), x.clinic.Phone()
	invited := func(by *person) string {
		return x.call(by, http.MethodPost, "/invitations", map[string]any{"class": "phone_issued", "serial": "NEW-" + by.username}).is(http.StatusCreated).text("id")
	}
	waiting := func(id, device, invitation, reasons string) {
		t.Helper()
		_, err := x.clinic.Raw.Exec(`INSERT INTO scep_transaction (id, transaction_id, signer, csr_hash, csr, key_hash, renewal, invitation_id, maker_serial,
			device_id, state, reasons, created_at) VALUES ($1, $1, $1, '', x'', '', FALSE, $2, 'SN', $3, 'waiting', $4, $5)`,
			id, invitation, device, reasons, x.clock.Now().UnixMicro())
		x.must(err)
	}
	yes := func(by *person, id string) *answer {
		return x.call(by, http.MethodPost, "/enrollment-requests/"+id+"/decide", map[string]any{"approve": true, "reason": "I stand beside it"})
	}
	byIT, byBiomed := invited(ada), invited(bio)
	waiting("of-a-phone", string(phone.ID), byBiomed, `["polling"]`)
	waiting("of-a-pump", string(pump.ID), byBiomed, `["polling"]`)
	waiting("of-a-pump-again", string(pump.ID), byBiomed, `["polling"]`)
	waiting("another-class-by-it", "", byIT, `["other_class_known"]`)
	waiting("another-class-by-biomed", "", byBiomed, `["other_class_known"]`)

	yes(ada, "of-a-phone").is(http.StatusNoContent)
	yes(ada, "of-a-pump").refuses(http.StatusForbidden, "biomed_decides")
	yes(sec, "of-a-pump").is(http.StatusNoContent)
	yes(bio, "of-a-pump-again").is(http.StatusNoContent)
	yes(sec, "another-class-by-it").refuses(http.StatusForbidden, "biomed_decides")
	yes(bio, "another-class-by-it").is(http.StatusNoContent)
	yes(sec, "another-class-by-biomed").is(http.StatusNoContent)
	// Anybody with the right may say no.
	waiting("refused", string(pump.ID), byBiomed, `["polling"]`)
	x.call(ada, http.MethodPost, "/enrollment-requests/refused/decide", map[string]any{"approve": false, "reason": "never heard of it"}).is(http.StatusNoContent)
}
