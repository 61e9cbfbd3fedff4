package postgres_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/postgres"
)

// with adds settings to a database URL.
func with(t *testing.T, databaseURL string, settings ...string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	require.NoError(t, err)
	query := u.Query()
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

func openPooled(t *testing.T, pooled, direct string) (*postgres.Store, error) {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.DirectURL, cfg.MinConns, cfg.ApplicationName = pooled, direct, 0, "postwright test"
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, quiet)
	if err == nil {
		t.Cleanup(store.Close)
	}
	return store, err
}

// Every way in which a pooler may be in between, without the second URL.
func TestAPoolerThatSharesSessionsIsRefusedByName(t *testing.T) {
	t.Parallel()
	direct := dbtest.New(t)
	for name, c := range map[string]struct {
		settings []string
		reason   string
	}{
		"transactions, the setting refused": {[]string{"pool_mode = transaction"}, postgres.ReasonPooler},
		"transactions, the setting ignored": {[]string{"pool_mode = transaction", "ignore_startup_parameters = lock_timeout"},
			postgres.ReasonPooler},
		"transactions, sessions taken in turn": {[]string{"pool_mode = transaction", "ignore_startup_parameters = lock_timeout",
			"server_round_robin = 1"}, postgres.ReasonPooler},
		"statements, the setting ignored": {[]string{"pool_mode = statement", "ignore_startup_parameters = lock_timeout"}, postgres.ReasonPooler},
		"statements, the setting refused": {[]string{"pool_mode = statement"}, postgres.ReasonPooler},
		"sessions, the setting ignored":   {[]string{"pool_mode = session", "ignore_startup_parameters = lock_timeout"}, ""},
		"sessions that are few, setting ignored": {[]string{"pool_mode = session", "ignore_startup_parameters = lock_timeout", "default_pool_size = 20"},
			""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pooled := dbtest.Pooler(t, direct, c.settings...)
			_, err := openPooled(t, pooled, "")
			if c.reason == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.reason, fault.Of(err).Reason, "%v", err)
			require.Equal(t, fault.Precondition, fault.Of(err).Kind)
			require.Contains(t, fault.Of(err).Message, "--database-direct-url")
			_, err = openPooled(t, pooled, pooled)
			require.Equal(t, c.reason, fault.Of(err).Reason, "the second URL leads there too")
			_, err = openPooled(t, pooled, direct)
			if slices.Contains(c.settings, "pool_mode = statement") {
				require.Error(t, err, "it carries no transactions")
				require.Equal(t, c.reason, fault.Of(err).Reason, "%v", err)
				require.Equal(t, fault.Precondition, fault.Of(err).Kind)
				require.Contains(t, fault.Of(err).Message, "pool_mode=transaction")
			} else {
				require.NoError(t, err)
			}
			if slices.Contains(c.settings, "ignore_startup_parameters = lock_timeout") {
				_, err = postgres.NewMigrator(t.Context(), pooled, quiet)
				require.Equal(t, c.reason, fault.Of(err).Reason, "nor are migrations begun")
			}
		})
	}
}

// Whoever reads of transactions looks for what is not the matter, and sets up a second URL that is not needed.
func TestAPoolerOfSessionsThatRefusesTheSettingIsToldWhatToTake(t *testing.T) {
	t.Parallel()
	direct := dbtest.New(t)
	pooled := dbtest.Pooler(t, direct, "pool_mode = session")
	_, err := openPooled(t, pooled, "")
	require.Equal(t, postgres.ReasonPooler, fault.Of(err).Reason, "%v", err)
	require.Contains(t, fault.Of(err).Message, "--database-url (POSTWRIGHT_DATABASE_URL) leads to a pooler that gives each connection a session")
	require.Contains(t, fault.Of(err).Message, "ignore_startup_parameters = lock_timeout")
	require.NotContains(t, fault.Of(err).Message, "shares sessions")
	_, err = openPooled(t, pooled, direct)
	require.NoError(t, err)
	_, err = openPooled(t, direct, pooled)
	require.NoError(t, err, "the second URL needs sessions, and begins with no setting")
}

// Each fault names the URL that is to be changed.
func TestASecondURLThatLeadsToAPoolerIsNamed(t *testing.T) {
	t.Parallel()
	direct := dbtest.New(t)
	for name, settings := range map[string][]string{
		"the setting refused": {"pool_mode = transaction"},
		"the setting ignored": {"pool_mode = transaction", "ignore_startup_parameters = lock_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pooled := dbtest.Pooler(t, direct, settings...)
			for _, first := range []string{pooled, direct} {
				_, err := openPooled(t, first, pooled)
				require.Equal(t, postgres.ReasonPooler, fault.Of(err).Reason, "%v", err)
				require.Contains(t, fault.Of(err).Message, "--database-direct-url (POSTWRIGHT_DATABASE_DIRECT_URL) leads to a pooler that shares sessions")
				require.Contains(t, fault.Of(err).Message, "it must lead to PostgreSQL itself")
			}
			_, err := openPooled(t, pooled, "")
			require.Contains(t, fault.Of(err).Message, "--database-url (POSTWRIGHT_DATABASE_URL) leads to a pooler that shares sessions")
		})
	}
}

