package dbtest

import (
	"context"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/devdb"
)

// Dump returns what pg_dump writes of a database.
func Dump(t testing.TB, databaseURL string, options ...string) string {
	t.Helper()
	return pipe(t, "", "pg_dump", append([]string{"--dbname", databaseURL}, options...)...)
}

// Load carries out a dump, or any other SQL, in a database, as psql does.
func Load(t testing.TB, databaseURL, sql string) {
	t.Helper()
	pipe(t, sql, "psql", "--dbname", databaseURL, "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1")
}

// Clone returns the URL of a copy that the server makes of a database to which nobody is connected. It goes when the test ends.
func Clone(t testing.TB, databaseURL string) string {
	t.Helper()
	from, err := url.Parse(databaseURL)
	require.NoError(t, err)
	return create(t, strings.TrimPrefix(from.Path, "/"))
}

func pipe(t testing.TB, in, program string, args ...string) string {
	t.Helper()
	path, err := devdb.Program(context.WithoutCancel(t.Context()), program)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), path, args...)
	var said strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(in), &said
	out, err := cmd.Output()
	require.NoError(t, err, fmt.Sprintf("%s: %s", program, said.String()))
	return string(out)
}
