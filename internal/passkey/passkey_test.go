package passkey

import (
	"strings"
	"testing"

	"wardline/auth"
	"wardline/internal/fault"
)

// Browsers bind a passkey to a name: localhost, or one with a dot. An address of
// numbers is refused with a sentence that names the flag, and not by the browser.
func TestPasskeysNeedAName(t *testing.T) {
	for address, good := range map[string]bool{
		"https://wardline.hospital.example":      true,
		"https://WARDLINE.hospital.example:8443": true,
		"https://localhost:8443":                 true,
		"https://127.0.0.1:8443":                 false,
		"https://[::1]:8443":                     false,
		"https://10.0.0.7":                       false,
		"https://wardline":                       false,
		"":                                       false,
	} {
		_, _, err := New(Options{AdminURL: address, Product: "Wardline"}).BeginAssertion(nil)
		if good && err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if f, ok := fault.As(err); !good && (!ok || f.Code.Name != "passkeys_need_a_name" || !strings.Contains(f.Code.Help, "--admin-url")) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheQuestionAsksForWhoeverIsThereAndForVerification(t *testing.T) {
	s := New(Options{AdminURL: "https://localhost:8443", Product: "Wardline"})
	question, _, err := s.BeginRegistration(auth.PasskeyUser{ID: "an-id", Username: "ada", Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"residentKey":"required"`, `"userVerification":"required"`, `"id":"localhost"`} {
		if !strings.Contains(string(question), want) {
			t.Errorf("%s is not in %s", want, question)
		}
	}
	question, _, err = s.BeginAssertion(nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(question), "allowCredentials") || !strings.Contains(string(question), `"userVerification":"required"`) {
		t.Errorf("somebody who is not signed in is asked %s", question)
	}
}
