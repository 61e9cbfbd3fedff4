package postgres_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// What only an operator can change is not told as something to try again.
func TestADatabaseThatRefusesIsNotToldToBeTriedAgain(t *testing.T) {
	t.Parallel()
	good := dbtest.New(t)
	closed, shut := dbtest.New(t), dbtest.New(t)
	overTCP, strangers := dbtest.NewWire(t, good).URL(), with(t, good, "host=127.0.0.1", "port="+somebodyWithTLS(t))
	plain := "plain_of_" + databaseOf(t, good)
	admin(t, good, "CREATE ROLE "+plain+" LOGIN", "REVOKE CONNECT ON DATABASE "+databaseOf(t, closed)+" FROM PUBLIC",
		"ALTER DATABASE "+databaseOf(t, shut)+" ALLOW_CONNECTIONS false")
	path := func(databaseURL string, settings ...string) func(*url.URL) {
		return func(u *url.URL) {
			at, err := url.Parse(with(t, databaseURL, settings...))
			require.NoError(t, err)
			*u = *at
		}
	}
	set := func(settings ...string) func(*url.URL) { return path(good, settings...) }
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
		"a setting that PostgreSQL does not know": {set("statement_timeuot=1s"),
			"does not know a setting in the database URL, or its value: correct them or take them out: statement_timeuot."},
		"a value that a setting does not take": {set("statement_timeout=soon", "work_mem=4MB"),
			"correct them or take them out: statement_timeout, work_mem."},
		"a setting that is fixed": {set("max_connections=7"), "correct them or take them out: max_connections."},
		"a setting of superusers": {set("log_statement=all", "user="+plain), "GRANT CONNECT ON DATABASE … TO …, or correct the names in " +
			"the database URL; or take out settings that only a superuser may make: log_statement."},
		"no right to connect":                  {path(closed, "user="+plain), "GRANT CONNECT ON DATABASE"},
		"a database that takes no connections": {path(shut), "ALLOW_CONNECTIONS true"},
		"a server without TLS":                 {path(overTCP, "sslmode=require"), "turn TLS on in the server"},
		"a certificate of somebody else":       {path(strangers, "sslmode=verify-full"), "certificate"},
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

// somebodyWithTLS returns the port of what says yes to TLS, and shows a certificate that nobody has vouched for.
func somebodyWithTLS(t *testing.T) string {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS()
	t.Cleanup(certified.Close)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer func() { _ = conn.Close() }()
				if _, err := io.ReadFull(conn, make([]byte, 8)); err != nil { // SSLRequest
					return
				}
				if _, err := conn.Write([]byte("S")); err == nil {
					_ = tls.Server(
						conn,
						&tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12},
					).HandshakeContext(t.Context()) // the client ends it
				}
			})
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, listener.Close())
		serving.Wait()
	})
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// A name that nobody knows is somebody's mistake; a name server that does not answer is back soon. Of several addresses one that
// may come back suffices.
func TestWhatPassesOfAConnectionIsTriedAgain(t *testing.T) {
	t.Parallel()
	unknown := &net.DNSError{Err: "no such host", Name: "db", IsNotFound: true}
	for name, c := range map[string]struct {
		databaseURL string
		lookup      error
		want        string // "" where it passes
	}{
		"a host that does not exist":            {"postgres://db/x", unknown, "host does not exist by the name"},
		"a name server that does not answer":    {"postgres://db/x", &net.DNSError{Err: "server misbehaving", Name: "db", IsTemporary: true}, ""},
		"a name server that takes its time":     {"postgres://db/x", &net.DNSError{Err: "i/o timeout", Name: "db", IsTimeout: true}, ""},
		"one of two hosts exists, and is down":  {"postgres://db:1,127.0.0.1:1/x", unknown, ""},
		"a host that does not exist, and TLS":   {"postgres://db/x?sslmode=require", unknown, "host does not exist by the name"},
		"a server that is down":                 {"postgres://127.0.0.1:1/x", nil, ""},
		"a server that is down, asked with TLS": {"postgres://127.0.0.1:1/x?sslmode=require", nil, ""},
		"no socket":                             {"postgres:///x?host=/nowhere", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := pgx.ParseConfig(c.databaseURL)
			require.NoError(t, err)
			cfg.LookupFunc = func(_ context.Context, host string) ([]string, error) {
				if net.ParseIP(host) != nil {
					return []string{host}, nil
				}
				return nil, c.lookup
			}
			_, err = pgx.ConnectConfig(t.Context(), cfg)
			require.Error(t, err)
			fails := postgres.Fault(t.Context(), err)
			if c.want == "" {
				require.True(t, fault.Is(fails, fault.Unavailable), "%v", fails)
				require.Contains(t, fault.Of(fails).Message, "try again")
				return
			}
			requireRefused(t, fails, c.want)
		})
	}
}

// The same answers mean something else of a statement.
func TestWhatAStatementIsRefusedForIsNotTheConnections(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"42704", "22023", "55P02", "55000", "42501"} {
		require.NotEqual(t, postgres.ReasonDatabaseRefuses, fault.Of(postgres.Fault(t.Context(), &pgconn.PgError{Code: code})).Reason, code)
	}
}
