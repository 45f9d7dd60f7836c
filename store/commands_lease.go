package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/wake"
)

// dueRow is what an enrollment has in the queue, apart by whether it only waits
// for another therapy state.
type dueRow struct {
	EnrollmentID string
	Held         bool
	Due          dbTime
}

// dueSelect is answered from the index command_due alone. What waits for another
// therapy state is held, and what a pump has staged; one whose retry is still to
// come counts as work that comes due.
const dueSelect = `SELECT enrollment_id, (state = 'held' OR (state = 'accepted' AND staged)) AND due_at <= ? AS held, MIN(due_at) AS due
	FROM command WHERE due_at > 0`

const dueGroup = " GROUP BY 1, 2"

// WorkSnapshot implements wake.Source.
func (s *Store) WorkSnapshot(ctx context.Context) ([]wake.Work, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return nil, fmt.Errorf("read which enrollments have work: %w", err)
	}
	var rows []dueRow
	if err := db.Raw(dueSelect+dueGroup, dbTime(now)).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read which enrollments have work: %w", err)
	}
	return worksOf(rows), nil
}

// DueWork implements wake.Source.
func (s *Store) DueWork(ctx context.Context, enrollments []device.EnrollmentID) ([]wake.Work, error) {
	rows, _, err := s.dueOf(s.reader.WithContext(ctx), enrollments)
	return worksOf(rows), err
}

func worksOf(rows []dueRow) []wake.Work {
	works := make([]wake.Work, len(rows))
	for i, r := range rows {
		works[i] = wake.Work{Enrollment: device.EnrollmentID(r.EnrollmentID), Due: r.Due.time(), Held: r.Held}
	}
	return works
}

func (s *Store) dueOf(db *gorm.DB, enrollments []device.EnrollmentID) ([]dueRow, time.Time, error) {
	now, err := s.clock(db)
	if err != nil {
		return nil, now, fmt.Errorf("read what enrollments have due: %w", err)
	}
	var all []dueRow
	for chunk := range slices.Chunk(enrollments, idsPerSelect) {
		var rows []dueRow
		if err := db.Raw(dueSelect+" AND enrollment_id IN ?"+dueGroup, dbTime(now), chunk).Scan(&rows).Error; err != nil {
			return nil, now, fmt.Errorf("read what enrollments have due: %w", err)
		}
		all = append(all, rows...)
	}
	return all, now, nil
}

// Lease implements commands.Storage. The first look takes no lock, so that polls
// that were woken for nothing cost one read; what is true counts again once the
// devices are locked.
func (s *Store) Lease(ctx context.Context, at []commands.Whereabouts, decide func([]commands.Facts) (commands.Changes, error)) ([]commands.Remaining, error) {
	enrollments := make([]device.EnrollmentID, len(at))
	bssids := make(map[device.EnrollmentID]string, len(at))
	for i, w := range at {
		enrollments[i], bssids[w.Enrollment] = w.Enrollment, w.BSSID
	}
	rows, now, err := s.dueOf(s.reader.WithContext(ctx), enrollments)
	if err != nil {
		return nil, err
	}
	due, rest := split(rows, now)
	if len(due) == 0 {
		return rest, nil
	}
	return rest, s.write(ctx, func(t *tx) error {
		var ids []device.ID
		err := t.Raw("SELECT DISTINCT device_id FROM command WHERE enrollment_id IN ? AND due_at > 0", due).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("find the devices of enrollments: %w", err)
		}
		guarded, err := t.dueForGuard(due)
		if err != nil {
			return err
		}
		devices, err := t.lockDevices(ids)
		if err != nil {
			return err
		}
		// Only the current enrollment of a device gets anything.
		devices = slices.DeleteFunc(devices, func(r deviceRow) bool {
			return !slices.Contains(due, device.EnrollmentID(r.record.EnrollmentID))
		})
		if err := t.careByAccessPoint(devices, bssids); err != nil {
			return err
		}
		return t.decideOn(devices, commands.Reading{Guard: guarded}, func(facts []commands.Facts) (commands.Changes, error) {
			if err := t.proveDestructive(facts); err != nil {
				return commands.Changes{}, err
			}
			return decide(facts)
		})
	})
}

