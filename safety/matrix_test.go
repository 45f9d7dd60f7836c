package safety_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wardline/device"
	"wardline/safety"
)

// cell names one decision.
type cell struct {
	class device.Class
	kind  device.Kind
	sub   device.Subkind
	state safety.State
}

func (c cell) String() string {
	name := fmt.Sprintf("%s %s", c.class, c.kind)
	if c.sub != "" {
		name += " " + string(c.sub)
	}
	if c.state != "" {
		name += " while " + string(c.state)
	}
	return name
}

type decision struct{ cell, weight, appliedIn string }

// writtenByHand reads docs/interlock.csv.
func writtenByHand(t *testing.T) map[cell]decision {
	t.Helper()
	f, err := os.Open("../docs/interlock.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	head := lines[0]
	table := map[cell]decision{}
	for n, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range head {
			row[name] = line[i]
		}
		for _, class := range strings.Fields(row["class"]) {
			for _, column := range []string{"infusing", "paused", "standby", "idle", "service", "unknown", "no_therapy"} {
				if row[column] == "" {
					continue
				}
				c := cell{device.Class(class), device.Kind(row["kind"]), device.Subkind(row["subkind"]), safety.State(column)}
				if column == "no_therapy" {
					c.state = safety.StateNotPump
				}
				if _, twice := table[c]; twice {
					t.Errorf("docs/interlock.csv line %d: %s stands there twice", n+2, c)
				}
				table[c] = decision{row[column], row["weight"], row["applied_in"]}
			}
		}
	}
	return table
}

// Flipping a cell on either side fails here and names the cell.
func TestTheMatrixIsTheOneWrittenByHand(t *testing.T) {
	byHand := writtenByHand(t)
	inCode := map[cell]decision{}
	for _, r := range safety.Rows() {
		var appliedIn []string
		for _, s := range r.AppliedIn {
			appliedIn = append(appliedIn, string(s))
		}
		c := cell{r.Class, r.Kind, r.Sub, r.State}
		if _, twice := inCode[c]; twice {
			t.Errorf("the code has %s twice", c)
		}
		inCode[c] = decision{string(r.Cell), string(r.Weight), strings.Join(appliedIn, " ")}
	}
	for c, want := range byHand {
		if got, ok := inCode[c]; !ok {
			t.Errorf("%s: written by hand, missing in the code", c)
		} else if got != want {
			t.Errorf("%s: the code says %v, docs/interlock.csv says %v", c, got, want)
		}
	}
	for c := range inCode {
		if _, ok := byHand[c]; !ok {
			t.Errorf("%s: in the code, missing in docs/interlock.csv", c)
		}
	}
}

func TestTheMatrixCoversEveryClassKindAndState(t *testing.T) {
	byHand := writtenByHand(t)
	for _, class := range device.Classes() {
		states := []safety.State{safety.StateNotPump}
		if class.IsPump() {
			states = safety.States()
		}
		for _, kind := range device.Kinds() {
			subs := []device.Subkind{device.SubkindNone}
			if kind == device.KindConfig {
				subs = device.ConfigSubkinds()
			}
			for _, sub := range subs {
				for _, state := range states {
					c := cell{class, kind, sub, state}
					if _, ok := byHand[c]; !ok {
						t.Errorf("%s: missing in docs/interlock.csv", c)
					}
				}
			}
		}
	}
}

// situation is a device in a state of the matrix, found by walking the table of
// derived states by hand.
func situation(class device.Class, state safety.State) safety.Facts {
	f := safety.Facts{Class: class, Management: device.ManagementAgent, Stage: device.StageInService,
		Condition: device.ConditionReady, Custody: device.CustodyStorage}
	if !class.IsPump() {
		return f
	}
	f.Known, f.EverReportedTherapy = true, true
	switch state {
	case safety.StateInfusing:
		f.Reported = device.ReportedInfusing
	case safety.StatePaused:
		f.Reported = device.ReportedPaused
	case safety.StateStandby:
		f.Reported, f.Custody = device.ReportedStopped, device.CustodyWard
	case safety.StateIdle:
		f.Reported = device.ReportedStopped
	case safety.StateService:
		f.Reported, f.Custody = device.ReportedService, device.CustodyBiomed
	case safety.StateUnknown:
		f.Known = false
	}
	return f
}

