package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAReportSaysWhatTheRunCameTo(t *testing.T) {
	t.Parallel()
	report := Result{verdict: check(honest()), options: Options{Seed: 7, Posts: 2, FaultsOfEach: 1}, took: 90 * time.Second}.report()
	require.Contains(t, report, "Seed 7, 2 posts: passed in 1m30s.\n")
	require.Contains(t, report, "| posts in doubt, each explained | 1 |\n")
}

func TestAReportOfAFailedRunSaysSo(t *testing.T) {
	t.Parallel()
	e := honest()
	e.Ledger = append(e.Ledger, entry{Text: "plain", URN: "urn:li:share:3"})
	report := Result{verdict: check(e)}.report()
	require.Contains(t, report, "FAILED")
	require.Contains(t, report, "| creates beyond the approvals (doubles) | 1 |\n")
}
