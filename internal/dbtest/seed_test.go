package dbtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSeedIsMadeOnce(t *testing.T) {
	t.Parallel()
	first, err := ensureSeed(t.Context())
	require.NoError(t, err)
	made, err := os.Stat(filepath.Join(first, "data", "PG_VERSION"))
	require.NoError(t, err)

	again, err := ensureSeed(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, again)
	same, err := os.Stat(filepath.Join(again, "data", "PG_VERSION"))
	require.NoError(t, err)
	require.True(t, os.SameFile(made, same))
}

func TestPruneKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{"pg15-old": 8 * 24 * time.Hour, "building-1": 30 * 24 * time.Hour, "pg15-new": time.Hour} {
		folder := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Join(folder, "data"), 0o700))
		require.NoError(t, os.Chtimes(folder, now.Add(-age), now.Add(-age)))
	}
	prune(root, now)
	left, err := filepath.Glob(filepath.Join(root, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(root, "pg15-new")}, left)
}
