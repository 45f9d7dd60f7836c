package alert

import (
	"context"
	"time"

	"wardline/audit"
	"wardline/device"
)

// Storage keeps alerts. Each method is one transaction and records its audit
// event in it. What events cause is raised by the store itself, in the
// transaction of the event (Of).
type Storage interface {
	// Alerts returns a page: open ones first, then newest first.
	Alerts(ctx context.Context, q Query) (Page, error)
	// Alert returns one, with what became of its messages. It answers
	// fault.CodeNotFound.
	Alert(ctx context.Context, id ID) (Alert, []Delivery, error)
	// Acknowledge notes that somebody took note. Of two who do, the first counts.
	Acknowledge(ctx context.Context, actor audit.Actor, id ID, note string) error
	// StandAlerts says which alerts of a rule hold now: new ones are raised, those that
	// hold no more are cleared, the others stay. spare says that nothing is cleared.
	StandAlerts(ctx context.Context, rule RuleID, holds []Raise, spare func(key string) bool) error

	// AlertSettings returns the settings that differ from what is shipped, and the
	// changes that wait.
	AlertSettings(ctx context.Context) ([]Setting, []Change, error)
	// ChangeAlertSetting changes one rule under a lock: current is how it is set
	// now, open the change that waits for it, if any.
	ChangeAlertSetting(ctx context.Context, resource string, rule RuleID,
		decide func(now time.Time, current Setting, open *Change) (Decision, error)) error
	// RuleOfChange finds the rule that a waiting change is about.
	RuleOfChange(ctx context.Context, id string) (RuleID, error)

	Webhooks(ctx context.Context) ([]Webhook, error)
	AddWebhook(ctx context.Context, actor audit.Actor, w Webhook) error
	// RemoveWebhook answers codeWebhookUsed while a rule sends to it.
	RemoveWebhook(ctx context.Context, actor audit.Actor, id WebhookID) error

	// MailAddress is where an account gets its mail; empty: nowhere.
	MailAddress(ctx context.Context, account Account) (Recipient, error)
	// SetMailAddress also tells the address before, when there was one.
	SetMailAddress(ctx context.Context, actor audit.Actor, r Recipient) error

	ReportBackup(ctx context.Context, b Backup) error
	// LastBackup is the newest; false: there never was one.
	LastBackup(ctx context.Context) (Backup, bool, error)
}

// Decision is what was decided about a rule's setting.
type Decision struct {
	// Setting is kept when it is not nil.
	Setting *Setting
	// Changes are kept: new ones, and ended ones.
	Changes []Change
	Events  []audit.Event
}

// PostStorage is the outbox.
type PostStorage interface {
	// Unaddressed returns alerts of which nobody has worked out yet who is told.
	Unaddressed(ctx context.Context, limit int) ([]Alert, error)
	// AddressAlert keeps the messages of an alert, once: of two servers that do so
	// the second changes nothing.
	AddressAlert(ctx context.Context, id ID, deliveries []Delivery) error
	// ClaimDeliveries takes messages that are due. Until the lease runs out nobody else gets
	// them; then, if SettleDelivery was not called, they are due again.
	ClaimDeliveries(ctx context.Context, channels []Channel, n int, lease time.Duration) ([]Delivery, error)
	// SettleDelivery keeps what became of a message.
	SettleDelivery(ctx context.Context, d Delivery) error
	// Recipients are all accounts that can be told by mail: enabled, with an address.
	Recipients(ctx context.Context) ([]Recipient, error)
	// AddDeliveries raises an alert whose messages are given: a test.
	AddDeliveries(ctx context.Context, actor audit.Actor, r Raise, deliveries []Delivery) (ID, error)

	AlertSettings(ctx context.Context) ([]Setting, []Change, error)
	Alert(ctx context.Context, id ID) (Alert, []Delivery, error)
	Webhooks(ctx context.Context) ([]Webhook, error)
}

// Recipient is somebody who has given a mail address.
type Recipient struct {
	Account  Account
	Username string
	Roles    []string
	Sites    []device.PlaceID
	Address  string
	Language string
}

// WatchStorage is what Watch looks at.
type WatchStorage interface {
	// Now is the database's clock.
	Now(ctx context.Context) (time.Time, error)
	// WardSilence counts, of the devices of each ward that were heard of within recent,
	// those not heard of within silence.
	WardSilence(ctx context.Context, silence, recent time.Duration) ([]WardCount, error)
	// EndingCertificates counts devices in use whose longest-lasting good certificate
	// ends before this moment.
	EndingCertificates(ctx context.Context, before time.Time) (int, error)
	LastBackup(ctx context.Context) (Backup, bool, error)
	// LateReviews are the break-glasses that began before this moment and that nobody
	// has reviewed, each as its alert.
	LateReviews(ctx context.Context, before time.Time) ([]Raise, error)
	// FirstStart is when this hospital's audit log began.
	FirstStart(ctx context.Context) (time.Time, error)

	AlertSettings(ctx context.Context) ([]Setting, []Change, error)
	StandAlerts(ctx context.Context, rule RuleID, holds []Raise, spare func(key string) bool) error
}

// WardCount is what was heard of a ward's devices.
type WardCount struct {
	Place, Site device.PlaceID
	// Devices were heard of lately; Silent of them are silent now.
	Devices, Silent int
}

// Channel is how a message travels.
type Channel string

// The channels.
const (
	ByMail    Channel = "mail"
	ByWebhook Channel = "webhook"
)

// DeliveryState says what became of a message.
type DeliveryState string

// The states of a message.
const (
	Waiting DeliveryState = "waiting"
	Sent    DeliveryState = "sent"
	GivenUp DeliveryState = "given_up"
	// NotSent: there is no mail server.
	NotSent DeliveryState = "not_sent"
)

// Delivery is one message to one recipient: a row that stays until it was sent.
type Delivery struct {
	// ID is the same at every attempt: a recipient tells a repetition by it.
	ID      string
	Alert   ID
	Channel Channel
	// Target is a mail address or the id of a webhook.
	Target   string
	Account  Account // whose address it is, when it is an account's
	Language string

	State     DeliveryState
	Attempts  int
	DueAt     time.Time
	CreatedAt time.Time
	EndedAt   time.Time
	LastError string
}
