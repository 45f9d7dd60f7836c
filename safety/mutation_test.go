package safety_test

import (
	"slices"
	"testing"

	"wardline/safety"
)

// Each cell and each weight of the matrix in the program is changed, one at a time,
// and every cell of docs/interlock.csv is asked of Judge: exactly the cells that
// name the change are answered otherwise than written.
func TestACellFlippedInTheProgramFailsExactlyWhereItIsWritten(t *testing.T) {
	byHand := writtenByHand(t)
	fails := func() map[cell]bool {
		out := map[cell]bool{}
		for c, d := range byHand {
			m, _ := meaningOf(d.cell)
			v := safety.Judge(c.kind, c.sub, situation(c.class, c.state), capable(), safety.JudgeContext{Moment: safety.Releasing})
			if v.Answer != m.answer || v.SecondPerson != m.second || string(v.Weight) != d.weight {
				out[c] = true
			}
		}
		return out
	}
	if n := len(fails()); n != 0 {
		t.Fatalf("before anything is changed %d cells differ", n)
	}
	flips := append(safety.CellFlips(), safety.WeightFlips()...)
	for _, f := range flips {
		undo := f.Do()
		got := fails()
		undo()
		for c := range byHand {
			named := c.kind == f.Kind && c.sub == f.Sub && slices.Contains(f.Classes, c.class) && (f.State == "" || c.state == f.State)
			if got[c] != named {
				t.Errorf("%s of %s %s (%s) is changed, and %s fails: %v", f.What, f.Kind, f.Sub, f.State, c, got[c])
			}
		}
	}
	// For pumps 22 rows of six states and four that are never, 26 cells for each of
	// the other four rows of classes, and 26 weights.
	if want := 22*6 + 4 + 4*26 + 26; len(flips) != want {
		t.Errorf("%d changes were tried, not %d", len(flips), want)
	}
	if n := len(fails()); n != 0 {
		t.Errorf("after everything was taken back %d cells differ", n)
	}
}
