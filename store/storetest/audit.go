package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"wardline/audit"
	"wardline/store"
)

func init() { register("audit", suiteAudit) }

func suiteAudit(t *testing.T, h *Harness) {
	h.Run("one transaction is one link, and the chain of a fresh store is whole", testAuditOneLink)
	h.Run("what cannot be recorded leaves no gap", testAuditNoGap)
	h.Run("many writers on two servers make one chain", testAuditManyWriters)
	h.Run("the log can be verified while others write", testAuditVerifyLive)
	h.Run("a follower misses nothing and sees nothing twice", testAuditFollower)
	h.Run("the log refuses to be changed or shortened", testAuditAppendOnly)
	for _, c := range tamperings {
		h.Run("tampering is named: "+c.name, func(t *testing.T, h *Harness) { testTampering(t, h, c) })
	}
}

// remark is an event as a test writes it: who and what do not matter here.
func remark(device, text string) audit.Event {
	return audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "test"}, Action: "remark.made",
		Device: device, Detail: map[string]any{"text": text}}
}

func mustRecord(t *testing.T, s *store.Store, events ...audit.Event) {
	t.Helper()
	if err := s.Record(context.Background(), events...); err != nil {
		t.Fatalf("record: %v", err)
	}
}

func mustBeWhole(t *testing.T, s *store.Store) audit.Head {
	t.Helper()
	head, err := audit.Verify(context.Background(), s, nil)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return head
}

func testAuditOneLink(t *testing.T, h *Harness) {
	s := h.Store()
	if head := mustBeWhole(t, s); head != (audit.Head{}) {
		t.Fatalf("the head of an empty log is %s", head)
	}
	mustRecord(t, s, remark("", "a"), remark("", "b"))
	mustRecord(t, s)
	mustRecord(t, s, remark("", "c"))
	if head := mustBeWhole(t, s); head.Seq != 2 {
		t.Fatalf("three transactions, one of them without an event, made %d links, not 2", head.Seq)
	}
}

func testAuditNoGap(t *testing.T, h *Harness) {
	s := h.Store()
	mustRecord(t, s, remark("", "before"))
	unencodable := remark("", "")
	unencodable.Detail["text"] = func() {}
	if err := s.Record(context.Background(), remark("", "with it"), unencodable); err == nil {
		t.Fatal("an event that cannot be encoded was recorded")
	}
	mustRecord(t, s, remark("", "after"))
	if head := mustBeWhole(t, s); head.Seq != 2 {
		t.Fatalf("the head is %d, not 2", head.Seq)
	}
}

const (
	auditWriters = 6
	auditWrites  = 20
)

