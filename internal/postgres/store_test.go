package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// observed collects what the seam measured.
type observed struct {
	mu      sync.Mutex
	counts  map[string]int
	failed  map[string]int
	repeats map[string]int
}

func (o *observed) Retry(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.repeats[name]++
}

func (o *observed) Operation(operation string, _ time.Duration, failed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[operation]++
	if failed {
		o.failed[operation]++
	}
}

func open(t *testing.T, databaseURL string, change ...func(*postgres.Config)) (*postgres.Store, *observed) {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = databaseURL, 0
	for _, c := range change {
		c(&cfg)
	}
	seen := &observed{counts: map[string]int{}, failed: map[string]int{}, repeats: map[string]int{}}
	store, err := postgres.Open(t.Context(), cfg, seen, quiet)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store, seen
}

var queries = db.New()

func newUser(email string) db.UserInsertParams {
	return db.UserInsertParams{ID: uuid.New(), Email: email, EmailKey: strings.ToLower(email), CreatedAt: time.Now()}
}

func kindOf(err error) fault.Kind { return fault.Of(err).Kind }

func TestOperationsAreNamedAndCountedOnce(t *testing.T) {
	t.Parallel()
	store, seen := open(t, dbtest.New(t))
	_, err := queries.UserInsert(t.Context(), store, newUser("a@example.org"))
	require.NoError(t, err)
	_, err = queries.UserList(t.Context(), store)
	require.NoError(t, err)
	_, err = queries.UserGet(t.Context(), store, uuid.New())
	require.Equal(t, fault.NotFound, kindOf(err))
	_, err = queries.UserInsert(t.Context(), store, newUser("A@example.org"))
	require.Equal(t, fault.Conflict, kindOf(err))
	_, err = queries.PostDelete(t.Context(), store, db.PostDeleteParams{ID: uuid.New(), OwnerID: uuid.New()})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"UserInsert": 2, "UserList": 1, "UserGet": 1, "PostDelete": 1}, seen.counts)
	require.Equal(t, map[string]int{"UserInsert": 1}, seen.failed, "no such row is an answer")
}

func TestEachFailureIsTranslatedByStateAndConstraint(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t), func(c *postgres.Config) {
		c.Constraints = postgres.Constraints{
			"users_email_key":  {Path: "email", Problem: "is taken"},
			"posts_tone_known": {Path: "tone", Problem: "must be a tone"},
		}
	})
	owner := newUser("owner@example.org")
	_, err := queries.UserInsert(t.Context(), store, owner)
	require.NoError(t, err)
	post := db.PostInsertParams{
		ID: uuid.New(), OwnerID: owner.ID, Content: "x", PostType: "story", Tone: "humorous", Visibility: "public", Hashtags: []string{}, Now: time.Now(),
	}
	for name, c := range map[string]struct {
		do    func() error
		kind  fault.Kind
		field string
	}{
		"unique": {func() error {
			_, err := queries.UserInsert(t.Context(), store, newUser("owner@example.org"))
			return err
		}, fault.Conflict, "email"},
		"foreign key": {func() error {
			p := post
			p.OwnerID = uuid.New()
			_, err := queries.PostInsert(t.Context(), store, p)
			return err
		}, fault.Precondition, ""},
		"check": {func() error {
			p := post
			p.Tone = "shouting"
			_, err := queries.PostInsert(t.Context(), store, p)
			return err
		}, fault.Invalid, "tone"},
		"data that can't be kept": {func() error {
			p := post
			p.Content = "a\x00b"
			_, err := queries.PostInsert(t.Context(), store, p)
			return err
		}, fault.Invalid, ""},
		"a caller who left": {func() error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := queries.UserList(ctx, store)
			return err
		}, fault.Canceled, ""},
		"a caller's time that ran out": {func() error {
			ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
			defer cancel()
			_, err := queries.UserList(ctx, store)
			return err
		}, fault.Deadline, ""},
		"anything else": {func() error {
			_, err := store.Exec(t.Context(), "SELECT 1 FROM no_such_table")
			return err
		}, fault.Internal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.do()
			require.Equal(t, c.kind, kindOf(err), "%v", err)
			if c.field != "" {
				require.Equal(t, c.field, fault.Of(err).Fields[0].Path)
			}
			require.NotContains(t, fault.Of(err).Message, "SQLSTATE", "the driver's words stay in the log")
		})
	}
}

