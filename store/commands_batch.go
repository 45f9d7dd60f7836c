package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

func (t *tx) keepBatch(b *commands.Batch) error {
	if b == nil {
		return nil
	}
	row := batchRowOf(*b)
	if err := t.Create(&row).Error; err != nil {
		return fmt.Errorf("store batch %s: %w", b.ID, err)
	}
	if len(b.Items) == 0 {
		return nil
	}
	refused := make([]batchRefusalRow, len(b.Items))
	for i, it := range b.Items {
		refused[i] = batchRefusalRow{BatchID: string(b.ID), DeviceID: string(it.Device), Code: it.Code, Sentence: it.Sentence}
	}
	if err := t.CreateInBatches(&refused, transitionsPerInsert).Error; err != nil {
		return fmt.Errorf("store the refusals of batch %s: %w", b.ID, err)
	}
	return nil
}

// ChangeBatch implements commands.Storage.
func (s *Store) ChangeBatch(ctx context.Context, id commands.BatchID, decide func(commands.Batch, []commands.Facts) (commands.Changes, error)) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.idempotent(ctx, "batch:"+string(id)); err != nil {
			return err
		}
		var ids []device.ID
		if err := t.Raw("SELECT DISTINCT device_id FROM command WHERE batch_id = ? AND ended_at = 0", id).Scan(&ids).Error; err != nil {
			return fmt.Errorf("find the devices of batch %s: %w", id, err)
		}
		rows, err := t.lockDevices(ids)
		if err != nil {
			return err
		}
		// The batch is locked after its devices, as commands are.
		var locked batchRow
		err = t.Raw("SELECT * FROM command_batch WHERE id = ?"+t.lockRows(), id).Take(&locked).Error
		if err != nil {
			return batchFault(id, err)
		}
		b, err := locked.batch()
		if err != nil {
			return err
		}
		stop := ""
		err = t.decideOn(rows, readingOf(string(b.Kind), string(b.Weight)), func(facts []commands.Facts) (commands.Changes, error) {
			ch, err := decide(b, facts)
			stop = ch.StopBatch
			return ch, err
		})
		if err != nil || stop == "" {
			return err
		}
		err = t.Model(&batchRow{}).Where("id = ?", id).Updates(map[string]any{"stopped_at": dbTime(t.now), "stop_reason": stop}).Error
		if err != nil {
			return fmt.Errorf("stop batch %s: %w", id, err)
		}
		return nil
	})
}

func batchFault(id commands.BatchID, err error) error {
	if notFound(err) {
		return fault.CodeNotFound.New("There is no such batch.")
	}
	return fmt.Errorf("read batch %s: %w", id, err)
}

// RunningBatches implements commands.Storage.
func (s *Store) RunningBatches(ctx context.Context, silentAfter time.Duration) ([]commands.BatchProgress, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("read running batches: %w", err)
	}
	var rows []struct {
		Batch             batchRow `gorm:"embedded"`
		Going, Bad, Quiet int
	}
	cut := dbTime(now.Add(-silentAfter))
	// A wipe that was accepted with a receipt is done as far as its ring goes:
	// silence is then the normal end.
	err = db.Raw(`SELECT b.*, p.going, p.bad, p.quiet FROM command_batch b JOIN (
			SELECT c.batch_id,
				COUNT(CASE WHEN c.ended_at = 0 AND NOT (c.state = 'accepted' AND c.outcome = 'erase_started') THEN 1 END) AS going,
				COUNT(CASE WHEN c.state IN ('failed', 'expired') OR (c.state = 'refused' AND c.attempt > 0) THEN 1 END) AS bad,
				COUNT(CASE WHEN (c.state = 'delivered' AND c.delivered_at <= ?)
					OR (c.state = 'accepted' AND NOT c.staged AND c.outcome <> 'erase_started' AND c.accepted_at <= ?)
					OR (c.state = 'queued' AND r.received_at <= ? AND x.ring_opened_at <= ? AND c.not_before <= ?) THEN 1 END) AS quiet
			FROM command_batch x JOIN command c ON c.batch_id = x.id AND c.ring <= x.open_ring
				JOIN device_report r ON r.device_id = c.device_id
			WHERE x.stopped_at = 0 AND x.open_ring < x.rings
			GROUP BY c.batch_id) p ON p.batch_id = b.id
		ORDER BY b.id`, cut, cut, cut, cut, cut).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read running batches: %w", err)
	}
	out := make([]commands.BatchProgress, len(rows))
	for i, r := range rows {
		b, err := r.Batch.batch()
		if err != nil {
			return nil, err
		}
		out[i] = commands.BatchProgress{Batch: b, Open: r.Going, Bad: r.Bad, Silent: r.Quiet}
	}
	return out, nil
}

// OpenRing implements commands.Storage. Only one of several replicas opens a
// ring.
func (s *Store) OpenRing(ctx context.Context, id commands.BatchID, ring int) error {
	return s.write(ctx, func(t *tx) error {
		res := t.Model(&batchRow{}).Where("id = ? AND open_ring = ? AND stopped_at = 0", id, ring-1).
			Updates(map[string]any{"open_ring": ring, "ring_opened_at": dbTime(t.now)})
		if res.Error != nil {
			return fmt.Errorf("open ring %d of batch %s: %w", ring, id, res.Error)
		}
		if res.RowsAffected == 1 {
			t.record(audit.Event{Actor: audit.Actor{Kind: audit.ActorSystem, ID: "batches"}, Action: "batch.ring_opened",
				Subject: "batch:" + string(id), Detail: map[string]any{"ring": ring}})
		}
		return nil
	})
}

// Batch implements commands.Storage.
func (s *Store) Batch(ctx context.Context, id commands.BatchID) (commands.Batch, error) {
	db := s.reader.WithContext(ctx)
	var row batchRow
	if err := db.Take(&row, "id = ?", id).Error; err != nil {
		return commands.Batch{}, batchFault(id, err)
	}
	b, err := row.batch()
	if err != nil {
		return commands.Batch{}, err
	}
	var made []commandRow
	err = db.Select("id", "device_id", "ring", "state", "state_reason", "outcome").Where("batch_id = ?", id).Order("ring, id").Find(&made).Error
	var refused []batchRefusalRow
	err = errors.Join(err, db.Where("batch_id = ?", id).Order("device_id").Find(&refused).Error)
	if err != nil {
		return commands.Batch{}, fmt.Errorf("read the devices of batch %s: %w", id, err)
	}
	for _, r := range made {
		b.Items = append(b.Items, commands.BatchItem{Device: device.ID(r.DeviceID), Command: commands.ID(r.ID), Ring: r.Ring,
			State: commands.State(r.State), Outcome: commands.Outcome(r.Outcome), Sentence: r.StateReason})
	}
	for _, r := range refused {
		b.Items = append(b.Items, commands.BatchItem{Device: device.ID(r.DeviceID), State: commands.StateRefused, Code: r.Code, Sentence: r.Sentence})
	}
	return b, nil
}
