package enroll_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
)

// bootstrap hands a code in, as a device does.
func (h *hospital) bootstrap(code, serial string) (int, map[string]any) {
	h.t.Helper()
	body, err := json.Marshal(map[string]string{"code": code, "serial": serial})
	if err != nil {
		h.t.Fatal(err)
	}
	resp, err := http.Post(h.server.URL+"/enroll/v1", "application/json", bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, out
}

// enrollByCode bootstraps with a code and enrolls.
func (h *hospital) enrollByCode(code, serial, key string) (reply, map[string]any) {
	h.t.Helper()
	status, out := h.bootstrap(code, serial)
	if status != http.StatusOK {
		return reply{}, out
	}
	return newClient(h.t, rsaKey(h.t, key, 2048)).enroll(h, out["challenge"].(string)), out
}

func TestAnInvitationCarriesWhereToGoAndWhomToTrust(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	inv := h.invite("SN-1")
	root := string(ca.FingerprintOf(h.ca.Certificate(ca.RoleRoot).Raw))
	if want := "https://devices.hospital.example:8444/enroll/v1#code=" + inv.Code + "&ca=" + root; inv.EnrollURL != want {
		t.Errorf("%s, want %s", inv.EnrollURL, want)
	}
	link, err := enroll.ParseLink(inv.EnrollURL)
	if err != nil || link.Server != "https://devices.hospital.example:8444" || link.Code != inv.Code || link.CA != root {
		t.Errorf("%+v %v", link, err)
	}
	picture, err := png.Decode(bytes.NewReader(inv.QRPNG))
	if err != nil || picture.Bounds().Dx() < 512 {
		t.Errorf("%v", err)
	}
	// Nothing of the secrets is in the database.
	for _, query := range []string{"SELECT code_hash || id FROM invitation", "SELECT hash FROM challenge", "SELECT CAST(body AS TEXT) FROM audit_event"} {
		rows, err := h.harness.Raw().Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, strings.ReplaceAll(inv.Code, "-", "")) || strings.Contains(text, inv.SCEPChallenge) {
				t.Errorf("a secret is stored: %s", text)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
}

func TestADeviceWithTheCodeEnrollsAndTheCodeIsUsedUp(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	inv := h.invite("SN-1")
	r, out := h.enrollByCode(strings.ToLower(strings.ReplaceAll(inv.Code, "-", " ")), "sn-1", "pump")
	if r.status != success {
		t.Fatalf("%+v %v", r, out)
	}
	if out["device_url"] != "https://devices.hospital.example:8444" || out["scep_url"] != h.server.URL+"/scep" || out["class"] != "pump_lvp" ||
		len(out["ca_chain"].([]any)) != 2 || out["ca_fingerprint"] != inv.CAFingerprint {
		t.Errorf("%v", out)
	}
	if status, out := h.bootstrap(inv.Code, "SN-1"); status != http.StatusConflict || out["code"] != "invitation_used" {
		t.Errorf("HTTP %d %v", status, out)
	}
}

func TestACodeForOneDeviceDoesNotOpenAnother(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	inv := h.invite("SN-1")
	for range 10 {
		h.clock.Advance(time.Minute)
		if status, out := h.bootstrap(inv.Code, "SN-9"); status != http.StatusForbidden || out["code"] != "code_for_another_device" {
			t.Fatalf("HTTP %d %v", status, out)
		}
	}
	h.clock.Advance(10 * time.Minute)
	if status, out := h.bootstrap(inv.Code, "SN-1"); status != http.StatusForbidden || out["code"] != "code_not_good" {
		t.Errorf("after ten wrong serials: HTTP %d %v", status, out)
	}
}

func TestCodesCannotBeTriedOut(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	inv := h.invite("SN-1")
	last := 0
	for range 11 {
		last, _ = h.bootstrap("2222-2222-2222", "SN-1")
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the eleventh wrong code: HTTP %d", last)
	}
	if status, _ := h.bootstrap(inv.Code, "SN-1"); status != http.StatusTooManyRequests {
		t.Errorf("a right code after ten wrong ones: HTTP %d", status)
	}
	h.clock.Advance(time.Minute)
	if status, _ := h.bootstrap(inv.Code, "SN-1"); status != http.StatusOK {
		t.Errorf("a minute later: HTTP %d", status)
	}
}

func TestADeliveryLetsInWhatIsOnItsPackingListOnceEachWhileItIsOpen(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	d := must(h.service.CreateDelivery(ctx, biomed, enroll.Delivery{Name: "PO 4711", Class: device.ClassPumpLVP,
		Packed: []enroll.Packed{{Serial: "D-1"}, {Serial: "D-2"}}}))
	inv := must(h.service.Invite(ctx, biomed, enroll.Invitation{For: enroll.ForDelivery, Delivery: d.ID, Class: device.ClassPumpLVP}))
	if inv.SCEPChallenge != "" {
		t.Error("a challenge for a whole delivery")
	}
	refused := func(serial, code string) {
		t.Helper()
		if _, out := h.bootstrap(inv.Code, serial); out["code"] != code {
			t.Errorf("%s: %v, want %s", serial, out, code)
		}
	}
	refused("D-1", "delivery_not_open")
	if err := h.service.OpenDelivery(ctx, biomed, d.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	refused("D-9", "serial_not_in_delivery")
	if r, out := h.enrollByCode(inv.Code, "D-1", "d1"); r.status != success {
		t.Fatalf("%+v %v", r, out)
	}
	refused("D-1", "invitation_used")
	// A challenge taken while it was open is worth nothing when it is closed.
	_, out := h.bootstrap(inv.Code, "D-2")
	h.clock.Advance(time.Hour)
	c := newClient(t, rsaKey(t, "d2", 2048))
	if r := c.enroll(h, out["challenge"].(string)); r.status != failure {
		t.Errorf("%+v", r)
	}
	refused("D-2", "delivery_not_open")
	if err := h.service.OpenDelivery(ctx, biomed, d.ID, time.Hour); err != nil {
		t.Fatal(err)
	}
	if r, out := h.enrollByCode(inv.Code, "D-2", "d2"); r.status != success {
		t.Errorf("%+v %v", r, out)
	}
	got := must(h.service.Delivery(ctx, d.ID))
	if len(got.Packed) != 2 || got.Packed[0].UsedAt.IsZero() || got.Packed[0].Enrollment == "" || got.Packed[1].UsedAt.IsZero() {
		t.Errorf("%+v", got)
	}
}

func TestAPhoneThatOnlyClaimsToBeAKnownOneWaitsForAPerson(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	forNora := func() string {
		return must(h.service.Invite(ctx, biomed, enroll.Invitation{For: enroll.ForPerson, Class: device.ClassPhoneIssued, Owner: "Nora Nurse"})).Code
	}
	r, out := h.enrollByCode(forNora(), "PHONE-1", "phone")
	if r.status != success {
		t.Fatalf("%+v %v", r, out)
	}
	b := h.use(r.certificate)
	if r, _ := h.enrollByCode(forNora(), "phone-1", "other phone"); r.status != pending {
		t.Fatalf("%+v", r)
	}
	w := must(h.service.Waiting(ctx))
	if len(w) != 1 || w[0].Device != b.Device || w[0].Reasons[0] != enroll.WaitKnownSerial {
		t.Errorf("%+v", w)
	}
}

func TestTheClassOfARecordCannotBeChangedByEnrolling(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	ctx := context.Background()
	h.enrolled("SN-1", "pump")
	_, err := h.service.Invite(ctx, biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpSyringe, Serial: "SN-1"})
	if !fault.Has(err, enroll.CodeClassDiffers) {
		t.Errorf("%v", err)
	}
	// The record came after the invitation.
	inv := must(h.service.Invite(ctx, biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpSyringe, Serial: "SN-2"}))
	h.enrolled("SN-2", "pump2")
	c := newClient(t, rsaKey(t, "syringe", 2048))
	raw, nonce := c.build(message{kind: "19", content: c.csr(inv.SCEPChallenge, nil), recipient: h.ra()})
	h.refuses(c, raw, nonce, badRequest)
}

func TestNoInvitationIsMadeWhileAnAddressCannotBeUsed(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	good := enroll.Options{Store: h.store, CA: h.ca, DeviceURL: "https://devices.hospital.example:8444", PKIURL: "http://pki.hospital.example"}
	for flag, addresses := range map[string][]string{
		"--device-url": {"", "https://localhost:8444", "https://127.0.0.1:8444", "https://10.1.2.3", "https://[::1]:8444", "http://devices.hospital.example", "devices.hospital.example"},
		"--pki-url":    {"", "http://localhost", "http://192.168.1.1:8081", "https://pki.hospital.example"},
	} {
		for _, address := range addresses {
			o := good
			if flag == "--device-url" {
				o.DeviceURL = address
			} else {
				o.PKIURL = address
			}
			s := must(enroll.New(o))
			_, err := s.Invite(context.Background(), biomed, enroll.Invitation{For: enroll.ForSerial, Class: device.ClassPumpLVP, Serial: "SN-1"})
			if !fault.Has(err, ca.CodeAddress) || !strings.Contains(err.Error(), flag) {
				t.Errorf("%s=%q: %v", flag, address, err)
			}
		}
	}
}

func TestInvitationsThatMakeNoSenseAreRefusedFieldByField(t *testing.T) {
	h := newHospital(t, hospitalOptions{})
	for field, inv := range map[string]enroll.Invitation{
		"class":      {For: enroll.ForSerial, Class: "toaster", Serial: "SN-1"},
		"serial":     {For: enroll.ForSerial, Class: device.ClassPumpLVP},
		"owner":      {For: enroll.ForPerson, Class: device.ClassPhoneIssued},
		"delivery":   {For: enroll.ForDelivery, Class: device.ClassPumpLVP},
		"expires_in": {For: enroll.ForSerial, Class: device.ClassPumpLVP, Serial: "SN-1", ExpiresIn: 91 * 24 * time.Hour},
		"for":        {Class: device.ClassPumpLVP},
	} {
		_, err := h.service.Invite(context.Background(), biomed, inv)
		f, ok := fault.As(err)
		if !ok || len(f.Fields) != 1 || f.Fields[0].Name != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	// A pump is never a person's.
	_, err := h.service.Invite(context.Background(), biomed, enroll.Invitation{For: enroll.ForPerson, Class: device.ClassPumpLVP, Owner: "Nora"})
	if f, ok := fault.As(err); !ok || f.Fields[0].Name != "class" {
		t.Errorf("%v", err)
	}
}
