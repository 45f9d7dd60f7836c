package safety_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardline/device"
	"wardline/safety"
)

func TestWhatANurseReadsWhenAPumpCannotBeRestarted(t *testing.T) {
	for state, want := range map[safety.State][2]string{
		safety.StateInfusing: {"pump_infusing", "The pump is infusing. It can be asked to wait until the pump is free."},
		safety.StatePaused:   {"pump_paused", "The pump is paused, loaded or being handled at the bedside. It can be asked to wait until the pump is free."},
		safety.StateStandby:  {"pump_in_care_area", "The pump is stopped, but is where patients are treated. It can be asked to wait until the pump is free."},
		safety.StateUnknown:  {"pump_state_unknown", "It is not known whether the pump is infusing, so it is treated as if it were. It can be asked to wait until the pump is free."},
	} {
		v := safety.Judge(device.KindRestart, "", situation(device.ClassPumpLVP, state), capable(), safety.JudgeContext{})
		if v.Code != want[0] || v.Sentence != want[1] {
			t.Errorf("%s: %s: %s", state, v.Code, v.Sentence)
		}
	}
	v := safety.Judge(device.KindLock, "", idlePump(), capable(), safety.JudgeContext{})
	if v.Code != "pump_not_in_service_mode" || v.MayHold {
		t.Errorf("lock of an idle pump: %s, may hold %v", v.Code, v.MayHold)
	}
}

func TestAPumpIsErasedOnlyInBiomedsHandsUnderARetireOrder(t *testing.T) {
	judge := func(custody device.CustodyKind, stage device.Stage, reported device.Reported) safety.Verdict {
		f := idlePump()
		f.Custody, f.Stage, f.Reported = custody, stage, reported
		return safety.Judge(device.KindWipe, "", f, capable(), safety.JudgeContext{HoldUntilIdle: true})
	}
	const biomed, retiring, stopped = device.CustodyBiomed, device.StageDecommissioning, device.ReportedStopped
	for _, c := range []struct {
		custody  device.CustodyKind
		stage    device.Stage
		reported device.Reported
		answer   safety.Answer
		code     string
	}{
		{biomed, retiring, stopped, safety.Now, ""},
		{biomed, device.StageInService, stopped, safety.Refused, "retire_order_needed"},
		{device.CustodyStorage, retiring, stopped, safety.Refused, "retire_order_needed"},
		{biomed, device.StageInService, device.ReportedService, safety.Now, ""},
		{biomed, retiring, device.ReportedInfusing, safety.HoldOnly, "waits_for_idle"},
		{device.CustodyWard, retiring, device.ReportedInfusing, safety.Refused, "pump_infusing"},
	} {
		v := judge(c.custody, c.stage, c.reported)
		if v.Answer != c.answer || v.Code != c.code || (v.Answer != safety.Refused && !v.SecondPerson) {
			t.Errorf("%+v: %s %s, second %v", c, v.Answer, v.Code, v.SecondPerson)
		}
	}
}

