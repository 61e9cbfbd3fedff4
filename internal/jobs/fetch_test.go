package jobs

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Main(m)) }

// Jobs that were taken are running, as far as the database knows: a failure to take others must not lose them.
func TestJobsThatWereTakenAreWorkedThoughTheNextLookFails(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	l.wait(2*mostHeads, lineOf(uuid.New()))
	l.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF EXISTS (SELECT FROM river.river_job WHERE state = 'running') THEN RAISE 'the second look fails'; END IF;
		RETURN NULL;
	END $$`)
	l.exec(`CREATE TRIGGER refuse BEFORE UPDATE ON river.river_job FOR EACH STATEMENT EXECUTE FUNCTION refuse()`)
	process := l.process()
	ids, _ := l.fetch(process, 2*mostHeads)
	require.Len(t, ids, mostHeads)
	_, err := process.JobGetAvailable(t.Context(), &riverdriver.JobGetAvailableParams{MaxToLock: 1, MaxAttemptedBy: 100})
	require.ErrorContains(t, err, "the second look fails")
}

// The rows of a statement arrive before it is committed: those of one that failed then were worked, though nothing had begun them.
func TestJobsAreTakenOnlyWhereTheirStatementIsCommitted(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	l.wait(3*mostHeads, lineOf(uuid.New()))
	l.exec(fmt.Sprintf(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF (SELECT count(*) FROM river.river_job WHERE state = 'running') > %d THEN RAISE 'it can''t be committed'; END IF;
		RETURN NULL;
	END $$`, mostHeads))
	l.exec(`CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON river.river_job DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION refuse()`)
	process := l.process()
	ids, _ := l.fetch(process, 2*mostHeads)
	require.Len(t, ids, mostHeads, "those of the first look are committed")
	rows, err := l.store.Query(t.Context(), `SELECT id FROM river.river_job WHERE state = 'running'`)
	require.NoError(t, err)
	running, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	require.ElementsMatch(t, running, ids)

	taken, err := process.JobGetAvailable(t.Context(), &riverdriver.JobGetAvailableParams{MaxToLock: 1, MaxAttemptedBy: 100})
	require.ErrorContains(t, err, "it can't be committed")
	require.Nil(t, taken)
}

// A job is begun as River's own statement begins it, and read as River reads it.
func TestAJobIsBegunAsRiverBeginsIt(t *testing.T) {
	t.Parallel()
	for name, earlier := range map[string]int{"for the first time": 0, "again": 2, "for the hundredth time": 99, "more often than is kept": 150} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLines(t)
			var by []string
			var errors [][]byte
			for n := range earlier {
				by = append(by, fmt.Sprint("earlier ", n))
				text, err := json.Marshal(map[string]any{"at": time.Now(), "attempt": n, "error": "the network", "trace": ""})
				require.NoError(t, err)
				errors = append(errors, text)
			}
			line := lineOf(uuid.New())
			l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts, metadata, tags, attempt, attempted_by, errors)
				SELECT 'available', $1, 'test', '{"a": 1}', 900, '{"b": 2}', '{some,tags}', $2, $3, $4 FROM generate_series(1, 2)`,
				line, earlier, by, errors)
			process := l.process()
			params := &riverdriver.JobGetAvailableParams{
				ClientID: process.turns.self, MaxAttemptedBy: 100, MaxToLock: 1, Queue: line, Schema: postgres.JobSchema,
			}
			rivers, err := process.Executor.JobGetAvailable(t.Context(), params)
			require.NoError(t, err)
			ours, err := process.JobGetAvailable(t.Context(), params)
			require.NoError(t, err)
			require.Len(t, rivers.Jobs, 1)
			require.Len(t, ours.Jobs, 1)
			require.Equal(t, *rivers.Jobs[0].AttemptedAt, rivers.Jobs[0].AttemptedAt.UTC())
			require.WithinDuration(t, *rivers.Jobs[0].AttemptedAt, *ours.Jobs[0].AttemptedAt, time.Minute)
			read, err := process.JobGetByID(t.Context(), &riverdriver.JobGetByIDParams{ID: ours.Jobs[0].ID, Schema: postgres.JobSchema})
			require.NoError(t, err)
			require.Equal(t, read, ours.Jobs[0])

			rivers.Jobs[0].ID, rivers.Jobs[0].AttemptedAt = ours.Jobs[0].ID, ours.Jobs[0].AttemptedAt
			require.Equal(t, rivers.Jobs, ours.Jobs)
		})
	}
}

// One whose errors nobody can read is running all the same: River ends it.
func TestAJobWithUnreadableErrorsIsTaken(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts, errors)
		VALUES ('available', 'owner-1', 'test', '{}', 9, ARRAY[NULL]::jsonb[]), ('available', 'owner-2', 'test', '{}', 9, NULL)`)
	taken, err := l.process().JobGetAvailable(t.Context(), &riverdriver.JobGetAvailableParams{MaxToLock: 2, MaxAttemptedBy: 100})
	require.NoError(t, err)
	require.Len(t, taken.Jobs, 2)
	require.Len(t, taken.DecodeErrors, 1)
	require.Empty(t, taken.Jobs[0].Errors)
	require.ErrorContains(t, taken.DecodeErrors[taken.Jobs[0].ID], "earlier error")
}

// Only kinds that the process knows are taken where River asks for that, and what others have locked is passed over.
func TestWhatIsLockedOrUnknownIsPassedOver(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	l.wait(5, "owner-1")
	l.exec(`UPDATE river.river_job SET kind = 'another' WHERE id = (SELECT min(id) FROM river.river_job)`)
	require.NoError(t, l.store.InTx(t.Context(), func(tx *postgres.Tx) error {
		var locked int64
		err := tx.QueryRow(t.Context(), `SELECT id FROM river.river_job WHERE kind = 'test' ORDER BY id LIMIT 1 FOR UPDATE`).Scan(&locked)
		require.NoError(t, err)
		taken, err := l.process().JobGetAvailable(t.Context(),
			&riverdriver.JobGetAvailableParams{MaxToLock: 2, MaxAttemptedBy: 100, Kind: []string{"test"}})
		require.NoError(t, err)
		var ids []int64
		for _, job := range taken.Jobs {
			require.Equal(t, "test", job.Kind)
			ids = append(ids, job.ID)
		}
		require.Len(t, ids, 2)
		require.NotContains(t, ids, locked)
		require.True(t, slices.IsSorted(ids))
		return nil
	}))
}
