package store

import (
	"context"
	"fmt"

	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
	"wardline/safety"
)

var _ commands.Storage = (*Store)(nil)

// Enqueue implements commands.Storage.
func (s *Store) Enqueue(ctx context.Context, devices []device.ID, reading commands.Reading, resource string, decide func([]commands.Facts) (commands.Changes, error)) error {
	return s.write(ctx, func(t *tx) error {
		// First of all: asked a second time, it must not meet its own first command.
		if err := t.idempotent(ctx, resource); err != nil {
			return err
		}
		rows, err := t.lockDevices(devices)
		if err != nil {
			return err
		}
		return t.decideOn(rows, reading, func(facts []commands.Facts) (commands.Changes, error) {
			ch, err := decide(facts)
			if err == nil {
				err = t.countFounding(ch.Commands)
			}
			return ch, err
		})
	})
}

// Change implements commands.Storage.
func (s *Store) Change(ctx context.Context, id commands.ID, decide func(commands.Facts, commands.Command) (commands.Changes, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "command:"+string(id)); err != nil {
			return err
		}
		// A command never changes its device, so the device can be locked first.
		var of commandRow
		if err := t.Select("device_id", "kind", "weight").Take(&of, "id = ?", id).Error; err != nil {
			return commandFault(id, err)
		}
		row, err := t.lockDevice(device.ID(of.DeviceID))
		if err != nil {
			return err
		}
		return t.decideOn([]deviceRow{row}, readingOf(of.Kind, of.Weight), func(facts []commands.Facts) (commands.Changes, error) {
			var r commandRow
			if err := t.Take(&r, "id = ?", id).Error; err != nil {
				return commands.Changes{}, commandFault(id, err)
			}
			if err := t.believe(&r); err != nil {
				return commands.Changes{}, err
			}
			c, err := r.command()
			if err != nil {
				return commands.Changes{}, err
			}
			return decide(facts[0], c)
		})
	})
}

// readingOf is what a decision about a command that exists has to read.
func readingOf(kind, weight string) commands.Reading {
	return commands.Reading{Ward: device.Kind(kind).ByServer(), Guard: safety.Weight(weight) != safety.Quiet}
}

func commandFault(id commands.ID, err error) error {
	if notFound(err) {
		return fault.CodeNotFound.New("There is no such command.")
	}
	return fmt.Errorf("read command %s: %w", id, err)
}

// Settle implements commands.Storage.
func (s *Store) Settle(ctx context.Context, id device.ID, ids []commands.ID, decide func(commands.Facts, []commands.Command) (commands.Changes, error)) error {
	return s.write(ctx, func(t *tx) error {
		row, err := t.lockDevice(id)
		if err != nil {
			return err
		}
		return t.decideOn([]deviceRow{row}, commands.Reading{}, func(facts []commands.Facts) (commands.Changes, error) {
			var rows []commandRow
			if err := t.Where("id IN ? AND device_id = ?", ids, id).Order("id").Find(&rows).Error; err != nil {
				return commands.Changes{}, fmt.Errorf("read the commands that results are about: %w", err)
			}
			named, err := commandsOf(t.believed(rows))
			if err != nil {
				return commands.Changes{}, err
			}
			return decide(facts[0], named)
		})
	})
}

// decideOn asks for a decision about devices whose rows are locked, and keeps it.
func (t *tx) decideOn(rows []deviceRow, reading commands.Reading, decide func([]commands.Facts) (commands.Changes, error)) error {
	facts, err := t.facts(rows, reading.Ward)
	if err != nil {
		return err
	}
	var books *books
	if reading.Guard {
		// The last lock but the audit head's: after the devices and their places.
		if books, err = t.openBooks(facts); err != nil {
			return err
		}
	}
	ch, err := decide(facts)
	if err == nil && books != nil {
		err = books.err
	}
	if err != nil {
		return err
	}
	return t.keep(ch)
}

const (
	commandsPerInsert    = 200
	transitionsPerInsert = 500
)

// keep stores what was decided, with its audit events.
func (t *tx) keep(ch commands.Changes) error {
	t.record(ch.Events...)
	for _, d := range ch.Devices {
		if err := t.saveDevice(d); err != nil {
			return err
		}
	}
	if err := t.keepBatch(ch.Batch); err != nil {
		return err
	}
	if err := t.keepCommands(ch.Commands, ch.Wake); err != nil {
		return err
	}
	if err := t.changeCertificates(ch.Certificates); err != nil {
		return err
	}
	if err := t.keepBreakGlass(ch.BreakGlass); err != nil {
		return err
	}
	return t.keepQuestions(ch.Questions)
}

// keepCommands inserts new commands and writes changed ones over, in one
// statement: their devices are locked, so nobody else has changed them since.
func (t *tx) keepCommands(list []commands.Command, wake bool) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]commandRow, len(list))
	var moves []transitionRow
	for i, c := range list {
		var err error
		if rows[i], err = commandRowOf(c); err != nil {
			return err
		}
		if err := t.signCommand(&rows[i], len(c.Moved()) > 0); err != nil {
			return err
		}
		moves = append(moves, transitionRowsOf(c)...)
		t.record(c.Events()...)
		if wake && !c.DueAt.IsZero() {
			t.wakeUp(c.Enrollment)
		}
	}
	upsert := clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns(commandChanging)}
	if err := t.Clauses(upsert).CreateInBatches(&rows, commandsPerInsert).Error; err != nil {
		return fmt.Errorf("store %d commands: %w", len(rows), err)
	}
	for _, c := range list {
		if err := t.keepReceipts(c.Kept()); err != nil {
			return err
		}
	}
	if len(moves) == 0 {
		return nil
	}
	if err := t.CreateInBatches(&moves, transitionsPerInsert).Error; err != nil {
		return fmt.Errorf("store the moves of %d commands: %w", len(rows), err)
	}
	return nil
}

// AnswerQuestion implements commands.Storage.
func (s *Store) AnswerQuestion(ctx context.Context, id commands.ID, by audit.Actor, event audit.Event) error {
	return s.write(ctx, func(t *tx) error {
		var row questionRow
		err := t.Take(&row, "command_id = ? AND answered_at = 0", id).Error
		if notFound(err) {
			return fault.CodeNotFound.New("No question is open for this command.")
		}
		if err != nil {
			return fmt.Errorf("read the question that command %s left: %w", id, err)
		}
		res := t.Model(&questionRow{}).Where("command_id = ? AND answered_at = 0", id).
			Updates(map[string]any{"answered_at": dbTime(t.now), "answered_by": jsonText(by)})
		if res.Error != nil {
			return fmt.Errorf("answer the question that command %s left: %w", id, res.Error)
		}
		if res.RowsAffected == 0 { // somebody else was faster
			return fault.CodeNotFound.New("No question is open for this command.")
		}
		event.Device = row.DeviceID
		t.record(event)
		return nil
	})
}

func (t *tx) keepQuestions(questions []commands.Question) error {
	if len(questions) == 0 {
		return nil
	}
	rows := make([]questionRow, len(questions))
	for i, q := range questions {
		rows[i] = questionRow{CommandID: string(q.Command), DeviceID: string(q.Device), At: dbTime(q.At), Text: q.Text}
		t.record(audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "enrollment"}, Action: "device.question_left",
			Device: string(q.Device), Command: string(q.Command), Detail: map[string]any{"because": q.Text}})
	}
	if err := t.CreateInBatches(&rows, commandsPerInsert).Error; err != nil {
		return fmt.Errorf("store what stays open on devices: %w", err)
	}
	return nil
}