func TestSettingsThatAPoolerDoesNotTakeAreNamed(t *testing.T) {
	t.Parallel()
	direct := dbtest.New(t)
	pooled := dbtest.Pooler(t, direct, "pool_mode = transaction")
	_, err := openPooled(t, with(t, pooled, "statement_timeout=1s", "pgbouncer=true"), direct)
	require.Equal(t, fault.Precondition, fault.Of(err).Kind)
	require.Contains(t, fault.Of(err).Message, "pgbouncer, statement_timeout")
}

func TestConnectionsSayWhoseTheyAre(t *testing.T) {
	t.Parallel()
	direct := dbtest.New(t)
	for name, c := range map[string]struct{ url, direct, want string }{
		"direct":             {direct, "", "postwright test"},
		"behind a pooler":    {dbtest.Pooler(t, direct, "pool_mode = transaction"), direct, "postwright test"},
		"the URL's own name": {with(t, direct, "application_name=mine"), "", "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, err := openPooled(t, c.url, c.direct)
			require.NoError(t, err)
			var got string
			require.NoError(t, store.QueryRow(t.Context(), `SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&got))
			require.Equal(t, c.want, got)
		})
	}
}

// What a pooler hands on: statements again and again from many connections over few sessions, transactions with their limit of
// locks, arrays, and announcements over a session.
func TestNothingNeedsASessionBehindAPooler(t *testing.T) {
	t.Parallel()
	direct := dbtest.New(t)
	store, err := openPooled(t, dbtest.Pooler(t, direct, "pool_mode = transaction", "default_pool_size = 3"), direct)
	require.NoError(t, err)
	group, ctx := errgroup.WithContext(t.Context())
	for range 12 {
		group.Go(func() error {
			for n := range 30 {
				var sum int
				if err := store.QueryRow(ctx, `SELECT sum(x) FROM unnest($1::int[]) AS x`, []int{n, n}).Scan(&sum); err != nil {
					return err
				}
				if err := store.InTx(ctx, func(tx *postgres.Tx) error {
					var limit, text string
					if err := tx.QueryRow(ctx, `SHOW lock_timeout`).Scan(&limit); err != nil {
						return err
					}
					require.Equal(t, "10s", limit)
					return tx.QueryRow(ctx, `SELECT string_agg(x, ',') FROM unnest($1::text[]) AS x`, []string{"a", "b"}).Scan(&text)
				}); err != nil {
					return err
				}
				batch := &pgx.Batch{}
				batch.Queue(`SELECT $1::uuid[]`, []string{"00000000-0000-0000-0000-000000000001"})
				batch.Queue(`SELECT $1::timestamptz`, "2026-01-01T00:00:00Z")
				if err := store.Pool().SendBatch(ctx, batch).Close(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	var limit string
	require.NoError(t, store.QueryRow(t.Context(), `SHOW lock_timeout`).Scan(&limit))
	require.Equal(t, "0", limit, "no session keeps anything")

	listening, stop := context.WithCancel(t.Context())
	began, heard, ended := make(chan struct{}, 1), make(chan string, 1), make(chan struct{})
	go func() {
		defer close(ended)
		store.Listen(listening, postgres.Listener{Channel: "told", Heard: func(s string) { heard <- s }, Missed: func() { began <- struct{}{} }})
	}()
	<-began
	_, err = store.Exec(t.Context(), `SELECT pg_notify('told', 'it')`)
	require.NoError(t, err)
	require.Equal(t, "it", <-heard)
	stop()
	<-ended
}

func TestDatabaseURLsThatCanNotServe(t *testing.T) {
	t.Parallel()
	for databaseURL, want := range map[string]string{
		"postgres://ada@localhost/postwright":                                                  "",
		"postgresql:///postwright?host=/run/postgresql&default_query_exec_mode=cache_describe": "",
		"postgres:///postwright":                                                               "",
		"mysql://localhost/x":                                                                  "must be a postgres:// URL",
		"host=localhost":                                                                       "must be a postgres:// URL",
		"postgres://ada:se%cret@localhost/x":                                                   "can't be read",
		"postgres://localhost:99999999/x":                                                      "can't be read",
		"postgres://localhost/x?sslmode=maybe":                                                 "can't be read",
		"postgres://localhost/x?default_query_exec_mode=fast":                                  "can't be read",
		"postgres://localhost/x?default_query_exec_mode=exec":                                  "default_query_exec_mode",
		"postgres://localhost/x?default_query_exec_mode=simple_protocol":                       "default_query_exec_mode",
		"postgres://localhost/x?default_query_exec_mode=describe_exec":                         "default_query_exec_mode",
		"postgres://localhost/x?statement_cache_capacity=0":                                    "statement_cache_capacity",
		"postgres://localhost/x?description_cache_capacity=0":                                  "description_cache_capacity",
		"postgres://localhost/x?client_encoding=LATIN1":                                        "client_encoding",
		"postgres://localhost/x?client_encoding=":                                              "client_encoding",
		"postgres://localhost/x?client_encoding=UTF8":                                          "",
		"postgres://localhost/x?client_encoding=utf-8":                                         "",
		"postgres://localhost/x?client_encoding=unicode":                                       "",
		"postgres://localhost/x?pool_max_conns=many":                                           "can't be read",
	} {
		err := postgres.CheckURL(databaseURL)
		if want == "" {
			require.NoError(t, err, databaseURL)
			continue
		}
		require.ErrorContains(t, err, want, databaseURL)
		require.NotContains(t, err.Error(), "cret", "no secret")
	}
}
