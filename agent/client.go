package agent

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wardline/device"
)

// Client is the agent on one enrolled device. Run it once; its other methods are
// safe for concurrent use.
type Client struct {
	o     Options
	dir   *stateDir
	boot  string
	clock *serverClock
	roots *x509.CertPool
	root  *x509.Certificate
	crash func(string)
	// kick wakes the executor, and news ends a pause of the poll loop. Both hold
	// one pending signal.
	kick, news chan struct{}

	mu       sync.Mutex
	settings settings
	class    device.Class
	identity *identity
	journal  *journal
	book     *book
	queue    []*task // taken on and not ended, in the order of taking on
	busy     bool    // the executor has a task
	sequence uint64
	// held ends the poll that the server is holding; nil: none is.
	held context.CancelFunc

	sendInventory bool
	inventory     cachedInventory
	renewal       renewal
}

// identity is the device's key and certificate, and the connections they open.
type identity struct {
	server string // the device listener, without a path
	cert   tls.Certificate
	leaf   *x509.Certificate
	key    *rsa.PrivateKey
	client *http.Client
}

// Open reads the state folder and the journal, and decides what becomes of what
// an earlier boot left unfinished. It returns ErrNotEnrolled when there is no
// identity. Close must be called unless Run was.
func Open(o Options) (*Client, error) {
	o = o.withDefaults()
	dir, err := openStateDir(o.StateDir)
	if err != nil {
		return nil, err
	}
	c := &Client{
		o: o, dir: dir, crash: o.crash,
		clock: &serverClock{wall: o.Now},
		kick:  make(chan struct{}, 1), news: make(chan struct{}, 1),
		book: newBook(),
	}
	if err := c.load(); err != nil {
		if c.journal != nil {
			err = errors.Join(err, c.journal.close())
		}
		return nil, errors.Join(err, dir.close())
	}
	return c, nil
}

func (c *Client) load() error {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return fmt.Errorf("draw a boot identifier: %w", err)
	}
	c.boot = hex.EncodeToString(id[:])
	cert, err := c.dir.readIdentity()
	if err != nil {
		return err
	}
	if _, err := c.dir.readJSON(fileSettings, &c.settings); err != nil {
		return err
	}
	if c.root, err = c.dir.readRoot(); err != nil {
		return err
	}
	c.roots = x509.NewCertPool()
	c.roots.AddCert(c.root)
	if c.identity, err = c.newIdentity(cert); err != nil {
		return err
	}
	if ou := c.identity.leaf.Subject.OrganizationalUnit; len(ou) == 1 {
		c.class = device.Class(ou[0])
	}
	return c.loadJournal()
}

// loadJournal reads what earlier boots did and ends what they left unfinished.
func (c *Client) loadJournal() error {
	marks := map[string]Event{}
	var err error
	c.journal, err = openJournal(c.dir.file(fileJournal), func(e Event) error {
		if e.What == EventMarked || e.What == EventStaged {
			marks[e.Command] = e
		}
		return c.book.replay(e)
	})
	if err != nil {
		return err
	}
	c.clock.raise(c.book.floor)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.book.order {
		if t.gone {
			// The power went between the last line of a wipe and its last deed.
			return c.erased()
		}
	}
	if err := c.note(Event{What: EventBoot, Enrollment: string(c.settings.Enrollment)}); err != nil {
		return err
	}
	return c.recover(marks)
}

func (c *Client) newIdentity(cert tls.Certificate) (*identity, error) {
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("read the device's certificate: %w", err)
	}
	key, ok := cert.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the device's key is %T, not RSA", cert.PrivateKey)
	}
	u, err := url.Parse(c.settings.Server)
	if err != nil {
		return nil, fmt.Errorf("read the server's address: %w", err)
	}
	t := trust{root: c.root, host: u.Hostname(), now: c.clock.now}
	return &identity{server: c.settings.Server, cert: cert, leaf: leaf, key: key,
		client: &http.Client{Transport: newTransport(t, &cert, c.o.Dial)}}, nil
}

// Device and enrollment, as the server says; empty before its first answer.
func (c *Client) Device() (device.ID, device.EnrollmentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settings.Device, c.settings.Enrollment
}

// Certificate returns the device's certificate.
func (c *Client) Certificate() *x509.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.identity.leaf
}

// Close gives the state folder back. Run does it by itself.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identity.client.CloseIdleConnections()
	return errors.Join(c.journal.close(), c.dir.close())
}

// Run polls and obeys until ctx ends (nil), the device has erased itself
// (ErrErased), or the journal cannot be written any more: an agent that cannot
// remember what it did must not do anything. Everything else is tried again for
// ever. Nothing of the client is usable afterwards.
func (c *Client) Run(ctx context.Context) error {
	select {
	case <-c.o.Driver.Changed(): // the first poll reports it anyway
	default:
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, part := range []func(context.Context) error{c.pollForEver, c.execute, c.watch, c.keepCertificate} {
		g.Go(func() error { return part(ctx) })
	}
	return errors.Join(g.Wait(), c.Close())
}

// watch ends a held poll whenever the therapy state changes, so that the server
// learns of it at once.
func (c *Client) watch(ctx context.Context) error {
	changed := c.o.Driver.Changed()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-changed:
			if !open {
				return nil
			}
			c.nudge()
			c.kickExecutor()
		}
	}
}

// nudge makes the poll loop report now.
func (c *Client) nudge() {
	select {
	case c.news <- struct{}{}:
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil {
		c.held()
	}
}

func (c *Client) kickExecutor() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

func (c *Client) setBusy(busy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = busy
}

const (
	// breath is how long the loop waits for a task that is being done before it
	// lets the server hold a poll: most tasks are done by then.
	breath = time.Second
	// A poll that was answered within briefly and brought nothing was of no use.
	// After patience such polls in a row the loop slows down, by restless for each
	// further one, up to longestRest: a faulty server is not asked in a tight loop.
	briefly     = 5 * time.Second
	patience    = 3
	restless    = time.Second
	longestRest = 30 * time.Second
)

// pollForEver is the daily life of a device.
func (c *Client) pollForEver(ctx context.Context) error {
	failures, useless := 0, 0
	for ctx.Err() == nil {
		began := time.Now()
		out, err := c.poll(ctx)
		switch {
		case errors.Is(err, errNudged):
			continue
		case errors.Is(err, errJournal), errors.Is(err, ErrErased):
			return err
		case ctx.Err() != nil:
			return nil
		case err != nil:
			failures++
			wait := max(c.o.backoff(failures), retryAfter(err))
			c.o.Log.Warn("the poll failed; it is tried again", "error", err, "after", wait.Round(time.Second))
			// A change of therapy does not break this pause: it could be every
			// device's pause at once.
			pause(ctx, wait)
			continue
		}
		failures = 0
		if useless++; out.progress || time.Since(began) > briefly {
			useless = 0
		}
		wait := out.after
		if slow := time.Duration(useless-patience) * restless; wait < slow {
			wait = min(slow, longestRest)
		}
		c.rest(ctx, wait)
	}
	return nil
}

// rest pauses between two polls; news ends it.
func (c *Client) rest(ctx context.Context, wait time.Duration) {
	if wait < breath && c.atWork() {
		wait = breath
	}
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.news:
	case <-ctx.Done():
	}
}

// atWork reports whether the executor has a task or is about to take one.
func (c *Client) atWork() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.queue {
		if t.phase == phaseMarked && t.settled == StatusAccepted {
			return true
		}
	}
	return c.busy
}