func TestAPumpThatIsNotFreeIsCutOffOnlyUnderBreakGlassAndWhereThatIsSafe(t *testing.T) {
	const safe, unknown, harmful = device.NetworkCutSafe, device.NetworkCutUnknown, device.NetworkCutHarmful
	for _, c := range []struct {
		state  safety.State
		cut    device.NetworkCut
		glass  bool
		unseen time.Duration
		answer safety.Answer
		code   string
	}{
		{safety.StateIdle, harmful, false, 0, safety.Now, ""},
		{safety.StateService, unknown, false, 0, safety.Now, ""},
		{safety.StateInfusing, safe, false, 0, safety.Refused, "break_glass_needed"},
		{safety.StateInfusing, safe, true, 0, safety.Now, ""},
		{safety.StateInfusing, unknown, true, 0, safety.Refused, "replace_pump_first"},
		{safety.StateInfusing, harmful, true, 0, safety.Refused, "replace_pump_first"},
		{safety.StateInfusing, "", true, 0, safety.Refused, "replace_pump_first"},
		{safety.StateStandby, safe, true, 0, safety.Now, ""},
		{safety.StatePaused, safe, false, 48 * time.Hour, safety.Refused, "break_glass_needed"},
		{safety.StateUnknown, safe, false, 23 * time.Hour, safety.Refused, "break_glass_needed"},
		{safety.StateUnknown, safe, false, 24 * time.Hour, safety.Now, ""},
		{safety.StateUnknown, harmful, false, 24 * time.Hour, safety.Refused, "replace_pump_first"},
		{safety.StateUnknown, safe, true, 0, safety.Now, ""},
	} {
		f := situation(device.ClassPumpLVP, c.state)
		f.UnseenFor = c.unseen
		m := device.Model{NetworkCut: c.cut}
		v := safety.Judge(device.KindContain, "", f, m, safety.JudgeContext{BreakGlass: c.glass})
		if v.Answer != c.answer || v.Code != c.code || (v.Allowed() && !v.SecondPerson) || v.MayHold {
			t.Errorf("%+v: %s %s, second %v", c, v.Answer, v.Code, v.SecondPerson)
		}
	}
	// Break-glass never unlocks wipe, lock or restart.
	for _, kind := range []device.Kind{device.KindWipe, device.KindLock, device.KindRestart} {
		v := safety.Judge(kind, "", situation(device.ClassPumpLVP, safety.StateInfusing), capable(), safety.JudgeContext{BreakGlass: true})
		if v.Answer != safety.Refused {
			t.Errorf("%s under break-glass: %s", kind, v.Answer)
		}
	}
}

func TestAPersonalPhoneLosesOnlyItsWorkDataAndIsFoundOnlyWhileLost(t *testing.T) {
	f := situation(device.ClassPhonePersonal, "")
	judge := func(kind device.Kind) safety.Verdict {
		return safety.Judge(kind, "", f, capable(), safety.JudgeContext{})
	}
	if v := judge(device.KindWipe); v.Code != "personal_phone" || v.Answer != safety.Refused {
		t.Errorf("wipe: %s %s", v.Answer, v.Code)
	}
	if v := judge(device.KindRemoveWorkData); v.Answer != safety.Now || v.Weight != safety.Destructive {
		t.Errorf("remove work data: %s %s", v.Answer, v.Code)
	}
	if v := judge(device.KindLocate); v.Code != "only_when_lost" {
		t.Errorf("locate: %s %s", v.Answer, v.Code)
	}
	f.Lost = true
	if v := judge(device.KindLocate); v.Answer != safety.Now {
		t.Errorf("locate while lost: %s %s", v.Answer, v.Code)
	}
	s := safety.Sensors{Class: device.ClassPhonePersonal, Capabilities: device.Kinds()}
	if v := safety.JudgeOnDevice(device.KindWipe, "", s, safety.Permit{}); v.Code != "personal_phone" {
		t.Errorf("wipe, on the phone itself: %s %s", v.Answer, v.Code)
	}
}

func TestWhatCannotBeReachedOrHasLeftIsRefused(t *testing.T) {
	f := situation(device.ClassPhoneIssued, "")
	for _, m := range []device.Management{device.ManagementGateway, device.ManagementCertificate, device.ManagementRecord} {
		f.Management = m
		if v := safety.Judge(device.KindLock, "", f, capable(), safety.JudgeContext{}); v.Code != "not_managed" {
			t.Errorf("lock at level %s: %s %s", m, v.Answer, v.Code)
		}
		v := safety.Judge(device.KindContain, "", f, device.Model{}, safety.JudgeContext{})
		if v.Allowed() != (m != device.ManagementRecord) {
			t.Errorf("contain at level %s: %s %s", m, v.Answer, v.Code)
		}
	}
	f = situation(device.ClassPhoneIssued, "")
	for _, s := range []device.Stage{device.StageDecommissioned, device.StageReturned, device.StageWrittenOff} {
		f.Stage = s
		if v := safety.Judge(device.KindRefresh, "", f, capable(), safety.JudgeContext{}); v.Code != "device_gone" {
			t.Errorf("%s: %s %s", s, v.Answer, v.Code)
		}
	}
}

