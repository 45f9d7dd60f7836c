package store

import (
	"fmt"

	"wardline/audit"
	"wardline/commands"
	"wardline/device"
)

// endEnrollmentCommands ends what was open for the enrollment old, in the
// transaction that makes next the current one; next is empty when none follows.
// The enrollment code calls it after it has locked the device and before or
// after it has changed the row: nothing asked for old is ever delivered to next.
// A wipe that was open becomes a question on the device.
func (t *tx) endEnrollmentCommands(id device.ID, old, next device.EnrollmentID) error {
	if old == "" || old == next {
		return nil
	}
	var rows []commandRow
	err := t.Where("device_id = ? AND enrollment_id = ? AND ended_at = 0", id, old).Order("id").Find(&rows).Error
	if err != nil {
		return fmt.Errorf("read the open commands of enrollment %s: %w", old, err)
	}
	open, err := commandsOf(t.believed(rows))
	if err != nil {
		return err
	}
	actor := audit.Actor{Kind: audit.ActorDevice, ID: string(id), Via: "scep"}
	if next == "" {
		actor = audit.Actor{Kind: audit.ActorSystem, ID: "enrollment"}
	}
	ch, err := commands.EndEnrollment(t.now, old, next, open, actor)
	if err != nil {
		return fmt.Errorf("end the commands of enrollment %s: %w", old, err)
	}
	return t.keep(ch)
}

// hasOpenDestructive reports whether a wipe or the like is open for a device: a
// new enrollment of it waits for a person then.
func (t *tx) hasOpenDestructive(id device.ID) (bool, error) {
	var n int64
	err := t.Model(&commandRow{}).Where("device_id = ? AND ended_at = 0 AND weight = 'destructive'", id).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for open destructive commands of device %s: %w", id, err)
	}
	return n > 0, nil
}
