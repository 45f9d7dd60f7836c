package store

import (
	"fmt"
	"slices"

	"wardline/commands"
	"wardline/safety"
)

// believed leaves out commands that cannot be believed: nothing is decided about
// them, and people are told. Their devices are locked.
func (t *tx) believed(rows []commandRow) []commandRow {
	out := rows[:0:len(rows)]
	for i := range rows {
		if t.believe(&rows[i]) == nil {
			out = append(out, rows[i])
		}
	}
	return out
}

// signCommand makes a command's code. A version that made no move keeps the audit
// link of the one before: nothing in the log speaks of it.
func (t *tx) signCommand(row *commandRow, moved bool) error {
	link := t.link
	if !moved {
		id, _ := rowOf(row)
		link = t.versions[id].Link
	}
	return t.signUnder(row, link)
}

// proveDestructive looks again at what is about to destroy: every move that the
// command made stands in the audit log, and none that it does not know of, so that
// a row from before it was taken back is told from the last one also by a server
// that never saw it; and whoever approved it has an account that can be believed.
// What fails is taken out of facts. There is little of it: idle polls and other
// work do not get here.
func (t *tx) proveDestructive(facts []commands.Facts) error {
	var ids, people []string
	due := func(c commands.Command) bool {
		return c.Weight == safety.Destructive && !c.DueAt.IsZero() && !c.DueAt.After(t.now)
	}
	for _, f := range facts {
		for _, c := range f.Open {
			if due(c) {
				ids = append(ids, string(c.ID))
				for _, a := range c.Approvals {
					people = append(people, a.Actor.ID)
				}
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	moves, err := t.recordedMoves(ids)
	if err != nil {
		return err
	}
	approvers, err := t.believedPeople(people)
	if err != nil {
		return err
	}
	for i := range facts {
		facts[i].Open = slices.DeleteFunc(slices.Clone(facts[i].Open), func(c commands.Command) bool {
			if !due(c) {
				return false
			}
			why := ""
			switch unknown := slices.ContainsFunc(c.Approvals, func(a commands.Approval) bool { return !approvers[a.Actor.ID] }); {
			case moves[string(c.ID)] != c.Moves:
				why = fmt.Sprintf("it made %d moves, and the audit log tells of %d", c.Moves, moves[string(c.ID)])
			case unknown:
				why = "somebody approved it whose account cannot be believed"
			default:
				return false
			}
			t.altered = append(t.altered, altered{table: "command", id: string(c.ID), why: why})
			return true
		})
	}
	return nil
}

func (t *tx) recordedMoves(ids []string) (map[string]int, error) {
	moves := map[string]int{}
	for chunk := range slices.Chunk(ids, idsPerSelect) {
		var rows []struct {
			CommandID string
			N         int
		}
		// The index leaves out empty values, and serves only a query that says so.
		err := t.Raw(`SELECT command_id, COUNT(*) AS n FROM audit_event WHERE command_id IN ? AND command_id <> '' AND action IN ? GROUP BY command_id`,
			chunk, commands.MoveActions()).Scan(&rows).Error
		if err != nil {
			return nil, fmt.Errorf("compare commands with the audit log: %w", err)
		}
		for _, r := range rows {
			moves[r.CommandID] = r.N
		}
	}
	return moves, nil
}

// believedPeople says which of these accounts are there and can be believed.
func (t *tx) believedPeople(ids []string) (map[string]bool, error) {
	good := map[string]bool{}
	slices.Sort(ids)
	for chunk := range slices.Chunk(slices.Compact(ids), idsPerSelect) {
		var rows []accountRow
		if err := t.Where("id IN ?", chunk).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("read the accounts of approvers: %w", err)
		}
		for _, r := range rows {
			good[r.ID] = t.believeUnlocked(&r) == nil
		}
	}
	return good, nil
}
