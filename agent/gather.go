package agent

import (
	"context"
	"sync"
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/wake"
)

const (
	// gatherFor is how long a woken poll waits for others, and gatherMost how many
	// lease together: one set-based lease of a thousand devices costs a fortieth of
	// a thousand single ones.
	gatherFor  = 5 * time.Millisecond
	gatherMost = 200
	// leasesAtOnce bounds how many leases ask the database at the same time, also
	// when the hub is not trusted and every poll has to ask.
	leasesAtOnce = 4
)

// gatherer leases for many polls in one go. It costs nothing while there is
// nothing to lease.
type gatherer struct {
	commands Commands
	hub      *wake.Hub
	slots    chan struct{}

	mu      sync.Mutex
	pending *leaseGroup
}

// leaseGroup is one call of Commands.Lease.
type leaseGroup struct {
	polls   []commands.Poll
	cleared []wake.Cleared
	timer   *time.Timer
	done    chan struct{}
	leased  map[device.EnrollmentID]commands.Leased
	err     error
}

func newGatherer(c Commands, hub *wake.Hub) *gatherer {
	return &gatherer{commands: c, hub: hub, slots: make(chan struct{}, leasesAtOnce)}
}

// lease hands out what the poll may have now, and clears the hub's entry as far
// as the answer allows. When ctx ends first, what was leased is handed out again
// later.
func (g *gatherer) lease(ctx context.Context, p commands.Poll, generation uint64, situation string) (commands.Leased, error) {
	group := g.join(p, wake.Cleared{Enrollment: p.Enrollment, Generation: generation, Situation: situation})
	select {
	case <-group.done:
		return group.leased[p.Enrollment], group.err
	case <-ctx.Done():
		return commands.Leased{}, ctx.Err()
	}
}

func (g *gatherer) join(p commands.Poll, c wake.Cleared) *leaseGroup {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pending != nil && g.pending.has(p.Enrollment) {
		g.launch()
	}
	group := g.pending
	if group == nil {
		group = &leaseGroup{done: make(chan struct{})}
		group.timer = time.AfterFunc(gatherFor, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.pending == group {
				g.launch()
			}
		})
		g.pending = group
	}
	group.polls = append(group.polls, p)
	group.cleared = append(group.cleared, c)
	if len(group.polls) == gatherMost {
		g.launch()
	}
	return group
}

func (l *leaseGroup) has(id device.EnrollmentID) bool {
	for _, p := range l.polls {
		if p.Enrollment == id {
			return true
		}
	}
	return false
}

// launch starts the lease of the pending group. The lock is held.
func (g *gatherer) launch() {
	group := g.pending
	g.pending = nil
	group.timer.Stop()
	go g.run(group)
}

func (g *gatherer) run(group *leaseGroup) {
	g.slots <- struct{}{}
	defer func() { <-g.slots }()
	defer close(group.done)
	// Not the context of one poll: the others are not to suffer when it ends.
	ctx, cancel := context.WithTimeout(context.Background(), workTimeout)
	defer cancel()
	began := g.hub.Now()
	group.leased, group.err = g.commands.Lease(ctx, group.polls)
	if group.err != nil {
		return
	}
	cleared := group.cleared[:0]
	for _, c := range group.cleared {
		leased := group.leased[c.Enrollment]
		if leased.PollAgain {
			continue // there is more: the entry stays
		}
		c.Began, c.NextDue, c.Held = began, leased.NextDue, leased.Held
		cleared = append(cleared, c)
	}
	g.hub.Clear(cleared...)
}
