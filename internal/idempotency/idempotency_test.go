package idempotency_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/gen/db"
	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/idempotency"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newStore(t *testing.T) (*postgres.Store, uuid.UUID) {
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
	return store, user.ID
}

// request is one with an id, whose hash is of the content.
func request(id, content string) idempotency.Request {
	return idempotency.Request{ID: id, Hash: sha256.Sum256([]byte(content))}
}

// claim claims in a transaction of its own, which ends with failure.
func claim(t *testing.T, store *postgres.Store, call idempotency.Call, ids []uuid.UUID, failure error) (earlier []uuid.UUID, err error) {
	t.Helper()
	err = store.InTx(t.Context(), func(tx *postgres.Tx) error {
		var err error
		if earlier, err = idempotency.Claim(t.Context(), tx, call, ids, noon); err != nil {
			return err
		}
		return failure
	})
	return earlier, err
}

func TestACallIsClaimedOnce(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: request("r1", "content")}
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}

	earlier, err := claim(t, store, call, ids, nil)
	require.NoError(t, err)
	require.Nil(t, earlier, "it is the caller's to do")

	earlier, err = claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	require.Equal(t, ids, earlier, "what it was about then, in its order")

	call.Request = request("r1", "other content")
	_, err = claim(t, store, call, ids, nil)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.Equal(t, "requestId", fault.Of(err).Fields[0].Path)
}

func TestAnotherCallIsClaimedByItself(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	bob, err := db.New().UserInsert(
		t.Context(),
		store,
		db.UserInsertParams{ID: uuid.New(), Email: "bob@example.org", EmailKey: "bob@example.org", CreatedAt: noon},
	)
	require.NoError(t, err)
	for name, call := range map[string]idempotency.Call{
		"the first":         {OwnerID: ada, Operation: "CreatePost", Request: request("r1", "content")},
		"another id":        {OwnerID: ada, Operation: "CreatePost", Request: request("R1", "content")},
		"another operation": {OwnerID: ada, Operation: "PublishPost", Request: request("r1", "content")},
		"another owner":     {OwnerID: bob.ID, Operation: "CreatePost", Request: request("r1", "content")},
	} {
		earlier, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
		require.NoError(t, err, name)
		require.Nil(t, earlier, name)
	}
}

func TestWithoutARequestIDNothingIsClaimed(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	for _, content := range []string{"one", "another"} {
		call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: request("", content)}
		earlier, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
		require.NoError(t, err)
		require.Nil(t, earlier)
	}
}

func TestAClaimGoesWithItsTransaction(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: request("r1", "content")}
	broken := errors.New("the work failed")
	_, err := claim(t, store, call, []uuid.UUID{uuid.New()}, broken)
	require.ErrorIs(t, err, broken)
	call.Request = request("r1", "other content")
	earlier, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	require.Nil(t, earlier)
}

func TestAClaimWaitsForTheOneUnderWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure error // of the first
		repeats bool  // the second
	}{
		"that is kept":   {nil, true},
		"that goes back": {errors.New("the work failed"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, ada := newStore(t)
			call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: request("r1", "content")}
			first := []uuid.UUID{uuid.New()}
			type result struct {
				earlier []uuid.UUID
				err     error
			}
			second := make(chan result, 1)
			err := store.InTx(t.Context(), func(tx *postgres.Tx) error {
				if _, err := idempotency.Claim(t.Context(), tx, call, first, noon); err != nil {
					return err
				}
				go func() {
					earlier, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
					second <- result{earlier, err}
				}()
				require.Eventually(t, func() bool { return waiting(t.Context(), store) }, time.Minute, 5*time.Millisecond)
				require.Empty(t, second)
				return c.failure
			})
			require.Equal(t, c.failure, err)
			got := <-second
			require.NoError(t, got.err)
			if c.repeats {
				require.Equal(t, first, got.earlier)
			} else {
				require.Nil(t, got.earlier)
			}
		})
	}
}

// A request id that is forgotten between the two statements of a claim is free: the claim takes it.
func TestARequestIDThatIsForgottenDuringTheClaimIsFree(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: request("r1", "content")}
	_, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	// After the insert, which has met the row, the claim waits here.
	for _, sql := range []string{
		`CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$`,
		`CREATE TRIGGER wait AFTER INSERT ON requests FOR EACH STATEMENT EXECUTE FUNCTION wait()`,
	} {
		_, err := store.Pool().Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	holder, err := store.Pool().Begin(t.Context())
	require.NoError(t, err)
	_, err = holder.Exec(t.Context(), `SELECT pg_advisory_xact_lock(1)`)
	require.NoError(t, err)
	ids := []uuid.UUID{uuid.New()}
	ended := make(chan error, 1)
	go func() {
		earlier, err := claim(t, store, call, ids, nil)
		if earlier != nil {
			err = errors.Join(err, errors.New("the old answer was given"))
		}
		ended <- err
	}()
	require.Eventually(t, func() bool { return waiting(t.Context(), store) }, time.Minute, 5*time.Millisecond)
	_, err = store.Pool().Exec(t.Context(), `DELETE FROM requests`)
	require.NoError(t, err)
	require.NoError(t, holder.Commit(t.Context()))
	require.NoError(t, <-ended)
	earlier, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	require.Equal(t, ids, earlier)
}

// waiting reports whether a transaction of this database waits for another's.
func waiting(ctx context.Context, store *postgres.Store) bool {
	var waits bool
	err := store.Pool().QueryRow(ctx,
		"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waits)
	return err == nil && waits
}

func TestARequestIDWithoutAHashClaimsNothing(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: idempotency.Request{ID: "r1"}}
	_, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.ErrorContains(t, err, "without the hash")
}

// A build from before the hashes of messages wrote its row without a version. Its hash can't be compared with ours.
func TestARepeatOverADeploymentGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	ids := []uuid.UUID{uuid.New(), uuid.New()}
	_, err := store.Pool().Exec(t.Context(), `INSERT INTO requests (owner_id, operation, request_id, request_hash, post_ids, created_at)
		VALUES ($1, 'BatchCreatePosts', 'r1', sha256('[]'), $2, $3)`, ada, ids, noon)
	require.NoError(t, err)
	call := idempotency.Call{OwnerID: ada, Operation: "BatchCreatePosts", Request: request("r1", "content")}
	earlier, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	require.Equal(t, ids, earlier)
}

// What an older build compares is not equal to what it would have written: it refuses, and has no second effect.
func TestAClaimTellsWhatItsHashIsOf(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	call := idempotency.Call{OwnerID: ada, Operation: "CreatePost", Request: request("r1", "content")}
	_, err := claim(t, store, call, []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	row, err := db.New().RequestGet(t.Context(), store, db.RequestGetParams{OwnerID: ada, Operation: "CreatePost", RequestID: "r1"})
	require.NoError(t, err)
	require.EqualValues(t, 2, row.HashVersion)
	require.Equal(t, call.Request.Hash[:], row.RequestHash)
}

func TestARequestIDIsAShortText(t *testing.T) {
	t.Parallel()
	for id, fine := range map[string]bool{
		"": true, "r1": true, strings.Repeat("é", idempotency.MaxIDLength): true,
		strings.Repeat("a", idempotency.MaxIDLength+1): false, "a\x00": false, "\xff": false,
	} {
		faults := idempotency.Request{ID: id}.Faults()
		if fine {
			require.Empty(t, faults, "%q", id)
			continue
		}
		require.Len(t, faults, 1, "%q", id)
		require.Equal(t, "requestId", faults[0].Path)
	}
}
