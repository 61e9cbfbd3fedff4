package bench

import (
	"fmt"
	"strings"
	"time"

	"github.com/postwright/postwright/internal/testbed"
)

// Result is what a run came to.
type Result struct {
	size     Size
	machine  string
	loading  time.Duration
	took     time.Duration
	outcomes []outcome
	measures []measure
	left     []string // experiments that are still to be done
}

// Write replaces the report in a page.
func (r Result) Write(page string) error { return testbed.WriteReport(page, r.Report()) }

// Any reports whether anything was measured.
func (r Result) Any() bool { return len(r.outcomes) > 0 }

// Report is what was measured, as tables.
func (r Result) Report() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s posts of %s owners, loaded by BatchCreatePosts in %s (%s posts a second); %d rounds of %s; all of it in %s.\n\n",
		thousands(r.size.Posts), thousands(r.size.Owners), r.loading.Round(100*time.Millisecond),
		number(float64(r.size.Posts)/r.loading.Seconds(), ""), r.size.Rounds, r.size.Span, r.took.Round(time.Second))
	fmt.Fprintf(&text, "Machine: %s.\n\n", r.machine)
	if len(r.left) > 0 {
		fmt.Fprintf(&text, "The run got no further: it did not measure %s.\n\n", strings.Join(r.left, ", "))
	}
	text.WriteString("| what | | at least | stretch | | |\n|---|---:|---:|---:|---|---|\n")
	for _, o := range r.outcomes {
		text.WriteString(o.row())
	}
	text.WriteString("\n| measured | calls | a second | p50, ms | p99, ms | allocations a call | peak memory, MiB |\n")
	text.WriteString("|---|---:|---:|---:|---:|---:|---:|\n")
	for _, m := range r.measures {
		text.WriteString(m.row())
	}
	return text.String()
}

// Line is the run in one line, with its figures.
func (r Result) Line() string {
	counted := map[verdict]int{}
	var figures strings.Builder
	for _, o := range r.outcomes {
		counted[o.verdict()]++
		value := string(unknown)
		if o.unknown == "" {
			value = number(o.value, "")
		}
		fmt.Fprintf(&figures, " %s=%s", o.goal.name, value)
	}
	return fmt.Sprintf("bench: posts=%d goals=%d stretch=%d reached=%d short=%d unknown=%d%s took_s=%.0f", r.size.Posts, len(r.outcomes),
		counted[stretched], counted[kept], counted[short], counted[unknown], figures.String(), r.took.Seconds())
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// oneLine is an error as a cell of a table holds it.
func oneLine(err error) string {
	return strings.NewReplacer("\n", "; ", "|", "/").Replace(strings.TrimSpace(err.Error()))
}
