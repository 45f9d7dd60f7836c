package claims

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// TestEveryTestThatTheSecurityPageNamesExists reads the last column of each table
// of threats, and looks for every name in it.
func TestEveryTestThatTheSecurityPageNamesExists(t *testing.T) {
	page, err := os.ReadFile(root + "/docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	names := named(string(page))
	if len(names) < 60 {
		t.Fatalf("docs/security.md names only %d tests", len(names))
	}
	sources := tests(t)
	for _, name := range names {
		if !slices.ContainsFunc(sources, func(source string) bool { return holds(source, name) }) {
			t.Errorf("docs/security.md names the test %q, which does not exist", name)
		}
	}
}

// holds: the source has a function of this name, or a test that is called so.
func holds(source, name string) bool {
	if strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") {
		return strings.Contains(source, "\nfunc "+name+"(t *testing.T)") || strings.Contains(source, "\nfunc "+name+"(f *testing.F)")
	}
	return strings.Contains(source, `Run("`+name+`",`) || strings.Contains(source, `test("`+name+`",`)
}

var quoted = regexp.MustCompile("`([^`]+)`")

// named are the names in the last cells of tables with a heading "shown by", and
// those of tests anywhere else.
func named(page string) []string {
	var names []string
	inTable := false
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "|"), "|")
		last := cells[len(cells)-1]
		inTable = strings.HasPrefix(line, "|") && (inTable || strings.TrimSpace(last) == "shown by")
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			isTest := strings.HasPrefix(m[1], "Test") || strings.HasPrefix(m[1], "Fuzz")
			if (isTest || inTable && strings.Contains(last, m[0])) && !slices.Contains(names, m[1]) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// tests are the sources in which tests stand.
func tests(t *testing.T) []string {
	t.Helper()
	var sources []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "build") {
				return filepath.SkipDir
			}
			return nil
		}
		suite := strings.Contains(filepath.ToSlash(path), "/storetest/") && strings.HasSuffix(path, ".go")
		if suite || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".spec.ts") {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sources = append(sources, string(text))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}
