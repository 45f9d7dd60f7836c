package enroll

import (
	"context"
	"time"

	"wardline/audit"
	"wardline/ca"
	"wardline/device"
)

// Store is what enrollment needs from the database. Each method is one
// transaction that writes its own audit events; rules are handed in as functions
// and run while the device's row is locked. The functions have no side effects:
// they may run more than once.
type Store interface {
	invitationStore
	transactionStore
	bindingStore
}

type invitationStore interface {
	// CreateInvitation stores an invitation whose code hashes to codeHash and, when
	// challenge is not nil, that challenge. check is handed what is already known
	// about the model and, for ForSerial, the record with that serial.
	CreateInvitation(ctx context.Context, actor audit.Actor, inv Invitation, codeHash string, challenge *Challenge,
		check func(InviteFacts) (Invitation, error)) (Invitation, error)
	// CancelInvitation ends an invitation that was not used up.
	CancelInvitation(ctx context.Context, actor audit.Actor, id InvitationID) error
	// Invitations lists invitations, newest first, with how far each has come, and
	// how many match, counted up to 10,000 (one more means "more than that").
	Invitations(ctx context.Context, q InvitationQuery) (list []Invitation, total int, err error)

	// CreateDelivery stores a delivery with its packing list.
	CreateDelivery(ctx context.Context, actor audit.Actor, d Delivery) (Delivery, error)
	// OpenDelivery says until when a delivery is open on the bench; a zero time
	// closes it.
	OpenDelivery(ctx context.Context, actor audit.Actor, id DeliveryID, until time.Time) error
	// Delivery returns a delivery with its packing list.
	Delivery(ctx context.Context, id DeliveryID) (Delivery, error)
	// Deliveries lists deliveries, newest first, without their packing lists.
	Deliveries(ctx context.Context, after DeliveryID, limit int) ([]Delivery, error)

	// Redeem looks up an invitation by the hash of its code and lets check decide.
	// When check agrees the challenge is stored; when it refuses because of the
	// serial, that is counted against the invitation.
	Redeem(ctx context.Context, codeHash, serial string, challenge Challenge, check func(RedeemFacts) error) (RedeemFacts, error)
}

type transactionStore interface {
	// Enroll decides one SCEP request. It gathers the facts, lets decide judge
	// them, and records the outcome: a certificate to be signed, a request that
	// waits for a person, or nothing when decide returns an error.
	Enroll(ctx context.Context, ask Ask, draw Draw, decide func(Facts) (Decision, error)) (Grant, error)
	// StoreIssued adds the signed certificate to what Enroll recorded. When another
	// replica was faster it changes nothing; it returns what is stored.
	StoreIssued(ctx context.Context, grant Grant, der []byte) ([]byte, error)
	// Poll looks up a request that was made before (CertPoll).
	Poll(ctx context.Context, transaction, signer string) (Previous, error)
	// LegacyModels reports whether any model has the legacy SCEP switch on.
	LegacyModels(ctx context.Context) (bool, error)
	// RecordRefusal writes the audit event of a refused request.
	RecordRefusal(ctx context.Context, e audit.Event) error

	// Waiting lists the requests that wait for a person, oldest first.
	Waiting(ctx context.Context) ([]Waiting, error)
	// Decide answers one of them.
	Decide(ctx context.Context, actor audit.Actor, id string, approve bool, why string) error
}

