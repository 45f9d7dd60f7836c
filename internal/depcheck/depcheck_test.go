package depcheck

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "wardline"

// listed is a package as the go command sees it.
type listed struct {
	ImportPath, Name, Dir string
	GoFiles, Imports      []string
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,GoFiles,Imports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestNoPackageImportsWhatItMayNot(t *testing.T) {
	g := graph{}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		g[name] = nil
		for _, i := range p.Imports {
			if below, isOurs := strings.CutPrefix(i, module+"/"); isOurs {
				i = ours + below
			}
			g[name] = append(g[name], i)
		}
	}
	for _, sentence := range g.broken(rules) {
		t.Error(sentence)
	}
}

var packageComment = regexp.MustCompile(`(?m)^// .*\n(//.*\n)*package `)

func TestEveryPackageSaysWhatLivesInIt(t *testing.T) {
	for _, p := range listPackages(t) {
		if len(p.GoFiles) == 0 {
			continue // tests only
		}
		// A small package may say it in the file that has its name.
		inDoc := slices.ContainsFunc([]string{"doc.go", p.Name + ".go"}, func(file string) bool {
			text, err := os.ReadFile(filepath.Join(p.Dir, file))
			return err == nil && packageComment.Match(text)
		})
		if !inDoc {
			t.Errorf("%s has no doc.go that says what lives here, what may not, and where to start reading", p.ImportPath)
		}
	}
}

func TestNoPackageHasAVagueName(t *testing.T) {
	for _, p := range listPackages(t) {
		if slices.Contains(vagueNames, path.Base(p.ImportPath)) || slices.Contains(vagueNames, p.Name) {
			t.Errorf("%s: the name does not say what lives in it", p.ImportPath)
		}
	}
}

func TestABrokenRuleIsNamedWithItsReason(t *testing.T) {
	g := graph{
		"commands": {ours + "safety", "time"},
		"safety":   {ours + "device", "net/http/httptest"},
		"device":   {},
		"store":    {"gorm.io/gorm"},
		"api":      {ours + "store"},
	}
	r := []rule{
		{packages: []string{"commands"}, never: []string{"net/http/..."}, reason: "one"},
		{packages: []string{"safety"}, never: []string{"net/http"}, direct: true, reason: "not the same path"},
		{packages: []string{"commands"}, onlyOurs: []string{"device"}, reason: "two"},
		{packages: []string{"..."}, except: []string{"store"}, never: []string{"gorm.io/..."}, direct: true, reason: "nobody but store does"},
		{packages: []string{"api"}, never: []string{"gorm.io/..."}, reason: "three"},
	}
	want := []string{
		"commands imports net/http/httptest through safety: one",
		"commands imports safety: two",
		"api imports gorm.io/gorm through store: three",
	}
	if got := g.broken(r); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
