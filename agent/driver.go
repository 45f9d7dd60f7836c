package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"wardline/device"
)

// Driver is what the orders mean on one kind of hardware. The client calls it
// from several goroutines: State, Therapy and Inventory at any time, Do from one
// goroutine at a time.
//
// A driver senses and acts. It does not decide: the client has verified the order
// and asked the interlock before it calls Do, and asks it again from Therapy at
// the last moment. A driver that knows better may still refuse (ErrRefused,
// ErrNotNow).
type Driver interface {
	// Capabilities lists the kinds that this hardware can do. Kinds the client
	// does by itself (refresh, renew_certificate, unstage) need not be listed.
	Capabilities() []device.Kind

	// Therapy is what the pump senses now, and how long ago it sensed it. A
	// device without therapy answers device.ReportedNone.
	Therapy() (device.Reported, time.Duration)

	// Changed is ready whenever the therapy state has changed: the client then
	// ends a held poll and reports at once. It may be nil for devices without
	// therapy. One pending value is enough; a driver never blocks on it.
	Changed() <-chan struct{}

	// State is everything else that is reported in each poll. The client fills in
	// Therapy and StateAgeMS itself.
	State(ctx context.Context) (State, error)

	// Inventory is what changes rarely.
	Inventory(ctx context.Context) (Inventory, error)

	// Do carries out one order and returns when it is done. It is called at most
	// once for each command, except for a wipe that a restart interrupted. The
	// context ends when the agent is told to stop; what has begun should be
	// finished or undone.
	Do(ctx context.Context, job Job) (Outcome, error)
}

// CertificateUser is implemented by drivers whose Wi-Fi supplicant uses the
// agent's certificate. The supplicant keeps the old one beside the new and takes
// the new one at its next own association; nothing is forced.
type CertificateUser interface {
	CertificateChanged(ctx context.Context, cert tls.Certificate) error
}

// Job is one verified order on its way to the hardware.
type Job struct {
	CommandID string
	Kind      device.Kind
	Subkind   device.Subkind // for device.KindConfig only
	Args      map[string]any // as ordered; the driver checks what it uses
	// Resumed says that this wipe had already been started before a restart.
	Resumed bool
}

// Text returns a string argument, or "".
func (j Job) Text(name string) string {
	s, _ := j.Args[name].(string)
	return s
}

// Outcome is what a driver has to say about a finished job.
type Outcome struct {
	// Detail goes into the result, such as the document's version in force.
	Detail map[string]any
	// Gone says that the device has erased its own agent: nothing more is sent
	// and Client.Run returns ErrErased. The server hears only silence, which is
	// the normal end of a phone's wipe.
	Gone bool
}

// What a driver may answer from Do. Any other error means: tried and failed.
var (
	// ErrRefused: this hardware will never do it. Wrap it with the reason.
	ErrRefused = errors.New("refused")
	// ErrNotNow: the hardware is busy; asked again later it may do it.
	ErrNotNow = errors.New("not now")
)
