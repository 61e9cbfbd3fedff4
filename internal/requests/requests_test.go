package requests_test

import (
	"context"
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
	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/requests"
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
	user, err := db.New().UserInsert(t.Context(), store, db.UserInsertParams{ID: uuid.New(), Email: "ada@example.org", EmailKey: "ada@example.org", CreatedAt: noon})
	require.NoError(t, err)
	return store, user.ID
}

// claim claims in a transaction of its own, which ends with failure.
func claim(t *testing.T, store *postgres.Store, key requests.Key, content any, ids []uuid.UUID, failure error) (earlier []uuid.UUID, err error) {
	t.Helper()
	err = store.InTx(t.Context(), func(tx *postgres.Tx) error {
		var err error
		if earlier, err = requests.Claim(t.Context(), tx, key, content, ids, noon); err != nil {
			return err
		}
		return failure
	})
	return earlier, err
}

func TestACallIsClaimedOnce(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	key := requests.Key{OwnerID: ada, Operation: "CreatePost", RequestID: "r1"}
	ids := []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}

	earlier, err := claim(t, store, key, "content", ids, nil)
	require.NoError(t, err)
	require.Nil(t, earlier, "it is the caller's to do")

	earlier, err = claim(t, store, key, "content", []uuid.UUID{uuid.New()}, nil)
	require.NoError(t, err)
	require.Equal(t, ids, earlier, "what it was about then, in its order")

	_, err = claim(t, store, key, "other content", ids, nil)
	require.True(t, fault.Is(err, fault.Invalid), "%v", err)
	require.Equal(t, "requestId", fault.Of(err).Fields[0].Path)
}

func TestAnotherCallIsClaimedByItself(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	bob, err := db.New().UserInsert(t.Context(), store, db.UserInsertParams{ID: uuid.New(), Email: "bob@example.org", EmailKey: "bob@example.org", CreatedAt: noon})
	require.NoError(t, err)
	for name, key := range map[string]requests.Key{
		"the first":         {OwnerID: ada, Operation: "CreatePost", RequestID: "r1"},
		"another id":        {OwnerID: ada, Operation: "CreatePost", RequestID: "R1"},
		"another operation": {OwnerID: ada, Operation: "PublishPost", RequestID: "r1"},
		"another owner":     {OwnerID: bob.ID, Operation: "CreatePost", RequestID: "r1"},
	} {
		earlier, err := claim(t, store, key, name, []uuid.UUID{uuid.New()}, nil)
		require.NoError(t, err, name)
		require.Nil(t, earlier, name)
	}
}

func TestWithoutARequestIDNothingIsClaimed(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	for _, content := range []string{"one", "another"} {
		earlier, err := claim(t, store, requests.Key{OwnerID: ada, Operation: "CreatePost"}, content, []uuid.UUID{uuid.New()}, nil)
		require.NoError(t, err)
		require.Nil(t, earlier)
	}
}

func TestAClaimGoesWithItsTransaction(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	key := requests.Key{OwnerID: ada, Operation: "CreatePost", RequestID: "r1"}
	broken := errors.New("the work failed")
	_, err := claim(t, store, key, "content", []uuid.UUID{uuid.New()}, broken)
	require.ErrorIs(t, err, broken)
	earlier, err := claim(t, store, key, "other content", []uuid.UUID{uuid.New()}, nil)
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
			key := requests.Key{OwnerID: ada, Operation: "CreatePost", RequestID: "r1"}
			first := []uuid.UUID{uuid.New()}
			type result struct {
				earlier []uuid.UUID
				err     error
			}
			second := make(chan result, 1)
			err := store.InTx(t.Context(), func(tx *postgres.Tx) error {
				if _, err := requests.Claim(t.Context(), tx, key, "content", first, noon); err != nil {
					return err
				}
				go func() {
					earlier, err := claim(t, store, key, "content", []uuid.UUID{uuid.New()}, nil)
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
	key := requests.Key{OwnerID: ada, Operation: "CreatePost", RequestID: "r1"}
	_, err := claim(t, store, key, "content", []uuid.UUID{uuid.New()}, nil)
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
		earlier, err := claim(t, store, key, "content", ids, nil)
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
	earlier, err := claim(t, store, key, "content", []uuid.UUID{uuid.New()}, nil)
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

func TestContentThatCannotBeHashedClaimsNothing(t *testing.T) {
	t.Parallel()
	store, ada := newStore(t)
	_, err := claim(t, store, requests.Key{OwnerID: ada, Operation: "CreatePost", RequestID: "r1"}, func() {}, nil, nil)
	require.ErrorContains(t, err, "encode the request")
}

func TestARequestIDIsAShortText(t *testing.T) {
	t.Parallel()
	for id, fine := range map[string]bool{
		"": true, "r1": true, strings.Repeat("é", requests.MaxIDLength): true,
		strings.Repeat("a", requests.MaxIDLength+1): false, "a\x00": false, "\xff": false,
	} {
		faults := requests.Faults(id)
		if fine {
			require.Empty(t, faults, "%q", id)
			continue
		}
		require.Len(t, faults, 1, "%q", id)
		require.Equal(t, "requestId", faults[0].Path)
	}
}
