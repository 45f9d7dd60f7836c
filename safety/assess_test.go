package safety_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"wardline/device"
	"wardline/safety"
)

// The table of derived states (SAFETY 1), line by line.
func TestWhatIsConcludedFromWhatAPumpReports(t *testing.T) {
	const (
		agent, gateway               = device.ManagementAgent, device.ManagementGateway
		ward, storage, cleaning      = device.CustodyWard, device.CustodyStorage, device.CustodyCleaning
		biomed, person, outside      = device.CustodyBiomed, device.CustodyPerson, device.CustodyOutside
		ready, inUse, needsCleaning  = device.ConditionReady, device.ConditionInUse, device.ConditionNeedsCleaning
		inCleaning, maintenance      = device.ConditionInCleaning, device.ConditionInMaintenance
		infusing, paused             = device.ReportedInfusing, device.ReportedPaused
		stopped, service             = device.ReportedStopped, device.ReportedService
		care, noCare                 = true, false
		isInfusing, isPaused         = safety.StateInfusing, safety.StatePaused
		isStandby, isIdle, isService = safety.StateStandby, safety.StateIdle, safety.StateService
		isUnknown                    = safety.StateUnknown
	)
	for _, c := range []struct {
		reported   device.Reported
		custody    device.CustodyKind
		condition  device.Condition
		careArea   bool
		management device.Management
		want       safety.State
	}{
		{infusing, storage, ready, noCare, agent, isInfusing},
		{infusing, biomed, ready, noCare, agent, isInfusing},
		{infusing, ward, inUse, care, gateway, isInfusing},
		{paused, storage, ready, noCare, agent, isPaused},
		{paused, ward, inUse, care, gateway, isPaused},

		{stopped, storage, ready, noCare, agent, isIdle},
		{stopped, storage, needsCleaning, noCare, agent, isIdle},
		{stopped, cleaning, needsCleaning, noCare, agent, isIdle},
		{stopped, cleaning, inCleaning, noCare, agent, isIdle},
		{stopped, biomed, ready, noCare, agent, isIdle},

		{stopped, storage, ready, care, agent, isStandby},
		{stopped, cleaning, inCleaning, care, agent, isStandby},
		{stopped, biomed, ready, care, agent, isStandby},
		{stopped, storage, inUse, noCare, agent, isStandby},
		{stopped, storage, maintenance, noCare, agent, isStandby},
		{stopped, storage, "", noCare, agent, isStandby},
		{stopped, biomed, maintenance, noCare, agent, isStandby},
		{stopped, biomed, needsCleaning, noCare, agent, isStandby},
		{stopped, ward, ready, noCare, agent, isStandby},
		{stopped, ward, ready, care, agent, isStandby},
		{stopped, person, ready, noCare, agent, isStandby},
		{stopped, outside, ready, noCare, agent, isStandby},
		{stopped, "", ready, noCare, agent, isStandby},
		{stopped, storage, ready, noCare, gateway, isStandby},

		{service, biomed, ready, noCare, agent, isService},
		{service, biomed, maintenance, noCare, agent, isService},
		{service, biomed, maintenance, noCare, gateway, isStandby},
		{service, storage, ready, noCare, agent, isUnknown},
		{service, ward, ready, care, agent, isUnknown},

		{stopped, storage, ready, noCare, device.ManagementCertificate, isUnknown},
		{stopped, storage, ready, noCare, device.ManagementRecord, isUnknown},
		{stopped, storage, ready, noCare, device.ManagementApple, isUnknown},
		{"between_doses", storage, ready, noCare, agent, isUnknown},
		{device.ReportedNone, storage, ready, noCare, agent, isUnknown},
	} {
		for _, class := range []device.Class{device.ClassPumpLVP, device.ClassPumpSyringe, device.ClassPumpPCA} {
			f := safety.Facts{Class: class, Known: true, Reported: c.reported, Custody: c.custody, Condition: c.condition,
				CareArea: c.careArea, Management: c.management, Stage: device.StageInService}
			got := safety.Assess(f, safety.ReleaseAge)
			if got.State != c.want || got.Why == "" {
				t.Errorf("%+v: got %q (%s)", c, got.State, got.Why)
			}
		}
	}
}

