package translate

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// speakers are the packages whose refusals people read in the console.
var speakers = []string{"alert", "api", "auth", "ca", "commands", "configuration", "device", "enroll", "internal/auditlog", "internal/fault",
	"internal/once", "internal/passkey", "inventory", "safety", "shift", "store"}

// notForPeople are forms that hold nothing but what is filled in.
var notForPeople = map[string]bool{"%s %s": true, "%s: %s": true, "%s %s is a %s": true}

func TestEveryRefusalCanBeReadInGerman(t *testing.T) {
	forms := map[string]string{}
	for _, folder := range speakers {
		for form, where := range formsBelow(t, filepath.Join("../..", folder)) {
			forms[form] = where
		}
	}
	if len(forms) < 400 {
		t.Fatalf("only %d sentences were found: the search is broken", len(forms))
	}
	for form, where := range forms {
		_, exact := German.exact[form]
		if !exact && !notForPeople[form] && !known(form) {
			t.Errorf("%s: no German for %q: add it to de.json", where, form)
		}
	}
}

func known(form string) bool {
	if !verb.MatchString(form) {
		return false
	}
	want, err := compile(form, "")
	if err != nil {
		return false
	}
	for _, p := range German.patterns[bucket(form)] {
		if p.form.String() == want.form.String() {
			return true
		}
	}
	return false
}

// formsBelow finds the sentences that are given to fault: codes' help, details
// and fields.
func formsBelow(t *testing.T, folder string) map[string]string {
	t.Helper()
	forms := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "storetest" || d.Name() == "testdata" || d.Name() == "linuxdriver") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if form, ok := formOf(n); ok {
				forms[form] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return forms
}

// formOf reads fault.Define(_, _, help), code.New(form), code.Wrap(_, form) and
// f.WithField(_, form).
func formOf(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	s, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	at, ok := map[string]int{"New": 0, "Wrap": 1, "WithField": 1, "Define": 2}[s.Sel.Name]
	if !ok || len(call.Args) <= at {
		return "", false
	}
	if x, isIdent := s.X.(*ast.Ident); isIdent && (x.Name == "errors" || x.Name == "template") {
		return "", false
	}
	form, ok := literal(call.Args[at])
	return form, ok && strings.Contains(form, " ")
}

func literal(e ast.Expr) (string, bool) {
	switch x := e.(type) {
	case *ast.BasicLit:
		form, err := strconv.Unquote(x.Value)
		return form, x.Kind == token.STRING && err == nil
	case *ast.BinaryExpr:
		left, ok := literal(x.X)
		right, ok2 := literal(x.Y)
		return left + right, ok && ok2
	}
	return "", false
}
