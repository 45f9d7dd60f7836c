package store

import (
	"context"
	"fmt"

	"wardline/commands"
	"wardline/device"
)

// Facts implements commands.Storage.
func (s *Store) Facts(ctx context.Context, devices []device.ID, guard bool) ([]commands.Facts, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("read the database's clock: %w", err)
	}
	rows, err := readDevices(db, devices)
	if err != nil {
		return nil, err
	}
	facts, err := readCommandFacts(db, rows, nil)
	for i := range facts {
		facts[i].Now = now
	}
	if err != nil || !guard {
		return facts, err
	}
	return facts, s.lookAtBooks(db, facts, now)
}

// Command implements commands.Storage.
func (s *Store) Command(ctx context.Context, id commands.ID) (commands.Command, commands.Situation, error) {
	db := s.reader.WithContext(ctx)
	var row commandRow
	if err := db.Take(&row, "id = ?", id).Error; err != nil {
		return commands.Command{}, commands.Situation{}, commandFault(id, err)
	}
	c, err := row.command()
	if err != nil {
		return c, commands.Situation{}, err
	}
	var moves []transitionRow
	if err := db.Where("command_id = ?", id).Order("n").Find(&moves).Error; err != nil {
		return c, commands.Situation{}, fmt.Errorf("read the moves of command %s: %w", id, err)
	}
	for _, m := range moves {
		move, err := m.transition()
		if err != nil {
			return c, commands.Situation{}, err
		}
		c.Transitions = append(c.Transitions, move)
	}
	situations, err := s.situations(db, []commands.Command{c})
	if err != nil {
		return c, commands.Situation{}, fmt.Errorf("read the situation of command %s: %w", id, err)
	}
	return c, situations[0], nil
}

// Commands implements commands.Storage.
func (s *Store) Commands(ctx context.Context, q commands.Query) (commands.Page, error) {
	db := s.reader.WithContext(ctx)
	total, err := s.CountCommands(ctx, q)
	if err != nil {
		return commands.Page{}, err
	}
	page, err := s.selecting(db, q)
	if err != nil {
		return commands.Page{}, fmt.Errorf("read commands: %w", err)
	}
	if q.Before != "" {
		page = page.Where("id < ?", q.Before)
	}
	var rows []commandRow
	if err := page.Order("id DESC").Limit(q.Limit + 1).Find(&rows).Error; err != nil {
		return commands.Page{}, fmt.Errorf("read commands: %w", err)
	}
	out := commands.Page{Total: total}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		out.Next = commands.ID(rows[q.Limit-1].ID)
	}
	if out.Items, err = commandsOf(rows); err != nil {
		return commands.Page{}, err
	}
	out.Situations, err = s.situations(db, out.Items)
	return out, err
}

// Questions implements commands.Storage.
func (s *Store) Questions(ctx context.Context, id device.ID) ([]commands.Question, error) {
	var rows []questionRow
	if err := s.reader.WithContext(ctx).Where("device_id = ?", id).Order("at, command_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read what is open on device %s: %w", id, err)
	}
	out := make([]commands.Question, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = r.question(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
