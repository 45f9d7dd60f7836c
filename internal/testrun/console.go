package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const consoleFolder = "web/console"

// console checks and tests the web console: its build, types and linter, its
// unit tests, and its tests in a real browser on a whole demo hospital.
func (r *run) console(ctx context.Context) error {
	if _, err := exec.LookPath("npm"); err != nil {
		fmt.Println("console: not tested, there is no Node.js") // peers has counted it under CI
		return nil
	}
	if !r.check(ctx, "console: packages, build, binaries (make build)", r.command(ctx, nil, "make", "build")) {
		return nil
	}
	r.check(ctx, "console: types and linter (npm run check)", r.npm(ctx, "run", "--silent", "check"))
	r.check(ctx, "console: unit tests (vitest)", r.npm(ctx, "test", "--silent"))
	if chromium() == "" {
		fmt.Println("console: not tried in a browser, there is no Chromium")
		return nil
	}
	return r.playwright(ctx)
}

func (r *run) npm(ctx context.Context, args ...string) *exec.Cmd {
	cmd := r.command(ctx, nil, "npm", args...)
	cmd.Dir = consoleFolder
	return cmd
}

// chromium finds the browser; empty when there is none.
func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// playwright runs the browser tests: people see its list, and we count its report.
func (r *run) playwright(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "wardline-playwright-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // nothing is lost with it but space
	report := filepath.Join(folder, "report.json")
	cmd := r.command(ctx, []string{"CHROMIUM=" + chromium(), "PLAYWRIGHT_JSON_OUTPUT_NAME=" + report},
		"npx", "--no-install", "playwright", "test", "--reporter=list,json")
	cmd.Dir = consoleFolder
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	runErr := cmd.Run()
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	if err := r.countBrowserTests(report); err != nil {
		r.tally.fail("console: browser tests", errors.Join(runErr, err).Error())
	}
	return nil
}

// browserSuite is what Playwright's JSON report says, as far as it is counted.
type browserSuite struct {
	Title  string         `json:"title"`
	Suites []browserSuite `json:"suites"`
	Specs  []struct {
		Title string `json:"title"`
		Tests []struct {
			Status  string `json:"status"` // expected, unexpected, flaky, skipped
			Results []struct {
				Errors []struct {
					Message string `json:"message"`
				} `json:"errors"`
			} `json:"results"`
		} `json:"tests"`
	} `json:"specs"`
}

var errNothingRan = errors.New("no browser test ran")

func (r *run) countBrowserTests(report string) error {
	content, err := os.ReadFile(report)
	if err != nil {
		return err
	}
	var whole struct {
		Suites []browserSuite `json:"suites"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(content, &whole); err != nil {
		return fmt.Errorf("read Playwright's report: %w", err)
	}
	for _, e := range whole.Errors {
		r.tally.fail("console: browser tests", e.Message)
	}
	before := r.tally.passed + r.tally.failed + r.tally.skipped
	for _, s := range whole.Suites {
		r.countSuite(s, "console "+s.Title)
	}
	if before == r.tally.passed+r.tally.failed+r.tally.skipped {
		return errNothingRan
	}
	return nil
}

func (r *run) countSuite(s browserSuite, name string) {
	for _, inner := range s.Suites {
		r.countSuite(inner, name+" › "+inner.Title)
	}
	for _, spec := range s.Specs {
		for _, t := range spec.Tests {
			switch t.Status {
			case "expected":
				r.tally.pass()
			case "skipped":
				r.tally.skipped++
			default:
				var said strings.Builder
				for _, result := range t.Results {
					for _, e := range result.Errors {
						said.WriteString(e.Message + "\n")
					}
				}
				r.tally.fail(name+" › "+spec.Title, said.String())
			}
		}
	}
}