func TestAnOperationEndsWithItsLimit(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t), func(c *postgres.Config) { c.OperationTimeout = time.Second })
	_, err := store.Exec(t.Context(), "SELECT pg_sleep(30)")
	require.Equal(t, fault.Deadline, kindOf(err))
	require.NoError(t, store.Ping(t.Context()), "the pool has recovered")
}

func TestADatabaseThatGoesAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	store, _ := open(t, url)
	err := store.InTx(t.Context(), func(tx *postgres.Tx) error {
		var pid int
		if err := tx.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		_, err := store.Exec(t.Context(), "SELECT pg_terminate_backend($1)", pid)
		require.NoError(t, err)
		_, err = queries.UserList(t.Context(), tx)
		return err
	})
	require.Equal(t, fault.Unavailable, kindOf(err), "%v", err)
	_, err = queries.UserList(t.Context(), store)
	require.NoError(t, err, "the next one gets another connection")
}

func TestOpenSaysWhatIsWrongAndHidesThePassword(t *testing.T) {
	t.Parallel()
	for url, kind := range map[string]fault.Kind{
		"postgres://u:hunter2@127.0.0.1:1/x":        fault.Unavailable,
		"postgres://u:hunter2@127.0.0.1:notaport/x": fault.Invalid,
	} {
		cfg := postgres.Defaults()
		cfg.URL = url
		_, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, quiet)
		require.Equal(t, kind, kindOf(err))
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestATransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	boom := errors.New("boom")
	users := func() int {
		list, err := queries.UserList(t.Context(), store)
		require.NoError(t, err)
		return len(list)
	}
	insert := func(tx *postgres.Tx, email string) {
		_, err := queries.UserInsert(t.Context(), tx, newUser(email))
		require.NoError(t, err)
	}
	err := store.InTx(t.Context(), func(tx *postgres.Tx) error {
		insert(tx, "a@example.org")
		return boom
	})
	require.ErrorIs(t, err, boom)
	require.Zero(t, users(), "an error rolls back")

	require.Panics(t, func() {
		_ = store.InTx(t.Context(), func(tx *postgres.Tx) error {
			insert(tx, "b@example.org")
			panic(boom)
		})
	})
	require.Zero(t, users(), "a panic rolls back")

	ctx, cancel := context.WithCancel(t.Context())
	err = store.InTx(ctx, func(tx *postgres.Tx) error {
		insert(tx, "c@example.org")
		cancel()
		return nil
	})
	require.Equal(t, fault.Canceled, kindOf(err))
	require.Zero(t, users(), "a caller who left before the commit")

	require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
		insert(tx, "d@example.org")
		return nil
	}))
	require.Equal(t, 1, users())
	require.Zero(t, store.Pool().Stat().AcquiredConns(), "every connection came back")
}

func TestADeadlockIsRunAgainAsAWhole(t *testing.T) {
	t.Parallel()
	store, _ := open(t, dbtest.New(t))
	first, second := newUser("first@example.org"), newUser("second@example.org")
	for _, u := range []db.UserInsertParams{first, second} {
		_, err := queries.UserInsert(t.Context(), store, u)
		require.NoError(t, err)
	}
	var runs sync.Map
	bothHoldOne := make(chan struct{}, 2)
	var transactions errgroup.Group
	for name, order := range map[string][2]uuid.UUID{"one": {first.ID, second.ID}, "other": {second.ID, first.ID}} {
		transactions.Go(func() error {
			return store.InTx(t.Context(), func(tx *postgres.Tx) error {
				_, again := runs.LoadOrStore(name, true)
				if _, err := tx.Exec(t.Context(), "UPDATE users SET name = name || $2 WHERE id = $1", order[0], name); err != nil {
					return err
				}
				if !again { // each waits for the other once, holding what the other wants
					bothHoldOne <- struct{}{}
					for len(bothHoldOne) < cap(bothHoldOne) && t.Context().Err() == nil {
						if _, err := tx.Exec(t.Context(), "SELECT 1"); err != nil {
							return err
						}
					}
				}
				_, err := tx.Exec(t.Context(), "UPDATE users SET name = name || $2 WHERE id = $1", order[1], name)
				return err
			})
		})
	}
	require.NoError(t, transactions.Wait())
	user, err := queries.UserGet(t.Context(), store, first.ID)
	require.NoError(t, err)
	require.Len(t, user.Name, len("one")+len("other"), "each took effect once")
}