func idlePump() safety.Facts { return situation(device.ClassPumpLVP, safety.StateIdle) }

func TestAnOldOrDisputedReportIsTreatedAsInfusing(t *testing.T) {
	for what, change := range map[string]func(*safety.Facts){
		"61 seconds old":               func(f *safety.Facts) { f.Age = 61 * time.Second },
		"an age below zero":            func(f *safety.Facts) { f.Age = -time.Millisecond },
		"sources that disagree":        func(f *safety.Facts) { f.SourcesDisagree = true },
		"never reported":               func(f *safety.Facts) { f.Known = false },
		"registered as a phone":        func(f *safety.Facts) { f.Class = device.ClassPhoneIssued },
		"a class in dispute":           func(f *safety.Facts) { f.ClassDisputed = true },
		"returned to the maker":        func(f *safety.Facts) { f.Stage = device.StageReturned },
		"written off":                  func(f *safety.Facts) { f.Stage = device.StageWrittenOff },
		"decommissioned, and a pump":   func(f *safety.Facts) { f.Stage = device.StageDecommissioned },
		"a management that is unknown": func(f *safety.Facts) { f.Management = "" },
	} {
		f := idlePump()
		change(&f)
		if got := safety.Assess(f, safety.ReleaseAge); got.State != safety.StateUnknown {
			t.Errorf("%s: %s", what, got.State)
		}
	}
}

func TestAReportIsGoodForAMinuteToReleaseAndTenToShow(t *testing.T) {
	for _, c := range []struct {
		age           time.Duration
		release, show safety.State
	}{
		{0, safety.StateIdle, safety.StateIdle},
		{60 * time.Second, safety.StateIdle, safety.StateIdle},
		{60*time.Second + 1, safety.StateUnknown, safety.StateIdle},
		{10 * time.Minute, safety.StateUnknown, safety.StateIdle},
		{10*time.Minute + 1, safety.StateUnknown, safety.StateUnknown},
	} {
		f := idlePump()
		f.Age = c.age
		if got := safety.Assess(f, safety.ReleaseAge).State; got != c.release {
			t.Errorf("%s old, to release: %s, not %s", c.age, got, c.release)
		}
		show := safety.Assess(f, safety.ShowAge)
		if show.State != c.show || show.Current != (c.show == safety.StateIdle) {
			t.Errorf("%s old, to show: %s, current %v", c.age, show.State, show.Current)
		}
		asked := safety.Judge(device.KindRestart, "", f, capable(), safety.JudgeContext{Moment: safety.Asking})
		released := safety.Judge(device.KindRestart, "", f, capable(), safety.JudgeContext{Moment: safety.Releasing})
		if asked.Allowed() != (c.show == safety.StateIdle) || released.Allowed() != (c.release == safety.StateIdle) {
			t.Errorf("%s old: restart asked %s, released %s", c.age, asked.Answer, released.Answer)
		}
	}
}

func TestTheAgeOfAStateIsReceiptPlusTheDevicesOwnAge(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	d := device.Device{Class: device.ClassPumpLVP, CreatedAt: now.Add(-48 * time.Hour), Report: device.Report{
		Therapy: device.ReportedStopped, ReceivedAt: now.Add(-40 * time.Second), TherapyAge: 15 * time.Second, ClockOffset: -3 * time.Hour}}
	if f := safety.FactsOf(d, false, now); f.Age != 55*time.Second || !f.Known || f.UnseenFor != 40*time.Second {
		t.Errorf("age %s, known %v, unseen for %s", f.Age, f.Known, f.UnseenFor)
	}
	// A report without therapy arrived later: the state did not get younger.
	d.Report.TherapyAt = now.Add(-5 * time.Minute)
	if f := safety.FactsOf(d, false, now); f.Age != 5*time.Minute {
		t.Errorf("age %s", f.Age)
	}
	// A negative age by the device's clock makes nothing younger.
	d.Report.TherapyAt, d.Report.TherapyAge = time.Time{}, -time.Hour
	if f := safety.FactsOf(d, false, now); f.Age != 40*time.Second {
		t.Errorf("age %s", f.Age)
	}
	d.Report = device.Report{}
	if f := safety.FactsOf(d, false, now); f.Known || f.UnseenFor != 48*time.Hour {
		t.Errorf("never heard of: known %v, unseen for %s", f.Known, f.UnseenFor)
	}
}

