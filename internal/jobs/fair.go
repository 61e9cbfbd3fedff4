package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/postwright/postwright/internal/postgres"
)

// Every owner's jobs stand in a line of their own: a River queue that bears the owner's id, which River's index for
// fetching (state, queue, priority, scheduled_at, id) finds the head of at once. The workers of a process are one River
// producer, which takes from all lines: whenever it has room, next to run is a job of the owner who has the fewest running,
// over all processes, and of several such the one behind whom was served last, by whichever process. So however long a line
// is, it holds nobody else up for longer than it takes one worker to get free.
//
// River's own way would be a producer for each queue, with workers and queries of its own for each.

// lineOf is the River queue of an owner's jobs.
func lineOf(owner uuid.UUID) string { return "owner-" + owner.String() }

// lineUp puts each job into the line of the owner that its arguments name as owner_id; a job that is nobody's stays in
// River's default queue, a line like the others.
func lineUp(
	ctx context.Context, params []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	for _, p := range params {
		var of struct {
			OwnerID uuid.UUID `json:"owner_id"`
		}
		if err := json.Unmarshal(p.EncodedArgs, &of); err != nil {
			return nil, fmt.Errorf("read the owner of the job %s: %w", p.Kind, err)
		}
		if of.OwnerID != uuid.Nil {
			p.Queue = lineOf(of.OwnerID)
		}
	}
	return insert(ctx)
}

// driver is River's driver for PostgreSQL, except that a fetch takes from all lines in turn, and that jobs are announced to
// the one producer, whatever their line.
type driver struct {
	*riverpgxv5.Driver
	turns *turns
}

// GetListener implements riverdriver.Driver: to listen takes a session, which a pooler may not give.
func (d driver) GetListener(params *riverdriver.GetListenenerParams) riverdriver.Listener {
	return &listener{Listener: riverpgxv5.New(d.turns.store.Sessions()).GetListener(params), wakeups: d.turns.wakeups}
}

// GetExecutor implements riverdriver.Driver.
func (d driver) GetExecutor() riverdriver.Executor {
	return fetcher{Executor: d.Driver.GetExecutor(), turns: d.turns}
}

// UnwrapExecutor implements riverdriver.Driver.
func (d driver) UnwrapExecutor(tx pgx.Tx) riverdriver.ExecutorTx {
	return announcer{d.Driver.UnwrapExecutor(tx)}
}

// announcer announces every job that can be fetched from now on, or within moments, once its transaction commits. River would
// keep silent about one that follows another within moments, and about one that is to begin in some.
type announcer struct{ riverdriver.ExecutorTx }

// insertTopic is River's name for the announcements of new jobs (notifier.NotificationTopicInsert).
const insertTopic = "river_insert"

// An announcement as PostgreSQL has it: one to all processes, whatever the job's line. Each has one producer, for all of them.
const (
	insertChannel = postgres.JobSchema + "." + insertTopic
	insertPayload = `{"queue": "` + river.QueueDefault + `"}`
)

// announce tells all processes that there are jobs.
func announce(ctx context.Context, on riverdriver.Executor) error {
	return on.NotifyMany(ctx, &riverdriver.NotifyManyParams{
		Schema: postgres.JobSchema, Topic: insertTopic, Payload: []string{insertPayload},
	})
}

// NotifyMany implements riverdriver.ExecutorTx. What River itself would say of new jobs is said already.
func (a announcer) NotifyMany(ctx context.Context, params *riverdriver.NotifyManyParams) error {
	if params.Topic == insertTopic {
		return nil
	}
	return a.ExecutorTx.NotifyMany(ctx, params)
}

// JobInsertFastMany implements riverdriver.ExecutorTx.
func (a announcer) JobInsertFastMany(ctx context.Context, params *riverdriver.JobInsertFastManyParams) ([]*riverdriver.JobInsertFastResult, error) {
	inserted, err := a.ExecutorTx.JobInsertFastMany(ctx, params)
	if err == nil &&
		slices.ContainsFunc(params.Jobs, func(job *riverdriver.JobInsertFastParams) bool { return job.State == rivertype.JobStateAvailable }) {
		err = announce(ctx, a.ExecutorTx)
	}
	return inserted, err
}

// JobSchedule implements riverdriver.ExecutorTx.
func (a announcer) JobSchedule(ctx context.Context, params *riverdriver.JobScheduleParams) ([]*riverdriver.JobScheduleResult, error) {
	scheduled, err := a.ExecutorTx.JobSchedule(ctx, params)
	if err == nil && len(scheduled) > 0 {
		err = announce(ctx, a.ExecutorTx)
	}
	return scheduled, err
}

// fetcher takes jobs from all lines in turn.
type fetcher struct {
	riverdriver.Executor
	turns *turns
}

// Begin implements riverdriver.Executor.
func (f fetcher) Begin(ctx context.Context) (riverdriver.ExecutorTx, error) {
	tx, err := f.Executor.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return announcer{tx}, nil
}

