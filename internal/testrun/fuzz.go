package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var fuzzFunction = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// fuzz runs every fuzz target in turn: each gets all processors.
func (r *run) fuzz(ctx context.Context, each string) error {
	found := 0
	for _, file := range goFiles() {
		if !strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, m := range fuzzFunction.FindAllSubmatch(text, -1) {
			found++
			name, dir := string(m[1]), "./"+filepath.ToSlash(filepath.Dir(file))
			fmt.Printf("fuzzing %s in %s for %s\n", name, dir, each)
			err := r.passThrough(ctx, []string{"go", "test", "-run", "^$", "-fuzz", "^" + name + "$", "-fuzztime", each, dir})
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			if err != nil {
				r.tally.fail(name+" in "+dir, err.Error()+": the input that failed is in "+dir+"/testdata/fuzz/"+name)
				continue
			}
			r.tally.pass()
		}
	}
	if found == 0 {
		return errors.New("no fuzz target was found")
	}
	return r.tally.end()
}
