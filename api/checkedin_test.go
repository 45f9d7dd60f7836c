package api_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"wardline/api"
	_ "wardline/app" // brings in every package that defines a code
	"wardline/internal/fault"
)

var update = flag.Bool("update", false, "write the checked-in files anew")

// checkedIn compares what the code says with a file that people read, and that
// others build on: whoever changes it sees it in the diff.
func checkedIn(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("..", "docs", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/%s is not what the code says. If that is meant, run: go test ./api -update", name)
	}
}

func TestTheDescriptionOfTheAPIIsTheCheckedInOne(t *testing.T) {
	a, err := api.New(api.Options{Version: "1"})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	a.Admin().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("the description answered %d", w.Code)
	}
	checkedIn(t, "openapi.json", w.Body.Bytes())
}

func TestEveryErrorCodeIsInTheCheckedInList(t *testing.T) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	rows := [][]string{{"code", "status", "help"}}
	for _, c := range fault.All() {
		if c.Help == "" {
			t.Errorf("%s does not say what a person can do about it", c.Name)
		}
		rows = append(rows, []string{c.Name, strconv.Itoa(api.StatusOf(c)), c.Help})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	checkedIn(t, "error-codes.csv", b.Bytes())
}
