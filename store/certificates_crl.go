package store

import (
	"context"
	"fmt"

	"wardline/audit"
	"wardline/ca"
)

type crlRow struct {
	Issuer     string `gorm:"column:issuer;primaryKey"`
	Changes    int64  `gorm:"column:changes"`
	Number     int64  `gorm:"column:number"`
	Covers     int64  `gorm:"column:covers"`
	ThisUpdate dbTime `gorm:"column:this_update"`
	NextUpdate dbTime `gorm:"column:next_update"`
	DER        []byte `gorm:"column:der"`
}

func (crlRow) TableName() string { return "crl_state" }

func (r crlRow) crl() ca.CRL {
	return ca.CRL{Issuer: ca.Role(r.Issuer), Number: r.Number, Change: r.Covers,
		ThisUpdate: r.ThisUpdate.time(), NextUpdate: r.NextUpdate.time(), DER: r.DER}
}

// LoadCRL implements ca.Store.
func (s *Store) LoadCRL(ctx context.Context, issuer ca.Role, above int64) (ca.CRL, error) {
	var rows []crlRow
	err := s.reader.WithContext(ctx).Where("issuer = ? AND number > ?", string(issuer), above).Find(&rows).Error
	if err != nil {
		return ca.CRL{}, fmt.Errorf("read the CRL of the %s CA: %w", issuer, err)
	}
	if len(rows) == 0 {
		return ca.CRL{}, nil
	}
	return rows[0].crl(), nil
}

// PutCRL implements ca.Store.
func (s *Store) PutCRL(ctx context.Context, next ca.CRL) (ca.CRL, error) {
	var out ca.CRL
	err := s.write(ctx, func(t *tx) error {
		res := t.Model(&crlRow{}).Where("issuer = ? AND number < ?", string(next.Issuer), next.Number).
			Updates(map[string]any{"number": next.Number, "covers": next.Change, "der": next.DER,
				"this_update": dbTime(next.ThisUpdate), "next_update": dbTime(next.NextUpdate)})
		if res.Error != nil {
			return fmt.Errorf("store the CRL of the %s CA: %w", next.Issuer, res.Error)
		}
		if res.RowsAffected > 0 {
			t.record(audit.Event{Actor: authority, Action: "crl.published", Subject: "ca:" + string(next.Issuer),
				Detail: map[string]any{"number": next.Number, "next_update": next.NextUpdate}})
		}
		var row crlRow
		if err := t.Take(&row, "issuer = ?", string(next.Issuer)).Error; err != nil {
			return fmt.Errorf("read the CRL of the %s CA: %w", next.Issuer, err)
		}
		out = row.crl()
		return nil
	})
	return out, err
}
