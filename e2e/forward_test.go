package e2e

import (
	"io"
	"net"
	"sync"
	"testing"
)

// forwarder is the network between devices and servers: one address that stays,
// whichever server is behind it. It can be cut in the one moment that matters.
type forwarder struct {
	addr string
	l    net.Listener

	mu     sync.Mutex
	target string
	conns  map[net.Conn]struct{}
	closed bool
	// armed: after the next answer that a device receives, whatever the server
	// says to its next request is held back.
	armed bool
	// gate is closed when answers flow again; nil: they flow.
	gate chan struct{}
	// swallowed is closed when a request has gone up whose answer is held back.
	swallowed chan struct{}
}

func newForwarder(t *testing.T) *forwarder {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	f := &forwarder{addr: l.Addr().String(), l: l, conns: map[net.Conn]struct{}{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { f.carry(c) })
		}
	})
	t.Cleanup(func() {
		f.mu.Lock()
		f.closed = true
		f.mu.Unlock()
		check(t, l.Close())
		f.release()
		f.cut()
		running.Wait()
	})
	return f
}

// to sends new connections to another server; the old ones are cut.
func (f *forwarder) to(target string) {
	f.mu.Lock()
	f.target = target
	f.mu.Unlock()
	f.cut()
}

// cut breaks every connection.
func (f *forwarder) cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		// Whoever still reads from it notices.
		_ = c.Close()
	}
}

// holdAnswerToNextRequest lets the next answer through to the device, then the
// device's next request to the server, and holds back what the server says to
// that. The channel is closed when the request has been sent.
func (f *forwarder) holdAnswerToNextRequest() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.swallowed = true, make(chan struct{})
	return f.swallowed
}

// release lets answers flow again. What was held back is lost with its
// connection, as on a real network.
func (f *forwarder) release() {
	f.mu.Lock()
	f.armed = false
	gate := f.gate
	f.gate = nil
	f.mu.Unlock()
	if gate != nil {
		f.cut()
		close(gate)
	}
}

func (f *forwarder) track(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.conns[c] = struct{}{}
	return true
}

func (f *forwarder) drop(c net.Conn) {
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
	// It may be closed already.
	_ = c.Close()
}

// carry moves bytes both ways until either end is gone.
func (f *forwarder) carry(device net.Conn) {
	defer f.drop(device)
	if !f.track(device) {
		return
	}
	f.mu.Lock()
	target := f.target
	f.mu.Unlock()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return // a server that is down: the device's connection breaks
	}
	defer f.drop(server)
	if !f.track(server) {
		return
	}
	answered := &flag{}
	var both sync.WaitGroup
	both.Go(func() {
		defer f.drop(device)
		pump(device, server, func() { f.passAnswer(answered) })
	})
	both.Go(func() {
		defer f.drop(server)
		pump(server, device, func() { f.passRequest(answered) })
	})
	both.Wait()
}

// flag says that on this connection an answer came since the forwarder was armed.
type flag struct {
	mu sync.Mutex
	on bool
}

func (g *flag) set(on bool) { g.mu.Lock(); g.on = on; g.mu.Unlock() }
func (g *flag) get() bool   { g.mu.Lock(); defer g.mu.Unlock(); return g.on }

func (f *forwarder) passAnswer(answered *flag) {
	f.mu.Lock()
	gate := f.gate
	if f.armed {
		answered.set(true)
	}
	f.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

func (f *forwarder) passRequest(answered *flag) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.armed && answered.get() {
		f.armed, f.gate = false, make(chan struct{})
		close(f.swallowed)
	}
}

// pump copies, and asks before each piece.
func pump(to io.Writer, from io.Reader, before func()) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			before()
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
