package postgres_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
)

// within is a connection in another one, as one with TLS is.
type within struct{ net.Conn }

func (w within) NetConn() net.Conn { return w.Conn }

// unknown is a connection of which nothing is known.
type unknown struct{ net.Conn }

func TestAnUnusedConnectionIsPingedWhereItsEndCanNotBeSeen(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	connect := func(wrap func(net.Conn) net.Conn) (conn *pgx.Conn, unused func(time.Duration) bool) {
		cfg := store.Pool().Config().ConnConfig.Copy()
		cfg.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, conn net.Conn) (net.Conn, error) { return wrap(conn), nil }
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn, func(long time.Duration) bool {
			return store.Pool().Config().ShouldPing(t.Context(), pgxpool.ShouldPingParams{Conn: conn, IdleDuration: long})
		}
	}
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"plain": func(c net.Conn) net.Conn { return c },
		"TLS":   func(c net.Conn) net.Conn { return within{c} },
	} {
		conn, unused := connect(wrap)
		require.False(t, unused(2*time.Second), name)
		require.True(t, unused(31*time.Second), name)
		_, err := store.Exec(t.Context(), `SELECT pg_terminate_backend($1)`, conn.PgConn().PID())
		require.NoError(t, err)
		require.Eventually(t, func() bool { return unused(2 * time.Second) }, waitLimit, time.Millisecond, name)
		require.False(t, unused(time.Second), "%s: it was used a moment ago", name)
	}
	_, unused := connect(func(c net.Conn) net.Conn { return unknown{c} })
	require.True(t, unused(2*time.Second))
}
