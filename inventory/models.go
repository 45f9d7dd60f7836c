package inventory

import (
	"context"
	"slices"
	"strings"

	"wardline/audit"
	"wardline/device"
	"wardline/internal/fault"
)

// Models lists all models by maker and name.
func (s *Service) Models(ctx context.Context) ([]device.Model, error) { return s.storage.Models(ctx) }

// Model returns one model.
func (s *Service) Model(ctx context.Context, id device.ModelID) (device.Model, error) {
	return s.storage.Model(ctx, id)
}

// CreateModel adds a model; its ID and version are given.
func (s *Service) CreateModel(ctx context.Context, actor audit.Actor, m device.Model) (device.Model, error) {
	if err := checkModel(&m); err != nil {
		return device.Model{}, err
	}
	m.ID, m.Version = device.ModelID(s.newID()), 1
	err := s.storage.CreateModel(ctx, m, audit.Event{Actor: actor, Action: ActionModelCreated, Subject: "model:" + string(m.ID),
		Detail: map[string]any{"maker": m.Maker, "name": m.Name, "class": m.Class, "capabilities": m.Capabilities}})
	if err != nil {
		return device.Model{}, err
	}
	return m, nil
}

// UpdateModel changes a model; version is the one that was read, 0 any. The
// class never changes; capabilities, and whether cutting the network is
// harmless, change only while no device of the model is enrolled.
func (s *Service) UpdateModel(ctx context.Context, actor audit.Actor, version int, m device.Model) (device.Model, error) {
	if err := checkModel(&m); err != nil {
		return device.Model{}, err
	}
	return s.storage.ChangeModel(ctx, m.ID, func(before device.Model, enrolled int) (device.Model, audit.Event, error) {
		var none audit.Event
		if version != 0 && version != before.Version {
			return before, none, fault.CodeStale.New("The model was changed since you read it (version %d, now %d).", version, before.Version)
		}
		if m.Class != before.Class {
			return before, none, CodeClassFixed.New("%s %s is registered as a %s, and its class cannot be edited.", before.Maker, before.Name, strings.ToLower(before.Class.Words()))
		}
		if enrolled > 0 && !sameKinds(m.Capabilities, before.Capabilities) {
			return before, none, CodeModelFixed.New("%d devices of this model are enrolled: what the model is capable of cannot be edited.", enrolled)
		}
		if enrolled > 0 && m.NetworkCut != before.NetworkCut {
			return before, none, CodeModelFixed.New("%d devices of this model are enrolled: whether cutting their network is harmless cannot be edited.", enrolled)
		}
		return m, audit.Event{Actor: actor, Action: ActionModelUpdated, Subject: "model:" + string(m.ID), Detail: map[string]any{
			"maker": m.Maker, "name": m.Name, "capabilities": m.Capabilities, "network_cut": m.NetworkCut, "legacy_scep": m.LegacySCEP}}, nil
	})
}

func sameKinds(a, b []device.Kind) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func checkModel(m *device.Model) error {
	bad := fault.CodeInvalid.New("The model cannot be saved.")
	m.Maker, m.Name = strings.TrimSpace(m.Maker), strings.TrimSpace(m.Name)
	for name, value := range map[string]string{"maker": m.Maker, "name": m.Name} {
		if value == "" {
			bad.WithField(name, "is missing")
		}
		checkText(name, value, maxText, bad)
	}
	checkText("wipe_erases", m.WipeErases, maxReason, bad)
	checkText("wipe_keeps", m.WipeKeeps, maxReason, bad)
	checkText("network_cut_source", m.NetworkCutSource, maxReason, bad)
	if !m.Class.Valid() {
		bad.WithField("class", "%q is not a class", clip(string(m.Class)))
	}
	for _, k := range m.Capabilities {
		if !k.Valid() {
			bad.WithField("capabilities", "%q is not a command", clip(string(k)))
		}
	}
	if len(m.Sanitisation) > maxSteps {
		bad.WithField("sanitisation", "has more than %d steps", maxSteps)
	}
	for _, step := range m.Sanitisation {
		checkText("sanitisation", step, maxReason, bad)
	}
	if m.NetworkCut == "" {
		m.NetworkCut = device.NetworkCutUnknown
	}
	switch m.NetworkCut {
	case device.NetworkCutUnknown:
	case device.NetworkCutSafe, device.NetworkCutHarmful:
		if strings.TrimSpace(m.NetworkCutSource) == "" {
			bad.WithField("network_cut_source", "name the document that says so")
		}
	default:
		bad.WithField("network_cut", "must be safe, unknown or harmful")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}
