package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"wardline/audit"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/fault"
	"wardline/inventory"
)

// one reads the only row of a query; found is false when there is none.
func one[T any](q *gorm.DB) (row T, found bool, err error) {
	var rows []T
	if err := q.Limit(1).Find(&rows).Error; err != nil {
		return row, false, fmt.Errorf("read one row: %w", err)
	}
	if len(rows) == 0 {
		return row, false, nil
	}
	return rows[0], true, nil
}

// CreateInvitation implements enroll.Store.
func (s *Store) CreateInvitation(ctx context.Context, actor audit.Actor, inv enroll.Invitation, codeHash string, challenge *enroll.Challenge,
	check func(enroll.InviteFacts) (enroll.Invitation, error)) (enroll.Invitation, error) {
	err := s.write(ctx, func(t *tx) error {
		facts, err := t.inviteFacts(inv)
		if err != nil {
			return err
		}
		checked, err := check(facts)
		if err != nil {
			return err
		}
		row := invitationRow{ID: t.newID(), Invited: string(checked.For), CodeHash: codeHash, Class: string(checked.Class),
			ModelID: string(checked.Model), Serial: checked.Serial, SerialNorm: inventory.Normal(checked.Serial),
			DeliveryID: string(checked.Delivery), PlaceID: string(checked.Place), Owner: checked.Owner,
			Management: string(checked.Management), CreatedAt: dbTime(t.now), CreatedBy: actor.ID, ExpiresAt: dbTime(t.now.Add(checked.ExpiresIn))}
		if err := t.sign(&row); err != nil {
			return err
		}
		if err := t.Create(&row).Error; err != nil {
			return fmt.Errorf("store invitation: %w", err)
		}
		if challenge != nil {
			c := challengeRow{Hash: challenge.Hash, InvitationID: row.ID, Serial: challenge.Serial, CreatedAt: dbTime(t.now), ExpiresAt: row.ExpiresAt}
			if err := t.Create(&c).Error; err != nil {
				return fmt.Errorf("store challenge: %w", err)
			}
		}
		t.record(audit.Event{Actor: actor, Action: "invitation.created", Subject: "invitation:" + row.ID,
			Detail: map[string]any{"for": row.Invited, "class": row.Class, "model": row.ModelID, "serial": row.Serial,
				"delivery": row.DeliveryID, "owner": row.Owner, "expires_at": row.ExpiresAt.time()}})
		inv = row.invitation()
		return nil
	})
	return inv, err
}

func (t *tx) inviteFacts(inv enroll.Invitation) (enroll.InviteFacts, error) {
	f := enroll.InviteFacts{Now: t.now}
	model := inv.Model
	if inv.Delivery != "" {
		row, found, err := one[deliveryRow](t.Where("id = ?", string(inv.Delivery)))
		if err != nil {
			return f, err
		}
		if found {
			d := row.delivery()
			f.Delivery, model = &d, d.Model
		}
	}
	if inv.Serial != "" {
		var ids []device.ID
		if err := t.Model(&deviceRecord{}).Where("serial_norm = ?", inventory.Normal(inv.Serial)).Pluck("id", &ids).Error; err != nil {
			return f, fmt.Errorf("look up serial %s: %w", inv.Serial, err)
		}
		rows, err := readDevices(t.DB, ids)
		if err != nil {
			return f, err
		}
		for _, r := range rows {
			f.Records = append(f.Records, r.device())
		}
	}
	if model == "" {
		return f, nil
	}
	var classes []struct{ Class, Maker, Name string }
	if err := t.Raw("SELECT class, maker, name FROM model WHERE id = ?", string(model)).Scan(&classes).Error; err != nil {
		return f, fmt.Errorf("read model %s: %w", model, err)
	}
	if len(classes) > 0 {
		f.Model = &device.Model{ID: model, Class: device.Class(classes[0].Class), Maker: classes[0].Maker, Name: classes[0].Name}
	}
	return f, nil
}

