package postgres

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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
	return PoolState{InUse: int(stat.AcquiredConns()), Idle: int(stat.IdleConns()), Waiting: int(s.uses.waiting.Load())}
}

// closeTimeout bounds the end of a pool: what works on a connection has been ended by then, and had its own limits.
const closeTimeout = 5 * time.Second

// closed closes a pool, and reports whether all its connections came back in time. If not, one goroutine goes on waiting
// for them: nothing else may close what somebody else holds.
func closed(pool *pgxpool.Pool, limit time.Duration) bool {
	all := make(chan struct{})
	go func() {
		defer close(all)
		pool.Close()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-all:
		return true
	case <-timer.C:
		return false
	}
}

// uses counts who waits for a connection, and remembers what those in use were last used for: the pool knows how many had
// to wait and how many are in use, not how many do wait and for what. pgxpool takes it for a tracer.
type uses struct {
	waiting atomic.Int64

	mu   sync.Mutex
	last map[*pgx.Conn]string // the last statement's name, by connection in use
}

// statements are the names of the last statements on the connections in use, in order.
func (u *uses) statements() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	names := make([]string, 0, len(u.last))
	for _, name := range u.last {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (u *uses) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	u.waiting.Add(1)
	return ctx
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (u *uses) TraceAcquireEnd(_ context.Context, _ *pgxpool.Pool, end pgxpool.TraceAcquireEndData) {
	u.waiting.Add(-1)
	if end.Conn == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.last[end.Conn] = "none"
}

// TraceRelease implements pgxpool.ReleaseTracer.
func (u *uses) TraceRelease(_ *pgxpool.Pool, release pgxpool.TraceReleaseData) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.last, release.Conn)
}

// TraceQueryStart implements pgx.QueryTracer.
func (u *uses) TraceQueryStart(ctx context.Context, conn *pgx.Conn, start pgx.TraceQueryStartData) context.Context {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, inUse := u.last[conn]; inUse { // or it is being made, or looked after by the pool itself
		u.last[conn] = operationName(start.SQL)
	}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (*uses) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
