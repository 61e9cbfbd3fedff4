package jobs

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/postwright/postwright/internal/postgres"
)

// allTurns says what jobTurns says, by looking at all lines, $3 at most, wherever those that are served next are among them.
const allTurns = `WITH served AS (
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

// A look that ends at the lines that are served next chooses the jobs that one at all lines would have chosen, in the same order.
func TestALookThatEndsEarlyChoosesAsOneAtAllLines(t *testing.T) {
	t.Parallel()
	l := newLines(t)
	rapid.Check(t, func(t *rapid.T) {
		self, dead := uuid.NewString(), uuid.NewString()
		others := []string{uuid.NewString(), uuid.NewString()}
		l.exec(`DELETE FROM river.river_job`)
		l.exec(`DELETE FROM workers`)
		l.exec(`INSERT INTO workers VALUES ($1, now(), now()), ($2, now(), now()), ($3, now(), now() - interval '1 hour')`, others[0], others[1], dead)
		line := rapid.Map(rapid.IntRange(0, 11), func(n int) string { return fmt.Sprintf("owner-%02d", n) })
		var states, queues, by []string
		var due, began []float64 // in minutes from now
		var priorities []int
		for n := range rapid.IntRange(0, 60).Draw(t, "jobs") {
			state := rapid.SampledFrom([]string{"available", "available", "available", "running", "scheduled", "completed"}).Draw(t, "state")
			states, queues = append(states, state), append(queues, line.Draw(t, "line"))
			due = append(due, rapid.SampledFrom([]float64{-60, -30, -30, -5, 5, 60}).Draw(t, "due"))
			began = append(began, -1-float64(rapid.IntRange(0, 9).Draw(t, "began"))-float64(n)/1000)
			by = append(by, rapid.SampledFrom([]string{self, others[0], others[1], dead}).Draw(t, "by"))
			priorities = append(priorities, rapid.IntRange(1, 2).Draw(t, "priority"))
		}
		l.exec(`INSERT INTO river.river_job (state, queue, kind, args, max_attempts, priority, scheduled_at, attempted_at, attempted_by, finalized_at)
			SELECT state::river.river_job_state, queue, 'test', '{}', 9, priority, now() + due * interval '1 minute',
				now() + began * interval '1 minute', ARRAY['earlier', by], CASE WHEN state = 'completed' THEN now() END
			FROM unnest($1::text[], $2::text[], $3::int[], $4::float8[], $5::float8[], $6::text[])
				AS jobs (state, queue, priority, due, began, by)`, states, queues, priorities, due, began, by)

		most, lines, heads := rapid.IntRange(1, 12).Draw(t, "room"), rapid.IntRange(1, 14).Draw(t, "lines"), rapid.IntRange(1, 5).Draw(t, "heads")
		served := rapid.OneOf(line, rapid.SampledFrom([]string{"", "owner-", "owner-055", "zebra"})).Draw(t, "served")
		since := rapid.SampledFrom([]time.Time{{}, time.Now().Add(-5 * time.Minute), time.Now()}).Draw(t, "since")
		look := func(sql string) (chosen []string, at time.Time) {
			rows, err := l.store.Query(l.t.Context(), sql, most, served, lines, heads, self, beatMissed.Seconds(), since)
			require.NoError(t, err)
			var queue string
			var jobs, last int
			var due float64
			_, err = pgx.ForEachRow(rows, []any{&queue, &jobs, &last, &at, &due}, func() error {
				if jobs > 0 {
					chosen = append(chosen, fmt.Sprintf("%d of %s, the last as number %d", jobs, queue, last))
				}
				return nil
			})
			require.NoError(t, err)
			return chosen, at
		}
		all, allAt := look(allTurns)
		next, nextAt := look(jobTurns)
		require.Equal(t, all, next)
		if len(all) > 0 {
			require.Equal(t, allAt, nextAt)
		}
	})
}
