package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// Over the second URL jobs and streams would wait for what is announced in another database, and migrations would be looked at
// there: everything would seem in order.
func TestTwoURLsThatLeadToDifferentDatabasesAreRefused(t *testing.T) {
	t.Parallel()
	database, other := dbtest.New(t), dbtest.New(t)
	server, err := devdb.Start(t.Context(), devdb.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	name := databaseOf(t, database)
	require.NoError(t, server.EnsureDatabase(t.Context(), name))
	plain := databaseOf(t, database) + "_plain"
	admin(t, database, "CREATE ROLE "+plain+" LOGIN")
	pooled := dbtest.Pooler(t, database, "pool_mode = transaction")
	for what, c := range map[string]struct {
		url, direct string
		differs     string
	}{
		"the same":                         {pooled, database, ""},
		"the same, as a role of no rights": {pooled, as(t, database, plain), ""},
		"the same, past no pooler":         {database, database, ""},
		"another database":                 {pooled, other, `the database ("` + name + `" and "` + databaseOf(t, other) + `")`},
		"another database, past no pooler": {database, other, "the database ("},
		"another server":                   {pooled, server.URL(name), "the server ("},
		"another server and database":      {pooled, server.URL("postgres"), "the server ("},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, err := openPooled(t, c.url, c.direct)
			if c.differs == "" {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.Equal(t, postgres.ReasonTwoDatabases, fault.Of(err).Reason, "%v", err)
			require.Equal(t, fault.Precondition, fault.Of(err).Kind)
			for _, says := range []string{c.differs, "--database-url", "--database-direct-url"} {
				require.Contains(t, fault.Of(err).Message, says)
			}
		})
	}
}
