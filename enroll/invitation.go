package enroll

import (
	"time"

	"wardline/device"
)

// For says for whom or what an invitation is.
type For string

// The kinds of invitation.
const (
	ForSerial   For = "serial"   // one device, whose serial number the inviter knows
	ForDelivery For = "delivery" // one code for the serials of a packing list
	ForPerson   For = "person"   // one phone or handheld, for the person named as owner
)

// InvitationID identifies an invitation.
type InvitationID string

// Invitation is a permission to enroll, and what the device is to become. The
// server chooses everything that will stand in the certificate from here; nothing
// comes from the device.
type Invitation struct {
	ID    InvitationID
	For   For
	Class device.Class
	Model device.ModelID
	// Serial is the maker's serial number, for ForSerial.
	Serial string
	// Delivery is the packing list, for ForDelivery.
	Delivery DeliveryID
	Place    device.PlaceID
	Owner    string
	// Management says how the device will be managed. Empty or ManagementAgent: it
	// polls, and its first poll completes the enrollment. ManagementCertificate: it
	// has a SCEP client of its own and never polls; the enrollment is complete when
	// the certificate is issued.
	Management device.Management
	// ExpiresIn is how long it is good, 5 minutes to 90 days; zero takes 7 days.
	ExpiresIn time.Duration

	// What follows is filled in by the service and the store.
	CreatedAt time.Time
	CreatedBy string
	ExpiresAt time.Time
	// UsedAt is when the one device of ForSerial or ForPerson claimed it.
	UsedAt      time.Time
	CancelledAt time.Time
	Enrollment  device.EnrollmentID
}

// Issued is a fresh invitation with its secrets, which are shown once and stored
// as hashes only.
type Issued struct {
	Invitation Invitation
	// Code is the short code for people: three groups of four, the last character
	// is a check.
	Code string
	// Server is the device address that the code is used at.
	Server string
	// EnrollURL is what the QR code says: the server's device address, the code
	// and the fingerprint of the root certificate. See Link.
	EnrollURL string
	// QRPNG is EnrollURL as a picture.
	QRPNG []byte
	// SCEPURL and SCEPChallenge are for standard SCEP clients. The challenge is
	// empty for a delivery: there each serial gets its own from the bootstrap.
	SCEPURL       string
	SCEPChallenge string
	// Subject is the subject that the certificate will have, where it is known
	// already; the device's id is not, before it enrolls for the first time.
	Subject string
	// CAFingerprint is the SHA-256 of the root certificate, lower-case hex.
	CAFingerprint string
}

// DeliveryID identifies a delivery.
type DeliveryID string

// Delivery is a consignment of devices of one model with its packing list. Its
// serials may enroll once each, while somebody has it open on the bench.
type Delivery struct {
	ID    DeliveryID
	Name  string // what people call it, such as the purchase order
	Class device.Class
	Model device.ModelID
	Place device.PlaceID
	// OpenUntil is until when somebody has it open; zero or past: closed.
	OpenUntil time.Time
	CreatedAt time.Time
	CreatedBy string
	Packed    []Packed
}

// Packed is one line of a packing list.
type Packed struct {
	Serial string
	// Enrollment and UsedAt are set once the serial has enrolled.
	Enrollment device.EnrollmentID
	UsedAt     time.Time
}
