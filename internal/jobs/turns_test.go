package jobs

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/postwright/postwright/internal/dbtest"
	"github.com/postwright/postwright/internal/postgres"
)

// lines is a database with jobs in it, and how a process fetches them.
type lines struct {
	t     *testing.T
	store *postgres.Store
}

func newLines(t *testing.T) lines {
	t.Helper()
	cfg := postgres.Defaults()
	cfg.URL, cfg.MinConns = dbtest.New(t), 0
	store, err := postgres.Open(t.Context(), cfg, postgres.Unobserved{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return lines{t: t, store: store}
}

func (l lines) exec(sql string, args ...any) {
	l.t.Helper()
	_, err := l.store.Exec(l.t.Context(), sql, args...)
	require.NoError(l.t, err)
}

// wait puts so many jobs into each of some lines.
func (l lines) wait(jobs int, in ...string) {
	l.t.Helper()
	l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts) SELECT 'available', line, 'test', '{}', 9
		FROM generate_series(1, $1) AS n, unnest($2::text[]) AS line ORDER BY n`, jobs, in)
}

// process is one that fetches jobs.
func (l lines) process() fetcher {
	return fetcher{
		Executor: riverpgxv5.New(l.store.Pool()).GetExecutor(),
		turns:    &turns{store: l.store, self: uuid.NewString(), log: slog.New(slog.DiscardHandler), wakeups: &wakeups{now: time.Now}},
	}
}

// fetch takes most jobs at most, and returns their ids and the lines that they come from.
func (l lines) fetch(process fetcher, most int) (ids []int64, from []string) {
	l.t.Helper()
	taken, err := process.JobGetAvailable(l.t.Context(), &riverdriver.JobGetAvailableParams{
		ClientID: process.turns.self, MaxAttemptedBy: 100, MaxToLock: most, Schema: postgres.JobSchema,
	})
	require.NoError(l.t, err)
	for _, job := range taken.Jobs {
		require.Equal(l.t, rivertype.JobStateRunning, job.State)
		ids, from = append(ids, job.ID), append(from, job.Queue)
	}
	return ids, from
}

func (l lines) complete(ids []int64) {
	l.t.Helper()
	l.exec(`UPDATE river.river_job SET state = 'completed', finalized_at = now() WHERE id = ANY ($1)`, ids)
}

// More lines than one fetch looks at, with several jobs each: every owner is served once before most are served often,
// however few workers there are, and though what has just ended counts as running for a moment yet.
func TestEveryOwnerIsServedHoweverManyWait(t *testing.T) {
	t.Parallel()
	const owners = mostLines + 50
	for name, c := range map[string]struct{ processes, room int }{
		"a lone worker": {1, 1}, "several workers": {1, 7}, "many workers": {1, 60},
		"two processes with a worker each": {2, 1}, "two processes with several": {2, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLines(t)
			var names []string
			for range owners {
				names = append(names, lineOf(uuid.New()))
			}
			l.wait(10, names...)
			var processes []fetcher
			for range c.processes {
				processes = append(processes, l.process())
				l.exec(`INSERT INTO workers VALUES ($1, now(), now())`, processes[len(processes)-1].turns.self)
			}
			served, jobs, all := map[string]int{}, 0, 0
			ended := make([][]int64, len(processes))
			for jobs < 3*owners {
				for i, process := range processes {
					ids, from := l.fetch(process, c.room)
					require.NotEmpty(t, ids)
					l.complete(ended[i])
					ended[i] = ids
					for _, line := range from {
						served[line]++
					}
					if jobs += len(ids); all == 0 && len(served) == owners {
						all = jobs
					}
				}
			}
			require.NotZero(t, all, "after %d jobs %d of %d owners had been served", jobs, len(served), owners)
			require.LessOrEqual(t, all, owners+c.room*c.processes, "every owner is served in the first round")
			for line, n := range served {
				require.InDelta(t, 3, n, 2, line)
			}
		})
	}
}

// Two processes go round the owners together, wherever each of them begins: while one owner's job waits, each of the others
// begins one at most, as with one process of as many workers. If each went round by itself, an owner whom both have just passed
// would wait until one of them is round, and the other owners would begin two meanwhile.
func TestTwoProcessesMakeNobodyWaitLongerThanOne(t *testing.T) {
	t.Parallel()
	const owners = 50
	for _, room := range []int{1, 4} {
		for _, ahead := range []int{0, 1, 5, 25, 44, 48} {
			t.Run(fmt.Sprintf("%d workers each, one process %d calls ahead", room, ahead), func(t *testing.T) {
				t.Parallel()
				l := newLines(t)
				var names []string
				for n := range owners {
					names = append(names, fmt.Sprintf("owner-%02d", n))
				}
				l.wait(20, names[1:]...)
				processes := []fetcher{l.process(), l.process()}
				for _, p := range processes {
					l.exec(`INSERT INTO workers VALUES ($1, now(), now())`, p.turns.self)
				}
				under := make([][]int64, len(processes))
				// What has just ended is counted as running for a moment yet.
				step := func(i int) (from []string) {
					ids, from := l.fetch(processes[i], room)
					require.Len(t, ids, room)
					l.complete(under[i])
					under[i] = ids
					return from
				}
				step(1)
				for range 1 + ahead {
					step(0)
				}
				l.wait(1, names[0])
				begun, calls := map[string]int{}, 0
				for begun[names[0]] == 0 {
					for i := range processes {
						for _, line := range step(i) {
							begun[line]++
							calls++
						}
					}
					require.LessOrEqual(t, calls, 3*owners)
				}
				t.Logf("%d calls had begun", calls)
				for line, n := range begun {
					require.LessOrEqual(t, n, 1, line)
				}
			})
		}
	}
}

// The jobs of a process that is gone are running, as far as River knows, until they are rescued: they don't keep their owner
// waiting all that time.
func TestWhatAProcessThatIsGoneRanCountsNoMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		seen   string // when the process was last heard of; never, when empty
		counts bool
	}{
		"a process that took itself off the list":        {"", false},
		"a process that has missed its beats":            {"now() - interval '7 seconds'", false},
		"a process that was heard of as often as others": {"now() - interval '2 seconds'", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLines(t)
			x, y, z := lineOf(uuid.New()), lineOf(uuid.New()), lineOf(uuid.New())
			other := uuid.NewString()
			if c.seen != "" {
				l.exec(`INSERT INTO workers VALUES ($1, now(), `+c.seen+`)`, other)
			}
			l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts, attempt, attempted_at, attempted_by)
				SELECT 'running', $1, 'test', '{}', 9, 2, now(), ARRAY['earlier', $2] FROM generate_series(1, 10)`, x, other)
			l.wait(300, y, z)
			l.wait(1, x)
			_, from := l.fetch(l.process(), 10)
			require.Len(t, from, 10)
			require.Equal(t, !c.counts, slices.Contains(from, x))
		})
	}
}

