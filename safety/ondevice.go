package safety

import (
	"slices"
	"time"

	"wardline/device"
)

// Sensors is what an agent knows about its own device at the moment of
// execution.
type Sensors struct {
	// Class is the class in the agent's own certificate.
	Class device.Class
	// Capabilities are the kinds that its driver can do.
	Capabilities []device.Kind
	// Reported is what the device senses now; ReportedNone when it has no therapy
	// or cannot tell.
	Reported device.Reported
	// Age is how old that is by the monotonic clock.
	Age time.Duration
}

// Permit is what the envelope allows.
type Permit struct {
	AllowedReported []device.Reported
	MaxStateAge     time.Duration
	// Stage: the envelope was released to be staged, not to be executed.
	Stage bool
}

// JudgeOnDevice is the agent's own interlock: the same matrix, from its own
// sensors, at the moment of execution. The server's view only decided whether to
// release. An agent asks again when staged work is to be applied: Stage means
// not yet, Now means apply (after acceptance at the bedside where BedsideAccept
// says so).
//
// A pump cannot know its custody or place. So for stopped it relies on the
// envelope, whose AllowedReported the server computed from them; it never does
// in infusing or paused what the matrix forbids there, whatever an envelope says.
func JudgeOnDevice(kind device.Kind, sub device.Subkind, s Sensors, p Permit) Verdict {
	key := kindKey{kind, sub}
	weight, known := WeightOf(kind, sub)
	v := Verdict{Weight: weight, MatrixVersion: MatrixVersion, State: StateNotPump,
		AllowedReported: p.AllowedReported, MaxStateAge: p.MaxStateAge}
	pump := s.Class.IsPump() || s.Reported != device.ReportedNone
	switch {
	case !known:
		return v.refuse(codeUnknownKind)
	case kind.ByServer():
		return v.refuse(codeServerOnly)
	}
	if c, ok := neverForClass(key, s.Class, pump); ok {
		return v.refuse(c)
	}
	if !slices.Contains(s.Capabilities, kind) {
		return v.refuse(codeNotCapable)
	}
	if !pump || weight == Quiet {
		return v.now(false)
	}
	return v.pumpItself(key, s, p)
}

// pumpItself decides a kind that is not quiet on a pump.
func (v Verdict) pumpItself(key kindKey, s Sensors, p Permit) Verdict {
	row := pumpRows[key]
	v.State = sensed(s, p)
	permitted := v.State != StateUnknown && slices.Contains(p.AllowedReported, s.Reported)
	if p.Stage {
		if row.infusing != Staged && row.infusing != StagedTwo {
			return v.refuse(codeNotPermitted)
		}
		if permitted && slices.Contains(applyStagedIn(key), s.Reported) {
			v.BedsideAccept = bedside(key.kind)
			return v.now(false)
		}
		return v.stage(key, false)
	}
	// What the server decides from custody and place is in AllowedReported; what
	// the pump's own state forbids is forbidden whatever the envelope says.
	switch row.cell(v.State) {
	case OK, OKTwo, OKTwoRetire:
		if permitted {
			return v.now(false)
		}
		v.MayHold = row.idle == OK
		return v.refuse(codeNotPermitted)
	}
	v.MayHold = row.idle == OK || row.idle == OKTwoRetire
	if v.State == StateIdle {
		return v.refuse(codeServiceOnly)
	}
	return v.refuse(stateCode(v.State))
}

// sensed is the best state that a pump's own sensors could stand for; custody
// and place may have made it worse, and then stopped is missing from the
// envelope's AllowedReported.
func sensed(s Sensors, p Permit) State {
	limit := ReleaseAge
	if p.MaxStateAge > 0 {
		limit = min(limit, p.MaxStateAge)
	}
	if s.Age < 0 || s.Age > limit {
		return StateUnknown
	}
	switch s.Reported {
	case device.ReportedInfusing:
		return StateInfusing
	case device.ReportedPaused:
		return StatePaused
	case device.ReportedStopped:
		return StateIdle
	case device.ReportedService:
		return StateService
	}
	return StateUnknown
}