func TestADeviceThatEverReportedTherapyIsAPumpUntilItIsDecommissioned(t *testing.T) {
	f := safety.Facts{Class: device.ClassTablet, EverReportedTherapy: true, Management: device.ManagementAgent, Stage: device.StageInService}
	for _, kind := range []device.Kind{device.KindLock, device.KindWipe, device.KindRestart, device.KindRing, device.KindLostModeOn} {
		if v := safety.Judge(kind, "", f, capable(), safety.JudgeContext{}); v.Answer != safety.Refused {
			t.Errorf("%s: %s", kind, v.Answer)
		}
	}
	if v := safety.Judge(device.KindLocate, "", f, capable(), safety.JudgeContext{}); v.Answer != safety.Now {
		t.Errorf("locate: %s %s", v.Answer, v.Code)
	}
	f.Stage = device.StageDecommissioned
	if f.IsPump() {
		t.Error("still a pump after it was decommissioned")
	}
}

func TestTheStrictestSourceOfTheClassWins(t *testing.T) {
	const (
		lvp, pca, syringe = device.ClassPumpLVP, device.ClassPumpPCA, device.ClassPumpSyringe
		issued, personal  = device.ClassPhoneIssued, device.ClassPhonePersonal
		shared, tablet    = device.ClassHandheldShared, device.ClassTablet
		gateway, other    = device.ClassGateway, device.ClassOtherMedical
	)
	for _, c := range []struct {
		sources  []device.Class
		want     device.Class
		disputed bool
	}{
		{nil, other, false},
		{[]device.Class{"", ""}, other, false},
		{[]device.Class{issued}, issued, false},
		{[]device.Class{issued, "", issued}, issued, false},
		{[]device.Class{issued, personal}, personal, false},
		{[]device.Class{tablet, shared}, shared, false},
		{[]device.Class{lvp, lvp}, lvp, false},
		{[]device.Class{lvp, syringe, pca}, pca, false},
		{[]device.Class{issued, lvp}, lvp, true},
		{[]device.Class{personal, lvp}, lvp, true},
		{[]device.Class{lvp, gateway}, gateway, true},
		{[]device.Class{lvp, other}, other, true},
		{[]device.Class{issued, "toaster"}, other, true},
		{[]device.Class{"toaster"}, other, false},
	} {
		for range c.sources { // the order of the sources does not matter
			if got, disputed := safety.Strictest(c.sources...); got != c.want || disputed != c.disputed {
				t.Errorf("%v: %s, disputed %v", c.sources, got, disputed)
			}
			c.sources = append(c.sources[1:], c.sources[0])
		}
	}
}

func TestADisputedClassAllowsOnlyQuietWork(t *testing.T) {
	d := device.Device{Class: device.ClassPhoneIssued, Management: device.ManagementAgent, Stage: device.StageInService}
	f := safety.FactsOf(d, false, time.Time{}, device.ClassPumpLVP) // the certificate says pump
	for kind, want := range map[device.Kind]safety.Answer{
		device.KindLock: safety.Refused, device.KindWipe: safety.Refused, device.KindContain: safety.Refused,
		device.KindMessage: safety.Refused, device.KindLocate: safety.Now, device.KindRenewCertificate: safety.Now,
	} {
		if v := safety.Judge(kind, "", f, capable(), safety.JudgeContext{BreakGlass: true}); v.Answer != want {
			t.Errorf("%s: %s %s", kind, v.Answer, v.Code)
		}
	}
}

// rank orders states by how much they allow: 0 is free.
func rank(s safety.State) int {
	return map[safety.State]int{safety.StateIdle: 0, safety.StateService: 0, safety.StateStandby: 1,
		safety.StatePaused: 2, safety.StateInfusing: 3, safety.StateUnknown: 3}[s]
}

