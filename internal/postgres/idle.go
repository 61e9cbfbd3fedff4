package postgres

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// pingAfter is how long a connection may be unused and still be taken for what it was: a server that vanished without a word,
	// or something between that forgot the connection, shows in nothing else than an answer that does not come.
	pingAfter = 30 * time.Second
	// lookAfter is how long it may be unused and not even be looked at.
	lookAfter = time.Second
)

// askFirst reports whether a connection is to be asked whether it is still there, before it is used. It saves a round trip, and
// the database an empty transaction, at every first statement after a pause: what PostgreSQL or a pooler has closed, when it was
// restarted, is seen without asking.
func askFirst(_ context.Context, unused pgxpool.ShouldPingParams) bool {
	return unused.IdleDuration > pingAfter || unused.IdleDuration > lookAfter && !quiet(unused.Conn.PgConn().Conn())
}

// quiet reports whether nothing came in, neither words nor the end.
func quiet(conn net.Conn) bool {
	if secured, is := conn.(interface{ NetConn() net.Conn }); is {
		conn = secured.NetConn()
	}
	with, is := conn.(syscall.Conn)
	if !is {
		return false
	}
	raw, err := with.SyscallConn()
	if err != nil {
		return false
	}
	var one [1]byte
	var peeked error
	err = raw.Read(func(fd uintptr) bool {
		_, _, peeked = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		return true // don't wait
	})
	return err == nil && (errors.Is(peeked, syscall.EAGAIN) || errors.Is(peeked, syscall.EWOULDBLOCK))
}
