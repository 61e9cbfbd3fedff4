package postgres_test

import (
	"log/slog"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// What only an operator can change is not told as something to try again.
func TestADatabaseThatRefusesIsNotToldToBeTriedAgain(t *testing.T) {
	t.Parallel()
	good := dbtest.New(t)
	for name, c := range map[string]struct {
		change func(*url.URL)
		want   string
	}{
		"no such database": {func(u *url.URL) { u.Path = "/nowhere" }, "The database does not exist: create it with `createdb`"},
		"no such role": {func(u *url.URL) {
			query := u.Query()
			query.Del("user")
			u.User, u.RawQuery = url.User("nobody-here"), query.Encode()
		}, "The database refuses the role: make it with `createuser`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := url.Parse(good)
			require.NoError(t, err)
			c.change(at)
			migrator, err := postgres.NewMigrator(t.Context(), at.String(), slog.New(slog.DiscardHandler))
			if err == nil {
				defer migrator.Close()
				err = migrator.Check(t.Context())
			}
			requireRefused(t, err, c.want)

			cfg := postgres.Defaults()
			cfg.URL, cfg.MinConns = at.String(), 0
			store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
			if err == nil {
				defer store.Close()
				err = store.Ping(t.Context())
			}
			requireRefused(t, err, c.want)
		})
	}
	t.Run("a wrong password", func(t *testing.T) {
		t.Parallel()
		requireRefused(t, postgres.Fault(t.Context(), &pgconn.PgError{Code: "28P01"}), "The database refuses the password, or the role")
	})
}

func requireRefused(t *testing.T, err error, want string) {
	t.Helper()
	require.True(t, fault.Is(err, fault.Precondition), "%v", err)
	require.Contains(t, fault.Of(err).Message, want)
	require.Equal(t, postgres.ReasonDatabaseRefuses, fault.Of(err).Reason)
	require.NotContains(t, fault.Of(err).Message, "try again")
}
