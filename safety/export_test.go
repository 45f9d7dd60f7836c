package safety

import (
	"slices"

	"wardline/device"
)

// Flip is one change of the matrix, for tests.
type Flip struct {
	// What names the change, for people.
	What string
	Kind device.Kind
	Sub  device.Subkind
	// Classes and State say which cells were changed; State is empty where it is
	// all of them. Several classes share a row.
	Classes []device.Class
	State   State
	// Do makes the change, and returns what takes it back.
	Do func() (undo func())
}

// CellFlips are all changes of one cell as the code has it: what leaves becomes No,
// what does not becomes OKTwo. A row of a pump that is Never is one decision: any
// cell of it that was changed alone would open nothing, so all six are.
func CellFlips() []Flip {
	var flips []Flip
	pumps := slices.DeleteFunc(device.Classes(), func(c device.Class) bool { return !c.IsPump() })
	for key, row := range pumpRows {
		if row == neverRow {
			flips = append(flips, Flip{What: "the row of a pump", Kind: key.kind, Sub: key.sub, Classes: pumps, Do: func() func() {
				pumpRows[key] = always(OKTwo)
				return func() { pumpRows[key] = row }
			}})
			continue
		}
		for _, s := range States() {
			flips = append(flips, Flip{What: "the cell of a pump", Kind: key.kind, Sub: key.sub, Classes: pumps, State: s, Do: func() func() {
				changed := row
				*changed.at(s) = flipped(row.cell(s))
				pumpRows[key] = changed
				return func() { pumpRows[key] = row }
			}})
		}
	}
	done := []device.Class{}
	for class, rows := range otherRows {
		if slices.Contains(done, class) {
			continue
		}
		var sharing []device.Class
		for other, theirs := range otherRows {
			if same(rows, theirs) {
				sharing = append(sharing, other)
			}
		}
		done = append(done, sharing...)
		for key, cell := range rows {
			flips = append(flips, Flip{What: "the cell of " + string(class), Kind: key.kind, Sub: key.sub, Classes: sharing, Do: func() func() {
				rows[key] = flipped(cell)
				return func() { rows[key] = cell }
			}})
		}
	}
	return flips
}

// WeightFlips are all changes of one weight.
func WeightFlips() []Flip {
	var flips []Flip
	for key, weight := range weights {
		other := map[Weight]Weight{Quiet: Destructive, Disruptive: Quiet, Destructive: Disruptive}[weight]
		flips = append(flips, Flip{What: "the weight", Kind: key.kind, Sub: key.sub, Classes: device.Classes(), Do: func() func() {
			weights[key] = other
			return func() { weights[key] = weight }
		}})
	}
	return flips
}

func flipped(c Cell) Cell {
	switch c {
	case OK, OKTwo, Staged, StagedTwo:
		return No
	}
	return OKTwo
}

// at is where the cell of a state stands.
func (r *pumpRow) at(s State) *Cell {
	return map[State]*Cell{StateInfusing: &r.infusing, StatePaused: &r.paused, StateStandby: &r.standby, StateIdle: &r.idle,
		StateService: &r.service, StateUnknown: &r.unknown}[s]
}

// same: both are one map, and not two that are alike.
func same(a, b map[kindKey]Cell) bool {
	probe := kindKey{"probe", ""}
	a[probe] = No
	_, there := b[probe]
	delete(a, probe)
	return there
}
