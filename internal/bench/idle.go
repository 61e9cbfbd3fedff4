package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	startToReady     = goal{name: "start_ms", what: "start of `serve` to ready, migrated database", unit: "ms", atLeast: 500, stretch: 150, less: true}
	idleMemory       = goal{name: "idle_mb", what: "memory of an idle `serve` (resident)", unit: "MB", atLeast: 60, stretch: 35, less: true}
	idleTransactions = goal{name: "idle_tps", what: "idle node: transactions a second", atLeast: 1.5, stretch: 0.5, less: true}
	idleCPU          = goal{name: "idle_cpu", what: "idle node: CPU, of one core", unit: "%", atLeast: 0.6, stretch: 0.3, less: true}
)

// untilIdle is how long a node is left alone after its start before it is watched: what it begins with comes to its end, and
// PostgreSQL's processes have told of it, which they do up to ten seconds later.
const untilIdle = 12 * time.Second

func measureIdle(ctx context.Context, s *stage) error {
	var starts []time.Duration
	for range s.Size.Starts {
		node, stop, err := s.serve(ctx, "idle")
		if err != nil {
			return err
		}
		starts = append(starts, node.Start)
		stop()
	}
	itself := func(d time.Duration) time.Duration { return d }
	s.reach(startToReady, milliseconds(median(starts, itself)), "median of %d starts", len(starts))

	node, stop, err := s.serve(ctx, "idle")
	if err != nil {
		return err
	}
	defer stop()
	// By way of another database, so that who looks is not counted.
	conn, err := pgx.Connect(ctx, s.ground.server.URL("postgres"))
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	if err := wait(ctx, untilIdle); err != nil {
		return err
	}
	transactions, err := countTransactions(ctx, conn)
	if err != nil {
		return err
	}
	cpu, began := node.CPU(), time.Now()
	if err := wait(ctx, s.Size.Idle); err != nil {
		return err
	}
	spent, seconds := node.CPU()-cpu, time.Since(began).Seconds()
	since, err := countTransactions(ctx, conn)
	if err != nil {
		return err
	}
	resident, _ := node.Memory()
	if resident == 0 || spent < 0 {
		return fmt.Errorf("the idle node is gone, see %s", node.Log)
	}
	s.reach(idleMemory, float64(resident)/1e6, "after %s", s.Size.Idle)
	s.reach(idleTransactions, float64(since-transactions)/seconds, "in %s, by pg_stat_database", s.Size.Idle)
	s.reach(idleCPU, 100*spent.Seconds()/seconds, "%s in %s", spent, s.Size.Idle)
	return nil
}

// countTransactions counts those of the nodes' database so far.
func countTransactions(ctx context.Context, conn *pgx.Conn) (n int64, err error) {
	err = conn.QueryRow(ctx, "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1", databaseName).Scan(&n)
	return n, err
}

func wait(ctx context.Context, pause time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}
