package jobs

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"

	"github.com/postwright/postwright/internal/postgres"
)

// jobTake begins jobs as River's own JobGetAvailable does, but of several lines at once: $2 of each of the lines $1, $3 in all.
// What others have locked is passed over, for what is behind it. They are begun in the order of the lines, a microsecond apart, so
// that the line that was served last can be told by its job.
const jobTake = `-- name: JobTake :many
WITH turn AS (
    SELECT line, jobs, number FROM unnest($1::text[], $2::int[]) WITH ORDINALITY AS turns (line, jobs, number)
), locked AS (
    SELECT head.id, turn.number FROM turn CROSS JOIN LATERAL (
        SELECT id FROM ` + postgres.JobSchema + `.river_job
        WHERE state = 'available' AND queue = turn.line AND ($7::text[] IS NULL OR kind = ANY ($7))
            AND scheduled_at <= COALESCE($6::timestamptz, now())
        ORDER BY priority, scheduled_at, id LIMIT turn.jobs
        FOR UPDATE SKIP LOCKED
    ) AS head LIMIT $3
), begun AS (
    UPDATE ` + postgres.JobSchema + `.river_job AS job SET
        state = 'running', attempt = job.attempt + 1,
        attempted_at = COALESCE($6::timestamptz, now()) + locked.number * interval '1 microsecond',
        attempted_by = array_append(
            job.attempted_by[greatest(COALESCE(cardinality(job.attempted_by), 0) + 2 - $5::int, 1):], $4::text)
    FROM locked WHERE job.id = locked.id
    RETURNING locked.number, job.*
)
SELECT id, args, attempt, attempted_at, attempted_by, created_at, errors, kind, max_attempts, metadata, priority, queue, scheduled_at,
    state, tags
FROM begun ORDER BY number, priority, scheduled_at, id`

// take adds the jobs of some turns to those that are taken.
func (t *turns) take(
	ctx context.Context, params *riverdriver.JobGetAvailableParams, next []turn, taken *riverdriver.JobGetAvailableResult,
) error {
	var lines []string
	var jobs []int
	for _, turn := range next {
		if turn.jobs > 0 {
			lines, jobs = append(lines, turn.line), append(jobs, turn.jobs)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	rows, err := t.store.Query(ctx, jobTake, lines, jobs, params.MaxToLock, params.ClientID, params.MaxAttemptedBy, params.Now, params.Kind)
	if err != nil {
		return fmt.Errorf("begin jobs: %w", err)
	}
	defer rows.Close()
	var begun []*rivertype.JobRow
	var scanned error
	unreadable := map[int64]error{}
	for rows.Next() {
		job, broken, err := scanJob(rows)
		if err != nil {
			scanned = err
			break
		}
		if broken != nil {
			unreadable[job.ID] = broken
		}
		begun = append(begun, job)
	}
	// A statement that failed, be it when it was committed, has begun nothing. One that merely can't be read has: whatever becomes of
	// the jobs behind, those before have to be worked.
	if err := rows.Err(); err != nil && scanned == nil {
		return fmt.Errorf("begin jobs: %w", err)
	}
	if len(unreadable) > 0 {
		if taken.DecodeErrors == nil {
			taken.DecodeErrors = map[int64]error{}
		}
		maps.Copy(taken.DecodeErrors, unreadable)
	}
	taken.Jobs = append(taken.Jobs, begun...)
	t.took(begun)
	if scanned != nil {
		return fmt.Errorf("read a job that is begun: %w", scanned)
	}
	return nil
}

// scanJob reads a job that jobTake has begun. One whose earlier errors are unreadable is returned without them: it is running
// now, and River ends it. What would make a job unique is not read: none is.
func scanJob(row pgx.CollectableRow) (job *rivertype.JobRow, unreadable, err error) {
	job = &rivertype.JobRow{}
	var earlier [][]byte
	var begun time.Time
	err = row.Scan(&job.ID, &job.EncodedArgs, &job.Attempt, &begun, &job.AttemptedBy, &job.CreatedAt, &earlier, &job.Kind, &job.MaxAttempts,
		&job.Metadata, &job.Priority, &job.Queue, &job.ScheduledAt, &job.State, &job.Tags)
	if err != nil {
		return nil, nil, err
	}
	begun = begun.UTC()
	job.AttemptedAt, job.CreatedAt, job.ScheduledAt = &begun, job.CreatedAt.UTC(), job.ScheduledAt.UTC()
	job.Errors = make([]rivertype.AttemptError, len(earlier))
	for i, text := range earlier {
		if err := riverdriver.UnmarshalAttemptError(text, &job.Errors[i]); err != nil {
			job.Errors = nil
			return job, fmt.Errorf("read an earlier error of the job: %w", err), nil
		}
	}
	return job, nil, nil
}
