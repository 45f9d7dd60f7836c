package alert

import "slices"

// RuleID names a rule. Its word for people is Rule.Words.
type RuleID string

// The rules that Wardline ships with.
const (
	RuleLimitReached       RuleID = "limit_reached"
	RuleFreeze             RuleID = "freeze"
	RuleNotErased          RuleID = "not_erased"
	RuleClone              RuleID = "clone"
	RuleBreakGlass         RuleID = "break_glass"
	RuleReviewDue          RuleID = "review_due"
	RuleRecovery           RuleID = "recovery"
	RuleGuardChanged       RuleID = "guard_changed"
	RuleHandheldDisputed   RuleID = "handheld_disputed"
	RuleWardSilent         RuleID = "ward_silent"
	RuleDeviceCertificates RuleID = "device_certificates"
	RuleServerCertificates RuleID = "server_certificates"
	RuleBackupOld          RuleID = "backup_old"
	RuleApprovalWanted     RuleID = "approval_wanted"
	RuleApprovalDecided    RuleID = "approval_decided"
	RuleAccountChanged     RuleID = "account_changed"
	RuleTest               RuleID = "test"
)

// Severity says how soon somebody should look.
type Severity string

// The severities.
const (
	Critical Severity = "critical" // now, also at night
	Warning  Severity = "warning"  // today
	Notice   Severity = "notice"   // told, and nothing to take note of
)

// Number is one threshold of a rule.
type Number struct {
	ID   string
	Unit string // percent, minutes, hours, days
	// Default is what it ships with; Least and Most bound it.
	Default, Least, Most int
	// MoreIsStricter: a higher number alerts earlier.
	MoreIsStricter bool
}

// Rule is what one kind of alert is.
type Rule struct {
	ID       RuleID
	Severity Severity
	// Words name it for people, in English.
	Words   string
	Numbers []Number
	// Concerned: there are people whom it concerns in particular (who may agree,
	// who asked, whose account it is). They are told unless that is switched off.
	Concerned bool
	// Always: it cannot be switched off.
	Always bool
	// Stands: it is a state that goes on, found by looking and over by itself.
	Stands bool
}

// The thresholds.
const (
	NumberShare   = "share"
	NumberMinutes = "minutes"
	NumberDays    = "days"
	NumberHours   = "hours"
)

var rules = []Rule{
	{ID: RuleNotErased, Severity: Critical, Words: "A device came back after its wipe", Always: true},
	{ID: RuleClone, Severity: Critical, Words: "Two holders of one identity", Always: true},
	{ID: RuleFreeze, Severity: Critical, Words: "A freeze", Always: true},
	{ID: RuleBreakGlass, Severity: Critical, Words: "A break-glass", Always: true},
	{ID: RuleReviewDue, Severity: Critical, Stands: true, Words: "A break-glass that nobody has reviewed", Always: true},
	{ID: RuleRecovery, Severity: Critical, Words: "An account is recovered on the host", Always: true, Concerned: true},
	{ID: RuleLimitReached, Severity: Warning, Words: "A limit is reached"},
	{ID: RuleGuardChanged, Severity: Warning, Words: "The guard is changed"},
	{ID: RuleHandheldDisputed, Severity: Warning, Words: "Somebody does not have the handheld that is on their name"},
	{ID: RuleWardSilent, Severity: Warning, Stands: true, Words: "A ward has fallen silent", Numbers: []Number{
		{ID: NumberShare, Unit: "percent", Default: 50, Least: 10, Most: 100},
		{ID: NumberMinutes, Unit: "minutes", Default: 60, Least: 10, Most: 1440},
	}},
	{ID: RuleDeviceCertificates, Severity: Warning, Stands: true, Words: "Certificates of devices run out", Numbers: []Number{
		{ID: NumberDays, Unit: "days", Default: 14, Least: 1, Most: 90, MoreIsStricter: true},
	}},
	{ID: RuleServerCertificates, Severity: Critical, Stands: true, Words: "A certificate of the server runs out", Numbers: []Number{
		{ID: NumberDays, Unit: "days", Default: 14, Least: 3, Most: 365, MoreIsStricter: true},
	}},
	{ID: RuleBackupOld, Severity: Warning, Stands: true, Words: "The last backup is old", Numbers: []Number{
		{ID: NumberHours, Unit: "hours", Default: 36, Least: 1, Most: 720},
	}},
	{ID: RuleApprovalWanted, Severity: Notice, Words: "A second person is needed", Concerned: true},
	{ID: RuleApprovalDecided, Severity: Notice, Words: "A second person has decided", Concerned: true},
	{ID: RuleAccountChanged, Severity: Notice, Words: "A factor or a role has changed", Concerned: true},
	{ID: RuleTest, Severity: Notice, Words: "A test", Always: true},
}

// Rules lists the rules in the order in which people see them.
func Rules() []Rule { return slices.Clone(rules) }

// RuleIDs lists the names of the rules.
func RuleIDs() []RuleID {
	ids := make([]RuleID, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

// RuleOf finds a rule.
func RuleOf(id RuleID) (Rule, bool) {
	for _, r := range rules {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}

// Valid reports whether there is such a rule.
func (id RuleID) Valid() bool { _, ok := RuleOf(id); return ok }

// number finds one of the rule's thresholds.
func (r Rule) number(id string) (Number, bool) {
	for _, n := range r.Numbers {
		if n.ID == id {
			return n, true
		}
	}
	return Number{}, false
}
