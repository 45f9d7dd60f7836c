package store

import (
	"wardline/device"
	"wardline/enroll"
)

type invitationRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	Invited      string `gorm:"column:invited"`
	CodeHash     string `gorm:"column:code_hash"`
	Class        string `gorm:"column:class"`
	ModelID      string `gorm:"column:model_id"`
	Serial       string `gorm:"column:serial"`
	SerialNorm   string `gorm:"column:serial_norm"`
	DeliveryID   string `gorm:"column:delivery_id"`
	PlaceID      string `gorm:"column:place_id"`
	Owner        string `gorm:"column:owner"`
	Management   string `gorm:"column:management"`
	CreatedAt    dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CreatedBy    string `gorm:"column:created_by"`
	ExpiresAt    dbTime `gorm:"column:expires_at"`
	CancelledAt  dbTime `gorm:"column:cancelled_at"`
	Tries        int    `gorm:"column:tries"`
	UsedAt       dbTime `gorm:"column:used_at"`
	EnrollmentID string `gorm:"column:enrollment_id"`
	Proof
}

func (invitationRow) TableName() string { return "invitation" }

func (r invitationRow) invitation() enroll.Invitation {
	return enroll.Invitation{ID: enroll.InvitationID(r.ID), For: enroll.For(r.Invited), Class: device.Class(r.Class),
		Model: device.ModelID(r.ModelID), Serial: r.Serial, Delivery: enroll.DeliveryID(r.DeliveryID),
		Place: device.PlaceID(r.PlaceID), Owner: r.Owner, Management: device.Management(r.Management),
		ExpiresIn: r.ExpiresAt.time().Sub(r.CreatedAt.time()), CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy,
		ExpiresAt: r.ExpiresAt.time(), UsedAt: r.UsedAt.time(), CancelledAt: r.CancelledAt.time(),
		Enrollment: device.EnrollmentID(r.EnrollmentID)}
}

type challengeRow struct {
	Hash         string `gorm:"column:hash;primaryKey"`
	InvitationID string `gorm:"column:invitation_id"`
	Serial       string `gorm:"column:serial"`
	CreatedAt    dbTime `gorm:"column:created_at;autoCreateTime:false"`
	ExpiresAt    dbTime `gorm:"column:expires_at"`
	UsedAt       dbTime `gorm:"column:used_at"`
}

func (challengeRow) TableName() string { return "challenge" }

func (r challengeRow) challenge() *enroll.Challenge {
	return &enroll.Challenge{Hash: r.Hash, Serial: r.Serial, ExpiresAt: r.ExpiresAt.time(), UsedAt: r.UsedAt.time()}
}

type deliveryRow struct {
	ID        string `gorm:"column:id;primaryKey"`
	Name      string `gorm:"column:name"`
	Class     string `gorm:"column:class"`
	ModelID   string `gorm:"column:model_id"`
	PlaceID   string `gorm:"column:place_id"`
	OpenUntil dbTime `gorm:"column:open_until"`
	CreatedAt dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CreatedBy string `gorm:"column:created_by"`
}

func (deliveryRow) TableName() string { return "delivery" }

func (r deliveryRow) delivery() enroll.Delivery {
	return enroll.Delivery{ID: enroll.DeliveryID(r.ID), Name: r.Name, Class: device.Class(r.Class), Model: device.ModelID(r.ModelID),
		Place: device.PlaceID(r.PlaceID), OpenUntil: r.OpenUntil.time(), CreatedAt: r.CreatedAt.time(), CreatedBy: r.CreatedBy}
}

type packedRow struct {
	DeliveryID   string `gorm:"column:delivery_id;primaryKey"`
	SerialNorm   string `gorm:"column:serial_norm;primaryKey"`
	Serial       string `gorm:"column:serial"`
	UsedAt       dbTime `gorm:"column:used_at"`
	EnrollmentID string `gorm:"column:enrollment_id"`
}

func (packedRow) TableName() string { return "packing_list" }

func (r packedRow) packed() enroll.Packed {
	return enroll.Packed{Serial: r.Serial, UsedAt: r.UsedAt.time(), Enrollment: device.EnrollmentID(r.EnrollmentID)}
}

type enrollmentRow struct {
	ID           string `gorm:"column:id;primaryKey"`
	DeviceID     string `gorm:"column:device_id"`
	Epoch        int    `gorm:"column:epoch"`
	Class        string `gorm:"column:class"`
	ModelID      string `gorm:"column:model_id"`
	Serial       string `gorm:"column:serial"`
	InvitationID string `gorm:"column:invitation_id"`
	State        string `gorm:"column:state"`
	CreatedAt    dbTime `gorm:"column:created_at;autoCreateTime:false"`
	CompletedAt  dbTime `gorm:"column:completed_at"`
	EndedAt      dbTime `gorm:"column:ended_at"`
	EndedWhy     string `gorm:"column:ended_why"`
}

func (enrollmentRow) TableName() string { return "enrollment" }

// The states of an enrollment.
const (
	enrollmentIssued     = "issued"     // not used yet
	enrollmentActive     = "active"     // the device's current one
	enrollmentSuperseded = "superseded" // a newer one took its place
	enrollmentEnded      = "ended"      // revoked, or never used
)

type transactionRow struct {
	ID            string `gorm:"column:id;primaryKey"`
	TransactionID string `gorm:"column:transaction_id"`
	Signer        string `gorm:"column:signer"`
	CSRHash       string `gorm:"column:csr_hash"`
	CSR           []byte `gorm:"column:csr"`
	KeyHash       string `gorm:"column:key_hash"`
	Renewal       bool   `gorm:"column:renewal"`
	InvitationID  string `gorm:"column:invitation_id"`
	OldSerial     string `gorm:"column:old_serial"`
	MakerSerial   string `gorm:"column:maker_serial"`
	DeviceID      string `gorm:"column:device_id"`
	EnrollmentID  string `gorm:"column:enrollment_id"`
	Certificate   string `gorm:"column:certificate"`
	State         string `gorm:"column:state"`
	Reasons       string `gorm:"column:reasons"`
	Remote        string `gorm:"column:remote"`
	CreatedAt     dbTime `gorm:"column:created_at;autoCreateTime:false"`
	DecidedAt     dbTime `gorm:"column:decided_at"`
	DecidedBy     string `gorm:"column:decided_by"`
	DecidedWhy    string `gorm:"column:decided_why"`
}

func (transactionRow) TableName() string { return "scep_transaction" }
