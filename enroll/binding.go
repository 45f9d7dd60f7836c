package enroll

import (
	"crypto"
	"time"

	"wardline/device"
)

// BindingStatus says what a certificate is good for now.
type BindingStatus string

// The statuses. Only an active binding is served everything; a contained one is
// served lock, lost mode, locate, wipe, remove work data and their results; an
// expired one may ask for renewal over SCEP; the others are refused.
const (
	BindingActive     BindingStatus = "active"
	BindingSuperseded BindingStatus = "superseded" // a newer certificate or enrollment took its place
	BindingContained  BindingStatus = "contained"  // certificateHold
	BindingRevoked    BindingStatus = "revoked"    // for good
	BindingExpired    BindingStatus = "expired"
)

// Binding says whose certificate this is. It is what stands between a TLS
// connection and everything a device may do: a device is its certificate's
// fingerprint, never a name it reports.
type Binding struct {
	Device     device.ID
	Enrollment device.EnrollmentID
	// Epoch counts the device's enrollments from 1.
	Epoch int
	// Class is the class the certificate was issued for.
	Class       device.Class
	Serial      string // the maker's serial number, as in the certificate
	Fingerprint device.Fingerprint
	NotAfter    time.Time
	Status      BindingStatus
	// Completed is false until the first authenticated poll with this certificate
	// has been recorded by Service.Complete.
	Completed bool
	PublicKey crypto.PublicKey
}
