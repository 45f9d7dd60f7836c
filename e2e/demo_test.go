package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
)

// ready is the object that `wardline demo --json` prints.
type ready struct {
	AdminURL   string `json:"admin_url"`
	PublicURL  string `json:"public_url"`
	DeviceURL  string `json:"device_url"`
	PKIURL     string `json:"pki_url"`
	ControlURL string `json:"control_url"`
	WardURL    string `json:"ward_url"`
	CAFile     string `json:"ca_file"`
	Accounts   []struct {
		Username  string `json:"username"`
		Password  string `json:"password"`
		OTPSecret string `json:"otp_secret"`
		Role      string `json:"role"`
	} `json:"accounts"`
}

func startDemo(t *testing.T, data string) (*process, ready) {
	t.Helper()
	p := launch(t, wardline, nil, "demo", "--json", "--data="+data, "--pumps=6", "--phones=3", "--web-addr=127.0.0.1:0", "--ward-addr=127.0.0.1:0", "--self-addr=127.0.0.1:0",
		"--admin-addr=127.0.0.1:0", "--public-addr=127.0.0.1:0", "--device-addr=127.0.0.1:0", "--pki-addr=127.0.0.1:0")
	var r ready
	said := p.saying("}\n")
	if err := json.Unmarshal([]byte(said), &r); err != nil {
		t.Fatalf("the demo prints something else than one JSON object: %v\n%s", err, said)
	}
	return p, r
}

// visitor is somebody who types the commands of the ward page.
type visitor struct {
	t    *testing.T
	r    ready
	env  []string
	seed string
	step int64
}

// visitors sign in with an account of the demo, by the command line.
func visits(t *testing.T, r ready, username string) *visitor {
	t.Helper()
	v := &visitor{t: t, r: r, env: []string{"XDG_CONFIG_HOME=" + t.TempDir()}}
	for _, a := range r.Accounts {
		if a.Username != username {
			continue
		}
		v.seed = a.OTPSecret
		v.env = append(v.env, "WARDLINE_PASSWORD="+a.Password)
		v.types(0, "login", "--username="+username, "--otp="+v.otp(), "--server="+r.AdminURL, "--ca-file="+r.CAFile)
		return v
	}
	t.Fatalf("the demo has no account %s", username)
	return nil
}

func (v *visitor) otp() string {
	v.t.Helper()
	code, step := oneTimeCode(v.t, v.seed, v.step)
	v.step = step
	return code
}

// types runs a command line and checks its exit code.
func (v *visitor) types(want int, args ...string) string {
	v.t.Helper()
	code, out, errs := command(v.t, wardline, v.env, args...)
	if code != want {
		v.t.Errorf("wardline %s ends with code %d, want %d:\n%s%s", strings.Join(args, " "), code, want, out, errs)
	}
	return out + errs
}

// ofList is the first word of the first line below a table's head.
func ofList(text string) string {
	lines := strings.Split(text, "\n")
	if len(lines) < 2 || strings.Fields(lines[1]) == nil {
		return ""
	}
	return strings.Fields(lines[1])[0]
}