// writeRemarks lets writers write at the same time, through all the stores, and
// waits for them. Each remark's text is unique.
func writeRemarks(t *testing.T, stores []*store.Store) {
	var wg sync.WaitGroup
	for w := range auditWriters {
		wg.Go(func() {
			s := stores[w%len(stores)]
			for i := range auditWrites {
				err := s.Record(context.Background(), remark("", fmt.Sprintf("%d.%d.a", w, i)), remark("", fmt.Sprintf("%d.%d.b", w, i)))
				if err != nil {
					t.Errorf("record: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// replicas are all the servers that this engine can have on one database.
func replicas(h *Harness) []*store.Store {
	stores := []*store.Store{h.Store()}
	if h.Engine == store.Postgres {
		stores = append(stores, h.Second())
	}
	return stores
}

func testAuditManyWriters(t *testing.T, h *Harness) {
	stores := replicas(h)
	writeRemarks(t, stores)
	for _, s := range stores {
		if head := mustBeWhole(t, s); head.Seq != auditWriters*auditWrites {
			t.Errorf("%d links, want %d", head.Seq, auditWriters*auditWrites)
		}
	}
}

func testAuditVerifyLive(t *testing.T, h *Harness) {
	stores := replicas(h)
	done := make(chan struct{})
	go func() {
		defer close(done)
		writeRemarks(t, stores)
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		mustBeWhole(t, stores[0])
	}
}

func testAuditFollower(t *testing.T, h *Harness) {
	stores := replicas(h)
	done := make(chan struct{})
	go func() {
		defer close(done)
		writeRemarks(t, stores)
	}()
	var seq int64
	seen := map[string]bool{}
	follow := func() (found int) {
		events, to, err := stores[0].AuditSince(context.Background(), seq, 7)
		if err != nil {
			t.Fatalf("follow: %v", err)
		}
		seq = to
		for _, e := range events {
			text, _ := e.Detail["text"].(string)
			if seen[text] {
				t.Errorf("remark %s was seen twice", text)
			}
			seen[text] = true
		}
		return len(events)
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		follow()
	}
	for follow() > 0 {
	}
	if want := auditWriters * auditWrites * 2; len(seen) != want {
		t.Errorf("the follower saw %d of %d remarks", len(seen), want)
	}
}

func testAuditAppendOnly(t *testing.T, h *Harness) {
	s := h.Store()
	mustRecord(t, s, remark("d1", "it stays"))
	raw := h.Raw()
	for _, statement := range []string{"UPDATE audit_event SET device_id = 'd2'", "DELETE FROM audit_event"} {
		if _, err := raw.Exec(statement); err == nil {
			t.Errorf("%s was carried out", statement)
		}
	}
	mustBeWhole(t, s)
}

// testTampering writes five links of two events each, lets somebody who owns the
// database change it, and asks the verifier.
func testTampering(t *testing.T, h *Harness, c tampering) {
	s := h.Store()
	for i := 1; i <= 5; i++ {
		mustRecord(t, s, remark(fmt.Sprintf("d%d", i), "first"), remark(fmt.Sprintf("d%d", i), "second"))
	}
	outside := mustBeWhole(t, s)
	c.change(newForger(t, h))

	_, err := audit.Verify(context.Background(), s, nil)
	checkBroken(t, "without an outside head", err, c.brokenAt)
	if c.brokenAt == nowhere {
		_, err = audit.Verify(context.Background(), s, &outside)
		checkBroken(t, "with an outside head", err, c.outsideSees)
	}
}

func checkBroken(t *testing.T, how string, err error, at int64) {
	t.Helper()
	var broken *audit.Broken
	switch {
	case at == nowhere && err == nil:
	case !errors.As(err, &broken):
		t.Errorf("%s: the verifier says %v, want a break at link %d", how, err, at)
	case broken.Seq != at:
		t.Errorf("%s: the verifier says %q, want a break at link %d", how, broken, at)
	}
}

// nowhere marks a tampering that the database alone cannot show.
const nowhere = -1

// tampering is one thing that somebody who owns the database may do, and the
// first link that no longer fits. Links are 1 to 5.
type tampering struct {
	name     string
	change   func(f *forger)
	brokenAt int64
	// outsideSees is where an outside head finds it when nothing else does.
	outsideSees int64
}

var tamperings = []tampering{
	{name: "an event's words are changed", brokenAt: 3, change: func(f *forger) {
		f.setBody(f.event(3, 0), "third")
	}},
	{name: "an event is changed with its hash", brokenAt: 3, change: func(f *forger) {
		f.setHash(f.setBody(f.event(3, 0), "third"))
	}},
	{name: "an event is changed and its link made to fit", brokenAt: 3, change: func(f *forger) {
		f.setHash(f.setBody(f.event(3, 0), "third"))
		f.setContent(3)
	}},
	{name: "an event is changed and its link hashed anew", brokenAt: 4, change: func(f *forger) {
		f.setHash(f.setBody(f.event(3, 0), "third"))
		f.setContent(3)
		f.rechain(3, 3)
	}},
	{name: "an event is filed under another device", brokenAt: 3, change: func(f *forger) {
		f.exec("UPDATE audit_event SET device_id = 'd9' WHERE id = $1", f.event(3, 1).id)
	}},
	{name: "an event is filed at another time", brokenAt: 3, change: func(f *forger) {
		f.exec("UPDATE audit_event SET at = at - 1 WHERE id = $1", f.event(3, 1).id)
	}},
	{name: "an event is removed", brokenAt: 3, change: func(f *forger) {
		f.exec("DELETE FROM audit_event WHERE id = $1", f.event(3, 1).id)
	}},
	{name: "two events change places", brokenAt: 3, change: func(f *forger) {
		a, b := f.event(3, 0).id, f.event(3, 1).id
		f.exec("UPDATE audit_event SET ordinal = 9 WHERE id = $1", a)
		f.exec("UPDATE audit_event SET ordinal = 0 WHERE id = $1", b)
		f.exec("UPDATE audit_event SET ordinal = 1 WHERE id = $1", a)
	}},
	{name: "an event moves to another link", brokenAt: 2, change: func(f *forger) {
		f.exec("UPDATE audit_event SET link_id = $1, ordinal = 2 WHERE id = $2", f.link(2), f.event(4, 0).id)
	}},
	{name: "an event is inserted into a link", brokenAt: 3, change: func(f *forger) {
		f.insertEvent(f.link(3), 2)
	}},
	{name: "a link is removed with its events", brokenAt: 3, change: func(f *forger) {
		f.removeLink(3)
	}},
	{name: "a link is removed and the rest moves up", brokenAt: 3, change: func(f *forger) {
		f.removeLink(3)
		f.exec("UPDATE audit_link SET seq = 3 WHERE seq = 4")
		f.exec("UPDATE audit_link SET seq = 4 WHERE seq = 5")
	}},
	{name: "two links change places", brokenAt: 3, change: func(f *forger) {
		f.exec("UPDATE audit_link SET seq = 99 WHERE seq = 3")
		f.exec("UPDATE audit_link SET seq = 3 WHERE seq = 4")
		f.exec("UPDATE audit_link SET seq = 4 WHERE seq = 99")
	}},
	{name: "a link is added at the end without the head", brokenAt: 6, change: func(f *forger) {
		f.appendLink(6)
	}},
	{name: "events lie in a link without a number", brokenAt: 0, change: func(f *forger) {
		f.insertEvent(f.insertLink(nil), 0)
	}},
	{name: "events lie in a link with a number below the first", brokenAt: 0, change: func(f *forger) {
		zero := int64(-1)
		f.insertEvent(f.insertLink(&zero), 0)
	}},
	{name: "the first link is removed", brokenAt: 1, change: func(f *forger) {
		f.removeLink(1)
	}},
	{name: "the last link is removed", brokenAt: 5, change: func(f *forger) {
		f.removeLink(5)
	}},
	{name: "the head is moved back, the links stay", brokenAt: 4, change: func(f *forger) {
		f.exec("UPDATE audit_head SET seq = 3, hash = $1", f.hashOfLink(3))
	}},
	{name: "the head is damaged", brokenAt: 5, change: func(f *forger) {
		f.exec("UPDATE audit_head SET hash = $1", []byte("short"))
	}},
	{name: "the end is cut off and the head moved back", brokenAt: nowhere, outsideSees: 4, change: func(f *forger) {
		f.removeLink(5)
		f.removeLink(4)
		f.exec("UPDATE audit_head SET seq = 3, hash = $1", f.hashOfLink(3))
	}},
	{name: "the chain is written anew from one link on", brokenAt: nowhere, outsideSees: 5, change: func(f *forger) {
		f.setHash(f.setBody(f.event(3, 0), "third"))
		f.setContent(3)
		f.rechain(3, 5)
		f.exec("UPDATE audit_head SET hash = $1", f.hashOfLink(5))
	}},
	{name: "the whole log is emptied", brokenAt: nowhere, outsideSees: 1, change: func(f *forger) {
		for seq := int64(1); seq <= 5; seq++ {
			f.removeLink(seq)
		}
		f.exec("UPDATE audit_head SET seq = 0, hash = $1", make([]byte, 32))
	}},
}
