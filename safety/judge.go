package safety

import (
	"time"

	"wardline/device"
)

// Answer is what may be done with a command at this moment.
type Answer string

// The answers.
const (
	// Now: release it, or execute it.
	Now Answer = "now"
	// Stage: deliver it now; the device applies it later, in one of the reported
	// states of AllowedReported, or when it is released anew at idle.
	Stage Answer = "stage"
	// HoldOnly: it was asked as hold_until_idle and has to wait.
	HoldOnly Answer = "hold_only"
	// Refused: Code and Sentence say why.
	Refused Answer = "refused"
)

// Verdict is the answer of the interlock, with its grounds.
type Verdict struct {
	Answer Answer
	// SecondPerson: the matrix marks this cell 2 (of HoldOnly: the cell of idle).
	// The guard may ask for a second person on other grounds too.
	SecondPerson bool
	Weight       Weight
	// Code is stable; empty for Now and Stage. Codes lists them.
	Code string
	// Sentence says to a nurse why, and what to do. Never empty.
	Sentence string
	// Never: refused, and no state of the device would change that: its class, its
	// model or the way it is managed does not have the kind.
	Never bool
	// MayHold: refused at this moment, but the same command may be asked with
	// hold_until_idle.
	MayHold bool
	// State is what the decision was made on.
	State State
	// ReleasableIn are the states in which it could be released (now or staged)
	// while everything else stays as it is.
	ReleasableIn []State
	// AllowedReported goes into the envelope: the reported states in which the
	// device may execute it or apply what was staged. For a pump an empty list
	// allows nothing; for things without therapy it is empty and not looked at.
	AllowedReported []device.Reported
	// MaxStateAge goes into the envelope: how old the device's own sensing may be
	// at that moment. 0: no limit (quiet kinds, things without therapy).
	MaxStateAge time.Duration
	// BedsideAccept: a person accepts it at the pump before it is applied.
	BedsideAccept bool
	MatrixVersion string
}

// Allowed reports whether the command may leave now, to be executed or staged.
func (v Verdict) Allowed() bool { return v.Answer == Now || v.Answer == Stage }

// Moment is when the interlock is asked.
type Moment int

// The moments.
const (
	// Asking: a person, token or policy asks. The state may be ShowAge old.
	Asking Moment = iota
	// Releasing: the command is about to leave the server. The state may be
	// ReleaseAge old.
	Releasing
)

// JudgeContext is what Judge must know beside the device.
type JudgeContext struct {
	Moment Moment
	// HoldUntilIdle: it was asked to wait until the pump is free.
	HoldUntilIdle bool
	// BreakGlass: a break-glass by two people is open for this device.
	BreakGlass bool
}

// Judge decides on the server, when a command is asked for and again when it is
// released. Whatever has no row, no capability or no way to the device is
// refused. The device judges once more for itself (JudgeOnDevice).
func Judge(kind device.Kind, sub device.Subkind, f Facts, m device.Model, ctx JudgeContext) Verdict {
	weight, known := WeightOf(kind, sub)
	v := Verdict{Weight: weight, MatrixVersion: MatrixVersion, State: StateNotPump}
	if !known {
		return v.refuse(codeUnknownKind)
	}
	if r, ok := refusedBeforeState(kind, sub, f, m, weight); ok {
		v.Never = r != codeClassDisputed
		return v.refuse(r)
	}
	if !f.IsPump() {
		return v.other(otherRows[knownClass(f.Class)][kindKey{kind, sub}], f)
	}
	limit := ShowAge
	if ctx.Moment == Releasing {
		limit = ReleaseAge
	}
	return v.pump(kindKey{kind, sub}, f, m, ctx, limit)
}

// knownClass maps whatever has no rows of its own to the strictest class.
func knownClass(c device.Class) device.Class {
	if c.Valid() {
		return c
	}
	return device.ClassOtherMedical
}

