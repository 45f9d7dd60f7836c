package evidence

import (
	"time"

	"wardline/commands"
	"wardline/device"
)

// Input is what is known when a report is made.
type Input struct {
	Now    time.Time
	MadeBy string
	// German: in German, otherwise in English. Say translates the server's own
	// sentences; nil leaves them.
	German bool
	Say    func(string) string

	Device device.Device
	Model  device.Model
	// Place is where it belongs, in words; empty: nowhere.
	Place string
	// Loss is the present report of a loss, or the last one; nil: there was none.
	Loss *Loss
	// Where is where it was last heard; empty: not known. WhereAt is when, and
	// WhereHidden says that the reader may not know.
	Where       string
	WhereAt     time.Time
	WhereHidden bool
	// CertificateStatus is active, contained, revoked and the like; empty: none.
	CertificateStatus string
	// Cuts are when it was contained, released and revoked, oldest first.
	Cuts []Cut
	// Commands are those since the loss, or the last ones, oldest first, with their
	// transitions; Receipts what the device signed about them.
	Commands []commands.Command
	Receipts map[commands.ID][]commands.KeptReceipt
	// MoreCommands: there are older ones that are left out.
	MoreCommands bool
	// HeadSeq and HeadHash name the newest link of the audit chain.
	HeadSeq  int64
	HeadHash string
}

// Loss is a report of a loss, with what was known at that moment.
type Loss struct {
	At     time.Time
	By     string
	Factor string
	Via    string
	Reason string
	Stolen bool
	Own    bool
	// LastHeard is when the device was last heard of before; zero: never, or it is
	// not recorded. Encrypted, Passcode and Locked are what it said then; nil: it
	// did not say, or that is not recorded.
	LastHeard                   time.Time
	Encrypted, Passcode, Locked *bool
	// Recorded: the report kept what was known at that moment.
	Recorded bool
	// FoundAt is when it was found again; zero: not.
	FoundAt     time.Time
	FoundBy     string
	FoundReason string
}

// Cut is a change of what the network is told.
type Cut struct {
	At     time.Time
	Action string // contained, released, revoked
	By     string
	Why    string
}

// Report is a loss report.
type Report struct {
	Title    string    `json:"title"`
	Language string    `json:"language" enum:"en,de"`
	DeviceID device.ID `json:"device_id"`
	Serial   string    `json:"serial"`
	MadeAt   time.Time `json:"made_at"`
	MadeBy   string    `json:"made_by"`
	Summary  string    `json:"summary" doc:"One sentence: how it stands."`
	Sections []Section `json:"sections"`
	Orders   []Order   `json:"orders" doc:"What was asked of the device, oldest first."`
	Unknown  []string  `json:"unknown" doc:"What is not known, in sentences."`
	Notes    []string  `json:"notes" doc:"How to read it."`
	HeadSeq  int64     `json:"audit_head_seq" doc:"The newest link of the audit chain when this was made."`
	HeadHash string    `json:"audit_head_hash"`

	labels labels
}

// Section groups facts.
type Section struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Facts []Fact `json:"facts"`
}

// Fact is one thing, with where it comes from and how old it is.
type Fact struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Value is in words; of what is not known it says so.
	Value  string     `json:"value"`
	Known  bool       `json:"known"`
	Source string     `json:"source"`
	At     *time.Time `json:"at" nullable:"true"`
	Age    string     `json:"age" doc:"In words; empty where it has none."`
}

// Order is one thing that was asked, and what became of it. Requested, delivered,
// accepted and ended are separate, and requested is never shown as done.
type Order struct {
	CommandID commands.ID `json:"command_id"`
	Kind      device.Kind `json:"kind"`
	Words     string      `json:"words"`
	Reason    string      `json:"reason"`
	Steps     []Step      `json:"steps"`
	// Stands says how it stands, or how it ended; of a wipe in one of the four ways.
	Stands  string `json:"stands"`
	Outcome string `json:"outcome" doc:"Of a wipe."`
	Receipt string `json:"receipt" doc:"In words: what the device signed."`
	Proof   bool   `json:"receipt_verified"`
	Hash    string `json:"order_hash"`
}

// Step is one moment of an order.
type Step struct {
	At    time.Time `json:"at"`
	Words string    `json:"words"`
}