type bindingStore interface {
	// Binding says whose certificate this is; a not_found fault for one that is not
	// a device certificate of ours.
	Binding(ctx context.Context, fp device.Fingerprint) (BindingRecord, error)
	// Complete records the first use of a certificate: it completes the enrollment
	// when that is new, and takes the place of what the device used before. It
	// returns the certificates whose binding changed.
	Complete(ctx context.Context, fp device.Fingerprint, via string) ([]device.Fingerprint, error)
	// AbandonUncompleted revokes enrollments issued before the given time that no
	// device ever used, at most limit of them, and returns their certificates.
	AbandonUncompleted(ctx context.Context, before time.Time, limit int) ([]device.Fingerprint, error)
	// ForgetWaiting denies requests that have waited since before the given time,
	// and deletes challenges that ended before it.
	ForgetWaiting(ctx context.Context, before time.Time) error

	// Contain puts all certificates of a device on hold, Release takes the hold
	// back, Revoke revokes them for good and ends the enrollment. They return the
	// certificates whose binding changed.
	Contain(ctx context.Context, actor audit.Actor, id device.ID, why string) ([]device.Fingerprint, error)
	Release(ctx context.Context, actor audit.Actor, id device.ID, why string) ([]device.Fingerprint, error)
	Revoke(ctx context.Context, actor audit.Actor, id device.ID, reason ca.Reason, why string) ([]device.Fingerprint, error)
}

// Challenge is a one-time SCEP secret for one serial.
type Challenge struct {
	Hash      string
	Serial    string
	ExpiresAt time.Time
	UsedAt    time.Time
}

// InviteFacts is what is known when an invitation is made.
type InviteFacts struct {
	Now time.Time
	// Model is the invitation's model, or that of the record; nil: unknown.
	Model *device.Model
	// Records are the devices that have the invitation's serial number.
	Records []device.Device
	// Delivery is set for ForDelivery.
	Delivery *Delivery
}

// RedeemFacts is what is known when a code is handed in.
type RedeemFacts struct {
	Now        time.Time
	Invitation Invitation
	// Delivery and Packed are set for ForDelivery; Packed is nil when the serial is
	// not on the packing list.
	Delivery *Delivery
	Packed   *Packed
	// WrongSerials counts the wrong serials given with this code so far,
	// Challenges the challenges handed out under it for this serial.
	WrongSerials, Challenges int
}

// Ask is a SCEP request for a certificate whose signature, envelope and proof of
// possession have been checked.
type Ask struct {
	Transaction string
	// Signer is "key:" and the hash of the key for a first request, "cert:" and the
	// fingerprint for one signed with a certificate: together with Transaction it
	// names the request.
	Signer string
	// CSR is the certificate request, CSRHash its SHA-256, KeyHash that of the key
	// in it.
	CSR              []byte
	CSRHash, KeyHash string
	// Challenge is the hash of the challenge; empty for a renewal.
	Challenge string
	// Renews is the certificate that signed the request; empty for a first one.
	Renews device.Fingerprint
	// Weak: the request uses DES, 3DES or SHA-1.
	Weak   bool
	Remote string
}

// Facts is what the store knows about an Ask, read under the device's lock.
type Facts struct {
	Now time.Time
	// Previous is the same request made before, if it was.
	Previous *Previous
	// CertifiedFor is another device that the key was certified for; empty: none.
	CertifiedFor device.ID
	// Legacy: the model may use DES and SHA-1.
	Legacy bool

	// Of a first request:
	Challenge  *Challenge
	Invitation *Invitation
	Delivery   *Delivery
	Packed     *Packed
	// Record is the record that the request would join; nil: none.
	Record *Record
	// Namesake: a device of another class with this serial number is enrolled.
	Namesake bool

	// Of a renewal:
	Old *OldCertificate
}

// Record is what matters about an existing device when something enrolls as it.
type Record struct {
	Device device.Device
	// Contained: a certificate of its current enrollment is on hold.
	Contained bool
	// OpenDestructive: a wipe or the like was asked and has not ended.
	OpenDestructive bool
	// Takeovers counts the enrolled devices, beside this one, whose place the
	// inviter's invitations have taken within a day.
	Takeovers int
}

// OldCertificate is the certificate that a renewal is signed with.
type OldCertificate struct {
	Serial     ca.Serial
	Device     device.ID
	Enrollment device.EnrollmentID
	// Current: the enrollment is the device's current one, or has been issued and
	// not completed yet.
	Current    bool
	Revoked    bool // for good
	Held       bool
	Superseded bool
	NotAfter   time.Time
	// Recent counts the certificates recorded for the enrollment in the last day.
	Recent int
}

