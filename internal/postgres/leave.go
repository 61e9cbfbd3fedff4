package postgres

import (
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// leavePatience is how much longer a statement may take whose caller has left. Cut off at once, each would cost its connection:
// PostgreSQL starts a process for the next one, whose plans and caches are empty, and whoever drops reads again and again has the
// others wait for that.
const leavePatience = 100 * time.Millisecond

// leave says what becomes of a statement whose caller leaves: most have ended before anybody's patience has.
func leave(conn *pgconn.PgConn) ctxwatch.Handler {
	return &pgconn.DeadlineContextWatcherHandler{Conn: conn.Conn(), DeadlineDelay: leavePatience}
}
