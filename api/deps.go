package api

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"wardline/alert"
	"wardline/audit"
	"wardline/auth"
	"wardline/commands"
	"wardline/commands/limits"
	"wardline/configuration"
	"wardline/device"
	"wardline/enroll"
	"wardline/internal/auditlog"
	"wardline/internal/once"
	"wardline/inventory"
	"wardline/shift"
)

// People is what the API needs of package auth; *auth.Service is one.
type People interface {
	Login(ctx context.Context, in auth.Login) (auth.Granted, error)
	LoginForLoss(ctx context.Context, in auth.Login) (auth.Granted, error)
	NewLossCode(ctx context.Context, p auth.Principal, username string) (auth.LossCode, error)
	InHand(ctx context.Context, p auth.Principal, right bool) error
	ActOnce(ctx context.Context, p auth.Principal, id device.ID) error
	SetBadge(ctx context.Context, p auth.Principal, username, number string) error
	HasBadge(ctx context.Context, id auth.AccountID) (bool, error)
	NewHandheldCode(ctx context.Context, p auth.Principal) (auth.HandheldCode, error)
	KnownAt(ctx context.Context, st auth.Station, shown string) (auth.Known, error)
	UseCode(ctx context.Context, k auth.Known) error
	MayType(ctx context.Context, p auth.Principal) error
	CountTyped(ctx context.Context, p auth.Principal) error
	NewStation(ctx context.Context, p auth.Principal, ward auth.Target, name string) (auth.Station, string, error)
	NewStationCode(ctx context.Context, p auth.Principal, id auth.StationID) (string, error)
	Stations(ctx context.Context) ([]auth.Station, error)
	Station(ctx context.Context, id auth.StationID) (auth.Station, error)
	EndStation(ctx context.Context, p auth.Principal, id auth.StationID) error
	PairStation(ctx context.Context, remote, code string) (auth.Station, string, error)
	StationOf(ctx context.Context, secret string) (auth.Station, error)
	MayScan(ctx context.Context, st auth.Station) error
	CountScan(ctx context.Context, st auth.Station) error
	Refresh(ctx context.Context, audience auth.Audience, token, remote, via string) (auth.Granted, error)
	Logout(ctx context.Context, p auth.Principal) error
	Authenticate(ctx context.Context, audience auth.Audience, bearer string) (auth.Principal, error)
	AuthenticateFresh(ctx context.Context, audience auth.Audience, bearer string) (auth.Principal, error)
	SetUp(ctx context.Context, in auth.SetUp) (auth.Account, error)

	BeginPasskeySignIn(ctx context.Context) (auth.Asked, error)
	BeginPasskeyProof(ctx context.Context, p auth.Principal, subject string) (auth.Asked, error)
	BeginPasskeyStepUp(ctx context.Context, p auth.Principal, userCode string) (auth.Asked, error)
	BeginPasskey(ctx context.Context, p auth.Principal, password string, proof auth.Proof) (auth.Asked, error)
	AddPasskey(ctx context.Context, p auth.Principal, name string, answer auth.Assertion) (auth.Passkey, error)
	NewRecoveryCodes(ctx context.Context, p auth.Principal, password string, proof auth.Proof) ([]string, error)
	Factors(ctx context.Context, p auth.Principal) (auth.Factors, error)
	PasskeysAtHand(ctx context.Context, role auth.Role) error
	RemoveFactor(ctx context.Context, p auth.Principal, id, password string, proof auth.Proof) error

	StepUp(ctx context.Context, p auth.Principal, proof auth.Proof, subject auth.Subject) (value string, expires time.Time, err error)
	RequireStepUp(ctx context.Context, p auth.Principal, header string, ask auth.StepUpAsk) (auth.Principal, error)
	PendingStepUp(ctx context.Context, p auth.Principal, userCode string) (auth.StepUp, error)
	ConfirmStepUp(ctx context.Context, p auth.Principal, userCode string, proof auth.Proof) error
	DenyStepUp(ctx context.Context, p auth.Principal, userCode string) error
	AccountNamed(ctx context.Context, p auth.Principal, name string) (auth.Account, error)
	AnotherPerson(ctx context.Context, p auth.Principal, asker auth.Asker) error
	Holds(ctx context.Context, id auth.AccountID, role auth.Role) (bool, error)

	ChangePassword(ctx context.Context, p auth.Principal, old, password string) error
	EnrolTOTP(ctx context.Context, p auth.Principal, password string, proof auth.Proof) (auth.Enrolment, error)
	ConfirmTOTP(ctx context.Context, p auth.Principal, otp string) error
	Sessions(ctx context.Context, p auth.Principal, account auth.AccountID) ([]auth.Session, error)
	EndSession(ctx context.Context, p auth.Principal, account auth.AccountID, only auth.SessionID) (int, error)

	Account(ctx context.Context, p auth.Principal, id auth.AccountID) (auth.Account, error)
	Accounts(ctx context.Context, p auth.Principal, q auth.AccountQuery) ([]auth.Account, int, error)
	CreateAccount(ctx context.Context, p auth.Principal, n auth.NewAccount) (auth.Created, error)
	ChangeAccount(ctx context.Context, p auth.Principal, id auth.AccountID, c auth.AccountChange) (auth.Account, error)
	NewSetupLink(ctx context.Context, p auth.Principal, id auth.AccountID) (string, error)
	ResetFactors(ctx context.Context, p auth.Principal, id auth.AccountID) error
	AccountChanges(ctx context.Context, p auth.Principal, account auth.AccountID) ([]auth.PendingChange, error)
	ApproveChange(ctx context.Context, p auth.Principal, id auth.ChangeID, proof auth.Proof) (auth.PendingChange, error)
	DenyChange(ctx context.Context, p auth.Principal, id auth.ChangeID, why string) (auth.PendingChange, error)
	Recoveries(ctx context.Context) ([]auth.Recovery, error)
	CancelRecovery(ctx context.Context, p auth.Principal, id auth.RecoveryID) (auth.Recovery, error)
	Vouchable(ctx context.Context, p auth.Principal) ([]auth.Account, error)
	Vouch(ctx context.Context, p auth.Principal, id auth.AccountID, proof auth.Proof) (auth.Account, error)

	Tokens(ctx context.Context, p auth.Principal, account auth.AccountID) ([]auth.Token, error)
	CreateToken(ctx context.Context, p auth.Principal, n auth.NewToken) (auth.Token, string, error)
	RevokeToken(ctx context.Context, p auth.Principal, id auth.TokenID) error
}

