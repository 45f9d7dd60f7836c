package safety

import "wardline/device"

// MatrixVersion names this edition of the matrix. It is recorded with every
// decision and travels in the envelope. It changes with every change of a cell,
// a weight or a rule in this package.
const MatrixVersion = "2026-2"

// Weight says how much a command of a kind can hurt, and therefore what it must
// pass (SAFETY 4).
type Weight string

// The weights.
const (
	Quiet       Weight = "quiet"       // rate limits only
	Disruptive  Weight = "disruptive"  // passes the guard
	Destructive Weight = "destructive" // passes the guard with a step-up
)

// Cell is one decision of the matrix.
type Cell string

// The cells. "Two" asks for a second person.
const (
	// Never: no device of this class does this, in no state.
	Never Cell = "never"
	// No: not in this state.
	No Cell = "no"
	// OK: now.
	OK Cell = "now"
	// OKTwo: now, with a second person.
	OKTwo Cell = "now_two"
	// OKLost: now, only while the device is reported lost.
	OKLost Cell = "now_if_lost"
	// OKTwoRetire: now, with a second person, in biomed's custody and under a
	// retire order.
	OKTwoRetire Cell = "now_two_if_biomed_and_retiring"
	// Staged: delivered now, applied later where AppliedIn says.
	Staged Cell = "stage"
	// StagedTwo: the same, with a second person.
	StagedTwo Cell = "stage_two"
	// Hold: only as hold_until_idle.
	Hold Cell = "hold"
	// BreakGlass: only under an open break-glass (SAFETY 6).
	BreakGlass Cell = "break_glass"
	// BreakGlassOrUnseen: break-glass, or a second person once the pump was not
	// seen for UnseenAge.
	BreakGlassOrUnseen Cell = "break_glass_or_two_if_unseen_24h"
	// OKTwoUnseen: now, with a second person, once it was not seen for UnseenAge.
	OKTwoUnseen Cell = "now_two_if_unseen_24h"
)

// kindKey names a row: a kind, and for config its subkind.
type kindKey struct {
	kind device.Kind
	sub  device.Subkind
}

// pumpRow is one row of the matrix for pumps, in the order of States.
type pumpRow struct {
	infusing, paused, standby, idle, service, unknown Cell
}

func (r pumpRow) cell(s State) Cell {
	switch s {
	case StateInfusing:
		return r.infusing
	case StatePaused:
		return r.paused
	case StateStandby:
		return r.standby
	case StateIdle:
		return r.idle
	case StateService:
		return r.service
	}
	return r.unknown
}

func always(c Cell) pumpRow { return pumpRow{c, c, c, c, c, c} }

var (
	wheneverRow  = always(OK)
	neverRow     = always(Never)
	freeOnlyRow  = pumpRow{infusing: No, paused: No, standby: No, idle: OK, service: OK, unknown: No}
	pathRow      = pumpRow{infusing: Staged, paused: Staged, standby: Staged, idle: OK, service: OK, unknown: Staged}
	settingsRow  = pumpRow{infusing: Staged, paused: Staged, standby: Hold, idle: OK, service: OK, unknown: Staged}
	bedsideRow   = pumpRow{infusing: StagedTwo, paused: StagedTwo, standby: StagedTwo, idle: StagedTwo, service: OKTwo, unknown: StagedTwo}
	lockRow      = pumpRow{infusing: No, paused: No, standby: No, idle: No, service: OK, unknown: No}
	sanitiseRow  = pumpRow{infusing: No, paused: No, standby: No, idle: OKTwoRetire, service: OKTwo, unknown: No}
	retiredRow   = pumpRow{infusing: No, paused: No, standby: No, idle: OKTwoRetire, service: OKTwoRetire, unknown: OKTwoRetire}
	goneRow      = always(OKTwoUnseen)
	containedRow = pumpRow{infusing: BreakGlass, paused: BreakGlass, standby: BreakGlass, idle: OKTwo, service: OKTwo, unknown: BreakGlassOrUnseen}
)

