package app

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/metrics.csv anew")

// What a hospital's alerts rest on does not change unseen.
func TestEveryMetricIsInTheCheckedInList(t *testing.T) {
	a := start(t, loopback(t))
	found, err := a.metrics().Gather()
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]string{{"metric", "type", "help"}}
	for _, m := range found {
		// Those of the Go runtime and of the process are other people's.
		if strings.HasPrefix(m.GetName(), "wardline_") {
			rows = append(rows, []string{m.GetName(), strings.ToLower(m.GetType().String()), m.GetHelp()})
		}
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "docs", "metrics.csv")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("docs/metrics.csv is not what /metrics shows. If that is meant, run: go test ./app -run Metric -update\n%s", b.Bytes())
	}
}
