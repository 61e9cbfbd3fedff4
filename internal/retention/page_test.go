package retention

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every table of a migrated database has a line in docs/retention.md: one that is added grows too, and somebody has to say for
// how long.
func TestThePageSaysOfEveryTableHowLongItIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rows, err := w.store.Pool().Query(t.Context(), `
		SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname
		FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`)
	require.NoError(t, err)
	there := map[string]bool{}
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		there[name] = true
	}
	require.NoError(t, rows.Err())
	require.Contains(t, there, "river.river_job")

	page, err := os.ReadFile("../../docs/retention.md")
	require.NoError(t, err)
	told := map[string]bool{}
	for _, line := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| \\S.* \\| \\S.* \\|$").FindAllStringSubmatch(string(page), -1) {
		require.False(t, told[line[1]], "%s is there twice", line[1])
		told[line[1]] = true
	}
	require.Equal(t, there, told)
}