// pumpRows is the matrix for every class of pump (SAFETY 2). A kind or subkind
// without a row is refused.
var pumpRows = map[kindKey]pumpRow{
	{device.KindRefresh, ""}:                  wheneverRow,
	{device.KindLocate, ""}:                   wheneverRow,
	{device.KindCollectLogs, ""}:              wheneverRow,
	{device.KindUnlock, ""}:                   wheneverRow,
	{device.KindUnstage, ""}:                  wheneverRow,
	{device.KindRenewCertificate, ""}:         wheneverRow,
	{device.KindRing, ""}:                     freeOnlyRow,
	{device.KindMessage, ""}:                  freeOnlyRow,
	{device.KindConfig, device.SubkindWiFi}:   pathRow,
	{device.KindConfig, device.SubkindTrust}:  pathRow,
	{device.KindConfig, device.SubkindPolicy}: settingsRow,
	{device.KindConfig, device.SubkindText}:   settingsRow,
	{device.KindConfig, device.SubkindApps}:   settingsRow,
	{device.KindLibrary, ""}:                  bedsideRow,
	{device.KindFirmware, ""}:                 bedsideRow,
	{device.KindRestart, ""}:                  freeOnlyRow,
	{device.KindLock, ""}:                     lockRow,
	{device.KindWipe, ""}:                     sanitiseRow,
	{device.KindContain, ""}:                  containedRow,
	{device.KindRevoke, ""}:                   containedRow,
	{device.KindDecommission, ""}:             retiredRow,
	{device.KindWriteOff, ""}:                 goneRow,
	{device.KindLostModeOn, ""}:               neverRow,
	{device.KindLostModeOff, ""}:              neverRow,
	{device.KindClearPasscode, ""}:            neverRow,
	{device.KindRemoveWorkData, ""}:           neverRow,
}

// carriedRow is what an issued phone, a shared handheld and a tablet can do.
var carriedRow = map[kindKey]Cell{
	{device.KindRefresh, ""}:                  OK,
	{device.KindLocate, ""}:                   OK,
	{device.KindCollectLogs, ""}:              OK,
	{device.KindUnlock, ""}:                   OK,
	{device.KindUnstage, ""}:                  Never,
	{device.KindRenewCertificate, ""}:         OK,
	{device.KindRing, ""}:                     OK,
	{device.KindMessage, ""}:                  OK,
	{device.KindConfig, device.SubkindWiFi}:   OK,
	{device.KindConfig, device.SubkindTrust}:  OK,
	{device.KindConfig, device.SubkindPolicy}: OK,
	{device.KindConfig, device.SubkindText}:   OK,
	{device.KindConfig, device.SubkindApps}:   OK,
	{device.KindLibrary, ""}:                  Never,
	{device.KindFirmware, ""}:                 Never,
	{device.KindRestart, ""}:                  OK,
	{device.KindLock, ""}:                     OK,
	{device.KindWipe, ""}:                     OK,
	{device.KindContain, ""}:                  OK,
	{device.KindRevoke, ""}:                   OK,
	{device.KindDecommission, ""}:             OK,
	{device.KindWriteOff, ""}:                 OK,
	{device.KindLostModeOn, ""}:               OK,
	{device.KindLostModeOff, ""}:              OK,
	{device.KindClearPasscode, ""}:            OK,
	{device.KindRemoveWorkData, ""}:           OK,
}

// otherRows is the matrix for everything without therapy, by class.
var otherRows = map[device.Class]map[kindKey]Cell{
	device.ClassHandheldShared: carriedRow,
	device.ClassPhoneIssued:    carriedRow,
	device.ClassTablet:         carriedRow,
	// A personal phone is its owner's: it can lose only its work data, is found
	// only while it is reported lost, and its passcode is not ours to clear.
	device.ClassPhonePersonal: {
		{device.KindRefresh, ""}:                  OK,
		{device.KindLocate, ""}:                   OKLost,
		{device.KindCollectLogs, ""}:              OK,
		{device.KindUnlock, ""}:                   OK,
		{device.KindUnstage, ""}:                  Never,
		{device.KindRenewCertificate, ""}:         OK,
		{device.KindRing, ""}:                     OK,
		{device.KindMessage, ""}:                  OK,
		{device.KindConfig, device.SubkindWiFi}:   OK,
		{device.KindConfig, device.SubkindTrust}:  OK,
		{device.KindConfig, device.SubkindPolicy}: OK,
		{device.KindConfig, device.SubkindText}:   OK,
		{device.KindConfig, device.SubkindApps}:   OK,
		{device.KindLibrary, ""}:                  Never,
		{device.KindFirmware, ""}:                 Never,
		{device.KindRestart, ""}:                  Never,
		{device.KindLock, ""}:                     OK,
		{device.KindWipe, ""}:                     Never,
		{device.KindContain, ""}:                  OK,
		{device.KindRevoke, ""}:                   OK,
		{device.KindDecommission, ""}:             OK,
		{device.KindWriteOff, ""}:                 OK,
		{device.KindLostModeOn, ""}:               OK,
		{device.KindLostModeOff, ""}:              OK,
		{device.KindClearPasscode, ""}:            Never,
		{device.KindRemoveWorkData, ""}:           OK,
	},
	// A gateway speaks for pumps: it is looked at, renewed, and cut off by two
	// people when it is believed attacked. The pumps go on without it.
	device.ClassGateway: onlyThese(map[kindKey]Cell{
		{device.KindRefresh, ""}:          OK,
		{device.KindLocate, ""}:           OK,
		{device.KindCollectLogs, ""}:      OK,
		{device.KindRenewCertificate, ""}: OK,
		{device.KindContain, ""}:          OKTwo,
		{device.KindRevoke, ""}:           OKTwo,
		{device.KindDecommission, ""}:     OKTwo,
		{device.KindWriteOff, ""}:         OKTwo,
	}),
	device.ClassOtherMedical: onlyThese(map[kindKey]Cell{
		{device.KindRefresh, ""}:      OK,
		{device.KindLocate, ""}:       OK,
		{device.KindDecommission, ""}: OKTwo,
		{device.KindWriteOff, ""}:     OKTwo,
	}),
}

