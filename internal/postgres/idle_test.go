package postgres_test

import (
	"context"
	"net"
	"sync/atomic"
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

// slow is a connection whose next write, once it is armed, returns when two reads have begun: of PostgreSQL's
// answer, and of what comes behind it.
type slow struct {
	net.Conn
	reads chan struct{}
	armed *atomic.Bool
}

func (s slow) Read(b []byte) (int, error) {
	if s.armed.Load() {
		select {
		case s.reads <- struct{}{}:
		default:
		}
	}
	return s.Conn.Read(b)
}

func (s slow) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	if s.armed.Load() {
		<-s.reads
		<-s.reads
		s.armed.Store(false)
	}
	return n, err
}

func (s slow) NetConn() net.Conn { return s.Conn }

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

// pgx reads in the background while a write is slow, and where the answer is there before the write returns, it goes on to wait for
// more: a look at such a connection waited for that too, for ever, and everything that wanted a connection behind it.
func TestALookAtAnUnusedConnectionDoesNotWaitForWhoReadsFromIt(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	cfg := store.Pool().Config().ConnConfig.Copy()
	reads, armed := make(chan struct{}, 2), atomic.Bool{}
	cfg.AfterNetConnect = func(_ context.Context, _ *pgconn.Config, conn net.Conn) (net.Conn, error) {
		return slow{conn, reads, &armed}, nil
	}
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	armed.Store(true)
	require.NoError(t, conn.Ping(t.Context()))

	looked := make(chan bool, 1)
	go func() {
		looked <- store.Pool().Config().ShouldPing(t.Context(), pgxpool.ShouldPingParams{Conn: conn, IdleDuration: 2 * time.Second})
	}()
	select {
	case ping := <-looked:
		require.False(t, ping)
	case <-time.After(waitLimit):
		require.Fail(t, "the look waits")
	}
}
