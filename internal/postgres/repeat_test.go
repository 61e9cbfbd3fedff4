package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

func single(c *postgres.Config) { c.MaxConns = 1 }

// emails are what the users table holds, asked for past the store.
func emails(t *testing.T, databaseURL string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	rows, err := conn.Query(t.Context(), "SELECT email FROM users ORDER BY email")
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return list
}

// What is lost with its connection is sent again only where that can't take effect twice.
func TestWhatIsRepeatedWhenTheConnectionIsLost(t *testing.T) {
	t.Parallel()
	insert := func(s db.DBTX) error {
		_, err := queries.UserInsert(context.Background(), s, newUser("a@example.org"))
		return err
	}
	list := func(s db.DBTX) error {
		_, err := queries.UserList(context.Background(), s)
		return err
	}
	inTx := func(s *postgres.Store) error {
		return s.InTx(context.Background(), func(tx *postgres.Tx) error { return insert(tx) })
	}
	for _, c := range []struct {
		name    string
		do      func(*postgres.Store) error
		cut     func(*dbtest.Wire)
		reason  string // of the fault; "" where the repeat succeeds
		repeats map[string]int
		saved   int
	}{
		{"a read of rows", func(s *postgres.Store) error { return list(s) },
			func(w *dbtest.Wire) { w.CutAt("UserList", true) }, "", map[string]int{"UserList": 1}, 0},
		{"a read of one row", func(s *postgres.Store) error {
			_, err := queries.UserGetByEmail(context.Background(), s, "nobody@example.org")
			require.Equal(t, fault.NotFound, kindOf(err))
			return nil
		}, func(w *dbtest.Wire) { w.CutAt("UserGetByEmail", true) }, "", map[string]int{"UserGetByEmail": 1}, 0},
		{"a write that PostgreSQL may have got", func(s *postgres.Store) error { return insert(s) },
			func(w *dbtest.Wire) { w.CutAt("a@example.org", true) }, postgres.ReasonCommitInDoubt, map[string]int{}, 1},
		{"a write that never arrived is not told from one that did", func(s *postgres.Store) error { return insert(s) },
			func(w *dbtest.Wire) { w.CutAt("a@example.org", false) }, postgres.ReasonCommitInDoubt, map[string]int{}, 0},
		{"a write for which no connection could be made", func(s *postgres.Store) error { s.Pool().Reset(); return insert(s) },
			func(w *dbtest.Wire) { w.Refuse(2) }, "", map[string]int{"UserInsert": 1}, 1}, // pgconn itself tries each connection twice
		{"a transaction", inTx, func(w *dbtest.Wire) { w.CutAt("a@example.org", true) }, "", map[string]int{"Transaction": 1}, 1},
		{"a transaction whose commit was carried out", inTx, func(w *dbtest.Wire) { w.CutAt("commit\x00", true) },
			postgres.ReasonCommitInDoubt, map[string]int{}, 1},
		{"a transaction whose commit never arrived", inTx, func(w *dbtest.Wire) { w.CutAt("commit\x00", false) },
			postgres.ReasonCommitInDoubt, map[string]int{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := dbtest.New(t)
			wire := dbtest.NewWire(t, url)
			store, seen := open(t, wire.URL(), single)
			c.cut(wire)

			err := c.do(store)

			if c.reason == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, fault.Unavailable, kindOf(err), "%v", err)
				require.Equal(t, c.reason, fault.Of(err).Reason)
				require.Equal(t, 1, wire.Cuts())
			}
			require.Equal(t, c.repeats, seen.repeats)
			require.Len(t, emails(t, url), c.saved)
			require.NoError(t, list(store), "the next one gets another connection")
			require.Zero(t, store.Pool().Stat().AcquiredConns(), "every connection came back")
		})
	}
}

