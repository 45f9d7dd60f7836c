package agent

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipes is a listener in memory. Its connections have buffers, as the network
// has: a TLS server may write its tickets while the client writes its last flight.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	there, back := newStream(), newStream()
	near, far := &pipeConn{r: back, w: there}, &pipeConn{r: there, w: back}
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stream is one direction of a connection.
type stream struct {
	mu      sync.Mutex
	buf     []byte
	closed  bool
	expired bool
	timer   *time.Timer
	changed chan struct{} // closed and replaced at every change
}

func newStream() *stream { return &stream{changed: make(chan struct{})} }

// with changes the stream and wakes its reader.
func (s *stream) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) read(b []byte) (int, error) {
	for {
		s.mu.Lock()
		n := copy(b, s.buf)
		s.buf = s.buf[n:]
		closed, expired, changed := s.closed, s.expired, s.changed
		s.mu.Unlock()
		switch {
		case n > 0 || len(b) == 0:
			return n, nil
		case expired:
			return 0, os.ErrDeadlineExceeded
		case closed:
			return 0, io.EOF
		}
		<-changed
	}
}

func (s *stream) deadline(t time.Time) {
	s.with(func() {
		if s.timer != nil {
			s.timer.Stop()
		}
		s.expired = !t.IsZero() && !t.After(time.Now())
		if !t.IsZero() && !s.expired {
			s.timer = time.AfterFunc(time.Until(t), func() { s.with(func() { s.expired = true }) })
		}
	})
}

type pipeConn struct {
	net.Conn
	r, w *stream
}

func (c *pipeConn) Read(b []byte) (int, error) { return c.r.read(b) }

func (c *pipeConn) Write(b []byte) (int, error) {
	var err error
	c.w.with(func() {
		if c.w.closed {
			err = io.ErrClosedPipe
			return
		}
		c.w.buf = append(c.w.buf, b...)
	})
	return len(b), err
}

func (c *pipeConn) Close() error {
	c.r.deadline(time.Time{})
	c.r.with(func() { c.r.closed = true })
	c.w.with(func() { c.w.closed = true })
	return nil
}

func (c *pipeConn) SetDeadline(t time.Time) error     { c.r.deadline(t); return nil }
func (c *pipeConn) SetReadDeadline(t time.Time) error { c.r.deadline(t); return nil }
func (c *pipeConn) SetWriteDeadline(time.Time) error  { return nil }
func (c *pipeConn) LocalAddr() net.Addr               { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (c *pipeConn) RemoteAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
