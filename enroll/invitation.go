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
	// Progress is how far the device has come; lists fill it in.
	Progress Progress
}

// Progress is how far what an invitation is for has come.
type Progress struct {
	// OpenedAt is when a device last handed the code in; it may not have asked for
	// its certificate yet. Zero: never, or too long ago to be kept.
	OpenedAt time.Time
	// Request is the state of the last request made under the invitation; empty:
	// there was none.
	Request TransactionState
	// Device is what enrolled, or what the waiting request would take over.
	Device device.ID
	// IssuedAt is when the enrollment was granted its certificate, CompletedAt when
	// the device first used it, EndedAt when the enrollment ended, and why.
	IssuedAt, CompletedAt, EndedAt time.Time
	EndedWhy                       string
	// DeliveryName, Packed and Enrolled are of the packing list, for ForDelivery.
	DeliveryName     string
	Packed, Enrolled int
}

// Missing says what comes next until a device is enrolled.
type Missing string

// What can be missing.
const (
	MissingCode         Missing = "code"          // it has not been used
	MissingRequest      Missing = "request"       // a device handed it in and has not asked for a certificate
	MissingDecision     Missing = "decision"      // a person has to agree
	MissingCollection   Missing = "collection"    // a person agreed; the device has to ask again
	MissingFirstContact Missing = "first_contact" // the certificate is issued and not used
	MissingNothing      Missing = "nothing"       // it is enrolled
	MissingOver         Missing = "over"          // it will come to nothing any more: refused, never used, replaced, revoked
)

// Missing says what comes next. Of a delivery it says whether its code was used.
func (inv Invitation) Missing() Missing {
	p := inv.Progress
	switch {
	case !p.EndedAt.IsZero() || p.Request == TransactionDenied:
		return MissingOver
	case !p.CompletedAt.IsZero():
		return MissingNothing
	case !p.IssuedAt.IsZero():
		return MissingFirstContact
	case p.Request == TransactionWaiting:
		return MissingDecision
	case p.Request == TransactionApproved:
		return MissingCollection
	case inv.For == ForDelivery && p.Packed > 0 && p.Enrolled == p.Packed:
		return MissingNothing
	case !p.OpenedAt.IsZero():
		return MissingRequest
	}
	return MissingCode
}

// InvitationState says what has become of an invitation.
type InvitationState string

// The states of an invitation. That of a delivery is never used: its lines are.
const (
	InvitationOpen      InvitationState = "open"
	InvitationUsed      InvitationState = "used"
	InvitationExpired   InvitationState = "expired"
	InvitationCancelled InvitationState = "cancelled"
)

// StateAt returns what has become of the invitation by then.
func (inv Invitation) StateAt(now time.Time) InvitationState {
	switch {
	case !inv.CancelledAt.IsZero():
		return InvitationCancelled
	case !inv.UsedAt.IsZero():
		return InvitationUsed
	case !now.Before(inv.ExpiresAt):
		return InvitationExpired
	}
	return InvitationOpen
}

// InvitationQuery asks for invitations, newest first. An empty field does not
// narrow.
type InvitationQuery struct {
	After    InvitationID
	Limit    int
	IDs      []InvitationID
	State    InvitationState
	For      For
	Delivery DeliveryID
	// Text is a part of the serial number or of the owner's name.
	Text string
	// Now is what State is judged by; the service fills it in.
	Now time.Time
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
	// Expected and Enrolled count the lines of the packing list.
	Expected, Enrolled int
	Packed             []Packed
}

// Packed is one line of a packing list.
type Packed struct {
	Serial string
	// Enrollment and UsedAt are set once the serial has enrolled.
	Enrollment device.EnrollmentID
	UsedAt     time.Time
	// Device is what enrolled; CompletedAt is when it first used its certificate,
	// EndedAt when the enrollment ended.
	Device               device.ID
	CompletedAt, EndedAt time.Time
}
