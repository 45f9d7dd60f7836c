package commands

import (
	"fmt"

	"github.com/google/uuid"

	"wardline/device"
)

// ID identifies one command: one order to one device. It is a UUIDv7 in
// canonical text form, so that ids sort by the time of asking.
type ID string

// BatchID identifies commands that were asked together.
type BatchID string

// ParseID checks that s is a canonical UUID.
func ParseID(s string) (ID, error) {
	if err := canonicalUUID(s); err != nil {
		return "", err
	}
	return ID(s), nil
}

// ParseBatchID checks that s is a canonical UUID.
func ParseBatchID(s string) (BatchID, error) {
	if err := canonicalUUID(s); err != nil {
		return "", err
	}
	return BatchID(s), nil
}

func canonicalUUID(s string) error {
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return fmt.Errorf("%q: %w", s, device.ErrBadID)
	}
	return nil
}
