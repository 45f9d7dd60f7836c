package configuration

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"wardline/device"
)

// Proposal is a change that is thought about: exactly one of Assign, Unassign and
// Publish is set.
type Proposal struct {
	// Assign a document to the devices that fit the selector.
	Assign   DocumentID
	Selector Selector
	// Unassign takes an assignment back.
	Unassign AssignmentID
	// Publish a new version of a document. Content is what it would say; it is
	// checked when it is given.
	Publish DocumentID
	Content json.RawMessage
}

// Preview says what a proposal would do.
type Preview struct {
	// Fitting devices fit the selector; for Changing of them something else would be
	// desired than now, and Losing of these would have nothing desired any more.
	Fitting int
	Tally
	// Groups are the devices that change, by class and place; the largest first.
	Groups []Group
	// Sample are up to ten of the devices that change.
	Sample []device.ID
}

// Tally counts devices that change.
type Tally struct {
	Changing int
	Losing   int
	// Waiting are pumps among them that are not free at this moment: they follow
	// when they are.
	Waiting int
	// Unreachable: no command can bring it to them, now or later.
	Unreachable int
}

// Group counts the devices of one class that belong to one place.
type Group struct {
	Class device.Class
	Place device.PlaceID // empty: to none
	Tally
}

const sampleSize = 10

// Preview says how many devices a proposal would change, before it is made. What
// would be refused when it is made is refused here, with the same words.
func (s *Service) Preview(ctx context.Context, p Proposal) (Preview, error) {
	now, err := s.o.Storage.ConfigAssignments(ctx)
	if err != nil {
		return Preview{}, err
	}
	c := counting{service: s, groups: map[groupKey]*Tally{}}
	if p.Publish != "" {
		err = c.publish(ctx, now, p)
	} else {
		err = c.assign(ctx, now, p)
	}
	return c.preview(), err
}

type groupKey struct {
	class device.Class
	place device.PlaceID
}

// counting gathers a Preview.
type counting struct {
	service *Service
	subkind device.Subkind
	out     Preview
	groups  map[groupKey]*Tally
}

// assign counts what changes when an assignment comes or goes.
func (c *counting) assign(ctx context.Context, now []Assignment, p Proposal) error {
	then, one, err := c.service.afterwards(ctx, now, p)
	if err != nil {
		return err
	}
	c.subkind = one.Subkind
	return c.service.o.Storage.ConfigSubjects(ctx, one.Selector, func(page []Subject) error {
		return c.add(ctx, page, func(d Subject) (changes, loses bool) {
			before, had := Resolve(now, d)[c.subkind]
			after, has := Resolve(then, d)[c.subkind]
			loses = had && !has
			return loses || has && (!had || before.Assignment.Document != after.Assignment.Document), loses
		})
	})
}

// afterwards returns the assignments as they would be, and the one that comes or
// goes.
func (s *Service) afterwards(ctx context.Context, now []Assignment, p Proposal) ([]Assignment, Assignment, error) {
	if p.Unassign != "" {
		gone, err := s.assignment(ctx, p.Unassign)
		if err != nil {
			return nil, Assignment{}, err
		}
		return slices.DeleteFunc(slices.Clone(now), func(a Assignment) bool { return a.ID == p.Unassign }), gone, nil
	}
	a, tree, err := s.proposed(ctx, p.Assign, &p.Selector)
	if err != nil {
		return nil, Assignment{}, err
	}
	fitsBoth := func(a, b Selector) (bool, error) { return s.fitsBoth(ctx, a, b) }
	if err := refuseTie(a, now, depthIn(tree), fitsBoth); err != nil {
		return nil, Assignment{}, err
	}
	a.CreatedAt = s.o.Now()
	return append(slices.Clone(now), a), a, nil
}

var errFound = errors.New("a device fits both")

// fitsBoth reports whether there is a device that fits both selectors.
func (s *Service) fitsBoth(ctx context.Context, a, b Selector) (bool, error) {
	err := s.o.Storage.ConfigSubjects(ctx, a, func(page []Subject) error {
		for _, d := range page {
			if _, ok := b.match(d); ok {
				return errFound
			}
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// publish counts the devices for which a document is desired: every one of them
// gets its new version.
func (c *counting) publish(ctx context.Context, now []Assignment, p Proposal) error {
	d, err := c.service.o.Storage.ConfigDocument(ctx, p.Publish)
	if err != nil {
		return err
	}
	if p.Content != nil {
		if _, err := d.next(p.Content, c.service.o.Now()); err != nil {
			return err
		}
	}
	c.subkind = d.Subkind
	seen := map[device.ID]bool{}
	for _, a := range now {
		if a.Document != d.ID {
			continue
		}
		err := c.service.o.Storage.ConfigSubjects(ctx, a.Selector, func(page []Subject) error {
			page = slices.DeleteFunc(page, func(s Subject) bool { return seen[s.Device] })
			return c.add(ctx, page, func(s Subject) (changes, loses bool) {
				seen[s.Device] = true
				return Resolve(now, s)[d.Subkind].Assignment.Document == d.ID, false
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// add counts a page of devices that fit.
func (c *counting) add(ctx context.Context, page []Subject, judge func(Subject) (changes, loses bool)) error {
	c.out.Fitting += len(page)
	var sent []Subject
	for _, d := range page {
		changes, loses := judge(d)
		if !changes {
			continue
		}
		if len(c.out.Sample) < sampleSize {
			c.out.Sample = append(c.out.Sample, d.Device)
		}
		c.count(d, func(t *Tally) { t.Changing++ })
		if loses {
			c.count(d, func(t *Tally) { t.Losing++ }) // it is sent nothing
			continue
		}
		sent = append(sent, d)
	}
	return c.foresee(ctx, sent)
}

// foresee counts which devices wait, and which nothing can be brought to.
func (c *counting) foresee(ctx context.Context, sent []Subject) error {
	ids := make([]device.ID, len(sent))
	for i, d := range sent {
		ids[i] = d.Device
	}
	outlooks, err := c.service.o.Outlooks.Outlooks(ctx, ids, device.KindConfig, c.subkind)
	if err != nil {
		return err
	}
	for _, d := range sent {
		switch o := outlooks[d.Device]; {
		case !d.Reachable || o.Refused:
			c.count(d, func(t *Tally) { t.Unreachable++ })
		case o.Waits:
			c.count(d, func(t *Tally) { t.Waiting++ })
		}
	}
	return nil
}

func (c *counting) count(d Subject, one func(*Tally)) {
	key := groupKey{class: d.Class}
	if len(d.Places) > 0 {
		key.place = d.Places[len(d.Places)-1]
	}
	if c.groups[key] == nil {
		c.groups[key] = &Tally{}
	}
	one(c.groups[key])
	one(&c.out.Tally)
}

func (c *counting) preview() Preview {
	for key, t := range c.groups {
		c.out.Groups = append(c.out.Groups, Group{Class: key.class, Place: key.place, Tally: *t})
	}
	slices.SortFunc(c.out.Groups, func(a, b Group) int {
		if a.Changing != b.Changing {
			return b.Changing - a.Changing
		}
		return strings.Compare(string(a.Place)+string(a.Class), string(b.Place)+string(b.Class))
	})
	return c.out
}