// onlyThese fills every other kind with Never.
func onlyThese(cells map[kindKey]Cell) map[kindKey]Cell {
	for key := range pumpRows {
		if _, given := cells[key]; !given {
			cells[key] = Never
		}
	}
	return cells
}

// weights gives every kind its weight. It does not depend on the class.
var weights = map[kindKey]Weight{
	{device.KindRefresh, ""}:                  Quiet,
	{device.KindLocate, ""}:                   Quiet,
	{device.KindCollectLogs, ""}:              Quiet,
	{device.KindUnlock, ""}:                   Quiet,
	{device.KindUnstage, ""}:                  Quiet,
	{device.KindRenewCertificate, ""}:         Quiet,
	{device.KindRing, ""}:                     Disruptive,
	{device.KindMessage, ""}:                  Disruptive,
	{device.KindConfig, device.SubkindWiFi}:   Disruptive,
	{device.KindConfig, device.SubkindTrust}:  Disruptive,
	{device.KindConfig, device.SubkindPolicy}: Disruptive,
	{device.KindConfig, device.SubkindText}:   Disruptive,
	{device.KindConfig, device.SubkindApps}:   Disruptive,
	{device.KindLibrary, ""}:                  Disruptive,
	{device.KindFirmware, ""}:                 Disruptive,
	{device.KindRestart, ""}:                  Disruptive,
	{device.KindLock, ""}:                     Disruptive,
	{device.KindWipe, ""}:                     Destructive,
	{device.KindContain, ""}:                  Destructive,
	{device.KindRevoke, ""}:                   Destructive,
	{device.KindDecommission, ""}:             Destructive,
	{device.KindWriteOff, ""}:                 Destructive,
	{device.KindLostModeOn, ""}:               Disruptive,
	{device.KindLostModeOff, ""}:              Disruptive,
	{device.KindClearPasscode, ""}:            Destructive,
	{device.KindRemoveWorkData, ""}:           Destructive,
}

// appliedIn says in which states a pump may apply what was staged on it. Wi-Fi
// and trust wait for the next moment without therapy; a library or firmware is
// also accepted by a person at the bedside; other settings wait until the pump
// is free.
var appliedIn = map[kindKey][]State{
	{device.KindConfig, device.SubkindWiFi}:   {StateStandby, StateIdle, StateService},
	{device.KindConfig, device.SubkindTrust}:  {StateStandby, StateIdle, StateService},
	{device.KindConfig, device.SubkindPolicy}: {StateIdle, StateService},
	{device.KindConfig, device.SubkindText}:   {StateIdle, StateService},
	{device.KindConfig, device.SubkindApps}:   {StateIdle, StateService},
	{device.KindLibrary, ""}:                  {StateStandby, StateIdle, StateService},
	{device.KindFirmware, ""}:                 {StateStandby, StateIdle, StateService},
}

// WeightOf returns the weight of a kind, and false for a kind or subkind that
// has no row.
func WeightOf(kind device.Kind, sub device.Subkind) (Weight, bool) {
	w, ok := weights[kindKey{kind, sub}]
	return w, ok
}

// Row is one cell of the matrix with its names, for tables and tests.
type Row struct {
	Class device.Class
	Kind  device.Kind
	Sub   device.Subkind
	// State is StateNotPump for classes without therapy.
	State  State
	Cell   Cell
	Weight Weight
	// AppliedIn is where staged work may be applied; empty where nothing is ever
	// staged.
	AppliedIn []State
}

// Rows returns every cell of the matrix: for pumps one per state, for other
// classes one.
func Rows() []Row {
	var rows []Row
	for _, class := range device.Classes() {
		for key, weight := range weights {
			if !class.IsPump() {
				if cell, ok := otherRows[class][key]; ok {
					rows = append(rows, Row{Class: class, Kind: key.kind, Sub: key.sub, Cell: cell, Weight: weight})
				}
				continue
			}
			row, ok := pumpRows[key]
			if !ok {
				continue
			}
			for _, s := range States() {
				rows = append(rows, Row{Class: class, Kind: key.kind, Sub: key.sub, State: s,
					Cell: row.cell(s), Weight: weight, AppliedIn: appliedIn[key]})
			}
		}
	}
	return rows
}