func capable(kinds ...device.Kind) device.Model {
	if kinds == nil {
		kinds = device.Kinds()
	}
	return device.Model{Capabilities: kinds}
}

// meaning is what a word of the table comes to when nothing else is given: no
// break-glass, no retire order, not lost, seen a moment ago.
type meaning struct {
	answer safety.Answer
	second bool
}

func meaningOf(word string) (meaning, bool) {
	switch word {
	case "never", "no", "now_if_lost", "now_two_if_biomed_and_retiring", "hold", "break_glass",
		"break_glass_or_two_if_unseen_24h", "now_two_if_unseen_24h":
		return meaning{safety.Refused, false}, true
	case "now":
		return meaning{safety.Now, false}, true
	case "now_two":
		return meaning{safety.Now, true}, true
	case "stage":
		return meaning{safety.Stage, false}, true
	case "stage_two":
		return meaning{safety.Stage, true}, true
	}
	return meaning{}, false
}

// Every cell of the hand-written table is asked of Judge, at both moments, in a
// situation of that state.
func TestJudgeAnswersEveryCellAsWritten(t *testing.T) {
	codes := map[string]bool{}
	for _, c := range safety.Codes() {
		codes[c.Name] = true
	}
	for c, want := range writtenByHand(t) {
		m, ok := meaningOf(want.cell)
		if !ok {
			t.Errorf("%s: nobody knows the word %q", c, want.cell)
			continue
		}
		for _, moment := range []safety.Moment{safety.Asking, safety.Releasing} {
			v := safety.Judge(c.kind, c.sub, situation(c.class, c.state), capable(), safety.JudgeContext{Moment: moment})
			if v.Answer != m.answer || v.SecondPerson != m.second {
				t.Errorf("%s: got %s, second person %v; %q means %s, %v", c, v.Answer, v.SecondPerson, want.cell, m.answer, m.second)
			}
			if v.State != c.state && want.cell != "never" {
				t.Errorf("%s: judged as %q", c, v.State)
			}
			if v.Sentence == "" || v.MatrixVersion != safety.MatrixVersion || string(v.Weight) != want.weight {
				t.Errorf("%s: incomplete verdict %+v", c, v)
			}
			if (v.Answer == safety.Refused) != (v.Code != "") || (v.Code != "" && !codes[v.Code]) {
				t.Errorf("%s: answer %s with code %q", c, v.Answer, v.Code)
			}
		}
	}
}

func TestHoldUntilIdleIsOfferedExactlyWhereIdleWouldAllowIt(t *testing.T) {
	byHand := writtenByHand(t)
	for c, d := range byHand {
		if c.state == safety.StateNotPump {
			continue
		}
		atIdle := byHand[cell{c.class, c.kind, c.sub, safety.StateIdle}].cell
		holdable := (d.cell == "no" || d.cell == "hold") && atIdle == "now"
		f := situation(c.class, c.state)
		v := safety.Judge(c.kind, c.sub, f, capable(), safety.JudgeContext{})
		if v.MayHold != holdable {
			t.Errorf("%s: may hold is %v, not %v", c, v.MayHold, holdable)
		}
		v = safety.Judge(c.kind, c.sub, f, capable(), safety.JudgeContext{HoldUntilIdle: true})
		// Settings would be staged; whoever asked to wait is not staged.
		holdable = holdable || (d.cell == "stage" && atIdle == "now")
		if (v.Answer == safety.HoldOnly) != holdable {
			t.Errorf("%s, asked as hold_until_idle: got %s", c, v.Answer)
		}
	}
}

