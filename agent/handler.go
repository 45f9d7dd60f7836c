package agent

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/wake"
)

// Standing says what a known certificate is good for now.
type Standing int

// The standings. The zero value is refused.
const (
	// StandingRefused: superseded, revoked, expired, or of a device that is gone.
	StandingRefused Standing = iota
	StandingActive
	// StandingContained: on hold; served what finds, locks and wipes it. Lease
	// reads the truth of that from the database.
	StandingContained
)

// Identity is whose certificate a request came with.
type Identity struct {
	Device     device.ID
	Enrollment device.EnrollmentID
	Epoch      int // counts the device's enrollments from 1
	Class      device.Class
	Standing   Standing
	// Completed is false until the first authenticated poll was recorded.
	Completed bool
	PublicKey crypto.PublicKey
	// Fingerprint is filled in by the handler.
	Fingerprint device.Fingerprint
}

// ErrUnknownCertificate is in the chain of what Bindings answers for a
// certificate that was never issued here.
var ErrUnknownCertificate = errors.New("the certificate is not known")

// Bindings knows whose certificate is whose. Bind is asked for every request and
// answers from memory; package enroll implements it.
type Bindings interface {
	Bind(ctx context.Context, fp device.Fingerprint) (Identity, error)
	// Complete records the first authenticated poll of an enrollment.
	Complete(ctx context.Context, who Identity) error
}

// Commands is the queue; package commands implements it.
type Commands interface {
	Lease(ctx context.Context, polls []commands.Poll) (map[device.EnrollmentID]commands.Leased, error)
	Settle(ctx context.Context, who commands.Identity, results []commands.Result) ([]commands.ID, error)
}

// Telemetry takes in what devices say of themselves; package inventory implements
// it.
type Telemetry interface {
	// Seen notes a report in memory; it is written with many others. It never
	// waits for the database.
	Seen(id device.ID, r device.Report)
	// Record writes a report at once, because something is decided by it.
	Record(ctx context.Context, id device.ID, r device.Report) error
	// KnowsInventory reports whether the inventory with this hash is stored. It may
	// read the database: it is asked once per device, process and hash.
	KnowsInventory(ctx context.Context, id device.ID, hash string) (bool, error)
	// Inventory stores what rarely changes, under its hash.
	Inventory(ctx context.Context, id device.ID, hash string, i Inventory) error
}

// Alerts is told what a person must hear of.
type Alerts interface {
	// Clone: two boots of one enrollment are alive at once, or two devices count
	// the same boot's polls: its key was copied.
	Clone(ctx context.Context, who Identity, boots [2]string) error
}

// HandlerOptions says what the server's side runs on. Bindings, Commands,
// Telemetry, Alerts and Hub are required.
type HandlerOptions struct {
	Bindings  Bindings
	Commands  Commands
	Telemetry Telemetry
	Alerts    Alerts
	Hub       *wake.Hub
	// Load says when to stop holding polls. Nil: never.
	Load *Load
	// Now is the time in answers, by which certificates are judged too. Default:
	// time.Now, whose monotonic reading measures the age of states.
	Now func() time.Time
	// PollInterval is the pause that a device is asked for which does not let the
	// server hold its polls. Default 60 s.
	PollInterval time.Duration
	// ClientCertificate finds the certificate that a request came with; nil: in
	// its TLS connection. A proxy that ends TLS needs another.
	ClientCertificate func(*http.Request) *x509.Certificate
	Log               *slog.Logger
}

const (
	defaultPollInterval = 60 * time.Second
	bodyTimeout         = 10 * time.Second
	// workTimeout bounds what is done for a poll in the database.
	workTimeout = 15 * time.Second
)

// Handler is the server's side of the agent protocol. It is safe for concurrent
// use.
type Handler struct {
	o        HandlerOptions
	sessions *sessions
	gather   *gatherer
}

