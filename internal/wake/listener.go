package wake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"wardline/device"
)

// ListenerOptions says where a Listener listens.
type ListenerOptions struct {
	Hub *Hub
	// URL is the address of the PostgreSQL server itself, not of a pooler: one
	// that hands out a connection per transaction answers OK to LISTEN and then
	// delivers nothing.
	URL string
	// Channel is the name that the store notifies on.
	Channel string
	// Replica names this process among its equals.
	Replica string
	// Notify sends a payload on the channel through the pool that writes use: the
	// beat has to travel the way that work travels.
	Notify func(ctx context.Context, payload string) error
	// Batch reads which devices of a batch have work. Nil: batches reload all.
	Batch func(ctx context.Context, batch string) ([]Work, error)
	// Beat is the time between two heart-beats. Default 1 s.
	Beat time.Duration
	Log  *slog.Logger
}

const (
	defaultBeat = time.Second
	// missedBeats in a row mean that the connection is silent.
	missedBeats    = 3
	connectTimeout = 5 * time.Second
	reconnectAfter = 300 * time.Millisecond
)

var errSilent = errors.New("the connection is silent: it has not delivered this server's own heart-beats; " +
	"if --database goes through a connection pooler, set --database-listen-url to PostgreSQL itself")

// Listener keeps a hub up to date from PostgreSQL's notifications. It holds one
// connection of its own, never in a transaction.
type Listener struct {
	o ListenerOptions
	// heard holds a token once one of this replica's own beats has come back.
	heard    chan struct{}
	sessions atomic.Uint64
}

// NewListener makes a listener; Run starts it.
func NewListener(o ListenerOptions) *Listener {
	if o.Beat == 0 {
		o.Beat = defaultBeat
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Listener{o: o, heard: make(chan struct{}, 1)}
}

// Sessions counts how often the listener became trusted: 1 is a life without
// interruption.
func (l *Listener) Sessions() uint64 { return l.sessions.Load() }

// Run listens until ctx ends, and connects again whenever the connection is lost
// or silent. In between the hub is not trusted.
func (l *Listener) Run(ctx context.Context) error {
	defer l.o.Hub.setTrusted(false)
	for {
		err := l.session(ctx)
		l.o.Hub.setTrusted(false)
		if ctx.Err() != nil {
			return nil
		}
		l.o.Log.Warn("wake-ups between servers are interrupted; polls ask the database until they are back", "error", err)
		if !sleep(ctx, jitter(reconnectAfter)) {
			return nil
		}
	}
}

// session is the life of one connection. The order of its steps is what keeps
// commands from being lost: LISTEN is committed and proven by a beat, only then
// the snapshot is read in a statement that begins afterwards, and only then the
// index is believed. A command committed before the snapshot is in it; one
// committed after it is announced to a connection that is listening already.
func (l *Listener) session(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	conn, err := l.connect(ctx)
	if err != nil {
		return err
	}
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		cancel(l.listen(ctx, conn))
	}()
	defer func() {
		// Closing a silent connection must not wait for its other end.
		cancel(nil)
		<-listening
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = conn.Close(closing)
	}()

	if err := l.firstBeat(ctx); err != nil {
		return err
	}
	if err := l.o.Hub.Load(ctx); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	l.o.Hub.setTrusted(true)
	l.sessions.Add(1)
	return l.beats(ctx)
}

// connect opens the connection and commits LISTEN on it.
func (l *Listener) connect(ctx context.Context) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(l.o.URL)
	if err != nil {
		// pgx quotes the address, which holds the password.
		return nil, errors.New("connect for wake-ups: the address cannot be parsed")
	}
	cfg.RuntimeParams["application_name"] = "wardline listen"
	cfg.ConnectTimeout = connectTimeout
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect for wake-ups to %s:%d: %w", cfg.Host, cfg.Port, err)
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{l.o.Channel}.Sanitize()); err != nil {
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer done()
		_ = conn.Close(closing)
		return nil, fmt.Errorf("listen for wake-ups: %w", err)
	}
	return conn, nil
}

// listen hands every notification to the hub until the connection ends.
func (l *Listener) listen(ctx context.Context, conn *pgx.Conn) error {
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("wait for wake-ups: %w", err)
		}
		if err := l.handle(ctx, parseNotice(n.Payload)); err != nil {
			return err
		}
	}
}

func (l *Listener) handle(ctx context.Context, n notice) error {
	switch n.word {
	case wordDevices:
		l.o.Hub.Mark(enrollments(n.args)...)
	case wordDropped:
		for _, fp := range n.args {
			l.o.Hub.Drop(device.Fingerprint(fp))
		}
	case wordBeat:
		if len(n.args) == 1 && n.args[0] == l.o.Replica {
			select {
			case l.heard <- struct{}{}:
			default:
			}
		}
	case wordBatch:
		return l.batch(ctx, n.args)
	}
	return nil
}

// batch marks the devices of large batches. An error ends the session, and the
// next one reads everything.
func (l *Listener) batch(ctx context.Context, batches []string) error {
	if l.o.Batch == nil {
		return l.o.Hub.Load(ctx)
	}
	for _, id := range batches {
		works, err := l.o.Batch(ctx, id)
		if err != nil {
			return fmt.Errorf("read the devices of batch %s: %w", id, err)
		}
		l.o.Hub.MarkDue(works...)
	}
	return nil
}

// firstBeat proves that what is notified through the pool arrives here.
func (l *Listener) firstBeat(ctx context.Context) error {
	select {
	case <-l.heard: // of an earlier connection
	default:
	}
	for range missedBeats {
		l.send(ctx)
		timer := time.NewTimer(l.o.Beat)
		select {
		case <-l.heard:
			timer.Stop()
			return nil
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
	return errSilent
}

// beats sends a heart-beat at every interval and ends when three in a row have
// not come back. It is the only thing that sees a silent connection.
func (l *Listener) beats(ctx context.Context) error {
	ticker := time.NewTicker(l.o.Beat)
	defer ticker.Stop()
	for missed := 0; missed < missedBeats; {
		l.send(ctx)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		select {
		case <-l.heard:
			missed = 0
		default:
			missed++
		}
	}
	return errSilent
}

// send notifies one beat. An error counts as a beat that was not heard.
func (l *Listener) send(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.o.Beat)
	defer cancel()
	if err := l.o.Notify(ctx, wordBeat+" "+l.o.Replica); err != nil && ctx.Err() == nil {
		l.o.Log.Debug("heart-beat could not be sent", "error", err)
	}
}
