package auditlog

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wardline/audit"
)

// chain is a log whose links have one event each.
type chain struct {
	mu    sync.Mutex
	seq   int64
	looks int
}

func (c *chain) AuditHead(context.Context) (audit.Head, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return audit.Head{Seq: c.seq}, nil
}

func (c *chain) AuditSince(_ context.Context, seq int64, limit int) ([]audit.Event, int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	var events []audit.Event
	for ; seq < c.seq && len(events) < limit; seq++ {
		events = append(events, audit.Event{Action: "thing.happened"})
	}
	return events, seq, nil
}

func (c *chain) happen(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq += n
}

func TestReadersShareOneFollowerAndNobodyReadsForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chain{seq: 40}
		f := NewFeed(c, time.Second, slog.New(slog.DiscardHandler))
		from, one, leaveOne, err := f.Subscribe(t.Context())
		if err != nil || from != 40 {
			t.Fatalf("it begins after %d, %v", from, err)
		}
		_, two, leaveTwo, err := f.Subscribe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c.happen(3)
		time.Sleep(time.Second)
		synctest.Wait()
		for name, news := range map[string]<-chan Batch{"one": one, "two": two} {
			if b := <-news; b.Seq != 43 || len(b.Events) != 3 {
				t.Errorf("reader %s got %+v", name, b)
			}
		}
		leaveOne()
		leaveTwo()
		synctest.Wait()
		looks := c.looks
		time.Sleep(time.Minute)
		if c.looks != looks {
			t.Errorf("%d looks at the log while nobody reads", c.looks-looks)
		}
		c.happen(5)
		if from, _, leave, err := f.Subscribe(t.Context()); err != nil || from != 48 {
			t.Errorf("a later reader begins after %d, %v", from, err)
		} else {
			leave()
		}
	})
}

func TestAReaderThatIsTooSlowIsCutOffAndHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &chain{}
		f := NewFeed(c, time.Hour, slog.New(slog.DiscardHandler))
		_, slow, leave, err := f.Subscribe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		for range waiting + 1 {
			c.happen(1)
			f.Nudge()
			synctest.Wait()
		}
		n := 0
		for range slow {
			n++
		}
		if n != waiting {
			t.Errorf("it got %d batches before the end, want %d", n, waiting)
		}
	})
}