func TestAPlanGoneStaleIsRunAgain(t *testing.T) {
	t.Parallel()
	url := dbtest.New(t)
	store, _ := open(t, url, func(c *postgres.Config) { c.MaxConns = 1 })
	statement := "SELECT * FROM users"
	read := func(tx *postgres.Tx) error {
		rows, err := tx.Query(t.Context(), statement)
		if err != nil {
			return err
		}
		rows.Close()
		return rows.Err()
	}
	require.NoError(t, store.InTx(t.Context(), read))
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "ALTER TABLE users ADD COLUMN nickname text")
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	require.NoError(t, store.InTx(t.Context(), read), "cached plan must not change result type")
}

// What PostgreSQL has no room for is no defect: its operator has to give it some, and the same call goes well then.
func TestWantOfResourcesIsToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	raise := func(state string) func(ctx context.Context, tx *postgres.Tx) error {
		return func(ctx context.Context, tx *postgres.Tx) error {
			_, err := tx.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '"+state+"'; END $$")
			return err
		}
	}
	exec := func(statements ...string) func(ctx context.Context, tx *postgres.Tx) error {
		return func(ctx context.Context, tx *postgres.Tx) error {
			for _, statement := range statements {
				if _, err := tx.Exec(ctx, statement); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		do     func(ctx context.Context, tx *postgres.Tx) error
		reason string
	}{
		"a full disk":   {raise("53100"), postgres.ReasonDiskFull},
		"no memory":     {raise("53200"), postgres.ReasonShortOfResources},
		"a failed disk": {raise("58030"), postgres.ReasonDiskFails},
		"no room for a sort": {exec("SET LOCAL temp_file_limit = 64", "SET LOCAL work_mem = 64",
			"SELECT count(*) FROM (SELECT DISTINCT md5(n::text) FROM generate_series(1, 20000) AS n) AS d"), postgres.ReasonShortOfResources},
		"a read-only server": {func(ctx context.Context, tx *postgres.Tx) error {
			if err := exec("SET TRANSACTION READ ONLY")(ctx, tx); err != nil {
				return err
			}
			_, err := queries.UserInsert(ctx, tx, newUser("a@example.org"))
			return err
		}, postgres.ReasonReadOnly},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, seen := open(t, dbtest.New(t))
			err := store.InTx(t.Context(), func(tx *postgres.Tx) error { return c.do(t.Context(), tx) })
			require.Equal(t, fault.Unavailable, kindOf(err), "%v", err)
			require.Equal(t, c.reason, fault.Of(err).Reason)
			require.Contains(t, fault.Of(err).Message, "nothing was saved")
			require.Empty(t, seen.repeats, "a repeat at once would not cure it")
			require.NoError(t, store.Ping(t.Context()))
		})
	}
}

// A caller who left is no reason to forget what PostgreSQL had answered by then.
func TestWhatPostgreSQLAnsweredIsToldAlsoWhereItsCallerLeft(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	for state, kind := range map[string]fault.Kind{"23505": fault.Conflict, "53100": fault.Unavailable, "57014": fault.Canceled} {
		err := postgres.Fault(ctx, fmt.Errorf("insert: %w", &pgconn.PgError{Code: state}))
		require.Equal(t, kind, kindOf(err), state)
	}
	require.Equal(t, fault.Canceled, kindOf(postgres.Fault(ctx, ctx.Err())))
	require.NoError(t, postgres.Fault(ctx, nil))
}
