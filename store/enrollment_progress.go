package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"wardline/device"
	"wardline/enroll"
)

// invitationCountLimit bounds counting, as that of the audit log.
const invitationCountLimit = 10_000

// Invitations implements enroll.Store. Ids rise with time.
func (s *Store) Invitations(ctx context.Context, q enroll.InvitationQuery) ([]enroll.Invitation, int, error) {
	match := func() *gorm.DB { return matchInvitations(s.reader.WithContext(ctx).Model(&invitationRow{}), q) }
	page := match().Order("id DESC").Limit(q.Limit)
	if q.After != "" {
		page = page.Where("id < ?", string(q.After))
	}
	var rows []invitationRow
	if err := page.Find(&rows).Error; err != nil {
		return nil, 0, fmt.Errorf("list invitations: %w", err)
	}
	var total int64
	counted := s.reader.WithContext(ctx).Table("(?) AS matching", match().Select("1").Limit(invitationCountLimit+1))
	if err := counted.Count(&total).Error; err != nil {
		return nil, 0, fmt.Errorf("count invitations: %w", err)
	}
	progress, err := s.progressOf(ctx, rows)
	if err != nil {
		return nil, 0, err
	}
	out := make([]enroll.Invitation, len(rows))
	for i, r := range rows {
		out[i] = r.invitation()
		out[i].Progress = progress[r.ID]
	}
	return out, int(total), nil
}

func matchInvitations(db *gorm.DB, q enroll.InvitationQuery) *gorm.DB {
	if q.IDs != nil {
		ids := make([]string, len(q.IDs))
		for i, id := range q.IDs {
			ids[i] = string(id)
		}
		db = db.Where("id IN ?", ids)
	}
	if q.For != "" {
		db = db.Where("invited = ?", string(q.For))
	}
	if q.Delivery != "" {
		db = db.Where("delivery_id = ?", string(q.Delivery))
	}
	if q.Text != "" {
		part := "%" + escapeLike(strings.ToLower(q.Text)) + "%"
		db = db.Where(`lower(serial) LIKE ? ESCAPE '\' OR lower(owner) LIKE ? ESCAPE '\'`, part, part)
	}
	switch q.State {
	case enroll.InvitationOpen:
		db = db.Where("cancelled_at = 0 AND used_at = 0 AND expires_at > ?", dbTime(q.Now))
	case enroll.InvitationUsed:
		db = db.Where("cancelled_at = 0 AND used_at <> 0")
	case enroll.InvitationExpired:
		db = db.Where("cancelled_at = 0 AND used_at = 0 AND expires_at <= ?", dbTime(q.Now))
	case enroll.InvitationCancelled:
		db = db.Where("cancelled_at <> 0")
	}
	return db
}

// progressOf reads how far these invitations have come, by id.
func (s *Store) progressOf(ctx context.Context, rows []invitationRow) (map[string]enroll.Progress, error) {
	out := map[string]enroll.Progress{}
	if len(rows) == 0 {
		return out, nil
	}
	var ids, single, enrollments, deliveries []string
	for _, r := range rows {
		ids = append(ids, r.ID)
		if r.DeliveryID == "" {
			single = append(single, r.ID)
		}
		if r.EnrollmentID != "" {
			enrollments = append(enrollments, r.EnrollmentID)
		}
		if r.DeliveryID != "" {
			deliveries = append(deliveries, r.DeliveryID)
		}
	}
	opened, err := s.openedUnder(ctx, ids)
	if err != nil {
		return nil, err
	}
	requests, err := s.requestsUnder(ctx, single)
	if err != nil {
		return nil, err
	}
	generations, err := s.enrollmentsByID(ctx, enrollments)
	if err != nil {
		return nil, err
	}
	packed, err := s.packedIn(ctx, deliveries)
	if err != nil {
		return nil, err
	}
	names, err := s.deliveryNames(ctx, deliveries)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		p := enroll.Progress{OpenedAt: opened[r.ID].time(), DeliveryName: names[r.DeliveryID],
			Packed: packed[r.DeliveryID].Expected, Enrolled: packed[r.DeliveryID].Enrolled}
		// The challenge of a serial's invitation is made with it: nobody opened anything.
		if !p.OpenedAt.After(r.CreatedAt.time()) {
			p.OpenedAt = time.Time{}
		}
		if t, found := requests[r.ID]; found {
			p.Request, p.Device = enroll.TransactionState(t.State), device.ID(t.DeviceID)
		}
		if en, found := generations[r.EnrollmentID]; found {
			p.Device, p.IssuedAt, p.CompletedAt = device.ID(en.DeviceID), en.CreatedAt.time(), en.CompletedAt.time()
			p.EndedAt, p.EndedWhy = en.EndedAt.time(), en.EndedWhy
		}
		out[r.ID] = p
	}
	return out, nil
}

// openedUnder returns when a challenge was last handed out under each invitation.
func (s *Store) openedUnder(ctx context.Context, invitations []string) (map[string]dbTime, error) {
	var rows []challengeRow
	err := s.reader.WithContext(ctx).Raw(`SELECT invitation_id, max(created_at) AS created_at FROM challenge
		WHERE invitation_id IN ? GROUP BY invitation_id`, invitations).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read challenges: %w", err)
	}
	out := map[string]dbTime{}
	for _, r := range rows {
		out[r.InvitationID] = r.CreatedAt
	}
	return out, nil
}

// requestsUnder returns the last request under each invitation.
func (s *Store) requestsUnder(ctx context.Context, invitations []string) (map[string]transactionRow, error) {
	out := map[string]transactionRow{}
	if len(invitations) == 0 {
		return out, nil
	}
	var rows []transactionRow
	err := s.reader.WithContext(ctx).Select("invitation_id", "state", "device_id").
		Where("invitation_id IN ? AND invitation_id <> ''", invitations).Order("created_at, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read requests of invitations: %w", err)
	}
	for _, r := range rows {
		out[r.InvitationID] = r
	}
	return out, nil
}

func (s *Store) enrollmentsByID(ctx context.Context, ids []string) (map[string]enrollmentRow, error) {
	out := map[string]enrollmentRow{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []enrollmentRow
	if err := s.reader.WithContext(ctx).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read enrollments: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r
	}
	return out, nil
}

func (s *Store) deliveryNames(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	var rows []deliveryRow
	if err := s.reader.WithContext(ctx).Select("id", "name").Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the names of deliveries: %w", err)
	}
	for _, r := range rows {
		out[r.ID] = r.Name
	}
	return out, nil
}
