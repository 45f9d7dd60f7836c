package store

import (
	"wardline/device"
)

// configurationChanged says that what is desired of these devices may have
// changed.
func (t *tx) configurationChanged(ids ...device.ID) error { return nil }

// configurationChangedEverywhere says that what is desired of any device may
// have changed.
func (t *tx) configurationChangedEverywhere() error { return nil }

// configurationReported takes in which versions devices say are in force.
func (t *tx) configurationReported(reported map[device.ID]map[string]string) error { return nil }