// refusedBeforeState holds the refusals that no therapy state could lift.
func refusedBeforeState(kind device.Kind, sub device.Subkind, f Facts, m device.Model, w Weight) (code, bool) {
	if f.Stage.Ended() && !(f.Stage == device.StageWrittenOff && findsOrEmpties(kind)) {
		return codeDeviceGone, true
	}
	if r, ok := neverForClass(kindKey{kind, sub}, f.Class, f.IsPump()); ok {
		return r, true
	}
	if kind.ByServer() {
		if f.Management == device.ManagementRecord && !kind.Retires() {
			return codeNotManaged, true
		}
	} else {
		if !f.Management.CarriesCommands() {
			return codeNotManaged, true
		}
		if !capable(kind, f, m) {
			return codeNotCapable, true
		}
	}
	if f.ClassDisputed && w != Quiet {
		return codeClassDisputed, true
	}
	return code{}, false
}

// findsOrEmpties: what is written off is gone for the books, and may show up all
// the same. Then it is still found, locked and emptied, and nothing else.
func findsOrEmpties(kind device.Kind) bool {
	switch kind {
	case device.KindLocate, device.KindLock, device.KindLostModeOn, device.KindWipe, device.KindRemoveWorkData:
		return true
	}
	return false
}

// capable reports whether the device can do the kind at all: its model says so.
// A thing that people carry may be enrolled before anybody has recorded its
// model; then its agent's own word is all there is, which is asked when the
// command is handed out. A pump without a model can do nothing: what a command
// does to it is not known.
func capable(kind device.Kind, f Facts, m device.Model) bool {
	if m.ID == "" && len(m.Capabilities) == 0 {
		return f.Class.IsPersonal() && !f.IsPump()
	}
	return m.Can(kind)
}

// neverForClass: no device of this class does this in any state. A thing of
// another class that reported therapy must be allowed it on both counts.
func neverForClass(key kindKey, class device.Class, pump bool) (code, bool) {
	if pump && pumpRows[key].infusing == Never {
		return codeNotForClass, true
	}
	if class.IsPump() {
		return code{}, false
	}
	if cell, ok := otherRows[knownClass(class)][key]; ok && cell != Never {
		return code{}, false
	}
	if class == device.ClassPhonePersonal && (key.kind == device.KindWipe || key.kind == device.KindClearPasscode) {
		return codePersonalPhone, true
	}
	return codeNotForClass, true
}

// other answers for things without therapy.
func (v Verdict) other(cell Cell, f Facts) Verdict {
	switch cell {
	case OK:
		return v.now(false)
	case OKTwo:
		return v.now(true)
	case OKLost:
		if f.Lost {
			return v.now(false)
		}
		return v.refuse(codeOnlyWhenLost)
	}
	return v.refuse(codeNotForClass)
}

// pump answers from the cell of the pump's state.
func (v Verdict) pump(key kindKey, f Facts, m device.Model, ctx JudgeContext, limit time.Duration) Verdict {
	row := pumpRows[key]
	v.State = Assess(f, limit).State
	for _, s := range States() {
		if permits(row.cell(s), s, f, m, ctx) {
			v.ReleasableIn = append(v.ReleasableIn, s)
		}
	}
	cell := row.cell(v.State)
	if ctx.HoldUntilIdle && cell == Staged && row.idle == OK {
		// Whoever asked to wait until the pump is free did not ask for staging.
		cell = Hold
	}
	if permits(cell, v.State, f, m, ctx) {
		if cell == Staged || cell == StagedTwo {
			v.AllowedReported = applyStagedIn(key)
			return v.stage(key, cell == StagedTwo)
		}
		v.AllowedReported = executeIn(row, f, m, ctx)
		if v.Weight != Quiet {
			v.MaxStateAge = ReleaseAge
		}
		return v.now(cell != OK && cell != OKLost)
	}
	v.MayHold = permits(row.idle, StateIdle, f, m, ctx) && (cell == No || cell == Hold) && !key.kind.ByServer()
	if v.MayHold && ctx.HoldUntilIdle {
		v.Answer, v.SecondPerson = HoldOnly, row.idle != OK
		v.Code, v.Sentence = codeWaitsForIdle.name, stateCode(v.State).sentence+" The command waits until the pump is free."
		return v
	}
	return v.refuse(whyNot(cell, v.State, f, m, ctx))
}