// Inventory is what the API needs of package inventory; *inventory.Service is one.
type Inventory interface {
	Get(ctx context.Context, id device.ID) (inventory.Item, error)
	Find(ctx context.Context, q inventory.Query) (inventory.Page, error)
	Overview(ctx context.Context, scope inventory.Scope) (inventory.Overview, error)
	CheckIns(ctx context.Context, scope inventory.Scope, hours int) ([]inventory.CheckIns, error)
	Export(ctx context.Context, actor audit.Actor, q inventory.Query) (*inventory.Export, error)
	Create(ctx context.Context, actor audit.Actor, draft inventory.Draft) (inventory.Item, error)
	Update(ctx context.Context, actor audit.Actor, id device.ID, version int, u inventory.Update) (inventory.Item, error)
	ImportDelivery(ctx context.Context, actor audit.Actor, file io.Reader, dryRun bool) (inventory.ImportResult, error)
	Location(ctx context.Context, actor audit.Actor, id device.ID, reason string) (*inventory.Where, error)
	Timeline(ctx context.Context, id device.ID, cursor string, limit int) (inventory.Timeline, error)
	Certificates(ctx context.Context, id device.ID) ([]inventory.HeldCertificate, error)
	Hold(ctx context.Context, actor audit.Actor, id device.ID, kind device.HoldKind, reason string) (inventory.Item, error)
	Lift(ctx context.Context, actor audit.Actor, roles []string, id device.ID, kind device.HoldKind, reason string) (inventory.Item, error)
	RecordSanitisation(ctx context.Context, actor audit.Actor, id device.ID, draft inventory.SanitisationDraft) (inventory.Item, error)

	Tree(ctx context.Context) (inventory.Tree, error)
	Places(ctx context.Context) ([]inventory.PlaceRecord, error)
	Place(ctx context.Context, id device.PlaceID) (inventory.PlaceRecord, error)
	CreatePlace(ctx context.Context, actor audit.Actor, p device.Place) (inventory.PlaceRecord, error)
	UpdatePlace(ctx context.Context, actor audit.Actor, version int, p device.Place) (inventory.PlaceRecord, error)
	DeletePlace(ctx context.Context, actor audit.Actor, version int, id device.PlaceID) error
	AccessPoints(ctx context.Context, place device.PlaceID, after string, limit int) ([]device.AccessPoint, error)
	PutAccessPoint(ctx context.Context, actor audit.Actor, ap device.AccessPoint) error
	DeleteAccessPoint(ctx context.Context, actor audit.Actor, bssid string) error
	ImportAccessPoints(ctx context.Context, actor audit.Actor, file io.Reader, dryRun bool) (inventory.ImportResult, error)

	RegisterOwn(ctx context.Context, actor audit.Actor, p inventory.OwnPhone) (inventory.Item, error)
	RoomForOwn(ctx context.Context, owner string) error
	Models(ctx context.Context) ([]device.Model, error)
	Model(ctx context.Context, id device.ModelID) (device.Model, error)
	CreateModel(ctx context.Context, actor audit.Actor, m device.Model) (device.Model, error)
	UpdateModel(ctx context.Context, actor audit.Actor, version int, m device.Model) (device.Model, error)
}

