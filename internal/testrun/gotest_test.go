package main

import (
	"strings"
	"testing"
)

// The lines are what `go test -json` prints, shortened.
func TestTheLastLineCountsEachTestOnce(t *testing.T) {
	for _, c := range []struct {
		name                    string
		lines                   []string
		passed, failed, skipped int
	}{
		{"a test with two subtests is two tests", []string{
			`{"Action":"run","Package":"p","Test":"TestA"}`,
			`{"Action":"run","Package":"p","Test":"TestA/one"}`,
			`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
			`{"Action":"run","Package":"p","Test":"TestA/two"}`,
			`{"Action":"skip","Package":"p","Test":"TestA/two"}`,
			`{"Action":"pass","Package":"p","Test":"TestA"}`,
			`{"Action":"pass","Package":"p"}`,
		}, 1, 0, 1},
		{"a failed subtest is one failure, not one for each parent", []string{
			`{"Action":"run","Package":"p","Test":"TestA"}`,
			`{"Action":"run","Package":"p","Test":"TestA/one"}`,
			`{"Action":"run","Package":"p","Test":"TestA/one/deep"}`,
			`{"Action":"fail","Package":"p","Test":"TestA/one/deep"}`,
			`{"Action":"fail","Package":"p","Test":"TestA/one"}`,
			`{"Action":"fail","Package":"p","Test":"TestA"}`,
			`{"Action":"fail","Package":"p"}`,
		}, 0, 1, 0},
		{"a parent that fails by itself is a failure", []string{
			`{"Action":"run","Package":"p","Test":"TestA"}`,
			`{"Action":"run","Package":"p","Test":"TestA/one"}`,
			`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
			`{"Action":"fail","Package":"p","Test":"TestA"}`,
			`{"Action":"fail","Package":"p"}`,
		}, 1, 1, 0},
		{"a package that does not compile is a failure", []string{
			`{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/x.go:1: undefined: y\n"}`,
			`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
			`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
			`{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
		}, 0, 1, 0},
		{"a package that ends without naming a test is a failure", []string{
			`{"Action":"run","Package":"p","Test":"TestA"}`,
			`{"Action":"output","Package":"p","Output":"panic: out of the blue\n"}`,
			`{"Action":"fail","Package":"p"}`,
		}, 0, 1, 0},
		{"a package without tests counts nothing", []string{
			`{"Action":"skip","Package":"p"}`,
		}, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got tally
			if err := newWatch(&got).read(strings.NewReader(strings.Join(c.lines, "\n") + "\n")); err != nil {
				t.Fatal(err)
			}
			if got.passed != c.passed || got.failed != c.failed || got.skipped != c.skipped {
				t.Errorf("%d passed, %d failed, %d skipped; want %d, %d, %d",
					got.passed, got.failed, got.skipped, c.passed, c.failed, c.skipped)
			}
		})
	}
}

func TestAFailureIsShownWithEverythingItSaid(t *testing.T) {
	p := &packageRun{output: map[string]*strings.Builder{}}
	say := func(test, text string) {
		p.output[test] = &strings.Builder{}
		p.output[test].WriteString(text)
	}
	say("", "ok of another test\n")
	say("TestA", "the helper's words\n")
	say("TestA/one", "the test's words\n")
	if got := p.text("TestA/one"); got != "the helper's words\nthe test's words\n" {
		t.Errorf("shown: %q", got)
	}
}
