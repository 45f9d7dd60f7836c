package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/internal/fault"
)

// The authority's own keys, the record of every certificate, and its status.
// CRLs are in certificates_crl.go, the certificates of one device in
// enrollment_device.go.

var _ ca.Store = (*Store)(nil)

type issuerRow struct {
	Role        string `gorm:"column:role;primaryKey"`
	Generation  int    `gorm:"column:generation;primaryKey"`
	Certificate []byte `gorm:"column:certificate"`
	SealedKey   []byte `gorm:"column:sealed_key"`
	CreatedAt   dbTime `gorm:"column:created_at;autoCreateTime:false"`
}

func (issuerRow) TableName() string { return "issuer" }

type certificateRow struct {
	Serial       string `gorm:"column:serial;primaryKey"`
	Purpose      string `gorm:"column:purpose"`
	Subject      string `gorm:"column:subject"`
	DeviceID     string `gorm:"column:device_id"`
	EnrollmentID string `gorm:"column:enrollment_id"`
	Class        string `gorm:"column:class"`
	MakerSerial  string `gorm:"column:maker_serial"`
	KeyHash      string `gorm:"column:key_hash"`
	Fingerprint  string `gorm:"column:fingerprint"`
	DER          []byte `gorm:"column:der"`
	NotBefore    dbTime `gorm:"column:not_before"`
	NotAfter     dbTime `gorm:"column:not_after"`
	RecordedAt   dbTime `gorm:"column:recorded_at"`
	IssuedAt     dbTime `gorm:"column:issued_at"`
	FirstUsedAt  dbTime `gorm:"column:first_used_at"`
	SupersededAt dbTime `gorm:"column:superseded_at"`
	Revocation   string `gorm:"column:revocation"`
	Reason       int    `gorm:"column:reason"`
	RevokedAt    dbTime `gorm:"column:revoked_at"`
	Change       int64  `gorm:"column:change"`
}

func (certificateRow) TableName() string { return "certificate" }

// What the world is told about a certificate.
const (
	revocationNone    = ""
	revocationHeld    = "held"
	revocationRevoked = "revoked"
)

func (r certificateRow) status() ca.Status {
	return ca.Status{Serial: ca.Serial(r.Serial), Fingerprint: device.Fingerprint(r.Fingerprint), NotAfter: r.NotAfter.time(),
		Revoked: r.Revocation != revocationNone, Reason: ca.Reason(r.Reason), RevokedAt: r.RevokedAt.time(), Change: r.Change}
}

// authority is the actor of what the certificate authority does by itself.
var authority = audit.Actor{Kind: audit.ActorSystem, ID: "certificate authority"}

// LoadIssuers implements ca.Store.
func (s *Store) LoadIssuers(ctx context.Context) ([]ca.Issuer, error) {
	return readIssuers(s.reader.WithContext(ctx))
}

func readIssuers(db *gorm.DB) ([]ca.Issuer, error) {
	var rows []issuerRow
	if err := db.Order("role, generation").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read issuers: %w", err)
	}
	out := make([]ca.Issuer, len(rows))
	for i, r := range rows {
		out[i] = ca.Issuer{Role: ca.Role(r.Role), Generation: r.Generation, Certificate: r.Certificate, SealedKey: r.SealedKey}
	}
	return out, nil
}

// errTaken rolls a transaction back because another replica was faster.
var errTaken = errors.New("another replica was faster")

// CreateIssuers implements ca.Store. Two replicas that start together both try;
// the primary key lets one through and makes the other wait for it.
func (s *Store) CreateIssuers(ctx context.Context, first []ca.Issuer) ([]ca.Issuer, error) {
	err := s.write(ctx, func(t *tx) error {
		var n int64
		if err := t.Model(&issuerRow{}).Count(&n).Error; err != nil {
			return err
		}
		if n > 0 {
			return errTaken
		}
		for _, i := range first {
			if err := t.insertIssuer(i); err != nil {
				return err
			}
		}
		t.record(audit.Event{Actor: authority, Action: "ca.created", Subject: "ca:root",
			Detail: map[string]any{"root": string(ca.FingerprintOf(first[0].Certificate))}})
		return nil
	})
	if err != nil && !errors.Is(err, errTaken) && !errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil, fmt.Errorf("store the certificate authority: %w", err)
	}
	return readIssuers(s.writer.WithContext(ctx))
}