// Shifts is what the API needs of package shift; *shift.Service is one.
type Shifts interface {
	Take(ctx context.Context, t shift.Taking) (shift.Taken, error)
	Return(ctx context.Context, r shift.Returning) (shift.Use, error)
	Dispute(ctx context.Context, actor audit.Actor, id device.ID, holder string) (shift.Use, error)
	Uses(ctx context.Context, q shift.Query) ([]shift.Use, error)
	Settings(ctx context.Context) (shift.Settings, error)
	ChangeSettings(ctx context.Context, actor audit.Actor, set shift.Settings) (shift.Settings, error)
}

// Commands is what the API needs of package commands; *commands.Service is one.
type Commands interface {
	Request(ctx context.Context, actor audit.Actor, ask commands.Ask) (commands.Command, error)
	ReportLost(ctx context.Context, actor audit.Actor, r commands.LossReport) ([]commands.LossStep, error)
	Receipts(ctx context.Context, id commands.ID) ([]commands.KeptReceipt, error)
	Found(ctx context.Context, actor audit.Actor, id device.ID, reason string) error
	ShowsCode(ctx context.Context, d device.Device, code string) (bool, error)
	Check(ctx context.Context, actor audit.Actor, ask commands.Ask) error
	Offers(ctx context.Context, actor audit.Actor, devices []device.ID, many int) (map[device.ID][]commands.Offer, error)
	Get(ctx context.Context, id commands.ID) (commands.Command, error)
	List(ctx context.Context, q commands.Query) (commands.Page, error)
	Count(ctx context.Context, q commands.Query) (int, error)
	Waits(ctx context.Context, scope commands.Scope) (map[commands.Waiting]int, error)
	Origins(ctx context.Context, scope commands.Scope) ([]commands.Origin, error)
	Cancel(ctx context.Context, actor audit.Actor, id commands.ID, reason string) (commands.Command, error)
	Approve(ctx context.Context, actor audit.Actor, id commands.ID, orderHash string) (commands.Command, error)
	Deny(ctx context.Context, actor audit.Actor, id commands.ID, reason string) (commands.Command, error)

	SetFreeze(ctx context.Context, actor audit.Actor, ask commands.FreezeAsk) (commands.Freeze, error)
	Freeze(ctx context.Context, id string) (commands.Freeze, error)
	Freezes(ctx context.Context, all bool) ([]commands.Freeze, error)
	AskLift(ctx context.Context, actor audit.Actor, roles []string, id, reason, seen string) (commands.Freeze, error)
	Lift(ctx context.Context, actor audit.Actor, id, askedBy, seen string) (commands.Freeze, error)
	CancelAll(ctx context.Context, actor audit.Actor, ask commands.FreezeAsk) (int, error)
	BreakGlasses(ctx context.Context, before commands.ID, limit int) ([]commands.BreakGlass, error)
	BreakGlass(ctx context.Context, id commands.ID) (commands.BreakGlass, error)
	Review(ctx context.Context, actor audit.Actor, id commands.ID, justified bool, note string) (commands.BreakGlass, error)
	Limits(ctx context.Context) (commands.LimitsNow, error)
	SetLimit(ctx context.Context, actor audit.Actor, id limits.ID, number int, reason string) (commands.LimitChange, error)
	ApproveLimit(ctx context.Context, actor audit.Actor, id string) (commands.LimitChange, error)
	EndLimitChange(ctx context.Context, actor audit.Actor, id, reason string) (commands.LimitChange, error)

	RequestBatch(ctx context.Context, actor audit.Actor, b commands.BatchAsk) (commands.Batch, error)
	Batch(ctx context.Context, id commands.BatchID) (commands.Batch, error)
	Batches(ctx context.Context, q commands.BatchQuery) (commands.BatchPage, error)
	CancelBatch(ctx context.Context, actor audit.Actor, id commands.BatchID, reason string) (commands.Batch, error)
	ApproveBatch(ctx context.Context, actor audit.Actor, id commands.BatchID, ordersHash string) (commands.Batch, error)
	DenyBatch(ctx context.Context, actor audit.Actor, id commands.BatchID, reason string) (commands.Batch, error)
}