func drawFacts(t *rapid.T) safety.Facts {
	return safety.Facts{
		Class:               rapid.SampledFrom(append(device.Classes(), "", "toaster")).Draw(t, "class"),
		ClassDisputed:       rapid.Bool().Draw(t, "disputed"),
		EverReportedTherapy: rapid.Bool().Draw(t, "ever"),
		Known:               rapid.Bool().Draw(t, "known"),
		Reported:            rapid.SampledFrom([]device.Reported{"", "infusing", "paused", "stopped", "service", "odd"}).Draw(t, "reported"),
		Age:                 time.Duration(rapid.Int64Range(-int64(time.Second), int64(20*time.Minute)).Draw(t, "age")),
		SourcesDisagree:     rapid.Bool().Draw(t, "disagree"),
		Custody:             rapid.SampledFrom(append(device.Custodies(), "")).Draw(t, "custody"),
		Condition:           rapid.SampledFrom(append(device.Conditions(), "")).Draw(t, "condition"),
		Stage:               rapid.SampledFrom(device.Stages()).Draw(t, "stage"),
		Management:          rapid.SampledFrom(append(device.Managements(), "")).Draw(t, "management"),
		CareArea:            rapid.Bool().Draw(t, "care"),
		Lost:                rapid.Bool().Draw(t, "lost"),
		UnseenFor:           time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "unseen")),
	}
}

func TestCustodyPlaceAndLifecycleOnlyMakeAStateWorse(t *testing.T) {
	reportedRank := map[device.Reported]int{device.ReportedInfusing: 3, device.ReportedPaused: 2, device.ReportedStopped: 0, device.ReportedService: 0}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		if !f.IsPump() {
			return
		}
		got := rank(safety.Assess(f, safety.ShowAge).State)
		if floor, ok := reportedRank[f.Reported]; ok && got < floor {
			t.Fatalf("better than the pump itself reports")
		}
		worse := f
		worse.CareArea = true
		if rank(safety.Assess(worse, safety.ShowAge).State) < got {
			t.Fatalf("a care area made it better")
		}
		for _, c := range []device.CustodyKind{device.CustodyWard, device.CustodyPerson, device.CustodyOutside, ""} {
			worse = f
			worse.Custody = c
			if rank(safety.Assess(worse, safety.ShowAge).State) < got {
				t.Fatalf("custody %q made it better", c)
			}
		}
		worse = f
		worse.Condition = device.ConditionInUse
		if rank(safety.Assess(worse, safety.ShowAge).State) < got {
			t.Fatalf("being in use made it better")
		}
		if rank(safety.Assess(f, safety.ReleaseAge).State) < got {
			t.Fatalf("a stricter limit made it better")
		}
	})
}

func TestUnknownIsTreatedAsInfusing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		f.Known, f.Reported, f.Age = false, device.ReportedNone, 0
		f.ClassDisputed, f.SourcesDisagree, f.UnseenFor = false, false, 0
		f.Class = rapid.SampledFrom([]device.Class{device.ClassPumpLVP, device.ClassPumpPCA}).Draw(t, "pump")
		f.Management = device.ManagementAgent
		infusing := f
		infusing.Known, infusing.Reported = true, device.ReportedInfusing
		kind := rapid.SampledFrom(device.Kinds()).Draw(t, "kind")
		sub := device.SubkindNone
		if kind == device.KindConfig {
			sub = rapid.SampledFrom(device.ConfigSubkinds()).Draw(t, "sub")
		}
		m := capable()
		m.NetworkCut = rapid.SampledFrom([]device.NetworkCut{device.NetworkCutSafe, device.NetworkCutUnknown, device.NetworkCutHarmful}).Draw(t, "cut")
		ctx := safety.JudgeContext{Moment: safety.Moment(rapid.IntRange(0, 1).Draw(t, "moment")), HoldUntilIdle: rapid.Bool().Draw(t, "hold"),
			BreakGlass: rapid.Bool().Draw(t, "glass")}
		a, b := safety.Judge(kind, sub, f, m, ctx), safety.Judge(kind, sub, infusing, m, ctx)
		if a.Answer != b.Answer || a.SecondPerson != b.SecondPerson || a.MayHold != b.MayHold {
			t.Fatalf("%s: unknown %s, infusing %s", kind, a.Answer, b.Answer)
		}
	})
}
