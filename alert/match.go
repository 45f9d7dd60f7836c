package alert

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"wardline/audit"
	"wardline/device"
)

// Of finds the alerts in what a transaction recorded. The same about the same
// comes once, with how often it happened.
func Of(events []audit.Event) []Raise {
	var out []Raise
	for _, e := range events {
		for _, r := range ofEvent(e) {
			at := slices.IndexFunc(out, func(o Raise) bool { return o.Rule == r.Rule && o.Key == r.Key })
			if at >= 0 {
				out[at].Times++
				continue
			}
			r.Times = 1
			out = append(out, r)
		}
	}
	// One order for all: two transactions that raise the same alerts wait for each
	// other and never in a circle.
	slices.SortFunc(out, func(a, b Raise) int {
		return strings.Compare(string(a.Rule)+" "+a.Key, string(b.Rule)+" "+b.Key)
	})
	return out
}

// ofEvent is the table of what is told. An event that stands nowhere in it is no
// alert, unless it says of itself that a command waits for a second person.
func ofEvent(e audit.Event) []Raise {
	if made, known := causes[e.Action]; known {
		return made(e)
	}
	if strings.HasPrefix(string(e.Action), "command.") && fact(e, "state") == "awaiting_approval" {
		return wanted(e)
	}
	return nil
}

var causes = map[audit.Action]func(audit.Event) []Raise{
	"limit.reached":                   limitReached,
	"freeze.set":                      freezeSet,
	"command.not_erased":              aboutDevice(RuleNotErased),
	"alert.clone":                     aboutDevice(RuleClone),
	"account.passkey_clone_suspected": aboutAccount(RuleClone),
	"session.refresh_reused":          aboutAccount(RuleClone),

	"recovery.begun":     aboutAccount(RuleRecovery),
	"recovery.cancelled": aboutAccount(RuleRecovery),
	"recovery.finished":  aboutAccount(RuleRecovery),

	"handheld.disputed": func(e audit.Event) []Raise { return []Raise{about(e, RuleHandheldDisputed, "device:"+e.Device)} },

	"limit.raised":           guardChanged,
	"limit.lowered":          guardChanged,
	"freeze.lifted":          both(guardChanged, decided),
	"alert.rule_changed":     guardChanged,
	"webhook.removed":        guardChanged,
	"freeze.lift_requested":  wanted,
	"limit.raise_requested":  wanted,
	"alert.change_requested": wanted,
	"account.change_asked":   wanted,
	"break_glass.requested":  wanted,

	"command.approved":            decided,
	"command.denied":              decided,
	"account.change_approved":     decided,
	"account.change_denied":       decided,
	"limit.change_withdrawn":      decided,
	"alert.change_approved":       decided,
	"alert.change_withdrawn":      decided,
	"break_glass.denied":          decided,
	"break_glass.begun":           both(broken, decided),
	"account.factor_added":        aboutAccount(RuleAccountChanged),
	"account.factor_replaced":     aboutAccount(RuleAccountChanged),
	"account.factor_removed":      aboutAccount(RuleAccountChanged),
	"account.password_changed":    aboutAccount(RuleAccountChanged),
	"account.password_set":        aboutAccount(RuleAccountChanged),
	"account.recovery_code_used":  aboutAccount(RuleAccountChanged),
	"account.recovery_codes_made": aboutAccount(RuleAccountChanged),
	"account.mail_changed":        aboutAccount(RuleAccountChanged),
	"account.vouched":             aboutAccount(RuleAccountChanged),
	"account.changed":             rightsChanged,
}

func both(parts ...func(audit.Event) []Raise) func(audit.Event) []Raise {
	return func(e audit.Event) []Raise {
		var out []Raise
		for _, part := range parts {
			out = append(out, part(e)...)
		}
		return out
	}
}

// fact is a value of an event's detail as text; "" when there is none.
func fact(e audit.Event, name string) string {
	switch v := e.Detail[name].(type) {
	case nil:
		return ""
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	default:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return strings.Trim(string(text), `"`)
	}
}

// facts takes named values of an event's detail: what people typed is never
// among them.
func facts(e audit.Event, names ...string) map[string]string {
	out := map[string]string{"action": string(e.Action)}
	for _, n := range names {
		if v := fact(e, n); v != "" {
			out[n] = v
		}
	}
	return out
}

func about(e audit.Event, rule RuleID, key string, names ...string) Raise {
	return Raise{Rule: rule, Key: key, Device: device.ID(e.Device), Command: e.Command, Subject: e.Subject, Facts: facts(e, names...)}
}

func limitReached(e audit.Event) []Raise {
	// Whose limit it is: somebody who goes on asking is told of once.
	return []Raise{about(e, RuleLimitReached, e.Subject+" "+e.Actor.ID, "limit", "used", "number")}
}

func freezeSet(e audit.Event) []Raise {
	return []Raise{about(e, RuleFreeze, e.Subject, "scope", "cause", "already_left")}
}

func aboutDevice(rule RuleID) func(audit.Event) []Raise {
	return func(e audit.Event) []Raise {
		key := "enrollment:" + e.Enrollment
		if e.Command != "" {
			key = "command:" + e.Command
		}
		return []Raise{about(e, rule, key)}
	}
}

// accountOf is the account that an event is about.
func accountOf(e audit.Event) Account {
	id, found := strings.CutPrefix(e.Subject, "account:")
	if !found {
		return ""
	}
	return Account(id)
}

func aboutAccount(rule RuleID) func(audit.Event) []Raise {
	return func(e audit.Event) []Raise {
		r := about(e, rule, string(e.Action)+" "+e.Subject)
		r.Account = accountOf(e)
		return []Raise{r}
	}
}

// rightsChanged leaves out that a name was corrected.
func rightsChanged(e audit.Event) []Raise {
	for _, part := range []string{"roles", "scope", "disabled"} {
		if _, there := e.Detail[part]; there {
			return aboutAccount(RuleAccountChanged)(e)
		}
	}
	return nil
}

func guardChanged(e audit.Event) []Raise {
	return []Raise{about(e, RuleGuardChanged, string(e.Action)+" "+e.Subject+" "+e.Actor.ID, "limit", "rule", "scope")}
}

// broken: a break-glass has begun.
func broken(e audit.Event) []Raise {
	return []Raise{about(e, RuleBreakGlass, e.Subject, "what", "until")}
}

// matter is what an approval is about: a batch is one matter.
func matter(e audit.Event) string {
	switch {
	case fact(e, "batch") != "":
		return "batch:" + fact(e, "batch")
	case fact(e, "account_change") != "":
		return "account_change:" + fact(e, "account_change")
	case e.Command != "":
		return "command:" + e.Command
	}
	return e.Subject
}

func wanted(e audit.Event) []Raise {
	r := about(e, RuleApprovalWanted, matter(e), "kind", "what")
	r.Account = accountOf(e)
	r.Subject = matter(e)
	return []Raise{r}
}

func decided(e audit.Event) []Raise {
	r := about(e, RuleApprovalDecided, string(e.Action)+" "+matter(e), "kind", "what")
	r.Account = accountOf(e)
	r.Subject = matter(e)
	return []Raise{r}
}
