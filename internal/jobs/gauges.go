package jobs

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/rivertype"

	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the jobs, and of those who work them.
func (c *Client) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{
		{
			Name: "postwright_jobs", Help: "Jobs that are not done, by state; those that were given up are kept for --retention-discarded-jobs.",
			Label: "state", Read: c.byState,
		},
		{
			Name: "postwright_workers_alive", Help: "Processes that work jobs.",
			Read: func(ctx context.Context) (map[string]float64, error) {
				alive, err := c.Alive(ctx)
				return telemetry.Single(float64(alive)), err
			},
		},
	}
}

// jobCounts leaves out those that are done: there are as many as were worked within --retention-completed-jobs. The index that
// River fetches by begins with the state.
const jobCounts = `-- name: JobCountByState :many
SELECT state::text, count(*) FROM ` + postgres.JobSchema + `.river_job
WHERE state = ANY ($1::` + postgres.JobSchema + `.river_job_state[]) GROUP BY state`

// byState counts the jobs of all kinds; every state but that of those that are done is there.
func (c *Client) byState(ctx context.Context) (map[string]float64, error) {
	counts := map[string]float64{}
	var states []string
	for _, state := range rivertype.JobStates() {
		if state != rivertype.JobStateCompleted {
			counts[string(state)] = 0
			states = append(states, string(state))
		}
	}
	rows, err := c.heart.store.Query(ctx, jobCounts, states)
	if err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	var state string
	var count float64
	if _, err := pgx.ForEachRow(rows, []any{&state, &count}, func() error { counts[state] = count; return nil }); err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	return counts, nil
}
