package audit

import (
	"encoding/hex"
	"testing"
	"time"
)

// The hashes were computed with sha256sum from the description in chain.go: an
// auditor with a copy of the rows must be able to do the same.
func TestTheChainIsWhatItsDescriptionSays(t *testing.T) {
	content := ContentOf([]Hash{HashOf([]byte("one")), HashOf([]byte("two"))})
	if got := hex.EncodeToString(content[:]); got != "4c3dd6b4db083d6c740a3c8d84f0296f5ecac71f54cd18289415ccec88238556" {
		t.Errorf("content %s", got)
	}
	head := Head{}.Next(content)
	if got := head.String(); got != "1:9b3edf56e23600e1ea80f466bc07cab3a86c2e321f1db14208092f38826d6977" {
		t.Errorf("first link %s", got)
	}
	head = head.Next(ContentOf(nil))
	if got := head.String(); got != "2:8938140efef523bfddc6e0530253455969c13ae6de5c6dd2a9a7cd2a873b5486" {
		t.Errorf("second link %s", got)
	}
}

func TestAnEventsBytesAreReadBackAsTheSameEvent(t *testing.T) {
	e := Event{ID: "018f", At: time.Date(2026, 3, 2, 8, 0, 0, 120_000, time.UTC),
		Actor: Actor{Kind: ActorPerson, ID: "a1", Name: "Mia <Ward 3>"}, Action: "command.requested",
		Device: "d1", Detail: map[string]any{"z": 1, "a": "é"}}
	body, err := e.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"018f","at":"2026-03-02T08:00:00.000120Z","actor":{"kind":"person","id":"a1","name":"Mia <Ward 3>"},` +
		`"action":"command.requested","device":"d1","detail":{"a":"é","z":1}}`
	if string(body) != want {
		t.Errorf("bytes\n%s\nwant\n%s", body, want)
	}
	back, err := Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := back.Canonical(); err != nil || string(again) != want {
		t.Errorf("read back as\n%s (%v)", again, err)
	}
}
