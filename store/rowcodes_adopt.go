package store

import (
	"context"
	"fmt"

	"wardline/audit"
	"wardline/internal/rowmac"
)

// rowCodesSince is the migration that brought the codes of rows.
const rowCodesSince = 16

// AdoptRows signs rows that carry no code. It is called once, by the start that
// brings the codes to a database from before; whoever calls it later says that
// what stands in the database now is to be believed.
func (s *Store) AdoptRows(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		counts := map[string]any{}
		for _, table := range []func(*tx) (string, int, error){
			adopt[accountRow], adopt[foundingRow], adopt[accountChangeRow], adopt[recoveryRow], adopt[setupLinkRow], adopt[sessionRow],
			adopt[refreshRow], adopt[stepUpRow], adopt[tokenRow], adopt[commandRow], adopt[freezeRow], adopt[limitChangeRow],
			adopt[invitationRow], adopt[configVersionRow], adopt[assignmentRow], adopt[epochRow],
		} {
			name, n, err := table(t)
			if err != nil {
				return fmt.Errorf("sign the rows of %s: %w", name, err)
			}
			if n > 0 {
				counts[name] = n
			}
		}
		if len(counts) > 0 {
			t.record(audit.Event{Actor: alarmActor, Action: "integrity.rows_signed", Subject: "database", Detail: map[string]any{"alert": true, "rows": counts}})
		}
		return nil
	})
}

const adoptedAtOnce = 500

func adopt[Row any, P interface {
	*Row
	provable
}](t *tx) (string, int, error) {
	table, n := P(new(Row)).TableName(), 0
	for {
		var rows []Row
		err := t.Where("row_mac IS NULL OR length(row_mac) = 0").Limit(adoptedAtOnce).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return table, n, err
		}
		for i := range rows {
			row := P(&rows[i])
			id, _ := rowOf(row)
			t.versions[id] = rowmac.Version{N: row.carried().RowN}
			if err := t.sign(row); err != nil {
				return table, n, err
			}
			if err := t.Model(row).Select("row_n", "row_link", "row_mac").Updates(row).Error; err != nil {
				return table, n, err
			}
			n++
		}
	}
}
