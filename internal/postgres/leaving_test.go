package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// waitLimit is how long a test waits for what other goroutines do.
const waitLimit = time.Minute

// caller is one who leaves when somebody looks, for the n-th time, whether they are still there. The seam and the driver
// look at every point where it matters, so counting up n goes through all of them, on any machine.
type caller struct {
	context.Context
	leave context.CancelFunc
	looks *atomic.Int64 // that are left
}

func newCaller(ctx context.Context, looks int) *caller {
	ctx, leave := context.WithCancel(ctx)
	c := &caller{leave: leave, looks: new(atomic.Int64)}
	c.looks.Store(int64(looks))
	c.Context = trace.ContextWithSpan(ctx, watchedSpan{of: c})
	return c
}

func (c *caller) look() {
	if c.looks.Add(-1) == 0 {
		c.leave()
	}
}

func (c *caller) Done() <-chan struct{} { c.look(); return c.Context.Done() }
func (c *caller) Err() error            { c.look(); return c.Context.Err() }

// watchedSpan puts its caller's eyes on the contexts of operations, which are the caller's with a limit: to begin a span is
// the one place where the seam lets others in.
type watchedSpan struct {
	noop.Span
	of *caller
}

func (s watchedSpan) IsRecording() bool                    { return true }
func (s watchedSpan) TracerProvider() trace.TracerProvider { return watching{of: s.of} }

type watching struct {
	noop.TracerProvider
	of *caller
}

func (p watching) Tracer(string, ...trace.TracerOption) trace.Tracer { return watchingTracer{of: p.of} }

type watchingTracer struct {
	noop.Tracer
	of *caller
}

func (t watchingTracer) Start(ctx context.Context, _ string, _ ...trace.SpanStartOption) (context.Context, trace.Span) {
	return &caller{Context: ctx, leave: t.of.leave, looks: t.of.looks}, watchedSpan{of: t.of}
}

// sort is a sort of operation: what it does for a caller, and whether it saves a user with the e-mail address.
type sort struct {
	name  string
	saves bool
	do    func(ctx context.Context, s *postgres.Store, email string) error
}

func readSome(ctx context.Context, s db.DBTX, sql string, rows int, args ...any) error {
	read, err := s.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	for range rows {
		if !read.Next() {
			break
		}
	}
	read.Close()
	return read.Err()
}

const (
	manyRows   = "SELECT repeat('x', 1000) FROM generate_series(1, 50)"
	insertRows = "INSERT INTO users (id, email, name, created_at) VALUES (gen_random_uuid(), $1, '', now()) RETURNING id"
)

var sorts = []sort{
	{"read nothing", false, func(ctx context.Context, s *postgres.Store, _ string) error {
		_, err := s.Exec(ctx, "SELECT 1")
		return err
	}},
	{"read one row", false, func(ctx context.Context, s *postgres.Store, _ string) error {
		_, err := queries.UserList(ctx, s)
		return err
	}},
	{"read some rows of many", false, func(ctx context.Context, s *postgres.Store, _ string) error { return readSome(ctx, s, manyRows, 3) }},
	{"read all rows", false, func(ctx context.Context, s *postgres.Store, _ string) error { return readSome(ctx, s, manyRows, 51) }},
	{"ping", false, func(ctx context.Context, s *postgres.Store, _ string) error { return s.Ping(ctx) }},
	{"write", true, func(ctx context.Context, s *postgres.Store, email string) error {
		_, err := s.Exec(ctx, insertRows, email)
		return err
	}},
	{"write and read it", true, func(ctx context.Context, s *postgres.Store, email string) error {
		_, err := queries.UserInsert(ctx, s, newUser(email))
		return err
	}},
	{"write and read none of it", true, func(ctx context.Context, s *postgres.Store, email string) error {
		return readSome(ctx, s, insertRows, 0, email)
	}},
	{"a transaction", true, func(ctx context.Context, s *postgres.Store, email string) error {
		return s.InTx(ctx, func(tx *postgres.Tx) error {
			if _, err := queries.UserInsert(ctx, tx, newUser(email)); err != nil {
				return err
			}
			return readSome(ctx, tx, manyRows, 3)
		})
	}},
	{"a transaction that hears nothing of its failures", true, func(ctx context.Context, s *postgres.Store, email string) error {
		return s.InTx(ctx, func(tx *postgres.Tx) error {
			_, err := queries.UserInsert(ctx, tx, newUser(email))
			_ = readSome(ctx, tx, manyRows, 3)
			_, _ = queries.UserGetByEmail(ctx, tx, email)
			return err
		})
	}},
}

