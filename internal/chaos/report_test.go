package chaos

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheReportReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("# Proof\n"+reportBegins+"old\n"+reportEnds+"after\n"), 0o600))
	result := Result{verdict: check(honest()), options: Options{Seed: 7, Posts: 2, FaultsOfEach: 1}, took: 90 * time.Second}
	require.NoError(t, result.Write(page))
	require.NoError(t, result.Write(page))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "# Proof\n"+reportBegins+result.report()+reportEnds+"after\n", string(text))
	require.Contains(t, result.report(), "Seed 7, 2 posts: passed in 1m30s.\n")
	require.Contains(t, result.report(), "| posts in doubt, each explained | 1 |\n")
}

func TestAReportOfAFailedRunSaysSo(t *testing.T) {
	t.Parallel()
	e := honest()
	e.Ledger = append(e.Ledger, entry{Text: "plain", URN: "urn:li:share:3"})
	report := Result{verdict: check(e)}.report()
	require.Contains(t, report, "FAILED")
	require.Contains(t, report, "| creates beyond the approvals (doubles) | 1 |\n")
}

func TestAPageWithoutAPlaceForTheReportStaysAsItIs(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("# Proof\n"), 0o600))
	require.ErrorContains(t, Result{}.Write(page), "lacks the lines")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "# Proof\n", string(text))
}
