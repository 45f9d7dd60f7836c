package store

import (
	"fmt"
	"strings"
	"time"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
	"wardline/enroll"
	"wardline/inventory"
)

// Taking the place of an enrolled device cuts off the device that had it. So it is
// counted by the person who invited, whichever account or program of theirs made
// the invitation.

// inviter is the person behind an invitation: a token's owner, when a program made
// it.
func (t *tx) inviter(createdBy string) (string, error) {
	var owners []string
	if err := t.Raw("SELECT account_id FROM api_token WHERE id = ?", createdBy).Scan(&owners).Error; err != nil {
		return "", fmt.Errorf("read who invited: %w", err)
	}
	if len(owners) > 0 {
		return owners[0], nil
	}
	return createdBy, nil
}

// takeovers counts the enrolled devices, beside this one, whose place the person's
// invitations have taken within a day, or may take at any moment. The guard's lock
// is held from here on: two that ask at once see each other.
func (t *tx) takeovers(person, except string) (int, error) {
	if _, err := t.enterGuard(); err != nil {
		return 0, err
	}
	var n int
	since := dbTime(t.now.Add(-24 * time.Hour))
	err := t.Raw(`SELECT COUNT(DISTINCT x.device_id) FROM scep_transaction x JOIN invitation i ON i.id = x.invitation_id
		WHERE NOT x.renewal AND x.state IN ('approved', 'recorded', 'issued') AND (x.created_at > ? OR x.decided_at > ?)
			AND x.device_id <> ? AND (i.created_by = ? OR i.created_by IN (SELECT id FROM api_token WHERE account_id = ?))
			AND EXISTS (SELECT 1 FROM enrollment o WHERE o.device_id = x.device_id AND o.id <> x.enrollment_id
				AND o.state IN ('active', 'superseded') AND o.created_at < x.created_at)`, since, since, except, person, person).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("count whose place the invitations of %s took: %w", person, err)
	}
	return n, nil
}

// mayApprove refuses whoever invited past the number that one person may do alone.
func (t *tx) mayApprove(actor audit.Actor, row transactionRow) error {
	if row.Renewal {
		return nil
	}
	inv, found, err := one[invitationRow](t.Where("id = ?", row.InvitationID))
	if err != nil || !found {
		return err
	}
	person, err := t.inviter(inv.CreatedBy)
	if err != nil || person != commands.PersonOf(actor) {
		return err
	}
	if strings.Contains(row.Reasons, string(enroll.WaitNamesake)) {
		return enroll.CodeNamesake.New("You invited it yourself, and its class may change by it.")
	}
	if row.DeviceID == "" {
		return nil
	}
	n, err := t.takeovers(person, row.DeviceID)
	if err != nil {
		return err
	}
	if n >= enroll.MaxTakeovers {
		return enroll.CodeTakeovers.New("Your invitations have taken the place of %d enrolled devices within a day.", n)
	}
	return nil
}

// namesake says whether a device of another class with the serial number of this
// request is enrolled.
func (e *enrolling) namesake(class device.Class) (bool, error) {
	var n int64
	err := e.Raw(`SELECT COUNT(*) FROM device WHERE serial_norm = ? AND class <> ? AND enrollment_id <> ''
		AND stage NOT IN ('decommissioned', 'returned', 'written_off')`, inventory.Normal(e.serial), string(class)).Scan(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for other devices with serial %s: %w", e.serial, err)
	}
	return n > 0, nil
}
