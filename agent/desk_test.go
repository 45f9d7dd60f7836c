package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/wake"
)

// desk is the server behind the handler, in memory: it binds certificates, queues
// orders, and remembers everything that it was asked and told.
type desk struct {
	mu       sync.Mutex
	a        *authority
	hub      *wake.Hub
	known    map[device.Fingerprint]Identity
	queue    map[device.EnrollmentID][]*asked
	byID     map[commands.ID]*asked
	leases   [][]device.EnrollmentID
	binds    int
	seen     []device.Report
	recorded []device.Report
	clones   [][2]string
	stored   map[string]Inventory
	// lease, when set, answers in place of the queue.
	lease func([]commands.Poll) (map[device.EnrollmentID]commands.Leased, error)
	// deaf: results are lost on their way.
	deaf bool
	// quiet: reports are not kept, for benchmarks.
	quiet bool
}

// asked is one command.
type asked struct {
	order    commands.Order
	bytes    []byte
	envelope commands.Envelope
	attempt  int
	// handedOut is when it was last; until it is answered it stays in the queue.
	handedOut time.Time
	results   []commands.Result
	receipts  []commands.Receipt
}

func newDesk(t testing.TB) *desk {
	d := &desk{a: newAuthority(t), known: map[device.Fingerprint]Identity{}, queue: map[device.EnrollmentID][]*asked{},
		byID: map[commands.ID]*asked{}, stored: map[string]Inventory{}}
	d.hub = wake.New(wake.Options{Source: d})
	return d
}

func (d *desk) WorkSnapshot(context.Context) ([]wake.Work, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var works []wake.Work
	for id, q := range d.queue {
		if len(q) > 0 {
			works = append(works, wake.Work{Enrollment: id})
		}
	}
	return works, nil
}

func (d *desk) Bind(_ context.Context, fp device.Fingerprint) (Identity, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.binds++
	who, ok := d.known[fp]
	if !ok {
		return Identity{}, ErrUnknownCertificate
	}
	return who, nil
}

func (d *desk) Complete(_ context.Context, who Identity) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.known[who.Fingerprint]
	w.Completed = true
	d.known[who.Fingerprint] = w
	return nil
}

func (d *desk) Seen(_ device.ID, r device.Report) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.quiet {
		d.seen = append(d.seen, r)
	}
}

func (d *desk) Record(_ context.Context, _ device.ID, r device.Report) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.recorded = append(d.recorded, r)
	return nil
}

func (d *desk) KnowsInventory(_ context.Context, _ device.ID, hash string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.stored[hash]
	return ok, nil
}

func (d *desk) Inventory(_ context.Context, _ device.ID, hash string, i Inventory) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stored[hash] = i
	return nil
}

func (d *desk) Clone(_ context.Context, _ Identity, boots [2]string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clones = append(d.clones, boots)
	return nil
}

func (d *desk) Lease(_ context.Context, polls []commands.Poll) (map[device.EnrollmentID]commands.Leased, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]device.EnrollmentID, len(polls))
	for i, p := range polls {
		ids[i] = p.Enrollment
	}
	d.leases = append(d.leases, ids)
	if d.lease != nil {
		return d.lease(polls)
	}
	out := map[device.EnrollmentID]commands.Leased{}
	for _, p := range polls {
		l, err := d.handOut(p.Enrollment, time.Now())
		if err != nil {
			return nil, err
		}
		out[p.Enrollment] = l
	}
	return out, nil
}

// redeliver is after how long an order that was not answered is handed out again.
const redeliver = 10 * time.Second

func (d *desk) handOut(id device.EnrollmentID, now time.Time) (commands.Leased, error) {
	var l commands.Leased
	for _, a := range d.queue[id] {
		if due := a.handedOut.Add(redeliver); now.Before(due) {
			if l.NextDue.IsZero() || due.Before(l.NextDue) {
				l.NextDue = due
			}
			continue
		}
		jws, err := a.seal(d.a, now)
		if err != nil {
			return l, err
		}
		a.handedOut = now
		l.Envelopes = append(l.Envelopes, jws)
		l.NextDue = now.Add(redeliver)
	}
	return l, nil
}

func (a *asked) seal(by *authority, now time.Time) (string, error) {
	a.attempt++
	e := a.envelope
	e.Order, e.Attempt, e.IssuedAt, e.ExpiresAt, e.MatrixVersion = a.bytes, a.attempt, now, now.Add(2*time.Minute), "test"
	return commands.SealEnvelope(by.sign, e)
}

func (d *desk) Settle(_ context.Context, who commands.Identity, results []commands.Result) ([]commands.ID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.deaf {
		return nil, errors.New("the database is away")
	}
	var settled []commands.ID
	for _, r := range results {
		settled = append(settled, r.Command)
		a := d.byID[r.Command]
		if a == nil {
			continue
		}
		receipt, err := commands.VerifyReceipt(who.PublicKey, r.Receipt)
		if err != nil {
			return nil, fmt.Errorf("receipt of %s: %w", r.Command, err)
		}
		d.queue[who.Enrollment] = slices.DeleteFunc(d.queue[who.Enrollment], func(q *asked) bool { return q == a })
		a.results = append(a.results, r)
		a.receipts = append(a.receipts, receipt)
	}
	return settled, nil
}

// give queues an order without waking anybody.
func (d *desk) give(who Identity, kind device.Kind, sub device.Subkind, args map[string]any, e commands.Envelope) *asked {
	d.a.t.Helper()
	raw, err := json.Marshal(args)
	must(d.a.t, err)
	if args == nil {
		raw = []byte("{}")
	}
	a := &asked{envelope: e, order: commands.Order{Command: commands.ID(uuid.Must(uuid.NewV7()).String()), Kind: kind, Subkind: sub,
		Args: raw, Device: who.Device, Enrollment: who.Enrollment, Class: who.Class,
		Requester: commands.Requester{Kind: audit.ActorKind("person"), ID: "it", Name: "IT"}, Reason: "a test", AskedAt: time.Now()}}
	a.bytes, err = a.order.Encode()
	must(d.a.t, err)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byID[a.order.Command] = a
	d.queue[who.Enrollment] = append(d.queue[who.Enrollment], a)
	return a
}

// ask queues an order and wakes its device.
func (d *desk) ask(who Identity, kind device.Kind) *asked {
	return d.askWith(who, kind, "", nil, commands.Envelope{})
}

func (d *desk) askWith(who Identity, kind device.Kind, sub device.Subkind, args map[string]any, e commands.Envelope) *asked {
	d.a.t.Helper()
	a := d.give(who, kind, sub, args, e)
	d.hub.Mark(who.Enrollment)
	return a
}

// again queues a command that was handed out before.
func (d *desk) again(who Identity, a *asked) {
	d.mu.Lock()
	a.handedOut = time.Time{}
	if !slices.Contains(d.queue[who.Enrollment], a) {
		d.queue[who.Enrollment] = append(d.queue[who.Enrollment], a)
	}
	d.mu.Unlock()
	d.hub.Mark(who.Enrollment)
}

// statuses are the results of a command in the order in which they were settled,
// without repetitions.
func (d *desk) statuses(a *asked) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var s []string
	for _, r := range a.results {
		s = append(s, string(r.Status))
	}
	return slices.Compact(s)
}

func (d *desk) setStanding(who Identity, s Standing) {
	d.mu.Lock()
	w := d.known[who.Fingerprint]
	w.Standing = s
	d.known[who.Fingerprint] = w
	d.mu.Unlock()
	d.hub.Drop(who.Fingerprint)
}

func (d *desk) count(f func(*desk) int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return f(d)
}
