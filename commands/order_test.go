package commands

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/audit"
	"wardline/device"
)

var orderAsked = time.Date(2026, 3, 1, 9, 30, 0, 250_000_000, time.UTC)

func sampleOrder() Order {
	return Order{Command: "0195502c-8a11-7000-8000-000000000001", Kind: device.KindMessage, Args: json.RawMessage(`{"text":"Bring <this> phone & charger back"}`),
		Device: "0195502c-8a11-7000-8000-000000000002", Enrollment: "0195502c-8a11-7000-8000-000000000003", Class: device.ClassPhoneIssued,
		Requester: Requester{Kind: audit.ActorPerson, ID: "0195502c-8a11-7000-8000-000000000004", Name: "Ada"},
		Reason:    "left in the canteen", Ticket: "IT-7", AskedAt: orderAsked, NotAfter: orderAsked.Add(24 * time.Hour)}
}

// sampleBytes is written by hand: a client in another language depends on it.
const sampleBytes = `{"version":1,"command_id":"0195502c-8a11-7000-8000-000000000001","kind":"message","subkind":"",` +
	`"args":{"text":"Bring <this> phone & charger back"},"device_id":"0195502c-8a11-7000-8000-000000000002",` +
	`"enrollment_id":"0195502c-8a11-7000-8000-000000000003","class":"phone_issued",` +
	`"requester":{"kind":"person","id":"0195502c-8a11-7000-8000-000000000004","name":"Ada"},"reason":"left in the canteen",` +
	`"ticket":"IT-7","asked_at":"2026-03-01T09:30:00.250Z","not_after":"2026-03-02T09:30:00.250Z"}`

func TestAnOrdersBytesAreFixed(t *testing.T) {
	b, err := sampleOrder().Encode()
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != sampleBytes {
		t.Errorf("encoded\n%s\nwant\n%s", b, sampleBytes)
	}
	back, err := ParseOrder(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleOrder(), back); diff != "" {
		t.Errorf("read back (-written +read):\n%s", diff)
	}
	// sha256sum of the text above.
	if got, want := HashOrder(b), "sha256:b85e7039b4f212b11e3aacc7d5a7dbc2555a6c2cba971de8b048626cd6a6d6b9"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

func TestAnOrderThatDoesNotEndSaysSo(t *testing.T) {
	o := sampleOrder()
	o.NotAfter = time.Time{}
	b, err := o.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(string(b), `"not_after":""}`) {
		t.Errorf("encoded %s", b)
	}
	back, err := ParseOrder(b)
	if err != nil || !back.NotAfter.IsZero() {
		t.Errorf("read back %v, %v", back.NotAfter, err)
	}
}

// Two programs must not be able to read two orders from the same signed bytes.
func TestAnOrderWithMoreThanOneReadingIsRefused(t *testing.T) {
	swap := func(from, to string) string { return strings.Replace(sampleBytes, from, to, 1) }
	for name, text := range map[string]string{
		"a name twice":                swap(`"kind":"message"`, `"kind":"message","kind":"wipe"`),
		"a name twice, case apart":    swap(`"kind":"message"`, `"kind":"message","Kind":"wipe"`),
		"a name twice in the args":    swap(`{"text":`, `{"text":"no","text":`),
		"a name with the long s":      swap(`"class"`, `"clasſ"`),
		"an unknown name":             swap(`"ticket":"IT-7"`, `"ticket":"IT-7","force":true`),
		"an unknown requester member": swap(`"name":"Ada"`, `"name":"Ada","role":"admin"`),
		"something behind it":         sampleBytes + `{}`,
		"another version":             swap(`"version":1`, `"version":2`),
		"no version":                  swap(`"version":1,`, ``),
		"args that are a list":        swap(`{"text":"Bring <this> phone & charger back"}`, `[]`),
		"a time with a zone":          swap(`2026-03-01T09:30:00.250Z`, `2026-03-01T10:30:00.250+01:00`),
		"a device that is no id":      swap(`000000000002"`, `00000000000X"`),
		"bytes that are not UTF-8":    swap(`canteen`, "cante\xffen"),
		"nothing":                     ``,
		"null":                        `null`,
		"too deep":                    swap(`"Bring <this> phone & charger back"`, strings.Repeat("[", 40)+strings.Repeat("]", 40)),
		"too large":                   swap(`IT-7`, strings.Repeat("x", MaxOrder)),
	} {
		if _, err := ParseOrder([]byte(text)); !errors.Is(err, ErrBadOrder) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestAnOrderOfAnUnknownKindCanBeReadToBeRefused(t *testing.T) {
	o, err := ParseOrder([]byte(strings.Replace(sampleBytes, `"message"`, `"self_test"`, 1)))
	if err != nil || o.Kind != "self_test" || o.Command != sampleOrder().Command {
		t.Errorf("got %v, %v", o, err)
	}
}

func FuzzParseOrder(f *testing.F) {
	f.Add([]byte(sampleBytes))
	f.Add([]byte(strings.Replace(sampleBytes, `"kind"`, `"kind":"wipe","kind"`, 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ParseOrder(b)
		if err != nil {
			return
		}
		// What was read means the same when it is written and read again.
		again, err := o.Encode()
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		back, err := ParseOrder(again)
		if err != nil {
			t.Fatalf("written but not read: %v", err)
		}
		var was, is any
		if json.Unmarshal(o.Args, &was) != nil || json.Unmarshal(back.Args, &is) != nil {
			t.Fatal("args are not JSON")
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("args changed (-was +is):\n%s", diff)
		}
		o.Args, back.Args = nil, nil
		if diff := cmp.Diff(o, back); diff != "" {
			t.Errorf("order changed (-was +is):\n%s", diff)
		}
	})
}