// ending is how a caller, or the connection, goes away at a point.
type ending struct {
	name  string
	most  int // points
	begin func(t require.TestingT, wire *dbtest.Wire, at int) (ctx *caller, over func())
}

var endings = []ending{
	{"the caller leaves at a look", 60, func(_ require.TestingT, _ *dbtest.Wire, at int) (*caller, func()) {
		return newCaller(context.Background(), at), func() {}
	}},
	{"the caller leaves at a byte", 4000, func(_ require.TestingT, wire *dbtest.Wire, at int) (*caller, func()) {
		c := newCaller(context.Background(), -1)
		wire.AtByte(at, c.leave)
		return c, func() {}
	}},
	{"the caller leaves at a byte behind which nothing comes", 4000, func(_ require.TestingT, wire *dbtest.Wire, at int) (*caller, func()) {
		c := newCaller(context.Background(), -1)
		over, passed := context.WithCancel(context.Background())
		wire.AtByte(at, func() {
			c.leave()
			<-over.Done()
		})
		return c, passed
	}},
	{"the connection is cut at a byte", 4000, func(_ require.TestingT, wire *dbtest.Wire, at int) (*caller, func()) {
		wire.AtByte(at, wire.Cut)
		return newCaller(context.Background(), -1), func() {}
	}},
}

// Whenever a caller leaves, or a connection is cut, or both fall silent: what was said to be done is done, what was said to
// have failed is not, in doubt is only what may be either, and nothing is left in use.
func TestWhatWasToldIsTrueWheneverACallerLeaves(t *testing.T) {
	// Not parallel: goroutines of other tests would be taken for leaks.
	databaseURL := dbtest.New(t)
	before := goleak.IgnoreCurrent()
	t.Run("operations", func(t *testing.T) {
		wire := dbtest.NewWire(t, databaseURL)
		cfg := postgres.Defaults()
		cfg.URL, cfg.MinConns, cfg.MaxConns = wire.URL(), 0, 2
		look, err := pgx.Connect(t.Context(), databaseURL)
		require.NoError(t, err)
		defer func() { require.NoError(t, look.Close(context.Background())) }()
		count := 0
		rapid.Check(t, func(t *rapid.T) {
			store, err := postgres.Open(context.Background(), cfg, postgres.Unobserved{}, quiet)
			require.NoError(t, err)
			defer store.Close()
			store.SetSavingGrace(20 * time.Millisecond) // either outcome is right, however fast the machine is
			s, e := rapid.SampledFrom(sorts).Draw(t, "operation"), rapid.SampledFrom(endings).Draw(t, "ending")
			at := rapid.IntRange(1, e.most).Draw(t, "point")
			count++
			email := fmt.Sprintf("%d@example.org", count)
			ctx, over := e.begin(t, wire, at)
			err = s.do(ctx, store, email)
			wire.AtByte(0, nil)
			over()
			ctx.leave()
			what := fmt.Sprintf("%s, %s (%d): %v", s.name, e.name, at, err)
			require.Eventually(t, func() bool { return store.PoolState().InUse == 0 }, waitLimit, time.Millisecond, what)
			var saved int
			require.NoError(t, look.QueryRow(context.Background(), "SELECT count(*) FROM users WHERE email = $1", email).Scan(&saved))
			doubt := err != nil && fault.Of(err).Reason == postgres.ReasonCommitInDoubt
			switch {
			case doubt:
				require.True(t, s.saves, what)
			case err == nil && s.saves:
				require.Equal(t, 1, saved, what)
			default:
				require.Zero(t, saved, what)
			}
			require.Contains(t, []fault.Kind{fault.Canceled, fault.Unavailable}, kindOfOr(err, fault.Canceled), what)
		})
	})
	goleak.VerifyNone(t, before)
}