func reported(rs ...device.Reported) []device.Reported { return rs }

func TestTheEnvelopePermitsOnlyWhatTheServerWouldRelease(t *testing.T) {
	const infusing, paused, stopped, service = device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedService
	biomedShelf := situation(device.ClassPumpLVP, safety.StateService)
	biomedShelf.Reported = stopped
	for _, c := range []struct {
		what string
		kind device.Kind
		sub  device.Subkind
		f    safety.Facts
		want []device.Reported
		age  time.Duration
	}{
		{"locate, infusing", device.KindLocate, "", situation(device.ClassPumpLVP, safety.StateInfusing), reported(infusing, paused, stopped, service), 0},
		{"restart in a store", device.KindRestart, "", idlePump(), reported(stopped), time.Minute},
		{"restart on biomed's shelf", device.KindRestart, "", biomedShelf, reported(stopped, service), time.Minute},
		{"lock in service mode", device.KindLock, "", situation(device.ClassPumpLVP, safety.StateService), reported(service), time.Minute},
		{"Wi-Fi staged while infusing", device.KindConfig, device.SubkindWiFi, situation(device.ClassPumpLVP, safety.StateInfusing), reported(stopped, service), time.Minute},
		{"policy staged while infusing", device.KindConfig, device.SubkindPolicy, situation(device.ClassPumpLVP, safety.StateInfusing), reported(service), time.Minute},
		{"library staged in a store", device.KindLibrary, "", idlePump(), reported(stopped, service), time.Minute},
		{"lock of a phone", device.KindLock, "", situation(device.ClassPhoneIssued, ""), nil, 0},
	} {
		v := safety.Judge(c.kind, c.sub, c.f, capable(), safety.JudgeContext{Moment: safety.Releasing})
		if !v.Allowed() || !slices.Equal(v.AllowedReported, c.want) || v.MaxStateAge != c.age {
			t.Errorf("%s: %s, in %v, at most %s old", c.what, v.Answer, v.AllowedReported, v.MaxStateAge)
		}
	}
}

