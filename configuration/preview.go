package configuration

import (
	"context"
	"slices"

	"wardline/device"
)

// Proposal is a change that is thought about: exactly one of its parts is set.
type Proposal struct {
	// Assign a document to the devices that fit the selector.
	Assign   DocumentID
	Selector Selector
	// Unassign takes an assignment back.
	Unassign AssignmentID
	// Publish a new version of a document.
	Publish DocumentID
}

// Preview says what a proposal would do.
type Preview struct {
	// Fitting devices fit the selector; of them Changing would be sent something
	// else than is desired now, and Losing would have nothing desired any more.
	Fitting  int
	Changing int
	Losing   int
	// Sample are up to ten of the devices that change.
	Sample []device.ID
}

const sampleSize = 10

// Preview says how many devices a proposal would change, before it is made.
func (s *Service) Preview(ctx context.Context, p Proposal) (Preview, error) {
	now, err := s.o.Storage.ConfigAssignments(ctx)
	if err != nil {
		return Preview{}, err
	}
	if p.Publish != "" {
		return s.previewPublish(ctx, now, p.Publish)
	}
	then, selector, err := s.afterwards(ctx, now, p)
	if err != nil {
		return Preview{}, err
	}
	var out Preview
	err = s.o.Storage.ConfigSubjects(ctx, selector, func(page []Subject) error {
		for _, d := range page {
			out.add(d.Device, Resolve(now, d), Resolve(then, d))
		}
		return nil
	})
	return out, err
}

// afterwards returns the assignments as they would be, and the selector of the
// one that comes or goes.
func (s *Service) afterwards(ctx context.Context, now []Assignment, p Proposal) ([]Assignment, Selector, error) {
	if p.Unassign != "" {
		gone, err := s.assignment(ctx, p.Unassign)
		if err != nil {
			return nil, Selector{}, err
		}
		then := slices.DeleteFunc(slices.Clone(now), func(a Assignment) bool { return a.ID == p.Unassign })
		return then, gone.Selector, nil
	}
	a, _, err := s.proposed(ctx, p.Assign, &p.Selector)
	if err != nil {
		return nil, Selector{}, err
	}
	a.CreatedAt = s.o.Now()
	return append(slices.Clone(now), a), a.Selector, nil
}

func (p *Preview) add(id device.ID, now, then map[device.Subkind]Choice) {
	p.Fitting++
	changes := false
	for _, subkind := range device.ConfigSubkinds() {
		before, had := now[subkind]
		after, has := then[subkind]
		switch {
		case had && !has:
			p.Losing++
			changes = true
		case has && (!had || before.Assignment.Document != after.Assignment.Document):
			changes = true
		}
	}
	if changes {
		p.Changing++
		if len(p.Sample) < sampleSize {
			p.Sample = append(p.Sample, id)
		}
	}
}

// previewPublish counts the devices for which a document is desired: every one of
// them gets its new version.
func (s *Service) previewPublish(ctx context.Context, now []Assignment, id DocumentID) (Preview, error) {
	d, err := s.o.Storage.ConfigDocument(ctx, id)
	if err != nil {
		return Preview{}, err
	}
	var out Preview
	seen := map[device.ID]bool{}
	for _, a := range now {
		if a.Document != id {
			continue
		}
		err := s.o.Storage.ConfigSubjects(ctx, a.Selector, func(page []Subject) error {
			for _, subject := range page {
				if seen[subject.Device] {
					continue
				}
				seen[subject.Device] = true
				out.Fitting++
				if Resolve(now, subject)[d.Subkind].Assignment.Document == id {
					out.Changing++
					if len(out.Sample) < sampleSize {
						out.Sample = append(out.Sample, subject.Device)
					}
				}
			}
			return nil
		})
		if err != nil {
			return Preview{}, err
		}
	}
	return out, nil
}