// TestTheDemoAndItsThreeThingsToTry is what a newcomer does first.
func TestTheDemoAndItsThreeThingsToTry(t *testing.T) {
	t.Parallel()
	data := folder(t)
	demo, r := startDemo(t, data)
	for name, value := range map[string]string{"admin_url": r.AdminURL, "public_url": r.PublicURL, "device_url": r.DeviceURL,
		"pki_url": r.PKIURL, "control_url": r.ControlURL, "ward_url": r.WardURL, "ca_file": r.CAFile} {
		if value == "" {
			t.Errorf("the demo's ready line has no %s", name)
		}
	}
	for _, a := range r.Accounts {
		if a.Username == "" || a.Password == "" || a.OTPSecret == "" || a.Role == "" {
			t.Errorf("an account of the ready line is incomplete: %+v", a)
		}
	}

	// Wipe the lost phone.
	it := visits(t, r, "it")
	it.types(0, "wipe", "P7-0001", "--yes", "--otp="+it.otp(), "--reason=left in the café")
	eventually(t, "the lost phone itself is erased", func() bool { return lookAt(t, r.ControlURL, "P7-0001").Wiped })

	// Try to restart the pump that is infusing.
	biomed := visits(t, r, "biomed")
	says(t, "the refusal", biomed.types(3, "restart", "LV1-0001", "--reason=test", "--wait"), "infusing")
	if n := len(lookAt(t, r.ControlURL, "LV1-0001").Executed); n != 0 {
		t.Errorf("the infusing pump has executed %d commands", n)
	}

	// Be the stolen admin and see how far you get.
	admin := visits(t, r, "admin")
	admin.types(3, "wipe", "P7-0002", "--yes", "--otp="+admin.otp(), "--reason=mine now")
	if lookAt(t, r.ControlURL, "P7-0002").Wiped {
		t.Error("the stolen admin has wiped a phone")
	}

	// What waits for a second person, and what is not reached in time.
	says(t, "what waits", biomed.types(4, "wipe", "LV1-0004", "--yes", "--otp="+biomed.otp(), "--reason=goes back"), "second person")
	if lookAt(t, r.ControlURL, "LV1-0004").Wiped {
		t.Error("one person alone has wiped a pump")
	}
	handle(t, r.ControlURL, "P7-0002", map[string]any{"online": false})
	it.types(5, "lock", "P7-0002", "--wait", "--timeout=1s", "--reason=test")
	handle(t, r.ControlURL, "P7-0002", map[string]any{"online": true})
	eventually(t, "the phone is locked when it is back", func() bool { return lookAt(t, r.ControlURL, "P7-0002").Locked })

	// Stop all wipes, and lift that again: two people, neither of whom stopped them.
	says(t, "the freeze", it.types(0, "freeze", "--reason=wipes that nobody asked for"), "Nothing that destroys leaves from now on")
	says(t, "what a wipe waits for", it.types(0, "wipe", "P7-0002", "--yes", "--otp="+it.otp(), "--reason=test"), "Stopped by a freeze")
	security := visits(t, r, "security")
	freeze := ofList(security.types(0, "freezes"))
	it.types(3, "freeze", "lift", freeze, "--reason=please")
	security.types(0, "freeze", "lift", freeze, "--reason=it was a drill")
	security.types(3, "freeze", "lift", freeze)
	if lookAt(t, r.ControlURL, "P7-0002").Wiped {
		t.Error("a phone was wiped during the freeze")
	}
	says(t, "taken back", security.types(0, "cancel-all", "--person=it", "--reason=it was a drill"), "Taken back: 1.")
	says(t, "the lift", admin.types(0, "freeze", "lift", freeze), "Lifted")
	says(t, "the freezes", security.types(0, "freezes"), "No freeze holds")
	says(t, "the limits", admin.types(0, "limits", "set", "destructive_server_day", "30", "--reason=a drill"), "30 devices a day for the whole server")

	// Ctrl-C, and it goes on with the same devices.
	demo.signal(os.Interrupt)
	if code := demo.wait(drained); code != 0 {
		t.Errorf("on Ctrl-C the demo ends with code %d", code)
	}
	demo, r = startDemo(t, data)
	if d := lookAt(t, r.ControlURL, "P7-0001"); !d.Wiped {
		t.Error("after the second start the erased phone is back")
	}
	if d := lookAt(t, r.ControlURL, "P7-0002"); !d.Locked {
		t.Error("after the second start the locked phone is unlocked")
	}
	demo.signal(syscall.SIGTERM)
	if code := demo.wait(drained); code != 0 {
		t.Errorf("on SIGTERM the demo ends with code %d", code)
	}
	code, out, errs := command(t, wardline, nil, "audit", "verify", "--data="+data)
	if code != 0 {
		t.Errorf("the demo's audit log: code %d: %s%s", code, out, errs)
	}
}
