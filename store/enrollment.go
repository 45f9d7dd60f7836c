package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/inventory"
)

// One SCEP request from its facts to its record. Invitations are in
// enrollment_invitations.go, what waits for a person in enrollment_waiting.go,
// the certificates of a device in enrollment_device.go.

var _ enroll.Store = (*Store)(nil)

// Enroll implements enroll.Store.
func (s *Store) Enroll(ctx context.Context, ask enroll.Ask, draw enroll.Draw, decide func(enroll.Facts) (enroll.Decision, error)) (enroll.Grant, error) {
	var grant enroll.Grant
	err := s.write(ctx, func(t *tx) error {
		e := &enrolling{tx: t, ask: ask, draw: draw}
		if err := e.gather(); err != nil {
			return err
		}
		d, err := decide(e.facts)
		if err != nil {
			return err
		}
		switch {
		case d.Again:
			grant, err = e.again()
		case len(d.Wait) > 0:
			grant, err = e.wait(d.Wait)
		default:
			grant, err = e.issue()
		}
		return err
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		// The same request came in on two connections, or two devices with one
		// serial number at once. Whoever was first has it; the other asks again.
		return enroll.Grant{}, fault.CodeUnavailable.Wrap(err, "The same enrollment is under way.")
	}
	return grant, err
}

// enrolling is one request within its transaction.
type enrolling struct {
	*tx
	ask   enroll.Ask
	draw  enroll.Draw
	facts enroll.Facts

	row        *transactionRow // the same request made before
	invitation *invitationRow
	old        *certificateRow
	serial     string // the maker's serial number that the invitation or the old certificate gives
	// record is the device that it is about; nil when there is none yet.
	record *device.Device
}

// actor is the device in the audit log: by its certificate, where it has one.
func (e *enrolling) actor() audit.Actor {
	if e.old != nil {
		return audit.Actor{Kind: audit.ActorDevice, ID: e.old.DeviceID, Via: "scep"}
	}
	return audit.Actor{Kind: audit.ActorNobody, ID: e.ask.Remote, Via: "scep"}
}

// issue records a certificate to be signed, and for a first request the new
// generation that it belongs to.
func (e *enrolling) issue() (enroll.Grant, error) {
	var en enrollmentRow
	var err error
	action := audit.Action("enrollment.granted")
	if e.ask.Renews != "" {
		action = "certificate.renewal_granted"
		err = e.Take(&en, "id = ?", e.old.EnrollmentID).Error
	} else {
		en, err = e.newGeneration()
	}
	if err != nil {
		return enroll.Grant{}, fmt.Errorf("grant an enrollment: %w", err)
	}
	cert := certificateRow{Serial: string(e.draw.Serial), Purpose: string(ca.PurposeDevice), Subject: en.DeviceID,
		DeviceID: en.DeviceID, EnrollmentID: en.ID, Class: en.Class, MakerSerial: en.Serial, KeyHash: e.ask.KeyHash,
		NotBefore: dbTime(e.draw.NotBefore), NotAfter: dbTime(e.draw.NotAfter), RecordedAt: dbTime(e.now)}
	if err := e.Create(&cert).Error; err != nil {
		return enroll.Grant{}, fmt.Errorf("record certificate %s: %w", cert.Serial, err)
	}
	row, err := e.keep(enroll.TransactionRecorded, en, cert.Serial, nil)
	if err != nil {
		return enroll.Grant{}, err
	}
	e.recordFor(action, en, map[string]any{"certificate": cert.Serial, "class": en.Class, "epoch": en.Epoch,
		"serial": en.Serial, "invitation": en.InvitationID, "remote": e.ask.Remote})
	if e.ask.Renews != "" {
		// Signing the request was a use of the old certificate: it had arrived.
		if _, err := e.completeEnrollment(e.ask.Renews, "scep"); err != nil && !fault.Has(err, fault.CodeNotFound) {
			return enroll.Grant{}, err
		}
	}
	return e.grantOf(row, cert), nil
}

func (e *enrolling) recordFor(action audit.Action, en enrollmentRow, detail map[string]any) {
	e.tx.record(audit.Event{Actor: e.actor(), Action: action, Device: en.DeviceID, Enrollment: en.ID, Detail: detail})
}

// newGeneration makes the enrollment, and the device where there is none.
func (e *enrolling) newGeneration() (enrollmentRow, error) {
	inv := e.invitation
	if e.record == nil {
		d := device.Device{ID: device.ID(e.newID()), Class: device.Class(inv.Class), Model: device.ModelID(inv.ModelID), Serial: e.serial,
			Management: device.ManagementCertificate, Owner: inv.Owner, Place: device.PlaceID(inv.PlaceID),
			Stage: device.StageReceived, Condition: device.ConditionReady, Custody: custodyOf(inv),
			Report: device.Report{BatteryPercent: -1}}
		if err := e.insertDevice(d); err != nil {
			return enrollmentRow{}, err
		}
		e.tx.record(audit.Event{Actor: e.actor(), Action: "device.created", Device: string(d.ID),
			Detail: map[string]any{"serial": d.Serial, "class": string(d.Class), "by": "enrollment"}})
		e.record = &d
	} else if err := e.completeRecord(); err != nil {
		return enrollmentRow{}, err
	}
	var epoch int
	if err := e.Raw("SELECT coalesce(max(epoch), 0) FROM enrollment WHERE device_id = ?", string(e.record.ID)).Scan(&epoch).Error; err != nil {
		return enrollmentRow{}, err
	}
	number, err := e.store.currentEpoch(e.DB)
	if err != nil {
		return enrollmentRow{}, err
	}
	// The device knows its generation: one that a restore lost is never given anew.
	epoch = max(epoch, (number-1)*generationsPerEpoch)
	en := enrollmentRow{ID: e.newID(), DeviceID: string(e.record.ID), Epoch: epoch + 1, Class: inv.Class, ModelID: inv.ModelID,
		Serial: e.record.Serial, InvitationID: inv.ID, State: enrollmentIssued, CreatedAt: dbTime(e.now)}
	if err := e.Create(&en).Error; err != nil {
		return en, err
	}
	return en, e.useInvitation(en.ID)
}

// generationsPerEpoch is more than one device enrolls.
const generationsPerEpoch = 1_000

func custodyOf(inv *invitationRow) device.Custody {
	if inv.Invited == string(enroll.ForPerson) {
		return device.Custody{Kind: device.CustodyPerson, Which: inv.Owner}
	}
	return device.Custody{Kind: device.CustodyBiomed}
}

// completeRecord fills in what the record leaves open and the invitation says.
// What people wrote into the record stays.
func (e *enrolling) completeRecord() error {
	d := *e.record
	if d.Owner == "" {
		d.Owner = e.invitation.Owner
	}
	if d.Place == "" {
		d.Place = device.PlaceID(e.invitation.PlaceID)
	}
	if d.Management == device.ManagementRecord {
		d.Management = device.ManagementCertificate
	}
	if d.Owner == e.record.Owner && d.Place == e.record.Place && d.Management == e.record.Management {
		return nil
	}
	return e.saveDevice(d)
}

// useInvitation marks challenge, invitation and packing-list line as used.
func (e *enrolling) useInvitation(enrollment string) error {
	used := map[string]any{"used_at": dbTime(e.now)}
	if e.ask.Challenge != "" {
		if err := e.Model(&challengeRow{}).Where("hash = ?", e.ask.Challenge).Updates(used).Error; err != nil {
			return err
		}
	}
	used["enrollment_id"] = enrollment
	if e.invitation.Invited == string(enroll.ForDelivery) {
		return e.Model(&packedRow{}).Where("delivery_id = ? AND serial_norm = ?", e.invitation.DeliveryID, inventory.Normal(e.serial)).
			Updates(used).Error
	}
	return e.Model(&invitationRow{}).Where("id = ?", e.invitation.ID).Updates(used).Error
}

// wait keeps a request for a person to decide on. It takes the challenge with it:
// nobody else can use it.
func (e *enrolling) wait(reasons []enroll.WaitReason) (enroll.Grant, error) {
	en := enrollmentRow{Serial: e.serial}
	if e.record != nil {
		en.DeviceID = string(e.record.ID)
	}
	if e.old != nil {
		en.ID = e.old.EnrollmentID
	} else if err := e.useInvitation(""); err != nil {
		return enroll.Grant{}, fmt.Errorf("keep a waiting enrollment: %w", err)
	}
	row, err := e.keep(enroll.TransactionWaiting, en, "", reasons)
	if err != nil {
		return enroll.Grant{}, err
	}
	words := make([]string, len(reasons))
	for i, r := range reasons {
		words[i] = r.Words()
	}
	e.recordFor("enrollment.waiting", en, map[string]any{"request": row.ID, "reasons": words, "serial": e.serial, "remote": e.ask.Remote})
	return enroll.Grant{Transaction: row.ID, Waiting: true}, nil
}

// keep stores the request, or moves the one that a person let through.
func (e *enrolling) keep(state enroll.TransactionState, en enrollmentRow, serial string, reasons []enroll.WaitReason) (transactionRow, error) {
	if e.row != nil {
		e.row.State, e.row.DeviceID, e.row.EnrollmentID, e.row.Certificate = string(state), en.DeviceID, en.ID, serial
		err := e.Model(&transactionRow{}).Where("id = ?", e.row.ID).Updates(map[string]any{"state": string(state),
			"device_id": en.DeviceID, "enrollment_id": en.ID, "certificate": serial}).Error
		if err != nil {
			return transactionRow{}, fmt.Errorf("keep a SCEP request: %w", err)
		}
		return *e.row, nil
	}
	text, err := json.Marshal(reasons)
	if err != nil || reasons == nil {
		text = []byte("[]")
	}
	row := transactionRow{ID: e.newID(), TransactionID: e.ask.Transaction, Signer: e.ask.Signer, CSRHash: e.ask.CSRHash, CSR: e.ask.CSR,
		KeyHash: e.ask.KeyHash, Renewal: e.ask.Renews != "", MakerSerial: e.serial, DeviceID: en.DeviceID, EnrollmentID: en.ID,
		Certificate: serial, State: string(state), Reasons: string(text), Remote: e.ask.Remote, CreatedAt: dbTime(e.now)}
	if e.invitation != nil {
		row.InvitationID = e.invitation.ID
	}
	if e.old != nil {
		row.OldSerial = e.old.Serial
	}
	if err := e.Create(&row).Error; err != nil {
		return row, fmt.Errorf("keep a SCEP request: %w", err)
	}
	return row, nil
}

// again returns what was recorded for the same request before. A request that
// still waits is told so.
func (e *enrolling) again() (enroll.Grant, error) {
	if e.row.State == string(enroll.TransactionWaiting) {
		return enroll.Grant{Transaction: e.row.ID, Waiting: true}, nil
	}
	var cert certificateRow
	if err := e.Take(&cert, "serial = ?", e.row.Certificate).Error; err != nil {
		return enroll.Grant{}, fmt.Errorf("read certificate %s: %w", e.row.Certificate, err)
	}
	g := e.grantOf(*e.row, cert)
	g.DER = cert.DER
	return g, nil
}

func (e *enrolling) grantOf(row transactionRow, cert certificateRow) enroll.Grant {
	return enroll.Grant{Transaction: row.ID, Serial: ca.Serial(cert.Serial), CSR: row.CSR, Enrollment: device.EnrollmentID(cert.EnrollmentID),
		Request: ca.DeviceRequest{Device: device.ID(cert.DeviceID), Class: device.Class(cert.Class), MakerSerial: cert.MakerSerial,
			NotBefore: cert.NotBefore.time(), NotAfter: cert.NotAfter.time()}}
}

// StoreIssued implements enroll.Store.
func (s *Store) StoreIssued(ctx context.Context, g enroll.Grant, der []byte) ([]byte, error) {
	fp := ca.FingerprintOf(der)
	err := s.write(ctx, func(t *tx) error {
		if _, err := t.lockDevice(g.Request.Device); err != nil {
			return err
		}
		res := t.Model(&certificateRow{}).Where("serial = ? AND fingerprint = ''", string(g.Serial)).
			Updates(map[string]any{"fingerprint": string(fp), "der": der, "issued_at": dbTime(t.now)})
		if res.Error != nil {
			return fmt.Errorf("store certificate %s: %w", g.Serial, res.Error)
		}
		if res.RowsAffected == 0 { // another replica answered the same request
			var row certificateRow
			if err := t.Take(&row, "serial = ?", string(g.Serial)).Error; err != nil {
				return fmt.Errorf("read certificate %s: %w", g.Serial, err)
			}
			der = row.DER
			return nil
		}
		err := t.Model(&transactionRow{}).Where("id = ?", g.Transaction).Update("state", string(enroll.TransactionIssued)).Error
		if err != nil {
			return fmt.Errorf("store certificate %s: %w", g.Serial, err)
		}
		t.record(audit.Event{Actor: authority, Action: "certificate.issued", Device: string(g.Request.Device), Enrollment: string(g.Enrollment),
			Subject: "certificate:" + string(g.Serial), Detail: map[string]any{"fingerprint": string(fp), "not_after": g.Request.NotAfter}})
		return t.completeSilent(fp, g)
	})
	return der, err
}

// completeSilent completes the enrollment of a device that will never poll: its
// invitation said so.
func (t *tx) completeSilent(fp device.Fingerprint, g enroll.Grant) error {
	var managed []string
	err := t.Raw(`SELECT i.management FROM enrollment e JOIN invitation i ON i.id = e.invitation_id WHERE e.id = ? AND e.state = ?`,
		string(g.Enrollment), enrollmentIssued).Scan(&managed).Error
	if err != nil || len(managed) == 0 || managed[0] != string(device.ManagementCertificate) {
		return err
	}
	_, err = t.completeEnrollment(fp, "scep")
	return err
}
