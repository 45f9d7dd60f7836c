package api

import (
	"time"

	"wardline/commands"
	"wardline/device"
	"wardline/inventory"
	"wardline/safety"
)

// OverviewView is the hospital in numbers, as far as the reader may see it. Each
// number comes with the list behind it: asked for with that query, the list has
// exactly that many items.
type OverviewView struct {
	AsOf         time.Time          `json:"as_of" doc:"When it was counted; at most a few seconds ago."`
	Devices      Number             `json:"devices" doc:"Everything that is still the hospital's."`
	Classes      []ClassNumbers     `json:"classes"`
	Managements  []ManagementNumber `json:"managements"`
	Stages       []StageNumber      `json:"stages"`
	Pumps        PumpNumbers        `json:"pumps"`
	Commands     WaitingNumbers     `json:"commands" doc:"What has been asked and has not ended, by what it waits for."`
	Certificates []EndNumber        `json:"certificates"`
	Lost         LostNumber         `json:"lost"`
	Silent       []SilentNumber     `json:"silent" doc:"Heard of once and not since; each span holds the longer ones."`
	CheckIns     []CheckInsView     `json:"check_ins" doc:"Devices heard of in each of the last hours, oldest first, each device once an hour; the last hour still runs."`
	Attention    []AttentionNumber  `json:"attention" doc:"What needs a person now, the most pressing first; only what the reader may see."`
}

// Number is a count and the list behind it.
type Number struct {
	Count int    `json:"count"`
	List  string `json:"list" enum:"devices,commands,enrollment-requests" doc:"The list, as its path below /api/v1."`
	// Query are the parameters with which that list holds what was counted.
	Query map[string]string `json:"query" doc:"Its query parameters."`
}

// ClassNumbers counts the devices of a class.
type ClassNumbers struct {
	Class      device.Class `json:"class"`
	ClassWords string       `json:"class_words" speak:"words"`
	Number
	Managements []ManagementNumber `json:"managements"`
}

// ManagementNumber counts the devices on a management level.
type ManagementNumber struct {
	Management device.Management `json:"management"`
	Number
}

// StageNumber counts the devices in a stage.
type StageNumber struct {
	Stage device.Stage `json:"stage"`
	Number
}

// PumpNumbers counts pumps by derived therapy state.
type PumpNumbers struct {
	Number
	States []StateNumber `json:"states" doc:"Every state, also those without a pump."`
	Wards  []WardNumbers `json:"wards" doc:"Wards with pumps, by name; last those of no ward, without a place."`
}

// StateNumber counts the pumps in a state.
type StateNumber struct {
	State      safety.State `json:"state" doc:"What the server concludes; unknown is treated as infusing."`
	StateWords string       `json:"state_words" speak:"words"`
	Number
}

// WardNumbers counts the pumps of a ward.
type WardNumbers struct {
	Place    *PlaceBrief `json:"place,omitempty" doc:"Left out for pumps that belong to no ward."`
	CareArea bool        `json:"care_area" doc:"Patients are treated there."`
	Number
	States []StateNumber `json:"states" doc:"Only those with a pump."`
}

// WaitingNumbers counts open commands.
type WaitingNumbers struct {
	Number
	Waiting []WaitingNumber `json:"waiting" doc:"Every group, also the empty ones."`
}

// WaitingNumber counts the open commands that wait for one thing.
type WaitingNumber struct {
	Waiting commands.Waiting `json:"waiting"`
	Number
}

// EndNumber counts devices by the end of their certificate.
type EndNumber struct {
	End inventory.CertificateEnd `json:"end"`
	Number
}

// LostNumber counts what is lost.
type LostNumber struct {
	Number
	Newest []LostView `json:"newest"`
}

// LostView is a device that is lost.
type LostView struct {
	Device     DeviceBrief `json:"device"`
	Since      time.Time   `json:"since"`
	LastSeenAt *time.Time  `json:"last_seen_at" nullable:"true"`
}

// SilentNumber counts what has not been heard of for so long.
type SilentNumber struct {
	Hours int `json:"hours"`
	Number
}

// CheckInsView is how many devices were heard of in an hour.
type CheckInsView struct {
	Hour    time.Time `json:"hour" doc:"Its beginning."`
	Devices int       `json:"devices"`
}

// Attention names a kind of thing that needs a person.
type Attention string

// The kinds, the most pressing first.
const (
	AttentionNotErased   Attention = "wipes_not_erased"
	AttentionApprovals   Attention = "approvals"
	AttentionEnrollments Attention = "enrollment_requests"
	AttentionUnconfirmed Attention = "commands_unconfirmed"
	AttentionEnded       Attention = "certificates_ended"
	AttentionClock       Attention = "wrong_clock"
)

func attentions() []Attention {
	return []Attention{AttentionNotErased, AttentionApprovals, AttentionEnrollments, AttentionUnconfirmed, AttentionEnded, AttentionClock}
}

// AttentionNumber counts things that need a person.
type AttentionNumber struct {
	What Attention `json:"what"`
	Number
}
