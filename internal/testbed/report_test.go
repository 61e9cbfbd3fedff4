package testbed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReportReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("# Proof\n"+reportBegins+"old\n"+reportEnds+"after\n"), 0o600))
	require.NoError(t, WriteReport(page, "new\n"))
	require.NoError(t, WriteReport(page, "newest\n"))
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "# Proof\n"+reportBegins+"newest\n"+reportEnds+"after\n", string(text))
}

func TestAPageWithoutAPlaceForTheReportStaysAsItIs(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("# Proof\n"), 0o600))
	require.ErrorContains(t, WriteReport(page, "new\n"), "lacks the lines")
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, "# Proof\n", string(text))
}