func TestNothingThatChangesAnInfusionExistsInAnyForm(t *testing.T) {
	for _, kind := range []device.Kind{"start", "stop", "rate", "dose", "bolus", "limits", "silence", "silence_alarm", "", "LOCK", "lock "} {
		if _, ok := safety.WeightOf(kind, ""); ok {
			t.Errorf("%q has a weight", kind)
		}
		for _, class := range append(device.Classes(), "", "toaster") {
			for _, state := range append(safety.States(), safety.StateNotPump) {
				m := capable(append(device.Kinds(), kind)...)
				if v := safety.Judge(kind, "", situation(class, state), m, safety.JudgeContext{BreakGlass: true}); v.Answer != safety.Refused || v.Code != "unknown_kind" {
					t.Errorf("%q on %s: %s %s", kind, class, v.Answer, v.Code)
				}
			}
		}
	}
	for _, sub := range []device.Subkind{"", "dose", "WIFI"} {
		if v := safety.Judge(device.KindConfig, sub, situation(device.ClassTablet, ""), capable(), safety.JudgeContext{}); v.Answer != safety.Refused {
			t.Errorf("config %q: %s", sub, v.Answer)
		}
	}
	if v := safety.Judge(device.KindLock, "wifi", situation(device.ClassTablet, ""), capable(), safety.JudgeContext{}); v.Answer != safety.Refused {
		t.Errorf("lock with a subkind: %s", v.Answer)
	}
}

func TestAnUnknownClassGetsInventoryAndSilentLocateOnly(t *testing.T) {
	for _, class := range []device.Class{"", "toaster", device.ClassOtherMedical} {
		for _, kind := range device.Kinds() {
			subs := []device.Subkind{device.SubkindNone}
			if kind == device.KindConfig {
				subs = device.ConfigSubkinds()
			}
			for _, sub := range subs {
				v := safety.Judge(kind, sub, situation(class, ""), capable(), safety.JudgeContext{BreakGlass: true, HoldUntilIdle: true})
				// That it leaves the hospital is an entry in the inventory, by two people.
				allowed := kind == device.KindRefresh || kind == device.KindLocate || kind.Retires()
				if (v.Answer == safety.Now) != allowed {
					t.Errorf("class %q, %s: %s", class, kind, v.Answer)
				}
			}
		}
	}
}

func TestAKindThatTheModelCannotDoIsRefusedOnEveryPath(t *testing.T) {
	for _, class := range device.Classes() {
		for _, kind := range device.Kinds() {
			others := slices.DeleteFunc(device.Kinds(), func(k device.Kind) bool { return k == kind })
			f := situation(class, safety.StateService)
			f.Stage = device.StageDecommissioning
			v := safety.Judge(kind, "", f, capable(others...), safety.JudgeContext{})
			if !kind.ByServer() && v.Answer != safety.Refused {
				t.Errorf("%s %s: %s without the capability", class, kind, v.Answer)
			}
			d := safety.JudgeOnDevice(kind, "", safety.Sensors{Class: class, Capabilities: others, Reported: f.Reported},
				safety.Permit{AllowedReported: []device.Reported{f.Reported}})
			if d.Answer != safety.Refused {
				t.Errorf("%s %s on the device: %s without the capability", class, kind, d.Answer)
			}
		}
	}
}

func TestAPhoneOfAnUnrecordedModelCanBeLockedAndAPumpOfOneCannotBeTouched(t *testing.T) {
	phone := safety.Judge(device.KindLock, "", situation(device.ClassPhoneIssued, ""), device.Model{}, safety.JudgeContext{})
	if phone.Answer != safety.Now {
		t.Errorf("lock of a phone whose model nobody recorded: %s (%s)", phone.Answer, phone.Sentence)
	}
	own := safety.Judge(device.KindWipe, "", situation(device.ClassPhonePersonal, ""), device.Model{}, safety.JudgeContext{})
	if own.Answer != safety.Refused {
		t.Errorf("wipe of a personal phone whose model nobody recorded: %s", own.Answer)
	}
	f := situation(device.ClassPhoneIssued, "")
	f.EverReportedTherapy = true
	for name, facts := range map[string]safety.Facts{"a pump": situation(device.ClassPumpLVP, safety.StateService), "a phone that reported therapy": f} {
		if v := safety.Judge(device.KindRestart, "", facts, device.Model{}, safety.JudgeContext{}); v.Answer != safety.Refused {
			t.Errorf("restart of %s whose model nobody recorded: %s", name, v.Answer)
		}
	}
}
