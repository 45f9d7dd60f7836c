package store

import (
	"context"
	"fmt"

	"wardline/commands"
	"wardline/device"
	"wardline/internal/fault"
)

type receiptRow struct {
	CommandID   string `gorm:"column:command_id;primaryKey"`
	N           int    `gorm:"column:n;primaryKey"`
	At          dbTime `gorm:"column:at"`
	Status      string `gorm:"column:status"`
	Fingerprint string `gorm:"column:fingerprint"`
	Receipt     string `gorm:"column:receipt"`
	Valid       bool   `gorm:"column:valid"`
}

func (receiptRow) TableName() string { return "command_receipt" }

// keepReceipts adds what devices signed. Their rows are locked by the caller, so
// the numbers have no gaps.
func (t *tx) keepReceipts(list []commands.KeptReceipt) error {
	for _, r := range list {
		var n int
		if err := t.Raw("SELECT COALESCE(MAX(n), 0) FROM command_receipt WHERE command_id = ?", r.Command).Scan(&n).Error; err != nil {
			return fmt.Errorf("number a receipt of command %s: %w", r.Command, err)
		}
		row := receiptRow{CommandID: string(r.Command), N: n + 1, At: dbTime(r.At), Status: string(r.Status),
			Fingerprint: string(r.Fingerprint), Receipt: r.JWS, Valid: r.Valid}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("keep a receipt of command %s: %w", r.Command, err)
		}
	}
	return nil
}

// Receipts implements commands.Storage.
func (s *Store) Receipts(ctx context.Context, id commands.ID) ([]commands.KeptReceipt, error) {
	var rows []receiptRow
	if err := s.reader.WithContext(ctx).Where("command_id = ?", id).Order("n").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the receipts of command %s: %w", id, err)
	}
	out := make([]commands.KeptReceipt, len(rows))
	for i, r := range rows {
		out[i] = commands.KeptReceipt{Command: id, At: r.At.time(), Status: commands.ResultStatus(r.Status),
			Fingerprint: device.Fingerprint(r.Fingerprint), JWS: r.Receipt, Valid: r.Valid}
	}
	return out, nil
}

// CertificateDER reads a certificate that was issued; fault.CodeNotFound when
// there is none.
func (s *Store) CertificateDER(ctx context.Context, fp device.Fingerprint) ([]byte, error) {
	var row certificateRow
	err := s.reader.WithContext(ctx).Select("der").Take(&row, "fingerprint = ? AND fingerprint <> ''", string(fp)).Error
	if notFound(err) {
		return nil, fault.CodeNotFound.New("There is no such certificate.")
	}
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", fp, err)
	}
	return row.DER, nil
}