// AddIssuer implements ca.Store.
func (s *Store) AddIssuer(ctx context.Context, next ca.Issuer) ([]ca.Issuer, error) {
	err := s.write(ctx, func(t *tx) error {
		if err := t.insertIssuer(next); err != nil {
			return err
		}
		t.record(audit.Event{Actor: authority, Action: "ca.renewed", Subject: "ca:" + string(next.Role),
			Detail: map[string]any{"generation": next.Generation}})
		return nil
	})
	if err != nil && !errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil, fmt.Errorf("store the renewed %s certificate: %w", next.Role, err)
	}
	all, err := readIssuers(s.writer.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	var out []ca.Issuer
	for _, i := range all {
		if i.Role == next.Role {
			out = append(out, i)
		}
	}
	return out, nil
}

func (t *tx) insertIssuer(i ca.Issuer) error {
	row := issuerRow{Role: string(i.Role), Generation: i.Generation, Certificate: i.Certificate, SealedKey: i.SealedKey, CreatedAt: dbTime(t.now)}
	return t.Create(&row).Error
}

// RecordCertificate implements ca.Store.
func (s *Store) RecordCertificate(ctx context.Context, r ca.Record) error {
	return s.write(ctx, func(t *tx) error {
		row := certificateRow{Serial: string(r.Serial), Purpose: string(r.Purpose), Subject: r.Subject,
			NotBefore: dbTime(r.NotBefore), NotAfter: dbTime(r.NotAfter), RecordedAt: dbTime(t.now)}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("record certificate %s: %w", r.Serial, err)
		}
		t.record(audit.Event{Actor: authority, Action: "certificate.recorded", Subject: "certificate:" + string(r.Serial),
			Detail: map[string]any{"purpose": string(r.Purpose), "for": r.Subject}})
		return nil
	})
}

// StoreCertificate implements ca.Store.
func (s *Store) StoreCertificate(ctx context.Context, serial ca.Serial, der []byte) error {
	fp := string(ca.FingerprintOf(der))
	return s.write(ctx, func(t *tx) error {
		res := t.Model(&certificateRow{}).Where("serial = ? AND fingerprint = ''", string(serial)).
			Updates(map[string]any{"fingerprint": fp, "der": der, "issued_at": dbTime(t.now)})
		if res.Error != nil {
			return fmt.Errorf("store certificate %s: %w", serial, res.Error)
		}
		if res.RowsAffected == 0 {
			return fmt.Errorf("store certificate %s: it was not recorded, or is stored already", serial)
		}
		t.record(audit.Event{Actor: authority, Action: "certificate.issued", Subject: "certificate:" + string(serial),
			Detail: map[string]any{"fingerprint": fp}})
		return nil
	})
}

const serialsPerPage = 5000

// IssuedSerials implements ca.Store.
func (s *Store) IssuedSerials(ctx context.Context, after time.Time, f func(ca.Serial)) error {
	last := ""
	for {
		var page []string
		err := s.reader.WithContext(ctx).Raw("SELECT serial FROM certificate WHERE serial > ? AND not_after > ? ORDER BY serial LIMIT ?",
			last, dbTime(after), serialsPerPage).Scan(&page).Error
		if err != nil {
			return fmt.Errorf("read issued certificates: %w", err)
		}
		for _, serial := range page {
			f(ca.Serial(serial))
		}
		if len(page) < serialsPerPage {
			return nil
		}
		last = page[len(page)-1]
	}
}

// Issued implements ca.Store.
func (s *Store) Issued(ctx context.Context, serial ca.Serial) (bool, error) {
	var n int64
	err := s.reader.WithContext(ctx).Raw("SELECT count(*) FROM certificate WHERE serial = ?", string(serial)).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look up certificate %s: %w", serial, err)
	}
	return n > 0, nil
}

// nextChange numbers a change of certificates' status. The counter's row stays
// locked until the commit, so that the numbers follow the order of commits. It is
// taken after the locks on devices and enrollments.
func (t *tx) nextChange() (int64, error) {
	var n int64
	err := t.Raw("UPDATE crl_state SET changes = changes + 1 WHERE issuer = ? RETURNING changes", string(ca.RoleIssuing)).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("number a change of certificates: %w", err)
	}
	return n, nil
}

