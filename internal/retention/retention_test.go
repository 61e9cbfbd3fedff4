package retention

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	keep = Periods{
		Requests: 7 * 24 * time.Hour, Notifications: 90 * 24 * time.Hour, Transitions: 30 * 24 * time.Hour, WebhookEvents: 30 * 24 * time.Hour,
	}
)

type world struct {
	t     *testing.T
	store *postgres.Store
	ada   uuid.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	user, err := db.New().UserInsert(
		t.Context(),
		store,
		db.UserInsertParams{ID: uuid.New(), Email: "ada@example.org", EmailKey: "ada@example.org", CreatedAt: noon},
	)
	require.NoError(t, err)
	return &world{t: t, store: store, ada: user.ID}
}

// sweep runs once, at noon; the clock goes on by pace at every look.
func (w *world) sweep(pace time.Duration) {
	w.t.Helper()
	clock := noon.Add(-pace)
	worker := NewWorker(w.store, keep, func() time.Time { clock = clock.Add(pace); return clock }, slog.New(slog.DiscardHandler))
	require.NoError(w.t, worker.Work(w.t.Context(), nil))
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.store.Pool().Exec(w.t.Context(), sql, args...)
	require.NoError(w.t, err)
}

func (w *world) count(sql string, args ...any) (n int) {
	w.t.Helper()
	require.NoError(w.t, w.store.Pool().QueryRow(w.t.Context(), sql, args...).Scan(&n))
	return n
}

// requests makes so many rows that were claimed at a time, named after it.
func (w *world) requests(n int, name string, at time.Time) {
	w.t.Helper()
	w.exec(`INSERT INTO requests SELECT $1, 'CreatePost', $2 || i, '\x00', '{}', $3 FROM generate_series(1, $4) i`, w.ada, name, at, n)
}

func (w *world) notifications(n int, at time.Time) {
	w.t.Helper()
	w.exec(
		`INSERT INTO notifications SELECT gen_random_uuid(), $1, NULL, 'email', 'ada@example.org', 's', true, '', $2 FROM generate_series(1, $3)`,
		w.ada,
		at,
		n,
	)
}

// posts makes so many posts in a state that they entered at a time, as their one transition.
func (w *world) posts(n int, state string, at time.Time) {
	w.t.Helper()
	w.exec(`WITH made AS (INSERT INTO posts (id, owner_id, content, post_type, tone, target_audience, visibility, hashtags, state, scheduled_at,
			published_at, failure_code, created_at, updated_at)
		SELECT gen_random_uuid(), $1, 'text', 'story', 'humorous', '', 'public', '{}', $2::text, CASE WHEN $2 = 'scheduled' THEN $3::timestamptz END,
			CASE WHEN $2 = 'published' THEN $3::timestamptz END, CASE WHEN $2 IN ('failed', 'unconfirmed') THEN 'CODE' ELSE '' END, $3, $3
		FROM generate_series(1, $4) RETURNING *)
		INSERT INTO post_transitions (post_id, revision, state, occurred_at) SELECT id, revision, state, updated_at FROM made`, w.ada, state, at, n)
}

const microsecond = time.Microsecond // the least that PostgreSQL knows

func TestWhatIsTooOldGoesAndWhatIsNotStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := noon.Add(-keep.Requests)
	w.requests(2_500, "old", old.Add(-microsecond)) // more than two batches
	w.requests(1, "just", old)
	w.requests(1, "new", noon)
	old = noon.Add(-keep.Notifications)
	w.notifications(1_001, old.Add(-microsecond))
	w.notifications(2, old)
	for _, day := range []int{-60, -4, -3, -2, -1, 0} { // of noon: the fourth day before began more than three days ago
		w.exec(`INSERT INTO notification_counts VALUES ($1, $2, 'requested', 1)`, w.ada, noon.Truncate(24*time.Hour).AddDate(0, 0, day))
	}
	old = noon.Add(-keep.Transitions)
	for _, state := range []string{"draft", "published", "failed", "unconfirmed"} {
		w.posts(600, state, old.Add(-microsecond))
		w.posts(1, state, old)
	}
	for _, state := range []string{"scheduled", "queued", "publishing"} {
		w.posts(600, state, old.Add(-microsecond))
	}

	w.sweep(0)

	require.Equal(t, 2, w.count(`SELECT count(*) FROM requests`))
	require.Equal(t, 2, w.count(`SELECT count(*) FROM notifications`))
	require.Equal(t, 3, w.count(`SELECT count(*) FROM notification_counts`), "today, and the two days before")
	require.Equal(
		t,
		4,
		w.count(
			`SELECT count(*) FROM post_transitions t JOIN posts p ON p.id = t.post_id WHERE p.state IN ('draft', 'published', 'failed', 'unconfirmed')`,
		),
	)
	require.Equal(
		t,
		1_800,
		w.count(`SELECT count(*) FROM post_transitions t JOIN posts p ON p.id = t.post_id WHERE p.state IN ('scheduled', 'queued', 'publishing')`),
		"somebody may be watching them",
	)
	require.Equal(t, 4_204, w.count(`SELECT count(*) FROM posts`), "posts are never too old")
}

