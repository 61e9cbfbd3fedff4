package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// askAfter is how long a connection may have been idle before it is asked whether it is still there; pgxpool's own default.
const askAfter = time.Second

// losses remember when a connection was last found to be lost: a server that ends, or a proxy that cuts what is idle, takes many
// at once. Those that have been idle since before are asked whether they are still there, or the repeats of an operation would be
// used up on one lost connection after the other.
type losses struct{ last atomic.Pointer[time.Time] }

func (l *losses) note() {
	now := time.Now()
	l.last.Store(&now)
}

// shouldPing is pgxpool's question.
func (l *losses) shouldPing(_ context.Context, held pgxpool.ShouldPingParams) bool {
	last := l.last.Load()
	return held.IdleDuration > askAfter || last != nil && held.IdleDuration > time.Since(*last)
}