// StatusChanges implements ca.Store.
func (s *Store) StatusChanges(ctx context.Context, after int64) ([]ca.Status, int64, error) {
	var rows []certificateRow
	err := s.reader.WithContext(ctx).Omit("der").Where("change > ? AND change > 0", after).Order("change, serial").Find(&rows).Error
	if err != nil {
		return nil, 0, fmt.Errorf("read changes of certificates: %w", err)
	}
	out, newest := make([]ca.Status, len(rows)), after
	for i, r := range rows {
		out[i], newest = r.status(), r.Change
	}
	return out, newest, nil
}

// SetStatus implements ca.Store.
func (s *Store) SetStatus(ctx context.Context, actor audit.Actor, fp device.Fingerprint, change ca.StatusChange) (ca.Status, error) {
	var out ca.Status
	err := s.write(ctx, func(t *tx) error {
		row, err := t.lockCertificate(fp)
		if err != nil {
			return err
		}
		to := revocationOf(change)
		if row.Revocation == revocationRevoked && to != revocationRevoked {
			return CodeRevokedForGood.New("The certificate was revoked for good; that cannot be taken back.")
		}
		if err := t.setRevocation([]certificateRow{row}, to, change.Reason); err != nil {
			return err
		}
		t.record(audit.Event{Actor: actor, Action: statusAction(to), Device: row.DeviceID, Enrollment: row.EnrollmentID,
			Subject: "certificate:" + row.Serial, Detail: map[string]any{"reason": change.Reason.Words(), "why": change.Why}})
		if err := t.Omit("der").Take(&row, "serial = ?", row.Serial).Error; err != nil {
			return fmt.Errorf("read certificate %s: %w", fp, err)
		}
		out = row.status()
		return nil
	})
	if err != nil {
		return ca.Status{}, err
	}
	return out, nil
}

// CodeRevokedForGood says that a revocation cannot be undone.
var CodeRevokedForGood = fault.Define(fault.Conflict, "revoked_for_good", "Enroll the device again with a new invitation.")

func revocationOf(c ca.StatusChange) string {
	switch {
	case !c.Revoked:
		return revocationNone
	case c.Reason == ca.ReasonCertificateHold:
		return revocationHeld
	}
	return revocationRevoked
}

func statusAction(revocation string) audit.Action {
	switch revocation {
	case revocationHeld:
		return "certificate.held"
	case revocationRevoked:
		return "certificate.revoked"
	}
	return "certificate.hold_released"
}

// lockCertificate locks the device, when it is a device's, then the certificate.
func (t *tx) lockCertificate(fp device.Fingerprint) (certificateRow, error) {
	var row certificateRow
	if fp == "" {
		return row, fault.CodeNotFound.New("There is no such certificate.")
	}
	err := t.Omit("der").Take(&row, "fingerprint = ? AND fingerprint <> ''", string(fp)).Error
	if notFound(err) {
		return row, fault.CodeNotFound.New("There is no such certificate.")
	}
	if err != nil {
		return row, fmt.Errorf("read certificate %s: %w", fp, err)
	}
	if row.DeviceID == "" {
		return row, nil
	}
	if _, err := t.lockDevice(device.ID(row.DeviceID)); err != nil {
		return row, err
	}
	if err := t.Omit("der").Take(&row, "fingerprint = ? AND fingerprint <> ''", string(fp)).Error; err != nil {
		return row, fmt.Errorf("read certificate %s: %w", fp, err)
	}
	return row, nil
}

// setRevocation changes what the world is told about certificates. Those that are
// revoked for good, or are as they shall be, are left alone. It tells the other
// replicas to drop their bindings.
func (t *tx) setRevocation(rows []certificateRow, to string, reason ca.Reason) error {
	var serials []string
	for _, r := range rows {
		if r.Revocation != revocationRevoked && r.Revocation != to {
			serials = append(serials, r.Serial)
			t.dropBinding(device.Fingerprint(r.Fingerprint))
		}
	}
	if len(serials) == 0 {
		return nil
	}
	n, err := t.nextChange()
	if err != nil {
		return err
	}
	set := map[string]any{"revocation": to, "reason": int(reason), "revoked_at": dbTime(t.now), "change": n}
	if to == revocationNone {
		set["reason"], set["revoked_at"] = 0, dbTime{}
	}
	if err := t.Model(&certificateRow{}).Where("serial IN ?", serials).Updates(set).Error; err != nil {
		return fmt.Errorf("change the status of certificates: %w", err)
	}
	return nil
}

// dropBinding tells every replica that a certificate's binding changed. One that
// was recorded and not signed yet has none.
func (t *tx) dropBinding(fp device.Fingerprint) {
	if fp != "" {
		t.dropBindings(fp)
	}
}