// dueForGuard says whether something that is not quiet is due for one of these
// enrollments. What comes to be due after this look waits for its own wake-up:
// a guard that finds no books keeps it back.
func (t *tx) dueForGuard(enrollments []device.EnrollmentID) (bool, error) {
	for chunk := range slices.Chunk(enrollments, idsPerSelect) {
		var n int64
		err := t.Raw("SELECT COUNT(*) FROM command WHERE enrollment_id IN ? AND due_at > 0 AND due_at <= ? AND weight <> 'quiet'",
			chunk, dbTime(t.now)).Scan(&n).Error
		if err != nil {
			return false, fmt.Errorf("look for guarded work of enrollments: %w", err)
		}
		if n > 0 {
			return true, nil
		}
	}
	return false, nil
}

// split tells enrollments that have something due from the others, and says what
// those others wait for.
func split(rows []dueRow, now time.Time) (due []device.EnrollmentID, rest []commands.Remaining) {
	slices.SortFunc(rows, func(a, b dueRow) int { return a.Due.time().Compare(b.Due.time()) })
	seen := map[string]bool{}
	for _, r := range rows { // what comes due first comes first
		if seen[r.EnrollmentID] {
			continue
		}
		seen[r.EnrollmentID] = true
		if r.Due.time().After(now) {
			rest = append(rest, commands.Remaining{Enrollment: device.EnrollmentID(r.EnrollmentID), NextDue: r.Due.time()})
		} else {
			due = append(due, device.EnrollmentID(r.EnrollmentID))
		}
	}
	return due, rest
}

// careByAccessPoint adds the care areas that devices are in by the access point
// of this very poll.
func (t *tx) careByAccessPoint(rows []deviceRow, bssids map[device.EnrollmentID]string) error {
	var names []string
	for _, b := range bssids {
		if b != "" {
			names = append(names, b)
		}
	}
	if len(names) == 0 {
		return nil
	}
	var care []string
	err := t.Raw("SELECT a.bssid FROM access_point a JOIN place p ON p.id = a.place_id WHERE p.care_area AND a.bssid IN ?", names).Scan(&care).Error
	if err != nil {
		return fmt.Errorf("read the places of access points: %w", err)
	}
	for i, r := range rows {
		if b := bssids[device.EnrollmentID(r.record.EnrollmentID)]; b != "" && slices.Contains(care, b) {
			rows[i].careArea = true
		}
	}
	return nil
}

// Sweep implements commands.Storage.
func (s *Store) Sweep(ctx context.Context, limit int, silentAfter time.Duration, decide func([]commands.Facts) (commands.Changes, error)) (int, error) {
	db := s.reader.WithContext(ctx)
	now, err := s.clock(db)
	if err != nil {
		return 0, fmt.Errorf("find commands whose time is over: %w", err)
	}
	var ids []device.ID
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{`SELECT DISTINCT device_id FROM command c WHERE ended_at = 0 AND expires_at > 0 AND expires_at <= ? AND state <> 'accepted'
			AND NOT (keep_while_lost AND EXISTS (SELECT 1 FROM device_hold h WHERE h.device_id = c.device_id AND h.kind = 'lost')) LIMIT ?`,
			[]any{dbTime(now), limit}},
		{`SELECT DISTINCT device_id FROM command WHERE state = 'accepted' AND NOT unconfirmed
			AND ((NOT staged AND accepted_at <= ?) OR (staged AND accepted_at <= ?)) LIMIT ?`,
			[]any{dbTime(now.Add(-silentAfter)), dbTime(now.Add(-silentAfter - commands.StageLife)), limit}},
		{`SELECT DISTINCT c.device_id FROM command c JOIN command_batch b ON b.id = c.batch_id
			WHERE c.due_at = 0 AND c.ended_at = 0 AND c.ring > 1 AND c.state IN ('queued', 'held') AND c.ring <= b.open_ring LIMIT ?`,
			[]any{limit}},
	} {
		var found []device.ID
		if err := db.Raw(q.sql, q.args...).Scan(&found).Error; err != nil {
			return 0, fmt.Errorf("find commands whose time is over: %w", err)
		}
		ids = append(ids, found...)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	ids = ids[:min(len(ids), limit)]
	return len(ids), s.write(ctx, func(t *tx) error {
		rows, err := t.lockDevices(ids)
		if err != nil {
			return err
		}
		return t.decideOn(rows, commands.Reading{}, decide)
	})
}