// A server that ends takes every connection with it, and there are more of them than attempts.
func TestManyLostConnectionsUseUpTheAttemptsOfNobody(t *testing.T) {
	t.Parallel()
	wire := dbtest.NewWire(t, dbtest.New(t))
	store, _ := open(t, wire.URL(), func(c *postgres.Config) { c.MaxConns = 8 })
	var idle []*pgxpool.Conn
	for range 8 {
		conn, err := store.Pool().Acquire(t.Context())
		require.NoError(t, err)
		idle = append(idle, conn)
	}
	for _, conn := range idle {
		conn.Release()
	}
	wire.Cut()
	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
		_, err := queries.UserInsert(t.Context(), tx, newUser("a@example.org"))
		return err
	}))
}

func TestADatabaseThatStaysAwayIsToldAfterThreeAttempts(t *testing.T) {
	t.Parallel()
	wire := dbtest.NewWire(t, dbtest.New(t))
	store, seen := open(t, wire.URL(), single)
	wire.Refuse(1000)
	wire.Cut()
	_, err := queries.UserList(t.Context(), store)
	require.Equal(t, fault.Unavailable, kindOf(err), "%v", err)
	require.Equal(t, map[string]int{"UserList": 2}, seen.repeats)
	require.Equal(t, map[string]int{"UserList": 1}, seen.counts, "measured once, with its repeats")
}

func TestACallerWhoLeavesEndsTheRepeats(t *testing.T) {
	t.Parallel()
	wire := dbtest.NewWire(t, dbtest.New(t))
	ctx, leave := context.WithCancel(t.Context())
	seen := &leaving{leave: leave}
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = wire.URL(), 0
	store, err := postgres.Open(t.Context(), cfg, seen, quiet)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	wire.Refuse(1000)
	wire.Cut()
	_, err = queries.UserList(ctx, store)
	require.Equal(t, fault.Canceled, kindOf(err), "%v", err)
	require.Equal(t, 1, seen.repeats)
}

// leaving is an observer that makes its caller go away at the first repeat.
type leaving struct {
	postgres.Unobserved
	leave   func()
	repeats int
}

func (l *leaving) Retry(string) { l.repeats++; l.leave() }

func TestAFullPoolIsToldWhileThereIsTimeToAct(t *testing.T) {
	t.Parallel()
	store, seen := open(t, dbtest.New(t), single)
	var held sync.WaitGroup
	release := make(chan struct{})
	taken := make(chan struct{})
	held.Go(func() {
		_ = store.InTx(context.Background(), func(*postgres.Tx) error {
			close(taken)
			<-release
			return nil
		})
	})
	<-taken
	patience := store.SetAcquireTimeout(time.Millisecond) // the connection is in use however fast the machine is
	for name, do := range map[string]func() error{
		"a read":        func() error { _, err := queries.UserList(t.Context(), store); return err },
		"a write":       func() error { _, err := queries.UserInsert(t.Context(), store, newUser("a@example.org")); return err },
		"a transaction": func() error { return store.InTx(t.Context(), func(*postgres.Tx) error { return nil }) },
		"a ping":        func() error { return store.Ping(t.Context()) },
	} {
		err := do()
		require.Equal(t, fault.Unavailable, kindOf(err), "%s: %v", name, err)
		require.Equal(t, postgres.ReasonPoolExhausted, fault.Of(err).Reason, name)
	}
	require.Empty(t, seen.repeats, "the wait was long enough")
	store.SetAcquireTimeout(patience)
	close(release)
	held.Wait()
	require.NoError(t, store.Ping(t.Context()))
}

func TestALockedRowIsToldAsBusy(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t), func(c *postgres.Config) { c.LockTimeout = 50 * time.Millisecond })
	user, err := queries.UserInsert(t.Context(), store, newUser("a@example.org"))
	require.NoError(t, err)
	lock := func(tx *postgres.Tx) error {
		_, err := tx.Exec(t.Context(), "SELECT 1 FROM users WHERE id = $1 FOR UPDATE", user.ID)
		return err
	}
	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
		require.NoError(t, lock(tx))
		err := store.InTx(t.Context(), lock)
		require.Equal(t, fault.Busy, kindOf(err), "%v", err)
		return nil
	}))
}
