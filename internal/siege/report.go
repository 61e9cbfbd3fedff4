package siege

import (
	"fmt"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/testbed"
)

// Result is what a run came to.
type Result struct {
	verdict verdict
	took    time.Duration
}

// Passed reports whether every figure was kept and everything happened that was planned.
func (r Result) Passed() bool { return r.verdict.passed() }

// Line is the verdict in one line, with its figures.
func (r Result) Line() string { return r.verdict.line() }

// Findings are what was wrong, one line each.
func (r Result) Findings() []string {
	var list []string
	for _, f := range r.verdict.broken() {
		list = append(list, "broken: "+f.String())
	}
	for _, missed := range r.verdict.Missed {
		list = append(list, "missed: "+missed)
	}
	return list
}

// Write replaces the report in a page.
func (r Result) Write(page string) error { return testbed.WriteReport(page, r.report()) }

func (r Result) report() string {
	v := r.verdict
	verdict := "passed"
	if !v.passed() {
		verdict = fmt.Sprintf("FAILED, %d figures broken, %d things missed", len(v.broken()), len(v.Missed))
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d attacks, %d figures: %s in %s.\n\n", len(v.Attacks), len(v.Figures), verdict, r.took.Round(time.Second))
	text.WriteString("| attack | what it reached | | at least |\n|---|---|---:|---:|\n")
	for _, r := range v.Reached {
		text.WriteString(r.row())
	}
	text.WriteString("\n| attack | figure | measured | at most | | |\n|---|---|---:|---:|---|---|\n")
	for _, f := range v.Figures {
		text.WriteString(f.row())
	}
	for _, missed := range v.Missed {
		fmt.Fprintf(&text, "\nMissed: %s.\n", missed)
	}
	return text.String()
}
