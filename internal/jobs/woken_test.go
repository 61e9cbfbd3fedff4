package jobs

import (
	"testing"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/postgres"
)

// Whoever looks, or takes over from a process that died, at the very moment at which a job falls asleep that was woken while it ran
// finds it running yet, or awake.
func TestAJobThatWasWokenIsNeverSeenAsleep(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ then, state string }{
		"the process goes on": {`SELECT pg_advisory_unlock(1)`, "available"},
		"its connection is lost": {`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`, "running"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLines(t)
			l.exec(`CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$`)
			l.exec(`CREATE TRIGGER halt BEFORE UPDATE ON river.river_job FOR EACH ROW
				WHEN (OLD.state = 'scheduled' AND NEW.state = 'available') EXECUTE FUNCTION halt()`)
			var id int64
			require.NoError(t, l.store.QueryRow(t.Context(), `INSERT INTO river.river_job
				(state, queue, kind, args, max_attempts, attempt, attempted_at, attempted_by, metadata)
				VALUES ('running', 'owner-1', 'test', '{}', 9, 1, now(), '{me}', $1) RETURNING id`, `{"`+wokenMark+`": true}`).Scan(&id))
			watcher, err := l.store.Pool().Acquire(t.Context())
			require.NoError(t, err)
			defer watcher.Release()
			_, err = watcher.Exec(t.Context(), `SELECT pg_advisory_lock(1)`)
			require.NoError(t, err)
			state := func() (state string) {
				require.NoError(t, watcher.QueryRow(t.Context(), `SELECT state FROM river.river_job WHERE id = $1`, id).Scan(&state))
				return state
			}

			ended := make(chan error, 1)
			process := l.process()
			go func() {
				asleep := riverdriver.JobSetStateSnoozed(id, time.Now().Add(time.Hour), 1, []byte(`{"snoozes": 1}`))
				_, err := process.JobSetStateIfRunningMany(t.Context(), &riverdriver.JobSetStateIfRunningManyParams{
					ID: []int64{asleep.ID}, Attempt: []*int{asleep.Attempt}, ErrData: [][]byte{nil}, FinalizedAt: []*time.Time{nil},
					MetadataDoMerge: []bool{true}, MetadataUpdates: [][]byte{asleep.MetadataUpdates},
					ScheduledAt: []*time.Time{asleep.ScheduledAt}, Schema: postgres.JobSchema, State: []rivertype.JobState{asleep.State},
				})
				ended <- err
			}()
			require.Eventually(t, func() (halted bool) {
				require.NoError(t, watcher.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
					WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&halted))
				return halted
			}, time.Minute, 10*time.Millisecond)
			require.Equal(t, "running", state())

			_, err = watcher.Exec(t.Context(), c.then)
			require.NoError(t, err)
			require.Equal(t, c.state == "available", <-ended == nil)
			require.Equal(t, c.state, state())
			var marked bool
			require.NoError(t, watcher.QueryRow(t.Context(), `SELECT metadata ? $2 FROM river.river_job WHERE id = $1`, id, wokenMark).Scan(&marked))
			require.Equal(t, c.state == "running", marked, "whoever rescues it finds that it was woken")
		})
	}
}