// Enrollment is what the API needs of package enroll; *enroll.Service is one.
type Enrollment interface {
	Invite(ctx context.Context, actor audit.Actor, inv enroll.Invitation) (enroll.Issued, error)
	Invitations(ctx context.Context, q enroll.InvitationQuery) (list []enroll.Invitation, total int, err error)
	CancelInvitation(ctx context.Context, actor audit.Actor, id enroll.InvitationID) error
	CreateDelivery(ctx context.Context, actor audit.Actor, d enroll.Delivery) (enroll.Delivery, error)
	OpenDelivery(ctx context.Context, actor audit.Actor, id enroll.DeliveryID, openFor time.Duration) error
	Delivery(ctx context.Context, id enroll.DeliveryID) (enroll.Delivery, error)
	Deliveries(ctx context.Context, after enroll.DeliveryID, limit int) ([]enroll.Delivery, error)
	Waiting(ctx context.Context) ([]enroll.Waiting, error)
	Decide(ctx context.Context, actor audit.Actor, id string, approve bool, why string) error
	Release(ctx context.Context, actor audit.Actor, id device.ID, why string) error
}

// Configuration is what the API needs of package configuration;
// *configuration.Service is one.
type Configuration interface {
	Documents(ctx context.Context, subkind device.Subkind) ([]configuration.Document, error)
	Document(ctx context.Context, id configuration.DocumentID) (configuration.Document, error)
	Versions(ctx context.Context, id configuration.DocumentID) ([]configuration.Version, error)
	Summary(ctx context.Context, id configuration.DocumentID) (configuration.Summary, error)
	Summaries(ctx context.Context) (map[configuration.DocumentID]configuration.Summary, error)
	Create(ctx context.Context, actor audit.Actor, subkind device.Subkind, name string, content json.RawMessage, note string) (configuration.Document, error)
	Publish(ctx context.Context, actor audit.Actor, id configuration.DocumentID, version int, content json.RawMessage, note string) (configuration.Document, error)
	Retire(ctx context.Context, actor audit.Actor, id configuration.DocumentID) (configuration.Document, error)
	Assignments(ctx context.Context) ([]configuration.Assignment, error)
	Assign(ctx context.Context, actor audit.Actor, id configuration.DocumentID, selector configuration.Selector) (configuration.Assignment, error)
	Unassign(ctx context.Context, actor audit.Actor, id configuration.AssignmentID) error
	OfDevice(ctx context.Context, id device.ID) ([]configuration.State, error)
	Preview(ctx context.Context, p configuration.Proposal) (configuration.Preview, error)
}

// AuditLog is what the API needs to read of the audit log; *store.Store is one.
type AuditLog interface {
	audit.Chain
	auditlog.Follower
	// SignedHeads returns the newest signed heads before a moment, newest first.
	SignedHeads(ctx context.Context, before time.Time, limit int) ([]audit.SignedHead, error)
	// ListAudit returns a page, the cursor of the next one, and how many match,
	// counted up to 10,000.
	ListAudit(ctx context.Context, q auditlog.Query) (entries []auditlog.Entry, next string, total int, err error)
}

// Alerts is what the API needs of package alert; *alert.Service is one.
type Alerts interface {
	Alerts(ctx context.Context, q alert.Query) (alert.Page, error)
	Alert(ctx context.Context, id alert.ID) (alert.Alert, []alert.Delivery, error)
	Acknowledge(ctx context.Context, actor audit.Actor, id alert.ID, note string) error
	Settings(ctx context.Context) ([]alert.Setting, []alert.Change, error)
	Change(ctx context.Context, actor audit.Actor, next alert.Setting, reason string) (waits bool, err error)
	Agree(ctx context.Context, actor audit.Actor, id string) error
	Withdraw(ctx context.Context, actor audit.Actor, id string) error
	Webhooks(ctx context.Context) ([]alert.Webhook, error)
	AddWebhook(ctx context.Context, actor audit.Actor, name, address string) (alert.Webhook, string, error)
	RemoveWebhook(ctx context.Context, actor audit.Actor, id alert.WebhookID) error
	Address(ctx context.Context, account alert.Account) (alert.Recipient, error)
	SetAddress(ctx context.Context, actor audit.Actor, account alert.Account, address, language string) error
	ReportBackup(ctx context.Context, actor audit.Actor, what string, madeAt time.Time) error
	LastBackup(ctx context.Context) (alert.Backup, bool, error)
}

// Post is what sends alerts; *alert.Post is one.
type Post interface {
	// HasMail reports whether a mail server is configured.
	HasMail() bool
	Test(ctx context.Context, actor audit.Actor, to alert.Delivery) (alert.ID, error)
}

// Requests remembers which requests were carried out; *store.Store is one.
type Requests interface {
	// FindRequest answers *once.Done, once.CodeKeyReused, or nil.
	FindRequest(ctx context.Context, r *once.Request) error
	// RememberRequest writes what a request made, where its effect could not.
	RememberRequest(ctx context.Context, r *once.Request, made string) error
}
