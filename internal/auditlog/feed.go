package auditlog

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"wardline/audit"
)

// Batch is what one step of following found.
type Batch struct {
	// Seq is the number of the last link that is in it: whoever has read it goes
	// on after Seq.
	Seq    int64
	Events []audit.Event
}

// Feed follows the audit log once for any number of readers. While there is no
// reader it does nothing. It is safe for concurrent use.
type Feed struct {
	log   Follower
	every time.Duration
	out   *slog.Logger

	mu      sync.Mutex
	readers map[chan Batch]bool
	seq     int64
	stop    context.CancelFunc
	nudge   chan struct{}
}

const (
	// waiting is how many batches a slow reader may be behind before it is cut
	// off; it then comes back and says where it was.
	waiting = 64
	// linksPerStep bounds one step.
	linksPerStep = 500
)

// NewFeed returns a feed that looks for news at this interval, and at once when
// Nudge is called.
func NewFeed(log Follower, every time.Duration, out *slog.Logger) *Feed {
	return &Feed{log: log, every: every, out: out, readers: map[chan Batch]bool{}, nudge: make(chan struct{}, 1)}
}

// Nudge says that there may be news.
func (f *Feed) Nudge() {
	select {
	case f.nudge <- struct{}{}:
	default:
	}
}

// Subscribe returns the number of the link after which the channel's batches
// begin. The channel is closed when the reader fell too far behind or leave was
// called; leave must be called once the reader is done.
func (f *Feed) Subscribe(ctx context.Context) (seq int64, news <-chan Batch, leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.readers) == 0 {
		head, err := f.log.AuditHead(ctx)
		if err != nil {
			return 0, nil, nil, err
		}
		f.seq = head.Seq
		run, cancel := context.WithCancel(context.Background())
		f.stop = cancel
		go f.follow(run)
	}
	ch := make(chan Batch, waiting)
	f.readers[ch] = true
	return f.seq, ch, func() { f.leave(ch) }, nil
}

func (f *Feed) leave(ch chan Batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(ch)
	if len(f.readers) == 0 && f.stop != nil {
		f.stop()
		f.stop = nil
	}
}

// drop closes a reader's channel; f.mu is held.
func (f *Feed) drop(ch chan Batch) {
	if f.readers[ch] {
		delete(f.readers, ch)
		close(ch)
	}
}

func (f *Feed) follow(ctx context.Context) {
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.nudge:
		}
		err := f.step(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			f.out.Error("following the audit log fails and is tried again", "error", err)
		}
		failing = err != nil
	}
}

// step reads what is new and hands it out.
func (f *Feed) step(ctx context.Context) error {
	f.mu.Lock()
	seq := f.seq
	f.mu.Unlock()
	events, next, err := f.log.AuditSince(ctx, seq, linksPerStep)
	if err != nil || next == seq {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil || f.seq != seq {
		return nil // the last reader left, and another follower has begun
	}
	f.seq = next
	for ch := range f.readers {
		select {
		case ch <- Batch{Seq: next, Events: events}:
		default:
			f.drop(ch)
		}
	}
	if next-seq >= linksPerStep {
		f.Nudge()
	}
	return nil
}