// NewHandler makes the handler and subscribes it to the hub's dropped bindings.
func NewHandler(o HandlerOptions) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PollInterval == 0 {
		o.PollInterval = defaultPollInterval
	}
	if o.ClientCertificate == nil {
		o.ClientCertificate = fromConnection
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{o: o, sessions: newSessions(), gather: newGatherer(o.Commands, o.Hub)}
	o.Hub.OnDrop(h.sessions.drop)
	return h
}

// Register adds the protocol's routes.
func (h *Handler) Register(r gin.IRoutes) { r.POST(PathPoll, h.poll) }

// Drain answers all held polls at once and holds none any more, so that the
// listener can be shut down. The devices come back spread over some seconds.
func (h *Handler) Drain() { h.sessions.drain() }

// Held returns how many polls wait for an answer.
func (h *Handler) Held() int { return h.sessions.heldNow() }

// poll is the one call of daily life. The order matters: who is it, what does it
// say, is it the newest; then its results, so that what is handed out is decided
// with them; then its state; then work.
func (h *Handler) poll(c *gin.Context) {
	who, err := h.identify(c.Request)
	if err != nil {
		h.refuse(c, err)
		return
	}
	req, err := readPoll(c.Writer, c.Request)
	if err != nil {
		h.refuse(c, err)
		return
	}
	if !who.Completed {
		// Before the turn begins: completing changes the binding, and a changed
		// binding ends the turns that it finds.
		if err := h.o.Bindings.Complete(c.Request.Context(), who); err != nil {
			h.refuse(c, err)
			return
		}
	}
	turn, cloned, err := h.sessions.enter(c.Request.Context(), who, req, h.o.Now())
	if cloned != nil {
		h.alert(c.Request.Context(), who, *cloned)
	}
	if err != nil {
		h.refuse(c, err)
		return
	}
	defer turn.leave()
	answer, err := h.answer(turn, who, req)
	switch {
	case errors.Is(err, errDropped):
		// The binding changed while the poll was held: judge it again.
		if _, err := h.identify(c.Request); err != nil {
			h.refuse(c, err)
			return
		}
	case errors.Is(err, errDraining):
		c.Header("Connection", "close")
	case errors.Is(err, errOvertaken):
	case c.Request.Context().Err() != nil:
		return // nobody is there to answer
	case err != nil:
		h.refuse(c, err)
		return
	}
	h.write(c, answer)
}

// alert tells people of a clone. The poll goes on: which of the two is the real
// device is not known, and the other one may be infusing.
func (h *Handler) alert(ctx context.Context, who Identity, boots clone) {
	if err := h.o.Alerts.Clone(ctx, who, boots); err != nil {
		h.o.Log.ErrorContext(ctx, "a clone alert could not be recorded", "device", who.Device, "error", err)
	}
}

// answer does what a poll asks for. Errors named err... in session.go end a held
// poll and come with an answer.
func (h *Handler) answer(t *turn, who Identity, req *PollRequest) (*PollResponse, error) {
	received := h.o.Now()
	a := &PollResponse{DeviceID: who.Device, EnrollmentID: who.Enrollment, Epoch: who.Epoch,
		Commands: []string{}, Settled: []string{}}
	if err := h.takeIn(t, who, req, report(req, received), a); err != nil {
		return nil, err
	}
	wait := time.Duration(req.WaitSeconds) * time.Second
	crowded := h.o.Load.crowded()
	if len(req.Results) > 0 || a.SendInventory || crowded || h.sessions.isDraining() {
		wait = 0 // there is something to say already, or no room to wait
	}
	err := h.work(t, who, req, received, received.Add(wait), a)
	switch {
	case len(a.Commands) > 0 || a.SendInventory || len(req.Results) > 0 || req.Inventory != nil:
		a.PollAfterSeconds = 0 // it has not been asked to wait yet
	case errors.Is(err, errDraining), h.sessions.isDraining():
		a.PollAfterSeconds = 1 + rand.IntN(10)
	case errors.Is(err, errOvertaken):
		a.PollAfterSeconds = 5 + rand.IntN(5)
	case errors.Is(err, errStaleState), wait > 0:
		a.PollAfterSeconds = 0
	case crowded:
		a.PollAfterSeconds = 2 * int(h.spread(h.o.PollInterval)/time.Second)
	default:
		a.PollAfterSeconds = int(h.spread(h.o.PollInterval) / time.Second)
	}
	if errors.Is(err, errStaleState) {
		err = nil
	}
	a.ServerTime = h.o.Now().UTC()
	return a, err
}

