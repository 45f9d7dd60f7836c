package store

import (
	"fmt"
	"slices"

	"gorm.io/gorm/clause"

	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/safety"
)

type foundingDeviceRow struct {
	DeviceID string `gorm:"column:device_id;primaryKey"`
	At       dbTime `gorm:"column:at"`
}

func (foundingDeviceRow) TableName() string { return "founding_device" }

// countFounding counts the devices that the first administrator acts on during
// founding, in the transaction of the command: however many sessions and servers
// ask at once, it is never one more. Quiet work is not counted.
func (t *tx) countFounding(asked []commands.Command) error {
	if len(asked) == 0 || asked[0].Requester.Kind != audit.ActorPerson {
		return nil
	}
	var f foundingRow
	err := t.Raw("SELECT * FROM founding WHERE id = 1 AND ended_at = 0 AND account_id = ?"+t.lockRows(), asked[0].Requester.ID).Scan(&f).Error
	if err != nil {
		return fmt.Errorf("read founding: %w", err)
	}
	if f.ID == 0 || t.believe(&f) != nil || !t.now.Before(f.At.time().Add(auth.FoundingLife)) {
		return nil
	}
	st, err := t.standing("")
	if err != nil || st.Approvers >= 2 {
		return err
	}
	return t.addFoundingDevices(asked)
}

func (t *tx) addFoundingDevices(asked []commands.Command) error {
	var rows []foundingDeviceRow
	for _, c := range asked {
		weight, known := safety.WeightOf(c.Kind, c.Subkind)
		seen := func(r foundingDeviceRow) bool { return device.ID(r.DeviceID) == c.Device }
		if (!known || weight != safety.Quiet) && !slices.ContainsFunc(rows, seen) {
			rows = append(rows, foundingDeviceRow{DeviceID: string(c.Device), At: dbTime(t.now)})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if len(rows) > auth.FoundingDevices {
		return auth.FoundingSpent()
	}
	if err := t.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("count the devices of founding: %w", err)
	}
	var n int64
	if err := t.Model(&foundingDeviceRow{}).Count(&n).Error; err != nil {
		return fmt.Errorf("count the devices of founding: %w", err)
	}
	if n > auth.FoundingDevices {
		return auth.FoundingSpent()
	}
	return nil
}
