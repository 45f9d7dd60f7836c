package api

import (
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"wardline/alert"
	"wardline/auth"
	"wardline/commands"
	"wardline/device"
	"wardline/enroll"
	"wardline/inventory"
	"wardline/safety"
)

// vocabulary puts the words of the domain into the description of the API: what
// a class, a kind or a state can be is said there, generated clients have a type
// for it, and a request with any other word is refused.
func vocabulary(r huma.Registry) {
	say(r, device.Classes()...)
	say(r, device.Kinds()...)
	say(r, append([]device.Subkind{""}, device.ConfigSubkinds()...)...)
	say(r, device.Managements()...)
	say(r, device.Stages()...)
	say(r, device.Conditions()...)
	say(r, device.HoldKinds()...)
	say(r, device.Custodies()...)
	say(r, device.NetworkCutSafe, device.NetworkCutUnknown, device.NetworkCutHarmful)
	say(r, device.PlaceSite, device.PlaceBuilding, device.PlaceFloor, device.PlaceWard)
	say(r, device.LocationAccessPoint, device.LocationCoordinates)
	say(r, device.ReportedNone, device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedService)
	say(r, append([]safety.State{safety.StateNotPump}, safety.States()...)...)
	say(r, safety.Quiet, safety.Disruptive, safety.Destructive)
	say(r, append([]commands.State{commands.StateNone}, commands.States()...)...)
	say(r, inventory.CertificateEnds()...)
	say(r, inventory.Faults()...)
	say(r, inventory.ConfigurationStates()...)
	say(r, attentions()...)
	say(r, commands.Waitings()...)
	say(r, append([]commands.Outcome{commands.OutcomeNone}, commands.Outcomes()...)...)
	say(r, alert.RuleIDs()...)
	say(r, alert.Critical, alert.Warning, alert.Notice)
	say(r, alert.StateOpen, alert.StateAcknowledged, alert.StateCleared)
	say(r, alert.ByMail, alert.ByWebhook)
	say(r, alert.Waiting, alert.Sent, alert.GivenUp, alert.NotSent)
	say(r, auth.Roles()...)
	say(r, auth.Permissions()...)
	say(r, auth.Audiences()...)
	say(r, auth.StepUpPending, auth.StepUpConfirmed, auth.StepUpUsed, auth.StepUpDenied)
	say(r, enroll.ForSerial, enroll.ForDelivery, enroll.ForPerson)
}

// say lists what values of a type can be.
func say[T ~string](r huma.Registry, words ...T) {
	list := make([]any, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	spoken.Store(reflect.TypeFor[T](), list)
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[word[T]]())
}

// spoken holds the words by type: the same in every API of this program.
var spoken sync.Map

// word stands for T in the description.
type word[T ~string] string

// Schema implements huma.SchemaProvider.
func (word[T]) Schema(huma.Registry) *huma.Schema {
	list, _ := spoken.Load(reflect.TypeFor[T]())
	words, _ := list.([]any)
	return &huma.Schema{Type: huma.TypeString, Enum: words}
}
