package origin_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/devdb"
	"github.com/postwright/postwright/internal/fault"
	"github.com/postwright/postwright/internal/origin"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

var quiet = slog.New(slog.DiscardHandler)

func open(t *testing.T, databaseURL string) *postgres.Store {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = databaseURL, 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, quiet)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store
}

func standing(t *testing.T, s *origin.Service) origin.Standing {
	t.Helper()
	found, err := s.Standing(t.Context())
	require.NoError(t, err)
	return found
}

func release(t *testing.T, store *postgres.Store, s *origin.Service, review bool) error {
	t.Helper()
	return store.InTx(t.Context(), func(tx *postgres.Tx) error { return s.Release(t.Context(), tx, review) })
}

// watchOnce lets a process say once that all is as it was.
func watchOnce(t *testing.T, s *origin.Service, store *postgres.Store) {
	t.Helper()
	var before, after time.Time
	read := func(into *time.Time) {
		require.NoError(t, store.Pool().QueryRow(t.Context(), `SELECT seen_at FROM database_origin`).Scan(into))
	}
	standing(t, s)
	read(&before)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Watch(ctx) }()
	require.Eventually(t, func() bool { read(&after); return after.After(before) }, time.Minute, 5*time.Millisecond)
	cancel()
	<-ended
}

func TestOrdinaryDaysHoldNothing(t *testing.T) {
	t.Parallel()
	store := open(t, dbtest.New(t))
	for _, day := range []string{"the first", "a restart", "another one"} {
		s := origin.New(store, time.Now, quiet)
		require.Nil(t, standing(t, s).Hold, day)
		watchOnce(t, s, store)
		require.Nil(t, standing(t, s).Hold, day)
	}
	for _, sql := range []string{"VACUUM (FREEZE, FULL) database_origin", "REINDEX TABLE database_origin", "CHECKPOINT", "ANALYZE"} {
		_, err := store.Pool().Exec(t.Context(), sql)
		require.NoError(t, err)
		require.Nil(t, standing(t, origin.New(store, time.Now, quiet)).Hold, sql)
	}
}

func TestWhatIsHeldStaysSoUntilItIsReleased(t *testing.T) {
	t.Parallel()
	store := open(t, dbtest.New(t))
	s := origin.New(store, time.Now, quiet)
	require.True(t, fault.Is(release(t, store, s, true), fault.Precondition), "nothing is held")
	require.NoError(t, s.Hold(t.Context()))
	held := standing(t, origin.New(store, time.Now, quiet)).Hold
	require.NotNil(t, held)
	require.Equal(t, origin.ByHand, held.Reason)
	require.NoError(t, s.Hold(t.Context()), "again")
	require.Equal(t, held.Since, standing(t, s).Hold.Since)
	require.NoError(t, release(t, store, s, true))
	reviewed := standing(t, s)
	require.Nil(t, reviewed.Hold)
	require.Equal(t, held.Since, reviewed.Review.ApprovedBefore)
	require.NoError(t, s.Hold(t.Context()))
	require.NoError(t, release(t, store, s, false))
	require.Equal(t, reviewed, standing(t, s), "what may have been sent before is still not sent")
}

// A server whose disk was put back keeps its identity: processes that went on running remember what it said.
func TestARunningProcessNoticesThatTheDataWentBack(t *testing.T) {
	t.Parallel()
	store := open(t, dbtest.New(t))
	s := origin.New(store, time.Now, quiet)
	watchOnce(t, s, store)
	_, err := store.Pool().Exec(
		t.Context(),
		`UPDATE database_origin SET seen_at = seen_at - interval '1 second', written_by = pg_current_xact_id()::xid::text`,
	)
	require.NoError(t, err)
	require.Nil(t, standing(t, origin.New(store, time.Now, quiet)).Hold, "one that starts now can't know")
	require.Equal(t, origin.RolledBack, standing(t, s).Hold.Reason)
	require.NotNil(t, standing(t, origin.New(store, time.Now, quiet)).Hold, "all know it then")
	require.NoError(t, release(t, store, s, false))
	require.Nil(t, standing(t, s).Hold)
}

// Managed servers may keep their control file from their users: what is left still tells a dump that was restored.
func TestWhatAPlainRoleSeesOfThePlace(t *testing.T) {
	t.Parallel()
	store := open(t, dbtest.New(t))
	_, err := store.Pool().Exec(t.Context(), `CREATE ROLE plain`)
	require.NoError(t, err)
	for _, c := range []struct{ before, place string }{
		{`SELECT`, `^cluster [0-9]+ timeline [0-9A-F]{8} database [0-9]+$`},
		{`REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`, `^cluster unknown timeline [0-9A-F]{8} database [0-9]+$`},
		{`REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM PUBLIC`, `^cluster unknown timeline unknown database [0-9]+$`},
	} {
		_, err := store.Pool().Exec(t.Context(), c.before)
		require.NoError(t, err)
		var place string
		require.NoError(t, store.InTx(t.Context(), func(tx *postgres.Tx) error {
			if _, err := tx.Exec(t.Context(), `SET LOCAL ROLE plain`); err != nil {
				return err
			}
			return tx.QueryRow(t.Context(), `SELECT database_place()`).Scan(&place)
		}))
		require.Regexp(t, c.place, place)
	}
}

// A backup of the cluster's files that is recovered is on a timeline of its own: so is a replica that takes over.
func TestACopyOfTheClusterThatIsRecoveredIsHeld(t *testing.T) {
	t.Parallel()
	at := func(dir, seed string) (*origin.Service, func()) {
		server, err := devdb.Start(t.Context(), devdb.Options{Dir: dir, Seed: seed, Settings: map[string]string{
			"fsync": "off", "restore_command": "false", "hot_standby": "off", // nobody is let in before the recovery's end
		}})
		require.NoError(t, err)
		stop := func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) }
		t.Cleanup(stop)
		require.NoError(t, server.EnsureDatabase(t.Context(), "postwright"))
		require.NoError(t, postgres.Migrate(t.Context(), server.URL("postwright"), quiet))
		return origin.New(open(t, server.URL("postwright")), time.Now, quiet), stop
	}
	first, second := folder(t), folder(t)
	s, stop := at(first, "")
	require.Nil(t, standing(t, s).Hold)
	stop()
	s, stop = at(first, "")
	require.Nil(t, standing(t, s).Hold, "a restart")
	stop()
	signal := filepath.Join(first, "data", "recovery.signal")
	require.NoError(t, os.WriteFile(signal, nil, 0o600))
	require.NoError(t, os.Chmod(signal, 0o666)) // PostgreSQL's account removes it
	s, _ = at(second, first)
	require.Equal(t, origin.Moved, standing(t, s).Hold.Reason)
}

// folder is one that PostgreSQL's account can enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "postwright-origin-") //nolint:usetesting // the parents of t.TempDir are closed to others
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	return dir
}