// A run that has much to do ends in time and leaves the rest to the next one; no table waits for another to be done.
func TestARunThatHasTooMuchToDoIsGoneOnWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(9_000, "old", noon.Add(-keep.Requests-time.Hour))
	w.notifications(10, noon.Add(-keep.Notifications-time.Hour))
	w.sweep(2 * time.Second) // ten looks at the clock are a run
	left := w.count(`SELECT count(*) FROM requests`)
	require.Positive(t, left)
	require.Less(t, left, 9_000)
	require.Zero(t, w.count(`SELECT count(*) FROM notifications`))
	for range 9 { // each has time for little more than a batch of each table
		w.sweep(2 * time.Second)
	}
	require.Zero(t, w.count(`SELECT count(*) FROM requests`))
}

// What somebody else has locked is left for later, and held up by nobody.
func TestALockedRowKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(3, "old", noon.Add(-keep.Requests-time.Hour))
	tx, err := w.store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT FROM requests WHERE request_id = 'old2' FOR UPDATE`)
	require.NoError(t, err)
	w.sweep(0)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM requests`))
	w.sweep(0)
	require.Zero(t, w.count(`SELECT count(*) FROM requests`))
}

func TestALockedStateChangeKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.posts(3, "published", noon.Add(-keep.Transitions-time.Hour))
	tx, err := w.store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT FROM post_transitions WHERE post_id = (SELECT min(id::text)::uuid FROM posts) FOR UPDATE`)
	require.NoError(t, err)
	w.sweep(0)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM post_transitions`))
	w.sweep(0)
	require.Zero(t, w.count(`SELECT count(*) FROM post_transitions`))
}

