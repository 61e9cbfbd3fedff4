package jobs

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/postwright/postwright/internal/postgres"
)

// wokenMark is in the metadata of a job that was woken while it ran.
const wokenMark = "postwright_woken"

// wokenWhileRunning are those of some jobs that are to run again, because they were woken before they fell asleep.
func wokenWhileRunning(set []*rivertype.JobRow) (ids []int64) {
	for _, job := range set {
		if !sleeps(job.State) {
			continue
		}
		var metadata map[string]json.RawMessage
		if json.Unmarshal(job.Metadata, &metadata) == nil && metadata[wokenMark] != nil {
			ids = append(ids, job.ID)
		}
	}
	return ids
}

// sleeps reports whether a job in a state runs again, at its time.
func sleeps(state rivertype.JobState) bool {
	switch state {
	case rivertype.JobStateAvailable, rivertype.JobStateScheduled, rivertype.JobStateRetryable:
		return true
	}
	return false
}

// jobWakeMarked lets jobs run that were woken while they ran, and now sleep, and announces them and what else begins soon.
const jobWakeMarked = `-- name: JobWakeMarked :exec
WITH woken AS (
    UPDATE ` + postgres.JobSchema + `.river_job SET
        state = 'available', scheduled_at = least(scheduled_at, now()), metadata = metadata - '` + wokenMark + `'
    WHERE id = ANY ($1::bigint[]) AND metadata ? '` + wokenMark + `' AND state IN ('available', 'scheduled', 'retryable')
)
SELECT pg_notify($2, $3)`

// JobSetStateIfRunningMany implements riverdriver.Executor: those that were woken while they ran don't fall asleep, not even for a
// moment: a process that died then would leave them asleep until their time. Those that begin again within moments are announced,
// because other processes may have room for them.
func (f fetcher) JobSetStateIfRunningMany(ctx context.Context, params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	if !slices.ContainsFunc(params.State, sleeps) {
		return f.Executor.JobSetStateIfRunningMany(ctx, params)
	}
	tx, err := f.Executor.Begin(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(rollback) // after a commit it does nothing
	}()
	set, err := tx.JobSetStateIfRunningMany(ctx, params)
	if err != nil {
		return nil, err
	}
	woken := wokenWhileRunning(set)
	soon := len(woken) > 0 || slices.Contains(params.State, rivertype.JobStateAvailable)
	if soon {
		if err := tx.Exec(ctx, jobWakeMarked, woken, insertChannel, insertPayload); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, err
	}
	if soon {
		f.turns.wakeups.announce()
	}
	return set, nil
}

// rollbackTimeout bounds the end of a transaction that came to nothing.
const rollbackTimeout = 5 * time.Second
