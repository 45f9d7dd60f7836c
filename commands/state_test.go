package commands

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wardline/audit"
	"wardline/device"
)

// What comes after an end is only what a device says late.
func TestAnEndIsAnEndExceptForWhatADeviceSaysLate(t *testing.T) {
	leaves := map[State]bool{}
	for _, m := range moves {
		leaves[m.from] = true
		if m.from.Ended() && m.step != stepLate {
			t.Errorf("%s goes on to %s because it was %s", m.from, m.to, m.step)
		}
		if m.to == StateNone || (m.to != StateAwaitingApproval && !m.to.Valid()) {
			t.Errorf("%s leads to %q", m.from, m.to)
		}
		if m.to == StateCancelled && !m.from.Undelivered() {
			t.Errorf("%s can be taken back from a device", m.from)
		}
		// Only a person or the door lets anything past an approval.
		if m.from == StateAwaitingApproval && (m.to == StateQueued || m.to == StateHeld) && m.step != stepApprove {
			t.Errorf("an approval is passed because it was %s", m.step)
		}
	}
	for _, s := range States() {
		if !s.Ended() && !leaves[s] {
			t.Errorf("%s is not an end, and nothing leads out of it", s)
		}
	}
	if leaves[StateSucceeded] {
		t.Error("what has succeeded does not stay so")
	}
}

func TestAMoveThatIsNotInTheTableChangesNothing(t *testing.T) {
	c := Command{ID: "x", State: StateSucceeded, StateReason: "Done.", EndedAt: orderAsked}
	before := c
	err := c.transition(StateQueued, cause{step: stepDeliver, at: orderAsked.Add(time.Hour), actor: audit.Actor{ID: "a"}})
	if err == nil {
		t.Fatal("it moved")
	}
	if diff := cmp.Diff(before, c, cmp.AllowUnexported(Command{})); diff != "" {
		t.Errorf("it changed (-before +after):\n%s", diff)
	}
}

func TestRingsAreOneThenFivePercentThenTheRest(t *testing.T) {
	for n, want := range map[int][]int{1: {1}, 2: {1, 2}, 3: {1, 2, 3}, 20: {1, 2, 20}, 21: {1, 2, 21}, 100: {1, 6, 100}, 1000: {1, 51, 1000}} {
		if diff := cmp.Diff(want, ringEnds(n)); diff != "" {
			t.Errorf("%d devices (-want +got):\n%s", n, diff)
		}
	}
}

func TestEveryKindSaysWhatArgumentsItHas(t *testing.T) {
	for _, kind := range device.Kinds() {
		if _, ok := schemas[kind]; !ok {
			t.Errorf("%s has no row: everything about it would be refused as unknown", kind)
		}
	}
	if len(schemas) != len(device.Kinds()) {
		t.Error("there are arguments for a kind that does not exist")
	}
}
