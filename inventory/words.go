package inventory

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"wardline/audit"
	"wardline/device"
)

// actorWords names who did something, as people know them.
func actorWords(a audit.Actor) string {
	switch a.Kind {
	case audit.ActorSystem:
		return "Wardline"
	case audit.ActorDevice:
		return "the device"
	case audit.ActorNobody:
		return "somebody unknown"
	case audit.ActorToken:
		if a.Name != "" {
			return "token " + a.Name
		}
		return "a token"
	}
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

// commandSteps are the ends of sentences about a command, by the last part of
// the action. "Requested" is never shown as "done".
var commandSteps = map[string]string{
	"requested": "was asked for", "approved": "was approved", "denied": "was denied by the second person",
	"approval_voided": "must be approved again: what was approved has changed", "held": "is waiting", "released": "may go out now",
	"delivered": "was handed to the device", "accepted": "was started by the device", "succeeded": "was done",
	"failed": "failed", "refused": "was refused", "postponed": "was put off by the device", "expired": "expired before it was done",
	"cancelled": "was cancelled", "superseded": "was replaced by a newer one", "answered_late": "was answered after it had ended",
	"unconfirmed": "was started; the device has been silent since", "result_ignored": "got an answer that was ignored",
	"receipt_invalid": "got an answer whose signature is not good", "not_erased": "did NOT erase the device: its old certificate showed up again",
}

// eventWords says in a sentence what happened.
func eventWords(e audit.Event, tree Tree) string {
	noun, step, _ := strings.Cut(string(e.Action), ".")
	if noun == "command" {
		return commandWords(e, step)
	}
	switch e.Action {
	case ActionCreated:
		return "Registered"
	case ActionUpdated:
		return "Changed: " + changesWords(e.Detail["changes"], tree) + because(e)
	case ActionHeld:
		return "Reported " + holdWords(device.HoldKind(text(e, "hold"))) + because(e)
	case ActionLifted:
		return "No longer " + holdWords(device.HoldKind(text(e, "hold"))) + because(e)
	case ActionSanitised:
		return fmt.Sprintf("Sanitised (%s), witnessed by %s", text(e, "method"), text(e, "witness"))
	case ActionLocationSeen:
		return "Its holder's location was looked up" + because(e)
	}
	// What other packages record reads well enough by its own name:
	// "certificate.revoked" becomes "Certificate revoked".
	words := strings.NewReplacer(".", " ", "_", " ").Replace(string(e.Action))
	return strings.ToUpper(words[:1]) + words[1:] + because(e)
}

func commandWords(e audit.Event, step string) string {
	end, ok := commandSteps[step]
	if !ok {
		end = strings.ReplaceAll(step, "_", " ")
	}
	words := device.Kind(text(e, "kind")).Words()
	if sub := text(e, "subkind"); sub != "" {
		words += " (" + sub + ")"
	}
	if step == "requested" {
		return words + " " + end + because(e)
	}
	return words + " " + end
}

func because(e audit.Event) string {
	if r := text(e, "reason"); r != "" {
		return ": " + r
	}
	return ""
}

func text(e audit.Event, name string) string {
	switch v := e.Detail[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// fieldWords are what people call the fields of a device.
var fieldWords = map[string]string{
	"model": "model", "management": "management", "serial": "serial number", "asset_tag": "asset tag", "owner": "owner",
	"place": "place", "udi": "UDI", "lot": "lot", "imei": "IMEI", "mac": "MAC address", "tags": "tags",
	"stage": "stage", "condition": "condition", "custody": "custody",
}

// changesWords lists changes as "owner from A to B", in a fixed order.
func changesWords(changes any, tree Tree) string {
	byField, ok := changes.(map[string]any)
	if !ok {
		return "record"
	}
	names := make([]string, 0, len(byField))
	for name := range byField {
		names = append(names, name)
	}
	sort.Strings(names)
	var parts []string
	for _, name := range names {
		pair, ok := byField[name].([]any)
		if !ok || len(pair) != 2 {
			continue
		}
		was, became := valueWords(name, fmt.Sprint(pair[0]), tree), valueWords(name, fmt.Sprint(pair[1]), tree)
		parts = append(parts, fmt.Sprintf("%s from %s to %s", fieldWords[name], was, became))
	}
	return strings.Join(parts, "; ")
}

func valueWords(field, value string, tree Tree) string {
	if value == "" {
		return "nothing"
	}
	switch field {
	case "place":
		return placeName(tree, device.PlaceID(value))
	case "stage":
		return stageWords(device.Stage(value))
	case "condition":
		return conditionWords(device.Condition(value))
	case "custody":
		kind, which, _ := strings.Cut(value, " ")
		return custodyWords(device.Custody{Kind: device.CustodyKind(kind), Which: which})
	}
	return value
}

// changeWords says in a sentence what a device newly reports.
func changeWords(c Change) string {
	switch c.What {
	case WhatTherapy:
		return map[device.Reported]string{
			device.ReportedInfusing: "Reports that it is infusing", device.ReportedPaused: "Reports that it is paused",
			device.ReportedStopped: "Reports that it has stopped", device.ReportedService: "Reports its service mode",
		}[device.Reported(c.Became)]
	case WhatLocked:
		return yesNoWords(c.Became, "Locked", "Unlocked")
	case WhatLostMode:
		return yesNoWords(c.Became, "In lost mode", "No longer in lost mode")
	case WhatEncryption:
		return yesNoWords(c.Became, "Reports that its storage is encrypted", "Reports that its storage is NOT encrypted")
	case WhatPasscode:
		return yesNoWords(c.Became, "Reports that a passcode is set", "Reports that NO passcode is set")
	case WhatClock:
		if c.Became == "wrong" {
			return "Its clock is wrong"
		}
		return "Its clock is right again"
	}
	name := strings.ReplaceAll(string(c.What), "_", " ")
	if c.What == WhatOS {
		name = "OS version"
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if c.Was == "" {
		return fmt.Sprintf("%s is %s", name, c.Became)
	}
	return fmt.Sprintf("%s changed from %s to %s", name, c.Was, c.Became)
}

func yesNoWords(value, yes, no string) string {
	switch value {
	case "yes":
		return yes
	case "no":
		return no
	}
	return "No longer says whether: " + strings.ToLower(yes[:1]) + yes[1:]
}