// CancelInvitation implements enroll.Store.
func (s *Store) CancelInvitation(ctx context.Context, actor audit.Actor, id enroll.InvitationID) error {
	return s.write(ctx, func(t *tx) error {
		res := t.Model(&invitationRow{}).Where("id = ? AND cancelled_at = 0 AND used_at = 0", string(id)).Update("cancelled_at", dbTime(t.now))
		if res.Error != nil {
			return fmt.Errorf("cancel invitation %s: %w", id, res.Error)
		}
		if res.RowsAffected == 0 {
			_, found, err := one[invitationRow](t.Where("id = ?", string(id)))
			if err != nil {
				return err
			}
			if !found {
				return fault.CodeNotFound.New("There is no such invitation.")
			}
			return enroll.CodeUsed.New("The invitation has been used or taken back already.")
		}
		t.record(audit.Event{Actor: actor, Action: "invitation.cancelled", Subject: "invitation:" + string(id)})
		return nil
	})
}

// deliveryFor returns a delivery and the line of its packing list for a serial;
// the line is locked.
func (t *tx) deliveryFor(id enroll.DeliveryID, serial string) (*enroll.Delivery, *enroll.Packed, error) {
	row, found, err := one[deliveryRow](t.Where("id = ?", string(id)))
	if err != nil || !found {
		return nil, nil, err
	}
	d := row.delivery()
	var lines []packedRow
	err = t.Raw("SELECT * FROM packing_list WHERE delivery_id = ? AND serial_norm = ?"+t.lockRows(), string(id), inventory.Normal(serial)).Scan(&lines).Error
	if err != nil {
		return nil, nil, fmt.Errorf("read packing list: %w", err)
	}
	if len(lines) == 0 {
		return &d, nil, nil
	}
	p := lines[0].packed()
	return &d, &p, nil
}

// Redeem implements enroll.Store.
func (s *Store) Redeem(ctx context.Context, codeHash, serial string, challenge enroll.Challenge, check func(enroll.RedeemFacts) error) (enroll.RedeemFacts, error) {
	var f enroll.RedeemFacts
	var refusal error
	err := s.write(ctx, func(t *tx) error {
		refusal = nil
		var rows []invitationRow
		if err := t.Raw("SELECT * FROM invitation WHERE code_hash = ?"+t.lockRows(), codeHash).Scan(&rows).Error; err != nil {
			return fmt.Errorf("read invitation: %w", err)
		}
		if len(rows) == 0 {
			return enroll.CodeUnknown.New("This code is not good, or not any more.")
		}
		inv := rows[0]
		if err := t.believe(&inv); err != nil {
			return err
		}
		f = enroll.RedeemFacts{Now: t.now, Invitation: inv.invitation(), WrongSerials: inv.Tries}
		var err error
		if f.Invitation.For == enroll.ForDelivery {
			if f.Delivery, f.Packed, err = t.deliveryFor(f.Invitation.Delivery, serial); err != nil {
				return err
			}
		}
		var n int64
		if err := t.Model(&challengeRow{}).Where("invitation_id = ? AND serial = ?", inv.ID, serial).Count(&n).Error; err != nil {
			return fmt.Errorf("count challenges: %w", err)
		}
		f.Challenges = int(n)
		subject := "invitation:" + inv.ID
		nobody := audit.Actor{Kind: audit.ActorNobody, Via: "enroll"}
		if refusal = check(f); refusal != nil {
			t.record(audit.Event{Actor: nobody, Action: "invitation.refused", Subject: subject,
				Detail: map[string]any{"serial": serial, "reason": detailOf(refusal), "code": codeOf(refusal)}})
			if fault.Has(refusal, enroll.CodeOtherSerial) || fault.Has(refusal, enroll.CodeNotPacked) {
				return t.Model(&invitationRow{}).Where("id = ?", inv.ID).Update("tries", gorm.Expr("tries + 1")).Error
			}
			return nil
		}
		c := challengeRow{Hash: challenge.Hash, InvitationID: inv.ID, Serial: challenge.Serial, CreatedAt: dbTime(t.now), ExpiresAt: dbTime(challenge.ExpiresAt)}
		if err := t.Create(&c).Error; err != nil {
			return fmt.Errorf("store challenge: %w", err)
		}
		t.record(audit.Event{Actor: nobody, Action: "invitation.opened", Subject: subject, Detail: map[string]any{"serial": serial}})
		return nil
	})
	if err == nil {
		err = refusal
	}
	return f, err
}

// codeOf names a refusal for programs; empty when it is none of ours.
func codeOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Code.Name
	}
	return ""
}

// detailOf is what a refusal may say in the audit log.
func detailOf(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	return "internal error"
}
