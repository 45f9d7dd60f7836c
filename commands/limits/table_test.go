package limits_test

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
	"time"

	"wardline/commands/limits"
)

func TestTheLimitsAreThoseWrittenByHand(t *testing.T) {
	f, err := os.Open("../../docs/limits.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rules := limits.Rules()
	if len(rules) != len(lines)-1 {
		t.Fatalf("the program has %d limits, docs/limits.csv %d", len(rules), len(lines)-1)
	}
	for i, line := range lines[1:] {
		r := rules[i]
		got := []string{string(r.ID), string(r.Weight), string(r.Counts), string(r.Per),
			strconv.Itoa(int(r.Window / time.Hour)), strconv.Itoa(r.Number), string(r.Unit), r.Words(r.Number)}
		for c, want := range line {
			if got[c] != want {
				t.Errorf("%s, %s: the program says %q, docs/limits.csv %q", line[0], lines[0][c], got[c], want)
			}
		}
	}
}
