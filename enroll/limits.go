package enroll

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"wardline/internal/fault"
)

// CodeBusy says that too many requests are under way.
var CodeBusy = fault.Define(fault.Unavailable, "enrollment_busy", "Ask again in a few seconds.")

// slots bounds how many callers work at once and how many may wait for it.
type slots struct {
	work, queue chan struct{}
}

func newSlots(work, waiting int) slots {
	return slots{work: make(chan struct{}, work), queue: make(chan struct{}, work+waiting)}
}

// acquire takes a slot. It fails at once when the queue is full.
func (s slots) acquire(ctx context.Context) (release func(), err error) {
	select {
	case s.queue <- struct{}{}:
	default:
		f := CodeBusy.New("Too many enrollments are under way.")
		f.RetryAfter = 5 * time.Second
		return nil, f
	}
	select {
	case s.work <- struct{}{}:
		return func() { <-s.work; <-s.queue }, nil
	case <-ctx.Done():
		<-s.queue
		return nil, ctx.Err()
	}
}

// throttle lets a rate through and counts what it holds back.
type throttle struct {
	mu      sync.Mutex
	limiter *rate.Limiter
	now     func() time.Time
	held    int
}

// take reports whether this one may pass, and how many were held back before it.
func (t *throttle) take() (heldBefore int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.limiter.AllowN(t.now(), 1) {
		t.held++
		return 0, false
	}
	heldBefore, t.held = t.held, 0
	return heldBefore, true
}

// tries limits how often one address may hand in a wrong code. There is no limit
// over all addresses: it would let a stranger lock everybody out, and the codes
// have too many values to be tried out from any number of them.
type tries struct {
	mu  sync.Mutex
	now func() time.Time
	by  map[netip.Prefix]*rate.Limiter
}

const (
	wrongCodesPerMinute = 5
	wrongCodesBurst     = 10
	maxAddresses        = 10_000
)

func newTries(now func() time.Time) *tries {
	return &tries{now: now, by: map[netip.Prefix]*rate.Limiter{}}
}

// neighbourhood is what is counted as one address: an IPv4 address, or the /64
// that one IPv6 host has all to itself.
func neighbourhood(remote string) netip.Prefix {
	a, err := netip.ParseAddr(remote)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}

// may reports whether an address may try a code now.
func (t *tries) may(remote string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.by[neighbourhood(remote)]
	return l == nil || l.TokensAt(t.now()) >= 1
}

// wrong counts a wrong try.
func (t *tries) wrong(remote string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := neighbourhood(remote)
	l := t.by[key]
	if l == nil {
		if len(t.by) >= maxAddresses {
			clear(t.by)
		}
		l = rate.NewLimiter(rate.Every(time.Minute/wrongCodesPerMinute), wrongCodesBurst)
		t.by[key] = l
	}
	l.AllowN(t.now(), 1)
}
