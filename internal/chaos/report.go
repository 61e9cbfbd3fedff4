package chaos

import (
	"fmt"
	"strconv"
	"time"

	"github.com/postwright/postwright/internal/testbed"
)

// Write replaces the report in a page.
func (r Result) Write(page string) error { return testbed.WriteReport(page, r.report()) }

func (r Result) report() string {
	v, o := r.verdict, r.options
	verdict := "passed"
	if !v.passed() {
		verdict = "FAILED"
	}
	row := func(what string, figure any) string { return fmt.Sprintf("| %s | %v |\n", what, figure) }
	return fmt.Sprintf("Seed %d, %d posts: %s in %s.\n\n| figure | |\n|---|---:|\n", o.Seed, o.Posts, verdict, r.took.Round(time.Second)) +
		row("nodes killed", v.Kills) + row("PostgreSQL restarted", v.Restarts) +
		row("LinkedIn's faults", o.FaultsOfEach*len(faultKinds)) +
		row("creates that reached LinkedIn's door", v.Creates) + row("of these refused, to be tried again", v.Rejected) +
		row("posts published", v.Published) + row("posts failed", v.Failed) + row("posts in doubt, each explained", v.Unconfirmed-len(v.Unexplained)) +
		row("creates beyond the approvals (doubles)", len(v.Doubles)) + row("creates that no attempt tells of", len(v.Unrecorded)) +
		row("posts lost", len(v.Lost)) + row("called published, and LinkedIn lacks it", len(v.FalsePublished)) +
		row("called failed, and LinkedIn has it", len(v.FalseFailed)) + row("in doubt without a reason", len(v.Unexplained)) +
		row(
			"the wait of a quiet owner's post for its turn, in lengths of a call (95th percentile)",
			strconv.FormatFloat(callLengths(v.Overtaken), 'f', 1, 64),
		) +
		row("posts of theirs whose turn had come before, and come to nothing", v.HeldUp) +
		row("in doubt after settling", len(v.Unsettled)) + row("planned, and did not happen", len(v.Missed)) + row("other trouble", len(v.Trouble))
}