// A table that can't be swept keeps the others from nothing, whichever it is, and the run says that it failed.
func TestATableThatFailsKeepsNoOtherFromBeingSwept(t *testing.T) {
	t.Parallel()
	tables := []string{"requests", "notifications", "notification_counts", "post_transitions"}
	for _, broken := range tables {
		t.Run(broken, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			long := noon.AddDate(-1, 0, 0)
			w.requests(2, "old", long)
			w.notifications(2, long)
			w.exec(`INSERT INTO notification_counts VALUES ($1, $2, 'requested', 1)`, w.ada, long)
			w.posts(2, "published", long)
			w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$`)
			w.exec(`CREATE TRIGGER refuse BEFORE DELETE ON ` + broken + ` FOR EACH ROW EXECUTE FUNCTION refuse()`)
			err := NewWorker(w.store, keep, func() time.Time { return noon }, slog.New(slog.DiscardHandler)).Work(t.Context(), nil)
			require.ErrorContains(t, err, "of "+broken)
			for _, table := range tables {
				left := w.count(`SELECT count(*) FROM ` + table)
				require.Equal(t, table == broken, left > 0, "%d rows of %s are left", left, table)
			}
		})
	}
}

// A request id that is claimed while it is being forgotten makes a new call, or gives the old answer, and never an error.
func TestARequestIDIsClaimedWhileItIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ids = 300
	w.requests(ids, "r", noon.Add(-keep.Requests-time.Hour))
	w.exec(`UPDATE requests SET request_hash = decode(repeat('01', 32), 'hex'), hash_version = 2, post_ids = ARRAY[gen_random_uuid()]`)
	claimed := make(chan error, 2*ids)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for i := range ids {
				request := idempotency.Request{ID: fmt.Sprintf("r%d", i+1), Hash: [32]byte(bytes.Repeat([]byte{1}, 32))}
				call := idempotency.Call{OwnerID: w.ada, Operation: "CreatePost", Request: request}
				claimed <- w.store.InTx(context.WithoutCancel(t.Context()), func(tx *postgres.Tx) error {
					_, err := idempotency.Claim(t.Context(), tx, call, []uuid.UUID{uuid.New()}, noon)
					return err
				})
			}
		})
	}
	w.sweep(0)
	all.Wait()
	close(claimed)
	for err := range claimed {
		require.NoError(t, err)
	}
	w.sweep(0)
	require.LessOrEqual(t, w.count(`SELECT count(*) FROM requests`), ids)
	require.Zero(t, w.count(`SELECT count(*) FROM requests WHERE created_at < $1`, noon.Add(-keep.Requests)))
}

// A batch reads what it deletes and no more, however much there is: the plans that PostgreSQL would use for any value name
// indexes alone.
func TestABatchNeverReadsAWholeTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.requests(20_000, "new", noon)
	w.notifications(20_000, noon)
	w.posts(20_000, "published", noon)
	w.exec(
		`INSERT INTO notification_counts SELECT $1, $2::timestamptz - i * interval '1 day', 'requested', 1 FROM generate_series(1, 20000) i`,
		w.ada,
		noon,
	)
	w.exec(`ANALYZE`)
	conn, err := w.store.Pool().Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan`)
	require.NoError(t, err)
	seen := &statements{DBTX: w.store}
	for _, remove := range []func(context.Context, db.DBTX, time.Time) (int64, error){
		db.New().RequestDeleteOld, db.New().NotificationDeleteOld, db.New().NotificationCountDeleteOld,
	} {
		_, err := remove(t.Context(), seen, time.Time{})
		require.NoError(t, err)
	}
	_, err = db.New().PostTransitionDeleteOld(t.Context(), seen, db.PostTransitionDeleteOldParams{})
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	require.Len(t, seen.sql, 4)
	for i, statement := range seen.sql {
		name := fmt.Sprintf("batch%d", i)
		_, err = conn.Exec(t.Context(), "PREPARE "+name+" AS "+statement)
		require.NoError(t, err, statement)
		arguments := "('2026-03-01')"
		if i == 3 {
			arguments = "('2026-03-01', '0001-01-01', '00000000-0000-0000-0000-000000000000', 0)"
		}
		rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE "+name+arguments)
		require.NoError(t, err)
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			require.NotContains(t, line, "Seq Scan", statement)
		}
		require.NoError(t, rows.Err())
	}
}

// statements remembers what is asked of the database.
type statements struct {
	db.DBTX

	sql []string
}

func (s *statements) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	s.sql = append(s.sql, sql)
	return s.DBTX.Exec(ctx, sql, args...)
}

func (s *statements) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	s.sql = append(s.sql, sql)
	return s.DBTX.QueryRow(ctx, sql, args...)
}

func TestWhatWasSentToWebhooksGoesWithItsEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO webhooks (id, owner_id, url, description, event_types, sealed_secret, free_at, created_at, updated_at)
		SELECT gen_random_uuid(), $1, '', '', '{}', '', $2, $2, $2`, w.ada, noon)
	for name, at := range map[string]time.Time{"old": noon.Add(-keep.WebhookEvents - microsecond), "just": noon.Add(-keep.WebhookEvents)} {
		w.exec(`WITH made AS (INSERT INTO webhook_events (owner_id, type, data, occurred_at) VALUES ($1, $2, '{}', $3) RETURNING id)
			INSERT INTO webhook_deliveries (webhook_id, event_id, state, problem, give_up_at, created_at, ended_at)
			SELECT w.id, made.id, 'delivered', '', $3, $3, $3 FROM made, webhooks w`, w.ada, name, at)
	}
	for _, d := range []time.Duration{keepCounts + microsecond, keepCounts} {
		w.exec(`INSERT INTO webhook_counts (owner_id, day, deliveries) VALUES ($1, $2, 1)`, w.ada, noon.Add(-d))
	}
	w.sweep(0)
	require.Equal(t, 1, w.count(`SELECT count(*) FROM webhook_events WHERE type = 'just'`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM webhook_events`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM webhook_deliveries`))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM webhook_counts`))
}
