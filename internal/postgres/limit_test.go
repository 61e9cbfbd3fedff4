package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

func TestTheLeastLimitOfConnectionsIsTold(t *testing.T) {
	t.Parallel()
	databaseURL := dbtest.New(t)
	database := databaseOf(t, databaseURL)
	role := "limited_" + database
	admin(t, databaseURL, "CREATE ROLE "+role+" LOGIN CONNECTION LIMIT 17")
	limit := func(databaseURL string) int {
		store, err := openPooled(t, databaseURL, "")
		require.NoError(t, err)
		most, err := store.ConnectionLimit(t.Context())
		require.NoError(t, err)
		return most
	}
	server := limit(databaseURL)
	require.Greater(t, server, 17, "the server's")
	require.Equal(t, 17, limit(as(t, databaseURL, role)), "the role's")
	admin(t, databaseURL, `ALTER DATABASE "`+database+`" CONNECTION LIMIT 9`)
	require.Equal(t, 9, limit(as(t, databaseURL, role)), "the database's")
	require.Equal(t, server, limit(databaseURL), "a superuser's")
	admin(t, databaseURL, `ALTER DATABASE "`+database+`" CONNECTION LIMIT -1`, "ALTER ROLE "+role+" CONNECTION LIMIT -1")
	require.Less(t, limit(as(t, databaseURL, role)), server, "some are kept for superusers")
}
