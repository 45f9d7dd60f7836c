package fleet

import "sync"

// board tells whoever looks which devices have changed.
type board struct {
	mu      sync.Mutex
	lookers map[*looker]struct{}
	closed  bool
}

// looker is one open page. ready has a value when changes are waiting, and is
// closed when the board is.
type looker struct {
	ready   chan struct{}
	changed map[string]struct{}
}

// look begins to look. On a closed board the looker is over at once.
func (b *board) look() *looker {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := &looker{ready: make(chan struct{}, 1), changed: map[string]struct{}{}}
	if b.closed {
		close(l.ready)
		return l
	}
	if b.lookers == nil {
		b.lookers = map[*looker]struct{}{}
	}
	b.lookers[l] = struct{}{}
	return l
}

// leave ends looking.
func (b *board) leave(l *looker) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.lookers, l)
}

// touched notes that a device has changed.
func (b *board) touched(serial string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.lookers {
		l.changed[serial] = struct{}{}
		signal(l.ready)
	}
}

// take returns the serials that have changed since the last time.
func (b *board) take(l *looker) map[string]struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	changed := l.changed
	l.changed = map[string]struct{}{}
	return changed
}

// close ends all looking.
func (b *board) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	for l := range b.lookers {
		close(l.ready)
	}
	b.lookers = nil
}