// What this process runs counts before it has said for the first time that it works.
func TestWhatAProcessRunsItselfCounts(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	loud, quiet := lineOf(uuid.New()), lineOf(uuid.New())
	process := l.process()
	l.wait(20, loud)
	l.fetch(process, 5)
	l.wait(5, quiet)
	_, from := l.fetch(process, 4)
	require.Equal(t, []string{quiet, quiet, quiet, quiet}, from)
}

// A look ends at the lines that are served next, however many wait: it passes only those whose jobs run already, or are not due.
func TestALookEndsAtWhoIsNext(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	names := make([]string, 100)
	for n := range names {
		names[n] = fmt.Sprintf("owner-%03d", n)
	}
	l.wait(5, names...)
	process := l.process()
	l.fetch(process, 4)
	process.turns.served = ""
	l.exec(`UPDATE river.river_job SET scheduled_at = now() + interval '1 hour' WHERE queue IN ('owner-004', 'owner-006')`)
	next, err := process.turns.next(t.Context(), 3)
	require.NoError(t, err)
	var lines []string
	for _, turn := range next[len(next)-3:] {
		require.Equal(t, 1, turn.jobs)
		lines = append(lines, turn.line)
	}
	require.Equal(t, []string{"owner-005", "owner-007", "owner-008"}, lines)
	require.Len(t, next, 4+2+3, "none behind the last was looked at")
}

// A look shows a few jobs of each line: a lone owner with a long line has all the workers nevertheless.
func TestALongLineFillsAllWorkers(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	l.wait(300, lineOf(uuid.New()))
	l.wait(1, lineOf(uuid.New()))
	ids, _ := l.fetch(l.process(), 5*mostHeads)
	require.Len(t, ids, 5*mostHeads)
}

// As many lines as a fetch looks at, whose jobs are not due yet, don't hide the one behind them, whoever else works before them.
func TestLinesThatAreNotDueHideNobody(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]int{"a process alone": 0, "another process runs a job": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLines(t)
			l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts, attempt, attempted_at, attempted_by)
				SELECT 'running', 'owner-', 'test', '{}', 9, 1, now(), ARRAY['other'] FROM generate_series(1, $1)`, running)
			l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts, scheduled_at)
				SELECT 'available', 'owner-0' || n, 'test', '{}', 9, $1 FROM generate_series(1, $2) AS n`,
				time.Now().Add(time.Hour), mostLines)
			l.wait(1, "owner-1")
			process := l.process()
			_, first := l.fetch(process, 3)
			_, second := l.fetch(process, 3)
			require.Equal(t, []string{"owner-1"}, append(first, second...))
		})
	}
}
