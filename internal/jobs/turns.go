package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"github.com/postwright/postwright/internal/postgres"
)

// Bounds of one look, which finds lines and their heads by index.
const (
	// mostLines is how many lines it looks at, beginning behind the one that was served last.
	mostLines = 200
	// mostHeads is how many jobs it looks at in each.
	mostHeads = 20
)

// turns knows whose turn it is.
type turns struct {
	store *postgres.Store
	self  string // this process, as jobs and the list of those who work name it
	log   *slog.Logger
	// wakeups say when it is worth asking.
	wakeups *wakeups

	mu sync.Mutex
	// served is the line that was served last, or looked at in vain since, as far as this process knows; at is when, by the
	// database's clock.
	served string
	at     time.Time
}

// turn is how many jobs of a line are next.
type turn struct {
	line string
	jobs int
	due  time.Duration // until the time of the line's first job comes
}

// jobTurns finds the lines in which jobs wait, in turn: the first one behind that which was served last, and so on round to
// it, $3 lines at most, and no further than until it has found $1 whose first job is due and of whose jobs none runs: no other
// line has a job that is before theirs. All processes go round together: the line of the job that another has begun last counts,
// if that was after $7, else $2, or an owner whom every process has just passed would wait for a whole round of one of them. Of
// each line it says how many jobs are among the next $1 to run, and which of these is the line's last; the line of the very last
// comes last. The n-th job of a line competes as if the n-1 before it ran already. Only what living processes run counts: jobs of
// one that is gone are running as far as River knows until they are rescued, and would keep their owner waiting all that
// time. $5 is this process, $6 after how many seconds without a word another is taken for gone. due is in how many seconds the
// first job of the line may begin.
const jobTurns = `-- name: JobTurns :many
WITH RECURSIVE begun AS MATERIALIZED (
    SELECT queue, attempted_at AS at, attempted_by[cardinality(attempted_by)] AS by FROM ` + postgres.JobSchema + `.river_job
    WHERE state = 'running'
), served AS MATERIALIZED (
    SELECT queue, at FROM (SELECT queue, at FROM begun WHERE at > $7 UNION ALL SELECT $2, $7) AS known ORDER BY at DESC LIMIT 1
), running AS MATERIALIZED (
    SELECT queue, count(*) AS jobs FROM begun
    WHERE by = $5 OR by IN (SELECT id::text FROM workers WHERE seen_at > now() - make_interval(secs => $6)) GROUP BY queue
), line AS (
    SELECT queue, NULL::text AS first, 0 AS number, 0 AS idle, NULL::timestamptz AS due_at FROM served
    UNION ALL
    SELECT following.queue, COALESCE(line.first, following.queue), line.number + 1,
        line.idle + (following.scheduled_at <= now() AND following.queue NOT IN (SELECT queue FROM running))::int,
        following.scheduled_at
    FROM line CROSS JOIN LATERAL (SELECT queue, scheduled_at FROM (
        (SELECT 1 AS lap, queue, scheduled_at FROM ` + postgres.JobSchema + `.river_job
            WHERE state = 'available' AND queue > line.queue ORDER BY queue, priority, scheduled_at, id LIMIT 1)
        UNION ALL
        (SELECT 2, queue, scheduled_at FROM ` + postgres.JobSchema + `.river_job
            WHERE state = 'available' ORDER BY queue, priority, scheduled_at, id LIMIT 1)
    ) AS heads ORDER BY lap LIMIT 1) AS following
    WHERE line.number < $3 AND line.idle < $1 AND following.queue IS DISTINCT FROM line.first
), waiting AS (
    SELECT line.queue, line.number AS line, COALESCE(running.jobs, 0) +
        row_number() OVER (PARTITION BY line.queue ORDER BY head.priority, head.scheduled_at, head.id) AS place
    FROM line
    LEFT JOIN running ON running.queue = line.queue
    CROSS JOIN LATERAL (
        SELECT priority, scheduled_at, id FROM ` + postgres.JobSchema + `.river_job
        WHERE state = 'available' AND queue = line.queue AND scheduled_at <= now()
        ORDER BY priority, scheduled_at, id LIMIT least($1::bigint, $4)
    ) AS head
    WHERE line.number > 0
), next AS (
    SELECT queue, row_number() OVER (ORDER BY place, line) AS number FROM waiting ORDER BY number LIMIT $1
)
SELECT line.queue, count(next.number) AS jobs, COALESCE(max(next.number), 0) AS last, (SELECT at FROM served) AS at,
    extract(epoch FROM line.due_at - now())::double precision AS due
FROM line LEFT JOIN next ON next.queue = line.queue
WHERE line.number > 0
GROUP BY line.queue, line.number, line.due_at ORDER BY last, line.number`

// next says which lines are to give how many jobs, most in all.
func (t *turns) next(ctx context.Context, most int) ([]turn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.store.Query(ctx, jobTurns, most, t.served, mostLines, mostHeads, t.self, beatMissed.Seconds(), t.at)
	if err != nil {
		return nil, fmt.Errorf("find out whose turn it is: %w", err)
	}
	last, at := 0, t.at
	next, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (one turn, err error) {
		var number int
		var due float64
		err = row.Scan(&one.line, &one.jobs, &number, &at, &due)
		one.due = time.Duration(due * float64(time.Second))
		last = max(last, number)
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("find out whose turn it is: %w", err)
	}
	// Where nothing is due in as many lines as were looked at, something may be in others.
	if last > 0 || len(next) == mostLines {
		t.served, t.at = next[len(next)-1].line, at
	}
	return next, nil
}

// took says that this process has begun jobs.
func (t *turns) took(jobs []*rivertype.JobRow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, job := range jobs {
		if job.AttemptedAt != nil && job.AttemptedAt.After(t.at) {
			t.at = *job.AttemptedAt
		}
	}
}