func TestTheDeviceDecidesAgainFromItsOwnSensors(t *testing.T) {
	pump := safety.Sensors{Class: device.ClassPumpLVP, Capabilities: device.Kinds()}
	permit := safety.Permit{AllowedReported: reported(device.ReportedStopped), MaxStateAge: time.Minute}
	judge := func(kind device.Kind, sub device.Subkind, r device.Reported, age time.Duration, p safety.Permit) safety.Verdict {
		s := pump
		s.Reported, s.Age = r, age
		return safety.JudgeOnDevice(kind, sub, s, p)
	}
	everything := safety.Permit{AllowedReported: reported("infusing", "paused", "stopped", "service", ""), MaxStateAge: time.Hour}
	staged := safety.Permit{AllowedReported: reported(device.ReportedStopped, device.ReportedService), MaxStateAge: time.Minute, Stage: true}
	for _, c := range []struct {
		what string
		v    safety.Verdict
		want safety.Answer
		code string
	}{
		{"restart, stopped as permitted", judge(device.KindRestart, "", device.ReportedStopped, 0, permit), safety.Now, ""},
		{"restart, therapy began meanwhile", judge(device.KindRestart, "", device.ReportedInfusing, 0, permit), safety.Refused, "pump_infusing"},
		{"restart, paused meanwhile", judge(device.KindRestart, "", device.ReportedPaused, 0, permit), safety.Refused, "pump_paused"},
		{"restart, in service but not permitted there", judge(device.KindRestart, "", device.ReportedService, 0, permit), safety.Refused, "state_not_permitted"},
		{"restart, stopped but not permitted", judge(device.KindRestart, "", device.ReportedStopped, 0, safety.Permit{}), safety.Refused, "state_not_permitted"},
		{"restart, sensors silent", judge(device.KindRestart, "", device.ReportedNone, 0, everything), safety.Refused, "pump_state_unknown"},
		{"restart, sensing too old", judge(device.KindRestart, "", device.ReportedStopped, 61*time.Second, everything), safety.Refused, "pump_state_unknown"},
		{"restart, an envelope that permits infusing", judge(device.KindRestart, "", device.ReportedInfusing, 0, everything), safety.Refused, "pump_infusing"},
		{"lock, an envelope that permits stopped", judge(device.KindLock, "", device.ReportedStopped, 0, everything), safety.Refused, "pump_not_in_service_mode"},
		{"lock in service", judge(device.KindLock, "", device.ReportedService, 0, everything), safety.Now, ""},
		{"wipe while infusing", judge(device.KindWipe, "", device.ReportedInfusing, 0, everything), safety.Refused, "pump_infusing"},
		{"wipe, stopped as permitted", judge(device.KindWipe, "", device.ReportedStopped, 0, permit), safety.Now, ""},
		{"locate while infusing", judge(device.KindLocate, "", device.ReportedInfusing, 0, safety.Permit{}), safety.Now, ""},
		{"lost mode on a pump", judge(device.KindLostModeOn, "", device.ReportedStopped, 0, everything), safety.Refused, "kind_not_for_class"},
		{"contain", judge(device.KindContain, "", device.ReportedService, 0, everything), safety.Refused, "not_a_device_command"},
		{"dose", judge("dose", "", device.ReportedService, 0, everything), safety.Refused, "unknown_kind"},

		{"Wi-Fi staged while infusing", judge(device.KindConfig, device.SubkindWiFi, device.ReportedInfusing, 0, staged), safety.Stage, ""},
		{"Wi-Fi applied when stopped", judge(device.KindConfig, device.SubkindWiFi, device.ReportedStopped, 0, staged), safety.Now, ""},
		{"policy not applied when stopped", judge(device.KindConfig, device.SubkindPolicy, device.ReportedStopped, 0, staged), safety.Stage, ""},
		{"policy applied in service", judge(device.KindConfig, device.SubkindPolicy, device.ReportedService, 0, staged), safety.Now, ""},
		{"restart cannot be staged", judge(device.KindRestart, "", device.ReportedStopped, 0, staged), safety.Refused, "state_not_permitted"},
		{"firmware, sensing too old to apply", judge(device.KindFirmware, "", device.ReportedStopped, 2*time.Minute, staged), safety.Stage, ""},
	} {
		if c.v.Answer != c.want || c.v.Code != c.code {
			t.Errorf("%s: %s %s", c.what, c.v.Answer, c.v.Code)
		}
	}
	if v := judge(device.KindLibrary, "", device.ReportedStopped, 0, staged); v.Answer != safety.Now || !v.BedsideAccept {
		t.Errorf("a library is applied without anybody at the bedside: %+v", v)
	}
	// A phone that senses therapy is no phone.
	phone := safety.Sensors{Class: device.ClassPhoneIssued, Capabilities: device.Kinds(), Reported: device.ReportedInfusing}
	if v := safety.JudgeOnDevice(device.KindLock, "", phone, everything); v.Answer != safety.Refused {
		t.Errorf("a phone that infuses was locked")
	}
}

