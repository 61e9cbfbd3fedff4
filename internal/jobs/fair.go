package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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

// JobGetAvailable implements riverdriver.Executor: where there may be jobs, it finds out whose turn it is, and takes so many jobs of
// each line, again while long lines have more than a look shows and there is room. Another process may have taken some of them
// meanwhile: then there are fewer.
func (f fetcher) JobGetAvailable(ctx context.Context, params *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	taken := &riverdriver.JobGetAvailableResult{}
	if !f.turns.wakeups.due() {
		return taken, nil
	}
	var next []turn
	again := false
	for more := true; more && len(taken.Jobs) < params.MaxToLock; {
		before := len(taken.Jobs)
		of := *params
		of.MaxToLock -= before
		var err error
		next, err = f.turns.next(ctx, of.MaxToLock)
		if err == nil {
			err = f.turns.take(ctx, &of, next, taken)
		}
		switch {
		case err == nil:
		case len(taken.Jobs) == 0:
			return nil, err
		default: // those taken before are running now, as far as the database knows: they have to be worked
			f.turns.log.WarnContext(ctx, "jobs could not be fetched", "error", err)
			return taken, nil
		}
		short := len(taken.Jobs)-before < promised(next) // another process took some of them, and others may wait
		more = len(taken.Jobs) > before && slices.ContainsFunc(next, func(t turn) bool { return t.jobs == mostHeads }) || short && !again
		again = again || short
	}
	// Where something was taken, or a look ended at mostLines, there may be more; one that ended sooner has a line that is due.
	if len(taken.Jobs) == 0 && len(next) < mostLines {
		wait := longestRest
		for _, t := range next {
			wait = min(wait, t.due)
		}
		f.turns.wakeups.rest(wait)
	}
	return taken, nil
}

// promised is how many jobs the turns give.
func promised(turns []turn) (n int) {
	for _, t := range turns {
		n += t.jobs
	}
	return n
}