// TransactionState says how far a request has come.
type TransactionState string

// The states of a request.
const (
	TransactionWaiting  TransactionState = "waiting"  // for a person
	TransactionApproved TransactionState = "approved" // the device has to ask again
	TransactionRecorded TransactionState = "recorded" // to be signed
	TransactionIssued   TransactionState = "issued"
	TransactionDenied   TransactionState = "denied"
)

// Previous is a request that was made before.
type Previous struct {
	ID       string
	State    TransactionState
	CSR      []byte
	CSRHash  string
	Renewal  bool
	IssuedAt time.Time
	// FirstUsedAt is when the certificate was first used; zero: never.
	FirstUsedAt time.Time
	// Replaced: the certificate was revoked, held or superseded since.
	Replaced bool
}

// Decision is what is to happen with an Ask that is not refused.
type Decision struct {
	// Wait for a person, for these reasons. Empty: go on.
	Wait []WaitReason
	// Again: hand out what was recorded before.
	Again bool
}

// Draw is what the store is to fill a new certificate with; made before the
// transaction because drawing random numbers is no work for inside one.
type Draw struct {
	Serial              ca.Serial
	NotBefore, NotAfter time.Time
}

// Grant is the outcome of an Ask.
type Grant struct {
	// Transaction is the id of the stored request.
	Transaction string
	// Waiting: a person has to agree first. Nothing else is set.
	Waiting bool
	Serial  ca.Serial
	Request ca.DeviceRequest
	// DER is the certificate, when it was signed before.
	DER []byte
	// CSR is the stored request.
	CSR        []byte
	Enrollment device.EnrollmentID
	Legacy     bool
}

// BindingRecord is a Binding as it is stored; the status that depends on time is
// added when it is asked for.
type BindingRecord struct {
	Binding
	DER []byte
	// Held, Revoked and Superseded are about the certificate; Current says that its
	// enrollment is the device's, or is the newest and not completed.
	Held, Revoked, Superseded, Current bool
}

// WaitReason says why a request waits for a person.
type WaitReason string

// The reasons.
const (
	WaitLost        WaitReason = "lost"
	WaitHeld        WaitReason = "held"
	WaitContained   WaitReason = "contained"
	WaitPolling     WaitReason = "polling"
	WaitDestructive WaitReason = "open_destructive_command"
	WaitKnownSerial WaitReason = "serial_known"
	WaitEnded       WaitReason = "device_left"
	WaitExpired     WaitReason = "certificate_expired"
	WaitTakeovers   WaitReason = "many_takeovers"
	WaitNamesake    WaitReason = "other_class_known"
)

// Words returns what people read.
func (w WaitReason) Words() string {
	switch w {
	case WaitLost:
		return "the device is reported lost"
	case WaitHeld:
		return "the device is quarantined, recalled or kept offline"
	case WaitContained:
		return "the device is contained"
	case WaitPolling:
		return "a device with this identity is still reporting"
	case WaitDestructive:
		return "a wipe or the like of this device has not ended"
	case WaitKnownSerial:
		return "a device with this serial number is known already, and the invitation was not made for it"
	case WaitTakeovers:
		return "whoever invited it has had several enrolled devices replaced today: another person has to agree"
	case WaitNamesake:
		return "a device of another class with this serial number is enrolled: if it is the same, its class would change, and another person has to agree"
	case WaitEnded:
		return "the device was decommissioned, returned or written off"
	case WaitExpired:
		return "the certificate had expired when its renewal was asked for"
	}
	return "unknown reason"
}

// Waiting is a request that waits for a person.
type Waiting struct {
	ID      string
	Since   time.Time
	Renewal bool
	Reasons []WaitReason
	// Device is the record that it would take over.
	Device device.ID
	Serial string
	Class  device.Class
	Model  device.ModelID
	// Remote is the network address that it came from.
	Remote     string
	Invitation InvitationID
	// CSR is the certificate request.
	CSR []byte
}