// permits reports whether a cell lets the command leave in state s, given
// everything else that the cell asks for except the second person.
func permits(cell Cell, s State, f Facts, m device.Model, ctx JudgeContext) bool {
	switch cell {
	case OK, OKTwo, Staged, StagedTwo:
		return true
	case OKLost:
		return f.Lost
	case OKTwoRetire:
		return retiring(f)
	case OKTwoUnseen:
		return f.UnseenFor >= UnseenAge
	case BreakGlass:
		return ctx.BreakGlass && cutIsSafe(m)
	case BreakGlassOrUnseen:
		return (ctx.BreakGlass || f.UnseenFor >= UnseenAge) && cutIsSafe(m)
	}
	return false
}

func retiring(f Facts) bool {
	return f.Custody == device.CustodyBiomed && f.Stage == device.StageDecommissioning
}

// cutIsSafe: a pump that is not free is cut off only when its model and firmware
// are known not to mind (SAFETY 3.4); unknown is not safe.
func cutIsSafe(m device.Model) bool { return m.NetworkCut == device.NetworkCutSafe }

// executeIn lists the reported states from which, in this custody and place, the
// server would let the command be executed. So a pump that moved on from stopped
// to infusing between release and execution refuses by itself.
func executeIn(row pumpRow, f Facts, m device.Model, ctx JudgeContext) []device.Reported {
	if row == wheneverRow {
		return reportedStates()
	}
	var in []device.Reported
	for _, r := range reportedStates() {
		then := f
		then.Known, then.Reported, then.Age = true, r, 0
		s := Assess(then, ReleaseAge).State
		cell := row.cell(s)
		if cell != Staged && cell != StagedTwo && permits(cell, s, then, m, ctx) {
			in = append(in, r)
		}
	}
	return in
}

// applyStagedIn lists the reported states in which a pump may apply staged work
// by itself. A pump cannot tell standby from idle: both report stopped, so
// stopped is allowed only where standby is enough.
func applyStagedIn(key kindKey) []device.Reported {
	var in []device.Reported
	for _, s := range appliedIn[key] {
		switch s {
		case StateStandby:
			in = append(in, device.ReportedStopped)
		case StateService:
			in = append(in, device.ReportedService)
		}
	}
	return in
}

func reportedStates() []device.Reported {
	return []device.Reported{device.ReportedInfusing, device.ReportedPaused, device.ReportedStopped, device.ReportedService}
}

func (v Verdict) now(second bool) Verdict {
	v.Answer, v.SecondPerson = Now, second
	v.Sentence = "This can be done now."
	return v
}

func (v Verdict) stage(key kindKey, second bool) Verdict {
	v.Answer, v.SecondPerson, v.MaxStateAge = Stage, second, ReleaseAge
	v.BedsideAccept = bedside(key.kind)
	v.Sentence = "This is sent to the pump now and applied later, when the pump is not treating a patient."
	if v.BedsideAccept {
		v.Sentence = "This is sent to the pump now and applied when the pump is stopped and somebody accepts it at the pump."
	}
	return v
}

// bedside: a person at the pump accepts it before it is applied.
func bedside(kind device.Kind) bool {
	return kind == device.KindLibrary || kind == device.KindFirmware
}

func (v Verdict) refuse(c code) Verdict {
	v.Answer, v.Code, v.Sentence = Refused, c.name, c.sentence
	if v.MayHold {
		v.Sentence += " It can be asked to wait until the pump is free."
	}
	return v
}
