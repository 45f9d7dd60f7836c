package alert

import (
	"testing"

	"wardline/internal/translate"
)

func TestEveryAlertCanBeReadInGerman(t *testing.T) {
	facts := map[string]string{"limit": "5 devices an hour for one person", "scope": "server", "cause": "by_hand", "count": "3", "days": "14", "name": "root CA",
		"until": "2026-03-02 08:00 UTC", "silent": "4", "devices": "6", "minutes": "60", "last": "2026-03-02 08:00 UTC", "kind": "wipe"}
	var all []Alert
	add := func(rule RuleID, change ...string) {
		a := Alert{Rule: rule, Facts: map[string]string{}, Subject: "command:1"}
		for k, v := range facts {
			a.Facts[k] = v
		}
		for i := 0; i < len(change); i += 2 {
			a.Facts[change[i]] = change[i+1]
		}
		all = append(all, a)
		a.Device = "d"
		all = append(all, a)
	}
	for action := range causes {
		for _, rule := range []RuleID{RuleAccountChanged, RuleRecovery, RuleGuardChanged, RuleApprovalDecided} {
			add(rule, "action", string(action))
		}
	}
	for _, r := range rules {
		if r.ID != RuleRecovery && r.ID != RuleGuardChanged {
			add(r.ID)
		}
		if translate.German.Say(r.Words) == r.Words {
			t.Errorf("no German for %q", r.Words)
		}
	}
	for _, scope := range []string{"person", "site", "server"} {
		add(RuleFreeze, "scope", scope, "cause", "burst")
	}
	add(RuleBackupOld, "last", "")
	for _, subject := range []string{"account_change:1", "freeze:1", "limit:x", "alert_rule:x", "break_glass:1", "batch:1"} {
		for _, rule := range []RuleID{RuleApprovalWanted, RuleApprovalDecided} {
			all = append(all, Alert{Rule: rule, Subject: subject, Facts: facts})
		}
	}
	if got := translate.German.Say("The certificate of the root CA runs out"); got != "Ein Zertifikat läuft ab: Wurzel-CA" {
		t.Errorf("in German: %q", got)
	}
	if got := translate.German.Say("A second person is needed: Wipe"); got != "Eine zweite Person wird gebraucht: Löschen" {
		t.Errorf("in German: %q", got)
	}
	for _, a := range all {
		for _, text := range []string{a.Title(), a.Text()} {
			if text != "" && translate.German.Say(text) == text {
				t.Errorf("%s: no German for %q", a.Rule, text)
			}
		}
		if a.Text() == "" {
			t.Errorf("%s says nothing", a.Rule)
		}
	}
}
