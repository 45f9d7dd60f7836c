package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"wardline/audit"
	"wardline/auth"
	"wardline/internal/auditlog"
	"wardline/internal/fault"
)

const (
	heartbeat = 15 * time.Second
	// writeDeadline is how long a reader may take to receive one event.
	writeDeadline = 10 * time.Second
	// streamLife ends a stream: the reader comes back with a fresh token, and what
	// was taken from them meanwhile counts.
	streamLife = auth.AccessLife
	// resumeLinks is how far back a reader may resume; further back it is told to
	// read everything anew.
	resumeLinks = 5000
	maxStreams  = 500
)

var codeStreams = fault.Define(fault.TooMany, "too_many_streams",
	"Close pages that are not needed, or poll the lists instead.")

// Notice is what the event stream says: that something happened, not what it
// came to. Whoever is interested reads the thing itself.
type Notice struct {
	Seq     int64        `json:"seq"`
	ID      string       `json:"id"`
	At      time.Time    `json:"at"`
	Action  audit.Action `json:"action"`
	Actor   string       `json:"actor"`
	Device  string       `json:"device_id,omitempty"`
	Command string       `json:"command_id,omitempty"`
	Subject string       `json:"subject,omitempty"`
}

// events streams what happens, filtered by what the reader may see, as
// server-sent events. The id of an event is the number of its link in the audit
// chain: a reader that comes back with Last-Event-ID misses nothing. Comments
// keep the connection alive.
func (a *API) events(c *gin.Context) {
	since, err := lastEventID(c.Request)
	if err != nil {
		a.fail(c, err)
		return
	}
	if !a.streams.enter(maxStreams) {
		a.fail(c, codeStreams.New("There are %d open event streams.", maxStreams))
		return
	}
	defer a.streams.leave()
	ctx, cancel := context.WithTimeout(c.Request.Context(), streamLife)
	defer cancel()
	start, news, leave, err := a.feed.Subscribe(ctx)
	if err != nil {
		a.fail(c, err)
		return
	}
	defer leave()
	s := a.openStream(c)
	if err := a.resume(ctx, s, since, start); err != nil {
		return // the reader is gone, or comes back
	}
	a.follow(ctx, s, news)
}

// lastEventID says where the reader was; -1: nowhere.
func lastEventID(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("last_event_id")
	}
	if text == "" {
		return -1, nil
	}
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seq < 0 {
		return 0, fault.CodeInvalid.New("Last-Event-ID is not one of ours.").WithField("Last-Event-ID", "must be the id of an event")
	}
	return seq, nil
}

// stream writes server-sent events to one reader.
type stream struct {
	w    gin.ResponseWriter
	ctl  *http.ResponseController
	eyes *eyes
}

func (a *API) openStream(c *gin.Context) *stream {
	h := c.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Writer.WriteHeader(http.StatusOK)
	return &stream{w: c.Writer, ctl: http.NewResponseController(c.Writer), eyes: a.eyes(principalOf(c.Request.Context()), auth.DevicesRead)}
}

// send writes one piece and sees to it that it leaves.
func (s *stream) send(format string, args ...any) error {
	// Not every writer has a connection below it (tests): then there is no deadline.
	_ = s.ctl.SetWriteDeadline(time.Now().Add(writeDeadline))
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.ctl.Flush()
}

// resume sends what a returning reader has missed, and where the stream begins.
func (a *API) resume(ctx context.Context, s *stream, since, start int64) error {
	if since < 0 || since > start || start-since > resumeLinks {
		// Whatever the reader believes to know, it reads anew.
		return s.send("retry: 2000\nid: %d\nevent: reset\ndata: {}\n\n", start)
	}
	if err := s.send("retry: 2000\n: hello again\n\n"); err != nil {
		return err
	}
	for since < start {
		events, next, err := a.audit.AuditSince(ctx, since, 500)
		if err != nil {
			a.log.ErrorContext(ctx, "resume an event stream", "error", err)
			return err
		}
		if next == since {
			return nil
		}
		if err := s.batch(ctx, auditlog.Batch{Seq: next, Events: events}); err != nil {
			return err
		}
		since = next
	}
	return nil
}

func (a *API) follow(ctx context.Context, s *stream, news <-chan auditlog.Batch) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-a.streams.ended:
			return
		case b, open := <-news:
			if !open {
				return // too slow: the reader comes back and says where it was
			}
			err = s.batch(ctx, b)
		case <-beat.C:
			err = s.send(": still here\n\n")
		}
		if err != nil {
			return
		}
	}
}

// batch sends what of a batch the reader may see. Also one of which it may see
// nothing moves the id on.
func (s *stream) batch(ctx context.Context, b auditlog.Batch) error {
	for _, e := range b.Events {
		visible, err := s.eyes.sees(ctx, e)
		if err != nil {
			return err
		}
		if !visible {
			continue
		}
		body, err := json.Marshal(Notice{Seq: b.Seq, ID: e.ID, At: e.At, Action: e.Action, Actor: actorWords(e.Actor),
			Device: e.Device, Command: e.Command, Subject: e.Subject})
		if err != nil {
			return err
		}
		if err := s.send("event: happened\ndata: %s\n\n", body); err != nil {
			return err
		}
	}
	// The id comes last: a reader cut off in the middle gets the batch again.
	return s.send("id: %d\nevent: at\ndata: {\"seq\":%d}\n\n", b.Seq, b.Seq)
}
