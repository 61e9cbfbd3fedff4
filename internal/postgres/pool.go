package postgres

import (
	"context"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// PoolState is how the pool's connections are used at a moment.
type PoolState struct {
	InUse, Idle int
	// Waiting is how many operations have asked for a connection and have none yet.
	Waiting int
}

// PoolState tells the state of the pool, jobs' own operations included.
func (s *Store) PoolState() PoolState {
	stat := s.pool.Stat()
	return PoolState{InUse: int(stat.AcquiredConns()), Idle: int(stat.IdleConns()), Waiting: int(s.waiting.now.Load())}
}

// waiters counts who waits for a connection: the pool knows how many had to wait, not how many do. pgxpool takes it for a
// tracer, which has to trace queries too.
type waiters struct{ now atomic.Int64 }

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (w *waiters) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	w.now.Add(1)
	return ctx
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (w *waiters) TraceAcquireEnd(context.Context, *pgxpool.Pool, pgxpool.TraceAcquireEndData) {
	w.now.Add(-1)
}

// TraceQueryStart implements pgx.QueryTracer.
func (w *waiters) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (w *waiters) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