// spread changes d by up to a fifth either way.
func (h *Handler) spread(d time.Duration) time.Duration {
	return d - d/5 + rand.N(2*d/5+1)
}

// takeIn stores what the poll says. An idle poll of a device that says nothing
// new touches no database.
func (h *Handler) takeIn(t *turn, who Identity, req *PollRequest, r device.Report, a *PollResponse) error {
	// Not the turn's context: a result can change the binding (a verified wipe
	// revokes), and what the device said must be stored all the same.
	ctx, cancel := context.WithTimeout(t.request, workTimeout)
	defer cancel()
	// First what it reports: whoever sees a result sees the state that came with it.
	if t.news || len(req.Results) > 0 {
		// People decide by it.
		if err := h.o.Telemetry.Record(ctx, who.Device, r); err != nil {
			return err
		}
	} else {
		h.o.Telemetry.Seen(who.Device, r)
	}
	if len(req.Results) > 0 {
		settled, err := h.o.Commands.Settle(ctx, commands.Identity{Device: who.Device, Enrollment: who.Enrollment,
			Fingerprint: who.Fingerprint, PublicKey: who.PublicKey}, results(req))
		if err != nil {
			return err
		}
		for _, id := range settled {
			a.Settled = append(a.Settled, string(id))
		}
	}
	return h.takeInventory(ctx, t, who, req, a)
}

func (h *Handler) takeInventory(ctx context.Context, t *turn, who Identity, req *PollRequest, a *PollResponse) error {
	if req.InventoryHash == "" || t.knownHash == req.InventoryHash && req.Inventory == nil {
		return nil
	}
	if req.Inventory != nil {
		if err := h.o.Telemetry.Inventory(ctx, who.Device, req.InventoryHash, *req.Inventory); err != nil {
			return err
		}
		t.knows(req.InventoryHash)
		return nil
	}
	known, err := h.o.Telemetry.KnowsInventory(ctx, who.Device, req.InventoryHash)
	if err != nil {
		return err
	}
	if known {
		t.knows(req.InventoryHash)
	}
	a.SendInventory = !known
	return nil
}

// work looks for work, hands it out, and waits for it until deadline. The waiter
// is registered before the first look, and an entry is cleared only when nothing
// marked it since: whatever happens in between is not lost.
func (h *Handler) work(t *turn, who Identity, req *PollRequest, received, deadline time.Time, a *PollResponse) error {
	waiter := h.o.Hub.Register(who.Enrollment)
	defer waiter.Close()
	poll := leasePoll(who, req, received)
	situation := situationOf(req.State)
	for {
		glance := waiter.Look(situation)
		if glance.Work {
			// Not the turn's context: asking for a wipe contains the device, which ends
			// its turn, while the very wipe is being handed out. Lease has read what the
			// device may get from the database.
			leased, err := h.gather.lease(t.request, poll, glance.Generation, situation)
			if err != nil {
				return workError(t.ctx, err)
			}
			if len(leased.Envelopes) > 0 {
				a.Commands = leased.Envelopes
				return nil
			}
			if leased.PollAgain {
				return errStaleState
			}
			continue
		}
		if !h.o.Now().Before(deadline) {
			return nil
		}
		t.holding()
		_, err := waiter.Wait(t.ctx, glance.Due, deadline)
		if err != nil {
			return context.Cause(t.ctx)
		}
	}
}

// situationOf is what decides whether a pump is free for what is held for it: what
// it is doing, and where it is heard. A poll that says another one looks again.
func situationOf(s State) string {
	if s.Network == nil {
		return string(s.Therapy)
	}
	return string(s.Therapy) + " at " + s.Network.BSSID
}

// workError prefers the reason for which the poll was ended.
func workError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
