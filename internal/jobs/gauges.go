package jobs

import (
	"context"
	"fmt"

	"github.com/riverqueue/river/riverdriver"

	"github.com/postwright/postwright/internal/postgres"
	"github.com/postwright/postwright/internal/telemetry"
)

// Gauges are what an operator sees of the jobs, and of those who work them.
func (c *Client) Gauges() []telemetry.Gauge {
	return []telemetry.Gauge{
		{
			Name: "postwright_jobs", Help: "Jobs, by state; those that are done are kept for --retention-completed-jobs.",
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

// byState counts the jobs of all kinds; every state is there.
func (c *Client) byState(ctx context.Context) (map[string]float64, error) {
	counts, err := c.river.Driver().GetExecutor().JobCountByAllStates(ctx, &riverdriver.JobCountByAllStatesParams{Schema: postgres.JobSchema})
	if err != nil {
		return nil, fmt.Errorf("count the jobs: %w", postgres.Fault(ctx, err))
	}
	states := make(map[string]float64, len(counts))
	for state, count := range counts {
		states[string(state)] = float64(count)
	}
	return states, nil
}
