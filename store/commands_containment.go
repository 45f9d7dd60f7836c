package store

import (
	"fmt"

	"wardline/ca"
	"wardline/commands"
)

// changeCertificates contains or revokes devices in the transaction of the
// decision about a command: whoever is told that a wipe was asked can rely on the
// network refusing the device from then on. The devices are locked.
func (t *tx) changeCertificates(orders []commands.CertificateOrder) error {
	for _, o := range orders {
		if o.Action == commands.CertificateHold {
			if _, err := t.containDevice(o.Device, o.Reason, o.Actor); err != nil {
				return fmt.Errorf("contain device %s for command %s: %w", o.Device, o.Command, err)
			}
			continue
		}
		if _, err := t.revokeDevice(o.Device, ca.ReasonCessationOfOperation, o.Reason, o.Actor); err != nil {
			return fmt.Errorf("revoke device %s for command %s: %w", o.Device, o.Command, err)
		}
		// Nothing can be delivered any more: what was still open says so.
		if err := t.endEnrollmentCommands(o.Device, o.Enrollment, ""); err != nil {
			return err
		}
	}
	return nil
}
