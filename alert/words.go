package alert

import (
	"fmt"
	"strings"

	"wardline/audit"
	"wardline/device"
)

// Title is one line for lists and for the subject of a mail, in English; package
// translate knows its German.
func (a Alert) Title() string {
	switch a.Rule {
	case RuleLimitReached:
		return "A limit is reached: " + a.Facts["limit"]
	case RuleFreeze:
		return freezeTitles[a.Facts["scope"]]
	case RuleClone:
		if a.Device == "" {
			return "An account was used from two places"
		}
		return "Two devices use one identity"
	case RuleRecovery:
		return recoveryTitles[audit.Action(a.Facts["action"])]
	case RuleGuardChanged:
		return guardTitles[audit.Action(a.Facts["action"])]
	case RuleWardSilent:
		return "A ward has fallen silent"
	case RuleDeviceCertificates:
		return fmt.Sprintf("%s certificates of devices run out soon", a.Facts["count"])
	case RuleServerCertificates:
		return fmt.Sprintf("The certificate of the %s runs out", a.Facts["name"])
	case RuleHandheldDisputed:
		return "Somebody does not have the handheld that is on their name"
	case RuleBackupOld:
		return "There is no recent backup"
	case RuleApprovalWanted, RuleApprovalDecided:
		return a.approvalTitle()
	case RuleAccountChanged:
		if t := accountTitles[audit.Action(a.Facts["action"])]; t != "" {
			return t
		}
		return "An account has changed"
	case RuleBreakGlass:
		return "A break-glass has begun"
	case RuleReviewDue:
		return "A break-glass waits for its review"
	case RuleNotErased:
		return "A device came back after its wipe"
	case RuleTest:
		return "A test of Wardline's alerts"
	}
	return "Something happened"
}

var freezeTitles = map[string]string{
	"person": "What one person asks for is frozen",
	"site":   "A site is frozen",
	"server": "The whole server is frozen",
}

var recoveryTitles = map[audit.Action]string{
	"recovery.begun":     "Somebody recovers an account on the server's host",
	"recovery.cancelled": "The recovery of an account was called off",
	"recovery.finished":  "An account was recovered on the server's host",
}

var guardTitles = map[audit.Action]string{
	"limit.raised":       "A limit will be raised",
	"limit.lowered":      "A limit was lowered",
	"freeze.lifted":      "A freeze was lifted",
	"alert.rule_changed": "A rule of the alerts was changed",
	"webhook.removed":    "A webhook was removed",
}

var accountTitles = map[audit.Action]string{
	"account.factor_added":        "A second factor was added to an account",
	"account.factor_replaced":     "The second factor of an account was replaced",
	"account.factor_removed":      "A second factor of an account was removed",
	"account.password_changed":    "The password of an account was changed",
	"account.password_set":        "The password of an account was set",
	"account.recovery_code_used":  "A recovery code of an account was used",
	"account.recovery_codes_made": "New recovery codes were made for an account",
	"account.mail_changed":        "The mail address of an account was changed",
	"account.vouched":             "Somebody was confirmed in a new role",
	"account.changed":             "The rights of an account have changed",
}

func (a Alert) approvalTitle() string {
	noun, _, _ := strings.Cut(a.Subject, ":")
	what := map[string]string{"account_change": "rights of an account", "account": "rights of an account", "freeze": "the lifting of a freeze",
		"limit": "a higher limit", "alert_rule": "a change of the alerts", "break_glass": "a break-glass"}[noun]
	if what == "" {
		what = device.Kind(a.Facts["kind"]).Words()
	}
	if a.Rule == RuleApprovalWanted {
		return "A second person is needed: " + what
	}
	switch {
	case strings.HasSuffix(a.Facts["action"], "denied"):
		return "A second person said no: " + what
	case strings.HasSuffix(a.Facts["action"], "withdrawn"):
		return "It was withdrawn: " + what
	}
	return "A second person agreed: " + what
}

// Text says what it means and what to do, in English.
func (a Alert) Text() string {
	switch a.Rule {
	case RuleNotErased:
		return "Its old certificate showed up again later than two minutes after it confirmed the wipe. Take its data for not erased."
	case RuleClone:
		if a.Device == "" {
			return "A passkey or a session was used in a way that only a copy explains. Ask its owner, and end the sessions of the account."
		}
		return "Two programs answer with the same certificate and take turns. One of them is a copy: contain the device, and enroll it anew."
	case RuleHandheldDisputed:
		return "Their badge may have been used by somebody else, or it lies where they left it. Find out who took it; report it lost if nobody knows."
	case RuleFreeze:
		if a.Facts["cause"] == "by_hand" {
			return "Somebody pressed stop. Nothing that destroys leaves until a security officer and an administrator have lifted it."
		}
		return "Wardline stopped it by itself, because more was asked than people ask or because a clock was set. Nothing that destroys leaves until two people have lifted it."
	case RuleLimitReached:
		return "What is asked from now on waits for a second person. If nobody knows why so much is asked, freeze it."
	case RuleRecovery:
		return "Administrators, security officers and the owner of the account can call it off within an hour, in the console."
	case RuleGuardChanged:
		return "If nobody knows of it, freeze the server and look into the audit log."
	case RuleWardSilent:
		return fmt.Sprintf("%s of %s devices of one ward have not been heard of for %s minutes. Look at the network of the ward first; running infusions are not affected.",
			a.Facts["silent"], a.Facts["devices"], a.Facts["minutes"])
	case RuleDeviceCertificates:
		return fmt.Sprintf("Devices renew their certificates by themselves, long before: these %s have less than %s days left and did not.", a.Facts["count"], a.Facts["days"])
	case RuleServerCertificates:
		return fmt.Sprintf("It is good until %s. Afterwards devices do not trust what it signs or serves.", a.Facts["until"])
	case RuleBackupOld:
		if a.Facts["last"] == "" {
			return "No backup was ever reported to this server. Make one, and have whatever makes them report each."
		}
		return fmt.Sprintf("The last backup that was reported is of %s.", a.Facts["last"])
	case RuleApprovalWanted:
		return "Look at it in the inbox, and decide. It expires by itself."
	case RuleApprovalDecided:
		return "You asked for this. The console shows what became of it."
	case RuleAccountChanged:
		return "If the owner of the account did not expect this, end the account's sessions and tell the security officer."
	case RuleBreakGlass:
		return "Two people have cut off a pump that is not free, because they believe it is attacked. Somebody else has to review it within 24 hours."
	case RuleReviewDue:
		return "More than 24 hours have passed. A security officer, biomedical engineer or administrator who took no part in it has to close it."
	case RuleTest:
		return "If you read this, the alerts of Wardline arrive here. There is nothing to do."
	}
	return ""
}