// A caller who dropped reads had a connection made anew for each, and what others asked for took ten times as long.
func TestWhoLeavesInTheMiddleOfAnAnswerCostsNoConnection(t *testing.T) {
	t.Parallel()
	wire := dbtest.NewWire(t, dbtest.New(t))
	store, _ := open(t, wire.URL(), single)
	require.NoError(t, readSome(t.Context(), store, manyRows, 51))
	const leaving = 20
	before := store.Pool().Stat().NewConnsCount()
	for range leaving {
		c := newCaller(t.Context(), -1)
		wire.AtByte(10_000, c.leave)
		_ = readSome(c, store, manyRows, 51) // either outcome is right
		wire.AtByte(0, nil)
		require.ErrorIs(t, c.Context.Err(), context.Canceled)
		require.NoError(t, store.Ping(t.Context()))
	}
	require.Less(t, store.Pool().Stat().NewConnsCount()-before, int64(leaving/2), "on a slow machine the patience may end")
}

func kindOfOr(err error, none fault.Kind) fault.Kind {
	if err == nil {
		return none
	}
	return kindOf(err)
}

// The same at each of an operation's points in turn, until the caller is still there at its end.
func TestWhatWasToldIsTrueAtEveryLookAtTheCaller(t *testing.T) {
	t.Parallel()
	for _, s := range sorts {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			databaseURL := dbtest.New(t)
			store, _ := open(t, databaseURL, single)
			require.NoError(t, s.do(t.Context(), store, "first@example.org"), "from now on the statements are prepared")
			before := emails(t, databaseURL)
			for at := 1; ; at++ {
				require.Less(t, at, 200, "every operation ends")
				ctx := newCaller(t.Context(), at)
				email := fmt.Sprintf("%d@example.org", at)
				err := s.do(ctx, store, email)
				stayed := ctx.looks.Load() > 0
				ctx.leave()
				require.Eventually(t, func() bool { return store.PoolState().InUse == 0 }, waitLimit, time.Millisecond, "at look %d: %v", at, err)
				saved := len(emails(t, databaseURL)) - len(before)
				before = emails(t, databaseURL)
				if err != nil {
					require.Equal(t, fault.Canceled, kindOf(err), "at look %d: %v", at, err)
					require.Zero(t, saved, "at look %d: %v", at, err)
				} else if s.saves {
					require.Equal(t, 1, saved, "at look %d", at)
				}
				if stayed {
					require.NoError(t, err)
					break
				}
			}
		})
	}
}

// A list that its caller dropped between PostgreSQL's answer and the seam's look kept its connection for ever.
func TestADroppedListGivesItsConnectionBack(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t), single)
	list := func(ctx context.Context) error {
		_, err := queries.PostListByOwner(ctx, store, db.PostListByOwnerParams{PageSize: 10})
		return err
	}
	require.NoError(t, list(t.Context()))
	looks := newCaller(t.Context(), -1)
	require.NoError(t, list(looks))
	for at := 1; at <= -1-int(looks.looks.Load()); at++ { // every look, that between the two included
		ctx := newCaller(t.Context(), at)
		_ = list(ctx)
		ctx.leave()
		require.NoError(t, list(t.Context()), "the only connection is there for the next one after look %d", at)
	}
}

// The process hung in the pool's Close after it had said that it stopped, because a connection never came back.
func TestAConnectionThatDoesNotComeBackDoesNotKeepTheProcess(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.NewTextHandler(&said, nil)))
	require.NoError(t, err)
	rows, err := store.Query(t.Context(), "-- name: NeverClosed :many\nSELECT generate_series(1, 1000)")
	require.NoError(t, err)
	require.True(t, rows.Next())

	store.SetCloseTimeout(time.Millisecond)
	store.Close()

	require.Contains(t, said.String(), "level=ERROR")
	require.Contains(t, said.String(), "in_use=1 last_statements=[NeverClosed]")
	said.Reset()
	store.SetCloseTimeout(waitLimit)
	rows.Close()
	require.NoError(t, rows.Err())
	store.Close()
	require.Empty(t, said.String(), "it has come back")
}
