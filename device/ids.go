package device

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// ErrBadID is returned when a text is not an identifier of ours (a UUID in its
// canonical lower-case form).
var ErrBadID = errors.New("not an identifier")

// ID identifies one physical device for as long as Wardline knows it. It
// survives re-enrollment. It is a UUIDv7 in canonical text form.
type ID string

// EnrollmentID identifies one enrollment: one generation of a device's identity.
// A new enrollment of the same device has a new EnrollmentID, and nothing that
// was ordered for an older one is ever delivered to it.
type EnrollmentID string

// PlaceID identifies a node in the tree site > building > floor > ward.
type PlaceID string

// ModelID identifies a maker's model and its capabilities.
type ModelID string

// Fingerprint is the lower-case hexadecimal SHA-256 of a certificate's DER
// bytes. A device's identity on the wire is this, not a name.
type Fingerprint string

// ParseID checks that s is a canonical UUID.
func ParseID(s string) (ID, error) {
	id, err := parseUUID(s)
	return ID(id), err
}

// ParseEnrollmentID checks that s is a canonical UUID.
func ParseEnrollmentID(s string) (EnrollmentID, error) {
	id, err := parseUUID(s)
	return EnrollmentID(id), err
}

// ParsePlaceID checks that s is a canonical UUID.
func ParsePlaceID(s string) (PlaceID, error) {
	id, err := parseUUID(s)
	return PlaceID(id), err
}

func parseUUID(s string) (string, error) {
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return "", fmt.Errorf("%q: %w", s, ErrBadID)
	}
	return s, nil
}