// JobGetAvailable implements riverdriver.Executor: where there may be jobs, it finds out whose turn it is, and lets River take so
// many jobs of each line, again while long lines have more than a look shows and there is room. Another process may have taken
// some of them meanwhile: then there are fewer.
func (f fetcher) JobGetAvailable(ctx context.Context, params *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	taken := &riverdriver.JobGetAvailableResult{}
	if !f.turns.wakeups.due() {
		return taken, nil
	}
	var next []turn
	for more := true; more && len(taken.Jobs) < params.MaxToLock; {
		before := len(taken.Jobs)
		var err error
		next, err = f.turns.next(ctx, params.MaxToLock-before)
		if err == nil {
			err = f.take(ctx, params, next, taken)
		}
		switch {
		case err == nil:
		case len(taken.Jobs) == 0:
			return nil, err
		default: // those taken from other lines are running now, as far as the database knows: they have to be worked
			f.turns.log.WarnContext(ctx, "jobs could not be fetched", "error", err)
			return taken, nil
		}
		more = len(taken.Jobs) > before && slices.ContainsFunc(next, func(t turn) bool { return t.jobs == mostHeads })
	}
	// Where something was taken, or more lines wait than were looked at, there may be more.
	if len(taken.Jobs) == 0 && len(next) < mostLines {
		wait := longestRest
		for _, t := range next {
			wait = min(wait, t.due)
		}
		f.turns.wakeups.rest(wait)
	}
	return taken, nil
}

// take adds the jobs of some turns to those that are taken.
func (f fetcher) take(ctx context.Context, params *riverdriver.JobGetAvailableParams, next []turn, taken *riverdriver.JobGetAvailableResult) error {
	for _, turn := range next {
		if turn.jobs == 0 {
			continue
		}
		of := *params
		of.Queue, of.MaxToLock = turn.line, turn.jobs
		got, err := f.Executor.JobGetAvailable(ctx, &of)
		if err != nil {
			return err
		}
		f.turns.took(got.Jobs)
		taken.Jobs = append(taken.Jobs, got.Jobs...)
		if len(got.DecodeErrors) > 0 {
			if taken.DecodeErrors == nil {
				taken.DecodeErrors = map[int64]error{}
			}
			maps.Copy(taken.DecodeErrors, got.DecodeErrors)
		}
	}
	return nil
}

// Bounds of one fetch, which looks for lines and for their heads by index.
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
// it, $3 lines at most. All processes go round together: the line of the job that another has begun last counts, if that was
// after $7, else $2, or an owner whom every process has just passed would wait for a whole round of one of them. Of each line
// it says how many jobs are among the next $1 to run, and which of these is the line's last; the line of the very last comes
// last. The n-th job of a line competes as if the n-1 before it ran already. Only what living processes run counts: jobs of
// one that is gone are running as far as River knows until they are rescued, and would keep their owner waiting all that
// time. $5 is this process, $6 after how many seconds without a word another is taken for gone. due is in how many seconds the
// first job of the line may begin.
const jobTurns = `-- name: JobTurns :many
WITH served AS (
    SELECT queue, at FROM (
        (SELECT queue, attempted_at AS at FROM ` + postgres.JobSchema + `.river_job
            WHERE state = 'running' AND attempted_at > $7 ORDER BY attempted_at DESC LIMIT 1)
        UNION ALL SELECT $2, $7
    ) AS known ORDER BY at DESC LIMIT 1
)
SELECT queue, jobs, last, (SELECT at FROM served) AS at, due FROM (WITH RECURSIVE line AS (
    SELECT first.queue, first.queue AS first, 1 AS number
    FROM (SELECT COALESCE(
        (SELECT min(queue) FROM ` + postgres.JobSchema + `.river_job
            WHERE state = 'available' AND queue > (SELECT queue FROM served)),
        (SELECT min(queue) FROM ` + postgres.JobSchema + `.river_job WHERE state = 'available')) AS queue) AS first
    WHERE first.queue IS NOT NULL
    UNION ALL
    SELECT following.queue, line.first, line.number + 1
    FROM line CROSS JOIN LATERAL (SELECT COALESCE(
        (SELECT min(queue) FROM ` + postgres.JobSchema + `.river_job WHERE state = 'available' AND queue > line.queue),
        (SELECT min(queue) FROM ` + postgres.JobSchema + `.river_job WHERE state = 'available')) AS queue) AS following
    WHERE line.number < $3 AND following.queue <> line.first
), alive AS (
    SELECT $5::text AS id UNION SELECT id::text FROM workers WHERE seen_at > now() - make_interval(secs => $6)
), running AS (
    SELECT queue, count(*) AS jobs FROM ` + postgres.JobSchema + `.river_job
    WHERE state = 'running' AND attempted_by[cardinality(attempted_by)] IN (SELECT id FROM alive) GROUP BY queue
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
), next AS (
    SELECT queue, row_number() OVER (ORDER BY place, line) AS number FROM waiting ORDER BY number LIMIT $1
)
SELECT line.queue, line.number, count(next.number) AS jobs, COALESCE(max(next.number), 0) AS last,
    COALESCE((SELECT extract(epoch FROM scheduled_at - now()) FROM ` + postgres.JobSchema + `.river_job
        WHERE state = 'available' AND queue = line.queue ORDER BY priority, scheduled_at, id LIMIT 1), 0)::double precision AS due
FROM line LEFT JOIN next ON next.queue = line.queue GROUP BY line.queue, line.number) AS turns ORDER BY last, number`

// next says which lines are to give how many jobs, most in all.
func (t *turns) next(ctx context.Context, most int) ([]turn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows, err := t.store.Query(ctx, jobTurns, most, t.served, mostLines, mostHeads, t.self, beatMissed.Seconds(), t.at)
	if err != nil {
		return nil, fmt.Errorf("find out whose turn it is: %w", err)
	}
	last := 0
	next, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (one turn, err error) {
		var number int
		var due float64
		err = row.Scan(&one.line, &one.jobs, &number, &t.at, &due)
		one.due = time.Duration(due * float64(time.Second))
		last = max(last, number)
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("find out whose turn it is: %w", err)
	}
	// Where nothing is due in as many lines as were looked at, something may be in others.
	if last > 0 || len(next) == mostLines {
		t.served = next[len(next)-1].line
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