// Never 1 of SAFETY 3, whatever server, envelope and model say.
func TestNothingTouchesAPumpThatIsInfusingPausedOrUnknown(t *testing.T) {
	untouched := []device.Kind{device.KindRing, device.KindMessage, device.KindRestart, device.KindLock, device.KindWipe,
		device.KindLostModeOn, device.KindLostModeOff, device.KindClearPasscode, device.KindRemoveWorkData}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		m := capable()
		m.NetworkCut = device.NetworkCutSafe
		ctx := safety.JudgeContext{Moment: safety.Moment(rapid.IntRange(0, 1).Draw(t, "moment")), HoldUntilIdle: rapid.Bool().Draw(t, "hold"), BreakGlass: true}
		kind := rapid.SampledFrom(untouched).Draw(t, "kind")
		v := safety.Judge(kind, "", f, m, ctx)
		state := safety.Assess(f, safety.ShowAge).State
		if f.IsPump() && rank(state) >= 1 && v.Allowed() {
			t.Fatalf("%s released while %s", kind, state)
		}
		if v.Answer == safety.Now && f.IsPump() && v.Weight != safety.Quiet &&
			(slices.Contains(v.AllowedReported, device.ReportedInfusing) || slices.Contains(v.AllowedReported, device.ReportedPaused)) {
			t.Fatalf("%s may be executed in %v", kind, v.AllowedReported)
		}
		s := safety.Sensors{Class: f.Class, Capabilities: device.Kinds(), Age: f.Age,
			Reported: rapid.SampledFrom(reported("infusing", "paused", "", "odd")).Draw(t, "sensed")}
		if !s.Class.IsPump() && s.Reported == "" {
			return
		}
		p := safety.Permit{AllowedReported: reported("infusing", "paused", "stopped", "service", "", "odd"), MaxStateAge: time.Hour,
			Stage: rapid.Bool().Draw(t, "stage")}
		if d := safety.JudgeOnDevice(kind, "", s, p); d.Allowed() {
			t.Fatalf("%s on the device while %q: %s", kind, s.Reported, d.Answer)
		}
	})
}

// What the server releases for one state, a device in a worse one refuses.
func TestTheDeviceNeverDoesWhatTheServerWouldNotRelease(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		f.Class, f.ClassDisputed, f.Management = device.ClassPumpSyringe, false, device.ManagementAgent
		kind := rapid.SampledFrom(device.Kinds()).Draw(t, "kind")
		sub := device.SubkindNone
		if kind == device.KindConfig {
			sub = rapid.SampledFrom(device.ConfigSubkinds()).Draw(t, "sub")
		}
		v := safety.Judge(kind, sub, f, capable(), safety.JudgeContext{Moment: safety.Releasing})
		if !v.Allowed() || v.Weight == safety.Quiet || kind == device.KindContain {
			return
		}
		then := f
		then.Known, then.Age = true, 0
		then.Reported = rapid.SampledFrom(reported("infusing", "paused", "stopped", "service")).Draw(t, "then")
		d := safety.JudgeOnDevice(kind, sub, safety.Sensors{Class: f.Class, Capabilities: device.Kinds(), Reported: then.Reported},
			safety.Permit{AllowedReported: v.AllowedReported, MaxStateAge: v.MaxStateAge, Stage: v.Answer == safety.Stage})
		if d.Answer != safety.Now {
			return
		}
		switch state := safety.Assess(then, safety.ReleaseAge).State; state {
		case safety.StateInfusing, safety.StatePaused:
			t.Fatalf("%s %s executed while %s", kind, sub, state)
		case safety.StateStandby:
			if !d.BedsideAccept && sub != device.SubkindWiFi && sub != device.SubkindTrust {
				t.Fatalf("%s %s executed in standby", kind, sub)
			}
		}
	})
}

func TestNeverMoreThanOneInFiveOfAWardsPumpsIsTakenOut(t *testing.T) {
	for _, c := range []struct {
		ready, out int
		want       bool
	}{
		{1, 0, true}, {4, 0, true}, {3, 1, false}, {5, 0, true}, {4, 1, false}, {8, 1, false},
		{9, 0, true}, {9, 1, true}, {8, 2, false}, {14, 1, true}, {13, 2, true}, {12, 3, false}, {0, 0, true},
	} {
		if got := safety.MayTakeOut(c.ready, c.out); got != c.want {
			t.Errorf("%d ready, %d out: %v", c.ready, c.out, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		total, out := rapid.IntRange(1, 500).Draw(t, "total"), 0
		for out < total && safety.MayTakeOut(total-out, out) {
			out++
		}
		if out > 1 && out*5 > total {
			t.Fatalf("%d of %d out", out, total)
		}
	})
	if !safety.TakesOutOfUse(device.KindRestart, safety.Now) || safety.TakesOutOfUse(device.KindFirmware, safety.Stage) || safety.TakesOutOfUse(device.KindLocate, safety.Now) {
		t.Error("what takes a pump out of use is judged wrongly")
	}
}
