package commands

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestBurstsAreThoseWrittenByHand(t *testing.T) {
	f, err := os.Open("../docs/freezes.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines)-1 != len(bursts) {
		t.Fatalf("the program knows %d bursts, docs/freezes.csv %d", len(bursts), len(lines)-1)
	}
	for i, line := range lines[1:] {
		b := bursts[i]
		if string(b.scope) != line[0] || strconv.Itoa(b.asked) != line[1] || strconv.Itoa(int(BurstWindow/time.Minute)) != line[2] {
			t.Errorf("the program says %s, %d, %s; docs/freezes.csv %v", b.scope, b.asked, BurstWindow, line)
		}
	}
}
